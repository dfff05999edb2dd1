"""`/confirm`, `/choose_password` and `/accept_invitation`: what a link in a mail opens, at a click and not before."""

import re

import pytest
from starlette.testclient import TestClient

from tests.mail_server import MailServer
from tests.web.conftest import HERE, PASSWORD, OpenSite
from ticketing.desk import shared_desk
from ticketing.domain.errors import WrongCredentialsError
from ticketing.domain.mail_links import Purpose
from ticketing.domain.people import Actor, Standing
from ticketing.services.mail_links import make_link

OURS = {"sec-fetch-site": "same-origin"}
NEW = "four dry umbrellas"
ADDRESS = "carla&co@example.org"


def token(purpose: Purpose, standing: Standing) -> str:
    """Return the token of a link that Carla was mailed."""
    desk = shared_desk()
    with desk.store.write() as tx:
        carla = tx.users.find("carla")
        assert carla is not None
        carla.put_address(ADDRESS, standing)
        tx.users.save(carla)
        return str(make_link(tx, purpose, carla, desk.clock()))


@pytest.fixture
def confirmation(browser: TestClient) -> str:
    del browser  # whose desk it is
    return token(Purpose.CONFIRM, Standing.UNCONFIRMED)


@pytest.fixture
def reset(browser: TestClient) -> str:
    del browser
    return token(Purpose.RESET, Standing.CONFIRMED)


@pytest.fixture
def invitation(browser: TestClient) -> str:
    del browser
    return shared_desk().invitations.invite(Actor.console(), "Nora", "nora@example.org").token


def standing() -> Standing:
    return shared_desk().agents.person(Actor.console(), "carla").standing


def can_sign_in(password: str) -> bool:
    try:
        shared_desk().accounts.sign_in("carla", password)
    except WrongCredentialsError:
        return False
    return True


def test_a17_looking_confirms_nothing_and_a_click_does(browser: TestClient, confirmation: str) -> None:
    for _ in range(3):
        page = browser.get("/confirm", params={"t": confirmation})
        assert page.status_code == 200
    assert "carla&amp;co@example.org was entered for the account carla." in page.text
    assert standing() is Standing.UNCONFIRMED

    done = browser.post("/confirm", data={"t": confirmation}, headers=OURS)

    assert "is the address of the account carla now" in done.text
    assert standing() is Standing.CONFIRMED
    assert browser.post("/confirm", data={"t": confirmation}, headers=OURS).status_code == 404


def test_an_address_of_another_account_is_refused_to_whoever_reads_its_mail(
    browser: TestClient, confirmation: str
) -> None:
    desk = shared_desk()
    desk.accounts.register("oskar", "Oskar", PASSWORD, PASSWORD)
    with desk.store.write() as tx:
        oskar = tx.users.find("oskar")
        assert oskar is not None
        oskar.put_address(ADDRESS, Standing.CONFIRMED)
        tx.users.save(oskar)

    page = browser.post("/confirm", data={"t": confirmation}, headers=OURS)

    assert page.status_code == 409
    assert "confirmed for another account" in page.text


def test_a12_looking_uses_no_reset_up_and_the_form_does_once(browser: TestClient, reset: str) -> None:
    for _ in range(3):
        page = browser.get("/choose_password", params={"t": reset})
        assert page.status_code == 200
    assert f'<input type="hidden" name="t" value="{reset}">' in page.text
    assert can_sign_in(PASSWORD)

    sent = {"t": reset, "new": NEW, "confirmation": NEW}
    assert browser.post("/choose_password", data=sent, headers=OURS).status_code == 200

    assert can_sign_in(NEW)
    assert not can_sign_in(PASSWORD)
    assert browser.post("/choose_password", data=sent, headers=OURS).status_code == 404


@pytest.mark.parametrize(
    ("new", "confirmation", "says"), [("short", "short", "at least 10"), (NEW, PASSWORD, "differ"), ("", "", "")]
)
def test_a_password_that_cannot_be_taken_leaves_the_link_as_it_is(
    browser: TestClient, reset: str, new: str, confirmation: str, says: str
) -> None:
    page = browser.post("/choose_password", data={"t": reset, "new": new, "confirmation": confirmation}, headers=OURS)

    assert page.status_code == 422
    assert says in page.text
    assert 'role="alert"' in page.text
    assert browser.get("/choose_password", params={"t": reset}).status_code == 200


@pytest.mark.parametrize("path", ["/confirm", "/choose_password"])
@pytest.mark.parametrize("made_up", ["", "x", f"{'0' * 32}-{'s' * 43}", "<script>"])
def test_a12_an_empty_or_made_up_token_opens_nothing(
    browser: TestClient, confirmation: str, reset: str, path: str, made_up: str
) -> None:
    del confirmation, reset  # there are some
    answers = [
        browser.get(path, params={"t": made_up}),
        browser.post(path, data={"t": made_up, "new": NEW, "confirmation": NEW}, headers=OURS),
        browser.post(path, data={"new": NEW, "confirmation": NEW}, headers=OURS),
    ]

    assert [answer.status_code for answer in answers] == [404] * 3
    assert "This link leads nowhere any more" in answers[0].text


def test_a12_a_link_of_one_purpose_opens_nothing_of_another(browser: TestClient, reset: str) -> None:
    assert browser.post("/confirm", data={"t": reset}, headers=OURS).status_code == 404


@pytest.mark.parametrize("path", ["/confirm", "/choose_password"])
def test_a12_the_token_leaves_the_address_at_once_and_no_other_page_is_told_of_it(
    browser: TestClient, confirmation: str, reset: str, path: str
) -> None:
    sent = {"t": confirmation if path == "/confirm" else reset}
    page = browser.get(path, params=sent, headers={"sec-fetch-site": "none"})

    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert "location.pathname" in page.text
    assert re.match(
        r"default-src 'none'; script-src 'sha256-[^']+'; style-src", page.headers["content-security-policy"]
    )


def test_a_browser_that_tells_nothing_else_of_a_form_may_name_its_origin(browser: TestClient, reset: str) -> None:
    assert browser.get("/choose_password", params={"t": reset}).headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/confirm", "/choose_password"])
def test_s8_another_site_can_press_no_button_here(
    browser: TestClient, confirmation: str, reset: str, path: str
) -> None:
    sent = {"t": confirmation if path == "/confirm" else reset, "new": NEW, "confirmation": NEW}

    assert browser.post(path, data=sent, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert standing() is not Standing.GIVEN
    assert can_sign_in(PASSWORD)


@pytest.mark.parametrize("header", ["host", "x-forwarded-host", "forwarded"])
def test_a13_links_lead_to_the_public_address_whatever_a_request_says(site: OpenSite, header: str) -> None:
    with MailServer() as server:
        url = f"smtp://127.0.0.1:{server.server.port}"
        browser = site("https://desk.example.org", HERE, smtp_url=url, mail_from="desk@example.org")
        desk = shared_desk()
        browser.get("/readyz", headers={header: "evil.example"})
        desk.accounts.register("oskar", "Oskar", PASSWORD, PASSWORD, "oskar@example.org")
        dispatcher = desk.dispatcher()
        assert dispatcher is not None
        dispatcher.drain()

        [mail] = server.taken
        links = re.findall(r"https?://[^\s\"<]+", mail.text)
        assert [link.partition("?")[0] for link in links] == ["https://desk.example.org/confirm"]
        page = browser.get(links[0].removeprefix("https://desk.example.org"))
        assert page.status_code == 200
        assert "oskar@example.org was entered for the account oskar." in page.text


def test_a12_looking_uses_no_invitation_up_and_the_form_does_once(browser: TestClient, invitation: str) -> None:
    for _ in range(3):
        page = browser.get("/accept_invitation", params={"t": invitation})
        assert page.status_code == 200
    assert "Your username is nora." in page.text
    weak = {"t": invitation, "new": "short", "confirmation": "short"}
    assert browser.post("/accept_invitation", data=weak, headers=OURS).status_code == 422

    sent = {"t": invitation, "new": NEW, "confirmation": NEW}
    assert browser.post("/accept_invitation", data=sent, headers=OURS).status_code == 200

    assert shared_desk().accounts.sign_in("nora", NEW)
    assert browser.post("/accept_invitation", data=sent, headers=OURS).status_code == 404


@pytest.mark.parametrize("token", ["", "x", f"{'0' * 32}-{'A' * 43}"])
def test_nothing_is_said_of_who_is_invited_without_their_link(browser: TestClient, invitation: str, token: str) -> None:
    page = browser.get("/accept_invitation", params={"t": token})

    assert invitation
    assert page.status_code == 404
    assert "nora" not in page.text
