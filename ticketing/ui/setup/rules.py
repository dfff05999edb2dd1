"""Rules: what the desk does by itself, and what would have come of it."""

import streamlit as st

from ticketing.domain.changes import NOBODY
from ticketing.domain.errors import QueryError
from ticketing.domain.people import Actor
from ticketing.domain.queries import MOST_HITS
from ticketing.domain.rules import Rule, Trigger
from ticketing.domain.teams import Team
from ticketing.domain.tickets import DESK
from ticketing.services.rules import Rehearsal
from ticketing.ui.canned import changes_in_words
from ticketing.ui.categories import category_names
from ticketing.ui.feedback import shown_errors
from ticketing.ui.session import desk
from ticketing.ui.setup.canned_replies import fields_of_changes, show_variables
from ticketing.ui.setup.editor import Editor
from ticketing.ui.text import plain
from ticketing.ui.times import exact, zone
from ticketing.ui.wording import t


def _summary(actor: Actor, rule: Rule) -> str:
    teams = {team.id: team.name for team in desk().definitions.all(actor, Team)}
    does = changes_in_words(rule.changes, desk().agents.assignable(actor), teams, category_names(actor))
    does += [t(f"setup.rules.{word}") for word, text in {"says": rule.reply, "notes": rule.note}.items() if text]
    does += [t("setup.rules.last")] if rule.stops else []
    is_on = t("setup.rules.on" if rule.enabled else "setup.rules.off")
    what = rule.query or t("setup.rules.everything")
    when = t(f"setup.rules.trigger.{rule.trigger}")
    return " · ".join([f"{rule.position}", is_on, when, what, *does, *_trouble(actor, rule)])


def _trouble(actor: Actor, rule: Rule) -> list[str]:
    """Say why the query finds nothing any more, if it has a word that there is no more."""
    try:
        rule.require_understood(desk().tickets.categories(actor))
    except QueryError as error:
        return [str(error)]
    return []


def _fields(actor: Actor, rule: Rule | None) -> Rule:
    rule = rule or Rule(name="")
    names = desk().agents.assignable(actor)
    typed = {
        "name": st.text_input(t("setup.name"), value=rule.name, key="rule_name"),
        "enabled": st.checkbox(t("setup.rules.enabled"), rule.enabled, key="rule_enabled"),
        "position": st.number_input(
            t("setup.rules.position"), 1, 999, rule.position, help=t("setup.rules.position_help"), key="rule_position"
        ),
        "trigger": st.selectbox(
            t("setup.rules.trigger"),
            list(Trigger),
            list(Trigger).index(rule.trigger),
            format_func=lambda trigger: t(f"setup.rules.trigger.{trigger}"),
            key="rule_trigger",
        ),
        "query": st.text_input(
            t("setup.rules.query"), value=rule.query, help=t("setup.rules.query_help"), key="rule_query"
        ),
        "changes": fields_of_changes(actor, rule.changes, {NOBODY: t("canned.assignee_nobody")} | names, form="rule"),
        "reply": st.text_area(t("setup.rules.reply"), value=rule.reply, key="rule_reply"),
        "note": st.text_area(t("setup.rules.note"), value=rule.note, key="rule_note"),
        "notify": _notify(rule, names),
    }
    show_variables(actor, DESK.display_name)
    typed["stops"] = st.checkbox(t("setup.rules.stops"), rule.stops, key="rule_stops")
    return rule.model_copy(update=typed)


def _notify(rule: Rule, names: dict[str, str]) -> tuple[str, ...]:
    """Let agents be chosen; who does not work on tickets any more can be left, not come back to."""
    known = {name: name for name in rule.notify} | names
    return tuple(
        st.multiselect(
            t("setup.rules.notify"),
            list(known),
            list(rule.notify),
            format_func=lambda name: known.get(name, name),
            placeholder=t("setup.rules.notify_hint"),
            key="rule_notify",
        )
    )


def _rehearse(actor: Actor, rule: Rule) -> None:
    """Say what would have come of it within the last 90 days, and what comes of it at once, or why it can't be kept."""
    bar = st.progress(0.0, t("setup.rules.rehearsing"))

    def progress(done: int, whole: int) -> None:
        bar.progress(done / whole, t("setup.rules.rehearsing"))

    with shown_errors():
        rehearsal = desk().rules.rehearsed(actor, rule, progress)
        with st.container(border=True):
            _tell(rehearsal)
    bar.empty()


def _tell(rehearsal: Rehearsal) -> None:
    times, shown = rehearsal.times, len(rehearsal.latest)
    words = {0: t("setup.rules.never"), 1: t("setup.rules.would_once")}
    st.markdown(words.get(times) or t("setup.rules.would", n=times))
    # A link in such a text opens in a tab of its own, so that what was typed here stays.
    lines = [
        f"- [T-{one.number}](ticket?id={one.number}) {plain(one.title)} · {plain(exact(one.at, zone()))}"
        for one in rehearsal.latest
    ]
    st.markdown("\n".join(lines))
    if shown < times:
        st.caption(t("setup.rules.latest", n=shown))
    if rehearsal.at_once:
        many = "at_once_most" if rehearsal.at_once == MOST_HITS else "at_once"
        st.warning(t(f"setup.rules.{many}", n=rehearsal.at_once), icon=":material/bolt:")


EDITOR = Editor(Rule, "rule_settings", _summary, _fields, _rehearse, preview_word="setup.rules.rehearse")
