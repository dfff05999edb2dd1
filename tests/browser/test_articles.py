"""Articles in a browser: written, found, judged, and offered while somebody types a ticket."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.acting import expect_ticket, pick_from
from tests.browser.conftest import Windows, settle
from tests.serving import Server
from ticketing.domain.articles import Article, Visibility

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_an_agent_makes_an_article_of_a_solved_ticket_and_a_requester_finds_it_helpful(
    windows: Windows, server: Server
) -> None:
    desk, title = server.desk, "Toner **everywhere**"
    number = desk.tickets.open(server.actor("carla"), title, "Help!").number
    desk.tickets.reply(server.actor("ada"), number, "Shake the _cartridge_.")
    desk.tickets.close(server.actor("ada"), number)

    ada = windows.open(f"ticket?id={number}", person="ada")
    ada.get_by_role("link", name="Make an article of this").click()
    expect(ada.get_by_role("textbox", name="Title")).to_have_value(title)
    pick_from(ada.get_by_role("combobox", name="For whom"), "Public", exact=False)
    ada.get_by_role("button", name="Preview").click()
    expect(ada.locator("article em", has_text="cartridge")).to_be_visible()
    ada.get_by_role("button", name="Save").click()
    expect(ada.get_by_role("heading", level=1, name=title)).to_be_visible()

    oskar = windows.open("my_tickets", person="oskar")
    oskar.get_by_role("link", name="Articles").click()
    oskar.get_by_role("searchbox", name="Search articles").fill("toner cartridges")
    oskar.keyboard.press("Enter")
    oskar.get_by_role("link", name=title).click()
    expect(oskar).to_have_url(re.compile(r"/article\?id=\w+$"))
    oskar.get_by_role("button", name="Yes").click()
    expect(oskar.get_by_role("button", name="You said yes")).to_be_visible()
    oskar.reload()
    expect(oskar.get_by_role("button", name="You said yes")).to_be_visible()
    ada.reload()
    expect(ada.get_by_text("helped 1, did not help 0")).to_be_visible()


def test_while_somebody_types_help_is_offered_and_what_they_typed_stays(windows: Windows, server: Server) -> None:
    article = Article(name="Squeaking chairs", body="Oil them.", visibility=Visibility.PUBLIC)
    server.desk.articles.save(server.actor("ada"), article)
    before = server.desk.tickets.open(server.actor("carla"), "My squeaking chair", "Again.")
    carla = windows.open("new_ticket", person="carla")
    title, description = (carla.get_by_role("textbox", name=name) for name in ("Title", "What happened?"))

    description.fill("It squeaks **terribly**.")
    title.press_sequentially("A squeaking chair", delay=20)
    offered = carla.get_by_role("link", name="Squeaking chairs")
    expect(offered).to_be_visible()
    expect(carla.get_by_role("link", name=f"{before.label}: My squeaking chair")).to_be_visible()
    title.press_sequentially(" by the window", delay=20)
    settle(carla)
    expect(title).to_have_value("A squeaking chair by the window")
    expect(description).to_have_value("It squeaks **terribly**.")
    expect(title).to_be_focused()

    offered.click()
    expect(carla.get_by_role("heading", level=1, name="Squeaking chairs")).to_be_visible()
    carla.go_back()
    expect(title).to_have_value("A squeaking chair by the window")
    expect(description).to_have_value("It squeaks **terribly**.")
    carla.get_by_role("button", name="Open ticket").click()
    expect_ticket(carla, "A squeaking chair by the window")


def test_who_sends_at_once_is_not_held_up_by_what_would_be_offered(windows: Windows, server: Server) -> None:
    carla = windows.open("new_ticket", person="carla")

    carla.get_by_role("textbox", name="What happened?").fill("It squeaks.")
    carla.get_by_role("textbox", name="Title").fill("Squeaking at once")
    with server.slow_disk():
        carla.get_by_role("button", name="Open ticket").click()
        carla.wait_for_timeout(1500)

    expect_ticket(carla, "Squeaking at once")
    expect(carla.get_by_text("is open.")).to_be_visible()
