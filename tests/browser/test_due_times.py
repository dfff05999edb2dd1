"""A breach of an SLA, from the list over the ticket to its reason and to an answer, in a real browser."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.acting import answer, expect_ticket, row, unfold_details
from tests.browser.conftest import PHONE, Windows, settle, watched
from tests.browser.test_looks import findings
from tests.serving import Server
from ticketing.domain.calendars import BusinessCalendar
from ticketing.domain.opening_hours import ALWAYS_OPEN
from ticketing.domain.people import Actor
from ticketing.domain.sla import SlaPolicy

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

CONSOLE = Actor.console()
HOUR = timedelta(hours=1)
LOOKS = pytest.mark.parametrize(
    "options", [{"color_scheme": "light"}, {"color_scheme": "dark"} | PHONE], ids=["desktop", "phone"]
)


@pytest.fixture(scope="module")
def promising(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return a desk that promises a first answer within four hours, around the clock."""
    with Server(tmp_path_factory.mktemp("promising")) as server:
        definitions = server.desk.definitions
        definitions.save(CONSOLE, BusinessCalendar(name="Always", zone="Europe/London", hours=ALWAYS_OPEN))
        targets = {"first_response": 4 * HOUR, "resolution": 24 * HOUR}
        definitions.save(CONSOLE, SlaPolicy(name="Gold", calendar="always", **targets))
        for title, hours in (("Lift stuck", 6.5), ("Heating cold", 3.5), ("Lamp dark", 0.0)):
            _open(server, title, hours)
        yield server


def _open(server: Server, title: str, hours: float) -> None:
    """Have a ticket of Carla's that was opened so many hours ago."""
    number = server.desk.tickets.open(server.actor("carla"), title, "Please help.").number
    with server.desk.store.write() as tx:
        ticket = tx.tickets.find(number)
        assert ticket is not None
        ticket.opened_at -= hours * HOUR
        tx.tickets.save(ticket)
    server.desk.tickets.note(CONSOLE, number, "Hm.")


@pytest.fixture
def open_windows(chromium: Browser, promising: Server) -> Iterator[Windows]:
    """Return the way to open windows at that desk."""
    yield from watched(Windows(chromium, promising))


def due(page: Page, title: str) -> str:
    """Return what the line of a ticket says of when it is due, without the sign for the eye."""
    words: str = (
        row(page, title)
        .locator("td.due")
        .evaluate("cell => [...cell.querySelectorAll('time')].map(time => time.lastChild.textContent).join('')")
    )
    return words


def test_an_agent_finds_what_is_overdue_sees_why_and_answers_it(open_windows: Windows) -> None:
    page = open_windows.open("all_tickets", person="ada")
    assert (due(page, "Lift"), due(page, "Heating")) == ("overdue by 2 h", "due in 29 min")

    page.get_by_role("columnheader", name="Due").get_by_role("button").click()
    expect(page.get_by_role("row").nth(1)).to_contain_text("Lift stuck")
    expect(page.get_by_role("row").nth(3)).to_contain_text("Lamp dark")
    row(page, "Lift").get_by_role("link").click()
    expect_ticket(page, "Lift stuck")

    deadlines = page.locator("section.due")
    expect(deadlines.get_by_role("definition").first).to_contain_text("overdue by 2 h")
    page.get_by_role("button", name="Why this due time").click()
    expect(deadlines).to_contain_text("By the policy Gold")
    expect(deadlines).to_contain_text(re.compile(r"Due \w{3} \d{4}-\d\d-\d\d \d\d:\d\d"))

    answer(page, "The mechanic is on the way.")
    expect(deadlines.get_by_role("definition").first).to_contain_text("2 h too late")
    page.go_back()
    expect(row(page, "Lift").locator("td.due")).to_contain_text("due in 17 h")


@LOOKS
@pytest.mark.parametrize("path", ["all_tickets?sort=due", "ticket?id=2"])
def test_what_is_due_is_accessible_and_fits_the_width(
    open_windows: Windows, path: str, options: dict[str, Any]
) -> None:
    page = open_windows.open(path, person="ada", **options)
    if path.startswith("ticket"):
        unfold_details(page)
        page.get_by_role("button", name="Why this due time").click()
        expect(page.locator("#why")).to_contain_text("By the policy Gold")
    else:
        expect(row(page, "Heating").locator("td.due")).to_be_visible()
    settle(page)

    assert findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_requester_sees_nothing_of_it(open_windows: Windows) -> None:
    page = open_windows.open("my_tickets", person="carla")
    row(page, "Heating").get_by_role("link").click()
    expect_ticket(page, "Heating cold")

    expect(page.locator("section.due")).to_be_hidden()
    assert b"overdue" not in open_windows.received[page.context]
    assert b"Gold" not in open_windows.received[page.context]
