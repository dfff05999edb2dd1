"""The inbox in a browser: its count keeps up by itself, and a notice opens its ticket."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.browser.acting import conversation, wait_until
from tests.browser.conftest import ON_BOTH_STORES, PHONE, Windows
from tests.serving import Server
from ticketing.domain.notifications import Notice, NoticeKind
from ticketing.domain.tickets import SYSTEM

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


@ON_BOTH_STORES
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


def test_the_inbox_shows_a_warning_by_itself_although_no_ticket_has_changed(
    windows: Windows, server: Server, number: int
) -> None:
    server.desk.inbox.read_all(server.actor("bert"))
    bert = windows.open("inbox", person="bert")
    expect(bert.get_by_role("link", name=link(0))).to_be_visible()

    for _ in range(2):
        with server.desk.store.write() as tx:
            now = server.desk.clock()
            told = {"username": "bert", "kind": NoticeKind.DUE_SOON, "ticket": number, "by": SYSTEM, "at": now}
            tx.notices.add([Notice.model_validate(told | {"id": uuid4().hex, "expires_at": now + timedelta(days=1)})])
        row = bert.get_by_role("listitem").filter(has_text="No dial tone").first
        expect(row.get_by_role("button", name=re.compile("^Mark as read:"))).to_be_visible(timeout=2 * WITHIN)
        row.get_by_role("button", name=re.compile("^Mark as read:")).click()
        expect(row.get_by_role("button", name=re.compile("^Mark as read:"))).to_have_count(0)


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


def test_the_title_of_the_tab_says_how_much_is_unread_on_every_page(
    windows: Windows, server: Server, number: int
) -> None:
    carla = windows.open("my_tickets", person="carla")
    expect(carla).to_have_title(re.compile("^My tickets"))

    server.desk.tickets.reply(server.actor("ada"), number, "We look at it.")
    expect(carla).to_have_title(re.compile(r"^\(1\) My tickets"), timeout=WITHIN)
    carla.get_by_role("link", name="Account").click()
    expect(carla).to_have_title(re.compile(r"^\(1\) Account"))
    server.desk.inbox.read_all(server.actor("carla"))

    expect(carla).to_have_title(re.compile("^Account"), timeout=WITHIN)


# What the browser is asked to show, which no test can see on a screen that is not there.
RECORDING = """
window.shown = []
window.Notification = class extends Notification {
  constructor(text, options) {
    super(text, options)
    window.shown.push(text)
  }
}
"""
IN_THE_BACKGROUND = "Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' })"


@ON_BOTH_STORES
def test_whoever_asks_for_it_is_notified_by_the_browser_while_the_page_is_in_the_background(
    whole_windows: Windows, server: Server, number: int
) -> None:
    carla = whole_windows.open("inbox", person="carla")
    carla.context.grant_permissions(["notifications"])
    carla.add_init_script(RECORDING)
    carla.reload()
    ada = server.actor("ada")

    carla.get_by_role("button", name="Notify me in this browser").click()
    expect(carla.get_by_role("button", name="Stop notifications")).to_be_visible()
    assert carla.evaluate("shown") == ["When there is something new in your inbox, you are told here."]

    server.desk.tickets.reply(ada, number, "While she looks at the page.")
    expect(carla.get_by_role("link", name=link(1))).to_be_visible(timeout=WITHIN)
    carla.evaluate(IN_THE_BACKGROUND)
    server.desk.tickets.reply(ada, number, "While she looks elsewhere.")
    wait_until(carla, lambda: len(carla.evaluate("shown")) > 1)
    assert carla.evaluate("shown").pop() == "2 unread in your inbox"

    carla.get_by_role("button", name="Stop notifications").click()
    server.desk.tickets.reply(ada, number, "When she wants no more of that.")
    expect(carla.get_by_role("link", name=link(3))).to_be_visible(timeout=WITHIN)
    assert len(carla.evaluate("shown")) == 2


def test_a_browser_that_blocks_notifications_is_said_to(windows: Windows) -> None:
    carla = windows.open("inbox", person="carla")
    carla.add_init_script("Object.defineProperty(Notification, 'permission', { get: () => 'denied' })")
    carla.reload()

    expect(carla.get_by_role("button", name="This browser blocks notifications")).to_be_disabled()
