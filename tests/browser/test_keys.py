"""Single keys: they lead where links and fields do, wait where something is typed, and can be switched off."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Locator, Page, expect

from tests.browser.acting import expect_ticket, fill_in_ticket, sign_in
from tests.browser.conftest import PHONE, Windows, settle
from tests.serving import Server

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

QUIET = 1000  # milliseconds in which a key would have led elsewhere


@pytest.fixture
def number(server: Server) -> int:
    """Open a ticket of Carla's."""
    return server.desk.tickets.open(server.actor("carla"), "A stuck key", "It is stuck.").number


def at(windows: Windows, path: str, person: str = "ada") -> Page:
    """Open a page for somebody, and wait until it listens to keys, and all is there that they lead to."""
    page = windows.open(path, person=person)
    expect(help_button(page)).to_be_visible()
    settle(page)
    return page


def help_button(page: Page) -> Locator:
    return page.get_by_role("button", name="Keys", exact=True)


def help_on_keys(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Keys")


def switch_keys_off(page: Page) -> None:
    """Take the check mark away by the keyboard, in the help on the keys."""
    page.keyboard.press("?")
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("checkbox", name="Use the single keys")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Escape")
    expect(help_on_keys(page)).to_be_hidden()


@pytest.mark.parametrize("person", ["ada", "carla"])
def test_n_opens_the_form_of_a_new_ticket_in_the_same_session(windows: Windows, number: int, person: str) -> None:
    page = at(windows, f"ticket?id={number}", person)
    page.evaluate("window.isSameSession = true")

    page.keyboard.press("n")

    expect(page.get_by_role("heading", level=1, name="New ticket")).to_be_visible()
    expect(page).to_have_url(re.compile("/new_ticket$"))
    assert page.evaluate("window.isSameSession")


def test_a_slash_leads_to_the_search_of_the_list(windows: Windows) -> None:
    page = at(windows, "all_tickets")

    page.keyboard.press("/")

    expect(page.get_by_role("searchbox")).to_be_focused()
    expect(page.get_by_role("searchbox")).to_have_value("")


def test_a_slash_leads_to_the_search_of_a_page_that_has_one_of_its_own(windows: Windows) -> None:
    page = at(windows, "articles")
    expect(page.get_by_role("searchbox")).to_be_visible()

    page.keyboard.press("/")

    expect(page.get_by_role("searchbox")).to_be_focused()
    expect(page).to_have_url(re.compile("/articles$"))


@pytest.mark.parametrize(("person", "where"), [("ada", "all_tickets"), ("carla", "my_tickets")])
def test_a_slash_leads_to_the_list_from_a_page_without_a_search(
    windows: Windows, number: int, person: str, where: str
) -> None:
    page = at(windows, f"ticket?id={number}", person)

    page.keyboard.press("/")

    expect(page).to_have_url(re.compile(f"/{where}$"))
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_r_leads_to_the_reply_and_takes_nothing_of_a_note(windows: Windows, server: Server, number: int) -> None:
    page = at(windows, f"ticket?id={number}")
    page.get_by_text("Internal note").click()
    page.get_by_role("textbox", name="Internal note").fill("Half a note")
    page.get_by_role("heading", level=1).click()

    page.keyboard.press("r")
    expect(page.get_by_role("textbox", name="Public reply")).to_be_focused()
    page.keyboard.type("nor/r?")
    page.keyboard.press("Control+Enter")

    expect(page.get_by_text("Your reply is saved.")).to_be_visible()
    assert server.ticket(number).messages[-1].text == "nor/r?"
    page.get_by_text("Internal note").click()
    expect(page.get_by_role("textbox", name="Internal note")).to_have_value("Half a note")


def test_keys_mean_letters_where_one_types_and_go_with_no_other_key(windows: Windows, number: int) -> None:
    page = at(windows, f"ticket?id={number}")
    for field in (
        page.get_by_role("textbox", name="Public reply"),
        page.get_by_role("combobox", name="Priority"),
        page.get_by_role("textbox", name="Tags"),
        page.get_by_role("radio", name="Public reply"),
    ):
        field.focus()
        for key in ("n", "?", "/"):
            page.keyboard.press(key)
    page.get_by_role("heading", level=1).click()
    for key in ("Alt+n", "Control+/", "Meta+n"):
        page.keyboard.press(key)

    page.wait_for_timeout(QUIET)
    expect_ticket(page, "A stuck key")
    expect(help_on_keys(page)).to_be_hidden()
    expect(page.get_by_role("textbox", name="Public reply")).to_have_value("n?/")


def test_a_key_that_is_held_down_counts_once(windows: Windows, number: int) -> None:
    page = at(windows, f"ticket?id={number}")
    page.evaluate("""() => {
      for (const repeat of [true, false]) {
        document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "?", repeat, bubbles: true, composed: true }))
        window.isOpen = [...(window.isOpen || []), Boolean(ticketingKeyboard.place.querySelector("dialog")?.open)]
      }
    }""")

    assert page.evaluate("window.isOpen") == [False, True]


def test_help_on_the_keys_is_a_dialog_that_gives_the_keyboard_back(windows: Windows) -> None:
    page = at(windows, "all_tickets")
    help_button(page).focus()
    page.keyboard.press("Enter")
    expect(help_on_keys(page)).to_be_visible()
    expect(help_on_keys(page).get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("n")  # which is no way out of it
    page.keyboard.press("Escape")

    expect(help_on_keys(page)).to_be_hidden()
    expect(help_button(page)).to_be_focused()
    page.keyboard.press("?")
    expect(help_on_keys(page)).to_be_visible()
    page.keyboard.press("Enter")
    expect(help_on_keys(page)).to_be_hidden()
    expect(page).to_have_url(re.compile("/all_tickets$"))


def test_the_keys_can_be_switched_off_and_on_again_and_the_browser_remembers_it(windows: Windows, number: int) -> None:
    page = at(windows, f"ticket?id={number}")
    switch_keys_off(page)
    page.reload()
    expect(help_button(page)).to_be_visible()
    settle(page)

    for key in ("n", "/", "r", "?"):  # the r is not Streamlit's either, which would run the page anew
        page.keyboard.press(key)
    page.wait_for_timeout(QUIET)
    expect_ticket(page, "A stuck key")
    expect(page.get_by_role("textbox", name="Public reply")).not_to_be_focused()
    expect(help_on_keys(page)).to_be_hidden()

    help_button(page).click()
    page.get_by_role("checkbox", name="Use the single keys").check()
    help_on_keys(page).get_by_role("button", name="Close").click()
    page.keyboard.press("r")
    expect(page.get_by_role("textbox", name="Public reply")).to_be_focused()


def test_streamlits_own_r_runs_no_page_anew(windows: Windows) -> None:
    page = at(windows, "all_tickets")
    page.evaluate("""() => {
      window.states = []
      const app = document.querySelector('[data-testid="stApp"]')
      const look = () => states.push(app.dataset.testScriptState)
      new MutationObserver(look).observe(app, { attributeFilter: ["data-test-script-state"] })
    }""")

    page.keyboard.press("r")
    page.wait_for_timeout(QUIET)

    assert page.evaluate("window.states") == []


def test_whatever_happens_on_a_page_one_listener_is_there(windows: Windows, number: int) -> None:
    page = windows.open("login")
    page.add_init_script("""
      window.listeners = 0
      const [add, remove] = [document.addEventListener, document.removeEventListener]
      document.addEventListener = function (kind, ...rest) {
        if (kind === "keydown" && rest[1] === true && rest[0].name === "pressed") window.listeners += 1
        add.call(document, kind, ...rest)
      }
      document.removeEventListener = function (kind, ...rest) {
        if (kind === "keydown" && rest[1] === true && rest[0].name === "pressed") window.listeners -= 1
        remove.call(document, kind, ...rest)
      }""")
    page.reload()
    sign_in(page, "ada")
    expect(help_button(page)).to_be_visible()
    page.goto(f"{windows.server.base}/ticket?id={number}")
    expect(help_button(page)).to_be_visible()
    for name in ("Dashboard", "New ticket", "All tickets"):
        page.get_by_role("link", name=name, exact=True).first.click()
        expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()
        settle(page)

    assert page.evaluate("window.listeners") == 1


def test_n_leaves_no_form_in_which_something_is_typed(windows: Windows) -> None:
    page = at(windows, "article?edit=new")
    page.get_by_role("textbox", name="Title").fill("How to press a key")
    page.get_by_role("heading", level=1).click()

    page.keyboard.press("n")
    page.keyboard.press("/")

    page.wait_for_timeout(QUIET)
    expect(page.get_by_role("textbox", name="Title")).to_have_value("How to press a key")


def test_what_is_typed_into_a_new_ticket_and_into_a_reply_outlives_the_keys(windows: Windows, number: int) -> None:
    page = at(windows, f"ticket?id={number}")
    page.get_by_role("textbox", name="Public reply").fill("Half a reply")
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("n")
    page.get_by_role("textbox", name="Title").fill("Half a ticket")
    page.get_by_role("heading", level=1).click()

    page.keyboard.press("n")
    page.wait_for_timeout(QUIET)
    expect(page.get_by_role("textbox", name="Title")).to_have_value("Half a ticket")
    page.go_back()
    expect_ticket(page, "A stuck key")
    expect(page.get_by_role("textbox", name="Public reply")).to_have_value("Half a reply")


def test_keys_lead_nowhere_when_nobody_is_signed_in(windows: Windows) -> None:
    page = at(windows, "all_tickets")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1, name="Sign in")).to_be_visible()
    page.get_by_role("heading", level=1).click()

    page.keyboard.press("n")
    page.keyboard.press("?")

    page.wait_for_timeout(QUIET)
    expect(page.get_by_role("heading", level=1, name="Sign in")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_who_has_yet_to_choose_a_password_is_led_nowhere(windows: Windows, server: Server) -> None:
    account = server.desk.agents.register_agent(server.actor("root"), "newcomer", "Nils Newcomer")
    page = windows.open("login")
    sign_in(page, "newcomer", account.one_time_password)
    expect(page).to_have_url(re.compile("/account$"))
    expect(help_button(page)).to_be_visible()
    page.get_by_role("heading", level=1).click()

    for key in ("n", "/", "r"):
        page.keyboard.press(key)

    page.wait_for_timeout(QUIET)
    expect(page).to_have_url(re.compile("/account$"))


def test_a_phone_is_not_told_of_keys(windows: Windows) -> None:
    page = windows.open("my_tickets", person="carla", **PHONE)
    page.get_by_test_id("stExpandSidebarButton").click()

    expect(page.get_by_role("link", name="Articles")).to_be_visible()
    expect(help_button(page)).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_help_on_the_keys_is_accessible(windows: Windows, scheme: str) -> None:
    page = windows.open("all_tickets", person="ada", color_scheme=scheme)
    help_button(page).click()
    expect(help_on_keys(page)).to_be_visible()

    response = Axe().run(page, context={"include": [["[data-testid=stSidebar]"]]}).response

    assert response["violations"] == []
    assert response["passes"]


def test_a_new_ticket_is_opened_by_the_keyboard_alone(windows: Windows) -> None:
    page = at(windows, "my_tickets", "carla")

    page.keyboard.press("n")
    expect(page.get_by_role("heading", level=1, name="New ticket")).to_be_visible()
    fill_in_ticket(page, "Opened by keys", "All of it.")

    expect_ticket(page, "Opened by keys")
