"""Tickets that may be about the same matter, beside the one that an agent works on."""

from html import escape

import streamlit as st

from ticketing.domain import policy
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.queries import TicketSummary
from ticketing.domain.tickets import Ticket
from ticketing.ui.forms import button
from ticketing.ui.merging import merge_or_ask
from ticketing.ui.session import desk
from ticketing.ui.tickets import status_label
from ticketing.ui.wording import t


def show_similar(actor: Actor, ticket: Ticket) -> None:
    """Draw a fold for them; they are looked for once it is open."""
    fold = st.expander(t("similar.title"), key=f"similar_{ticket.id}", icon=":material/file_copy:", on_change="rerun")
    if not fold.open:
        return
    found = desk().similar.to(actor, ticket.number)
    mergeable = policy.may(actor, Action.MERGE_TICKETS, ticket) and ticket.merged_into is None
    with fold:
        for other in found:
            with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
                st.html(_line(other))
                if mergeable and button(t("similar.merge", label=other.label), key=f"merge_into_{other.number}"):
                    merge_or_ask(actor, ticket.number, other.number)
        if not found:
            st.caption(t("similar.none"))


def _line(other: TicketSummary) -> str:
    label = escape(f"{other.label}: {other.title}")
    facts = escape(f"{status_label(other.status, is_new=other.is_new, for_agent=True)} · {other.requester_name}")
    return f'<a href="ticket?id={other.number}" style="color:inherit">{label}</a> · {facts}'
