"""Recurring tickets: opened when they come round, each time once, and told beforehand."""

from datetime import datetime
from typing import Final

from ticketing.domain import policy
from ticketing.domain.calendars import BusinessCalendar
from ticketing.domain.categories import name_of, usual
from ticketing.domain.errors import CalendarError
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.recurring import MOST_CAUGHT_UP, Reason, RecurringTicket
from ticketing.domain.statuses import StatusCategory
from ticketing.domain.store import Store, Transaction
from ticketing.domain.teams import Team
from ticketing.domain.tickets import PASSED_OVER, RECURRING_SKIPPED, Ticket
from ticketing.services.access import Clock, Gate, is_assignable
from ticketing.services.categories import all_categories
from ticketing.services.dealing import deal, route, takes_tickets
from ticketing.services.due_times import keep

TIMES_SHOWN: Final = 5


class Recurring:
    """What recurring tickets come to."""

    def __init__(self, store: Store, clock: Clock, gate: Gate) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate

    def upcoming(self, actor: Actor, recurring: RecurringTicket) -> list[datetime]:
        """Return when such a recurring ticket would come round next; raises InvalidInputError if it cannot be kept."""
        now = self._clock()
        with self._store.read() as tx:
            actor = self._gate.admit(tx, actor)
            policy.require(actor, Action.CHANGE_SETUP)
            checked = recurring.checked()
            return [] if checked.paused else checked.schedule.next_moments(_calendar(tx, checked), now, TIMES_SHOWN)


class Opening:
    """The chore of opening recurring tickets, of one definition at a time."""

    name = "Opening recurring tickets"

    def is_due(self, tx: Transaction, now: datetime) -> bool:
        """Whether one has come round."""
        return _next(tx, now) is not None

    def do_some(self, tx: Transaction, now: datetime) -> bool:
        """Open all that was planned of the next one that has come round; tell whether another one has."""
        recurring = _next(tx, now)
        if recurring is None:
            return False
        planned = _planned(tx, recurring, now)
        overtaken, planned = planned[:-MOST_CAUGHT_UP], planned[-MOST_CAUGHT_UP:]
        if overtaken:
            recurring = recurring.passing_over(Reason.TOO_LONG_AGO, len(overtaken), overtaken[-1])
        for moment in planned:
            recurring = _come_round(tx, recurring, moment, now)
        tx.definitions(RecurringTicket).save(recurring)
        return _next(tx, now) is not None


def _next(tx: Transaction, now: datetime) -> RecurringTicket | None:
    return next((one for one in tx.definitions(RecurringTicket).all() if _planned(tx, one, now)), None)


def _planned(tx: Transaction, recurring: RecurringTicket, now: datetime) -> list[datetime]:
    """Return what is to be opened by now: nothing in a time zone that only another machine knows."""
    try:
        return recurring.planned(_calendar(tx, recurring), now)
    except CalendarError:
        return []


def _calendar(tx: Transaction, recurring: RecurringTicket) -> BusinessCalendar | None:
    return tx.definitions(BusinessCalendar).find(recurring.schedule.calendar)


def _come_round(tx: Transaction, recurring: RecurringTicket, planned: datetime, now: datetime) -> RecurringTicket:
    """Open the ticket that was planned for a moment, or note why not; return the recurring ticket as it is then."""
    if not _can_ask(tx, recurring.requester):
        return recurring.passing_over(Reason.NO_REQUESTER, 1, planned)
    latest = tx.tickets.find(recurring.latest) if recurring.skip_if_open and recurring.latest else None
    if latest is not None and latest.status.category is not StatusCategory.DONE:
        latest.record_by_desk(RECURRING_SKIPPED, recurring.said(planned), now)
        keep(tx, latest)
        return recurring.after(planned)
    ticket = recurring.ticket(tx.tickets.next_number(), planned, now)
    _leave_retired_category(tx, ticket, now)
    _give(tx, ticket, recurring, now)
    keep(tx, ticket)
    return recurring.after(planned, ticket.number)


def _leave_retired_category(tx: Transaction, ticket: Ticket, now: datetime) -> None:
    """Bring a ticket into the usual category where its own takes no tickets any more, of which its history tells."""
    categories = all_categories(tx)
    if ticket.category not in {one.id for one in categories if not one.removed}:
        name = name_of(categories, ticket.category)
        ticket.record_by_desk(PASSED_OVER, name, now)
        ticket.category = usual(categories)


def _give(tx: Transaction, ticket: Ticket, recurring: RecurringTicket, now: datetime) -> None:
    """
    Bring a ticket to its team and its assignee.

    What takes no tickets any more is passed over, of which its history tells: then it goes where others of its category
    go.
    """
    team, assignee = recurring.team, recurring.assignee
    if assignee is not None and is_assignable(tx, assignee):
        ticket.deal(assignee, now)
    elif assignee is not None:
        ticket.record_by_desk(PASSED_OVER, assignee, now)
    if team is not None and takes_tickets(tx, team):
        ticket.route(team, now)
        deal(tx, ticket, now)
        return
    if team is not None:
        removed = tx.definitions(Team).find(team)
        ticket.record_by_desk(PASSED_OVER, removed.name if removed else team, now)
    route(tx, ticket, now)


def _can_ask(tx: Transaction, username: str) -> bool:
    """Whether there is such a person, who can read what becomes of a ticket of theirs."""
    user = tx.users.find(username)
    return user is not None and user.active
