"""`/webhooks` and `/deliveries`: what other programs are told of what happens, and what became of it, for admins."""

from datetime import datetime
from typing import Any, Self

from fastapi import APIRouter, Response

from ticketing.domain.deliveries import DeliveryQuery, DeliveryState
from ticketing.domain.queries import Recorded
from ticketing.domain.webhooks import Webhook, WebhookEvent
from ticketing.web.api.calling import VersionRequired, Who, etag
from ticketing.web.api.cursors import Cursor, cursor_at, following, place_in
from ticketing.web.api.repeating import ONCE, SHOWN_ONCE, Route
from ticketing.web.api.setup import input_of, read_input
from ticketing.web.api.words import Limit, Listed, Output, Word

router = APIRouter(route_class=Route, tags=["webhooks"])

WebhookIn = input_of(Webhook)


class CourseOut(Output):
    """How a webhook has fared: what came of the last try, how many failed in a row, and when it is tried again."""

    tried_at: datetime | None
    says: str
    failures: int
    failing_since: datetime | None
    paused_until: datetime | None
    missed: int
    turned_off: datetime | None


class WebhookOut(Output):
    """An address to which some events are posted, without its secret, which nobody can look up."""

    id: str
    name: str
    url: str
    events: list[WebhookEvent]
    query: str
    with_notes: bool
    active: bool
    course: CourseOut
    version: int
    removed: bool

    @classmethod
    def told(cls, found: Webhook, response: Response) -> Self:
        """Answer with a webhook as it is now, and with its version as ETag."""
        response.headers.update(etag(found.version))
        return cls.of(found)


class WebhookMade(Output):
    """The webhook, and the secret that signs its messages, which is shown this once."""

    webhook: WebhookOut
    secret: str


class SecretOut(Output):
    """The secret that signs from now on, which is shown this once."""

    secret: str


class AnswerOut(Output):
    """What came of a message: the status, 0 where there was none, and a sentence about it."""

    is_taken: bool
    status: int
    says: str
    milliseconds: int


class DeliveryOut(Output):
    """One event for one webhook, and what became of it; the id is that of the message."""

    id: str
    webhook: str
    event: str
    ticket: int
    at: datetime
    state: DeliveryState
    due_at: datetime
    attempts: int
    says: str
    milliseconds: int


class WaitingOut(Output):
    """How many deliveries wait."""

    waiting: int


@router.get("/webhooks")
def list_webhooks(who: Who) -> list[WebhookOut]:
    """List the webhooks by name."""
    return [WebhookOut.of(webhook) for webhook in who.desk.webhooks.all(who.actor)]


@router.post("/webhooks", status_code=201, dependencies=SHOWN_ONCE)
def create_webhook(who: Who, body: WebhookIn, response: Response) -> WebhookMade:  # type: ignore[valid-type]
    """Make a webhook."""
    made = who.desk.webhooks.create(who.actor, read_input(Webhook, body))
    return WebhookMade(webhook=WebhookOut.told(made.webhook, response), secret=made.secret)


@router.get("/webhooks/{key}")
def get_webhook(who: Who, key: Word, response: Response) -> WebhookOut:
    """Return one webhook."""
    return WebhookOut.told(who.desk.webhooks.get(who.actor, key), response)


@router.put("/webhooks/{key}", dependencies=ONCE)
def change_webhook(who: Who, key: Word, version: VersionRequired, body: WebhookIn, response: Response) -> WebhookOut:  # type: ignore[valid-type]
    """Change a webhook, or bring one back; its secret stays."""
    wanted: dict[str, Any] = {"id": key, "version": version}
    changed = who.desk.webhooks.change(who.actor, read_input(Webhook, body).model_copy(update=wanted))
    return WebhookOut.told(changed, response)


@router.delete("/webhooks/{key}", status_code=204, dependencies=ONCE)
def remove_webhook(who: Who, key: Word, version: VersionRequired) -> None:
    """Take a webhook away; what still waits for it is not sent."""
    who.desk.webhooks.remove(who.actor, key, version)


@router.post("/webhooks/{key}/secret", status_code=201, dependencies=SHOWN_ONCE)
def renew_secret(who: Who, key: Word) -> SecretOut:
    """Make a new secret; for 24 hours the former one signs as well."""
    return SecretOut(secret=who.desk.webhooks.renew_secret(who.actor, key))


@router.post("/webhooks/{key}/test", dependencies=ONCE)
def try_webhook(who: Who, key: Word) -> AnswerOut:
    """Post a message that tells of nothing, now, and tell what came of it."""
    return AnswerOut.of(who.desk.webhooks.test(who.actor, key))


@router.get("/webhooks/{key}/deliveries")
def list_deliveries(
    who: Who, key: Word, cursor: Cursor = "", limit: Limit = 50, state: DeliveryState | None = None
) -> Listed[DeliveryOut]:
    """List what a webhook was told within the last 30 days, the newest first."""
    webhook = who.desk.webhooks.get(who.actor, key)
    question = "deliveries", webhook.id, state or ""
    after = place_in(Recorded, cursor, *question)
    query = DeliveryQuery(webhook=webhook.id, state=state, after=after, size=limit)
    found = who.desk.webhooks.ledger(who.actor, query)
    behind = following(found, lambda one: cursor_at(Recorded(one.at, one.id), *question), is_first=after is None)
    return Listed[DeliveryOut].up_to(found, behind)


@router.get("/webhooks/{key}/waiting")
def get_waiting(who: Who, key: Word) -> WaitingOut:
    """Tell how many deliveries wait for a webhook."""
    webhook = who.desk.webhooks.get(who.actor, key)
    return WaitingOut(waiting=who.desk.webhooks.waiting(who.actor, webhook.id))


@router.post("/deliveries/{key}/again", dependencies=ONCE)
def deliver_again(who: Who, key: Word) -> DeliveryOut:
    """Deliver it once more, under the same id."""
    return DeliveryOut.of(who.desk.webhooks.send_again(who.actor, key))
