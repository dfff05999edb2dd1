"""A ticket's page under the hands of people: fields, tags, the head and the composer."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import FloatRect, Page, expect

from tests.browser.acting import (
    answer,
    choose,
    conversation,
    expect_login,
    expect_ticket,
    history,
    row,
    sign_in,
    sign_out,
    unfold_details,
    wait_until,
)
from tests.browser.conftest import DESKTOP, PHONE, Windows, settle
from tests.serving import PASSWORD, ROOT, Server
from ticketing.domain.statuses import Priority
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
    page.keyboard.press("Enter")
    expect(page.locator(".pill", has_text="High")).to_be_visible()
    assert focused(page) == "field-priority"
    page.keyboard.press("Tab")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox", name="Category")).to_have_value("other")

    wait_until(page, lambda: server.ticket(number).category == "other")
    settle(page)
    assert focused(page) == "field-category"
    ticket = server.ticket(number)
    assert (ticket.priority, ticket.category) == ("high", "other")


def test_looking_through_a_closed_list_by_the_keyboard_saves_nothing(
    windows: Windows, server: Server, number: int
) -> None:
    page = windows.open(f"ticket?id={number}", person="ada")
    status = page.get_by_role("combobox", name="Status", exact=True)
    expect(status.locator("option")).to_have_text(["Open", "Pending", "On hold", "Resolved", "Closed"])
    status.focus()

    for shown in ("pending", "on_hold", "resolved"):
        page.keyboard.press("ArrowDown")
        expect(status).to_have_value(shown)
    expect(page.get_by_text("Enter saves, Esc takes it back")).to_be_visible()
    page.keyboard.press("Escape")

    expect(status).to_have_value("open")
    expect(page.get_by_text("Enter saves, Esc takes it back")).not_to_be_visible()
    page.keyboard.press("Tab")
    settle(page)
    assert [event.field for event in server.ticket(number).events] == ["opened", "tags"]


def test_a_choice_made_by_the_keyboard_is_saved_when_its_field_is_left(
    windows: Windows, server: Server, number: int
) -> None:
    page = windows.open(f"ticket?id={number}", person="ada")
    page.get_by_role("combobox", name="Status", exact=True).focus()

    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")

    expect(page.locator(".pill", has_text="On hold")).to_be_visible()
    changes = [event.new for event in server.ticket(number).events if event.field == "status"]
    assert changes == ["on_hold"]


def test_a_choice_in_the_making_stays_while_the_page_is_drawn_anew_and_is_held_against_what_was_seen(
    windows: Windows, server: Server, number: int
) -> None:
    page = windows.open(f"ticket?id={number}", person="ada")
    priority = page.get_by_role("combobox", name="Priority")
    priority.focus()
    page.keyboard.press("ArrowDown")
    server.desk.tickets.edit(server.actor("bert"), number, TicketEdit(priority=Priority.URGENT))

    page.get_by_role("button", name="History").dispatch_event("click")
    expect(page.locator(".history .body")).to_contain_text("Normal → Urgent")
    expect(priority).to_have_value("high")
    page.keyboard.press("Enter")

    expect(page.get_by_role("alert").filter(has_text="Priority was changed")).to_be_visible()
    expect(priority).to_have_value("urgent")


def test_choices_made_while_the_disk_is_slow_are_all_saved(windows: Windows, server: Server, number: int) -> None:
    page = windows.open(f"ticket?id={number}", person="ada")

    with server.slow_disk():
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


def test_a_tag_that_is_refused_goes_back_into_its_field(windows: Windows, server: Server, number: int) -> None:
    page = windows.open(f"ticket?id={number}", person="ada")
    tags, long_one = page.get_by_role("textbox", name="Tags"), "x" * 41
    refusal = page.get_by_role("alert").filter(has_text="at most 40 fit")

    tags.fill(long_one)
    tags.press("Enter")
    expect(refusal).to_be_visible()
    expect(page.locator(".tags li > span")).to_have_text(["noise"])
    expect(tags).to_have_value(long_one)
    tags.blur()
    choose(page, "Priority", "High")
    expect(refusal).to_have_count(0)
    expect(tags).to_have_value(long_one)
    tags.fill("x" * 40)
    tags.press("Enter")

    expect(page.locator(".tags li > span")).to_have_text(["noise", "x" * 40])
    expect(tags).to_have_value("")
    wait_until(page, lambda: len(server.ticket(number).tags) == len(["noise", long_one]))
    assert server.ticket(number).tags == ["noise", "x" * 40]


@pytest.mark.parametrize("window", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_what_one_has_just_changed_is_taken_back_above_it_and_the_other_buttons_stay_where_they_are(
    windows: Windows, server: Server, number: int, window: dict[str, Any]
) -> None:
    page = windows.open(f"ticket?id={number}", person="ada", **window)
    close = page.get_by_role("button", name="Close")
    place = close.bounding_box()
    if window is PHONE:
        page.get_by_role("button", name="Details").tap()

    choose(page, "Assignee", "bert")
    undo = page.get_by_role("button", name="Undo: assignee")
    expect(undo).to_be_in_viewport()
    assert window is PHONE or close.bounding_box() == place
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    undo.focus()
    page.keyboard.press("Enter")

    expect(page.get_by_text("The change of assignee is undone.")).to_be_visible()
    expect(page.get_by_role("combobox", name="Assignee")).to_have_value("")
    expect(undo).to_have_count(0)
    expect(page.get_by_role("group", name="What can be done")).to_be_focused()
    assert server.ticket(number).assignee is None


@pytest.mark.parametrize("action", ["Assign to me", "Close"])
def test_a_key_held_down_on_an_action_does_no_other(windows: Windows, server: Server, number: int, action: str) -> None:
    page = windows.open(f"ticket?id={number}", person="ada")
    button = page.get_by_role("button", name=action)
    button.focus()

    page.keyboard.press("Enter")
    expect(button).to_have_count(0)
    for _ in range(3):
        page.wait_for_timeout(700)
        page.keyboard.press("Enter")
    settle(page)

    ticket = server.ticket(number)
    assert (ticket.assignee, ticket.status) == (("ada", "open") if action == "Assign to me" else (None, "closed"))
    page.keyboard.press("Tab")
    expect(page.get_by_role("group", name="What can be done").get_by_role("button").first).to_be_focused()


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


def test_s6_what_one_person_typed_is_not_there_for_the_next(windows: Windows, server: Server, number: int) -> None:
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


def test_what_was_typed_is_there_after_a_reload(windows: Windows, server: Server, number: int) -> None:
    page = windows.open(f"ticket?id={number}", person="ada")
    page.get_by_role("textbox", name="Public reply").fill("Half an answer")
    page.get_by_label("Status after the reply").select_option(label="and resolve")
    page.get_by_role("radio", name="Internal note").click()
    page.get_by_role("textbox", name="Internal note").fill("Half a note")

    page.reload()

    expect(page.get_by_role("textbox", name="Internal note")).to_have_value("Half a note")
    page.get_by_role("radio", name="Public reply").click()
    expect(page.get_by_role("textbox", name="Public reply")).to_have_value("Half an answer")
    expect(page.get_by_label("Status after the reply")).to_have_value("resolved")
    answer(page, "A whole answer")
    expect(page.get_by_text("Your reply is saved.")).to_be_visible()

    page.reload()
    expect(page.get_by_role("radio", name="Public reply")).to_be_checked()
    expect(page.get_by_role("textbox", name="Public reply")).to_have_value("")
    assert [message.text for message in server.ticket(number).messages] == ["It rattles.", "A whole answer"]


def test_what_was_typed_is_there_after_one_had_to_sign_in_again(windows: Windows, server: Server, number: int) -> None:
    page = windows.open(f"ticket?id={number}", person="carla")
    server.desk.agents.end_sessions(server.actor("root"), "carla")

    answer(page, "A long story")
    expect_login(page)
    sign_in(page, "carla")

    expect_ticket(page, "Rattling fan")
    expect(page.get_by_role("textbox", name="Public reply")).to_have_value("A long story")
    assert len(server.ticket(number).messages) == 1
    page.get_by_role("button", name="Send reply").click()
    expect(conversation(page)).to_contain_text("A long story")
    assert len(server.ticket(number).messages) == 2


def test_s6_whoever_signs_out_leaves_nothing_typed_in_the_browser_and_finds_it_at_the_desk(
    windows: Windows, number: int
) -> None:
    page = windows.open(f"ticket?id={number}", person="carla")
    # What is typed in the last moment goes by this line, under load opened only now.
    wait_until(page, lambda: bool(page.evaluate("window.ticketingLive?.socket?.readyState === WebSocket.OPEN")))
    page.get_by_role("textbox", name="Public reply").fill("Only mine")
    assert "Only mine" in page.evaluate("JSON.stringify(sessionStorage)")

    sign_out(page)
    expect_login(page)

    assert "Only mine" not in page.evaluate("JSON.stringify(sessionStorage)")
    sign_in(page, "carla")
    expect(page.get_by_role("heading", level=1, name="My tickets")).to_be_visible()
    page.goto(f"{page.url.rpartition('/')[0]}/ticket?id={number}")
    expect(page.get_by_role("textbox", name="Public reply")).to_have_value("Only mine")


def test_whoever_signs_in_after_somebody_elses_session_ended_finds_nothing_of_theirs(
    windows: Windows, server: Server, number: int
) -> None:
    page = windows.open(f"ticket?id={number}", person="carla")
    server.desk.agents.end_sessions(server.actor("root"), "carla")
    answer(page, "Only mine")
    expect_login(page)

    sign_in(page, "ada")

    expect(page.get_by_role("textbox", name="Public reply")).to_have_value("")
    assert "Only mine" not in page.evaluate("JSON.stringify(sessionStorage)")
    assert len(server.ticket(number).messages) == 1


def test_a_reply_offers_what_is_possible_after_the_status_has_changed(windows: Windows, number: int) -> None:
    page = windows.open(f"ticket?id={number}", person="ada")
    statuses = page.get_by_label("Status after the reply").locator("option")
    expect(statuses).to_have_text(
        ["Leave the status", "and wait for the requester", "and put on hold", "and resolve", "and close"]
    )

    choose(page, "Status", "Resolved")

    expect(statuses).to_have_text(["Leave the status", "and close"])


def test_after_the_page_was_drawn_anew_a_note_is_still_a_note(windows: Windows, server: Server, number: int) -> None:
    page = windows.open(f"ticket?id={number}", person="ada")
    page.get_by_role("button", name="Assign to me").click()
    expect(page.get_by_text("The ticket is yours now.")).to_be_visible()

    page.get_by_role("radio", name="Internal note").click()
    page.get_by_role("textbox", name="Internal note").fill("A spoon was in it.")
    page.get_by_role("button", name="Add note").click()

    expect(page.get_by_text("Your note is saved.")).to_be_visible()
    expect(page.get_by_role("textbox", name="Internal note")).to_have_value("")
    assert [(message.kind, message.text) for message in server.ticket(number).messages[1:]] == [
        ("note", "A spoon was in it.")
    ]


def test_a_note_leaves_the_status_chosen_for_the_reply(windows: Windows, server: Server, number: int) -> None:
    page = windows.open(f"ticket?id={number}", person="ada")
    page.get_by_label("Status after the reply").select_option(label="and resolve")
    page.get_by_role("radio", name="Internal note").click()
    page.get_by_role("textbox", name="Internal note").fill("A spoon was in it.")
    page.get_by_role("button", name="Add note").click()
    expect(page.get_by_text("Your note is saved.")).to_be_visible()

    page.get_by_role("radio", name="Public reply").click()

    expect(page.get_by_label("Status after the reply")).to_have_value("resolved")
    assert server.ticket(number).status == "open"


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
    expect(page.get_by_role("button", name="History")).not_to_be_visible()
    expect(conversation(page)).to_be_in_viewport()

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

    def places() -> tuple[FloatRect, FloatRect]:
        facts, messages = page.locator(".details").bounding_box(), conversation(page).bounding_box()
        assert facts is not None
        assert messages is not None
        return facts, messages

    def is_beside() -> bool:
        facts, messages = places()
        return facts["x"] > messages["x"] + messages["width"]

    expect(page.locator(".details")).to_be_visible()
    wait_until(page, is_beside)
    facts, messages = places()
    assert is_beside()
    assert abs(facts["y"] - messages["y"]) < 4
    expect(page.get_by_role("button", name="Details")).not_to_be_visible()


def test_what_draws_a_ticket_is_fetched_once_and_kept_and_no_run_sends_it(windows: Windows, number: int) -> None:
    page = windows.open(f"ticket?id={number}", person="ada")
    answer(page, "Is the plug in?")
    expect(conversation(page)).to_contain_text("Is the plug in?")
    page.reload()
    expect_ticket(page, "Rattling fan")

    assert b"setTriggerValue" not in bytes(windows.received[page.context])
    sizes = page.evaluate(
        "performance.getEntriesByType('resource').filter(one => one.name.includes('/components/'))"
        ".map(one => one.transferSize)"
    )
    assert sizes == [0, 0, 0, 0, 0]


def test_a_component_that_did_not_arrive_is_asked_for_once_more(windows: Windows, server: Server, number: int) -> None:
    page = windows.open(person="ada")
    page.route(re.compile(r"/components/ticket_panel\.js\?v=\w+$"), lambda route: route.abort())

    page.goto(f"{server.base}/ticket?id={number}")

    expect(page.get_by_role("combobox", name="Priority")).to_be_visible()


def test_the_requesters_name_leads_to_all_their_tickets_in_the_same_tab(server: Server, windows: Windows) -> None:
    server.desk.accounts.register("tamara", "Tamara Kos", PASSWORD, PASSWORD)
    number, _ = (server.desk.tickets.open(server.actor("tamara"), title, "Help!").number for title in ("Lamp", "Desk"))
    ada = windows.open(f"ticket?id={number}", person="ada")
    ada.evaluate("window.sameTab = true")
    unfold_details(ada)

    name = ada.get_by_role("link", name="Tamara Kos")
    expect(name).to_have_attribute("title", "All tickets of Tamara Kos")
    name.click()

    expect(ada.get_by_role("heading", level=1, name="All tickets")).to_be_visible()
    expect(row(ada, "Desk")).to_be_visible()
    expect(row(ada, "Lamp")).to_be_visible()
    expect(ada).to_have_url(re.compile(r"all_tickets\?view=all&q=requester%3Atamara$"))
    assert ada.evaluate("window.sameTab")
