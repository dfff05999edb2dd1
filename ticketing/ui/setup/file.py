"""All that is set up as one file: to take along, and to bring in after a look at what would come of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import streamlit as st

from ticketing.domain.errors import StaleImportError
from ticketing.domain.people import Actor
from ticketing.domain.settings_files import SIZE_LIMIT, Plan, Step
from ticketing.ui.deeds import form_key, once
from ticketing.ui.feedback import next_flash, shown_errors
from ticketing.ui.forms import button
from ticketing.ui.memory import recall
from ticketing.ui.session import desk, go_to
from ticketing.ui.setup.words import change_in_words
from ticketing.ui.text import plain
from ticketing.ui.wording import t


@dataclass(slots=True)
class _Looked:
    """What an import would do, as it was shown, by the mark of the file; `turn` counts the files brought in."""

    plans: dict[str, Plan] = field(default_factory=dict)
    turn: int = 0


def offer_file(actor: Actor) -> None:
    """Draw the way out of the desk and the way in."""
    looked = recall(_Looked)
    with st.container(border=True):
        with st.container(gap=None):
            st.markdown(f":material/file_json: **{t('setup.file')}**")
            st.caption(t("setup.file.about"))
        st.download_button(
            t("setup.file.export"),
            data=lambda: desk().settings_files.export(actor),
            file_name="ticketing-settings.json",
            mime="application/json",
            key="export_settings",
            icon=":material/download:",
            on_click="ignore",
        )
        given = st.file_uploader(
            t("setup.file.import"),
            type="json",
            key=f"settings_file_{looked.turn}",
            max_upload_size=SIZE_LIMIT >> 20,
        )
        if given is None:
            looked.plans.clear()
            return
        with shown_errors():
            if given.file_id not in looked.plans:
                looked.plans = {given.file_id: desk().settings_files.plan(actor, given.getvalue())}
            _draw_plan(actor, given.file_id, looked)


def _draw_plan(actor: Actor, file: str, looked: _Looked) -> None:
    plan = looked.plans[file]
    for warning in plan.warnings:
        st.warning(plain(warning), icon=":material/person_off:")
    st.markdown(t("setup.file.added", n=len(plan.added)))
    _draw_steps(plan.added)
    st.markdown(t("setup.file.changed", n=len(plan.changed)))
    _draw_steps(plan.changed)
    st.markdown(t("setup.file.unchanged", n=len(plan.unchanged)))
    if not (plan.added or plan.changed):
        st.info(t("setup.file.nothing"), icon=":material/check:")
    elif button(t("setup.file.do"), type="primary", key="import_settings"):
        _bring_in(actor, file, looked)


def _draw_steps(steps: Sequence[Step]) -> None:
    lines: list[str] = []
    for step in steps:
        lines.append(f"- {t(f'setup.{step.wanted.kind}')}: **{plain(step.wanted.name)}**")
        lines += [f"    - {plain(change_in_words(*change))}" for change in step.changes]
    if lines:
        st.markdown("\n".join(lines))


def _bring_in(actor: Actor, file: str, looked: _Looked) -> None:
    """Do what was shown, and tell it; whoever was shown what holds no more looks again."""
    flash, plan = next_flash(), looked.plans[file]
    said = t("setup.file.done", added=len(plan.added), changed=len(plan.changed))

    def deed() -> None:
        desk().settings_files.apply(actor, plan)
        looked.turn += 1
        flash.say(said)

    try:
        once(form_key("import_settings", file, str(sorted(plan.seen))), deed)
    except StaleImportError:
        looked.plans.clear()
        raise
    go_to("desk_setup")
