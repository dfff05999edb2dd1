"""`/reports`: figures of what happened at the desk; `docs/reports.md` defines each metric."""

from dataclasses import replace
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from ticketing.domain.queries import Sort, TicketQuery
from ticketing.domain.query_language import read_query
from ticketing.domain.reports import Age, Cell, Dimension, Metric, ReportQuery
from ticketing.web.api.calling import Caller, Who
from ticketing.web.api.tickets import Q, Zone
from ticketing.web.api.words import Output, Seconds
from ticketing.web.asking import asker_of

router = APIRouter(prefix="/reports", tags=["reports"])


class SpreadOut(Output):
    """How long something took, in seconds: of how many, half and most of them, and on average."""

    n: int
    median: Seconds
    p75: Seconds
    p90: Seconds
    mean: Seconds


class GroupOut(Output):
    """A line of the table."""

    key: str
    counts: dict[Metric, int]
    spreads: dict[Metric, SpreadOut | None]


class WaitingOut(Output):
    """A ticket whose requester waits for an answer, and for how many seconds by now."""

    number: int
    took: Seconds
    priority: str


class SatisfactionOut(Output):
    """What ratings come to."""

    rated: int
    solved: int
    scores: dict[int, int]


class ReportOut(Output):
    """The figures of a period: counted over all of it, by day, by age, and line by line."""

    counted_at: datetime
    days: list[date]
    totals: dict[Metric, int]
    by_day: dict[Metric, list[int]]
    spreads: dict[Metric, SpreadOut | None]
    ages: dict[Age, int]
    groups: list[GroupOut]
    waiting: list[WaitingOut]
    before: dict[Metric, SpreadOut | None]
    satisfaction: SatisfactionOut


class FoundOut(Output):
    """A ticket behind a number, and what was measured of it, in seconds."""

    number: int
    took: Seconds
    title: str


class Period:
    """Which days, which tickets, and by what the table is divided."""

    def __init__(
        self,
        first: date,
        last: date,
        by: Dimension = Dimension.AGENT,
        q: Q = "",
        zone: Zone = "UTC",
        calendar: Annotated[
            str,
            Query(max_length=80, pattern="^[a-z0-9_-]*$", description="By whose open hours durations are measured."),
        ] = "",
    ) -> None:
        self._first, self._last, self._by = first, last, by
        self._q, self._zone, self._calendar = q, zone, calendar

    def query(self, who: Caller) -> ReportQuery:
        """Return it as a question to the reports, which is the same within a minute."""
        asker = asker_of(who.desk, who.actor, self._zone)
        asker = replace(asker, at=asker.at.replace(second=0, microsecond=0))
        tickets = read_query(self._q, asker, sort=Sort.UPDATED) if self._q else TicketQuery()
        return ReportQuery(self._first, self._last, asker.zone, tickets, self._by, self._calendar)


Asked = Annotated[Period, Depends()]


@router.get("")
def get_report(who: Who, asked: Asked) -> ReportOut:
    """Return the figures of a period, as they are now or were just now."""
    return ReportOut.of(who.desk.reports.overview(who.actor, asked.query(who)))


@router.get("/tickets")
def get_tickets_behind(
    who: Who,
    asked: Asked,
    metric: Metric,
    day: date | None = None,
    age: Age | None = None,
    group: Annotated[str | None, Query(max_length=80)] = None,
) -> list[FoundOut]:
    """List the tickets behind a number, what took longest first; a number is of a day, an age, a line, or of all."""
    found = who.desk.reports.behind(who.actor, asked.query(who), Cell(metric, day, age, group))
    titles = who.desk.reports.titles(who.actor, [one.number for one in found])
    return [FoundOut(number=one.number, took=one.took, title=titles.get(one.number, "")) for one in found]


@router.get("/table", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
def get_table(who: Who, asked: Asked) -> Response:
    """Return the table of a report as CSV; durations are in whole seconds."""
    return Response(who.desk.reports.table(who.actor, asked.query(who)), media_type="text/csv")


@router.get("/names")
def get_names(who: Who, usernames: Annotated[list[str], Query(max_length=100)]) -> dict[str, str]:
    """Return the display names of people whom a report names."""
    return who.desk.reports.names(who.actor, usernames)


@router.get("/counts")
def count_tickets(
    who: Who, q: Annotated[list[Annotated[str, Field(max_length=500)]], Query(max_length=20)], zone: Zone = "UTC"
) -> list[int]:
    """Count the tickets that each of some queries asks for, as the caller may see them, all at one moment."""
    asker = asker_of(who.desk, who.actor, zone)
    counts = who.desk.tickets.counts(who.actor, {place: read_query(text, asker) for place, text in enumerate(q)})
    return list(counts.values())
