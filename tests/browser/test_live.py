"""What two people at one ticket see of each other, and what becomes of a text that one has not sent or wants back."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.acting import answer, conversation
from tests.browser.conftest import Windows
from tests.serving import Server

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def number(server: Server) -> int:
    """Return Carla's ticket."""
    return server.desk.tickets.open(server.actor("carla"), "No dial tone", "The line is dead.").number


def test_an_agent_takes_a_reply_back_and_has_its_text_in_the_field_again(windows: Windows, number: int) -> None:
    ada = windows.open(f"ticket?id={number}", person="ada")
    answer(ada, "Wrong window, sorry.")
    expect(conversation(ada)).to_contain_text("Wrong window, sorry.")

    ada.get_by_role("button", name=re.compile(r"Undo \(\d+ s\)")).click()

    expect(conversation(ada)).not_to_contain_text("Wrong window")
    expect(ada.get_by_role("textbox", name="Public reply")).to_have_value("Wrong window, sorry.")
    expect(ada.get_by_text("Your reply is taken back.")).to_be_visible()
    expect(ada.get_by_role("button", name=re.compile("Undo"))).to_have_count(0)


def test_the_seconds_run_out(windows: Windows, number: int) -> None:
    ada = windows.open(f"ticket?id={number}", person="ada")
    answer(ada, "Please plug it in.")
    expect(ada.get_by_role("button", name=re.compile(r"Undo \(1\d s\)"))).to_be_visible()

    expect(ada.get_by_role("button", name=re.compile("Undo"))).to_have_count(0, timeout=20_000)
    expect(conversation(ada)).to_contain_text("Please plug it in.")
