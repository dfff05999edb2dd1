"""Teams: the agents who work a part of the queue together, and how new tickets are dealt out among them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self

from ticketing.domain.categories import references_to
from ticketing.domain.definitions import Definition
from ticketing.domain.errors import CategoryTakenError


class Dealing(StrEnum):
    """How a ticket that reaches a team finds its assignee."""

    NONE = "none"
    ROUND_ROBIN = "round_robin"
    LEAST_LOADED = "least_loaded"


class Team(Definition):
    """
    Agents who work a part of the queue together; `members` are usernames, in the order of turns.

    New tickets of its `categories` are the team's. `turns` are the members to whom tickets were dealt in turns, the
    last one at the end: nothing that anybody sets up.
    """

    kind: ClassVar[str] = "teams"
    apart: ClassVar[frozenset[str]] = frozenset({"turns"})

    members: tuple[str, ...] = ()
    dealing: Dealing = Dealing.NONE
    categories: tuple[str, ...] = ()
    turns: tuple[str, ...] = ()

    def checked(self) -> Self:
        """Return it with each member and each category once; raises InvalidInputError."""
        each_once = {"members": tuple(dict.fromkeys(self.members)), "categories": tuple(dict.fromkeys(self.categories))}
        return super().checked().model_copy(update=each_once)

    def require_room(self, others: Iterable[Self]) -> None:
        """Raise NameTakenError, or CategoryTakenError since a ticket can go to one team only."""
        others = list(others)
        super().require_room(others)
        for other in others:
            for category in self.categories:
                if category in other.categories:
                    raise CategoryTakenError(category, other.name)

    def revised(self, before: Self | None, by: str, now: datetime) -> Self:
        """Return it as it is kept after *before*, with the turns as they have gone on meanwhile."""
        as_it_stands = self if before is None else self.model_copy(update={"turns": before.turns})
        return super(Team, as_it_stands).revised(before, by, now)

    def references(self) -> frozenset[tuple[str, str]]:
        """Return its categories."""
        return references_to(self.categories)

    def people(self) -> frozenset[str]:
        """Return its members."""
        return frozenset(self.members)

    def without(self, people: frozenset[str]) -> Self:
        """Return it without these members."""
        return self.model_copy(update={"members": tuple(one for one in self.members if one not in people)})

    def next_in_turn(self, present: Sequence[str]) -> str:
        """Return who of those *present* was dealt to the longest ago, or never; of several the first one."""
        return min(present, key=lambda member: self.turns.index(member) if member in self.turns else -1)

    def after_turn(self, member: str) -> Self:
        """Return it after a ticket was dealt to a member; who is no member any more is forgotten."""
        others = (one for one in self.turns if one != member and one in self.members)
        return self.model_copy(update={"turns": (*others, member)})


def least_loaded(loads: Mapping[str, int]) -> str:
    """Return who has the fewest tickets to do; of several the first one."""
    return min(loads, key=loads.__getitem__)
