"""One article: read it, judge it, and, for agents, write it."""

import streamlit as st

from ticketing import ui

actor = ui.require_actor()

if {"edit", "from"} & set(st.query_params):
    ui.edit_article(actor, st.query_params.get("edit", ""), st.query_params.get("from", ""))
else:
    ui.article_page(actor, st.query_params.get("id", ""))
