"""An address is confirmed and a forgotten password chosen anew, by links in real mails, in a real browser."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PHONE, Windows, watched
from tests.mail_server import MailServer
from tests.postgres import databases
from tests.serving import PASSWORD, Server
from ticketing.domain.people import Standing

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

ADDRESS = "carla@example.org"
NEW = "four dry umbrellas"


@pytest.fixture(scope="module")
def mails() -> Iterator[MailServer]:
    with MailServer() as running:
        yield running


@pytest.fixture(params=["json", "postgres"])
def mailing(request: pytest.FixtureRequest, tmp_path: Path, mails: MailServer) -> Iterator[Server]:
    """Return a server that sends its mails to the mail server of this test, on either store."""
    storage = databases().create("mailing") if request.param == "postgres" else ""
    server = Server(tmp_path, storage=storage)
    url = f"smtp://127.0.0.1:{mails.server.port}"
    server.require(SMTP_URL=url, MAIL_FROM="Help desk <desk@example.org>", BASE_URL=server.base)
    with server:
        yield server


@pytest.fixture
def windows(chromium: Browser, mailing: Server) -> Iterator[Windows]:
    yield from watched(Windows(chromium, mailing))


def link_in_next_mail(mails: MailServer, subject: str) -> str:
    """Wait for the mail with this subject, and return the only link in it."""
    deadline = time.monotonic() + 30
    while not (found := [taken for taken in mails.taken if taken.mail["Subject"] == subject]):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    mails.taken.remove(found[0])
    links: list[str] = re.findall(r"https?://\S+", found[0].text)
    assert len(links) == 1
    return links[0]


def standing(server: Server) -> Standing:
    with server.desk.store.read() as tx:
        user = tx.users.find("carla")
    assert user is not None
    return user.standing


def follow(page: Page, link: str) -> None:
    page.goto(link)
    expect(page).not_to_have_url(re.compile("t="))


def test_a17_a_person_confirms_their_address_and_a12_chooses_a_forgotten_password_anew(
    windows: Windows, mailing: Server, mails: MailServer
) -> None:
    carla = windows.open("account", person="carla")
    carla.get_by_label("E-mail (optional)").fill(ADDRESS)
    carla.get_by_label("Present password (only for another e-mail)", exact=True).fill(PASSWORD)
    carla.get_by_role("button", name="Save profile").click()
    expect(carla.get_by_text("Your e-mail address is not confirmed yet")).to_be_visible()
    follow(carla, link_in_next_mail(mails, "Please confirm your e-mail address"))
    expect(carla.get_by_text(f"{ADDRESS} was entered for the account carla.")).to_be_visible()
    assert standing(mailing) is Standing.UNCONFIRMED

    carla.get_by_role("button", name="Yes, it is mine").press("Enter")
    expect(carla.get_by_role("heading", name="Thank you")).to_be_visible()
    assert standing(mailing) is Standing.CONFIRMED
    carla.get_by_role("link", name="To the help desk").click()
    expect(carla.get_by_role("heading", name="My tickets")).to_be_visible()

    phone = windows.open("login", **PHONE)
    phone.get_by_role("link", name="Forgot password?").click()
    phone.get_by_label("Username or e-mail").fill(ADDRESS)
    phone.get_by_role("button", name="Send the link").click()
    expect(phone.get_by_text("a link is on its way")).to_be_visible()
    follow(phone, link_in_next_mail(mails, "Choose a new password"))
    phone.get_by_label("New password").fill("short")
    phone.get_by_label("The same once more").fill("short")
    phone.get_by_role("button", name="Change the password").click()
    expect(phone.get_by_role("alert")).to_contain_text("at least 10 characters")
    phone.get_by_label("New password").fill(NEW)
    phone.get_by_label("The same once more").fill(NEW)
    phone.get_by_role("button", name="Change the password").click()
    expect(phone.get_by_role("heading", name="Your password is changed")).to_be_visible()

    phone.get_by_role("link", name="To the help desk").click()
    phone.get_by_label("Username").fill("carla")
    phone.get_by_label("Password", exact=True).fill(NEW)
    phone.get_by_role("button", name="Sign in").click()
    expect(phone.get_by_role("heading", name="My tickets")).to_be_visible()
    carla.reload()
    expect(carla.get_by_role("heading", name="Sign in")).to_be_visible()
    assert "t=" not in mailing.log
    assert PASSWORD not in mailing.log
    assert NEW not in mailing.log
