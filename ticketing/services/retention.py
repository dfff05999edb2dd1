"""What is old enough goes by itself, a little at a time: tickets, people who came no more, and mails on record."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final, NamedTuple

from ticketing.domain import policy
from ticketing.domain.anonymising import Anonymisation
from ticketing.domain.audit import AuditAction, AuditEntry
from ticketing.domain.outbox import MailState, Outgoing, OutgoingQuery
from ticketing.domain.people import Actor, Named, PeopleQuery, Person, Role, User
from ticketing.domain.policy import THE_DESK, Action
from ticketing.domain.queries import Audience, TicketQuery
from ticketing.domain.receipts import Receipt
from ticketing.domain.received import Received, ReceivedQuery
from ticketing.domain.retention import LOOK_EVERY, RetentionRule, Sweep
from ticketing.domain.statuses import UNFINISHED
from ticketing.domain.store import Store, Transaction
from ticketing.domain.tickets import SYSTEM, Ticket
from ticketing.services.access import Clock, Gate
from ticketing.services.anonymising import Traces, begin, traces_of
from ticketing.services.due_times import put_back

SHOWN: Final = 20
# Of one turn of the one writer.
_BATCH: Final = 10
_FOUND_AT_ONCE: Final = 100
_PAGE: Final = 200
# Under this id stands that nothing is old enough until the next look is due.
_LOOKED: Final = "retention looked at"


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """How many things a rule would take away now, and the first SHOWN of them, as people call them."""

    total: int
    examples: tuple[str, ...]


class Retention:
    """What admins have to know about rules of retention before they set them loose."""

    def __init__(self, store: Store, clock: Clock, gate: Gate) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate

    def rehearsed(self, actor: Actor, rule: RetentionRule) -> Rehearsal:
        """Return what would go at once if the rule were on; raises InvalidInputError for one that cannot be kept."""
        with self._store.read() as tx:
            policy.require(self._gate.admit(tx, actor), Action.CHANGE_SETUP)
            found = [_called(one) for one in _old_enough(tx, rule.checked(), self._clock())]
        return Rehearsal(len(found), tuple(found[:SHOWN]))


class _Due(NamedTuple):
    """What is to go next by one rule; of a person, also where they are found."""

    rule: RetentionRule
    things: list["Thing"]
    traces: Traces | None = None


Thing = Ticket | User | Outgoing | Received


class Sweeping:
    """
    The chore of taking away what is old enough.

    What that is takes a while to find, so it is found while nobody waits, and looked at once more when its turn comes.
    """

    name = "Taking away what is old enough"

    def __init__(self) -> None:
        self._due: _Due | None = None

    def is_due(self, tx: Transaction, now: datetime) -> bool:
        """Whether it is time to look."""
        rules = [rule for rule in tx.definitions(RetentionRule).all() if rule.is_on]
        looked = tx.receipts.find(_LOOKED)
        if not rules or (looked is not None and now < looked.expires_at):
            return False
        if self._due is None:
            self._due = next(filter(None, (_next(tx, rule, now) for rule in rules)), None)
        return True

    def do_some(self, tx: Transaction, now: datetime) -> bool:
        """Take the next few away; tell whether there may be more."""
        due, self._due = self._due, None
        if due is None:
            tx.receipts.save(Receipt(id=_LOOKED, expires_at=now + LOOK_EVERY))
            return False
        rule = due.rule
        if tx.definitions(RetentionRule).find(rule.id) != rule:
            return True
        turn, rest = due.things[:_BATCH], due.things[_BATCH:]
        self._due = due._replace(things=rest) if rest else None
        gone = [_called(thing) for thing in turn if _goes(tx, rule, thing, due.traces, now)]
        if gone:
            facts = {rule.sweep.value: str(len(gone))}
            facts |= {"which": ", ".join(gone)} if rule.sweep is Sweep.TICKETS else {}
            tx.audit.add(AuditEntry(SYSTEM, AuditAction.SWEPT, now, rule.kind, rule.id, facts))
        return True


def _next(tx: Transaction, rule: RetentionRule, now: datetime) -> _Due | None:
    """Return what goes next by a rule; of people one at a time, since they are found in many places."""
    things = list(islice(_old_enough(tx, rule, now), 1 if rule.sweep is Sweep.PEOPLE else _FOUND_AT_ONCE))
    person = things[0] if things and isinstance(things[0], User) else None
    return _Due(rule, things, _traces(tx, person) if person else None) if things else None


def _traces(tx: Transaction, user: User) -> Traces:
    """Return by what a requester is known, as their own latest tickets say: to look through all takes too long here."""
    own = tx.tickets.numbers(Audience(username=user.id, sees_all=False), TicketQuery())
    tickets = list(filter(None, map(tx.tickets.find, list(islice(own, _FOUND_AT_ONCE)))))
    return traces_of(user, tickets)


def _old_enough(tx: Transaction, rule: RetentionRule, now: datetime) -> Iterator[Thing]:
    match rule.sweep:
        case Sweep.TICKETS:
            tickets = (tx.tickets.find(number) for number in list(tx.tickets.numbers(THE_DESK, rule.tickets(now))))
            return (ticket for ticket in tickets if ticket is not None and _may_go(tx, ticket))
        case Sweep.PEOPLE:
            return (user for user in _requesters(tx) if _came_no_more(tx, user, rule.before(now)))
        case Sweep.MAILS:
            return _mails(tx, rule.before(now))


def _may_go(tx: Transaction, ticket: Ticket) -> bool:
    """Whether a ticket may be deleted: what went on in another ticket stays as long as that."""
    return ticket.merged_into is None or tx.tickets.find(ticket.merged_into) is None


def _requesters(tx: Transaction) -> Iterator[User]:
    query = PeopleQuery(roles=frozenset({Role.USER}), size=_PAGE)
    while found := tx.users.search(query).items:
        yield from found
        query = query.model_copy(update={"after": Named.of(Person.of(found[-1]))})


def _came_no_more(tx: Transaction, user: User, before: datetime) -> bool:
    """Whether neither the person nor a ticket of theirs has moved since then, and nothing of theirs is to be done."""
    if user.role is not Role.USER or (user.last_sign_in_at or user.created_at) >= before:
        return False
    if user.created_at >= before or tx.definitions(Anonymisation).find(user.id) is not None:
        return False
    latest = tx.tickets.latest(Audience(username=user.id, sees_all=False))
    if latest and datetime.fromisoformat(latest) >= before:
        return False
    return tx.tickets.counts(THE_DESK, [TicketQuery(requester=user.id, statuses=frozenset(UNFINISHED))]) == [0]


def _mails(tx: Transaction, before: datetime) -> Iterator[Thing]:
    """Yield the records of mails that were settled before that moment, the oldest page first."""
    sent = OutgoingQuery(size=_PAGE)
    for page in range(tx.outgoing.search(sent).pages, 0, -1):
        mails = tx.outgoing.search(sent.model_copy(update={"page": page})).items
        yield from (mail for mail in mails if _is_settled(mail, before))
        if any(mail.at >= before for mail in mails):
            break
    came = ReceivedQuery(size=_PAGE)
    for page in range(tx.received.search(came).pages, 0, -1):
        received = tx.received.search(came.model_copy(update={"page": page})).items
        yield from (one for one in received if _has_original(one, before))
        if any(one.at >= before for one in received):
            break


def _is_settled(mail: Outgoing, before: datetime) -> bool:
    return mail.state is not MailState.WAITING and mail.at < before


def _has_original(received: Received, before: datetime) -> bool:
    return bool(received.raw_sha256) and received.at < before


def _goes(tx: Transaction, rule: RetentionRule, thing: Thing, traces: Traces | None, now: datetime) -> bool:
    """Take it away if it is still there and still old enough; tell whether it was."""
    match thing:
        case Ticket():
            ticket = tx.tickets.find(thing.number)
            if ticket is None or ticket.version != thing.version or not _may_go(tx, ticket):
                return False
            delete_ticket(tx, ticket)
        case User():
            user = tx.users.find(thing.id)
            if user is None or traces is None or not _came_no_more(tx, user, rule.before(now)):
                return False
            begin(tx, user, traces, by=SYSTEM, now=now)
        case Outgoing():
            tx.outgoing.remove(thing.id)
        case Received():
            tx.received.save(thing.without_sender())
    return True


def delete_ticket(tx: Transaction, ticket: Ticket) -> None:
    """Delete a ticket with all that hangs on it and all that went on in it; others are no longer linked to it."""
    for merged in ticket.merged:
        if (source := tx.tickets.find(merged.number)) is not None and source.merged_into == ticket.number:
            delete_ticket(tx, source)
    for number in ticket.related():
        other = tx.tickets.find(number)
        if other is not None and other.forget_ticket(ticket.number):
            put_back(tx, other)
    tx.tickets.remove(ticket.number)


def _called(thing: Thing) -> str:
    match thing:
        case Ticket():
            return thing.label
        case User():
            return thing.id
        case Outgoing():
            return thing.kind
        case Received():
            return thing.subject or thing.sender
