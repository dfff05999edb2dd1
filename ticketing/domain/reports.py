"""
The words of reports: what is counted, of which days, and what comes out.

A number tells of what happened within its period, whatever has become of the ticket since: an answer counts when it was
given, a solution when the ticket was last done within the period. So the figures of a past period change only where the
past does: when a solved ticket is opened again, or is given to another person, priority or category. `docs/reports.md`
defines each metric.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Final, NamedTuple, Self

from ticketing.domain import conditions
from ticketing.domain.conditions import AnyOf, During, InStatus
from ticketing.domain.errors import InvalidInputError
from ticketing.domain.facts import EPOCH, MICROSECOND, Moment, microseconds
from ticketing.domain.queries import TicketQuery
from ticketing.domain.ratings import Satisfaction
from ticketing.domain.statuses import UNFINISHED

LONGEST: Final = 1100  # days of one report: three years
EARLIEST: Final = date(1970, 1, 1)
LATEST: Final = date(9990, 1, 1)
LONGEST_WAITING: Final = 10  # how many of those who wait are named
_DAY: Final = timedelta(days=1)

# How long it was from one moment to another: by the calendar, or by somebody's business hours.
Measure = Callable[[Moment, Moment], Moment]


class Metric(StrEnum):
    """What can be counted or measured."""

    CREATED = "created"
    SOLVED = "solved"
    UNFINISHED = "unfinished"
    UNANSWERED = "unanswered"
    FIRST_RESPONSE = "first_response"
    NEXT_RESPONSE = "next_response"
    RESOLUTION = "resolution"
    REOPENED = "reopened"
    ONE_TOUCH = "one_touch"
    KEPT = "kept"
    MISSED = "missed"
    REPLIES = "replies"
    RATED = "rated"
    RATED_SOLVED = "rated_solved"


DURATIONS: Final = (Metric.FIRST_RESPONSE, Metric.NEXT_RESPONSE, Metric.RESOLUTION)
# The columns of a table.
TABLE: Final = (
    Metric.CREATED,
    Metric.SOLVED,
    Metric.UNFINISHED,
    Metric.REOPENED,
    Metric.ONE_TOUCH,
    Metric.REPLIES,
    *DURATIONS,
)


class Dimension(StrEnum):
    """By what a table is divided: fields of the ticket, or who did it."""

    AGENT = "agent"
    PRIORITY = "priority"
    CATEGORY = "category"
    STATUS = "status"
    TEAM = "team"


class Age(StrEnum):
    """How long an unfinished ticket has been open: less than so long, and not less than the one before."""

    DAY = "day"
    THREE_DAYS = "three_days"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    OLDER = "older"

    @classmethod
    def of(cls, age: Moment) -> Self:
        """Return where an age belongs; one of exactly a day is a day old."""
        return list(cls)[bisect_right(_AGES, age)]


_AGES: Final = [timedelta(days=days) // MICROSECOND for days in (1, 3, 7, 30, 90)]


def calendar_time(since: Moment, until: Moment) -> Moment:
    """Return how long it was from one moment to another, nights and Sundays included."""
    return until - since


@dataclass(frozen=True, slots=True)
class Period:
    """
    Days of a calendar in a time zone, up to this moment.

    `bounds` are the moments at which its days begin, and the one at which the last of them ends: a day on which clocks
    are changed has 23 hours, or 25.
    """

    first: date
    bounds: tuple[Moment, ...]

    @classmethod
    def of(cls, first: date, last: date, zone: tzinfo, now: datetime) -> Self:
        """Return the days from *first* to *last*, but for those to come; raises InvalidInputError for none or many."""
        last = min(last, now.astimezone(zone).date())
        if not EARLIEST <= first <= last < LATEST:
            raise InvalidInputError("Period", "The first day must be neither after the last one nor after today.")
        if last - first >= LONGEST * _DAY:
            raise InvalidInputError("Period", f"A report covers {LONGEST:,} days at most.")
        days = [first + number * _DAY for number in range((last - first).days + 2)]
        bounds = [microseconds(datetime.combine(day, time.min, zone)) for day in days]
        bounds[-1] = min(bounds[-1], microseconds(now) + 1)  # what happens at this very moment has happened
        return cls(first, tuple(bounds))

    @property
    def days(self) -> list[date]:
        """Its days in their order."""
        return [self.first + number * _DAY for number in range(len(self.bounds) - 1)]

    @property
    def start(self) -> Moment:
        """When it begins."""
        return self.bounds[0]

    @property
    def end(self) -> Moment:
        """The first moment after it."""
        return self.bounds[-1]

    def day_at(self, at: Moment) -> int:
        """Return which of its days a moment of the period belongs to, counted from 0."""
        return bisect_right(self.bounds, at) - 1

    def up_to(self, day: date) -> "Period":
        """Return the same days up to and including this one of them."""
        return Period(self.first, self.bounds[: (day - self.first).days + 2])


@dataclass(frozen=True, slots=True)
class ReportQuery:
    """
    Which days in which zone, which tickets, and by what the table is divided.

    `calendar` is the id of the one by whose open hours durations are measured; by "" nights and weekends count.
    """

    first: date
    last: date
    zone: tzinfo
    tickets: TicketQuery = field(default_factory=TicketQuery)
    by: Dimension = Dimension.AGENT
    calendar: str = ""

    def period(self, now: datetime) -> Period:
        """Return its days as far as they have come; raises InvalidInputError."""
        return Period.of(self.first, self.last, self.zone, now)

    def before(self, now: datetime) -> Period:
        """Return as many days right before them; raises InvalidInputError."""
        period = self.period(now)
        length = len(period.days) * _DAY
        if self.first - length < EARLIEST:
            return Period(self.first, (period.start, period.start))
        return Period.of(self.first - length, self.first - _DAY, self.zone, now)

    def candidates(self, now: datetime) -> TicketQuery:
        """Ask for the tickets that can stand behind a number: none of those that were done with before all its days."""
        since = EPOCH + self.before(now).start * MICROSECOND
        can_count = AnyOf((InStatus(UNFINISHED), During(conditions.Moment.UPDATED, since=since)))
        return self.tickets.model_copy(update={"conditions": (*self.tickets.conditions, can_count)})


@dataclass(frozen=True, slots=True)
class Cell:
    """One number of a report: of the whole period, of a day, of an age, or of one line of its table."""

    metric: Metric
    day: date | None = None
    age: Age | None = None
    group: str | None = None


class Found(NamedTuple):
    """A ticket behind a number, and what was measured of it."""

    number: int
    took: timedelta


class Waiting(NamedTuple):
    """A ticket whose requester waits for an answer: how long by now, how soon it should have one, who works on it."""

    number: int
    took: timedelta
    priority: str
    assignee: str | None


class Spread(NamedTuple):
    """How long something took: of how many, half and most of them, and on average."""

    n: int
    median: timedelta
    p75: timedelta
    p90: timedelta
    mean: timedelta

    @classmethod
    def of(cls, took: Iterable[Moment]) -> "Spread | None":
        """Return the spread of durations; of none there is none."""
        ordered = sorted(took)
        if not ordered:
            return None
        median, p75, p90 = (percentile(ordered, share) for share in (50, 75, 90))
        return cls(len(ordered), median, p75, p90, timedelta(microseconds=sum(ordered) / len(ordered)))


def percentile(ordered: Sequence[Moment], share: int) -> timedelta:
    """
    Return the value below which so many percent lie, between two values in proportion.

    It is type 7 of Hyndman and Fan, "Sample Quantiles in Statistical Packages" (1996), which spreadsheets call
    PERCENTILE.INC; for 50 percent it is the median.
    """
    below, beyond = divmod((len(ordered) - 1) * share, 100)
    above = ordered[min(below + 1, len(ordered) - 1)]
    return timedelta(microseconds=ordered[below] + (above - ordered[below]) * beyond / 100)


@dataclass(frozen=True, slots=True)
class Group:
    """A line of the table: how often what happened, and how long it took."""

    key: str
    counts: dict[Metric, int]
    spreads: dict[Metric, Spread | None]


@dataclass(frozen=True, slots=True)
class Report:
    """
    The figures of a period.

    `days` counts for each metric what happened on each day; of what is unfinished, how much was at the day's end.
    `waiting` are those who have waited longest for an answer. `before` has the spreads of as many days right before.
    `latest` is the moment of the last change that is counted, as `TicketRepository.latest` tells it; until
    `stands_until` nothing is counted anew, whatever changes.
    """

    counted_at: datetime
    days: list[date]
    totals: dict[Metric, int]
    by_day: dict[Metric, list[int]]
    spreads: dict[Metric, Spread | None]
    ages: dict[Age, int]
    groups: list[Group]
    waiting: list[Waiting]
    before: dict[Metric, Spread | None]
    satisfaction: Satisfaction
    latest: str = field(default="", compare=False)
    stands_until: datetime | None = field(default=None, compare=False)
