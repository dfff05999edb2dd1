"""While the desk is being maintained, whoever asks for a change over HTTP is told when to come back."""

import pytest
from starlette.testclient import TestClient

import ticketing.desk
from tests.web.conftest import PASSWORD
from ticketing.domain.mail_links import Purpose
from ticketing.domain.maintenance import Maintenance
from ticketing.domain.people import Actor, Standing
from ticketing.services.mail_links import make_link

OURS = {"x-ticketing": "1", "x-file-name": "screen.png", "sec-fetch-site": "same-origin"}


@pytest.fixture
def token(browser: TestClient) -> str:
    """Return the token of a link by which Carla chooses a password, at a desk that is being maintained."""
    desk = ticketing.desk.shared_desk()
    with desk.store.write() as tx:
        user = tx.users.find("carla")
        assert user is not None
        user.put_address("carla@example.org", Standing.CONFIRMED)
        tx.users.save(user)
        token = str(make_link(tx, Purpose.RESET, user, desk.clock()))
    browser.cookies.set("ticketing_session", desk.accounts.sign_in("carla", PASSWORD))
    desk.definitions.save(Actor.console(), Maintenance(id=Maintenance.kind, name="Maintenance", is_on=True))
    return token


def test_a_file_is_refused_with_when_to_come_back(browser: TestClient, token: str) -> None:
    answer = browser.post("/attachments", content=b"A picture.", headers=OURS)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "300")
    assert "being maintained" in answer.json()["error"]
    assert token


def test_a_link_in_a_mail_stays_as_it_is(browser: TestClient, token: str) -> None:
    form = {"t": token, "new": "four dry umbrellas", "confirmation": "four dry umbrellas"}

    looked = browser.get(f"/choose_password?t={token}")
    answer = browser.post("/choose_password", data=form, headers=OURS)

    assert (looked.status_code, answer.status_code, answer.headers["retry-after"]) == (200, 503, "300")
    assert ticketing.desk.shared_desk().password_resets.look(token) == "carla"


def test_whether_the_desk_is_well_is_another_matter(browser: TestClient, token: str) -> None:
    assert [browser.get(path).status_code for path in ("/healthz", "/readyz")] == [200, 200]
    assert token
