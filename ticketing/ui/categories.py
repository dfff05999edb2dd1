"""Categories on the pages: what they are called, and which can be chosen."""

from collections.abc import Iterable

import streamlit as st

from ticketing.domain.categories import usual
from ticketing.domain.people import Actor
from ticketing.ui.session import desk
from ticketing.ui.wording import t


def category_names(actor: Actor) -> dict[str, str]:
    """Return the names of all categories that there are or were, in order."""
    return {one.id: one.name for one in desk().tickets.categories(actor)}


def offered_categories(actor: Actor, present: Iterable[str] = ()) -> dict[str, str]:
    """Return the names of those that can be chosen, in order; one that was taken away can be left, not come back to."""
    kept = set(present)
    found = {one.id: one.name for one in desk().tickets.categories(actor) if not one.removed or one.id in kept}
    return found | {key: key for key in sorted(kept - found.keys())}


def choose_category(actor: Actor) -> str:
    """Let the category of a new ticket be chosen; the usual one is there already."""
    first, names = usual(desk().tickets.categories(actor)), offered_categories(actor)
    chosen = st.selectbox(
        t("field.category"), list(names), list(names).index(first), format_func=names.__getitem__, key="category"
    )
    return chosen or first
