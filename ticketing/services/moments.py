"""Tickets whose moment comes by itself, to be closed or to wake: when they are reached, and by and by all others."""

from collections.abc import Callable
from datetime import datetime
from typing import Final, NamedTuple

from ticketing.domain.statuses import RESOLVED_FOR, Status
from ticketing.domain.store import TicketRepository, Transaction
from ticketing.domain.tickets import Ticket
from ticketing.services.due_times import keep

# Of one turn of the one writer: others wait for their own meanwhile, and somebody for the list they have asked for.
MOMENTS_BATCH: Final = 25


class Moments(NamedTuple):
    """The chore of seeing to tickets whose moment has come; *find* returns their numbers, at most so many."""

    name: str
    find: Callable[[TicketRepository, datetime, int], list[int]]

    def is_due(self, tx: Transaction, now: datetime) -> bool:
        """Whether the moment of one has come."""
        return bool(self.find(tx.tickets, now, 1))

    def do_some(self, tx: Transaction, now: datetime) -> bool:
        """See to the next few; tell whether there may be more."""
        numbers = self.find(tx.tickets, now, MOMENTS_BATCH)
        for ticket in filter(None, map(tx.tickets.find, numbers)):
            if catch_up(ticket, now):
                keep(tx, ticket)
        return len(numbers) == MOMENTS_BATCH


LAPSING: Final = Moments(
    "Closing what stayed resolved", lambda tickets, now, limit: tickets.lapsed(now - RESOLVED_FOR, limit)
)
WAKING: Final = Moments("Waking tickets", lambda tickets, now, limit: tickets.to_wake(now, limit))


def catch_up(ticket: Ticket, now: datetime) -> bool:
    """Close a ticket whose days as resolved are over, wake one whose sleep is, and tell whether either was so."""
    resolved_at = ticket.resolved_at if ticket.status is Status.RESOLVED else None
    if resolved_at is not None and resolved_at + RESOLVED_FOR <= now:
        ticket.lapse()
        return True
    if ticket.snoozed is not None and ticket.snoozed.until <= now:
        ticket.wake_up()
        return True
    return False
