"""Rules of retention: what goes by itself, and when."""

import streamlit as st

from ticketing.domain.people import Actor
from ticketing.domain.retention import FEWEST_DAYS, MOST_DAYS, RetentionRule, Sweep
from ticketing.services.retention import Rehearsal
from ticketing.ui.categories import offered_categories
from ticketing.ui.feedback import shown_errors
from ticketing.ui.session import desk
from ticketing.ui.setup.editor import Editor
from ticketing.ui.text import plain
from ticketing.ui.wording import t


def _summary(_: Actor, rule: RetentionRule) -> str:
    state = t("setup.retention.on" if rule.enabled else "setup.retention.off")
    return t("setup.retention.summary", what=t(f"setup.retention.{rule.sweep}"), days=rule.days, state=state)


def _fields(actor: Actor, before: RetentionRule | None) -> RetentionRule:
    rule = before or RetentionRule(name="")
    name = st.text_input(t("setup.name"), value=rule.name, key="retention_name")
    sweeps = list(Sweep)
    sweep = st.selectbox(
        t("setup.retention.sweep"),
        sweeps,
        sweeps.index(rule.sweep),
        format_func=lambda one: t(f"setup.retention.{one}"),
        key="retention_sweep",
    )
    days = st.number_input(t("setup.retention.days"), FEWEST_DAYS, MOST_DAYS, rule.days, key="retention_days")
    names = {"": t("setup.retention.all_categories")} | offered_categories(actor, [rule.category])
    category = st.selectbox(
        t("field.category"),
        list(names),
        list(names).index(rule.category),
        format_func=lambda key: names.get(key, key),
        help=t("setup.retention.category_help"),
        key="retention_category",
    )
    st.warning(t("setup.retention.for_good"), icon=":material/warning:")
    enabled = st.checkbox(t("setup.retention.enabled"), rule.enabled, key="retention_enabled")
    wanted = {"name": name, "sweep": sweep or rule.sweep, "days": days, "category": category or "", "enabled": enabled}
    return rule.model_copy(update=wanted)


def _rehearse(actor: Actor, rule: RetentionRule) -> None:
    """Say what would go at once, or why the rule can't be kept."""
    with shown_errors():
        _tell(desk().retention.rehearsed(actor, rule))


def _tell(rehearsal: Rehearsal) -> None:
    with st.container(border=True):
        st.markdown(t("setup.retention.would", n=rehearsal.total) if rehearsal.total else t("setup.retention.nothing"))
        if rehearsal.examples:
            st.markdown("\n".join(f"- {plain(one)}" for one in rehearsal.examples))
        if (shown := len(rehearsal.examples)) < rehearsal.total:
            st.caption(t("setup.retention.first", n=shown))


EDITOR = Editor(RetentionRule, "auto_delete", _summary, _fields, _rehearse, preview_word="setup.retention.rehearse")
