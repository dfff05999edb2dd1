"""Tickets that sleep: who may put them to sleep, what wakes them, and that nobody sees one too late."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from tests.services.conftest import Clock
from ticketing.desk import Desk
from ticketing.domain.calendars import BusinessCalendar
from ticketing.domain.errors import (
    InvalidInputError,
    PermissionDeniedError,
    StaleEditError,
    TicketNotAsleepError,
    TicketNotFoundError,
)
from ticketing.domain.opening_hours import ALWAYS_OPEN
from ticketing.domain.people import Actor
from ticketing.domain.queries import TicketQuery, TicketSummary, View
from ticketing.domain.query_language import Asker, read_query
from ticketing.domain.sign_in import SessionLimits
from ticketing.domain.sla import SlaPolicy
from ticketing.domain.sources import Source
from ticketing.domain.statuses import Status
from ticketing.domain.tickets import SYSTEM, TicketEdit
from ticketing.services.moments import MOMENTS_BATCH
from ticketing.settings import Settings
from ticketing.storage.memory import MemoryStore

HOUR = timedelta(hours=1)
CONSOLE = Actor.console()
# Days go by in these tests, and nobody signs in again.
SETTINGS = Settings(storage_url="memory:", agent_session_idle_hours=24 * 14, agent_session_hours=24 * 14)

Everything = Callable[[], dict[str, object]]


ON_EVERY_STORE = True


@pytest.fixture
def limits() -> SessionLimits:
    return SETTINGS.session_limits


@pytest.fixture
def desk(store: MemoryStore, clock: Clock) -> Desk:
    return Desk(SETTINGS, store, clock, password_rounds=4)


@pytest.fixture
def number(desk: Desk, carla: Actor, ada: Actor) -> int:
    """Return the number of Carla's ticket, on which Ada works and to which she replied."""
    number = desk.tickets.open(carla, "No dial tone", "The line is dead.").number
    desk.tickets.assign(ada, number, ada.username)
    desk.tickets.reply(ada, number, "The part comes on Thursday.")
    desk.tickets.mark_seen(ada, number, 2)
    return number


def mine(desk: Desk, actor: Actor) -> TicketSummary:
    """Return the only line of an agent's own list."""
    (line,) = desk.tickets.search(actor, View.MINE.query(actor.username, desk.clock())).items
    return line


def test_a_ticket_sleeps_until_its_moment_and_is_then_open_and_unread(
    desk: Desk, number: int, ada: Actor, clock: Clock
) -> None:
    until = clock.now + 5 * HOUR
    desk.tickets.snooze(ada, number, until)
    assert (mine(desk, ada).status, mine(desk, ada).unread) == (Status.ON_HOLD, False)

    clock.advance(5 * HOUR)

    assert (mine(desk, ada).status, mine(desk, ada).unread) == (Status.OPEN, True)
    woken = desk.tickets.get(ada, number)
    assert (woken.status, woken.snoozed) == (Status.OPEN, None)
    event = woken.events[-1]
    assert (event.field, event.new, event.by, event.at, event.source) == ("status", "open", SYSTEM, until, Source.RULE)


def test_who_opens_it_by_its_number_sees_it_awake_before_any_chore_was_done(
    desk: Desk, number: int, ada: Actor, carla: Actor, clock: Clock, store: MemoryStore
) -> None:
    desk.tickets.snooze(ada, number, clock.now + HOUR)
    clock.advance(HOUR)

    assert desk.tickets.get(ada, number).status is Status.OPEN
    assert desk.tickets.get(carla, number).status is Status.OPEN
    with store.read() as tx:
        assert tx.tickets.to_wake(clock.now, 1) == [number]

    desk.tickets.note(ada, number, "It came.")
    with store.read() as tx:
        assert tx.tickets.to_wake(clock.now, 1) == []
    assert [event.field for event in desk.tickets.get(ada, number).events].count("status") == 2


def test_a_reply_of_the_requester_wakes_it_unless_it_is_to_stay_asleep(
    desk: Desk, number: int, ada: Actor, carla: Actor, clock: Clock
) -> None:
    desk.tickets.snooze(ada, number, clock.now + HOUR, wakes_on_reply=False)
    desk.tickets.reply(carla, number, "Any news?")
    assert desk.tickets.get(ada, number).snoozed is not None

    desk.tickets.snooze(ada, number, clock.now + HOUR)
    desk.tickets.reply(carla, number, "Any news by now?")
    assert (desk.tickets.get(ada, number).status, mine(desk, ada).unread) == (Status.OPEN, True)


def test_an_agent_wakes_it_and_any_change_of_its_status_does(desk: Desk, number: int, ada: Actor, clock: Clock) -> None:
    desk.tickets.snooze(ada, number, clock.now + HOUR)
    assert desk.tickets.wake(ada, number).status is Status.OPEN
    with pytest.raises(TicketNotAsleepError):
        desk.tickets.wake(ada, number)

    desk.tickets.snooze(ada, number, clock.now + HOUR)
    desk.tickets.edit(ada, number, TicketEdit(status=Status.PENDING))
    clock.advance(2 * HOUR)

    assert desk.tickets.get(ada, number).status is Status.PENDING


def test_what_was_sent_twice_is_done_once_and_what_somebody_changed_meanwhile_is_left(
    desk: Desk, number: int, ada: Actor, clock: Clock
) -> None:
    until = clock.now + HOUR
    once = desk.tickets.snooze(ada, number, until, seen=Status.OPEN, key="k")
    desk.tickets.wake(ada, number, key="w")
    again = desk.tickets.snooze(ada, number, until, seen=Status.OPEN, key="k")
    assert (once.status, again.status) == (Status.ON_HOLD, Status.OPEN)
    assert desk.tickets.wake(ada, number, key="w").status is Status.OPEN

    desk.tickets.edit(ada, number, TicketEdit(status=Status.PENDING))
    with pytest.raises(StaleEditError):
        desk.tickets.snooze(ada, number, until, seen=Status.OPEN)


@pytest.mark.parametrize("deed", ["snooze", "wake"])
def test_only_agents_put_tickets_to_sleep_and_wake_them(
    desk: Desk, number: int, carla: Actor, oskar: Actor, ada: Actor, clock: Clock, everything: Everything, deed: str
) -> None:
    if deed == "wake":
        desk.tickets.snooze(ada, number, clock.now + HOUR)
    deeds: dict[str, Callable[[Actor], object]] = {
        "snooze": lambda actor: desk.tickets.snooze(actor, number, clock.now + HOUR),
        "wake": lambda actor: desk.tickets.wake(actor, number),
    }
    before = everything()

    with pytest.raises(PermissionDeniedError):
        deeds[deed](carla)
    with pytest.raises(TicketNotFoundError):
        deeds[deed](oskar)
    assert everything() == before

    deeds[deed](ada)
    assert everything() != before


def test_a_moment_that_is_over_is_refused_and_nothing_is_changed(
    desk: Desk, number: int, ada: Actor, clock: Clock, everything: Everything
) -> None:
    before = everything()

    with pytest.raises(InvalidInputError, match="lies ahead"):
        desk.tickets.snooze(ada, number, clock.now)

    assert everything() == before


def test_requesters_learn_of_the_status_and_of_nothing_else(
    desk: Desk, number: int, ada: Actor, carla: Actor, clock: Clock
) -> None:
    desk.tickets.snooze(ada, number, clock.now + HOUR)
    asleep = desk.tickets.get(carla, number)
    clock.advance(HOUR)
    desk.tickets.search(ada, TicketQuery())
    awake = desk.tickets.conversation(carla, number)

    assert (asleep.status, asleep.snoozed, awake.ticket.status) == (Status.ON_HOLD, None, Status.OPEN)
    assert len(awake.ticket.messages) == len(asleep.messages) == 2
    assert {event.field for event in awake.ticket.events} == {"opened", "assignee", "status"}
    is_asleep = read_query("is:asleep", Asker(carla.username, clock.now))
    assert desk.tickets.search(carla, is_asleep).total == 0


def test_clocks_of_what_was_promised_stand_still_until_the_moment_however_late_anybody_looks(
    desk: Desk, carla: Actor, ada: Actor, clock: Clock
) -> None:
    calendar = BusinessCalendar(name="Always", zone="UTC", hours=ALWAYS_OPEN)
    desk.definitions.save(CONSOLE, calendar)
    desk.definitions.save(CONSOLE, SlaPolicy(name="Gold", calendar="always", resolution=10 * HOUR))
    opened = clock.now
    number = desk.tickets.open(carla, "No dial tone", "Dead.").number

    desk.tickets.snooze(ada, number, opened + 6 * HOUR)
    asleep = desk.tickets.get(ada, number)
    clock.advance(9 * HOUR)
    desk.tickets.search(ada, TicketQuery())
    awake = desk.tickets.get(ada, number)

    assert asleep.sla is not None
    assert (asleep.sla.due_at, asleep.sla.paused_since) == (None, opened)
    assert awake.sla is not None
    assert awake.sla.due_at == opened + 16 * HOUR


def test_after_a_long_night_all_wake_a_few_at_a_time(desk: Desk, carla: Actor, ada: Actor, clock: Clock) -> None:
    until = clock.now + HOUR
    many = MOMENTS_BATCH + 1
    for _ in range(many):
        desk.tickets.snooze(ada, desk.tickets.open(carla, "No dial tone", "Dead.").number, until)
    clock.advance(30 * HOUR)

    asleep = [_asleep(desk, ada, clock.now) for _ in range(3)]

    assert asleep == [1, 0, 0]
    first = desk.tickets.get(ada, 1)
    assert first.events[-1].at == until


def _asleep(desk: Desk, actor: Actor, now: datetime) -> int:
    return desk.tickets.search(actor, read_query("is:asleep", Asker(actor.username, now))).total
