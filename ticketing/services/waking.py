"""Tickets that sleep are open again when their moment has come: when they are reached, and by and by all others."""

from datetime import datetime
from typing import Final

from ticketing.domain.store import Transaction
from ticketing.domain.tickets import Ticket
from ticketing.services.due_times import keep

# Of one turn of the one writer: others wait for their own meanwhile, and somebody for the list they have asked for.
WAKING_BATCH: Final = 25


class Waking:
    """The chore of waking what was put to sleep until a date."""

    name = "Waking tickets"

    def is_due(self, tx: Transaction, now: datetime) -> bool:
        """Whether one is to wake."""
        return bool(tx.tickets.to_wake(now, 1))

    def do_some(self, tx: Transaction, now: datetime) -> bool:
        """Wake the next few; tell whether there may be more."""
        numbers = tx.tickets.to_wake(now, WAKING_BATCH)
        for number in numbers:
            ticket = tx.tickets.find(number)
            if ticket is not None and wake_if_due(ticket, now):
                keep(tx, ticket)
        return len(numbers) == WAKING_BATCH


def wake_if_due(ticket: Ticket, now: datetime) -> bool:
    """Wake a ticket whose moment has come, and tell whether it has."""
    is_due = ticket.snoozed is not None and ticket.snoozed.until <= now
    if is_due:
        ticket.wake_up()
    return is_due
