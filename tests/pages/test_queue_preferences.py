"""The queue as each agent likes it: the view that it begins with, and its columns."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tests.pages.conftest import PASSWORD
from tests.visiting import LIST, Visit
from ticketing.desk import Desk
from ticketing.domain.people import Actor
from ticketing.domain.preferences import Column, QueuePreferences
from ticketing.domain.queries import View
from ticketing.domain.saved_views import SavedView

Behind = Callable[[Visit], Actor]

USUAL = ["number", "title", "requester", "status", "priority", "assignee", "updated"]


@pytest.fixture
def again(desk: Desk) -> Visit:
    """Return Ada at another browser."""
    return Visit(desk, desk.accounts.sign_in("ada", PASSWORD))


def columns(visit: Visit) -> dict[str, str]:
    """Return the columns of the list, each with where it stands."""
    return {name: where for name, _word, _order, where in visit.sent(LIST)["columns"]}


def head(visit: Visit) -> tuple[str, str, bool | None]:
    """Return the view and the words of the list, and whether it is what the person begins with."""
    shown = visit.sent(LIST)["head"]
    return shown["view"], shown["text"], shown["preferred"]


def test_the_queue_begins_with_the_open_tickets_until_a_view_is_made_ones_own(ada: Visit, again: Visit) -> None:
    assert head(ada.open("all_tickets")) == ("open", "", None)

    ada.open("all_tickets", view="mine")
    assert head(ada) == ("mine", "", False)
    ada.report(LIST, "prefer", value=True)
    assert head(ada) == ("mine", "", True)

    assert head(again.open("all_tickets")) == ("mine", "", True)
    assert dict(again.at.query_params) == {"view": "mine"}


def test_what_was_made_ones_own_is_taken_back(desk: Desk, ada: Visit, again: Visit, actor: Behind) -> None:
    desk.preferences.begin_with(actor(ada), View.MINE)

    ada.open("all_tickets").report(LIST, "prefer", value=False)

    assert head(ada) == ("mine", "", False)
    assert head(again.open("all_tickets")) == ("open", "", None)


def test_an_address_means_the_same_to_everybody_whatever_they_begin_with(desk: Desk, ada: Visit, actor: Behind) -> None:
    desk.preferences.begin_with(actor(ada), View.MINE)

    assert head(ada.open("all_tickets", q="dial")) == ("open", "dial", None)
    assert dict(ada.at.query_params) == {"q": "dial"}
    ada.report(LIST, "filters", {"q": ""})
    assert dict(ada.at.query_params) == {"view": "open"}
    assert head(ada.open("all_tickets", view="all", sort="due"))[0] == "all"


def test_the_queue_begins_with_a_saved_view_and_says_when_it_is_gone(
    desk: Desk, ada: Visit, again: Visit, actor: Behind
) -> None:
    view = desk.definitions.save(actor(ada), SavedView(name="VPN", query="tag:vpn", owner="ada"))
    ada.open("all_tickets", view="all", q="tag:vpn").report(LIST, "prefer", value=True)
    assert head(ada) == ("all", "tag:vpn", True)
    assert head(again.open("all_tickets")) == ("all", "tag:vpn", True)

    desk.definitions.remove(actor(ada), SavedView, view.id, view.version)
    later = Visit(desk, desk.accounts.sign_in("ada", PASSWORD)).open("all_tickets")
    assert head(later) == ("open", "", False)
    hint = later.sent(LIST)["head"]["hint"]
    assert hint == "The view that you begin with was removed. Make another one your default."

    later.report(LIST, "prefer", value=True)
    assert head(later) == ("open", "", None)
    assert later.sent(LIST)["head"]["hint"] == ""
    assert desk.preferences.own(actor(ada)) == QueuePreferences(view=View.OPEN)


def test_a_search_that_is_no_view_cannot_be_begun_with(desk: Desk, ada: Visit, actor: Behind) -> None:
    ada.open("all_tickets", q="dial").report(LIST, "prefer", value=True)

    assert head(ada) == ("open", "dial", None)
    assert desk.preferences.own(actor(ada)) == QueuePreferences()


def test_a_saved_view_that_a_colleague_removes_meanwhile_is_not_begun_with(
    desk: Desk, ada: Visit, root: Visit, actor: Behind
) -> None:
    view = desk.definitions.save(actor(root), SavedView(name="VPN", query="tag:vpn"))
    ada.open("all_tickets", view="all", q="tag:vpn")
    desk.definitions.remove(actor(root), SavedView, view.id, view.version)

    ada.report(LIST, "prefer", value=True)

    assert head(ada) == ("all", "tag:vpn", None)
    assert desk.preferences.own(actor(ada)) == QueuePreferences()


def test_the_queue_shows_the_columns_that_one_chose_and_on_a_phone_the_usual_ones(
    desk: Desk, ada: Visit, carla: Visit, again: Visit, actor: Behind
) -> None:
    desk.tickets.open(actor(carla), "No dial tone", "The line is dead.")
    assert columns(ada.open("all_tickets")) == dict.fromkeys(USUAL, "")

    ada.report(LIST, "columns", ["status", "category", "opened", "nonsense", "due"])

    assert columns(again.open("all_tickets")) == {
        "number": "",
        "title": "",
        "requester": "narrow",
        "status": "",
        "priority": "narrow",
        "category": "wide",
        "assignee": "narrow",
        "opened": "wide",
        "updated": "narrow",
    }
    assert columns(ada) == columns(again)
    row = again.sent(LIST)["rows"][0]
    opened, opened_text = row[-2:]
    assert datetime.fromisoformat(opened) <= datetime.now(UTC)
    assert opened_text == "just now"


def test_who_chooses_the_usual_columns_gets_what_the_desk_has(desk: Desk, ada: Visit, actor: Behind) -> None:
    ada.open("all_tickets")
    ada.report(LIST, "columns", [])
    assert {name for name, where in columns(ada).items() if where != "narrow"} == {"number", "title"}

    ada.report(LIST, "columns", [*USUAL[2:]])

    assert columns(ada) == dict.fromkeys(USUAL, "")
    assert desk.preferences.own(actor(ada)).columns is None


def test_ones_own_tickets_are_the_same_list_for_everybody(desk: Desk, ada: Visit, carla: Visit, actor: Behind) -> None:
    desk.preferences.show_columns(actor(ada), [Column.OPENED])
    desk.preferences.begin_with(actor(ada), View.MINE)

    for visit in (ada, carla):
        shown = visit.open("my_tickets").report(LIST, "prefer", value=True).sent(LIST)
        assert (shown["head"]["view"], shown["head"]["preferred"], shown["head"]["columns"]) == ("all", None, [])
        assert list(columns(visit)) == ["number", "title", "status", "category", "assignee", "updated"]
    assert desk.preferences.own(actor(carla)) == QueuePreferences()
