"""
Rules are followed: within the transaction of what has triggered them, whoever it was that did it.

What somebody does never fails for the sake of a rule. What a rule cannot do is passed over, all else is done, and the
ticket's history says why. What a rule does may trigger others, in one more round; each is followed once.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property, partial
from typing import Any, Final

from ticketing.domain.categories import Category, name_of, require_offered
from ticketing.domain.errors import InvalidInputError, QueryError, RefusedError
from ticketing.domain.matching import finds
from ticketing.domain.rules import Mark, News, Rule, Trigger, in_order, news_since
from ticketing.domain.statuses import Status
from ticketing.domain.store import Transaction
from ticketing.domain.templates import Subject, filled_in
from ticketing.domain.tickets import DESK, RULE, Ticket, TicketEdit
from ticketing.services.access import is_assignable
from ticketing.services.categories import all_categories
from ticketing.services.dealing import deal
from ticketing.services.macros import possible

# By one thing that somebody does to one ticket.
MOST_FOLLOWED: Final = 20

_GOES_ROUND: Final = "It was followed already, and would trigger itself again and again."
_TOO_MANY: Final = f"{MOST_FOLLOWED} rules were followed already for one and the same change."
_MISSING: Final = {
    "assignee": "{} does not work on tickets any more, so the assignee stays as it is.",
    "team": "{} takes no tickets any more, so the team stays as it is.",
}


def follow_rules(tx: Transaction, before: Ticket | None, ticket: Ticket, reckon: Callable[[Ticket], None]) -> None:
    """
    Do what rules say about all that has happened to a ticket since it was as it was before.

    *reckon* brings the due times of a ticket up to date, by which a rule may ask for it.
    """
    rules = [rule for rule in in_order(tx.definitions(Rule).all()) if rule.trigger is not Trigger.TIME]
    if not rules and not ticket.fired:
        return
    news = news_since(Mark.of(before), ticket)
    if news is None or ticket.merged_into is not None:
        return
    if news.by_person:
        ticket.fired = []
    _Rounds(tx, ticket, rules, reckon).go(news)


def carry_out(tx: Transaction, ticket: Ticket, rule: Rule, now: datetime, *, deals: bool = True) -> None:
    """
    Do what a rule says, step by step, and note in the ticket what was not possible.

    Unless it *deals*, no team takes turns, as when it is only tried.
    """
    ticket.record_by_desk(RULE, rule.name, now)  # as it is called now
    changes, missing = possible(tx, DESK, rule.changes)
    refusals = [_MISSING[field].format(name) for field, name in missing.items()]
    gone = [name for name in rule.notify if not is_assignable(tx, name)]
    refusals += [f"{name} does not work on tickets any more, so the note is not for them." for name in gone]
    before = ticket.team
    for step in _steps(tx, ticket, rule, changes.edit(DESK, ticket), now):
        try:
            step()
        except (RefusedError, InvalidInputError) as error:
            refusals.append(str(error))
    if deals and ticket.team != before and changes.assignee is None:
        deal(tx, ticket, now)
    for why in dict.fromkeys(refusals):
        ticket.pass_over(rule.name, why, now)


class _Rounds:
    """Rounds through all rules, each with what the one before has triggered, until nothing is."""

    def __init__(
        self, tx: Transaction, ticket: Ticket, rules: Sequence[Rule], reckon: Callable[[Ticket], None]
    ) -> None:
        self._tx = tx
        self._ticket = ticket
        self._rules = rules
        self._reckon = reckon
        self._followed: set[str] = set()
        self._passed_over: set[str] = set()

    def go(self, news: News) -> None:
        """Go round as often as it takes."""
        more: News | None = news
        while more is not None:
            mark = Mark.of(self._ticket)
            if self._is_stopped(more):
                return
            more = news_since(mark, self._ticket)

    def _is_stopped(self, news: News) -> bool:
        """Go through the rules once, and tell whether one says that no other is to be looked at."""
        for rule in self._rules:
            if rule.trigger not in news.triggers or not self._fits(rule, news.at):
                continue
            if rule.id in self._followed:
                self._pass_over(rule, _GOES_ROUND, news.at)
            elif len(self._followed) == MOST_FOLLOWED:
                self._pass_over(rule, _TOO_MANY, news.at)
            else:
                self._followed.add(rule.id)
                carry_out(self._tx, self._ticket, rule, news.at)
                self._reckon(self._ticket)
                if rule.stops:
                    return True
        return False

    def _fits(self, rule: Rule, now: datetime) -> bool:
        try:
            return finds(rule.asks(now, self._categories), self._ticket, self._requester)
        except QueryError:  # by a word that this version has no more; the page of the rules tells of it
            return False

    @cached_property
    def _categories(self) -> list[Category]:
        return all_categories(self._tx)

    @cached_property
    def _requester(self) -> str:
        return _requester(self._tx, self._ticket)

    def _pass_over(self, rule: Rule, why: str, now: datetime) -> None:
        """Note once that the rule was not followed, if that makes any difference."""
        if rule.id in self._passed_over or not self._would_do_something(rule, now):
            return
        self._passed_over.add(rule.id)
        self._ticket.pass_over(rule.name, why, now)

    def _would_do_something(self, rule: Rule, now: datetime) -> bool:
        tried = self._ticket.model_copy(deep=True)
        mark = Mark.of(tried)
        carry_out(self._tx, tried, rule, now, deals=False)
        news = news_since(mark, tried)
        return bool(news and news.triggers) or Mark.of(tried).messages > mark.messages


def _steps(tx: Transaction, ticket: Ticket, rule: Rule, edit: TicketEdit, now: datetime) -> list[Callable[[], None]]:
    """Return what is to be done, in order: a status that reopens comes before all else, any other one after it."""

    def setting(*fields: str) -> list[Callable[[], None]]:
        return [partial(_set, tx, ticket, field, getattr(edit, field), now) for field in fields if field in given]

    given, reopens = edit.model_fields_set, ticket.status is Status.CLOSED
    texts: list[Callable[[], None]] = [partial(_reply, tx, ticket, rule, now)] if rule.reply else []
    texts += [partial(_note, tx, ticket, rule, now)] if rule.note else []
    status, fields = setting("status"), setting("priority", "category", "team", "assignee", "tags")
    in_turn = [*status, *texts, *fields] if reopens else [*texts, *fields, *status]
    return [*in_turn, *setting("resolution")]


def _set(tx: Transaction, ticket: Ticket, field: str, value: Any, now: datetime) -> None:
    if field == "category" and value != ticket.category:
        require_offered(all_categories(tx), value)
    ticket.edit(DESK, TicketEdit.model_validate({field: value}), now)


def _reply(tx: Transaction, ticket: Ticket, rule: Rule, now: datetime) -> None:
    ticket.reply(DESK, _filled_in(tx, ticket, rule.reply, now), now)


def _note(tx: Transaction, ticket: Ticket, rule: Rule, now: datetime) -> None:
    """Write the note, which begins with the names of those whom it is for."""
    text = _filled_in(tx, ticket, rule.note, now)
    present = [name for name in rule.notify if is_assignable(tx, name)]
    names = tx.users.names(set(present))
    to = f"For {', '.join(names[name] for name in present)}:\n\n" if present else ""
    ticket.note(DESK, f"{to}{text}", now, present)


def _filled_in(tx: Transaction, ticket: Ticket, text: str, now: datetime) -> str:
    requester = _requester(tx, ticket) or ticket.requester
    category = name_of(all_categories(tx), ticket.category)
    return filled_in(text, Subject(ticket, requester, DESK.display_name, now.date(), category))


def _requester(tx: Transaction, ticket: Ticket) -> str:
    """Return the display name of who opened it, "" for somebody without an account."""
    return tx.users.names({ticket.requester}).get(ticket.requester, "")
