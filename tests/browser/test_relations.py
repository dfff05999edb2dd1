"""Two tickets of one matter: an agent merges them and takes it back, links tickets, and splits a message off."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.acting import conversation, expect_ticket, history, pick_from, unfold_details, wait_until
from tests.browser.conftest import PHONE, Windows, settle
from tests.browser.test_looks import findings
from tests.serving import Server
from ticketing.domain.links import LinkKind

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def pair(server: Server) -> tuple[int, int]:
    """Return a ticket of Carla's and, opened after it, one of Oskar's; both have a reply."""
    carla, oskar, ada = (server.actor(name) for name in ("carla", "oskar", "ada"))
    first = server.desk.tickets.open(carla, "No dial tone", "The line is dead.").number
    second = server.desk.tickets.open(oskar, "Phone dead", "No sound at all.").number
    server.desk.tickets.reply(ada, first, "Since when?")
    server.desk.tickets.reply(oskar, second, "The printer jams, too.")
    return first, second


def related(page: Page) -> Locator:
    """Return the section of related tickets, unfolded."""
    unfold_details(page)
    fold = page.get_by_role("button", name="Related tickets")
    if fold.get_attribute("aria-expanded") != "true":
        fold.click()
    return page.locator("section.related")


def test_two_tickets_are_merged_and_taken_apart_again(windows: Windows, server: Server, pair: tuple[int, int]) -> None:
    first, second = pair
    before = [server.ticket(number) for number in pair]
    ada = windows.open(f"ticket?id={second}", person="ada")
    ada.evaluate("window.sameTab = true")

    related(ada).get_by_role("button", name="Merge into another ticket").click()
    expect(ada.get_by_role("heading", level=1, name=f"Merge T-{second} into another ticket")).to_be_visible()
    search = ada.get_by_role("searchbox", name="Number or words of the other ticket")
    search.fill(f"T-{first}")
    search.press("Enter")
    ada.get_by_role("button", name=f"Choose T-{first}", exact=True).click()
    expect(ada.get_by_role("heading", level=1, name=f"Merge T-{second} into T-{first}?")).to_be_visible()
    expect(ada.get_by_text(f"Oskar Lind will read the whole public conversation of T-{first}")).to_be_visible()
    expect(ada.get_by_text(f"Carla Ruiz will read what was said in public in T-{second}")).to_be_visible()
    ada.get_by_role("button", name=f"Merge into T-{first}").click()

    expect_ticket(ada, "No dial tone")
    expect(ada.get_by_text(f"T-{second} was merged into T-{first}.")).to_be_visible()
    messages = conversation(ada).get_by_role("article")
    expect(messages).to_have_text(
        [re.compile("The line is dead"), re.compile("No sound at all"), re.compile("Since when"), re.compile("printer")]
    )
    expect(messages.nth(1)).to_contain_text(f"from T-{second}")
    expect(history(ada)).to_contain_text(f"merged T-{second} into this ticket")
    assert ada.evaluate("window.sameTab")

    oskar = windows.open(f"ticket?id={second}", person="oskar")
    expect_ticket(oskar, "No dial tone")
    expect(oskar).to_have_url(re.compile(rf"/ticket\?id={first}$"))
    expect(oskar.get_by_text(f"T-{second} was merged into T-{first}.")).to_be_visible()
    expect(conversation(oskar).get_by_role("article")).to_have_count(4)

    ada.get_by_role("button", name="Undo: merge").click()
    expect(ada.get_by_text("The change of merge is undone.")).to_be_visible()
    expect(messages).to_have_count(2)
    changing = {"events", "version", "updated_at", "public_updated_at"}
    assert [server.ticket(number).model_dump(exclude=changing) for number in pair] == [
        ticket.model_dump(exclude=changing) for ticket in before
    ]


def test_a_merge_of_before_is_undone_in_the_side_of_the_ticket(
    windows: Windows, server: Server, pair: tuple[int, int]
) -> None:
    first, second = pair
    server.desk.relations.merge(server.actor("bert"), second, first)
    ada = windows.open(f"ticket?id={first}", person="ada")

    related(ada).get_by_role("button", name=f"Undo the merge of T-{second}").click()

    expect(ada.get_by_text(f"The merge of T-{second} is undone.")).to_be_visible()
    expect(conversation(ada).get_by_role("article")).to_have_count(2)
    assert server.ticket(second).merged_into is None


def test_the_way_back_from_a_merged_ticket_is_open(windows: Windows, server: Server, pair: tuple[int, int]) -> None:
    first, second = pair
    server.desk.relations.merge(server.actor("bert"), second, first)
    ada = windows.open("account", person="ada")
    ada.goto(f"{server.base}/ticket?id={second}")
    expect_ticket(ada, "No dial tone")

    ada.go_back()
    ada.go_back()

    expect(ada.get_by_role("heading", level=1, name="Account")).to_be_visible()


def test_tickets_are_linked_walked_between_and_unlinked(
    windows: Windows, server: Server, pair: tuple[int, int]
) -> None:
    first, second = pair
    ada = windows.open(f"ticket?id={first}", person="ada")
    ada.evaluate("window.sameTab = true")

    related(ada).get_by_role("button", name="Link a ticket").click()
    search = ada.get_by_role("searchbox", name="Number or words of the other ticket")
    search.fill(f"T-{second}")
    search.press("Enter")
    pick_from(ada.get_by_role("combobox", name=f"T-{first} is"), "blocked by")
    ada.get_by_role("button", name=f"Link T-{second}", exact=True).click()

    expect_ticket(ada, "No dial tone")
    line = related(ada).locator(".line")
    expect(line).to_contain_text("blocked by")
    line.get_by_role("link", name=f"T-{second} Phone dead").click()
    expect_ticket(ada, "Phone dead")
    expect(related(ada).locator(".line")).to_contain_text("blocks")
    assert ada.evaluate("window.sameTab")

    related(ada).get_by_role("button", name=f"Remove the link to T-{first}").click()
    expect(ada.get_by_text(f"The link to T-{first} is removed.")).to_be_visible()
    expect(ada.get_by_role("button", name="Related tickets")).to_be_focused()
    assert server.ticket(first).links == server.ticket(second).links == []
    ada.get_by_role("button", name="Undo: link").click()
    expect(related(ada).locator(".line")).to_contain_text("blocks")
    assert [link.kind for link in server.ticket(first).links] == ["blocked_by"]


def test_a_circle_is_refused_where_it_would_be_closed(windows: Windows, server: Server, pair: tuple[int, int]) -> None:
    first, second = pair
    server.desk.relations.link(server.actor("bert"), second, LinkKind.BLOCKS, first)
    ada = windows.open(f"ticket?id={first}&relate=link", person="ada")
    search = ada.get_by_role("searchbox", name="Number or words of the other ticket")
    search.fill(f"T-{second}")
    search.press("Enter")
    pick_from(ada.get_by_role("combobox", name=f"T-{first} is"), "blocks")

    ada.get_by_role("button", name=f"Link T-{second}", exact=True).click()

    expect(ada.get_by_text(f"Links lead from T-{second} to T-{first} already")).to_be_visible()


def test_a_message_is_split_off_into_a_ticket(windows: Windows, server: Server, pair: tuple[int, int]) -> None:
    _, second = pair
    ada = windows.open(f"ticket?id={second}", person="ada")
    ada.evaluate("window.sameTab = true")
    messages = conversation(ada).get_by_role("article")
    expect(messages.nth(0).get_by_role("link", name="Split into a new ticket")).to_have_count(0)
    # The link is one for the browser until this section is there to lead on within the session.
    expect(related(ada)).to_be_visible()

    messages.nth(1).get_by_role("link", name="Split into a new ticket").click()
    expect(ada.get_by_text("The printer jams, too.")).to_be_visible()
    expect(ada.get_by_text("The new one will be a ticket of Oskar Lind.")).to_be_visible()
    ada.get_by_role("textbox", name="Title").fill("Printer jams")
    ada.get_by_role("button", name="Open ticket").click()

    expect_ticket(ada, "Printer jams")
    expect(conversation(ada)).to_contain_text(f"from T-{second}")
    expect(related(ada).locator(".line")).to_contain_text(f"T-{second} Phone dead")
    assert ada.evaluate("window.sameTab")
    wait_until(ada, lambda: bool(server.ticket(second).links))
    made = server.ticket(server.ticket(second).links[0].number)
    assert (made.requester, made.description) == ("oskar", "The printer jams, too.")
    assert len(server.ticket(second).messages) == 2


def test_a_title_that_is_not_sent_outlives_a_reload(windows: Windows, server: Server, pair: tuple[int, int]) -> None:
    _, second = pair
    mark = server.ticket(second).messages[1].mark
    ada = windows.open(f"ticket?id={second}&relate=split&message={mark}", person="ada")
    title = ada.get_by_role("textbox", name="Title")
    title.fill("Printer jams")
    # Under load, what keeps it is fetched only now.
    wait_until(ada, lambda: bool(ada.evaluate("JSON.stringify(sessionStorage).includes('Printer jams')")))

    ada.reload()

    expect(title).to_have_value("Printer jams")


def fits(page: Page) -> bool:
    """Whether nobody has to scroll sideways."""
    is_so: bool = page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth <= window.innerWidth")
    return is_so


@pytest.mark.parametrize(
    "options", [{"color_scheme": "light"}, {"color_scheme": "dark"} | PHONE], ids=["desktop", "phone"]
)
def test_all_of_it_is_accessible_and_fits(
    windows: Windows, server: Server, pair: tuple[int, int], options: dict[str, Any]
) -> None:
    first, second = pair
    ada = server.actor("ada")
    third = server.desk.relations.split(ada, first, server.ticket(first).messages[1].mark, "Of its own").number
    server.desk.relations.merge(ada, third, first)
    server.desk.relations.link(ada, first, LinkKind.CHILD_OF, second)
    mark = server.desk.tickets.note(ada, first, "Between us.").messages[-1].mark
    page = windows.open(f"ticket?id={first}", person="ada", **options)
    expect(related(page).locator(".line")).to_have_count(3)
    history(page)
    assert findings(page) == []

    for address in ("merge", f"merge&into={second}", "link", f"split&message={mark}", "split&message=nothing"):
        page.goto(f"{server.base}/ticket?id={first}&relate={address}")
        expect(page.get_by_role("button", name=f"Back to T-{first}")).to_be_visible()
        settle(page)
        assert findings(page) == [], address
        assert fits(page), address


def test_what_is_typed_when_a_ticket_is_merged_goes_on_in_the_other_one(
    windows: Windows, server: Server, pair: tuple[int, int]
) -> None:
    first, second = pair
    oskar = windows.open(f"ticket?id={second}", person="oskar")
    oskar.get_by_role("textbox", name="Public reply").fill("It rings again.")
    server.desk.relations.merge(server.actor("ada"), second, first)

    oskar.get_by_role("button", name="Send reply").click()

    expect_ticket(oskar, "No dial tone")
    expect(oskar.get_by_role("textbox", name="Public reply")).to_have_value("It rings again.")
    oskar.get_by_role("button", name="Send reply").click()
    expect(conversation(oskar)).to_contain_text("It rings again.")
    assert [message.text for message in server.ticket(first).messages].count("It rings again.") == 1
    assert "It rings again." not in [message.text for message in server.ticket(second).messages]


def test_requesters_see_nothing_of_it(windows: Windows, server: Server, pair: tuple[int, int]) -> None:
    first, second = pair
    server.desk.relations.link(server.actor("ada"), first, LinkKind.RELATED, second)
    carla = windows.open(f"ticket?id={first}", person="carla")
    expect_ticket(carla, "No dial tone")

    expect(carla.get_by_role("button", name="Related tickets")).to_have_count(0)
    expect(carla.get_by_role("link", name="Split into a new ticket")).to_have_count(0)
    for page in ("merge", "link", "split", "else"):
        carla.goto(f"{server.base}/ticket?id={first}&relate={page}")
        expect(carla.get_by_text("it is not yours to see")).to_be_visible()
