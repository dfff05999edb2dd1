"""What agents prefer to see of the queue, each for themselves."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Self

from ticketing.domain.queries import View
from ticketing.domain.text import Stored


class Column(StrEnum):
    """What the queue can tell of a ticket beside its number and its title, in the order of its columns."""

    REQUESTER = "requester"
    STATUS = "status"
    PRIORITY = "priority"
    CATEGORY = "category"
    ASSIGNEE = "assignee"
    OPENED = "opened"
    DUE = "due"
    UPDATED = "updated"


class QueuePreferences(Stored):
    """
    Which view the queue begins with, a built-in one or a saved one by its id, and which columns it has.

    None is what the desk has for whoever has chosen nothing.
    """

    view: View | None = None
    saved_view: str | None = None
    columns: tuple[Column, ...] | None = None

    def begin_with(self, view: View | None = None, *, saved_view: str | None = None) -> Self:
        """Return them with another view to begin with."""
        return self.model_copy(update={"view": view, "saved_view": saved_view})

    def show(self, columns: Iterable[Column] | None) -> Self:
        """Return them with other columns, which stand in their own order."""
        chosen = None if columns is None else set(columns)
        in_order = None if chosen is None else tuple(column for column in Column if column in chosen)
        return self.model_copy(update={"columns": in_order})
