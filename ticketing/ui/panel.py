"""
The side of a ticket: fields that agents set, facts that requesters want to know, and the history of both.

It is one element, drawn by `ticket_panel.js`: native fields, each saved when it is chosen. What comes back from the
browser is a list of numbered choices, and each is dealt with once, in order: held against what the person saw, which is
kept here, and refused with a sentence when somebody else was quicker. A choice of a shape that the panel cannot send is
dropped.
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st
from pydantic import ValidationError

from ticketing.domain import policy
from ticketing.domain.errors import TicketingError
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.statuses import TRANSITIONS, Priority, Resolution, TicketCategory
from ticketing.domain.text import TAGS_LIMIT
from ticketing.domain.tickets import Ticket, TicketEdit
from ticketing.services.tickets import Conversation
from ticketing.ui.conversation import history_lines
from ticketing.ui.feedback import refuse_after_rerun
from ticketing.ui.packing import on_report, packed, reported
from ticketing.ui.session import desk, require_actor
from ticketing.ui.times import ago, zone
from ticketing.ui.wording import t

NOBODY = ""
_HERE = Path(__file__).parent
_FIELDS = ("status", "resolution", "priority", "category", "assignee", "tags")

_mount = st.components.v2.component(
    "ticketing_ticket_panel",
    html=(_HERE / "ticket_panel.html").read_text(encoding="utf-8"),
    css=(_HERE / "ticket_panel.css").read_text(encoding="utf-8"),
    js=(_HERE / "ticket_panel.js").read_text(encoding="utf-8"),
)


def panel(actor: Actor, conversation: Conversation) -> None:
    """Draw the side of a ticket as this person may see it."""
    ticket, number = conversation.ticket, conversation.ticket.number
    key, is_agents = _key(number), policy.may(actor, Action.EDIT_TICKET, ticket)
    has_history = reported(key, "history") is True
    if is_agents:
        _note_as_shown(ticket)
    result = _mount(
        key=key,
        data=packed(
            {
                "fields": _fields(actor, conversation) if is_agents else [],
                "tags": {"label": t("field.tags"), "stored": ticket.tags, "limit": TAGS_LIMIT} if is_agents else None,
                "facts": [] if is_agents else _facts(conversation),
                "locked": not TRANSITIONS[ticket.status] - {ticket.status.OPEN},
                "done": st.session_state.get(_done_key(number), 0),
                "history": history_lines(conversation, desk().clock()) if has_history else None,
                "words": _words(),
            }
        ),
        on_chosen_change=on_report(key, "chosen", partial(_save, number)),
        on_history_change=_noted,
    )
    # A session that has just begun, as after a broken line, knows of no callback when the choice reaches it.
    if _save(number, getattr(result, "chosen", None)):
        st.rerun()


def _fields(actor: Actor, conversation: Conversation) -> list[tuple[str, str, str, list[tuple[str, str]]]]:
    ticket = conversation.ticket
    names = {NOBODY: t("ticket.unassigned")}
    names |= {agent.username: agent.display_name for agent in desk().agents.assignable(actor)}
    if ticket.assignee:
        names.setdefault(ticket.assignee, conversation.name(ticket.assignee))
    return [
        _field("status", ticket.status, [ticket.status, *sorted(TRANSITIONS[ticket.status])]),
        *([_field("resolution", ticket.resolution, Resolution)] if ticket.resolution else []),
        _field("priority", ticket.priority, Priority),
        _field("category", ticket.category, TicketCategory),
        ("assignee", t("field.assignee"), ticket.assignee or NOBODY, list(names.items())),
    ]


def _field(name: str, value: StrEnum, choices: Iterable[StrEnum]) -> tuple[str, str, str, list[tuple[str, str]]]:
    return name, t(f"field.{name}"), value.value, [(choice.value, t(f"{name}.{choice}")) for choice in choices]


def _facts(conversation: Conversation) -> list[tuple[str, str]]:
    ticket, now, where = conversation.ticket, desk().clock(), zone()
    return [
        (t("field.status"), t(f"status_for_requester.{ticket.status}")),
        *([(t("field.resolution"), t(f"resolution.{ticket.resolution}"))] if ticket.resolution else []),
        (t("field.category"), t(f"category.{ticket.category}")),
        (t("field.assignee"), conversation.name(ticket.assignee) if ticket.assignee else t("ticket.nobody_yet")),
        (t("field.requester"), conversation.name(ticket.requester)),
        (t("field.opened"), ago(ticket.opened_at, now, where)),
        (t("field.updated"), ago(ticket.updated_at, now, where)),
    ]


def _words() -> dict[str, str]:
    return {
        "details": t("ticket.details"),
        "history": t("ticket.history"),
        "addTag": t("ticket.add_tag"),
        "removeTag": t("ticket.remove_tag", tag="{tag}"),
        "tagsAreFull": t("ticket.tags_are_full", limit=TAGS_LIMIT),
    }


def _note_as_shown(ticket: Ticket) -> None:
    """Remember what the person sees: an edit is held against it."""
    shown = {field: getattr(ticket, field) for field in _FIELDS}
    st.session_state[_seen_key(ticket.number)] = shown | {"tags": tuple(ticket.tags)}


def _save(number: int, chosen: Any) -> bool:
    """Save what is new of the choices, each against what the person saw; a refusal is told in the next run."""
    choices = list(_new_choices(number, chosen))
    for place, field, value in choices:
        st.session_state[_done_key(number)] = place
        seen = st.session_state.get(_seen_key(number), {})
        edit = _edit(field, value)
        if edit is None or field not in seen:
            continue
        before = TicketEdit.model_validate({field: seen[field]})
        try:
            _note_as_shown(desk().tickets.edit(require_actor(), number, edit, seen=before))
        except TicketingError as error:
            refuse_after_rerun(error)
    return bool(choices)


def _new_choices(number: int, chosen: Any) -> Iterator[tuple[int, Any, Any]]:
    """Yield what was chosen and not dealt with: its number, field and value, of which the latter are not checked."""
    done = st.session_state.get(_done_key(number), 0)
    for choice in chosen if isinstance(chosen, list) else []:
        if not isinstance(choice, list) or len(choice) != len(("number", "field", "value")):
            continue
        place, field, value = choice
        if type(place) is int and place > done:
            done = place
            yield place, field, value


def _edit(field: Any, value: Any) -> TicketEdit | None:
    """Return the edit that a choice asks for; None when it is of no shape that a field of the panel has."""
    if field not in _FIELDS or not isinstance(value, list if field == "tags" else str):
        return None
    try:
        return TicketEdit.model_validate({field: None if value == NOBODY and field == "assignee" else value})
    except ValidationError:
        return None


def _noted() -> None:
    """Declare that the history may be asked for; it is drawn when the page runs."""


def _key(number: int) -> str:
    return f"panel_{number}"


def _seen_key(number: int) -> str:
    return f"seen_{number}"


def _done_key(number: int) -> str:
    return f"done_{number}"
