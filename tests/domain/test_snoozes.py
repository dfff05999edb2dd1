"""A ticket that is put aside: until when it sleeps, what wakes it, and who learns of that."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ticketing.domain.errors import InvalidInputError, TicketClosedError, TicketNotAsleepError, TransitionError
from ticketing.domain.merging import merge, unmerge
from ticketing.domain.people import Actor
from ticketing.domain.snoozes import LONGEST_SNOOZE, WOKE_UP, Nap, Snooze
from ticketing.domain.sources import Source
from ticketing.domain.statuses import Status, TicketCategory
from ticketing.domain.tickets import SYSTEM, Event, MessageKind, Ticket

HOUR = timedelta(hours=1)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def asleep(ticket: Ticket, ada: Actor, now: datetime) -> Ticket:
    """Return Carla's ticket, which Ada lets sleep for two hours or until Carla replies."""
    ticket.snooze(ada, now + 2 * HOUR, now, wakes_on_reply=True)
    return ticket


def test_a_ticket_that_sleeps_is_on_hold_and_its_history_tells_until_when(
    asleep: Ticket, ada: Actor, now: datetime
) -> None:
    assert asleep.status is Status.ON_HOLD
    assert asleep.snoozed == Snooze(until=now + 2 * HOUR, wakes_on_reply=True, by="ada")
    assert asleep.events[-2:] == [
        Event(field="status", old="open", new="on_hold", by="ada", at=now),
        Event(field="snoozed", new="2026-03-02T11:00:00+00:00", by="ada", at=now),
    ]
    steps = asleep.steps

    asleep.snooze(ada, now + 2 * HOUR, now + HOUR, wakes_on_reply=True)
    assert asleep.steps == steps

    asleep.snooze(ada, now + 3 * HOUR, now + HOUR, wakes_on_reply=False)
    assert asleep.steps == steps + 1
    assert (asleep.events[-1].old, asleep.events[-1].new) == ("2026-03-02T11:00:00+00:00", "2026-03-02T12:00:00+00:00")


def test_it_wakes_up_by_itself_as_of_its_moment_with_a_note(asleep: Ticket, now: datetime) -> None:
    asleep.wake_up()

    assert (asleep.status, asleep.snoozed) == (Status.OPEN, None)
    woken = Event(field="status", old="on_hold", new="open", by=SYSTEM, at=now + 2 * HOUR, source=Source.RULE)
    assert asleep.events[-1] == woken
    note = asleep.messages[-1]
    assert (note.kind, note.author, note.text, note.at) == (MessageKind.NOTE, SYSTEM, WOKE_UP, now + 2 * HOUR)

    asleep.wake_up()
    assert asleep.events[-1] == woken


def test_an_agent_can_wake_it_and_nobody_can_wake_what_is_awake(asleep: Ticket, ada: Actor, now: datetime) -> None:
    asleep.wake(ada, now + HOUR)

    assert (asleep.status, asleep.snoozed, asleep.events[-1].by) == (Status.OPEN, None, "ada")
    with pytest.raises(TicketNotAsleepError, match="Ticket T-1 is not asleep"):
        asleep.wake(ada, now + HOUR)


def test_a_reply_of_the_requester_wakes_it_and_one_of_an_agent_does_not(
    asleep: Ticket, ada: Actor, carla: Actor, now: datetime
) -> None:
    asleep.reply(ada, "The part is on its way.", now + HOUR)
    assert asleep.status is Status.ON_HOLD

    asleep.reply(carla, "It is here.", now + HOUR)
    assert (asleep.status, asleep.snoozed) == (Status.OPEN, None)


def test_one_that_is_to_stay_asleep_does(ticket: Ticket, ada: Actor, carla: Actor, now: datetime) -> None:
    ticket.snooze(ada, now + 2 * HOUR, now, wakes_on_reply=False)

    ticket.reply(carla, "Any news?", now + HOUR)

    assert ticket.status is Status.ON_HOLD
    assert ticket.snoozed


@pytest.mark.parametrize("status", [Status.OPEN, Status.PENDING, Status.RESOLVED, Status.CLOSED])
def test_any_other_status_ends_it(asleep: Ticket, ada: Actor, now: datetime, status: Status) -> None:
    asleep.change_status(ada, Status.ON_HOLD, now)
    assert asleep.snoozed

    asleep.change_status(ada, status, now)
    assert asleep.snoozed is None


@pytest.mark.parametrize("until", [timedelta(0), -HOUR, LONGEST_SNOOZE + HOUR], ids=["now", "past", "too long"])
def test_it_sleeps_until_a_moment_that_lies_ahead_within_two_years(
    ticket: Ticket, ada: Actor, now: datetime, until: timedelta
) -> None:
    with pytest.raises(InvalidInputError, match="a moment that lies ahead, within two years"):
        ticket.snooze(ada, now + until, now, wakes_on_reply=True)

    assert (ticket.status, ticket.snoozed, len(ticket.events)) == (Status.OPEN, None, 1)
    ticket.snooze(ada, now + LONGEST_SNOOZE, now, wakes_on_reply=True)
    assert ticket.snoozed


@pytest.mark.parametrize(("status", "error"), [(Status.RESOLVED, TransitionError), (Status.CLOSED, TicketClosedError)])
def test_what_is_done_does_not_sleep(
    ticket: Ticket, ada: Actor, now: datetime, status: Status, error: type[Exception]
) -> None:
    ticket.change_status(ada, status, now)

    with pytest.raises(error):
        ticket.snooze(ada, now + HOUR, now, wakes_on_reply=True)


def test_its_requester_learns_of_the_status_alone(asleep: Ticket) -> None:
    shown = asleep.for_requester(reader="carla")

    assert (shown.status, shown.snoozed) == (Status.ON_HOLD, None)
    assert [event.field for event in shown.events] == ["opened", "status"]
    asleep.wake_up()
    assert len(asleep.for_requester(reader="carla").messages) == 1


def test_a_merge_that_is_taken_back_lets_it_sleep_on(asleep: Ticket, ada: Actor, now: datetime) -> None:
    target = Ticket.open(2, "carla", "Again", "Still dead.", TicketCategory.NETWORK, now)
    merge(asleep, target, ada, now)
    assert asleep.snoozed is None

    unmerge(asleep, target, ada, now)

    assert asleep.status is Status.ON_HOLD
    assert asleep.snoozed == Snooze(until=now + 2 * HOUR, by="ada")


def test_it_is_kept_with_the_ticket_and_costs_others_nothing(asleep: Ticket, ticket_of: Callable[[], Ticket]) -> None:
    assert Ticket.model_validate_json(asleep.model_dump_json(exclude_none=True)) == asleep
    assert b"snoozed" not in ticket_of().model_dump_json(exclude_none=True).encode()


@pytest.fixture
def ticket_of(now: datetime) -> Callable[[], Ticket]:
    """Return a way to open a ticket that is awake."""
    return lambda: Ticket.open(2, "carla", "Awake", "Wide awake.", TicketCategory.NETWORK, now)


# Until when


@pytest.mark.parametrize(
    ("nap", "now", "end"),
    [
        pytest.param(Nap.LATER, "2026-03-02 10:00", "2026-03-02 13:00", id="in three hours"),
        pytest.param(Nap.TOMORROW, "2026-03-02 00:10", "2026-03-03 08:00", id="tomorrow, just after midnight"),
        pytest.param(Nap.MONDAY, "2026-03-02 10:00", "2026-03-09 08:00", id="next Monday, on a Monday"),
        pytest.param(Nap.MONDAY, "2026-03-08 23:00", "2026-03-09 08:00", id="next Monday, on a Sunday"),
        pytest.param(Nap.TOMORROW, "2026-03-28 12:00", "2026-03-29 08:00", id="clocks go forward"),
        pytest.param(Nap.MONDAY, "2026-10-24 12:00", "2026-10-26 08:00", id="clocks go back"),
    ],
)
def test_naps_end_by_the_clocks_of_the_person(nap: Nap, now: str, end: str) -> None:
    before, after = (datetime.fromisoformat(at).replace(tzinfo=BERLIN) for at in (now, end))

    assert nap.ends(before.astimezone(UTC), BERLIN) == after
