"""Many tickets at once: see what a change would do, do it, take it back. Each ticket is a transaction of its own."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache, partial
from secrets import token_hex

from pydantic import TypeAdapter

from ticketing.domain import merging, policy
from ticketing.domain.bulk import MOST_AT_ONCE, NOTHING, BulkEdit, state_of, take_back
from ticketing.domain.errors import (
    AuthenticationError,
    BulkNotFoundError,
    BulkTooLateError,
    StaleTicketError,
    StorageError,
    TicketingError,
    TooManyTicketsError,
)
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.progress import Progress, Steps, silent
from ticketing.domain.queries import TicketQuery
from ticketing.domain.receipts import RECEIPT_LIFETIME, Answer, Receipt, receipt_of
from ticketing.domain.store import Store, Transaction
from ticketing.domain.taking_back import TAKEN_BACK_AT_ONCE_WITHIN
from ticketing.domain.tickets import Ticket, TicketEdit
from ticketing.services import taking_back
from ticketing.services.access import Clock, Gate
from ticketing.services.deeds import Change, Deeds, reach_now
from ticketing.services.due_times import keep
from ticketing.services.relations import Relations
from ticketing.services.tickets import require_choices, set_fields

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    What becomes, or became, of one ticket.

    `refusal` is the sentence by which it was refused, "" if it was not. `before` and `after` are what can be set of a
    ticket, as it was and as it is by that; `reply` is the mark of the reply that came, or went, by it.
    """

    number: int
    title: str
    refusal: str = ""
    before: TicketEdit = NOTHING
    after: TicketEdit = NOTHING
    reply: str = ""

    @classmethod
    def of(cls, before: Ticket, after: Ticket) -> "Outcome":
        """Tell two states of a ticket apart."""
        reply = next((message.mark for message in after.messages[len(before.messages) :]), "")
        return cls(after.number, after.title, "", state_of(before), state_of(after), reply)

    @property
    def is_changed(self) -> bool:
        """Whether something came of it; where all was as asked for already, nothing did."""
        return not self.refusal and (self.before != self.after or bool(self.reply))


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What became of all of them, by which change, and until when it can be taken back."""

    change: BulkEdit
    outcomes: tuple[Outcome, ...]
    until: datetime


class Bulk:
    """
    What agents can do with many tickets at once; `key` is as in Tickets.

    Raises TooManyTicketsError for more than 500. Whom a ticket refuses is told ticket by ticket, in the sentence in
    which they would be told of that one.
    """

    def __init__(self, store: Store, clock: Clock, gate: Gate, relations: Relations) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate
        self._relations = relations
        self._deeds = Deeds(store, clock, gate)

    def choose(self, actor: Actor, query: TicketQuery) -> list[int]:
        """Return the numbers of all tickets that the query finds, in its order."""
        with self._store.read() as tx:
            actor = self._admit(tx, actor)
            return _few(list(tx.tickets.numbers(policy.audience(actor), query)))

    def preview(self, actor: Actor, numbers: Sequence[int], change: BulkEdit) -> list[Outcome]:
        """Return what `apply` would do to each ticket at this moment; nothing is done."""
        now = self._clock()
        with self._store.read() as tx:
            actor = self._admit(tx, actor)
            return [_tried(tx, actor, number, change, now) for number in _few(numbers)]

    def apply(
        self, actor: Actor, numbers: Sequence[int], change: BulkEdit, *, key: str = "", progress: Progress = silent
    ) -> BulkResult:
        """
        Do it to each ticket: what one of them refuses keeps nothing from the others.

        A store that fails in the middle is asked no more, and of each ticket that is left its sentence is told.
        """
        with self._store.read() as tx:
            self._admit(tx, actor)

        def do(number: int) -> Outcome:
            if change.merge_into is not None:
                return self._merged(actor, number, change.merge_into, key)
            return self._changed(actor, number, key, partial(_carry_out, change=change))

        steps = Steps(len(numbers), progress)
        outcomes = _one_by_one(steps.over(_few(numbers)), do)
        return BulkResult(change, outcomes, self._clock() + TAKEN_BACK_AT_ONCE_WITHIN)

    def undo(self, actor: Actor, result: BulkResult, *, key: str = "") -> tuple[Outcome, ...]:
        """
        Put back what was changed, ticket by ticket, where nobody has changed it since, and take the reply back.

        Raises BulkTooLateError when the 30 seconds for that are over.
        """
        with self._store.read() as tx:
            self._admit(tx, actor)
        if self._clock() > result.until:
            raise BulkTooLateError(int(TAKEN_BACK_AT_ONCE_WITHIN.total_seconds()))
        before = {outcome.number: outcome for outcome in result.outcomes if outcome.is_changed}

        def do(number: int) -> Outcome:
            if result.change.merge_into is not None:
                ticket = self._relations.unmerge(actor, number, key=key and f"undo {number} {key}")
                return Outcome(number, ticket.title, "", before[number].after, state_of(ticket))
            return self._put_back(actor, before[number], key and f"undo {number} {key}")

        return _one_by_one(before, do)

    def remember(self, actor: Actor, result: BulkResult) -> str | None:
        """
        Keep what was done for whoever cannot hold it until they take it back, and return its id.

        None if nothing was changed, or if the store does not take it: what was done is done nonetheless.
        """
        if not any(outcome.is_changed for outcome in result.outcomes):
            return None
        now, bulk_id = self._clock(), token_hex(8)
        body = _as_kept().dump_json(result, exclude_unset=True).decode()
        try:
            with self._store.write() as tx:
                receipt_id = _receipt_of(self._admit(tx, actor), bulk_id)
                answer = Answer(status=200, headers={}, body=body)  # emptied with all answers if somebody is anonymised
                tx.receipts.save(Receipt(id=receipt_id, expires_at=now + RECEIPT_LIFETIME, answer=answer))
        except StorageError as error:
            log.warning("A change of many tickets cannot be taken back by its id: %s", error)
            return None
        return bulk_id

    def recall(self, actor: Actor, bulk_id: str) -> BulkResult:
        """Return what the actor has done and is remembered; raises BulkNotFoundError."""
        with self._store.read() as tx:
            receipt = tx.receipts.find(_receipt_of(self._admit(tx, actor), bulk_id))
        if receipt is None or receipt.answer is None or receipt.expires_at <= self._clock():
            raise BulkNotFoundError
        return _as_kept().validate_json(receipt.answer.body)

    def _admit(self, tx: Transaction, actor: Actor) -> Actor:
        actor = self._gate.admit(tx, actor)
        policy.require(actor, Action.SEE_ALL_TICKETS)
        return actor

    def _changed(self, actor: Actor, number: int, key: str, change: Change) -> Outcome:
        found: list[Ticket] = []

        def deed(tx: Transaction, actor: Actor, ticket: Ticket, now: datetime) -> None:
            found[:] = [ticket.model_copy(deep=True)]
            change(tx, actor, ticket, now)

        after = self._deeds.change(actor, number, key and f"{number} {key}", deed)
        return Outcome.of(found[0] if found else after, after)  # what was sent before is done already

    def _put_back(self, actor: Actor, done: Outcome, key: str) -> Outcome:
        found: list[Ticket] = []

        def deed(tx: Transaction, actor: Actor, now: datetime) -> Ticket:
            ticket = reach_now(tx, actor, done.number, now)
            found[:] = [ticket.model_copy(deep=True)]
            policy.require(actor, Action.EDIT_TICKET, ticket)
            if state_of(ticket) != done.after:
                raise StaleTicketError(ticket.number)
            if done.reply:
                taking_back.take_back(tx, actor, ticket, done.reply, now, within=TAKEN_BACK_AT_ONCE_WITHIN)
            if state_of(ticket) != done.before:
                take_back(actor, ticket, done.before, now)
                keep(tx, ticket)
            return ticket

        after = self._deeds.once(actor, key, deed)
        before = found[0] if found else after  # what was sent before is done already
        return replace(Outcome.of(before, after), reply=done.reply if found else "")

    def _merged(self, actor: Actor, number: int, into: int, key: str) -> Outcome:
        with self._store.read() as tx:
            before = reach_now(tx, self._gate.admit(tx, actor), number, self._clock())
        self._relations.merge(actor, number, into, key=key and f"{number} {key}")
        with self._store.read() as tx:
            return Outcome.of(before, reach_now(tx, self._gate.admit(tx, actor), number, self._clock()))


@lru_cache(maxsize=1)
def _as_kept() -> TypeAdapter[BulkResult]:
    return TypeAdapter(BulkResult)


def _receipt_of(actor: Actor, bulk_id: str) -> str:
    return receipt_of(actor.username, f"bulk {bulk_id}")[0]


def _few(numbers: Sequence[int]) -> list[int]:
    if len(numbers) > MOST_AT_ONCE:
        raise TooManyTicketsError(len(numbers), MOST_AT_ONCE)
    return list(dict.fromkeys(numbers))


def _one_by_one(numbers: Iterable[int], do: Callable[[int], Outcome]) -> tuple[Outcome, ...]:
    outcomes: list[Outcome] = []
    failure = ""
    for number in numbers:
        try:
            outcomes.append(Outcome(number, "", failure) if failure else do(number))
        except AuthenticationError:
            raise
        except TicketingError as error:
            failure = str(error) if isinstance(error, StorageError) else ""
            outcomes.append(Outcome(number, "", str(error)))
    return tuple(outcomes)


def _tried(tx: Transaction, actor: Actor, number: int, change: BulkEdit, now: datetime) -> Outcome:
    """Do it to what was read, which nobody keeps."""
    title = ""
    try:
        ticket = reach_now(tx, actor, number, now)
        title, before = ticket.title, ticket.model_copy(deep=True)
        if change.merge_into is None:
            _carry_out(tx, actor, ticket, now, change=change, deals=False)
        else:
            policy.require(actor, Action.MERGE_TICKETS, ticket)
            merging.merge(ticket, reach_now(tx, actor, change.merge_into, now), actor, now)
    except TicketingError as error:
        return Outcome(number, title, str(error))
    return Outcome.of(before, ticket)


def _carry_out(
    tx: Transaction, actor: Actor, ticket: Ticket, now: datetime, *, change: BulkEdit, deals: bool = True
) -> None:
    """Do it to one ticket; unless it *deals*, without a team's dealing, since whose turn it is shows when it comes."""
    policy.require(actor, Action.EDIT_TICKET, ticket)
    if change.reply:
        policy.require(actor, Action.REPLY, ticket)
        ticket.reply(actor, change.reply, now)
    edit = change.edit_of(ticket)
    if deals:
        set_fields(tx, actor, ticket, edit, now)
    else:
        require_choices(tx, edit)
        ticket.edit(actor, edit, now)
