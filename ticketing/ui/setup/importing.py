"""Moving in from another help desk: a file, what its words mean, what would come, bringing it in, and undoing it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final, TypeVar

import streamlit as st

from ticketing.domain import imports
from ticketing.domain.imports import (
    Brought,
    Column,
    ImportCounts,
    ImportReport,
    ImportRun,
    ImportState,
    Problem,
    System,
    word_key,
)
from ticketing.domain.people import Actor
from ticketing.domain.statuses import Priority, Status
from ticketing.ui.categories import offered_categories
from ticketing.ui.deeds import form_key, once
from ticketing.ui.feedback import next_flash, shown_errors
from ticketing.ui.forms import button, form_button
from ticketing.ui.layout import way_back
from ticketing.ui.memory import recall
from ticketing.ui.session import desk, go_to
from ticketing.ui.text import plain
from ticketing.ui.times import exact, zone
from ticketing.ui.wording import t

KIND: Final = "imports"
_PAGE: Final = "desk_setup"
# What Streamlit takes into memory; larger ones are for the command line.
_LARGEST: Final = 5  # MB
_ENDINGS: Final = ("csv", "txt", "json", "jsonl")
_IN_A_ROW: Final = 3
Choice = TypeVar("Choice", bound=str)


@dataclass(slots=True)
class _Looked:
    """What was found out about a file, by its mark; `turn` counts the files brought in, `asked` is what to undo."""

    file: str = ""
    mapping: imports.Mapping = field(default_factory=imports.Mapping)
    report: ImportReport | None = None
    turn: int = 0
    asked: str = ""


def draw_imports(actor: Actor) -> None:
    """Draw the way in, and what came in by it."""
    looked = recall(_Looked)
    way_back(_PAGE, t("page.desk_setup"))
    st.title(t("setup.imports"), anchor=False)
    st.caption(t("setup.imports.about"))
    with st.container(border=True):
        system = st.selectbox(
            t("setup.imports.system"), list(System), format_func=lambda each: each.label, key="import_system", width=320
        )
        given = st.file_uploader(
            t("setup.imports.file"), type=_ENDINGS, key=f"import_file_{looked.turn}", max_upload_size=_LARGEST
        )
        if given is not None and system is not None:
            _begin(looked, f"{system}-{given.file_id}")
            with shown_errors():
                _draw_file(actor, given, given.name, system, looked)
    _draw_runs(actor, looked)


def _begin(looked: _Looked, file: str) -> None:
    """Forget what was found out about another file."""
    if looked.file != file:
        looked.file, looked.mapping, looked.report = file, imports.Mapping(), None


def _draw_file(actor: Actor, file: BinaryIO, name: str, system: System, looked: _Looked) -> None:
    with st.form("import_mapping", border=False):
        mapping = _choose_mapping(actor, file, looked) if system.is_table else imports.Mapping()
        wants_report = form_button(t("setup.imports.look"), key="import_look")
    if wants_report:
        looked.mapping = mapping
        looked.report = desk().imports.plan(actor, file, system, mapping)
    if looked.report is None:
        return
    _draw_first(desk().imports.first(actor, file, system, looked.mapping))
    _draw_report(looked.report)
    if not looked.report.counts.tickets:
        st.info(t("setup.imports.nothing"), icon=":material/check:")
    elif button(t("setup.imports.do", n=looked.report.counts.tickets), type="primary", key="import_do"):
        _bring_in(actor, file, name, system, looked)


def _choose_mapping(actor: Actor, file: BinaryIO, looked: _Looked) -> imports.Mapping:
    """Let it be chosen which column is what, and what values are called here; the guesses are there already."""
    look = desk().imports.look(actor, file, imports.Mapping())
    known = look.mapping
    st.markdown(f"**{t('setup.imports.columns')}**")
    written = t("setup.imports.written", encoding=known.encoding, delimiter=_DELIMITERS[known.delimiter or ","])
    st.caption(plain(written))
    columns = _choose_columns(looked, look.columns, known.columns)
    dates, zones = st.columns(2)
    form = dates.text_input(
        t("setup.imports.dates"),
        known.dates or "",
        max_chars=imports.DATES_LIMIT,
        key="import_dates",
        help=t("setup.imports.dates.help"),
    )
    time_zone = zones.text_input(t("setup.imports.zone"), str(zone()), max_chars=imports.ZONE_LIMIT, key="import_zone")
    statuses = {status: t(f"status.{status}") for status in Status}
    priorities = {priority: t(f"priority.{priority}") for priority in Priority}
    return known.model_copy(
        update={
            "columns": columns,
            "dates": form.strip(),
            "time_zone": time_zone.strip(),
            "statuses": _choose_values(Column.STATUS, look.values, known.statuses, statuses),
            "priorities": _choose_values(Column.PRIORITY, look.values, known.priorities, priorities),
            "categories": _choose_values(Column.CATEGORY, look.values, known.categories, offered_categories(actor)),
        }
    )


def _choose_columns(looked: _Looked, names: Sequence[str], guesses: Mapping[Column, str]) -> dict[Column, str]:
    """Let it be chosen for each field in which column it is, if in any."""
    columns = {}
    for column, place in zip(Column, _in_rows(len(Column)), strict=True):
        guess = guesses.get(column)
        chosen = place.selectbox(
            t(f"setup.imports.column.{column}"),
            names,
            names.index(guess) if guess else None,
            key=f"import_column_{column}_{looked.turn}",
            placeholder=t("setup.imports.no_column"),
            format_func=plain,
        )
        if chosen:
            columns[column] = chosen
    return columns


def _choose_values(
    column: Column, values: Mapping[Column, Sequence[str]], known: Mapping[str, Choice], names: Mapping[Choice, str]
) -> dict[str, Choice]:
    """Let it be chosen what each value of a column is called here."""
    words = values[column]
    if not words:
        return {}
    chosen: dict[str, Choice] = {}
    is_to_be_decided = any(known.get(word_key(word)) not in names for word in words)
    with st.expander(t(f"setup.imports.values.{column}", n=len(words)), expanded=is_to_be_decided):
        for word, place in zip(words, _in_rows(len(words)), strict=True):
            guess = known.get(word_key(word))
            found = place.selectbox(
                plain(word),
                list(names),
                list(names).index(guess) if guess is not None and guess in names else None,
                format_func=names.__getitem__,
                key=f"import_{column}_{word_key(word)}",
                placeholder=t(f"setup.imports.usual.{column}"),
            )
            if found:
                chosen[word_key(word)] = found
    return chosen


def _in_rows(number: int) -> list[Any]:
    """Return a place for each of so many, some in a row."""
    rows = [st.columns(_IN_A_ROW) for _ in range(0, number, _IN_A_ROW)]
    return [place for row in rows for place in row][:number]


def _draw_first(brought: Sequence[Brought]) -> None:
    st.markdown(f"**{t('setup.imports.first')}**")
    lines = []
    for one in brought:
        if isinstance(one, Problem):
            lines.append(f"- {plain(str(one))}")
        else:
            told = (one.external_id, one.title, one.requester.shown, one.status, exact(one.opened_at, zone()))
            lines.append(f"- {plain(' · '.join(filter(None, told)))}")
    st.markdown("\n".join(lines))


def _draw_report(report: ImportReport) -> None:
    st.markdown(f"**{t('setup.imports.report')}**")
    st.markdown(plain(_counted(report.counts)))
    if report.problems:
        with st.expander(t("setup.imports.problems", n=len(report.problems)), expanded=True):
            st.markdown("\n".join(f"- {plain(str(problem))}" for problem in report.problems))


def _bring_in(actor: Actor, file: BinaryIO, name: str, system: System, looked: _Looked) -> None:
    """Take all of it in; a run that is cut short stops after some tickets, and the next click goes on from there."""
    flash, bar = next_flash(), st.progress(0.0, t("setup.imports.at_work"))

    def deed() -> None:
        run = desk().imports.apply(actor, file, name, system, looked.mapping, _shown(bar))
        looked.turn += 1
        looked.report = None
        flash.say(t("setup.imports.done", counts=_counted(run.counts)))

    once(form_key("import", looked.file, looked.mapping.model_dump_json()), deed)
    go_to(_PAGE, kind=KIND)


def _shown(bar: Any) -> Callable[[int, int], None]:
    return lambda done, whole: bar.progress(min(done / max(whole, 1), 1.0), t("setup.imports.at_work"))


def _draw_runs(actor: Actor, looked: _Looked) -> None:
    runs = desk().imports.all(actor)
    if runs:
        st.header(t("setup.imports.before"), anchor=False)
    for run in runs:
        with st.container(border=True):
            st.markdown(f"**{plain(run.name)}** · {run.system.label} · {t(f'setup.imports.state.{run.state}')}")
            st.caption(plain(t("setup.change", by=run.by, at=exact(run.at, zone()))))
            st.markdown(plain(_counted(run.counts)))
            if run.kept:
                st.caption(plain(t("setup.imports.kept", numbers=_numbered(run.kept))))
            with shown_errors():
                _offer_undoing(actor, run, looked)


def _offer_undoing(actor: Actor, run: ImportRun, looked: _Looked) -> None:
    """Draw the way back; where somebody has done something since, that is asked about first."""
    if run.state is ImportState.UNDONE and not run.kept:
        return
    if looked.asked != run.id:
        if button(t("setup.imports.undo"), key=f"undo_{run.id}", icon=":material/undo:"):
            looked.asked = run.id
            st.rerun()
        return
    undone = desk().imports.look_at_undoing(actor, run.id)
    st.markdown(t("setup.imports.going", n=undone.tickets))
    if undone.joined:
        st.warning(t("setup.imports.joined", numbers=_numbered(undone.joined)), icon=":material/link:")
    touched_too = False
    if undone.touched:
        st.warning(t("setup.imports.touched", numbers=_numbered(undone.touched)), icon=":material/edit:")
        touched_too = st.checkbox(t("setup.imports.touched_too"), key=f"touched_too_{run.id}")
    with st.container(horizontal=True):
        if button(t("setup.imports.undo_now"), type="primary", key=f"undo_now_{run.id}"):
            _undo(actor, run, looked, touched_too=touched_too)
        if button(t("setup.imports.leave"), key=f"leave_{run.id}"):
            looked.asked = ""
            st.rerun()


def _undo(actor: Actor, run: ImportRun, looked: _Looked, *, touched_too: bool) -> None:
    flash, bar = next_flash(), st.progress(0.0, t("setup.imports.at_work"))

    def deed() -> None:
        desk().imports.undo(actor, run.id, touched_too=touched_too, progress=_shown(bar))
        looked.asked = ""
        flash.say(t("setup.imports.undone", name=run.name))

    once(form_key("undo_import", run.id, str(run.state), str(touched_too)), deed)
    go_to(_PAGE, kind=KIND)


def _numbered(numbers: Sequence[int]) -> str:
    shown = ", ".join(f"T-{number}" for number in numbers[:_NUMBERS_SHOWN])
    return shown if len(numbers) <= _NUMBERS_SHOWN else f"{shown}, …"


def _counted(counts: ImportCounts) -> str:
    found = {name: count for name, count in counts.model_dump().items() if count}
    return " · ".join(t(f"setup.imports.count.{name}", n=count) for name, count in found.items())


_NUMBERS_SHOWN: Final = 50
_DELIMITERS: Final = {",": ",", ";": ";", "|": "|", "\t": "⇥"}
