"""What was counted lately: to count the tickets that hold some words takes as long as to look for them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from ticketing.domain.queries import Audience, TicketQuery

# So old a number may be, and so many are counted anew by one who asks, whatever the number of views that are due.
LATELY: Final = timedelta(minutes=1)
AT_ONCE: Final = 3
# Nobody has so many views.
_MOST_KEPT: Final = 1_000

_Question = tuple[Audience, TicketQuery]


class Counted:
    """
    How many tickets matched what, as of the last minute, for all who see the same.

    It is in the memory of the process, and a list of views is no place to wait: what is due is counted few at a time,
    what was never counted first, and meanwhile the last number stands.
    """

    def __init__(self) -> None:
        self._kept: dict[_Question, tuple[datetime, int]] = {}

    def note(self, audience: Audience, query: TicketQuery, number: int, now: datetime) -> None:
        """Keep how many matched."""
        if len(self._kept) >= _MOST_KEPT:
            self._kept = {key: kept for key, kept in self._kept.copy().items() if now - kept[0] < LATELY}
        if len(self._kept) < _MOST_KEPT:
            self._kept[_question(audience, query)] = now, number

    def find(self, audience: Audience, query: TicketQuery) -> int | None:
        """Return how many matched when it was counted last; None if it never was."""
        kept = self._kept.get(_question(audience, query))
        return kept and kept[1]

    def due(self, audience: Audience, queries: Iterable[TicketQuery], now: datetime) -> list[TicketQuery]:
        """Return what is to be counted now: AT_ONCE queries at most, what was counted last at the end."""
        never = datetime.min.replace(tzinfo=now.tzinfo), 0
        waiting = [(self._kept.get(_question(audience, query), never)[0], query) for query in queries]
        due = sorted((one for one in waiting if now - one[0] >= LATELY), key=lambda one: one[0])
        return [query for _, query in due[:AT_ONCE]]


def _question(audience: Audience, query: TicketQuery) -> _Question:
    """Return what the number depends on: all who see all tickets see the same, in any order."""
    seen_by = audience.model_copy(update={"username": ""}) if audience.sees_all else audience
    return seen_by, query.of_all
