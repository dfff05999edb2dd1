"""The desk's own fields under the hands of people: set up, filled in, found, changed."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from tests.browser.acting import expect_ticket, pick_from, row, wait_until
from tests.browser.conftest import DESKTOP, PHONE, Windows, settle
from tests.serving import Server
from ticketing.domain.custom_fields import CustomField, FieldType, FieldValue
from ticketing.domain.statuses import TicketCategory
from ticketing.domain.tickets import TicketEdit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

HARDWARE = (TicketCategory.HARDWARE,)
FIELDS = [
    CustomField(name="Serial", hint="On the back.", categories=HARDWARE, required=True, position=1),
    CustomField(name="Price", type=FieldType.NUMBER, categories=HARDWARE, position=2),
    CustomField(name="System", type=FieldType.CHOICE, options=("Linux", "Windows"), categories=HARDWARE, position=3),
    CustomField(name="Parts", type=FieldType.MULTI_CHOICE, options=("Fan", "Mouse"), categories=HARDWARE, position=4),
    CustomField(name="Bought on", type=FieldType.DATE, categories=HARDWARE, position=5),
    CustomField(name="Leased", type=FieldType.CHECK_BOX, categories=HARDWARE, position=6),
    CustomField(name="Story", type=FieldType.LONG_TEXT, categories=HARDWARE, position=7),
    CustomField(name="Supplier", agents_only=True, categories=HARDWARE, position=8),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return a server of these tests' own, since what is set up there is asked for in each new ticket."""
    with Server(tmp_path_factory.mktemp("desk")) as running:
        for field in FIELDS:
            running.desk.definitions.save(running.actor("root"), field)
        yield running


@pytest.fixture
def number(server: Server) -> int:
    """Return a ticket of Carla's about hardware."""
    typed = {"serial": "AB-17"}
    carla = server.actor("carla")
    return server.desk.tickets.open(carla, "Rattling fan", "It rattles.", HARDWARE[0], fields=typed).number


def pick(page: Page, box: str, option: str) -> None:
    """Choose in a select box of Streamlit's."""
    pick_from(page.get_by_role("combobox", name=box), option)


def test_a_field_is_set_up_filled_in_found_and_changed(windows: Windows, server: Server) -> None:
    root = windows.open("desk_setup?kind=fields&id=new", person="root")
    root.get_by_label("Name", exact=True).fill("Room")
    pick(root, "Categories", "Account")
    root.keyboard.press("Escape")
    root.get_by_text("Nobody opens a ticket without it").click()
    root.get_by_role("button", name="Save").click()
    expect(root.get_by_text("Text · Account · required · field.room:")).to_be_visible()

    carla = windows.open("new_ticket", person="carla")
    carla.get_by_role("textbox", name="Title").fill("No light")
    carla.get_by_role("textbox", name="What happened?").fill("The lamp is dark.")
    pick(carla, "Category", "Account")
    expect(carla.get_by_label("Room (required)")).to_be_visible()
    expect(carla.get_by_role("textbox", name="Title")).to_have_value("No light")
    carla.get_by_role("button", name="Open ticket").click()
    expect(carla.get_by_text("Room is empty. Please fill it in.")).to_be_visible()
    carla.get_by_label("Room (required)").fill("Attic 7")
    pick(carla, "Category", "Billing")
    expect(carla.get_by_label("Room (required)")).to_have_count(0)
    pick(carla, "Category", "Account")
    expect(carla.get_by_label("Room (required)")).to_have_value("Attic 7")
    carla.get_by_role("button", name="Open ticket").click()
    expect_ticket(carla, "No light")
    expect(carla.locator("dd", has_text="Attic 7")).to_be_visible()

    ada = windows.open("all_tickets?q=field.room:%22attic+7%22", person="ada")
    row(ada, "No light").get_by_role("link").first.click()
    expect_ticket(ada, "No light")
    room = ada.get_by_role("textbox", name="Room")
    room.fill("Attic 8")
    room.press("Enter")
    expect(ada.get_by_role("button", name="Undo: Room")).to_be_visible()
    number = int(ada.url.rpartition("=")[2])
    assert server.ticket(number).fields == {"field.room": "Attic 8"}


def test_what_is_typed_into_the_panel_is_saved_once_it_is_left_and_what_is_chosen_at_once(
    windows: Windows, server: Server, number: int
) -> None:
    page = windows.open(f"ticket?id={number}", person="ada")

    page.get_by_role("combobox", name="System").select_option(label="Windows")
    page.get_by_role("checkbox", name="Mouse").check()
    page.get_by_role("checkbox", name="Fan").check()
    page.get_by_role("checkbox", name="Leased").check()
    page.get_by_role("textbox", name="Story").fill("Once\nupon a time")
    page.get_by_role("textbox", name="Price").fill("12.50")
    page.get_by_label("Bought on").fill("2024-02-29")
    page.get_by_role("textbox", name="Supplier (agents only)").fill("ACME")
    page.get_by_role("textbox", name="Supplier (agents only)").press("Enter")

    kept = {
        "field.serial": "AB-17",
        "field.system": "Windows",
        "field.parts": ["Fan", "Mouse"],
        "field.leased": True,
        "field.story": "Once\nupon a time",
        "field.price": "12.5",
        "field.bought-on": "2024-02-29",
        "agents.supplier": "ACME",
    }
    wait_until(page, lambda: server.ticket(number).fields == kept)
    assert server.ticket(number).fields == kept
    expect(page.get_by_role("textbox", name="Price")).to_have_value("12.5")
    carla = windows.open(f"ticket?id={number}", person="carla")
    expect(carla.locator("dd", has_text="Fan, Mouse")).to_be_visible()
    assert b"ACME" not in windows.received[carla.context]
    assert b"Supplier" not in windows.received[carla.context]


def test_what_is_refused_stays_in_its_field_and_escape_takes_it_back(
    windows: Windows, server: Server, number: int
) -> None:
    page = windows.open(f"ticket?id={number}", person="ada")
    price, serial = page.get_by_role("textbox", name="Price"), page.get_by_role("textbox", name="Serial")

    price.fill("1e999")
    price.press("Tab")
    expect(page.get_by_text("Price cannot be “1e999”")).to_be_visible()
    expect(price).to_have_value("1e999")
    price.fill("5")
    price.press("Enter")
    wait_until(page, lambda: server.ticket(number).field_value("price") == "5")
    serial.fill("AB-18")
    expect(page.get_by_text("Enter saves, Esc takes it back").first).to_be_visible()
    serial.press("Escape")

    expect(serial).to_have_value("AB-17")
    settle(page)
    assert server.ticket(number).fields == {"field.serial": "AB-17", "field.price": "5"}


def test_a_closed_ticket_shows_its_fields_and_lets_nobody_change_them(
    windows: Windows, server: Server, number: int
) -> None:
    server.desk.tickets.close(server.actor("root"), number)

    page = windows.open(f"ticket?id={number}", person="ada")

    expect(page.get_by_role("textbox", name="Serial")).to_be_disabled()
    expect(page.get_by_role("checkbox", name="Fan")).to_be_disabled()
    expect(page.get_by_role("combobox", name="System")).to_be_disabled()


def test_fields_are_chosen_as_columns_of_the_queue_and_told_of_on_a_phone_as_well(
    windows: Windows, server: Server, number: int
) -> None:
    typed: dict[str, FieldValue | None] = {"parts": ["Fan", "Mouse"], "leased": True, "story": "Long, long ago " * 20}
    server.desk.tickets.edit(server.actor("root"), number, TicketEdit(fields=typed))
    page = windows.open(f"all_tickets?view=all&q=number:{number}", person="bert")
    page.get_by_role("button", name="Columns").click()
    choices = page.get_by_role("group", name="Columns")
    choices.get_by_role("button", name="Parts").press("Enter")
    expect(page.get_by_role("columnheader", name="Parts")).to_be_visible()
    expect(choices.get_by_role("button", name="Parts")).to_be_focused()
    for name in ("Leased", "Story", "Supplier"):
        choices.get_by_role("button", name=name).click()
        expect(page.get_by_role("columnheader", name=name)).to_be_attached()

    line = row(page, "Rattling fan")
    expect(line.get_by_role("cell", name="Fan, Mouse")).to_be_visible()
    expect(line.get_by_role("cell", name="Yes")).to_be_attached()
    expect(line.get_by_title("Long, long ago")).to_be_attached()
    expect_as_wide_as_the_screen(page, DESKTOP)

    phone = windows.open(f"all_tickets?view=all&q=number:{number}", person="bert", **PHONE)
    card = row(phone, "Rattling fan")
    expect(card.get_by_text("Fan, Mouse")).to_be_visible()
    expect(card.get_by_text("Yes")).to_be_visible()
    assert card.get_by_text("Yes").evaluate("at => getComputedStyle(at, '::before').content") == '"Leased: "'
    expect(card.locator(".own").filter(visible=True)).to_have_count(3)  # what is empty says nothing
    expect_as_wide_as_the_screen(phone, PHONE)
    for window in (page, phone):
        found = Axe().run(window, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]})
        assert [one["id"] for one in found.response["violations"]] == []

    choices.get_by_role("button", name="Supplier").click()
    expect(page.get_by_role("columnheader", name="Supplier")).to_have_count(0)


def expect_as_wide_as_the_screen(page: Page, screen: dict[str, Any]) -> None:
    """Expect that nothing makes the page scroll sideways."""
    assert page.evaluate("document.scrollingElement.scrollWidth") <= screen["viewport"]["width"]


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_pages_with_fields_are_accessible_and_as_wide_as_the_screen(
    windows: Windows, server: Server, number: int, screen: dict[str, Any]
) -> None:
    long = "A supplier whose name goes on and on" * 5
    server.desk.tickets.edit(server.actor("root"), number, TicketEdit(fields={"supplier": long, "parts": ["Fan"]}))
    ticket = windows.open(f"ticket?id={number}", person="ada", **screen)
    if screen is PHONE:
        ticket.get_by_role("button", name="Details").click()
    new = windows.open("new_ticket", person="carla", **screen)
    pick(new, "Category", "Hardware")
    expect(new.get_by_label("Story")).to_be_visible()

    for page in (ticket, new, windows.open("desk_setup?kind=fields&id=serial", person="root", **screen)):
        expect_as_wide_as_the_screen(page, screen)
        found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]})
        assert [one["id"] for one in found.response["violations"]] == []
