"""`/rate`: whether a matter is solved, said by a link in a mail, once, and by nobody who has not got it."""

import re

import pytest
from starlette.testclient import TestClient

from ticketing.desk import shared_desk
from ticketing.domain.people import Actor
from ticketing.domain.rating_links import RatingLink
from ticketing.domain.ratings import Rating
from ticketing.domain.tickets import Ticket
from ticketing.services.mail_keys import mail_key

CONSOLE = Actor.console()
OURS = {"sec-fetch-site": "same-origin"}
MARKUP = "No <b>dial</b> tone"


@pytest.fixture
def ticket(browser: TestClient) -> Ticket:
    """Return Carla's ticket, which is resolved."""
    del browser  # whose desk it is
    desk = shared_desk()
    carla = Actor("carla", "Carla", CONSOLE.role, at_console=True)
    number = desk.tickets.open(carla, MARKUP, "The line is dead.").number
    return desk.tickets.close(CONSOLE, number, "There is a new cable.")


@pytest.fixture
def token(ticket: Ticket) -> str:
    with shared_desk().store.write() as tx:
        link = RatingLink.of(mail_key(tx), ticket)
    assert link is not None
    return link.token


def rating(number: int = 1) -> Rating | None:
    return shared_desk().tickets.get(CONSOLE, number).rating


def test_to_look_at_the_page_says_nothing_yet(browser: TestClient, token: str) -> None:
    page = browser.get(f"/rate?t={token}&solved=yes")

    assert page.status_code == 200
    assert "Is T-1 “No &lt;b&gt;dial&lt;/b&gt; tone” solved?" in page.text
    assert re.search(r'value="yes" class=chosen>Yes', page.text)
    assert rating() is None


@pytest.mark.parametrize(("answer", "told"), [("yes", "solved"), ("no", "not solved")])
def test_one_click_says_it_and_a_second_adds_stars_and_a_comment(
    browser: TestClient, token: str, answer: str, told: str
) -> None:
    first = browser.post("/rate", data={"t": token, "solved": answer}, headers=OURS)
    assert f"you have said: {told}." in first.text

    sent = {"t": token, "solved": answer, "score": "4", "comment": "Fast <i>enough</i>."}
    second = browser.post("/rate", data=sent, headers=OURS)

    assert f"you have said: {told}, 4 of 5." in second.text
    said = rating()
    assert said is not None
    assert (said.by, said.solved, said.score, said.comment) == ("carla", answer == "yes", 4, "Fast <i>enough</i>.")
    assert "<form" not in second.text


def test_what_was_said_is_not_said_anew(browser: TestClient, token: str) -> None:
    browser.post("/rate", data={"t": token, "solved": "yes", "score": "5"}, headers=OURS)

    again = browser.post("/rate", data={"t": token, "solved": "no"}, headers=OURS)

    assert again.status_code == 409
    said = rating()
    assert said is not None
    assert said.solved


def test_a_comment_that_is_too_long_stays_in_the_form(browser: TestClient, token: str) -> None:
    browser.post("/rate", data={"t": token, "solved": "yes"}, headers=OURS)
    comment = "<b>" + "a" * 1_001

    page = browser.post("/rate", data={"t": token, "solved": "yes", "comment": comment}, headers=OURS)

    assert page.status_code == 422
    assert f"&lt;b&gt;{'a' * 1_001}" in page.text
    assert "Comment" in page.text


def test_a_link_ends_when_the_ticket_is_opened_again(browser: TestClient, token: str) -> None:
    shared_desk().tickets.reopen(CONSOLE, 1)

    assert browser.get(f"/rate?t={token}").status_code == 404
    assert browser.post("/rate", data={"t": token, "solved": "yes"}, headers=OURS).status_code == 404
    assert rating() is None


@pytest.mark.parametrize("made_up", ["", "1", "1-" + "a" * 32, "99-" + "a" * 32, "x" * 5_000])
def test_a_made_up_link_leads_nowhere_whether_there_is_such_a_ticket_or_not(
    browser: TestClient, token: str, made_up: str
) -> None:
    del token  # there is one
    page = browser.get("/rate", params={"t": made_up})

    assert page.status_code == 404
    assert "This link leads nowhere any more." in page.text


def test_where_nothing_was_ever_signed_no_link_leads_anywhere(browser: TestClient, ticket: Ticket) -> None:
    assert ticket.resolved_at is not None
    assert browser.get(f"/rate?t=1-{'a' * 32}").status_code == 404


def test_a_link_ends_with_the_account(browser: TestClient, token: str) -> None:
    shared_desk().agents.deactivate(CONSOLE, "carla")

    assert browser.get(f"/rate?t={token}").status_code == 404


def test_s8_another_site_cannot_say_it(browser: TestClient, token: str) -> None:
    answer = browser.post("/rate", data={"t": token, "solved": "no"}, headers={"sec-fetch-site": "cross-site"})

    assert answer.status_code == 403
    assert rating() is None


def test_the_page_runs_nothing_and_is_kept_nowhere(browser: TestClient, token: str) -> None:
    headers = browser.get(f"/rate?t={token}").headers

    assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert headers["cache-control"] == "no-store"
    assert headers["x-robots-tag"] == "noindex"


def test_a_form_that_is_too_long_says_nothing(browser: TestClient, token: str) -> None:
    answer = browser.post("/rate", data={"t": token, "solved": "yes", "comment": "a" * 20_000}, headers=OURS)

    assert answer.status_code == 404
    assert rating() is None
