"""What two people at one ticket see of each other, and what becomes of a text that one has not sent or wants back."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.acting import answer, conversation, wait_until
from tests.browser.conftest import ON_BOTH_STORES, Windows, settle
from tests.serving import Server

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def number(server: Server) -> int:
    """Return Carla's ticket."""
    return server.desk.tickets.open(server.actor("carla"), "No dial tone", "The line is dead.").number


@ON_BOTH_STORES
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


@ON_BOTH_STORES
def test_a_draft_is_there_in_another_browser(windows: Windows, number: int) -> None:
    ada = windows.open(f"ticket?id={number}", person="ada")
    ada.get_by_role("textbox", name="Public reply").fill("Dear Carla,\nplease")
    expect(ada.get_by_text("Draft saved")).to_be_visible()
    ada.get_by_text("Internal note", exact=True).click()
    ada.get_by_role("textbox", name="Internal note").fill("She called twice.")
    expect(ada.get_by_text("Draft saved")).to_be_visible()

    elsewhere = windows.open(f"ticket?id={number}", person="ada")

    reply = elsewhere.get_by_role("textbox", name="Public reply")
    expect(reply).to_have_value("Dear Carla,\nplease")
    bert = windows.open(f"ticket?id={number}", person="bert")
    expect(bert.get_by_role("textbox", name="Public reply")).to_have_value("")

    elsewhere.get_by_role("button", name="Send reply").click()
    expect(conversation(elsewhere)).to_contain_text("Dear Carla,")
    once_more = windows.open(f"ticket?id={number}", person="ada")
    expect(once_more.get_by_role("textbox", name="Public reply")).to_have_value("")
    once_more.get_by_text("Internal note", exact=True).click()
    expect(once_more.get_by_role("textbox", name="Internal note")).to_have_value("She called twice.")


def test_the_form_of_a_new_ticket_is_filled_in_another_browser_until_it_is_sent(
    windows: Windows, server: Server
) -> None:
    oskar = windows.open("new_ticket", person="oskar")
    oskar.get_by_role("textbox", name="Title").fill("Loud printer")
    oskar.get_by_role("textbox", name="What happened?").fill("It hums.")
    expect(oskar.get_by_text("Draft saved")).to_be_visible()
    # It may say so of the first field alone, yet.
    wait_until(oskar, lambda: "It hums." in str(server.desk.drafts.own(server.actor("oskar"))))

    elsewhere = windows.open("new_ticket", person="oskar")

    expect(elsewhere.get_by_role("textbox", name="Title")).to_have_value("Loud printer")
    expect(elsewhere.get_by_role("textbox", name="What happened?")).to_have_value("It hums.")
    elsewhere.get_by_role("button", name="Open ticket").click()
    expect(elsewhere.get_by_role("heading", level=1, name="Loud printer")).to_be_visible()
    once_more = windows.open("new_ticket", person="oskar")
    expect(once_more.get_by_role("textbox", name="Title")).to_have_value("")


EMPTY = """field => Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(field, "")"""


def test_what_a_run_of_the_page_empties_comes_back_and_what_somebody_empties_does_not(windows: Windows) -> None:
    oskar = windows.open("new_ticket", person="oskar")
    field = oskar.get_by_role("textbox", name="What happened?")
    expect(field).to_be_visible()
    field.fill("It hums.")
    wait_until(oskar, lambda: "It hums." in oskar.evaluate("JSON.stringify({...sessionStorage})"))

    field.evaluate(EMPTY)
    expect(field).to_have_value("It hums.")

    field.fill("")
    oskar.wait_for_timeout(1000)  # in which what is kept would have come back
    expect(field).to_have_value("")


@ON_BOTH_STORES
def test_what_the_other_side_writes_appears_by_itself_and_what_one_types_stays(windows: Windows, number: int) -> None:
    ada = windows.open(f"ticket?id={number}", person="ada")
    carla = windows.open(f"ticket?id={number}", person="carla")
    field = ada.get_by_role("textbox", name="Public reply")
    field.press_sequentially("Is the ")

    answer(carla, "It is still dead.")

    expect(conversation(ada)).to_contain_text("It is still dead.", timeout=6_000)
    field.press_sequentially("cable in?")
    expect(field).to_have_value("Is the cable in?")
    ada.get_by_role("button", name="Send reply").click()
    expect(ada.get_by_text("Carla Ruiz has replied meanwhile.")).to_be_visible()
    expect(conversation(carla)).not_to_contain_text("Is the cable in?")
    ada.get_by_role("button", name="Send reply").click()
    expect(conversation(carla)).to_contain_text("Is the cable in?", timeout=6_000)


def test_a_confirmation_can_still_be_read_when_somebody_else_writes_and_is_not_announced_again(
    windows: Windows, server: Server, number: int
) -> None:
    carla = server.actor("carla")
    ada = windows.open(f"ticket?id={number}", person="ada")
    answer(ada, "Please plug it in.")
    saved = ada.get_by_role("status").filter(has_text="Your reply is saved.")
    expect(saved).to_be_visible()
    saved.evaluate("element => (window.announced = element)")

    server.desk.tickets.reply(carla, number, "I did.")
    expect(conversation(ada)).to_contain_text("I did.", timeout=6_000)
    settle(ada)

    expect(saved).to_be_visible()
    assert saved.evaluate("element => element === window.announced")


@ON_BOTH_STORES
def test_a_list_shows_a_new_ticket_by_itself(windows: Windows, server: Server) -> None:
    ada = windows.open("all_tickets", person="ada")
    ada.get_by_role("searchbox").fill("half a wo")

    server.desk.tickets.open(server.actor("carla"), "Leaking roof", "It drips.")

    expect(ada.get_by_role("row").filter(has_text="Leaking roof")).to_be_visible(timeout=6_000)
    expect(ada.get_by_role("searchbox")).to_have_value("half a wo")


@ON_BOTH_STORES
def test_agents_see_that_a_colleague_is_replying(windows: Windows, number: int) -> None:
    ada = windows.open(f"ticket?id={number}", person="ada")
    bert = windows.open(f"ticket?id={number}", person="bert")
    carla = windows.open(f"ticket?id={number}", person="carla")
    expect(ada.get_by_text("bert is viewing this ticket")).to_be_visible()

    bert.get_by_role("textbox", name="Public reply").press_sequentially("Is the")

    expect(ada.get_by_text("bert is replying")).to_be_visible()
    expect(carla.get_by_text("is replying")).to_have_count(0)
    bert.close()
    expect(ada.get_by_text("bert is")).to_have_count(0)
