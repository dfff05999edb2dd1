"""The inbox in a browser: its count keeps up by itself, and a notice opens its ticket."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.acting import conversation
from tests.browser.conftest import PHONE, Windows
from tests.serving import Server

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
WITHIN = 3_000  # milliseconds


@pytest.fixture
def number(server: Server) -> int:
    """Return Carla's ticket."""
    number = server.desk.tickets.open(server.actor("carla"), "No dial tone", "The line is dead.").number
    server.desk.inbox.read_all(server.actor("carla"))
    return number


def link(unread: int) -> re.Pattern[str]:

    return re.compile(f"^Inbox, {unread} unread$" if unread else "^Inbox$")


@pytest.mark.parametrize("place", ["my_tickets", "account", "new_ticket"])
def test_the_count_beside_the_inbox_keeps_up_by_itself_on_every_page(
    windows: Windows, server: Server, number: int, place: str
) -> None:
    carla = windows.open(place, person="carla")
    expect(carla.get_by_role("link", name=link(0))).to_be_visible()

    server.desk.tickets.reply(server.actor("ada"), number, "We look at it.")
    expect(carla.get_by_role("link", name=link(1))).to_be_visible(timeout=WITHIN)
    server.desk.inbox.read_all(server.actor("carla"))

    expect(carla.get_by_role("link", name=link(0))).to_be_visible(timeout=WITHIN)


def test_a_notice_appears_by_itself_and_opens_its_ticket_as_read(windows: Windows, server: Server, number: int) -> None:
    carla = windows.open("my_tickets", person="carla")
    carla.get_by_role("link", name=re.compile("^Inbox")).click()
    expect(carla.get_by_role("heading", level=1, name="Inbox")).to_be_visible()

    server.desk.tickets.reply(server.actor("ada"), number, "We look at it, Carla.")
    row = carla.get_by_role("listitem").filter(has_text="We look at it, Carla.")
    expect(row).to_be_visible(timeout=2 * WITHIN)
    expect(row.get_by_role("button", name=re.compile("Mark as read"))).to_be_visible()
    row.get_by_role("link").click()

    expect(conversation(carla)).to_contain_text("We look at it, Carla.")
    expect(carla.get_by_role("link", name=link(0))).to_be_visible(timeout=2 * WITHIN)


def test_one_notice_and_then_all_are_marked_as_read_on_a_phone(windows: Windows, server: Server, number: int) -> None:
    for text in ("First.", "Second."):
        server.desk.tickets.reply(server.actor("ada"), number, text)
    carla = windows.open("inbox", person="carla", **PHONE)
    to_read = carla.get_by_role("button", name=re.compile("^Mark as read:"))
    expect(to_read).to_have_count(2)

    to_read.first.click()
    expect(to_read).to_have_count(1)
    carla.get_by_role("button", name="Mark all as read").click()

    expect(to_read).to_have_count(0)
    expect(carla.get_by_role("button", name="Mark all as read")).to_have_count(0)
