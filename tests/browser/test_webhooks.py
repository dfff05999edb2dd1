"""An admin makes a webhook in a browser, tries it, and sees that what happens is delivered."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import DESKTOP, PHONE, Windows, settle, watched
from tests.serving import Server
from tests.web_server import WebServer

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return a desk whose webhooks may go to this machine."""
    with Server(tmp_path_factory.mktemp("webhooks"), TICKETING_PRIVATE_WEBHOOKS="true") as running:
        yield running


@pytest.fixture
def windows(chromium: Browser, private: Server) -> Iterator[Windows]:
    yield from watched(Windows(chromium, private))


@pytest.fixture
def receiver() -> Iterator[WebServer]:
    with WebServer() as running:
        yield running


def test_an_admin_makes_a_webhook_tries_it_and_sees_what_is_delivered(windows: Windows, receiver: WebServer) -> None:
    page = windows.open("webhooks", person="root")
    page.get_by_role("button", name="New webhook").click()
    page.get_by_role("textbox", name="Name").fill("CRM")
    page.get_by_role("textbox", name="URL").fill(receiver.url)
    page.get_by_role("combobox", name="Events").click()
    page.get_by_role("option", name="ticket.opened").click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Create").click()

    expect(page.get_by_text("This secret is shown once.")).to_be_visible()
    expect(page.get_by_text("whsec_")).to_be_visible()
    page.get_by_role("button", name="I have kept it").click()
    expect(page.get_by_text("whsec_")).to_have_count(0)

    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_text("200 OK (").first).to_be_visible()
    expect(page.get_by_text("webhook.test")).to_be_visible()

    windows.server.desk.tickets.open(windows.server.actor("carla"), "No dial tone", "The line is dead.")
    while not any(b"No dial tone" in taken.body for taken in receiver.taken):
        page.wait_for_timeout(100)
    page.reload()
    settle(page)
    expect(page.get_by_text("ticket.opened", exact=True).last).to_be_visible()
    expect(page.get_by_text("Delivered", exact=True).nth(2)).to_be_visible()
    expect(page.get_by_text("whsec_")).to_have_count(0)


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_pages_of_webhooks_are_as_wide_as_their_window(windows: Windows, screen: dict[str, Any]) -> None:
    page = windows.open("webhooks?id=new", person="root", **screen)

    expect(page.get_by_role("heading", level=1, name="New webhook")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
