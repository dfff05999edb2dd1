"""
Schedules: on which days something comes round, and at which moment of each.

The time is that of the clock on the wall of a time zone. Each day has one such moment: a time that is left out when
clocks go forward counts as the one after the gap, of a time that comes twice when they go back it is the first.
"""

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import chain, count, islice, takewhile
from typing import Final, Self

from pydantic import ConfigDict

from ticketing.domain.calendars import BusinessCalendar, time_zone
from ticketing.domain.errors import ScheduleError
from ticketing.domain.text import Stored

MOST_EVERY: Final = 366
EARLIEST, LATEST = date(1970, 1, 1), date(2999, 12, 31)

_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(weeks=1)
_MONTHS_A_YEAR: Final = 12
_LONGEST_MONTH: Final = 31
# Whoever looks ahead looks no farther; by a calendar that was checked a desk opens again before.
_HORIZON: Final = timedelta(days=10 * 366)


class Repeats(StrEnum):
    """What is counted from one time to the next, and how the day is found."""

    DAYS = "days"
    WEEKS = "weeks"
    MONTHS_BY_WEEKDAY = "months_by_weekday"
    MONTHS_BY_DAY = "months_by_day"


class Weekday(StrEnum):
    """A day of the week; they stand in their order."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"

    @property
    def place(self) -> int:
        """How many days after Monday it comes."""
        return list(Weekday).index(self)


class Nth(StrEnum):
    """Which of the same weekdays of a month; they stand in their order."""

    FIRST = "first"
    SECOND = "second"
    THIRD = "third"
    FOURTH = "fourth"
    LAST = "last"


class WhenClosed(StrEnum):
    """What becomes of a day on which the desk is closed, on a holiday as on any day without opening hours."""

    ANYWAY = "anyway"
    SKIP = "skip"
    MOVE = "move"


class Schedule(Stored):
    """
    Every so many days, weeks or months, from a first day to a last one, at a time by the clocks of an IANA zone.

    Which of the other fields count is up to `repeats`: the `weekdays` of a week, the `nth` `weekday` of a month, or
    its `day`, the last one where it is shorter. Weeks and months are counted from the one that holds the first day.
    `calendar` is the id of the one that tells when the desk is closed.
    """

    model_config = ConfigDict(frozen=True)

    repeats: Repeats = Repeats.WEEKS
    every: int = 1
    weekdays: tuple[Weekday, ...] = ()
    nth: Nth = Nth.FIRST
    weekday: Weekday = Weekday.MONDAY
    day: int = 1
    first: date
    last: date | None = None
    at: time
    zone: str
    calendar: str = ""
    when_closed: WhenClosed = WhenClosed.ANYWAY

    def checked(self) -> Self:
        """Return it as it may be kept: as one that names a day at all. Raises InvalidInputError."""
        time_zone(self.zone)
        if not 1 <= self.every <= MOST_EVERY:
            raise ScheduleError("Every", f"A schedule repeats every 1 to {MOST_EVERY} days, weeks or months.")
        if self.repeats is Repeats.WEEKS and not self.weekdays:
            raise ScheduleError("Weekdays", "Please choose at least one weekday.")
        if not 1 <= self.day <= _LONGEST_MONTH:
            raise ScheduleError("Day", f"A month has no day {self.day}.")
        if not EARLIEST <= self.first <= (self.last or self.first) <= LATEST:
            raise ScheduleError("Last day", "The last day comes before the first one, or one of them is too far away.")
        if next(self.days(self.first, LATEST), None) is None:
            raise ScheduleError("Last day", "From the first day to the last one this schedule names no day.")
        if self.when_closed is not WhenClosed.ANYWAY and not self.calendar:
            raise ScheduleError("Calendar", "Please choose the calendar that tells when the desk is closed.")
        return self.model_copy(
            update={
                "weekdays": tuple(sorted(set(self.weekdays), key=_place)),
                "at": self.at.replace(second=0, microsecond=0, tzinfo=None),
            }
        )

    def said(self, moment: datetime) -> str:
        """Return a moment as its own clocks show it."""
        return f"{moment.astimezone(time_zone(self.zone)):%a %Y-%m-%d %H:%M} ({self.zone})"

    def days(self, since: date, until: date) -> Iterator[date]:
        """Yield the days that it names from one day to another, in order, whether the desk is open or not."""
        start, end = max(since, self.first), min(until, self.last or LATEST, LATEST)
        return (day for day in takewhile(lambda day: day <= end, self._from(start)) if day >= start)

    def moments(self, calendar: BusinessCalendar | None, after: datetime, until: datetime) -> Iterator[datetime]:
        """
        Yield each moment at which it comes round after one moment and not after another, in order, in UTC.

        *calendar* is the one that tells when the desk is closed, if there is one.
        """
        zone = time_zone(self.zone)
        # A day more on both sides: where a clock skips an hour or a whole day, a moment lies on the next day.
        since, end = after.astimezone(zone).date() - _DAY, until.astimezone(zone).date() + _DAY
        for day in self._kept_days(calendar, since, end):
            moment = datetime.combine(day, self.at, zone).astimezone(UTC)
            if after < moment <= until:
                yield moment
                after = moment

    def next_moments(self, calendar: BusinessCalendar | None, now: datetime, most: int) -> list[datetime]:
        """Return when it will come round next; fewer than so many if it does not within ten years."""
        start = max(now, datetime.combine(self.first - _DAY, time(), UTC))
        return list(islice(self.moments(calendar, start, start + _HORIZON), most))

    def _from(self, start: date) -> Iterator[date]:
        """Return the days from one on, in order; of its own week or month also those before."""
        match self.repeats:
            case Repeats.DAYS:
                return map(self._day, count((start - self.first) // _DAY // self.every))
            case Repeats.WEEKS:
                return chain.from_iterable(map(self._week, count((start - self._monday) // _WEEK // self.every)))
            case _:
                return map(self._in_month, count((_month(start) - _month(self.first)) // self.every))

    @property
    def _monday(self) -> date:
        return self.first - self.first.weekday() * _DAY

    def _day(self, turn: int) -> date:
        return self.first + turn * self.every * _DAY

    def _week(self, turn: int) -> list[date]:
        week = self._monday + turn * self.every * _WEEK
        return [week + weekday.place * _DAY for weekday in sorted(self.weekdays, key=_place)]

    def _in_month(self, turn: int) -> date:
        """Return its day in the month that comes after so many turns."""
        year, month = divmod(_month(self.first) + turn * self.every, _MONTHS_A_YEAR)
        begins, length = monthrange(year, month + 1)
        if self.repeats is Repeats.MONTHS_BY_DAY:
            return date(year, month + 1, min(self.day, length))
        day = 1 + (self.weekday.place - begins) % 7 + 7 * list(Nth).index(self.nth)
        return date(year, month + 1, day if day <= length else day - 7)

    def _kept_days(self, calendar: BusinessCalendar | None, since: date, until: date) -> Iterator[date]:
        """Yield the days on which it comes round, of which two may be the same: one was moved to the other."""
        if calendar is None or self.when_closed is WhenClosed.ANYWAY:
            yield from self.days(since, until)
        elif self.when_closed is WhenClosed.SKIP:
            yield from filter(calendar.is_open_on, self.days(since, until))
        else:
            # What was moved past the beginning was named since the desk was open last.
            start = _nearest_open(calendar, since, -_DAY) or since
            for day in self.days(start, until):
                moved = _nearest_open(calendar, day, _DAY)
                if moved is not None and moved <= (self.last or LATEST):
                    yield moved


def _nearest_open(calendar: BusinessCalendar, day: date, step: timedelta) -> date | None:
    """Return the day, or the nearest one in that direction on which the desk is open; None if there is none."""
    way = (day + turn * step for turn in range(_HORIZON // _DAY))
    return next(filter(calendar.is_open_on, way), None)


def _month(day: date) -> int:
    return day.year * _MONTHS_A_YEAR + day.month - 1


def _place(weekday: Weekday) -> int:
    return weekday.place
