"""Repositories over documents: what a transaction offers, with the writer's own pending changes laid over the state."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Generic, TypeVar

from pydantic_core import to_json

from ticketing.domain.people import PeopleQuery, Role, User
from ticketing.domain.queries import Audience, Page, TicketQuery, TicketSummary
from ticketing.domain.receipts import Receipt
from ticketing.domain.sign_in import Attempts, Device, HandOff, Session
from ticketing.domain.statuses import Status
from ticketing.domain.text import Stored
from ticketing.domain.tickets import Ticket
from ticketing.storage.documents.rows import PersonRow
from ticketing.storage.documents.searching import SEEN, Searcher, seen, seen_key
from ticketing.storage.documents.state import SESSIONS, TICKETS, USERS, Change, State

Document = TypeVar("Document", bound=Stored)


class Pending:
    """The state, and over it the changes of a transaction that is not committed yet."""

    def __init__(self, state: State, lock: AbstractContextManager[object]) -> None:
        self.state = state
        self._lock = lock
        self._changes: dict[tuple[str, str], bytes | None] = {}

    def changes(self) -> list[Change]:
        """Return what is to be committed, in the order of first touch."""
        return [(collection, key, raw) for (collection, key), raw in self._changes.items()]

    def put(self, collection: str, key: str, raw: bytes | None) -> None:
        """Change one document, or remove it with None."""
        self._changes[collection, key] = raw

    def get(self, collection: str, key: str) -> bytes | None:
        """Return the document as the transaction sees it."""
        if (collection, key) in self._changes:
            return self._changes[collection, key]
        return self.state.documents.get(collection, {}).get(key)

    def keys(self, collection: str) -> set[str]:
        """Return the ids of all documents of a collection as the transaction sees them."""
        with self.applied(collection) as state:
            return set(state.documents.get(collection, {}))

    @contextmanager
    def applied(self, *collections: str) -> Iterator[State]:
        """Give the state as if the changes to these collections were committed; nobody else sees it like that."""
        changes = [change for change in self.changes() if change[0] in collections]
        with self._lock:
            if not changes:
                yield self.state
                return
            last_number = self.state.last_number
            undo = self.state.replace(changes)
            try:
                yield self.state
            finally:
                self.state.replace(undo)
                self.state.last_number = last_number


class DocumentCollection(Generic[Document]):
    """Documents of one kind by id."""

    def __init__(self, pending: Pending, name: str, model: type[Document]) -> None:
        self._pending = pending
        self._name = name
        self._model = model

    def find(self, key: str) -> Document | None:
        """Return a copy of the document, or None."""
        raw = self._pending.get(self._name, key)
        return None if raw is None else self._model.model_validate_json(raw)

    def save(self, document: Document) -> None:
        """Add it, or put it in the place of the one with the same id."""
        key: str = document.id  # type: ignore[attr-defined]  # each stored collection's model begins with an id
        self._pending.put(self._name, key, document.model_dump_json(exclude_none=True).encode())

    def remove(self, key: str) -> None:
        """Take it away; that it is not there is no error."""
        if self._pending.get(self._name, key) is not None:
            self._pending.put(self._name, key, None)


class Users(DocumentCollection[User]):
    """All accounts."""

    def any(self) -> bool:
        """Whether there is an account at all."""
        with self._pending.applied(USERS) as state:
            return bool(state.people)

    def active_admins(self) -> int:
        """Return how many admins can sign in."""
        with self._pending.applied(USERS) as state:
            return sum(1 for person in state.people.values() if person.active and person.role is Role.ADMIN)

    def agents(self) -> list[User]:
        """Return the active agents and admins by display name."""
        found = self._matching(PeopleQuery(roles=frozenset({Role.AGENT, Role.ADMIN}), active=True))
        return self._documents(found)

    def search(self, query: PeopleQuery) -> Page[User]:
        """Return one page of accounts by display name."""
        found = self._matching(query)
        first = (query.page - 1) * query.size
        items = tuple(self._documents(found[first : first + query.size]))
        return Page(items=items, total=len(found), page=query.page, size=query.size)

    def _matching(self, query: PeopleQuery) -> list[str]:
        with self._pending.applied(USERS) as state:
            return [person.username for person in state.people_by_name() if _is_wanted(person, query)]

    def _documents(self, usernames: list[str]) -> list[User]:
        return [user for name in usernames if (user := self.find(name)) is not None]

    def names(self, usernames: set[str]) -> dict[str, str]:
        """Return the display names of those that exist."""
        with self._pending.applied(USERS) as state:
            return {name: state.people[name].display_name for name in usernames if name in state.people}

    def stream(self) -> Iterator[User]:
        """Yield every account by username."""
        for key in sorted(self._pending.keys(USERS)):
            if (user := self.find(key)) is not None:
                yield user

    def _found(self, query: PeopleQuery) -> list[PersonRow]:
        with self._pending.applied(USERS) as state:
            found = [person for person in state.people.values() if _is_wanted(person, query)]
        return sorted(found, key=lambda person: (person.display_name.casefold(), person.username))

    def _fetched(self, rows: list[PersonRow]) -> list[User]:
        return [user for row in rows if (user := self.find(row.username)) is not None]


class Sessions(DocumentCollection[Session]):
    """All sessions, by the hash of their secret."""

    def of_user(self, username: str) -> list[Session]:
        """Return the person's sessions, newest first; some may have expired."""
        with self._pending.applied(SESSIONS) as state:
            keys = set(state.sessions_of[username])
        found = [session for key in keys if (session := self.find(key)) is not None]
        return sorted(found, key=lambda session: session.created_at, reverse=True)


class Tickets:
    """All tickets."""

    def __init__(self, pending: Pending) -> None:
        self._pending = pending
        self._numbered = 0

    def next_number(self) -> int:
        """Return one more than the highest number; no ticket is ever removed, so none comes twice."""
        self._numbered = max(self._numbered, self._pending.state.last_number) + 1
        return self._numbered

    def find(self, number: int) -> Ticket | None:
        """Return a copy of the ticket, or None."""
        raw = self._pending.get(TICKETS, str(number))
        return None if raw is None else Ticket.model_validate_json(raw)

    def save(self, ticket: Ticket) -> None:
        """Keep the ticket, with its version raised by one."""
        ticket.version += 1
        self._numbered = max(self._numbered, ticket.number)
        self._pending.put(TICKETS, ticket.id, ticket.model_dump_json(exclude_none=True).encode())

    def search(self, audience: Audience, query: TicketQuery) -> Page[TicketSummary]:
        """Return one page of what matches among what the audience may see."""
        with self._pending.applied(TICKETS, USERS, SEEN) as state:
            return Searcher(state, audience).search(query)

    def count(self, audience: Audience, query: TicketQuery) -> int:
        """Return how many match among what the audience may see."""
        with self._pending.applied(TICKETS, USERS, SEEN) as state:
            return Searcher(state, audience).count(query)

    def lapsed(self, resolved_before: datetime, limit: int) -> list[int]:
        """Return numbers of tickets resolved before that moment and not closed yet, at most `limit`."""
        with self._pending.applied(TICKETS) as state:
            rows = list(state.by_status[Status.RESOLVED].oldest_first())
        due = [row.number for row in rows if row.resolved_at is not None and row.resolved_at <= resolved_before]
        return sorted(due)[:limit]

    def imported(self, external_id: str) -> list[int]:
        """Return numbers of the tickets that another system knew by this id."""
        with self._pending.applied(TICKETS) as state:
            return sorted(state.by_external_id.get(external_id, ()))

    def mark_seen(self, number: int, username: str, messages: int) -> None:
        """Remember that the person has seen so many of the messages that they may read."""
        key = seen_key(number, username)
        self._pending.put(SEEN, key, to_json({"id": key, "messages": messages}))

    def seen(self, number: int, username: str) -> int:
        """Return how many messages the person has seen."""
        with self._pending.applied(SEEN) as state:
            return seen(state, number, username)

    def stream(self) -> Iterator[Ticket]:
        """Yield every ticket by number."""
        for number in sorted(map(int, self._pending.keys(TICKETS))):
            if (ticket := self.find(number)) is not None:
                yield ticket


class DocumentTransaction:
    """All repositories over one state and one set of pending changes."""

    def __init__(self, state: State, lock: AbstractContextManager[object]) -> None:
        self.pending = Pending(state, lock)
        self.tickets = Tickets(self.pending)
        self.users = Users(self.pending, USERS, User)
        self.sessions = Sessions(self.pending, SESSIONS, Session)
        self.hand_offs = DocumentCollection(self.pending, "hand_offs", HandOff)
        self.devices = DocumentCollection(self.pending, "devices", Device)
        self.attempts = DocumentCollection(self.pending, "attempts", Attempts)
        self.receipts = DocumentCollection(self.pending, "receipts", Receipt)


def _is_wanted(person: PersonRow, query: PeopleQuery) -> bool:
    if query.roles and person.role not in query.roles:
        return False
    if query.active is not None and person.active is not query.active:
        return False
    needle = query.text.strip().casefold()
    return not needle or any(needle in text.casefold() for text in (person.username, person.display_name, person.email))
