"""The in-memory side of a document store: the rows of all tickets and accounts, and the indexes that queries need."""

import gc
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from heapq import nsmallest
from operator import itemgetter
from typing import Any, NamedTuple, Self, TypeVar

from pydantic_core import from_json

from ticketing.domain.errors import StorageUnreadableError
from ticketing.domain.notifications import NOTICES_KEPT, NOTICES_PER_PERSON
from ticketing.domain.people import Role
from ticketing.domain.statuses import Status
from ticketing.domain.tickets import Term
from ticketing.storage.documents.deliveries import DeliveryRow, DeliveryRows
from ticketing.storage.documents.mails import MailRow, MailRows
from ticketing.storage.documents.rows import ByUpdate, InOrder, PersonRow, TicketRow, by_end, by_update, fields_of

Change = tuple[str, str, bytes | None]
Documents = dict[str, dict[str, bytes]]
Key = TypeVar("Key")
Value = TypeVar("Value")

TICKETS = "tickets"
USERS = "users"
SESSIONS = "sessions"
DEVICES = "devices"
UPLOADS = "uploads"
DRAFTS = "drafts"
NOTICES = "notices"
API_KEYS = "api_keys"
IDENTITIES = "identities"
OUTGOING = "outgoing"
RECEIVED = "received"
DELIVERIES = "deliveries"
AUDIT = "audit"
SETTLED = "audit_file"  # how far the file of older records counts
OWNED = frozenset({SESSIONS, DEVICES, UPLOADS, DRAFTS, NOTICES, API_KEYS, IDENTITIES})
# What reading a document raises when a field is missing, or holds what this version does not know.
UNREADABLE = (AttributeError, LookupError, TypeError, ValueError)
_OF_A_MOMENT = {"hand_offs", "mail_links", "sign_in_requests", "attempts", "receipts"}
EXPIRING = frozenset({*OWNED - {IDENTITIES}, OUTGOING, RECEIVED, DELIVERIES, *_OF_A_MOMENT})
# What is no part of a backup: all that expires but what people would miss, and what is about files of this place.
KEPT_FOR_LONG = (DRAFTS, NOTICES, OUTGOING, RECEIVED, DELIVERIES, API_KEYS)
PASSING = (EXPIRING - {*KEPT_FOR_LONG}) | {SETTLED}


class State:
    """Rows and indexes over the documents of an engine, kept by change; callers hold the engine's state lock."""

    def __init__(self) -> None:
        self.documents: Documents = {}
        self.rows = ByUpdate()
        self.last_number = 0
        self.people: dict[str, PersonRow] = {}
        self._people_by_name: list[PersonRow] | None = None
        self._staff: list[PersonRow] | None = None
        self.by_requester: defaultdict[str, set[int]] = defaultdict(set)
        self.by_watcher: defaultdict[str, set[int]] = defaultdict(set)
        self.by_assignee: defaultdict[str | None, ByUpdate] = defaultdict(ByUpdate)
        self.by_status: defaultdict[Status, ByUpdate] = defaultdict(ByUpdate)
        self.by_external_id: defaultdict[str, set[int]] = defaultdict(set)
        self.by_term: defaultdict[Term, set[int]] = defaultdict(set)
        self.due: dict[int, Due] = {}
        self.asleep: dict[int, datetime] = {}  # until when
        self.due_in_order = InOrder(_MOMENT_AND_NUMBER)
        self.new = ByUpdate()
        self.ended = InOrder(by_end)
        self.tally: Counter[tuple[str | None, Status]] = Counter()
        self.facts: dict[int, str] = {}  # what reports count by, of tickets that one was made of since they changed
        # When each notice expires, and which of them are unread, by whose they are: asked for every second.
        self.notices: dict[str, datetime] = {}
        self._unread: defaultdict[str, set[str]] = defaultdict(set)
        self.mails = MailRows()
        self.deliveries = DeliveryRows()
        self._owned: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        self._owners: dict[tuple[str, str], str] = {}
        self.by_email: defaultdict[str, set[str]] = defaultdict(set)
        self.received: dict[str, Arrival] = {}
        self.raws: set[str] = set()  # hashes of the originals of mail

    def load(self, documents: Documents) -> None:
        """Start anew from everything; a document that cannot be read leaves all as it was."""
        fresh = State()
        fresh.documents = documents
        with _uncollected():
            fresh._load_tickets(documents.get(TICKETS, {}))
        for name in (USERS, OUTGOING, RECEIVED, DELIVERIES, *OWNED):
            fresh.prepare([(name, key, raw) for key, raw in documents.get(name, {}).items()])()
        for name, value in vars(fresh).items():
            setattr(self, name, value)

    def _load_tickets(self, documents: dict[str, bytes]) -> None:
        """Index all tickets at once, which is a good deal quicker than one after the other."""
        rows = sorted(self._rows(documents), key=by_update)
        of_assignee: defaultdict[str | None, list[TicketRow]] = defaultdict(list)
        of_status: defaultdict[Status, list[TicketRow]] = defaultdict(list)
        for row in rows:
            of_assignee[row.assignee].append(row)
            of_status[row.status].append(row)
            self._index(row)
        self.rows = ByUpdate(rows)
        self.by_assignee.update({assignee: ByUpdate(theirs) for assignee, theirs in of_assignee.items()})
        self.by_status.update({status: ByUpdate(those) for status, those in of_status.items()})
        self.new = ByUpdate(row for row in rows if row.is_new)
        self.ended = InOrder(by_end, (row for row in rows if row.resolved_at is not None))
        self.due_in_order = InOrder(_MOMENT_AND_NUMBER, ((due.at, number) for number, due in self.due.items()))
        self.last_number = max((row.number for row in rows), default=0)
        self.tally = Counter((row.assignee, row.status) for row in rows)

    def _rows(self, documents: dict[str, bytes]) -> Iterator[TicketRow]:
        for key, raw in documents.items():
            try:
                row, due, until = _read(raw)
            except UNREADABLE as error:
                raise StorageUnreadableError(TICKETS, key) from error
            if due:
                self.due[row.number] = due
            if until:
                self.asleep[row.number] = until
            yield row

    def prepare(self, changes: Sequence[Change]) -> Callable[[], None]:
        """Read what one transaction changes, and return what puts it into the indexes; or StorageUnreadableError."""
        steps = [step for change in changes if (step := self._step(*change)) is not None]

        def follow() -> None:
            for step in steps:
                step()

        return follow

    def _step(self, collection: str, key: str, raw: bytes | None) -> Callable[[], None] | None:
        """Return what puts one document into the indexes; None if there are none of its collection."""
        try:
            if collection == TICKETS:
                return partial(self._put_ticket, int(key), *(_read(raw) if raw else _GONE))
            if collection == USERS:
                return partial(self._put_person, key, PersonRow(key, from_json(raw)) if raw else None)
            if collection == NOTICES:
                return partial(self._put_notice, key, Told.of(from_json(raw)) if raw else None)
            if collection in {OUTGOING, RECEIVED, DELIVERIES}:
                return self._message_step(collection, key, raw)
            if collection in OWNED:
                return partial(self._put_owned, collection, key, from_json(raw)["username"] if raw else None)
        except UNREADABLE as error:
            raise StorageUnreadableError(collection, key) from error
        return None

    def _message_step(self, collection: str, key: str, raw: bytes | None) -> Callable[[], None]:
        if collection == OUTGOING:
            return partial(self.mails.put, key, MailRow.of(key, from_json(raw)) if raw else None)
        if collection == DELIVERIES:
            return partial(self.deliveries.put, key, DeliveryRow.of(from_json(raw)) if raw else None)
        return partial(self._put_received, key, _arrival(raw) if raw else None)

    def replace(self, changes: Sequence[Change]) -> list[Change]:
        """Put documents in place, in the indexes too, and return what would put it back."""
        follow = self.prepare(changes)
        undo: list[Change] = []
        for collection, key, raw in changes:
            documents = self.documents.setdefault(collection, {})
            undo.append((collection, key, documents.get(key)))
            if raw is None:
                documents.pop(key, None)
            else:
                documents[key] = raw
        follow()
        return undo[::-1]

    def pick(self, numbers: Iterable[int]) -> list[TicketRow]:
        """Return the rows of these tickets, in no order."""
        return [row for number in numbers if (row := self.rows.find(number)) is not None]

    def name(self, username: str) -> str:
        """Return the display name; the username itself for somebody who has no account."""
        person = self.people.get(username)
        return person.display_name if person else username

    def _put_ticket(self, number: int, row: TicketRow | None, due: "Due | None", until: datetime | None) -> None:
        old = self.rows.find(number)
        self.facts.pop(number, None)
        if old is not None:
            self._forget(old)
        if row is not None:
            self._add(row)
        self._put_due(number, due)
        _put_or_drop(self.asleep, number, until)

    def _put_due(self, number: int, due: "Due | None") -> None:
        before = self.due.get(number)
        if before is not None:
            self.due_in_order.drop((before.at, number))
        _put_or_drop(self.due, number, due)
        if due is not None:
            self.due_in_order.put((due.at, number))

    def _add(self, row: TicketRow) -> None:
        self.rows.put(row)
        self.by_assignee[row.assignee].put(row)
        self.by_status[row.status].put(row)
        if row.is_new:
            self.new.put(row)
        if row.resolved_at is not None:
            self.ended.put(row)
        self.last_number = max(self.last_number, row.number)
        self.tally[row.assignee, row.status] += 1
        self._index(row)

    def _index(self, row: TicketRow) -> None:
        self.by_requester[row.requester].add(row.number)
        for watcher in row.watchers:
            self.by_watcher[watcher].add(row.number)
        if row.external_id is not None:
            self.by_external_id[row.external_id].add(row.number)
        for term in row.terms:
            self.by_term[term].add(row.number)

    def _forget(self, row: TicketRow) -> None:
        number = row.number
        self.rows.drop(row)
        self.by_assignee[row.assignee].drop(row)
        self.by_status[row.status].drop(row)
        self.new.drop(row)
        if row.resolved_at is not None:
            self.ended.drop(row)
        self.by_requester[row.requester].discard(number)
        for watcher in row.watchers:
            self.by_watcher[watcher].discard(number)
        if row.external_id is not None:
            self.by_external_id[row.external_id].discard(number)
        for term in row.terms:
            self.by_term[term].discard(number)
            if not self.by_term[term]:
                del self.by_term[term]
        self.tally[row.assignee, row.status] -= 1

    def people_by_name(self) -> list[PersonRow]:
        """Return everybody by display name."""
        if self._people_by_name is None:
            self._people_by_name = sorted(self.people.values(), key=lambda person: person.order)
        return self._people_by_name

    def staff(self) -> list[PersonRow]:
        """Return the active agents and admins by display name."""
        if self._staff is None:
            self._staff = [one for one in self.people_by_name() if one.active and one.role is not Role.USER]
        return self._staff

    def _put_person(self, username: str, row: PersonRow | None) -> None:
        self._people_by_name = self._staff = None
        former = self.people.pop(username, None)
        if former is not None:
            self.by_email[former.email.casefold()].discard(username)
        if row is not None:
            self.people[username] = row
            if row.email:
                self.by_email[row.email.casefold()].add(username)

    def _put_received(self, key: str, arrival: "Arrival | None") -> None:
        former = self.received.pop(key, None)
        if former is not None:
            self.raws.discard(former.raw_sha256)
        if arrival is not None:
            self.received[key] = arrival
            self.raws.add(arrival.raw_sha256)

    def owned(self, collection: str, username: str) -> set[str]:
        """Return the ids of the person's documents in one of the collections that are `OWNED`."""
        return set(self._owned.get((collection, username), ()))

    def _put_owned(self, collection: str, key: str, owner: str | None) -> None:
        former = self._owners.pop((collection, key), None)
        if former is not None:
            self._owned[collection, former].discard(key)
        if owner is not None:
            self._owners[collection, key] = owner
            self._owned[collection, owner].add(key)

    def unread(self, username: str, now: datetime) -> int:
        """Return how many unread notices the person has that have not expired."""
        return sum(self.notices[key] > now for key in self._unread.get(username, ()))

    def notified(self) -> list[str]:
        """Return who has notices, in order."""
        return sorted(username for (name, username), keys in self._owned.items() if name == NOTICES and keys)

    def surplus_notices(self, username: str, added: int) -> list[str]:
        """Return the ids of the person's oldest notices if they have too many together with those that are added."""
        keys = self._owned[NOTICES, username]
        total = len(keys) + added
        if total <= NOTICES_PER_PERSON:
            return []
        return nsmallest(total - NOTICES_KEPT, keys, key=self.notices.__getitem__)

    def _put_notice(self, key: str, told: "Told | None") -> None:
        if former := self._owners.get((NOTICES, key)):
            self._unread[former].discard(key)
        self._put_owned(NOTICES, key, told.username if told else None)
        _put_or_drop(self.notices, key, told.expires_at if told else None)
        if told and not told.is_read:
            self._unread[told.username].add(key)


class Told(NamedTuple):
    """What is asked of a notice."""

    username: str
    expires_at: datetime
    is_read: bool

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Self:
        """Read it off the document."""
        return cls(fields["username"], datetime.fromisoformat(fields["expires_at"]), fields["read"])


class Due(NamedTuple):
    """When a ticket is due, and when that becomes urgent; few tickets are, so that rows keep no place for it."""

    at: datetime
    warn_at: datetime | None


class Arrival(NamedTuple):
    """When a message of mail came in, what became of it, and under which hash its original is kept."""

    at: datetime
    fate: str
    raw_sha256: str


def _arrival(raw: bytes) -> Arrival:
    document = from_json(raw)
    return Arrival(datetime.fromisoformat(document["at"]), document["fate"], document["raw_sha256"])


def _read(raw: bytes) -> tuple[TicketRow, Due | None, datetime | None]:
    fields = fields_of(raw)
    snoozed = fields.get("snoozed")
    until = datetime.fromisoformat(snoozed["until"]) if snoozed else None
    return TicketRow(raw, fields), _due(fields.get("sla") or {}), until


def _due(sla: Mapping[str, Any]) -> Due | None:
    due_at, warn_at = sla.get("due_at"), sla.get("warn_at")
    return Due(datetime.fromisoformat(due_at), datetime.fromisoformat(warn_at) if warn_at else None) if due_at else None


def _put_or_drop(index: dict[Key, Value], key: Key, value: Value | None) -> None:
    if value is None:
        index.pop(key, None)
    else:
        index[key] = value


_MOMENT_AND_NUMBER: Callable[[tuple[datetime, int]], tuple[datetime, int]] = itemgetter(0, 1)
_GONE = (None, None, None)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Make many objects that will stay without the garbage collector going through them again and again."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
