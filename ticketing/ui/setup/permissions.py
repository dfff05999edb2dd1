"""Who may do what: the table of permissions, as the desk itself goes by it."""

import streamlit as st

from ticketing.domain import policy
from ticketing.domain.people import Actor, Role
from ticketing.domain.policy import Action, Relation
from ticketing.ui.setup.overview import Overview
from ticketing.ui.setup.tables import table
from ticketing.ui.wording import t


def _draw(_: Actor) -> None:
    head = ["", *(t(f"role.{role}") for role in Role)]
    rows = [[action.value.capitalize(), *(_cell(action, role) for role in Role)] for action in Action]
    table(head, rows)
    st.caption(t("setup.permissions.relations"))


def _cell(action: Action, role: Role) -> str:
    relations = policy.TABLE[action][role]
    if relations == {Relation.DESK}:
        return t("people.permitted")
    return ", ".join(relation.value for relation in Relation if relation in relations) or t("people.forbidden")


OVERVIEW = Overview("shield_person", Action.SEE_SETUP, _draw)
