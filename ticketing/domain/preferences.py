"""What agents prefer to see of the queue, each for themselves."""

from collections.abc import Iterable
from enum import StrEnum
from operator import not_
from typing import Self

from pydantic import Field

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

    None is what the desk has for whoever has chosen nothing. `fields` are the keys of the custom fields that are
    columns too; one that has been taken away meanwhile is none.
    """

    view: View | None = None
    saved_view: str | None = None
    columns: tuple[Column, ...] | None = None
    fields: tuple[str, ...] = Field((), exclude_if=not_)

    def begin_with(self, view: View | None = None, *, saved_view: str | None = None) -> Self:
        """Return them with another view to begin with."""
        return self.model_copy(update={"view": view, "saved_view": saved_view})

    def show(self, columns: Iterable[Column] | None, fields: Iterable[str] = ()) -> Self:
        """Return them with other columns, which stand in their own order, and with these custom fields."""
        chosen = None if columns is None else set(columns)
        in_order = None if chosen is None else tuple(column for column in Column if column in chosen)
        return self.model_copy(update={"columns": in_order, "fields": tuple(dict.fromkeys(fields))})
