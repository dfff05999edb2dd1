"""The list of tickets: what is sent to the browser, and what is believed of what comes back."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st

from ticketing import components
from ticketing.ui import list_table
from ticketing.ui.list_table import (
    Asked,
    Empty,
    ListFoot,
    ListHead,
    ListOrder,
    OwnColumn,
    TicketRow,
    asked_of_list,
    ticket_list,
)

Answer = Callable[..., Asked]


def row(number: int, title: str = "No dial tone") -> TicketRow:
    return TicketRow(
        number=number,
        label=f"T-{number}",
        href=f"/ticket?id={number}",
        title=title,
        status_label="Open",
        status_tone="blue",
        priority_label="Normal",
        priority_tone="blue",
        requester="Carla",
        assignee="Ada",
        updated="2031-05-06T09:30:00+00:00",
        updated_text="2 h ago",
        unread=True,
        opened="2031-05-06T09:30:00+00:00",
        opened_text="2 h ago",
    )


HEAD = ListHead("All tickets", [("open", "Open", 2)], "open", "", [], 0)
ORDER = ListOrder({"-updated": "Latest update"}, "-updated", {"updated": "updated"}, ("updated", "descending"))
NOTHING = Empty("inbox", "No tickets yet", "They stand here.")
COLUMNS = dict.fromkeys(("number", "title", "requester", "status", "priority", "assignee", "updated"), "")


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Answer:
    """Return a way to draw tickets 1 and 2 for a browser that answers with these values."""

    def draw(**values: object) -> Asked:
        state: dict[str, object] = {}
        monkeypatch.setattr(st, "session_state", state)
        monkeypatch.setattr(list_table, "_mount", lambda **_sent: None)
        ticket_list(
            [row(1), row(2)], HEAD, ORDER, ListFoot("1 to 2 of 2"), key="list", empty=NOTHING, columns=COLUMNS, live={}
        )
        state["list"] = SimpleNamespace(**values)
        return asked_of_list("list")

    return draw


def test_a_row_that_was_clicked_is_opened(answer: Answer) -> None:
    assert answer(opened=2).opened == 2


@pytest.mark.parametrize("forged", [3, -1, "2", None, [1], {"a": 1}, 1.0, True])
def test_z10_a_row_that_was_not_shown_is_not_opened(answer: Answer, forged: object) -> None:
    assert answer(opened=forged).opened is None


def test_a_list_that_was_never_drawn_asks_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "session_state", {"list": SimpleNamespace(opened=1, filters=None)})

    assert asked_of_list("list") == Asked()


@pytest.mark.parametrize(("reported", "asked"), [(True, True), (1, False), ("true", False), (None, False), ([], False)])
def test_a_new_ticket_is_asked_for_by_its_button_only(answer: Answer, reported: object, asked: bool) -> None:  # noqa: FBT001
    assert answer(new_ticket=reported).new_ticket is asked


def test_filters_come_back_by_their_names_in_the_address(answer: Answer) -> None:
    assert answer(filters={"status": "open,pending", "q": "printer"}).filters == {
        "status": "open,pending",
        "q": "printer",
    }


@pytest.mark.parametrize("forged", ["q=x", ["q"], {"q": 1}, {"q": ["x"]}, {"q": None}, 7, True])
def test_filters_of_another_shape_are_none(answer: Answer, forged: object) -> None:
    assert answer(filters=forged).filters is None


@pytest.mark.parametrize(
    ("reported", "asked"),
    [(["opened", "due"], ("opened", "due")), ([], ())]
    + [(forged, None) for forged in (["opened", 1], [None], "opened", None, {"opened": True}, True)],
)
def test_these_columns_are_to_be_shown_and_no_others(
    answer: Answer, reported: object, asked: tuple[str, ...] | None
) -> None:
    assert answer(columns=reported).columns == asked


@pytest.mark.parametrize(("reported", "asked"), [(True, True), (False, False), (1, None), ("true", None), ([], None)])
def test_a_view_is_to_be_ones_default_or_no_longer(answer: Answer, reported: object, asked: bool | None) -> None:  # noqa: FBT001
    assert answer(prefer=reported).prefer is asked


def test_a_column_of_the_desks_own_brings_its_word_and_what_it_says_of_each_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(list_table, "_mount", lambda *, data, **_rest: sent.append(json.loads(data)))
    columns = COLUMNS | {"field.room": OwnColumn("Room", ["Attic", ""])}

    ticket_list(
        [row(1), row(2)], HEAD, ORDER, ListFoot("1 to 2 of 2"), key="list", empty=NOTHING, columns=columns, live={}
    )

    assert sent[0]["columns"][-2:] == [
        ["updated", "Updated", "updated", ""],
        ["field.room", "Room", None, "own", ["Attic", ""]],
    ]


def test_a_hundred_rows_stay_below_sixty_kilobytes(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[bytes] = []

    def mount(*, data: bytes, **_rest: object) -> None:
        sent.append(data)

    monkeypatch.setattr(list_table, "_mount", mount)
    rows = [row(number, "Cannot log in after the password reset of yesterday") for number in range(100)]

    ticket_list(rows, HEAD, ORDER, ListFoot("1 to 100 of 100"), key="list", empty=NOTHING, columns=COLUMNS, live={})

    drawing = components.markup("list_table") + components.style("list_table") + components.code("list_table")
    line = components.code("live")  # which keeps any page up to date, whatever is on it
    assert len(sent[0]) + len(drawing.encode()) - len(line.encode()) < 60_000
