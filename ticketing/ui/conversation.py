"""A ticket's conversation and history, as HTML: one element, however many messages there are."""

from collections.abc import Iterable
from datetime import datetime
from html import escape

import streamlit as st

from ticketing.domain.tickets import Event, Message, MessageKind, Ticket
from ticketing.services.tickets import Conversation
from ticketing.ui.text import to_html
from ticketing.ui.times import time_element
from ticketing.ui.wording import WORDING, t

# Colours are mixed from the text's own, so that they fit the light and the dark theme alike; notes are yellow in both.
_STYLE = """<style>
.conversation { display: flex; flex-direction: column; gap: 1rem; }
.conversation > article { padding: 1rem; border-radius: 0.5rem; overflow-wrap: anywhere;
  border: 1px solid color-mix(in srgb, currentColor 18%, transparent); }
.conversation > article.note { background: rgba(255, 193, 7, 0.16); border-color: rgba(200, 140, 0, 0.55);
  border-left-width: 4px; }
.conversation header { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem;
  margin-bottom: 0.5rem; }
.conversation header span, .conversation time { opacity: 0.75; font-size: 0.875rem; }
.conversation p { margin: 0 0 0.75rem; }
.conversation p:last-child { margin-bottom: 0; }
.conversation pre { padding: 0.5rem; border-radius: 0.25rem;
  background: color-mix(in srgb, currentColor 8%, transparent); }
.history { font-size: 0.875rem; overflow-wrap: anywhere; }
.history > div { padding: 0.4rem 0; }
.history > div + div { border-top: 1px solid color-mix(in srgb, currentColor 12%, transparent); }
.history time { opacity: 0.75; }
</style>"""


_TONES = {
    "blue": "28, 131, 225",
    "green": "33, 195, 84",
    "orange": "255, 164, 33",
    "red": "255, 75, 75",
    "violet": "128, 61, 245",
    "gray": "128, 132, 149",
}
_META_STYLE = (
    "<style>.meta { display: flex; flex-wrap: wrap; align-items: center; gap: 0.25rem 0.5rem; font-size: 0.875rem;"
    " overflow-wrap: anywhere; } .meta > span:last-child { opacity: 0.75; }"
    " .pill { padding: 0.1rem 0.6rem; border-radius: 1rem; }"
    + "".join(f" .pill.{tone} {{ background: rgba({colour}, 0.2); }}" for tone, colour in _TONES.items())
    + "</style>"
)


def show_conversation(conversation: Conversation, now: datetime) -> None:
    """Draw all messages, oldest first; notes in yellow under their own heading."""
    ticket = conversation.ticket
    items = "".join(_message(message, conversation, now) for message in ticket.messages)
    label = escape(t("ticket.conversation"))
    st.html(f'{_STYLE}<section class="conversation" aria-label="{label}">{items}</section>')


def show_history(conversation: Conversation, now: datetime) -> None:
    """Draw every change of the ticket, latest first: who, what from, what to, when."""
    items = "".join(_event(event, conversation, now) for event in reversed(conversation.ticket.events))
    st.html(f'{_STYLE}<div class="history">{items}</div>')


def show_facts(facts: Iterable[tuple[str, str]]) -> None:
    """Draw names and values one below the other."""
    rows = "".join(f"<span>{escape(name)}</span><div>{escape(value)}</div>" for name, value in facts)
    st.html(
        "<style>.facts { display: grid; grid-template-columns: auto 1fr; gap: 0.4rem 1rem; font-size: 0.875rem;"
        " overflow-wrap: anywhere; } .facts span { opacity: 0.75; }</style>"
        f'<div class="facts">{rows}</div>'
    )


def show_meta(conversation: Conversation, pills: Iterable[tuple[str, str]], now: datetime) -> None:
    """Draw how a ticket stands on one line: words on coloured ground (word, tone), number, requester and age."""
    ticket = conversation.ticket
    name = escape(conversation.name(ticket.requester))
    line = t("ticket.meta", label=ticket.label, name=name, opened=time_element(ticket.opened_at, now))
    if ticket.external_id:
        line += escape(t("ticket.former_number", number=ticket.external_id))
    words = "".join(f'<span class="pill {tone}">{escape(word)}</span>' for word, tone in pills)
    st.html(f'{_META_STYLE}<div class="meta">{words}<span>{line}</span></div>')


def _message(message: Message, conversation: Conversation, now: datetime) -> str:
    name = escape(conversation.name(message.author))
    is_note = message.kind is MessageKind.NOTE
    role = t("message.note") if is_note else _role(message, conversation.ticket)
    return (
        f"<article{' class=note' if is_note else ''}><header>"
        f"<div><strong>{name}</strong> <span>{escape(role)}</span></div>"
        f"{time_element(message.at, now)}</header>{to_html(message.text)}</article>"
    )


def _role(message: Message, ticket: Ticket) -> str:
    if message.author == ticket.requester:
        return t("message.requester")
    return t("message.watcher") if message.author in ticket.watchers else t("message.agent")


def _event(event: Event, conversation: Conversation, now: datetime) -> str:
    who = t("history.system") if event.by == "system" else conversation.name(event.by)
    old, new = (_value(event.field, value, conversation) for value in (event.old, event.new))
    plain_event = event.field in {"opened", "imported"}
    what = t(f"history.{event.field}") if plain_event else t("history.change", field=_field(event.field))
    values = "" if plain_event else f": {escape(old)} → {escape(new)}"
    return f"<div><strong>{escape(who)}</strong> {escape(what)}{values}<br>{time_element(event.at, now)}</div>"


def _field(name: str) -> str:
    return _word(f"field.{name}", name).lower()


def _value(field: str, value: str | None, conversation: Conversation) -> str:
    if value is None:
        return t("ticket.unassigned") if field == "assignee" else t("history.nothing")
    return conversation.name(value) if field == "assignee" else _word(f"{field}.{value}", value)


def _word(key: str, otherwise: str) -> str:
    """Return our word, if we have one: a newer version may have written what this one has no name for."""
    return t(key) if key in WORDING else otherwise
