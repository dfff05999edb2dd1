"""The in-memory side of a document store: a slim row per ticket and account, and the indexes that queries need."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from pydantic_core import from_json

from ticketing.domain.people import Role
from ticketing.domain.statuses import Priority, Status, TicketCategory
from ticketing.domain.text import TITLE_LIMIT

Change = tuple[str, str, bytes | None]
Documents = dict[str, dict[str, bytes]]

TICKETS = "tickets"
USERS = "users"
SESSIONS = "sessions"
EXPIRING = frozenset({SESSIONS, "hand_offs", "devices", "attempts", "receipts"})


class TicketRow:
    """What lists, filters and counts need of a ticket."""

    __slots__ = (
        "assignee",
        "category",
        "external_id",
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

    def __init__(self, document: dict[str, Any]) -> None:
        self.number = int(document["id"])
        self.title: str = document["title"][:TITLE_LIMIT]
        self.requester: str = document["requester"]
        self.assignee: str | None = document.get("assignee")
        self.status = _STATUSES[document["status"]]
        self.priority = _PRIORITIES[document["priority"]]
        self.category = _TICKET_CATEGORIES[document["category"]]
        self.external_id: str | None = document.get("external_id")
        self.watchers: tuple[str, ...] = tuple(document.get("watchers") or ())
        self.opened_at = datetime.fromisoformat(document["opened_at"])
        self.updated_at = datetime.fromisoformat(document["updated_at"])
        self.public_updated_at = datetime.fromisoformat(document["public_updated_at"])
        self.is_new = self.status is Status.OPEN and document.get("first_response_at") is None
        resolved_at = document.get("resolved_at")
        self.resolved_at = datetime.fromisoformat(resolved_at) if resolved_at else None
        messages = document["messages"]
        public = [message["author"] for message in messages if message["kind"] == "reply"]
        self.messages = len(messages)
        self.public_messages = len(public)
        self.last_author: str = messages[-1]["author"]
        self.last_public_author: str = public[-1]


class PersonRow:
    """What lists of accounts need."""

    __slots__ = ("active", "display_name", "email", "role", "username")

    def __init__(self, document: dict[str, Any]) -> None:
        self.username: str = document["id"]
        self.display_name: str = document["display_name"]
        self.email: str = document.get("email") or ""
        self.role = Role(document["role"])
        self.active: bool = document["active"]


class State:
    """
    Rows and indexes over the documents of an engine, kept by change.

    `rows` stands in the order of the last change, oldest first, so that "the newest fifty" needs no sort. Whoever calls
    holds the engine's state lock.
    """

    def __init__(self) -> None:
        self.documents: Documents = {}
        self._clear()

    def _clear(self) -> None:
        self._rows: dict[int, TicketRow] = {}
        self._in_order = True
        self.last_number = 0
        self.people: dict[str, PersonRow] = {}
        self.by_requester: defaultdict[str, set[int]] = defaultdict(set)
        self.by_watcher: defaultdict[str, set[int]] = defaultdict(set)
        self.by_assignee: defaultdict[str | None, set[int]] = defaultdict(set)
        self.by_status: defaultdict[Status, set[int]] = defaultdict(set)
        self.by_external_id: defaultdict[str, set[int]] = defaultdict(set)
        self.tally: Counter[tuple[str | None, Status]] = Counter()
        self.sessions_of: defaultdict[str, set[str]] = defaultdict(set)
        self._session_owner: dict[str, str] = {}

    def load(self, documents: Documents) -> None:
        """Start anew from everything."""
        self.documents = documents
        self._clear()
        rows = [TicketRow(from_json(raw)) for raw in documents.get(TICKETS, {}).values()]
        for row in sorted(rows, key=_by_update):
            self._add(row)
        self.apply([(name, key, raw) for name in (USERS, SESSIONS) for key, raw in documents.get(name, {}).items()])

    def apply(self, changes: Sequence[Change]) -> None:
        """Follow one committed transaction."""
        for collection, key, raw in changes:
            if collection == TICKETS:
                self._put_ticket(int(key), TicketRow(from_json(raw)) if raw else None)
            elif collection == USERS:
                self._put_person(key, raw)
            elif collection == SESSIONS:
                self._put_session(key, raw)

    def replace(self, changes: Sequence[Change]) -> list[Change]:
        """Put documents in place, in the indexes too, and return what would put it back."""
        undo: list[Change] = []
        for collection, key, raw in changes:
            documents = self.documents.setdefault(collection, {})
            undo.append((collection, key, documents.get(key)))
            if raw is None:
                documents.pop(key, None)
            else:
                documents[key] = raw
        self.apply(changes)
        return undo[::-1]

    @property
    def rows(self) -> dict[int, TicketRow]:
        """All tickets' rows, the one changed last at the end."""
        if not self._in_order:
            self._rows = {row.number: row for row in sorted(self._rows.values(), key=_by_update)}
            self._in_order = True
        return self._rows

    def pick(self, numbers: Iterable[int]) -> list[TicketRow]:
        """Return the rows of these tickets, the one changed last first."""
        return sorted((self._rows[number] for number in numbers), key=_by_update, reverse=True)

    def row(self, number: int) -> TicketRow:
        """Return one ticket's row."""
        return self._rows[number]

    def name(self, username: str) -> str:
        """Return the display name; the username itself for somebody who has no account."""
        person = self.people.get(username)
        return person.display_name if person else username

    def _put_ticket(self, number: int, row: TicketRow | None) -> None:
        old = self._rows.get(number)
        if old is not None:
            self._forget(old)
        if row is None:
            self._rows.pop(number, None)
        elif old is not None and old.updated_at == row.updated_at:
            self._rows[number] = row
            self._index(row)
        else:
            self._rows.pop(number, None)
            last = next(reversed(self._rows.values()), None)
            if last is not None and _by_update(row) < _by_update(last):
                self._in_order = False
            self._add(row)

    def _add(self, row: TicketRow) -> None:
        self._rows[row.number] = row
        self._index(row)

    def _index(self, row: TicketRow) -> None:
        number = row.number
        self.last_number = max(self.last_number, number)
        self.by_requester[row.requester].add(number)
        for watcher in row.watchers:
            self.by_watcher[watcher].add(number)
        self.by_assignee[row.assignee].add(number)
        self.by_status[row.status].add(number)
        if row.external_id is not None:
            self.by_external_id[row.external_id].add(number)
        self.tally[row.assignee, row.status] += 1

    def _forget(self, row: TicketRow) -> None:
        number = row.number
        self.by_requester[row.requester].discard(number)
        for watcher in row.watchers:
            self.by_watcher[watcher].discard(number)
        self.by_assignee[row.assignee].discard(number)
        self.by_status[row.status].discard(number)
        if row.external_id is not None:
            self.by_external_id[row.external_id].discard(number)
        self.tally[row.assignee, row.status] -= 1

    def _put_person(self, username: str, raw: bytes | None) -> None:
        if raw is None:
            self.people.pop(username, None)
        else:
            self.people[username] = PersonRow(from_json(raw))

    def _put_session(self, key: str, raw: bytes | None) -> None:
        owner = self._session_owner.pop(key, None)
        if owner is not None:
            self.sessions_of[owner].discard(key)
        if raw is not None:
            owner = from_json(raw)["username"]
            self._session_owner[key] = owner
            self.sessions_of[owner].add(key)


def _by_update(row: TicketRow) -> tuple[datetime, int]:
    return row.updated_at, row.number


_STATUSES = {status.value: status for status in Status}
_PRIORITIES = {priority.value: priority for priority in Priority}
_TICKET_CATEGORIES = {category.value: category for category in TicketCategory}
