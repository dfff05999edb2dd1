"""What a report is about, as its address says: its days, which tickets, and the number whose tickets are shown."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Self, TypeVar

from ticketing.domain.conditions import AssignedTo, Condition, InCategory, InStatus, WithPriority
from ticketing.domain.query_language import Asker, read_query
from ticketing.domain.reports import Age, Cell, Dimension, Metric, ReportQuery
from ticketing.domain.statuses import Priority, Status
from ticketing.domain.text import QUERY_LIMIT, printable

PRESETS = (7, 30, 90, 365)
USUAL_DAYS = 30
LONGEST_NAME = 80

Option = TypeVar("Option", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class ReportAddress:
    """What was asked for; the last so many days, unless a first and a last one are named."""

    days: int = USUAL_DAYS
    first: date | None = None
    last: date | None = None
    by: Dimension = Dimension.AGENT
    q: str = ""
    status: Status | None = None
    priority: Priority | None = None
    category: str | None = None
    assignee: str | None = None
    calendar: str = ""
    cell: Cell | None = None
    page: int = 1

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> Self:
        """Read what an address asks for; what it cannot mean is left out."""
        first, last = (_day(parameters.get(name)) for name in ("first", "last"))
        days = _number(parameters.get("days"))
        return cls(
            days=days if days in PRESETS else USUAL_DAYS,
            first=first if last else None,
            last=last if first else None,
            by=_one(Dimension, parameters.get("by")) or Dimension.AGENT,
            q=printable(parameters.get("q", "")[:QUERY_LIMIT]).strip(),
            status=_one(Status, parameters.get("status")),
            priority=_one(Priority, parameters.get("priority")),
            category=_name(parameters.get("category")),
            assignee=_name(parameters.get("assignee")),
            calendar=_name(parameters.get("calendar")) or "",
            cell=_cell(parameters),
            page=max(1, _number(parameters.get("page"))),
        )

    def base(self) -> dict[str, str]:
        """Return what stands in the address of the whole report; what is usual is left out."""
        period = {"first": str(self.first), "last": str(self.last)} if self.first else {"days": str(self.days)}
        chosen = {name: getattr(self, name) for name in ("q", "status", "priority", "category", "assignee", "calendar")}
        usual = {"days": str(USUAL_DAYS), "by": Dimension.AGENT}
        asked = period | {"by": self.by} | {name: value for name, value in chosen.items() if value}
        return {name: str(value) for name, value in asked.items() if usual.get(name) != value}

    def to_address(self) -> dict[str, str]:
        """Return what must stand in the address to come back here."""
        if self.cell is None:
            return self.base()
        cell, page = self.cell, self.page if self.page > 1 else None
        named = {"metric": cell.metric, "day": cell.day, "age": cell.age, "group": cell.group, "page": page}
        return self.base() | {name: str(value) for name, value in named.items() if value is not None}

    def period(self, today: date) -> tuple[date, date]:
        """Return the first and the last of its days."""
        last = self.last or today
        return self.first or last - timedelta(days=self.days - 1), last

    def query(self, asker: Asker) -> ReportQuery:
        """Return the question to the desk, about days in the asker's zone; raises QueryError."""
        tickets = read_query(self.q, asker)
        conditions = (*tickets.conditions, *self._chosen())
        first, last = self.period(asker.at.astimezone(asker.zone).date())
        narrowed = tickets.model_copy(update={"conditions": conditions})
        return ReportQuery(first, last, asker.zone, narrowed, self.by, self.calendar)

    def _chosen(self) -> Iterator[Condition]:
        """Yield what has to hold of the tickets beside the query."""
        if self.status:
            yield InStatus(frozenset({self.status}))
        if self.priority:
            yield WithPriority(frozenset({self.priority}))
        if self.category:
            yield InCategory(frozenset({self.category}))
        if self.assignee:
            yield AssignedTo(frozenset({self.assignee}))


def _cell(parameters: Mapping[str, str]) -> Cell | None:
    metric = _one(Metric, parameters.get("metric"))
    if metric is None:
        return None
    age = _one(Age, parameters.get("age")) if metric is Metric.UNFINISHED else None
    return Cell(metric, _day(parameters.get("day")), age, _name(parameters.get("group")))


def _one(kind: type[Option], text: str | None) -> Option | None:
    return next((option for option in kind if option.value == text), None)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def _name(text: str | None) -> str | None:
    return printable((text or "")[:LONGEST_NAME]) or None


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 7 else 0  # noqa: PLR2004 - as lists
