"""Categories: an admin makes one, a requester opens a ticket in it, agents find and change it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.acting import choose, expect_ticket, fill_in_ticket, pick_from, row, wait_until
from tests.browser.conftest import Windows
from tests.serving import Server
from ticketing.domain.categories import Category

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PLANTS = "office-plants"


@pytest.fixture
def _for_this_test(server: Server) -> Iterator[None]:
    """Take the category away again; other tests know of none but the built-in ones."""
    yield
    root = server.actor("root")
    made = server.desk.definitions.get(root, Category, PLANTS)
    if not made.removed:
        server.desk.definitions.remove(root, Category, PLANTS, made.version)


@pytest.mark.usefixtures("_for_this_test")
def test_an_admin_adds_a_category_in_which_a_ticket_is_opened_found_and_left(windows: Windows, server: Server) -> None:
    root = windows.open("desk_setup?kind=categories", person="root")
    root.get_by_role("button", name="New category").click()
    root.get_by_label("Name", exact=True).fill("Office *plants*")
    root.get_by_role("button", name="Save").click()
    expect(root.get_by_text("Office *plants*", exact=True)).to_be_visible()
    expect(root.get_by_text(f"category:{PLANTS}")).to_be_visible()

    carla = windows.open("new_ticket", person="carla")
    pick_from(carla.get_by_role("combobox", name="Category"), "Office *plants*")
    fill_in_ticket(carla, "The conservatory ferns are dry", "Please water them.")
    expect_ticket(carla, "The conservatory ferns are dry")
    number = int(carla.url.rpartition("=")[2])
    server.desk.tickets.open(server.actor("carla"), "The conservatory is locked", "Please come.")

    page = windows.open("all_tickets?q=conservatory", person="ada")
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("group", name="Category").get_by_role("button", name="Office *plants*").click()
    expect(row(page, "The conservatory is locked")).to_have_count(0)
    expect(row(page, "The conservatory ferns are dry")).to_be_visible()
    assert f"category%3A{PLANTS}" in page.url
    page.goto(page.url.partition("?")[0] + "?q=category:%22office+*plants*%22")
    expect(row(page, "The conservatory ferns are dry")).to_be_visible()

    root.locator(f".st-key-edit_{PLANTS}").get_by_role("button").click()
    root.get_by_role("button", name="Remove").click()
    expect(root.get_by_text("“Office *plants*” is removed. It can be brought back below.")).to_be_visible()

    page = windows.open(f"ticket?id={number}", person="ada")
    expect(page.get_by_role("combobox", name="Category").locator("option:checked")).to_have_text("Office *plants*")
    choose(page, "Category", "Other")
    wait_until(page, lambda: server.ticket(number).category == "other")
