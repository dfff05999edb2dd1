"""Opening hours and holidays: how they are written, read, and refused with a sentence when they are impossible."""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise
from typing import Final, NamedTuple

from ticketing.domain.errors import CalendarError
from ticketing.domain.text import clean_name, printable

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MOST_HOLIDAYS: Final = 200
MOST_SPANS: Final = 6

_MINUTES_AN_HOUR: Final = 60
_MINUTES_A_DAY: Final = 24 * _MINUTES_AN_HOUR
_LAST_YEAR: Final = 2999
_A_LEAP_YEAR: Final = 2000
_SPAN: Final = re.compile(r"([0-9]{1,2}):([0-9]{2})\s*[-\u2013]\s*([0-9]{1,2}):([0-9]{2})")
_HOLIDAY: Final = re.compile(r"(?:([0-9]{4})-)?([0-9]{1,2})-([0-9]{1,2})\s+(\S.*)")
_QUOTED: Final = 40


class Span(NamedTuple):
    """From when until when a desk is open on a day: minutes after midnight, at most 1440, the midnight after."""

    opens: int
    closes: int

    def __str__(self) -> str:
        """Write it as 09:00-17:30."""
        return "-".join("{:02}:{:02}".format(*divmod(minutes, _MINUTES_AN_HOUR)) for minutes in self)


class Holiday(NamedTuple):
    """A day on which a desk is closed; one without a year comes back every year."""

    name: str
    month: int
    day: int
    year: int | None = None

    def __str__(self) -> str:
        """Write it as 2026-12-25 Christmas Day, or as 12-25 Christmas Day for every year."""
        year = "" if self.year is None else f"{self.year:04}-"
        return f"{year}{self.month:02}-{self.day:02} {self.name}"


# The spans of each weekday from Monday on; none for a day on which the desk is closed.
Hours = tuple[tuple[Span, ...], ...]
ALWAYS_OPEN: Final[Hours] = ((Span(0, _MINUTES_A_DAY),),) * len(WEEKDAYS)


def written(spans: Iterable[Span]) -> str:
    """Return the hours of a day as `parse_hours` reads them."""
    return ", ".join(map(str, spans))


def minutes_open(spans: Iterable[Span]) -> int:
    """Return how long a desk is open on a day by the clock on the wall."""
    return sum(span.closes - span.opens for span in spans)


def parse_hours(typed: str) -> tuple[Span, ...]:
    """Read the hours of one day, such as 09:00-12:30, 13:30-17:00; nothing is a closed day. Raises CalendarError."""
    spans = tuple(sorted(_span(part.strip()) for part in typed.split(","))) if typed.strip() else ()
    require_possible(spans)
    return spans


def parse_holidays(typed: str) -> tuple[Holiday, ...]:
    """Read holidays by their dates, each written on a line of its own as it is shown; raises CalendarError."""
    holidays = sorted((_holiday(line.strip()) for line in typed.splitlines() if line.strip()), key=_by_date)
    require_real(holidays)
    return tuple(holidays)


def require_possible(spans: Sequence[Span]) -> None:
    """Raise CalendarError for hours that are no hours of a day, or that overlap."""
    if len(spans) > MOST_SPANS:
        raise CalendarError("Opening hours", f"A day has at most {MOST_SPANS} times of opening.")
    for span in spans:
        if not 0 <= span.opens < span.closes <= _MINUTES_A_DAY:
            raise CalendarError(
                "Opening hours",
                f"{_quoted(str(span))} is not possible: a desk opens before it closes, at 24:00 at the latest. "
                "Hours past midnight belong to the next day.",
            )
    for earlier, later in pairwise(sorted(spans)):
        if later.opens < earlier.closes:
            raise CalendarError("Opening hours", f"The hours {earlier} and {later} overlap.")


def require_real(holidays: Sequence[Holiday]) -> None:
    """Raise CalendarError for too many holidays, or for a date that there is not."""
    if len(holidays) > MOST_HOLIDAYS:
        raise CalendarError("Holidays", f"A calendar holds at most {MOST_HOLIDAYS} holidays.")
    for holiday in holidays:
        clean_name("Holidays", holiday.name)
        try:
            year = date(_A_LEAP_YEAR if holiday.year is None else holiday.year, holiday.month, holiday.day).year
        except ValueError as error:
            raise CalendarError("Holidays", f"{_quoted(str(holiday))}: there is no such date.") from error
        if year > _LAST_YEAR:
            raise CalendarError("Holidays", f"{_quoted(str(holiday))} is too far away.")


def _span(typed: str) -> Span:
    if not (found := _SPAN.fullmatch(typed)):
        raise CalendarError("Opening hours", f"{_quoted(typed)} are no hours; write them as 09:00-17:30.")
    opens, past_it, closes, past_that = map(int, found.groups())
    if max(past_it, past_that) >= _MINUTES_AN_HOUR:
        raise CalendarError("Opening hours", f"{_quoted(typed)}: there is no such time of day.")
    return Span(_MINUTES_AN_HOUR * opens + past_it, _MINUTES_AN_HOUR * closes + past_that)


def _holiday(line: str) -> Holiday:
    if not (found := _HOLIDAY.fullmatch(line)):
        raise CalendarError(
            "Holidays",
            f"{_quoted(line)} is no holiday; write it as 2026-12-25 Christmas Day, "
            "or as 12-25 Christmas Day for every year.",
        )
    year, month, day, name = found.groups()
    return Holiday(clean_name("Holidays", name), int(month), int(day), int(year) if year else None)


def _by_date(holiday: Holiday) -> tuple[int, int, int]:
    return (holiday.year or 0, holiday.month, holiday.day)


def _quoted(typed: str) -> str:
    return f"“{printable(typed)[:_QUOTED]}”"
