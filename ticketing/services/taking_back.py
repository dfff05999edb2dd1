"""Taking a reply back, which those who have read it read no more."""

from datetime import datetime, timedelta

from ticketing.domain import policy, taking_back
from ticketing.domain.people import Actor
from ticketing.domain.store import Transaction
from ticketing.domain.taking_back import TAKEN_BACK_WITHIN
from ticketing.domain.tickets import Message, Ticket
from ticketing.services.due_times import keep


def take_back(
    tx: Transaction,
    actor: Actor,
    ticket: Ticket,
    mark: str,
    now: datetime,
    *,
    within: timedelta = TAKEN_BACK_WITHIN,
) -> None:
    """Take the actor's own reply back, if it is no older, and keep the ticket without it."""
    reply = taking_back.find_reply(ticket, mark, within=within)
    policy.require_take_back(actor, ticket, reply)
    _count_down(tx, ticket, reply)
    taking_back.take_back(ticket, reply, actor, now, within=within)
    keep(tx, ticket)


def _count_down(tx: Transaction, ticket: Ticket, reply: Message) -> None:
    """Let whoever has read the reply have read one message less: how much one has read is a number of messages."""
    agents = set(tx.users.agent_names())
    for username in {ticket.requester, *ticket.watchers} | agents:
        readable = ticket.messages if username in agents else ticket.public_messages()
        seen = tx.tickets.seen(ticket.number, username)
        if seen > readable.index(reply):
            tx.tickets.mark_seen(ticket.number, username, seen - 1)
