"""A rule is set up, rehearsed, turned on and seen at work, in a real browser."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.acting import conversation, expect_ticket, fill_in_ticket, history, pick_from
from tests.browser.conftest import PHONE, Windows, settle
from tests.browser.test_looks import findings
from tests.serving import Server
from ticketing.domain.rules import Rule
from ticketing.domain.statuses import Priority

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

LOOKS = pytest.mark.parametrize(
    "options", [{"color_scheme": "light"}, {"color_scheme": "dark"} | PHONE], ids=["desktop", "phone"]
)


def choose(page: Page, field: str, option: str) -> None:
    """Choose in one of the boxes of the form."""
    pick_from(page.get_by_role("combobox", name=field, exact=True), option)


def fill_in_rule(page: Page, name: str, query: str) -> None:
    """Fill in a rule that raises the priority and answers."""
    page.get_by_role("textbox", name="Name").fill(name)
    page.get_by_role("textbox", name="Only tickets that match").fill(query)
    choose(page, "Priority", "High")
    page.get_by_role("textbox", name="Public reply").fill("Dear {{ requester.name }}, we look at {{ ticket.label }}.")


def test_a_rule_is_rehearsed_turned_on_and_seen_at_work(windows: Windows, server: Server) -> None:
    past = [server.desk.tickets.open(server.actor("carla"), f"Badge reader {n}", "It is dark.").number for n in (1, 2)]
    page = windows.open("desk_setup?kind=rules&id=new", person="root")
    fill_in_rule(page, "Badge readers", 'title:"badge reader"')

    page.get_by_role("button", name="Rehearse").click()
    expect(page.get_by_text("would have been followed 2 times:")).to_be_visible()
    with page.expect_popup() as popup:
        page.get_by_role("link", name=f"T-{past[1]}", exact=True).click()
    expect_ticket(popup.value, "Badge reader 2")
    popup.value.close()

    expect(page.get_by_role("textbox", name="Name")).to_have_value("Badge readers")
    page.get_by_text("On: the desk follows this rule").click()
    settle(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("“Badge readers” is saved.")).to_be_visible()
    expect(
        page.get_by_text('1 · on · a ticket is opened · title:"badge reader" · Priority: High · reply')
    ).to_be_visible()

    carla = windows.open("new_ticket", person="carla")
    fill_in_ticket(carla, "Badge reader 3", "It is dark, too.")
    expect_ticket(carla, "Badge reader 3")
    number = int(carla.url.rpartition("=")[2])
    expect(conversation(carla)).to_contain_text(f"we look at T-{number}.")
    assert b"Badge readers" not in windows.received[carla.context]

    page.goto(f"{server.base}/ticket?id={number}")
    expect_ticket(page, "Badge reader 3")
    expect(conversation(page)).to_contain_text("automatic")
    expect(history(page)).to_contain_text("followed the rule “Badge readers”")
    assert server.ticket(number).priority is Priority.HIGH
    assert all(server.ticket(one).priority is Priority.NORMAL for one in past)

    (rule,) = [one for one in server.desk.definitions.all(server.actor("root"), Rule) if one.name == "Badge readers"]
    server.desk.definitions.remove(server.actor("root"), Rule, rule.id, rule.version)


@LOOKS
def test_the_form_of_a_rule_and_its_rehearsal_are_accessible_and_fit_the_width(
    windows: Windows, server: Server, options: dict[str, Any]
) -> None:
    server.desk.tickets.open(server.actor("carla"), "A rather long title of a ticket about badges", "It is dark.")
    page = windows.open("desk_setup?kind=rules&id=new", person="root", **options)
    page.get_by_role("textbox", name="Name").fill("Badges")
    page.get_by_role("textbox", name="Internal note").fill("Look!")
    settle(page)
    page.get_by_role("button", name="Rehearse").click()
    expect(page.get_by_text("In the last 90 days this rule would have been followed")).to_be_visible()
    settle(page)

    assert findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
