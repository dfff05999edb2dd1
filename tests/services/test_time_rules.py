"""Rules after a time: once on each ticket, however late, whatever the store, whichever process gets there first."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from tests.postgres import databases
from tests.racing import started_at_once
from tests.services.conftest import PASSWORD, Clock
from ticketing.desk import Desk, open_desk
from ticketing.domain.calendars import BusinessCalendar
from ticketing.domain.changes import Changes
from ticketing.domain.opening_hours import ALWAYS_OPEN
from ticketing.domain.people import Actor
from ticketing.domain.queries import TicketQuery
from ticketing.domain.rules import Rule, Trigger
from ticketing.domain.sla import SlaPolicy
from ticketing.domain.statuses import Priority, Resolution, Status
from ticketing.domain.tickets import RULE, RULE_PASSED_OVER, Ticket, TicketEdit
from ticketing.services.time_rules import TIME_RULES_BATCH
from ticketing.settings import Settings

CONSOLE = Actor.console()
DAY = timedelta(days=1)
SHARED: dict[str, Callable[[Path], str]] = {
    "json": lambda folder: f"json:{folder / 'data'}",
    "sqlite": lambda folder: f"sqlite:///{folder / 'desk.sqlite'}",
    "postgres": lambda _: databases().create("time_rules"),
}
PLACES = {"memory": lambda _: "memory:", **SHARED}
NO_ANSWER = Rule(
    name="No answer",
    enabled=True,
    trigger=Trigger.TIME,
    query="status:pending updated:>7d",
    changes=Changes(status=Status.CLOSED, resolution=Resolution.NO_RESPONSE),
    reply="We have not heard from you, so we close {{ ticket.label }}.",
)
_REMIND = NO_ANSWER.model_copy(update={"name": "Remind", "changes": Changes(), "reply": "Are you still there?"})


@pytest.fixture(params=PLACES)
def desk(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Desk]:
    """Return a desk over each kind of store."""
    settings = Settings(storage_url=PLACES[request.param](tmp_path))
    with closing(open_desk(settings, clock=clock, password_rounds=4)) as desk:
        yield desk


def waiting(desk: Desk) -> int:
    """Return the number of a ticket that waits for its requester."""
    number = desk.tickets.open(CONSOLE, "No dial tone", "The line is dead.").number
    desk.tickets.edit(CONSOLE, number, TicketEdit(status=Status.PENDING))
    return number


def followed(desk: Desk, number: int) -> list[str | None]:
    return [event.new for event in desk.tickets.get(CONSOLE, number).events if event.field == RULE]


def a_week_later(desk: Desk, clock: Clock) -> None:
    clock.advance(7 * DAY + timedelta(seconds=1))
    desk.catch_up()


def test_what_was_not_answered_is_closed_after_a_time_and_not_before(desk: Desk, clock: Clock) -> None:
    desk.definitions.save(CONSOLE, NO_ANSWER)
    number = waiting(desk)

    clock.advance(7 * DAY)
    desk.tickets.search(CONSOLE, TicketQuery())
    assert desk.tickets.get(CONSOLE, number).status is Status.PENDING

    clock.advance(timedelta(minutes=1))
    desk.tickets.search(CONSOLE, TicketQuery())  # whoever looks does it
    ticket = desk.tickets.get(CONSOLE, number)
    assert (ticket.status, ticket.resolution) == (Status.CLOSED, Resolution.NO_RESPONSE)
    assert ticket.messages[-1].text == "We have not heard from you, so we close T-1."
    assert (ticket.updated_at, followed(desk, number)) == (clock(), ["No answer"])


def test_it_is_followed_once_until_somebody_does_something(desk: Desk, clock: Clock) -> None:
    desk.definitions.save(CONSOLE, _REMIND)
    number = waiting(desk)

    for _ in range(3):
        a_week_later(desk, clock)
    assert followed(desk, number) == ["Remind"]
    assert desk.tickets.get(CONSOLE, number).fired == ["remind"]

    desk.tickets.note(CONSOLE, number, "I have called them.")
    assert desk.tickets.get(CONSOLE, number).fired == []
    for _ in range(3):
        a_week_later(desk, clock)
    assert followed(desk, number) == ["Remind", "Remind"]


def test_a_clock_that_is_set_back_or_forward_makes_nothing_come_twice(desk: Desk, clock: Clock) -> None:
    desk.definitions.save(CONSOLE, _REMIND)
    number = waiting(desk)

    for by in (400 * DAY, -300 * DAY, -99 * DAY, 200 * DAY):
        clock.advance(by)
        desk.catch_up()

    assert followed(desk, number) == ["Remind"]


def test_a_rule_that_is_set_up_late_catches_up_with_all_there_is_however_many(desk: Desk, clock: Clock) -> None:
    numbers = [waiting(desk) for _ in range(2 * TIME_RULES_BATCH + 1)]
    clock.advance(100 * DAY)  # the desk was down meanwhile, for all that it knows
    desk.definitions.save(CONSOLE, NO_ANSWER)

    desk.catch_up()

    assert [followed(desk, number) for number in numbers] == [["No answer"]] * len(numbers)
    assert desk.tickets.counts(CONSOLE, {"": TicketQuery(statuses=frozenset({Status.PENDING}))}) == {"": 0}


def test_rules_keep_their_order_and_after_one_that_stops_no_later_one_is_followed(desk: Desk, clock: Clock) -> None:
    fields = {"query": "status:pending created:>7d"}
    for position, (name, stops) in enumerate({"First": False, "Second": True, "Third": False}.items()):
        rule = _REMIND.model_copy(update={**fields, "name": name, "position": position, "stops": stops})
        desk.definitions.save(CONSOLE, rule)
    others = [waiting(desk) for _ in range(TIME_RULES_BATCH)]
    desk.definitions.save(CONSOLE, _REMIND.model_copy(update={"name": "Last", "position": 9, "query": "status:open"}))
    number = desk.tickets.open(CONSOLE, "Phone", "Dead.").number

    a_week_later(desk, clock)

    assert [followed(desk, other) for other in others] == [["First", "Second"]] * len(others)
    assert followed(desk, number) == ["Last"]


def test_what_it_does_triggers_rules_on_changes_and_is_no_deed_of_a_person(desk: Desk, clock: Clock) -> None:
    raised = _REMIND.model_copy(update={"changes": Changes(priority=Priority.HIGH), "reply": ""})
    desk.definitions.save(CONSOLE, raised)
    tagged = Rule(
        name="Tag", enabled=True, trigger=Trigger.CHANGED, query="priority:high", changes=Changes(add_tags=("old",))
    )
    desk.definitions.save(CONSOLE, tagged)
    number = waiting(desk)

    for _ in range(2):
        a_week_later(desk, clock)

    ticket = desk.tickets.get(CONSOLE, number)
    assert followed(desk, number) == ["Remind", "Tag"]
    assert (ticket.tags, ticket.fired) == (["old"], ["remind"])


def test_what_is_promised_and_overdue_is_found_as_time_goes_by(desk: Desk, clock: Clock) -> None:
    desk.definitions.save(CONSOLE, BusinessCalendar(name="Always", zone="UTC", hours=ALWAYS_OPEN))
    desk.definitions.save(CONSOLE, SlaPolicy(name="Gold", calendar="always", resolution=timedelta(hours=4)))
    late = Rule(
        name="Late", enabled=True, trigger=Trigger.TIME, query="is:overdue", changes=Changes(priority=Priority.URGENT)
    )
    desk.definitions.save(CONSOLE, late)
    number = desk.tickets.open(CONSOLE, "Phone", "Dead.").number

    for hours, names in ((4, []), (0.1, ["Late"]), (9, ["Late"])):
        clock.advance(timedelta(hours=hours))
        desk.catch_up()
        assert followed(desk, number) == names


def test_what_cannot_be_done_is_said_once(desk: Desk, clock: Clock) -> None:
    desk.definitions.save(CONSOLE, _REMIND.model_copy(update={"query": "status:closed"}))
    closed, merged, into = (desk.tickets.open(CONSOLE, "Phone", "Dead.").number for _ in range(3))
    desk.tickets.close(CONSOLE, closed)
    desk.relations.merge(CONSOLE, merged, into)

    for _ in range(3):
        a_week_later(desk, clock)

    def said(number: int) -> list[str | None]:
        return [event.new for event in desk.tickets.get(CONSOLE, number).events if event.field == RULE_PASSED_OVER]

    assert said(closed) == ["Ticket T-1 is closed. Reopen it to go on."]
    assert said(merged) == []


def test_a_rule_with_a_word_that_is_no_more_keeps_no_other_from_its_turn(desk: Desk, clock: Clock) -> None:
    broken = desk.definitions.save(CONSOLE, NO_ANSWER.model_copy(update={"name": "Broken", "position": 0}))
    with desk.store.write() as tx:
        tx.definitions(Rule).save(broken.model_copy(update={"query": "colour:red"}))
    desk.definitions.save(CONSOLE, _REMIND)
    number = waiting(desk)

    a_week_later(desk, clock)

    assert followed(desk, number) == ["Remind"]


PROCESSES = 3
_CATCH_UP = """
import sys
from contextlib import closing
from datetime import timedelta
from ticketing.desk import open_desk, utc_now
from ticketing.settings import Settings

later = lambda: utc_now() + timedelta(days=8)
with closing(open_desk(Settings(storage_url=sys.argv[1]), clock=later, password_rounds=4)) as desk:
    print("ready", flush=True)
    sys.stdin.readline()
    print("going", flush=True)
    desk.catch_up()
"""


@pytest.mark.processes
@pytest.mark.parametrize("place", SHARED)
def test_each_ticket_has_its_turn_once_also_where_one_of_several_processes_is_killed(
    tmp_path: Path, place: str
) -> None:
    address = SHARED[place](tmp_path)
    with closing(open_desk(Settings(storage_url=address), password_rounds=4)) as desk:
        desk.agents.create_agent(CONSOLE, "ada", PASSWORD)
        numbers = [waiting(desk) for _ in range(3 * TIME_RULES_BATCH)]
        desk.definitions.save(CONSOLE, _REMIND)

        killed, *others = started_at_once(_CATCH_UP, address, processes=PROCESSES)
        assert killed.stdout
        assert killed.stdout.readline() == "going\n"
        killed.kill()
        killed.communicate()
        assert [other.communicate(timeout=60)[0] for other in others] == ["going\n"] * (PROCESSES - 1)

        tickets = [desk.tickets.get(CONSOLE, number) for number in numbers]
    assert [_reminders(ticket) for ticket in tickets] == [1] * len(tickets)


def _reminders(ticket: Ticket) -> int:
    return sum(message.text == "Are you still there?" for message in ticket.messages)
