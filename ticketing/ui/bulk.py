"""
Several tickets at once: what is to be done to them, what would come of that, what came of it, and the way back.

Which tickets these are was chosen in the list, and is kept here, out of the browser's reach; the page leads from one
step to the next.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import streamlit as st

from ticketing.domain.bulk import BulkEdit
from ticketing.domain.errors import UnknownChoiceError
from ticketing.domain.people import Actor
from ticketing.domain.queries import number_in
from ticketing.domain.statuses import Priority, Resolution, Status
from ticketing.domain.teams import Team
from ticketing.domain.text import TEXT_LIMIT
from ticketing.domain.tickets import TicketEdit
from ticketing.services.bulk import BulkResult, Outcome
from ticketing.ui.categories import category_names, offered_categories
from ticketing.ui.deeds import form_key, once
from ticketing.ui.feedback import shown_errors
from ticketing.ui.forms import button, submit_button
from ticketing.ui.layout import way_back
from ticketing.ui.memory import recall
from ticketing.ui.session import desk, go_to
from ticketing.ui.text import plain
from ticketing.ui.wording import t

PAGE = "bulk"
_LIST = "all_tickets"
_LEAVE = ""
_NOBODY = "-"
_CHOICES: Mapping[str, type[StrEnum]] = {
    "status": Status,
    "resolution": Resolution,
    "priority": Priority,
}
# By field, what its values are called.
_Names = Mapping[str, Mapping[str, str]]
_TALL = 12  # outcomes; more of them are scrolled
_HEIGHT = 420


@dataclass(slots=True)
class _Step:
    """Which tickets were chosen, what is to be done to them, and what came of it."""

    numbers: list[int] = field(default_factory=list)
    change: BulkEdit | None = None
    result: BulkResult | None = None
    taken_back: Sequence[Outcome] = ()


def choose_several(numbers: Sequence[int]) -> None:
    """Go on with these tickets."""
    step = recall(_Step)
    step.numbers, step.change, step.result, step.taken_back = list(numbers), None, None, ()
    go_to(PAGE)


def change_several(actor: Actor) -> None:
    """Draw the step at which the person is."""
    step = recall(_Step)
    way_back(_LIST, t("page.all_tickets"))
    if step.result:
        _draw_result(actor, step, step.result)
    elif not step.numbers:
        st.title(t("page.bulk"), anchor=False)
        st.info(t("bulk.none_chosen"), icon=":material/check_box:")
    else:
        st.title(t("bulk.title", n=len(step.numbers)), anchor=False)
        _ask(actor, step)
        if step.change:
            _draw_preview(actor, step, step.change)


def _ask(actor: Actor, step: _Step) -> None:
    """Ask what is to be done; once that is known, it is shown what would come of it."""
    names, teams = {_NOBODY: t("ticket.unassigned")} | desk().agents.assignable(actor), _teams(actor)
    with st.form("bulk", width=720):
        with st.container(horizontal=True):
            chosen = {name: _choice(name, kind) for name, kind in _CHOICES.items()}
            chosen["category"] = _one_of("category", offered_categories(actor))
            team = _one_of("team", teams) if teams else _LEAVE
            assignee = _one_of("assignee", names)
        add_tags = st.text_input(t("bulk.add_tags"), key="bulk_add_tags", placeholder=t("bulk.tags_hint"))
        remove_tags = st.text_input(t("bulk.remove_tags"), key="bulk_remove_tags", placeholder=t("bulk.tags_hint"))
        reply = st.text_area(t("bulk.reply"), key="bulk_reply", max_chars=2 * TEXT_LIMIT, help=t("bulk.reply_help"))
        into = st.text_input(t("bulk.merge_into"), key="bulk_merge_into", placeholder="T-12", width=200)
        submitted = submit_button(t("bulk.preview"), key="bulk_preview")
    if submitted:
        given: dict[str, str | None] = {name: value for name, value in chosen.items() if value}
        given |= {
            name: None if value == _NOBODY else value
            for name, value in (("team", team), ("assignee", assignee))
            if value
        }
        with shown_errors():
            change = BulkEdit(
                edit=TicketEdit.model_validate(given),
                add_tags=_tags(add_tags),
                remove_tags=_tags(remove_tags),
                reply=reply,
                merge_into=_number(into),
            )
            step.change = None if change.is_nothing else change
            if change.is_nothing:
                st.warning(t("bulk.nothing"), icon=":material/info:")


def _number(typed: str) -> int | None:
    number = number_in(typed.strip().casefold())
    if typed.strip() and number is None:
        raise UnknownChoiceError(t("bulk.merge_into"), typed.strip())
    return number


def _teams(actor: Actor) -> dict[str, str]:
    teams = {team.id: team.name for team in desk().definitions.all(actor, Team)}
    return {_NOBODY: t("ticket.no_team")} | teams if teams else {}


def _choice(name: str, kind: type[StrEnum]) -> str | None:
    return _one_of(name, {value.value: t(f"{name}.{value}") for value in kind})


def _one_of(name: str, options: Mapping[str, str]) -> str | None:
    words = {_LEAVE: t("bulk.leave"), **options}
    return st.selectbox(
        t(f"field.{name}"), list(words), format_func=lambda value: words[value], key=f"bulk_{name}", width=200
    )


def _tags(typed: str) -> tuple[str, ...]:
    return tuple(tag.strip() for tag in typed.split(",") if tag.strip())


def _draw_preview(actor: Actor, step: _Step, change: BulkEdit) -> None:
    with shown_errors():
        outcomes = desk().bulk.preview(actor, step.numbers, change)
        ready = sum(outcome.is_changed for outcome in outcomes)
        st.subheader(t("bulk.what_happens"), anchor=False)
        _draw_outcomes(actor, outcomes, t("bulk.answered"))
        if change.reply and ready:
            st.caption(t("bulk.reply_goes"))
        key = form_key(PAGE, change.model_dump_json(), *map(str, step.numbers))
        if ready and button(t("bulk.apply", n=ready), type="primary", key="bulk_apply", icon=":material/done_all:"):
            with st.spinner(t("bulk.at_work", n=ready)):
                once(key, lambda: _apply(actor, step, change, key))
            st.rerun()


def _apply(actor: Actor, step: _Step, change: BulkEdit, key: str) -> None:
    step.result = desk().bulk.apply(actor, step.numbers, change, key=key)


def _draw_result(actor: Actor, step: _Step, result: BulkResult) -> None:
    st.title(t("bulk.done_title"), anchor=False)
    outcomes = step.taken_back or result.outcomes
    changed = sum(outcome.is_changed for outcome in outcomes)
    told = "bulk.taken_back" if step.taken_back else "bulk.done"
    st.success(t(told, n=changed), icon=":material/check_circle:")
    if refused := sum(bool(outcome.refusal) for outcome in outcomes):
        st.warning(t("bulk.refused", n=refused), icon=":material/warning:")
    can_undo = changed and not step.taken_back and desk().clock() <= result.until
    if can_undo and button(t("bulk.undo"), key="bulk_undo", icon=":material/undo:"):
        with shown_errors():
            once(form_key("undo", str(result.until)), lambda: _undo(actor, step, result))
            st.rerun()
    _draw_outcomes(actor, outcomes, t("bulk.reply_gone") if step.taken_back else t("bulk.answered"))


def _undo(actor: Actor, step: _Step, result: BulkResult) -> None:
    step.taken_back = desk().bulk.undo(actor, result, key=f"{PAGE} {result.until.isoformat()}")


def _draw_outcomes(actor: Actor, outcomes: Sequence[Outcome], reply: str) -> None:
    """
    Draw a line for each ticket: those that are refused first, since of these one may want to think again.

    *reply* says what became, or becomes, of a reply.
    """
    names = {"assignee": desk().agents.assignable(actor), "team": _teams(actor), "category": category_names(actor)}
    in_order = sorted(outcomes, key=lambda outcome: not outcome.refusal)
    with st.container(border=True, height=_HEIGHT if len(outcomes) > _TALL else "content", key="bulk_outcomes"):
        st.markdown("\n".join(_line(outcome, names, reply) for outcome in in_order))


def _line(outcome: Outcome, names: _Names, reply: str) -> str:
    subject = f"- **T-{outcome.number}** {plain(outcome.title)}"
    if outcome.refusal:
        return f"{subject}  \n  :orange[:material/block: {plain(outcome.refusal)}]"
    what = " · ".join(_changes(outcome, names, reply)) or t("bulk.as_it_is")
    return f"{subject}  \n  :gray[{what}]"


def _changes(outcome: Outcome, names: _Names, reply: str) -> list[str]:
    answered = [reply] if outcome.reply else []
    changed = [name for name in TicketEdit.model_fields if _value(outcome.before, name) != _value(outcome.after, name)]
    return answered + [
        f"{t(f'field.{name}')}: {_word(name, outcome.before, names)} → {_word(name, outcome.after, names)}"
        for name in changed
    ]


def _value(edit: TicketEdit, name: str) -> object:
    value: object = getattr(edit, name)
    return value


def _word(name: str, edit: TicketEdit, names: _Names) -> str:
    value = _value(edit, name)
    match value:
        case StrEnum():
            return t(f"{name}.{value}")
        case str():
            return plain(names.get(name, {}).get(value, value))
        case tuple() | list() if value:
            return plain(", ".join(map(str, value)))
        case _:
            return t("ticket.unassigned") if name == "assignee" else t("bulk.no_value")
