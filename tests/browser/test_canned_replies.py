"""Canned replies under the hands of agents: made, found by typing, seen before they are used, and sent."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.acting import conversation, pick_from, wait_until
from tests.browser.cable import Cable
from tests.browser.conftest import Windows, settle
from tests.serving import Server
from ticketing.domain.canned_replies import CannedReply
from ticketing.domain.changes import ME, Changes
from ticketing.domain.statuses import Priority, Status

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

Make = Callable[..., CannedReply]


@pytest.fixture
def number(server: Server) -> int:
    """Return a ticket of Carla's."""
    return server.desk.tickets.open(server.actor("carla"), "Slow VPN", "It is slow.").number


@pytest.fixture
def make(server: Server) -> Make:
    """Return a way for Ada to have a canned reply of her own."""

    def made(name: str, text: str = "", **changes: Any) -> CannedReply:
        reply = CannedReply(name=name, text=text, owner="ada", changes=Changes(**changes))
        return server.desk.definitions.save(server.actor("ada"), reply)

    return made


def reply_field(page: Page) -> Locator:
    """Return where a public reply is typed."""
    return page.get_by_role("textbox", name="Public reply")


def look_for(page: Page, name: str) -> None:
    """Open the list of canned replies, and choose the one that bears this name, by the keyboard alone."""
    page.get_by_role("button", name="Canned reply").press("Enter")
    expect(page.get_by_role("combobox", name="Search canned replies")).to_be_focused()
    page.keyboard.type(name.lower())
    expect(page.get_by_role("listbox", name="Canned reply").get_by_role("option")).to_have_text([f"{name}only mine"])
    page.keyboard.press("Enter")


def test_an_agent_makes_a_macro_and_sends_it_with_a_reply(windows: Windows, server: Server, number: int) -> None:
    page = windows.open("agent_admin", person="ada")
    page.get_by_role("button", name="Set up").click()
    page.locator(".st-key-open_canned_replies button").click()
    page.get_by_role("button", name="New canned reply").click()
    page.get_by_role("textbox", name="Name").fill("VPN restart")
    page.get_by_role("textbox", name="Text").fill(
        "Dear {{ requester.name }}, please restart it. See {{ ticket.label }}."
    )
    pick_from(page.get_by_role("combobox", name="Status"), "Pending")
    page.get_by_role("textbox", name="Tags to add").fill("vpn")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("Dear Carla Ruiz, please restart it. See T-1042.")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("“VPN restart” is saved.")).to_be_visible()

    page.goto(f"{server.base}/ticket?id={number}")
    expect(reply_field(page)).to_be_visible()
    settle(page)
    look_for(page, "VPN restart")
    expect(page.locator(".canned .text")).to_have_text(f"Dear Carla Ruiz, please restart it. See T-{number}.")
    expect(page.locator(".canned .chips li")).to_have_text(["Status: Pending", "Tag: vpn"])
    page.get_by_role("button", name="Insert").click()
    expect(reply_field(page)).to_have_value(f"Dear Carla Ruiz, please restart it. See T-{number}.")
    expect(page.locator(".macro li")).to_have_text(["Status: Pending", "Tag: vpn"])
    expect(page.get_by_role("combobox", name="Status after the reply")).not_to_be_visible()
    page.get_by_role("button", name="Send reply").click()

    expect(page.get_by_text("Your reply is saved.")).to_be_visible()
    expect(conversation(page)).to_contain_text(f"Dear Carla Ruiz, please restart it. See T-{number}.")
    expect(page.locator(".pill", has_text="Pending")).to_be_visible()
    expect(page.locator(".macro li")).to_have_count(0)
    expect(reply_field(page)).to_have_value("")
    ticket = server.ticket(number)
    assert (ticket.status, ticket.tags) == ("pending", ["vpn"])


def test_what_was_typed_stays_and_the_text_goes_in_where_the_cursor_is(
    windows: Windows, server: Server, number: int, make: Make
) -> None:
    make("Sandwich", "{{ ticket.title }}")
    page = windows.open(f"ticket?id={number}", person="ada")
    reply_field(page).fill("About : sorry.")
    reply_field(page).evaluate("field => field.setSelectionRange(6, 6)")

    look_for(page, "Sandwich")
    expect(page.get_by_role("button", name="Insert")).to_be_focused()
    page.keyboard.press("Enter")

    expect(reply_field(page)).to_have_value("About Slow VPN: sorry.")
    expect(reply_field(page)).to_be_focused()
    page.keyboard.press("End")
    look_for(page, "Sandwich")
    page.get_by_role("button", name="Insert").click()
    expect(reply_field(page)).to_have_value("About Slow VPN: sorry.\n\nSlow VPN")
    assert len(server.ticket(number).messages) == 1


def test_the_list_is_gone_through_and_left_by_the_keyboard(windows: Windows, number: int, make: Make) -> None:
    make("Arrow one", "One"), make("Arrow two", "Two")
    page = windows.open(f"ticket?id={number}", person="ada")
    opener = page.get_by_role("button", name="Canned reply")
    opener.click()
    page.keyboard.type("arrow")
    chosen = page.get_by_role("listbox", name="Canned reply").locator('[aria-selected="true"]')

    expect(chosen).to_have_text("Arrow oneonly mine")
    page.keyboard.press("ArrowDown")
    expect(chosen).to_have_text("Arrow twoonly mine")
    page.keyboard.press("ArrowDown")
    expect(chosen).to_have_text("Arrow oneonly mine")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator(".canned .text")).to_have_text("Two")
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_role("combobox", name="Search canned replies")).to_be_focused()
    page.keyboard.type("nothing like it")
    expect(page.get_by_text("No canned reply fits.")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.get_by_role("combobox", name="Search canned replies")).not_to_be_visible()
    expect(opener).to_be_focused()


def test_a_macro_without_a_text_is_applied_at_once(windows: Windows, server: Server, number: int, make: Make) -> None:
    make("Take over", assignee=ME, priority=Priority.HIGH)
    page = windows.open(f"ticket?id={number}", person="ada")
    reply_field(page).fill("Half a sentence")

    look_for(page, "Take over")
    page.get_by_role("button", name="Apply at once").click()

    expect(page.get_by_text("The changes are made.")).to_be_visible()
    expect(page.get_by_role("combobox", name="Assignee")).to_have_value("ada")
    expect(reply_field(page)).to_have_value("Half a sentence")
    ticket = server.ticket(number)
    assert (ticket.assignee, ticket.priority, len(ticket.messages)) == ("ada", "high", 1)


def test_a_macro_that_was_inserted_outlives_a_reload_and_can_be_left_out(
    windows: Windows, server: Server, number: int, make: Make
) -> None:
    make("Half done", "Soon.", add_tags=("soon",))
    page = windows.open(f"ticket?id={number}", person="ada")
    look_for(page, "Half done")
    page.get_by_role("button", name="Insert").click()

    page.reload()
    expect(page.locator(".macro li")).to_have_text(["Tag: soon"])
    expect(reply_field(page)).to_have_value("Soon.")
    page.get_by_role("radio", name="Internal note").check()
    expect(page.locator(".macro li")).to_have_count(0)
    expect(page.get_by_role("button", name="Canned reply")).not_to_be_visible()
    page.get_by_role("radio", name="Public reply").check()
    page.get_by_role("button", name="Leave these changes out").click()
    page.get_by_role("button", name="Send reply").click()

    expect(page.get_by_text("Your reply is saved.")).to_be_visible()
    assert server.ticket(number).tags == []


def test_a_macro_that_is_refused_changes_nothing_and_what_was_typed_stays(
    windows: Windows, server: Server, number: int, make: Make
) -> None:
    made = make("Waits", "We wait.", status=Status.PENDING)
    page = windows.open(f"ticket?id={number}", person="ada")
    look_for(page, "Waits")
    page.get_by_role("button", name="Insert").click()
    changed = made.model_copy(update={"changes": Changes(status=Status.CLOSED)})
    server.desk.definitions.save(server.actor("ada"), changed)

    page.get_by_role("button", name="Send reply").click()

    expect(page.get_by_role("alert").filter(has_text="was changed meanwhile")).to_be_visible()
    expect(reply_field(page)).to_have_value("We wait.")
    assert (server.ticket(number).status, len(server.ticket(number).messages)) == ("open", 1)


def test_a_macro_that_is_used_while_the_disk_is_slow_is_used_once(
    windows: Windows, server: Server, number: int, make: Make
) -> None:
    make("Slowly", "One moment.", status=Status.ON_HOLD)
    page = windows.open(f"ticket?id={number}", person="ada")
    look_for(page, "Slowly")
    page.get_by_role("button", name="Insert").click()

    with server.slow_disk():
        for _ in range(3):
            page.get_by_role("button", name="Send reply").click()
            page.wait_for_timeout(150)
    expect(page.get_by_text("Your reply is saved.")).to_be_visible()
    wait_until(page, lambda: server.ticket(number).status == "on_hold")

    assert [message.text for message in server.ticket(number).messages] == ["It is slow.", "One moment."]


def test_the_list_that_is_opened_without_a_line_is_there_when_it_is_back(
    windows: Windows, server: Server, number: int, make: Make
) -> None:
    make("Tunnel", "{{ ticket.label }}", priority=Priority.LOW)
    with Cable(server.port) as cable:
        page = windows.open(f"ticket?id={number}", person="ada", base=cable.base)
        opener = page.locator(".open-canned")  # Streamlit's notice of a lost line may take its role away
        expect(opener).to_be_visible()

        cable.cut()
        page.wait_for_timeout(200)
        opener.dispatch_event("click")
        page.wait_for_timeout(400)
        cable.mend()

        page.get_by_role("listbox", name="Canned reply").get_by_role("option", name="Tunnel").click()
        page.get_by_role("button", name="Insert").click()
        expect(reply_field(page)).to_have_value(f"T-{number}")


def test_a_requester_sees_nothing_of_canned_replies(windows: Windows, number: int) -> None:
    page = windows.open(f"ticket?id={number}", person="carla")

    expect(page.get_by_role("button", name="Send reply")).to_be_visible()
    expect(page.get_by_role("button", name="Canned reply")).not_to_be_visible()
