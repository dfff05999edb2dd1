"""A person's own account: name, password, sessions."""

import streamlit as st

from ticketing import ui
from ticketing.ui import t

actor = ui.require_actor(password_may_be_due=True)

st.title(t("page.account"), anchor=False)

if actor.must_change_password:
    st.info(t("account.password_due"), icon=":material/key:")
    ui.password_form(actor)
else:
    names = [t(f"account.{name}") for name in ("profile", "password", "sessions", "mail")]
    profile, password, sessions, mail = st.tabs(names)
    with profile:
        ui.profile_form(actor)
    with password:
        ui.password_form(actor)
    with sessions, ui.shown_errors():
        ui.own_sessions(actor)
    with mail:
        ui.mail_form(actor)
