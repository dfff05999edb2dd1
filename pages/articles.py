"""What the desk knows: articles for everybody, and for agents the form in which they write them."""

import streamlit as st

from ticketing import ui

actor = ui.require_actor()
asked = st.query_params

ui.show_articles(actor, asked.get("id", ""), edited=asked.get("edit", ""), ticket=asked.get("from", ""))
