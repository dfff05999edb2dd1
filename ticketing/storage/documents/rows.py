"""Slim rows of tickets and accounts, and rows kept in the order of their last change."""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from sys import intern
from typing import Any, Generic, NamedTuple, Self, TypeVar

from pydantic_core import from_json

from ticketing.domain.attachments import has_attachments
from ticketing.domain.people import Role
from ticketing.domain.statuses import Priority, Status
from ticketing.domain.tickets import Ticket, terms_of

Item = TypeVar("Item")


class TicketRow:
    """
    What lists, filters and counts need of a ticket, and its document at hand for those who look into texts.

    What takes a look at its conversation is found out when it is first asked for, and None until then: `talk`,
    `folds_to_ascii`, which says whether its document holds letters such as ß that casefold into ASCII, and the
    `signature` of what stands in it.
    """

    __slots__ = (
        "assignee",
        "category",
        "external_id",
        "folds_to_ascii",
        "is_new",
        "number",
        "opened_at",
        "priority",
        "public_updated_at",
        "raw",
        "requester",
        "resolved_at",
        "signature",
        "status",
        "talk",
        "terms",
        "updated_at",
        "watchers",
    )

    def __init__(self, raw: bytes, document: Mapping[str, Any]) -> None:
        self.raw = raw
        self.number = int(document["id"])
        self.requester = intern(document["requester"])
        assignee = document.get("assignee")
        self.assignee: str | None = intern(assignee) if assignee else assignee
        self.status = _STATUSES[document["status"]]
        self.priority = _PRIORITIES[document["priority"]]
        self.category = intern(document["category"])
        self.external_id: str | None = document.get("external_id")
        self.terms = _shared(terms_of(document))
        self.watchers: tuple[str, ...] = tuple(document.get("watchers") or ())
        self.opened_at = _moment(document["opened_at"])
        self.updated_at = _moment(document["updated_at"])
        self.public_updated_at = _moment(document["public_updated_at"])
        self.is_new = self.status is Status.OPEN and document.get("first_response_at") is None
        resolved_at = document.get("resolved_at")
        self.resolved_at = _moment(resolved_at) if resolved_at else None
        self.folds_to_ascii: bool | None = None
        self.signature: int | None = None
        self.talk: Talk | None = None

    @property
    def title(self) -> str:
        """The title, read where it is shown or looked into; imported ones may be longer than others."""
        start = self.raw.find(_TITLE) + len(_TITLE)
        end = self.raw.find(_AFTER_TITLE, start)  # a quote inside a title is escaped: this stands after it only
        if not len(_TITLE) <= start < end:
            return str(from_json(self.raw)["title"])
        written = self.raw[start:end]
        return str(from_json(written)) if b"\\" in written else written[1:-1].decode()


class Talk(NamedTuple):
    """What a list tells of a conversation: how many messages there are, and who wrote last; the same without notes."""

    messages: int
    last_author: str
    public_messages: int
    last_public_author: str

    @classmethod
    def of(cls, raw: bytes) -> Self:
        """
        Read it out of a ticket's document without parsing the texts.

        A quote inside a text is escaped: the marks, with their bare quotes, stand between texts only.
        """
        fields, *messages = raw.split(_MESSAGE)
        if not fields.endswith(_CONVERSATION):
            _, *messages = _rewritten(raw).split(_MESSAGE)
        public = [message for message in messages if message.startswith(_REPLY)]
        return cls(len(messages), _author(messages[-1]), len(public), _author(public[-1]))


def fields_of(raw: bytes) -> dict[str, Any]:
    """
    Return the fields of a ticket's document that come before its conversation, which is most of it.

    Of a ticket with attachments it is all of them, since it is found by these.
    """
    if has_attachments(raw):
        everything: dict[str, Any] = from_json(raw)
        return everything
    return before_conversation(raw)


def before_conversation(raw: bytes) -> dict[str, Any]:
    """Return what comes in a ticket's document before its conversation."""
    end = raw.find(_CONVERSATION)
    fields: dict[str, Any] = from_json(raw[:end] + b"}", cache_strings="keys") if end > 0 else {}
    return fields if _LAST_FIELD in fields else before_conversation(_rewritten(raw))


def without_events(raw: bytes) -> dict[str, Any]:
    """Return a ticket's document up to the end of its conversation; the history behind that takes as long to read."""
    end = raw.find(_EVENTS)
    told: dict[str, Any] = from_json(raw[:end] + b"]}") if end > 0 else {}
    return told if _LAST_FIELD in told and "messages" in told else without_events(_rewritten(raw))


def _rewritten(raw: bytes) -> bytes:
    """Return a document that was written by other hands as this version writes it."""
    return Ticket.model_validate_json(raw).model_dump_json(exclude_none=True).encode()


def _author(message: bytes) -> str:
    start = message.index(_AUTHOR) + len(_AUTHOR)
    return message[start : message.index(b'"', start)].decode()


class PersonRow:
    """What lists of accounts need."""

    __slots__ = ("active", "display_name", "email", "role", "username")

    def __init__(self, username: str, document: dict[str, Any]) -> None:
        self.username = username
        self.display_name: str = document["display_name"]
        self.email: str = document.get("email") or ""
        self.role = Role(document["role"])
        self.active: bool = document["active"]

    @property
    def order(self) -> tuple[str, str]:
        """By what people are ordered; made when it is needed, since it would take as much memory as all the rest."""
        return self.display_name.casefold(), self.username


class ByUpdate:
    """
    Rows in the order of their last change, so that "the newest fifty" needs no sort.

    A change usually is the newest of all and goes to the end; one that comes out of order, as with an import, has the
    rows sorted anew when they are next asked for.
    """

    __slots__ = ("_in_order", "_rows")

    def __init__(self, in_order: Iterable[TicketRow] = ()) -> None:
        self._rows: dict[int, TicketRow] = {row.number: row for row in in_order}
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

    def drop(self, row: TicketRow) -> None:
        """Take a row away."""
        self._rows.pop(row.number, None)

    def find(self, number: int) -> TicketRow | None:
        """Return the row of a ticket, or None."""
        return self._rows.get(number)

    def numbers(self) -> Iterable[int]:
        """Return the numbers of the tickets, in no order."""
        return self._rows.keys()

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


class InOrder(Generic[Item]):
    """
    Things in the order of a moment that each has, so that how many came since then is known without counting.

    The *key* of a thing is its moment and its number, so that no two have the same.
    """

    __slots__ = ("_items", "_key")

    def __init__(self, key: Callable[[Item], tuple[datetime, int]], items: Iterable[Item] = ()) -> None:
        self._key = key
        self._items = sorted(items, key=key)

    def put(self, item: Item) -> None:
        """Add a thing in its place."""
        insort(self._items, item, key=self._key)

    def drop(self, item: Item) -> None:
        """Take a thing away, which is there."""
        del self._items[self._place(*self._key(item))]

    def number_between(self, since: datetime | None, until: datetime | None) -> int:
        """Return how many have their moment at *since* or later, and before *until*; None is no bound."""
        first, end = self._span(since, until)
        return max(0, end - first)

    def between(self, since: datetime | None, until: datetime | None) -> Sequence[Item]:
        """Return these things."""
        first, end = self._span(since, until)
        return self._items[first:end]

    def _span(self, since: datetime | None, until: datetime | None) -> tuple[int, int]:
        first = 0 if since is None else self._place(since, 0)
        return first, len(self._items) if until is None else self._place(until, 0)

    def _place(self, moment: datetime, number: int) -> int:
        return bisect_left(self._items, (moment, number), key=self._key)


# What rows are ordered by: the time of the last change, of any or as far as a requester can tell, or when they were
# done with; then the number.
by_update = attrgetter("updated_at", "number")
by_public_update = attrgetter("public_updated_at", "number")
by_end = attrgetter("resolved_at", "number")
# The times of one ticket are often the same: one object for all of them.
_moment = lru_cache(maxsize=16)(datetime.fromisoformat)
# Many tickets have the very same terms.
_shared = lru_cache(maxsize=4096)(lambda terms: terms)
_CONVERSATION = b',"messages":['
_TITLE, _AFTER_TITLE = b',"title":', b',"requester":'
_EVENTS = b'],"events":['
_LAST_FIELD = "public_updated_at"  # of those that each document has
_MESSAGE = b'{"kind":"'
_REPLY = b'reply"'
_AUTHOR = b'"author":"'
_STATUSES = {status.value: status for status in Status}
_PRIORITIES = {priority.value: priority for priority in Priority}
