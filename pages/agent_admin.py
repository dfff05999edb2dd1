"""The people of the desk: register agents, and look after accounts."""

import streamlit as st

from ticketing import ui

actor = ui.require_agent()

if st.query_params.get("new") == "invitation":
    ui.invite(actor)
elif "new" in st.query_params:
    ui.register_agent(actor)
elif "person" in st.query_params:
    ui.manage_person(actor, st.query_params["person"])
elif "anonymise" in st.query_params:
    ui.anonymise_person(actor, st.query_params["anonymise"])
else:
    ui.people_head(actor)
    ui.health_notes(actor)
    ui.people_list(actor)
