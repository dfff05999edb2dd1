"""Create an account; it is always a requester's."""

import streamlit as st

from ticketing import ui
from ticketing.ui import t

if ui.visitor() is not None:
    ui.go_home()

with ui.narrow():
    st.title(t("page.register"), anchor=False)

    with st.form("register"):
        username = st.text_input(
            t("field.username"), key="username", autocomplete="username", help=t("register.username_help")
        )
        display_name = st.text_input(t("field.display_name"), key="display_name", autocomplete="name")
        email = st.text_input(t("field.email_optional"), key="email", type="email", autocomplete="email")
        password = ui.password_field(
            t("field.password"), key="password", autocomplete="new-password", help=t("register.password_help")
        )
        confirmation = ui.password_field(t("field.confirmation"), key="confirmation", autocomplete="new-password")
        submitted = ui.submit_button(t("register.submit"), key="submit", width="stretch")

    if submitted:
        accounts = ui.desk().accounts
        address, browser = ui.address(), ui.browser()
        with ui.shown_errors():
            ui.sign_in_by(
                ui.form_key("register", username, display_name, email, password, confirmation),
                lambda: accounts.register_browser(
                    username, display_name, password, confirmation, email, address=address, browser=browser
                ),
            )

    st.page_link(ui.page("login"), label=t("register.have_one"))
