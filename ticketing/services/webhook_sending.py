"""
What whoever posts to webhooks asks of the desk: which deliveries are due, what each says, and what came of it.

A claim is one write transaction that moves on when a delivery is due, so two processes never claim the same one, and
what a killed process had claimed is due again later.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from ticketing.domain.audit import AuditAction, AuditEntry, changed
from ticketing.domain.deliveries import Delivery, DeliveryState
from ticketing.domain.errors import WebhookKeyError
from ticketing.domain.outbox import AccountMail, Outcome, Result
from ticketing.domain.people import PeopleQuery, Role
from ticketing.domain.store import Store, Transaction
from ticketing.domain.tickets import SYSTEM, Message, MessageKind, Ticket
from ticketing.domain.webhook_messages import message_body
from ticketing.domain.webhooks import TEST, Post, Webhook, WebhookEvent, signed_headers
from ticketing.services.access import Clock
from ticketing.services.outbox import tell_of_account
from ticketing.services.webhook_secrets import WebhookSecrets

# Of one webhook at a time; of one that fails, one.
BATCH: Final = 20
_MOST_DROPPED: Final = 200
_ONE_TRY: Final = timedelta(minutes=2)
_OFF: Final = Outcome(Result.DROPPED, "The webhook is off.")
_GONE: Final = Outcome(Result.DROPPED, "What it was about was taken back.")
_NO_NOTES: Final = Outcome(Result.DROPPED, "The webhook gets no internal notes any more.")


class WebhookSending:
    """The desk as whoever posts to webhooks sees it; `base_url` is the public address, "" where there is none."""

    def __init__(self, store: Store, clock: Clock, secrets: WebhookSecrets, base_url: str) -> None:
        self._store = store
        self.clock = clock
        self._secrets = secrets
        self._base_url = base_url

    def claim(self) -> list[list[Delivery]]:
        """Return deliveries that are due, those of each webhook together, which nobody else gets for a while."""
        claimed: list[list[Delivery]] = []
        while not any(claimed) and self._is_some_due():
            with self._store.write() as tx:
                now = self.clock()
                claimed = [_take(tx, webhook, now) for webhook in tx.definitions(Webhook).all()]
        return [several for several in claimed if several]

    def _is_some_due(self) -> bool:
        with self._store.read() as tx:
            now = self.clock()
            return any(_due(tx, webhook, now, 1) for webhook in tx.definitions(Webhook).all())

    def holds(self, delivery: Delivery) -> bool:
        """Whether there is enough left of the lease for one more try."""
        return delivery.due_at - self.clock() > _ONE_TRY

    def post(self, delivery: Delivery) -> Post | Outcome:
        """Return the message as it is to be now, or why there is none."""
        now = self.clock()
        with self._store.read() as tx:
            webhook = tx.definitions(Webhook).find(delivery.webhook)
            if webhook is None or not webhook.is_on:
                return _OFF
            found = _looked_up(tx, webhook, delivery)
        if isinstance(found, Outcome):
            return found
        ticket, message = found
        body = message_body(delivery, ticket, message, with_notes=webhook.with_notes, base_url=self._base_url)
        try:
            signing = [self._secrets.secret(secret) for secret in webhook.signing(now)]
        except WebhookKeyError as error:
            return Outcome(Result.AGAIN, str(error))
        return Post(webhook.url, signed_headers(signing, delivery.id, now, body), body)

    def settle(self, delivery: Delivery, outcome: Outcome, milliseconds: int = 0) -> None:
        """
        Note what came of a delivery that was claimed, and how its webhook fares.

        Whoever has claimed it since knows better, unless this one arrived.
        """
        now = self.clock()
        with self._store.write() as tx:
            kept = tx.deliveries.find(delivery.id)
            if kept is None or kept.state is not DeliveryState.WAITING:
                return
            if kept.attempts != delivery.attempts and outcome.result is not Result.SENT:
                return
            kept.settle(outcome, now, milliseconds)
            tx.deliveries.save(kept)
            webhook = tx.definitions(Webhook).find(kept.webhook)
            if webhook is not None and outcome.result is not Result.DROPPED:
                after = webhook.after(outcome, now)
                tx.definitions(Webhook).save(after)
                if webhook.is_on and not after.is_on:
                    _tell_of_end(tx, after, now)

    def release(self, deliveries: Sequence[Delivery]) -> None:
        """Give back what was claimed and not tried, so that it is due at once."""
        if not deliveries:
            return
        with self._store.write() as tx:
            for delivery in deliveries:
                kept = tx.deliveries.find(delivery.id)
                is_ours = kept is not None and kept.attempts == delivery.attempts
                if kept is not None and is_ours and kept.state is DeliveryState.WAITING:
                    kept.release(self.clock())
                    tx.deliveries.save(kept)


def _due(tx: Transaction, webhook: Webhook, now: datetime, most: int) -> list[Delivery]:
    """Return what is due for a webhook; nothing while it has a rest."""
    until = webhook.course.paused_until
    if webhook.is_on and until is not None and now < until:
        return []
    return tx.deliveries.due(webhook.id, now, most)


def _take(tx: Transaction, webhook: Webhook, now: datetime) -> list[Delivery]:
    """Claim the next few for a webhook; what waits for one that is off is dropped."""
    if not webhook.is_on:
        for delivery in tx.deliveries.due(webhook.id, now, _MOST_DROPPED):
            delivery.settle(_OFF, now)
            tx.deliveries.save(delivery)
        return []
    found = _due(tx, webhook, now, 1 if webhook.is_failing else BATCH)
    for delivery in found:
        delivery.claim(now)
        tx.deliveries.save(delivery)
    return found


def _looked_up(tx: Transaction, webhook: Webhook, delivery: Delivery) -> tuple[Ticket | None, Message | None] | Outcome:
    """Return the ticket and the message of which a delivery tells, or why it is told no more."""
    if delivery.event == TEST:
        return None, None
    ticket = tx.tickets.find(delivery.ticket)
    if ticket is None or _is_taken_back(ticket, delivery):
        return _GONE
    if not delivery.mark:
        return ticket, None
    message = next((one for one in ticket.messages if one.mark == delivery.mark), None)
    if message is None:
        return _GONE
    return _NO_NOTES if message.kind is MessageKind.NOTE and not webhook.with_notes else (ticket, message)


def _is_taken_back(ticket: Ticket, delivery: Delivery) -> bool:
    """Whether it tells of a status that a reply has taken along when it was taken back."""
    if delivery.event != WebhookEvent.STATUS_CHANGED:
        return False
    return all((event.field, event.at) != ("status", delivery.happened_at) for event in ticket.events)


def _tell_of_end(tx: Transaction, webhook: Webhook, now: datetime) -> None:
    """Tell the admins, and the audit log, that the desk has turned a webhook off."""
    facts = {"active": changed("True", "False")}
    tx.audit.add(AuditEntry(SYSTEM, AuditAction.SETUP_CHANGED, now, Webhook.kind, webhook.id, facts))
    admins = PeopleQuery(roles=frozenset({Role.ADMIN}), active=True, size=200)
    for admin in tx.users.search(admins).items:
        tell_of_account(tx, admin.id, AccountMail.WEBHOOK_OFF, SYSTEM, now)
