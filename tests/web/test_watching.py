"""`/watch`: somebody stops watching a ticket by a link in a mail, by a click of theirs and by no look at it."""

import pytest
from starlette.testclient import TestClient

from ticketing.desk import shared_desk
from ticketing.domain.people import Actor
from ticketing.domain.tickets import Ticket
from ticketing.domain.watch_links import WatchLink
from ticketing.services.mail_keys import mail_key

CONSOLE = Actor.console()
OURS = {"sec-fetch-site": "same-origin"}
MARKUP = "No <b>dial</b> tone"


@pytest.fixture
def token(browser: TestClient) -> str:
    """Return Carla's link for her ticket."""
    del browser  # whose desk it is
    desk = shared_desk()
    carla = Actor("carla", "Carla", CONSOLE.role, at_console=True)
    ticket = desk.tickets.open(carla, MARKUP, "The line is dead.")
    with desk.store.write() as tx:
        return WatchLink.of(mail_key(tx), ticket, "carla").token


def ticket() -> Ticket:
    return shared_desk().tickets.get(CONSOLE, 1)


def test_to_look_at_the_page_changes_nothing(browser: TestClient, token: str) -> None:
    page = browser.get(f"/watch?t={token}")

    assert page.status_code == 200
    assert "Stop watching T-1 “No &lt;b&gt;dial&lt;/b&gt; tone”?" in page.text
    assert ticket().muted == []


def test_a_click_stops_and_another_one_watches_again(browser: TestClient, token: str) -> None:
    stopped = browser.post("/watch", data={"t": token, "watch": "no"}, headers=OURS)
    assert "You have stopped watching T-1" in stopped.text
    assert ticket().muted == ["carla"]
    assert "You have stopped watching T-1" in browser.get(f"/watch?t={token}").text

    again = browser.post("/watch", data={"t": token, "watch": "yes"}, headers=OURS)
    assert "You watch T-1" in again.text
    assert ticket().muted == []


def test_a_mail_program_stops_it_by_itself_with_one_request_of_no_origin(browser: TestClient, token: str) -> None:
    answer = browser.post(f"/watch?t={token}", data={"List-Unsubscribe": "One-Click"})

    assert answer.status_code == 200
    assert ticket().muted == ["carla"]


@pytest.mark.parametrize("made_up", ["", "1", "1-" + "a" * 32, "99-" + "a" * 32, "x" * 5_000])
def test_a_made_up_link_leads_nowhere_whether_there_is_such_a_ticket_or_not(
    browser: TestClient, token: str, made_up: str
) -> None:
    del token  # there is one
    looked = browser.get("/watch", params={"t": made_up})
    sent = browser.post("/watch", params={"t": made_up}, data={"List-Unsubscribe": "One-Click"})

    assert (looked.status_code, sent.status_code) == (404, 404)
    assert "This link leads nowhere any more." in looked.text
    assert ticket().muted == []


def test_o4_the_page_runs_nothing_and_is_kept_nowhere(browser: TestClient, token: str) -> None:
    headers = browser.get(f"/watch?t={token}").headers

    assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert headers["cache-control"] == "no-store"
    assert headers["x-robots-tag"] == "noindex"


def test_a_form_that_is_too_long_stops_nothing(browser: TestClient, token: str) -> None:
    answer = browser.post("/watch", data={"t": token, "watch": "a" * 20_000}, headers=OURS)

    assert answer.status_code == 404
    assert ticket().muted == []
