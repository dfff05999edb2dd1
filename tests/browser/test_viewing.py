"""An admin views the desk as somebody else in a browser: in, around, refused, and out again."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.acting import answer, expect_ticket
from tests.browser.conftest import PHONE, Windows, settle
from tests.serving import Server
from ticketing.ui.pages import PAGES, Audience
from ticketing.ui.wording import t

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

BEGIN, END = t("viewing.begin"), t("viewing.end")
TOLD = "You view the desk as Carla Ruiz sees it."


def begin(windows: Windows) -> Page:
    """View the desk as Carla."""
    root = windows.open("agent_admin?person=carla", person="root")
    root.get_by_role("button", name=BEGIN).click()
    expect(root.get_by_text(TOLD)).to_be_visible()
    settle(root)
    return root


def test_an_admin_sees_a_persons_desk_changes_nothing_and_comes_back(windows: Windows, server: Server) -> None:
    desk, carla = server.desk, server.actor("carla")
    number = desk.tickets.open(carla, "Seen by another", "It hums.").number
    desk.tickets.note(server.actor("ada"), number, "Between us.")
    root = begin(windows)

    expect(root.get_by_role("heading", level=1)).to_have_text("My tickets")
    expect(root.get_by_role("link", name="Account")).to_have_count(0)
    root.goto(f"{server.base}/ticket?id={number}")
    expect_ticket(root, "Seen by another")
    expect(root.get_by_text("Between us.")).to_have_count(0)
    answer(root, "This is not Carla.")
    expect(root.get_by_text("You may not change anything while you view the desk as somebody else.")).to_be_visible()
    expect(root.get_by_role("textbox", name="Public reply")).to_have_value("This is not Carla.")
    assert len(server.ticket(number).messages) == 2

    root.get_by_role("button", name=END).click()
    expect(root.get_by_role("button", name=BEGIN)).to_be_visible()
    expect(root).to_have_url(re.compile(r"/agent_admin\?person=carla$"))
    assert desk.drafts.own(server.actor("carla"), number) is None


def test_a_tab_that_was_open_before_shows_the_persons_desk_as_well(windows: Windows, server: Server) -> None:
    root = begin(windows)
    other = root.context.new_page()
    other.goto(f"{server.base}/agent_admin")
    expect(other.get_by_text(TOLD)).to_be_visible()
    expect(other.get_by_role("heading", level=1)).to_have_text(t("not_found.title"))

    root.get_by_role("button", name=END).click()
    expect(root.get_by_role("button", name=BEGIN)).to_be_visible()
    other.get_by_role("button", name=END).click()  # that the view is over is all it takes

    expect(other.get_by_role("heading", name="People")).to_be_visible()
    expect(other.get_by_text(TOLD)).to_have_count(0)


@pytest.mark.parametrize("person", ["carla", "ada"])
def test_every_page_can_be_viewed_on_a_phone_too(windows: Windows, server: Server, person: str) -> None:
    number = server.desk.tickets.open(server.actor("carla"), "Seen by another", "It hums.").number
    root = windows.open(f"agent_admin?person={person}", person="root", **PHONE)
    root.get_by_role("button", name=BEGIN).click()
    expect(root.get_by_text("You view the desk as")).to_be_visible()
    broken = []

    for page in PAGES:
        if page.audience is Audience.ADMINS:
            continue
        root.goto(f"{server.base}/{page.name}?id={number}" if page.name == "ticket" else f"{server.base}/{page.name}")
        expect(root.get_by_text("You view the desk as")).to_be_visible()
        settle(root)
        if root.get_by_test_id("stException").count() or root.get_by_text("You may not").count():
            broken.append(page.name)
        assert root.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.name

    assert broken == []


def test_keys_lead_where_the_persons_own_menu_leads(windows: Windows) -> None:
    root = begin(windows)
    root.get_by_role("link", name="Articles", exact=True).click()
    expect(root.get_by_role("heading", level=1)).to_have_text("Articles")
    root.get_by_role("heading", level=1).click()

    root.keyboard.press("n")
    expect(root.get_by_role("heading", level=1)).to_have_text("New ticket")
    root.get_by_role("heading", level=1).click()
    root.keyboard.press("/")

    expect(root).to_have_url(re.compile("/my_tickets$"))
    expect(root.get_by_role("searchbox")).to_be_focused()
    expect(root.get_by_text(TOLD)).to_be_visible()
