"""Recurring tickets are opened when they come round: each once, also after downtime, and with a reason where not."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import pytest

from tests.services.conftest import Clock, SignIn
from ticketing.desk import Desk
from ticketing.domain.calendars import BusinessCalendar
from ticketing.domain.categories import Category
from ticketing.domain.errors import PermissionDeniedError, ScheduleError
from ticketing.domain.opening_hours import ALWAYS_OPEN, parse_holidays
from ticketing.domain.people import Actor, Role
from ticketing.domain.queries import TicketQuery
from ticketing.domain.recurring import MOST_CAUGHT_UP, PassedOver, Reason, RecurringTicket
from ticketing.domain.schedules import Repeats, Schedule, WhenClosed
from ticketing.domain.sign_in import SessionLimits
from ticketing.domain.sla import SlaPolicy
from ticketing.domain.sources import Source
from ticketing.domain.statuses import Status, TicketCategory
from ticketing.domain.teams import Dealing, Team
from ticketing.domain.tickets import SYSTEM, Ticket
from ticketing.settings import Settings
from ticketing.storage.memory import MemoryStore

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
CONSOLE = Actor.console()
# Days go by in these tests, and nobody signs in again.
SETTINGS = Settings(storage_url="memory:", agent_session_idle_hours=24 * 14, agent_session_hours=24 * 14)
# The tests' clock begins on Tuesday, 6 May 2031, at 09:30.
DAILY = Schedule(repeats=Repeats.DAYS, first=date(2031, 5, 1), at=time(10), zone="UTC")

SetUp = Callable[..., RecurringTicket]


ON_EVERY_STORE = True


@pytest.fixture
def limits() -> SessionLimits:
    return SETTINGS.session_limits


@pytest.fixture
def desk(store: MemoryStore, clock: Clock) -> Desk:
    return Desk(SETTINGS, store, clock, password_rounds=4)


@pytest.fixture
def set_up(desk: Desk, root: Actor, carla: Actor) -> SetUp:
    """Return a way to set up a recurring ticket, by default one of Carla's each day at ten."""

    def make(**fields: object) -> RecurringTicket:
        made = RecurringTicket(
            name="Backup check", title="Check", description="All of them.", requester=carla.username, schedule=DAILY
        )
        return desk.definitions.save(root, made.model_copy(update=fields))

    return make


def opened(desk: Desk) -> list[Ticket]:
    """Let the desk do what is due, and return all tickets by number."""
    desk.catch_up()
    total = desk.tickets.search(CONSOLE, TicketQuery()).total
    return [desk.tickets.get(CONSOLE, number) for number in range(1, total + 1)]


def told(ticket: Ticket) -> list[tuple[str, str | None]]:
    """Return what the desk has written into the history of a ticket by itself."""
    return [(event.field, event.new) for event in ticket.events if event.by == SYSTEM and event.source is Source.RULE]


def plans(desk: Desk) -> list[str]:
    """Return for when each ticket was planned, as its history says it."""
    found = [new or "" for ticket in opened(desk) for field, new in told(ticket) if field == "recurring"]
    return [new.removeprefix("Backup check, planned for ").removesuffix(" (UTC)") for new in found]


def kept(desk: Desk) -> RecurringTicket:
    """Return the recurring ticket as it is by now."""
    (found,) = desk.definitions.all(CONSOLE, RecurringTicket)
    return found


def test_a_ticket_is_opened_when_it_comes_round_and_not_before(desk: Desk, set_up: SetUp, clock: Clock) -> None:
    set_up(tags=("backup",))
    assert opened(desk) == []

    clock.advance(HOUR / 2)
    (ticket,) = opened(desk)

    assert (ticket.title, ticket.requester, ticket.tags, ticket.opened_at) == ("Check", "carla", ["backup"], clock.now)
    assert told(ticket) == [("recurring", "Backup check, planned for Tue 2031-05-06 10:00 (UTC)")]
    assert kept(desk).latest == ticket.number
    clock.advance(HOUR)
    assert len(opened(desk)) == 1


def test_whoever_looks_at_a_list_opens_what_has_come_round(desk: Desk, set_up: SetUp, clock: Clock, ada: Actor) -> None:
    set_up()
    clock.advance(HOUR)

    assert desk.tickets.search(ada, TicketQuery()).total == 1


def test_it_is_routed_dealt_and_due_as_any_other(desk: Desk, set_up: SetUp, clock: Clock, ada: Actor) -> None:
    team = Team(name="First line", members=("ada",), dealing=Dealing.ROUND_ROBIN, categories=(TicketCategory.GENERAL,))
    desk.definitions.save(CONSOLE, team)
    desk.definitions.save(CONSOLE, BusinessCalendar(name="Always", zone="UTC", hours=ALWAYS_OPEN))
    desk.definitions.save(CONSOLE, SlaPolicy(name="Gold", calendar="always", resolution=HOUR))
    set_up()
    clock.advance(HOUR)

    (ticket,) = opened(desk)

    assert (ticket.team, ticket.assignee) == ("first-line", ada.username)
    assert ticket.sla is not None
    assert ticket.sla.due_at == clock.now + HOUR


def test_it_goes_to_the_team_and_the_agent_that_it_names(
    desk: Desk, set_up: SetUp, clock: Clock, arrives: SignIn
) -> None:
    arrives("bert", Role.AGENT)
    for team in (Team(name="First line", categories=(TicketCategory.GENERAL,)), Team(name="Second line")):
        desk.definitions.save(CONSOLE, team)
    set_up(team="second-line", assignee="bert")
    clock.advance(HOUR)

    (ticket,) = opened(desk)

    assert (ticket.team, ticket.assignee) == ("second-line", "bert")


def test_a_team_and_an_agent_who_take_no_tickets_any_more_are_passed_over_and_its_history_says_so(
    desk: Desk, set_up: SetUp, clock: Clock, ada: Actor, root: Actor
) -> None:
    for team in (Team(name="First line", categories=(TicketCategory.GENERAL,)), Team(name="Second line")):
        desk.definitions.save(CONSOLE, team)
    set_up(team="second-line", assignee=ada.username)
    desk.definitions.remove(CONSOLE, Team, "second-line", 1)
    desk.agents.deactivate(root, ada.username)
    clock.advance(HOUR)

    (ticket,) = opened(desk)

    assert (ticket.team, ticket.assignee) == ("first-line", None)
    assert told(ticket)[1:] == [("passed_over", "ada"), ("passed_over", "Second line"), ("team", "first-line")]


def test_a_category_that_takes_no_tickets_any_more_is_passed_over_for_the_usual_one(
    desk: Desk, set_up: SetUp, clock: Clock
) -> None:
    set_up(category="network")
    desk.definitions.remove(CONSOLE, Category, "network", 0)
    clock.advance(HOUR)

    (ticket,) = opened(desk)

    assert ticket.category == "general"
    assert ("passed_over", "Network") in told(ticket)


def test_for_a_requester_who_is_gone_nothing_is_opened_and_the_reason_is_kept(
    desk: Desk, set_up: SetUp, clock: Clock, carla: Actor, root: Actor
) -> None:
    set_up()
    desk.agents.deactivate(root, carla.username)
    clock.advance(DAY + HOUR)
    assert opened(desk) == []
    planned = datetime(2031, 5, 7, 10, tzinfo=clock.now.tzinfo)
    assert kept(desk).passed_over == PassedOver(reason=Reason.NO_REQUESTER, times=2, planned=planned)

    desk.agents.reactivate(root, carla.username)
    clock.advance(DAY)

    assert plans(desk) == ["Thu 2031-05-08 10:00"]


def test_for_a_requester_who_never_had_an_account_nothing_is_opened_and_nothing_else_is_held_up(
    desk: Desk, set_up: SetUp, clock: Clock
) -> None:
    ghostly = set_up(name="A ghost's", requester="ghost")
    set_up()
    clock.advance(HOUR)

    assert [ticket.requester for ticket in opened(desk)] == ["carla"]
    passed_over = desk.definitions.get(CONSOLE, RecurringTicket, ghostly.id).passed_over
    assert passed_over is not None
    assert passed_over.reason is Reason.NO_REQUESTER


def test_what_came_round_while_the_desk_was_down_is_opened_once_each_and_in_order(
    desk: Desk, set_up: SetUp, clock: Clock
) -> None:
    set_up()
    clock.advance(3 * DAY + HOUR)

    assert plans(desk) == [
        f"{day} 10:00" for day in ("Tue 2031-05-06", "Wed 2031-05-07", "Thu 2031-05-08", "Fri 2031-05-09")
    ]
    clock.advance(-2 * DAY)
    assert len(opened(desk)) == 4
    clock.advance(3 * DAY)
    assert plans(desk)[4:] == ["Sat 2031-05-10 10:00"]


def test_after_a_long_downtime_only_the_latest_are_opened_and_the_others_are_told_of(
    desk: Desk, set_up: SetUp, clock: Clock
) -> None:
    set_up()
    clock.advance(40 * DAY)

    found = plans(desk)

    assert len(found) == MOST_CAUGHT_UP
    assert (found[0], found[-1]) == ("Thu 2031-05-15 10:00", "Sat 2031-06-14 10:00")
    passed_over = kept(desk).passed_over
    assert passed_over is not None
    assert (passed_over.reason, passed_over.times, passed_over.planned.day) == (Reason.TOO_LONG_AGO, 9, 14)


def test_a_clock_that_leaps_ahead_and_back_opens_nothing_twice(desk: Desk, set_up: SetUp, clock: Clock) -> None:
    set_up()
    for leap in (2 * DAY, -2 * DAY, DAY, -3 * DAY, 5 * DAY):
        clock.advance(leap)
        desk.catch_up()

    found = plans(desk)

    assert found == sorted(set(found), key=found.index)
    assert [plan.split()[1] for plan in found] == ["2031-05-06", "2031-05-07", "2031-05-08"]


def test_none_is_opened_while_the_last_one_is_open_which_tells_of_it(
    desk: Desk, set_up: SetUp, clock: Clock, ada: Actor
) -> None:
    set_up(skip_if_open=True)
    clock.advance(2 * DAY + HOUR)

    (ticket,) = opened(desk)

    assert [new for field, new in told(ticket) if field == "recurring_skipped"] == [
        "Backup check, planned for Wed 2031-05-07 10:00 (UTC)",
        "Backup check, planned for Thu 2031-05-08 10:00 (UTC)",
    ]
    desk.tickets.close(ada, ticket.number)
    clock.advance(DAY)
    assert len(opened(desk)) == 2
    assert opened(desk)[0].status is Status.CLOSED


def test_a_change_opens_nothing_for_the_time_before_it(desk: Desk, set_up: SetUp, clock: Clock, root: Actor) -> None:
    made = set_up(paused=True)
    clock.advance(5 * DAY)
    assert opened(desk) == []

    made = desk.definitions.save(root, made.model_copy(update={"paused": False}))
    assert opened(desk) == []
    later = DAILY.model_copy(update={"at": time(9)})
    desk.definitions.save(root, made.model_copy(update={"schedule": later}))
    assert opened(desk) == []

    clock.advance(DAY)
    assert plans(desk) == ["Mon 2031-05-12 09:00"]
    desk.definitions.remove(root, RecurringTicket, made.id, kept(desk).version)
    clock.advance(DAY)
    assert len(opened(desk)) == 1


def test_each_of_several_is_opened(desk: Desk, set_up: SetUp, clock: Clock) -> None:
    set_up()
    set_up(name="Log check", title="Read the logs", schedule=DAILY.model_copy(update={"every": 5}))
    clock.advance(DAY + HOUR)

    assert [ticket.title for ticket in opened(desk)] == ["Check", "Check", "Read the logs"]


def test_holidays_are_those_of_the_calendar_as_it_is_by_then(desk: Desk, set_up: SetUp, clock: Clock) -> None:
    calendar = BusinessCalendar(name="Always", zone="UTC", hours=ALWAYS_OPEN)
    made = desk.definitions.save(CONSOLE, calendar)
    set_up(schedule=DAILY.model_copy(update={"calendar": "always", "when_closed": WhenClosed.SKIP}))
    holidays = parse_holidays("2031-05-06 Town fair")
    desk.definitions.save(CONSOLE, made.model_copy(update={"holidays": holidays}))
    clock.advance(DAY + HOUR)

    assert plans(desk) == ["Wed 2031-05-07 10:00"]


def test_a_time_zone_that_only_another_machine_knows_holds_nothing_else_up(
    desk: Desk, set_up: SetUp, clock: Clock, store: MemoryStore
) -> None:
    made = set_up(name="Abroad")
    set_up()
    lost = made.model_copy(update={"schedule": DAILY.model_copy(update={"zone": "Mars/Olympus"})})
    with store.write() as tx:
        tx.definitions(RecurringTicket).save(lost)
    clock.advance(HOUR)

    assert plans(desk) == ["Tue 2031-05-06 10:00"]


# What is told beforehand


def test_an_admin_is_told_the_next_five_moments(desk: Desk, set_up: SetUp, root: Actor) -> None:
    made = set_up()

    moments = desk.recurring.upcoming(root, made)

    assert [f"{moment:%m-%d %H:%M}" for moment in moments] == [f"05-{day:02} 10:00" for day in range(6, 11)]
    assert desk.recurring.upcoming(root, made.model_copy(update={"paused": True})) == []


def test_what_cannot_be_kept_is_refused_with_a_sentence(desk: Desk, set_up: SetUp, root: Actor) -> None:
    made = set_up()
    never = made.model_copy(update={"schedule": DAILY.model_copy(update={"every": 0})})

    for refused in (desk.recurring.upcoming, desk.definitions.save):
        with pytest.raises(ScheduleError, match="every 1 to 366"):
            refused(root, never)
    assert desk.definitions.all(root, RecurringTicket) == [made]


def test_only_admins_set_them_up_and_are_told(desk: Desk, set_up: SetUp, ada: Actor, carla: Actor) -> None:
    made = set_up()

    for actor in (ada, carla):
        with pytest.raises(PermissionDeniedError):
            desk.definitions.save(actor, made.model_copy(update={"title": "Mine"}))
        with pytest.raises(PermissionDeniedError):
            desk.recurring.upcoming(actor, made)
    assert desk.definitions.all(ada, RecurringTicket) == [made]
