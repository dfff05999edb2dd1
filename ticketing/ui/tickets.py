"""Lists of tickets: from a page of summaries to the table on the screen."""

from typing import Literal

import streamlit as st

from ticketing.domain.people import Actor
from ticketing.domain.queries import Page, Sort, TicketQuery, TicketSummary, View
from ticketing.domain.statuses import Priority, Status
from ticketing.ui.filters import FilterBar, Filters, own
from ticketing.ui.layout import page_head
from ticketing.ui.list_table import TicketRow, ticket_table
from ticketing.ui.session import desk, go_to, go_to_ticket
from ticketing.ui.times import ago
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

_QUEUE_COLUMNS = ("number", "title", "requester", "status", "priority", "assignee", "updated")
_OWN_COLUMNS = ("number", "title", "status", "category", "assignee", "updated")
_SORTS = {
    "number": (Sort.NEWEST, Sort.OLDEST),
    "updated": (Sort.UPDATED, Sort.LEAST_RECENTLY_UPDATED),
    "priority": (Sort.PRIORITY, Sort.PRIORITY),
}
_SORTED_BY = {
    Sort.NEWEST: ("number", "descending"),
    Sort.OLDEST: ("number", "ascending"),
    Sort.UPDATED: ("updated", "descending"),
    Sort.LEAST_RECENTLY_UPDATED: ("updated", "ascending"),
    Sort.PRIORITY: ("priority", "descending"),
}


def queue(actor: Actor) -> None:
    """Draw everybody's tickets, for agents."""
    page_head(t("page.all_tickets"), "new_ticket")
    bar = FilterBar("all_tickets", View.OPEN)
    filters = bar.draw(actor)
    _draw_list(actor, bar, filters, filters.query(actor.username), _QUEUE_COLUMNS)


def own_tickets(actor: Actor) -> None:
    """Draw the tickets that the person opened or watches."""
    page_head(t("page.my_tickets"), "new_ticket")
    bar = FilterBar("my_tickets", View.ALL, own=True)
    filters = bar.draw(actor)
    query = own(actor, filters.query(actor.username))
    _draw_list(actor, bar, filters, query, _OWN_COLUMNS)


def status_label(status: Status, *, is_new: bool, for_agent: bool) -> str:
    """Return the word for a status, which is another for the two sides of the desk."""
    if for_agent:
        return t("status.new") if is_new else t(f"status.{status}")
    return t(f"status_for_requester.{status}")


def _draw_list(actor: Actor, bar: FilterBar, filters: Filters, query: TicketQuery, columns: tuple[str, ...]) -> None:
    page = desk().tickets.search(actor, query)
    if not page.items and query.page > 1:
        page = desk().tickets.search(actor, query.model_copy(update={"page": page.pages}))
    if not page.items:
        _draw_empty(filters)
        return
    for_agent = "requester" in columns
    now = desk().clock()
    rows = [_row(ticket, ago(ticket.updated_at, now), for_agent=for_agent) for ticket in page.items]
    answer = ticket_table(
        rows, key="tickets", columns=columns, sortable=tuple(_SORTS), sorted_by=_SORTED_BY[filters.sort]
    )
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.caption(_range(page), width="content")
        bar.draw_pages(filters, page.pages)
    if answer.opened is not None:
        go_to_ticket(answer.opened)
    if answer.sort is not None:
        down, up = _SORTS[answer.sort]
        bar.sort_by(up if filters.sort is down else down)
        st.rerun()


def _draw_empty(filters: Filters) -> None:
    narrowed = filters.q or filters.narrowing()
    st.info(t("list.nothing_found") if narrowed else t("list.empty"), icon=":material/inbox:")
    if not narrowed and st.button(t("list.open_one"), key="open_one", icon=":material/add:"):
        go_to("new_ticket")


def _row(ticket: TicketSummary, updated_text: str, *, for_agent: bool) -> TicketRow:
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
        updated_text=updated_text,
        unread=ticket.unread,
        category=t(f"category.{ticket.category}"),
    )


def _range(page: Page[TicketSummary]) -> str:
    first = (page.page - 1) * page.size + 1
    return t("list.range", first=first, last=first + len(page.items) - 1, total=page.total)
