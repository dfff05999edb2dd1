"""Lists of tickets: from a page of summaries to the table on the screen."""

from collections.abc import Container, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Literal

from ticketing.domain.custom_fields import PUBLIC, CustomField
from ticketing.domain.errors import QueryError
from ticketing.domain.filters import own
from ticketing.domain.people import Actor
from ticketing.domain.preferences import Column, QueuePreferences
from ticketing.domain.queries import Page, Sort, TicketQuery, TicketSummary, View
from ticketing.domain.query_language import Asker
from ticketing.domain.statuses import Priority, Status
from ticketing.services.preferences import Columns
from ticketing.ui.bulk import choose_several
from ticketing.ui.categories import category_names
from ticketing.ui.custom_fields import in_a_line
from ticketing.ui.due_times import Urgency, urgency
from ticketing.ui.feedback import shown_errors
from ticketing.ui.filters import ListFilters, asker_of
from ticketing.ui.list_table import (
    Asked,
    Empty,
    ListFoot,
    ListHead,
    ListOrder,
    OwnColumn,
    TicketRow,
    asked_of_list,
    ticket_list,
)
from ticketing.ui.live import shown_since
from ticketing.ui.session import desk, go_to, go_to_ticket
from ticketing.ui.times import ago
from ticketing.ui.trail import note_list
from ticketing.ui.wording import t

Tone = Literal["gray", "blue", "green", "orange", "red", "violet"]

STATUS_TONES: dict[Status, Tone] = {
    Status.OPEN: "blue",
    Status.PENDING: "orange",
    Status.ON_HOLD: "gray",
    Status.RESOLVED: "green",
    Status.CLOSED: "gray",
}
PRIORITY_TONES: dict[Priority, Tone] = {
    Priority.LOW: "gray",
    Priority.NORMAL: "blue",
    Priority.HIGH: "orange",
    Priority.URGENT: "red",
}

_FIRST_COLUMNS = ("number", "title")
_USUAL_COLUMNS = (Column.REQUESTER, Column.STATUS, Column.PRIORITY, Column.ASSIGNEE, Column.DUE, Column.UPDATED)
_OWN_COLUMNS: dict[str, str | OwnColumn] = dict.fromkeys(
    (*_FIRST_COLUMNS, "status", "category", "assignee", "updated"), ""
)
_NO_CHOICE = Columns()
_NOT_DUE = Urgency("", "", "gray")
_SORTS = {
    "number": (Sort.NEWEST, Sort.OLDEST),
    "updated": (Sort.UPDATED, Sort.LEAST_RECENTLY_UPDATED),
    "priority": (Sort.PRIORITY, Sort.LEAST_URGENT),
    "due": (Sort.DUE, Sort.DUE),
}
_SORTED_BY = {
    Sort.NEWEST: ("number", "descending"),
    Sort.OLDEST: ("number", "ascending"),
    Sort.UPDATED: ("updated", "descending"),
    Sort.LEAST_RECENTLY_UPDATED: ("updated", "ascending"),
    Sort.PRIORITY: ("priority", "descending"),
    Sort.LEAST_URGENT: ("priority", "ascending"),
    Sort.DUE: ("due", "ascending"),
}


def queue(actor: Actor) -> None:
    """Draw everybody's tickets, for agents; with when they are due, where anything is promised."""
    preferences = desk().preferences
    _draw(actor, "all_tickets", View.OPEN, preferences.own(actor), preferences.columns(actor))


def own_tickets(actor: Actor) -> None:
    """Draw the tickets that the person opened or watches."""
    _draw(actor, "my_tickets", View.ALL)


def status_label(status: Status, *, is_new: bool, for_agent: bool) -> str:
    """Return the word for a status, which is another for the two sides of the desk."""
    if for_agent:
        return t("status.new") if is_new else t(f"status.{status}")
    return t(f"status_for_requester.{status}")


def _draw(
    actor: Actor,
    name: str,
    default_view: View,
    preferences: QueuePreferences | None = None,
    offered: Columns = _NO_CHOICE,
) -> None:
    """Draw the queue as somebody prefers it, with some of the columns on *offer*; or without preferences one's own."""
    key, for_agent = f"{name}_list", preferences is not None
    asked = asked_of_list(key)
    filters = ListFilters(actor, name, default_view, preferences, is_first=asked.is_first)
    _leave_for(asked)
    if for_agent:
        _do_for_agent(actor, filters, asked, offered)
    if asked.filters is not None:
        filters.change(asked.filters)
    filters.write()
    asker = asker_of(actor)
    now, where = asker.at, asker.zone
    fields = [field for field in offered.fields if field.id in filters.preferences.fields]
    page, sort, problem = _found(actor, filters, asker, fields, for_agent=for_agent)
    preferred = _preferred_columns(filters.preferences, offered.usual)
    columns = _columns(preferred, offered.usual) | _own_columns(fields, page.items) if for_agent else _OWN_COLUMNS
    names = category_names(actor) if Column.CATEGORY in columns else {}
    note_list(name, filters.now, [ticket.number for ticket in page.items], is_own=not for_agent)
    head = filters.head(problem, _choice_of_columns(offered, preferred, fields))
    ticket_list(
        [_row(ticket, names, now, where, columns, for_agent=for_agent) for ticket in page.items],
        head,
        _order(sort, columns),
        ListFoot(
            _range(page),
            page.page,
            page.pages,
            page.total,
            can_choose=for_agent,
            export=filters.export_address(where),
        ),
        key=key,
        empty=_empty(head, for_agent=for_agent),
        columns=columns,
        live=shown_since(now),
    )


def _leave_for(asked: Asked) -> None:
    """Go to the ticket, or to the form of a new one, that was asked for."""
    if asked.opened is not None:
        go_to_ticket(asked.opened)
    if asked.new_ticket:
        go_to("new_ticket")


def _do_for_agent(actor: Actor, filters: ListFilters, asked: Asked, offered: Columns) -> None:
    """Do what the queue offers beside what every list does."""
    if asked.save_view:
        go_to("desk_setup", kind="views", id="new", query=filters.to_save())
    if asked.chosen or asked.all_chosen:
        _change_chosen(actor, filters, asked)
    _prefer(actor, filters, asked, offered)


def _prefer(actor: Actor, filters: ListFilters, asked: Asked, offered: Columns) -> None:
    """Keep what the person chose to begin with, and which columns to see."""
    with shown_errors():
        if asked.prefer is not None:
            filters.prefer(wanted=asked.prefer)
        if asked.columns is not None:
            chosen = {column for column in offered.usual if column in asked.columns}
            fields = [field.id for field in offered.fields if _name(field) in asked.columns]
            is_usual = chosen == _usual(offered.usual)
            filters.preferences = desk().preferences.show_columns(actor, None if is_usual else chosen, fields)


def _usual(offered: Sequence[Column]) -> set[Column]:
    return {column for column in _USUAL_COLUMNS if column in offered}


def _preferred_columns(preferences: QueuePreferences, offered: Sequence[Column]) -> set[Column]:
    return _usual(offered) if preferences.columns is None else set(preferences.columns) & set(offered)


def _columns(preferred: set[Column], offered: Sequence[Column]) -> dict[str, str | OwnColumn]:
    """Return the columns of the queue, each with where it stands: on a phone, these are the same for everybody."""
    usual = _usual(offered)
    chosen: dict[str, str | OwnColumn] = {
        column.value: "" if column in preferred & usual else "wide" if column in preferred else "narrow"
        for column in offered
        if column in preferred | usual
    }
    return dict.fromkeys(_FIRST_COLUMNS, "") | chosen


def _choice_of_columns(
    offered: Columns, preferred: set[Column], fields: Sequence[CustomField]
) -> list[tuple[str, str, bool]]:
    """Return what can be chosen: name, word, and whether it is."""
    return [
        *((column.value, t(f"table.{column}"), column in preferred) for column in offered.usual),
        *((_name(field), field.name, field in fields) for field in offered.fields),
    ]


def _own_columns(fields: Sequence[CustomField], lines: Sequence[TicketSummary]) -> dict[str, str | OwnColumn]:
    """Return the custom fields as columns; their values have come along with the lines."""
    return {
        _name(field): OwnColumn(field.name, [in_a_line(line.values[place]) for line in lines])
        for place, field in enumerate(fields)
    }


def _name(field: CustomField) -> str:
    return f"{PUBLIC}{field.id}"


def _change_chosen(actor: Actor, filters: ListFilters, asked: Asked) -> None:
    """Go on with the tickets that were ticked, or with all of the list as it was drawn."""
    with shown_errors():
        if asked.all_chosen:
            query = filters.drawn.query(asker_of(actor))
            choose_several(desk().bulk.choose(actor, query))
        choose_several(asked.chosen)


def _found(
    actor: Actor, filters: ListFilters, asker: Asker, fields: Sequence[CustomField], *, for_agent: bool
) -> tuple[Page[TicketSummary], Sort, str]:
    """Return the page asked for and its order; or one without tickets, and what is wrong with the words typed."""
    try:
        query = filters.now.query(asker)
    except QueryError as error:
        return Page(items=(), total=0, page=1, size=filters.now.size), filters.now.sort, str(error)
    keys = [field.id for field in fields]
    return _page(actor, query if for_agent else own(actor, query), keys), query.sort, ""


def _page(actor: Actor, query: TicketQuery, fields: Sequence[str]) -> Page[TicketSummary]:
    """Return the page asked for, or the last one if the list is shorter by now."""
    page = desk().tickets.search(actor, query, fields)
    if not page.items and query.page > 1:
        page = desk().tickets.search(actor, query.model_copy(update={"page": page.pages}), fields)
    return page


def _empty(head: ListHead, *, for_agent: bool) -> Empty:
    """Return what is said of a list without rows: a person without a ticket is helped by no other view or filter."""
    count = {view: count for view, _word, count in head.views}
    if not for_agent and not count[View.ALL]:
        action = ("new_ticket", t("empty.own_action"))
        return Empty("confirmation_number", t("empty.own"), t("empty.own_text"), action)
    if head.problem:
        return Empty("search_off", t("empty.problem"), t("empty.problem_text"), ("clear", t("empty.clear")))
    if head.text or head.narrowing:
        return Empty("search_off", t("empty.no_match"), t("empty.no_match_text"), ("clear", t("empty.clear")))
    view = f"queue_{head.view}" if for_agent else "own_view"
    return Empty("inbox", t(f"empty.{view}"), t(f"empty.{view}_text"))


def _order(sort: Sort, columns: Container[str]) -> ListOrder:
    offered = [each for each in Sort if each is not Sort.DUE or "due" in columns]
    return ListOrder(
        {each.value: t(f"sort.{each.name.lower()}") for each in offered},
        sort.value,
        {name: (up if sort is down else down).value for name, (down, up) in _SORTS.items()},
        _SORTED_BY[sort],
    )


def _row(
    ticket: TicketSummary,
    categories: Mapping[str, str],
    now: datetime,
    where: tzinfo,
    columns: Container[str],
    *,
    for_agent: bool,
) -> TicketRow:
    due = urgency(ticket.due_at, ticket.warn_at, now) if ticket.due_at else _NOT_DUE
    return TicketRow(
        number=ticket.number,
        label=ticket.label,
        href=f"ticket?id={ticket.number}",
        title=ticket.title,
        status_label=status_label(ticket.status, is_new=ticket.is_new, for_agent=for_agent),
        status_tone="violet" if for_agent and ticket.is_new else STATUS_TONES[ticket.status],
        priority_label=t(f"priority.{ticket.priority}"),
        priority_tone=PRIORITY_TONES[ticket.priority],
        requester=ticket.requester_name,
        assignee=ticket.assignee_name or "",
        updated=ticket.updated_at.isoformat(),
        updated_text=ago(ticket.updated_at, now, where),
        unread=ticket.unread,
        category=categories.get(ticket.category, ticket.category) if Column.CATEGORY in columns else "",
        due=ticket.due_at.isoformat() if ticket.due_at else "",
        due_text=due.word,
        due_icon=due.icon,
        due_tone=due.tone,
        opened=ticket.opened_at.isoformat() if Column.OPENED in columns else "",
        opened_text=ago(ticket.opened_at, now, where) if Column.OPENED in columns else "",
    )


def _range(page: Page[TicketSummary]) -> str:
    first = (page.page - 1) * page.size + 1
    wording = "list.range_ends_early" if page.ends_early else "list.range"
    return t(wording, first=first, last=first + len(page.items) - 1, total=page.total)
