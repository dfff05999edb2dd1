"""What people do at the desk, in the words of the pages."""

import re
import time
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as NotInTime

from tests.browser.conftest import PATIENCE, settle
from tests.serving import PASSWORD, Server

# How long somebody with a double-click habit waits, in milliseconds.
GAPS = (300, 600, 900)


def click_twice(button: Locator, server: Server, gap: int) -> None:
    """Click while another writer keeps the store waiting, and again so many milliseconds later, before it has done."""
    with server.slow_disk():
        button.click()
        button.page.wait_for_timeout(gap)
        button.click(force=True)  # it may look as if it were being drawn anew
        button.page.wait_for_timeout(200)


def sign_in(page: Page, username: str, password: str = PASSWORD) -> None:
    """Type name and password into the login page."""
    page.get_by_label("Username", exact=True).fill(username)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page: Page) -> None:
    """Leave by the button in the sidebar, and come to the login page."""
    page.get_by_role("button", name="Sign out").click()
    expect_login(page)


def choose_password(page: Page, present: str, new: str) -> None:
    """Fill in the form that changes the own password."""
    page.get_by_label("Present password", exact=True).fill(present)
    page.get_by_label("New password", exact=True).fill(new)
    page.get_by_label("Password again", exact=True).fill(new)
    page.get_by_role("button", name="Change password").click()


def fill_in_ticket(page: Page, title: str, description: str) -> None:
    """Fill in the form of a new ticket, and send it."""
    page.get_by_role("textbox", name="Title").fill(title)
    page.get_by_role("textbox", name="What happened?").fill(description)
    page.get_by_role("button", name="Open ticket").click()


def answer(page: Page, text: str) -> None:
    """Type a public reply and send it."""
    page.get_by_role("textbox", name="Public reply").fill(text)
    page.get_by_role("button", name="Send reply").click()


def choose(page: Page, field: str, value: str) -> None:
    """Choose a value in one of the fields of a ticket."""
    page.get_by_role("combobox", name=field, exact=True).select_option(label=value)


def pick_from(box: Locator, option: str, *, exact: bool = True) -> None:
    """Choose from the list below a box, which shuts by itself where the page moves just then: it is opened anew."""
    found = box.page.get_by_role("option", name=option, exact=exact)
    deadline = time.monotonic() + PATIENCE / 1000
    while True:
        box.click()
        try:
            found.click(timeout=3000)
        except NotInTime:
            assert time.monotonic() < deadline, f"There is no {option} to choose."
        else:
            return


def conversation(page: Page) -> Locator:
    """Return the messages of the ticket."""
    return page.get_by_role("region", name="Conversation")


def unfold_details(page: Page) -> None:
    """Unfold what stands beside a ticket, where it is folded, as on a phone."""
    expect(page.locator("section.details")).to_be_visible()
    settle(page)  # before that, the fold may be there for a moment where there is room enough
    details = page.locator(".details .fold")
    if details.is_visible() and details.get_attribute("aria-expanded") == "false":
        details.click()


def history(page: Page) -> Locator:
    """Unfold the history of the ticket and return its lines."""
    unfold_details(page)
    page.get_by_role("button", name="History").click()
    lines = page.locator(".history .body")
    expect(lines.locator("div").first).to_be_visible()
    return lines


def row(page: Page, title: str) -> Locator:
    """Return the line of the list that has this subject."""
    return page.get_by_role("row").filter(has_text=title)


def notice(page: Page, sentence: str) -> None:
    """Notice from now on whether this is said, however soon a page that comes back to life says something else."""
    page.evaluate(
        """sentence => {
          window.noticed = false
          const look = () => (window.noticed ||= document.body.innerText.includes(sentence))
          new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true })
        }""",
        sentence,
    )


def expect_noticed(page: Page) -> None:
    """See that what was to be noticed was said."""
    wait_until(page, lambda: bool(page.evaluate("window.noticed")))
    assert page.evaluate("window.noticed")


def wait_until(page: Page, is_so: Callable[[], bool]) -> None:
    """Give the server a while to come to it: a page shows some things before they are saved."""
    deadline = time.monotonic() + 20
    while not is_so() and time.monotonic() < deadline:
        page.wait_for_timeout(50)


def expect_ticket(page: Page, title: str) -> None:
    """See that the page of this ticket is there."""
    expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()
    expect(page).to_have_url(re.compile(r"/ticket\?id=\d+$"))


def expect_login(page: Page) -> None:
    """See that the page asks to sign in, and shows nothing else."""
    expect(page.get_by_role("heading", level=1, name="Sign in")).to_be_visible()
    expect(page.get_by_role("button", name="Sign out")).to_have_count(0)
