"""
Business time by the microsecond, for reports: they ask some hundred thousand times how long a desk was open.

When it opens, and how long it has been open by then, is reckoned once for all years that anybody asks about. Each
question is then two searches in a table.
"""

from bisect import bisect_right
from datetime import MAXYEAR, UTC, datetime
from itertools import accumulate

from ticketing.domain.calendars import BusinessCalendar, OpenHours
from ticketing.domain.facts import EPOCH, MICROSECOND, Moment, microseconds


class BusinessTime:
    """How long it was from one moment to another by the opening hours of a calendar; a clock of reports."""

    def __init__(self, calendar: BusinessCalendar) -> None:
        self._hours = OpenHours(calendar)
        self._years: list[int] = []
        self._start: Moment = 0
        self._end: Moment = 0
        self._opens: list[Moment] = []
        self._lengths: list[Moment] = []
        self._sums: list[Moment] = []

    def __call__(self, since: Moment, until: Moment) -> Moment:
        """Return it; nothing if the end comes first."""
        if until <= since:
            return 0
        if since < self._start or until >= self._end:
            self._reckon(since, until)
        return self._by(until) - self._by(since)

    def _by(self, at: Moment) -> Moment:
        """Return how long the desk was open by then, since the table begins."""
        place = bisect_right(self._opens, at) - 1
        passed, length = at - self._opens[place], self._lengths[place]
        return self._sums[place] + (passed if passed < length else length)  # noqa: FURB136 - a call more would tell

    def _reckon(self, since: Moment, until: Moment) -> None:
        """Let the table reach from the year of the one moment to the year of the other, beside what it has."""
        years = sorted([*self._years, _year(since), _year(until)])
        openings = list(self._hours.openings(years[0], years[-1]))
        self._years = [years[0], years[-1]]
        self._start, self._end = (_beginning(year) for year in (years[0], min(years[-1] + 1, MAXYEAR)))
        # Before all of them stands one of no time, so that each moment comes after some opening.
        self._opens = [self._start, *(microseconds(opens) for opens, _ in openings)]
        self._lengths = [0, *((closes - opens) // MICROSECOND for opens, closes in openings)]
        self._sums = list(accumulate(self._lengths[:-1], initial=0))


def _year(at: Moment) -> int:
    return (EPOCH + at * MICROSECOND).year


def _beginning(year: int) -> Moment:
    return microseconds(datetime(year, 1, 1, tzinfo=UTC))
