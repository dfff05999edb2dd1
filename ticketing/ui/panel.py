"""The side of a ticket that agents work with: its fields, each saved when it is chosen."""

from enum import StrEnum
from typing import Any

import streamlit as st

from ticketing.domain.errors import TicketingError
from ticketing.domain.people import Actor
from ticketing.domain.statuses import TRANSITIONS, Priority, TicketCategory
from ticketing.domain.text import TAGS_LIMIT
from ticketing.domain.tickets import Ticket, TicketEdit
from ticketing.services.tickets import Conversation
from ticketing.ui.conversation import show_facts, show_history
from ticketing.ui.feedback import refuse_after_rerun
from ticketing.ui.session import desk, require_actor
from ticketing.ui.text import plain
from ticketing.ui.times import ago
from ticketing.ui.wording import t

NOBODY = ""


def agents_panel(actor: Actor, conversation: Conversation) -> None:
    """Draw the fields for an agent; a closed ticket's can be read only."""
    ticket = conversation.ticket
    locked = not TRANSITIONS[ticket.status] - {ticket.status.OPEN}
    _field(ticket, "status", [ticket.status, *sorted(TRANSITIONS[ticket.status])], locked=locked)
    _field(ticket, "priority", list(Priority), locked=locked)
    _field(ticket, "category", list(TicketCategory), locked=locked)
    _assignee(actor, conversation, locked=locked)
    _tags(ticket, locked=locked)


def requesters_panel(conversation: Conversation) -> None:
    """Draw what a requester wants to know."""
    ticket, now = conversation.ticket, desk().clock()
    show_facts(
        [
            (t("field.status"), t(f"status_for_requester.{ticket.status}")),
            (t("field.category"), t(f"category.{ticket.category}")),
            (t("field.assignee"), conversation.name(ticket.assignee) if ticket.assignee else t("ticket.nobody_yet")),
            (t("field.requester"), conversation.name(ticket.requester)),
            (t("field.opened"), ago(ticket.opened_at, now)),
            (t("field.updated"), ago(ticket.updated_at, now)),
        ]
    )


def history(conversation: Conversation) -> None:
    """Draw the history behind a click."""
    folded = st.expander(t("ticket.history"), icon=":material/history:", key="history", on_change="rerun")
    if folded.open:
        with folded:
            show_history(conversation, desk().clock())


def _field(ticket: Ticket, field: str, choices: list[Any], *, locked: bool) -> None:
    _seed(ticket, field, getattr(ticket, field))
    st.selectbox(
        t(f"field.{field}"),
        choices,
        format_func=lambda choice: t(f"{field}.{choice}"),
        key=_key(ticket, field),
        on_change=_save,
        args=(ticket.number, field),
        disabled=locked,
    )


def _assignee(actor: Actor, conversation: Conversation, *, locked: bool) -> None:
    ticket = conversation.ticket
    names = {NOBODY: t("ticket.unassigned")}
    names |= {agent.username: plain(agent.display_name) for agent in desk().agents.assignable(actor)}
    if ticket.assignee and ticket.assignee not in names:
        names[ticket.assignee] = plain(conversation.name(ticket.assignee))
    _seed(ticket, "assignee", ticket.assignee or NOBODY)
    st.selectbox(
        t("field.assignee"),
        list(names),
        format_func=lambda name: names.get(name, name),
        key=_key(ticket, "assignee"),
        on_change=_save,
        args=(ticket.number, "assignee"),
        disabled=locked,
    )


def _tags(ticket: Ticket, *, locked: bool) -> None:
    _seed(ticket, "tags", list(ticket.tags))
    st.multiselect(
        t("field.tags"),
        ticket.tags,
        format_func=plain,
        key=_key(ticket, "tags"),
        on_change=_save,
        args=(ticket.number, "tags"),
        accept_new_options=True,
        max_selections=TAGS_LIMIT,
        placeholder=t("ticket.add_tag"),
        disabled=locked,
    )


def _seed(ticket: Ticket, field: str, value: StrEnum | str | list[str]) -> None:
    """Show what is stored, whatever the widget held before, and remember that this is what the person saw."""
    st.session_state[_key(ticket, field)] = value
    st.session_state[_seen_key(ticket.number, field)] = value


def _save(number: int, field: str) -> None:
    """Save one field against what the person saw; a refusal is told in the run that follows."""
    edit, seen = (
        TicketEdit.model_validate({field: _stored(st.session_state[key])})
        for key in (f"ticket_{number}_{field}", _seen_key(number, field))
    )
    try:
        desk().tickets.edit(require_actor(), number, edit, seen=seen)
    except TicketingError as error:
        refuse_after_rerun(error)


def _stored(value: Any) -> Any:
    if value == NOBODY:
        return None
    return tuple(value) if isinstance(value, list) else value


def _key(ticket: Ticket, field: str) -> str:
    return f"ticket_{ticket.number}_{field}"


def _seen_key(number: int, field: str) -> str:
    return f"seen_{number}_{field}"
