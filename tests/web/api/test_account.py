"""By what an account opens, over the API: its owner sees that and ends it, with a session and by no key."""

from datetime import UTC, datetime

import pytest
from starlette.testclient import TestClient

from tests.serving import PASSWORD
from ticketing.desk import Desk
from ticketing.domain.openid import Identity
from ticketing.domain.scopes import Scope

KEY = "a" * 64


@pytest.fixture(autouse=True)
def identity(desk: Desk) -> Identity:
    """Link Carla's account with whoever she is at a provider."""
    made = Identity(id=KEY, username="carla", issuer="https://login.example.org", created_at=datetime.now(UTC))
    with desk.store.write() as tx:
        tx.identities.save(made)
    return made


def test_whose_account_it_is_sees_the_ways_in_and_ends_one(carla: TestClient) -> None:
    ways = carla.get("/account/ways_in").json()

    ended = carla.delete(f"/account/ways_in/{KEY}")

    assert (ways["has_password"], [each["id"] for each in ways["identities"]]) == (True, [KEY])
    assert (ended.status_code, carla.get("/account/ways_in").json()["identities"]) == (204, [])


def test_another_sees_and_ends_nothing_of_it(carla: TestClient, oskar: TestClient) -> None:
    assert oskar.get("/account/ways_in").json()["identities"] == []
    assert oskar.delete(f"/account/ways_in/{KEY}").status_code == 204
    assert len(carla.get("/account/ways_in").json()["identities"]) == 1


def test_no_key_reaches_them(desk: Desk, stranger: TestClient) -> None:
    carla = desk.sessions.actor(desk.accounts.sign_in("carla", PASSWORD))
    key = desk.tokens.create_key(carla, "Import", [Scope.READ, Scope.WRITE], 7)
    headers = {"authorization": f"Bearer {key}"}

    for answer in (
        stranger.get("/account/ways_in", headers=headers),
        stranger.delete(f"/account/ways_in/{KEY}", headers=headers),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "permission_denied")


def test_a_stranger_is_asked_to_sign_in(stranger: TestClient) -> None:
    assert stranger.get("/account/ways_in").status_code == 401
