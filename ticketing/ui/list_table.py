"""
The list of tickets: its views, search and filters, its rows, and the choice of pages below them.

The rows are a table of real links that looks and works like a list in a mail program, drawn by `list_table.js` out
of compact arrays. A plain click comes back to the script and stays in the session; Ctrl or the middle button opens a
tab, as with every link. What comes back from the browser is held against what was sent: a number that wasn't shown is
no answer, and filters are read as strictly as those of an address. All of it is one element, since each element of
Streamlit's costs the server as much as twenty rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from ticketing.components import address_of, has_address
from ticketing.ui.memory import recall
from ticketing.ui.packing import component, packed
from ticketing.ui.wording import t

_mount = component("list_table")
_EVENTS = ("opened", "new_ticket", "filters", "chosen", "save_view", "prefer", "columns")
_ALL = "all"
_FORMS = ("csv", "xlsx", "json")


class TicketRow(NamedTuple):
    """
    One line of the list, in words ready to be shown and in the order in which `list_table.js` takes them.

    `href` is what opens in another tab. A tone is one of gray, blue, green, orange, red, violet.
    `updated` is an ISO time for machines and the tooltip, `updated_text` what is read ("2 h ago"); so it is with `due`,
    which is "" where nothing is, and with `opened`, which is "" where nobody wants to see it.
    """

    number: int
    label: str
    href: str
    title: str
    status_label: str
    status_tone: str
    priority_label: str
    priority_tone: str
    requester: str
    assignee: str
    updated: str
    updated_text: str
    unread: bool
    category: str = ""
    due: str = ""
    due_text: str = ""
    due_icon: str = ""
    due_tone: str = ""
    opened: str = ""
    opened_text: str = ""


class OwnColumn(NamedTuple):
    """A column of what only this desk knows of its tickets: its word, and what it says of each row."""

    word: str
    values: Sequence[str]


@dataclass(frozen=True, slots=True)
class Choice:
    """
    One filter behind the button: several of its options at once, one of them, or a text.

    `chosen` is a tuple where several can hold; `options` maps values to words, and is None where a text is typed.
    """

    field: str
    label: str
    chosen: str | tuple[str, ...]
    options: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class ListHead:
    """
    What stands above the list: title, views with how many tickets each has, words looked for, other filters.

    `problem` says what is wrong with these words; `examples` are queries, each with what it finds. `saved` are views
    with their queries, and how many tickets each has, in words where there may be more, None where that is not known
    yet. With `can_save`, what is looked for can become such a view.

    `is_preferred` says whether the view is the one that the person begins with, None where that cannot be chosen, and
    `hint` what else is to be said of that. `columns` can be chosen, each with its word and whether it is.
    """

    title: str
    views: Sequence[tuple[str, str, int]]
    view: str
    text: str
    choices: Sequence[Choice]
    narrowing: int
    problem: str = ""
    examples: Sequence[tuple[str, str]] = ()
    saved: Sequence[tuple[str, str, int | str | None]] = ()
    can_save: bool = False
    is_preferred: bool | None = None
    hint: str = ""
    columns: Sequence[tuple[str, str, bool]] = ()


@dataclass(frozen=True, slots=True)
class ListOrder:
    """
    The orders on offer with their words, and the one that holds.

    `by_column` names the one that a click on a column's head asks for, `sorted_by` a column and its "ascending" or
    "descending".
    """

    orders: Mapping[str, str]
    order: str
    by_column: Mapping[str, str]
    sorted_by: tuple[str, str]


@dataclass(frozen=True, slots=True)
class ListFoot:
    """
    What stands below the list: how much of it is shown, in words, and on which of how many pages one is.

    With `can_choose`, rows can be ticked to be changed together, or all of the `total`. `export` is the address of the
    list as a file, to which the form is added.
    """

    text: str
    page: int = 1
    pages: int = 1
    total: int = 0
    can_choose: bool = False
    export: str = ""


@dataclass(frozen=True, slots=True)
class Empty:
    """
    What stands in the place of rows where there are none: an icon, what this is, and the one thing to do about it.

    `action` is "clear", which takes back the search and all filters, or "new_ticket"; with its word, or None.
    """

    icon: str
    title: str
    text: str
    action: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """
    What was asked for since the list was drawn: a ticket, a new one, or filters by their names in the address.

    `chosen` are the tickets that are to be changed together, or with `all_chosen` all that the list has; `save_view`:
    what is looked for is to become a view. `prefer`: the view is to be the one that the person begins with, or no
    longer; `columns` are to be shown, and no others. Nothing was where `is_first` says that the list was not drawn in
    the run before.
    """

    is_first: bool = False
    opened: int | None = None
    new_ticket: bool = False
    filters: Mapping[str, str] | None = None
    chosen: tuple[int, ...] = ()
    all_chosen: bool = False
    save_view: bool = False
    prefer: bool | None = None
    columns: tuple[str, ...] | None = None


@dataclass(slots=True)
class _Answers:
    """What came back last, by the key of each list, and for which run: one that ends just then may take it away."""

    by_list: dict[str, tuple[object, Any]] = field(default_factory=dict)


@dataclass(slots=True)
class _Shown:
    """The numbers of the tickets that a visitor was shown last, by the key of each list."""

    by_list: dict[str, set[int]] = field(default_factory=dict)


def asked_of_list(key: str) -> Asked:
    """Return what was asked for in the list that was drawn last under this key; ask before it is drawn again."""
    run, noted = recall(_Answers).by_list.pop(key, (None, None))
    answer = noted if run is get_script_run_ctx() and noted else st.session_state.get(key)
    told = (getattr(answer, name, None) for name in _EVENTS)
    opened, new_ticket, filters, chosen, save_view, prefer, columns = told
    return Asked(
        is_first=answer is None,
        opened=opened if type(opened) is int and opened in recall(_Shown).by_list.get(key, ()) else None,
        new_ticket=new_ticket is True,
        filters=filters
        if isinstance(filters, dict) and all(isinstance(word, str) for pair in filters.items() for word in pair)
        else None,
        chosen=tuple(chosen) if isinstance(chosen, list) and all(type(number) is int for number in chosen) else (),
        all_chosen=chosen == _ALL,
        save_view=save_view is True,
        prefer=prefer if isinstance(prefer, bool) else None,
        columns=tuple(columns)
        if isinstance(columns, list) and all(isinstance(name, str) for name in columns)
        else None,
    )


def ticket_list(
    rows: Sequence[TicketRow],
    head: ListHead,
    order: ListOrder,
    foot: ListFoot,
    *,
    key: str,
    empty: Empty,
    columns: Mapping[str, str | OwnColumn],
    live: Mapping[str, object],
) -> None:
    """
    Draw the list with these *columns*; the head of each is a word of the catalogue, `table.` and its name.

    With each comes where it stands: "" is everywhere, "wide" is not on a phone, "narrow" is there alone. One of the
    desk's own is everywhere, on a phone with its word. *live* is what the line is told, by which the list is drawn anew
    when others change something.
    """
    recall(_Shown).by_list[key] = {row.number for row in rows}
    _mount(
        key=key,
        data=packed(
            {
                "head": _head(head),
                "rows": rows,
                "empty": [empty.icon, empty.title, empty.text, empty.action],
                "columns": _columns(columns, order),
                "sorted": order.sorted_by,
                "orders": list(order.orders.items()),
                "order": order.order,
                "foot": [foot.text, foot.page, foot.pages],
                "words": _words(head.narrowing),
                "choose": _choosing(foot.total) if foot.can_choose else None,
                "export": _exports(foot.export),
                "taking": _taking() if foot.export and has_address() else None,
                "live": live,
            }
        ),
        on_opened_change=partial(_note, key),
        on_new_ticket_change=partial(_note, key),
        on_filters_change=partial(_note, key),
        on_chosen_change=partial(_note, key),
        on_save_view_change=partial(_note, key),
        on_prefer_change=partial(_note, key),
        on_columns_change=partial(_note, key),
        on_changed_change=_noted,
    )


def _columns(columns: Mapping[str, str | OwnColumn], order: ListOrder) -> list[list[object]]:
    return [
        [name, t(f"table.{name}"), order.by_column.get(name), column]
        if isinstance(column, str)
        else [name, column.word, None, "own", column.values]
        for name, column in columns.items()
    ]


def _head(head: ListHead) -> dict[str, object]:
    choices = [
        [choice.field, choice.label, choice.chosen, choice.options and list(choice.options.items())]
        for choice in head.choices
    ]
    return {
        "title": head.title,
        "views": head.views,
        "view": head.view,
        "text": head.text,
        "narrowing": head.narrowing,
        "problem": head.problem,
        "examples": head.examples,
        "saved": head.saved,
        "can_save": head.can_save,
        "preferred": head.is_preferred,
        "hint": head.hint,
        "columns": head.columns,
        "choices": choices,
    }


def _note(key: str) -> None:
    """Note for this run what came back; what to do about it is decided when the page runs."""
    recall(_Answers).by_list[key] = get_script_run_ctx(), st.session_state.get(key)


def _noted() -> None:
    """Declare that the list may be asked for anew; it is drawn anew by that alone."""


def _exports(address: str) -> list[tuple[str, str]]:
    return [(t(f"list.export_{form}"), f"{address}&format={form}") for form in _FORMS] if address else []


def _taking() -> dict[str, str]:
    """Return what shows how far a list is that is taken along: where its code is, and its words."""
    return {
        "code": address_of("taking_along"),
        "begun": t("list.taking"),
        "count": t("list.taking_count", done="{done}", whole="{whole}"),
        "done": t("list.taken", name="{name}"),
        "failed": t("list.not_taken"),
        "stop": t("list.stop"),
        "stopped": t("list.stopped"),
    }


def _choosing(total: int) -> dict[str, str]:
    return {
        "row": t("list.choose", label="{label}"),
        "page": t("list.choose_page"),
        "chosen": t("list.chosen", n="{n}"),
        "change": t("list.change"),
        "all": t("list.change_all", n=total),
        "none": t("list.choose_none"),
    }


def _words(narrowing: int) -> dict[str, str]:
    return {
        "new": t("page.new_ticket"),
        "views": t("filters.view"),
        "search": t("filters.search"),
        "hint": t("filters.search_hint"),
        "help": t("query.help"),
        "help_text": t("query.help_text"),
        "more": t("filters.button_used", n=narrowing) if narrowing else t("filters.button"),
        "clear": t("filters.clear"),
        "caption": t("table.caption"),
        "unread": t("table.unread"),
        "sort": t("table.sort", column="{column}"),
        "order": t("table.order"),
        "pages": t("table.pages"),
        "page": t("table.page", page="{page}"),
        "previous": t("table.previous_page"),
        "next": t("table.next_page"),
        "export": t("list.export"),
        "save": t("list.save_view"),
        "prefer": t("list.prefer"),
        "preferred": t("list.preferred"),
        "columns": t("list.columns"),
    }
