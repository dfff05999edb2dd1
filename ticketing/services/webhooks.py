"""Webhooks, for admins: set up, tried, and what has become of each message."""

import secrets
from collections.abc import Callable
from typing import NamedTuple

from ticketing.domain import policy
from ticketing.domain.audit import AuditAction, AuditEntry
from ticketing.domain.deliveries import Delivery, DeliveryQuery
from ticketing.domain.errors import DeliveryNotFoundError, InvalidInputError
from ticketing.domain.outbox import Outcome, Result
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.queries import Page
from ticketing.domain.store import Store, Transaction
from ticketing.domain.webhook_messages import message_body
from ticketing.domain.webhooks import Answer, Course, Post, SigningSecret, Webhook, shown_secret, signed_headers
from ticketing.services.access import Clock, Gate
from ticketing.services.definitions import keep_definition, reach_definition
from ticketing.services.webhook_secrets import WebhookSecrets

Posting = Callable[[Post], Answer]


class Created(NamedTuple):
    """A webhook that was just made, and its secret, which nobody can look up later."""

    webhook: Webhook
    secret: str


class Webhooks:
    """
    What admins can do about webhooks.

    Addresses of plain http are taken only where messages may go to private ones, for which alone they are meant.
    """

    def __init__(
        self, store: Store, clock: Clock, gate: Gate, secrets: WebhookSecrets, post: Posting, *, private: bool
    ) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate
        self._secrets = secrets
        self._post = post
        self._private = private

    def all(self, actor: Actor) -> list[Webhook]:
        """Return all webhooks by name."""
        with self._store.read() as tx:
            self._admit(tx, actor)
            return [webhook for webhook in tx.definitions(Webhook).all() if not webhook.removed]

    def get(self, actor: Actor, key: str) -> Webhook:
        """Return one, also if it was removed; raises DefinitionNotFoundError."""
        with self._store.read() as tx:
            return reach_definition(tx, self._admit(tx, actor), Webhook, key)

    def create(self, actor: Actor, webhook: Webhook) -> Created:
        """Make a webhook; raises InvalidInputError, QueryError or NameTakenError."""
        fresh = self._propose(actor)
        with self._store.write() as tx:
            actor = self._admit(tx, actor)
            self._require_way(webhook)
            wanted = webhook.model_copy(update={"id": "", "version": 0, "secrets": (fresh,), "course": Course()})
            saved = keep_definition(tx, actor, None, wanted, self._clock())
        return Created(saved, shown_secret(self._secrets.secret(fresh)))

    def change(self, actor: Actor, webhook: Webhook) -> Webhook:
        """Keep what was changed of a webhook; one that is turned on begins anew. Raises StaleDefinitionError."""
        with self._store.write() as tx:
            actor = self._admit(tx, actor)
            self._require_way(webhook)
            before = reach_definition(tx, actor, Webhook, webhook.id)
            begins = webhook.is_on and not before.is_on
            apart = {"secrets": before.secrets, "course": Course() if begins else before.course}
            return keep_definition(tx, actor, before, webhook.model_copy(update=apart), self._clock())

    def remove(self, actor: Actor, key: str, version: int) -> Webhook:
        """Take a webhook away; what still waits for it is not sent."""
        found = self.get(actor, key)
        return self.change(actor, found.model_copy(update={"removed": True, "version": version}))

    def renew_secret(self, actor: Actor, key: str) -> str:
        """Return a new secret; for 24 hours the former one signs as well, and then no more."""
        now, fresh = self._clock(), self._propose(actor)
        with self._store.write() as tx:
            actor = self._admit(tx, actor)
            webhook = reach_definition(tx, actor, Webhook, key)
            tx.definitions(Webhook).save(webhook.with_secret(fresh, now))
            facts = {"secret": "renewed"}
            tx.audit.add(AuditEntry(actor.username, AuditAction.SETUP_CHANGED, now, Webhook.kind, key, facts))
        return shown_secret(self._secrets.secret(fresh))

    def test(self, actor: Actor, key: str) -> Answer:
        """Post a message that tells of nothing, now, and return what came of it, which is in the ledger as well."""
        now = self._clock()
        with self._store.read() as tx:
            actor = self._admit(tx, actor)
            webhook = reach_definition(tx, actor, Webhook, key)
        delivery = Delivery.test(key, secrets.token_hex(16), actor.username, now)
        body = message_body(delivery, None, None, with_notes=False, base_url="")
        signing = [self._secrets.secret(one) for one in webhook.signing(now)]
        answer = self._post(Post(webhook.url, signed_headers(signing, delivery.id, now, body), body))
        outcome = answer.outcome if answer.is_taken else Outcome(Result.REFUSED, answer.says)
        delivery.settle(outcome, now, answer.milliseconds)
        with self._store.write() as tx:
            tx.deliveries.save(delivery)
            webhook = reach_definition(tx, actor, Webhook, key)
            if answer.is_taken:
                tx.definitions(Webhook).save(webhook.after(outcome, now))
        return answer

    def ledger(self, actor: Actor, query: DeliveryQuery) -> Page[Delivery]:
        """Return one page of the deliveries of the last 30 days, the newest first."""
        with self._store.read() as tx:
            self._admit(tx, actor)
            return tx.deliveries.search(query)

    def waiting(self, actor: Actor, key: str) -> int:
        """Return how many deliveries wait for a webhook."""
        with self._store.read() as tx:
            self._admit(tx, actor)
            return tx.deliveries.waiting(key)

    def send_again(self, actor: Actor, delivery_id: str) -> Delivery:
        """Queue a delivery once more; raises DeliveryNotFoundError, and DeliveryWaitsError for one that waits."""
        with self._store.write() as tx:
            self._admit(tx, actor)
            delivery = tx.deliveries.find(delivery_id)
            if delivery is None:
                raise DeliveryNotFoundError
            delivery.send_again(self._clock())
            tx.deliveries.save(delivery)
        return delivery

    def _propose(self, actor: Actor) -> SigningSecret:
        """Return of what a new secret is made, outside any transaction: it may take a file."""
        with self._store.read() as tx:
            self._admit(tx, actor)
        return self._secrets.propose()

    def _admit(self, tx: Transaction, actor: Actor) -> Actor:
        actor = self._gate.admit(tx, actor)
        policy.require(actor, Action.LOOK_AFTER_WEBHOOKS)
        return actor

    def _require_way(self, webhook: Webhook) -> None:
        if not self._private and webhook.url.strip().casefold().startswith("http:"):
            raise InvalidInputError("URL", "The URL should begin with https, so that nobody on the way reads along.")
