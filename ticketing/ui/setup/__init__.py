"""
The pages on which the desk is set up: the kinds, what there is of one, and the form for one of them.

A form is held against the version that the person was shown when they came to it, so nobody overwrites what they have
not seen.
"""

from dataclasses import dataclass, field

import streamlit as st

from ticketing.domain import policy
from ticketing.domain.definitions import Definition
from ticketing.domain.errors import DefinitionNotFoundError, StaleDefinitionError
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.ui.deeds import form_key, once
from ticketing.ui.feedback import next_flash, shown_errors
from ticketing.ui.forms import button, form_button, submit_button
from ticketing.ui.layout import head_below_people, way_back
from ticketing.ui.memory import recall
from ticketing.ui.session import desk, go_to, not_found
from ticketing.ui.setup import (
    banners,
    branding,
    calendars,
    canned_replies,
    categories,
    fields,
    mail_texts,
    maintenance,
    permissions,
    recurring,
    retention,
    rules,
    settings,
    sla,
    teams,
    views,
)
from ticketing.ui.setup.editor import Editor
from ticketing.ui.setup.file import offer_file
from ticketing.ui.setup.importing import KIND, draw_imports
from ticketing.ui.setup.overview import Overview
from ticketing.ui.setup.words import change_in_words
from ticketing.ui.text import plain
from ticketing.ui.times import exact, zone
from ticketing.ui.wording import t

PAGE = "desk_setup"
NEW = "new"
EDITORS = {
    editor.kind.kind: editor
    for editor in (
        views.EDITOR,
        categories.EDITOR,
        teams.EDITOR,
        canned_replies.EDITOR,
        rules.EDITOR,
        calendars.EDITOR,
        sla.EDITOR,
        fields.EDITOR,
        recurring.EDITOR,
        mail_texts.EDITOR,
        retention.EDITOR,
        banners.EDITOR,
        branding.EDITOR,
        maintenance.EDITOR,
    )
}
OVERVIEWS: dict[str, Overview] = {"settings": settings.OVERVIEW, "permissions": permissions.OVERVIEW}


@dataclass(slots=True)
class _Shown:
    """Which version of each definition the visitor was shown when they came to its form."""

    versions: dict[tuple[str, str], int] = field(default_factory=dict)


def set_up(actor: Actor, kind: str, key: str) -> None:
    """Draw the page that the address asks for: all kinds, all of one kind, or the form of one definition."""
    if not kind:
        _draw_kinds(actor)
    elif kind in OVERVIEWS and policy.may(actor, OVERVIEWS[kind].action):
        way_back(PAGE, t("page.desk_setup"))
        st.title(t(f"setup.{kind}"), anchor=False)
        OVERVIEWS[kind].draw(actor)
    elif kind == KIND and policy.may(actor, Action.MOVE_DATA):
        draw_imports(actor)
    elif kind not in EDITORS:
        not_found()
    elif EDITORS[kind].kind.only:
        _draw_form(actor, EDITORS[kind], kind)
    elif key:
        _draw_form(actor, EDITORS[kind], key)
    else:
        _draw_list(actor, EDITORS[kind])


def _draw_kinds(actor: Actor) -> None:
    head_below_people(t("page.desk_setup"))
    recall(_Shown).versions.clear()
    for name, editor in EDITORS.items():
        if not editor.kind.only:
            _draw_way(name, editor.icon, t("setup.open", n=len(desk().definitions.all(actor, editor.kind))))
        elif _may_change(actor, editor.kind):
            (present,) = desk().definitions.all(actor, editor.kind)
            _draw_way(name, editor.icon, t("setup.edit"), plain(editor.summary(actor, present)))
    for name, overview in OVERVIEWS.items():
        if policy.may(actor, overview.action):
            _draw_way(name, overview.icon, t("setup.look"))
    if policy.may(actor, Action.CHANGE_SETUP):
        offer_file(actor)
    if policy.may(actor, Action.MOVE_DATA):
        _offer_imports()


def _offer_imports() -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", border=True):
        with st.container(gap=None):
            st.markdown(f":material/move_to_inbox: **{t('setup.imports')}**")
            st.caption(t("setup.imports.about"))
        if button(t("setup.imports.open"), key="open_imports"):
            go_to(PAGE, kind=KIND)


def _draw_way(name: str, icon: str, word: str, state: str = "") -> None:
    """Say what can be set up or looked at, and how that is now, with the way there."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", border=True):
        with st.container(gap=None):
            st.markdown(f":material/{icon}: **{t(f'setup.{name}')}**{state and f' · {state}'}")
            st.caption(t(f"setup.{name}.about"))
        if button(word, key=f"open_{name}"):
            go_to(PAGE, kind=name)


def _draw_list(actor: Actor, editor: Editor) -> None:
    name, may_change = editor.kind.kind, _may_change(actor, editor.kind)
    recall(_Shown).versions.clear()
    way_back(PAGE, t("page.desk_setup"))
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="page_head"):
        st.title(t(f"setup.{name}"), width="content", anchor=False)
        if may_change and button(t(f"setup.{name}.new"), key="new", type="primary", icon=":material/add:"):
            go_to(PAGE, kind=name, id=NEW)
    found = desk().definitions.all(actor, editor.kind)
    if not found:
        st.info(t(f"setup.{name}.about"), icon=f":material/{editor.icon}:")
    for one in found:
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", border=True):
            with st.container(gap=None):
                st.markdown(f"**{plain(one.name)}**")
                st.caption(plain(editor.summary(actor, one)))
            if may_change and button(t("setup.edit"), key=f"edit_{one.id}"):
                go_to(PAGE, kind=name, id=one.id)
    if may_change:
        _offer_to_bring_back(actor, editor)


def _offer_to_bring_back(actor: Actor, editor: Editor) -> None:
    removed = desk().definitions.all(actor, editor.kind, removed=True)
    if not removed:
        return
    with st.expander(t("setup.removed", n=len(removed)), icon=":material/delete:"):
        for one in removed:
            with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
                st.markdown(plain(one.name))
                if button(t("setup.bring_back"), key=f"bring_back_{one.id}"):
                    _keep(actor, one.model_copy(update={"removed": False}), t("setup.is_back", name=one.name))


def _draw_form(actor: Actor, editor: Editor, key: str) -> None:
    name = editor.kind.kind
    if not _may_change(actor, editor.kind):
        not_found()
    before = None if key == NEW else _asked_for(actor, editor, key)
    if editor.kind.only:
        way_back(PAGE, t("page.desk_setup"))
        st.title(t(f"setup.{name}"), anchor=False)
    else:
        way_back(PAGE, t(f"setup.{name}"), kind=name)
        st.title(plain(before.name) if before else t(f"setup.{name}.new"), anchor=False)
    form = f"setup_{name}_{key}"
    with st.form(form, width=640):
        wanted = None
        with shown_errors():
            wanted = editor.fields(actor, before)
        with st.container(horizontal=True):
            submitted = submit_button(t("setup.save"), key="save")
            wants_preview = editor.preview and form_button(t(editor.preview_word), key="preview")
        if editor.preview and wanted and wants_preview:
            editor.preview(actor, wanted)
    version = recall(_Shown).versions.setdefault((name, key), before.version if before else 0)
    if submitted and wanted:
        _keep(actor, wanted.model_copy(update={"version": version}), t("setup.saved", name=wanted.name))
    if before:
        _draw_history(before)
        is_here_to_stay = before.removed or editor.kind.only
        if not is_here_to_stay and button(t("setup.remove"), key="remove", icon=":material/delete:"):
            gone = before.model_copy(update={"removed": True})
            _keep(actor, gone, t("setup.is_removed", name=before.name))


def _asked_for(actor: Actor, editor: Editor, key: str) -> Definition:
    try:
        return desk().definitions.get(actor, editor.kind, key)
    except DefinitionNotFoundError:
        not_found()


def _keep(actor: Actor, definition: Definition, sentence: str) -> None:
    """Keep it and go back to the list; who was shown an older version is told, and can then decide anew."""
    name, flash, shown = type(definition).kind, next_flash(), recall(_Shown)
    key = form_key(PAGE, name, definition.model_dump_json(exclude={"history"}))

    def deed() -> None:
        desk().definitions.save(actor, definition)
        flash.say(sentence)

    with shown_errors():
        try:
            once(key, deed)
        except StaleDefinitionError:
            shown.versions.pop((name, definition.id), None)
            raise
        go_to(PAGE, **({} if definition.only else {"kind": name}))


def _draw_history(definition: Definition) -> None:
    with st.expander(t("setup.history"), icon=":material/history:"):
        for change in reversed(definition.history):
            st.markdown(plain(change_in_words(change.field, change.old, change.new)))
            st.caption(plain(t("setup.change", by=change.by, at=exact(change.at, zone()))))


def _may_change(actor: Actor, kind: type[Definition]) -> bool:
    return policy.may(actor, Action.KEEP_SHORTCUTS if kind.is_agents else Action.CHANGE_SETUP)
