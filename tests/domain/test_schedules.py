"""
On which days a schedule comes round, by published holidays and through the days on which clocks are changed.

Clocks of London go forward on 29 March 2026 at 01:00 and back on 25 October 2026 at 02:00.
Apia had no 30 December 2011.
"""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bank_holidays import ENGLAND_AND_WALES
from ticketing.domain.calendars import BusinessCalendar
from ticketing.domain.errors import CalendarError, ScheduleError
from ticketing.domain.opening_hours import parse_holidays, parse_hours
from ticketing.domain.schedules import MOST_EVERY, Nth, Repeats, Schedule, Weekday, WhenClosed

DAY = timedelta(days=1)
LONDON = BusinessCalendar(
    id="front",
    name="Front desk",
    zone="Europe/London",
    hours=(parse_hours("09:00-17:00"),) * 5 + ((), ()),
    holidays=parse_holidays(ENGLAND_AND_WALES),
)
WEEKDAYS = tuple(Weekday)


def schedule(first: str, at: str = "09:00", **fields: Any) -> Schedule:
    """Return a schedule by the clocks of London, unless it is said otherwise."""
    values = {"first": first, "at": at, "zone": "Europe/London", "calendar": "front"}
    return Schedule.model_validate(values | fields)


def days(wanted: Schedule, most: int = 5, calendar: BusinessCalendar | None = LONDON) -> list[str]:
    """Return the first days on which it comes round, as they are written, by its own clocks."""
    before = datetime.combine(wanted.first - DAY, time(), UTC)
    found = wanted.next_moments(calendar, before, most)
    return [f"{moment.astimezone(ZoneInfo(wanted.zone)):%a %Y-%m-%d}" for moment in found]


def moments(wanted: Schedule, after: str, until: str, calendar: BusinessCalendar | None = None) -> list[str]:
    """Return its moments within that time of UTC."""
    start, end = (datetime.fromisoformat(at).replace(tzinfo=UTC) for at in (after, until))
    return [f"{moment:%Y-%m-%d %H:%M}" for moment in wanted.moments(calendar, start, end)]


# By hand


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        pytest.param(
            schedule("2026-03-30", repeats=Repeats.DAYS, every=3),
            ["Mon 2026-03-30", "Thu 2026-04-02", "Sun 2026-04-05", "Wed 2026-04-08"],
            id="every three days",
        ),
        pytest.param(
            schedule("2026-03-04", every=2, weekdays=("friday", "monday")),
            ["Fri 2026-03-06", "Mon 2026-03-16", "Fri 2026-03-20", "Mon 2026-03-30"],
            id="every two weeks, counted from that of the first day, of which Monday is over",
        ),
        pytest.param(
            schedule("2026-01-15", repeats=Repeats.MONTHS_BY_WEEKDAY, nth=Nth.SECOND, weekday="tuesday"),
            ["Tue 2026-02-10", "Tue 2026-03-10", "Tue 2026-04-14", "Tue 2026-05-12"],
            id="the second Tuesday, which is over in the first month",
        ),
        pytest.param(
            schedule("2026-01-01", repeats=Repeats.MONTHS_BY_WEEKDAY, every=3, nth=Nth.LAST, weekday="friday"),
            ["Fri 2026-01-30", "Fri 2026-04-24", "Fri 2026-07-31", "Fri 2026-10-30"],
            id="the last Friday of each quarter's first month, the fourth or the fifth",
        ),
        pytest.param(
            schedule("2027-12-31", repeats=Repeats.MONTHS_BY_DAY, day=31),
            ["Fri 2027-12-31", "Mon 2028-01-31", "Tue 2028-02-29", "Fri 2028-03-31"],
            id="the 31st, or the last day of a shorter month",
        ),
        pytest.param(
            schedule("2024-02-29", repeats=Repeats.MONTHS_BY_DAY, every=12, day=29),
            ["Thu 2024-02-29", "Fri 2025-02-28", "Sat 2026-02-28", "Sun 2027-02-28"],
            id="a year from 29 February",
        ),
        pytest.param(
            schedule("2026-03-30", repeats=Repeats.DAYS, last="2026-04-01"),
            ["Mon 2026-03-30", "Tue 2026-03-31", "Wed 2026-04-01"],
            id="up to a last day",
        ),
    ],
)
def test_on_which_days_a_schedule_comes_round(wanted: Schedule, expected: list[str]) -> None:
    assert wanted.checked() == wanted.model_copy(update={"weekdays": wanted.checked().weekdays})
    assert days(wanted)[: len(expected)] == expected


@pytest.mark.parametrize(
    ("first", "fields", "anyway", "skipped", "moved"),
    [
        pytest.param(
            "2026-04-02",
            {"repeats": Repeats.DAYS},
            ["Thu 2026-04-02", "Fri 2026-04-03", "Sat 2026-04-04", "Sun 2026-04-05"],
            ["Thu 2026-04-02", "Tue 2026-04-07", "Wed 2026-04-08", "Thu 2026-04-09"],
            ["Thu 2026-04-02", "Tue 2026-04-07", "Wed 2026-04-08", "Thu 2026-04-09"],
            id="daily over Easter: what is moved to one day comes round once",
        ),
        pytest.param(
            "2026-12-01",
            {"weekdays": ("friday",)},
            ["Fri 2026-12-04", "Fri 2026-12-11", "Fri 2026-12-18", "Fri 2026-12-25", "Fri 2027-01-01"],
            ["Fri 2026-12-04", "Fri 2026-12-11", "Fri 2026-12-18", "Fri 2027-01-08", "Fri 2027-01-15"],
            ["Fri 2026-12-04", "Fri 2026-12-11", "Fri 2026-12-18", "Tue 2026-12-29", "Mon 2027-01-04"],
            id="Fridays over Christmas, with Boxing Day on its substitute day",
        ),
        pytest.param(
            "2026-03-01",
            {"repeats": Repeats.MONTHS_BY_WEEKDAY, "weekday": "monday"},
            ["Mon 2026-03-02", "Mon 2026-04-06", "Mon 2026-05-04", "Mon 2026-06-01"],
            ["Mon 2026-03-02", "Mon 2026-06-01", "Mon 2026-07-06", "Mon 2026-08-03"],
            ["Mon 2026-03-02", "Tue 2026-04-07", "Tue 2026-05-05", "Mon 2026-06-01"],
            id="first Mondays over Easter and in May",
        ),
        pytest.param(
            "2026-08-30",
            {"repeats": Repeats.MONTHS_BY_DAY, "day": 30, "last": "2026-12-01"},
            ["Sun 2026-08-30", "Wed 2026-09-30", "Fri 2026-10-30", "Mon 2026-11-30"],
            ["Wed 2026-09-30", "Fri 2026-10-30", "Mon 2026-11-30"],
            ["Tue 2026-09-01", "Wed 2026-09-30", "Fri 2026-10-30", "Mon 2026-11-30"],
            id="a Sunday before a bank holiday",
        ),
        pytest.param(
            "2026-05-01",
            {"repeats": Repeats.DAYS, "last": "2026-05-03"},
            ["Fri 2026-05-01", "Sat 2026-05-02", "Sun 2026-05-03"],
            ["Fri 2026-05-01"],
            ["Fri 2026-05-01"],
            id="nothing is moved past the last day",
        ),
    ],
)
def test_what_becomes_of_a_day_on_which_the_desk_is_closed(
    first: str, fields: dict[str, Any], anyway: list[str], skipped: list[str], moved: list[str]
) -> None:
    for choice, expected in zip(WhenClosed, (anyway, skipped, moved), strict=True):
        assert days(schedule(first, when_closed=choice, **fields))[: len(expected)] == expected


def test_without_its_calendar_it_comes_round_as_if_the_desk_were_open() -> None:
    wanted = schedule("2026-04-03", repeats=Repeats.DAYS, when_closed=WhenClosed.SKIP)

    assert days(wanted, 1, calendar=None) == ["Fri 2026-04-03"]


def test_a_calendar_that_leaves_no_day_leaves_none_and_says_so_at_once() -> None:
    never_on_sundays = schedule("2026-01-01", weekdays=("sunday",), when_closed=WhenClosed.SKIP)
    closed = LONDON.model_copy(update={"hours": ((),) * 7})

    assert days(never_on_sundays) == []
    assert days(schedule("2026-01-01", repeats=Repeats.DAYS, when_closed=WhenClosed.MOVE), calendar=closed) == []


# Clocks that are changed


def test_a_time_that_is_left_out_is_that_after_the_gap_and_one_that_comes_twice_the_first() -> None:
    wanted = schedule("2026-01-01", "01:30", repeats=Repeats.DAYS)

    spring = moments(wanted, "2026-03-28 00:00", "2026-03-30 12:00")
    autumn = moments(wanted, "2026-10-24 00:00", "2026-10-26 12:00")

    assert spring == ["2026-03-28 01:30", "2026-03-29 01:30", "2026-03-30 00:30"]  # 02:30 by the clocks there
    assert autumn == ["2026-10-24 00:30", "2026-10-25 00:30", "2026-10-26 01:30"]


def test_a_time_next_to_a_gap_stays_what_the_clocks_show() -> None:
    assert moments(schedule("2026-03-28", "00:59", repeats=Repeats.DAYS), "2026-03-29 00:00", "2026-03-30 00:00") == [
        "2026-03-29 00:59", "2026-03-29 23:59",
    ]  # fmt: skip
    assert moments(schedule("2026-03-28", "02:00", repeats=Repeats.DAYS), "2026-03-29 00:00", "2026-03-30 00:00") == [
        "2026-03-29 01:00"
    ]


def test_a_day_that_a_zone_has_left_out_comes_round_with_the_next_one() -> None:
    wanted = schedule("2011-12-28", "09:00", zone="Pacific/Apia", repeats=Repeats.DAYS)

    assert moments(wanted, "2011-12-29 00:00", "2012-01-01 12:00") == [
        "2011-12-29 19:00", "2011-12-30 19:00", "2011-12-31 19:00",
    ]  # fmt: skip


def test_a_moment_belongs_to_the_time_that_ends_with_it() -> None:
    wanted = schedule("2026-01-05", repeats=Repeats.DAYS)

    assert moments(wanted, "2026-01-05 08:00", "2026-01-05 09:00") == ["2026-01-05 09:00"]
    assert moments(wanted, "2026-01-05 09:00", "2026-01-06 08:59") == []


def test_what_was_moved_over_a_long_time_comes_round_after_a_look_in_between() -> None:
    wanted = schedule("2026-04-03", repeats=Repeats.MONTHS_BY_DAY, day=3, when_closed=WhenClosed.MOVE)

    assert moments(wanted, "2026-04-05 12:00", "2026-04-08 00:00", LONDON) == ["2026-04-07 08:00"]
    assert moments(wanted, "2026-04-07 08:00", "2026-04-08 00:00", LONDON) == []


# What is refused


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"weekdays": ()}, "Weekdays", "Please choose at least one weekday."),
        ({"every": 0}, "Every", "every 1 to 366 days, weeks or months"),
        ({"every": MOST_EVERY + 1}, "Every", "every 1 to 366 days, weeks or months"),
        ({"repeats": Repeats.MONTHS_BY_DAY, "day": 32}, "Day", "A month has no day 32."),
        ({"repeats": Repeats.MONTHS_BY_DAY, "day": 0}, "Day", "A month has no day 0."),
        ({"last": "2025-12-31"}, "Last day", "comes before the first one"),
        ({"first": "1969-12-31"}, "Last day", "too far away"),
        ({"first": "2999-12-31", "last": "3000-01-01"}, "Last day", "too far away"),
        ({"last": "2026-01-03"}, "Last day", "names no day"),
        ({"when_closed": WhenClosed.MOVE, "calendar": ""}, "Calendar", "Please choose the calendar"),
    ],
)
def test_a_schedule_by_which_nothing_can_be_planned_is_refused(
    fields: dict[str, object], field: str, sentence: str
) -> None:
    usual = schedule("2026-01-01", weekdays=("monday",))
    assert usual.checked() == usual

    with pytest.raises(ScheduleError, match=sentence) as refused:
        Schedule.model_validate(usual.model_dump() | fields).checked()

    assert refused.value.field == field


def test_a_time_zone_that_there_is_not_is_refused() -> None:
    with pytest.raises(CalendarError, match="The time zone “Mars/Olympus” is not known here"):
        schedule("2026-01-01", repeats=Repeats.DAYS, zone="Mars/Olympus").checked()


def test_it_is_kept_with_each_weekday_once_and_a_whole_minute() -> None:
    typed = schedule("2026-01-01", "09:00:30", weekdays=("friday", "monday", "friday"))

    checked = typed.checked()

    assert checked.weekdays == (Weekday.MONDAY, Weekday.FRIDAY)
    assert checked.at == time(9)


# Whatever the schedule


DATES = st.dates(date(2025, 1, 1), date(2027, 12, 31))
ZONES = st.sampled_from(["UTC", "Europe/London", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"])
SPAN = timedelta(days=500)


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    """Draw any schedule that can be kept, but for one that names no day."""
    first = draw(DATES)
    return Schedule(
        repeats=draw(st.sampled_from(Repeats)),
        every=draw(st.integers(1, 40)),
        weekdays=tuple(draw(st.sets(st.sampled_from(Weekday), min_size=1))),
        nth=draw(st.sampled_from(Nth)),
        weekday=draw(st.sampled_from(Weekday)),
        day=draw(st.integers(1, 31)),
        first=first,
        last=draw(st.none() | st.integers(0, 400).map(lambda days: first + days * DAY)),
        at=draw(st.times().map(lambda at: at.replace(second=0, microsecond=0))),
        zone=draw(ZONES),
        calendar="front",
        when_closed=draw(st.sampled_from(WhenClosed)),
    )


def names(wanted: Schedule, day: date) -> bool:
    """Tell whether a schedule names a day, by looking at that day alone."""
    if not wanted.first <= day <= (wanted.last or date.max):
        return False
    length = monthrange(day.year, day.month)[1]
    months = 12 * (day.year - wanted.first.year) + day.month - wanted.first.month
    match wanted.repeats:
        case Repeats.DAYS:
            return (day - wanted.first).days % wanted.every == 0
        case Repeats.WEEKS:
            of_week = [one - one.weekday() * DAY for one in (wanted.first, day)]
            weeks = (of_week[1] - of_week[0]).days // 7
            return weeks % wanted.every == 0 and WEEKDAYS[day.weekday()] in wanted.weekdays
        case Repeats.MONTHS_BY_DAY:
            return months % wanted.every == 0 and day.day == min(wanted.day, length)
    place = list(Nth).index(wanted.nth)
    is_nth = day.day + 7 > length if wanted.nth is Nth.LAST else (day.day - 1) // 7 == place
    return months % wanted.every == 0 and WEEKDAYS[day.weekday()] is wanted.weekday and is_nth


def expected_days(wanted: Schedule, until: date) -> list[date]:
    """Return the days on which a schedule comes round, by looking at each day of the time."""
    all_days = [wanted.first + offset * DAY for offset in range((until - wanted.first).days + 1)]
    named = [day for day in all_days if names(wanted, day)]
    if wanted.when_closed is WhenClosed.ANYWAY:
        return named
    if wanted.when_closed is WhenClosed.SKIP:
        return [day for day in named if LONDON.is_open_on(day)]
    kept = set()
    for day in named:
        moved = next(each for each in (day + offset * DAY for offset in range(30)) if LONDON.is_open_on(each))
        kept |= {moved} if moved <= min(wanted.last or date.max, until) else set()
    return sorted(kept)


@given(schedules())
@settings(max_examples=300)
def test_it_comes_round_on_each_day_that_it_names_and_on_no_other(wanted: Schedule) -> None:
    until = wanted.first + SPAN
    zone = ZoneInfo(wanted.zone)
    start, end = (datetime.combine(day, time(), zone) for day in (wanted.first, until + DAY))

    found = [moment.astimezone(zone) for moment in wanted.moments(LONDON, start - timedelta(seconds=1), end)]

    local = [(moment.date(), moment.time()) for moment in found if moment.date() <= until]
    assert [day for day, _ in local] == expected_days(wanted, until)
    shifted = [clock for day, clock in local if clock != wanted.at]
    assert len(shifted) <= 2  # only on days on which clocks go forward


@given(schedules(), st.lists(st.integers(0, 500 * 24 * 60), max_size=8))
@settings(max_examples=200)
def test_whenever_one_looks_each_moment_comes_once_and_in_order(wanted: Schedule, looks: list[int]) -> None:
    start = datetime.combine(wanted.first - DAY, time(), UTC)
    at_once = list(wanted.moments(LONDON, start, start + SPAN))
    stops = [start, *(start + timedelta(minutes=look) for look in sorted(looks)), start + SPAN]

    bit_by_bit = [one for after, until in pairwise(stops) for one in wanted.moments(LONDON, after, until)]

    assert bit_by_bit == at_once
    assert at_once == sorted(set(at_once))
    assert wanted.next_moments(LONDON, start, 5)[: len(at_once)] == list(islice(at_once, 5))
