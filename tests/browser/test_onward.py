"""After an answer an agent goes on to the next ticket of the list, if they choose so, and loses nothing by it."""

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Locator, Page, expect

from tests.browser.acting import answer, expect_ticket, row, wait_until
from tests.browser.conftest import PHONE, Windows, settle
from tests.serving import COOKIE, Server

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

QUIET = 1000  # milliseconds in which one would have been led on


@pytest.fixture
def word(request: pytest.FixtureRequest) -> str:
    """Return a word that the tickets of this test alone have."""
    return f"Onward{abs(hash(request.node.name))}"


@pytest.fixture
def numbers(server: Server, word: str) -> list[int]:
    """Open three tickets, and return them in the order in which the list shows them."""
    carla = server.actor("carla")
    opened = [server.desk.tickets.open(carla, f"{word} {n}", "It rattles.").number for n in "cba"]
    return opened[::-1]


def open_from_list(page: Page, title: str) -> None:
    """Open a ticket by a click in the list."""
    row(page, title).get_by_role("link").click()
    expect_ticket(page, title)


def choice(page: Page, label: str = "Then go to the next ticket") -> Locator:
    return page.get_by_role("checkbox", name=label)


def set_out(windows: Windows, word: str) -> Page:
    """Open the first ticket of the list, and choose to be led on from it."""
    page = windows.open(f"all_tickets?q={word}", person="ada")
    open_from_list(page, f"{word} a")
    choice(page).check()
    return page


@pytest.mark.usefixtures("numbers")
def test_one_answer_after_the_other_leads_through_the_list_and_back_to_it(
    windows: Windows, server: Server, word: str, numbers: list[int]
) -> None:
    page = windows.open(f"all_tickets?q={word}", person="ada")
    open_from_list(page, f"{word} a")
    expect(choice(page)).not_to_be_checked()
    choice(page).check()
    answer(page, "First.")

    expect_ticket(page, f"{word} b")
    expect(page.get_by_text(f"Your reply is saved. That was T-{numbers[0]}.")).to_be_visible()
    expect(choice(page)).to_have_count(1)  # that of the ticket before may be there for a moment
    expect(choice(page)).to_be_checked()
    expect(page.get_by_role("textbox", name="Public reply")).to_have_value("")
    answer(page, "Second.")
    expect_ticket(page, f"{word} c")
    expect(choice(page, "Then go back to the list")).to_be_checked()
    answer(page, "Third.")

    expect(page.get_by_text(f"T-{numbers[2]} was the last ticket on this page of the list.")).to_be_visible()
    expect(page.get_by_role("searchbox")).to_have_value(word)
    said = [[message.text for message in server.ticket(number).messages[1:]] for number in numbers]
    assert said == [["First."], ["Second."], ["Third."]]


@pytest.mark.usefixtures("numbers")
def test_the_choice_is_each_persons_own_and_outlives_a_reload(windows: Windows, word: str) -> None:
    page = set_out(windows, word)
    page.goto(f"{windows.server.base}/all_tickets?q={word}")
    open_from_list(page, f"{word} b")
    expect(choice(page)).to_be_checked()

    base, token = windows.server.base, windows.server.sign_in("bert")
    page.context.add_cookies([{"name": COOKIE, "value": token, "url": base, "httpOnly": True}])
    page.goto(f"{windows.server.base}/all_tickets?q={word}")
    open_from_list(page, f"{word} b")

    expect(choice(page)).not_to_be_checked()


@pytest.mark.usefixtures("numbers")
def test_without_the_choice_one_stays(windows: Windows, word: str) -> None:
    page = windows.open(f"all_tickets?q={word}", person="ada")
    open_from_list(page, f"{word} a")

    answer(page, "First.")

    expect(page.get_by_text("Your reply is saved.")).to_be_visible()
    page.wait_for_timeout(QUIET)
    expect_ticket(page, f"{word} a")


def test_what_is_refused_keeps_one_where_the_text_is(
    windows: Windows, server: Server, word: str, numbers: list[int]
) -> None:
    page = set_out(windows, word)
    reply = page.get_by_role("textbox", name="Public reply")
    reply.press_sequentially("Fir")
    server.desk.tickets.reply(server.actor("carla"), numbers[0], "Never mind.")
    reply.press_sequentially("st.")
    page.get_by_role("button", name="Send reply").click()

    expect(page.get_by_role("alert").filter(has_text="has replied meanwhile")).to_be_visible()
    page.wait_for_timeout(QUIET)
    expect_ticket(page, f"{word} a")
    expect(reply).to_have_value("First.")
    page.get_by_role("button", name="Send reply").click()
    expect_ticket(page, f"{word} b")


@pytest.mark.usefixtures("numbers")
def test_what_is_not_sent_yet_keeps_one_on_its_ticket(windows: Windows, word: str) -> None:
    page = set_out(windows, word)
    page.get_by_text("Internal note").click()
    page.get_by_role("textbox", name="Internal note").fill("Half a note")
    page.locator(".kinds").get_by_text("Public reply").click()

    answer(page, "First.")

    expect(page.get_by_text("Your reply is saved.")).to_be_visible()
    page.wait_for_timeout(QUIET)
    expect_ticket(page, f"{word} a")
    page.get_by_text("Internal note").click()
    expect(page.get_by_role("textbox", name="Internal note")).to_have_value("Half a note")


def test_nobody_is_led_on_before_the_answer_is_saved(
    windows: Windows, server: Server, word: str, numbers: list[int]
) -> None:
    page = set_out(windows, word)

    with server.slow_disk():
        answer(page, "First.")
        page.wait_for_timeout(QUIET)
        expect_ticket(page, f"{word} a")
        expect(page.get_by_role("textbox", name="Public reply")).to_have_value("First.")

    expect_ticket(page, f"{word} b")
    assert server.ticket(numbers[0]).messages[-1].text == "First."


@pytest.mark.usefixtures("numbers")
def test_whoever_has_gone_elsewhere_meanwhile_is_not_led_on_when_they_come_back(
    windows: Windows, server: Server, word: str
) -> None:
    page = set_out(windows, word)
    with server.slow_disk():
        answer(page, "First.")
        page.get_by_role("link", name="New ticket", exact=True).first.click()
    expect(page.get_by_role("heading", level=1, name="New ticket")).to_be_visible()

    page.go_back()

    expect_ticket(page, f"{word} a")
    expect(page.get_by_role("textbox", name="Public reply")).to_have_value("")
    page.wait_for_timeout(QUIET)
    expect_ticket(page, f"{word} a")


@pytest.mark.parametrize("person", ["ada", "carla"])
def test_a_ticket_that_came_from_no_list_and_a_requester_have_no_such_choice(
    windows: Windows, numbers: list[int], person: str
) -> None:
    page = windows.open(f"ticket?id={numbers[0]}", person=person)

    expect(page.get_by_role("button", name="Send reply")).to_be_visible()
    expect(choice(page)).to_be_hidden()


def test_from_the_list_to_the_next_ticket_by_the_keyboard_alone(
    windows: Windows, server: Server, word: str, numbers: list[int]
) -> None:
    page = windows.open("dashboard", person="ada")
    expect(page.get_by_role("button", name="Keys", exact=True)).to_be_visible()
    keys = page.keyboard

    keys.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    keys.type(word)
    keys.press("Enter")
    expect(page.get_by_text("1 to 3 of 3")).to_be_visible()
    link = page.get_by_role("link", name=f"{word} a")
    press_until_focused(page, "Tab", link)
    keys.press("Enter")
    expect_ticket(page, f"{word} a")
    settle(page)

    keys.press("r")
    reply = page.get_by_role("textbox", name="Public reply")
    expect(reply).to_be_focused()
    keys.type("Is the plug in?")
    press_until_focused(page, "Tab", choice(page))
    keys.press("Space")
    status = page.get_by_role("combobox", name="Status after the reply")
    press_until_focused(page, "Tab", status)
    keys.press("ArrowDown")
    expect(status).to_have_value("pending")
    keys.press("Control+Enter")

    expect_ticket(page, f"{word} b")
    settle(page)
    keys.press("r")
    expect(reply).to_be_focused()
    keys.type("Yours, too?")
    keys.press("Control+Enter")
    expect_ticket(page, f"{word} c")
    wait_until(page, lambda: server.ticket(numbers[1]).messages[-1].text == "Yours, too?")
    assert server.ticket(numbers[0]).status == "pending"


def press_until_focused(page: Page, key: str, wanted: Locator) -> None:
    """Move the keyboard on until it is where it should be."""
    for _ in range(60):
        if wanted.evaluate("wanted => wanted.getRootNode().activeElement === wanted"):
            return
        page.keyboard.press(key)
    raise AssertionError(f"The keyboard does not come to {wanted}.")


@pytest.mark.usefixtures("numbers")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", [{}, PHONE], ids=["desktop", "phone"])
def test_the_choice_is_accessible_and_scrolls_nothing_sideways(
    windows: Windows, word: str, scheme: str, device: dict[str, Any]
) -> None:
    page = windows.open(f"all_tickets?q={word}", person="ada", color_scheme=scheme, **device)
    open_from_list(page, f"{word} a")
    expect(choice(page)).to_be_visible()
    settle(page)

    response = Axe().run(page, context={"include": [["[data-testid=stMain]"]]}).response

    assert response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(page).to_have_url(re.compile(r"/ticket\?id="))
