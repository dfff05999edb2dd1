"""Maintenance: nobody but admins changes anything for a while."""

import streamlit as st

from ticketing.domain.maintenance import LONGEST_MESSAGE, Maintenance
from ticketing.domain.people import Actor
from ticketing.ui.setup.editor import Editor
from ticketing.ui.wording import t


def _summary(_: Actor, maintenance: Maintenance) -> str:
    return t("setup.maintenance.on" if maintenance.is_on else "setup.maintenance.off")


def _fields(_: Actor, maintenance: Maintenance | None) -> Maintenance:
    maintenance = maintenance or Maintenance(name=Maintenance.only)
    is_on = st.toggle(t("setup.maintenance.is_on"), value=maintenance.is_on, key="maintenance_is_on")
    message = st.text_input(
        t("setup.maintenance.message"),
        value=maintenance.message,
        max_chars=LONGEST_MESSAGE,
        placeholder=t("setup.maintenance.example"),
        key="maintenance_message",
    )
    return maintenance.model_copy(update={"is_on": is_on, "message": message})


EDITOR = Editor(Maintenance, "engineering", _summary, _fields)
