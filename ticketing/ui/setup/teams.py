"""Teams: who works what part of the queue."""

import streamlit as st

from ticketing.domain.people import Actor
from ticketing.domain.teams import Dealing, Team
from ticketing.ui.session import desk
from ticketing.ui.setup.editor import Editor
from ticketing.ui.wording import t


def _summary(actor: Actor, team: Team) -> str:
    names = desk().agents.assignable(actor)
    members = ", ".join(names.get(member, member) for member in team.members)
    return f"{members or t('setup.teams.nobody')} · {t(f'setup.teams.dealing.{team.dealing}')}"


def _fields(actor: Actor, team: Team | None) -> Team:
    names = desk().agents.assignable(actor)
    team = team or Team(name="")
    name = st.text_input(t("setup.name"), team.name, key="team_name")
    members = st.multiselect(
        t("setup.teams.members"),
        list(dict.fromkeys([*names, *team.members])),
        [*team.members],
        format_func=lambda member: names.get(member, member),
        key="team_members",
    )
    dealing = st.selectbox(
        t("setup.teams.dealing"),
        list(Dealing),
        list(Dealing).index(team.dealing),
        format_func=lambda choice: t(f"setup.teams.dealing.{choice}"),
        key="team_dealing",
    )
    return team.model_copy(update={"name": name, "members": tuple(members), "dealing": dealing or Dealing.NONE})


EDITOR = Editor(Team, "groups", _summary, _fields)
