"""Due times follow each change of a ticket and each change of the rules, and agents can see why."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.services.conftest import Clock
from ticketing.desk import Desk
from ticketing.domain.calendars import BusinessCalendar
from ticketing.domain.deadlines import SlaState, Standing, Target
from ticketing.domain.due_times import StepKind
from ticketing.domain.errors import (
    CalendarError,
    DefinitionNotFoundError,
    PermissionDeniedError,
    TargetError,
    TicketNotFoundError,
)
from ticketing.domain.opening_hours import ALWAYS_OPEN, parse_hours
from ticketing.domain.people import Actor
from ticketing.domain.queries import TicketQuery
from ticketing.domain.sla import SlaPolicy
from ticketing.domain.statuses import Priority, Resolution, Status
from ticketing.domain.tickets import TicketEdit
from ticketing.services import due_times
from ticketing.services.chores import LOOK_EVERY
from ticketing.services.due_times import CATCH_UP_BATCH
from ticketing.settings import Settings
from ticketing.storage.memory import MemoryStore

HOUR = timedelta(hours=1)
CONSOLE = Actor.console()
TUESDAY = datetime(2031, 5, 6, tzinfo=UTC)  # on which the tests' clock begins, at 09:30
OFFICE = BusinessCalendar(name="Office", zone="UTC", hours=(parse_hours("09:00-17:00"),) * 5 + ((), ()))
URGENT = SlaPolicy(name="Urgent", calendar="office", priorities=(Priority.URGENT,), first_response=HOUR)
GOLD = SlaPolicy(
    name="Gold", calendar="office", position=2, first_response=4 * HOUR, next_response=2 * HOUR, resolution=16 * HOUR
)


ON_EVERY_STORE = True


@pytest.fixture
def desk(store: MemoryStore, clock: Clock) -> Desk:
    """Return a desk with a calendar and two policies."""
    desk = Desk(Settings(storage_url="memory:"), store, clock, password_rounds=4)
    for definition in (OFFICE, URGENT, GOLD):
        desk.definitions.save(CONSOLE, definition)
    return desk


@pytest.fixture
def number(desk: Desk, carla: Actor) -> int:
    """Return the number of Carla's ticket, opened on Tuesday at 09:30."""
    return desk.tickets.open(carla, "No dial tone", "The line is dead.").number


def at(hours: float, days: int = 0) -> datetime:
    """Return a moment of that Tuesday, or some days later."""
    return TUESDAY + timedelta(days=days, hours=hours)


def kept(desk: Desk, number: int) -> SlaState:
    """Return what a ticket keeps of its due times."""
    found = desk.tickets.get(CONSOLE, number).sla
    assert found is not None
    return found


def change(desk: Desk, definition: Any, **fields: Any) -> None:
    """Change what was set up."""
    (before,) = [one for one in desk.definitions.all(CONSOLE, type(definition)) if one.name == definition.name]
    desk.definitions.save(CONSOLE, before.model_copy(update=fields))


def test_a_ticket_is_due_from_its_first_moment_by_the_policy_that_fits(desk: Desk, number: int) -> None:
    sla = kept(desk, number)

    assert (sla.policy_name, sla.policy_version, sla.due_at) == ("Gold", 1, at(13.5))
    assert sla.resolution is not None
    assert sla.resolution.due_at == at(9.5, days=2)


def test_another_priority_is_another_policy(desk: Desk, number: int, ada: Actor, clock: Clock) -> None:
    clock.advance(HOUR)
    desk.tickets.edit(ada, number, TicketEdit(priority=Priority.URGENT))

    assert (kept(desk, number).policy_name, kept(desk, number).due_at) == ("Urgent", at(10.5))


def test_an_answer_meets_its_target_and_a_pause_stops_the_clock(
    desk: Desk, number: int, carla: Actor, ada: Actor, clock: Clock
) -> None:
    clock.advance(HOUR)
    desk.tickets.reply(ada, number, "Which line?", status=Status.PENDING)
    sla = kept(desk, number)
    assert sla.first_response is not None
    assert sla.first_response.standing(clock.now) is Standing.MET
    assert (sla.due_at, sla.paused_since) == (None, at(10.5))
    assert sla.resolution is not None
    assert sla.resolution.left == 15 * HOUR

    clock.now = at(12.5)
    desk.tickets.reply(carla, number, "The grey one.")

    sla = kept(desk, number)
    assert sla.next_response is not None
    assert sla.next_response.due_at == sla.due_at == at(14.5)
    assert sla.resolution is not None
    assert sla.resolution.due_at == at(11.5, days=2)


def test_what_is_reopened_goes_on_where_it_was_done(desk: Desk, number: int, clock: Clock) -> None:
    clock.advance(HOUR)
    desk.tickets.close(CONSOLE, number, "It works again.")
    assert kept(desk, number).due_at is None

    clock.now = at(9, days=1)
    desk.tickets.reopen(CONSOLE, number)

    assert kept(desk, number).due_at == at(16, days=2)


def test_a_follow_up_is_due_as_any_ticket(desk: Desk, number: int, ada: Actor, carla: Actor, clock: Clock) -> None:
    desk.tickets.close(ada, number, "It works again.")
    clock.advance(HOUR)

    follow_up = desk.tickets.open(carla, "Dead again", "As before.", follows=number)

    assert kept(desk, follow_up.number).due_at == at(14.5)


def test_what_is_done_is_judged_by_the_rules_of_its_time(desk: Desk, number: int, clock: Clock) -> None:
    clock.advance(5 * HOUR)
    desk.tickets.close(CONSOLE, number, "It works again.")
    before = kept(desk, number)
    assert before.attainment(clock.now) == {Target.FIRST_RESPONSE: False, Target.RESOLUTION: True}

    change(desk, GOLD, first_response=8 * HOUR)
    desk.tickets.edit(CONSOLE, number, TicketEdit(resolution=Resolution.DUPLICATE))
    clock.advance(LOOK_EVERY)
    desk.tickets.search(CONSOLE, TicketQuery())

    assert kept(desk, number) == before


def test_requesters_learn_nothing_of_due_times(desk: Desk, number: int, carla: Actor) -> None:
    assert desk.tickets.get(carla, number).sla is None
    assert desk.tickets.reply(carla, number, "Hello?", key="k").sla is None
    assert desk.tickets.reply(carla, number, "Hello?", key="k").sla is None
    with pytest.raises(PermissionDeniedError):
        desk.due_times.explained(carla, number)


@pytest.mark.parametrize("asked", [1, 99], ids=["somebody else's", "nobody's"])
def test_another_requester_cannot_even_tell_whether_there_is_a_ticket(
    desk: Desk, number: int, oskar: Actor, asked: int
) -> None:
    assert number == 1
    with pytest.raises(TicketNotFoundError, match=f"There is no ticket T-{asked}"):
        desk.due_times.explained(oskar, asked)


def test_agents_can_see_why(desk: Desk, number: int, ada: Actor, clock: Clock) -> None:
    explained = desk.due_times.explained(ada, number)

    assert explained is not None
    assert (explained.policy.name, explained.calendar.name) == ("Gold", "Office")
    steps = explained.steps
    assert [step.kind for step in steps[Target.FIRST_RESPONSE]] == [StepKind.BEGAN, StepKind.OPEN, StepKind.DUE]
    assert set(steps) == {Target.FIRST_RESPONSE, Target.RESOLUTION}

    change(desk, OFFICE, holidays=())
    assert desk.due_times.explained(ada, number) == explained  # nothing was changed
    change(desk, OFFICE, hours=ALWAYS_OPEN)
    assert desk.due_times.explained(ada, number) is None  # what made the due time is no longer there

    clock.advance(LOOK_EVERY)
    desk.tickets.search(CONSOLE, TicketQuery())
    assert desk.due_times.explained(ada, number) is not None


def test_without_a_policy_there_is_nothing_to_explain(desk: Desk, ada: Actor, carla: Actor) -> None:
    for policy in (URGENT, GOLD):
        change(desk, policy, removed=True)
    number = desk.tickets.open(carla, "No dial tone", "The line is dead.").number

    assert desk.tickets.get(ada, number).sla is None
    assert desk.due_times.explained(ada, number) is None


def test_an_admin_sees_what_a_policy_would_do_before_it_is_kept(desk: Desk, root: Actor, ada: Actor) -> None:
    wanted = SlaPolicy(name="Silver", calendar="office", first_response=8 * HOUR)

    steps = desk.due_times.rehearsed(root, wanted).steps

    assert steps[Target.FIRST_RESPONSE][-1] == (StepKind.DUE, at(9.5, days=1), None, timedelta(0), "")
    with pytest.raises(PermissionDeniedError):
        desk.due_times.rehearsed(ada, wanted)
    with pytest.raises(DefinitionNotFoundError):
        desk.due_times.rehearsed(root, wanted.model_copy(update={"calendar": "nobodys"}))
    with pytest.raises(TargetError):
        desk.due_times.rehearsed(root, wanted.model_copy(update={"first_response": None}))


def test_rules_that_cannot_be_kept_are_refused_and_nothing_is_kept(desk: Desk, root: Actor) -> None:
    before = desk.definitions.all(root, BusinessCalendar)
    with pytest.raises(CalendarError):
        desk.definitions.save(root, BusinessCalendar(name="Never", zone="UTC", hours=((),) * 7))
    with pytest.raises(TargetError):
        desk.definitions.save(root, SlaPolicy(name="Nothing", calendar="office"))

    assert desk.definitions.all(root, BusinessCalendar) == before


@pytest.mark.parametrize("definition", [OFFICE, GOLD], ids=["calendar", "policy"])
def test_only_admins_change_the_rules(desk: Desk, ada: Actor, carla: Actor, definition: Any) -> None:
    for actor in (ada, carla):
        with pytest.raises(PermissionDeniedError):
            desk.definitions.save(actor, definition.model_copy(update={"name": "Mine"}))


def test_no_service_saves_a_ticket_without_its_due_times() -> None:
    services = Path(due_times.__file__).parent
    # A demonstration has promised nothing to the people that it invents; that a warning was told makes nothing due, nor
    # does it that somebody stops watching or watches again. To whom an import
    # brings tickets, the other help desk has promised what it has.
    others = {"intake.py", "due_times.py", "demo.py", "notifications.py", "watching.py", "watch_links.py"}
    sources = [path for path in services.rglob("*.py") if path.name not in others]

    assert len(sources) > 15
    assert [path.name for path in sources if "tickets.save(" in path.read_text("utf-8")] == []


def test_imported_tickets_are_due_unless_they_are_done(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "users.json").write_text(json.dumps({"bert": {"password": "x", "role": "user"}}), "utf-8")
    tickets = [
        {"ticket_id": name, "title": name, "status": status, "comments": []}
        for name, status in (("1", "open"), ("2", "closed"))
    ]
    (tmp_path / "tickets.json").write_text(json.dumps({"bert": tickets}), "utf-8")

    desk.seeds.apply(CONSOLE, desk.seeds.plan(CONSOLE, tmp_path))

    promised = {ticket.title: ticket.sla is not None for ticket in map(partial(desk.tickets.get, CONSOLE), (1, 2))}
    assert promised == {"1": True, "2": False}


# When the rules are changed


def test_new_rules_reach_every_unfinished_ticket_once_and_a_few_at_a_time(
    desk: Desk, number: int, ada: Actor, clock: Clock
) -> None:
    numbers = [number, *(desk.tickets.open(ada, "No dial tone", "Dead.").number for _ in range(2 * CATCH_UP_BATCH))]
    desk.tickets.search(ada, TicketQuery())
    versions = [desk.tickets.get(ada, one).version for one in numbers]
    change(desk, GOLD, first_response=HOUR, warning=timedelta(minutes=1))

    reached = []
    for _ in range(4):
        clock.advance(LOOK_EVERY)
        desk.tickets.search(ada, TicketQuery())
        reached.append(sum(kept(desk, one).due_at == at(10.5) for one in numbers))

    assert reached == [CATCH_UP_BATCH, 2 * CATCH_UP_BATCH, 2 * CATCH_UP_BATCH + 1, 2 * CATCH_UP_BATCH + 1]
    assert [desk.tickets.get(ada, one).version for one in numbers] == [version + 1 for version in versions]


def test_as_long_as_there_is_more_nobody_waits_a_minute(desk: Desk, carla: Actor, ada: Actor, clock: Clock) -> None:
    for _ in range(CATCH_UP_BATCH + 1):
        desk.tickets.open(carla, "No dial tone", "Dead.")
    desk.tickets.search(ada, TicketQuery())
    change(desk, GOLD, first_response=HOUR)
    clock.advance(LOOK_EVERY)

    desk.tickets.search(ada, TicketQuery())
    desk.tickets.search(ada, TicketQuery())

    assert kept(desk, CATCH_UP_BATCH + 1).due_at == at(10.5)


def test_the_first_policy_of_a_desk_holds_for_what_is_there_and_the_last_takes_its_due_times_along(
    store: MemoryStore, clock: Clock, carla: Actor
) -> None:
    desk = Desk(Settings(storage_url="memory:"), store, clock, password_rounds=4)
    number = desk.tickets.open(carla, "No dial tone", "The line is dead.").number
    desk.definitions.save(CONSOLE, OFFICE)
    desk.definitions.save(CONSOLE, GOLD)

    desk.tickets.counts(CONSOLE, {"all": TicketQuery()})
    assert kept(desk, number).due_at == at(13.5)

    change(desk, GOLD, removed=True)
    clock.advance(LOOK_EVERY)
    desk.tickets.counts(CONSOLE, {"all": TicketQuery()})
    assert desk.tickets.get(CONSOLE, number).sla is None


def test_rules_that_change_halfway_are_begun_anew(desk: Desk, carla: Actor, ada: Actor, clock: Clock) -> None:
    for _ in range(CATCH_UP_BATCH + 1):
        desk.tickets.open(carla, "No dial tone", "Dead.")
    for hours in (1, 2):
        change(desk, GOLD, first_response=hours * HOUR)
        clock.advance(LOOK_EVERY)
        desk.tickets.search(ada, TicketQuery())

    desk.tickets.search(ada, TicketQuery())

    assert {kept(desk, one).due_at for one in range(1, CATCH_UP_BATCH + 2)} == {at(11.5)}


def test_who_only_looks_is_not_kept_waiting_by_a_busy_store(
    desk: Desk, number: int, ada: Actor, clock: Clock, store: MemoryStore, caplog: pytest.LogCaptureFixture
) -> None:
    change(desk, GOLD, first_response=HOUR)
    clock.advance(LOOK_EVERY)

    with store.write(), ThreadPoolExecutor(1) as visitors:
        assert visitors.submit(desk.tickets.search, ada, TicketQuery()).result().total == 1
    assert "Reckoning due times anew had to wait" in caplog.text
    assert kept(desk, number).due_at == at(13.5)

    clock.advance(LOOK_EVERY)
    desk.tickets.search(ada, TicketQuery())
    assert kept(desk, number).due_at == at(10.5)


# Clocks that jump


@pytest.mark.parametrize("jump", [timedelta(days=-400), timedelta(days=400)], ids=["back", "forward"])
def test_a_clock_that_jumps_moves_no_due_time(
    desk: Desk, number: int, ada: Actor, clock: Clock, jump: timedelta, everything: Callable[[], dict[str, object]]
) -> None:
    before = everything()
    clock.advance(jump)
    change(desk, GOLD, warning=2 * HOUR)
    desk.tickets.search(CONSOLE, TicketQuery())
    clock.advance(-jump)
    desk.tickets.search(CONSOLE, TicketQuery())

    assert everything() != before
    assert kept(desk, number).due_at == at(13.5)
    assert kept(desk, number).warn_at == at(11.5)

    desk.tickets.note(ada, number, "Hm.")
    assert kept(desk, number).due_at == at(13.5)


def test_after_a_jump_back_the_rules_are_not_forgotten(desk: Desk, number: int, clock: Clock) -> None:
    clock.advance(timedelta(days=400))
    desk.tickets.search(CONSOLE, TicketQuery())
    clock.advance(-timedelta(days=400))
    change(desk, GOLD, first_response=HOUR)

    desk.tickets.search(CONSOLE, TicketQuery())

    assert kept(desk, number).due_at == at(10.5)
