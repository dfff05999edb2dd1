"""Two processes behind the documented proxy: one dies, and people go on with the other."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.acting import answer, conversation, expect_ticket, fill_in_ticket, sign_in
from tests.browser.conftest import Windows, settle, watched
from tests.postgres import databases
from tests.proxy import Proxy
from tests.serving import DocumentedServer

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("processes")]


SWITCHED_TO_WEBSOCKET = 101


class Site:
    """Two processes on one store, and the proxy before them."""

    def __init__(self, folder: Path, storage: str, stack: ExitStack) -> None:
        self.first = DocumentedServer(folder, storage=storage)
        self.second = DocumentedServer(folder, storage=storage, with_people=False)
        self.proxy = Proxy(folder, [self.first.port, self.second.port])
        for server in (self.first, self.second):
            server.require(BASE_URL=self.proxy.base)
            stack.enter_context(server)
        stack.enter_context(self.proxy)


@pytest.fixture(params=["json", "postgres"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """Return both on each store that several processes may share."""
    storage = databases().create("processes") if request.param == "postgres" else ""
    with ExitStack() as stack:
        yield Site(tmp_path, storage, stack)


@pytest.fixture
def windows(site: Site, chromium: Browser) -> Iterator[Windows]:
    """Return the way to open windows."""
    yield from watched(Windows(chromium, site.first))


def come(site: Site, windows: Windows) -> Page:
    """Open a window at the proxy, which knows nothing of any other."""
    return windows.open("login", base=site.proxy.base, ignore_https_errors=True)


def visitor(page: Page) -> str:
    """Return by what name the proxy knows a window."""
    [name] = [str(cookie["value"]) for cookie in page.context.cookies() if cookie["name"] == "desk_process"]
    return name


def processes(site: Site, page: Page) -> set[int]:
    """Return the ports of all processes that have answered a window."""
    return {process for process, _ in site.proxy.visits(visitor(page))}


def test_whoever_was_served_by_a_process_that_dies_goes_on_with_the_other(site: Site, windows: Windows) -> None:
    page = come(site, windows)
    sign_in(page, "carla")
    expect(page.get_by_role("heading", level=1, name="My tickets")).to_be_visible()
    page.goto(f"{site.proxy.base}/new_ticket")
    fill_in_ticket(page, "Two of a kind", "One of them will die.")
    expect_ticket(page, "Two of a kind")

    for number, (dying, other) in enumerate([(site.first, site.second), (site.second, site.first)]):
        dying.kill()
        page.reload()
        settle(page)
        expect_ticket(page, "Two of a kind")
        answer(page, f"Still here, {number}")
        expect(conversation(page)).to_contain_text(f"Still here, {number}")
        assert [message.text for message in other.ticket(1).messages][-1] == f"Still here, {number}"
        dying.start()

    cookies = {cookie["name"]: cookie for cookie in page.context.cookies()}
    assert cookies["__Host-ticketing_session"]["secure"]
    assert cookies["desk_process"]["httpOnly"]


def test_each_window_stays_with_its_process_and_sees_what_is_done_through_the_other(
    site: Site, windows: Windows
) -> None:
    carla = come(site, windows)
    others = (come(site, windows) for _ in range(20))
    ada = next(page for page in others if processes(site, page) != processes(site, carla))
    sign_in(carla, "carla")
    expect(carla.get_by_role("heading", level=1, name="My tickets")).to_be_visible()
    carla.goto(f"{site.proxy.base}/new_ticket")
    fill_in_ticket(carla, "Two of a kind", "Who sees this?")
    expect_ticket(carla, "Two of a kind")
    sign_in(ada, "ada")
    expect(ada.get_by_role("heading", level=1, name="All tickets")).to_be_visible()

    for number in range(3):
        ada.goto(f"{site.proxy.base}/ticket?id=1")
        answer(ada, f"From the other one, {number}")
        expect(conversation(ada)).to_contain_text(f"From the other one, {number}")
        carla.reload()
        expect(conversation(carla)).to_contain_text(f"From the other one, {number}")

    visits = [site.proxy.visits(visitor(page)) for page in (carla, ada)]
    ports = [{port for port, _ in each} for each in visits]
    assert [len(each) for each in ports] == [1, 1]
    assert set.union(*ports) == {site.first.port, site.second.port}
    assert all(len(each) > 50 and [status for _, status in each].count(SWITCHED_TO_WEBSOCKET) > 2 for each in visits)
