"""People join by an invitation, take along what is stored about them, and are made anonymous, over the API."""

import io
import json
from zipfile import ZipFile

import pytest
from starlette.testclient import TestClient

from ticketing.desk import Desk
from ticketing.services.outbox import set_route

DORA = {"display_name": "Dora Lang", "email": "dora@example.org"}
PASSWORD = "seven dry blankets"


def test_somebody_is_invited_by_a_link_to_hand_over_and_comes(desk: Desk, root: TestClient) -> None:
    invited = root.post("/invitations", json=DORA)
    assert (invited.status_code, invited.json()["person"]["username"]) == (201, "dora")
    assert not invited.json()["person"]["active"]
    first, again = invited.json()["link"], root.post("/invitations/dora/again").json()["link"]
    assert root.get("/invitations/dora").json()["expires_at"]

    path, _, token = again.partition("?t=")
    desk.invitations.accept(token, PASSWORD, PASSWORD)

    assert (path, first == again) == ("/accept_invitation", False)
    assert root.get("/users/dora").json()["active"]
    assert root.get("/invitations/dora").json()["error"]["code"] == "not_invited"


def test_an_invitation_is_taken_back_with_its_account(root: TestClient) -> None:
    root.post("/invitations", json=DORA | {"username": "dora.lang", "role": "user"})

    assert root.delete("/invitations/dora.lang").status_code == 204

    assert root.get("/users/dora.lang").status_code == 404


def test_a_link_that_is_mailed_is_in_no_answer(desk: Desk, root: TestClient) -> None:
    set_route(desk.store, is_open=True, has_links=True)

    assert root.post("/invitations", json=DORA).json()["link"] is None


@pytest.mark.parametrize(
    ("method", "way", "hidden"),
    [("POST", "", 403), ("POST", "/dora/again", 404), ("GET", "/dora", 404), ("DELETE", "/dora", 404)],
)
def test_requesters_invite_nobody_and_agents_no_admin(
    root: TestClient, ada: TestClient, carla: TestClient, method: str, way: str, hidden: int
) -> None:
    root.post("/invitations", json=DORA | {"role": "admin"})
    body = None if way else DORA | {"email": "emil@example.org", "role": "admin"}

    assert ada.request(method, f"/invitations{way}", json=body).status_code == 403
    assert carla.request(method, f"/invitations{way}", json=body).status_code == hidden
    assert root.request(method, f"/invitations{way}", json=body).status_code in {200, 201, 204}


def test_somebody_is_made_anonymous_after_a_look_but_for_what_is_kept(
    root: TestClient, carla: TestClient, stranger: TestClient
) -> None:
    said = {"title": "No dial tone", "description": "Carla Ruiz here. Please ask for Carla Ruiz."}
    number = carla.post("/tickets", json=said).json()["number"]

    seen = root.get("/users/carla/anonymisation").json()
    assert (seen["person"]["username"], seen["tickets"]) == ("carla", 1)
    assert {place["ticket"] for place in seen["places"]} == {number}
    kept = [place["key"] for place in seen["places"]][:1]
    done = root.post("/users/carla/anonymisation", json={"kept": kept})

    assert (done.status_code, done.json()) == (200, {"username": "former-1", "display_name": "Former user 1"})
    text = root.get(f"/tickets/{number}").json()["messages"][0]["text"]
    assert text.count("Carla Ruiz") == 1
    assert carla.get("/account").status_code == 401
    assert root.get("/users/carla").status_code == 404
    assert stranger.get("/account", headers=carla.headers).status_code == 401


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("POST", {"kept": []})])
def test_nobody_but_admins_makes_people_anonymous(
    ada: TestClient, carla: TestClient, oskar: TestClient, method: str, body: object
) -> None:
    refused = [one.request(method, "/users/carla/anonymisation", json=body) for one in (ada, carla, oskar)]

    assert [answer.status_code for answer in refused] == [403, 404, 404]
    assert carla.get("/account").status_code == 200


def test_nobody_makes_themselves_anonymous(root: TestClient) -> None:
    refused = root.post("/users/root/anonymisation", json={"kept": []})

    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "permission_denied")
    assert root.get("/account").json()["username"] == "root"


def test_people_take_along_what_is_stored_about_them_and_admins_for_them(
    carla: TestClient, root: TestClient, ticket: int
) -> None:
    for caller in (carla, root):
        answer = caller.get("/users/carla/personal_data")

        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
        with ZipFile(io.BytesIO(answer.content)) as archive:
            assert json.loads(archive.read("account.json"))["display_name"] == "Carla Ruiz"
            assert json.loads(archive.read("tickets.json"))[0]["id"] == str(ticket)


def test_nobody_else_takes_it_along_nor_does_a_key(
    root: TestClient, ada: TestClient, oskar: TestClient, stranger: TestClient
) -> None:
    key = root.post("/keys", json={"name": "All", "scopes": ["read", "admin"], "days": 1}).json()["key"]

    assert ada.get("/users/carla/personal_data").status_code == 403
    assert oskar.get("/users/carla/personal_data").status_code == 404
    answer = stranger.get("/users/carla/personal_data", headers={"authorization": f"Bearer {key}"})
    assert answer.status_code == 403
