"""Repositories over documents: what a transaction offers, with the writer's own pending changes laid over the state."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from heapq import nsmallest
from itertools import chain, filterfalse, islice
from typing import Generic, Protocol, TypeVar

from pydantic_core import ValidationError, to_json

from ticketing.domain.attachments import CONTENT, Upload
from ticketing.domain.definitions import Kind, by_name, read_definition
from ticketing.domain.drafts import Draft
from ticketing.domain.errors import StorageUnreadableError
from ticketing.domain.facts import Facts
from ticketing.domain.live import stamp_of
from ticketing.domain.notifications import Notice
from ticketing.domain.outbox import Backlog, MailState, Outgoing, OutgoingQuery
from ticketing.domain.people import PeopleQuery, Role, User
from ticketing.domain.queries import Audience, Page, TicketQuery, TicketSummary
from ticketing.domain.receipts import Receipt
from ticketing.domain.received import Received, ReceivedQuery
from ticketing.domain.sign_in import Attempts, Device, HandOff, Session
from ticketing.domain.statuses import UNFINISHED, Status
from ticketing.domain.text import Stored
from ticketing.domain.tickets import IS_WARNED, Ticket
from ticketing.storage.documents.reporting import Reported
from ticketing.storage.documents.rows import PersonRow, Talk, TicketRow
from ticketing.storage.documents.searching import SEEN, Searcher, seen, seen_key
from ticketing.storage.documents.state import (
    DEVICES,
    DRAFTS,
    NOTICES,
    OUTGOING,
    RECEIVED,
    SESSIONS,
    TICKETS,
    UPLOADS,
    USERS,
    Change,
    State,
)

Document = TypeVar("Document", bound=Stored)


class Pending:
    """The state, and over it the changes of a transaction that is not committed yet."""

    __slots__ = ("_changes", "last_number", "lock", "state")

    def __init__(self, state: State, lock: AbstractContextManager[object]) -> None:
        self.state = state
        self.last_number = 0
        self.lock = lock
        self._changes: dict[tuple[str, str], bytes | None] = {}

    def changes(self) -> list[Change]:
        """Return what is to be committed, in the order of first touch."""
        return [(collection, key, raw) for (collection, key), raw in self._changes.items()]

    def put(self, collection: str, key: str, raw: bytes | None) -> None:
        """Change one document, or remove it with None."""
        self._changes[collection, key] = raw

    def get(self, collection: str, key: str) -> bytes | None:
        """Return the document as the transaction sees it."""
        if self._changes and (collection, key) in self._changes:
            return self._changes[collection, key]
        return self.state.documents.get(collection, {}).get(key)

    def keys(self, collection: str) -> set[str]:
        """Return the ids of all documents of a collection as the transaction sees them."""
        with self.applied(collection) as state:
            return set(state.documents.get(collection, {}))

    def applied(self, *collections: str) -> AbstractContextManager[State]:
        """Give the state as if the changes to these collections were committed; nobody else sees it like that."""
        changes = [change for change in self.changes() if change[0] in collections] if self._changes else []
        return Applied(self.state, changes, self.lock)


class Applied:
    """
    Changes that hold while the block lasts, with the state locked.

    A class and no generator, since every count of every list goes through it.
    """

    __slots__ = ("_changes", "_last_number", "_lock", "_state", "_undo")

    def __init__(self, state: State, changes: Sequence[Change], lock: AbstractContextManager[object]) -> None:
        self._state = state
        self._changes = changes
        self._lock = lock
        self._undo: Sequence[Change] = ()
        self._last_number = 0

    def __enter__(self) -> State:
        self._lock.__enter__()
        try:
            if self._changes:
                self._last_number = self._state.last_number
                self._undo = self._state.replace(self._changes)
        except BaseException:
            self._lock.__exit__(None, None, None)
            raise
        return self._state

    def __exit__(self, *raised: object) -> None:
        if self._undo:
            self._state.replace(self._undo)
            self._state.last_number = self._last_number
        self._lock.__exit__(None, None, None)


class DocumentCollection(Generic[Document]):
    """Documents of one kind by id."""

    def __init__(self, pending: Pending, name: str, model: type[Document]) -> None:
        self._pending = pending
        self._name = name
        self._model = model

    def find(self, key: str) -> Document | None:
        """Return a copy of the document, or None."""
        raw = self._pending.get(self._name, key)
        try:
            return None if raw is None else self._read(raw)
        except ValidationError as error:
            raise StorageUnreadableError(self._name, key) from error

    def _read(self, raw: bytes) -> Document:
        return self._model.model_validate_json(raw)

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
            return sum(person.role is Role.ADMIN for person in state.staff())

    def agent_names(self) -> dict[str, str]:
        """Return the display names of the active agents and admins, in their order."""
        with self._pending.applied(USERS) as state:
            return {person.username: person.display_name for person in state.staff()}

    def search(self, query: PeopleQuery) -> Page[User]:
        """Return one page of accounts by display name."""
        found = self._matching(query)
        items = tuple(self._documents(found[query.first : query.first + query.size]))
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

    def several(self, usernames: set[str]) -> list[User]:
        """Return copies of those that exist, in no order."""
        return self._documents(list(usernames))

    def with_email(self, address: str) -> list[User]:
        """Return the accounts with this e-mail address, whatever its case, the oldest first."""
        with self._pending.applied(USERS) as state:
            names = sorted(state.by_email.get(address.casefold(), ())) if address else []
        return sorted(self._documents(names), key=lambda user: user.created_at)

    def stream(self) -> Iterator[User]:
        """Yield every account by username."""
        for key in sorted(self._pending.keys(USERS)):
            if (user := self.find(key)) is not None:
                yield user


class OwnedDocuments(DocumentCollection[Document]):
    """Documents of which each belongs to a person."""

    def of_user(self, username: str) -> list[Document]:
        """Return the person's, in no order; some may have expired."""
        with self._pending.applied(self._name) as state:
            keys = state.owned(self._name, username)
        return [document for key in keys if (document := self.find(key)) is not None]


class Sessions(OwnedDocuments[Session]):
    """All sessions, by the hash of their secret."""

    def of_user(self, username: str) -> list[Session]:
        """Return the person's sessions, newest first; some may have expired."""
        return sorted(super().of_user(username), key=lambda session: session.created_at, reverse=True)


class Notices(OwnedDocuments[Notice]):
    """All notices."""

    def of_user(self, username: str) -> list[Notice]:
        """Return the person's notices, newest first; some may have expired."""
        return sorted(super().of_user(username), key=lambda notice: notice.expires_at, reverse=True)

    def unread(self, usernames: set[str], now: datetime) -> dict[str, int]:
        """Return how many unread notices, that have not expired, each of these people has who has any."""
        with self._pending.applied(NOTICES) as state:
            return {name: number for name in usernames if (number := state.unread(name, now))}

    def having_unread(self, above: str, limit: int, now: datetime) -> list[str]:
        """Return the first usernames above that one of people who have unread notices, at most `limit`, in order."""
        with self._pending.applied(NOTICES) as state:
            found = (name for name in state.notified() if name > above and state.unread(name, now))
            return list(islice(found, limit))

    def add(self, notices: Sequence[Notice]) -> None:
        """Keep all of these; where a person has more than 500 then, the oldest go until 450 are left."""
        for notice in notices:
            self.save(notice)
        # Without what this transaction has changed: to lay it over the state each time would take longer and longer.
        with self._pending.applied() as state:
            added = Counter(notice.username for notice in notices if notice.id not in state.notices)
            surplus = [key for name, number in added.items() for key in state.surplus_notices(name, number)]
        for key in surplus:
            self.remove(key)


class Mails(DocumentCollection[Outgoing]):
    """All mails that go out."""

    def add(self, mails: Sequence[Outgoing]) -> None:
        """Keep those of these that are not there yet."""
        for mail in mails:
            if self.find(mail.id) is None:
                self.save(mail)

    def due(self, by: datetime, limit: int) -> list[Outgoing]:
        """Return those that wait and are due by then, at most `limit`, the first due first."""
        with self._pending.applied(OUTGOING) as state:
            keys = list(islice(state.mails.due(by), limit))
        return self._documents(keys)

    def waiting_for(self, username: str, limit: int) -> list[Outgoing]:
        """Return those that wait to be sent to the person, at most `limit`, the first due first."""
        with self._pending.applied(OUTGOING) as state:
            keys = list(islice((row.id for row in state.mails.waiting() if row.username == username), limit))
        return self._documents(keys)

    def sent_to(self, address: str, since: datetime) -> list[datetime]:
        """Return when the address got mails since that moment, and is to get those that were claimed, in no order."""
        with self._pending.applied(OUTGOING) as state:
            rows = list(state.mails.to_address(address))
        claimed = [row.due_at for row in rows if row.state is MailState.WAITING]
        return claimed + [row.sent_at for row in rows if row.sent_at is not None and row.sent_at >= since]

    def backlog(self) -> Backlog:
        """Return how many wait, and since when."""
        with self._pending.applied(OUTGOING) as state:
            moments = [row.at for row in state.mails.waiting()]
        return Backlog(len(moments), min(moments, default=None))

    def search(self, query: OutgoingQuery) -> Page[Outgoing]:
        """Return one page, the newest first."""
        with self._pending.applied(OUTGOING) as state:
            found = [row.id for row in state.mails.newest_first(query.state)]
        items = tuple(self._documents(found[query.first : query.first + query.size]))
        return Page(items=items, total=len(found), page=query.page, size=query.size)

    def _documents(self, keys: list[str]) -> list[Outgoing]:
        return [mail for key in keys if (mail := self.find(key)) is not None]


class ReceivedMail(DocumentCollection[Received]):
    """The record of all mail that came in."""

    def search(self, query: ReceivedQuery) -> Page[Received]:
        """Return one page of it, the newest first."""
        with self._pending.applied(RECEIVED) as state:
            wanted = {key: each for key, each in state.received.items() if not query.fates or each.fate in query.fates}
        found = sorted(wanted, key=lambda key: (wanted[key].at, key), reverse=True)
        shown = map(self.find, found[query.first : query.first + query.size])
        return Page(items=tuple(filter(None, shown)), total=len(found), page=query.page, size=query.size)


class Tickets:
    """All tickets."""

    __slots__ = ("_pending",)

    def __init__(self, pending: Pending) -> None:
        self._pending = pending

    def next_number(self) -> int:
        """Return one more than the highest number; no ticket is ever removed, so none comes twice."""
        pending = self._pending
        pending.last_number = max(pending.last_number, pending.state.last_number) + 1
        return pending.last_number

    def find(self, number: int, audience: Audience | None = None) -> Ticket | None:
        """Return a copy of the ticket, or None; one that the audience may not see is not even read."""
        if audience is not None and not audience.sees_all and not self._concerns(number, audience.username):
            return None
        raw = self._pending.get(TICKETS, str(number))
        try:
            return None if raw is None else Ticket.model_validate_json(raw)
        except ValidationError as error:
            raise StorageUnreadableError(TICKETS, str(number)) from error

    def as_kept(self, number: int) -> Ticket | None:
        """Return a copy of the ticket as it is kept, or None."""
        return self.find(number)

    def _concerns(self, number: int, username: str) -> bool:
        with self._pending.applied(TICKETS) as state:
            row = state.rows.find(number)
        return row is not None and _concerns(row, username)

    def save(self, ticket: Ticket) -> None:
        """Keep the ticket, with its version raised by one."""
        ticket.version += 1
        self._pending.last_number = max(self._pending.last_number, ticket.number)
        self._pending.put(TICKETS, ticket.id, ticket.model_dump_json(exclude_none=True).encode())

    def search(self, audience: Audience, query: TicketQuery) -> Page[TicketSummary]:
        """Return one page of what matches among what the audience may see."""
        with self._pending.applied(TICKETS, USERS, SEEN) as state:
            return Searcher(state, audience).search(query)

    def counts(self, audience: Audience, queries: Sequence[TicketQuery]) -> list[int]:
        """Return how many match each query among what the audience may see, all at one moment."""
        with self._pending.applied(TICKETS, USERS, SEEN) as state:
            searcher = Searcher(state, audience)
            return [searcher.count(query) for query in queries]

    def numbers(self, audience: Audience, query: TicketQuery) -> Iterator[int]:
        """Yield the numbers of all that match among what the audience may see, in the order asked for."""
        with self._pending.applied(TICKETS, USERS) as state:
            return iter(Searcher(state, audience).numbers(query))

    def facts(self, audience: Audience, query: TicketQuery) -> Iterator[list[Facts]]:
        """Yield what reports count by, of all tickets that match among what the audience may see, by the batch."""
        with self._pending.applied(TICKETS, USERS) as state:
            return Reported(state, self._pending.lock, Searcher(state, audience).numbers(query)).in_batches()

    def titles(self, audience: Audience, numbers: Sequence[int]) -> dict[int, str]:
        """Return the titles of those of the tickets that the audience may see."""
        with self._pending.applied(TICKETS) as state:
            return {row.number: row.title for row in state.pick(numbers) if _may_see(audience, row)}

    def stamps(self, audience: Audience, numbers: Sequence[int]) -> dict[int, str]:
        """Return the stamps, as of `stamp_of`, of those of the tickets that the audience may see."""
        with self._pending.applied(TICKETS) as state:
            return {row.number: _stamp(row, audience) for row in state.pick(numbers) if _may_see(audience, row)}

    def latest(self, audience: Audience) -> str:
        """Return the moment of the last change of all that the audience may see, "" if there is nothing."""
        with self._pending.applied(TICKETS) as state:
            if audience.sees_all:
                newest = next(iter(state.rows.newest_first()), None)
                return newest.updated_at.isoformat() if newest else ""
            theirs = state.by_requester.get(audience.username, set()) | state.by_watcher.get(audience.username, set())
            moments = [row.public_updated_at for row in state.pick(theirs)]
            return max(moments).isoformat() if moments else ""

    def lapsed(self, resolved_before: datetime, limit: int) -> list[int]:
        """Return numbers of tickets resolved before that moment and not closed yet, at most `limit`."""
        with self._pending.applied(TICKETS) as state:
            rows = list(state.by_status[Status.RESOLVED].oldest_first())
        due = [row.number for row in rows if row.resolved_at is not None and row.resolved_at <= resolved_before]
        return sorted(due)[:limit]

    def to_wake(self, by: datetime, limit: int) -> list[int]:
        """Return numbers of tickets that were to sleep until that moment or before, at most `limit`, in that order."""
        with self._pending.applied(TICKETS) as state:
            awaited = [(until, number) for number, until in state.asleep.items() if until <= by]
        return [number for _, number in sorted(awaited)[:limit]]

    def to_warn(self, by: datetime, limit: int) -> list[int]:
        """Return numbers of tickets that became urgent by that moment, untold yet, at most `limit`, in order."""
        with self._pending.applied(TICKETS) as state:
            told = state.by_term.get(IS_WARNED, set())
            urgent = [(due.warn_at, number) for number, due in state.due.items() if due.warn_at and due.warn_at <= by]
        return [number for _, number in sorted(urgent) if number not in told][:limit]

    def unfinished(self, above: int, limit: int) -> list[int]:
        """Return the lowest numbers above that one of tickets that are not done, at most `limit`, in order."""
        with self._pending.applied(TICKETS) as state:
            numbers = chain.from_iterable(state.by_status[status].numbers() for status in UNFINISHED)
            return nsmallest(limit, (number for number in numbers if number > above))

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


class Contents(Protocol):
    """Contents of files, of which nobody asks here who names them."""

    def is_empty(self) -> bool:
        """Whether nothing was ever put here."""

    def holds(self, sha256: str) -> bool:
        """Whether the content is here."""

    def hashes(self) -> Iterator[str]:
        """Yield the hashes of all that is here."""

    def is_older(self, sha256: str, moment: datetime) -> bool:
        """Whether the content was last put here before that moment."""

    def remove(self, sha256: str) -> None:
        """Take a content away."""


class Files:
    """All contents of files; what is taken away is gone at once, whatever becomes of the transaction."""

    def __init__(self, pending: Pending, contents: Contents) -> None:
        self._pending = pending
        self._contents = contents

    def any(self) -> bool:
        """Whether there is a content at all."""
        return not self._contents.is_empty()

    def holds(self, sha256: str) -> bool:
        """Whether the content is here."""
        return self._contents.holds(sha256)

    def unused(self, put_before: datetime, limit: int) -> list[str]:
        """Return hashes of contents put here before that moment that nothing names, at most `limit`."""
        with self._pending.applied(TICKETS, RECEIVED) as state:
            unnamed = filterfalse(partial(_is_named, state), self._contents.hashes())
            return list(islice((one for one in unnamed if self._contents.is_older(one, put_before)), limit))

    def remove(self, sha256: str) -> None:
        """Take a content away; that it is not there is no error."""
        self._contents.remove(sha256)


class Definitions(DocumentCollection[Kind]):
    """All definitions of one kind."""

    def _read(self, raw: bytes) -> Kind:
        return read_definition(self._model, raw)

    def all(self) -> list[Kind]:
        """Return all of them by name."""
        found = (self.find(key) for key in self._pending.keys(self._name))
        return sorted((one for one in found if one is not None), key=by_name)


class DocumentTransaction:
    """All repositories over one state and one set of pending changes."""

    __slots__ = ("_contents", "pending")

    def __init__(self, state: State, lock: AbstractContextManager[object], contents: Contents) -> None:
        self.pending = Pending(state, lock)
        self._contents = contents

    @property
    def tickets(self) -> Tickets:
        """All tickets."""
        return Tickets(self.pending)

    @property
    def users(self) -> Users:
        """All accounts."""
        return Users(self.pending, USERS, User)

    @property
    def sessions(self) -> Sessions:
        """All sessions."""
        return Sessions(self.pending, SESSIONS, Session)

    @property
    def hand_offs(self) -> DocumentCollection[HandOff]:
        """Sign-ins on their way to a cookie."""
        return DocumentCollection(self.pending, "hand_offs", HandOff)

    @property
    def devices(self) -> OwnedDocuments[Device]:
        """Browsers known to accounts."""
        return OwnedDocuments(self.pending, DEVICES, Device)

    @property
    def attempts(self) -> DocumentCollection[Attempts]:
        """Failed attempts."""
        return DocumentCollection(self.pending, "attempts", Attempts)

    @property
    def receipts(self) -> DocumentCollection[Receipt]:
        """What was done already."""
        return DocumentCollection(self.pending, "receipts", Receipt)

    @property
    def uploads(self) -> OwnedDocuments[Upload]:
        """Files that came in within a day."""
        return OwnedDocuments(self.pending, UPLOADS, Upload)

    @property
    def files(self) -> Files:
        """Contents of files."""
        return Files(self.pending, self._contents)

    @property
    def drafts(self) -> OwnedDocuments[Draft]:
        """What people have typed and not sent."""
        return OwnedDocuments(self.pending, DRAFTS, Draft)

    @property
    def notices(self) -> Notices:
        """What people are told."""
        return Notices(self.pending, NOTICES, Notice)

    @property
    def outgoing(self) -> Mails:
        """Mails that go out."""
        return Mails(self.pending, OUTGOING, Outgoing)

    @property
    def received(self) -> ReceivedMail:
        """What is on record of mail that came in."""
        return ReceivedMail(self.pending, RECEIVED, Received)

    def definitions(self, kind: type[Kind]) -> Definitions[Kind]:
        """Return what was set up, of one kind."""
        return Definitions(self.pending, kind.kind, kind)


def _is_named(state: State, sha256: str) -> bool:
    return (CONTENT, sha256) in state.by_term or sha256 in state.raws


def _concerns(row: TicketRow, username: str) -> bool:
    return row.requester == username or username in row.watchers


def _may_see(audience: Audience, row: TicketRow) -> bool:
    return audience.sees_all or _concerns(row, audience.username)


def _stamp(row: TicketRow, audience: Audience) -> str:
    talk = row.talk or Talk.of(row.raw)
    if audience.sees_all:
        return stamp_of(row.updated_at, talk.messages)
    return stamp_of(row.public_updated_at, talk.public_messages)


def _is_wanted(person: PersonRow, query: PeopleQuery) -> bool:
    if query.roles and person.role not in query.roles:
        return False
    if query.active is not None and person.active is not query.active:
        return False
    needle = query.needle
    return not needle or any(needle in text.casefold() for text in (person.username, person.display_name, person.email))
