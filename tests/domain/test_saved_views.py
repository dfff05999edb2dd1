"""A saved view keeps a query that can be understood."""

import pytest

from ticketing.domain.categories import Category
from ticketing.domain.errors import BlankError, QueryError, TooLongError
from ticketing.domain.saved_views import SavedView


def test_a_view_may_be_about_any_category_of_the_desk() -> None:
    view = SavedView(name="Plants", query='category:"office plants"')

    view.require_understood([Category(id="plants", name="Office plants")])
    with pytest.raises(QueryError, match="“category” cannot be “office plants”"):
        view.require_understood(Category.all_of(()))


def test_a_query_is_kept_on_one_line() -> None:
    view = SavedView(name=" VPN ", query="  tag:vpn \n assignee:me ").checked()

    assert (view.name, view.query) == ("VPN", "tag:vpn assignee:me")


def test_a_query_that_cannot_be_understood_is_refused_with_what_was_perhaps_meant() -> None:
    with pytest.raises(QueryError, match="Did you mean “status”"):
        SavedView(name="Open", query="stauts:open").require_understood(Category.all_of(()))


@pytest.mark.parametrize(("query", "refusal"), [(" ", BlankError), ("x" * 2000, TooLongError)], ids=["blank", "long"])
def test_a_query_that_is_none_is_refused(query: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        SavedView(name="Nothing", query=query).checked()
