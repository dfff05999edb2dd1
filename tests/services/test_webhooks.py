"""What admins do about webhooks, what is queued for them, and what nobody gets by them."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from ticketing.desk import Desk
from ticketing.domain.audit import AuditAction, AuditQuery
from ticketing.domain.deliveries import MOST_WAITING, Delivery, DeliveryQuery, DeliveryState
from ticketing.domain.errors import (
    DefinitionNotFoundError,
    DeliveryNotFoundError,
    DeliveryWaitsError,
    InvalidInputError,
    NameTakenError,
    PermissionDeniedError,
    StaleDefinitionError,
)
from ticketing.domain.mail_tags import MailKey
from ticketing.domain.outbox import Outcome
from ticketing.domain.people import Actor
from ticketing.domain.statuses import Status
from ticketing.domain.tickets import TicketEdit
from ticketing.domain.webhooks import Course, Webhook, WebhookEvent
from ticketing.services.webhook_secrets import WebhookSecrets
from ticketing.services.webhook_sending import WebhookSending
from ticketing.services.webhooks import Created
from ticketing.settings import Settings
from ticketing.storage.keys import GivenKey
from ticketing.storage.memory import MemoryStore

Clock = Callable[[], Any]
MARKER = "zebra-marker"
DAY = timedelta(days=1)


@pytest.fixture
def desk(store: MemoryStore, clock: Clock) -> Desk:
    return Desk(Settings(storage_url="memory:"), store, clock, password_rounds=4)


@pytest.fixture
def sending(store: MemoryStore, clock: Clock) -> WebhookSending:
    return WebhookSending(store, clock, WebhookSecrets(GivenKey(b"k" * 32)), "https://desk.example.org")


def webhook(**fields: Any) -> Webhook:
    asked = {"name": "CRM", "url": "https://crm.example.org/", "events": tuple(WebhookEvent), "with_notes": True}
    return Webhook(**asked | fields)


@pytest.fixture
def crm(desk: Desk, root: Actor) -> Created:
    """Return a webhook that is told everything."""
    return desk.webhooks.create(root, webhook())


def queued(desk: Desk, root: Actor, key: str = "crm") -> list[Delivery]:
    """Return what was queued for a webhook, the oldest first."""
    return list(desk.webhooks.ledger(root, DeliveryQuery(webhook=key, size=200)).items)[::-1]


def events(desk: Desk, root: Actor, key: str = "crm") -> list[str]:
    return [delivery.event for delivery in queued(desk, root, key)]


DEEDS: dict[str, Callable[[Desk, Actor, Webhook, str], object]] = {
    "all": lambda desk, actor, *_: desk.webhooks.all(actor),
    "get": lambda desk, actor, one, _: desk.webhooks.get(actor, one.id),
    "create": lambda desk, actor, *_: desk.webhooks.create(actor, webhook(name="Chat")),
    "change": lambda desk, actor, one, _: desk.webhooks.change(actor, one.model_copy(update={"name": "Other"})),
    "renew_secret": lambda desk, actor, one, _: desk.webhooks.renew_secret(actor, one.id),
    "test": lambda desk, actor, one, _: desk.webhooks.test(actor, one.id),
    "ledger": lambda desk, actor, one, _: desk.webhooks.ledger(actor, DeliveryQuery(webhook=one.id)),
    "waiting": lambda desk, actor, one, _: desk.webhooks.waiting(actor, one.id),
    "send_again": lambda desk, actor, _, delivery: desk.webhooks.send_again(actor, delivery),
    "remove": lambda desk, actor, one, _: desk.webhooks.remove(actor, one.id, one.version),
}


@pytest.fixture
def failed(store: MemoryStore, clock: Clock, crm: Created) -> str:
    """Return the id of a delivery that failed."""
    delivery = Delivery.test(crm.webhook.id, "1", "root", clock())
    delivery.state = DeliveryState.FAILED
    with store.write() as tx:
        tx.deliveries.save(delivery)
    return delivery.id


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("person", ["carla", "ada"])
def test_requesters_and_agents_have_nothing_to_do_with_webhooks(
    request: pytest.FixtureRequest,
    desk: Desk,
    everything: Callable[[], dict[str, object]],
    crm: Created,
    failed: str,
    person: str,
    deed: str,
) -> None:
    actor = request.getfixturevalue(person)
    before = everything()

    with pytest.raises(PermissionDeniedError, match="look after webhooks"):
        DEEDS[deed](desk, actor, crm.webhook, failed)

    assert everything() == before


@pytest.mark.parametrize("deed", DEEDS)
def test_admins_may_do_all_of_it(desk: Desk, root: Actor, crm: Created, failed: str, deed: str) -> None:
    DEEDS[deed](desk, root, crm.webhook, failed)


@pytest.mark.parametrize("kind", [Webhook, MailKey])
def test_nobody_gets_at_what_holds_secrets_by_the_way_of_what_is_set_up(
    desk: Desk, ada: Actor, root: Actor, crm: Created, kind: type[Webhook | MailKey]
) -> None:
    for actor in (ada, root):
        with pytest.raises(DefinitionNotFoundError):
            desk.definitions.all(actor, kind)
        with pytest.raises(DefinitionNotFoundError):
            desk.definitions.get(actor, kind, crm.webhook.id)
    with pytest.raises(DefinitionNotFoundError):
        desk.definitions.save(root, crm.webhook)


def test_a_secret_is_given_out_once_and_stored_nowhere(
    desk: Desk, root: Actor, crm: Created, everything: Callable[[], dict[str, object]]
) -> None:
    renewed = desk.webhooks.renew_secret(root, crm.webhook.id)

    held = str(everything()) + repr(desk.webhooks.all(root)) + desk.settings_files.export(root)
    for secret in (crm.secret, renewed):
        assert secret.startswith("whsec_")
        assert len(secret) == len("whsec_") + 44  # 256 bits
        assert secret.removeprefix("whsec_") not in held
    assert crm.secret != renewed
    assert "crm.example.org" not in desk.settings_files.export(root)


def test_what_is_changed_keeps_the_secret_and_one_that_is_turned_on_again_begins_anew(
    desk: Desk, store: MemoryStore, root: Actor, crm: Created
) -> None:
    off = desk.webhooks.change(root, crm.webhook.model_copy(update={"active": False, "secrets": ()}))
    with store.write() as tx:
        tx.definitions(Webhook).save(off.model_copy(update={"course": Course(failures=9)}))

    on = desk.webhooks.change(root, off.model_copy(update={"active": True}))

    assert on.secrets == crm.webhook.secrets
    assert on.course == Course()


def test_two_admins_do_not_overwrite_each_other(desk: Desk, root: Actor, crm: Created) -> None:
    desk.webhooks.change(root, crm.webhook.model_copy(update={"url": "https://new.example.org/"}))

    with pytest.raises(StaleDefinitionError):
        desk.webhooks.change(root, crm.webhook.model_copy(update={"name": "Chat"}))


def test_a_name_is_taken_once(desk: Desk, root: Actor, crm: Created) -> None:
    with pytest.raises(NameTakenError):
        desk.webhooks.create(root, webhook(name=crm.webhook.name.lower()))


def test_plain_http_is_for_desks_whose_webhooks_stay_in_private_networks(
    desk: Desk, store: MemoryStore, clock: Clock, root: Actor
) -> None:
    plain = webhook(url="http://10.0.0.1/")
    with pytest.raises(InvalidInputError, match="https"):
        desk.webhooks.create(root, plain)

    private = Desk(Settings(storage_url="memory:", private_webhooks=True), store, clock, password_rounds=4)
    assert private.webhooks.create(root, plain).webhook.url == "http://10.0.0.1/"


def test_what_is_done_about_webhooks_is_in_the_audit_log(desk: Desk, root: Actor, crm: Created) -> None:
    desk.webhooks.renew_secret(root, crm.webhook.id)
    desk.webhooks.change(root, crm.webhook.model_copy(update={"url": f"https://{MARKER}.example.org/"}))

    records = desk.audit.search(root, AuditQuery(action=AuditAction.SETUP_CHANGED)).records
    assert [record.facts for record in records] == [{"url": "changed"}, {"secret": "renewed"}, {"created": "CRM"}]
    assert MARKER not in str(records)


@pytest.mark.usefixtures("crm")
def test_each_event_is_queued_once_with_the_change_itself(
    desk: Desk, clock: Any, carla: Actor, ada: Actor, root: Actor
) -> None:
    deeds: list[Callable[[], object]] = [
        lambda: desk.tickets.open(carla, "No dial tone", "The line is dead.", key="one"),
        lambda: desk.tickets.open(carla, "No dial tone", "The line is dead.", key="one"),
        lambda: desk.tickets.assign(ada, 1, "ada"),
        lambda: desk.tickets.note(ada, 1, "Her third call."),
        lambda: desk.tickets.close(ada, 1, "Done."),
        lambda: desk.tickets.rate(carla, 1, solved=True),
    ]
    for deed in deeds:
        deed()
        clock.advance(timedelta(seconds=1))

    assert events(desk, root) == [
        "ticket.opened",
        "ticket.assigned",
        "ticket.note_added",
        "ticket.replied",
        "ticket.status_changed",
        "ticket.rated",
    ]


@pytest.mark.usefixtures("crm")
def test_what_was_refused_is_told_to_nobody(desk: Desk, carla: Actor, oskar: Actor, root: Actor) -> None:
    desk.tickets.open(carla, "No dial tone", "The line is dead.")

    with pytest.raises(Exception, match="There is no ticket"):
        desk.tickets.reply(oskar, 1, "Me too!")

    assert events(desk, root) == ["ticket.opened"]


def test_a_webhook_is_told_the_events_and_the_tickets_that_it_asks_for(desk: Desk, carla: Actor, root: Actor) -> None:
    desk.webhooks.create(root, webhook(events=(WebhookEvent.OPENED,), query="vpn"))
    desk.webhooks.create(root, webhook(name="Off", active=False))

    desk.tickets.open(carla, "No dial tone", "The line is dead.")
    desk.tickets.open(carla, "VPN breaks off", "Every hour.")
    desk.tickets.reply(carla, 2, "Again.")

    assert [(one.event, one.ticket) for one in queued(desk, root)] == [("ticket.opened", 2)]
    assert queued(desk, root, "off") == []


def test_a_webhook_in_a_storm_has_no_more_than_so_many_waiting_and_the_rest_is_counted(
    desk: Desk, store: MemoryStore, clock: Clock, carla: Actor, root: Actor, crm: Created
) -> None:
    with store.write() as tx:
        waiting = (Delivery.test(crm.webhook.id, str(number), "root", clock()) for number in range(MOST_WAITING))
        tx.deliveries.add(list(waiting))

    desk.tickets.open(carla, "No dial tone", "The line is dead.")

    assert desk.webhooks.waiting(root, crm.webhook.id) == MOST_WAITING
    assert desk.webhooks.get(root, crm.webhook.id).course.missed == 1


def body(desk: Desk, sending: WebhookSending, root: Actor, event: str) -> Any:
    """Return what a webhook is told of an event, or why it is not."""
    delivery = next(one for one in queued(desk, root) if one.event == event)
    made = sending.post(delivery)
    return made.says if isinstance(made, Outcome) else json.loads(made.body)


@pytest.fixture
def same_key(sending: WebhookSending, desk: Desk) -> WebhookSending:
    """Return the side that sends, with the key by which the desk has made its secrets."""
    sending._secrets = WebhookSecrets(desk._parts.key)  # noqa: SLF001 - a desk in memory keeps its key to itself
    return sending


def test_without_notes_nothing_of_a_note_is_in_any_message(
    desk: Desk, same_key: WebhookSending, clock: Any, carla: Actor, ada: Actor, root: Actor
) -> None:
    public = tuple(event for event in WebhookEvent if event is not WebhookEvent.NOTE_ADDED)
    desk.webhooks.create(root, webhook(events=public, with_notes=False))
    desk.tickets.open(carla, "No dial tone", "The line is dead.")
    opened_at = clock()
    clock.advance(timedelta(minutes=5))
    desk.tickets.note(ada, 1, f"{MARKER} text")
    desk.tickets.assign(ada, 1, "ada")
    desk.tickets.reply(ada, 1, "I come.")
    desk.tickets.note(ada, 1, f"{MARKER} again")

    made = [same_key.post(delivery) for delivery in queued(desk, root)]

    assert "ticket.note_added" not in events(desk, root)
    assert all(MARKER not in str(one) for one in made)
    assert body(desk, same_key, root, "ticket.opened")["ticket"]["opened_at"][:16] == f"{opened_at:%Y-%m-%dT%H:%M}"


def test_one_that_gets_no_notes_any_more_is_not_told_those_that_wait(
    desk: Desk, same_key: WebhookSending, carla: Actor, ada: Actor, root: Actor, crm: Created
) -> None:
    desk.tickets.open(carla, "No dial tone", "The line is dead.")
    desk.tickets.note(ada, 1, MARKER)
    assert body(desk, same_key, root, "ticket.note_added")["message"]["text"] == MARKER

    public = tuple(event for event in WebhookEvent if event is not WebhookEvent.NOTE_ADDED)
    desk.webhooks.change(root, crm.webhook.model_copy(update={"events": public, "with_notes": False}))

    assert body(desk, same_key, root, "ticket.note_added") == "The webhook gets no internal notes any more."


@pytest.mark.usefixtures("crm")
def test_a_message_says_what_happened_and_how_the_ticket_is_now(
    desk: Desk, same_key: WebhookSending, clock: Any, carla: Actor, ada: Actor, root: Actor
) -> None:
    desk.tickets.open(carla, "No dial tone", "The line is dead.")
    clock.advance(timedelta(seconds=1))
    desk.tickets.edit(ada, 1, TicketEdit(status=Status.PENDING))

    told = body(desk, same_key, root, "ticket.status_changed")

    assert (told["version"], told["type"], told["by"]) == (1, "ticket.status_changed", "ada")
    assert told["changes"] == [{"field": "status", "old": "open", "new": "pending"}]
    assert told["ticket"]["number"] == 1
    assert told["ticket"]["url"] == "https://desk.example.org/ticket?id=1"
    assert told["ticket"]["status"] == "pending"
    assert told["id"] == queued(desk, root)[1].id


@pytest.mark.usefixtures("crm")
def test_a_reply_that_is_taken_back_is_told_to_nobody_and_neither_is_its_status(
    desk: Desk, same_key: WebhookSending, clock: Any, carla: Actor, ada: Actor, root: Actor
) -> None:
    desk.tickets.open(carla, "No dial tone", "The line is dead.")
    clock.advance(timedelta(seconds=1))
    replied = desk.tickets.reply(ada, 1, MARKER, status=Status.PENDING)
    assert [one.due_at > desk.clock() for one in queued(desk, root)] == [False, True, True]

    desk.tickets.take_back(ada, 1, replied.messages[-1].mark)

    for event in ("ticket.replied", "ticket.status_changed"):
        assert body(desk, same_key, root, event) == "What it was about was taken back."


def test_a_desk_that_has_lost_its_key_says_so_and_sends_nothing_unsigned(
    desk: Desk, sending: WebhookSending, carla: Actor, root: Actor, crm: Created
) -> None:
    desk.tickets.open(carla, "No dial tone", "The line is dead.")
    assert crm.secret

    assert "has lost the key" in body(desk, sending, root, "ticket.opened")


def test_what_waits_cannot_be_sent_again_nor_what_is_not_there(
    desk: Desk, carla: Actor, root: Actor, crm: Created
) -> None:
    desk.tickets.open(carla, "No dial tone", "The line is dead.")

    with pytest.raises(DeliveryWaitsError):
        desk.webhooks.send_again(root, queued(desk, root, crm.webhook.id)[0].id)
    with pytest.raises(DeliveryNotFoundError):
        desk.webhooks.send_again(root, "msg_nothing")


def test_a_demo_sends_nothing(store: MemoryStore, clock: Clock, root: Actor) -> None:
    demo = Desk(Settings(storage_url="memory:", demo=True), store, clock, password_rounds=4)
    made = demo.webhooks.create(root, webhook())

    assert demo.webhooks.test(root, made.webhook.id).says == "A demo sends nothing."
    assert demo.webhook_dispatcher() is None
