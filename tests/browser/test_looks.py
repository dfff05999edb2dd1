"""What holds on every page: no menu of Streamlit's own, nothing from elsewhere, no scrolling sideways, accessible."""

import re
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.acting import history
from tests.browser.conftest import DESKTOP, PHONE, Windows, settle
from tests.serving import Server
from ticketing.domain.articles import Article, Visibility
from ticketing.domain.canned_replies import CannedReply
from ticketing.domain.changes import Changes
from ticketing.domain.imports import System
from ticketing.domain.outbox import Outcome, Outgoing, Result
from ticketing.domain.people import Actor
from ticketing.domain.sign_in import fingerprint
from ticketing.domain.statuses import Priority
from ticketing.domain.tickets import TicketEdit
from ticketing.domain.webhooks import Webhook, WebhookEvent
from ticketing.ui.pages import PAGES
from ticketing.ui.setup import EDITORS, OVERVIEWS

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

STRANGERS = ("login", "register", "reset_password")
REQUESTERS = (
    *("my_tickets", "new_ticket", "ticket?id={}", "account", "ticket?id=999999"),
    *("articles", "article?id=looked-at", "inbox"),
)
AGENTS = (
    "all_tickets",
    "all_tickets?q=nothing+like+this",
    "my_tickets",
    "new_ticket",
    "dashboard",
    "reports?by=priority",
    "reports?metric=created&day=1970-01-01",
    "reports?metric=unfinished",
    "inbox",
    "agent_admin",
    "agent_admin?new=agent",
    "agent_admin?new=invitation",
    "agent_admin?person=carla",
    "agent_admin?anonymise=carla",
    "doctor",
    "audit",
    "webhooks",
    "webhooks?id=new",
    "webhooks?id=looked-at",
    "mail",
    f"mail?mail={fingerprint('received', '<looked-at@example.net>')}",
    "bulk",
    "desk_setup",
    "desk_setup?kind=imports",
    *(f"desk_setup?kind={kind}{form}" for kind in EDITORS for form in ("", "&id=new")),
    *(f"desk_setup?kind={name}" for name in OVERVIEWS),
    "articles",
    "article?id=looked-at",
    "article?edit=looked-at",
)
AGENTS_TICKET = "ticket?id={}"
EVERY_PAGE = [
    *((None, page) for page in STRANGERS),
    *(("carla", page) for page in REQUESTERS),
    *(("root", page) for page in (*AGENTS, AGENTS_TICKET)),
]
# Findings in what Streamlit draws itself, which no page of ours can mend: the rule, and where.
STREAMLITS_OWN = {
    # A chosen segment is drawn in the primary colour on a tint of it; on dark, no colour serves that and white on it.
    "color-contrast": 'data-selected="true"',
    # Year, month and day in the field of a date stand close together.
    "target-size": "react-aria",
    # Where a file can be dropped there is a button as well, which is found by all.
    "presentation-role-conflict": 'data-testid="stFileUploaderDropzone"',
}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LONGEST_MENU = 6
SKINS: dict[Literal["light", "dark"], str] = {"light": "rgb(255, 255, 255)", "dark": "rgb(16, 19, 26)"}
ON_DESKTOP_AND_PHONE = pytest.mark.parametrize("look", [DESKTOP, PHONE], ids=["desktop", "phone"])


@pytest.fixture(scope="module")
def number(json_server: Server) -> int:
    """Open a ticket with a reply, a note and a tag, and return its number."""
    desk, ada = json_server.desk, json_server.actor("ada")
    desk.receiving.take(b"From: nora@example.net\nMessage-ID: <looked-at@example.net>\nSubject: Look\n\nHelp!")
    ticket = desk.tickets.open(json_server.actor("carla"), "A look at everything", "One `line` of code.\n\n- a list")
    desk.tickets.reply(ada, ticket.number, "See https://example.org for **more**.")
    desk.tickets.note(ada, ticket.number, "Between us.")
    desk.tickets.edit(ada, ticket.number, TicketEdit(priority=Priority.HIGH, tags=("picture",)))
    desk.definitions.save(
        ada, CannedReply(name="A look", text="Look!", changes=Changes(assignee="nobody.here", add_tags=("seen",)))
    )
    article = Article(id="looked-at", name="A look at an article", body="One\n\n- list", visibility=Visibility.PUBLIC)
    now = desk.clock()
    mail = Outgoing(id="m1", username="carla", kind="replied", ticket=ticket.number, at=now, due_at=now, expires_at=now)
    mail.claim("carla@example.org", now)
    mail.settle(Outcome(Result.REFUSED, "550 No such mailbox"), now)
    events = (WebhookEvent.OPENED,)
    webhook = desk.webhooks.create(
        Actor.console(), Webhook(name="Looked at", url="https://127.0.0.1/", events=events)
    ).webhook
    desk.webhooks.test(Actor.console(), webhook.id)
    moved_in = BytesIO(b"Number,Subject,From,Opened\n9101,A look back,Imported Ines,2024-01-15 15:04\n")
    guessed = desk.imports.look(Actor.console(), moved_in).mapping
    desk.imports.apply(Actor.console(), moved_in, "before.csv", System.CSV, guessed)
    with desk.store.write() as tx:
        tx.outgoing.save(mail)
        first = article.revised(None, "ada", desk.clock())
        tx.definitions(Article).save(first.model_copy(update={"body": "Two"}).revised(first, "ada", desk.clock()))
    return ticket.number


def every_page(windows: Windows, number: int, **options: Any) -> Iterator[tuple[str, Page]]:
    """Go through all pages, each as one of those for whom it is."""
    tabs: dict[str | None, Page] = {}
    for person, path in EVERY_PAGE:
        path_here = path.format(number)
        if person in tabs:
            tabs[person].goto(f"{windows.server.base}/{path_here}")
        else:
            tabs[person] = windows.open(path_here, person=person, **options)
        page = tabs[person]
        settle(page)
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        expect(page.locator("button:empty:visible")).to_have_count(0)  # what isn't drawn yet has no words
        yield f"{path} for {person or 'a stranger'}", page


def test_every_page_of_the_desk_is_among_them() -> None:
    assert {path.partition("?")[0] for _, path in EVERY_PAGE} == {page.name for page in PAGES}


# Pages of plain HTML, outside of Streamlit, as they are behind a link that leads nowhere any more.
PLAIN = (
    "rate?t=nothing",
    "watch?t=nothing",
    "confirm?t=nothing",
    "choose_password?t=nothing",
    "healthz",
    "nothing_here",
)


@pytest.fixture(scope="module")
def visit(chromium: Browser, json_server: Server, number: int) -> Iterator[Windows]:
    """Look at every page as those for whom it is, at those of admins as an agent, too; return what came of that."""
    windows = Windows(chromium, json_server)
    agents = [("ada", path) for person, path in EVERY_PAGE if person == "root"]
    for person in (None, "carla", "ada", "root"):
        page = windows.open("login", person=person)
        for path in (path for who, path in (*EVERY_PAGE, *agents) if who == person):
            page.goto(f"{json_server.base}/{path.format(number)}")
            settle(page)
            page.wait_for_load_state("networkidle")
        for path in PLAIN:
            page.goto(f"{json_server.base}/{path}")
    yield windows
    for context in windows.contexts:
        context.close()


def test_o4_every_page_keeps_its_content_security_policy(visit: Windows) -> None:
    assert visit.complaints == []


def test_p1_no_page_asks_anything_of_another_host(visit: Windows, server: Server) -> None:
    hosts = {urlsplit(address).netloc for address in visit.addresses if not address.startswith(("data:", "blob:"))}

    assert hosts == {urlsplit(server.base).netloc}


def test_o4_what_breaks_the_policy_is_refused_and_noticed(chromium: Browser, server: Server) -> None:
    windows = Windows(chromium, server)
    page = windows.open("login")

    for planted in (
        "const image = new Image(); image.src = 'http://tracker.example/pixel.png'",
        "const s = document.createElement('script'); s.text = 'window.caught = 1'; document.body.append(s)",
        "setTimeout(() => eval('window.caught = 2'))",
        "fetch('http://tracker.example/').catch(() => {})",
    ):
        windows.complaints.clear()
        page.evaluate(f"() => {{ {planted} }}")
        page.wait_for_timeout(300)
        assert windows.complaints

    assert page.evaluate("() => window.caught") is None
    page.context.close()


def findings(page: Page) -> list[str]:
    """Return what axe objects to, but for what Streamlit itself draws."""
    response = Axe().run(page, options={"runOnly": RULES}).response
    return [
        f"{violation['id']}: {node['target']} {node['html'][:160]}"
        for violation in response["violations"]
        for node in violation["nodes"]
        if not _is_streamlits_own(violation["id"], f"{node['target']} {node['html']}")
    ]


def _is_streamlits_own(rule: str, element: str) -> bool:
    return rule in STREAMLITS_OWN and STREAMLITS_OWN[rule] in element


def in_light_and_dark(page: Page) -> Iterator[str]:
    """Show a page in the one skin and then in the other, each once no colour changes any more."""
    for scheme, skin in SKINS.items():
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        expect(page.get_by_test_id("stApp")).to_have_css("background-color", skin)
        settle(page)
        page.evaluate("Promise.allSettled(document.getAnimations().map(one => one.finished))")
        yield scheme


def findings_in_both(page: Page) -> list[str]:
    """Return what axe objects to in the light and in the dark."""
    return [f"{scheme}: {found}" for scheme in in_light_and_dark(page) for found in findings(page)]


def pixels_too_wide(page: Page) -> int:
    """Return by how much a page could be scrolled sideways, or reaches beyond the screen."""
    assert page.viewport_size
    over: int = page.evaluate(
        """width => {
            const main = document.querySelector("[data-testid=stMain]");
            const beyond = Math.ceil(main.getBoundingClientRect().right) - width;
            return Math.max(document.documentElement.scrollWidth - width, main.scrollWidth - main.clientWidth, beyond);
        }""",
        page.viewport_size["width"],
    )
    return over


@ON_DESKTOP_AND_PHONE
def test_every_page_is_accessible_fits_its_width_and_is_free_of_streamlits_menu(
    windows: Windows, number: int, look: dict[str, Any]
) -> None:
    objections, too_wide = {}, {}
    for name, page in every_page(windows, number, **look):
        for test_id in ("stMainMenu", "stAppDeployButton", "stStatusWidget", "stException"):
            expect(page.get_by_test_id(test_id)).to_have_count(0)
        for scheme in in_light_and_dark(page):
            if (over := pixels_too_wide(page)) > 0:
                too_wide[name, scheme] = over
            if found := findings(page):
                objections[name, scheme] = found

    assert too_wide == {}
    assert objections == {}


def ground(element: Locator) -> str:
    """Return the colour behind an element."""
    colour: str = element.evaluate("element => getComputedStyle(element).backgroundColor")
    return colour


def test_a_note_cannot_be_mistaken_for_an_answer(windows: Windows, number: int) -> None:
    page = windows.open(f"ticket?id={number}", person="ada")
    note = page.get_by_role("article").filter(has_text="Between us.")
    answer = page.get_by_role("article").filter(has_text="See https")

    expect(note).to_contain_text("internal note")
    assert ground(note) != ground(answer)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_note_in_the_making_cannot_be_mistaken_for_an_answer(windows: Windows, number: int, scheme: str) -> None:
    page = windows.open(f"ticket?id={number}", person="ada", color_scheme=scheme)
    composer = page.locator("form.composer")
    of_an_answer = ground(composer)

    page.get_by_role("radio", name="Internal note").check()

    expect(composer).to_contain_text("Only agents see this note.")
    assert ground(composer) != of_an_answer
    expect(composer).to_have_css("border-left-width", "4px")


@pytest.mark.parametrize("person", ["carla", "ada", "root"])
def test_the_menu_is_one_short_list(windows: Windows, person: str) -> None:
    page = windows.open("account", person=person)

    entries = page.get_by_test_id("stSidebarNavLink")
    expect(entries.filter(has_text="Account")).to_be_visible()
    assert entries.count() <= LONGEST_MENU
    expect(page.get_by_test_id("stNavSectionHeader")).to_have_count(0)


def unfold(page: Page) -> None:
    """Unfold history and, on a phone, details, and begin a note."""
    history(page)
    expect(page.get_by_role("combobox", name="Priority")).to_be_visible()
    page.get_by_role("radio", name="Internal note").check()


def open_filters(page: Page) -> None:
    """Show the filters of a list."""
    page.get_by_role("button", name="Filters").click()
    expect(page.get_by_role("group", name="Priority")).to_be_visible()


def open_columns(page: Page) -> None:
    """Show the columns that can be chosen, where there are any, beside a view that is not one's default."""
    page.get_by_role("button", name=re.compile("^Waiting")).click()
    expect(page.get_by_role("button", name="Make this my default")).to_be_attached()
    button = page.get_by_role("button", name="Columns")
    if button.is_visible():
        button.click()
        expect(page.get_by_role("group", name="Columns")).to_be_visible()


def open_canned_replies(page: Page) -> None:
    """Show the list of canned replies."""
    page.get_by_role("button", name="Canned reply").click()
    expect(page.get_by_role("listbox", name="Canned reply")).to_be_visible()


def open_articles(page: Page) -> None:
    """Look at an article that could go into an answer."""
    page.get_by_role("button", name="Article").click()
    page.get_by_role("listbox", name="Article").get_by_role("option", name="A look").click()
    expect(page.get_by_role("button", name="Insert the link")).to_be_visible()


def insert_macro(page: Page) -> None:
    """Insert a canned reply that changes something, and look at it once more."""
    reply = page.get_by_role("listbox", name="Canned reply").get_by_role("option", name="A look")
    open_canned_replies(page)
    reply.click()
    page.get_by_role("button", name="Insert").click()
    expect(page.locator(".macro .warning")).to_be_visible()
    expect(page.locator(".canned .text")).to_be_hidden()
    open_canned_replies(page)
    reply.click()
    expect(page.locator(".canned .text")).to_be_visible()
    expect(page.locator(".macro .warning")).to_be_visible()


def preview(page: Page) -> None:
    """Look at what a canned reply comes to, and at its variables."""
    page.get_by_role("textbox", name="Name").fill("Looks")
    page.get_by_role("textbox", name="Text").fill("Dear {{ requester.name }}")
    page.get_by_text("Variables that the text may hold").click()
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("Dear Carla Ruiz")).to_be_visible()


def be_refused(page: Page) -> None:
    """Send a form in which nothing is filled in."""
    page.get_by_role("button", name=re.compile("Send reply|Open ticket")).click()
    expect(page.get_by_role("alert").filter(has_text="is empty")).to_be_visible()


def begin_transfer(page: Page) -> None:
    """Show the form that hands a ticket on."""
    page.get_by_role("button", name="Transfer…").click()
    expect(page.get_by_role("textbox", name="Internal note (optional)")).to_be_visible()


def be_asked_for_stars(page: Page) -> None:
    """Say that a ticket is not solved."""
    page.get_by_role("button", name="Not yet").click()
    expect(page.get_by_role("radio", name="5 ★")).to_be_visible()
    expect(page.get_by_role("button", name="Reopen the ticket")).to_be_visible()


def open_api_keys(page: Page) -> None:
    """Make an API key, and look at the list of them."""
    page.get_by_role("tab", name="API keys").click()
    page.get_by_role("textbox", name="Name", exact=True).fill(f"Import {page.viewport_size}")
    page.get_by_role("button", name="Create key").click()
    expect(page.get_by_text("it is shown only now")).to_be_visible()
    page.get_by_role("button", name="I have kept it").click()
    expect(page.get_by_role("button", name="Revoke").first).to_be_visible()


@ON_DESKTOP_AND_PHONE
@pytest.mark.parametrize(
    ("path", "open_up"),
    [
        ("ticket?id={}", unfold),
        ("ticket?id={}", be_refused),
        ("ticket?id={}", begin_transfer),
        ("ticket?id={}", open_canned_replies),
        ("ticket?id={}", open_articles),
        ("ticket?id={}", insert_macro),
        ("desk_setup?kind=canned_replies&id=new", preview),
        ("all_tickets", open_filters),
        ("all_tickets", open_columns),
        ("new_ticket", be_refused),
        ("account", open_api_keys),
    ],
    ids=lambda part: getattr(part, "__name__", ""),
)
def test_what_a_page_opens_is_accessible(
    windows: Windows, number: int, path: str, open_up: Callable[[Page], None], look: dict[str, Any]
) -> None:
    page = windows.open(path.format(number), person="root", **look)

    open_up(page)
    settle(page)

    assert findings_in_both(page) == []


@ON_DESKTOP_AND_PHONE
def test_the_question_whether_a_ticket_is_solved_is_accessible(
    windows: Windows, server: Server, look: dict[str, Any]
) -> None:
    ticket = server.desk.tickets.open(server.actor("carla"), "A look at a rating", "It drips.")
    server.desk.tickets.close(server.actor("ada"), ticket.number)
    page = windows.open(f"ticket?id={ticket.id}", person="carla", **look)

    be_asked_for_stars(page)
    settle(page)

    assert findings_in_both(page) == []
