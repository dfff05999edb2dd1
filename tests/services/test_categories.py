"""Admins say what tickets can be about; requesters choose from it, and old tickets stay as they are. On every store."""

from collections.abc import Callable
from datetime import datetime

import pytest

from ticketing.domain.bulk import BulkEdit
from ticketing.domain.canned_replies import CannedReply
from ticketing.domain.categories import Category
from ticketing.domain.changes import Changes
from ticketing.domain.custom_fields import CustomField
from ticketing.domain.errors import (
    InvalidInputError,
    LastCategoryError,
    NameTakenError,
    PermissionDeniedError,
    QueryError,
    StaleDefinitionError,
    UnknownChoiceError,
)
from ticketing.domain.people import Actor
from ticketing.domain.query_language import Asker, read_query
from ticketing.domain.saved_views import SavedView
from ticketing.domain.store import Store
from ticketing.domain.teams import Team
from ticketing.domain.tickets import TicketEdit
from ticketing.services.access import Gate
from ticketing.services.bulk import Bulk
from ticketing.services.chores import Chores
from ticketing.services.definitions import Definitions
from ticketing.services.relations import Relations
from ticketing.services.tickets import Tickets

BUILT_IN = ["general", "account", "billing", "hardware", "network", "software", "other"]

Clock = Callable[[], datetime]

ON_EVERY_STORE = True


@pytest.fixture
def tickets(store: Store, clock: Clock, gate: Gate) -> Tickets:
    return Tickets(store, clock, gate, Chores(store, clock, gate))


@pytest.fixture
def definitions(store: Store, clock: Clock, gate: Gate) -> Definitions:
    return Definitions(store, clock, gate)


@pytest.fixture
def bulk(store: Store, clock: Clock, gate: Gate) -> Bulk:
    return Bulk(store, clock, gate, Relations(store, clock, gate))


@pytest.fixture
def plants(definitions: Definitions, root: Actor) -> Category:
    """Return a category that an admin has made."""
    return definitions.save(root, Category(name="Office plants", position=15))


@pytest.fixture
def retire(definitions: Definitions, root: Actor) -> Callable[..., None]:
    """Return a way to take categories away."""

    def retire(*keys: str) -> None:
        for key in keys:
            definitions.remove(root, Category, key, definitions.get(root, Category, key).version)

    return retire


@pytest.fixture
def find(tickets: Tickets, clock: Clock) -> Callable[[Actor, str], list[int]]:
    """Return a way to look for tickets, by the categories of the desk."""

    def find(actor: Actor, text: str) -> list[int]:
        asker = Asker(actor.username, clock(), categories=lambda: tickets.categories(actor))
        return [line.number for line in tickets.search(actor, read_query(text, asker)).items]

    return find


def ids(categories: list[Category]) -> list[str]:
    """Return the ids of those that are offered, in order."""
    return [one.id for one in categories if not one.removed]


def test_a_desk_begins_with_categories_that_are_kept_nowhere(
    store: Store, tickets: Tickets, definitions: Definitions, carla: Actor, ada: Actor
) -> None:
    with store.read() as tx:
        assert tx.definitions(Category).all() == []
    assert ids(definitions.all(ada, Category)) == BUILT_IN
    assert ids(tickets.categories(carla)) == BUILT_IN
    assert definitions.get(ada, Category, "billing").name == "Billing"


def test_what_an_admin_made_is_kept_in_its_place_among_the_others(
    store: Store, tickets: Tickets, plants: Category, carla: Actor
) -> None:
    assert plants.id == "office-plants"
    assert ids(tickets.categories(carla))[:3] == ["general", "office-plants", "account"]
    with store.read() as tx:
        assert tx.definitions(Category).all() == [plants]


def test_a_built_in_category_is_renamed_and_moved_with_a_history(
    definitions: Definitions, tickets: Tickets, root: Actor, carla: Actor
) -> None:
    number = tickets.open(carla, "A wrong sum", "Twice.", "billing").number
    billing = definitions.get(root, Category, "billing")

    definitions.save(root, billing.model_copy(update={"name": "Invoices", "position": 5}))

    first = tickets.categories(carla)[0]
    assert (first.id, first.name, first.version) == ("billing", "Invoices", 1)
    assert [(one.field, one.old, one.new, one.by) for one in first.history] == [
        ("name", "Billing", "Invoices", "root"),
        ("position", 30, 5, "root"),
    ]
    assert tickets.conversation(carla, number).category_name("billing") == "Invoices"
    with pytest.raises(StaleDefinitionError):
        definitions.save(root, billing.model_copy(update={"name": "Money"}))


@pytest.mark.parametrize("name", ["Billing", "office PLANTS"])
def test_a_name_that_is_taken_is_refused(definitions: Definitions, plants: Category, root: Actor, name: str) -> None:
    assert plants
    with pytest.raises(NameTakenError):
        definitions.save(root, Category(name=name))


def test_a_built_in_category_that_is_saved_as_it_is_stays_unkept(
    store: Store, definitions: Definitions, root: Actor
) -> None:
    definitions.save(root, definitions.get(root, Category, "other"))

    with store.read() as tx:
        assert tx.definitions(Category).all() == []


def test_nobody_but_admins_changes_categories(
    definitions: Definitions, tickets: Tickets, plants: Category, carla: Actor, ada: Actor, root: Actor
) -> None:
    changed = plants.model_copy(update={"name": "Ferns"})
    for actor in (carla, ada):
        for wanted in (Category(name="Ferns"), changed, plants.model_copy(update={"removed": True})):
            with pytest.raises(PermissionDeniedError):
                definitions.save(actor, wanted)
    with pytest.raises(PermissionDeniedError):
        definitions.all(carla, Category)
    assert [one.name for one in tickets.categories(carla) if one.id == plants.id] == ["Office plants"]

    assert definitions.save(root, changed).name == "Ferns"


def test_a_retired_category_takes_no_new_tickets_and_keeps_its_old_ones(
    tickets: Tickets,
    plants: Category,
    retire: Callable[..., None],
    find: Callable[[Actor, str], list[int]],
    carla: Actor,
    ada: Actor,
) -> None:
    number = tickets.open(carla, "The ferns are dry", "Water!", plants.id).number
    retire(plants.id)

    assert plants.id not in ids(tickets.categories(carla))
    with pytest.raises(UnknownChoiceError, match="Category cannot be “Office plants”"):
        tickets.open(carla, "The palm is dry", "Water!", plants.id)
    conversation = tickets.conversation(carla, number)
    assert (conversation.ticket.category, conversation.category_name(plants.id)) == (plants.id, "Office plants")
    assert find(carla, 'category:"office plants"') == find(ada, "category:Office-Plants") == [number]
    assert find(ada, "-category:office-plants") == []
    tickets.reply(ada, number, "Watered.")
    assert tickets.edit(ada, number, TicketEdit(priority="high")).category == plants.id


def test_a_category_is_found_by_its_id_and_by_its_name_whatever_the_case(
    tickets: Tickets, definitions: Definitions, find: Callable[[Actor, str], list[int]], carla: Actor, root: Actor
) -> None:
    definitions.save(root, definitions.get(root, Category, "billing").model_copy(update={"name": "Invoices"}))
    bills = definitions.save(root, Category(name="Billing"))
    first, second = (tickets.open(carla, "A wrong sum", "Twice.", key).number for key in ("billing", bills.id))

    assert find(carla, "category:INVOICES") == [first]
    assert find(carla, f"category:{bills.id}") == [second]
    assert find(carla, "category:billing") == [second, first]
    with pytest.raises(QueryError, match=r"“category” cannot be “invocies” .* Did you mean “invoices”"):
        find(carla, "category:invocies")


def test_a_ticket_without_a_choice_comes_into_the_usual_category(
    tickets: Tickets, retire: Callable[..., None], carla: Actor
) -> None:
    assert tickets.open(carla, "Help", "Please.").category == "general"
    retire("general")
    assert tickets.open(carla, "Help", "Please.").category == "account"


def test_the_last_category_stays(
    tickets: Tickets, definitions: Definitions, retire: Callable[..., None], carla: Actor, root: Actor
) -> None:
    retire(*BUILT_IN[:-1])

    with pytest.raises(LastCategoryError):
        retire("other")

    assert ids(tickets.categories(carla)) == ["other"]
    back = definitions.get(root, Category, "general")
    definitions.save(root, back.model_copy(update={"removed": False}))
    retire("other")
    assert ids(tickets.categories(carla)) == ["general"]


@pytest.mark.parametrize("category", ["software", "weather", "", "Hardware", "x" * 300])
def test_a_category_that_there_is_none_of_is_refused_wherever_it_is_set(
    tickets: Tickets,
    definitions: Definitions,
    bulk: Bulk,
    retire: Callable[..., None],
    carla: Actor,
    ada: Actor,
    root: Actor,
    category: str,
) -> None:
    number = tickets.open(carla, "No dial tone", "Dead.", "network").number
    changes = Changes(category=category)
    macro = definitions.save(root, CannedReply(name="Sort", changes=changes))
    retire("software")
    edit = TicketEdit(category=category)

    with pytest.raises(UnknownChoiceError):
        tickets.open(carla, "Help", "Please.", category)
    with pytest.raises(UnknownChoiceError):
        tickets.edit(ada, number, edit)
    with pytest.raises(UnknownChoiceError):
        tickets.apply(ada, number, macro.id)
    [foreseen] = bulk.preview(ada, [number], BulkEdit(edit=edit))
    [outcome] = bulk.apply(ada, [number], BulkEdit(edit=edit)).outcomes
    assert foreseen.refusal.startswith("Category cannot be")
    assert outcome.refusal == foreseen.refusal

    ticket = tickets.get(ada, number)
    assert (ticket.category, ticket.version) == ("network", 1)


def test_a_bulk_change_is_taken_back_into_a_category_that_was_retired_meanwhile(
    tickets: Tickets, bulk: Bulk, plants: Category, retire: Callable[..., None], carla: Actor, ada: Actor
) -> None:
    number = tickets.open(carla, "The ferns are dry", "Water!", plants.id).number
    result = bulk.apply(ada, [number], BulkEdit(edit=TicketEdit(category="other")))
    retire(plants.id)

    bulk.undo(ada, result)

    assert tickets.get(ada, number).category == plants.id


def test_what_is_set_up_for_a_retired_category_does_no_harm(
    tickets: Tickets, definitions: Definitions, retire: Callable[..., None], carla: Actor, ada: Actor, root: Actor
) -> None:
    theirs = ("network", "gone")
    definitions.save(root, Team(name="First line", categories=theirs))
    definitions.save(root, CustomField(name="Serial", categories=theirs, required=True))
    number = tickets.open(carla, "No dial tone", "Dead.", "network", fields={"serial": "1"}).number
    retire("network")

    assert tickets.get(ada, number).team == "first-line"
    other = tickets.get(ada, tickets.open(carla, "Help", "Please.").number)
    assert (other.team, other.fields) == (None, {})


def test_a_view_is_kept_if_the_desk_knows_its_categories(
    definitions: Definitions, plants: Category, ada: Actor
) -> None:
    view = SavedView(name="Plants", query="category:office-plants,billing", owner=ada.username)

    assert plants
    assert definitions.save(ada, view).query == view.query
    with pytest.raises(QueryError, match="“category” cannot be “weather”"):
        definitions.save(ada, SavedView(name="Weather", query="category:weather", owner=ada.username))
    with pytest.raises(InvalidInputError):
        definitions.save(ada, SavedView(name="Nothing", query=" ", owner=ada.username))
