"""Many tickets at once over the API: seen, changed, and taken back by the id that the change was answered with."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.storage.conftest import address_of
from tests.web.api.conftest import STORES_THAT_LAST, called
from ticketing.desk import Desk
from ticketing.domain.receipts import RECEIPT_LIFETIME

NOBODYS = "0" * 16


@pytest.fixture(params=STORES_THAT_LAST)
def desk(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Return a desk on each store that lasts."""
    yield from called(monkeypatch, address_of(request.param, tmp_path))


@pytest.fixture
def numbers(carla: TestClient) -> list[int]:
    """Return three tickets of Carla's, the last of which is closed."""
    bodies = ({"title": f"Ticket {place}", "description": "Help!"} for place in range(3))
    found = [carla.post("/tickets", json=body).json()["number"] for body in bodies]
    carla.post(f"/tickets/{found[2]}/close", json={})
    return found


def priorities(by: TestClient, numbers: list[int]) -> list[str]:
    return [by.get(f"/tickets/{number}").json()["priority"] for number in numbers]


def later(monkeypatch: pytest.MonkeyPatch, desk: Desk, wait: timedelta) -> None:
    """Let time go by for changes of many tickets."""
    monkeypatch.setattr(desk.bulk, "_clock", lambda: datetime.now(UTC) + wait)


def test_what_was_changed_is_taken_back_with_one_result_for_each_ticket(ada: TestClient, numbers: list[int]) -> None:
    change = {"numbers": numbers, "set": {"priority": "high", "status": "resolved"}, "reply": "Solved."}
    done = ada.post("/bulk/apply", json=change).json()
    assert priorities(ada, numbers) == ["high", "high", "normal"]

    undone = ada.post(f"/bulk/{done['id']}/undo")

    assert [(one["number"], one["refusal"], one["is_changed"]) for one in undone.json()] == [
        (number, "", True) for number in numbers[:2]
    ]
    assert priorities(ada, numbers) == ["normal"] * 3
    for number in numbers[:2]:
        ticket = ada.get(f"/tickets/{number}").json()
        assert (ticket["status"], [message["text"] for message in ticket["messages"]]) == ("open", ["Help!"])


def test_tickets_that_were_merged_are_told_apart_again(ada: TestClient, numbers: list[int]) -> None:
    done = ada.post("/bulk/apply", json={"numbers": numbers[1:2], "merge_into": numbers[0]}).json()
    assert ada.get(f"/tickets/{numbers[1]}").json()["merged_into"] == numbers[0]

    undone = ada.post(f"/bulk/{done['id']}/undo")

    assert [one["refusal"] for one in undone.json()] == [""]
    assert ada.get(f"/tickets/{numbers[1]}").json()["merged_into"] is None


def test_a_ticket_that_somebody_has_changed_since_stays_and_says_so(
    ada: TestClient, root: TestClient, numbers: list[int]
) -> None:
    done = ada.post("/bulk/apply", json={"numbers": numbers[:2], "set": {"priority": "high"}}).json()
    root.patch(f"/tickets/{numbers[0]}", json={"priority": "low"})

    undone = ada.post(f"/bulk/{done['id']}/undo").json()

    stays = f"Ticket T-{numbers[0]} was changed meanwhile, and stays as it is."
    assert [(one["refusal"], one["is_changed"]) for one in undone] == [(stays, False), ("", True)]
    assert priorities(ada, numbers[:2]) == ["low", "normal"]


def test_an_undo_that_is_sent_again_under_its_key_is_answered_alike(ada: TestClient, numbers: list[int]) -> None:
    done = ada.post("/bulk/apply", json={"numbers": numbers, "add_tags": ["vpn"]}).json()
    key = {"idempotency-key": "back"}

    first, again = (ada.post(f"/bulk/{done['id']}/undo", headers=key) for _ in range(2))

    assert first.json() == again.json()
    assert [one["refusal"] for one in again.json()] == ["", ""]
    assert ada.get(f"/tickets/{numbers[0]}").json()["tags"] == []


@pytest.mark.parametrize("who", ["root", "carla"])
def test_nobody_takes_back_what_another_has_done(
    ada: TestClient, request: pytest.FixtureRequest, numbers: list[int], who: str
) -> None:
    done = ada.post("/bulk/apply", json={"numbers": numbers, "set": {"priority": "high"}}).json()
    other: TestClient = request.getfixturevalue(who)

    theirs, nobodys = (other.post(f"/bulk/{bulk_id}/undo") for bulk_id in (done["id"], NOBODYS))

    expected = (403, "permission_denied") if who == "carla" else (404, "bulk_not_found")
    for refused in (theirs, nobodys):
        assert (refused.status_code, refused.json()["error"]["code"]) == expected
    assert priorities(ada, numbers[:2]) == ["high", "high"]
    assert ada.post(f"/bulk/{done['id']}/undo").status_code == 200


@pytest.mark.parametrize(
    ("wait", "status", "code"),
    [(timedelta(seconds=90), 409, "bulk_too_late"), (RECEIPT_LIFETIME, 404, "bulk_not_found")],
    ids=["too late", "forgotten"],
)
def test_later_than_thirty_seconds_nothing_is_taken_back(
    desk: Desk,
    ada: TestClient,
    numbers: list[int],
    monkeypatch: pytest.MonkeyPatch,
    wait: timedelta,
    status: int,
    code: str,
) -> None:
    done = ada.post("/bulk/apply", json={"numbers": numbers, "set": {"priority": "high"}}).json()
    later(monkeypatch, desk, wait)

    refused = ada.post(f"/bulk/{done['id']}/undo")

    assert (refused.status_code, refused.json()["error"]["code"]) == (status, code)
    assert priorities(ada, numbers[:2]) == ["high", "high"]


def test_where_nothing_was_changed_there_is_nothing_to_take_back(ada: TestClient, numbers: list[int]) -> None:
    done = ada.post("/bulk/apply", json={"numbers": numbers[2:], "set": {"priority": "high"}})

    assert done.json()["id"] is None
    assert done.json()["outcomes"][0]["refusal"]


def test_what_is_remembered_goes_when_somebody_is_anonymised(
    ada: TestClient, root: TestClient, numbers: list[int]
) -> None:
    done = ada.post("/bulk/apply", json={"numbers": numbers, "set": {"priority": "high"}}).json()
    root.post("/users/oskar/deactivate")
    assert root.post("/users/oskar/anonymisation", json={"kept": []}).is_success

    assert ada.post(f"/bulk/{done['id']}/undo").json()["error"]["code"] == "bulk_not_found"
