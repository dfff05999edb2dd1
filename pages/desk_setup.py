"""How the desk is set up: what there is of each kind, and the form to make or change one."""

import streamlit as st

from ticketing import ui

actor = ui.require_agent()

ui.set_up(actor, st.query_params.get("kind", ""), st.query_params.get("id", ""))
