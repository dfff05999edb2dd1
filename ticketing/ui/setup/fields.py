"""Custom fields: what the desk asks about its tickets."""

import streamlit as st

from ticketing.domain.custom_fields import OPTION_LIMIT, OPTIONS_LIMIT, POSITIONS, PUBLIC, CustomField, FieldType
from ticketing.domain.people import Actor
from ticketing.ui.categories import category_names, offered_categories
from ticketing.ui.setup.editor import Editor
from ticketing.ui.wording import t


def _summary(actor: Actor, field: CustomField) -> str:
    words = category_names(actor)
    marks = {"required": field.required, "agents_only": field.agents_only}
    return " · ".join(
        [
            t(f"setup.fields.type.{field.type}"),
            ", ".join(words.get(one, one) for one in field.categories) or t("setup.fields.all_categories"),
            *(t(f"setup.fields.{mark}") for mark, is_so in marks.items() if is_so),
            f"{PUBLIC}{field.id}:",
        ]
    )


def _fields(actor: Actor, field: CustomField | None) -> CustomField:
    field = field or CustomField(name="")
    name = st.text_input(t("setup.name"), value=field.name, key="field_name")
    chosen = st.selectbox(
        t("setup.fields.type"),
        list(FieldType),
        list(FieldType).index(field.type),
        format_func=lambda choice: t(f"setup.fields.type.{choice}"),
        key="field_type",
    )
    options = st.text_area(
        t("setup.fields.options"),
        "\n".join(field.options),
        max_chars=2 * OPTIONS_LIMIT * OPTION_LIMIT,
        help=t("setup.fields.options_help"),
        key="field_options",
    )
    hint = st.text_input(t("setup.fields.hint"), field.hint, help=t("setup.fields.hint_help"), key="field_hint")
    words = offered_categories(actor, field.categories)
    categories = st.multiselect(
        t("setup.fields.categories"),
        list(words),
        [*field.categories],
        format_func=words.__getitem__,
        placeholder=t("setup.fields.all_categories"),
        key="field_categories",
    )
    required, agents_only, position = _rules(field)
    wanted = {
        "name": name,
        "type": chosen or FieldType.TEXT,
        "options": tuple(options.splitlines()),
        "hint": hint,
        "categories": tuple(categories),
        "required": required,
        "agents_only": agents_only,
        "position": position,
    }
    return field.model_copy(update=wanted)


def _rules(field: CustomField) -> tuple[bool, bool, int]:
    """Ask whether it has to be filled in, whether agents alone see it, and its place among the others."""
    required = st.checkbox(t("setup.fields.required_long"), field.required, key="field_required")
    agents_only = st.checkbox(
        t("setup.fields.agents_only_long"),
        field.agents_only,
        help=t("setup.fields.agents_only_help"),
        key="field_agents_only",
    )
    position = st.number_input(
        t("setup.fields.position"),
        POSITIONS[0],
        POSITIONS[-1],
        field.position,
        help=t("setup.fields.position_help"),
        key="field_position",
    )
    return required, agents_only, position


EDITOR = Editor(CustomField, "list_alt", _summary, _fields)
