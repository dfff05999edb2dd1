"""People take their data along in a browser, and admins make them anonymous."""

import json
from pathlib import Path
from zipfile import ZipFile

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ON_BOTH_STORES, Windows, settle
from ticketing.domain.people import Actor
from ticketing.domain.retention import RetentionRule

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
CONSOLE = Actor.console()
PASSWORD = "three wet umbrellas"


def downloaded(page: Page) -> ZipFile:
    with page.expect_download() as begun:
        page.get_by_role("link", name="Download the data").click()
    return ZipFile(Path(begun.value.path()))


@ON_BOTH_STORES
def test_a_person_downloads_all_that_is_stored_about_them(windows: Windows) -> None:
    desk = windows.server.desk
    number = desk.tickets.open(windows.server.actor("carla"), "No dial tone", "The line is dead.").number
    desk.tickets.note(CONSOLE, number, "She always says that.")
    page = windows.open("account", person="carla")

    page.get_by_role("tab", name="My data").click()
    settle(page)

    with downloaded(page) as archive:
        assert json.loads(archive.read("account.json"))["id"] == "carla"
        everything = b"".join(map(archive.read, archive.namelist()))
    assert b"The line is dead." in everything
    assert b"She always says that." not in everything


@ON_BOTH_STORES
def test_an_admin_makes_a_person_anonymous_but_for_a_place_that_means_another(windows: Windows) -> None:
    desk = windows.server.desk
    desk.accounts.register("wanda", "Wanda Fisher", PASSWORD, PASSWORD, "wanda@example.org")
    wanda = desk.sessions.actor(desk.accounts.sign_in("wanda", PASSWORD))
    number = desk.tickets.open(wanda, "A fish called Wanda", "Best, Wanda Fisher, wanda@example.org").number
    page = windows.open("agent_admin?person=wanda", person="root")

    page.get_by_role("button", name="Make anonymous").click()
    expect(page.get_by_text("Wanda Fisher stands in 1 tickets")).to_be_visible()
    expect(page.locator("mark")).to_have_text(["Wanda", "Wanda Fisher", "wanda@example.org"])
    settle(page)
    page.get_by_text(f"T-{number}, title").click()
    settle(page)
    page.get_by_label("To go on, type wanda").fill("wanda")
    page.get_by_role("button", name="Make anonymous for good").click()
    expect(page.get_by_text("they are called Former user")).to_be_visible()

    ticket = desk.tickets.get(CONSOLE, number)
    assert (ticket.title, ticket.messages[0].text) == ("A fish called Wanda", "Best, [removed], [removed]")
    assert ticket.requester.startswith("former-")


def test_nothing_happens_unless_the_username_is_typed(windows: Windows) -> None:
    desk = windows.server.desk
    desk.accounts.register("viktor", "Viktor", PASSWORD, PASSWORD)
    page = windows.open("agent_admin?anonymise=viktor", person="root")

    page.get_by_role("button", name="Make anonymous for good").click()

    expect(page.get_by_text("That is not viktor. Nothing was changed.")).to_be_visible()
    assert desk.agents.person(CONSOLE, "viktor").active


@ON_BOTH_STORES
def test_a_rule_of_retention_is_rehearsed_before_it_is_let_loose(windows: Windows) -> None:
    desk = windows.server.desk
    page = windows.open("desk_setup?kind=retention&id=new", person="root")

    page.get_by_label("Name").fill("Old mails")
    page.get_by_role("button", name="Rehearse").click()
    expect(page.get_by_text("Nothing is old enough now.")).to_be_visible()
    settle(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Old mails", exact=True)).to_be_visible()

    (rule,) = desk.definitions.all(CONSOLE, RetentionRule)
    assert (rule.name, rule.days, rule.enabled) == ("Old mails", 730, False)
