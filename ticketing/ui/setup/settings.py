"""What the desk was started with: its settings, which are changed where they come from."""

import streamlit as st

from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.ui.session import desk
from ticketing.ui.setup.overview import Overview
from ticketing.ui.setup.tables import table
from ticketing.ui.wording import t


def _draw(actor: Actor) -> None:
    st.caption(t("setup.settings.read_only"))
    head = [t(f"setup.settings.{column}") for column in ("name", "value", "default", "source")]
    found = desk().health.settings(actor)
    rows = [(f"{one.name}: {one.about}", one.value, one.default, t(f"source.{one.source}")) for one in found]
    table(head, rows)


OVERVIEW = Overview("terminal", Action.SEE_HEALTH, _draw)
