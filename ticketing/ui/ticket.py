"""One ticket on the screen: its conversation, where one answers, and its side."""

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
from ticketing.ui.conversation import show_conversation
from ticketing.ui.draft import drop_sent
from ticketing.ui.feedback import say_after_rerun
from ticketing.ui.live import stay_up_to_date
from ticketing.ui.notices import note_as_told
from ticketing.ui.pages import BY_NAME
from ticketing.ui.panel import panel
from ticketing.ui.session import desk, go_to_ticket, not_found
from ticketing.ui.similar import show_similar
from ticketing.ui.snoozing import snooze_form
from ticketing.ui.transferring import transfer_form
from ticketing.ui.wording import t

log = logging.getLogger(__name__)


def conversation_asked_for(actor: Actor) -> Conversation:
    """
    Return the ticket that the address names, or lead to the one that it was merged into.

    One that isn't there or isn't the actor's gets the same answer.
    """
    try:
        conversation = desk().tickets.conversation(actor, number_asked_for("id"))
    except NotFoundError:
        not_found()
    ticket = conversation.ticket
    if ticket.merged_into is not None:
        note_as_told(actor, ticket.number)
        say_after_rerun(t("ticket.was_merged", label=ticket.label, into=f"T-{ticket.merged_into}"))
        go_to_ticket(ticket.merged_into)
    return conversation


def number_asked_for(parameter: str) -> int:
    """Return the number of a ticket in the address; what is no number gets the answer of a ticket that isn't there."""
    asked = st.query_params.get(parameter, "").upper().removeprefix("T-")
    if not (asked.isascii() and asked.isdigit()):
        not_found()
    return int(asked[:18])


def ticket_body(actor: Actor, conversation: Conversation) -> None:
    """Draw the panel, conversation and composer; the style of the conversation puts the panel to their right."""
    ticket = conversation.ticket
    panel(actor, conversation)
    if not transfer_form(actor, conversation):
        drop_sent(actor, ticket.number)
    snooze_form(actor, conversation)
    show_conversation(conversation, desk().clock(), can_split=policy.may(actor, Action.SPLIT_TICKET, ticket))
    if policy.may(actor, Action.REPLY, ticket):
        compose(actor, conversation)
        if ticket.status is Status.CLOSED:
            _offer_follow_up(actor, ticket)
    stay_up_to_date(ticket)
    if policy.may(actor, Action.SEE_ALL_TICKETS):
        show_similar(actor, ticket)
    if ticket.resolved_at is not None and policy.may(actor, Action.WRITE_ARTICLE):
        _offer_article(actor, ticket)


def _offer_follow_up(actor: Actor, ticket: Ticket) -> None:
    page = BY_NAME["new_ticket"].registered(actor)
    st.page_link(page, label=t("ticket.follow_up"), icon=":material/forward:", query_params={"follows": ticket.id})


def _offer_article(actor: Actor, ticket: Ticket) -> None:
    page = BY_NAME["article"].registered(actor)
    st.page_link(page, label=t("articles.make"), icon=":material/menu_book:", query_params={"from": ticket.id})


def note_as_seen(actor: Actor, conversation: Conversation) -> None:
    """Remember what the person has read; a store that cannot be written to keeps nobody from reading."""
    messages = len(conversation.ticket.messages)
    note_as_told(actor, conversation.ticket.number)
    if conversation.seen < messages:
        try:
            desk().tickets.mark_seen(actor, conversation.ticket.number, messages)
        except StorageError as error:
            log.warning("what was read could not be noted: %s", error)
