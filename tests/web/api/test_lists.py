"""Lists that programs read in parts: whatever comes or goes between, nothing that stays is left out or told twice."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.storage.conftest import address_of, make_user
from tests.web.api.conftest import STORES_THAT_LAST, called
from tests.web.api.test_bounds import problem
from ticketing.desk import Desk
from ticketing.domain.deliveries import Delivery
from ticketing.domain.notifications import Notice, NoticeKind
from ticketing.domain.outbox import Outgoing
from ticketing.domain.received import Fate, Received
from ticketing.domain.store import Transaction
from ticketing.domain.webhooks import Webhook, WebhookEvent

NOW = datetime.now(UTC)
LATER = NOW + timedelta(days=20)
# More than two parts of the inbox, whose size is its own.
MANY = 60


def account(tx: Transaction, key: str, place: int) -> None:
    """Add somebody whose name is spelled in one case or the other."""
    name = f"{'Person' if place % 2 else 'PERSON'} {place // 2:03}"
    tx.users.save(make_user(key, name))


def moment(place: int) -> datetime:
    """Return a moment that two places share."""
    return NOW - timedelta(minutes=place // 2)


def notice(tx: Transaction, key: str, place: int) -> None:
    at = moment(place)
    tx.notices.save(
        Notice(id=key, username="root", kind=NoticeKind.OPENED, ticket=1, by="carla", at=at, expires_at=LATER)
    )


def outgoing(tx: Transaction, key: str, place: int) -> None:
    at = moment(place)
    tx.outgoing.save(Outgoing(id=key, username="carla", kind="replied", at=at, due_at=LATER, expires_at=LATER))


def received(tx: Transaction, key: str, place: int) -> None:
    tx.received.save(
        Received(id=key, at=moment(place), fate=Fate.IGNORED, raw_sha256="0" * 64, size=1, expires_at=LATER)
    )


def delivery(tx: Transaction, key: str, place: int) -> None:
    at = moment(place)
    made = Delivery(id=key, webhook="crm", event="ticket.opened", happened_at=at, at=at, due_at=LATER, expires_at=LATER)
    tx.deliveries.save(made)


Put = Callable[[Transaction, str, int], None]
LISTS: dict[str, Put] = {
    "/users": account,
    "/inbox": notice,
    "/mails/out": outgoing,
    "/mails/in": received,
    "/webhooks/crm/deliveries": delivery,
}


@pytest.fixture(params=STORES_THAT_LAST)
def desk(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Return a desk on each store that lasts, with a ticket and a webhook that is told of nothing."""
    for desk in called(monkeypatch, address_of(request.param, tmp_path)):
        with desk.store.write() as tx:
            made = Webhook(id="crm", name="CRM", url="https://crm.example.org/", events=(WebhookEvent.OPENED,))
            tx.definitions(Webhook).save(made.model_copy(update={"active": False}))
        yield desk


@pytest.fixture(params=LISTS)
def way(request: pytest.FixtureRequest, desk: Desk, carla: TestClient) -> str:
    """Return the address of a list with many lines, where no line has a place of its own."""
    carla.post("/tickets", json={"title": "No dial tone", "description": "The line is dead."})
    found: str = request.param
    fill(desk, found, range(100, 100 + MANY))
    return found


def fill(desk: Desk, way: str, places: range) -> None:
    """Put a line at each of these places, of which the least comes first."""
    with desk.store.write() as tx:
        for place in places:
            LISTS[way](tx, f"id{place:03}", place)


def keys(answer: Any) -> list[str]:
    return [line.get("id") or line["username"] for line in answer.json()["items"]]


def read(by: TestClient, way: str, between: Callable[[], None] = lambda: None) -> list[str]:
    """Read a list to its end, with something done between each two parts of it."""
    found, asked = [], {} if way == "/inbox" else {"limit": "25"}
    answer = by.get(way, params=asked)
    while True:
        assert answer.is_success, answer.text
        found += keys(answer)
        if (cursor := answer.json()["next"]) is None:
            return found
        between()
        answer = by.get(way, params=asked | {"cursor": cursor})


def test_a_list_is_read_in_parts(root: TestClient, way: str) -> None:
    found = read(root, way)

    assert len(found) == len(set(found)) == root.get(way).json()["total"] >= MANY


def test_what_comes_and_goes_between_two_parts_shifts_nothing(desk: Desk, root: TestClient, way: str) -> None:
    before = read(root, way)
    newcomers = iter(range(100))

    def come() -> None:
        place = next(newcomers)
        fill(desk, way, range(place, place + 1))

    assert read(root, way, come) == before
    assert {"id000", "id001"} <= set(read(root, way))


def test_a_cursor_that_no_list_has_told_is_refused(root: TestClient, way: str) -> None:
    mark = root.get(way).json()["next"][:12]
    places: list[Any] = [[], [1, 2], ["", "\0"], ["2026-01-01T00:00:00Z", "\0"], ["2026-01-01T00:00:00Z"], {}, None]
    places += [] if way == "/users" else [["yesterday", "id"], ["2026-01-01T00:00:00", "id"]]
    made_up = ["nonsense", "=" * 30, *(urlsafe_b64encode(json.dumps(place).encode()).decode() for place in places)]

    # Until lately, the cursor of these lists was the number of a page.
    for cursor in ("2", "0" * 12, mark, *made_up, *(mark + one for one in made_up)):
        refused = root.get(way, params={"cursor": cursor})
        assert (refused.status_code, problem(refused)["field"]) == (422, "cursor"), cursor


def test_a_cursor_is_of_one_list(desk: Desk, root: TestClient, way: str) -> None:
    asked = {} if way == "/inbox" else {"limit": "1"}
    cursor = root.get(way, params=asked).json()["next"]
    others = LISTS.keys() - {way}
    for other in others:
        fill(desk, other, range(5))

    assert root.get(way, params={"cursor": cursor}).is_success
    for other in others:
        refused = root.get(other, params={"cursor": cursor})
        assert (refused.status_code, problem(refused)["field"]) == (422, "cursor")


@pytest.mark.parametrize(
    ("way", "question"),
    [
        *(("/users", {name: value}) for name, value in (("text", "person"), ("role", "user"), ("active", "true"))),
        ("/mails/out", {"state": "waiting"}),
        ("/mails/in", {"fate": "ignored"}),
        ("/webhooks/crm/deliveries", {"state": "waiting"}),
    ],
)
def test_a_cursor_is_of_one_question(desk: Desk, root: TestClient, way: str, question: dict[str, str]) -> None:
    fill(desk, way, range(5))
    cursor = root.get(way, params=question | {"limit": "1"}).json()["next"]

    assert root.get(way, params=question | {"cursor": cursor}).is_success
    assert root.get(way, params={"cursor": cursor}).status_code == 422


@pytest.mark.parametrize(
    "name",
    ["Ångström, Åsa", "\u202eevil", "\u0390" * 80, "%_\\"],
    ids=["of Sweden", "from right to left", "long once its case is folded", "of signs"],
)
def test_a_cursor_takes_any_name(desk: Desk, root: TestClient, name: str) -> None:
    with desk.store.write() as tx:
        for key in ("zoe", "zora"):
            tx.users.save(make_user(key, name))
    asked: dict[str, str] = {"limit": "1"}
    found = []

    while cursor := (answer := root.get("/users", params=asked)).json()["next"]:
        found += keys(answer)
        asked |= {"cursor": cursor}

    assert len(found) == len(set(found))
    assert {"zoe", "zora"} <= set(found)
