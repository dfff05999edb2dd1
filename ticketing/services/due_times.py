"""Due times: kept with each change of a ticket, reckoned anew when the rules are changed, and explained."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from ticketing.domain import policy
from ticketing.domain.audit import entries_of
from ticketing.domain.calendars import BusinessCalendar
from ticketing.domain.deadlines import SlaState, Target
from ticketing.domain.due_times import Step, awaited, explain, is_judged, sla_of
from ticketing.domain.errors import DefinitionNotFoundError
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.sla import CatchingUp, SlaPolicy, SlaRule, SlaRules
from ticketing.domain.statuses import GENERAL
from ticketing.domain.store import Store, Transaction
from ticketing.domain.tickets import Ticket
from ticketing.services.access import Clock, Gate, reach
from ticketing.services.announcing import announce
from ticketing.services.following import follow_rules
from ticketing.services.notifications import tell

# Of one turn of the one writer: others wait for their own meanwhile, and somebody for the list they have asked for.
CATCH_UP_BATCH = 50

_PROGRESS = CatchingUp(id="due-times", name="Due times")


class Explanation(NamedTuple):
    """By which policy and calendar targets are due, and the steps to each; by the order of targets."""

    policy: SlaPolicy
    calendar: BusinessCalendar
    steps: Mapping[Target, list[Step]]


class DueTimes:
    """Why tickets are due when they are."""

    def __init__(self, store: Store, clock: Clock, gate: Gate) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate

    def explained(self, actor: Actor, number: int) -> Explanation | None:
        """Return why a ticket is due when it is; None if nothing is, or if the rule was changed since."""
        with self._store.read() as tx:
            actor = self._gate.admit(tx, actor)
            ticket = reach(tx, actor, number)
            policy.require(actor, Action.EDIT_TICKET, ticket)
            rule = _rules(tx).rule_of(ticket.sla) if ticket.sla is not None else None
            return None if rule is None else _explained(ticket, rule)

    def rehearsed(self, actor: Actor, wanted: SlaPolicy) -> Explanation:
        """Return when a ticket would be due that is opened now under such a policy, and why."""
        now = self._clock()
        with self._store.read() as tx:
            actor = self._gate.admit(tx, actor)
            policy.require(actor, Action.CHANGE_SETUP)
            calendar = tx.definitions(BusinessCalendar).find(wanted.checked().calendar)
        if calendar is None:
            raise DefinitionNotFoundError
        ticket = Ticket.open(1, actor.username, "Rehearsal", "Rehearsal", GENERAL, now)
        return _explained(ticket, SlaRule(wanted, calendar))


class Arrears:
    """
    The chore of reckoning due times anew that come from rules of before.

    How far that has come is kept in the store, together with what was done: so each ticket has its turn once.
    """

    name = "Reckoning due times anew"

    def is_due(self, tx: Transaction, _now: datetime) -> bool:
        """Whether the rules were changed since all were reckoned."""
        return _is_behind(_progress(tx), _rules(tx))

    def do_some(self, tx: Transaction, _now: datetime) -> bool:
        """Reckon the next few; tell whether there may be more."""
        return _catch_up(tx)


def keep(tx: Transaction, ticket: Ticket) -> None:
    """Save a ticket with its due times, after the rules of the desk, log it and tell of it; so services save one."""
    before = tx.tickets.as_kept(ticket.number)
    reckon = reckoning(tx)
    reckon(ticket)
    follow_rules(tx, before, ticket, reckon)
    for entry in entries_of(before, ticket):
        tx.audit.add(entry)
    tell(tx, before, ticket)
    announce(tx, before, ticket)
    tx.tickets.save(ticket)


def put_back(tx: Transaction, ticket: Ticket) -> None:
    """Save a ticket in which people or other tickets are called otherwise now: nothing happened that makes news."""
    tx.tickets.save(ticket)


def reckoning(tx: Transaction) -> Callable[[Ticket], None]:
    """Return what brings the due times of tickets up to date, by the policies as they are now."""
    rules = _rules(tx)

    def reckon(ticket: Ticket) -> None:
        if not is_judged(ticket):
            _promise(ticket, sla_of(ticket, rules))

    return reckon


def _promise(ticket: Ticket, sla: SlaState | None) -> None:
    """Let a ticket be due so; what was told of something else that was due next counts for that alone."""
    ticket.sla = sla
    if ticket.warned and ticket.warned != awaited(ticket):
        ticket.warned = None


def _catch_up(tx: Transaction) -> bool:
    """Reckon the next of those that are not done anew; tell whether there may be more."""
    rules, progress = _rules(tx), _progress(tx)
    if not _is_behind(progress, rules):
        return False
    reached = (progress.reached if progress.rules == rules.mark else None) or 0
    numbers = tx.tickets.unfinished(reached, CATCH_UP_BATCH)
    for number in numbers:
        ticket = tx.tickets.find(number)
        if ticket is not None and ticket.sla != (now := sla_of(ticket, rules)):
            _promise(ticket, now)
            tx.tickets.save(ticket)
    goes_on = len(numbers) == CATCH_UP_BATCH
    done = {"rules": rules.mark, "reached": numbers[-1] if goes_on else None}
    tx.definitions(CatchingUp).save(progress.model_copy(update=done))
    return goes_on


def _is_behind(progress: CatchingUp, rules: SlaRules) -> bool:
    return progress.reached is not None or progress.rules != rules.mark


def _progress(tx: Transaction) -> CatchingUp:
    return tx.definitions(CatchingUp).find(_PROGRESS.id) or _PROGRESS


def _rules(tx: Transaction) -> SlaRules:
    policies = tx.definitions(SlaPolicy).all()
    return SlaRules(policies, tx.definitions(BusinessCalendar).all() if policies else [])


def _explained(ticket: Ticket, rule: SlaRule) -> Explanation:
    found = {target: explain(ticket, rule, target) for target in rule.policy.targets}
    return Explanation(*rule, {target: steps for target, steps in found.items() if steps})
