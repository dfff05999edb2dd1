"""
People are told what has happened, within the transaction in which it happens.

Whoever has no account, or one that is deactivated, is told nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from ticketing.domain.due_times import awaited
from ticketing.domain.notifications import Mailed, Notice
from ticketing.domain.people import User
from ticketing.domain.policy import Action, Relation, allows
from ticketing.domain.rules import Mark, own_messages
from ticketing.domain.store import Transaction
from ticketing.domain.teams import Team
from ticketing.domain.telling import Crew, due_soon, notice_id, told_since
from ticketing.domain.tickets import WARNED, Ticket
from ticketing.services import outbox

# Of one turn of the one writer: others wait for their own meanwhile, and somebody for the list they have asked for.
WARNINGS_BATCH: Final = 25


class Warnings:
    """The chore of telling that tickets are due soon, once of each that is promised."""

    name = "Warning of what is due soon"

    def is_due(self, tx: Transaction, now: datetime) -> bool:
        """Whether a ticket became urgent, and nobody was told."""
        return bool(tx.tickets.to_warn(now, 1))

    def do_some(self, tx: Transaction, now: datetime) -> bool:
        """Tell of the next few; tell whether there may be more."""
        numbers = tx.tickets.to_warn(now, WARNINGS_BATCH)
        for ticket in filter(None, map(tx.tickets.find, numbers)):
            ticket.warned = awaited(ticket) or WARNED
            notices = due_soon(ticket, ticket.warned, crew_of(tx, ticket), now)
            _deliver(tx, [notice for notice in notices if tx.notices.find(notice.id) is None])
            tx.tickets.save(ticket)
        return len(numbers) == WARNINGS_BATCH


def tell(tx: Transaction, before: Ticket | None, ticket: Ticket) -> None:
    """Tell of all that has happened to a ticket since it was as it is kept; of a reply taken back, leave no trace."""
    crew, mark = crew_of(tx, ticket), Mark.of(before)
    _deliver(tx, told_since(mark, ticket, crew))
    if before is not None and mark.messages > Mark.of(ticket).messages:
        _leave_no_trace(tx, before, ticket, crew)


def crew_of(tx: Transaction, ticket: Ticket) -> Crew:
    """Return who works at the desk, and who of them on such tickets."""
    agents = frozenset(tx.users.agent_names())
    team = tx.definitions(Team).find(ticket.team) if ticket.team else None
    return Crew(agents, agents & set(team.members) if team and not team.removed else frozenset())


def wants(user: User, notice: Notice) -> Mailed:
    """Return how somebody wants a notice by mail; where they cannot be written to, never."""
    is_agent = allows(user.role, Action.BE_ASSIGNED, Relation.DESK)
    return user.mail.of(notice.kind, is_agent=is_agent) if user.reachable_at else Mailed.NEVER


def _deliver(tx: Transaction, notices: Sequence[Notice]) -> None:
    """Keep notices, and queue those that people want by mail."""
    if not notices:
        return
    people = {user.id: user for user in tx.users.several({one.username for one in notices}) if user.active}
    present = [notice for notice in notices if notice.username in people]
    tx.notices.add(present)
    at_once = [one for one in present if wants(people[one.username], one) is Mailed.AT_ONCE]
    outbox.queue(tx, at_once, max(notice.at for notice in notices))


def _leave_no_trace(tx: Transaction, before: Ticket, ticket: Ticket, crew: Crew) -> None:
    """Take away what was told of messages that are there no more."""
    gone = {message.mark for message in own_messages(before)} - {message.mark for message in own_messages(ticket)}
    for username in {ticket.requester, *ticket.watchers} | crew.agents:
        for mark in gone:
            tx.notices.remove(notice_id(username, ticket.number, mark))
