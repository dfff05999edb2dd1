"""A report in the pieces that `report.js` draws: tiles, charts, bars, tables, and lists of tickets."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from ticketing.domain.people import Actor
from ticketing.domain.queries import UNASSIGNED, Sort, TicketQuery, View
from ticketing.domain.query_language import Asker, read_query
from ticketing.domain.reports import DURATIONS, TABLE, Cell, Dimension, Found, Group, Metric, Report, Spread
from ticketing.domain.sla import SlaPolicy
from ticketing.domain.statuses import Priority, Status
from ticketing.domain.teams import Team
from ticketing.ui.categories import category_names, offered_categories
from ticketing.ui.session import desk
from ticketing.ui.times import duration
from ticketing.ui.wording import t

PAGE_SIZE: Final = 25
PROMISED: Final = (Metric.KEPT, Metric.MISSED)
# What happens at a moment and takes no time.
_AT_A_MOMENT: Final = frozenset({Metric.CREATED, Metric.REPLIES, Metric.RATED, Metric.RATED_SOLVED})
_OVERDUE: Final = "is:overdue"
_TICKET: Final = (t("table.number"), t("table.title"))
# The words for what the fields of a ticket may hold, whatever the desk.
OPTIONS: Final[dict[Dimension, dict[str, str]]] = {
    Dimension.PRIORITY: {priority.value: t(f"priority.{priority}") for priority in Priority},
    Dimension.STATUS: {status.value: t(f"status.{status}") for status in Status},
}

# As `report.js` takes them: a number is a text and what it opens, a cell or an address.
Block = dict[str, Any]
Link = list[str | None] | str | None


def link(cell: Cell) -> list[str | None]:
    """Return a cell as the browser makes an address of it."""
    return [cell.metric, str(cell.day) if cell.day else None, cell.age, cell.group]


def tile(label: str, value: str, opens: Link, how: str, note: Sequence[str] = ()) -> list[Any]:
    """Return a large figure: its name, itself, what it opens, how it is counted, and a word below it with its tone."""
    return [label, value, opens, how, note]


def counted(report: Report, metric: Metric) -> list[Any]:
    """Return the tile of a metric that is counted; of what was solved or promised, some are told as a share too."""
    total, solved = report.totals[metric], report.totals[Metric.SOLVED]
    note = []
    if metric in {Metric.REOPENED, Metric.ONE_TOUCH} and solved:
        note = [t("report.of_solved", share=100 * total / solved), "gray"]
    elif metric in PROMISED and (promised := sum(report.totals[one] for one in PROMISED)):
        note = [t("report.of_promised", share=100 * total / promised), "gray"]
    return tile(t(f"metric.{metric}"), f"{total:,}", link(Cell(metric)), t(f"how.{metric}"), note)


def measured(report: Report, metric: Metric, *, without_days: bool) -> list[Any]:
    """Return the tile of a duration: its median, and how that has changed since as many days before."""
    spread, before = report.spreads[metric], report.before[metric]
    value = duration(spread.median, without_days=without_days) if spread else t("report.nothing")
    label = t("report.median_of", metric=t(f"metric.{metric}"))
    return tile(
        label, value, link(Cell(metric)), t(f"how.{metric}"), _change(spread, before, without_days=without_days)
    )


def _change(spread: Spread | None, before: Spread | None, *, without_days: bool = False) -> list[str]:
    if spread is None or before is None:
        return [t("report.nothing_before"), "gray"]
    change = spread.median - before.median
    if abs(change) < timedelta(minutes=1):
        return [t("report.unchanged"), "gray"]
    grew = change > timedelta()
    by = duration(abs(change), without_days=without_days)
    return [t("report.longer" if grew else "report.shorter", by=by), "red" if grew else "green"]


def tiles(*shown: list[Any]) -> Block:
    """Return figures side by side."""
    return {"kind": "tiles", "tiles": shown}


def chart(report: Report, title: str, metrics: Sequence[Metric], *, broad: bool = False) -> Block:
    """Return bars for each day, of several metrics side by side; *broad* as the page is."""
    return {
        "kind": "chart",
        "broad": broad,
        "title": title,
        "first": str(report.days[0]),
        "series": [[metric, t(f"metric.{metric}"), t(f"how.{metric}"), report.by_day[metric]] for metric in metrics],
    }


def ages(report: Report) -> Block:
    """Return how long what is unfinished has been open."""
    lines = [[t(f"age.{age}"), n, link(Cell(Metric.UNFINISHED, age=age))] for age, n in report.ages.items()]
    return {"kind": "bars", "title": t("report.ages"), "how": t("how.ages"), "lines": lines}


def spreads(report: Report, calendar: str | None) -> Block:
    """
    Return how long things took: median, and what holds for most, before the mean.

    *calendar* is the name of the one whose open hours alone count.
    """
    lines = []
    for metric in DURATIONS:
        spread = report.spreads[metric]
        opens = link(Cell(metric)) if spread else None
        values = [duration(took, without_days=bool(calendar)) for took in spread[1:]] if spread else [""] * 4
        lines.append([[t(f"metric.{metric}"), None], [f"{spread.n if spread else 0:,}", opens], *_plain(values)])
    columns = [[t("report.duration"), ""], [t("report.n"), ""], [t("report.median"), t("how.median")]]
    columns += [[t(f"report.{name}"), t(f"how.{name}")] for name in ("p75", "p90", "mean")]
    title = t("report.durations_by", calendar=calendar) if calendar else t("report.durations")
    return {"kind": "table", "title": title, "columns": columns, "lines": lines}


def table(report: Report, by: Dimension, names: dict[str, str], *, without_days: bool) -> Block:
    """Return the metrics by agent, or by a field of the tickets; each number opens its tickets."""
    columns = [[t(f"dimension.{by}"), t(f"how.by_{by}")]]
    columns += [[t(f"metric.{metric}"), t(f"how.{metric}")] for metric in TABLE]
    groups = (
        sorted(report.groups, key=lambda group: _place(group.key, names)) if by is Dimension.CATEGORY else report.groups
    )
    lines = [[[line_name(group.key, by, names), None], *_cells(group, without_days=without_days)] for group in groups]
    title = t("report.table", by=t(f"dimension.{by}"))
    return {"kind": "table", "title": title, "columns": columns, "lines": lines}


def _place(key: str, names: dict[str, str]) -> int:
    return list(names).index(key) if key in names else len(names)


def _cells(group: Group, *, without_days: bool) -> list[list[Any]]:
    cells: list[list[Any]] = []
    for metric in TABLE:
        n = group.counts[metric]
        spread = group.spreads.get(metric)
        took = duration(spread.median, without_days=without_days) if spread else ""
        text = took if metric in DURATIONS else f"{n:,}"
        cells.append([text, link(Cell(metric, group=group.key)) if n else None])
    return cells


def options(actor: Actor, present: str | None) -> dict[Dimension, dict[str, str]]:
    """Return the words for what a report can be narrowed to, field by field; *present* is the category it is about."""
    categories = offered_categories(actor, [present] if present else [])
    return {
        Dimension.PRIORITY: OPTIONS[Dimension.PRIORITY],
        Dimension.CATEGORY: categories,
        Dimension.STATUS: OPTIONS[Dimension.STATUS],
    }


def line_name(key: str, by: Dimension, names: dict[str, str]) -> str:
    """Return what a line of the table is called; *names* are those of agents, teams or categories."""
    if key == UNASSIGNED:
        return t("ticket.no_team") if by is Dimension.TEAM else t("ticket.unassigned")
    return OPTIONS.get(by, names).get(key, key)


def line_names(actor: Actor, keys: Sequence[str], by: Dimension) -> dict[str, str]:
    """Return the names of the agents, teams or categories that lines of the table are about."""
    if by is Dimension.AGENT:
        return desk().reports.names(actor, keys)
    if by is Dimension.CATEGORY:
        return category_names(actor)
    if by is Dimension.TEAM:
        teams = [team for gone in (True, False) for team in desk().definitions.all(actor, Team, removed=gone)]
        return {team.id: team.name for team in teams}
    return {}


def own_work(actor: Actor, report: Report) -> Block:
    """Return what is the actor's: what they have to do, and what they did."""
    group = next((group for group in report.groups if group.key == actor.username), None)
    lines: list[list[Any]] = []
    for metric in (Metric.UNFINISHED, Metric.UNANSWERED, Metric.SOLVED, Metric.REPLIES):
        n = group.counts[metric] if group else 0
        lines.append([t(f"metric.{metric}"), n, link(Cell(metric, group=actor.username)) if n else None])
    return {"kind": "bars", "title": t("report.own_work"), "how": t("how.by_agent"), "lines": lines}


def satisfaction(report: Report) -> Block:
    """Return what requesters said of solutions: how many, how many of them were one, and how often each score."""
    said = report.satisfaction
    lines: list[list[Any]] = [
        [t(f"metric.{metric}"), report.totals[metric], link(Cell(metric)) if report.totals[metric] else None]
        for metric in (Metric.RATED, Metric.RATED_SOLVED)
    ]
    lines += [[t(f"rating.score.{score}"), times, None] for score, times in sorted(said.scores.items(), reverse=True)]
    facts = [t("report.satisfaction")]
    facts += [] if said.share_solved is None else [t("report.share_solved", share=100 * said.share_solved)]
    facts += [] if said.mean_score is None else [t("report.mean_score", mean=said.mean_score)]
    return {"kind": "bars", "title": t("report.part").join(facts), "how": t("how.satisfaction"), "lines": lines}


def queue_tiles(actor: Actor) -> list[list[Any]]:
    """Return what the queue holds at this moment, as its views count it, and what is late if anything is promised."""
    views = (View.OPEN, View.UNASSIGNED)
    queries: dict[str, TicketQuery] = {view: view.query(actor.username, desk().clock()) for view in views}
    is_promised = bool(desk().definitions.all(actor, SlaPolicy))
    if is_promised:
        queries[_OVERDUE] = read_query(_OVERDUE, Asker(actor.username, desk().clock()))
    counts = desk().tickets.counts(actor, queries)
    shown = [
        tile(t(f"view.{view}"), f"{counts[view]:,}", f"all_tickets?view={view}", t(f"how.view_{view}"))
        for view in views
    ]
    if is_promised:
        address = f"all_tickets?view={View.ALL}&q={_OVERDUE}&sort={Sort.DUE}"
        shown.append(tile(t("report.overdue"), f"{counts[_OVERDUE]:,}", address, t("how.overdue")))
    return shown


def waiting(actor: Actor, report: Report) -> Block:
    """Return who has waited longest for an answer."""
    assignees = {each.assignee for each in report.waiting if each.assignee}
    names = desk().reports.names(actor, sorted(assignees))
    columns = [*_TICKET, t("table.assignee"), t("table.priority"), t("took.unanswered")]
    rest = [
        [
            names.get(each.assignee, each.assignee) if each.assignee else t("ticket.unassigned"),
            t(f"priority.{each.priority}"),
            duration(each.took),
        ]
        for each in report.waiting
    ]
    return {
        "kind": "tickets",
        "title": t("report.waiting"),
        "how": t("how.unanswered"),
        "columns": columns,
        "empty": t("report.nobody_waits"),
        "lines": _tickets(actor, [each.number for each in report.waiting], rest),
    }


def behind(actor: Actor, cell: Cell, found: Sequence[Found], page: int, heading: str, *, without_days: bool) -> Block:
    """Return the tickets behind a number, a page of them."""
    pages = max(1, -(-len(found) // PAGE_SIZE))
    page = min(page, pages)
    shown = found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    has_length = cell.metric not in _AT_A_MOMENT
    # How long something has been going on is told by the calendar always.
    without_days = without_days and cell.metric not in {Metric.UNFINISHED, Metric.UNANSWERED}
    rest = [[duration(each.took, without_days=without_days)] if has_length else [] for each in shown]
    return {
        "kind": "tickets",
        "title": t("report.behind", what=heading, n=len(found)),
        "how": t(f"how.{cell.metric}"),
        "columns": [*_TICKET, *([t(f"took.{cell.metric}")] if has_length else [])],
        "empty": t("report.none"),
        "lines": _tickets(actor, [each.number for each in shown], rest),
        "behind": [link(cell), page, pages],
    }


def _tickets(actor: Actor, numbers: Sequence[int], rest: Sequence[Sequence[str]]) -> list[list[Any]]:
    titles = desk().reports.titles(actor, numbers)
    return [
        [number, t("report.number", number=number), titles.get(number, ""), *more]
        for number, more in zip(numbers, rest, strict=True)
    ]


def _plain(texts: Sequence[str]) -> list[list[Any]]:
    return [[text, None] for text in texts]
