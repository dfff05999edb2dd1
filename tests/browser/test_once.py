"""One intention has one effect, whatever the mouse, the network or a colleague does meanwhile; typed text stays."""

from collections.abc import Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as NotInTime

from tests.browser.acting import (
    GAPS,
    answer,
    choose,
    conversation,
    expect_login,
    expect_noticed,
    expect_ticket,
    fill_in_ticket,
    notice,
    sign_in,
    sign_out,
    wait_until,
)
from tests.browser.cable import Cable
from tests.browser.conftest import Windows, settle
from tests.serving import Server
from ticketing.domain.people import Actor
from ticketing.domain.queries import TicketQuery
from ticketing.domain.statuses import Priority, Status
from ticketing.domain.tickets import TicketEdit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def cable(server: Server) -> Iterator[Cable]:
    """Return a cable to the shared server."""
    with Cable(server.port) as whole:
        yield whole


def texts(server: Server, number: int) -> list[str]:
    return [message.text for message in server.ticket(number).messages]


def titled(server: Server, title: str) -> int:
    """Return how many tickets have this title."""
    found = server.desk.tickets.search(server.actor("root"), TicketQuery(needles=(title,)))
    return sum(ticket.title == title for ticket in found.items)


def choose_without_a_line(page: Page, cable: Cable, field: str, value: str) -> None:
    """Choose in a field when the line is gone; Streamlit's notice of that may take its role away."""
    select = page.locator(f"#field-{field}")
    expect(select).to_be_visible()
    cable.cut()
    page.wait_for_timeout(200)
    select.select_option(value)


def test_a_second_click_on_send_while_the_disk_is_slow_writes_once(windows: Windows, server: Server) -> None:
    ticket = server.desk.tickets.open(server.actor("carla"), "Impatient", "Please hurry.")
    page = windows.open(f"ticket?id={ticket.number}", person="carla")
    send = page.get_by_role("button", name="Send reply")

    for gap in GAPS:
        page.reload()
        settle(page)
        page.get_by_role("textbox", name="Public reply").fill(f"Clicked twice, {gap} ms apart")
        with server.slow_disk():
            send.click()
            page.wait_for_timeout(gap)
            send.click()
        expect(page.get_by_text("Your reply is saved.").first).to_be_visible()
        expect(conversation(page)).to_contain_text(f"Clicked twice, {gap} ms apart")
        expect(page.get_by_role("textbox", name="Public reply")).to_have_value("")

    assert texts(server, ticket.number) == ["Please hurry.", *(f"Clicked twice, {gap} ms apart" for gap in GAPS)]


def test_a_second_click_on_open_ticket_opens_one(windows: Windows, server: Server) -> None:
    page = windows.open("new_ticket", person="carla")
    page.get_by_role("textbox", name="Title").fill("Opened by a double click")

    with server.slow_disk():
        fill_in_ticket(page, "Opened by a double click", "Once is enough.")
        page.wait_for_timeout(400)
        page.get_by_role("button", name="Open ticket").click()

    expect_ticket(page, "Opened by a double click")
    assert titled(server, "Opened by a double click") == 1


def test_a_reload_while_an_answer_is_being_saved_writes_it_once(windows: Windows, server: Server) -> None:
    ticket = server.desk.tickets.open(server.actor("carla"), "Restless", "F5 is my favourite key.")
    page = windows.open(f"ticket?id={ticket.number}", person="carla")

    with server.slow_disk():
        answer(page, "Sent, then reloaded")
        page.wait_for_timeout(400)
        page.reload(wait_until="commit")
    wait_until(page, lambda: len(texts(server, ticket.number)) == 2)

    settle(page)
    page.reload()
    expect(conversation(page)).to_contain_text("Sent, then reloaded")
    expect(page.get_by_role("textbox", name="Public reply")).to_have_value("")
    assert texts(server, ticket.number) == ["F5 is my favourite key.", "Sent, then reloaded"]


def test_who_reloads_while_a_ticket_is_being_saved_is_told_that_it_was(windows: Windows, server: Server) -> None:
    page = windows.open("new_ticket", person="oskar")

    with server.slow_disk():
        fill_in_ticket(page, "Reloaded too early", "Did it go through?")
        page.wait_for_timeout(400)
        page.reload(wait_until="commit")
    settle(page)
    page.reload()

    expect(page.get_by_text("was saved a moment ago")).to_be_visible()
    fill_in_ticket(page, "Reloaded too early", "Did it go through?")
    expect_ticket(page, "Reloaded too early")
    assert titled(server, "Reloaded too early") == 1


def test_c2_an_answer_sent_again_after_the_line_broke_is_saved_once(
    windows: Windows, server: Server, cable: Cable
) -> None:
    ticket = server.desk.tickets.open(server.actor("carla"), "Train journey", "Tunnels.")
    page = windows.open(f"ticket?id={ticket.number}", person="carla", base=cable.base)

    with server.slow_disk():
        answer(page, "Sent into the tunnel")
        page.wait_for_timeout(400)
        cable.cut()
    wait_until(page, lambda: len(texts(server, ticket.number)) == 2)
    cable.mend()
    settle(page)
    answer(page, "Sent into the tunnel")

    expect(page.get_by_text("Your reply is saved.").first).to_be_visible()
    expect(conversation(page)).to_contain_text("Sent into the tunnel")
    assert texts(server, ticket.number) == ["Tunnels.", "Sent into the tunnel"]


def test_what_was_typed_stays_when_it_is_refused(windows: Windows) -> None:
    page = windows.open("new_ticket", person="carla")
    fill_in_ticket(page, "   ", "A long story that nobody wants to type twice.")

    expect(page.get_by_role("alert").filter(has_text="Title")).to_be_visible()
    expect(page.get_by_role("textbox", name="What happened?")).to_have_value(
        "A long story that nobody wants to type twice."
    )


def test_what_was_typed_outlives_a_reload_and_the_end_of_the_session_until_it_is_sent(
    windows: Windows, server: Server
) -> None:
    page = windows.open("new_ticket", person="ada")
    title, text = page.get_by_role("textbox", name="Title"), page.get_by_role("textbox", name="What happened?")
    title.fill("A long story")
    text.fill("It began on a Tuesday.")
    wait_until(page, lambda: "Tuesday" in page.evaluate("JSON.stringify(sessionStorage)"))

    page.reload()
    expect(title).to_have_value("A long story")
    text.press("End")
    text.press_sequentially(" Then it rained.")
    server.desk.agents.end_sessions(Actor.console(), "ada")
    with suppress(NotInTime):  # the page may have noticed by itself
        page.get_by_role("button", name="Open ticket").click(timeout=3000)
    expect_login(page)
    sign_in(page, "ada")
    expect(text).to_have_value("It began on a Tuesday. Then it rained.")
    page.get_by_role("button", name="Open ticket").click()

    expect_ticket(page, "A long story")
    expect(conversation(page)).to_contain_text("Then it rained.")
    page.get_by_role("link", name="New ticket").click()
    expect(page.get_by_role("heading", level=1, name="New ticket")).to_be_visible()
    settle(page)
    page.reload()
    settle(page)
    page.wait_for_timeout(500)
    expect(title).to_have_value("")
    expect(text).to_have_value("")


def test_what_one_person_typed_is_not_brought_back_for_the_next_in_the_same_tab(
    windows: Windows, server: Server
) -> None:
    server.desk.drafts.keep(server.actor("oskar"), 0, "title", "")
    page = windows.open("new_ticket", person="carla")
    page.get_by_role("textbox", name="Title").fill("Only mine")
    wait_until(page, lambda: "Only mine" in page.evaluate("JSON.stringify(sessionStorage)"))

    sign_out(page)
    expect_login(page)
    assert "Only mine" not in page.evaluate("JSON.stringify(sessionStorage)")
    sign_in(page, "oskar")
    page.get_by_role("link", name="New ticket").click()
    expect(page.get_by_role("heading", level=1, name="New ticket")).to_be_visible()
    settle(page)
    page.wait_for_timeout(500)

    expect(page.get_by_role("textbox", name="Title")).to_have_value("")
    assert "Only mine" not in page.evaluate("JSON.stringify(sessionStorage)")


def test_v4_a_colleagues_change_of_another_field_is_kept_and_of_the_same_field_is_told(
    windows: Windows, server: Server
) -> None:
    desk = server.desk
    ticket = desk.tickets.open(server.actor("carla"), "Two cooks", "One broth.")
    bert = server.actor("bert")
    page = windows.open(f"ticket?id={ticket.number}", person="ada")
    page.get_by_role("textbox", name="Public reply").fill("Half an answer")

    desk.tickets.edit(bert, ticket.number, TicketEdit(priority=Priority.URGENT))
    choose(page, "Category", "Hardware")
    expect(page.get_by_test_id("stMain").get_by_text("Urgent", exact=True).first).to_be_visible()
    merged = server.ticket(ticket.number)
    assert (merged.category, merged.priority) == ("hardware", "urgent")

    desk.tickets.edit(bert, ticket.number, TicketEdit(priority=Priority.HIGH))
    choose(page, "Priority", "Low")

    refusal = page.get_by_role("alert").filter(has_text="Priority was changed")
    expect(refusal).to_contain_text("high", ignore_case=True)
    expect(refusal).to_contain_text("low", ignore_case=True)
    assert server.ticket(ticket.number).priority == "high"
    expect(page.get_by_role("textbox", name="Public reply")).to_have_value("Half an answer")


def test_an_answer_that_crosses_a_closing_is_refused_and_kept(windows: Windows, server: Server) -> None:
    ticket = server.desk.tickets.open(server.actor("carla"), "Crossing letters", "Hello?")
    page = windows.open(f"ticket?id={ticket.number}", person="carla")
    server.desk.tickets.close(server.actor("ada"), ticket.number)
    refusal = page.get_by_role("alert").filter(has_text="closed before your message came")

    answer(page, "One more thing")
    expect(refusal).to_be_visible()
    expect(page.get_by_text("This ticket is closed. Reopen it to go on.")).to_be_visible()
    expect(page.get_by_role("textbox", name="Public reply")).to_have_value("One more thing")
    expect(page.get_by_role("button", name="Send reply")).to_be_disabled()
    page.get_by_role("button", name="Reopen").click()

    expect(page.get_by_text("The ticket is open again.")).to_be_visible()
    expect(refusal).to_have_count(0)
    expect(page.get_by_role("textbox", name="Public reply")).to_have_value("One more thing")
    assert texts(server, ticket.number) == ["Hello?"]
    page.get_by_role("button", name="Send reply").click()
    expect(conversation(page)).to_contain_text("One more thing")


def test_two_actions_while_the_disk_is_slow_both_happen(windows: Windows, server: Server) -> None:
    ticket = server.desk.tickets.open(server.actor("carla"), "Two in a row", "Take it, then close it.")
    page = windows.open(f"ticket?id={ticket.number}", person="ada")

    with server.slow_disk():
        page.get_by_role("button", name="Assign to me").click()
        page.wait_for_timeout(300)
        page.get_by_role("button", name="Close").click()
        page.wait_for_timeout(300)

    expect(page.get_by_text("The ticket is closed.")).to_be_visible()
    expect(page.get_by_role("button", name="Reopen")).to_be_visible()
    changed = server.ticket(ticket.number)
    assert (changed.assignee, changed.status) == ("ada", "closed")


def closings(server: Server, number: int) -> int:
    """Return how often the ticket was closed."""
    return sum(event.new == "closed" for event in server.ticket(number).events)


@pytest.mark.parametrize("gap", GAPS)
def test_the_same_button_pressed_twice_while_the_disk_is_slow_acts_once(
    windows: Windows, server: Server, gap: int
) -> None:
    ticket = server.desk.tickets.open(server.actor("carla"), "Twice the same", "Close it, close it.")
    page = windows.open(f"ticket?id={ticket.number}", person="ada")

    with server.slow_disk():
        page.get_by_role("button", name="Close").click()
        page.wait_for_timeout(gap)
        page.get_by_role("button", name="Close").click()
        page.wait_for_timeout(300)

    expect(page.get_by_text("The ticket is closed.")).to_be_visible()
    expect(page.get_by_role("button", name="Reopen")).to_be_visible()
    expect(page.get_by_role("alert").filter(has_text="Reopen it")).to_have_count(0)
    assert closings(server, ticket.number) == 1


def test_who_reloads_while_a_ticket_is_closed_and_closes_it_again_is_told_that_it_is(
    windows: Windows, server: Server
) -> None:
    ticket = server.desk.tickets.open(server.actor("carla"), "Closed and reloaded", "F5.")
    page = windows.open(f"ticket?id={ticket.number}", person="ada")

    with server.slow_disk():
        page.get_by_role("button", name="Close").click()
        page.wait_for_timeout(400)
        page.reload()
        settle(page)
        page.get_by_role("button", name="Close").click()
        page.wait_for_timeout(400)

    expect(page.get_by_text("The ticket is closed.")).to_be_visible()
    expect(page.get_by_role("button", name="Reopen")).to_be_visible()
    expect(page.locator(".pill", has_text="Closed")).to_be_visible()
    assert closings(server, ticket.number) == 1


def test_who_reloads_while_a_field_is_saved_finds_it_saved(windows: Windows, server: Server) -> None:
    ticket = server.desk.tickets.open(server.actor("carla"), "Urgent and reloaded", "F5.")
    page = windows.open(f"ticket?id={ticket.number}", person="ada")

    with server.slow_disk():
        choose(page, "Priority", "Urgent")
        page.wait_for_timeout(400)
        page.reload()
        settle(page)
        choose(page, "Priority", "Urgent")
        page.wait_for_timeout(400)

    expect(page.locator(".pill", has_text="Urgent")).to_be_visible()
    expect(page.get_by_role("combobox", name="Priority")).to_have_value("urgent")
    assert [event.new for event in server.ticket(ticket.number).events if event.field == "priority"] == ["urgent"]


def test_who_looks_at_something_else_while_a_ticket_is_closed_is_told_that_it_was(
    windows: Windows, server: Server
) -> None:
    ticket = server.desk.tickets.open(server.actor("carla"), "Looking around", "Never mind.")
    page = windows.open(f"ticket?id={ticket.number}", person="carla")

    with server.slow_disk():
        page.get_by_role("button", name="Close").click()
        page.wait_for_timeout(400)
        page.get_by_role("button", name="History").click()
        page.wait_for_timeout(400)

    expect(page.get_by_text("The ticket is closed.")).to_be_visible()
    expect(page.get_by_role("button", name="Reopen")).to_be_visible()
    expect(page.locator(".history .body")).to_contain_text("Open → Closed")


def test_who_looks_at_something_else_while_a_ticket_is_closed_can_take_that_back(
    windows: Windows, server: Server
) -> None:
    ticket = server.desk.tickets.open(server.actor("carla"), "On second thoughts", "Never mind the never mind.")
    page = windows.open(f"ticket?id={ticket.number}", person="carla")

    with server.slow_disk():
        page.get_by_role("button", name="Close").click()
        page.wait_for_timeout(400)
        page.get_by_role("button", name="History").click()
        page.wait_for_timeout(400)
    page.get_by_role("button", name="Undo: status").click()

    expect(page.get_by_text("The change of status is undone.")).to_be_visible()
    expect(page.get_by_role("button", name="Close")).to_be_visible()
    assert server.ticket(ticket.number).status == "open"


@pytest.mark.parametrize("gap", GAPS)
def test_a_second_click_on_undo_while_the_disk_is_slow_takes_back_once(
    windows: Windows, server: Server, gap: int
) -> None:
    ticket = server.desk.tickets.open(server.actor("carla"), "Undecided", "High or not?")
    page = windows.open(f"ticket?id={ticket.number}", person="ada")
    choose(page, "Priority", "High")
    undo = page.get_by_role("button", name="Undo: priority")
    expect(undo).to_be_visible()

    with server.slow_disk():
        undo.click()
        page.wait_for_timeout(gap)
        undo.click()

    expect(page.get_by_text("The change of priority is undone.").first).to_be_visible()
    expect(page.locator(".pill", has_text="Normal")).to_be_visible()
    expect(undo).to_have_count(0)
    settle(page)
    expect(page.get_by_role("alert")).to_have_count(0)
    assert [event.new for event in server.ticket(ticket.number).events[1:]] == ["high", "normal"]


def test_who_looks_at_something_else_while_an_answer_is_saved_is_told_that_it_was(
    windows: Windows, server: Server
) -> None:
    ticket = server.desk.tickets.open(server.actor("carla"), "Curious", "What happened before?")
    page = windows.open(f"ticket?id={ticket.number}", person="carla")

    with server.slow_disk():
        answer(page, "Sent, then looked around")
        page.wait_for_timeout(400)
        page.get_by_role("button", name="History").click()
        page.wait_for_timeout(400)

    expect(page.get_by_text("Your reply is saved.")).to_be_visible()
    expect(page.get_by_role("textbox", name="Public reply")).to_have_value("")
    expect(conversation(page)).to_contain_text("Sent, then looked around")
    assert texts(server, ticket.number) == ["What happened before?", "Sent, then looked around"]


def test_one_field_changed_twice_while_the_disk_is_slow_keeps_the_later_choice(
    windows: Windows, server: Server
) -> None:
    ticket = server.desk.tickets.open(server.actor("carla"), "Wavering", "High or low?")
    page = windows.open(f"ticket?id={ticket.number}", person="ada")

    with server.slow_disk():
        choose(page, "Priority", "High")
        page.wait_for_timeout(400)
        choose(page, "Priority", "Low")
        page.wait_for_timeout(400)

    expect(page.locator(".pill", has_text="Low")).to_be_visible()
    expect(page.get_by_role("combobox", name="Priority")).to_have_value("low")
    expect(page.get_by_role("alert")).to_have_count(0)
    assert server.ticket(ticket.number).priority == "low"


def test_a_refusal_is_told_also_to_who_looks_at_something_else_meanwhile(windows: Windows, server: Server) -> None:
    ticket = server.desk.tickets.open(server.actor("carla"), "Outrun", "Who is faster?")
    page = windows.open(f"ticket?id={ticket.number}", person="ada")
    server.desk.tickets.edit(server.actor("bert"), ticket.number, TicketEdit(priority=Priority.URGENT))

    with server.slow_disk():
        choose(page, "Priority", "Low")
        page.wait_for_timeout(400)
        page.get_by_role("button", name="History").click()
        page.wait_for_timeout(400)

    expect(page.get_by_role("alert").filter(has_text="Priority was changed")).to_be_visible()
    expect(page.get_by_role("combobox", name="Priority")).to_have_value("urgent")


def test_a_status_sent_with_a_reply_does_not_take_back_what_a_colleague_set_meanwhile(
    windows: Windows, server: Server
) -> None:
    ticket = server.desk.tickets.open(server.actor("carla"), "Both at once", "Who is faster?")
    page = windows.open(f"ticket?id={ticket.number}", person="ada")
    server.desk.tickets.edit(server.actor("bert"), ticket.number, TicketEdit(status=Status.ON_HOLD))

    choose(page, "Status after the reply", "and resolve")
    answer(page, "This is what helps.")

    expect(page.get_by_role("alert").filter(has_text="Status was changed to “On hold”")).to_be_visible()
    expect(page.locator(".pill", has_text="On hold")).to_be_visible()
    expect(page.get_by_role("textbox", name="Public reply")).to_have_value("This is what helps.")
    assert texts(server, ticket.number) == ["Who is faster?"]

    page.get_by_role("button", name="Send reply").click()

    expect(page.get_by_text("Your reply is saved.")).to_be_visible()
    assert server.ticket(ticket.number).status == "resolved"


def test_a_choice_made_without_a_line_is_saved_when_it_is_back(windows: Windows, server: Server, cable: Cable) -> None:
    ticket = server.desk.tickets.open(server.actor("carla"), "In the lift", "No signal.")
    page = windows.open(f"ticket?id={ticket.number}", person="ada", base=cable.base)

    choose_without_a_line(page, cable, "category", "network")
    page.wait_for_timeout(400)
    cable.mend()

    wait_until(page, lambda: server.ticket(ticket.number).category == "network")
    assert server.ticket(ticket.number).category == "network"


def test_a_choice_made_without_a_line_is_held_against_what_was_on_the_screen(
    windows: Windows, server: Server, cable: Cable
) -> None:
    ticket = server.desk.tickets.open(server.actor("carla"), "In the cellar", "No signal either.")
    page = windows.open(f"ticket?id={ticket.number}", person="ada", base=cable.base)

    choose_without_a_line(page, cable, "priority", "low")
    server.desk.tickets.edit(server.actor("bert"), ticket.number, TicketEdit(priority=Priority.URGENT))
    cable.mend()
    settle(page)
    choose(page, "Category", "Network")

    expect(page.get_by_role("alert").filter(has_text="Priority was changed")).to_be_visible()
    expect(page.get_by_role("combobox", name="Priority")).to_have_value("urgent")
    changed = server.ticket(ticket.number)
    assert (changed.priority, changed.category) == ("urgent", "network")


def test_an_answer_sent_without_a_line_arrives_once_when_it_is_back(
    windows: Windows, server: Server, cable: Cable
) -> None:
    ticket = server.desk.tickets.open(server.actor("carla"), "On the ferry", "Waves.")
    page = windows.open(f"ticket?id={ticket.number}", person="carla", base=cable.base)

    page.get_by_role("textbox", name="Public reply").fill("Sent at sea")
    notice(page, "Your reply is saved.")
    cable.cut()
    page.wait_for_timeout(200)
    page.locator("form.composer").evaluate("form => form.requestSubmit()")
    page.wait_for_timeout(400)
    cable.mend()

    expect_noticed(page)
    expect(page.get_by_role("textbox", name="Public reply")).to_have_value("")
    assert texts(server, ticket.number) == ["Waves.", "Sent at sea"]


def test_an_answer_whose_confirmation_was_lost_is_not_written_again_after_a_colleagues(
    windows: Windows, server: Server, cable: Cable
) -> None:
    ticket = server.desk.tickets.open(server.actor("carla"), "Long tunnel", "Still in it.")
    page = windows.open(f"ticket?id={ticket.number}", person="carla", base=cable.base)

    with server.slow_disk():
        answer(page, "Sent before the tunnel")
        page.wait_for_timeout(400)
        cable.cut()
    wait_until(page, lambda: len(texts(server, ticket.number)) == 2)
    server.desk.tickets.reply(server.actor("ada"), ticket.number, "We are on it.")
    cable.mend()
    page.reload()
    settle(page)

    expect(page.get_by_role("textbox", name="Public reply")).to_have_value("")
    assert texts(server, ticket.number) == ["Still in it.", "Sent before the tunnel", "We are on it."]
