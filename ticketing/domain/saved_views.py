"""Saved views: queries under a name, an agent's own or shared by all of them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import ClassVar, Final, Self

from ticketing.domain.categories import Category
from ticketing.domain.definitions import Definition
from ticketing.domain.query_language import Asker, read_query
from ticketing.domain.text import QUERY_LIMIT, clean_line

_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)


class SavedView(Definition):
    """A list of tickets that is come back to: `query` is in the query language, and `me` in it is who looks at it."""

    kind: ClassVar[str] = "views"
    is_agents: ClassVar[bool] = True

    query: str = ""

    def checked(self) -> Self:
        """Return it with its name and its query cleaned."""
        query = clean_line("Query", self.query, QUERY_LIMIT)
        return super().checked().model_copy(update={"query": query})

    def require_understood(self, categories: Iterable[Category]) -> None:
        """Raise QueryError for a query that cannot be understood at a desk with these categories."""
        # Whoever looks at the view is who asks; to find out whether it can be understood, anybody will do.
        read_query(self.query, Asker("anybody", _LONG_AGO, categories=lambda: categories))
