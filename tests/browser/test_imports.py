"""Moving in from another help desk in a browser: its words put into ours, looked at, brought in, and undone."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.acting import GAPS, click_twice, pick_from
from tests.browser.conftest import ON_BOTH_STORES, PHONE, Windows, settle
from tests.serving import Server
from ticketing.domain.imports import ImportState
from ticketing.domain.people import Actor
from ticketing.domain.queries import TicketQuery
from ticketing.ui.wording import t

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

CONSOLE = Actor.console()
TABLE = (
    "Nummer,Subject,From,State,Opened,Details\n"
    '7390019001,"<img src=x onerror=alert(1)> No *dial* tone",Imported Irma,Wartet,2024-01-15 15:04,The line is dead.\n'
    "7390019002,=1+1,Imported Igor,Closed,2024-01-16 08:30,It squeaks.\n"
    "7390019003,No time,Imported Igor,Closed,99.99.9999,It squeaks.\n"
)


def choose(page: Page, label: str, option: str) -> None:
    """Choose something from a list."""
    box = page.get_by_label(label, exact=True)
    pick_from(box, option)
    expect(page.get_by_role("option")).to_have_count(0)  # as long as a list closes, a click only closes it
    expect(box).to_have_value(option)


@ON_BOTH_STORES
def test_an_admin_moves_in_and_out_again(windows: Windows, server: Server) -> None:
    root = windows.open("desk_setup?kind=imports", person="root")
    choose(root, "Where the file comes from", "CSV")
    root.wait_for_timeout(500)  # until the run of that has begun, which would take away a file that comes just then
    settle(root)
    root.locator("input[type=file]").set_input_files(
        {"name": "old desk.csv", "mimeType": "text/csv", "buffer": TABLE.encode()}
    )
    expect(root.get_by_text("Which column is what")).to_be_visible()
    choose(root, "Number there", "Nummer")
    choose(root, "Wartet", t("status.pending"))
    root.get_by_role("button", name="Look at what would come").click()

    expect(root.get_by_text("tickets: 2 · messages: 2 · new people: 2 · left out: 1")).to_be_visible()
    expect(root.get_by_text("7390019001 · <img src=x onerror=alert(1)> No *dial* tone")).to_be_visible()
    expect(root.get_by_text("Line 4: “99.99.9999” is no time")).to_have_count(2)
    root.get_by_role("button", name="Import 2 tickets").click()
    expect(root.get_by_text("Imported: tickets: 2 · messages: 2 · new people: 2 · left out: 1")).to_be_visible()

    (run,) = server.desk.imports.all(CONSOLE)
    assert run.state is ImportState.DONE
    found = server.desk.tickets.search(CONSOLE, TicketQuery(needles=("7390019001",)))
    assert [line.status.value for line in found.items] == ["pending"]

    root.get_by_role("button", name="Undo …").click()
    expect(root.get_by_text("Tickets that go: 2")).to_be_visible()
    root.get_by_role("button", name="Take them away").click()
    expect(root.get_by_text("The import “old desk.csv” is undone.")).to_be_visible()
    assert server.desk.tickets.search(CONSOLE, TicketQuery(needles=("7390019001",))).total == 0


@pytest.mark.parametrize("gap", GAPS)
def test_who_imports_with_two_clicks_is_told_that_it_came_in(windows: Windows, server: Server, gap: int) -> None:
    ticket = {"number": f"73900{gap}", "title": "Twice", "customer": "igor@example.net"}
    raw = json.dumps(ticket | {"created_at": "2024-01-01T00:00:00Z"}).encode()
    root = windows.open("desk_setup?kind=imports", person="root")
    choose(root, "Where the file comes from", "Zammad")
    root.wait_for_timeout(500)  # as above
    settle(root)
    root.locator("input[type=file]").set_input_files(
        {"name": f"{gap}.json", "mimeType": "application/json", "buffer": raw}
    )
    root.get_by_role("button", name="Look at what would come").click()

    click_twice(root.get_by_role("button", name=t("setup.imports.do", n=1)), server, gap)

    expect(root.get_by_text("Imported: tickets: 1")).to_be_visible()
    expect(root.get_by_role("button", name=t("setup.imports.do", n=1))).to_be_hidden()
    settle(root)
    expect(root.get_by_text("Imported: tickets: 1")).to_be_visible()
    assert [run.name for run in server.desk.imports.all(CONSOLE)].count(f"{gap}.json") == 1
    assert server.desk.tickets.search(CONSOLE, TicketQuery(needles=(f"73900{gap}",))).total == 1


def test_it_can_be_used_on_a_phone(windows: Windows) -> None:
    root = windows.open("desk_setup?kind=imports", person="root", **PHONE)
    settle(root)

    expect(root.get_by_role("heading", name="Import tickets")).to_be_visible()
    assert root.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
