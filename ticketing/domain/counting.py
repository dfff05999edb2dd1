"""How a report is counted: each metric finds tickets, and a number is no more than how many it has found."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate, chain, pairwise
from operator import itemgetter
from typing import Final

from ticketing.domain.errors import InvalidInputError
from ticketing.domain.facts import DONE, MICROSECOND, Facts, Moment, microseconds
from ticketing.domain.queries import UNASSIGNED
from ticketing.domain.ratings import Satisfaction
from ticketing.domain.reports import (
    DURATIONS,
    LONGEST_WAITING,
    Age,
    Cell,
    Dimension,
    Found,
    Group,
    Measure,
    Metric,
    Period,
    Report,
    ReportQuery,
    Spread,
    Waiting,
    calendar_time,
)
from ticketing.domain.statuses import Status

# A ticket that a metric has found: when it happened, by whom it was done, and how long it took. A plain tuple, since a
# report makes half a million of them.
Hit = tuple[Facts, Moment, str, Moment]


class _Asked:
    """What the finders are asked: the period, the present moment, and how it is measured how long something took."""

    __slots__ = ("end", "present", "start", "took")

    def __init__(self, period: Period, now: datetime, measure: Measure) -> None:
        self.start, self.end = period.start, period.end
        self.present = microseconds(now)
        self.took = measure


Finder = Callable[[Iterable[Facts], _Asked], Iterator[Hit]]


def _created(tickets: Iterable[Facts], asked: _Asked) -> Iterator[Hit]:
    start, end = asked.start, asked.end
    for facts in tickets:
        opened = facts.opened
        if start <= opened < end:
            yield facts, opened, facts.assignee or UNASSIGNED, 0


def _solved(tickets: Iterable[Facts], asked: _Asked) -> Iterator[Hit]:
    """Find each ticket that became done within the period, once: when it did so last."""
    start, end = asked.start, asked.end
    for facts in tickets:
        if facts.statuses[-1][1] >= start:
            solved = _last_solution(facts, end)
            if solved is not None and solved >= start:
                yield facts, solved, facts.assignee or UNASSIGNED, asked.took(facts.opened, solved)


def _came_back(hit: Hit, asked: _Asked) -> bool:
    """Whether a solved ticket was opened again after a solution within the period, however late."""
    facts = hit[0]
    back = reopenings(facts)
    return bool(back) and back[-1] >= next(at for at in solutions(facts) if at >= asked.start)


def _took_one_reply(hit: Hit, _asked: _Asked) -> bool:
    """Whether one reply of an agent was enough to solve the ticket."""
    facts, solved, *_ = hit
    return [at <= solved for _, at, _ in facts.replies].count(True) == 1


def _unfinished(tickets: Iterable[Facts], asked: _Asked) -> Iterator[Hit]:
    """Find what is not done at the end of the period, with its age by then, for which nights and weekends count."""
    last = asked.end - 1
    for facts in tickets:
        if facts.opened <= last and status_at(facts, last) not in DONE:
            yield facts, last, facts.assignee or UNASSIGNED, last - facts.opened


def _unanswered(tickets: Iterable[Facts], asked: _Asked) -> Iterator[Hit]:
    """Find the open ones whose requester waits for an answer now."""
    for facts in tickets:
        if facts.waiting is not None and facts.status == Status.OPEN:
            yield facts, facts.waiting, facts.assignee or UNASSIGNED, asked.present - facts.waiting


def _first_response(tickets: Iterable[Facts], asked: _Asked) -> Iterator[Hit]:
    start, end = asked.start, asked.end
    for facts in tickets:
        if facts.replies:
            who, at, _ = facts.replies[0]
            if start <= at < end:
                yield facts, at, who, asked.took(facts.opened, at)


def _next_response(tickets: Iterable[Facts], asked: _Asked) -> Iterator[Hit]:
    start, end = asked.start, asked.end
    for facts in tickets:
        for who, at, since in facts.replies[1:]:
            if since is not None and start <= at < end:
                yield facts, at, who, asked.took(since, at)


def _replies(tickets: Iterable[Facts], asked: _Asked) -> Iterator[Hit]:
    start, end = asked.start, asked.end
    for facts in tickets:
        for who, at, _ in facts.replies:
            if start <= at < end:
                yield facts, at, who, 0


def _rated(tickets: Iterable[Facts], asked: _Asked) -> Iterator[Hit]:
    start, end = asked.start, asked.end
    for facts in tickets:
        for at, _, _ in facts.ratings:
            if start <= at < end:
                yield facts, at, facts.assignee or UNASSIGNED, 0


def _rated_solved(tickets: Iterable[Facts], asked: _Asked) -> Iterator[Hit]:
    start, end = asked.start, asked.end
    for facts in tickets:
        for at, solved, _ in facts.ratings:
            if solved and start <= at < end:
                yield facts, at, facts.assignee or UNASSIGNED, 0


_FINDERS: Final[dict[Metric, Finder]] = {
    Metric.CREATED: _created,
    Metric.SOLVED: _solved,
    Metric.UNFINISHED: _unfinished,
    Metric.UNANSWERED: _unanswered,
    Metric.FIRST_RESPONSE: _first_response,
    Metric.NEXT_RESPONSE: _next_response,
    Metric.REPLIES: _replies,
    Metric.RATED: _rated,
    Metric.RATED_SOLVED: _rated_solved,
}
# What is, whereas all other metrics find what has happened.
_STATES: Final = frozenset({Metric.UNFINISHED, Metric.UNANSWERED})
# In which line of the table a ticket is counted.
_LINES: Final[dict[Dimension, Callable[[Hit], str]]] = {
    Dimension.AGENT: itemgetter(2),
    Dimension.PRIORITY: lambda hit: hit[0].priority,
    Dimension.CATEGORY: lambda hit: hit[0].category,
    Dimension.STATUS: lambda hit: hit[0].status,
    Dimension.TEAM: lambda hit: hit[0].team or UNASSIGNED,
}
# Of what is solved, some have something in common.
_AMONG_SOLVED: Final[dict[Metric, Callable[[Hit, _Asked], bool]]] = {
    Metric.REOPENED: _came_back,
    Metric.ONE_TOUCH: _took_one_reply,
    Metric.KEPT: lambda hit, _: hit[0].kept is True,
    Metric.MISSED: lambda hit, _: hit[0].kept is False,
}


def _find(metric: Metric, tickets: Iterable[Facts], asked: _Asked) -> Iterator[Hit]:
    if metric in _AMONG_SOLVED:
        holds = _AMONG_SOLVED[metric]
        return (hit for hit in _solved(tickets, asked) if holds(hit, asked))
    return _FINDERS[Metric.SOLVED if metric is Metric.RESOLUTION else metric](tickets, asked)


def solutions(facts: Facts) -> list[Moment]:
    """Return when the ticket became done; one that came in as done has no solution that anybody knows of."""
    turns = pairwise(facts.statuses)
    return [at for (before, _), (status, at) in turns if status in DONE and before not in DONE]


def _last_solution(facts: Facts, end: Moment) -> Moment | None:
    """Return the last of the solutions before a moment, found from the end without making a list of them."""
    done_at: Moment | None = None
    for status, at in reversed(facts.statuses):
        if status in DONE:
            done_at = at
        elif done_at is not None and done_at < end:
            return done_at
        else:
            done_at = None
    return None


def reopenings(facts: Facts) -> list[Moment]:
    """Return when the ticket was opened again."""
    turns = pairwise(facts.statuses)
    return [at for (before, _), (status, at) in turns if before in DONE and status not in DONE]


def status_at(facts: Facts, at: Moment) -> str:
    """Return the status that the ticket had at a moment of its life."""
    if facts.statuses[-1][1] <= at:
        return facts.status
    return next(status for status, since in reversed(facts.statuses) if since <= at)


@dataclass(slots=True)
class _Tally:
    """What one metric has found so far: on each day, and how long it took in each line of the table."""

    days: list[int]
    took: defaultdict[str, list[Moment]] = field(default_factory=lambda: defaultdict(list))

    def all(self) -> Iterator[Moment]:
        """Return all durations."""
        return chain.from_iterable(self.took.values())

    def total(self) -> int:
        """Return how many there are."""
        return sum(map(len, self.took.values()))


class Counting:
    """Counts a report up, given the facts of all tickets by the batch: few of them are in memory at a time."""

    def __init__(self, query: ReportQuery, now: datetime, measure: Measure = calendar_time) -> None:
        self._now = now
        period = query.period(now)
        self._days, self._bounds = period.days, period.bounds
        self._line = _LINES[query.by]
        self._asked = _Asked(period, now, measure)
        self._asked_before = _Asked(query.before(now), now, measure)
        days = len(self._days)
        self._tallies = {metric: _Tally([0] * days) for metric in Metric}
        self._tallies[Metric.RESOLUTION] = self._tallies[Metric.SOLVED]
        self._before: dict[Metric, list[Moment]] = {metric: [] for metric in DURATIONS}
        self._changes = [0] * (days + 1)
        self._ages = dict.fromkeys(Age, 0)
        self._verdicts: list[tuple[bool, int | None]] = []
        self._waiting: list[tuple[Moment, int, Waiting]] = []

    def add(self, batch: Sequence[Facts]) -> None:
        """Count these tickets in."""
        found = {metric: list(find(batch, self._asked)) for metric, find in _FINDERS.items()}
        for metric, holds in _AMONG_SOLVED.items():
            found[metric] = [hit for hit in found[Metric.SOLVED] if holds(hit, self._asked)]
        for metric, hits in found.items():
            self._tally(metric, hits)
        for *_, age in found[Metric.UNFINISHED]:
            self._ages[Age.of(age)] += 1
        self._waiting += map(_waiting, found[Metric.UNANSWERED])
        older = [facts for facts in batch if facts.opened < self._asked_before.end]
        for metric, took in self._before.items():
            took += [length for *_, length in _find(metric, older, self._asked_before)]
        self._add_backlog(batch)
        self._add_verdicts(batch)

    def _tally(self, metric: Metric, hits: list[Hit]) -> None:
        days, took, bounds, line = self._tallies[metric].days, self._tallies[metric].took, self._bounds, self._line
        for hit in hits:
            took[line(hit)].append(hit[3])
        if metric not in _STATES:
            for _, at, _, _ in hits:
                days[bisect_right(bounds, at) - 1] += 1

    def _add_backlog(self, batch: Sequence[Facts]) -> None:
        """Note on which day each ticket came to what is unfinished, and on which it went."""
        start, ends, changes = self._asked.start, self._bounds[1:], self._changes
        for facts in batch:
            if facts.statuses[-1][1] < start:  # all of it before
                changes[0] += facts.status not in DONE
                continue
            was_done = True
            for status, at in facts.statuses:
                is_done = status in DONE
                if is_done is not was_done:
                    changes[bisect_right(ends, at)] += -1 if is_done else 1
                was_done = is_done

    def _add_verdicts(self, batch: Sequence[Facts]) -> None:
        start, end = self._asked.start, self._asked.end
        for facts in batch:
            self._verdicts += [(solved, score) for at, solved, score in facts.ratings if start <= at < end]

    def report(self) -> Report:
        """Return the figures of all that was counted in."""
        tallies = self._tallies
        for took in (took for metric in DURATIONS for took in tallies[metric].took.values()):
            took.sort()  # once, and all of them together come in order sooner
        by_day = {metric: tally.days for metric, tally in tallies.items()}
        by_day[Metric.UNFINISHED] = list(accumulate(self._changes[:-1]))
        spreads = {metric: Spread.of(tallies[metric].all()) for metric in DURATIONS}
        return Report(
            counted_at=self._now,
            days=self._days,
            totals={metric: tallies[metric].total() for metric in Metric},
            by_day=by_day,
            spreads=spreads,
            ages=self._ages,
            groups=[self._group(key) for key in sorted({key for tally in tallies.values() for key in tally.took})],
            waiting=[waiting for _, _, waiting in sorted(self._waiting)[:LONGEST_WAITING]],
            before={metric: Spread.of(took) for metric, took in self._before.items()},
            satisfaction=Satisfaction.of(self._verdicts),
        )

    def _group(self, key: str) -> Group:
        took = {metric: self._tallies[metric].took.get(key, []) for metric in Metric}
        return Group(
            key,
            {metric: len(found) for metric, found in took.items()},
            {metric: Spread.of(took[metric]) for metric in DURATIONS},
        )


def _waiting(hit: Hit) -> tuple[Moment, int, Waiting]:
    """Return who waits, after what they are put in order by."""
    facts, at, _, waited = hit
    return at, facts.number, Waiting(facts.number, waited * MICROSECOND, facts.priority, facts.assignee)


class Naming:
    """Names the tickets behind a number: as many as it says, given the facts of all tickets by the batch."""

    def __init__(self, query: ReportQuery, cell: Cell, now: datetime, measure: Measure = calendar_time) -> None:
        self._period = query.period(now)
        if cell.day is not None and cell.day not in self._period.days:
            raise InvalidInputError("Period", "That day is not in the period.")
        if cell.day is not None and cell.metric is Metric.UNFINISHED:
            self._period = self._period.up_to(cell.day)
        self._cell = cell
        self._line = _LINES[query.by]
        self._asked = _Asked(self._period, now, measure)
        self._found: list[Found] = []

    def add(self, batch: Sequence[Facts]) -> None:
        """Look through these tickets."""
        hits = _find(self._cell.metric, batch, self._asked)
        self._found += [Found(hit[0].number, hit[3] * MICROSECOND) for hit in hits if self._is_in(hit)]

    def found(self) -> list[Found]:
        """
        Return them, what took longest first.

        A ticket stands there once for each time that it was counted: an agent may have replied twice.
        """
        return sorted(self._found, key=lambda each: (-each.took, each.number))

    def _is_in(self, hit: Hit) -> bool:
        cell, period, (_, at, _, took) = self._cell, self._period, hit
        on_day = cell.day is None or cell.metric in _STATES or period.days[period.day_at(at)] == cell.day
        of_age = cell.age is None or Age.of(took) is cell.age
        return on_day and of_age and cell.group in {None, self._line(hit)}
