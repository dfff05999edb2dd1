"""Rules are rehearsed before they are let loose: on the tickets of the last ninety days, without changing any."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ticketing.domain import policy
from ticketing.domain.conditions import During, Moment
from ticketing.domain.custom_fields import CustomField
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.progress import Progress, Steps, silent
from ticketing.domain.queries import TicketQuery
from ticketing.domain.rehearsal import REHEARSED_FOR, Past, times_followed
from ticketing.domain.rules import Rule, Trigger
from ticketing.domain.store import Store, Transaction
from ticketing.domain.tickets import Ticket
from ticketing.services.access import Clock, Gate
from ticketing.services.categories import all_categories
from ticketing.services.due_times import reckoning
from ticketing.services.time_rules import unfollowed

SHOWN: Final = 50
# Read at one moment; between two batches others have their turn.
_BATCH: Final = 200


@dataclass(frozen=True, slots=True)
class Following:
    """A ticket on which a rule would have been followed, as it is called now, and when that would have been."""

    number: int
    title: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """
    How many times a rule would have been followed, and the last SHOWN of these, the latest first.

    `at_once` is on how many tickets a rule after a time would be followed as soon as it is on, MOST_HITS for more.
    """

    times: int
    latest: tuple[Following, ...]
    at_once: int = 0


class Rules:
    """What admins have to know about rules before they set them loose."""

    def __init__(self, store: Store, clock: Clock, gate: Gate) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate

    def rehearsed(self, actor: Actor, rule: Rule, progress: Progress = silent) -> Rehearsal:
        """
        Return what would have come of a rule within the last ninety days.

        Which tickets are looked at is settled at the beginning; they are read by the batch, so that nobody waits.
        Raises InvalidInputError for a rule that could not be kept.
        """
        now = self._clock()
        since = now - REHEARSED_FOR
        with self._store.read() as tx:
            self._admit(tx, actor)
            checked = rule.checked()
            checked.require_understood(all_categories(tx))
            numbers = _to_look_at(tx, actor, checked, since, now)
            at_once = _found_at_once(tx, actor, checked, now)
        steps = Steps(len(numbers), progress)
        found: list[tuple[datetime, int]] = []
        for first in range(0, len(numbers), _BATCH):
            tickets, past = self._read(actor, numbers[first : first + _BATCH], since, now)
            for ticket in steps.over(tickets):
                found += [(at, ticket.number) for at in times_followed(checked, ticket, past)]
        latest = sorted(found, reverse=True)[:SHOWN]
        with self._store.read() as tx:
            self._admit(tx, actor)
            titles = tx.tickets.titles(policy.audience(actor), [number for _, number in latest])
        return Rehearsal(len(found), tuple(Following(number, titles[number], at) for at, number in latest), at_once)

    def _read(
        self, actor: Actor, numbers: Sequence[int], since: datetime, until: datetime
    ) -> tuple[list[Ticket], Past]:
        """Return some tickets, and what is to be known to go through their past."""
        with self._store.read() as tx:
            self._admit(tx, actor)
            tickets = [ticket for number in numbers if (ticket := tx.tickets.find(number)) is not None]
            names = tx.users.names({ticket.requester for ticket in tickets})
            types = {field.id: field.type for field in tx.definitions(CustomField).all()}
            return tickets, Past(since, until, all_categories(tx), names, types, reckoning(tx))

    def _admit(self, tx: Transaction, actor: Actor) -> None:
        policy.require(self._gate.admit(tx, actor), Action.CHANGE_SETUP)


def _to_look_at(tx: Transaction, actor: Actor, rule: Rule, since: datetime, now: datetime) -> list[int]:
    """
    Return on which tickets the rule could have been followed since then.

    What nobody has touched in all that time was all the time as it is now, but for its age.
    """
    audience = policy.audience(actor)
    numbers = set(tx.tickets.numbers(audience, TicketQuery(conditions=(During(Moment.UPDATED, since=since),))))
    if rule.trigger is Trigger.TIME:
        untouched = {"conditions": (During(Moment.UPDATED, until=since),)}
        numbers.update(tx.tickets.numbers(audience, rule.asks(now, all_categories(tx)).model_copy(update=untouched)))
    return sorted(numbers)


def _found_at_once(tx: Transaction, actor: Actor, rule: Rule, now: datetime) -> int:
    if rule.trigger is not Trigger.TIME:
        return 0
    return tx.tickets.counts(policy.audience(actor), [unfollowed(rule, now, all_categories(tx))])[0]
