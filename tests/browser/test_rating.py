"""A requester says whether their ticket was solved."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.acting import answer
from tests.browser.conftest import Windows
from tests.serving import Server

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def closed(server: Server, title: str) -> int:
    """Return a ticket of Carla's that Ada has closed."""
    number = server.desk.tickets.open(server.actor("carla"), title, "It drips.").number
    server.desk.tickets.close(server.actor("ada"), number)
    return number


def test_a_requester_rates_by_keyboard_once_and_an_agent_reads_it(windows: Windows, server: Server) -> None:
    number = closed(server, "Rated tap")
    carla = windows.open(f"ticket?id={number}", person="carla")

    carla.get_by_role("button", name="Yes").press("Enter")
    first = carla.get_by_role("radio", name="1 ★")
    expect(first).to_be_visible()
    first.focus()
    carla.keyboard.press("ArrowRight")
    expect(carla.get_by_role("radio", name="2 ★")).to_be_checked()
    carla.get_by_role("textbox", name="Comment").fill("Took <b>long</b>")
    carla.get_by_role("button", name="Send", exact=True).click()

    expect(carla.get_by_text("You rated this: solved, 2 of 5.")).to_be_visible()
    carla.reload()
    expect(carla.get_by_text("You rated this: solved, 2 of 5.")).to_be_visible()
    expect(carla.get_by_text("Took <b>long</b>")).to_be_visible()
    expect(carla.get_by_role("button", name="Yes")).to_have_count(0)
    expect(carla.get_by_role("radio", name="1 ★")).to_have_count(0)
    ada = windows.open(f"ticket?id={number}", person="ada")
    expect(ada.locator(".side")).to_contain_text("Solved, 2 of 5")
    expect(ada.locator(".side")).to_contain_text("Took <b>long</b>")


def test_who_is_not_content_reopens_and_is_asked_again_about_the_next_resolution(
    windows: Windows, server: Server
) -> None:
    number = closed(server, "Rated pipe")
    carla = windows.open(f"ticket?id={number}", person="carla")

    carla.get_by_role("button", name="Not yet").click()
    carla.get_by_role("button", name="Reopen the ticket").click()
    expect(question(carla)).to_have_count(0)
    answer(carla, "It drips still.")
    expect(carla.get_by_text("Your reply is saved.")).to_be_visible()
    server.desk.tickets.close(server.actor("ada"), number)
    carla.reload()

    expect(question(carla)).to_be_visible()
    assert [rating.solved for rating in server.ticket(number).ratings] == [False]


def question(page: Page) -> Locator:
    """Return the question."""
    return page.get_by_text("Did this solve your problem?")
