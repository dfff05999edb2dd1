"""The dashboard and the reports: what is asked for, and what of it stands on the page."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from ticketing.domain.calendars import BusinessCalendar
from ticketing.domain.people import Actor
from ticketing.domain.queries import UNASSIGNED
from ticketing.domain.query_language import Asker
from ticketing.domain.reports import Cell, Dimension, Metric, Report, ReportQuery
from ticketing.ui import report_blocks as blocks
from ticketing.ui.feedback import shown_errors
from ticketing.ui.filters import asker_of
from ticketing.ui.live import hold_the_line, stay_up_to_date_after
from ticketing.ui.packing import component, packed, reported
from ticketing.ui.pages import safe_target
from ticketing.ui.report_address import PRESETS, ReportAddress
from ticketing.ui.session import desk, go_to
from ticketing.ui.times import zone
from ticketing.ui.wording import t

_mount = component("report")


def dashboard(actor: Actor) -> None:
    """Draw how the desk is doing, and who waits."""
    asked = _asked("dashboard")
    address = ReportAddress(days=asked.days, calendar=asked.calendar)
    measures = _measures(_calendars(actor, address.calendar))
    report: Report | None = None
    shown: list[blocks.Block] = []
    with shown_errors():
        report = desk().reports.overview(actor, address.query(_asker(actor)))
        shown = [
            blocks.tiles(
                *blocks.queue_tiles(actor),
                blocks.counted(report, Metric.UNANSWERED),
                blocks.measured(report, Metric.FIRST_RESPONSE, without_days=bool(address.calendar)),
            ),
            blocks.chart(report, t("report.created_solved"), [Metric.CREATED, Metric.SOLVED]),
            blocks.ages(report),
            blocks.chart(report, t("report.backlog"), [Metric.UNFINISHED]),
            blocks.own_work(actor, report),
            blocks.chart(report, t("report.rated"), [Metric.RATED, Metric.RATED_SOLVED]),
            blocks.satisfaction(report),
            blocks.waiting(actor, report),
        ]
    _draw("dashboard", address, report, shown, measures=measures)


def reports(actor: Actor) -> None:
    """Draw the figures of a period, the tickets behind one of them, and a table to take along."""
    address, asker = _asked("reports"), _asker(actor)
    calendars = _calendars(actor, address.calendar)
    report: Report | None = None
    shown: list[blocks.Block] = []
    with shown_errors():
        query = address.query(asker)
        shown = [_behind(actor, address.cell, query, address.page)] if address.cell else []
        report = desk().reports.overview(actor, query)
        shown += _figures(actor, address, report, calendars.get(address.calendar))
    _draw("reports", address, report, shown, _form(actor, address, asker, calendars))
    if report is not None:
        _offer_table(actor, query)


def _offer_table(actor: Actor, query: ReportQuery) -> None:
    st.download_button(
        t("report.download"),
        data=lambda: desk().reports.table(actor, query),
        file_name=f"report-{query.first}-{query.last}.csv",
        mime="text/csv",
        key="download",
        icon=":material/download:",
        on_click="ignore",
    )


def _calendars(actor: Actor, chosen: str) -> dict[str, str]:
    """Return the names of the calendars that time can be measured by, and of the chosen one if it was removed."""
    removed = desk().definitions.all(actor, BusinessCalendar, removed=True) if chosen else []
    there = [one for one in removed if one.id == chosen] + desk().definitions.all(actor, BusinessCalendar)
    return {calendar.id: calendar.name for calendar in there}


def _measures(calendars: Mapping[str, str]) -> list[list[str]]:
    """Return by what time can be measured; nothing where there is no choice."""
    by_hours = [[key, t("report.while_open", calendar=name)] for key, name in calendars.items()]
    return [["", t("report.always")], *by_hours] if by_hours else []


def _figures(actor: Actor, address: ReportAddress, report: Report, calendar: str | None) -> list[blocks.Block]:
    names = blocks.line_names(actor, [group.key for group in report.groups], address.by)
    promised = blocks.PROMISED if any(report.totals[metric] for metric in blocks.PROMISED) else ()
    return [
        blocks.tiles(*(blocks.counted(report, metric) for metric in (*_COUNTED, *promised))),
        blocks.spreads(report, calendar),
        blocks.chart(report, t("report.created_solved"), [Metric.CREATED, Metric.SOLVED]),
        blocks.ages(report),
        blocks.chart(report, t("report.rated"), [Metric.RATED, Metric.RATED_SOLVED]),
        blocks.satisfaction(report),
        blocks.chart(report, t("report.backlog"), [Metric.UNFINISHED], broad=True),
        blocks.table(report, address.by, names, without_days=calendar is not None),
    ]


_COUNTED = (Metric.CREATED, Metric.SOLVED, Metric.UNFINISHED, Metric.REOPENED, Metric.ONE_TOUCH)


def _asked(page: str) -> ReportAddress:
    """Return what is to be shown: what was clicked, or else what the address says; another page is gone to."""
    clicked = reported(page, "asked")
    if not isinstance(clicked, str):
        return ReportAddress.of(st.query_params.to_dict())
    name, _, parameters = clicked.partition("?")
    if name != page:
        name, _, parameters = safe_target(clicked).partition("?")
        if name:
            go_to(name, **dict(parse_qsl(parameters)))
    address = ReportAddress.of(dict(parse_qsl(parameters)))
    st.query_params.from_dict(address.to_address())
    return address


def _asker(actor: Actor) -> Asker:
    """Return who asks, and in which minute: what it means today is the same for all that a minute's report tells."""
    return replace(asker_of(actor), at=desk().clock().replace(second=0, microsecond=0))


def _behind(actor: Actor, cell: Cell, query: ReportQuery, page: int) -> blocks.Block:
    found = desk().reports.behind(actor, query, cell)
    heading = _heading(actor, cell, query)
    return blocks.behind(actor, cell, found, page, heading, without_days=bool(query.calendar))


def _heading(actor: Actor, cell: Cell, query: ReportQuery) -> str:
    """Return what a number counts: a metric, and where it is one of a day, an age or a line of the table."""
    parts = [t(f"metric.{cell.metric}")]
    if cell.day:
        parts.append(f"{cell.day:%Y-%m-%d}")
    if cell.age:
        parts.append(t(f"age.{cell.age}"))
    if cell.group:
        names = blocks.line_names(actor, [cell.group], query.by)
        parts.append(blocks.line_name(cell.group, query.by, names))
    return t("report.part").join(parts)


def _form(actor: Actor, address: ReportAddress, asker: Asker, calendars: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields that a report is narrowed by, each with what is chosen and what may be."""
    anything: list[Any] = [["", t("report.anything")]]
    choices: list[list[Any]] = [
        [by.value, t(f"dimension.{by}"), getattr(address, by.value) or "", anything + list(options.items())]
        for by, options in blocks.options(actor, address.category).items()
    ]
    agents = [["", t("filters.anyone")], [UNASSIGNED, t("ticket.unassigned")]]
    agents += [[name, shown] for name, shown in desk().agents.assignable(actor).items()]
    choices.append(["assignee", t("filters.assignee"), address.assignee or "", agents])
    dimensions = [[by.value, t(f"dimension.{by}")] for by in Dimension]
    choices.append(["by", t("report.by"), address.by.value, dimensions])
    if measures := _measures(calendars):
        choices.append(["calendar", t("report.calendar"), address.calendar, measures])
    first, last = address.period(asker.at.astimezone(asker.zone).date())
    days = [["first", t("report.first"), str(first)], ["last", t("report.last"), str(last)]]
    query = ["q", t("report.query"), address.q, t("report.query_hint")]
    return {"days": days, "choices": choices, "query": query, "apply": t("report.apply")}


def _draw(
    page: str,
    address: ReportAddress,
    report: Report | None,
    shown: list[blocks.Block],
    form: dict[str, Any] | None = None,
    measures: Sequence[list[str]] = (),
) -> None:
    other = "reports" if page == "dashboard" else "dashboard"
    there = urlencode({"days": address.days} | ({"calendar": address.calendar} if address.calendar else {}))
    _mount(
        key=page,
        data=packed(
            {
                "page": page,
                "title": t(f"page.{page}"),
                "other": [f"{other}?{there}", t(f"page.{other}")],
                "presets": [[days, t("report.days", n=days), _is_chosen(days, address)] for days in PRESETS],
                "measures": [[key, word, key == address.calendar] for key, word in measures],
                "base": address.base(),
                "counted": _counted(report.counted_at) if report else "",
                "blocks": shown,
                "form": form,
                "words": _words(),
            }
        ),
        on_asked_change=_noted,
    )
    _stay_up_to_date(report)


def _stay_up_to_date(report: Report | None) -> None:
    """Have the page drawn anew when something has changed since its figures were counted, if there are any."""
    if report is None or report.stands_until is None:
        hold_the_line()
    else:
        stay_up_to_date_after(report.latest, report.stands_until - desk().clock())


def _is_chosen(days: int, address: ReportAddress) -> bool:
    return address.first is None and address.days == days


def _counted(at: datetime) -> str:
    where = zone()
    return t("report.counted", at=f"{at.astimezone(where):%H:%M:%S}")


def _noted() -> None:
    """Declare that a name may come back; what to do about it is decided when the page runs."""


def _words() -> dict[str, str]:
    return {
        "how": t("report.how", metric="{metric}"),
        "period": t("report.period"),
        "measures": t("report.calendar"),
        "table": t("report.as_table"),
        "day": t("report.day"),
        "bar": t("report.bar", series="{series}", day="{day}", n="{n}"),
        "close": t("report.close"),
        "pages": t("table.pages"),
        "page": t("table.page", page="{page}"),
        "previous": t("table.previous_page"),
        "next": t("table.next_page"),
        "nothing": t("report.empty_chart"),
    }
