"""Mails and what became of them, for admins."""

import streamlit as st

from ticketing import ui
from ticketing.ui import t

actor = ui.require_admin()

if "mail" in st.query_params:
    ui.one_mail(actor, st.query_params["mail"])
else:
    ui.head_below_people(t("page.mail"))
    ui.mail_ledger(actor)
