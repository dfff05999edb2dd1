"""What can be asked of the store, and what the built-in views ask."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from ticketing.domain.queries import UNASSIGNED, Page, TicketQuery, TicketSummary, View, statuses_of
from ticketing.domain.statuses import Priority, Status, StatusCategory, TicketCategory


@pytest.mark.parametrize(
    ("total", "size", "pages"), [(0, 50, 1), (1, 50, 1), (50, 50, 1), (51, 50, 2), (100, 25, 4), (101, 25, 5)]
)
def test_there_is_always_a_page(total: int, size: int, pages: int) -> None:
    assert Page[int](items=(), total=total, page=1, size=size).pages == pages


@pytest.mark.parametrize(
    ("view", "query"),
    [
        (
            View.UNASSIGNED,
            TicketQuery(assignee=UNASSIGNED, statuses=frozenset({Status.OPEN, Status.PENDING, Status.ON_HOLD})),
        ),
        (View.MINE, TicketQuery(assignee="ada", statuses=frozenset({Status.OPEN, Status.PENDING, Status.ON_HOLD}))),
        (View.OPEN, TicketQuery(statuses=frozenset({Status.OPEN}))),
        (View.WAITING, TicketQuery(statuses=frozenset({Status.PENDING, Status.ON_HOLD}))),
        (View.DONE, TicketQuery(statuses=frozenset({Status.RESOLVED, Status.CLOSED}))),
        (View.ALL, TicketQuery()),
    ],
)
def test_each_view_asks_for_what_its_name_says(view: View, query: TicketQuery) -> None:
    assert view.query("ada") == query


def test_every_status_is_in_one_category() -> None:
    assert statuses_of(*StatusCategory) == frozenset(Status)
    assert sum(len(statuses_of(category)) for category in StatusCategory) == len(Status)


@pytest.mark.parametrize(
    "fields",
    [
        {"page": 0},
        {"page": 1_000_001},
        {"size": 0},
        {"size": 201},
        {"text": "x" * 201},
        {"sort": "title; drop table"},
        {"statuses": ["escalated"]},
        {"secret": 1},
    ],
)
def test_a_query_outside_its_limits_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TicketQuery.model_validate(fields)


def test_a_line_of_a_list_carries_the_number_as_it_is_written() -> None:
    moment = datetime(2026, 3, 2, tzinfo=UTC)
    summary = TicketSummary(
        number=12,
        title="No dial tone",
        status=Status.OPEN,
        is_new=True,
        priority=Priority.NORMAL,
        category=TicketCategory.GENERAL,
        requester="carla",
        requester_name="Carla Colani",
        assignee=None,
        assignee_name=None,
        opened_at=moment,
        updated_at=moment,
        messages=1,
        unread=True,
    )

    assert summary.label == "T-12"
