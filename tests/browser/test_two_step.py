"""Two-step sign-in as people meet it: set up, asked for, remembered, lost, and asked of agents."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.acting import GAPS, expect_ticket, sign_in, sign_out
from tests.browser.conftest import ON_BOTH_STORES, Windows, settle, watched
from tests.browser.test_looks import ON_DESKTOP_AND_PHONE, findings_in_both
from tests.serving import PASSWORD, Server

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


class Phone:
    """A phone whose app shows codes, each of which is used once."""

    def __init__(self, secret: str) -> None:
        self._app = pyotp.TOTP(secret)
        self._last = 0

    def code(self) -> str:
        """Return the next code that was not used; the desk takes the one of the next half minute as well."""
        step = max(self._last + 1, int(time.time()) // 30)
        while step > int(time.time()) // 30 + 1:
            time.sleep(0.2)
        self._last = step
        return self._app.generate_otp(step)


def person_with_phone(server: Server, username: str) -> tuple[Phone, list[str]]:
    """Make an account with a second factor; return the phone, and the paper with the recovery codes."""
    server.desk.accounts.register(username, username.capitalize(), PASSWORD, PASSWORD)
    actor = server.actor(username)
    phone = Phone(server.desk.second_factors.propose(actor).secret)
    return phone, server.desk.second_factors.turn_on(actor, PASSWORD, phone.code())


def set_up(page: Page) -> Phone:
    """Read the secret off the page, and turn the second factor on."""
    picture = page.get_by_role("img", name="QR code for an authenticator app")
    expect(picture).to_be_visible()
    assert picture.evaluate("each => each.naturalWidth > 0")
    phone = Phone(page.locator("code").inner_text().replace(" ", ""))
    page.get_by_label("Code", exact=True).fill(phone.code())
    page.get_by_label("Present password", exact=True).last.fill(PASSWORD)
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_text("Two-step sign-in is on.")).to_be_visible()
    return phone


def type_code(page: Page, code: str) -> None:
    """Type a code into the second step of signing in."""
    page.get_by_label("Code", exact=True).fill(code)
    page.get_by_role("button", name="Sign in", exact=True).click()


@ON_BOTH_STORES
def test_it_is_set_up_on_the_account_page_and_asked_for_from_then_on(windows: Windows, server: Server) -> None:
    server.desk.accounts.register("maria", "Maria", PASSWORD, PASSWORD)
    ticket = server.desk.tickets.open(server.actor("maria"), "Loose cable", "It sparks.")
    page = windows.open("account", person="maria")
    page.get_by_role("tab", name="Two-step sign-in").click()
    page.get_by_role("button", name="Set up").click()

    phone = set_up(page)

    expect(page.locator(".recovery-codes li")).to_have_count(10)
    codes = page.locator(".recovery-codes li").all_inner_texts()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    kept = Path(download.value.path()).read_text("utf-8")
    assert download.value.suggested_filename == "recovery-codes.txt"
    assert [line for line in kept.splitlines() if line in codes] == codes
    page.get_by_role("button", name="I have kept them").click()
    expect(page.get_by_role("heading", name="My tickets")).to_be_visible()
    sign_out(page)

    page.goto(f"{server.base}/ticket?id={ticket.number}")
    sign_in(page, "maria")
    expect(page.get_by_label("Code", exact=True)).to_be_visible()
    expect(page.get_by_label("Password", exact=True)).to_have_count(0)
    type_code(page, "123 456")
    expect(page.get_by_text("This code is wrong or was used already.")).to_be_visible()
    type_code(page, phone.code())

    expect_ticket(page, "Loose cable")
    expect(page).to_have_url(f"{server.base}/ticket?id={ticket.number}")
    for secret in (*codes, "otpauth"):
        assert secret not in server.log


def test_a16_between_password_and_code_no_page_is_open(windows: Windows, server: Server) -> None:
    person_with_phone(server, "nina")
    page = windows.open("login")
    sign_in(page, "nina")
    expect(page.get_by_label("Code", exact=True)).to_be_visible()

    for path in ("my_tickets", "account", "new_ticket"):
        page.goto(f"{server.base}/{path}")
        expect(page.get_by_label("Password", exact=True)).to_be_visible()
    assert not [cookie for cookie in page.context.cookies() if "ticketing" in str(cookie.get("name"))]


@ON_BOTH_STORES
def test_a_remembered_browser_asks_for_the_password_alone_until_it_is_forgotten(
    windows: Windows, server: Server
) -> None:
    phone, _ = person_with_phone(server, "olga")
    page = windows.open("login")
    sign_in(page, "olga")
    page.get_by_text("Remember this browser for 30 days").click()
    type_code(page, phone.code())
    expect(page.get_by_role("heading", name="My tickets")).to_be_visible()
    sign_out(page)

    sign_in(page, "olga")
    expect(page.get_by_role("heading", name="My tickets")).to_be_visible()
    elsewhere = windows.open("login")
    sign_in(elsewhere, "olga")
    expect(elsewhere.get_by_label("Code", exact=True)).to_be_visible()

    page.goto(f"{server.base}/account")
    page.get_by_role("tab", name="Two-step sign-in").click()
    page.get_by_role("button", name="Forget all browsers").click()
    expect(page.get_by_text("Every browser is asked for a code again.")).to_be_visible()
    sign_out(page)
    sign_in(page, "olga")
    expect(page.get_by_label("Code", exact=True)).to_be_visible()


@ON_BOTH_STORES
def test_who_is_without_their_phone_signs_in_with_a_recovery_code(windows: Windows, server: Server) -> None:
    _, paper = person_with_phone(server, "pia")
    page = windows.open("login")
    sign_in(page, "pia")
    page.get_by_role("button", name="Start over").click()
    sign_in(page, "pia")

    type_code(page, paper[0].upper().replace("-", " "))

    expect(page.get_by_role("heading", name="My tickets")).to_be_visible()
    page.goto(f"{server.base}/account")
    page.get_by_role("tab", name="Two-step sign-in").click()
    expect(page.get_by_text("Recovery codes left: 9.")).to_be_visible()


@pytest.mark.parametrize("gap", GAPS)
def test_who_sends_the_code_twice_is_signed_in_with_one_session(windows: Windows, server: Server, gap: int) -> None:
    name = f"hasty-{gap}"
    phone, _ = person_with_phone(server, name)
    page = windows.open("login")
    sign_in(page, name)
    page.get_by_label("Code", exact=True).fill(phone.code())

    with server.slow_disk():
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_timeout(gap)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_timeout(300)

    expect(page.get_by_role("heading", name="My tickets")).to_be_visible()
    with server.desk.store.read() as tx:
        assert len(tx.sessions.of_user(name)) == 2  # the one in which it was set up, and this one


def test_it_is_turned_off_by_its_owner_and_by_an_admin(windows: Windows, server: Server) -> None:
    phone, _ = person_with_phone(server, "rita")
    accounts = server.desk.accounts
    page = windows.open("login")
    sign_in(page, "rita")
    type_code(page, phone.code())
    expect(page.get_by_role("heading", name="My tickets")).to_be_visible()
    page.goto(f"{server.base}/account")
    page.get_by_role("tab", name="Two-step sign-in").click()
    panel = page.get_by_role("tabpanel", name="Two-step sign-in")
    panel.get_by_label("Code", exact=True).last.fill(phone.code())
    panel.get_by_label("Present password", exact=True).fill(PASSWORD)
    panel.get_by_role("button", name="Turn off").click()
    expect(page.get_by_text("Two-step sign-in is turned off.")).to_be_visible()
    assert accounts.sign_in("rita", PASSWORD)

    person_with_phone(server, "sina")
    admin = windows.open("agent_admin?person=sina", person="root")
    admin.get_by_role("button", name="Turn off two-step sign-in").click()
    admin.get_by_role("button", name="Turn it off now").click()
    expect(admin.get_by_text("Two-step sign-in of Sina is turned off")).to_be_visible()
    assert accounts.sign_in("sina", PASSWORD)


@ON_DESKTOP_AND_PHONE
def test_each_step_is_accessible(windows: Windows, server: Server, look: dict[str, Any]) -> None:
    name = f"tina-{'phone' if 'is_mobile' in look else 'desk'}"
    _, paper = person_with_phone(server, name)
    page = windows.open("login", **look)
    sign_in(page, name)
    expect(page.get_by_label("Code", exact=True)).to_be_visible()
    assert findings_in_both(page) == []
    type_code(page, paper[0])
    expect(page.get_by_role("heading", name="My tickets")).to_be_visible()
    page.goto(f"{server.base}/account")
    page.get_by_role("tab", name="Two-step sign-in").click()
    expect(page.get_by_text("Recovery codes left: 9.")).to_be_visible()
    assert findings_in_both(page) == []

    beginner = f"uta-{'phone' if 'is_mobile' in look else 'desk'}"
    server.desk.accounts.register(beginner, "Uta", PASSWORD, PASSWORD)
    page = windows.open("account", person=beginner, **look)
    page.get_by_role("tab", name="Two-step sign-in").click()
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_role("img", name="QR code for an authenticator app")).to_be_visible()
    settle(page)
    assert findings_in_both(page) == []
    set_up(page)
    expect(page.locator(".recovery-codes li")).to_have_count(10)
    assert findings_in_both(page) == []


@pytest.fixture
def strict_server(tmp_path: Path) -> Iterator[Server]:
    """Return a server whose agents must have a second factor."""
    with Server(tmp_path, TICKETING_REQUIRE_SECOND_FACTOR="agents") as running:
        yield running


@pytest.fixture
def strict_windows(chromium: Browser, strict_server: Server) -> Iterator[Windows]:
    yield from watched(Windows(chromium, strict_server))


def test_where_agents_must_have_it_nothing_else_is_open_to_them_before(
    strict_windows: Windows, strict_server: Server
) -> None:
    page = strict_windows.open("all_tickets")
    sign_in(page, "ada")
    expect(page.get_by_text("This desk asks for two-step sign-in.")).to_be_visible()
    for path in ("all_tickets", "ticket?id=1", "agent_admin", ""):
        page.goto(f"{strict_server.base}/{path}")
        expect(page.get_by_text("This desk asks for two-step sign-in.")).to_be_visible()
        settle(page)
        expect(page.get_by_role("link", name="All tickets")).to_have_count(0)

    phone = set_up(page)
    page.get_by_role("button", name="I have kept them").click()
    expect(page.get_by_role("heading", name="All tickets")).to_be_visible()
    sign_out(page)
    sign_in(page, "ada")
    type_code(page, phone.code())
    expect(page.get_by_role("heading", name="All tickets")).to_be_visible()

    requester = strict_windows.open("login")
    sign_in(requester, "carla")
    expect(requester.get_by_role("heading", name="My tickets")).to_be_visible()
