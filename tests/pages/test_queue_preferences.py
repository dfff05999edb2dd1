"""The queue as each agent likes it: the view that it begins with, and its columns."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tests.pages.conftest import PASSWORD
from tests.visiting import LIST, Visit
from ticketing.desk import Desk
from ticketing.domain.custom_fields import CustomField, FieldType, FieldValue
from ticketing.domain.people import Actor
from ticketing.domain.preferences import Column, QueuePreferences
from ticketing.domain.queries import MOST_HITS, View
from ticketing.domain.saved_views import SavedView
from ticketing.domain.tickets import TicketEdit

Behind = Callable[[Visit], Actor]

USUAL = ["number", "title", "requester", "status", "priority", "assignee", "updated"]


@pytest.fixture
def again(desk: Desk) -> Visit:
    """Return Ada at another browser."""
    return Visit(desk, desk.accounts.sign_in("ada", PASSWORD))


def columns(visit: Visit) -> dict[str, str]:
    """Return the columns of the list, each with where it stands."""
    return {column[0]: column[3] for column in visit.sent(LIST)["columns"]}


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


@pytest.fixture
def fields(desk: Desk, root: Visit, carla: Visit, actor: Behind) -> list[CustomField]:
    """Return custom fields, of which Carla's newest ticket has a value each, and the one before has none."""
    kinds = {"Serial": FieldType.TEXT, "Parts": FieldType.MULTI_CHOICE, "Leased": FieldType.CHECK_BOX}
    kinds |= {"Bought on": FieldType.DATE, "Price": FieldType.NUMBER, "Story": FieldType.LONG_TEXT}
    made = [
        CustomField(name=name, type=kind, options=("Fan", "Mouse") if kind.has_options else (), position=place)
        for place, (name, kind) in enumerate(kinds.items())
    ]
    made.append(CustomField(name="Supplier", agents_only=True, position=9))
    saved = [desk.definitions.save(actor(root), field) for field in made]
    desk.tickets.open(actor(carla), "Screen", "It flickers.")
    number = desk.tickets.open(actor(carla), "Fan", "It rattles.").number
    typed: dict[str, FieldValue | None] = {"serial": "<b>AB-1</b>", "parts": ["Fan", "Mouse"], "leased": False}
    typed |= {
        "bought-on": "2026-01-31",
        "price": "12.50",
        "story": "Once\n\nupon " + "a time " * 20,
        "supplier": "ACME",
    }
    desk.tickets.edit(actor(root), number, TicketEdit(fields=typed))
    return saved


def own(visit: Visit) -> dict[str, list[str]]:
    """Return what the columns of custom fields say of each row, by their words."""
    return {column[1]: column[4] for column in visit.sent(LIST)["columns"] if column[3] == "own"}


def choice(visit: Visit) -> dict[str, bool]:
    """Return the custom fields that can be chosen as columns, and whether each is."""
    return {word: chosen for name, word, chosen in visit.sent(LIST)["head"]["columns"] if name.startswith("field.")}


def test_custom_fields_are_chosen_as_columns_and_say_what_the_ticket_says(
    ada: Visit, again: Visit, fields: list[CustomField]
) -> None:
    names = [field.name for field in fields]
    assert choice(ada.open("all_tickets")) == dict.fromkeys(names, False)
    assert own(ada) == {}

    ada.report(LIST, "columns", [*USUAL[2:], *(f"field.{field.id}" for field in reversed(fields)), "field.nonsense"])

    [story] = [values[0] for name, values in own(ada).items() if name == "Story"]
    assert story.startswith("Once upon a time a time")
    assert (len(story), story[-1]) == (80, "…")
    assert own(ada) == {
        "Serial": ["<b>AB-1</b>", ""],
        "Parts": ["Fan, Mouse", ""],
        "Leased": ["No", ""],
        "Bought on": ["2026-01-31", ""],
        "Price": ["12.5", ""],
        "Story": [story, ""],
        "Supplier": ["ACME", ""],
    }
    assert choice(ada) == dict.fromkeys(names, True)
    assert own(again.open("all_tickets")) == own(ada)
    assert list(columns(ada))[: len(USUAL)] == USUAL


def test_a_custom_field_that_is_taken_away_is_no_column_and_no_choice_any_more(
    desk: Desk, ada: Visit, root: Visit, again: Visit, fields: list[CustomField], actor: Behind
) -> None:
    desk.preferences.show_columns(actor(ada), [Column.STATUS], ["serial", "supplier"])
    assert list(own(ada.open("all_tickets"))) == ["Serial", "Supplier"]

    gone = desk.definitions.remove(actor(root), CustomField, "serial", fields[0].version)
    assert list(own(again.open("all_tickets"))) == ["Supplier"]
    assert "Serial" not in choice(again)

    desk.definitions.save(actor(root), gone.model_copy(update={"removed": False}))
    assert list(own(again.rerun())) == ["Serial", "Supplier"]


def test_the_list_of_ones_own_tickets_has_no_column_of_a_custom_field(
    desk: Desk, ada: Visit, carla: Visit, fields: list[CustomField], actor: Behind
) -> None:
    desk.preferences.show_columns(actor(ada), None, [field.id for field in fields])

    for visit in (ada, carla):
        shown = visit.open("my_tickets").sent(LIST)
        assert own(visit) == {}
        assert "Supplier" not in str(shown)


def numbers(visit: Visit) -> dict[str, int | str | None]:
    """Return the numbers of the saved views."""
    return {name: number for name, _query, number in visit.sent(LIST)["head"]["saved"]}


def test_a_view_that_looks_for_words_has_a_number_which_is_right_while_one_looks_at_it(
    desk: Desk, ada: Visit, carla: Visit, actor: Behind
) -> None:
    desk.tickets.open(actor(carla), "No dial tone", "The line is dead.")
    desk.definitions.save(actor(ada), SavedView(name="Dials", query="dial sort:created"))
    desk.definitions.save(actor(ada), SavedView(name="Fresh dials", query="dial created:<2h"))
    desk.definitions.save(actor(ada), SavedView(name="Fax", query="fax"))
    assert numbers(ada.open("all_tickets")) == {"Dials": 1, "Fax": 0, "Fresh dials": 1}

    desk.tickets.open(actor(carla), "A dial tone", "It hums.")
    assert numbers(ada.rerun())["Dials"] == 1
    ada.report(LIST, "filters", {"view": "all", "q": "dial sort:created"})
    assert numbers(ada)["Dials"] == 2


def test_a_view_of_which_there_may_be_more_says_so(desk: Desk, ada: Visit, carla: Visit, actor: Behind) -> None:
    ticket = desk.tickets.open(actor(carla), "No dial tone", "The line is dead.")
    with desk.store.write() as tx:
        for number in range(2, MOST_HITS + 2):
            tx.tickets.save(ticket.model_copy(update={"id": str(number), "version": 0}))
    for name, query in {"Words": "dial", "People": "requester:carla"}.items():
        desk.definitions.save(actor(ada), SavedView(name=name, query=query))

    assert numbers(ada.open("all_tickets")) == {"Words": "500+", "People": "500+"}
