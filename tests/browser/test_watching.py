"""Somebody watches a ticket and stops, on its page and by the link in a mail."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Windows
from tests.serving import Server
from ticketing.domain.watch_links import WatchLink
from ticketing.services.mail_keys import mail_key

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_an_agent_watches_and_adds_a_requester_who_stops_and_still_reads_it(windows: Windows, server: Server) -> None:
    number = server.desk.tickets.open(server.actor("carla"), "Watched tap", "It drips.").number
    ada = windows.open(f"ticket?id={number}", person="ada")

    ada.get_by_role("button", name="Watch", exact=True).press("Enter")
    expect(ada.get_by_role("button", name="Watch", exact=True, pressed=True)).to_be_visible()
    ada.get_by_role("textbox", name="Add a watcher").fill("nobody")
    ada.get_by_role("textbox", name="Add a watcher").press("Enter")
    expect(ada.get_by_text("There is no account “nobody”.")).to_be_visible()
    expect(ada.get_by_role("textbox", name="Add a watcher")).to_have_value("nobody")
    ada.get_by_role("textbox", name="Add a watcher").fill("oskar")
    ada.get_by_role("textbox", name="Add a watcher").press("Enter")
    expect(ada.get_by_role("button", name="Remove Oskar")).to_be_visible()

    oskar = windows.open(f"ticket?id={number}", person="oskar")
    oskar.get_by_role("button", name="Watch", exact=True, pressed=True).click()
    expect(oskar.get_by_text("You are not told what is new here.")).to_be_visible()
    oskar.reload()
    expect(oskar.get_by_role("button", name="Watch", exact=True, pressed=False)).to_be_visible()
    expect(oskar.get_by_text("It drips.")).to_be_visible()

    ada.get_by_role("button", name="Remove Oskar").click()
    expect(ada.get_by_role("button", name="Remove Oskar")).to_have_count(0)
    ticket = server.ticket(number)
    assert (ticket.watchers, ticket.followers) == ([], ["ada"])


def test_a_link_in_a_mail_asks_first_and_can_be_taken_back(windows: Windows, server: Server) -> None:
    number = server.desk.tickets.open(server.actor("carla"), "Quiet <b>tap</b>", "It drips.").number
    with server.desk.store.write() as tx:
        token = WatchLink.of(mail_key(tx), server.ticket(number), "carla").token
    anybody = windows.open("login")
    anybody.goto(f"{server.base}/watch?t={token}")

    expect(anybody.get_by_role("heading", name=f"Stop watching T-{number} “Quiet <b>tap</b>”?")).to_be_visible()
    assert server.ticket(number).muted == []
    anybody.get_by_role("button", name="Stop watching").click()
    expect(anybody.get_by_role("heading", name="You have stopped watching")).to_be_visible()
    assert server.ticket(number).muted == ["carla"]

    anybody.get_by_role("button", name="Watch it again").click()
    expect(anybody.get_by_role("heading", name="You watch")).to_be_visible()
    assert server.ticket(number).muted == []


def test_an_agent_opens_a_ticket_for_a_newcomer_and_gives_another_to_who_watches_it(
    windows: Windows, server: Server
) -> None:
    ada = windows.open("new_ticket", person="ada")
    for label, text in {"Requester": "Nobody", "Title": "A badge", "What happened?": "She came by."}.items():
        ada.get_by_role("textbox", name=label).fill(text)
    ada.get_by_role("button", name="Open ticket").click()
    expect(ada.get_by_text("There is no account “Nobody”.")).to_be_visible()
    expect(ada.get_by_role("textbox", name="Title")).to_have_value("A badge")
    ada.get_by_role("textbox", name="Requester").fill("Ida Berg <ida.berg@example.org>")
    ada.get_by_role("button", name="Open ticket").click()
    expect(ada.get_by_role("heading", name="A badge")).to_be_visible()
    expect(ada.get_by_role("link", name="Ida Berg")).to_be_visible()

    ada.reload()  # a new session, which knows nothing of what was sent
    expect(ada.get_by_role("heading", name="A badge")).to_be_visible()
    ada.get_by_role("link", name="New ticket").first.click()
    expect(ada.get_by_role("button", name="Open ticket")).to_be_visible()
    expect(ada.get_by_role("textbox", name="Title")).to_have_value("")
    expect(ada.get_by_role("textbox", name="Requester")).to_have_value("")

    number = server.desk.tickets.open(server.actor("carla"), "Another's tap", "It drips.").number
    ada.goto(f"{server.base}/ticket?id={number}")
    ada.get_by_role("textbox", name="Add a watcher").fill("oskar")
    ada.get_by_role("textbox", name="Add a watcher").press("Enter")
    ada.get_by_role("button", name="Make Oskar").click()
    expect(ada.get_by_text("The ticket is theirs now.")).to_be_visible()
    expect(ada.get_by_role("button", name="Remove Carla")).to_be_visible()
    assert server.ticket(number).requester == "oskar"
