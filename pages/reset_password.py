"""Ask for a link by which to choose a new password."""

import streamlit as st

from ticketing import ui
from ticketing.ui import t

if ui.visitor() is not None:
    ui.go_home()

with ui.narrow():
    st.title(t("page.reset_password"), anchor=False)
    st.markdown(t("reset.explained"))

    with st.form("reset_password"):
        wanted = st.text_input(t("field.name_or_address"), key="name_or_address", autocomplete="username")
        submitted = ui.submit_button(t("reset.submit"), key="submit", width="stretch")

    if submitted:
        with ui.shown_errors():
            ask, address = ui.desk().password_resets.ask, ui.address()
            ui.once(ui.form_key("reset_password", wanted), lambda: ask(wanted, address=address))
            st.success(t("reset.sent"), icon=":material/mail:")

    st.page_link(ui.page("login"), label=t("reset.back"))
