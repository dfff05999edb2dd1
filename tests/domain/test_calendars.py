"""
Business time, by published holidays and through the days on which clocks are changed.

Clocks of London go forward on 29 March 2026 at 01:00 and back on 25 October 2026 at 02:00; those of New York go forward
on 8 March 2026 at 02:00 and back on 1 November 2026 at 02:00.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bank_holidays import ENGLAND_AND_WALES
from ticketing.domain.calendars import BusinessCalendar, add, business_time
from ticketing.domain.errors import CalendarError, NeverOpenError, TicketingError
from ticketing.domain.opening_hours import ALWAYS_OPEN, MOST_HOLIDAYS, Holiday, Hours, Span, parse_holidays, parse_hours

HOUR = timedelta(hours=1)
NOTHING = timedelta(0)
OFFICE = (parse_hours("09:00-17:00"),) * 5 + ((), ())
DAILY = (parse_hours("00:30-01:30, 02:15-03:00"),) * 7


def calendar(
    hours: Hours = OFFICE, zone: str = "Europe/London", holidays: str = ENGLAND_AND_WALES, **fields: object
) -> BusinessCalendar:
    """Return a calendar; by default that of an office in London."""
    values = {"id": "front", "name": "Front desk", "zone": zone, "hours": hours, "holidays": parse_holidays(holidays)}
    return BusinessCalendar.model_validate(values | fields)


LONDON = calendar()
ALWAYS = calendar(ALWAYS_OPEN, holidays="")


def at(local: str, zone: str = "Europe/London", fold: int = 0) -> datetime:
    """Return a moment that the clocks of a zone show."""
    return datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone), fold=fold)


def hours(count: float) -> timedelta:
    """Return so many hours."""
    return count * HOUR


# By hand, from the published calendar


@pytest.mark.parametrize(
    ("start", "duration", "due"),
    [
        pytest.param("2026-03-02 10:00", 4, "2026-03-02 14:00", id="within a day"),
        pytest.param("2026-03-02 07:00", 1, "2026-03-02 10:00", id="before opening"),
        pytest.param("2026-03-02 16:30", 1, "2026-03-03 09:30", id="over the evening"),
        pytest.param("2026-03-06 16:30", 1, "2026-03-09 09:30", id="over the weekend"),
        pytest.param("2026-03-07 12:00", 8, "2026-03-09 17:00", id="from a Saturday to the very closing"),
        pytest.param("2026-04-02 16:30", 4, "2026-04-07 12:30", id="over Easter"),
        pytest.param("2025-12-24 16:00", 2, "2025-12-29 10:00", id="Christmas on Thursday and Friday"),
        pytest.param("2026-12-24 16:30", 4, "2026-12-29 12:30", id="Boxing Day on its substitute day"),
        pytest.param("2027-12-24 16:30", 1, "2027-12-29 09:30", id="both on substitute days"),
        pytest.param("2026-12-31 16:00", 2, "2027-01-04 10:00", id="into another year"),
        pytest.param("2026-05-01 09:00", 40, "2026-05-08 17:00", id="a week that has a bank holiday"),
        pytest.param("2026-08-28 17:00", 8, "2026-09-01 17:00", id="from the closing on"),
    ],
)
def test_what_is_due_in_office_hours(start: str, duration: float, due: str) -> None:
    assert add(LONDON, at(start), hours(duration)) == at(due)
    assert business_time(LONDON, at(start), at(due)) == hours(duration)


@pytest.mark.parametrize(
    ("year", "days"),
    [pytest.param(2025, 261 - 8, id="2025"), pytest.param(2026, 261 - 8, id="2026"), pytest.param(2027, 261 - 8)],
)
def test_a_year_has_its_weekdays_without_the_bank_holidays(year: int, days: int) -> None:
    assert business_time(LONDON, at(f"{year}-01-01"), at(f"{year + 1}-01-01")) == days * hours(8)


@pytest.mark.parametrize(
    ("day", "zone", "open_time"),
    [
        ("2026-03-28", "Europe/London", 24),
        ("2026-03-29", "Europe/London", 23),
        ("2026-10-25", "Europe/London", 25),
        ("2026-03-08", "America/New_York", 23),
        ("2026-11-01", "America/New_York", 25),
        ("2026-10-04", "Australia/Lord_Howe", 23.5),
    ],
)
def test_a_day_is_as_long_as_its_clocks_make_it(day: str, zone: str, open_time: float) -> None:
    always = calendar(ALWAYS_OPEN, zone, holidays="")
    start, end = (at(str(date.fromisoformat(day) + timedelta(days=days)), zone) for days in (0, 1))

    assert business_time(always, start, end) == hours(open_time)


@pytest.mark.parametrize(
    ("day", "zone", "open_time"),
    [
        # Open from 00:30 to 01:30 and from 02:15 to 03:00.
        pytest.param("2026-03-28", "Europe/London", 1.75, id="any day"),
        pytest.param("2026-03-29", "Europe/London", 1.25, id="there is no 01:00 to 02:00"),
        pytest.param("2026-10-25", "Europe/London", 2.25, id="01:00 to 02:00 comes twice"),
        pytest.param("2026-03-08", "America/New_York", 1.0, id="there is no 02:00 to 03:00"),
        pytest.param("2026-11-01", "America/New_York", 2.25, id="01:00 to 02:00 comes twice there as well"),
    ],
)
def test_hours_that_are_left_out_do_not_count_and_hours_that_come_twice_count_twice(
    day: str, zone: str, open_time: float
) -> None:
    start, end = (at(str(date.fromisoformat(day) + timedelta(days=days)), zone) for days in (0, 1))

    assert business_time(calendar(DAILY, zone, holidays=""), start, end) == hours(open_time)


@pytest.mark.parametrize(
    ("start", "duration", "due", "fold"),
    [
        pytest.param("2026-03-29 00:30", 1, "2026-03-29 02:30", 0, id="through the night in spring"),
        pytest.param("2026-10-25 00:30", 1, "2026-10-25 01:30", 0, id="the first half past one"),
        pytest.param("2026-10-25 00:30", 2, "2026-10-25 01:30", 1, id="the second half past one"),
        pytest.param("2026-10-24 12:00", 24, "2026-10-25 11:00", 0, id="24 hours are no day in autumn"),
    ],
)
def test_what_is_due_around_the_clock_when_clocks_are_changed(start: str, duration: float, due: str, fold: int) -> None:
    assert add(ALWAYS, at(start), hours(duration)) == at(due, fold=fold).astimezone(UTC)


def test_office_hours_are_the_same_before_and_after_clocks_are_changed() -> None:
    # 16:00 GMT on the Friday, 10:00 BST on the Monday: 1 h and 1 h.
    assert add(LONDON, datetime(2026, 3, 27, 16, tzinfo=UTC), hours(2)) == datetime(2026, 3, 30, 9, tzinfo=UTC)


def test_a_holiday_of_every_year_comes_back_and_leap_day_only_when_there_is_one() -> None:
    yearly = calendar(holidays="05-01 Labour Day\n02-29 Leap Day\n2026-05-01 Labour Day in London")

    assert yearly.holiday_on(date(2026, 5, 1)) == "Labour Day in London"
    assert yearly.holiday_on(date(2031, 5, 1)) == "Labour Day"
    assert yearly.holiday_on(date(2028, 2, 29)) == "Leap Day"
    assert yearly.holiday_on(date(2028, 3, 1)) is None
    assert business_time(yearly, at("2031-05-01"), at("2031-05-02")) == NOTHING
    assert business_time(yearly, at("2028-02-29"), at("2028-03-01")) == NOTHING


def test_a_holiday_is_a_day_of_the_calendars_zone() -> None:
    tokyo = calendar(ALWAYS_OPEN, "Asia/Tokyo", "2026-01-01 New Year")

    assert business_time(tokyo, datetime(2025, 12, 31, 12, tzinfo=UTC), datetime(2026, 1, 1, 18, tzinfo=UTC)) == hours(
        6
    )


def test_hours_up_to_midnight_go_on_on_the_next_day_without_a_gap() -> None:
    night = calendar((parse_hours("00:00-06:00, 22:00-24:00"),) * 7, holidays="")

    assert add(night, at("2026-03-02 22:00"), hours(8)) == at("2026-03-03 06:00")
    assert add(night, at("2026-03-02 22:00"), hours(8.5)) == at("2026-03-03 22:30")


def test_no_time_passes_backwards() -> None:
    assert business_time(ALWAYS, at("2026-03-03"), at("2026-03-02")) == NOTHING
    assert add(LONDON, at("2026-03-07 12:00"), NOTHING) == at("2026-03-07 12:00")
    assert add(LONDON, at("2026-03-07 12:00"), -HOUR) == at("2026-03-07 12:00")


def test_a_business_day_is_the_longest_of_the_week() -> None:
    uneven = (parse_hours("10:00-12:00"), parse_hours("09:00-12:30, 13:30-17:30"), *((),) * 5)

    assert calendar(uneven).business_day == hours(7.5)
    assert ALWAYS.business_day == hours(24)


# What holds for any calendar

ZONES = ("UTC", "Europe/London", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "America/St_Johns")
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - as it asks
DURATIONS = st.timedeltas(NOTHING, timedelta(hours=400))


@st.composite
def calendars(draw: st.DrawFn) -> BusinessCalendar:
    """Make any calendar that can be reckoned with."""
    minutes = st.lists(st.integers(0, 1440), unique=True, max_size=8).map(sorted)
    week = [tuple(map(Span, cut[::2], cut[1::2])) for cut in draw(st.lists(minutes, min_size=6, max_size=6))]
    hours = (*week, (Span(90, 200),))
    days = st.dates(date(2024, 1, 1), date(2028, 1, 1))
    holidays = [
        Holiday("Holiday", day.month, day.day, day.year if once else None)
        for day, once in draw(st.lists(st.tuples(days, st.booleans()), max_size=30))
    ]
    made = calendar(hours, draw(st.sampled_from(ZONES)), holidays="").model_copy(update={"holidays": tuple(holidays)})
    return made.checked()


@settings(deadline=None)
@given(calendars(), MOMENTS, DURATIONS)
def test_what_is_due_after_some_time_is_that_time_away(
    made: BusinessCalendar, start: datetime, duration: timedelta
) -> None:
    assert business_time(made, start, add(made, start, duration)) == duration


@settings(deadline=None)
@given(calendars(), MOMENTS, DURATIONS)
def test_there_is_no_earlier_moment_at_which_as_much_time_has_passed(
    made: BusinessCalendar, start: datetime, duration: timedelta
) -> None:
    due = add(made, start, duration)

    assert due == start or business_time(made, start, due - timedelta(microseconds=1)) < duration


@settings(deadline=None)
@given(calendars(), st.lists(MOMENTS, min_size=3, max_size=3).map(sorted))
def test_time_adds_up(made: BusinessCalendar, moments: list[datetime]) -> None:
    first, second, third = moments

    whole = business_time(made, first, third)

    assert whole == business_time(made, first, second) + business_time(made, second, third)
    assert NOTHING <= whole <= third - first


@settings(deadline=None)
@given(calendars(), MOMENTS, DURATIONS, DURATIONS)
def test_what_is_added_in_two_parts_is_added(
    made: BusinessCalendar, start: datetime, first: timedelta, second: timedelta
) -> None:
    at_once = add(made, start, first + second)

    assert add(made, add(made, start, first), second) == at_once
    assert add(made, start, first) <= at_once


CHANGES = (
    datetime(2026, 3, 28, 20, tzinfo=UTC),
    datetime(2026, 10, 24, 20, tzinfo=UTC),
    datetime(2026, 3, 8, 0, tzinfo=UTC),
    datetime(2026, 11, 1, 0, tzinfo=UTC),
    datetime(2006, 10, 28, 20, tzinfo=UTC),
    datetime(2026, 2, 14, 20, tzinfo=UTC),
    datetime(2026, 4, 4, 8, tzinfo=UTC),
)


@settings(max_examples=60, deadline=None)
@given(calendars(), st.sampled_from(CHANGES), st.integers(0, 600), st.integers(0, 1800))
def test_open_time_is_the_sum_of_all_minutes_that_are_open_by_the_clock(
    made: BusinessCalendar, start: datetime, later: int, length: int
) -> None:
    start += timedelta(minutes=later)
    minutes = [made.local(start + timedelta(minutes=minute)) for minute in range(length)]

    open_minutes = sum(
        made.holiday_on(one.date()) is None
        and any(span.opens <= 60 * one.hour + one.minute < span.closes for span in made.hours[one.weekday()])
        for one in minutes
    )

    assert business_time(made, start, start + timedelta(minutes=length)) == timedelta(minutes=open_minutes)


# What nothing can be reckoned with


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"zone": "Europe/Lundon"}, "Time zone", "The time zone “Europe/Lundon” is not known here."),
        ({"zone": "../etc/passwd"}, "Time zone", "is not known here"),
        ({"zone": "America"}, "Time zone", "is not known here"),
        ({"zone": ""}, "Time zone", "is not known here"),
        ({"zone": "\0"}, "Time zone", "is not known here"),
        ({"hours": ((),) * 7}, "Opening hours", "at least one open hour a week"),
        ({"hours": ((Span(0, 59),), *((),) * 6)}, "Opening hours", "at least one open hour a week"),
        ({"hours": OFFICE[:5]}, "Opening hours", "each of the seven weekdays"),
        ({"hours": ((Span(0, 600), Span(500, 700)),) * 7}, "Opening hours", "overlap"),
        ({"hours": ((Span(600, 1500),),) * 7}, "Opening hours", "not possible"),
        ({"holidays": (Holiday("Never", 2, 30),)}, "Holidays", "no such date"),
        ({"holidays": (Holiday(" ", 2, 3),)}, "Holidays", "Holidays is empty"),
        ({"holidays": (Holiday("Often", 5, 1),) * (MOST_HOLIDAYS + 1)}, "Holidays", "at most 200"),
    ],
)
def test_a_calendar_that_nothing_can_be_reckoned_with_is_refused(
    fields: dict[str, object], field: str, sentence: str
) -> None:
    with pytest.raises(TicketingError, match=sentence) as refused:
        LONDON.model_copy(update=fields).checked()

    assert getattr(refused.value, "field", "") == field


def test_a_calendar_that_was_never_checked_ends_the_search_with_a_sentence() -> None:
    closed = calendar(((),) * 7, holidays="")

    with pytest.raises(NeverOpenError, match="By the calendar “Front desk”"):
        add(closed, at("2026-03-02"), HOUR)
    with pytest.raises(NeverOpenError):
        add(closed, datetime(9999, 12, 31, 23, tzinfo=UTC), HOUR)
    with pytest.raises(CalendarError):
        business_time(calendar(zone="Mars/Olympus"), at("2026-03-02"), at("2026-03-03"))


def test_the_smallest_calendar_with_the_most_holidays_opens_again() -> None:
    mondays = "\n".join(f"{date(2026, 3, 2) + timedelta(weeks=week)} Closed" for week in range(MOST_HOLIDAYS))
    smallest = calendar((parse_hours("09:00-10:00"), *((),) * 6), holidays=mondays)
    smallest.checked()

    assert add(smallest, at("2026-03-01"), HOUR) == at("2029-12-31 10:00")
    assert add(smallest, at("2026-03-01"), hours(2000)) < at("2070-01-01")


def test_a_calendar_is_read_back_as_it_was_written() -> None:
    assert BusinessCalendar.model_validate_json(LONDON.model_dump_json(exclude_none=True)) == LONDON


def test_the_history_of_a_calendar_tells_its_hours_and_holidays_as_people_write_them() -> None:
    before = calendar(holidays="05-01 Labour Day").revised(None, "root", at("2026-03-02"))
    after = before.model_copy(
        update={"hours": (OFFICE[0], parse_hours("10:00-12:00"), (), *OFFICE[3:]), "holidays": ()}
    )

    _, *changes = after.revised(before, "root", at("2026-03-03")).history

    assert [(change.field, change.old, change.new) for change in changes] == [
        ("holidays", ["05-01 Labour Day"], []),
        ("tuesday", "09:00-17:00", "10:00-12:00"),
        ("wednesday", "09:00-17:00", None),
    ]
