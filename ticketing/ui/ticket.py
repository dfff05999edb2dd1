"""One ticket on the screen: its head, what can be done with it, and how it is laid out on a desktop and a phone."""

import logging

import streamlit as st

from ticketing.domain import policy
from ticketing.domain.errors import NotFoundError, StorageError
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.statuses import Status
from ticketing.domain.tickets import Ticket
from ticketing.services.tickets import Conversation
from ticketing.ui.composer import compose
from ticketing.ui.conversation import show_conversation, show_meta
from ticketing.ui.feedback import say_after_rerun, shown_errors
from ticketing.ui.layout import is_phone
from ticketing.ui.pages import BY_NAME, landing_page
from ticketing.ui.panel import agents_panel, history, requesters_panel
from ticketing.ui.session import desk, not_found
from ticketing.ui.text import plain
from ticketing.ui.tickets import PRIORITY_TONES, STATUS_TONES, status_label
from ticketing.ui.wording import t

log = logging.getLogger(__name__)


def conversation_asked_for(actor: Actor) -> Conversation:
    """Return the ticket that the address names; one that isn't there or isn't the actor's gets the same answer."""
    asked = st.query_params.get("id", "").upper().removeprefix("T-")
    if not (asked.isascii() and asked.isdigit()):
        not_found()
    try:
        return desk().tickets.conversation(actor, int(asked[:18]))
    except NotFoundError:
        not_found()


def ticket_head(actor: Actor, conversation: Conversation) -> None:
    """Draw the way back, what can be done at once, the title and a line that says how things stand."""
    ticket = conversation.ticket
    with st.container(horizontal=True, vertical_alignment="center"):
        back = BY_NAME[landing_page(actor)]
        st.page_link(back.registered(actor), label=back.title, icon=":material/arrow_back:", width="stretch")
        _actions(actor, ticket)
    st.title(plain(ticket.title), anchor=False)
    is_new = ticket.is_new and actor.is_agent
    status = status_label(ticket.status, is_new=ticket.is_new, for_agent=actor.is_agent)
    pills = [
        (status, "violet" if is_new else STATUS_TONES[ticket.status]),
        (t(f"priority.{ticket.priority}"), PRIORITY_TONES[ticket.priority]),
    ]
    show_meta(conversation, pills, desk().clock())


def ticket_body(actor: Actor, conversation: Conversation) -> None:
    """Draw conversation and composer, and the panel beside them; on a phone the panel folds up above."""
    if is_phone():
        with st.expander(t("ticket.details"), icon=":material/tune:"):
            _panel(actor, conversation)
        history(conversation)
        _talk(actor, conversation)
        return
    talk, side = st.columns([2.7, 1], gap="large")
    with side:
        with st.container(border=True):
            _panel(actor, conversation)
        history(conversation)
    with talk:
        _talk(actor, conversation)


def note_as_seen(actor: Actor, conversation: Conversation) -> None:
    """Remember what the person has read; a store that cannot be written to keeps nobody from reading."""
    messages = len(conversation.ticket.messages)
    if conversation.seen < messages:
        try:
            desk().tickets.mark_seen(actor, conversation.ticket.number, messages)
        except StorageError as error:
            log.warning("what was read could not be noted: %s", error)


def _panel(actor: Actor, conversation: Conversation) -> None:
    if policy.may(actor, Action.EDIT_TICKET, conversation.ticket):
        agents_panel(actor, conversation)
    else:
        requesters_panel(conversation)


def _talk(actor: Actor, conversation: Conversation) -> None:
    ticket = conversation.ticket
    show_conversation(conversation, desk().clock())
    if ticket.status is Status.CLOSED:
        can_reopen = ticket.can_be_reopened(actor, desk().clock())
        st.info(t("ticket.closed") if can_reopen else t("ticket.closed_for_good"), icon=":material/lock:")
    elif policy.may(actor, Action.REPLY, ticket):
        compose(actor, ticket)


def _actions(actor: Actor, ticket: Ticket) -> None:
    if _can_take(actor, ticket) and _action("assign_to_me", "person_add"):
        with shown_errors():
            desk().tickets.assign(actor, ticket.number, actor.username)
            _done("ticket.assigned_to_you")
    if _can_close(actor, ticket) and _action("close", "check_circle"):
        with shown_errors():
            desk().tickets.close(actor, ticket.number)
            _done("ticket.is_closed")
    if _can_reopen(actor, ticket) and _action("reopen", "undo"):
        with shown_errors():
            desk().tickets.reopen(actor, ticket.number)
            _done("ticket.is_open_again")


def _can_take(actor: Actor, ticket: Ticket) -> bool:
    is_workable = ticket.status is not Status.CLOSED and ticket.assignee != actor.username
    return is_workable and policy.may(actor, Action.EDIT_TICKET, ticket)


def _can_close(actor: Actor, ticket: Ticket) -> bool:
    return ticket.status is not Status.CLOSED and policy.may(actor, Action.CLOSE, ticket)


def _can_reopen(actor: Actor, ticket: Ticket) -> bool:
    return ticket.can_be_reopened(actor, desk().clock()) and policy.may(actor, Action.REOPEN, ticket)


def _action(name: str, icon: str) -> bool:
    return st.button(t(f"ticket.{name}"), key=name, type="tertiary", icon=f":material/{icon}:")


def _done(sentence: str) -> None:
    say_after_rerun(t(sentence))
    st.rerun()
