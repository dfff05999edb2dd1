"""Webhooks, for admins: which there are, how they fare, and what has become of each message."""

import streamlit as st

from ticketing import ui

actor = ui.require_admin()

ui.look_after_webhooks(actor, st.query_params.get("id", ""))
