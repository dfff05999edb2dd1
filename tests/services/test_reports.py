"""Reports as people ask for them: who may, which tickets, and that each number names its own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.domain.test_reports import Life, counted, lived, lives
from ticketing.domain.calendars import BusinessCalendar
from ticketing.domain.errors import (
    InvalidInputError,
    PermissionDeniedError,
    StorageUnreadableError,
    UnknownChoiceError,
)
from ticketing.domain.opening_hours import parse_hours
from ticketing.domain.people import Actor
from ticketing.domain.queries import TicketQuery
from ticketing.domain.reports import Cell, Dimension, Found, Metric, Report, ReportQuery, Spread
from ticketing.domain.sign_in import SessionLimits
from ticketing.domain.statuses import Priority, TicketCategory
from ticketing.domain.store import Store
from ticketing.domain.tickets import TicketEdit
from ticketing.services import reports as reporting
from ticketing.services.access import Clock, Gate
from ticketing.services.chores import Chores
from ticketing.services.definitions import Definitions
from ticketing.services.reports import KEPT_FOR, STANDS_FOR, Reports
from ticketing.services.tickets import Tickets
from ticketing.storage.memory import MemoryStore

ON_EVERY_STORE = True

Advance = Callable[[timedelta], None]


@pytest.fixture
def advance(clock: Clock) -> Advance:
    return clock.advance  # type: ignore[attr-defined, no-any-return]


@pytest.fixture
def tickets(store: Store, clock: Clock, gate: Gate) -> Tickets:
    return Tickets(store, clock, gate, Chores(store, clock, gate))


@pytest.fixture
def reports(store: Store, clock: Clock, gate: Gate) -> Reports:
    return Reports(store, clock, gate)


@pytest.fixture
def week(clock: Clock) -> ReportQuery:
    """Return a question about the last seven days."""
    today = clock().date()
    return ReportQuery(today - timedelta(days=6), today, UTC)


def test_an_agent_sees_what_happened_to_tickets_of_everybody(
    tickets: Tickets, reports: Reports, carla: Actor, oskar: Actor, ada: Actor, week: ReportQuery, advance: Advance
) -> None:
    one = tickets.open(carla, "No dial tone", "Dead.").number
    tickets.open(oskar, "No picture", "Dark.")
    advance(timedelta(hours=2))
    tickets.reply(ada, one, "I come.")
    tickets.close(ada, one)

    report = reports.overview(ada, week)

    assert (report.totals[Metric.CREATED], report.totals[Metric.SOLVED], report.totals[Metric.UNFINISHED]) == (2, 1, 1)
    assert reports.behind(ada, week, Cell(Metric.FIRST_RESPONSE)) == [Found(one, timedelta(hours=2))]
    assert reports.titles(ada, [one]) == {one: "No dial tone"}
    assert reports.names(ada, ["ada", "nobody"]) == {"ada": "Ada"}


@pytest.mark.parametrize(
    "ask",
    [
        lambda reports, actor, week: reports.overview(actor, week),
        lambda reports, actor, week: reports.behind(actor, week, Cell(Metric.CREATED)),
        lambda reports, actor, _week: reports.titles(actor, [1]),
        lambda reports, actor, _week: reports.names(actor, ["carla"]),
    ],
    ids=["overview", "behind", "titles", "names"],
)
def test_z4_a_requester_sees_no_report_not_even_one_that_was_counted_a_moment_ago(
    tickets: Tickets,
    reports: Reports,
    carla: Actor,
    ada: Actor,
    root: Actor,
    week: ReportQuery,
    ask: Callable[[Reports, Actor, ReportQuery], object],
) -> None:
    tickets.open(carla, "No dial tone", "Dead.")

    assert ask(reports, ada, week) == ask(reports, root, week)
    with pytest.raises(PermissionDeniedError, match="You may not see reports"):
        ask(reports, carla, week)


def test_a_report_is_shown_for_a_minute_while_nothing_changes_and_says_when_it_was_counted(
    tickets: Tickets, reports: Reports, carla: Actor, ada: Actor, week: ReportQuery, clock: Clock, advance: Advance
) -> None:
    counted = clock()
    tickets.open(carla, "No dial tone", "Dead.")
    assert reports.overview(ada, week).totals[Metric.CREATED] == 1

    advance(KEPT_FOR - timedelta(seconds=1))
    kept = reports.overview(ada, week)
    advance(timedelta(seconds=1))
    fresh = reports.overview(ada, week)

    assert (kept.counted_at, fresh.counted_at) == (counted, clock())


def test_a_report_is_counted_anew_when_something_has_changed_but_not_again_and_again(
    tickets: Tickets, reports: Reports, carla: Actor, ada: Actor, week: ReportQuery, advance: Advance
) -> None:
    reports.overview(ada, week)
    tickets.open(carla, "No dial tone", "Dead.")

    advance(STANDS_FOR - timedelta(seconds=1))
    standing = reports.overview(ada, week)
    advance(timedelta(seconds=2))
    fresh = reports.overview(ada, week)

    assert (standing.totals[Metric.CREATED], fresh.totals[Metric.CREATED]) == (0, 1)
    assert fresh.latest > standing.latest
    assert fresh.stands_until
    assert standing.stands_until
    assert fresh.stands_until >= standing.stands_until + timedelta(seconds=2)


def test_what_takes_long_to_count_stands_nine_times_as_long_at_a_busy_desk(
    tickets: Tickets,
    reports: Reports,
    carla: Actor,
    ada: Actor,
    week: ReportQuery,
    advance: Advance,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passing = iter(range(0, 100, 2))  # seconds
    monkeypatch.setattr(reporting, "monotonic", lambda: next(passing))
    reports.overview(ada, week)
    tickets.open(carla, "No dial tone", "Dead.")

    advance(timedelta(seconds=19))
    standing = reports.overview(ada, week)
    advance(timedelta(seconds=2))

    assert standing.totals[Metric.CREATED] == 0
    assert reports.overview(ada, week).totals[Metric.CREATED] == 1


def test_a_number_is_as_many_as_its_tickets_although_more_came_in_since_it_was_counted(
    tickets: Tickets, reports: Reports, carla: Actor, ada: Actor, week: ReportQuery, advance: Advance
) -> None:
    tickets.open(carla, "No dial tone", "Dead.")
    reports.overview(ada, week)
    tickets.open(carla, "No picture", "Dark.")

    behind = reports.behind(ada, week, Cell(Metric.CREATED))
    advance(timedelta(seconds=1))
    tickets.open(carla, "No sound", "Mute.")

    assert len(behind) == reports.overview(ada, week).totals[Metric.CREATED] == 2
    assert reports.behind(ada, week, Cell(Metric.CREATED)) == behind


def test_a_report_is_narrowed_by_the_filters_of_lists(
    tickets: Tickets, reports: Reports, carla: Actor, ada: Actor, week: ReportQuery
) -> None:
    tickets.open(carla, "A wrong sum", "Twice.", TicketCategory.BILLING)
    urgent = tickets.open(carla, "Smoke", "From the printer.").number
    tickets.edit(ada, urgent, TicketEdit(priority=Priority.URGENT, assignee="ada"))

    def created(**filters: object) -> list[int]:
        query = ReportQuery(week.first, week.last, UTC, TicketQuery.model_validate(filters), Dimension.PRIORITY)
        behind = reports.behind(ada, query, Cell(Metric.CREATED))
        assert len(behind) == reports.overview(ada, query).totals[Metric.CREATED]
        return [found.number for found in behind]

    assert created(priorities=[Priority.URGENT]) == [urgent]
    assert created(categories=[TicketCategory.BILLING]) == [1]
    assert created(assignee="ada") == [urgent]
    assert created(needles=["printer"]) == [urgent]


def test_days_that_cannot_be_are_refused(reports: Reports, ada: Actor, week: ReportQuery) -> None:
    with pytest.raises(InvalidInputError, match="must be neither after the last one"):
        reports.overview(ada, ReportQuery(week.last, week.first, UTC))


def test_only_the_last_reports_are_kept(
    tickets: Tickets, reports: Reports, carla: Actor, ada: Actor, week: ReportQuery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "REPORTS_KEPT", 1)
    reports.overview(ada, week)
    tickets.open(carla, "No dial tone", "Dead.")
    reports.overview(ada, ReportQuery(week.last, week.last, UTC))

    assert reports.overview(ada, week).totals[Metric.CREATED] == 1


def test_a_report_over_a_ticket_that_cannot_be_read_says_which(clock: Clock, gate: Gate, week: ReportQuery) -> None:
    store = MemoryStore()
    tickets, reports = Tickets(store, clock, gate, Chores(store, clock, gate)), Reports(store, clock, gate)
    tickets.open(Actor.console(), "No dial tone", "Dead.")
    well = store.copy()["tickets"]["1"]
    store.put({"tickets": {"1": well.replace(b'"field"', b'"fild"')}})
    with pytest.raises(StorageUnreadableError, match="1"):
        reports.overview(Actor.console(), week)
    store.put({"tickets": {"1": well}})

    assert reports.overview(Actor.console(), week).totals[Metric.CREATED] == 1


def test_several_who_ask_at_once_get_one_report_that_was_counted_once(
    tickets: Tickets, reports: Reports, carla: Actor, ada: Actor, root: Actor, week: ReportQuery
) -> None:
    tickets.open(carla, "No dial tone", "Dead.")
    together = threading.Barrier(4)

    def ask(actor: Actor) -> Report:
        together.wait()
        return reports.overview(actor, week)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(ask, [ada, root, ada, root]))

    assert {id(report) for report in found} == {id(found[0])}


# What cannot count is not even read


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(lives, max_size=6), st.integers(1, 25), st.integers(1, 5))
def test_a_report_over_the_tickets_that_can_count_is_the_report_over_all(
    lives_lived: list[Life], first: int, length: int
) -> None:
    tickets = [lived(number, *life) for number, life in enumerate(lives_lived, start=1)]
    store, now = MemoryStore(), datetime(2026, 3, 31, tzinfo=UTC)
    with store.write() as tx:
        for ticket in tickets:
            tx.tickets.save(ticket)
    query = ReportQuery(date(2026, 3, first), date(2026, 3, first) + timedelta(days=length), UTC)

    report = Reports(store, lambda: now, Gate(lambda: now, SessionLimits())).overview(Actor.console(), query)

    assert report == counted(tickets, query, now)


def test_what_was_done_with_long_before_is_left_out(tickets: Tickets, ada: Actor, week: ReportQuery) -> None:
    old, new = (tickets.open(ada, "No dial tone", "Dead.").number for _ in range(2))
    tickets.close(ada, old)
    later = replace(week, first=week.first + timedelta(days=60), last=week.last + timedelta(days=60))

    found = tickets.search(ada, later.candidates(datetime.combine(later.last, time(), UTC)))

    assert [line.number for line in found.items] == [new]


# In open hours


@pytest.fixture
def definitions(store: Store, clock: Clock, gate: Gate) -> Definitions:
    return Definitions(store, clock, gate)


@pytest.fixture
def office(definitions: Definitions) -> BusinessCalendar:
    """Return a calendar by which the desk is open from 9 to 11 each day."""
    hours = (parse_hours("09:00-11:00"),) * 7
    return definitions.save(Actor.console(), BusinessCalendar(name="Office", zone="UTC", hours=hours))


def test_durations_are_measured_by_the_open_hours_of_a_calendar(
    tickets: Tickets,
    reports: Reports,
    carla: Actor,
    ada: Actor,
    week: ReportQuery,
    advance: Advance,
    office: BusinessCalendar,
) -> None:
    number = tickets.open(carla, "No dial tone", "Dead.").number  # at 9:30
    advance(timedelta(hours=2))
    tickets.reply(ada, number, "I come.")
    advance(timedelta(hours=1))
    tickets.close(ada, number)
    in_office = replace(week, calendar=office.id)

    always, open_hours = reports.overview(ada, week).spreads, reports.overview(ada, in_office).spreads

    for metric, by_the_clock in ((Metric.FIRST_RESPONSE, 2), (Metric.RESOLUTION, 3)):
        assert always[metric] == Spread(1, *[timedelta(hours=by_the_clock)] * 4)
        assert open_hours[metric] == Spread(1, *[timedelta(hours=1.5)] * 4)
    assert reports.behind(ada, in_office, Cell(Metric.RESOLUTION)) == [Found(number, timedelta(hours=1.5))]
    heading, *lines = reports.table(ada, in_office).lstrip("\ufeff").splitlines()
    assert heading.endswith(
        "first_response_median_open_seconds,next_response_median_open_seconds,resolution_median_open_seconds"
    )
    assert [line.split(",")[-3:] for line in lines] == [["", "", "5400"], ["5400", "", ""]]


def test_a_calendar_that_was_changed_counts_at_once(
    definitions: Definitions,
    tickets: Tickets,
    reports: Reports,
    ada: Actor,
    week: ReportQuery,
    advance: Advance,
    office: BusinessCalendar,
) -> None:
    number = tickets.open(ada, "No dial tone", "Dead.").number
    advance(timedelta(hours=3))
    tickets.close(ada, number)
    in_office = replace(week, calendar=office.id)
    assert reports.behind(ada, in_office, Cell(Metric.RESOLUTION))[0].took == timedelta(hours=1.5)

    longer = office.model_copy(update={"hours": (parse_hours("09:00-17:00"),) * 7})
    definitions.save(Actor.console(), longer)

    assert reports.behind(ada, in_office, Cell(Metric.RESOLUTION))[0].took == timedelta(hours=3)


def test_a_removed_calendar_still_measures_and_one_that_never_was_is_refused(
    definitions: Definitions, reports: Reports, ada: Actor, week: ReportQuery, office: BusinessCalendar
) -> None:
    definitions.remove(Actor.console(), BusinessCalendar, office.id, office.version)

    assert reports.overview(ada, replace(week, calendar=office.id)).totals[Metric.CREATED] == 0
    with pytest.raises(UnknownChoiceError, match="Calendar cannot be “night”"):
        reports.overview(ada, replace(week, calendar="night"))
