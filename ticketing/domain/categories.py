"""
Categories: what tickets are about, as requesters choose it.

A desk begins with the built-in ones, which are kept nowhere. Once an admin changes one, the kept one stands in its
place. A category that was taken away is offered no more; the tickets in it stay there.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, ClassVar, Final, Self

from ticketing.domain.definitions import Definition, by_name
from ticketing.domain.errors import InvalidInputError, LastCategoryError, UnknownChoiceError
from ticketing.domain.statuses import GENERAL, TicketCategory

POSITIONS: Final = range(1_000)


class Category(Definition):
    """Something that tickets are about; its id is what stands in them, whatever it is called."""

    kind: ClassVar[str] = "categories"

    position: int = 0

    @classmethod
    def all_of(cls, kept: Iterable[Self]) -> list[Self]:
        """Return the kept ones and the built-in ones in whose place none is kept, by their positions."""
        there = {one.id: one for one in (*_built_in(cls), *kept)}
        return sorted(there.values(), key=lambda one: (one.position, *by_name(one)))

    def checked(self) -> Self:
        """Return it with its name cleaned; raises InvalidInputError."""
        if self.position not in POSITIONS:
            raise InvalidInputError("Position", f"Position is a number from 0 to {POSITIONS[-1]}.")
        return super().checked()

    def require_dispensable(self, others: Iterable[Self]) -> None:
        """Raise LastCategoryError if there is no other: a ticket is in some category."""
        if not list(others):
            raise LastCategoryError


@lru_cache
def _built_in(kind: type[Any]) -> tuple[Any, ...]:
    return tuple(
        kind(id=one, name=one.capitalize(), position=10 * place) for place, one in enumerate(TicketCategory, 1)
    )


def references_to(categories: Iterable[str]) -> frozenset[tuple[str, str]]:
    """Return these ids as one definition names others."""
    return frozenset((Category.kind, one) for one in categories)


def usual(categories: Iterable[Category]) -> str:
    """Return the id of the category of a ticket for which none is chosen: the general one, or the first there is."""
    offered = [one.id for one in categories if not one.removed]
    return GENERAL if GENERAL in offered else next(iter(offered), GENERAL)


def name_of(categories: Iterable[Category], key: str) -> str:
    """Return what the category with this id is called; the id itself if there is none."""
    return next((one.name for one in categories if one.id == key), key)


def require_offered(categories: Iterable[Category], key: str) -> None:
    """Raise UnknownChoiceError unless tickets can be put into this category."""
    named = {one.id: one for one in categories}
    if key not in named or named[key].removed:
        raise UnknownChoiceError("Category", named[key].name if key in named else key)
