"""An admin searches the audit log in a browser, and takes it along."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, PHONE, Windows, settle

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_an_admin_searches_the_log_and_takes_along_what_was_found(windows: Windows) -> None:
    carla = windows.server.actor("carla")
    number = windows.server.desk.tickets.open(carla, "No dial tone", "The line is dead.").number
    page = windows.open("audit", person="root")

    page.get_by_label("To what").fill(f"T-{number}")
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"Ticket opened · carla · T-{number}")).to_be_visible()
    expect(page.get_by_text("Signed in ·")).to_have_count(0)
    settle(page)
    with page.expect_download() as begun:
        page.get_by_role("button", name="Records as JSON Lines").click()

    (line,) = Path(begun.value.path()).read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["action"] == "ticket_opened"
    with windows.server.desk.store.read() as tx:
        *_, last = tx.audit.stream()
    assert (last.actor, last.action, last.object) == ("root", "exported", "audit")


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_log_is_as_wide_as_its_window(windows: Windows, screen: dict[str, Any]) -> None:
    page = windows.open("audit", person="root", **screen)

    expect(page.get_by_role("heading", level=1, name="Audit log")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
