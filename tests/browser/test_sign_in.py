"""Signing in and out as people meet it: it lasts, it leads where one wanted to go, and it ends everywhere at once."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.acting import (
    GAPS,
    choose_password,
    conversation,
    expect_login,
    expect_ticket,
    row,
    sign_in,
    sign_out,
)
from tests.browser.conftest import Windows, settle, watched
from tests.serving import PASSWORD, Server

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

# Notes, from the first moment of each page on, whether a field for a password was ever drawn in it.
WATCH_FOR_THE_LOGIN_FORM = """
window.sawLogin = false
const look = () => { if (document.querySelector('input[type=password]')) window.sawLogin = true }
new MutationObserver(look).observe(document, { childList: true, subtree: true })
"""


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """Return a server that a test may do away with."""
    with Server(tmp_path) as running:
        yield running


@pytest.fixture
def own_windows(chromium: Browser, own_server: Server) -> Iterator[Windows]:
    yield from watched(Windows(chromium, own_server))


def test_a_link_to_a_ticket_leads_through_the_login_to_that_ticket(windows: Windows, server: Server) -> None:
    ticket = server.desk.tickets.open(server.actor("carla"), "Lost password", "Of the old system.")
    page = windows.open(f"ticket?id={ticket.number}")

    expect_login(page)
    sign_in(page, "carla")

    expect_ticket(page, "Lost password")
    expect(page).to_have_url(f"{server.base}/ticket?id={ticket.number}")


def test_a_wrong_password_is_refused_and_the_name_stays(windows: Windows) -> None:
    page = windows.open("login")

    sign_in(page, "carla", "not her password")

    expect(page.get_by_text("Username or password is wrong.")).to_be_visible()
    expect(page.get_by_label("Username", exact=True)).to_have_value("carla")
    sign_in(page, "carla")
    expect(page.get_by_role("heading", name="My tickets")).to_be_visible()


@pytest.mark.parametrize("gap", GAPS)
def test_who_presses_the_button_twice_is_signed_in_with_one_session(windows: Windows, server: Server, gap: int) -> None:
    person = f"impatient-{gap}"
    server.desk.accounts.register(person, "Impatient", PASSWORD, PASSWORD)
    page = windows.open("login")

    with server.slow_disk():
        sign_in(page, person)
        page.wait_for_timeout(gap)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_timeout(300)

    expect(page.get_by_role("heading", name="My tickets")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="My tickets")).to_be_visible()
    me = server.actor(person)
    assert len([session for session in server.desk.sessions.own(me) if session.id != me.session]) == 1


def test_a_sign_in_lasts_over_reload_second_tab_and_back_without_a_glimpse_of_the_login(
    windows: Windows, server: Server
) -> None:
    ticket = server.desk.tickets.open(server.actor("carla"), "Squeaking chair", "It squeaks.")
    page = windows.open("login")
    sign_in(page, "carla")
    expect(row(page, "Squeaking chair")).to_be_visible()
    page.context.add_init_script(WATCH_FOR_THE_LOGIN_FORM)

    page.reload()
    expect(row(page, "Squeaking chair")).to_be_visible()
    assert page.evaluate("window.sawLogin") is False

    row(page, "Squeaking chair").get_by_role("link").click()
    expect_ticket(page, "Squeaking chair")
    page.go_back()
    expect(row(page, "Squeaking chair")).to_be_visible()
    assert page.evaluate("window.sawLogin") is False

    second = page.context.new_page()
    second.goto(f"{server.base}/ticket?id={ticket.number}")
    expect_ticket(second, "Squeaking chair")
    assert second.evaluate("window.sawLogin") is False


def test_a_sign_in_and_a_half_written_answer_outlive_the_server(own_windows: Windows, own_server: Server) -> None:
    ticket = own_server.desk.tickets.open(own_server.actor("carla"), "Power cut", "Dark.")
    page = own_windows.open(f"ticket?id={ticket.number}", person="carla")
    page.get_by_role("textbox", name="Public reply").fill("The light is back")

    own_server.kill()
    own_server.start()

    settle(page)
    expect(page.get_by_role("textbox", name="Public reply")).to_have_value("The light is back")
    page.get_by_role("button", name="Send reply").click()
    expect(conversation(page)).to_contain_text("The light is back")
    page.reload()
    expect_ticket(page, "Power cut")
    expect(conversation(page)).to_contain_text("The light is back")
    assert [message.text for message in own_server.ticket(ticket.number).messages] == ["Dark.", "The light is back"]


def test_s3_signing_out_ends_every_tab_at_its_next_step(windows: Windows, server: Server) -> None:
    ticket = server.desk.tickets.open(server.actor("carla"), "Cold office", "12 degrees.")
    first = windows.open("my_tickets", person="carla")
    answering, listing = first.context.new_page(), first.context.new_page()
    answering.goto(f"{server.base}/ticket?id={ticket.number}")
    answering.get_by_role("textbox", name="Public reply").fill("Now 11.")
    listing.goto(f"{server.base}/my_tickets")
    expect(row(listing, "Cold office")).to_be_visible()

    sign_out(first)
    expect_login(first)

    answering.get_by_role("button", name="Send reply").click()
    expect_login(answering)
    listing.get_by_role("button", name="Done").click()
    expect_login(listing)
    assert len(server.ticket(ticket.number).messages) == 1
    assert [cookie["name"] for cookie in first.context.cookies() if "session" in cookie.get("name", "")] in (
        [],
        ["ticketing_session_device"],
    )


def test_s6_who_signs_in_next_in_the_same_tab_finds_nothing_of_the_one_before(windows: Windows, server: Server) -> None:
    server.desk.tickets.open(server.actor("carla"), "Carla's secret plan", "Nobody may know.")
    page = windows.open("login")
    sign_in(page, "carla")
    page.get_by_role("searchbox").fill("secret plan")
    page.get_by_role("searchbox").press("Enter")
    expect(row(page, "Carla's secret plan")).to_be_visible()
    expect(page).to_have_url(re.compile(r"q=secret"))
    settle(page)
    page.get_by_role("link", name="New ticket").click()
    page.get_by_role("textbox", name="Title").fill("Carla's half-written title")
    page.get_by_role("heading", name="New ticket").click()
    sign_out(page)
    expect_login(page)
    windows.received[page.context].clear()

    sign_in(page, "oskar")
    expect(page.get_by_role("heading", name="My tickets")).to_be_visible()
    expect(page.get_by_role("searchbox")).to_have_value("")
    page.get_by_role("link", name="New ticket").click()

    expect(page.get_by_role("textbox", name="Title")).to_have_value("")
    expect(page.get_by_text("Oskar Lind")).to_be_visible()
    received = bytes(windows.received[page.context])
    assert b"Oskar" in received
    # Her name alone may be told: he watches what was merged with a ticket of hers.
    assert b"Carla's" not in received
    assert b"secret plan" not in received


def test_a15_the_first_launch_password_opens_nothing_but_the_choice_of_another(
    chromium: Browser, tmp_path: Path
) -> None:
    with Server(tmp_path, with_people=False) as fresh:
        for windows in watched(Windows(chromium, fresh)):
            page = windows.open("all_tickets")
            expect(page.get_by_text("This desk is new.")).to_be_visible()
            sign_in(page, "support_agent", "supportpass")
            expect(page.get_by_text("Choose your own to go on.")).to_be_visible()

            for path in ("all_tickets", "new_ticket", "agent_admin", "ticket?id=1", ""):
                page.goto(f"{fresh.base}/{path}")
                expect(page.get_by_role("button", name="Change password")).to_be_visible()
                expect(page.get_by_test_id("stSidebarNav")).to_have_count(0)

            choose_password(page, "supportpass", "a brand new umbrella")
            expect(page.get_by_role("heading", name="All tickets")).to_be_visible()
            sign_out(page)
            expect_login(page)
            expect(page.get_by_text("This desk is new.")).to_have_count(0)
            sign_in(page, "support_agent", "supportpass")
            expect(page.get_by_text("Username or password is wrong.")).to_be_visible()
            sign_in(page, "support_agent", "a brand new umbrella")
            expect(page.get_by_role("heading", name="All tickets")).to_be_visible()


def test_an_agent_hands_a_one_time_password_to_a_new_colleague(windows: Windows) -> None:
    root = windows.open("agent_admin", person="root")
    root.get_by_role("button", name="Register agent").click()
    expect(root.get_by_role("button", name="Register", exact=True)).to_be_visible()
    settle(root)
    root.get_by_label("Username", exact=True).fill("ernst")
    root.get_by_label("Display name", exact=True).fill("Ernst Falk")
    root.get_by_role("button", name="Register", exact=True).click()
    password = root.locator("code").inner_text()
    root.get_by_role("button", name="I have noted it").click()
    expect(root.get_by_text("Ernst Falk")).to_be_visible()
    expect(root.get_by_text(password)).to_have_count(0)

    ernst = windows.open("login")
    sign_in(ernst, "ernst", password)
    choose_password(ernst, password, "seven quiet lighthouses")

    expect(ernst.get_by_role("heading", name="All tickets")).to_be_visible()


def test_a_password_is_reset_once_one_was_told_for_whom_and_what_comes_of_it(server: Server, windows: Windows) -> None:
    server.desk.accounts.register("tomas", "Tomas Reyes", PASSWORD, PASSWORD)
    root = windows.open("agent_admin?person=tomas", person="root")
    root.get_by_role("button", name="Reset password").click()
    told = root.get_by_text("The password of Tomas Reyes stops working")
    expect(told).to_be_visible()
    root.keyboard.press("Escape")
    expect(told).to_be_hidden()
    assert server.desk.accounts.sign_in("tomas", PASSWORD), "nothing has happened yet"

    root.get_by_role("button", name="Reset password").click()
    root.get_by_role("button", name="Reset it now").click()
    password = root.locator("code").inner_text()

    assert server.desk.sessions.actor(server.desk.accounts.sign_in("tomas", password)).must_change_password


def test_what_was_typed_wrong_on_the_registration_stays_to_be_corrected(windows: Windows) -> None:
    page = windows.open("register")
    page.get_by_label("Username", exact=True).fill("CARLA")
    page.get_by_label("Display name", exact=True).fill("Another Carla")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()

    expect(page.get_by_text(re.compile("“carla” is taken"))).to_be_visible()
    expect(page.get_by_label("Display name", exact=True)).to_have_value("Another Carla")
