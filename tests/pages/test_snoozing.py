"""Tickets that sleep, on their page: the form, what is shown meanwhile, and waking."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

import pytest

from tests.visiting import HEAD, LIST, PANEL, Visit
from ticketing.desk import Desk
from ticketing.domain.people import Actor
from ticketing.domain.statuses import Status
from ticketing.domain.tickets import Ticket, TicketEdit

Behind = Callable[[Visit], Actor]
Look = Callable[[], Ticket]


@pytest.fixture
def number(desk: Desk, carla: Visit, actor: Behind) -> str:
    """Return a ticket that Carla opened."""
    return desk.tickets.open(actor(carla), "No dial tone", "The line is dead.").id


@pytest.fixture
def stored(desk: Desk, number: str, root: Visit, actor: Behind) -> Look:
    """Return a way to look at the ticket as it is stored."""
    return lambda: desk.tickets.get(actor(root), int(number))


def begin(visit: Visit, number: str) -> Visit:
    """Open the form on the page of a ticket."""
    return visit.open("ticket", id=number).act("snooze")


def until(visit: Visit, choice: str) -> Visit:
    """Choose until when."""
    visit.at.radio(key="snooze_until").set_value(choice)
    return visit.rerun()


def pills(visit: Visit) -> list[str]:
    return [word for word, _tone in visit.sent(HEAD)["pills"]]


def test_a_ticket_is_put_to_sleep_for_three_hours_and_woken_and_both_can_be_undone(
    desk: Desk, ada: Visit, number: str, stored: Look
) -> None:
    before = desk.clock()
    begin(ada, number).press("snooze_submit")

    snoozed = stored().snoozed
    assert snoozed is not None
    assert timedelta(hours=3) <= snoozed.until - before < timedelta(hours=3, minutes=2)
    assert snoozed.wakes_on_reply
    shown = f"{snoozed.until:%Y-%m-%d %H:%M} UTC"
    assert ada.said == [f"The ticket sleeps until {shown}."]
    assert pills(ada) == ["On hold", "Normal", f"Asleep until {shown}, wakes when the requester replies"]
    assert ada.actions[1:] == ["assign_to_me", "transfer", "wake", "close"]
    assert not ada.has_button("snooze_submit")

    ada.act("wake")
    assert (stored().status, stored().snoozed, ada.said) == (Status.OPEN, None, ["The ticket is open again."])
    ada.act(ada.actions[0])
    assert stored().snoozed == snoozed
    ada.act("wake").open("ticket", id=number)
    begin(ada, number).press("snooze_submit").act(ada.actions[0])
    assert (stored().status, stored().snoozed) == (Status.OPEN, None)


def test_it_can_sleep_until_a_day_and_a_time_of_ones_own_whatever_anybody_replies(
    ada: Visit, number: str, stored: Look
) -> None:
    day = date.today() + timedelta(days=300)  # noqa: DTZ011 - any day that lies ahead
    until(begin(ada, number), "other")
    ada.at.date_input(key="snooze_day").set_value(day)
    ada.at.time_input(key="snooze_time").set_value(time(7, 30))
    ada.at.checkbox(key="snooze_wakes_on_reply").uncheck()
    ada.press("snooze_submit")

    snoozed = stored().snoozed
    assert snoozed is not None
    assert snoozed.until == datetime.combine(day, time(7, 30), UTC)
    assert not snoozed.wakes_on_reply
    assert pills(ada)[2] == f"Asleep until {day} 07:30 UTC, whatever the requester replies"


@pytest.mark.parametrize("choice", ["tomorrow", "monday"])
def test_the_usual_choices_end_in_a_morning(ada: Visit, number: str, stored: Look, choice: str) -> None:
    until(begin(ada, number), choice).press("snooze_submit")

    snoozed = stored().snoozed
    assert snoozed is not None
    assert snoozed.until.time() == time(8)
    assert snoozed.until.date() > date.today()  # noqa: DTZ011 - the clock of the desk is that of the machine


def test_a_moment_that_is_over_is_refused_and_the_form_stays(ada: Visit, number: str, stored: Look) -> None:
    before = stored()
    until(begin(ada, number), "other")
    ada.at.date_input(key="snooze_day").set_value(date.today())  # noqa: DTZ011 - the clock is that of the machine
    ada.at.time_input(key="snooze_time").set_value(time(0))

    ada.press("snooze_submit")

    assert ada.refused == ["A ticket can sleep until a moment that lies ahead, within two years."]
    assert stored() == before
    assert ada.has_button("snooze_submit")


def test_what_a_colleague_did_meanwhile_is_told_and_can_be_overruled(
    desk: Desk, ada: Visit, root: Visit, number: str, stored: Look, actor: Behind
) -> None:
    begin(ada, number)
    desk.tickets.edit(actor(root), int(number), TicketEdit(status=Status.PENDING))

    ada.press("snooze_submit")
    assert len(ada.refused) == 1
    assert "Status was changed to “pending” while you were choosing “on hold”" in ada.refused[0]
    assert stored().status is Status.PENDING

    ada.press("snooze_submit")
    assert stored().snoozed is not None


def test_it_can_be_thought_better_of(ada: Visit, number: str, stored: Look) -> None:
    before = stored()

    begin(ada, number).press("snooze_cancel")

    assert not ada.has_button("snooze_submit")
    assert stored() == before


def test_what_was_on_hold_before_can_be_put_to_sleep_and_offers_no_way_back_by_a_click(
    desk: Desk, ada: Visit, number: str, stored: Look, actor: Behind
) -> None:
    desk.tickets.edit(actor(ada), int(number), TicketEdit(status=Status.ON_HOLD))

    begin(ada, number).press("snooze_submit")

    assert stored().snoozed is not None
    assert ada.actions == ["assign_to_me", "transfer", "wake", "close"]


def test_a_ticket_that_wakes_up_says_so_in_its_conversation_and_its_history(
    desk: Desk, ada: Visit, number: str
) -> None:
    until = desk.clock() - timedelta(minutes=30)
    with desk.store.write() as tx:
        ticket = tx.tickets.find(int(number))
        assert ticket is not None
        ticket.snooze(Actor.console(), until, until - timedelta(hours=1), wakes_on_reply=True)
        tx.tickets.save(ticket)

    ada.open("ticket", id=number).unfold_history()

    assert "This ticket was asleep until now." in ada.html
    told = [(who, what) for who, what, *_ in ada.sent(PANEL)["history"]]
    assert told[0] == ("The desk", "changed status: On hold → Open")
    assert told[1][1] == f"changed asleep until: none → {until:%Y-%m-%d %H:%M} UTC"


def test_a_search_finds_what_sleeps(desk: Desk, ada: Visit, carla: Visit, number: str, actor: Behind) -> None:
    desk.tickets.open(actor(carla), "Awake", "Wide awake.")
    desk.tickets.snooze(actor(ada), int(number), desk.clock() + timedelta(hours=1))

    def found(visit: Visit, page: str, q: str) -> list[int]:
        return [row[0] for row in visit.open(page, view="all", q=q).sent(LIST)["rows"]]

    assert found(ada, "all_tickets", "is:asleep") == [int(number)]
    assert found(carla, "my_tickets", "is:asleep") == []


def test_a_requester_sees_the_status_and_is_offered_nothing(
    desk: Desk, ada: Visit, carla: Visit, number: str, actor: Behind
) -> None:
    desk.tickets.snooze(actor(ada), int(number), desk.clock() + timedelta(hours=1))

    carla.open("ticket", id=number).unfold_history()

    assert len(pills(carla)) == 2
    assert carla.actions == ["close"]
    assert "sleep" not in str(carla.sent(PANEL)).casefold()
    carla.act("wake")
    assert desk.tickets.get(actor(ada), int(number)).snoozed is not None
