"""Slim rows of tickets and accounts, and rows kept in the order of their last change."""

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from sys import intern
from typing import Any

from pydantic_core import from_json

from ticketing.domain.people import Role
from ticketing.domain.statuses import Priority, Status, TicketCategory
from ticketing.domain.text import TITLE_LIMIT
from ticketing.domain.tickets import Ticket


class TicketRow:
    """
    What lists, filters and counts need of a ticket.

    `folds_to_ascii` says whether its document holds letters such as ß that casefold into ASCII; None until a search
    has looked.
    """

    __slots__ = (
        "assignee",
        "category",
        "external_id",
        "folds_to_ascii",
        "is_new",
        "last_author",
        "last_public_author",
        "messages",
        "number",
        "opened_at",
        "priority",
        "public_messages",
        "public_updated_at",
        "requester",
        "resolved_at",
        "status",
        "title",
        "updated_at",
        "watchers",
    )

    def __init__(self, raw: bytes) -> None:
        document, messages = _parts(raw)
        self.number = int(document["id"])
        self.title: str = document["title"][:TITLE_LIMIT]
        self.requester: str = document["requester"]
        self.assignee: str | None = document.get("assignee")
        self.status = _STATUSES[document["status"]]
        self.priority = _PRIORITIES[document["priority"]]
        self.category = _TICKET_CATEGORIES[document["category"]]
        self.external_id: str | None = document.get("external_id")
        self.watchers: tuple[str, ...] = tuple(document.get("watchers") or ())
        self.opened_at = _moment(document["opened_at"])
        self.updated_at = _moment(document["updated_at"])
        self.public_updated_at = _moment(document["public_updated_at"])
        self.is_new = self.status is Status.OPEN and document.get("first_response_at") is None
        resolved_at = document.get("resolved_at")
        self.resolved_at = _moment(resolved_at) if resolved_at else None
        self.folds_to_ascii: bool | None = None
        public = [message for message in messages if message.startswith(_REPLY)]
        self.messages = len(messages)
        self.public_messages = len(public)
        self.last_author = _author(messages[-1])
        self.last_public_author = self.last_author if messages[-1] is public[-1] else _author(public[-1])


def _parts(raw: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """
    Return the fields of a ticket's document, and its messages as the bytes that follow the mark of each.

    The conversation is most of a document and comes last, and a row wants little of it, so it needs no parser. A quote
    inside a text is escaped: the marks, with their bare quotes, stand between texts only.
    """
    fields, *messages = raw.split(_MESSAGE)
    if not fields.endswith(_CONVERSATION):  # not as this version writes it
        written = Ticket.model_validate_json(raw).model_dump_json(exclude_none=True).encode()
        fields, *messages = written.split(_MESSAGE)
    return from_json(fields.removesuffix(_CONVERSATION) + b"}"), messages


def _author(message: bytes) -> str:
    start = message.index(_AUTHOR) + len(_AUTHOR)
    return intern(message[start : message.index(b'"', start)].decode())


class PersonRow:
    """What lists of accounts need."""

    __slots__ = ("active", "display_name", "email", "order", "role", "username")

    def __init__(self, document: dict[str, Any]) -> None:
        self.username: str = document["id"]
        self.display_name: str = document["display_name"]
        self.email: str = document.get("email") or ""
        self.role = Role(document["role"])
        self.active: bool = document["active"]
        self.order = (self.display_name.casefold(), self.username)


class ByUpdate:
    """
    Rows in the order of their last change, so that "the newest fifty" needs no sort.

    A change usually is the newest of all and goes to the end; one that comes out of order, as with an import, has the
    rows sorted anew when they are next asked for.
    """

    __slots__ = ("_in_order", "_rows")

    def __init__(self) -> None:
        self._rows: dict[int, TicketRow] = {}
        self._in_order = True

    def __len__(self) -> int:
        return len(self._rows)

    def put(self, row: TicketRow) -> None:
        """Add a row, or put it in the place that its change gives it."""
        self._rows.pop(row.number, None)
        last = next(reversed(self._rows.values()), None)
        if last is not None and by_update(row) < by_update(last):
            self._in_order = False
        self._rows[row.number] = row

    def append(self, row: TicketRow) -> None:
        """Add a row that is known to be later than all that are here."""
        self._rows[row.number] = row

    def drop(self, row: TicketRow) -> None:
        """Take a row away."""
        self._rows.pop(row.number, None)

    def find(self, number: int) -> TicketRow | None:
        """Return the row of a ticket, or None."""
        return self._rows.get(number)

    def newest_first(self) -> Iterator[TicketRow]:
        """Yield the rows, the one changed last first."""
        return reversed(self._sorted().values())

    def oldest_first(self) -> Iterator[TicketRow]:
        """Yield the rows, the one changed last at the end."""
        return iter(self._sorted().values())

    def _sorted(self) -> dict[int, TicketRow]:
        if not self._in_order:
            self._rows = {row.number: row for row in sorted(self._rows.values(), key=by_update)}
            self._in_order = True
        return self._rows


def by_update(row: TicketRow) -> tuple[datetime, int]:
    """Return what rows are ordered by: the time of the last change, then the number."""
    return row.updated_at, row.number


# The times of one ticket are often the same: one object for all of them.
_moment = lru_cache(maxsize=16)(datetime.fromisoformat)
_CONVERSATION = b',"messages":['
_MESSAGE = b'{"kind":"'
_REPLY = b'reply"'
_AUTHOR = b'"author":"'
_STATUSES = {status.value: status for status in Status}
_PRIORITIES = {priority.value: priority for priority in Priority}
_TICKET_CATEGORIES = {category.value: category for category in TicketCategory}
