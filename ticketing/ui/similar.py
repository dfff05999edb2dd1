"""Tickets that may be about the same matter, beside the one that an agent works on."""

from html import escape

import streamlit as st

from ticketing.domain.people import Actor
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
            st.html(f"<ul>{''.join(map(_line, found))}</ul>")
        else:
            st.caption(t("similar.none"))


def _line(ticket: TicketSummary) -> str:
    facts = (status_label(ticket.status, is_new=ticket.is_new, for_agent=True), ticket.requester_name)
    link = f'<a href="ticket?id={ticket.number}" style="color:inherit">{ticket.label}: {escape(ticket.title)}</a>'
    return f"<li>{link} · {escape(' · '.join(facts))}</li>"
