"""A person's own account: name, password and other ways in, two-step sign-in, sessions, notifications, API keys."""

import streamlit as st

from ticketing import ui
from ticketing.ui import t

actor = ui.require_actor(may_be_half_in=True)

st.title(t("page.account"), anchor=False)

if actor.must_change_password:
    st.info(t("account.password_due"), icon=":material/key:")
    ui.password_form(actor)
elif actor.must_set_up_second_factor or ui.is_showing_recovery_codes():
    ui.second_factor_form(actor)
else:
    tabs = ("profile", "password", "two_step", "sessions", "mail", "keys", "data")
    profile, password, two_step, sessions, mail, keys, data = st.tabs([t(f"account.{tab}") for tab in tabs])
    with profile:
        ui.profile_form(actor)
    with password, ui.shown_errors():
        ui.ways_in(actor)
    with two_step, ui.shown_errors():
        ui.second_factor_form(actor)
    with sessions, ui.shown_errors():
        ui.own_sessions(actor)
    with mail:
        ui.mail_form(actor)
    with keys, ui.shown_errors():
        ui.own_keys(actor)
    with data:
        ui.own_data(actor)
