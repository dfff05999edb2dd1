"""Teams: who works what part of the queue."""

from collections.abc import Mapping

import streamlit as st

from ticketing.domain.people import Actor
from ticketing.domain.teams import Dealing, Team
from ticketing.ui.categories import category_names, offered_categories
from ticketing.ui.session import desk
from ticketing.ui.setup.editor import Editor
from ticketing.ui.wording import t


def _summary(actor: Actor, team: Team) -> str:
    names = desk().agents.assignable(actor)
    members = ", ".join(names.get(member, member) for member in team.members) or t("setup.teams.nobody")
    words = category_names(actor)
    categories = ", ".join(words.get(one, one) for one in team.categories)
    takes = t("setup.teams.takes", categories=categories) if categories else ""
    warning = t("setup.teams.nobody_active") if _is_deserted(team, names) else ""
    return " · ".join(filter(None, (members, takes, t(f"setup.teams.dealing.{team.dealing}"), warning)))


def _fields(actor: Actor, team: Team | None) -> Team:
    names = desk().agents.assignable(actor)
    team = team or Team(name="")
    if _is_deserted(team, names):
        st.warning(t("setup.teams.nobody_active"), icon=":material/person_off:")
    name = st.text_input(t("setup.name"), value=team.name, key="team_name")
    members = st.multiselect(
        t("setup.teams.members"),
        list(dict.fromkeys([*names, *team.members])),
        [*team.members],
        format_func=lambda member: names.get(member, member),
        key="team_members",
    )
    words = offered_categories(actor, team.categories)
    categories = st.multiselect(
        t("setup.teams.categories"),
        list(words),
        [*team.categories],
        format_func=words.__getitem__,
        key="team_categories",
    )
    dealing = st.selectbox(
        t("setup.teams.dealing"),
        list(Dealing),
        list(Dealing).index(team.dealing),
        format_func=lambda choice: t(f"setup.teams.dealing.{choice}"),
        key="team_dealing",
    )
    wanted = {"name": name, "members": tuple(members), "categories": tuple(categories)}
    if team.id:
        st.caption(t("setup.teams.search", team=team.id))
    return team.model_copy(update={**wanted, "dealing": dealing or Dealing.NONE})


def _is_deserted(team: Team, active: Mapping[str, str]) -> bool:
    """Whether tickets that are dealt to the team find nobody: its members have left, or work no tickets any more."""
    return bool(team.members) and not any(member in active for member in team.members)


EDITOR = Editor(Team, "groups", _summary, _fields)
