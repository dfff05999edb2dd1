"""
Making somebody anonymous: at once nobody is called so any more, and then ticket by ticket.

What is to be done is in the store before anything is, and how far it has come is written by the same transaction as
what was done. So a few tickets at a time are changed, and if the process dies the chore goes on where it stopped.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Final, NamedTuple

from ticketing.domain import policy
from ticketing.domain.anonymising import (
    Anonymisation,
    Marks,
    Place,
    Stage,
    definition_without,
    former_user,
    hash_of_name,
    make_anonymous,
    phones_in,
    places_in,
    without_person,
)
from ticketing.domain.audit import AuditAction
from ticketing.domain.errors import AlreadyAnonymousError, DefinitionNotFoundError
from ticketing.domain.kinds import KINDS
from ticketing.domain.people import Actor, Person, User
from ticketing.domain.policy import THE_DESK, Action
from ticketing.domain.progress import Progress, silent
from ticketing.domain.queries import TicketQuery
from ticketing.domain.receipts import ANSWERED
from ticketing.domain.store import Store, Transaction
from ticketing.domain.tickets import Ticket
from ticketing.services.access import Clock, Gate, reach_person
from ticketing.services.accounts import remove_account
from ticketing.services.agents import spare_last_admin
from ticketing.services.due_times import put_back
from ticketing.services.sessions import log_account
from ticketing.services.throttle import Throttle

Reading = Callable[[], AbstractContextManager[Transaction]]

# Of one turn of the one writer: tickets that are looked through, tickets that are changed, and short records.
LOOKED_THROUGH: Final = 1_000
_TICKETS: Final = 5
_RECORDS: Final = 50
_SEEN: Final = 500
_READ: Final = 200


class Traces(NamedTuple):
    """In which tickets somebody stands, which others mention them, and by what they are known in texts."""

    standing: tuple[int, ...]
    mentioned: tuple[int, ...]
    marks: Marks


@dataclass(frozen=True, slots=True)
class Preview:
    """What making somebody anonymous would change: tickets in which they stand, and where texts tell who they are."""

    person: Person
    tickets: int
    places: tuple[Place, ...]


class Anonymising:
    """What admins can do for those who want to be forgotten. The desk always keeps one active admin."""

    def __init__(self, store: Store, clock: Clock, gate: Gate) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate

    def require(self, actor: Actor, username: str) -> None:
        """Raise unless the actor may make this person anonymous, who is not yet."""
        self._reached(actor, username)

    def preview(self, actor: Actor, username: str) -> Preview:
        """Return what would be changed, without changing anything."""
        user = self._reached(actor, username)
        traces = find_traces(self._store.read, user)
        tickets = _read(self._store.read, sorted({*traces.standing, *traces.mentioned}))
        places = [place for ticket in tickets for place in places_in(ticket, user.id, traces.marks)]
        self._reached(actor, username)
        return Preview(Person.of(user), len(traces.standing), tuple(places))

    def anonymise(
        self, actor: Actor, username: str, kept: frozenset[str] = frozenset(), progress: Progress = silent
    ) -> Anonymisation:
        """
        Make somebody anonymous everywhere, but for the places of the preview that are `kept`, and return as whom.

        Their account is gone at once; their tickets, messages and ratings stay, under the pseudonym. It cannot be taken
        back. Cut off in the middle, it goes on by itself. Raises LastAdminError and AlreadyAnonymousError.
        """
        traces = find_traces(self._store.read, self._reached(actor, username))
        with self._store.write() as tx:
            actor, user = self._reach(tx, actor, username)
            spare_last_admin(tx, user)
            anonymous = begin(tx, user, traces, by=actor.username, now=self._clock(), kept=kept)
        while not anonymous.is_done:
            progress(anonymous.reached, anonymous.last)
            with self._store.write() as tx:
                self._gate.admit(tx, actor)
                anonymous = _step(tx, anonymous.id, self._clock())
        return anonymous

    def _reached(self, actor: Actor, username: str) -> User:
        with self._store.read() as tx:
            return self._reach(tx, actor, username)[1]

    def _reach(self, tx: Transaction, actor: Actor, username: str) -> tuple[Actor, User]:
        actor = self._gate.admit(tx, actor)
        user = reach_person(tx, actor, username)
        policy.require(actor, Action.ANONYMISE, user)
        if tx.definitions(Anonymisation).find(user.id) is not None:
            raise AlreadyAnonymousError(user.display_name)
        return actor, user


class Forgetting:
    """The chore of making people anonymous to the end where that was cut off."""

    name = "Making people anonymous"

    def is_due(self, tx: Transaction, _now: datetime) -> bool:
        """Whether somebody is anonymous by half."""
        return _unfinished(tx) is not None

    def do_some(self, tx: Transaction, now: datetime) -> bool:
        """Go on with one of them; tell whether there may be more to do."""
        anonymous = _unfinished(tx)
        if anonymous is not None:
            _step(tx, anonymous.id, now)
        return anonymous is not None


def find_traces(read: Reading, user: User) -> Traces:
    """Return where somebody is found, looked for in all tickets, some at a time."""
    standing = tuple(_standing(read, user.id))
    marks = traces_of(user, _read(read, standing)).marks
    mentioned: set[int] = set()
    for word in marks.everywhere:
        with read() as tx:
            mentioned.update(tx.tickets.numbers(THE_DESK, TicketQuery(needles=(word,))))
    return Traces(standing, tuple(sorted(mentioned - set(standing))), marks)


def traces_of(user: User, tickets: Iterable[Ticket]) -> Traces:
    """Return by what somebody is known, given tickets in which they may have written, and nothing of where they are."""
    said = (message.text for ticket in tickets for message in ticket.messages if message.author == user.id)
    return Traces((), (), Marks.of(user, phones_in(said)))


def begin(
    tx: Transaction, user: User, traces: Traces, *, by: str, now: datetime, kept: frozenset[str] = frozenset()
) -> Anonymisation:
    """Put a pseudonym in the account's place, take away what is its own, and note what is still to be done."""
    number = next(number for number in count(1) if tx.users.find(f"former-{number}") is None)
    anonymous = Anonymisation(
        id=f"former-{number}",
        name=f"Former user {number}",
        was=hash_of_name(user.id),
        by=by,
        username=user.id,
        address=user.email or "",
        marks=traces.marks,
        kept=kept,
        mentioned=traces.mentioned,
        last=tx.tickets.last_number(),
    )
    _take_away(tx, user, now)
    tx.users.save(former_user(user, anonymous.id, anonymous.name))
    for kind in KINDS.values():
        for definition in tx.definitions(kind).all():
            if (without := definition_without(definition, anonymous)) is not definition:
                tx.definitions(kind).save(without)
    tx.definitions(Anonymisation).save(anonymous)
    log_account(tx, by, AuditAction.ANONYMISED, anonymous.id, now, state="begun")
    return anonymous


def _standing(read: Reading, username: str) -> Iterator[int]:
    with read() as tx:
        last = tx.tickets.last_number()
    for above in range(0, last, LOOKED_THROUGH):
        with read() as tx:
            yield from tx.tickets.naming(username, above, above + LOOKED_THROUGH)


def _read(read: Reading, numbers: Sequence[int]) -> Iterator[Ticket]:
    for first in range(0, len(numbers), _READ):
        with read() as tx:
            tickets = list(filter(None, map(tx.tickets.find, numbers[first : first + _READ])))
        yield from tickets


def _unfinished(tx: Transaction) -> Anonymisation | None:
    return next((one for one in tx.definitions(Anonymisation).all() if not one.is_done), None)


def _take_away(tx: Transaction, user: User, now: datetime) -> None:
    """Take away the account, and what is kept for it alone."""
    Throttle(lambda: now).clear(tx, user.id)
    for passing in (tx.hand_offs, tx.mail_links):
        for one in passing.naming(user.id, _RECORDS):
            passing.remove(one.id)
    remove_account(tx, user.id)


def _step(tx: Transaction, key: str, now: datetime) -> Anonymisation:
    """Do the next few things that are left to be done, whoever did those before."""
    anonymous = tx.definitions(Anonymisation).find(key)
    if anonymous is None:
        raise DefinitionNotFoundError
    if anonymous.is_done:
        return anonymous
    if anonymous.stage is Stage.TICKETS:
        anonymous = _in_tickets(tx, anonymous)
    elif not _in_records(tx, anonymous):
        facts = {"state": "done", "tickets": str(anonymous.changed)}
        log_account(tx, anonymous.by, AuditAction.ANONYMISED, anonymous.id, now, **facts)
        anonymous = anonymous.finished()
    tx.definitions(Anonymisation).save(anonymous)
    return anonymous


def _in_tickets(tx: Transaction, anonymous: Anonymisation) -> Anonymisation:
    ahead = min(anonymous.reached + LOOKED_THROUGH, anonymous.last)
    standing = tx.tickets.naming(anonymous.username, anonymous.reached, ahead)
    mentioned = (number for number in anonymous.mentioned if anonymous.reached < number <= ahead)
    numbers = sorted({*standing, *mentioned})
    changed = 0
    for ticket in filter(None, map(tx.tickets.find, numbers[:_TICKETS])):
        if make_anonymous(ticket, anonymous):
            put_back(tx, ticket)
            changed += 1
    reached = numbers[_TICKETS - 1] if len(numbers) > _TICKETS else ahead
    stage = Stage.RECORDS if reached >= anonymous.last else Stage.TICKETS
    return anonymous.model_copy(update={"reached": reached, "stage": stage, "changed": anonymous.changed + changed})


def _in_records(tx: Transaction, anonymous: Anonymisation) -> bool:
    """Take the person out of the next few records of one kind; tell whether there were any."""
    username = anonymous.username
    if mails := tx.outgoing.naming(username, _RECORDS):
        for mail in mails:
            tx.outgoing.save(without_person(mail, anonymous))
    elif notices := tx.notices.naming(username, _RECORDS):
        tx.notices.add([notice.model_copy(update={"by": anonymous.id}) for notice in notices])
    elif received := tx.received.naming(anonymous.address.casefold(), _RECORDS) if anonymous.address else []:
        for one in received:
            tx.received.save(one.without_sender())
    elif receipts := tx.receipts.naming(ANSWERED, _RECORDS):  # of whomever they tell: they are kept for minutes only
        for receipt in receipts:
            tx.receipts.save(receipt.model_copy(update={"answer": None}))
    else:
        return tx.tickets.forget_seen(username, _SEEN)
    return True
