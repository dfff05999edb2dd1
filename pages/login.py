"""Sign in."""

import streamlit as st

from ticketing import ui
from ticketing.ui import t

if ui.visitor() is not None:
    ui.go_home()

with ui.narrow():
    st.title(t("page.login"), anchor=False)

    if ui.is_code_wanted():
        ui.code_form()
    else:
        ui.explain_sign_in()

        with st.form("login"):
            username = st.text_input(t("field.username"), key="username", autocomplete="username")
            password = ui.password_field(t("field.password"), key="password", autocomplete="current-password")
            submitted = ui.submit_button(t("login.submit"), key="submit", width="stretch")

        if submitted:
            sign_in = ui.desk().accounts.sign_in_browser
            address, browser, device = ui.address(), ui.browser(), ui.device()
            with ui.shown_errors():
                ui.sign_in_by(
                    ui.form_key("login", username, password),
                    lambda: sign_in(username, password, address=address, browser=browser, device=device),
                )

        ui.offer_sign_in_elsewhere()
        ui.offer_password_reset()
        ui.offer_registration()
