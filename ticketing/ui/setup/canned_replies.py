"""Canned replies and macros: what agents send again and again, and what they change with it."""

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

import streamlit as st

from ticketing.domain.canned_replies import CannedReply
from ticketing.domain.changes import ME, NOBODY, Changes
from ticketing.domain.people import Actor
from ticketing.domain.statuses import Priority, Resolution, Status
from ticketing.domain.teams import Team
from ticketing.domain.templates import VARIABLES, Subject, filled_in
from ticketing.domain.tickets import Ticket
from ticketing.ui.canned import changes_in_words
from ticketing.ui.categories import category_names, offered_categories
from ticketing.ui.feedback import shown_errors
from ticketing.ui.session import desk
from ticketing.ui.setup.editor import Editor
from ticketing.ui.text import plain, to_html
from ticketing.ui.times import zone
from ticketing.ui.wording import t

Choice = TypeVar("Choice", bound=StrEnum)


def _summary(actor: Actor, canned: CannedReply) -> str:
    whose = t("setup.canned_replies.own" if canned.owner else "setup.canned_replies.shared")
    first_line = canned.text.partition("\n")[0]
    return " · ".join(
        filter(
            None,
            [whose, first_line, *changes_in_words(canned.changes, _names(actor), _teams(actor), category_names(actor))],
        )
    )


def _fields(actor: Actor, canned: CannedReply | None) -> CannedReply:
    canned = canned or _new(actor)
    name = st.text_input(t("setup.name"), value=canned.name, key="canned_name")
    is_shared = st.radio(
        t("setup.canned_replies.for"),
        [False, True],
        int(canned.owner is None),
        format_func=lambda shared: t("setup.canned_replies.shared" if shared else "setup.canned_replies.own"),
        horizontal=True,
        key="canned_shared",
    )
    text = st.text_area(t("setup.canned_replies.text"), value=canned.text, height=180, key="canned_text")
    show_variables(actor, t("setup.canned_replies.your_name"))
    words = offered_categories(actor, canned.categories)
    categories = st.multiselect(
        t("setup.canned_replies.categories"),
        list(words),
        [*canned.categories],
        format_func=words.__getitem__,
        placeholder=t("setup.canned_replies.every_category"),
        key="canned_categories",
    )
    typed = {"name": name, "text": text, "owner": None if is_shared else actor.username}
    people = {ME: t("canned.assignee_me"), NOBODY: t("canned.assignee_nobody")} | _names(actor)
    changes = fields_of_changes(actor, canned.changes, people, form="canned")
    return canned.model_copy(update=typed | {"categories": tuple(categories), "changes": changes})


def _new(actor: Actor) -> CannedReply:
    return CannedReply(name="", owner=actor.username)


def show_variables(actor: Actor, agent: str) -> None:
    """Show what stands for what where this agent answers, each to be copied by a click."""
    example = _example(actor, agent)
    with (
        st.expander(t("setup.canned_replies.variables"), icon=":material/data_object:"),
        st.grid(2, min_column_width=220),
    ):
        for name, value in VARIABLES.items():
            with st.container(gap="xxsmall"):
                st.code(f"{{{{ {name} }}}}", language=None)
                st.caption(plain(value(example)))


def fields_of_changes(actor: Actor, changes: Changes, people: dict[str, str], *, form: str) -> Changes:
    """Draw what is changed in a ticket, which can be given to one of these people."""
    st.markdown(t("setup.canned_replies.changes"))
    with st.grid(2, min_column_width=200):
        status = _choice(form, "status", Status, changes.status)
        resolution = _choice(form, "resolution", Resolution, changes.resolution)
        priority = _choice(form, "priority", Priority, changes.priority)
        categories = offered_categories(actor, filter(None, [changes.category]))
        category = _one_of(form, "category", categories, changes.category)
        team = _one_of(form, "team", {NOBODY: t("ticket.no_team")} | _teams(actor), changes.team)
        assignee = _one_of(form, "assignee", people, changes.assignee)
    added = _tags(form, "add_tags", changes.add_tags)
    removed = _tags(form, "remove_tags", changes.remove_tags)
    return changes.model_copy(
        update={
            "status": status,
            "resolution": resolution,
            "priority": priority,
            "category": category,
            "team": team,
            "assignee": assignee,
            "add_tags": added,
            "remove_tags": removed,
        }
    )


def _choice(form: str, field: str, choices: type[Choice], present: Choice | None) -> Choice | None:
    """Draw what a field is set to; None leaves it as it is."""
    return st.selectbox(
        t(f"field.{field}"),
        list(choices),
        None if present is None else list(choices).index(present),
        format_func=lambda choice: t(f"{field}.{choice}"),
        placeholder=t("setup.canned_replies.as_is"),
        key=f"{form}_{field}",
    )


def _one_of(form: str, field: str, words: dict[str, str], present: str | None) -> str | None:
    """Draw into what or to whom the ticket is given; what takes none any more can be left, not come back to."""
    if present is not None:
        words.setdefault(present, present)
    return st.selectbox(
        t(f"field.{field}"),
        list(words),
        None if present is None else list(words).index(present),
        format_func=lambda choice: words.get(choice, choice),
        placeholder=t("setup.canned_replies.as_is"),
        key=f"{form}_{field}",
    )


def _tags(form: str, which: str, present: Sequence[str]) -> tuple[str, ...]:
    label, hint = t(f"setup.canned_replies.{which}"), t("setup.canned_replies.tags_hint")
    typed = st.text_input(label, value=", ".join(present), placeholder=hint, key=f"{form}_{which}")
    return tuple(typed.split(","))


def _preview(actor: Actor, canned: CannedReply) -> None:
    """Draw it as it would be for an example, or say why it cannot be kept."""
    with shown_errors():
        checked = canned.checked()
        example = _example(actor, actor.display_name)
        with st.container(border=True):
            st.caption(plain(t("setup.canned_replies.example", label=example.ticket.label, name=example.requester)))
            if checked.text:
                st.html(to_html(filled_in(checked.text, example)))
            with st.container(horizontal=True, gap="xsmall"):
                words = changes_in_words(checked.changes, _names(actor), _teams(actor), category_names(actor))
                for change in words:
                    st.badge(plain(change), icon=":material/edit:", width="content")


def _example(actor: Actor, agent: str) -> Subject:
    """Return a ticket that nobody has opened, as it is answered by this agent."""
    now = desk().clock()
    title, description = t("setup.canned_replies.example_title"), t("setup.canned_replies.example_text")
    category, name = next(iter(offered_categories(actor).items()))
    ticket = Ticket.open(1042, "carla", title, description, category, now - timedelta(hours=1))
    return Subject(ticket, t("setup.canned_replies.example_name"), agent, now.astimezone(zone()).date(), name)


def _names(actor: Actor) -> dict[str, str]:
    return desk().agents.assignable(actor)


def _teams(actor: Actor) -> dict[str, str]:
    return {team.id: team.name for team in desk().definitions.all(actor, Team)}


EDITOR = Editor(CannedReply, "quickreply", _summary, _fields, _preview)
