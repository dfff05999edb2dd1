"""Open a ticket."""

import streamlit as st

from ticketing import ui
from ticketing.domain.text import TEXT_LIMIT, TITLE_LIMIT
from ticketing.ui import t

actor = ui.require_actor()
former = ui.former_asked_for(actor)
newest = ui.newest_ticket(actor)
draft = ui.draft_name(actor, former, newest)

st.title(t("page.new_ticket"), anchor=False)
if former:
    ui.tell_what_it_follows(actor, former)
ui.remind_of(actor, newest)

form, beside = st.columns([2, 1], gap="large")
with form:
    # Outside the form, since it acts at once: each category has fields of its own.
    category = ui.choose_category(actor)
    fields = ui.fields_asked_for(actor, category)
    with st.form("new_ticket"):
        requester = None if former else ui.ask_for_whom(actor)
        title = st.text_input(t("new_ticket.title"), max_chars=2 * TITLE_LIMIT, key="title", persist_state="session")
        description = st.text_area(
            t("new_ticket.description"),
            max_chars=2 * TEXT_LIMIT,
            height=220,
            key="description",
            placeholder=t("new_ticket.hint"),
            persist_state="session",
        )
        values = ui.fill_in(fields)
        chosen = ui.choose_files(draft)
        submitted = ui.submit_button(t("new_ticket.submit"), key="submit")
kept = ("title", "description", *(() if requester is None else ("requester",)), *ui.typed_into(fields))
typed = ui.keep_draft(actor, draft, former, *kept)
ui.hold_the_line()
with beside:
    ui.perhaps_this_helps(actor, typed)

if submitted:
    with ui.shown_errors():
        follows = former.number if former else None
        files = chosen.ids()
        key = ui.form_key("new_ticket", title, description, category, str(requester), str(follows), str(values), *files)
        ticket = ui.desk().tickets.open(
            actor,
            title,
            description,
            category,
            requester=requester or "",
            fields=values,
            follows=follows,
            files=files,
            key=key,
        )
        ui.forget_draft(ticket.number, *kept)
        ui.say_after_rerun(t("new_ticket.opened", label=ticket.label))
        ui.go_to_ticket(ticket.number)
