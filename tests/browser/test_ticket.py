"""A ticket's page under the hands of people: fields, tags, the head and the composer."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.acting import answer, choose, conversation, expect_ticket, history, sign_in, sign_out, wait_until
from tests.browser.conftest import PHONE, Windows, settle
from tests.serving import ROOT, Server
from ticketing.domain.text import TAGS_LIMIT
from ticketing.domain.tickets import TicketEdit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

TOUCHABLE = 44  # pixels


@pytest.fixture
def number(server: Server) -> int:
    """Return a ticket of Carla's with a tag."""
    ticket = server.desk.tickets.open(server.actor("carla"), "Rattling fan", "It rattles.")
    return server.desk.tickets.edit(server.actor("root"), ticket.number, TicketEdit(tags=("noise",))).number


@pytest.fixture
def plain_host(tmp_path: Path) -> Iterator[Server]:
    """Return a server that runs the desk as a plain script, so that no page is loaded anew when people come and go."""
    script = tmp_path / "host.py"
    script.write_text(
        f"import runpy\nrunpy.run_path({str(ROOT / 'streamlit_app.py')!r}, run_name='__main__')\n", "utf-8"
    )
    with Server(tmp_path, script=script) as running:
        yield running


def focused(page: Page) -> str:
    """Return the id of what has the keyboard, also inside a component."""
    found: str = page.evaluate("document.activeElement.shadowRoot.activeElement.id")
    return found


def test_the_keyboard_stays_where_it_was_when_a_field_is_saved(windows: Windows, server: Server, number: int) -> None:
    page = windows.open(f"ticket?id={number}", person="ada")
    page.get_by_role("combobox", name="Priority").focus()

    page.keyboard.press("ArrowDown")
    expect(page.locator(".pill", has_text="High")).to_be_visible()
    assert focused(page) == "field-priority"
    page.keyboard.press("Tab")
    page.keyboard.press("End")
    expect(page.get_by_role("combobox", name="Category")).to_have_value("other")

    wait_until(page, lambda: server.ticket(number).category == "other")
    settle(page)
    assert focused(page) == "field-category"
    ticket = server.ticket(number)
    assert (ticket.priority, ticket.category) == ("high", "other")


def test_choices_made_while_the_disk_is_slow_are_all_saved(windows: Windows, server: Server, number: int) -> None:
    page = windows.open(f"ticket?id={number}", person="ada")

    with server.desk.store.write():
        for field, value in (
            ("Priority", "High"),
            ("Category", "Network"),
            ("Assignee", "bert"),
            ("Status", "Pending"),
        ):
            choose(page, field, value)
            page.wait_for_timeout(150)
    expect(page.locator(".pill", has_text="Pending")).to_be_visible()
    settle(page)

    ticket = server.ticket(number)
    assert (ticket.priority, ticket.category, ticket.assignee, ticket.status) == ("high", "network", "bert", "pending")


def test_tags_are_added_by_enter_comma_or_leaving_and_taken_away_one_by_one(
    windows: Windows, server: Server, number: int
) -> None:
    page = windows.open(f"ticket?id={number}", person="ada")
    tags = page.get_by_role("textbox", name="Tags")
    chips = page.locator(".tags li > span")

    tags.press_sequentially("crc, Rack ,")
    expect(chips).to_have_text(["noise", "crc", "rack"])
    assert focused(page) == "field-tags"
    tags.press_sequentially("noise")
    tags.press("Enter")
    tags.press_sequentially("left")
    tags.blur()
    expect(chips).to_have_text(["noise", "crc", "rack", "left"])
    page.get_by_role("button", name="Remove the tag crc").click()
    expect(chips).to_have_text(["noise", "rack", "left"])
    page.keyboard.press("Enter")
    expect(chips).to_have_text(["noise", "left"])

    expect(history(page)).to_contain_text("→ noise, left")  # two quick clicks may be saved as one change
    assert server.ticket(number).tags == ["noise", "left"]


def test_no_more_tags_are_taken_than_fit(windows: Windows, server: Server, number: int) -> None:
    tags = tuple(f"tag {place}" for place in range(TAGS_LIMIT))
    server.desk.tickets.edit(server.actor("root"), number, TicketEdit(tags=tags))
    page = windows.open(f"ticket?id={number}", person="ada")

    expect(page.get_by_placeholder(f"No more than {TAGS_LIMIT} tags")).not_to_be_editable()
    page.get_by_role("button", name="Remove the tag tag 3").click()

    expect(page.get_by_placeholder("Add a tag")).to_be_editable()


def test_a_tag_that_is_refused_does_not_stay_on_the_screen(windows: Windows, server: Server, number: int) -> None:
    page = windows.open(f"ticket?id={number}", person="ada")

    page.get_by_role("textbox", name="Tags").fill("x" * 41)
    page.get_by_role("textbox", name="Tags").press("Enter")

    expect(page.get_by_role("alert").filter(has_text="at most 40 fit")).to_be_visible()
    expect(page.locator(".tags li > span")).to_have_text(["noise"])
    assert server.ticket(number).tags == ["noise"]


def test_the_fields_of_a_closed_ticket_are_locked_and_open_with_it(windows: Windows, number: int) -> None:
    page = windows.open(f"ticket?id={number}", person="ada")
    page.get_by_role("button", name="Close").click()

    for field in ("Status", "Priority", "Category", "Assignee"):
        expect(page.get_by_role("combobox", name=field, exact=True)).to_be_disabled()
    expect(page.get_by_role("textbox", name="Tags")).to_be_disabled()
    expect(page.get_by_role("button", name="Remove the tag noise")).to_have_count(0)

    page.wait_for_timeout(700)
    page.get_by_role("button", name="Reopen").click()
    expect(page.get_by_role("combobox", name="Priority")).to_be_enabled()


def test_why_a_ticket_is_done_is_asked_only_of_one_that_is_done(windows: Windows, server: Server, number: int) -> None:
    page = windows.open(f"ticket?id={number}", person="ada")
    resolution = page.get_by_role("combobox", name="Resolution")
    expect(page.get_by_role("combobox", name="Status", exact=True)).to_be_visible()
    expect(resolution).to_have_count(0)

    page.get_by_role("button", name="Close").click()
    expect(resolution).to_have_value("solved")
    choose(page, "Resolution", "Duplicate")
    wait_until(page, lambda: server.ticket(number).resolution == "duplicate")
    settle(page)
    fields = page.locator(".fields label").all_inner_texts()
    assert fields[:3] == ["Status", "Resolution", "Priority"]

    page.wait_for_timeout(700)
    page.get_by_role("button", name="Reopen").click()
    expect(resolution).to_have_count(0)
    assert server.ticket(number).status == "open"


def test_a_double_click_on_close_does_not_reopen(windows: Windows, server: Server, number: int) -> None:
    page = windows.open(f"ticket?id={number}", person="carla")
    close = page.get_by_role("button", name="Close")
    place = close.bounding_box()
    assert place is not None
    x, y = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2

    page.mouse.click(x, y)
    expect(page.get_by_role("button", name="Reopen")).to_be_visible()
    page.mouse.click(x, y)
    expect(page.get_by_text("The ticket is closed.")).to_be_visible()
    settle(page)

    assert [event.new for event in server.ticket(number).events if event.field == "status"] == ["closed"]


def test_the_way_back_stays_in_the_session_and_opens_a_tab_on_demand(windows: Windows, number: int) -> None:
    page = windows.open("all_tickets?q=Rattling", person="ada")
    page.get_by_role("link", name="Rattling fan").first.click()
    expect_ticket(page, "Rattling fan")
    page.evaluate("window.sameTab = true")
    back = page.get_by_test_id("stMain").get_by_role("link", name="All tickets")

    with page.context.expect_page() as opened:
        back.click(modifiers=["Control"])
    expect(opened.value.get_by_role("heading", level=1, name="All tickets")).to_be_visible()
    opened.value.close()
    expect_ticket(page, "Rattling fan")

    back.click()
    expect(page.get_by_role("heading", level=1, name="All tickets")).to_be_visible()
    expect(page.get_by_role("searchbox")).to_have_value("Rattling")
    assert page.evaluate("window.sameTab")
    assert number > 0


def test_what_was_typed_waits_while_other_pages_are_looked_at(windows: Windows, server: Server, number: int) -> None:
    page = windows.open(f"ticket?id={number}", person="ada")
    page.get_by_role("textbox", name="Public reply").fill("Half an answer")
    page.get_by_role("radio", name="Internal note").click()
    expect(page.get_by_role("textbox", name="Internal note")).to_have_value("")
    page.get_by_role("textbox", name="Internal note").fill("Half a note")

    page.get_by_test_id("stMain").get_by_role("link", name="All tickets").click()
    expect(page.get_by_role("heading", level=1, name="All tickets")).to_be_visible()
    page.go_back()
    expect_ticket(page, "Rattling fan")

    expect(page.get_by_role("textbox", name="Internal note")).to_have_value("Half a note")
    page.get_by_role("radio", name="Public reply").click()
    expect(page.get_by_role("textbox", name="Public reply")).to_have_value("Half an answer")
    assert len(server.ticket(number).messages) == 1


def test_what_one_person_typed_is_not_there_for_the_next(windows: Windows, server: Server, number: int) -> None:
    page = windows.open(f"ticket?id={number}", person="ada")
    page.get_by_role("textbox", name="Public reply").fill("Only mine")
    page.get_by_role("radio", name="Internal note").click()
    page.get_by_role("textbox", name="Internal note").fill("Mine as well")

    sign_out(page)
    sign_in(page, "bert")
    expect(page.get_by_role("heading", level=1, name="All tickets")).to_be_visible()
    page.get_by_role("link", name="Rattling fan").first.click()
    expect(page).to_have_url(f"{server.base}/ticket?id={number}")

    expect(page.get_by_role("textbox", name="Public reply")).to_have_value("")
    page.get_by_role("radio", name="Internal note").click()
    expect(page.get_by_role("textbox", name="Internal note")).to_have_value("")


def test_nor_is_it_where_the_page_stays_loaded_between_two_people(windows: Windows, plain_host: Server) -> None:
    number = plain_host.desk.tickets.open(plain_host.actor("carla"), "Rattling fan", "It rattles.").number
    page = windows.open(f"ticket?id={number}", base=plain_host.base)
    sign_in(page, "ada")
    expect_ticket(page, "Rattling fan")
    page.get_by_role("textbox", name="Public reply").fill("Only mine")
    page.evaluate("window.sameTab = true")

    sign_out(page)
    sign_in(page, "bert")
    expect_ticket(page, "Rattling fan")

    expect(page.get_by_role("textbox", name="Public reply")).to_have_value("")
    assert page.evaluate("window.sameTab")


def test_an_answer_that_closes_the_ticket_leaves_nothing_in_the_composer(
    windows: Windows, server: Server, number: int
) -> None:
    page = windows.open(f"ticket?id={number}", person="ada")
    page.get_by_label("Status after the reply").select_option(label="and close")

    answer(page, "It is fixed.")
    expect(page.get_by_text("This ticket is closed.")).to_be_visible()
    page.get_by_role("button", name="Reopen").click()

    expect(page.get_by_role("textbox", name="Public reply")).to_have_value("")
    expect(page.get_by_label("Status after the reply")).to_have_value("")
    assert [message.text for message in server.ticket(number).messages] == ["It rattles.", "It is fixed."]


def test_a_blank_answer_is_refused_beside_its_field_until_one_types_on(
    windows: Windows, server: Server, number: int
) -> None:
    page = windows.open(f"ticket?id={number}", person="carla")
    text = page.get_by_role("textbox", name="Public reply")
    refusal = page.get_by_role("alert").filter(has_text="Reply is empty.")

    text.fill("   ")
    text.press("Control+Enter")
    expect(refusal).to_be_visible()
    text.fill("It rattles still.")
    expect(refusal).to_have_count(0)
    text.press("Control+Enter")

    expect(conversation(page)).to_contain_text("It rattles still.")
    expect(text).to_have_value("")
    assert len(server.ticket(number).messages) == 2


def test_on_a_phone_the_details_fold_up_and_everything_can_be_touched(
    windows: Windows, server: Server, number: int
) -> None:
    page = windows.open(f"ticket?id={number}", person="ada", **PHONE)
    expect(page.get_by_role("combobox", name="Priority")).not_to_be_visible()

    page.get_by_role("button", name="Details").tap()
    choose(page, "Priority", "Urgent")
    expect(page.locator(".pill", has_text="Urgent")).to_be_visible()
    expect(page.get_by_role("combobox", name="Priority")).to_be_visible()

    touched = page.get_by_test_id("stMain").locator("button:visible, select:visible, input:visible, a:visible")
    heights = touched.evaluate_all("all => all.map(one => [one.outerHTML, one.getBoundingClientRect().height])")
    assert [one for one in heights if one[1] < TOUCHABLE - 2.5] == []
    assert server.ticket(number).priority == "urgent"


def test_beside_the_conversation_there_is_room_for_the_details(windows: Windows, number: int) -> None:
    page = windows.open(f"ticket?id={number}", person="carla")
    facts, messages = page.locator(".details").bounding_box(), conversation(page).bounding_box()

    assert facts is not None
    assert messages is not None
    assert facts["x"] > messages["x"] + messages["width"]
    assert abs(facts["y"] - messages["y"]) < 4
    expect(page.get_by_role("button", name="Details")).not_to_be_visible()
