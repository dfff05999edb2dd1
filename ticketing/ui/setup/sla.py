"""SLA policies: what is promised, for which tickets."""

from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

import streamlit as st

from ticketing.domain.calendars import BusinessCalendar
from ticketing.domain.deadlines import Target
from ticketing.domain.people import Actor
from ticketing.domain.sla import MAY_PAUSE, SlaPolicy, parse_duration, written
from ticketing.domain.statuses import Priority
from ticketing.domain.teams import Team
from ticketing.ui.categories import category_names, offered_categories
from ticketing.ui.due_times import told
from ticketing.ui.forms import form_button
from ticketing.ui.session import desk
from ticketing.ui.setup.editor import Editor
from ticketing.ui.text import plain
from ticketing.ui.wording import t

Option = TypeVar("Option", bound=StrEnum)


def _summary(actor: Actor, policy: SlaPolicy) -> str:
    targets = [f"{t(f'target.{target}')} {written(duration)}" for target, duration in policy.targets.items()]
    names = category_names(actor)
    only = [t(f"priority.{one}") for one in policy.priorities] + [names.get(one, one) for one in policy.categories]
    only += [name for team, name in _teams(actor, policy).items() if team in policy.teams]
    return " · ".join([f"{policy.position}", ", ".join(only) or t("setup.sla.all"), *targets])


def _fields(actor: Actor, policy: SlaPolicy | None) -> SlaPolicy:
    policy = policy or SlaPolicy(name="")
    name = st.text_input(t("setup.name"), value=policy.name, key="sla_name")
    position = st.number_input(
        t("setup.sla.position"), 1, 999, policy.position, help=t("setup.sla.position_help"), key="sla_position"
    )
    priorities = _several("priority", t("field.priority"), Priority, policy.priorities)
    words = offered_categories(actor, policy.categories)
    categories = _chosen("category", words, policy.categories)
    teams = _chosen("team", _teams(actor, policy), policy.teams)
    calendar = _calendar(actor, policy)
    typed = {target: _time(target, t(f"target.{target}"), policy.targets.get(target)) for target in Target}
    warning = _time("warning", t("setup.sla.warning"), policy.warning)
    paused = _several("status", t("setup.sla.paused"), MAY_PAUSE, policy.paused)
    is_rehearsed = form_button(t("setup.sla.rehearse"), key="rehearse")
    day = calendar.business_day if calendar else timedelta(0)
    wanted = policy.model_copy(
        update={
            "name": name,
            "position": position,
            "priorities": priorities,
            "categories": categories,
            "teams": teams,
            "calendar": calendar.id if calendar else "",
            **{target.value: parse_duration(t(f"target.{target}"), text, day) for target, text in typed.items()},
            "warning": parse_duration(t("setup.sla.warning"), warning, day) or timedelta(0),
            "paused": paused,
        }
    )
    if is_rehearsed:
        _rehearse(actor, wanted)
    return wanted


def _chosen(field: str, names: dict[str, str], chosen: Iterable[str]) -> tuple[str, ...]:
    """Let some be chosen where there are any: a field without a choice could hardly be read."""
    if not names:
        return ()
    label, key = t(f"field.{field}"), f"sla_{field}"
    return tuple(st.multiselect(label, list(names), list(chosen), format_func=names.__getitem__, key=key))


def _teams(actor: Actor, policy: SlaPolicy) -> dict[str, str]:
    """Return the names of the teams that can be chosen, and of those that the policy names."""
    names = {one.id: one.name for one in desk().definitions.all(actor, Team)}
    removed = desk().definitions.all(actor, Team, removed=True) if set(policy.teams) - names.keys() else []
    return (
        {team: team for team in policy.teams} | {one.id: one.name for one in removed if one.id in policy.teams} | names
    )


def _several(name: str, label: str, options: Iterable[Option], chosen: Iterable[Option]) -> tuple[Option, ...]:
    return tuple(
        st.multiselect(
            label, list(options), list(chosen), format_func=lambda one: t(f"{name}.{one}"), key=f"sla_{name}"
        )
    )


def _time(name: str, label: str, time: timedelta | None) -> str:
    return st.text_input(label, written(time), key=f"sla_{name}", help=t("setup.sla.time_help"))


def _calendar(actor: Actor, policy: SlaPolicy) -> BusinessCalendar | None:
    """Let one be chosen of the calendars that are there, and the present one even if it was removed."""
    there = desk().definitions.all(actor, BusinessCalendar)
    there += [one for one in desk().definitions.all(actor, BusinessCalendar, removed=True) if one.id == policy.calendar]
    ids = [one.id for one in there]
    chosen: BusinessCalendar | None = st.selectbox(
        t("setup.sla.calendar"),
        there,
        ids.index(policy.calendar) if policy.calendar in ids else 0,
        format_func=lambda one: one.name,
        placeholder=t("setup.sla.no_calendar"),
        key="sla_calendar",
    )
    return chosen


def _rehearse(actor: Actor, wanted: SlaPolicy) -> None:
    """Say when a ticket that is opened now would be due under such a policy, and why."""
    _, calendar, steps = desk().due_times.rehearsed(actor, wanted)
    lines = [t("setup.sla.rehearsed", zone=calendar.zone)]
    for target, way in steps.items():
        lines.append(f"**{t(f'target.{target}')}**")
        lines += [plain(told(step, calendar)) for step in way]
    st.info("  \n".join(lines), icon=":material/schedule:")


EDITOR = Editor(SlaPolicy, "timer", _summary, _fields)
