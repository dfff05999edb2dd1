"""Webhooks over the API: made, changed, tried, and what became of each message; for admins alone."""

from typing import Any

import pytest
from starlette.testclient import TestClient

CRM = {"name": "CRM", "url": "https://127.0.0.1/hook", "events": ["ticket.opened"]}
CHAT = CRM | {"name": "Chat"}
CALLS = [
    ("GET", "/webhooks", None),
    ("POST", "/webhooks", CHAT),
    ("GET", "/webhooks/crm", None),
    ("PUT", "/webhooks/crm", CHAT),
    ("DELETE", "/webhooks/crm", None),
    ("POST", "/webhooks/crm/secret", None),
    ("POST", "/webhooks/crm/test", None),
    ("GET", "/webhooks/crm/deliveries", None),
    ("GET", "/webhooks/crm/waiting", None),
]


@pytest.fixture
def crm(root: TestClient) -> Any:
    """Return what is answered to whoever has just made a webhook."""
    made = root.post("/webhooks", json=CRM)
    assert made.status_code == 201, made.text
    return made.json()


def test_a_webhook_is_made_read_changed_removed_and_brought_back(root: TestClient, crm: Any) -> None:
    here, read = "/webhooks/crm", root.get("/webhooks/crm")
    version = {"if-match": read.headers["etag"]}
    assert read.json() == crm["webhook"]
    assert root.get("/webhooks").json() == [crm["webhook"]]

    changed = root.put(here, json=CRM | {"name": "Chat", "active": False}, headers=version)
    assert (changed.status_code, changed.json()["name"], changed.json()["active"]) == (200, "Chat", False)
    assert root.put(here, json=CRM, headers=version).status_code == 412
    assert root.put(here, json=CRM).status_code == 422
    assert root.delete(here, headers={"if-match": changed.headers["etag"]}).status_code == 204
    assert root.get("/webhooks").json() == []
    removed = root.get(here)

    assert removed.json()["removed"]
    assert not root.put(here, json=CRM, headers={"if-match": removed.headers["etag"]}).json()["removed"]


@pytest.mark.usefixtures("crm")
@pytest.mark.parametrize(("method", "way", "body"), CALLS)
def test_who_is_no_admin_has_nothing_to_do_with_webhooks(
    root: TestClient, ada: TestClient, carla: TestClient, method: str, way: str, body: object
) -> None:
    version = {"if-match": '"1"'}

    refused = [caller.request(method, way, json=body, headers=version).status_code for caller in (ada, carla)]

    assert refused == [403, 403]
    assert root.request(method, way, json=body, headers=version).status_code in {200, 201, 204}


def test_who_is_no_admin_does_not_learn_which_deliveries_there_are(ada: TestClient, root: TestClient) -> None:
    assert ada.post("/deliveries/msg_nothing/again").status_code == 403
    assert root.post("/deliveries/msg_nothing/again").json()["error"]["code"] == "delivery_not_found"


def test_a_secret_is_told_to_whoever_makes_it_and_never_again(root: TestClient, crm: Any) -> None:
    renewed = root.post("/webhooks/crm/secret")

    ways = ("/webhooks", "/webhooks/crm", "/webhooks/crm/deliveries", "/settings", "/audit")
    told = "".join(root.get(way).text for way in ways)

    assert (renewed.status_code, renewed.json()["secret"] == crm["secret"]) == (201, False)
    assert "whsec_" in crm["secret"]
    assert "whsec_" not in told
    assert "salt" not in told


@pytest.mark.parametrize("extra", ["id", "version", "owner", "secrets", "course", "removed"])
def test_nothing_is_slipped_into_a_webhook(root: TestClient, extra: str) -> None:
    refused = root.post("/webhooks", json=CRM | {extra: "1"})

    assert (refused.status_code, refused.json()["error"]["field"]) == (422, extra)


def test_a_try_tells_what_came_of_it_and_stands_among_the_deliveries(
    root: TestClient, ada: TestClient, crm: Any
) -> None:
    answer = root.post("/webhooks/crm/test").json()

    [delivery] = root.get("/webhooks/crm/deliveries").json()["items"]
    assert (answer["is_taken"], answer["status"]) == (False, 0)
    assert (delivery["event"], delivery["state"]) == ("webhook.test", "failed")
    assert delivery["webhook"] == crm["webhook"]["id"]
    here = f"/deliveries/{delivery['id']}/again"
    assert ada.post(here).status_code == 403
    again = root.post(here).json()
    assert (again["id"], again["state"]) == (delivery["id"], "waiting")


@pytest.mark.usefixtures("crm")
def test_what_waits_is_told_and_waits_only_once(root: TestClient, ticket: int) -> None:
    [waiting] = root.get("/webhooks/crm/deliveries", params={"state": "waiting"}).json()["items"]
    again = root.post(f"/deliveries/{waiting['id']}/again")

    assert (waiting["event"], waiting["ticket"], waiting["attempts"]) == ("ticket.opened", ticket, 0)
    assert root.get("/webhooks/crm/waiting").json() == {"waiting": 1}
    assert root.get("/webhooks/crm/deliveries", params={"state": "failed"}).json()["items"] == []
    assert (again.status_code, again.json()["error"]["code"]) == (409, "delivery_waits")


@pytest.mark.parametrize("way", ["", "/deliveries", "/waiting"])
def test_of_a_webhook_that_is_none_there_is_nothing(root: TestClient, way: str) -> None:
    assert root.get(f"/webhooks/nothing{way}").status_code == 404
