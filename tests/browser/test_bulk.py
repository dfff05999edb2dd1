"""Many tickets at once: ticked in the list, changed after a look at what happens, taken back; and taken along."""

import csv
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.acting import pick_from
from tests.browser.conftest import Windows, settle
from tests.serving import Server
from ticketing.domain.queries import TicketQuery

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def herd(server: Server) -> list[int]:
    """Open three tickets about the same, of which the last is closed."""
    carla, ada = server.actor("carla"), server.actor("ada")
    numbers = [server.desk.tickets.open(carla, f"Lighthouse {n}", "Dark.").number for n in range(1, 4)]
    server.desk.tickets.close(ada, numbers[-1])
    return numbers


def tick(page: Page, *numbers: int) -> None:
    """Tick rows."""
    for number in numbers:
        page.get_by_role("checkbox", name=f"Choose T-{number}", exact=True).check()


def outcomes(page: Page) -> str:
    """Return what is told of each ticket."""
    return page.locator(".st-key-bulk_outcomes").inner_text()


def test_an_agent_changes_several_tickets_and_takes_it_back(windows: Windows, server: Server, herd: list[int]) -> None:
    page = windows.open("all_tickets?view=all&q=lighthouse", person="ada")
    tick(page, *herd)
    expect(page.get_by_text("3 chosen")).to_be_visible()
    page.get_by_role("button", name="Change …").click()

    expect(page.get_by_role("heading", level=1, name="Change 3 tickets")).to_be_visible()
    pick_from(page.get_by_role("combobox", name="Priority"), "Urgent")
    page.get_by_role("textbox", name="Add tags").fill("coast, night")
    page.get_by_role("button", name="See what happens").click()

    expect(page.get_by_role("heading", name="What would happen")).to_be_visible()
    told = outcomes(page)
    assert f"T-{herd[0]} Lighthouse 1" in told
    assert "Priority: Normal → Urgent" in told
    assert "is closed. Reopen it to go on." in told
    assert server.ticket(herd[0]).priority == "normal"

    page.get_by_role("button", name="Change 2").click()
    expect(page.get_by_text("Tickets changed: 2.")).to_be_visible()
    expect(page.get_by_text("Left as they are: 1.")).to_be_visible()
    assert [server.ticket(number).priority for number in herd] == ["urgent", "urgent", "normal"]
    assert server.ticket(herd[0]).tags == ["coast", "night"]

    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_text("Taken back: 2.")).to_be_visible()
    assert [server.ticket(number).priority for number in herd] == ["normal"] * 3
    assert server.ticket(herd[0]).tags == []


def test_what_is_ticked_stays_from_page_to_page_and_goes_with_the_list(
    windows: Windows, server: Server, herd: list[int]
) -> None:
    page = windows.open("all_tickets?view=all&q=lighthouse", person="ada")
    tick(page, herd[0])
    page.get_by_role("columnheader", name=re.compile("Updated")).get_by_role("button").click()
    settle(page)
    expect(page.get_by_role("checkbox", name=f"Choose T-{herd[0]}", exact=True)).to_be_checked()

    page.get_by_role("checkbox", name="Choose all on this page").check()
    total = server.desk.tickets.search(server.actor("ada"), TicketQuery(needles=("lighthouse",))).total
    expect(page.get_by_text(f"{total} chosen")).to_be_visible()

    page.get_by_role("button", name="Recently closed").click()
    expect(page.get_by_text(f"{total} chosen")).to_be_hidden()


def test_a_click_on_a_box_opens_no_ticket(windows: Windows, herd: list[int]) -> None:
    page = windows.open("all_tickets?view=all&q=lighthouse", person="ada")

    tick(page, herd[0])
    page.wait_for_timeout(500)

    expect(page).to_have_url(re.compile("all_tickets"))


def test_who_chose_nothing_is_told_how(windows: Windows) -> None:
    page = windows.open("bulk", person="ada")

    expect(page.get_by_text("No tickets are chosen.")).to_be_visible()


def test_requesters_tick_nothing_and_find_no_such_page(windows: Windows, herd: list[int]) -> None:
    del herd
    page = windows.open("my_tickets", person="carla")

    expect(page.get_by_role("table")).to_be_visible()
    expect(page.get_by_role("checkbox")).to_have_count(0)
    page.goto(page.url.replace("my_tickets", "bulk"))
    expect(page.get_by_role("heading", name="Nothing to see here")).to_be_visible()


@pytest.mark.parametrize(
    ("person", "path"), [("ada", "all_tickets?view=all&q=lighthouse"), ("carla", "my_tickets?q=lighthouse")]
)
def test_a_list_is_taken_along_as_it_is_narrowed(windows: Windows, herd: list[int], person: str, path: str) -> None:
    page = windows.open(path, person=person)

    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()

    text = download.value.path().read_text("utf-8").removeprefix("\ufeff")
    rows = list(csv.DictReader(text.splitlines()))
    assert {f"T-{number}" for number in herd} <= {row["ticket"] for row in rows}
    assert all("Lighthouse" in row["title"] for row in rows)
    assert re.fullmatch(r"tickets-\d{4}-\d\d-\d\d\.csv", download.value.suggested_filename)
