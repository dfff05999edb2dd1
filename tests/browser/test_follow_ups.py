"""A matter that comes back after its ticket was closed goes on in another one."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.acting import conversation, expect_ticket, fill_in_ticket, history, row
from tests.browser.conftest import Windows, settle
from tests.serving import Server

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_a_requester_follows_up_a_closed_ticket_and_walks_between_the_two(windows: Windows, server: Server) -> None:
    desk = server.desk
    first = desk.tickets.open(server.actor("carla"), "Dripping **tap**", "It drips.")
    desk.tickets.close(server.actor("ada"), first.number)
    carla = windows.open(f"ticket?id={first.number}", person="carla")
    carla.evaluate("window.sameTab = true")

    carla.get_by_role("link", name="Open a follow-up").click()
    expect(carla.get_by_role("link", name=f"Follows {first.label}: Dripping **tap**")).to_be_visible()
    expect(carla).to_have_url(re.compile(rf"/new_ticket\?follows={first.number}$"))
    fill_in_ticket(carla, "Dripping again", "It drips once more.")
    expect_ticket(carla, "Dripping again")
    expect(carla.locator(".meta")).to_contain_text(f"follows {first.label}")

    carla.get_by_role("link", name=first.label, exact=True).click()
    expect_ticket(carla, "Dripping **tap**")
    second = int(server.ticket(first.number).events[-1].new or 0)
    expect(carla.locator(".meta")).to_contain_text(f"goes on in T-{second}")
    expect(history(carla)).to_contain_text(f"Carla Ruiz opened a follow-up: it goes on in T-{second}")
    carla.get_by_role("link", name=f"T-{second}", exact=True).click()
    expect_ticket(carla, "Dripping again")
    assert carla.evaluate("window.sameTab")

    with carla.context.expect_page() as opened:
        carla.get_by_role("link", name=first.label, exact=True).click(modifiers=["Control"])
    expect_ticket(opened.value, "Dripping **tap**")
    assert server.ticket(second).follows == first.number


def test_a_follow_up_that_an_agent_opens_is_in_the_requesters_list(windows: Windows, server: Server) -> None:
    first = server.desk.tickets.open(server.actor("carla"), "Creaking door", "It creaks.")
    server.desk.tickets.close(server.actor("carla"), first.number)
    ada = windows.open(f"ticket?id={first.number}", person="ada")

    ada.get_by_role("link", name="Open a follow-up").click()
    expect(ada.get_by_role("link", name=f"Follows {first.label}: Creaking door")).to_be_visible()
    fill_in_ticket(ada, "Creaking door, part two", "Carla called: it creaks again.")
    expect_ticket(ada, "Creaking door, part two")

    carla = windows.open("my_tickets", person="carla")
    row(carla, "Creaking door, part two").get_by_role("link").click()
    expect_ticket(carla, "Creaking door, part two")
    expect(carla.locator(".meta")).to_contain_text(f"follows {first.label}")
    expect(conversation(carla)).to_contain_text("Carla called")


def test_the_form_of_a_follow_up_outlives_a_reload_and_is_not_there_for_others(
    windows: Windows, server: Server
) -> None:
    first = server.desk.tickets.open(server.actor("carla"), "Flickering lamp", "It flickers.")
    server.desk.tickets.close(server.actor("carla"), first.number)

    oskar = windows.open(f"new_ticket?follows={first.number}", person="oskar")
    expect(oskar.get_by_text("it is not yours to see")).to_be_visible()
    carla = windows.open(f"new_ticket?follows={first.number}", person="carla")
    expect(carla.get_by_role("link", name=f"Follows {first.label}: Flickering lamp")).to_be_visible()
    carla.reload()
    settle(carla)

    expect(carla.get_by_role("link", name=f"Follows {first.label}: Flickering lamp")).to_be_visible()
