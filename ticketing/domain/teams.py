"""Teams: the agents who work a part of the queue together, and how new tickets are dealt out among them."""

from enum import StrEnum
from typing import ClassVar, Self

from ticketing.domain.definitions import Definition


class Dealing(StrEnum):
    """How a ticket that reaches a team finds its assignee."""

    NONE = "none"
    ROUND_ROBIN = "round_robin"
    LEAST_LOADED = "least_loaded"


class Team(Definition):
    """Agents who work a part of the queue together; `members` are usernames, in the order of turns."""

    kind: ClassVar[str] = "teams"

    members: tuple[str, ...] = ()
    dealing: Dealing = Dealing.NONE

    def checked(self) -> Self:
        """Return it with each member once; raises InvalidInputError."""
        return super().checked().model_copy(update={"members": tuple(dict.fromkeys(self.members))})
