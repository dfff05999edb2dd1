"""What a ticket knows of others: links to them, and what a merge brought in or found. Plain data, of few tickets."""

from datetime import datetime
from enum import StrEnum

from ticketing.domain.snoozes import Snooze
from ticketing.domain.statuses import Resolution, Status
from ticketing.domain.text import Stored

LINKS_LIMIT = 50


class LinkKind(StrEnum):
    """What a ticket is to the one that its link names."""

    RELATED = "related"
    BLOCKS = "blocks"
    BLOCKED_BY = "blocked_by"
    PARENT_OF = "parent_of"
    CHILD_OF = "child_of"

    @property
    def inverse(self) -> "LinkKind":
        """What the other one is to the ticket."""
        return _INVERSES[self]


class Link(Stored):
    """One side of a link; the other ticket holds the other. No document may begin like a message's, with its `kind`."""

    number: int
    kind: LinkKind


class MergedIn(Stored):
    """A ticket that was merged into this one, when, and who came to watch this one by that alone."""

    number: int
    at: datetime
    watchers: list[str]


class Standing(Stored):
    """How a ticket stood before it was merged into another one."""

    status: Status
    resolution: Resolution | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    snoozed: Snooze | None = None


_INVERSES = {
    LinkKind.RELATED: LinkKind.RELATED,
    LinkKind.BLOCKS: LinkKind.BLOCKED_BY,
    LinkKind.BLOCKED_BY: LinkKind.BLOCKS,
    LinkKind.PARENT_OF: LinkKind.CHILD_OF,
    LinkKind.CHILD_OF: LinkKind.PARENT_OF,
}
