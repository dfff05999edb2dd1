"""What agents prefer to see of the queue."""

from tests.storage.conftest import make_user
from ticketing.domain.people import User
from ticketing.domain.preferences import Column, QueuePreferences
from ticketing.domain.queries import View


def test_one_view_to_begin_with_takes_the_place_of_another_and_leaves_the_columns() -> None:
    chosen = QueuePreferences(columns=(Column.STATUS,))

    mine = chosen.begin_with(View.MINE)
    saved = mine.begin_with(saved_view="vpn")

    assert (mine.view, mine.saved_view, mine.columns) == (View.MINE, None, (Column.STATUS,))
    assert (saved.view, saved.saved_view, saved.columns) == (None, "vpn", (Column.STATUS,))


def test_columns_stand_in_their_own_order_each_once_and_there_may_be_none() -> None:
    chosen = QueuePreferences().show([Column.UPDATED, Column.STATUS, Column.UPDATED])

    assert chosen.columns == (Column.STATUS, Column.UPDATED)
    assert chosen.show([]).columns == ()
    assert chosen.show(None).columns is None


def test_an_account_tells_of_preferences_only_where_there_are_any() -> None:
    user = make_user("ada")

    assert "preferences" not in user.model_dump()
    user.preferences = QueuePreferences().begin_with(View.MINE)
    assert User.model_validate_json(user.model_dump_json(exclude_none=True)) == user


def test_custom_fields_are_columns_beside_the_others_each_once_until_one_chooses_anew() -> None:
    chosen = QueuePreferences().show([Column.STATUS], ["serial", "price", "serial"])

    assert (chosen.columns, chosen.fields) == ((Column.STATUS,), ("serial", "price"))
    assert QueuePreferences.model_validate_json(chosen.model_dump_json()) == chosen
    assert chosen.begin_with(View.MINE).fields == ("serial", "price")
    assert "fields" not in chosen.show(None).model_dump()
