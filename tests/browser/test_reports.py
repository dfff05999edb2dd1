"""Reports in a browser: each bar and each number leads to its tickets, by mouse, by keyboard, and in a new tab."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.acting import expect_ticket
from tests.browser.conftest import PHONE, Windows, settle, watched
from tests.serving import Server
from ticketing.domain.calendars import BusinessCalendar
from ticketing.domain.opening_hours import ALWAYS_OPEN
from ticketing.domain.people import Actor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

TITLES = ("No dial tone", "<b>No picture</b>", "A wrong sum")


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return a server with three tickets of today, of which Ada has answered and closed the first."""
    with Server(tmp_path_factory.mktemp("reports")) as running:
        carla, ada = running.actor("carla"), running.actor("ada")
        numbers = [running.desk.tickets.open(carla, title, "Please help.").number for title in TITLES]
        running.desk.tickets.reply(ada, numbers[0], "Fixed.")
        running.desk.tickets.close(ada, numbers[0])
        yield running


@pytest.fixture
def office(own_server: Server) -> BusinessCalendar:
    """Return a calendar that is set up at that server."""
    wanted = BusinessCalendar(name="Office", zone="UTC", hours=ALWAYS_OPEN)
    return own_server.desk.definitions.save(Actor.console(), wanted)


@pytest.fixture
def windows(chromium: Browser, own_server: Server) -> Iterator[Windows]:
    """Return the way to open windows at the server of these tests."""
    yield from watched(Windows(chromium, own_server))


def today() -> str:
    """Return the day on which all this happens, which the browser takes for the same."""
    return f"{datetime.now(UTC):%Y-%m-%d}"


def bar(page: Page, series: str) -> Locator:
    """Return the one bar of a series."""
    return page.get_by_role("link", name=re.compile(f"^{series}, "))


def expect_list(page: Page, heading: str, titles: tuple[str, ...]) -> None:
    """See that exactly these tickets are listed under the heading."""
    shown = page.locator(".behind")
    expect(shown.get_by_role("heading", name=heading)).to_be_visible()
    expect(shown.locator("tbody th")).to_have_text(list(titles))


def test_a_bar_opens_exactly_its_tickets(windows: Windows) -> None:
    page = windows.open("dashboard", person="ada", timezone_id="UTC")
    expect(bar(page, "Created")).to_have_attribute("aria-label", re.compile(": 3$"))

    bar(page, "Created").click()

    expect_list(page, f"Created · {today()}: 3", TITLES)
    expect(page).to_have_url(re.compile(rf"/reports\?metric=created&day={today()}$"))

    bar(page, "Solved").click()
    expect_list(page, f"Solved · {today()}: 1", TITLES[:1])

    page.locator(".behind").get_by_role("link", name=TITLES[0]).click()
    expect_ticket(page, TITLES[0])


def test_on_paper_there_are_the_figures_and_nothing_to_click_on(windows: Windows) -> None:
    page = windows.open(f"reports?metric=created&day={today()}", person="ada", timezone_id="UTC")
    expect_list(page, f"Created · {today()}: 3", TITLES)
    menu = page.get_by_test_id("stSidebar")
    form = page.locator("form").first
    expect(menu).to_be_visible()
    expect(form).to_be_visible()
    asked = page.get_by_text(f"To: {today()}")
    expect(asked).to_be_hidden()

    page.emulate_media(media="print")

    expect(bar(page, "Created")).to_be_visible()
    expect_list(page, f"Created · {today()}: 3", TITLES)
    expect(form).to_be_hidden()
    expect(asked).to_be_visible()
    expect(menu).to_be_hidden()


def test_a_bar_is_reached_and_opened_by_the_keyboard(windows: Windows) -> None:
    page = windows.open("reports", person="ada", timezone_id="UTC")
    bar(page, "Created").focus()

    page.keyboard.press("ArrowRight")
    expect(bar(page, "Solved")).to_be_focused()
    page.keyboard.press("Enter")

    expect_list(page, f"Solved · {today()}: 1", TITLES[:1])


def test_a_number_opens_in_a_tab_of_its_own(windows: Windows) -> None:
    page = windows.open("reports?by=category", person="ada", timezone_id="UTC")
    line = page.get_by_role("row").filter(has_text="General")

    with page.context.expect_page() as opened:
        line.get_by_role("link", name="3").first.click(modifiers=["Control"])

    settle(opened.value)
    expect_list(opened.value, "Created · General: 3", TITLES)
    expect(page.locator(".behind")).to_have_count(0)


def test_how_a_number_is_counted_stands_beside_it(windows: Windows) -> None:
    page = windows.open("reports", person="ada")
    button = page.get_by_role("button", name="How “Solved” is counted").first
    told = page.locator(".told:popover-open")

    button.click()
    expect(told).to_contain_text("each once, on the day of its last solution")

    page.keyboard.press("Escape")
    expect(told).to_have_count(0)


def test_a_chart_can_be_read_as_a_table(windows: Windows) -> None:
    page = windows.open("dashboard?days=7", person="ada", timezone_id="UTC")
    chart = page.locator("section.chart").first

    chart.get_by_text("As a table").click()

    expect(chart.get_by_role("row")).to_have_count(8)
    expect(chart.get_by_role("row").last.get_by_role("cell")).to_have_text(["3", "1"])


def test_days_and_filters_are_chosen_in_the_form(windows: Windows) -> None:
    page = windows.open("reports", person="ada", timezone_id="UTC")

    page.get_by_label("From").fill(today())
    page.get_by_label("Table by").select_option(label="Priority")
    page.get_by_role("button", name="Show").click()

    expect(page.get_by_role("heading", name="By Priority")).to_be_visible()
    expect(page).to_have_url(re.compile(rf"first={today()}&last={today()}&by=priority$"))


def test_time_is_measured_in_the_open_hours_that_are_chosen(windows: Windows, office: BusinessCalendar) -> None:
    page = windows.open("reports", person="ada", timezone_id="UTC")

    page.get_by_label("Time counts").select_option(label="In the open hours of Office")
    page.get_by_role("button", name="Show").click()

    expect(page.get_by_role("heading", name="How long it took in the open hours of Office")).to_be_visible()
    expect(page).to_have_url(re.compile(rf"calendar={office.id}$"))
    page.reload()
    expect(page.get_by_label("Time counts")).to_have_value(office.id)


def test_the_table_is_taken_along_as_csv(windows: Windows, tmp_path: Path) -> None:
    page = windows.open("reports", person="ada", timezone_id="UTC")

    with page.expect_download() as download:
        page.get_by_role("button", name="Table as CSV").click()

    download.value.save_as(tmp_path / "table.csv")
    heading, *lines = (tmp_path / "table.csv").read_text("utf-8-sig").splitlines()
    assert heading.startswith("agent,created,solved")
    assert [line.split(",")[0] for line in lines] == ["", "ada"]


def test_on_a_phone_in_the_dark_the_same_list_is_a_tap_away(windows: Windows) -> None:
    page = windows.open("dashboard", person="ada", timezone_id="UTC", color_scheme="dark", **PHONE)

    work = page.locator("section.bars").filter(has_text="Your work")
    work.get_by_role("link", name="Replies: 1").tap()

    expect_list(page, "Replies · Ada: 1", TITLES[:1])
