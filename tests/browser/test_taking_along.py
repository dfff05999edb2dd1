"""Lists that are taken along as a file: one sees how far that is, and gets the whole of it."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Windows
from tests.serving import Server

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

TICKETS = 3_000
# Takes down each word that stands beside the bar, since one may be gone before anybody has looked.
LISTEN = """(place) => {
  window.told = []
  const listen = () => {
    const count = place.querySelector(".count").textContent
    if (count && count !== window.told.at(-1)) window.told.push(count)
  }
  new MutationObserver(listen).observe(place, { childList: true, subtree: true, characterData: true })
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return a server of these tests' own, with some thousand tickets."""
    with Server(tmp_path_factory.mktemp("desk")) as running:
        ticket = running.desk.tickets.open(running.actor("carla"), "No dial tone", "The line\nis dead.")
        with running.desk.store.write() as tx:
            for number in range(ticket.number + 1, TICKETS + 1):
                tx.tickets.save(ticket.model_copy(update={"id": str(number), "version": 0}))
        yield running


def taking(page: Page) -> Locator:
    """Return where it stands how far a file is."""
    return page.locator(".taking")


def rows_of(form: str, file: Path) -> int:
    """Return how many tickets a file has."""
    match form:
        case "CSV":
            with file.open(encoding="utf-8-sig", newline="") as lines:
                return len(list(csv.DictReader(lines)))
        case "JSON":
            return len(json.loads(file.read_text("utf-8")))
    with ZipFile(file) as workbook:
        assert workbook.testzip() is None
        return workbook.read("xl/worksheets/sheet1.xml").count(b"<row ") - 1


@pytest.mark.parametrize("form", ["CSV", "Excel", "JSON"])
def test_a_long_list_is_taken_along_and_one_sees_how_far_it_is(windows: Windows, form: str) -> None:
    page = windows.open("all_tickets", person="ada")
    taking(page).evaluate(LISTEN)

    with page.expect_download() as download:
        page.get_by_role("link", name=form).press("Enter")
    expect(taking(page).get_by_role("status")).to_have_text(f"{download.value.suggested_filename} is saved.")

    told = page.evaluate("window.told")
    done = [int(line.split(" of ")[0].replace(",", "")) for line in told]
    assert all(line.endswith(" of 3,000 tickets") for line in told)
    assert done == sorted(done)
    assert (len(done) > 2, done[-1]) == (True, TICKETS)
    assert rows_of(form, download.value.path()) == TICKETS
    expect(taking(page).get_by_role("button")).to_have_count(0)
    expect(taking(page).get_by_role("progressbar")).to_have_count(0)


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_what_takes_long_shows_that_it_goes_on_and_can_be_stopped(windows: Windows, screen: dict[str, Any]) -> None:
    page = windows.open("all_tickets", person="ada", **screen)
    asked: list[str] = []
    page.route("**/export?**", lambda route: asked.append(route.request.url))  # no answer comes

    page.get_by_role("link", name="CSV").dblclick()
    expect(taking(page).get_by_role("status")).to_have_text("Making the file …")
    expect(taking(page).get_by_role("progressbar", name="Making the file")).to_be_visible()
    stop = taking(page).get_by_role("button", name="Stop")
    expect(stop).to_be_visible()
    assert page.evaluate("document.scrollingElement.scrollWidth") <= screen["viewport"]["width"]
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]})
    assert [one["id"] for one in found.response["violations"]] == []
    stop.press("Enter")

    expect(taking(page).get_by_role("status")).to_have_text("Stopped: no file was saved.")
    expect(stop).to_have_count(0)
    expect(page.get_by_role("link", name="CSV")).to_be_focused()
    assert len(asked) == 1


def test_what_comes_to_an_end_too_soon_is_no_file(windows: Windows) -> None:
    page = windows.open("all_tickets", person="ada")
    saved: list[str] = []
    page.on("download", lambda download: saved.append(download.suggested_filename))
    for problem in ("abort", "half"):

        def answer(route: Any, problem: str = problem) -> None:
            if problem == "abort":
                route.abort()
                return
            whole = route.fetch()
            route.fulfill(response=whole, body=whole.body()[: len(whole.body()) // 2])

        page.route("**/export?**", answer)
        page.get_by_role("link", name="CSV").click()
        expect(taking(page).get_by_role("status")).to_have_text("The file could not be made. Please try again.")
        page.unroute("**/export?**")
        page.get_by_role("link", name="JSON").click()
        expect(taking(page).get_by_role("status")).to_contain_text(".json is saved.")

    assert len(saved) == 2


def test_without_the_code_that_shows_how_far_it_is_the_browser_takes_the_file_by_itself(windows: Windows) -> None:
    page = windows.open("all_tickets", person="ada")
    page.route("**/components/taking_along.js**", lambda route: route.abort())

    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()

    assert rows_of("CSV", download.value.path()) == TICKETS
    assert download.value.suggested_filename.endswith(".csv")
    expect(taking(page)).to_be_hidden()
    expect(page.get_by_role("heading", level=1, name="All tickets")).to_be_visible()
