"""The desk's own fields: how people fill them in when they open a ticket, and how what stands in them reads."""

from collections.abc import Sequence

import streamlit as st

from ticketing.domain.custom_fields import (
    FIRST_DAY,
    LAST_DAY,
    LINE_LIMIT,
    LONG_TEXT_LIMIT,
    PUBLIC,
    CustomField,
    FieldType,
    FieldValue,
    words_of,
)
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action, may
from ticketing.services.tickets import Conversation
from ticketing.ui.session import desk
from ticketing.ui.text import plain
from ticketing.ui.wording import t

# Their controls show nothing else.
_STRICT = frozenset({FieldType.DATE, FieldType.CHECK_BOX})
# Nobody reads more of a value in a list.
_LINE = 80
_TYPED = frozenset({FieldType.TEXT, FieldType.LONG_TEXT, FieldType.NUMBER})


def fields_asked_for(actor: Actor, category: str) -> list[CustomField]:
    """Return what the desk asks the actor about a new ticket of this category, in order."""
    of_agent = may(actor, Action.SEE_ALL_TICKETS)
    return [field for field in desk().tickets.fields(actor) if field.is_asked(category, of_agent=of_agent)]


def fill_in(fields: Sequence[CustomField]) -> dict[str, FieldValue | None]:
    """Draw the fields within a form, and return what is typed into them, by their keys."""
    return {field.id: _typed(field) for field in fields}


def typed_into(fields: Sequence[CustomField]) -> list[str]:
    """Return the keys of the widgets into which one types: what stands there is worth keeping."""
    return [_key(field) for field in fields if field.type in _TYPED]


# Name, label, kind of control, value, options with their words, hint.
Drawn = tuple[str, str, str, object, list[tuple[str, str]], str]


def fields_in_panel(conversation: Conversation) -> list[Drawn]:
    """Return what the panel of a ticket draws for agents: the fields of its category, and all others with a value."""
    ticket = conversation.ticket
    values = [(field, ticket.field_value(field.id)) for field in conversation.fields if not field.removed]
    return [
        _drawn(field, value)
        for field, value in values
        if value is not None or field.is_asked(ticket.category, of_agent=True)
    ]


def _drawn(field: CustomField, value: FieldValue | None) -> Drawn:
    words = [] if value is None else words_of(value)
    kind, text = _kind(field, value), ", ".join(words)
    label = t("field.for_agents", name=field.name) if field.agents_only else field.name
    stored = {FieldType.CHECK_BOX: value, FieldType.MULTI_CHOICE: words}.get(kind, text)
    nothing = {"": t("history.nothing")} if kind is FieldType.CHOICE else {}
    options = dict.fromkeys([*field.options, *(words if kind is FieldType.MULTI_CHOICE else filter(None, [text]))])
    choices = nothing | {option: option for option in options} if field.type.has_options else {}
    return f"{PUBLIC}{field.id}", label, kind, stored, list(choices.items()), field.hint


def _kind(field: CustomField, value: FieldValue | None) -> FieldType:
    """Return as what a field is drawn: a value that its control could not show, as the text that it is."""
    if isinstance(value, str) and "\n" in value:
        return FieldType.LONG_TEXT
    is_shown = value is None or field.type not in _STRICT or field.fits(value)
    return field.type if is_shown else FieldType.TEXT


def said(value: FieldValue) -> str:
    """Return what people read where a value stands."""
    if isinstance(value, bool):
        return t("field.yes") if value else t("field.no")
    return ", ".join(words_of(value))


def in_a_line(value: FieldValue | None) -> str:
    """Return what people read of a value where there is one line for it, "" for nothing."""
    text = "" if value is None else " ".join(said(value).split())
    return text if len(text) <= _LINE else f"{text[: _LINE - 1].rstrip()}…"


def _key(field: CustomField) -> str:
    """Return the key of its widget: another one if the type is another, since a widget keeps what was put into it."""
    return f"field_{field.type}_{field.id}"


def _typed(field: CustomField) -> FieldValue | None:
    label = plain(field.name)
    label = t("new_ticket.required", name=label) if field.required else label
    key, hint = _key(field), plain(field.hint) or None
    match field.type:
        case FieldType.TEXT | FieldType.NUMBER:
            return st.text_input(label, max_chars=2 * LINE_LIMIT, key=key, help=hint)
        case FieldType.LONG_TEXT:
            return st.text_area(label, max_chars=2 * LONG_TEXT_LIMIT, key=key, help=hint)
        case FieldType.CHOICE:
            nothing = t("new_ticket.choose")
            return st.selectbox(label, field.options, index=None, key=key, help=hint, placeholder=nothing)
        case FieldType.MULTI_CHOICE:
            return st.multiselect(label, field.options, key=key, help=hint, placeholder=t("new_ticket.choose_some"))
        case FieldType.DATE:
            day = st.date_input(
                label, None, min_value=FIRST_DAY, max_value=LAST_DAY, format="YYYY-MM-DD", key=key, help=hint
            )
            return day.isoformat() if day else None
        case FieldType.CHECK_BOX:
            return st.checkbox(label, key=key, help=hint)
