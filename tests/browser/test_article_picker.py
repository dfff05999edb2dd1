"""Articles put into an answer, in a browser: looked for, looked at, inserted, and nothing that was typed is lost."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.acting import conversation
from tests.browser.conftest import PHONE, Windows
from tests.serving import Server
from ticketing.domain.articles import Article, Visibility

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def number(server: Server) -> int:
    """Return a ticket of Carla's."""
    return server.desk.tickets.open(server.actor("carla"), "No tunnel", "It is dead.").number


def lent(server: Server, article: Article) -> Iterator[Article]:
    """Lend an article, and take it away again: the tests share their desk."""
    saved = server.desk.articles.save(server.actor("ada"), article)
    yield saved
    server.desk.articles.remove(server.actor("ada"), saved.id, saved.version)


@pytest.fixture
def article(server: Server) -> Iterator[Article]:
    """Return what everybody may read of tunnels."""
    body = "Shut the **wellhead** first."
    yield from lent(server, Article(name="Digging *tunnels*", body=body, visibility=Visibility.PUBLIC))


@pytest.fixture
def secret(server: Server) -> Iterator[Article]:
    """Return what agents alone may read of tunnels."""
    yield from lent(server, Article(name="Tunnels that fell in", body="Hush.", visibility=Visibility.INTERNAL))


def field(page: Page, name: str = "Public reply") -> Locator:
    return page.get_by_role("textbox", name=name)


def options(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Article").get_by_role("option")


@pytest.mark.usefixtures("secret")
def test_an_agent_inserts_the_link_to_an_article_by_the_keyboard_and_what_was_typed_stays(
    windows: Windows, server: Server, number: int, article: Article
) -> None:
    page = windows.open(f"ticket?id={number}", person="ada")
    field(page).fill("Please read this.")
    page.get_by_role("button", name="Article").press("Enter")
    expect(page.get_by_role("combobox", name="Search articles")).to_be_focused()
    page.keyboard.type("wellhead")
    expect(options(page)).to_have_text(["Digging *tunnels*Public"])
    page.keyboard.press("Enter")
    expect(page.locator(".canned .text")).to_have_text("Shut the **wellhead** first.")
    expect(page.get_by_role("button", name="Insert the link")).to_be_focused()
    page.keyboard.press("Enter")

    address = f"{server.base}/article?id={article.id}"
    expect(field(page)).to_have_value(f"Please read this.\n\nDigging *tunnels*: {address}")
    expect(field(page)).to_be_focused()
    page.get_by_role("button", name="Send reply").click()
    expect(page.get_by_text("Your reply is saved.")).to_be_visible()

    carla = windows.open(f"ticket?id={number}", person="carla")
    with carla.expect_popup() as opened:
        conversation(carla).get_by_role("link", name=address).click()
    expect(opened.value.get_by_role("heading", level=1, name="Digging *tunnels*")).to_be_visible()


@pytest.mark.usefixtures("secret")
def test_the_text_itself_can_be_inserted_and_a_note_takes_internal_articles_too(
    windows: Windows, number: int, article: Article
) -> None:
    page = windows.open(f"ticket?id={number}", person="ada")
    opener = page.get_by_role("button", name="Article")
    opener.click()
    options(page).filter(has_text=article.name).click()
    page.get_by_role("button", name="Insert the text").click()
    expect(field(page)).to_have_value(article.body)

    page.get_by_role("radio", name="Internal note").check()
    opener.click()
    page.keyboard.type("tunnels")
    expect(options(page).first).to_have_text("Digging *tunnels*Public")
    options(page).filter(has_text="Tunnels that fell inInternal").click()
    page.get_by_role("button", name="Insert the link").click()
    expect(field(page, "Internal note")).to_have_value(re.compile(r"^Tunnels that fell in: http\S+/article\?id=\w+$"))
    page.get_by_role("radio", name="Public reply").check()
    expect(field(page)).to_have_value(article.body)


def test_one_goes_back_to_the_list_from_one_to_the_other_and_away(
    windows: Windows, number: int, article: Article
) -> None:
    page = windows.open(f"ticket?id={number}", person="ada", **PHONE)
    page.get_by_role("button", name="Article").click()
    options(page).filter(has_text=article.name).click()
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_role("combobox", name="Search articles")).to_be_focused()
    page.keyboard.type("zebra")
    expect(page.get_by_text("No article fits.")).to_be_visible()

    page.get_by_role("button", name="Canned reply").click()
    expect(page.get_by_role("combobox", name="Search canned replies")).to_have_value("")
    expect(page.get_by_role("button", name="Article")).to_have_attribute("aria-expanded", "false")
    page.get_by_role("button", name="Article").click()
    expect(options(page).filter(has_text=article.name)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.keyboard.press("Escape")
    expect(page.get_by_role("combobox", name="Search articles")).not_to_be_visible()
    expect(page.get_by_role("button", name="Article")).to_be_focused()


def test_a_requester_is_offered_no_articles_to_insert(windows: Windows, number: int) -> None:
    page = windows.open(f"ticket?id={number}", person="carla")

    expect(page.get_by_role("button", name="Send reply")).to_be_visible()
    expect(page.get_by_role("button", name="Article", exact=True)).not_to_be_visible()
