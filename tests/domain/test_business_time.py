"""
Business time of reports: by hand over weekends, holidays and the days on which clocks are changed.

Clocks of London go forward on 29 March 2026 at 01:00 and back on 25 October 2026 at 02:00; its bank holidays are the
published ones.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import from_json

from tests.bank_holidays import ENGLAND_AND_WALES
from ticketing.domain.business_time import BusinessTime
from ticketing.domain.calendars import BusinessCalendar, business_time
from ticketing.domain.counting import Counting, Naming
from ticketing.domain.facts import MICROSECOND, facts_of, microseconds
from ticketing.domain.opening_hours import ALWAYS_OPEN, Hours, parse_holidays, parse_hours
from ticketing.domain.people import Actor, Role
from ticketing.domain.reports import Cell, Found, Metric, ReportQuery, Spread
from ticketing.domain.statuses import Status, TicketCategory
from ticketing.domain.tickets import Ticket

LONDON = ZoneInfo("Europe/London")
OFFICE = (parse_hours("09:00-17:00"),) * 5 + ((), ())
SUNDAY_NIGHT = ((), (), (), (), (), (), parse_hours("00:30-02:30"))
ADA = Actor("ada", "Ada", Role.AGENT)
HOUR = 3_600_000_000


def calendar(hours: Hours = OFFICE) -> BusinessCalendar:
    holidays = parse_holidays(ENGLAND_AND_WALES)
    return BusinessCalendar(name="Front desk", zone="Europe/London", hours=hours, holidays=holidays)


def at(local: str, fold: int = 0) -> datetime:
    """Return a moment that the clocks of London show."""
    return datetime.fromisoformat(local).replace(tzinfo=LONDON, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("hours", "since", "until", "expected"),
    [
        pytest.param(OFFICE, "2026-03-02 10:00", "2026-03-02 14:30", 4.5, id="within a day"),
        pytest.param(OFFICE, "2026-03-02 16:00", "2026-03-03 10:00", 2, id="over a night"),
        # Friday 16:30 to 17:00, Monday 9:00 to 9:45.
        pytest.param(OFFICE, "2026-03-06 16:30", "2026-03-09 09:45", 1.25, id="over a weekend"),
        # Thursday 15:00 to 17:00; Good Friday, the weekend and Easter Monday are closed; Tuesday 9:00 to 10:00.
        pytest.param(OFFICE, "2026-04-02 15:00", "2026-04-07 10:00", 3, id="over Easter"),
        # Friday 16:00 to 17:00 in winter time, Monday 9:00 to 10:00 in summer time: 65 hours later by the sun, not 66.
        pytest.param(OFFICE, "2026-03-27 16:00", "2026-03-30 10:00", 2, id="clocks go forward on Sunday"),
        # From 00:30 to 02:30 by the wall there is an hour less, and an hour more in autumn.
        pytest.param(SUNDAY_NIGHT, "2026-03-28 12:00", "2026-03-29 12:00", 1, id="an hour is left out"),
        pytest.param(SUNDAY_NIGHT, "2026-10-24 12:00", "2026-10-25 12:00", 3, id="an hour comes twice"),
        pytest.param(OFFICE, "2026-03-07 10:00", "2026-03-08 20:00", 0, id="within a weekend"),
        pytest.param(OFFICE, "2026-03-03 10:00", "2026-03-02 10:00", 0, id="backwards"),
        # 31 December is a Thursday, 1 January a holiday, then the weekend: 8 + 0 + 8 hours.
        pytest.param(OFFICE, "2026-12-31 00:00", "2027-01-05 00:00", 16, id="over New Year"),
    ],
)
def test_only_open_hours_count(hours: Hours, since: str, until: str, expected: float) -> None:
    measured = BusinessTime(calendar(hours))(microseconds(at(since)), microseconds(at(until)))

    assert measured == expected * HOUR


MOMENTS = st.datetimes(datetime(1999, 12, 30), datetime(2028, 1, 2), timezones=st.just(UTC))  # noqa: DTZ001


@given(st.lists(st.tuples(MOMENTS, MOMENTS), min_size=1, max_size=8), st.sampled_from([OFFICE, SUNDAY_NIGHT]))
def test_it_is_what_due_times_are_reckoned_by_in_whatever_order_one_asks(
    asked: list[tuple[datetime, datetime]], hours: Hours
) -> None:
    measure = BusinessTime(calendar(hours))

    for since, until in asked:
        measured = measure(microseconds(since), microseconds(until))
        assert measured * MICROSECOND == business_time(calendar(hours), since, until)


def test_a_desk_that_is_always_open_counts_like_the_calendar() -> None:
    always = BusinessTime(BusinessCalendar(name="Always", zone="Europe/London", hours=ALWAYS_OPEN))
    since, until = (microseconds(at(day)) for day in ("2026-03-01 00:00", "2026-11-01 00:00"))

    assert always(since, until) == until - since


@pytest.fixture
def tickets() -> list[Ticket]:
    """
    Return two tickets before and after Easter 2026, by the clocks of London.

    T-1  opened on Maundy Thursday at 16:00; Ada answers on Tuesday at 9:30 (1.5 open hours), Carla comes back at 12:00,
         Ada answers on Wednesday at 9:30 (5.5) and resolves at 11:00 (1 + 8 + 2 = 11).
    T-2  opened on Easter Sunday at 20:00, answered by Ada that night at 23:00 (nothing), resolved on Tuesday at 9:06
         (0.1).
    """
    one = Ticket.open(1, "carla", "No dial tone", "Dead.", TicketCategory.NETWORK, at("2026-04-02 16:00"))
    one.reply(ADA, "Plug it in.", at("2026-04-07 09:30"))
    one.reply(Actor("carla", "Carla", Role.USER), "It is.", at("2026-04-07 12:00"))
    one.reply(ADA, "Turn it.", at("2026-04-08 09:30"))
    one.change_status(ADA, Status.RESOLVED, at("2026-04-08 11:00"))
    two = Ticket.open(2, "carla", "No picture", "Dark.", TicketCategory.NETWORK, at("2026-04-05 20:00"))
    two.reply(ADA, "Look.", at("2026-04-05 23:00"))
    two.change_status(ADA, Status.RESOLVED, at("2026-04-07 09:06"))
    return [one, two]


APRIL = ReportQuery(first=date(2026, 4, 1), last=date(2026, 4, 9), zone=LONDON)
NOW = at("2026-04-09 12:00")


def test_a_report_in_business_time_measures_open_hours_alone(tickets: Iterable[Ticket]) -> None:
    batch = [facts_of(from_json(ticket.model_dump_json())) for ticket in tickets]
    counting, naming = (
        Counting(APRIL, NOW, BusinessTime(calendar())),
        Naming(APRIL, Cell(Metric.RESOLUTION), NOW, BusinessTime(calendar())),
    )
    counting.add(batch)
    naming.add(batch)

    spreads = counting.report().spreads
    assert spreads[Metric.FIRST_RESPONSE] == Spread.of([0, round(1.5 * HOUR)])
    assert spreads[Metric.NEXT_RESPONSE] == Spread.of([round(5.5 * HOUR)])
    assert spreads[Metric.RESOLUTION] == Spread.of([HOUR // 10, 11 * HOUR])
    assert naming.found() == [Found(1, timedelta(hours=11)), Found(2, timedelta(minutes=6))]
