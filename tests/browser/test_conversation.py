"""A ticket from its first word to its last, seen by both sides, over files and over PostgreSQL."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.acting import (
    answer,
    choose,
    conversation,
    expect_ticket,
    fill_in_ticket,
    history,
    row,
)
from tests.browser.conftest import Windows
from tests.postgres import databases
from tests.serving import PASSWORD, Server

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module", params=["json", "postgres"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return a server of their own, on each store that a team would choose."""
    storage = databases().create("conversation") if request.param == "postgres" else ""
    with Server(tmp_path_factory.mktemp("conversation"), storage=storage) as running:
        yield running


def test_a_newcomer_asks_and_an_agent_answers_until_it_is_done(windows: Windows) -> None:
    newcomer = windows.open("register")
    for label, value in {
        "Username": "nadia",
        "Display name": "Nadia Blom",
        "E-mail (optional)": "nadia@example.org",
        "Password": PASSWORD,
        "Password again": PASSWORD,
    }.items():
        newcomer.get_by_label(label, exact=True).fill(value)
    newcomer.get_by_role("button", name="Create account").click()
    newcomer.get_by_role("button", name="New ticket").click()
    fill_in_ticket(newcomer, "No dial tone", "The line is dead.\nSince this morning.")
    expect_ticket(newcomer, "No dial tone")
    expect(newcomer.get_by_text("is open.")).to_be_visible()

    ada = windows.open("all_tickets", person="ada")
    row(ada, "No dial tone").get_by_role("cell").nth(1).click()
    expect_ticket(ada, "No dial tone")
    ada.get_by_role("button", name="Assign to me").click()
    expect(ada.get_by_text("The ticket is yours now.")).to_be_visible()
    choose(ada, "Priority", "High")
    expect(ada.get_by_test_id("stMain").get_by_text("High", exact=True).first).to_be_visible()
    answer(ada, "Please plug the cable in.")
    expect(ada.get_by_text("Your reply is saved.")).to_be_visible()

    newcomer.reload()
    expect(conversation(newcomer)).to_contain_text("Please plug the cable in.")
    expect(conversation(newcomer)).to_contain_text("Since this morning.")

    ada.get_by_role("button", name="Close").click()
    expect(ada.get_by_text("The ticket is closed.")).to_be_visible()

    newcomer.reload()
    expect(newcomer.get_by_text("This ticket is closed.")).to_be_visible()
    expect(newcomer.get_by_role("textbox", name="Public reply")).to_have_count(0)
    newcomer.get_by_role("button", name="Reopen").click()
    expect(newcomer.get_by_text("The ticket is open again.")).to_be_visible()

    ada.reload()
    lines = history(ada)
    for change in (
        "Nadia Blom opened the ticket",
        "ada changed assignee: Unassigned → ada",
        "ada changed priority: Normal → High",
        "ada changed status: Open → Closed",
        "Nadia Blom changed status: Closed → Open",
    ):
        expect(lines).to_contain_text(change)
    expect(lines.locator("time")).to_have_count(5)


def test_z5_an_internal_note_never_reaches_the_requesters_browser(windows: Windows, server: Server) -> None:
    carla = server.actor("carla")
    ticket = server.desk.tickets.open(carla, "Locked out", "My badge does not open the door.")
    ada = windows.open(f"ticket?id={ticket.number}", person="ada")
    ada.get_by_role("radio", name="Internal note").click()
    ada.get_by_role("textbox", name="Internal note").fill("marker-7391, the swordfish case")
    ada.get_by_role("button", name="Add note").click()
    expect(ada.locator(".conversation .note")).to_contain_text("marker-7391")

    requester = windows.open(f"ticket?id={ticket.number}", person="carla")
    history(requester)
    expect(conversation(requester)).to_contain_text("My badge")
    requester.goto(f"{server.base}/my_tickets?q=swordfish")
    expect(requester.get_by_text("No ticket matches")).to_be_visible()
    requester.goto(f"{server.base}/my_tickets")
    expect(row(requester, "Locked out")).to_be_visible()

    received = bytes(windows.received[requester.context])
    assert b"My badge" in received
    assert b"marker-7391" not in received
    assert b"internal note" not in received
    assert b"marker-7391" in bytes(windows.received[ada.context])


def test_what_an_agent_picks_in_the_panel_is_saved_and_told(windows: Windows, server: Server) -> None:
    ticket = server.desk.tickets.open(server.actor("carla"), "Slow network", "Pages take minutes.")
    ada = windows.open(f"ticket?id={ticket.number}", person="ada")

    choose(ada, "Category", "Network")
    choose(ada, "Status", "Pending")
    expect(ada.get_by_test_id("stMain").get_by_text("Pending", exact=True).first).to_be_visible()
    choose(ada, "Assignee", "bert")
    tags = ada.get_by_role("textbox", name="Tags")
    tags.fill("wifi")
    tags.press("Enter")
    expect(ada.get_by_role("button", name="Remove the tag wifi")).to_be_visible()

    expect(history(ada)).to_contain_text(re.compile("changed tags: none → wifi"))
    changed = server.ticket(ticket.number)
    assert (changed.category, changed.status, changed.assignee, changed.tags) == (
        "network",
        "pending",
        "bert",
        ["wifi"],
    )


def test_a_click_while_a_choice_is_being_saved_shows_it_as_saved(windows: Windows, server: Server) -> None:
    ticket = server.desk.tickets.open(server.actor("carla"), "Curious", "What happened?")
    page = windows.open(f"ticket?id={ticket.number}", person="ada")

    with server.slow_disk():
        choose(page, "Category", "Network")
        page.wait_for_timeout(400)
        page.get_by_role("button", name="History").click()
        page.wait_for_timeout(400)

    expect(page.locator(".history .body")).to_contain_text("changed category: General → Network")
    expect(page.get_by_label("Category")).to_have_value("network")


def test_an_answer_can_be_sent_with_the_status_that_follows_from_it(windows: Windows, server: Server) -> None:
    ticket = server.desk.tickets.open(server.actor("carla"), "Printer jam", "It eats paper.")
    ada = windows.open(f"ticket?id={ticket.number}", person="ada")

    choose(ada, "Status after the reply", "and resolve")
    answer(ada, "There was a spoon in it.")

    expect(ada.get_by_text("Your reply is saved.")).to_be_visible()
    changed = server.ticket(ticket.number)
    assert (changed.status, changed.messages[-1].text) == ("resolved", "There was a spoon in it.")
