"""A day of an agent: triage, a breach, a merge, a macro, many tickets at once, and the report of it, in one window."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.acting import answer, choose, conversation, expect_ticket, pick_from, row, sign_in, wait_until
from tests.browser.conftest import Windows, settle, watched
from tests.serving import Server
from ticketing.domain.calendars import BusinessCalendar
from ticketing.domain.canned_replies import CannedReply
from ticketing.domain.changes import ME, Changes
from ticketing.domain.opening_hours import ALWAYS_OPEN
from ticketing.domain.people import Actor
from ticketing.domain.sla import SlaPolicy
from ticketing.domain.statuses import Resolution, Status

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

CONSOLE = Actor.console()
HOUR = timedelta(hours=1)
LIFT, AGAIN, VPN, PRINTERS = 1, 2, 3, (4, 5, 6)


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return a desk as Ada finds it: a promise that is broken, a ticket opened twice, and three of the same kind."""
    with Server(tmp_path_factory.mktemp("morning")) as server:
        keep = server.desk.definitions.save
        keep(CONSOLE, BusinessCalendar(name="Always", zone="Europe/London", hours=ALWAYS_OPEN))
        keep(CONSOLE, SlaPolicy(name="Gold", calendar="always", first_response=4 * HOUR))
        text = "Dear {{ requester.name }}, please restart it."
        macro = Changes(status=Status.PENDING, assignee=ME, add_tags=("vpn",))
        keep(CONSOLE, CannedReply(name="VPN restart", text=text, changes=macro))
        people = ("carla", "oskar", "carla", "carla", "oskar", "carla")
        titles = ("Lift stuck", "The lift again", "Slow VPN", "Printer jams", "Printer hums", "Printer smells")
        for person, title in zip(people, titles, strict=True):
            server.desk.tickets.open(server.actor(person), title, "Please help.")
        _was_opened_before(server, LIFT, 6.5 * HOUR)
        yield server


def _was_opened_before(server: Server, number: int, age: timedelta) -> None:
    with server.desk.store.write() as tx:
        ticket = tx.tickets.find(number)
        assert ticket is not None
        ticket.opened_at -= age
        tx.tickets.save(ticket)
    server.desk.tickets.note(CONSOLE, number, "Since this morning.")


@pytest.fixture
def windows(chromium: Browser, morning: Server) -> Iterator[Windows]:
    """Return the way to open windows at that desk."""
    yield from watched(Windows(chromium, morning))


def test_an_agent_works_the_queue_from_the_first_look_to_the_report(windows: Windows, morning: Server) -> None:
    page = windows.open("login", timezone_id="UTC")
    sign_in(page, "ada")
    expect(page.get_by_role("heading", level=1, name="All tickets")).to_be_visible()
    settle(page)

    _take_what_is_overdue(page, morning)
    _merge_what_was_opened_twice(page, morning)
    _use_a_macro(page, morning)
    _close_many(page, morning)
    _read_the_report(page)


def _take_what_is_overdue(page: Page, server: Server) -> None:
    page.get_by_role("columnheader", name="Due").get_by_role("button").click()
    expect(page.get_by_role("row").nth(1)).to_contain_text("Lift stuck")
    expect(row(page, "Lift stuck").locator("td.due")).to_contain_text("overdue by 2 h")
    row(page, "Lift stuck").get_by_role("link").click()
    expect_ticket(page, "Lift stuck")
    settle(page)

    page.get_by_role("button", name="Assign to me").click()
    wait_until(page, lambda: server.ticket(LIFT).assignee == "ada")
    choose(page, "Priority", "Urgent")
    wait_until(page, lambda: server.ticket(LIFT).priority == "urgent")
    answer(page, "The mechanic is on the way.")
    expect(page.locator("section.due").get_by_role("definition").first).to_contain_text("2 h too late")
    assert (server.ticket(LIFT).assignee, server.ticket(LIFT).priority) == ("ada", "urgent")


def _merge_what_was_opened_twice(page: Page, server: Server) -> None:
    page.goto(f"{server.base}/ticket?id={AGAIN}")
    expect_ticket(page, "The lift again")
    settle(page)
    page.get_by_role("button", name="Related tickets").click()
    page.locator("section.related").get_by_role("button", name="Merge into another ticket").click()
    search = page.get_by_role("searchbox", name="Number or words of the other ticket")
    search.fill(f"T-{LIFT}")
    search.press("Enter")
    page.get_by_role("button", name=f"Choose T-{LIFT}", exact=True).click()
    page.get_by_role("button", name=f"Merge into T-{LIFT}").click()
    expect_ticket(page, "Lift stuck")
    expect(conversation(page).get_by_text(f"from T-{AGAIN}").first).to_be_visible()
    assert server.ticket(LIFT).watchers == ["oskar"]


def _use_a_macro(page: Page, server: Server) -> None:
    page.goto(f"{server.base}/ticket?id={VPN}")
    expect_ticket(page, "Slow VPN")
    settle(page)
    page.get_by_role("button", name="Canned reply").press("Enter")
    expect(page.get_by_role("combobox", name="Search canned replies")).to_be_focused()
    page.keyboard.type("vpn")
    expect(page.get_by_role("listbox", name="Canned reply").get_by_role("option")).to_have_text(["VPN restart"])
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Insert").click()
    expect(page.get_by_role("textbox", name="Public reply")).to_have_value("Dear Carla Ruiz, please restart it.")
    page.get_by_role("button", name="Send reply").click()
    expect(conversation(page)).to_contain_text("Dear Carla Ruiz, please restart it.")
    wait_until(page, lambda: server.ticket(VPN).status is Status.PENDING)
    ticket = server.ticket(VPN)
    assert (ticket.status, ticket.assignee, ticket.tags) == (Status.PENDING, "ada", ["vpn"])


def _close_many(page: Page, server: Server) -> None:
    page.goto(f"{server.base}/all_tickets?view=all&q=printer")
    for number in PRINTERS:
        page.get_by_role("checkbox", name=f"Choose T-{number}", exact=True).check()
    expect(page.get_by_text("3 chosen")).to_be_visible()
    page.get_by_role("button", name="Change …").click()
    expect(page.get_by_role("heading", level=1, name="Change 3 tickets")).to_be_visible()
    settle(page)
    pick_from(page.get_by_role("combobox", name="Status"), "Closed")
    page.get_by_role("textbox", name="Public reply").fill("There are new printers on your floor.")
    page.get_by_role("button", name="See what happens").click()
    expect(page.get_by_role("heading", name="What would happen")).to_be_visible()
    page.get_by_role("button", name="Change 3").click()
    expect(page.get_by_text("Tickets changed: 3.")).to_be_visible()
    for number in PRINTERS:
        ticket = server.ticket(number)
        assert (ticket.status, ticket.resolution) == (Status.CLOSED, Resolution.SOLVED)
        assert ticket.messages[-1].text == "There are new printers on your floor."


def _read_the_report(page: Page) -> None:
    page.get_by_role("link", name="Dashboard").click()
    expect(page.get_by_role("heading", level=1, name="Dashboard")).to_be_visible()
    page.get_by_role("link", name=re.compile("^Solved, ")).last.click()
    shown = page.locator(".behind")
    # The three printers, and the ticket that was merged: its matter goes on elsewhere.
    expect(shown.locator("tbody th")).to_have_count(4)
    shown.get_by_role("link", name="Printer hums").click()
    expect_ticket(page, "Printer hums")
