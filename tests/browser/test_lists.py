"""The lists: their filters live in the address, and their rows are real links."""

import re
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.acting import conversation, expect_ticket, fill_in_ticket, history, pick_from, row, wait_until
from tests.browser.conftest import PHONE, Windows, settle
from tests.serving import PASSWORD, Server
from ticketing.domain.statuses import Priority
from ticketing.domain.tickets import TicketEdit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def address(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


@pytest.fixture(scope="module")
def orchard(json_server: Server) -> list[int]:
    """Open 28 tickets about an orchard; the first is urgent."""
    carla = json_server.actor("carla")
    numbers = [json_server.desk.tickets.open(carla, f"Orchard {n:02}", "Apples.").number for n in range(28)]
    json_server.desk.tickets.edit(json_server.actor("bert"), numbers[0], TicketEdit(priority=Priority.URGENT))
    return numbers


def test_filters_outlive_reload_back_and_being_sent_to_a_colleague(
    windows: Windows, server: Server, orchard: list[int]
) -> None:
    page = windows.open("all_tickets", person="ada")
    page.get_by_role("searchbox").fill("orchard")
    page.get_by_role("searchbox").press("Enter")
    expect(page.get_by_text("1 to 25 of 28")).to_be_visible()
    page.get_by_role("columnheader", name="Priority").get_by_role("button").click()
    expect(page.get_by_role("row").nth(1)).to_contain_text("Orchard 00")
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("group", name="Priority").get_by_role("button", name="Urgent").click()
    expect(page.get_by_role("button", name="Filters · 1")).to_be_visible()
    expect(page.get_by_text("1 to 1 of 1")).to_be_visible()
    expect(page).to_have_url(re.compile("priority%3Aurgent"))
    wanted = address(page)
    assert wanted == {"q": ["orchard priority:urgent"], "sort": wanted["sort"]}

    page.reload()
    expect(page.get_by_text("1 to 1 of 1")).to_be_visible()
    expect(page.get_by_role("searchbox")).to_have_value("orchard priority:urgent")
    assert address(page) == wanted

    row(page, "Orchard 00").get_by_role("link").click()
    expect_ticket(page, "Orchard 00")
    page.go_back()
    expect(page.get_by_text("1 to 1 of 1")).to_be_visible()
    expect(page.get_by_role("searchbox")).to_have_value("orchard priority:urgent")
    assert address(page) == wanted

    colleague = windows.open(page.url.removeprefix(f"{server.base}/"), person="bert")
    expect(colleague.get_by_text("1 to 1 of 1")).to_be_visible()
    expect(row(colleague, "Orchard 00")).to_be_visible()
    assert len(orchard) == 28


@pytest.mark.usefixtures("orchard")
@pytest.mark.parametrize("size", ["50", "100"])
def test_more_tickets_fit_on_a_page_for_those_who_choose_so(windows: Windows, size: str) -> None:
    page = windows.open("all_tickets?q=orchard", person="ada")
    expect(page.get_by_text("1 to 25 of 28")).to_be_visible()

    page.get_by_role("button", name="Filters").click()
    page.get_by_role("combobox", name="Tickets a page").select_option(size)

    expect(page.get_by_text("1 to 28 of 28")).to_be_visible()
    expect(page.get_by_role("rowgroup").last.get_by_role("row")).to_have_count(28)
    assert address(page) == {"q": ["orchard"], "size": [size]}


def test_a_category_is_picked_for_a_new_ticket_and_found_by_it(windows: Windows) -> None:
    page = windows.open("new_ticket", person="oskar")
    pick_from(page.get_by_role("combobox", name="Category"), "Billing")
    fill_in_ticket(page, "Pasture invoice", "It is too high.")
    expect_ticket(page, "Pasture invoice")

    page.get_by_role("link", name="My tickets").first.click()
    page.get_by_role("button", name="Filters").click()
    categories = page.get_by_role("group", name="Category")
    categories.get_by_role("button", name="Hardware").click()
    expect(row(page, "Pasture invoice")).to_have_count(0)
    categories.get_by_role("button", name="Billing").click()

    expect(row(page, "Pasture invoice")).to_contain_text("Billing")
    expect(page).to_have_url(re.compile("category%3Abilling%2Chardware"))


def test_times_are_told_in_the_zone_of_the_browser(windows: Windows, server: Server) -> None:
    ticket = server.desk.tickets.open(server.actor("carla"), "Sunrise", "Far east.")
    in_tokyo = f"{ticket.opened_at.astimezone(ZoneInfo('Asia/Tokyo')):%Y-%m-%d %H:%M} JST"

    page = windows.open(f"ticket?id={ticket.number}", person="carla", timezone_id="Asia/Tokyo")

    expect(conversation(page).locator("time")).to_have_attribute("title", in_tokyo)
    expect(page.locator(".meta time")).to_have_attribute("title", in_tokyo)
    expect(history(page).locator("time")).to_have_attribute("title", in_tokyo)
    utc = windows.open(f"ticket?id={ticket.number}", person="carla", timezone_id="UTC")
    in_utc = f"{ticket.opened_at:%Y-%m-%d %H:%M} UTC"
    expect(conversation(utc).locator("time")).to_have_attribute("title", in_utc)


@pytest.mark.usefixtures("orchard")
def test_the_second_page_of_a_list_has_an_address_too(windows: Windows) -> None:
    page = windows.open("my_tickets?q=orchard", person="carla")
    expect(page.get_by_text("1 to 25 of 28")).to_be_visible()

    page.get_by_role("button", name="Next page").click()
    expect(page.get_by_text("26 to 28 of 28")).to_be_visible()
    expect(page).to_have_url(re.compile("page=2"))

    page.reload()
    expect(page.get_by_text("26 to 28 of 28")).to_be_visible()


def test_filters_are_chosen_by_the_keyboard_and_taken_back_with_one_click(windows: Windows, server: Server) -> None:
    ticket = server.desk.tickets.open(server.actor("oskar"), "Meadow gate", "It does not shut.")
    server.desk.tickets.assign(server.actor("ada"), ticket.number, "bert")
    page = windows.open("all_tickets?q=meadow", person="ada")
    page.get_by_role("button", name="Filters").press("Enter")
    choices = page.get_by_role("group", name="Status")

    choices.get_by_role("button", name="Closed").press("Enter")
    expect(page.get_by_text("No ticket matches")).to_be_visible()
    expect(choices.get_by_role("button", name="Closed")).to_be_focused()
    choices.get_by_role("button", name="Open").press("Enter")
    expect(row(page, "Meadow gate")).to_be_visible()
    expect(page).to_have_url(re.compile("status%3Aopen%2Cclosed"))
    page.get_by_role("combobox", name="Assignee").select_option("ada")
    expect(page.get_by_text("No ticket matches")).to_be_visible()
    page.get_by_role("textbox", name="Requester's username").fill("oskar")
    page.get_by_role("textbox", name="Requester's username").press("Enter")
    expect(page.get_by_role("button", name="Filters · 3")).to_be_visible()

    page.get_by_role("button", name="Clear filters").click()
    expect(row(page, "Meadow gate")).to_be_visible()
    assert address(page) == {"q": ["meadow"]}


def test_a_list_that_matches_nothing_is_cleared_with_one_click(windows: Windows, server: Server) -> None:
    server.desk.tickets.open(server.actor("oskar"), "Attic window", "It leaks.")
    page = windows.open("all_tickets?q=no+such+word&priority=urgent&requester=oskar&size=50", person="ada")
    expect(page.get_by_role("heading", name="No ticket matches")).to_be_visible()

    page.get_by_role("button", name="Clear search and filters").click()

    expect(row(page, "Attic window")).to_be_visible()
    expect(page.get_by_role("searchbox")).to_have_value("")
    assert address(page) == {"size": ["50"]}


def test_who_has_no_ticket_yet_opens_the_first_from_the_empty_list(windows: Windows, server: Server) -> None:
    server.desk.accounts.register("emil", "Emil", PASSWORD, PASSWORD)
    page = windows.open("my_tickets", person="emil", **PHONE)
    expect(page.get_by_role("heading", name="You have no tickets yet")).to_be_visible()

    page.get_by_role("button", name="Open your first ticket").tap()
    expect(page.get_by_role("heading", name="New ticket")).to_be_visible()


def test_of_two_things_asked_for_before_the_list_is_drawn_anew_none_is_lost(windows: Windows, server: Server) -> None:
    number = server.desk.tickets.open(server.actor("oskar"), "Beacon lamp", "Out.").number
    server.desk.tickets.close(server.actor("ada"), number)
    page = windows.open("all_tickets", person="ada")
    expect(page.get_by_role("searchbox")).to_be_visible()

    page.locator("div.tickets").evaluate(
        """list => {
          list.querySelector("input[type=search]").value = "beacon"
          list.querySelector("form").requestSubmit()
          list.querySelector("button[data-view=recently_closed]").click()
        }"""
    )

    expect(page).to_have_url(re.compile(r"[?&]q=beacon"))
    expect(row(page, "Beacon lamp")).to_be_visible()
    expect(page.get_by_role("button", name="Recently closed")).to_have_attribute("aria-pressed", "true")


def test_words_being_typed_stay_while_the_list_is_drawn_anew(windows: Windows, server: Server) -> None:
    server.desk.tickets.open(server.actor("oskar"), "Harbour lamp", "Out.")
    page = windows.open("all_tickets", person="ada")
    search = page.get_by_role("searchbox")

    search.fill("harb")
    page.get_by_role("button", name="All", exact=False).first.click()
    expect(page).to_have_url(re.compile("view="))
    expect(search).to_have_value("harb")

    search.press("Enter")
    expect(row(page, "Harbour lamp")).to_be_visible()
    page.get_by_role("button", name="Recently closed").click()
    expect(page.get_by_text("No ticket matches")).to_be_visible()
    page.go_back()
    expect(row(page, "Harbour lamp")).to_be_visible()
    page.go_back()
    expect(search).to_have_value("")


def test_a_row_opens_by_the_keyboard_and_in_a_tab_with_ctrl(windows: Windows, orchard: list[int]) -> None:
    page = windows.open("all_tickets?q=orchard", person="ada")
    link = row(page, "Orchard 27").get_by_role("link")

    with page.context.expect_page() as opened:
        link.click(modifiers=["Control"])
    tab = opened.value
    expect_ticket(tab, "Orchard 27")
    assert tab.url.endswith(f"ticket?id={orchard[27]}")
    tab.close()
    expect(page.get_by_role("heading", name="All tickets")).to_be_visible()

    link.focus()
    page.keyboard.press("Enter")
    expect_ticket(page, "Orchard 27")


def test_what_is_new_to_a_person_stands_out_until_they_have_read_it(windows: Windows, server: Server) -> None:
    ticket = server.desk.tickets.open(server.actor("oskar"), "Unread things", "Knock knock.")
    server.desk.tickets.reply(server.actor("ada"), ticket.number, "Who is there?")
    page = windows.open("my_tickets", person="oskar")

    line = row(page, "Unread things")
    expect(line).to_have_class(re.compile("unread"))
    expect(line.get_by_role("link", name="unread: Unread things")).to_be_visible()

    line.get_by_role("link").click()
    expect_ticket(page, "Unread things")
    page.get_by_role("link", name="My tickets").first.click()
    expect(row(page, "Unread things")).not_to_have_class(re.compile("unread"))


@pytest.mark.usefixtures("orchard")
def test_on_a_phone_tickets_are_cards_and_details_are_folded(windows: Windows, orchard: list[int]) -> None:
    page = windows.open("all_tickets?q=orchard", person="ada", **PHONE)
    card = row(page, "Orchard 27")
    expect(card).to_be_visible()
    box, title = card.bounding_box(), card.get_by_role("link").bounding_box()
    assert box
    assert title
    assert box["width"] <= 390
    assert box["height"] >= 1.8 * title["height"]

    page.goto(f"{windows.server.base}/ticket?id={orchard[27]}")
    expect_ticket(page, "Orchard 27")
    expect(page.get_by_role("combobox", name="Priority")).to_be_hidden()
    page.get_by_role("button", name="Details").click()
    expect(page.get_by_role("combobox", name="Priority")).to_be_visible()
    settle(page)


@pytest.mark.usefixtures("orchard")
def test_on_a_phone_the_order_is_chosen_from_a_list(windows: Windows) -> None:
    page = windows.open("all_tickets?q=orchard", person="ada", **PHONE)
    order = page.get_by_role("combobox", name="Order")

    order.select_option(label="Priority")

    expect(page.get_by_role("row").nth(1)).to_contain_text("Orchard 00")
    expect(page).to_have_url(re.compile("sort=-priority"))
    expect(order).to_have_value("-priority")


@pytest.mark.usefixtures("orchard")
def test_nobody_can_type_into_a_list_that_would_not_hear_it_yet(windows: Windows, server: Server) -> None:
    page = windows.open("account", person="ada")
    asked: list[Route] = []
    page.route("**/components/list_table.js*", lambda route: asked.append(route))  # noqa: PLW0108 - Playwright asks a function for its arguments
    page.goto(f"{server.base}/all_tickets?q=orchard")
    settle(page)
    wait_until(page, lambda: bool(asked))

    expect(page.locator('input[type="search"]')).to_have_count(1)
    expect(page.locator('input[type="search"]')).to_be_hidden()

    asked[0].continue_()

    page.get_by_role("searchbox").fill("orchard 00")
    page.get_by_role("searchbox").press("Enter")
    expect(page.get_by_text("1 to 1 of 1")).to_be_visible()


def test_a_query_is_typed_corrected_after_a_slip_and_learnt_from_the_help(windows: Windows, server: Server) -> None:
    ticket = server.desk.tickets.open(server.actor("oskar"), "Cellar door", "It is stuck.")
    server.desk.tickets.edit(server.actor("ada"), ticket.number, TicketEdit(tags=("cellar",)))
    page = windows.open("all_tickets", person="ada")
    search = page.get_by_role("searchbox")

    search.fill("tga:cellar")
    search.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("There is no field “tga” (at character 1). Did you mean “tag”?")
    expect(search).to_have_value("tga:cellar")
    expect(search).to_have_attribute("aria-invalid", "true")

    search.fill('tag:cellar "is stuck" -status:closed')
    search.press("Enter")
    expect(row(page, "Cellar door")).to_be_visible()
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(page.get_by_text("1 to 1 of 1")).to_be_visible()
    assert address(page) == {"q": ['tag:cellar "is stuck" -status:closed']}

    page.get_by_role("button", name="How to search").click()
    help_group = page.get_by_role("group", name="How to search")
    expect(help_group).to_be_visible()
    page.keyboard.press("Escape")
    expect(help_group).to_be_hidden()
    expect(page.get_by_role("button", name="How to search")).to_be_focused()
    page.keyboard.press("Enter")
    help_group.get_by_role("button", name="status:open,pending").click()
    expect(help_group).to_be_hidden()
    expect(search).to_have_value("status:open,pending")
    expect(page).to_have_url(re.compile("q=status"))
