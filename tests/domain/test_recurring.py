"""What a recurring ticket opens, for which moments, and what a change of it makes of those."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from ticketing.domain.errors import BlankError, ScheduleError, TooManyTagsError, UsernameError
from ticketing.domain.recurring import PassedOver, Reason, RecurringTicket
from ticketing.domain.schedules import Repeats, Schedule, WhenClosed
from ticketing.domain.sources import Source
from ticketing.domain.statuses import Priority, Status, TicketCategory
from ticketing.domain.tickets import SYSTEM

DAY = timedelta(days=1)
DAILY = Schedule(repeats=Repeats.DAYS, first=date(2026, 3, 2), at=time(10), zone="Europe/Berlin")


@pytest.fixture
def backup(now: datetime) -> RecurringTicket:
    """Return one that comes round each day at ten in Berlin, made on Monday at nine in UTC."""
    made = RecurringTicket(
        id="backup-check",
        name="Backup check",
        title="  Check the backups ",
        description="Of all servers.",
        requester=" Carla",
        assignee="ada",
        priority=Priority.HIGH,
        tags=("Backup", "backup", "weekly"),
        schedule=DAILY,
    )
    return made.checked().revised(None, "root", now)


def at(day: int, hour: int = 9) -> datetime:
    """Return a moment of March 2026."""
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def test_the_ticket_that_it_opens_tells_what_it_comes_from_and_for_when(backup: RecurringTicket) -> None:
    ticket = backup.ticket(7, at(3), at(3, 12))

    assert (ticket.number, ticket.title, ticket.description) == (7, "Check the backups", "Of all servers.")
    assert (ticket.requester, ticket.priority, ticket.tags) == ("carla", Priority.HIGH, ["backup", "weekly"])
    assert (ticket.category, ticket.status, ticket.opened_at) == (TicketCategory.GENERAL, Status.OPEN, at(3, 12))
    opened, came_from = ticket.events
    assert (opened.field, opened.source) == ("opened", Source.RULE)
    told = (came_from.field, came_from.new, came_from.by, came_from.source)
    assert told == ("recurring", "Backup check, planned for Tue 2026-03-03 10:00 (Europe/Berlin)", SYSTEM, Source.RULE)
    assert [event.field for event in ticket.for_requester(reader="carla").events] == ["opened"]


def test_nothing_is_planned_for_moments_before_it_was_made(backup: RecurringTicket) -> None:
    assert backup.planned(None, at(3, 8)) == []
    assert backup.planned(None, at(5)) == [at(3), at(4), at(5)]
    assert backup.after(at(4), 7).planned(None, at(5)) == [at(5)]
    assert backup.model_copy(update={"through": None}).planned(None, at(5)) == []


@pytest.mark.parametrize("change", ["paused", "removed"])
def test_one_that_rests_opens_nothing_and_nothing_of_that_time_afterwards(backup: RecurringTicket, change: str) -> None:
    resting = backup.model_copy(update={change: True}).revised(backup, "root", at(4))
    assert resting.planned(None, at(9)) == []

    goes_on = resting.model_copy(update={change: False}).revised(resting, "root", at(9))

    assert goes_on.planned(None, at(10)) == [at(10)]


def test_a_changed_schedule_counts_from_its_change_and_other_changes_lose_nothing(backup: RecurringTicket) -> None:
    opened = backup.after(at(3), 7).passing_over(Reason.TOO_LONG_AGO, 2, at(3))

    earlier = DAILY.model_copy(update={"at": time(8)})
    rescheduled = backup.model_copy(update={"schedule": earlier}).revised(opened, "root", at(5, 8))
    retitled = backup.model_copy(update={"title": "Check them"}).revised(opened, "root", at(5, 8))

    assert rescheduled.planned(None, at(6, 8)) == [at(6, 7)]
    assert retitled.planned(None, at(6, 8)) == [at(4), at(5)]
    assert (rescheduled.latest, retitled.latest, retitled.passed_over) == (7, 7, None)


def test_how_far_it_has_come_is_no_part_of_what_is_set_up(backup: RecurringTicket) -> None:
    opened = backup.after(at(3), 7).passing_over(Reason.NO_REQUESTER, 1, at(4))

    assert opened.content() == backup.content()
    assert backup.model_copy(update={"through": None}).revised(opened, "root", at(5)) == opened

    moved = backup.model_copy(update={"schedule": DAILY.model_copy(update={"every": 2})})
    changes = moved.revised(opened, "root", at(5)).history[1:]
    assert [(change.field, change.old, change.new) for change in changes] == [("every", 1, 2)]


def test_what_is_passed_over_is_counted_by_its_reason(backup: RecurringTicket) -> None:
    once = backup.passing_over(Reason.TOO_LONG_AGO, 3, at(3))
    again = once.passing_over(Reason.TOO_LONG_AGO, 1, at(4))
    otherwise = again.passing_over(Reason.NO_REQUESTER, 1, at(5))

    assert again.passed_over == PassedOver(reason=Reason.TOO_LONG_AGO, times=4, planned=at(4))
    assert otherwise.passed_over == PassedOver(reason=Reason.NO_REQUESTER, times=1, planned=at(5))
    assert otherwise.through == at(5)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"name": " "}, BlankError),
        ({"title": ""}, BlankError),
        ({"description": "\u200b"}, BlankError),
        ({"requester": "no such name"}, UsernameError),
        ({"assignee": "!"}, UsernameError),
        ({"tags": tuple(map(str, range(21)))}, TooManyTagsError),
        ({"schedule": DAILY.model_copy(update={"every": 0})}, ScheduleError),
        ({"schedule": DAILY.model_copy(update={"when_closed": WhenClosed.SKIP})}, ScheduleError),
    ],
)
def test_what_cannot_be_a_ticket_is_refused(
    backup: RecurringTicket, fields: dict[str, object], error: type[Exception]
) -> None:
    assert backup.checked() == backup

    with pytest.raises(error):
        backup.model_copy(update=fields).checked()


def test_nobody_can_be_chosen_in_the_place_of_team_and_assignee(backup: RecurringTicket) -> None:
    checked = backup.model_copy(update={"team": "", "assignee": ""}).checked()

    assert (checked.team, checked.assignee) == (None, None)
