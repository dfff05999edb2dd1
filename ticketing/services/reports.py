"""Reports: what happened at the desk, in figures of which each can name its tickets."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from time import monotonic

from ticketing.domain import policy
from ticketing.domain.business_time import BusinessTime
from ticketing.domain.calendars import BusinessCalendar
from ticketing.domain.counting import Counting, Naming
from ticketing.domain.errors import UnknownChoiceError
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.queries import UNASSIGNED, Audience
from ticketing.domain.reports import DURATIONS, TABLE, Cell, Found, Group, Measure, Report, ReportQuery, calendar_time
from ticketing.domain.store import Store, Transaction
from ticketing.services.access import Clock, Gate, log_export

KEPT_FOR = timedelta(minutes=1)
# For so long a report stands although something has changed: at a busy desk a tenth of the time is spent on counting.
STANDS_FOR = timedelta(seconds=2)
_REST_PER_COUNT = 9
REPORTS_KEPT = 16


@dataclass(frozen=True, slots=True)
class _Kept:
    """A report that was counted, and the tickets behind some of its numbers, found in the same go."""

    report: Report
    behind: dict[Cell, list[Found]] = field(default_factory=dict)

    def is_fresh(self, now: datetime, latest: str) -> bool:
        """Whether it may be shown as it is, when *latest* is the last change."""
        report = self.report
        stands = report.latest == latest or (report.stands_until is not None and now < report.stands_until)
        return stands and timedelta() <= now - report.counted_at < KEPT_FOR


@dataclass(frozen=True, slots=True)
class _Asked:
    """
    What is asked for, through whose eyes, and by the open hours of which calendar as it is now, if by any.

    `latest` is the last change when it is asked for.
    """

    audience: Audience
    query: ReportQuery
    calendar: BusinessCalendar | None = field(compare=False)
    calendar_version: int
    latest: str = field(compare=False)

    @property
    def measure(self) -> Measure:
        """How long it was from one moment to another."""
        return BusinessTime(self.calendar) if self.calendar else calendar_time


class Reports:
    """
    Figures of all tickets.

    To count a hundred thousand takes about a second. So what was counted is shown to whoever asks the same, for a
    minute or until something changes; `Report.counted_at` says when it was. While changes come in one after another it
    stands for nine times as long as it took to count. Who may see it is found out each time.
    """

    def __init__(self, store: Store, clock: Clock, gate: Gate) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate
        self._turn = threading.Lock()
        self._kept: OrderedDict[_Asked, _Kept] = OrderedDict()

    def overview(self, actor: Actor, query: ReportQuery) -> Report:
        """Return the figures as they are now, or were just now; raises InvalidInputError for days that cannot be."""
        return self._counted(self._asked(actor, query), None).report

    def behind(self, actor: Actor, query: ReportQuery, cell: Cell) -> list[Found]:
        """
        Return the tickets behind a number, what took longest first.

        They are as many as the number that `overview` tells from then on: both are found in one go.
        """
        return self._counted(self._asked(actor, query), cell).behind[cell]

    def table(self, actor: Actor, query: ReportQuery) -> str:
        """
        Return the table of the report as CSV for a spreadsheet.

        Durations are medians in whole seconds; if only open hours count, the names of their columns say so.
        """
        from ticketing.services.moving.tables import as_csv  # noqa: PLC0415 - seldom wanted

        with self._store.write() as tx:
            actor = self._gate.admit(tx, actor)
            policy.require(actor, Action.SEE_REPORTS)
            log_export(tx, actor, "report", self._clock(), first=str(query.first), last=str(query.last))
        unit = "open_seconds" if query.calendar else "seconds"
        columns = [f"{metric}_median_{unit}" if metric in DURATIONS else metric.value for metric in TABLE]
        rows = map(_row, self.overview(actor, query).groups)
        return "".join(as_csv(rows, [query.by.value, *columns]))

    def titles(self, actor: Actor, numbers: Sequence[int]) -> dict[int, str]:
        """Return the titles of tickets that a report names."""
        with self._store.read() as tx:
            return tx.tickets.titles(self._admit(tx, actor), numbers)

    def names(self, actor: Actor, usernames: Sequence[str]) -> dict[str, str]:
        """Return the display names of people that a report names."""
        with self._store.read() as tx:
            self._admit(tx, actor)
            return tx.users.names(set(usernames))

    def _asked(self, actor: Actor, query: ReportQuery) -> _Asked:
        """Return what the actor asks for; all who see the same tickets ask for the same."""
        with self._store.read() as tx:
            audience = self._admit(tx, actor)
            eyes = audience.model_copy(update={"username": ""}) if audience.sees_all else audience
            calendar = tx.definitions(BusinessCalendar).find(query.calendar) if query.calendar else None
            latest = tx.tickets.latest(eyes)
        if query.calendar and calendar is None:
            raise UnknownChoiceError("Calendar", query.calendar)
        return _Asked(eyes, query, calendar, calendar.version if calendar else 0, latest)

    def _admit(self, tx: Transaction, actor: Actor) -> Audience:
        actor = self._gate.admit(tx, actor)
        policy.require(actor, Action.SEE_REPORTS)
        return policy.audience(actor)

    def _counted(self, asked: _Asked, cell: Cell | None) -> _Kept:
        """Return what is kept, or count it; whoever asks meanwhile waits, so that it is counted once."""
        if (kept := self._fresh(asked, cell)) is not None:
            return kept
        with self._store.no_view(), self._turn:
            kept = self._fresh(asked, cell)
            if kept is None:
                self._kept[asked] = kept = self._count(asked, cell)
                self._kept.move_to_end(asked)
            while len(self._kept) > REPORTS_KEPT:
                self._kept.popitem(last=False)
            return kept

    def _fresh(self, asked: _Asked, cell: Cell | None) -> _Kept | None:
        kept = self._kept.get(asked)
        return kept if kept and kept.is_fresh(self._clock(), asked.latest) and cell in {None, *kept.behind} else None

    def _count(self, asked: _Asked, cell: Cell | None) -> _Kept:
        now, measure, began = self._clock(), asked.measure, monotonic()
        counting = Counting(asked.query, now, measure)
        naming = {cell: Naming(asked.query, cell, now, measure)} if cell else {}
        takers: list[Counting | Naming] = [counting, *naming.values()]
        with self._store.read() as tx:
            latest = tx.tickets.latest(asked.audience)
            batches = tx.tickets.facts(asked.audience, asked.query.candidates(now))
        for batch in batches:
            for taker in takers:
                taker.add(batch)
        behind = {cell: each.found() for cell, each in naming.items()}
        took = timedelta(seconds=monotonic() - began)
        stands_until = now + took + max(STANDS_FOR, _REST_PER_COUNT * took)
        return _Kept(replace(counting.report(), latest=latest, stands_until=stands_until), behind)


def _row(group: Group) -> list[str | int | None]:
    cells: list[str | int | None] = [None if group.key == UNASSIGNED else group.key]
    for metric in TABLE:
        spread = group.spreads.get(metric)
        seconds = round(spread.median.total_seconds()) if spread else None
        cells.append(seconds if metric in DURATIONS else group.counts[metric])
    return cells
