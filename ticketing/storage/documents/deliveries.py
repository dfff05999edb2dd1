"""The rows of what webhooks are told: what they are asked for, kept in memory beside their documents."""

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, Self

from ticketing.domain.deliveries import DeliveryState
from ticketing.domain.queries import Recorded


class DeliveryRow(NamedTuple):
    """What one delivery is asked for."""

    webhook: str
    state: DeliveryState
    at: datetime
    due_at: datetime

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Self:
        """Return the row of a document."""
        at, due_at = (datetime.fromisoformat(fields[name]) for name in ("at", "due_at"))
        return cls(fields["webhook"], DeliveryState(fields["state"]), at, due_at)


class DeliveryRows:
    """All of them by their webhooks, and in order those that wait."""

    def __init__(self) -> None:
        self._rows: dict[str, DeliveryRow] = {}
        self._of_webhook: defaultdict[str, set[str]] = defaultdict(set)
        self._due: defaultdict[str, list[tuple[datetime, str]]] = defaultdict(list)

    def put(self, key: str, row: DeliveryRow | None) -> None:
        """Put a row in the place of the one there was; None is for a delivery that is gone."""
        former = self._rows.pop(key, None)
        if former is not None:
            self._of_webhook[former.webhook].discard(key)
            if former.state is DeliveryState.WAITING:
                waiting = self._due[former.webhook]
                del waiting[bisect_left(waiting, (former.due_at, key))]
        if row is not None:
            self._rows[key] = row
            self._of_webhook[row.webhook].add(key)
            if row.state is DeliveryState.WAITING:
                insort(self._due[row.webhook], (row.due_at, key))

    def due(self, webhook: str, by: datetime, limit: int) -> list[str]:
        """Return the ids of those that wait and are due by then, at most `limit`, the first due first."""
        waiting = self._due.get(webhook, [])
        return [key for _, key in waiting[: min(limit, bisect_right(waiting, by, key=_moment))]]

    def waiting(self, webhook: str) -> int:
        """Return how many wait."""
        return len(self._due.get(webhook, ()))

    def recorded(self, webhook: str, state: DeliveryState | None) -> list[Recorded]:
        """Return the places of those of a state, or of all, in no order."""
        keys = self._of_webhook.get(webhook, ())
        return [Recorded(self._rows[key].at, key) for key in keys if state in {None, self._rows[key].state}]


def _moment(waiting: tuple[datetime, str]) -> datetime:
    return waiting[0]
