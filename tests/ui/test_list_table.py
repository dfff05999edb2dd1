"""The list of tickets: what is sent to the browser, and what is believed of what comes back."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from ticketing.ui import list_table
from ticketing.ui.list_table import TableAnswer, TicketRow, ticket_table

Answer = Callable[..., TableAnswer]


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
    )


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Answer:
    """Return a way to draw tickets 1 and 2 for a browser that answers with these values."""

    def draw(**values: object) -> TableAnswer:
        def mount(**_sent: object) -> SimpleNamespace:
            return SimpleNamespace(**{"opened": None, "sort": None, "selected": None} | values)

        monkeypatch.setattr(list_table, "_mount", mount)
        return ticket_table([row(1), row(2)], key="list", selectable=True, sortable=("updated",))

    return draw


def test_a_row_that_was_clicked_is_opened(answer: Answer) -> None:
    assert answer(opened=2).opened == 2


@pytest.mark.parametrize("forged", [3, -1, "2", None, [1], {"a": 1}, 1.5])
def test_a_row_that_was_not_shown_is_not_opened(answer: Answer, forged: object) -> None:
    assert answer(opened=forged).opened is None


def test_only_the_columns_that_offer_it_sort(answer: Answer) -> None:
    assert answer(sort="updated").sort == "updated"
    assert answer(sort="title").sort is None
    assert answer(sort=["updated"]).sort is None


def test_only_rows_that_are_shown_can_be_ticked(answer: Answer) -> None:
    assert answer(selected=[1, 99, "2"]).selected == (1,)
    assert answer(selected="12").selected == ()


def test_a_hundred_rows_stay_below_sixty_kilobytes(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[bytes] = []

    def mount(*, data: bytes, **_rest: object) -> SimpleNamespace:
        sent.append(data)
        return SimpleNamespace()

    monkeypatch.setattr(list_table, "_mount", mount)

    ticket_table([row(number, "Cannot log in after the password reset of yesterday") for number in range(100)], key="l")

    drawing = sum(len(file.read_bytes()) for file in list_table._HERE.glob("list_table.[jc]s*"))  # noqa: SLF001
    assert len(sent[0]) + drawing < 60_000
