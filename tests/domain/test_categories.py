"""A desk begins with seven categories, and has those that its admins make of them."""

from datetime import datetime

import pytest

from ticketing.domain.categories import Category, require_offered, usual
from ticketing.domain.errors import InvalidInputError, LastCategoryError, NameTakenError, UnknownChoiceError
from ticketing.domain.statuses import TicketCategory

PLANTS = Category(id="office-plants", name="Office plants", position=15)
NO_GENERAL = Category(id="general", name="General", removed=True)


def ids(categories: list[Category]) -> list[str]:
    """Return the ids in order."""
    return [one.id for one in categories]


def test_a_desk_begins_with_the_categories_that_tickets_always_had() -> None:
    found = Category.all_of(())

    assert ids(found) == list(TicketCategory)
    assert [one.name for one in found] == ["General", "Account", "Billing", "Hardware", "Network", "Software", "Other"]
    assert {one.version for one in found} == {0}


def test_a_kept_category_stands_in_the_place_of_the_built_in_one_or_beside_them() -> None:
    renamed = Category(id="billing", name="Invoices", position=5)

    found = Category.all_of([PLANTS, renamed])

    assert ids(found)[:4] == ["billing", "general", "office-plants", "account"]
    assert [one.name for one in found if one.id == "billing"] == ["Invoices"]
    assert len(found) == len(TicketCategory) + 1


def test_categories_at_one_position_stand_by_name() -> None:
    found = Category.all_of([Category(id="b", name="alpha", position=0), Category(id="a", name="Beta", position=0)])

    assert ids(found)[:2] == ["b", "a"]


def test_the_first_change_of_a_built_in_category_says_what_it_was(now: datetime) -> None:
    [before] = [one for one in Category.all_of(()) if one.id == "billing"]

    kept = before.model_copy(update={"name": "Invoices"}).revised(before, "root", now)

    assert kept.version == 1
    assert [(change.field, change.old, change.new, change.by) for change in kept.history] == [
        ("name", "Billing", "Invoices", "root")
    ]


@pytest.mark.parametrize("position", [-1, 1000])
def test_a_position_is_a_number_that_people_count_with(position: int) -> None:
    with pytest.raises(InvalidInputError, match="Position is a number from 0 to 999"):
        PLANTS.model_copy(update={"position": position}).checked()


def test_a_name_is_cleaned_and_there_once() -> None:
    assert PLANTS.model_copy(update={"name": "  Office \n plants "}).checked().name == "Office plants"
    with pytest.raises(NameTakenError):
        Category(name="BILLING").require_room(Category.all_of(()))


def test_the_last_category_cannot_be_taken_away() -> None:
    PLANTS.require_dispensable([NO_GENERAL])
    with pytest.raises(LastCategoryError, match="This is the last category"):
        PLANTS.require_dispensable([])


def test_a_ticket_for_which_nothing_was_chosen_is_general_as_long_as_that_is_offered() -> None:
    assert usual(Category.all_of([PLANTS.model_copy(update={"position": 0})])) == "general"
    assert usual(Category.all_of([NO_GENERAL])) == "account"
    assert usual(Category.all_of([NO_GENERAL, PLANTS.model_copy(update={"position": 0})])) == "office-plants"


def test_a_category_that_is_unknown_or_was_taken_away_is_refused_by_its_name() -> None:
    there = Category.all_of([PLANTS, Category(id="other", name="Odds and ends", removed=True)])

    require_offered(there, "office-plants")
    with pytest.raises(UnknownChoiceError, match="Category cannot be “Odds and ends”"):
        require_offered(there, "other")
    with pytest.raises(UnknownChoiceError, match="Category cannot be “Office plants”"):
        require_offered(there, "Office plants")
