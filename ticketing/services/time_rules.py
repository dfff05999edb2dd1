"""Rules that are followed because time has gone by, once on each ticket until somebody does something there."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from ticketing.domain.categories import Category
from ticketing.domain.conditions import Having, Not
from ticketing.domain.errors import QueryError
from ticketing.domain.policy import THE_DESK
from ticketing.domain.queries import Sort, TicketQuery
from ticketing.domain.rules import Rule, Trigger, in_order
from ticketing.domain.store import Transaction
from ticketing.domain.tickets import RULE, Ticket
from ticketing.services.categories import all_categories
from ticketing.services.due_times import keep
from ticketing.services.following import carry_out

# Of one turn of the one writer: others wait for their own meanwhile, and somebody for the list they have asked for.
TIME_RULES_BATCH: Final = 25


class TimeRules:
    """The chore of following rules as time goes by; which tickets are left, the store tells by its indexes."""

    name = "Following rules as time goes by"

    def is_due(self, tx: Transaction, now: datetime) -> bool:
        """Whether a rule is to be followed on some ticket."""
        return any(_left(tx, rule, before, now, 1) for rule, before in _time_rules(tx))

    def do_some(self, tx: Transaction, now: datetime) -> bool:
        """Follow rules on the next few tickets, the first rule first; tell whether there may be more."""
        room = TIME_RULES_BATCH
        for rule, before in _time_rules(tx):
            numbers = _left(tx, rule, before, now, room)
            for ticket in filter(None, map(tx.tickets.find, numbers)):
                _follow(tx, rule, ticket, now)
            room -= len(numbers)
            if not room:
                return True
        return False


def _time_rules(tx: Transaction) -> Iterator[tuple[Rule, Sequence[Rule]]]:
    """Yield those that are followed as time goes by, each with those before it after which it is not looked at."""
    before: list[Rule] = []
    for rule in in_order(tx.definitions(Rule).all()):
        if rule.trigger is Trigger.TIME:
            yield rule, before
            before = [*before, rule] if rule.stops else before


def _left(tx: Transaction, rule: Rule, before: Sequence[Rule], now: datetime, limit: int) -> list[int]:
    """Return the next few tickets that the rule finds, on which neither it nor one that keeps it away was followed."""
    try:
        query = unfollowed(rule, now, all_categories(tx), before)
    except QueryError:  # by a word that this version has no more; the page of the rules tells of it
        return []
    asked = query.model_copy(update={"sort": Sort.LEAST_RECENTLY_UPDATED, "size": limit})
    return [line.number for line in tx.tickets.search(THE_DESK, asked).items]


def unfollowed(rule: Rule, now: datetime, categories: Iterable[Category], before: Sequence[Rule] = ()) -> TicketQuery:
    """Return the question for what a rule finds at a moment, but for where it or one of those before was followed."""
    query = rule.asks(now, categories)
    followed = Having(RULE, frozenset(one.id for one in (rule, *before)))
    return query.model_copy(update={"conditions": (*query.conditions, Not(followed))})


def _follow(tx: Transaction, rule: Rule, ticket: Ticket, now: datetime) -> None:
    """Follow it, and note that it was in any case: a ticket that goes on in another one takes no change."""
    ticket.fired = [*ticket.fired, rule.id]
    if ticket.merged_into is None:
        carry_out(tx, ticket, rule, now)
    keep(tx, ticket)
