"""
The list of tickets: one table of real rows and links that looks and works like a list in a mail program.

It is drawn by `list_table.js` out of compact arrays. A plain click comes back to the script and stays in the session;
Ctrl or the middle button opens a tab, as with every link. What comes back from the browser is held against the rows
that were sent: a number that wasn't shown is no answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from ticketing.ui.packing import packed
from ticketing.ui.wording import t

_HERE = Path(__file__).parent
ALL_COLUMNS = ("number", "title", "requester", "status", "priority", "assignee", "updated")

_mount = st.components.v2.component(
    "ticketing_list",
    html='<div class="tickets"></div>',
    css=(_HERE / "list_table.css").read_text(encoding="utf-8"),
    js=(_HERE / "list_table.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, slots=True)
class TicketRow:
    """
    One line of the list, in words ready to be shown.

    `href` is what opens in another tab. A tone is one of gray, blue, green, orange, red, violet, yellow.
    `updated` is an ISO time for machines and the tooltip, `updated_text` what is read ("2 h ago").
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
    unread: bool = False
    category: str = ""


@dataclass(frozen=True, slots=True)
class TableAnswer:
    """What the person did: which ticket they opened, by which column they want to sort, which tickets are ticked."""

    opened: int | None = None
    sort: str | None = None
    selected: tuple[int, ...] = ()


def ticket_table(
    rows: Sequence[TicketRow],
    *,
    key: str,
    columns: Sequence[str] = ALL_COLUMNS,
    selectable: bool = False,
    sortable: Sequence[str] = (),
    sorted_by: tuple[str, str] | None = None,
) -> TableAnswer:
    """
    Draw the tickets and return what was done with them since the last run.

    *columns* and *sortable* are names of ALL_COLUMNS or "category"; *sorted_by* is a column and "ascending" or
    "descending". The ticks belong to *key*: another key begins without any.
    """
    result = _mount(
        key=key,
        data=packed(
            {
                "rows": [_cells(row) for row in rows],
                "columns": [[name, t(f"table.{name}"), name in sortable] for name in columns],
                "sorted": sorted_by,
                "selectable": selectable,
                "words": {
                    "caption": t("table.caption"),
                    "unread": t("table.unread"),
                    "select": t("table.select", label="{label}"),
                    "all": t("table.select_all"),
                    "sort": t("table.sort", column="{column}"),
                },
            }
        ),
        on_opened_change=_noted,
        on_sort_change=_noted,
        on_selected_change=_noted,
    )
    return _answer(rows, sortable, result)


def _noted() -> None:
    """Declare that a name may come back; what to do about it is decided when the page runs."""


def _cells(row: TicketRow) -> list[str | int | bool]:
    return [
        row.number,
        row.label,
        row.href,
        row.title,
        row.status_label,
        row.status_tone,
        row.priority_label,
        row.priority_tone,
        row.requester,
        row.assignee,
        row.updated,
        row.updated_text,
        int(row.unread),
        row.category,
    ]


def _answer(rows: Sequence[TicketRow], sortable: Sequence[str], result: Any) -> TableAnswer:
    shown = {row.number for row in rows}
    opened, sort, selected = (getattr(result, name, None) for name in ("opened", "sort", "selected"))
    return TableAnswer(
        opened=opened if isinstance(opened, int) and opened in shown else None,
        sort=sort if isinstance(sort, str) and sort in sortable else None,
        selected=tuple(number for number in selected if isinstance(number, int) and number in shown)
        if isinstance(selected, list)
        else (),
    )
