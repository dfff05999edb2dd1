"""A ticket that is put aside until a date: how long that may be, and when people usually come back to one."""

from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from pydantic import ConfigDict

from ticketing.domain.errors import InvalidInputError
from ticketing.domain.text import Stored

LONGEST_SNOOZE: Final = timedelta(days=2 * 366)
# What the desk writes into a ticket that wakes up by itself, so that it is unread again.
WOKE_UP: Final = "This ticket was asleep until now."

_MORNING: Final = time(8)
_LATER: Final = timedelta(hours=3)
_DAYS_A_WEEK: Final = 7


class Snooze(Stored):
    """Until when a ticket sleeps, whether a reply of its requester wakes it before, and who put it to sleep."""

    model_config = ConfigDict(frozen=True)

    until: datetime
    wakes_on_reply: bool = True
    by: str


class Nap(StrEnum):
    """Until when one usually lets a ticket sleep."""

    LATER = "later"
    TOMORROW = "tomorrow"
    MONDAY = "monday"

    def ends(self, now: datetime, zone: tzinfo) -> datetime:
        """Return when it ends by the clocks of a zone, in UTC."""
        today = now.astimezone(zone).date()
        if self is Nap.LATER:
            return now + _LATER
        days = 1 if self is Nap.TOMORROW else _DAYS_A_WEEK - today.weekday()
        return datetime.combine(today + timedelta(days=days), _MORNING, zone).astimezone(UTC)


def checked_end(until: datetime, now: datetime) -> datetime:
    """Return the end of a snooze in UTC; raises InvalidInputError unless it lies ahead, within two years."""
    if not now < until <= now + LONGEST_SNOOZE:
        raise InvalidInputError("Until", "A ticket can sleep until a moment that lies ahead, within two years.")
    return until.astimezone(UTC)
