"""The parts of the page that opens a ticket."""

from datetime import timedelta

import streamlit as st

from ticketing.domain import policy
from ticketing.domain.errors import NotFoundError, TicketMergedError, TicketNotClosedError
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.queries import Sort, TicketQuery, TicketSummary
from ticketing.domain.text import WHO_LIMIT
from ticketing.domain.tickets import Ticket
from ticketing.ui.articles import article_link
from ticketing.ui.draft import forget_saved, keep_typed, saved_draft
from ticketing.ui.pages import BY_NAME
from ticketing.ui.session import desk, not_found
from ticketing.ui.text import plain
from ticketing.ui.ticket import number_asked_for
from ticketing.ui.wording import t

_FOLLOWS = "follows"
_A_MOMENT = timedelta(minutes=2)


def former_asked_for(actor: Actor) -> Ticket | None:
    """
    Return the ticket that the new one is to follow, if the address names one.

    A ticket that isn't there or isn't the actor's gets the same answer; one that isn't closed is where to go on.
    """
    if _FOLLOWS not in st.query_params:
        return None
    number = number_asked_for(_FOLLOWS)
    try:
        return desk().tickets.former(actor, number)
    except NotFoundError:
        not_found()
    except (TicketNotClosedError, TicketMergedError) as refusal:
        st.title(t("page.new_ticket"), anchor=False)
        st.info(plain(str(refusal)), icon=":material/info:")
        _link(actor, number, f"T-{number}")
        st.stop()


def tell_what_it_follows(actor: Actor, former: Ticket) -> None:
    """Name the ticket before, with the way to it."""
    _link(actor, former.number, t("new_ticket.follows", label=former.label, title=plain(former.title)))


def ask_for_whom(actor: Actor) -> str | None:
    """Let agents say for whom they open the ticket, with nothing for themselves; None for who can't be asked."""
    if not policy.may(actor, Action.OPEN_FOR_OTHERS):
        return None
    return st.text_input(
        t("new_ticket.requester"),
        max_chars=2 * WHO_LIMIT,
        key="requester",
        placeholder=t("new_ticket.requester_hint"),
        help=t("new_ticket.requester_help"),
        persist_state="session",
    )


def remind_of(actor: Actor, newest: TicketSummary | None) -> None:
    """
    Show the person's newest ticket if it was opened just now.

    Whoever reloads the page or loses the connection while a ticket is saved would else not learn that it was.
    """
    if newest is not None and desk().clock() - newest.opened_at < _A_MOMENT:
        st.caption(t("new_ticket.just_saved", label=newest.label))
        _link(actor, newest.number, plain(newest.title))


def draft_name(actor: Actor, former: Ticket | None, newest: TicketSummary | None) -> str:
    """Return a name for what is typed and chosen until it is sent: it tells which ticket would come next."""
    after = [newest.number if newest else 0, *([former.number, *former.goes_on_in] if former else [])]
    return f"{actor.username} {after}"


def keep_draft(actor: Actor, name: str, former: Ticket | None, *fields: str) -> str:
    """Keep what is typed until it is sent, and return what was typed into the first of the fields so far."""
    number = former.number if former else 0
    return keep_typed(name, *fields, is_told=True, number=number, saved=saved_draft(actor, number))


def perhaps_this_helps(actor: Actor, typed: str) -> None:
    """Draw what may spare the person the ticket: articles, and tickets of their own about the same."""
    articles = desk().articles.suggest(actor, typed) if typed else []
    tickets = desk().similar.own(actor, typed) if typed else []
    if articles:
        st.markdown(t("articles.perhaps"))
    for reading in articles:
        article_link(actor, reading.article)
    if tickets:
        st.markdown(t("articles.perhaps_yours"))
    for ticket in tickets:
        _link(actor, ticket.number, f"{ticket.label}: {plain(ticket.title)}")
    st.page_link(BY_NAME["articles"].registered(actor), label=t("articles.all"), icon=":material/menu_book:")


def newest_ticket(actor: Actor) -> TicketSummary | None:
    """Return the ticket that the person opened last, if there is one."""
    query = TicketQuery(requester=actor.username, sort=Sort.NEWEST, size=1)
    return next(iter(desk().tickets.search(actor, query).items), None)


def _link(actor: Actor, number: int, label: str) -> None:
    st.page_link(BY_NAME["ticket"].registered(actor), label=label, query_params={"id": str(number)})


def forget_draft(became: int, *keys: str) -> None:
    """Empty the fields with the next visit; before their page is left they belong to their widgets."""
    forget_saved(became)
    for key in keys:
        st.session_state.pop(key, None)
