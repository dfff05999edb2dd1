"""What a list is narrowed to: addresses, clicks and words come to the same query."""

from datetime import UTC, datetime, timedelta

import pytest

from ticketing.domain.errors import QueryError
from ticketing.domain.filters import Filters, choice_in, with_choice
from ticketing.domain.queries import UNASSIGNED, Sort, TicketQuery, View
from ticketing.domain.query_language import Asker, read_query
from ticketing.domain.statuses import Priority, Status

ADA = Asker("ada", datetime(2026, 3, 2, 9, 0, tzinfo=UTC))


def read(**address: str) -> Filters:
    return Filters.from_address(address, View.OPEN)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ({"status": "closed,open"}, "status:open,closed"),
        ({"q": "dial", "status": "open", "priority": "high,urgent"}, "dial status:open priority:high,urgent"),
        ({"status": "lost", "category": ""}, ""),
        ({"requester": " carla ", "assignee": UNASSIGNED}, "requester:carla assignee:none"),
        ({"assignee": "none"}, 'assignee:"none"'),
        ({"category": "office-plants,billing,billing"}, "category:billing,office-plants"),
        ({"requester": "two words"}, 'requester:"two words"'),
        ({"q": "status:closed", "status": "open"}, "status:closed status:open"),
    ],
)
def test_choices_in_an_address_become_words(address: dict[str, str], words: str) -> None:
    assert read(**address).q == words
    assert read(**read(**address).to_address(View.OPEN)) == read(**address)


@pytest.mark.parametrize(
    ("text", "field", "asked", "words"),
    [
        ("", "status", "open", "status:open"),
        ("status:open dial", "status", "pending,open", "status:open,pending dial"),
        ("status:open dial", "status", "", "dial"),
        ("priority>=high", "priority", "low", "priority:low"),
        ("assignee:me x", "assignee", UNASSIGNED, "assignee:none x"),
        ("-assignee:me", "assignee", "none", '-assignee:me assignee:"none"'),
    ],
)
def test_a_click_takes_the_place_of_what_the_words_asked_for(text: str, field: str, asked: str, words: str) -> None:
    assert with_choice(text, field, choice_in(field, asked)) == words


@pytest.mark.parametrize(
    ("words", "field", "chosen"),
    [
        ("status:open,on-hold dial", "status", ("open", "on_hold")),
        ('status:"on hold"', "status", ("on_hold",)),
        ("status:open status:open,closed", "status", ("open", "closed")),
        ("-status:open", "status", ()),
        ("priority>=high", "priority", ()),
        ("status:lost", "status", ()),
        ('status:open "', "status", ()),
        ("assignee:me,none", "assignee", ("ada", UNASSIGNED)),
        ('assignee:"none","ME"', "assignee", ("none", "me")),
        ("requester:Carla", "requester", ("carla",)),
        ("category:Billing,network", "category", ("billing", "network")),
        ("category:weather", "category", ()),
    ],
)
def test_what_words_ask_for_is_chosen(words: str, field: str, chosen: tuple[str, ...]) -> None:
    assert Filters(q=words).chosen(field, ADA) == chosen


@pytest.mark.parametrize("view", View)
def test_every_view_can_be_said_in_words(view: View) -> None:
    words = Filters(view=view).as_text(ADA)

    assert read_query(words, ADA) == view.query("ada", ADA.at)


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        (Filters(q="tag:vpn"), "is:open tag:vpn"),
        (Filters(q="status:closed tag:vpn"), "status:closed tag:vpn"),
        (Filters(View.MINE, "assignee:none"), "status:open,pending,on_hold assignee:none"),
        (Filters(View.NEW, "status:open", Sort.OLDEST), "is:new status:open sort:created"),
        (Filters(View.ALL, "sort:created dial", Sort.PRIORITY), "sort:created dial"),
        (Filters(View.ALL, "dial"), "dial"),
    ],
)
def test_what_is_kept_under_a_name_shows_the_same_list(filters: Filters, words: str) -> None:
    assert filters.as_text(ADA) == words
    page = {"size": 25}
    assert Filters(View.ALL, words).query(ADA) == filters.query(ADA).model_copy(update=page)


def test_words_go_before_the_status_and_the_assignee_of_a_view_and_narrow_what_else_it_asks_for() -> None:
    mine = Filters(View.MINE, "status:closed priority:high assignee:bert").query(ADA)
    late = Filters(View.RECENTLY_CLOSED, "resolved:<1d").query(ADA)

    assert mine == TicketQuery(
        assignee="bert", statuses=frozenset({Status.CLOSED}), priorities=frozenset({Priority.HIGH}), size=25
    )
    since = {condition.since for condition in late.conditions}  # type: ignore[attr-defined]  # both are periods
    assert since == {ADA.at - timedelta(days=1), ADA.at - timedelta(days=7)}


def test_words_that_cannot_be_read_are_refused_whoever_asks() -> None:
    for ask in (Filters(q='"dial').query, Filters(q='"dial').as_text):
        with pytest.raises(QueryError, match="not closed"):
            ask(ADA)
