"""Tickets that may be about the same matter, beside the one that an agent works on."""

from html import escape

import streamlit as st

from ticketing.domain import policy
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.queries import TicketSummary
from ticketing.domain.tickets import Ticket
from ticketing.ui.session import desk
from ticketing.ui.tickets import status_label
from ticketing.ui.wording import t


def show_similar(actor: Actor, ticket: Ticket) -> None:
    """Draw a fold for them; they are looked for once it is open."""
    fold = st.expander(t("similar.title"), key=f"similar_{ticket.id}", icon=":material/file_copy:", on_change="rerun")
    if not fold.open:
        return
    found = desk().similar.to(actor, ticket.number)
    with fold:
        if found:
            mergeable = policy.may(actor, Action.MERGE_TICKETS, ticket) and ticket.merged_into is None
            st.html(f"<ul>{''.join(_line(other, ticket if mergeable else None) for other in found)}</ul>")
        else:
            st.caption(t("similar.none"))


def _line(other: TicketSummary, mergeable: Ticket | None) -> str:
    """Return a line with the way to a ticket, and to the page that merges the one at hand, if it can be, into it."""
    label = escape(f"{other.label}: {other.title}")
    facts = escape(f"{status_label(other.status, is_new=other.is_new, for_agent=True)} · {other.requester_name}")
    merge = f" · {_merge_link(mergeable, other)}" if mergeable else ""
    return f'<li><a href="ticket?id={other.number}" style="color:inherit">{label}</a> · {facts}{merge}</li>'


def _merge_link(ticket: Ticket, other: TicketSummary) -> str:
    query = escape(f"id={ticket.id}&relate=merge&into={other.number}")
    return f'<a href="ticket?{query}" style="color:inherit">{escape(t("similar.merge"))}</a>'
