"""A ticket's conversation as HTML: one element, however many messages there are; and the lines of its history."""

from datetime import datetime, tzinfo
from html import escape
from urllib.parse import quote

import streamlit as st

from ticketing.components import has_address
from ticketing.domain.attachments import Attachment, in_words
from ticketing.domain.custom_fields import CustomField, FieldType, key_in
from ticketing.domain.links import LinkKind
from ticketing.domain.sources import Source
from ticketing.domain.tickets import (
    FOLLOW_UP,
    FOLLOWER,
    MERGED,
    MERGED_INTO,
    PASSED_OVER,
    RECURRING,
    RECURRING_SKIPPED,
    REPLY_TAKEN_BACK,
    REQUESTER,
    RULE,
    RULE_PASSED_OVER,
    SNOOZED,
    SPLIT_FROM,
    SPLIT_OFF,
    SYSTEM,
    WATCHER,
    Event,
    Message,
    MessageKind,
    Ticket,
)
from ticketing.services.tickets import Conversation
from ticketing.ui.custom_fields import said
from ticketing.ui.text import to_html
from ticketing.ui.times import ago, exact, time_element, zone
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
.conversation .split { color: inherit; text-decoration: none; opacity: 0.75; margin-left: 0.5rem; }
.conversation .split:hover, .conversation .split:focus-visible { opacity: 1; }
.conversation .split span { font-family: "Material Symbols Rounded"; font-size: 1.1rem; line-height: 1;
  vertical-align: middle; opacity: 1; }
.conversation .files { display: flex; flex-wrap: wrap; gap: 0.75rem; margin: 0.75rem 0 0; padding: 0;
  list-style: none; }
.conversation .files li { margin: 0; padding: 0.4rem 0.6rem; max-width: 100%; box-sizing: border-box;
  border-radius: 0.5rem; border: 1px solid color-mix(in srgb, currentColor 18%, transparent); }
.conversation .files a { color: inherit; text-underline-offset: 0.2em; overflow-wrap: anywhere; }
.conversation .files span { opacity: 0.75; font-size: 0.875rem; white-space: nowrap; }
.conversation .files img { display: block; max-width: min(100%, 20rem); max-height: 15rem; margin-bottom: 0.4rem;
  border-radius: 0.25rem; }
.conversation p { margin: 0 0 0.75rem; }
.conversation p:last-child { margin-bottom: 0; }
.conversation pre { padding: 0.5rem; border-radius: 0.25rem;
  background: color-mix(in srgb, currentColor 8%, transparent); }
/* The panel stands to the right of what comes after it where there is room for both, and above it where there isn't. */
.stVerticalBlock:has(> [class*="st-key-panel_"]) { display: flow-root; container-type: inline-size; }
.stVerticalBlock:has(> [class*="st-key-panel_"]) > * { margin-bottom: 1rem; }
@container (min-width: 761px) {
  .stVerticalBlock > [class*="st-key-panel_"] { float: right; width: 26%; }
  .stVerticalBlock > [class*="st-key-panel_"] ~ * { width: 70.5%; }
}
</style>"""


class AsItIs:
    """HTML that Streamlit takes as it is; from a plain text it takes indents away, and asks whether it names a file."""

    def __init__(self, html: str) -> None:
        self._html = html

    def _repr_html_(self) -> str:
        return self._html


def show_conversation(conversation: Conversation, now: datetime, *, can_split: bool) -> None:
    """Draw all messages, oldest first; notes in yellow under their own heading; each with the way to split it off."""
    ticket = conversation.ticket
    where, first = zone(), ticket.begins_with
    items = "".join(
        _message(message, conversation, now, where, can_split=can_split and message is not first)
        for message in ticket.messages
    )
    label = escape(t("ticket.conversation"))
    st.html(AsItIs(f'{_STYLE}<section class="conversation" aria-label="{label}">{items}</section>'))


def history_lines(conversation: Conversation, now: datetime) -> list[tuple[str, ...]]:
    """Return every change, latest first: who, what from and what to, and when (for machines, exactly, relatively)."""
    where = zone()
    return [_line(event, ticket, conversation, now, where) for event, ticket in reversed(conversation.history())]


def _message(message: Message, conversation: Conversation, now: datetime, where: tzinfo, *, can_split: bool) -> str:
    ticket, name = conversation.ticket, escape(_who(message.author, conversation))
    is_note = message.kind is MessageKind.NOTE
    words = [t("message.note") if is_note else _role(message, ticket)]
    if origin := message.origin or (ticket.split_from if message is ticket.begins_with else None):
        words.append(t("message.from", number=origin))
    if message.source is Source.API:
        words.append(t("message.by_api"))
    return (
        f"<article{' class=note' if is_note else ''}><header>"
        f"<div><strong>{name}</strong> <span>{escape(' · '.join(words))}</span></div>"
        f"<div>{time_element(message.at, now, where)}{_split_link(message, ticket) if can_split else ''}</div>"
        f"</header>{to_html(message.text)}{_files(message)}</article>"
    )


def _who(username: str, conversation: Conversation) -> str:
    return t("history.system") if username == SYSTEM else conversation.name(username)


def _files(message: Message) -> str:
    """Return the files of a message: pictures as they are painted anew, and links by which browsers save files."""
    items = "".join(f"<li>{_file(attachment)}</li>" for attachment in message.attachments)
    return f'<ul class="files" aria-label="{escape(t("files.of_message"))}">{items}</ul>' if items else ""


def _file(attachment: Attachment) -> str:
    name = f"{escape(attachment.name)} <span>{in_words(attachment.size)}</span>"
    if not has_address():
        return name
    address = f"attachments/{quote(attachment.id)}"
    picture = f'<img src="{address}?preview" alt="" loading="lazy">' if attachment.is_image else ""
    return f'<a href="{address}" download>{picture}{name}</a>'


def _split_link(message: Message, ticket: Ticket) -> str:
    """Return the link that leads to splitting it off; by `ticket_related.js` a click stays in the session."""
    label = escape(t("message.split"))
    return (
        f'<a class="split" href="ticket?id={ticket.id}&amp;relate=split&amp;message={message.mark}" title="{label}"'
        f' aria-label="{label}"><span aria-hidden="true" translate="no">call_split</span></a>'
    )


def _role(message: Message, ticket: Ticket) -> str:
    if message.author == SYSTEM:
        return t("message.rule")
    if message.author == ticket.requester:
        return t("message.requester")
    return t("message.watcher") if message.author in ticket.watchers else t("message.agent")


def _line(event: Event, ticket: Ticket, conversation: Conversation, now: datetime, where: tzinfo) -> tuple[str, ...]:
    who, what = _who(event.by, conversation), _what(event, conversation)
    when = (event.at.isoformat(), exact(event.at, where), ago(event.at, now, where))
    if ticket is not conversation.ticket:
        what = t("history.elsewhere", what=what, label=ticket.label)
    if event.source is Source.API:
        what = t("history.by_api", what=what)
    return (who, what, *when)


def _what(event: Event, conversation: Conversation) -> str:
    if event.field in {WATCHER, FOLLOWER}:
        way = "added" if event.new else "removed"
        return t(f"history.watcher_{way}", name=conversation.name(event.new or event.old or ""))
    return _deed(event) or _change(event, conversation)


def _deed(event: Event) -> str:
    """Say what was done, if it was more than to change a field."""
    if event.field in {"opened", "imported", REPLY_TAKEN_BACK, RECURRING, RECURRING_SKIPPED, PASSED_OVER}:
        return t(f"history.{event.field}", what=event.new)
    if event.field == FOLLOW_UP:
        return t("history.follow_up", label=f"T-{event.new}")
    if event.field in {RULE, RULE_PASSED_OVER}:
        return t(f"history.{event.field}", name=event.old or event.new, why=event.new)
    if event.field in {MERGED, MERGED_INTO, SPLIT_OFF, SPLIT_FROM}:
        return t(f"history.{'' if event.new else 'un'}{event.field}", label=f"T-{event.new or event.old}")
    if event.field in set(LinkKind):
        word = t("history.linked") if event.new else t("history.unlinked")
        return word.format(kind=t(f"link.{event.field}"), label=f"T-{event.new or event.old}")
    return ""


def _change(event: Event, conversation: Conversation) -> str:
    if (key := key_in(event.field)) is not None:
        return _what_in_custom_field(event, key, conversation)
    old, new = (_value(event.field, value, conversation) for value in (event.old, event.new))
    return t("history.change", field=_field(event.field), old=old, new=new)


def _what_in_custom_field(event: Event, key: str, conversation: Conversation) -> str:
    field = next((field for field in conversation.fields if field.id == key), CustomField(name=key))
    is_ticked = {"true": said(value=True), "false": said(value=False)} if field.type is FieldType.CHECK_BOX else {}
    old, new = (
        t("history.nothing") if value is None else is_ticked.get(value, value) for value in (event.old, event.new)
    )
    return t("history.change", field=field.name, old=old, new=new)


def _field(name: str) -> str:
    return _word(f"field.{name}", name).lower()


def _value(field: str, value: str | None, conversation: Conversation) -> str:
    if value is None:
        return t("ticket.unassigned") if field == "assignee" else t("history.nothing")
    if field == "team":
        return conversation.team_name(value)
    if field == "category":
        return conversation.category_name(value)
    if field == SNOOZED:
        return exact(datetime.fromisoformat(value), zone())
    return conversation.name(value) if field in {"assignee", REQUESTER} else _word(f"{field}.{value}", value)


def _word(key: str, otherwise: str) -> str:
    """Return our word, if we have one: a newer version may have written what this one has no name for."""
    return t(key) if key in WORDING else otherwise
