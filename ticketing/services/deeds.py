"""How tickets are changed: one intention, one transaction, and however often it is sent, one effect."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from ticketing.domain import policy
from ticketing.domain.custom_fields import CustomField
from ticketing.domain.errors import WrittenMeanwhileError
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.receipts import RECEIPT_LIFETIME, Receipt, receipt_of
from ticketing.domain.store import Store, Transaction
from ticketing.domain.tickets import SYSTEM, MessageKind, Ticket
from ticketing.services.access import Clock, Gate, reach
from ticketing.services.custom_fields import fields_in
from ticketing.services.due_times import keep
from ticketing.services.moments import catch_up
from ticketing.services.retrying import until_it_is_known

Deed = Callable[[Transaction, Actor, datetime], Ticket]
Change = Callable[[Transaction, Actor, Ticket, datetime], None]


class Deeds:
    """Does what an actor wants done, as whoever they are by now."""

    def __init__(self, store: Store, clock: Clock, gate: Gate) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate

    def change(self, actor: Actor, number: int, key: str, change: Change) -> Ticket:
        """Change a ticket, and keep it if anything came of that."""

        def deed(tx: Transaction, actor: Actor, now: datetime) -> Ticket:
            ticket = reach(tx, actor, number)
            before = ticket.steps
            catch_up(ticket, now)
            change(tx, actor, ticket, now)
            if ticket.steps > before:
                keep(tx, ticket)
            return ticket

        return self.once(actor, key, deed)

    def once(self, actor: Actor, key: str, deed: Deed) -> Ticket:
        """Do it; with a key even if the database is lost meanwhile, for the receipt tells whether it was done."""
        attempt = partial(self._attempt, actor, key, deed)
        return until_it_is_known(attempt) if key else attempt()

    def _attempt(self, actor: Actor, key: str, deed: Deed) -> Ticket:
        now = self._clock()
        with self._store.write() as tx:
            actor = self._gate.admit(tx, actor)
            receipt = _receipt(tx, actor, key, now) if key else None
            if receipt is not None:
                return shown(tx, actor, reach(tx, actor, receipt.ticket))
            ticket = deed(tx, actor, now)
            if key:
                _note(tx, actor, key, now, ticket.number)
            return shown(tx, actor, ticket)


def _receipt(tx: Transaction, actor: Actor, key: str, now: datetime) -> Receipt | None:
    """Return the receipt if it was done already; raises KeyReusedError if something else was done under the key."""
    receipt_id, content = receipt_of(actor.username, key)
    receipt = tx.receipts.find(receipt_id)
    if receipt is None or receipt.expires_at <= now:
        return None
    receipt.require_same(content)
    return receipt


def _note(tx: Transaction, actor: Actor, key: str, now: datetime, ticket: int) -> None:
    receipt_id, content = receipt_of(actor.username, key)
    tx.receipts.save(Receipt(id=receipt_id, ticket=ticket, expires_at=now + RECEIPT_LIFETIME, content=content))


def reach_now(tx: Transaction, actor: Actor, number: int, now: datetime) -> Ticket:
    """Reach a ticket in its present state: its days as resolved may be over, or the time for which it was to sleep."""
    ticket = reach(tx, actor, number)
    catch_up(ticket, now)
    return ticket


def require_read(tx: Transaction, actor: Actor, ticket: Ticket, read: int | None) -> None:
    """
    Raise WrittenMeanwhileError if others have written since the actor had so many messages before them.

    What counts are messages that the actor may read, but for the desk's own; None is for whoever does not say.
    """
    if read is None:
        return
    since = policy.readable(actor, ticket)[max(read, 0) :]
    theirs = (message for message in since if message.author not in {actor.username, SYSTEM})
    unread = next(theirs, None)
    if unread is not None:
        name = tx.users.names({unread.author}).get(unread.author, unread.author)
        raise WrittenMeanwhileError(name, "added a note" if unread.kind is MessageKind.NOTE else "replied")


def shown(tx: Transaction, actor: Actor, ticket: Ticket, fields: Sequence[CustomField] | None = None) -> Ticket:
    """
    Return the ticket as the actor may see it, which goes for the tickets that it names as well.

    *fields* are the custom fields that they may know of, if these were read already.
    """
    if policy.may(actor, Action.WRITE_NOTE, ticket):
        return ticket
    audience = policy.audience(actor)
    visible = {number for number in ticket.related() if tx.tickets.find(number, audience)}
    known = fields_in(tx, actor, ticket) if fields is None else fields
    return ticket.for_requester(visible, {field.id for field in known}, actor.username)
