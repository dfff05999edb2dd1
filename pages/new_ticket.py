"""Open a ticket."""

import streamlit as st

from ticketing import ui
from ticketing.domain.statuses import TicketCategory
from ticketing.domain.text import TEXT_LIMIT, TITLE_LIMIT
from ticketing.ui import t

actor = ui.require_actor()
former = ui.former_asked_for(actor)
newest = ui.newest_ticket(actor)

st.title(t("page.new_ticket"), anchor=False)
if former:
    ui.tell_what_it_follows(actor, former)
ui.remind_of(actor, newest)

form, beside = st.columns([2, 1], gap="large")
with form, st.form("new_ticket"):
    title = st.text_input(t("new_ticket.title"), max_chars=2 * TITLE_LIMIT, key="title", persist_state="session")
    description = st.text_area(
        t("new_ticket.description"),
        max_chars=2 * TEXT_LIMIT,
        height=220,
        key="description",
        placeholder=t("new_ticket.hint"),
        persist_state="session",
    )
    category = st.selectbox(
        t("field.category"),
        list(TicketCategory),
        format_func=lambda choice: t(f"category.{choice}"),
        key="category",
    )
    submitted = ui.submit_button(t("new_ticket.submit"), form="new_ticket", key="submit")
typed = ui.keep_draft(actor, former, newest, "title", "description")
with beside:
    ui.perhaps_this_helps(actor, typed)

if submitted:
    with ui.shown_errors():
        category = category or TicketCategory.GENERAL
        follows = former.number if former else None
        key = ui.form_key("new_ticket", title, description, category, str(follows))
        ticket = ui.desk().tickets.open(actor, title, description, category, follows=follows, key=key)
        ui.forget_draft("title", "description")
        ui.say_after_rerun(t("new_ticket.opened", label=ticket.label))
        ui.go_to_ticket(ticket.number)
