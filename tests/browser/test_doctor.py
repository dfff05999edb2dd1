"""An admin looks at the desk's health through the documented proxy."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.acting import sign_in
from tests.browser.conftest import Windows, settle, watched
from tests.proxy import Proxy
from tests.serving import Server, free_port

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("processes")]


@pytest.fixture
def behind_proxy(tmp_path: Path, chromium: Browser) -> Iterator[tuple[Windows, Proxy]]:
    """Return the way to open windows at a desk behind the proxy of the documentation, and that proxy."""
    server = Server(tmp_path)
    proxy = Proxy(tmp_path, [server.port, free_port()])
    server.require(BASE_URL=proxy.base)
    with server, proxy:
        for windows in watched(Windows(chromium, server)):
            yield windows, proxy


def test_h2_the_documented_proxy_is_found_to_be_well(behind_proxy: tuple[Windows, Proxy]) -> None:
    windows, proxy = behind_proxy
    page = windows.open("login", base=proxy.base, ignore_https_errors=True)
    sign_in(page, "root")
    expect(page.get_by_role("heading", level=1, name="All tickets")).to_be_visible()

    page.get_by_role("link", name="People").click()
    page.get_by_role("button", name="Health").click()
    expect(page.get_by_role("heading", level=1, name="Health")).to_be_visible()
    settle(page)

    for said in (
        "People reach this desk at https",
        "The cookie __Host-ticketing_session is Secure, HttpOnly and SameSite=Lax.",
        "The proxy says whose request it passes on, and is believed.",
        f"://localhost:{proxy.port} and was taken.",
        "A second process is kept out while the first one writes.",
    ):
        expect(page.get_by_text(said)).to_be_visible()
