"""Sign in."""

import streamlit as st

from ticketing import ui
from ticketing.ui import t

if ui.visitor() is not None:
    ui.go_home()

with ui.narrow():
    st.title(t("page.login"), anchor=False)
    ui.explain_sign_in()

    with st.form("login"):
        username = st.text_input(t("field.username"), key="username", autocomplete="username")
        password = st.text_input(t("field.password"), key="password", type="password", autocomplete="current-password")
        submitted = st.form_submit_button(t("login.submit"), type="primary", key="submit", width="stretch")

    if submitted:
        with ui.shown_errors():
            hand_off = ui.desk().accounts.sign_in_browser(
                username, password, address=ui.address(), browser=ui.browser(), device=ui.device()
            )
            ui.sign_in_with(hand_off)

    ui.offer_registration()
