"""Reports: each metric by hand, and each number as many as the tickets behind it."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic_core import from_json

from ticketing.domain.calendars import BusinessCalendar
from ticketing.domain.counting import Counting, Naming
from ticketing.domain.due_times import sla_of
from ticketing.domain.errors import InvalidInputError, TicketingError
from ticketing.domain.facts import Facts, Moment, facts_of, microseconds
from ticketing.domain.opening_hours import ALWAYS_OPEN
from ticketing.domain.people import Actor, Role
from ticketing.domain.ratings import Satisfaction
from ticketing.domain.reports import (
    DURATIONS,
    LONGEST,
    LONGEST_WAITING,
    Age,
    Cell,
    Dimension,
    Found,
    Measure,
    Metric,
    Period,
    Report,
    ReportQuery,
    Spread,
    Waiting,
    calendar_time,
    percentile,
)
from ticketing.domain.sla import SlaPolicy, SlaRules
from ticketing.domain.statuses import Priority, Resolution, Status, TicketCategory
from ticketing.domain.tickets import Ticket, TicketEdit

BERLIN = ZoneInfo("Europe/Berlin")
CARLA, OSKAR = Actor("carla", "Carla", Role.USER), Actor("oskar", "Oskar", Role.USER)
ADA, ROOT = Actor("ada", "Ada", Role.AGENT), Actor("root", "Rita", Role.ADMIN)
NOW = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)
WEEK = ReportQuery(first=date(2026, 3, 2), last=date(2026, 3, 9), zone=UTC)
HOUR = timedelta(hours=1)
DAY = 86_400_000_000

Life = tuple[str, int, list[tuple[Actor, str, int]]]


def day(number: int, hour: int = 0, minute: int = 0) -> datetime:
    """Return a moment in March 2026; the 2nd is a Monday."""
    return datetime(2026, 3, number, hour, minute, tzinfo=UTC)


def opened(number: int, requester: str, at: datetime, **fields: object) -> Ticket:
    """Return a ticket just opened, with fields set as if they had always been so."""
    ticket = Ticket.open(number, requester, "No dial tone", "Dead.", TicketCategory.NETWORK, at)
    return ticket.model_copy(update=fields)


@pytest.fixture
def tickets() -> list[Ticket]:
    """
    Return what happened at the desk up to Monday the 9th, 12:00.

    T-1  opened on the 2nd at 9, answered and resolved by Ada at 10.
    T-2  opened on the 2nd at 9; Rita asks at 13, Carla tells at 14, Rita answers at 20 and resolves on the 3rd at 9;
         Carla complains on the 5th at 9, Rita answers at 11 and closes at 15.
    T-3  opened on the 4th at 12, high, with the team of phones; nobody has taken or answered it.
    T-4  opened on the 8th at 23:30, answered by Ada on the 9th at 1:30, waits for Oskar.
    T-5  opened on 1 February at 0:00, answered by Ada at 6, closed on 7 March at 0:00.
    """
    one = opened(1, "carla", day(2, 9), assignee="ada")
    one.reply(ADA, "Fixed.", day(2, 10))
    one.change_status(ADA, Status.RESOLVED, day(2, 10))

    two = opened(2, "carla", day(2, 9), assignee="root")
    two.reply(ROOT, "Which room?", day(2, 13))
    two.reply(CARLA, "Room 2.", day(2, 14))
    two.reply(ROOT, "Try now.", day(2, 20))
    two.change_status(ROOT, Status.RESOLVED, day(3, 9))
    two.reply(CARLA, "Still dead.", day(5, 9))
    two.reply(ROOT, "A new phone comes.", day(5, 11))
    two.close(ROOT, day(5, 15))

    three = opened(3, "oskar", day(4, 12), priority=Priority.HIGH, team="phones")

    four = opened(4, "oskar", day(8, 23, 30), assignee="ada", category=TicketCategory.BILLING)
    four.reply(ADA, "Which invoice?", day(9, 1, 30))
    four.change_status(ADA, Status.PENDING, day(9, 1, 30))

    five = opened(5, "carla", datetime(2026, 2, 1, tzinfo=UTC), assignee="ada")
    five.reply(ADA, "I order one.", datetime(2026, 2, 1, 6, tzinfo=UTC))
    five.close(ADA, day(7))
    return [one, two, three, four, five]


def facts_in(tickets: Iterable[Ticket]) -> list[Facts]:
    """Return the facts of tickets as a store finds them in their documents."""
    return [facts_of(from_json(ticket.model_dump_json(exclude_none=True))) for ticket in tickets]


def counted(tickets: Iterable[Ticket], query: ReportQuery = WEEK, now: datetime = NOW) -> Report:
    """Return the report, counted ticket by ticket."""
    counting = Counting(query, now)
    for facts in facts_in(tickets):
        counting.add([facts])
    return counting.report()


def behind(
    tickets: Iterable[Ticket], cell: Cell, query: ReportQuery = WEEK, measure: Measure = calendar_time
) -> list[Found]:
    """Return the tickets behind a cell."""
    naming = Naming(query, cell, NOW, measure)
    for facts in facts_in(tickets):
        naming.add([facts])
    return naming.found()


def numbers(tickets: Iterable[Ticket], cell: Cell, query: ReportQuery = WEEK) -> list[int]:
    """Return the numbers of the tickets behind a cell."""
    return [found.number for found in behind(tickets, cell, query)]


# Each metric by hand


def test_what_is_created_counts_on_the_day_of_its_opening(tickets: list[Ticket]) -> None:
    report = counted(tickets)

    assert report.days == [date(2026, 3, number) for number in range(2, 10)]
    assert report.by_day[Metric.CREATED] == [2, 0, 1, 0, 0, 0, 1, 0]  # T-1 and T-2 · T-3 on the 4th · T-4 on the 8th
    assert report.totals[Metric.CREATED] == 4
    assert numbers(tickets, Cell(Metric.CREATED, day=date(2026, 3, 2))) == [1, 2]


def test_what_is_solved_counts_once_on_the_day_it_was_last_done_with(tickets: list[Ticket]) -> None:
    report = counted(tickets)

    assert report.by_day[Metric.SOLVED] == [1, 0, 0, 1, 0, 1, 0, 0]  # T-1 on the 2nd, T-2 on the 5th, T-5 on the 7th
    assert report.totals[Metric.SOLVED] == 3
    assert numbers(tickets, Cell(Metric.SOLVED, day=date(2026, 3, 5))) == [2]


def test_the_backlog_is_what_is_unfinished_when_the_day_ends(tickets: list[Ticket]) -> None:
    # Before, T-5. The 2nd: T-5, T-2. The 3rd: T-5. The 4th to the 6th: T-5, T-3, for T-2 came and went on the 5th.
    # The 7th, at whose beginning T-5 was closed: T-3. The 8th and the 9th: T-3, T-4.
    assert counted(tickets).by_day[Metric.UNFINISHED] == [2, 1, 2, 2, 2, 1, 2, 2]
    assert numbers(tickets, Cell(Metric.UNFINISHED, day=date(2026, 3, 2))) == [5, 2]
    assert numbers(tickets, Cell(Metric.UNFINISHED)) == [3, 4]


def test_what_is_unfinished_is_told_by_its_age(tickets: list[Ticket]) -> None:
    # T-4 is 12:30 hours old, T-3 exactly 5 days.
    assert counted(tickets).ages == dict.fromkeys(Age, 0) | {Age.DAY: 1, Age.WEEK: 1}
    assert numbers(tickets, Cell(Metric.UNFINISHED, age=Age.WEEK)) == [3]


@pytest.mark.parametrize(
    ("hours", "age"),
    [(0, Age.DAY), (23.999, Age.DAY), (24, Age.THREE_DAYS), (72, Age.WEEK), (168, Age.MONTH), (720, Age.QUARTER)],
)
def test_an_age_of_exactly_a_day_is_no_longer_less_than_one(hours: float, age: Age) -> None:
    assert Age.of(timedelta(hours=hours) // timedelta(microseconds=1)) is age
    assert Age.of(timedelta(days=90) // timedelta(microseconds=1)) is Age.OLDER


def test_the_first_response_is_measured_from_the_opening(tickets: list[Ticket]) -> None:
    # T-1 after 1 hour, T-4 after 2, T-2 after 4; that of T-5 was given in February.
    # 75 %: position (3 - 1) x 0.75 = 1.5, between 2 and 4: 3 hours. 90 %: position 1.8: 2 + 0.8 x 2 = 3.6 hours.
    assert counted(tickets).spreads[Metric.FIRST_RESPONSE] == Spread(3, 2 * HOUR, 3 * HOUR, 3.6 * HOUR, 7 * HOUR / 3)
    found = behind(tickets, Cell(Metric.FIRST_RESPONSE))
    assert found == [Found(2, 4 * HOUR), Found(4, 2 * HOUR), Found(1, HOUR)]


def test_the_next_response_is_measured_from_what_it_answers(tickets: list[Ticket]) -> None:
    # T-2 twice: Carla told at 14, Rita answered at 20; Carla complained at 9, Rita answered at 11. So 2 and 6 hours.
    # 75 %: position 0.75: 2 + 0.75 x 4 = 5 hours. 90 %: position 0.9: 5.6 hours.
    assert counted(tickets).spreads[Metric.NEXT_RESPONSE] == Spread(2, 4 * HOUR, 5 * HOUR, 5.6 * HOUR, 4 * HOUR)
    found = behind(tickets, Cell(Metric.NEXT_RESPONSE))
    assert found == [Found(2, 6 * HOUR), Found(2, 2 * HOUR)]


def test_the_resolution_is_measured_from_the_opening_to_the_last_solution(tickets: list[Ticket]) -> None:
    # T-1 after 1 hour; T-2 from the 2nd, 9, to the 5th, 15: 78; T-5 from 1 February to 7 March: 34 days = 816.
    # 75 %: position 1.5: 78 + 0.5 x 738 = 447 hours. 90 %: position 1.8: 78 + 0.8 x 738 = 668.4 hours. Mean: 895 / 3.
    expected = Spread(3, 78 * HOUR, 447 * HOUR, 668.4 * HOUR, 895 * HOUR / 3)
    assert counted(tickets).spreads[Metric.RESOLUTION] == expected
    found = behind(tickets, Cell(Metric.RESOLUTION))
    assert found == [Found(5, 816 * HOUR), Found(2, 78 * HOUR), Found(1, HOUR)]


def test_reopened_are_those_of_the_solved_that_came_back(tickets: list[Ticket]) -> None:
    assert counted(tickets).totals[Metric.REOPENED] == 1
    assert numbers(tickets, Cell(Metric.REOPENED)) == [2]


def test_a_ticket_that_comes_back_after_the_period_counts_where_it_was_solved(tickets: list[Ticket]) -> None:
    tickets[0].reply(CARLA, "It went dead again.", day(9, 8))
    early = ReportQuery(first=date(2026, 3, 2), last=date(2026, 3, 3), zone=UTC)

    assert numbers(tickets, Cell(Metric.REOPENED), early) == [2, 1]


def test_what_came_back_before_the_period_is_not_counted_in_it(tickets: list[Ticket]) -> None:
    later = ReportQuery(first=date(2026, 3, 5), last=date(2026, 3, 9), zone=UTC)

    assert numbers(tickets, Cell(Metric.SOLVED), later) == [5, 2]
    # T-2 came back on the 5th, before it was solved on that day.
    assert numbers(tickets, Cell(Metric.REOPENED), later) == []


def test_one_touch_are_those_solved_with_a_single_reply_of_an_agent(tickets: list[Ticket]) -> None:
    # T-1 and T-5 took one each, T-2 three.
    assert counted(tickets).totals[Metric.ONE_TOUCH] == 2
    assert numbers(tickets, Cell(Metric.ONE_TOUCH)) == [5, 1]


def promised(tickets: list[Ticket], **targets: timedelta) -> list[Ticket]:
    """Return the tickets with what was promised for them, around the clock."""
    always = BusinessCalendar(id="always", name="Always", zone="UTC", hours=ALWAYS_OPEN)
    rules = SlaRules([SlaPolicy(id="gold", name="Gold", calendar="always", **targets)], [always])
    return [ticket.model_copy(update={"sla": sla_of(ticket, rules)}) for ticket in tickets]


def test_of_what_is_solved_and_promised_all_targets_are_met_or_one_is_missed(tickets: list[Ticket]) -> None:
    # T-1 is answered and solved after an hour, T-2 is answered after four, T-5 after six; T-3 and T-4 are not solved.
    gold = promised(tickets, first_response=2 * HOUR, resolution=24 * HOUR)

    assert numbers(gold, Cell(Metric.KEPT)) == [1]
    assert numbers(gold, Cell(Metric.MISSED)) == [5, 2]
    assert (counted(gold).totals[Metric.KEPT], counted(gold).totals[Metric.MISSED]) == (1, 2)
    assert counted(gold).by_day[Metric.MISSED] == [0, 0, 0, 1, 0, 1, 0, 0]


def test_what_nobody_promised_is_neither_met_nor_missed(tickets: list[Ticket]) -> None:
    # Only in T-2 was there anything to answer after the first answer: it took six hours, and then two.
    silver = promised(tickets, next_response=6 * HOUR)

    assert numbers(silver, Cell(Metric.KEPT)) == [2]
    assert numbers(silver, Cell(Metric.MISSED)) == []
    assert numbers(promised(tickets, next_response=5.9 * HOUR), Cell(Metric.MISSED)) == [2]
    assert {counted(tickets).totals[metric] for metric in (Metric.KEPT, Metric.MISSED)} == {0}


def test_a_target_that_nobody_waited_for_any_more_counts_neither_way() -> None:
    withdrawn = opened(1, "carla", day(2, 9))
    withdrawn.close(CARLA, day(2, 10))

    gold = promised([withdrawn], first_response=2 * HOUR, resolution=24 * HOUR)

    assert numbers(gold, Cell(Metric.KEPT)) == [1]
    assert numbers(promised([withdrawn], first_response=2 * HOUR), Cell(Metric.KEPT)) == []
    assert numbers(promised([withdrawn], first_response=HOUR / 2), Cell(Metric.MISSED)) == [1]


def test_what_is_closed_without_a_word_is_no_one_touch() -> None:
    silent = opened(1, "carla", day(2))
    silent.close(ADA, day(3))

    assert numbers([silent], Cell(Metric.SOLVED)) == [1]
    assert numbers([silent], Cell(Metric.ONE_TOUCH)) == []


def test_unanswered_are_the_open_ones_that_wait_and_the_longest_stands_first(tickets: list[Ticket]) -> None:
    report = counted(tickets)

    assert report.totals[Metric.UNANSWERED] == 1  # T-3 since the 4th, 12; T-4 waits for Oskar
    assert report.waiting == [Waiting(3, timedelta(days=5), "high", None)]


def test_no_more_than_ten_of_those_who_wait_are_named() -> None:
    waiting = [opened(number, "carla", day(2) + number * HOUR) for number in range(1, 13)]

    report = counted(reversed(waiting))

    assert [waiting.number for waiting in report.waiting] == list(range(1, LONGEST_WAITING + 1))
    assert report.totals[Metric.UNANSWERED] == 12


def test_the_work_of_each_agent_is_what_is_theirs_and_what_they_wrote(tickets: list[Ticket]) -> None:
    groups = {group.key: group for group in counted(tickets).groups}

    assert list(groups) == ["-", "ada", "root"]
    assert {key: group.counts[Metric.CREATED] for key, group in groups.items()} == {"-": 1, "ada": 2, "root": 1}
    assert {key: group.counts[Metric.UNFINISHED] for key, group in groups.items()} == {"-": 1, "ada": 1, "root": 0}
    assert {key: group.counts[Metric.REPLIES] for key, group in groups.items()} == {"-": 0, "ada": 2, "root": 3}
    ada, root = groups["ada"].spreads[Metric.FIRST_RESPONSE], groups["root"].spreads[Metric.FIRST_RESPONSE]
    assert (ada and ada.median, root and root.median) == (1.5 * HOUR, 4 * HOUR)
    assert groups["-"].spreads[Metric.RESOLUTION] is None


@pytest.mark.parametrize(
    ("by", "created"),
    [
        (Dimension.PRIORITY, {"high": 1, "normal": 3}),
        (Dimension.CATEGORY, {"billing": 1, "network": 3}),
        (Dimension.TEAM, {"-": 3, "phones": 1}),
        (Dimension.STATUS, {"closed": 1, "open": 1, "pending": 1, "resolved": 1}),
    ],
)
def test_a_table_divides_by_what_the_tickets_are_now(
    tickets: list[Ticket], by: Dimension, created: dict[str, int]
) -> None:
    query = ReportQuery(WEEK.first, WEEK.last, UTC, by=by)

    assert {group.key: group.counts[Metric.CREATED] for group in counted(tickets, query).groups} == created
    assert {key: len(numbers(tickets, Cell(Metric.CREATED, group=key), query)) for key in created} == created


def test_the_days_before_are_as_many_and_end_where_the_period_begins(tickets: list[Ticket]) -> None:
    later = ReportQuery(first=date(2026, 3, 6), last=date(2026, 3, 9), zone=UTC)

    report = counted(tickets, later)

    # From the 2nd to the 5th: T-1 after 1 hour and T-2 after 4.
    assert report.before[Metric.FIRST_RESPONSE] == Spread(2, 2.5 * HOUR, 3.25 * HOUR, 3.7 * HOUR, 2.5 * HOUR)
    assert report.spreads[Metric.FIRST_RESPONSE] == Spread(1, 2 * HOUR, 2 * HOUR, 2 * HOUR, 2 * HOUR)


def test_before_the_first_day_of_all_there_is_nothing(tickets: list[Ticket]) -> None:
    earliest = ReportQuery(first=date(1970, 1, 1), last=date(1970, 1, 3), zone=UTC)

    assert counted(tickets, earliest, datetime(1970, 1, 9, tzinfo=UTC)).before == dict.fromkeys(DURATIONS)


def test_what_is_corrected_on_a_closed_ticket_moves_no_figure(tickets: list[Ticket]) -> None:
    before = counted(tickets)

    tickets[1].edit(ADA, TicketEdit(resolution=Resolution.DUPLICATE), day(9, 11))

    assert counted(tickets) == before


def test_an_hour_is_never_a_day(tickets: list[Ticket]) -> None:
    found = behind(tickets[:1], Cell(Metric.RESOLUTION))

    assert found == [Found(1, timedelta(hours=1))]


def test_what_came_in_as_done_is_solved_on_no_day() -> None:
    imported = opened(1, "carla", day(2), status=Status.CLOSED)

    report = counted([imported])

    assert (report.totals[Metric.CREATED], report.totals[Metric.SOLVED]) == (1, 0)
    assert report.by_day[Metric.UNFINISHED] == [0] * 8


def test_another_clock_measures_what_it_takes_for_time(tickets: list[Ticket]) -> None:
    def whole_days(since: Moment, until: Moment) -> Moment:
        return (until // DAY - since // DAY) * DAY

    counting = Counting(WEEK, NOW, whole_days)
    counting.add(facts_in(tickets))
    report = counting.report()

    # T-1 on the same day, T-2 three days later, T-5 34.
    assert report.spreads[Metric.RESOLUTION] == Spread.of([0, 3 * DAY, 34 * DAY])
    found = behind(tickets, Cell(Metric.RESOLUTION), measure=whole_days)
    assert found == [Found(5, timedelta(days=34)), Found(2, timedelta(days=3)), Found(1, timedelta())]
    # How long something has been going on is told by the calendar always.
    assert (report.ages, report.waiting) == (counted(tickets).ages, counted(tickets).waiting)


def test_the_calendar_is_the_clock_unless_another_is_given(tickets: list[Ticket]) -> None:
    counting = Counting(WEEK, NOW, partial(calendar_time))
    counting.add(facts_in(tickets))

    assert counting.report() == counted(tickets)


def test_of_nothing_there_is_no_median() -> None:
    report = counted([])

    assert report.spreads == dict.fromkeys(DURATIONS)
    assert set(report.totals.values()) == {0}
    assert report.groups == []


# Of five values, the positions counted from 0 are 2, 3 and 3.6: the last lies between 8 and 13, 8 + 0.6 x 5.
@pytest.mark.parametrize(("share", "value"), [(50, 5), (75, 8), (90, 11)])
def test_percentiles_lie_between_two_values_in_proportion(share: int, value: int) -> None:
    assert percentile([2, 3, 5, 8, 13], share) == timedelta(microseconds=value)


# Days


@pytest.mark.parametrize(("last", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 5, 1), 24)])
def test_a_day_on_which_clocks_are_changed_has_another_length(last: date, hours: int) -> None:
    period = Period.of(last, last, BERLIN, datetime(2026, 12, 1, tzinfo=UTC))

    assert (period.end - period.start) / 3_600_000_000 == hours


def test_a_ticket_belongs_to_the_day_of_the_zone() -> None:
    # In Berlin the 29th of March 2026 lasts from 23:00 UTC of the day before to 22:00 UTC.
    moments = [datetime(2026, 3, 28, 22, 59, tzinfo=UTC), datetime(2026, 3, 28, 23, 0, tzinfo=UTC),
               datetime(2026, 3, 29, 21, 59, tzinfo=UTC), datetime(2026, 3, 29, 22, 0, tzinfo=UTC)]  # fmt: skip
    made = [opened(number, "carla", at) for number, at in enumerate(moments, start=1)]
    query = ReportQuery(date(2026, 3, 28), date(2026, 3, 30), BERLIN)

    report = counted(made, query, datetime(2026, 4, 2, tzinfo=UTC))

    assert report.by_day[Metric.CREATED] == [1, 2, 1]
    assert report.by_day[Metric.UNFINISHED] == [1, 3, 4]


def test_days_to_come_are_left_out_and_this_very_moment_is_in() -> None:
    query = ReportQuery(date(2026, 3, 9), date(2026, 3, 20), UTC)

    report = counted([opened(1, "carla", NOW)], query)

    assert report.days == [date(2026, 3, 9)]
    assert report.totals[Metric.CREATED] == report.totals[Metric.UNFINISHED] == 1


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 3, 9), date(2026, 3, 8)),
        (date(2026, 3, 10), date(2026, 3, 12)),
        (date(1969, 12, 31), date(2026, 3, 8)),
        (date(2026, 3, 9) - timedelta(days=LONGEST), date(2026, 3, 9)),
        (date.max, date.max),
        (date.min, date.min),
    ],
)
def test_a_period_without_days_or_with_too_many_is_refused(first: date, last: date) -> None:
    with pytest.raises(InvalidInputError):
        ReportQuery(first, last, UTC).period(NOW)


def test_a_day_outside_of_the_period_has_no_tickets_to_name(tickets: list[Ticket]) -> None:
    with pytest.raises(InvalidInputError, match="That day is not in the period"):
        numbers(tickets, Cell(Metric.CREATED, day=date(2026, 3, 1)))


# What requesters say of solutions


def test_ratings_count_on_the_day_of_their_first_click(tickets: list[Ticket]) -> None:
    one, two, _, _, five = tickets
    one.rate(CARLA, day(3, 9), solved=True, score=None, comment="")
    one.rate(CARLA, day(5, 9), solved=True, score=5, comment="Quick.")
    two.rate(CARLA, day(6, 9), solved=False, score=2, comment="")
    five.rate(CARLA, day(10, 9), solved=True, score=1, comment="")  # after the period

    report = counted(tickets)

    assert report.by_day[Metric.RATED] == [0, 1, 0, 0, 1, 0, 0, 0]
    assert (report.totals[Metric.RATED], report.totals[Metric.RATED_SOLVED]) == (2, 1)
    assert numbers(tickets, Cell(Metric.RATED, day=date(2026, 3, 6))) == [2]
    assert numbers(tickets, Cell(Metric.RATED_SOLVED)) == [1]
    assert report.satisfaction == Satisfaction(rated=2, solved=1, scores={1: 0, 2: 1, 3: 0, 4: 0, 5: 1})
    assert (report.satisfaction.share_solved, report.satisfaction.mean_score) == (0.5, 3.5)


# Whatever happens, each number is as many as the tickets behind it

steps = st.tuples(
    st.sampled_from([CARLA, OSKAR, ADA, ROOT]),
    st.sampled_from(["reply", "note", "resolve", "wait", "close", "reopen", "lapse", "take", "rate"]),
    st.integers(0, 60),
)
lives = st.tuples(st.sampled_from(["carla", "oskar", "ada"]), st.integers(-10, 60), st.lists(steps, max_size=8))


def happen(ticket: Ticket, actor: Actor, deed: str, at: datetime) -> None:
    """Let somebody do something to the ticket."""
    match deed:
        case "reply":
            ticket.reply(actor, "So.", at)
        case "note":
            ticket.note(actor, "Aha.", at)
        case "resolve":
            ticket.change_status(actor, Status.RESOLVED, at)
        case "wait":
            ticket.change_status(actor, Status.PENDING, at)
        case "close":
            ticket.close(actor, at)
        case "reopen":
            ticket.reopen(actor, at)
        case "lapse":
            ticket.lapse()
        case "rate":
            ticket.rate(actor, at, solved=actor is CARLA, score=None, comment="")
        case _:
            ticket.edit(actor, TicketEdit(assignee=actor.username, priority=Priority.URGENT), at)


def lived(number: int, requester: str, hours: int, happens: Iterable[tuple[Actor, str, int]]) -> Ticket:
    """Return a ticket to which this happened, as far as it was possible."""
    at = day(2) + hours * HOUR
    ticket = opened(number, requester, at)
    for actor, deed, later in happens:
        at += later * HOUR
        with suppress(TicketingError):
            happen(ticket, actor, deed, at)
    return ticket


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(lives, max_size=6), st.sampled_from(Dimension))
def test_each_number_is_as_many_as_the_tickets_behind_it(lives_lived: list[Life], by: Dimension) -> None:
    tickets = [lived(number, *life) for number, life in enumerate(lives_lived, start=1)]
    query = ReportQuery(date(2026, 3, 2), date(2026, 3, 9), BERLIN, by=by)
    report = counted(tickets, query)

    def many(cell: Cell) -> int:
        return len(numbers(tickets, cell, query))

    assert {metric: many(Cell(metric)) for metric in Metric} == report.totals
    for metric, (index, of_day) in product(Metric, enumerate(report.days)):
        if metric is not Metric.UNANSWERED:  # which is now, and on no day
            assert many(Cell(metric, day=of_day)) == report.by_day[metric][index]
    assert {age: many(Cell(Metric.UNFINISHED, age=age)) for age in Age} == report.ages
    for group, metric in product(report.groups, Metric):
        assert many(Cell(metric, group=group.key)) == group.counts[metric]
    for metric in Metric:
        assert sum(group.counts[metric] for group in report.groups) == report.totals[metric]
    for metric in (Metric.CREATED, Metric.SOLVED, Metric.REPLIES, Metric.RATED, Metric.RATED_SOLVED, *DURATIONS):
        assert sum(report.by_day[metric]) == report.totals[metric]
    assert report.by_day[Metric.UNFINISHED][-1] == report.totals[Metric.UNFINISHED]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lives)
def test_no_measure_is_less_than_no_time_and_stretches_follow_each_other(
    life: Life,
) -> None:
    (facts,) = facts_in([lived(1, *life)])

    assert [at for _, at in facts.statuses] == sorted(at for _, at in facts.statuses)
    assert all(since <= at for _, at, since in facts.replies if since is not None)
    assert facts.waiting is None or facts.opened <= facts.waiting
    assert facts.opened == microseconds(day(2) + life[1] * HOUR)
