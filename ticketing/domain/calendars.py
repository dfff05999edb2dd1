"""
Business calendars: when a desk is open, and how long that is between two moments.

Opening hours are those of the clock on the wall of a time zone; all reckoning is done in UTC. An hour that is left out
when clocks go forward does not count, one that comes twice when they go back counts twice. When a desk is open in a
year is reckoned once and kept, so that a question takes no longer for a long time than for a short one.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate
from typing import Any, ClassVar, Final, NamedTuple, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import field_validator

from ticketing.domain.definitions import Definition
from ticketing.domain.errors import CalendarError, NeverOpenError
from ticketing.domain.opening_hours import (
    WEEKDAYS,
    Holiday,
    Hours,
    minutes_open,
    parse_holidays,
    parse_hours,
    require_possible,
    require_real,
    written,
)
from ticketing.domain.text import printable

_DAY: Final = timedelta(days=1)
_LEAST_OPEN: Final = 60  # minutes a week
# Any target is reached before, by any calendar that was checked.
_HORIZON: Final = 100  # years
# No desk is open before or after, whatever a clock that went wrong has written down.
_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 2999

# From when to when, in UTC.
Opening = tuple[datetime, datetime]


class BusinessCalendar(Definition):
    """When a desk is open, by the clocks of a time zone with an IANA name: its hours in a week, and its holidays."""

    kind: ClassVar[str] = "calendars"

    zone: str
    hours: Hours
    holidays: tuple[Holiday, ...] = ()

    @field_validator("hours", mode="before")
    @classmethod
    def _read_hours(cls, given: Any) -> Any:
        """Take hours as people write them, by weekday, beside hours as they are kept; raises CalendarError."""
        if not isinstance(given, Mapping):
            return given
        for day in given.keys() - set(WEEKDAYS):
            raise CalendarError("Opening hours", f"“{printable(str(day))[:40]}” is no weekday; write monday, tuesday …")
        typed = [given.get(day, "") for day in WEEKDAYS]
        return [parse_hours(hours) if isinstance(hours, str) else hours for hours in typed]

    @field_validator("holidays", mode="before")
    @classmethod
    def _read_holidays(cls, given: Any) -> Any:
        """Take holidays as people write them, a line each, beside holidays as they are kept; raises CalendarError."""
        if not isinstance(given, list) or not all(isinstance(line, str) for line in given):
            return given
        return [holiday for line in given for holiday in parse_holidays(line)]

    @property
    def business_day(self) -> timedelta:
        """How long the desk is open on the weekday on which it is open for longest."""
        return timedelta(minutes=max(map(minutes_open, self.hours)))

    def local(self, moment: datetime) -> datetime:
        """Return the moment as the clock on the wall shows it."""
        return moment.astimezone(time_zone(self.zone))

    def midnight(self, day: date) -> datetime:
        """Return when the day begins there, in UTC."""
        return datetime.combine(day, time(), time_zone(self.zone)).astimezone(UTC)

    def holiday_on(self, day: date) -> str | None:
        """Return the name of the holiday that the day is; None if it is none."""
        names = _names(self.holidays)
        return names.get((day.year, day.month, day.day)) or names.get((None, day.month, day.day))

    def is_open_on(self, day: date) -> bool:
        """Whether the desk is open at all on that day, by the clocks there."""
        return bool(self.hours[day.weekday()]) and self.holiday_on(day) is None

    def checked(self) -> Self:
        """Return it as it may be kept: as one that opens again within any ten years. Raises InvalidInputError."""
        time_zone(self.zone)
        if len(self.hours) != len(WEEKDAYS):
            raise CalendarError("Opening hours", "Opening hours are needed for each of the seven weekdays.")
        for spans in self.hours:
            require_possible(spans)
        if sum(map(minutes_open, self.hours)) < _LEAST_OPEN:
            raise CalendarError("Opening hours", "A calendar needs at least one open hour a week.")
        # In ten years no date falls on the same weekday more than twice, so that many never take all of a weekday.
        require_real(self.holidays)
        return super().checked()

    def content(self) -> Mapping[str, Any]:
        """Return what was set up as people write it: the hours by weekday, the holidays line by line."""
        hours = {day: written(spans) for day, spans in zip(WEEKDAYS, self.hours, strict=True) if spans}
        others = {name: value for name, value in super().content().items() if name != "hours"}
        return others | hours | {"holidays": [str(holiday) for holiday in self.holidays]}

    def as_settings(self) -> dict[str, Any]:
        """Return it with the hours by weekday and the holidays line by line, as people write them."""
        hours = {day: written(spans) for day, spans in zip(WEEKDAYS, self.hours, strict=True)}
        return super().as_settings() | {"hours": hours, "holidays": [str(holiday) for holiday in self.holidays]}


class OpenHours:
    """When a desk is open by one calendar, for all who ask more than once."""

    def __init__(self, calendar: BusinessCalendar) -> None:
        self._calendar = calendar
        self._years: dict[int, _Year] = {}

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Return how long the desk is open from *start* to *end*; nothing if the end comes first."""
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        if end <= start:
            return timedelta(0)
        first, last = max(start.year, _FIRST_YEAR), min(end.year, _LAST_YEAR)
        years = map(self._year, range(first, last + 1))
        return sum((year.until(end) - year.until(start) for year in years), timedelta(0))

    def after(self, start: datetime, duration: timedelta) -> datetime:
        """
        Return when the desk will have been open for so long since *start*: the first such moment, in UTC.

        Raises NeverOpenError if there is none for a century, as it can be with a calendar that was never checked.
        """
        start = start.astimezone(UTC)
        if duration <= timedelta(0):
            return start
        first = max(start.year, _FIRST_YEAR)
        rest = duration
        for number in range(first, min(first + _HORIZON, _LAST_YEAR) + 1):
            year = self._year(number)
            if number == first:
                rest += year.until(start)
            if rest <= year.sums[-1]:
                return year.after(rest)
            rest -= year.sums[-1]
        raise NeverOpenError(self._calendar.name)

    def openings(self, first: int, last: int) -> Iterator[Opening]:
        """Yield from when to when the desk is open in these years, counted in UTC, in order."""
        for number in range(max(first, _FIRST_YEAR), min(last, _LAST_YEAR) + 1):
            year = self._year(number)
            yield from zip(year.opens, year.closes, strict=True)

    def _year(self, number: int) -> "_Year":
        if number not in self._years:
            calendar = self._calendar
            self._years[number] = _reckoned(calendar.zone, calendar.hours, calendar.holidays, number)
        return self._years[number]


def business_time(calendar: BusinessCalendar, start: datetime, end: datetime) -> timedelta:
    """Return how long the desk is open from *start* to *end*; nothing if the end comes first."""
    return OpenHours(calendar).between(start, end)


def add(calendar: BusinessCalendar, start: datetime, duration: timedelta) -> datetime:
    """Return when the desk will have been open for so long since *start*, in UTC; raises NeverOpenError."""
    return OpenHours(calendar).after(start, duration)


class _Year(NamedTuple):
    """When a desk is open in one year of UTC, and how long it has been by each opening and by the year's end."""

    opens: Sequence[datetime]
    closes: Sequence[datetime]
    sums: Sequence[timedelta]

    def until(self, moment: datetime) -> timedelta:
        """Return how long the desk is open from the year's beginning to the moment."""
        index = bisect_right(self.opens, moment) - 1
        if index < 0:
            return timedelta(0)
        return self.sums[index] + (min(moment, self.closes[index]) - self.opens[index])

    def after(self, duration: timedelta) -> datetime:
        """Return the first moment by which it was open for so long: more than nothing, at most all of the year's."""
        index = bisect_left(self.sums, duration) - 1
        return self.opens[index] + (duration - self.sums[index])


@lru_cache(maxsize=256)
def _reckoned(zone: str, hours: Hours, holidays: tuple[Holiday, ...], number: int) -> _Year:
    openings = list(_joined(_openings(time_zone(zone), hours, _names(holidays), number)))
    sums = accumulate((closes - opens for opens, closes in openings), initial=timedelta(0))
    return _Year([opens for opens, _ in openings], [closes for _, closes in openings], list(sums))


def _openings(
    zone: ZoneInfo, hours: Hours, holidays: dict[tuple[int | None, int, int], str], year: int
) -> Iterator[Opening]:
    """Yield when the desk is open in the year, in order."""
    for start, end, offset in _pieces(zone, year):
        for day in _days(start + offset, end + offset):
            if holidays.keys() & {(day.year, day.month, day.day), (None, day.month, day.day)}:
                continue
            midnight = datetime.combine(day, time(), UTC) - offset
            for span in sorted(hours[day.weekday()]):
                opens = max(start, midnight + timedelta(minutes=span.opens))
                closes = min(end, midnight + timedelta(minutes=span.closes))
                if opens < closes:
                    yield opens, closes


def _joined(openings: Iterable[Opening]) -> Iterator[Opening]:
    """Make one of openings of which one begins where the other ends."""
    joined: Opening | None = None
    for opens, closes in openings:
        if joined is not None and joined[1] == opens:
            joined = (joined[0], closes)
            continue
        if joined is not None:
            yield joined
        joined = (opens, closes)
    if joined is not None:
        yield joined


def _pieces(zone: ZoneInfo, year: int) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Cut a year into pieces of at most a day in which no clock is changed; with each goes its offset from UTC."""
    start, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    while start < end:
        offset, until = _offset(zone, start), min(start + _DAY, end)
        if _offset(zone, until) != offset:
            until = _change(zone, start, until)
        yield start, until, offset
        start = until


def _change(zone: ZoneInfo, start: datetime, end: datetime) -> datetime:
    """Return the second at which clocks are changed between two moments."""
    before, seconds = _offset(zone, start), range((end - start) // timedelta(seconds=1) + 1)
    changed = bisect_left(
        seconds, x=True, key=lambda second: _offset(zone, start + timedelta(seconds=second)) != before
    )
    return start + timedelta(seconds=changed)


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta(0)


def _days(start: datetime, end: datetime) -> Iterator[date]:
    return map(date.fromordinal, range(start.toordinal(), end.toordinal() + 1))


@lru_cache(maxsize=64)
def _names(holidays: tuple[Holiday, ...]) -> dict[tuple[int | None, int, int], str]:
    return {(one.year, one.month, one.day): one.name for one in holidays}


@lru_cache(maxsize=64)
def time_zone(name: str) -> ZoneInfo:
    """Return the time zone of an IANA name; raises CalendarError if none is known here."""
    try:
        return ZoneInfo(name)
    except (LookupError, OSError, ValueError) as error:  # whatever comes of a name that is looked up as a path
        raise CalendarError("Time zone", f"The time zone “{printable(name)[:40]}” is not known here.") from error


@lru_cache(maxsize=1)
def zones() -> list[str]:
    """Return the time zones that are named after a place, and UTC."""
    return ["UTC", *(zone for zone in available_timezones() if "/" in zone and not zone.startswith(_NO_PLACES))]


_NO_PLACES: Final = ("Etc/", "SystemV/")
