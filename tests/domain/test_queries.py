"""What can be asked of the store, and what the built-in views ask."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from ticketing.domain.conditions import Being, Condition, During, Having, Moment, Not, Trait
from ticketing.domain.people import PeopleQuery
from ticketing.domain.queries import (
    GREATEST_NUMBER,
    MOST_HITS,
    UNASSIGNED,
    Audience,
    Page,
    Query,
    Sort,
    TicketQuery,
    TicketSummary,
    View,
    is_news,
    is_tallied,
    needle_of,
    number_in,
    statuses_of,
)
from ticketing.domain.statuses import Priority, Status, StatusCategory, TicketCategory

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ADA = Audience(username="ada", sees_all=True)
CARLA = Audience(username="carla", sees_all=False)


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
        (View.NEW, TicketQuery(conditions=(Being(Trait.IS_NEW),))),
        (View.OVERDUE, TicketQuery(conditions=(During(Moment.DUE, until=NOW),))),
        (View.RECENTLY_CLOSED, TicketQuery(conditions=(During(Moment.RESOLVED, since=NOW - timedelta(days=7)),))),
        (View.DONE, TicketQuery(statuses=frozenset({Status.RESOLVED, Status.CLOSED}))),
        (View.ALL, TicketQuery()),
    ],
)
def test_each_view_asks_for_what_its_name_says(view: View, query: TicketQuery) -> None:
    assert view.query("ada", NOW) == query


@pytest.mark.parametrize(
    ("conditions", "needles", "most"),
    [
        ((), (), None),
        ((Being(Trait.IS_NEW), During(Moment.DUE), During(Moment.RESOLVED)), (), None),
        ((Being(Trait.IS_NEW),), ("dial",), MOST_HITS),
        ((Being(Trait.HAS_NOTE),), (), MOST_HITS),
        ((Being(Trait.IS_NEW), Having("tag")), (), MOST_HITS),
        ((During(Moment.CREATED),), (), MOST_HITS),
        ((Not(Being(Trait.IS_NEW)),), (), MOST_HITS),
    ],
)
def test_a_list_ends_early_unless_every_store_knows_how_many_there_are(
    conditions: tuple[Condition, ...], needles: tuple[str, ...], most: int | None
) -> None:
    assert TicketQuery(conditions=conditions, needles=needles).most == most


@pytest.mark.parametrize(
    ("fields", "is_all"),
    [
        ({"sort": Sort.DUE, "page": 3, "size": 25}, True),
        ({"needles": ()}, True),
        ({"needles": ("dial",)}, False),
        ({"conditions": (Being(Trait.IS_NEW), Having("tag"))}, False),
        ({"statuses": {Status.OPEN}}, False),
        ({"priorities": {Priority.LOW}}, False),
        ({"categories": {TicketCategory.NETWORK}}, False),
        ({"assignee": "ada"}, False),
        ({"requester": ""}, False),
    ],
)
def test_a_condition_is_all_that_a_query_asks_for_whatever_the_order_and_the_page(
    fields: dict[str, Any], *, is_all: bool
) -> None:
    query = TicketQuery.model_validate({"conditions": (Being(Trait.IS_NEW),)} | fields)

    assert query.only_condition == (Being(Trait.IS_NEW) if is_all else None)


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
        {"text": "x"},
        {"conditions": ["tag:vpn"]},
        {"sort": "title; drop table"},
        {"statuses": ["escalated"]},
        {"secret": 1},
    ],
)
def test_a_query_outside_its_limits_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TicketQuery.model_validate(fields)


@pytest.mark.parametrize(("page", "size", "first"), [(1, 50, 0), (2, 50, 50), (3, 25, 50)])
def test_before_a_page_come_those_of_the_pages_before_it(page: int, size: int, first: int) -> None:
    assert Query(page=page, size=size).first == first


@pytest.mark.parametrize(
    ("text", "needle"), [("", ""), ("  \t ", ""), (" Dial  TONE\n", "dial  tone"), ("Straße", "strasse")]
)
def test_a_text_is_looked_for_whatever_its_case_and_what_is_around_it(text: str, needle: str) -> None:
    assert PeopleQuery(text=text).needle == needle
    assert TicketQuery(needles=(text, text)).needles == ((needle,) if needle else ())


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("12", 12),
        ("#12", 12),
        ("T-12", 12),
        ("t-#12", 12),
        ("T-0012", 12),
        ("0", 0),
        (str(GREATEST_NUMBER), GREATEST_NUMBER),
        (str(GREATEST_NUMBER + 1), None),
        ("9" * 200, None),
        ("", None),
        ("T-", None),
        ("12a", None),
        ("-12", None),
        ("1 2", None),
        ("1.2", None),
        ("١٢", None),
        ("²", None),
    ],
)
def test_a_text_names_a_ticket_by_its_number(typed: str, number: int | None) -> None:
    assert number_in(needle_of(typed)) == number


@pytest.mark.parametrize(
    ("audience", "query", "tallied"),
    [
        (ADA, TicketQuery(), True),
        (ADA, TicketQuery(needles=("  ",)), True),
        (ADA, TicketQuery(assignee="ada", statuses=frozenset({Status.OPEN}), page=3), True),
        (ADA, TicketQuery(requester="carla"), False),
        (ADA, TicketQuery(priorities=frozenset({Priority.LOW})), False),
        (ADA, TicketQuery(categories=frozenset({TicketCategory.NETWORK})), False),
        (ADA, TicketQuery(needles=("x",)), False),
        (ADA, TicketQuery(conditions=(Being(Trait.IS_NEW),)), False),
        (CARLA, TicketQuery(), False),
    ],
)
def test_tallies_answer_who_sees_all_and_asks_for_people_and_statuses_alone(
    audience: Audience, query: TicketQuery, *, tallied: bool
) -> None:
    assert is_tallied(audience, query) is tallied


@pytest.mark.parametrize(
    ("audience", "status", "last_author", "news"),
    [
        (ADA, Status.OPEN, "carla", True),
        (ADA, Status.OPEN, "ada", False),
        (ADA, Status.PENDING, "carla", True),
        (ADA, Status.RESOLVED, "carla", False),
        (ADA, Status.CLOSED, "carla", False),
        (CARLA, Status.OPEN, "ada", True),
        (CARLA, Status.OPEN, "carla", False),
        (CARLA, Status.CLOSED, "ada", True),
    ],
)
def test_what_somebody_else_wrote_last_is_news_but_to_an_agent_only_while_it_is_not_done(
    audience: Audience, status: Status, last_author: str, *, news: bool
) -> None:
    assert is_news(audience, status, last_author) is news


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
