"""Views that agents save: out of a search, for themselves or for all, beside the built-in ones."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.acting import wait_until
from tests.browser.conftest import PHONE, Windows, settle
from tests.serving import Server
from ticketing.domain.saved_views import SavedView
from ticketing.domain.tickets import TicketEdit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def tagged(server: Server) -> int:
    """Open a ticket with a tag of its own."""
    ticket = server.desk.tickets.open(server.actor("carla"), "Buoy adrift", "Off the pier.")
    server.desk.tickets.edit(server.actor("ada"), ticket.number, TicketEdit(tags=("buoy",)))
    return ticket.number


def views(page: Page) -> list[str]:
    """Return what the views are called, without their numbers."""
    words = page.get_by_role("group", name="View").get_by_role("button").all_inner_texts()
    return [re.sub(r"\s*[\d,]+$", "", word).strip() for word in words]


def test_a_search_is_saved_as_a_view_and_come_back_to(windows: Windows, tagged: int) -> None:
    page = windows.open("all_tickets?view=all&q=tag:buoy", person="ada")
    page.get_by_role("button", name="Save as a view").click()
    expect(page.get_by_role("heading", level=1, name="New view")).to_be_visible()
    expect(page.get_by_role("textbox", name="Query")).to_have_value("tag:buoy")
    page.get_by_role("textbox", name="Name").fill("Buoys")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("“Buoys” is saved.")).to_be_visible()

    page.goto(page.url.split("/desk_setup")[0] + "/all_tickets")
    page.get_by_role("button", name="Buoys 1").click()

    expect(page.get_by_role("row").filter(has_text=f"T-{tagged}")).to_be_visible()
    expect(page.get_by_role("button", name="Buoys 1")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("searchbox")).to_have_value("tag:buoy")
    page.get_by_role("button", name=re.compile("^Mine")).click()
    expect(page.get_by_role("searchbox")).to_have_value("")

    other = windows.open("all_tickets", person="bert")
    settle(other)
    assert "Buoys" not in views(other)


def test_a_shared_view_stands_above_everybodys_queue_but_not_above_ones_own_tickets(
    windows: Windows, server: Server
) -> None:
    server.desk.definitions.save(server.actor("ada"), SavedView(name="Harbour", query="harbour is:open"))

    page = windows.open("all_tickets", person="bert")

    expect(page.get_by_role("button", name="Harbour")).to_be_visible()
    assert "Harbour" in views(page)
    own = windows.open("my_tickets", person="carla")
    settle(own)
    assert "Harbour" not in views(own)
    assert "Save as a view" not in views(own)


def test_a_view_that_nobody_could_understand_is_not_saved_and_stays_in_the_form(windows: Windows) -> None:
    page = windows.open("desk_setup?kind=views&id=new", person="ada")
    page.get_by_role("textbox", name="Name").fill("Open")
    page.get_by_role("textbox", name="Query").fill("stauts:open")
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("alert").filter(has_text="Did you mean “status”?")).to_be_visible()
    expect(page.get_by_role("textbox", name="Query")).to_have_value("stauts:open")


def test_a_view_is_made_ones_default_by_the_keyboard_and_taken_back(windows: Windows, server: Server) -> None:
    page = windows.open("all_tickets?view=mine", person="ada")
    page.get_by_role("button", name="Make this my default").press("Enter")
    star = page.get_by_role("button", name="My default")
    expect(star).to_have_attribute("aria-pressed", "true")
    expect(star).to_be_focused()

    elsewhere = windows.open("all_tickets", person="ada")
    expect(elsewhere.get_by_role("button", name=re.compile("^Mine"))).to_have_attribute("aria-pressed", "true")
    expect(elsewhere).to_have_url(f"{server.base}/all_tickets?view=mine")

    star.press("Enter")
    expect(page.get_by_role("button", name="Make this my default")).to_be_focused()
    later = windows.open("all_tickets", person="ada")
    expect(later.get_by_role("button", name=re.compile("^Open"))).to_have_attribute("aria-pressed", "true")
    expect(later.get_by_role("button", name="default")).to_have_count(0)


def test_columns_are_chosen_by_clicks_and_a_phone_shows_what_it_always_does(
    windows: Windows, server: Server, tagged: int
) -> None:
    page = windows.open("all_tickets?view=all&q=tag:buoy", person="ada")
    page.get_by_role("button", name="Columns").press("Enter")
    choices = page.get_by_role("group", name="Columns")
    choices.get_by_role("button", name="Opened").press("Enter")
    expect(page.get_by_role("columnheader", name="Opened")).to_be_visible()
    expect(choices.get_by_role("button", name="Opened")).to_be_focused()
    choices.get_by_role("button", name="Requester").click()
    expect(page.get_by_role("columnheader", name="Requester")).to_have_count(0)
    row = page.get_by_role("row").filter(has_text=f"T-{tagged}")
    expect(row.get_by_text("just now")).to_have_count(2)

    phone = windows.open("all_tickets?view=all&q=tag:buoy", person="ada", **PHONE)
    card = phone.get_by_role("row").filter(has_text=f"T-{tagged}")
    expect(card.get_by_text("Carla")).to_be_visible()
    expect(card.get_by_text("just now").filter(visible=True)).to_have_count(1)
    expect(phone.get_by_role("button", name="Columns")).to_have_count(0)

    choices.get_by_role("button", name="Requester").click()
    choices.get_by_role("button", name="Opened").click()
    expect(page.get_by_role("columnheader", name="Requester")).to_be_visible()
    expect(choices.get_by_role("button", name="Opened")).to_have_attribute("aria-pressed", "false")
    wait_until(page, lambda: server.desk.preferences.own(server.actor("ada")).columns is None)
    assert server.desk.preferences.own(server.actor("ada")).columns is None
