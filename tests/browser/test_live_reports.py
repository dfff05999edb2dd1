"""The dashboard and the reports keep up by themselves, and move nothing of what a reader is doing."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import Windows, watched
from tests.serving import Server

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

WITHIN = 3_000  # milliseconds
HIDDEN = "Object.defineProperty(document, 'visibilityState', { get: () => '%s', configurable: true })"
CHANGED = "document.dispatchEvent(new Event('visibilitychange'))"


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return a server that no other test writes to, with one ticket of today."""
    with Server(tmp_path_factory.mktemp("live_reports")) as running:
        running.desk.tickets.open(running.actor("carla"), "No dial tone", "Please help.")
        yield running


@pytest.fixture
def windows(chromium: Browser, own_server: Server) -> Iterator[Windows]:
    """Return the way to open windows at the server of these tests."""
    yield from watched(Windows(chromium, own_server))


def created(page: Page) -> Locator:
    """Return the bar of the tickets that were opened today."""
    return page.get_by_role("link", name=re.compile("^Created, "))


def number_of(bar: Locator) -> int:
    """Return how many tickets a bar stands for."""
    return int((bar.get_attribute("aria-label") or "").rpartition(": ")[2])


def open_a_ticket(server: Server, title: str = "One more") -> None:
    """Let Carla open a ticket."""
    server.desk.tickets.open(server.actor("carla"), title, "Please help.")


def expect_number(bar: Locator, number: int, within: float = WITHIN) -> None:
    """See that a bar stands for so many tickets before long."""
    expect(bar).to_have_attribute("aria-label", re.compile(f": {number}$"), timeout=within)


@pytest.mark.parametrize("place", ["dashboard", "reports"])
def test_figures_show_what_has_changed_within_three_seconds(windows: Windows, own_server: Server, place: str) -> None:
    ada = windows.open(place, person="ada", timezone_id="UTC")
    before = number_of(created(ada))
    ada.wait_for_timeout(2_500)  # what was counted a moment ago stands for two seconds

    open_a_ticket(own_server)

    expect_number(created(ada), before + 1)


def test_what_a_reader_has_unfolded_scrolled_and_chosen_stays(windows: Windows, own_server: Server) -> None:
    ada = windows.open("dashboard?days=7", person="ada", timezone_id="UTC", viewport={"width": 1000, "height": 500})
    before = number_of(created(ada))
    chart = ada.locator("section.chart").first
    summary = chart.get_by_text("As a table")
    summary.click()
    summary.scroll_into_view_if_needed()
    top = summary.bounding_box()

    open_a_ticket(own_server)

    expect_number(created(ada), before + 1, 2 * WITHIN)
    expect(chart.get_by_role("row").last.get_by_role("cell").first).to_have_text(str(before + 1))
    expect(ada.get_by_role("link", name="7 days")).to_have_attribute("aria-current", "true")
    expect(summary).to_be_focused()
    assert summary.bounding_box() == top


def test_what_is_typed_into_the_form_and_what_is_read_stays(windows: Windows, own_server: Server) -> None:
    ada = windows.open("reports", person="ada", timezone_id="UTC")
    before = number_of(created(ada))
    field = ada.get_by_role("textbox", name="Only tickets that match")
    field.press_sequentially("priority:hi")
    told = ada.locator(".told:popover-open")
    ada.get_by_role("button", name="How “Solved” is counted").first.click()
    expect(told).to_be_visible()

    open_a_ticket(own_server)

    expect_number(created(ada), before + 1, 2 * WITHIN)
    expect(told).to_contain_text("each once")
    expect(field).to_have_value("priority:hi")


def test_a_page_that_nobody_looks_at_is_counted_when_somebody_comes_back(windows: Windows, own_server: Server) -> None:
    ada = windows.open("dashboard", person="ada", timezone_id="UTC")
    before = number_of(created(ada))
    ada.evaluate(HIDDEN % "hidden")
    open_a_ticket(own_server)
    ada.wait_for_timeout(4_000)
    assert number_of(created(ada)) == before

    ada.evaluate(HIDDEN % "visible")
    ada.evaluate(CHANGED)

    expect_number(created(ada), before + 1)


def test_the_list_behind_a_number_grows_and_what_was_scrolled_to_stays_in_place(
    windows: Windows, own_server: Server
) -> None:
    ada = windows.open("reports", person="ada", timezone_id="UTC", viewport={"width": 1000, "height": 500})
    created(ada).click()
    behind = ada.locator(".behind")
    expect(behind).to_be_visible()
    button = ada.get_by_role("button", name="Table as CSV")
    button.scroll_into_view_if_needed()
    scrolled = ada.get_by_test_id("stMain").evaluate("main => main.scrollTop")

    open_a_ticket(own_server, "Behind the number")

    expect(behind.get_by_role("link", name="Behind the number")).to_be_attached(timeout=2 * WITHIN)
    assert ada.get_by_test_id("stMain").evaluate("main => main.scrollTop") >= scrolled
    expect(button).to_be_in_viewport()
