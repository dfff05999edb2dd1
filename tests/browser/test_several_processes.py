"""Two processes behind the documented proxy: one dies, and people go on with the other."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.acting import answer, conversation, expect_ticket, fill_in_ticket, sign_in
from tests.browser.conftest import Windows, settle
from tests.postgres import databases
from tests.proxy import Proxy
from tests.serving import Server

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("processes")]


class Site:
    """Two processes on one store, and the proxy before them."""

    def __init__(self, folder: Path, storage: str, stack: ExitStack) -> None:
        self.first = Server(folder, storage=storage)
        self.second = Server(folder, storage=storage, with_people=False)
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
def page(site: Site, chromium: Browser) -> Iterator[Page]:
    """Return a window of somebody who came through the proxy."""
    windows = Windows(chromium, site.first)
    yield windows.open("login", base=site.proxy.base, ignore_https_errors=True)
    for context in windows.contexts:
        context.close()
    windows.check()


def test_whoever_was_served_by_a_process_that_dies_goes_on_with_the_other(site: Site, page: Page) -> None:
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
