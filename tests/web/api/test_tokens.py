"""`/token` and `/keys` over HTTP; what tokens are is tested where they are made."""

from typing import Any

import pyotp
import pytest
from starlette.testclient import TestClient

from tests.serving import PASSWORD
from ticketing.desk import Desk


def signed_in(stranger: TestClient, **more: Any) -> Any:
    return stranger.post("/token", json={"username": "ada", "password": PASSWORD} | more)


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_a_program_signs_in_stays_signed_in_and_leaves(stranger: TestClient) -> None:
    first = signed_in(stranger)
    assert (first.status_code, first.json()["token_type"], first.json()["expires_in"]) == (201, "Bearer", 900)
    assert stranger.get("/account", headers=bearer(first.json()["access_token"])).json()["username"] == "ada"

    second = stranger.post("/token/refresh", json={"refresh_token": first.json()["refresh_token"]}).json()
    assert stranger.get("/account", headers=bearer(second["access_token"])).status_code == 200
    left = stranger.post("/token/revoke", json={"refresh_token": second["refresh_token"]})

    assert left.status_code == 204
    assert stranger.get("/account", headers=bearer(second["access_token"])).status_code == 401


@pytest.mark.parametrize("username", ["ada", "nobody"])
def test_a_wrong_password_and_an_unknown_name_read_the_same(stranger: TestClient, username: str) -> None:
    refused = stranger.post("/token", json={"username": username, "password": "wrong wet umbrellas"})

    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "wrong_credentials")


def test_a_second_factor_is_asked_for(desk: Desk, stranger: TestClient) -> None:
    actor = desk.sessions.actor(desk.accounts.sign_in("ada", PASSWORD))
    app = pyotp.TOTP(desk.second_factors.propose(actor).secret)
    paper = desk.second_factors.turn_on(actor, PASSWORD, app.at(desk.clock()))

    assert signed_in(stranger).json()["error"]["code"] == "code_wanted"
    assert signed_in(stranger, code="000000").json()["error"]["code"] == "wrong_code"
    assert signed_in(stranger, code=paper[0]).status_code == 201


def test_a_key_reads_what_its_scopes_take_and_is_ended(ada: TestClient, stranger: TestClient, ticket: int) -> None:
    made = ada.post("/keys", json={"name": "Dashboard", "scopes": ["read"], "days": 30})
    key = bearer(made.json()["key"])

    assert made.status_code == 201
    assert stranger.get(f"/tickets/{ticket}", headers=key).status_code == 200
    assert stranger.post(f"/tickets/{ticket}/replies", json={"text": "Hm."}, headers=key).status_code == 403
    assert stranger.post("/keys", json={"name": "More", "scopes": ["read"], "days": 1}, headers=key).status_code == 403
    [listed] = ada.get("/keys").json()
    assert (listed["name"], listed["scopes"], "key" in listed) == ("Dashboard", ["read"], False)

    assert ada.delete(f"/keys/{listed['id']}").status_code == 200
    assert stranger.get(f"/tickets/{ticket}", headers=key).status_code == 401


def test_admins_see_and_end_the_keys_of_others_and_turn_the_signing_key(
    ada: TestClient, root: TestClient, carla: TestClient
) -> None:
    ada.post("/keys", json={"name": "Dashboard", "scopes": ["read"], "days": 30})
    [listed] = root.get("/users/ada/keys").json()

    assert carla.get("/users/ada/keys").status_code in {403, 404}
    assert carla.delete(f"/keys/{listed['id']}").status_code == 404
    assert root.delete(f"/keys/{listed['id']}").status_code == 200
    assert ada.post("/signing_key/rotation").status_code == 403
    assert root.post("/signing_key/rotation").status_code == 204
    assert root.get("/account").status_code == 200
