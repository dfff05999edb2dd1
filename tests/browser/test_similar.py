"""An agent looks at tickets that resemble the one at hand."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.acting import expect_ticket
from tests.browser.conftest import PHONE, Windows, settle
from tests.browser.test_looks import findings
from tests.serving import Server

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.mark.parametrize(
    "options", [{"color_scheme": "light"}, {"color_scheme": "dark"} | PHONE], ids=["desktop", "phone"]
)
def test_similar_tickets_are_unfolded_and_opened(windows: Windows, server: Server, options: dict[str, Any]) -> None:
    title = f"Wobbling shelf by the {'window' if 'viewport' in options else 'door'}"
    number = server.desk.tickets.open(server.actor("carla"), title, "It wobbles.").number
    other = server.desk.tickets.open(server.actor("oskar"), f"{title} <b>again</b>", "It wobbles.")
    ada = windows.open(f"ticket?id={number}", person="ada", **options)

    ada.get_by_text("Similar tickets").click()
    link = ada.get_by_role("link", name=f"{other.label}: {title} <b>again</b>")
    expect(link).to_be_visible()
    settle(ada)
    assert findings(ada) == []

    link.click()
    expect_ticket(ada, f"{title} <b>again</b>")
    ada.go_back()
    ada.get_by_text("Similar tickets").click()
    ada.get_by_role("button", name=f"Merge into {other.label}").click()
    expect(ada.get_by_text("will read the whole public conversation").first).to_be_visible()
    ada.get_by_role("button", name=f"Merge into {other.label}").click()
    expect_ticket(ada, f"{title} <b>again</b>")
    assert server.ticket(number).merged_into == other.number


def test_what_one_person_opened_twice_is_merged_by_one_click_and_undone_by_another(
    windows: Windows, server: Server
) -> None:
    first, again = (
        server.desk.tickets.open(server.actor("carla"), title, "It does not close.").number
        for title in ("Gaping drawer", "The drawer is gaping")
    )
    ada = windows.open(f"ticket?id={again}", person="ada")

    ada.get_by_text("Similar tickets").click()
    ada.get_by_role("button", name=f"Merge into T-{first}").click()

    expect_ticket(ada, "Gaping drawer")
    assert server.ticket(again).merged_into == first
    ada.get_by_role("button", name="Undo: merge").click()
    expect(ada.get_by_text("The change of merge is undone.")).to_be_visible()
    assert server.ticket(again).merged_into is None
