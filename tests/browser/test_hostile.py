"""What somebody typed to trick, track or deface is shown letter by letter, to everybody and in every place."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import count

import pytest
from playwright.sync_api import Page, expect

from tests.browser.acting import conversation, history
from tests.browser.conftest import Windows, settle
from tests.serving import PASSWORD, Server
from ticketing.domain.canned_replies import CannedReply
from ticketing.domain.tickets import TicketEdit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

# {} stands for the tracker's address.
PACK = (
    "![x]({}/image.png)",
    "<img src='{}/tag.png'>",
    "<script>fetch('{}/script')</script>",
    "<style>@import url({}/style.css); body {{ background: url({}/ground.png) }}</style>",
    "<b onmouseover=alert(1)>bold?</b>",
    "[click](javascript:alert(1))",
    "[data](data:text/html,<script>alert(1)</script>)",
    "# A heading",
    ":red[red] :material/lock: :smile: :blue-badge[agent]",
    "$\\frac{{1}}{{2}}$ and $$x^2$$",
    "| a | b |",
    "[^1] a footnote",
    "-> <- -- >=",
    "=HYPERLINK('{}/cell')",
    "Line &amp; entity &#65; &lt;",
    "invoice\u202egpj.exe",
)
# A sign that turns the direction of reading is the one thing that is not shown: the eye would read another name.
TURNS = "\u202e"


class Tracker:
    """A server that waits to be asked for anything."""

    def __init__(self) -> None:
        self.visits: list[str] = []
        visits = self.visits

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                visits.append(self.path)
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name for it
                """Keep quiet."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def tracker() -> Iterator[Tracker]:
    tracker = Tracker()
    thread = threading.Thread(target=tracker.server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield tracker
    tracker.server.shutdown()
    thread.join()
    tracker.server.server_close()


def pack(tracker: Tracker) -> list[str]:
    return [line.format(*[tracker.address] * line.count("{}")) for line in PACK]


def assert_only_ours(page: Page) -> None:
    """See that nothing of the pack has become an element of the page."""
    settle(page)
    assert page.locator("[data-testid=stMain] img, [data-testid=stSidebar] iframe, .katex, [onmouseover]").count() == 0
    assert page.locator("a[href^=javascript], a[href^=data]").count() == 0


def test_o1_a_hostile_title_is_a_title_to_both_sides(windows: Windows, server: Server, tracker: Tracker) -> None:
    carla = server.actor("carla")
    titles = [f"hostile {line}"[:200] for line in pack(tracker)]
    numbers = {title: server.desk.tickets.open(carla, title, "x").number for title in titles}

    for person, path, step in (("ada", "all_tickets?q=hostile", 2), ("carla", "my_tickets?q=hostile", 7)):
        page = windows.open(path, person=person)
        subjects = page.get_by_role("rowheader").get_by_role("link")
        expect(subjects).to_have_count(len(titles))
        assert set(subjects.evaluate_all("links => links.map(link => link.lastChild.data)")) == {
            title.replace(TURNS, "") for title in titles
        }
        assert_only_ours(page)
        for title in [titles[-1], *titles[::step]]:
            page.goto(f"{server.base}/ticket?id={numbers[title]}")
            heading = page.get_by_role("heading", level=1)
            expect(heading).to_be_visible()
            assert heading.inner_text().replace("\u2060", "") == title.replace(TURNS, "")
            assert_only_ours(page)

    newest = windows.open("new_ticket", person="carla")
    expect(newest.get_by_text("was saved a moment ago")).to_be_visible()
    assert_only_ours(newest)
    assert tracker.visits == []


def test_o1_a_hostile_canned_reply_is_shown_letter_by_letter(
    windows: Windows, server: Server, tracker: Tracker
) -> None:
    lines, number = pack(tracker), server.desk.tickets.open(server.actor("carla"), "Canned", "x").number
    for line in lines:
        reply = CannedReply(name=f"trap {line}"[:80], text="\n".join(lines), owner="bert")
        server.desk.definitions.save(server.actor("bert"), reply)
    names = [reply.name for reply in server.desk.definitions.all(server.actor("bert"), CannedReply)]

    page = windows.open(f"ticket?id={number}", person="bert")
    page.get_by_role("button", name="Canned reply").click()
    page.keyboard.type("trap")
    options = page.get_by_role("listbox", name="Canned reply").get_by_role("option")
    expect(options).to_have_count(len(lines))
    assert options.locator("span").all_inner_texts() == [name for name in names if name.startswith("trap")]
    options.first.click()
    expect(page.locator(".canned .text")).to_contain_text("=HYPERLINK")
    assert_only_ours(page)
    page.get_by_role("button", name="Insert").click()
    expect(page.get_by_role("textbox", name="Public reply")).to_have_value("\n".join(lines).replace(TURNS, ""))
    assert_only_ours(page)
    page.goto(f"{server.base}/desk_setup?kind=canned_replies")
    expect(page.get_by_text("trap =HYPERLINK").first).to_be_visible()
    assert_only_ours(page)
    assert tracker.visits == []


def test_o1_a_hostile_message_is_a_message_to_both_sides(windows: Windows, server: Server, tracker: Tracker) -> None:
    lines = pack(tracker)
    carla, ada = server.actor("carla"), server.actor("ada")
    ticket = server.desk.tickets.open(carla, "Hostile words", "\n".join(lines))
    server.desk.tickets.reply(ada, ticket.number, "\n\n".join(lines))
    server.desk.tickets.note(ada, ticket.number, "\n".join(lines))

    for person, copies in (("ada", 3), ("carla", 2)):
        page = windows.open(f"ticket?id={ticket.number}", person=person)
        expect(conversation(page)).to_be_visible()
        shown = conversation(page).inner_text()
        for line in lines:
            assert shown.count(line.replace(TURNS, "")) == copies, line
        assert_only_ours(page)

    assert tracker.visits == []


def test_o1_a_hostile_name_and_hostile_tags_are_a_name_and_tags(
    windows: Windows, server: Server, tracker: Tracker
) -> None:
    names = [line[:80] for line in pack(tracker) if line.isprintable()]
    tags = tuple(line[:40] for line in names if "," not in line)[:20]
    numbered = count()
    for name in names:
        server.desk.accounts.register(
            f"hostile{next(numbered)}", name, PASSWORD, PASSWORD, address=f"192.0.2.{next(numbered)}"
        )
    ada = server.actor("ada")
    page = windows.open("all_tickets", person="ada")
    for index, name in enumerate(names):
        number = server.desk.tickets.open(server.actor(f"hostile{2 * index}"), "Named", "x").number
        server.desk.tickets.edit(ada, number, TicketEdit(tags=tags))

        if index % 4 == 0:
            page.goto(f"{server.base}/ticket?id={number}")
            expect(conversation(page).locator("strong").first).to_have_text(name, use_inner_text=True)
            expect(conversation(page).locator("header span").first).to_have_text("requester")
            shown = history(page).inner_text()
            assert all(tag.casefold() in shown.casefold() for tag in tags)
            assert_only_ours(page)

    people = windows.open("agent_admin", person="root")
    people.get_by_role("searchbox").fill("hostile")
    people.get_by_role("searchbox").press("Enter")
    for name in names:
        expect(people.get_by_text(name).first).to_be_visible()
    assert_only_ours(people)

    own = windows.open("my_tickets", person="hostile0")
    signed_in = own.get_by_test_id("stSidebar").get_by_text("Signed in as")
    expect(signed_in).to_be_visible()
    assert signed_in.inner_text().replace("\u2060", "") == f"Signed in as {names[0]} · requester"
    assert_only_ours(own)
    assert tracker.visits == []


def test_o5_a_name_cannot_pretend_to_be_an_agent(windows: Windows, server: Server) -> None:
    server.desk.accounts.register("pretender", "Ada (agent)", PASSWORD, PASSWORD, address="192.0.2.250")
    number = server.desk.tickets.open(server.actor("pretender"), "Trust me", "I am an agent.").number
    page = windows.open(f"ticket?id={number}", person="bert")

    expect(conversation(page).locator("header span").first).to_have_text("requester")
    people = windows.open("agent_admin", person="root")
    people.get_by_role("searchbox").fill("pretender")
    people.get_by_role("searchbox").press("Enter")
    expect(people.locator(".stMarkdownBadge")).to_have_text(["requester"])
