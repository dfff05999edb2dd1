"""Opening hours and holidays are read as they are written, and refused with a sentence when they are impossible."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bank_holidays import ENGLAND_AND_WALES
from ticketing.domain.errors import BlankError, CalendarError
from ticketing.domain.opening_hours import (
    ALWAYS_OPEN,
    MOST_HOLIDAYS,
    Holiday,
    Span,
    parse_holidays,
    parse_hours,
    written,
)


@pytest.mark.parametrize(
    ("typed", "spans"),
    [
        ("", ()),
        (" \n ", ()),
        ("09:00-17:30", (Span(540, 1050),)),
        ("9:00 \u2013 12:30, 13:30-17:00", (Span(540, 750), Span(810, 1020))),
        ("13:30-17:00,09:00-13:30", (Span(540, 810), Span(810, 1020))),
        ("00:00-24:00", ALWAYS_OPEN[0]),
    ],
)
def test_hours_of_a_day_are_read_in_their_order(typed: str, spans: tuple[Span, ...]) -> None:
    assert parse_hours(typed) == spans


@given(st.lists(st.integers(0, 1440), unique=True, max_size=10).map(sorted))
def test_hours_are_read_as_they_are_written(minutes: list[int]) -> None:
    spans = tuple(map(Span, minutes[::2], minutes[1::2]))

    assert parse_hours(written(spans)) == spans


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("nine to five", "“nine to five” are no hours; write them as 09:00-17:30."),
        ("09:00-17:30,", "“” are no hours"),
        ("09:00-17:60", "“09:00-17:60”: there is no such time of day."),
        ("17:00-09:00", "“17:00-09:00” is not possible: a desk opens before it closes"),
        ("22:00-26:00", "“22:00-26:00” is not possible"),
        ("09:00-09:00", "“09:00-09:00” is not possible"),
        ("09:00-12:00, 11:59-17:00", "The hours 09:00-12:00 and 11:59-17:00 overlap."),
        ("1:00-2:00,3:00-4:00,5:00-6:00,7:00-8:00,9:00-9:30,10:00-11:00,12:00-13:00", "at most 6 times"),
        ("\x00" * 500, "are no hours"),
    ],
)
def test_impossible_hours_are_refused_with_a_sentence(typed: str, sentence: str) -> None:
    with pytest.raises(CalendarError, match=sentence) as refused:
        parse_hours(typed)

    assert refused.value.field == "Opening hours"


def test_holidays_are_read_by_their_dates_and_those_of_every_year_first() -> None:
    assert parse_holidays("2026-12-25 Christmas  Day\n\n 2026-1-1 New Year\n05-01 Labour Day\n") == (
        Holiday("Labour Day", 5, 1),
        Holiday("New Year", 1, 1, 2026),
        Holiday("Christmas Day", 12, 25, 2026),
    )


@pytest.mark.parametrize("typed", [ENGLAND_AND_WALES, "02-29 Leap Day", ""])
def test_holidays_are_read_as_they_are_written(typed: str) -> None:
    assert "\n".join(map(str, parse_holidays(typed))) == typed.strip()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("2026-02-29 Leap Day", "“2026-02-29 Leap Day”: there is no such date."),
        ("02-30 Never", "“02-30 Never”: there is no such date."),
        ("0000-01-01 Before", "there is no such date"),
        ("9999-12-31 The end", "is too far away"),
        ("2026-12-25", "“2026-12-25” is no holiday; write it as 2026-12-25 Christmas Day"),
        ("25.12.2026 Christmas Day", "is no holiday"),
        ("\n".join(f"{year}-05-01 Labour Day" for year in range(2000, 2001 + MOST_HOLIDAYS)), "at most 200 holidays"),
    ],
)
def test_impossible_holidays_are_refused_with_a_sentence(typed: str, sentence: str) -> None:
    with pytest.raises(CalendarError, match=sentence) as refused:
        parse_holidays(typed)

    assert refused.value.field == "Holidays"


def test_a_holiday_has_a_name() -> None:
    with pytest.raises(BlankError):
        parse_holidays("2026-12-25 \u3164")
