"""Categories: what tickets can be about."""

import streamlit as st

from ticketing.domain.categories import POSITIONS, Category
from ticketing.domain.people import Actor
from ticketing.ui.session import desk
from ticketing.ui.setup.editor import Editor
from ticketing.ui.wording import t

_NEXT = 10


def _summary(_: Actor, category: Category) -> str:
    return f"category:{category.id}"


def _fields(actor: Actor, category: Category | None) -> Category:
    category = category or _new(actor)
    name = st.text_input(t("setup.name"), value=category.name, key="category_name")
    position = st.number_input(
        t("setup.categories.position"),
        POSITIONS[0],
        POSITIONS[-1],
        category.position,
        help=t("setup.categories.position_help"),
        key="category_position",
    )
    if category.id:
        st.caption(t("setup.categories.removing"))
    return category.model_copy(update={"name": name, "position": position})


def _new(actor: Actor) -> Category:
    """Return one that would come last."""
    last = max(one.position for one in desk().definitions.all(actor, Category))
    return Category(name="", position=min(last + _NEXT, POSITIONS[-1]))


EDITOR = Editor(Category, "category", _summary, _fields)
