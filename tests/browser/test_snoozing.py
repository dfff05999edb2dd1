"""Putting a ticket to sleep and waking it, and what its requester sees of that, in a real browser."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.acting import GAPS, answer, conversation, expect_ticket, history, row
from tests.browser.conftest import PHONE, Windows, settle
from tests.browser.test_looks import findings
from tests.serving import Server

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

LOOKS = pytest.mark.parametrize(
    "options", [{"color_scheme": "light"}, {"color_scheme": "dark"} | PHONE], ids=["desktop", "phone"]
)


def form(page: Page) -> Locator:
    """Return the form that puts a ticket to sleep."""
    return page.locator(".st-key-snooze")


def open_form(page: Page) -> None:
    """Ask for the form, not so soon after another click in the head that it would be a second one of that."""
    page.wait_for_timeout(max(GAPS))
    page.get_by_role("button", name="Snooze…").click()
    expect(form(page)).to_be_visible()
    settle(page)


def test_a_ticket_is_put_to_sleep_woken_by_hand_by_a_reply_and_by_its_moment(windows: Windows, server: Server) -> None:
    number = server.desk.tickets.open(server.actor("carla"), "Dripping tap", "It drips.").number
    server.desk.tickets.assign(server.actor("ada"), number, "ada")
    page = windows.open(f"ticket?id={number}", person="ada")

    open_form(page)
    form(page).get_by_text("Next Monday at 08:00").click()
    form(page).get_by_role("button", name="Snooze", exact=True).click()
    expect(page.get_by_text("The ticket sleeps until")).to_be_visible()
    expect(form(page)).to_have_count(0)
    expect(page.locator(".meta")).to_contain_text("wakes when the requester replies")
    page.get_by_role("button", name="Wake now").click()
    expect(page.get_by_text("The ticket is open again.")).to_be_visible()
    expect(page.locator(".meta")).not_to_contain_text("Asleep")

    open_form(page)
    form(page).get_by_text("Another day or time").click()
    expect(form(page).get_by_label("Day", exact=True)).to_be_visible()
    settle(page)
    form(page).get_by_text("In 3 hours").click()
    expect(form(page).get_by_label("Day", exact=True)).to_have_count(0)
    settle(page)
    form(page).get_by_role("button", name="Snooze", exact=True).click()
    expect(page.locator(".meta")).to_contain_text("Asleep until")
    carla = windows.open(f"ticket?id={number}", person="carla")
    expect(carla.locator(".meta")).to_contain_text("In progress")
    answer(carla, "It still drips.")
    expect(conversation(carla)).to_contain_text("It still drips.")
    assert b"sleep" not in windows.received[carla.context].lower()
    page.reload()
    expect_ticket(page, "Dripping tap")
    expect(page.locator(".meta")).not_to_contain_text("Asleep")

    _let_it_have_slept(server, number)
    page.goto(f"{server.base}/all_tickets?view=mine")
    expect(row(page, "unread: Dripping tap")).to_contain_text("New")
    row(page, "Dripping tap").get_by_role("link").click()
    expect_ticket(page, "Dripping tap")
    expect(conversation(page)).to_contain_text("This ticket was asleep until now.")
    expect(history(page)).to_contain_text("changed asleep until")


def _let_it_have_slept(server: Server, number: int) -> None:
    """Put the ticket to sleep two hours ago, for an hour, and let the desk do what is due."""
    ada, then = server.actor("ada"), server.desk.clock() - timedelta(hours=2)
    with server.desk.store.write() as tx:
        ticket = tx.tickets.find(number)
        assert ticket is not None
        ticket.snooze(ada, then + timedelta(hours=1), then, wakes_on_reply=True)
        tx.tickets.save(ticket)
    server.desk.catch_up()


@LOOKS
@pytest.mark.parametrize("path", ["ticket", "desk_setup?kind=recurring&id=new"])
def test_the_forms_are_accessible_and_fit_the_width(
    windows: Windows, server: Server, path: str, options: dict[str, Any]
) -> None:
    if path == "ticket":
        number = server.desk.tickets.open(server.actor("carla"), "Loose door", "It rattles.").number
        page = windows.open(f"ticket?id={number}", person="ada", **options)
        open_form(page)
        form(page).get_by_text("Another day or time").click()
        expect(form(page).get_by_label("Day", exact=True)).to_be_visible()
    else:
        page = windows.open(path, person="root", **options)
        expect(page.get_by_label("Requester", exact=True)).to_be_visible()
    settle(page)

    assert findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
