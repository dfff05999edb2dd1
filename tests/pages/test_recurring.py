"""The form of recurring tickets: what is typed, what it comes to, and what is refused."""

from collections.abc import Callable
from datetime import date, time

import pytest

from tests.visiting import PANEL, Visit, unescaped
from ticketing.desk import Desk
from ticketing.domain.calendars import BusinessCalendar
from ticketing.domain.opening_hours import ALWAYS_OPEN
from ticketing.domain.people import Actor
from ticketing.domain.recurring import PassedOver, Reason, RecurringTicket
from ticketing.domain.schedules import Nth, Repeats, Schedule, Weekday, WhenClosed
from ticketing.domain.statuses import Priority, TicketCategory
from ticketing.domain.teams import Team

Behind = Callable[[Visit], Actor]

DAILY = Schedule(repeats=Repeats.DAYS, first=date(2040, 5, 1), at=time(10), zone="Europe/Berlin")
BACKUP = RecurringTicket(name="Backup check", title="Check", description="All.", requester="carla", schedule=DAILY)


def captions(visit: Visit) -> str:
    """Return what the page says in small letters."""
    return "\n".join(unescaped(caption.value) for caption in visit.at.caption)


def new(root: Visit) -> Visit:
    """Fill in the form of a new one, with all that has to be there."""
    root.open("desk_setup", kind="recurring").press("new").open("desk_setup", kind="recurring", id="new")
    return root.fill(
        recurring_name="Fire drill",
        recurring_title="Test the alarm",
        recurring_description="On every floor.",
        recurring_requester="Carla",
    )


def pick(visit: Visit, **chosen: object) -> Visit:
    """Choose in select boxes, by their keys."""
    for key, value in chosen.items():
        visit.at.selectbox(key=f"recurring_{key}").set_value(value)
    return visit


def test_an_admin_sets_up_a_recurring_ticket(desk: Desk, root: Visit, actor: Behind) -> None:
    admin = actor(root)
    desk.definitions.save(admin, Team(name="Second line"))
    desk.definitions.save(admin, BusinessCalendar(name="Office", zone="UTC", hours=ALWAYS_OPEN))

    new(root).fill(recurring_tags="Drill, fire")
    pick(root, repeats=Repeats.MONTHS_BY_WEEKDAY, nth=Nth.LAST, weekday=Weekday.FRIDAY, zone="Europe/Berlin")
    pick(
        root, calendar="office", when_closed=WhenClosed.MOVE, team="second-line", assignee="ada", priority=Priority.HIGH
    )
    root.at.number_input(key="recurring_every").set_value(3)
    root.at.date_input(key="recurring_first").set_value(date(2040, 1, 1))
    root.at.date_input(key="recurring_last").set_value(date(2049, 12, 31))
    root.at.time_input(key="recurring_at").set_value(time(7, 45))
    root.at.checkbox(key="recurring_skip_if_open").check()
    root.press("save")

    assert root.said[0] == "“Fire drill” is saved."
    (made,) = desk.definitions.all(admin, RecurringTicket)
    assert (made.title, made.description, made.requester) == ("Test the alarm", "On every floor.", "carla")
    assert (made.team, made.assignee, made.priority) == ("second-line", "ada", Priority.HIGH)
    assert (made.tags, made.skip_if_open, made.paused, made.category) == (
        ("drill", "fire"), True, False, TicketCategory.GENERAL,
    )  # fmt: skip
    assert made.schedule == Schedule(
        repeats=Repeats.MONTHS_BY_WEEKDAY,
        every=3,
        weekdays=(Weekday.MONDAY,),
        nth=Nth.LAST,
        weekday=Weekday.FRIDAY,
        first=date(2040, 1, 1),
        last=date(2049, 12, 31),
        at=time(7, 45),
        zone="Europe/Berlin",
        calendar="office",
        when_closed=WhenClosed.MOVE,
    )
    assert "every 3 months: last Friday, at 07:45 (Europe/Berlin)" in captions(root)


def test_the_form_tells_the_next_five_times(root: Visit) -> None:
    new(root)
    pick(root, repeats=Repeats.MONTHS_BY_DAY, zone="Europe/Berlin")
    root.at.number_input(key="recurring_day").set_value(31)
    root.at.date_input(key="recurring_first").set_value(date(2040, 1, 1))

    root.press("preview")

    (told,) = root.at.info
    assert unescaped(told.value).split("  \n") == [
        "The next ones would be opened for:",
        "Tue 2040-01-31 09:00 (Europe/Berlin)",
        "Wed 2040-02-29 09:00 (Europe/Berlin)",
        "Sat 2040-03-31 09:00 (Europe/Berlin)",
        "Mon 2040-04-30 09:00 (Europe/Berlin)",
        "Thu 2040-05-31 09:00 (Europe/Berlin)",
    ]
    root.at.checkbox(key="recurring_paused").check()
    assert "By this schedule no ticket would be opened within ten years." in root.press("preview").said


@pytest.mark.parametrize("button", ["save", "preview"])
def test_what_would_open_nothing_is_refused_and_stays_in_the_form(
    desk: Desk, root: Visit, actor: Behind, button: str
) -> None:
    new(root)
    root.at.multiselect(key="recurring_weekdays").set_value([])
    root.press(button)
    assert root.refused == ["Please choose at least one weekday."]

    root.at.multiselect(key="recurring_weekdays").set_value([Weekday.SUNDAY])
    root.at.date_input(key="recurring_first").set_value(date(2040, 5, 1))
    root.at.date_input(key="recurring_last").set_value(date(2040, 4, 30))
    assert root.press(button).refused == ["The last day comes before the first one, or one of them is too far away."]

    root.fill(recurring_requester="nobody").press(button)
    assert root.refused == ["There is no account “nobody”."]
    desk.agents.deactivate(actor(root), "carla")
    root.fill(recurring_requester="carla").press(button)
    assert root.refused == ["“carla” cannot sign in, so no ticket is opened for them."]
    assert root.at.text_input(key="recurring_title").value == "Test the alarm"
    assert desk.definitions.all(actor(root), RecurringTicket) == []


def test_the_list_and_the_form_tell_what_was_not_opened_and_why(desk: Desk, root: Visit, actor: Behind) -> None:
    made = desk.definitions.save(actor(root), BACKUP)
    reason = PassedOver(reason=Reason.NO_REQUESTER, times=2, planned=made.history[0].at)
    with desk.store.write() as tx:
        tx.definitions(RecurringTicket).save(made.model_copy(update={"passed_over": reason, "latest": 7}))

    root.open("desk_setup", kind="recurring")
    assert "every day, at 10:00 (Europe/Berlin) · last one T-7 · not opened 2 times, last for" in captions(root)
    assert "“carla” cannot sign in" in captions(root)
    root.open("desk_setup", kind="recurring", id=made.id)
    assert any("“carla” cannot sign in" in said for said in root.said)


def test_a_zone_that_another_machine_knew_is_told_in_the_list(desk: Desk, root: Visit, actor: Behind) -> None:
    made = desk.definitions.save(actor(root), BACKUP)
    elsewhere = made.model_copy(update={"schedule": DAILY.model_copy(update={"zone": "Mars/Olympus"})})
    with desk.store.write() as tx:
        tx.definitions(RecurringTicket).save(elsewhere)

    root.open("desk_setup", kind="recurring")

    assert "The time zone “Mars/Olympus” is not known here." in captions(root)
    assert root.open("desk_setup", kind="recurring", id=made.id).titles == ["Backup check"]


def test_agents_read_the_list_and_change_nothing(desk: Desk, root: Visit, ada: Visit, actor: Behind) -> None:
    made = desk.definitions.save(actor(root), BACKUP)

    ada.open("desk_setup", kind="recurring")

    assert "every day, at 10:00" in captions(ada)
    assert not ada.has_button("new")
    assert not ada.has_button(f"edit_{made.id}")


def test_the_history_of_a_ticket_tells_what_it_comes_from(desk: Desk, root: Visit, ada: Visit, actor: Behind) -> None:
    made = desk.definitions.save(actor(root), BACKUP)
    now = desk.clock()
    with desk.store.write() as tx:
        tx.tickets.save(made.ticket(tx.tickets.next_number(), now, now))

    shown = ada.open("ticket", id="1").unfold_history().sent(PANEL)["history"]

    assert [(who, what.partition(" (")[0]) for who, what, *_ in shown] == [
        ("The desk", f"opened it by the recurring ticket {made.said(now).partition(' (')[0]}"),
        ("Carla", "opened the ticket"),
    ]
