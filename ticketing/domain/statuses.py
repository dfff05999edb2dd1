"""
The states of a ticket, and which leads to which.

    open ⇄ pending ⇄ on_hold        any of them → resolved or closed
    resolved → open (reopened), → closed (by somebody, or by itself after 7 days)
    closed → open (reopened: by agents at any time, by requesters within 14 days)

"New", "unassigned", "overdue" and "answered" are views of these, never statuses.
"""

from datetime import timedelta
from enum import StrEnum
from typing import Final

RESOLVED_FOR = timedelta(days=7)
REOPEN_WITHIN = timedelta(days=14)


class StatusCategory(StrEnum):
    """What filters, clocks and metrics go by."""

    OPEN = "open"
    PAUSED = "paused"
    DONE = "done"


class Status(StrEnum):
    """Where a ticket stands."""

    OPEN = "open"
    PENDING = "pending"
    ON_HOLD = "on_hold"
    RESOLVED = "resolved"
    CLOSED = "closed"

    @property
    def category(self) -> StatusCategory:
        """Whether the clock runs, pauses or has stopped."""
        return _CATEGORIES[self]

    @property
    def label(self) -> str:
        """The word for it in sentences and in the history."""
        return self.value.replace("_", " ")


class Priority(StrEnum):
    """How soon; set by agents."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"

    @property
    def rank(self) -> int:
        """0 for low up to 3 for urgent, to sort by."""
        return _RANKS[self]


class Resolution(StrEnum):
    """Why a ticket is done."""

    SOLVED = "solved"
    DUPLICATE = "duplicate"
    NO_RESPONSE = "no_response"
    WONT_FIX = "wont_fix"
    SPAM = "spam"

    @property
    def label(self) -> str:
        """The word for it in sentences."""
        return self.value.replace("_", " ")


class TicketCategory(StrEnum):
    """The categories that a desk begins with, by their ids; what becomes of them there is up to its admins."""

    GENERAL = "general"
    ACCOUNT = "account"
    BILLING = "billing"
    HARDWARE = "hardware"
    NETWORK = "network"
    SOFTWARE = "software"
    OTHER = "other"


# The category of a ticket for which none was chosen.
GENERAL: Final = TicketCategory.GENERAL.value

_CATEGORIES = {
    Status.OPEN: StatusCategory.OPEN,
    Status.PENDING: StatusCategory.PAUSED,
    Status.ON_HOLD: StatusCategory.PAUSED,
    Status.RESOLVED: StatusCategory.DONE,
    Status.CLOSED: StatusCategory.DONE,
}

_RANKS = {priority: rank for rank, priority in enumerate(Priority)}

UNFINISHED = frozenset({Status.OPEN, Status.PENDING, Status.ON_HOLD})

TRANSITIONS: dict[Status, frozenset[Status]] = {
    **{status: (UNFINISHED | {Status.RESOLVED, Status.CLOSED}) - {status} for status in UNFINISHED},
    Status.RESOLVED: frozenset({Status.OPEN, Status.CLOSED}),
    Status.CLOSED: frozenset({Status.OPEN}),
}
