"""Saved views: queries that agents come back to."""

import streamlit as st

from ticketing.domain.people import Actor
from ticketing.domain.saved_views import SavedView
from ticketing.ui.setup.editor import Editor
from ticketing.ui.wording import t

# Under this name the list hands over the query that is to be saved.
QUERY = "query"


def _summary(_actor: Actor, view: SavedView) -> str:
    whose = t("setup.views.own" if view.owner else "setup.views.shared")
    return f"{whose} · {view.query}"


def _fields(actor: Actor, view: SavedView | None) -> SavedView:
    view = view or _new(actor)
    name = st.text_input(t("setup.name"), value=view.name, key="view_name")
    query = st.text_input(t("setup.views.query"), value=view.query, key="view_query", help=t("setup.views.query_help"))
    is_shared = st.radio(
        t("setup.views.for"),
        [False, True],
        int(view.owner is None),
        format_func=lambda shared: t("setup.views.shared" if shared else "setup.views.own"),
        horizontal=True,
        key="view_shared",
    )
    return view.model_copy(update={"name": name, "query": query, "owner": None if is_shared else actor.username})


def _new(actor: Actor) -> SavedView:
    return SavedView(name="", query=st.query_params.get(QUERY, ""), owner=actor.username)


EDITOR = Editor(SavedView, "filter_list", _summary, _fields)
