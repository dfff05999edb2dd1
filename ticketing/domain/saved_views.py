"""Saved views: queries under a name, an agent's own or shared by all of them."""

from datetime import UTC, datetime
from typing import ClassVar, Final, Self

from ticketing.domain.definitions import Definition
from ticketing.domain.query_language import Asker, read_query
from ticketing.domain.text import QUERY_LIMIT, clean_line

# Whoever looks at the view is who asks; to find out whether a query can be understood, anybody will do.
_ANYBODY: Final = Asker("anybody", datetime(2000, 1, 1, tzinfo=UTC))


class SavedView(Definition):
    """A list of tickets that is come back to: `query` is in the query language, and `me` in it is who looks at it."""

    kind: ClassVar[str] = "views"
    is_agents: ClassVar[bool] = True

    query: str = ""

    def checked(self) -> Self:
        """Return it with a name and a query that can be understood; raises QueryError."""
        query = clean_line("Query", self.query, QUERY_LIMIT)
        read_query(query, _ANYBODY)
        return super().checked().model_copy(update={"query": query})
