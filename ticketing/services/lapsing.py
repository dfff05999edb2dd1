"""Resolved tickets are closed when their seven days are over: when they are reached, and by and by all others."""

from datetime import datetime
from typing import Final

from ticketing.domain.statuses import RESOLVED_FOR, Status
from ticketing.domain.store import Transaction
from ticketing.domain.tickets import Ticket
from ticketing.services.due_times import keep

# Of one turn of the one writer: others wait for their own meanwhile, and somebody for the list they have asked for.
LAPSE_BATCH: Final = 25


class Lapsing:
    """The chore of closing what stayed resolved for seven days."""

    name = "Closing what stayed resolved"

    def is_due(self, tx: Transaction, now: datetime) -> bool:
        """Whether one is to be closed."""
        return bool(tx.tickets.lapsed(now - RESOLVED_FOR, 1))

    def do_some(self, tx: Transaction, now: datetime) -> bool:
        """Close the next few; tell whether there may be more."""
        numbers = tx.tickets.lapsed(now - RESOLVED_FOR, LAPSE_BATCH)
        for number in numbers:
            ticket = tx.tickets.find(number)
            if ticket is not None and lapse_if_due(ticket, now):
                keep(tx, ticket)
        return len(numbers) == LAPSE_BATCH


def lapse_if_due(ticket: Ticket, now: datetime) -> bool:
    """Close a ticket whose days as resolved are over, and tell whether they are."""
    resolved_at = ticket.resolved_at if ticket.status is Status.RESOLVED else None
    is_due = resolved_at is not None and resolved_at + RESOLVED_FOR <= now
    if is_due:
        ticket.lapse()
    return is_due
