"""From a change of a ticket to a real server: each message once, none lost, nobody waits, no webhook for another."""

import base64
import hashlib
import hmac
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta

import pytest

import ticketing.desk
from tests.services.conftest import PASSWORD, Clock
from tests.web_server import WebServer
from ticketing.delivery.webhook_dispatcher import WebhookDispatcher
from ticketing.desk import Desk, close_shared_desk, open_desk, shared_desk
from ticketing.domain.deliveries import Delivery, DeliveryQuery, DeliveryState
from ticketing.domain.outbox import LEASE, OutgoingQuery
from ticketing.domain.people import Actor, Role
from ticketing.domain.webhooks import OFF_AFTER, Webhook, WebhookEvent
from ticketing.services.outbox import set_route
from ticketing.settings import Settings

CONSOLE = Actor.console()
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BROKEN = b"HTTP/1.1 500 Internal Server Error\r\n\r\n"


@contextmanager
def opened(clock: Clock, place: str = "memory:") -> Iterator[Desk]:
    settings = Settings(storage_url=place, private_webhooks=True)
    with closing(open_desk(settings, clock=clock, password_rounds=4)) as desk:
        yield desk


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server() -> Iterator[WebServer]:
    with WebServer() as running:
        yield running


@pytest.fixture
def desk(clock: Clock) -> Iterator[Desk]:
    with opened(clock) as made:
        yield made


def subscribe(desk: Desk, server: WebServer, name: str = "CRM") -> str:
    """Tell a server of everything, and return the secret."""
    events = tuple(WebhookEvent)
    return desk.webhooks.create(CONSOLE, Webhook(name=name, url=server.url, events=events, with_notes=True)).secret


def open_tickets(desk: Desk, number: int = 1) -> None:
    for place in range(number):
        desk.tickets.open(CONSOLE, f"No dial tone {place}", "The line is dead.")
        if isinstance(desk.clock, Clock):
            desk.clock.advance(timedelta(milliseconds=1))


def dispatcher(desk: Desk) -> WebhookDispatcher:
    made = desk.webhook_dispatcher()
    assert made is not None
    return made


@contextmanager
def at_work(desk: Desk) -> Iterator[None]:
    """Let it post in the background, until the block ends: it would go on beside all later tests."""
    worker = dispatcher(desk)
    worker.start()
    try:
        yield
    finally:
        worker.stop()


def ledger(desk: Desk, key: str = "crm") -> list[Delivery]:
    return list(desk.webhooks.ledger(CONSOLE, DeliveryQuery(webhook=key, size=200)).items)


def states(desk: Desk, key: str = "crm") -> list[DeliveryState]:
    return [delivery.state for delivery in ledger(desk, key)]


def until(is_so: Callable[[], bool]) -> None:
    """Wait for it, ten seconds at most."""
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def verify(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """Check a signature as docs/webhooks.md shows it."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    given = [each.removeprefix("v1,") for each in headers["webhook-signature"].split()]
    return any(hmac.compare_digest(expected, each) for each in given)


def test_what_is_queued_arrives_signed_and_is_noted(desk: Desk, server: WebServer) -> None:
    secret = subscribe(desk, server)
    open_tickets(desk)

    dispatcher(desk).drain()

    [taken], [delivery] = server.taken, ledger(desk)
    assert json.loads(taken.body)["ticket"]["title"] == "No dial tone 0"
    assert verify(secret, dict(taken.headers), taken.body)
    assert not verify(secret, dict(taken.headers), taken.body + b" ")
    assert taken.headers["webhook-id"] == delivery.id
    assert (delivery.state, delivery.says) == (DeliveryState.DELIVERED, "200 OK")
    assert desk.webhooks.get(CONSOLE, "crm").course.says == "200 OK"


def test_after_a_new_secret_both_verify_for_a_day(desk: Desk, server: WebServer, clock: Clock) -> None:
    former = subscribe(desk, server)
    fresh = desk.webhooks.renew_secret(CONSOLE, "crm")
    for _ in range(2):
        open_tickets(desk)
        dispatcher(desk).drain()
        clock.advance(DAY)

    both, one = server.taken
    assert [verify(secret, dict(both.headers), both.body) for secret in (former, fresh)] == [True, True]
    assert [verify(secret, dict(one.headers), one.body) for secret in (former, fresh)] == [False, True]


def test_a_test_is_posted_at_once_and_says_what_came_of_it(desk: Desk, server: WebServer) -> None:
    secret = subscribe(desk, server)

    good = desk.webhooks.test(CONSOLE, "crm")
    server.answer = BROKEN
    bad = desk.webhooks.test(CONSOLE, "crm")

    assert (good.is_taken, good.says, bad.is_taken, bad.says) == (True, "200 OK", False, "500 Internal Server Error")
    assert verify(secret, dict(server.taken[0].headers), server.taken[0].body)
    assert json.loads(server.taken[0].body)["type"] == "webhook.test"
    assert Counter(states(desk)) == {DeliveryState.DELIVERED: 1, DeliveryState.FAILED: 1}
    assert not desk.webhooks.get(CONSOLE, "crm").is_failing


def test_messages_of_a_webhook_go_out_in_order(desk: Desk, server: WebServer) -> None:
    subscribe(desk, server)
    open_tickets(desk, 30)

    dispatcher(desk).drain()

    assert [json.loads(taken.body)["ticket"]["number"] for taken in server.taken] == list(range(1, 31))


def test_what_does_not_arrive_is_tried_again_by_the_schedule(desk: Desk, server: WebServer, clock: Clock) -> None:
    server.answer = BROKEN
    subscribe(desk, server)
    open_tickets(desk)

    for minutes in (1, 5, 15, 60, 60):
        dispatcher(desk).drain()
        [delivery] = ledger(desk)
        assert (delivery.state, delivery.says) == (DeliveryState.WAITING, "500 Internal Server Error")
        assert delivery.due_at == clock.now + minutes * MINUTE
        clock.now = delivery.due_at
    server.answer = WebServer.answer
    dispatcher(desk).drain()

    assert states(desk) == [DeliveryState.DELIVERED]
    assert len({taken.headers["webhook-id"] for taken in server.taken}) == 1
    assert len({taken.headers["webhook-timestamp"] for taken in server.taken}) == 6  # a signature is of its own moment


def test_what_nobody_takes_for_a_day_has_failed_and_is_sent_again_when_an_admin_says_so(
    desk: Desk, server: WebServer, clock: Clock
) -> None:
    server.answer = BROKEN
    subscribe(desk, server)
    open_tickets(desk)
    began = clock.now

    while states(desk) == [DeliveryState.WAITING]:
        dispatcher(desk).drain()
        clock.now = max(clock.now, ledger(desk)[0].due_at)
    assert states(desk) == [DeliveryState.FAILED]
    assert DAY - HOUR < clock.now - began <= DAY + HOUR

    server.answer = WebServer.answer
    desk.webhooks.send_again(CONSOLE, ledger(desk)[0].id)
    clock.advance(HOUR)
    dispatcher(desk).drain()
    assert states(desk) == [DeliveryState.DELIVERED]


def test_an_endpoint_that_is_down_is_tried_once_at_a_time_whatever_waits(
    desk: Desk, server: WebServer, clock: Clock
) -> None:
    server.answer = BROKEN
    subscribe(desk, server)
    open_tickets(desk, 100)

    dispatcher(desk).drain()
    assert len(server.taken) == 2  # one that failed may have been at fault itself
    clock.advance(MINUTE)
    dispatcher(desk).drain()
    assert len(server.taken) == 3

    server.answer = WebServer.answer
    clock.advance(HOUR)
    dispatcher(desk).drain()
    assert Counter(states(desk)) == {DeliveryState.DELIVERED: 100}


def test_one_message_that_is_never_taken_keeps_no_other_from_its_own(
    desk: Desk, server: WebServer, clock: Clock
) -> None:
    subscribe(desk, server)
    open_tickets(desk)
    server.answer = BROKEN
    dispatcher(desk).drain()
    server.answer = WebServer.answer
    open_tickets(desk, 3)

    clock.advance(timedelta(seconds=2))
    dispatcher(desk).drain()

    assert Counter(states(desk)) == {DeliveryState.DELIVERED: 3, DeliveryState.WAITING: 1}


def test_a_slow_webhook_keeps_no_other_from_its_own(desk: Desk, server: WebServer) -> None:
    with WebServer(delay=0.2) as slow:
        subscribe(desk, slow, "Slow")
        subscribe(desk, server)
        open_tickets(desk, 5)
        began = time.monotonic()

        with at_work(desk):
            until(lambda: len(server.taken) == 5)
            assert len(slow.taken) < 5
            assert time.monotonic() - began < 5
            until(lambda: states(desk, "slow") == [DeliveryState.DELIVERED] * 5)


def test_nobody_who_changes_a_ticket_waits_for_a_webhook(desk: Desk) -> None:
    with WebServer(delay=3) as slow:
        subscribe(desk, slow)
        open_tickets(desk)
        with at_work(desk):
            until(lambda: bool(slow.taken))

            began = time.perf_counter()
            open_tickets(desk, 5)

            assert time.perf_counter() - began < 1


def test_after_three_days_of_failures_it_is_turned_off_and_the_admins_are_told(
    desk: Desk, server: WebServer, clock: Clock
) -> None:
    server.answer = BROKEN
    subscribe(desk, server)
    set_route(desk.store, is_open=True)
    desk.agents.create_agent(CONSOLE, "root", PASSWORD, role=Role.ADMIN)
    began = clock.now
    while desk.webhooks.get(CONSOLE, "crm").is_on:
        open_tickets(desk)
        dispatcher(desk).drain()
        clock.advance(6 * HOUR)

    off = desk.webhooks.get(CONSOLE, "crm")
    assert clock.now - began >= OFF_AFTER
    assert off.course.turned_off is not None
    mailed = [
        mail.username
        for mail in desk.outbox.ledger(CONSOLE, OutgoingQuery(size=200)).items
        if mail.kind == "webhook_off"
    ]
    assert "root" in mailed
    assert "carla" not in mailed
    with desk.store.read() as tx:
        assert any(record.facts == {"active": "True → False"} for record in tx.audit.stream())

    clock.advance(HOUR)
    dispatcher(desk).drain()
    assert DeliveryState.WAITING not in states(desk)
    before = len(states(desk))
    open_tickets(desk)
    assert len(states(desk)) == before


def test_what_waits_for_a_webhook_that_is_removed_is_dropped(desk: Desk, server: WebServer) -> None:
    subscribe(desk, server)
    open_tickets(desk)
    desk.webhooks.remove(CONSOLE, "crm", 1)

    dispatcher(desk).drain()

    assert server.taken == []
    assert [(one.state, one.says) for one in ledger(desk)] == [(DeliveryState.DROPPED, "The webhook is off.")]


def test_when_it_is_told_to_stop_it_gives_back_what_it_has_not_tried(desk: Desk, server: WebServer) -> None:
    subscribe(desk, server)
    open_tickets(desk, 5)
    stopped = dispatcher(desk)
    stopped.stop()

    stopped.send_some()

    assert server.taken == []
    assert [(one.state, one.attempts) for one in ledger(desk)] == [(DeliveryState.WAITING, 0)] * 5


def test_what_a_killed_process_had_claimed_is_due_again_after_the_lease(
    desk: Desk, server: WebServer, clock: Clock
) -> None:
    subscribe(desk, server)
    open_tickets(desk)
    claimed = desk._webhook_sending.claim()  # noqa: SLF001 - as a process that is killed then
    assert len(claimed) == 1

    dispatcher(desk).drain()
    assert server.taken == []
    clock.advance(LEASE)
    dispatcher(desk).drain()

    assert states(desk) == [DeliveryState.DELIVERED]


def test_a_served_desk_posts_by_itself(server: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKETING_STORAGE_URL", "memory:")
    monkeypatch.setenv("TICKETING_PRIVATE_WEBHOOKS", "true")
    monkeypatch.setattr(ticketing.desk, "_shared", None)
    try:
        desk = shared_desk()
        subscribe(desk, server)
        open_tickets(desk)
        until(lambda: len(server.taken) == 1)
    finally:
        close_shared_desk()
