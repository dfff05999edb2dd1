"""The parts of the page that opens a ticket."""

from datetime import timedelta

import streamlit as st

from ticketing.domain.people import Actor
from ticketing.domain.queries import Sort, TicketQuery
from ticketing.ui.pages import BY_NAME
from ticketing.ui.session import desk
from ticketing.ui.text import plain
from ticketing.ui.wording import t

_A_MOMENT = timedelta(minutes=2)


def remind_of_newest(actor: Actor) -> None:
    """
    Show the ticket that the person opened just now.

    Whoever reloads the page or loses the connection while a ticket is saved would else not learn that it was.
    """
    query = TicketQuery(requester=actor.username, sort=Sort.NEWEST, size=1)
    newest = next(iter(desk().tickets.search(actor, query).items), None)
    if newest is not None and desk().clock() - newest.opened_at < _A_MOMENT:
        st.caption(t("new_ticket.just_saved", label=newest.label))
        st.page_link(
            BY_NAME["ticket"].registered(actor), label=plain(newest.title), query_params={"id": str(newest.number)}
        )


def forget_draft(*keys: str) -> None:
    """Empty the fields with the next visit; before their page is left they belong to their widgets."""
    for key in keys:
        st.session_state.pop(key, None)
