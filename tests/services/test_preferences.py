"""What people prefer: kept on their account, seen and changed by themselves alone."""

from datetime import timedelta

import pytest

from tests.services.conftest import Clock, SignIn
from ticketing.domain.calendars import BusinessCalendar
from ticketing.domain.custom_fields import CustomField
from ticketing.domain.errors import DefinitionNotFoundError, PermissionDeniedError, UnknownChoiceError
from ticketing.domain.opening_hours import ALWAYS_OPEN
from ticketing.domain.people import Actor, Role
from ticketing.domain.preferences import Column, QueuePreferences
from ticketing.domain.queries import View
from ticketing.domain.saved_views import SavedView
from ticketing.domain.sla import SlaPolicy
from ticketing.services.access import Gate
from ticketing.services.definitions import Definitions
from ticketing.services.preferences import Columns, Preferences
from ticketing.storage.memory import MemoryStore

ON_EVERY_STORE = True


@pytest.fixture
def preferences(store: MemoryStore, gate: Gate) -> Preferences:
    return Preferences(store, gate)


@pytest.fixture
def definitions(store: MemoryStore, clock: Clock, gate: Gate) -> Definitions:
    return Definitions(store, clock, gate)


@pytest.fixture
def ada(arrives: SignIn) -> Actor:
    return arrives("ada", Role.AGENT)


@pytest.fixture
def bert(arrives: SignIn) -> Actor:
    return arrives("bert", Role.AGENT)


@pytest.fixture
def carla(arrives: SignIn) -> Actor:
    return arrives("carla")


def test_whoever_has_chosen_nothing_sees_what_the_desk_has(preferences: Preferences, ada: Actor) -> None:
    assert preferences.own(ada) == QueuePreferences()


def test_what_one_chooses_is_ones_own(preferences: Preferences, ada: Actor, bert: Actor) -> None:
    preferences.begin_with(ada, View.MINE)
    chosen = preferences.show_columns(ada, [Column.DUE, Column.STATUS])

    assert preferences.own(ada) == chosen
    assert (chosen.view, chosen.columns) == (View.MINE, (Column.STATUS, Column.DUE))
    assert preferences.own(bert) == QueuePreferences()
    assert preferences.show_columns(ada, None).columns is None


def test_a_queue_begins_with_a_saved_view_until_another_is_chosen(
    preferences: Preferences, definitions: Definitions, ada: Actor
) -> None:
    view = definitions.save(ada, SavedView(name="VPN", query="tag:vpn", owner="ada"))

    preferences.begin_with_saved(ada, view.id)
    assert preferences.own(ada).saved_view == view.id

    preferences.begin_with(ada, View.OPEN)
    assert preferences.own(ada) == QueuePreferences(view=View.OPEN)


def test_nobody_begins_with_a_view_that_is_somebody_elses_removed_or_not_there(
    preferences: Preferences, definitions: Definitions, ada: Actor, bert: Actor
) -> None:
    private = definitions.save(ada, SavedView(name="VPN", query="tag:vpn", owner="ada"))
    shared = definitions.save(ada, SavedView(name="Fax", query="tag:fax"))
    definitions.remove(ada, SavedView, shared.id, shared.version)

    for key in (private.id, shared.id, "lost"):
        with pytest.raises(DefinitionNotFoundError):
            preferences.begin_with_saved(bert, key)
    assert preferences.own(bert) == QueuePreferences()


def test_a_requester_learns_of_no_saved_view(
    preferences: Preferences, definitions: Definitions, ada: Actor, carla: Actor
) -> None:
    shared = definitions.save(ada, SavedView(name="Fax", query="tag:fax"))

    for key in (shared.id, "lost"):
        with pytest.raises(PermissionDeniedError):
            preferences.begin_with_saved(carla, key)


def test_the_columns_on_offer_are_those_of_which_the_desk_has_something_to_tell(
    preferences: Preferences, definitions: Definitions, ada: Actor, root: Actor, carla: Actor
) -> None:
    assert preferences.columns(ada) == Columns([column for column in Column if column is not Column.DUE], [])

    supplier = definitions.save(root, CustomField(name="Supplier", agents_only=True, position=2))
    serial = definitions.save(root, CustomField(name="Serial", position=1))
    definitions.save(root, BusinessCalendar(name="Always", zone="UTC", hours=ALWAYS_OPEN))
    policy = definitions.save(root, SlaPolicy(name="Gold", calendar="always", resolution=timedelta(hours=4)))
    assert preferences.columns(ada) == Columns(list(Column), [serial, supplier])

    definitions.remove(root, CustomField, supplier.id, supplier.version)
    definitions.remove(root, SlaPolicy, policy.id, policy.version)
    assert preferences.columns(ada) == Columns([column for column in Column if column is not Column.DUE], [serial])
    with pytest.raises(PermissionDeniedError):
        preferences.columns(carla)


def test_a_custom_field_is_a_column_for_whoever_may_know_of_it_until_it_is_taken_away(
    preferences: Preferences, definitions: Definitions, ada: Actor, root: Actor, carla: Actor
) -> None:
    supplier = definitions.save(root, CustomField(name="Supplier", agents_only=True))
    chosen = preferences.show_columns(ada, [Column.STATUS], [supplier.id])
    assert preferences.own(ada) == chosen == QueuePreferences(columns=(Column.STATUS,), fields=("supplier",))

    for actor, key in ((ada, "lost"), (carla, supplier.id)):
        with pytest.raises(UnknownChoiceError, match=f"Columns cannot be “{key}”"):
            preferences.show_columns(actor, None, [key])

    gone = definitions.remove(root, CustomField, supplier.id, supplier.version)
    assert preferences.own(ada) == chosen
    assert preferences.show_columns(ada, [Column.STATUS, Column.OPENED]).fields == (supplier.id,)
    with pytest.raises(UnknownChoiceError):
        preferences.show_columns(root, None, [supplier.id])

    definitions.save(root, gone.model_copy(update={"removed": False}))
    assert preferences.show_columns(root, None, [supplier.id]).fields == (supplier.id,)
    assert preferences.show_columns(ada, None, []) == QueuePreferences()
