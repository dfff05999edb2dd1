"""The rows of mails that go out: what they are asked for, kept in memory beside their documents."""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import takewhile
from typing import Any, NamedTuple, Self

from ticketing.domain.outbox import MailState
from ticketing.domain.queries import Recorded


class MailRow(NamedTuple):
    """What one mail is asked for."""

    id: str
    username: str
    address: str
    state: MailState
    at: datetime
    due_at: datetime
    sent_at: datetime | None
    message_id: str

    @classmethod
    def of(cls, key: str, fields: Mapping[str, Any]) -> Self:
        """Return the row of a document."""
        sent_at = fields.get("sent_at")
        return cls(
            key,
            fields["username"],
            fields["address"].casefold(),
            MailState(fields["state"]),
            datetime.fromisoformat(fields["at"]),
            datetime.fromisoformat(fields["due_at"]),
            datetime.fromisoformat(sent_at) if sent_at else None,
            fields["message_id"],
        )


class MailRows:
    """All of them, and indexes over those that wait, over addresses and over Message-IDs."""

    def __init__(self) -> None:
        self._rows: dict[str, MailRow] = {}
        self._due: list[tuple[datetime, str]] = []
        self._by_address: defaultdict[str, set[str]] = defaultdict(set)
        self._by_message_id: dict[str, str] = {}

    def put(self, key: str, row: MailRow | None) -> None:
        """Put a row in the place of the one there was; None is for a mail that is gone."""
        former = self._rows.pop(key, None)
        if former is not None:
            self._forget(former)
        if row is not None:
            self._rows[key] = row
            self._by_address[row.address].add(key)
            if row.message_id:
                self._by_message_id[row.message_id] = key
            if row.state is MailState.WAITING:
                insort(self._due, (row.due_at, key))

    def _forget(self, row: MailRow) -> None:
        self._by_address[row.address].discard(row.id)
        if not self._by_address[row.address]:
            del self._by_address[row.address]
        self._by_message_id.pop(row.message_id, None)
        if row.state is MailState.WAITING:
            del self._due[bisect_left(self._due, (row.due_at, row.id))]

    def due(self, by: datetime) -> Iterator[str]:
        """Yield the ids of those that wait and are due, the first due first."""
        return (key for _, key in takewhile(lambda pair: pair[0] <= by, self._due))

    def waiting(self) -> Iterator[MailRow]:
        """Yield those that wait, the first due first."""
        return (self._rows[key] for _, key in self._due)

    def to_address(self, address: str) -> Iterator[MailRow]:
        """Yield those that went or are to go to an address."""
        return (self._rows[key] for key in self._by_address.get(address.casefold(), ()))

    def having_message_id(self, message_id: str) -> str | None:
        """Return the id of the one with this Message-ID, or None."""
        return self._by_message_id.get(message_id)

    def recorded(self, state: MailState | None) -> list[Recorded]:
        """Return the places of those of a state, or of all, in no order."""
        return [Recorded(row.at, row.id) for row in self._rows.values() if state in {None, row.state}]
