"""
What can hold of a ticket: the conditions that a query is made of.

Each is a small frozen value, so that queries can be compared and kept; of which tickets it holds for an audience is
found out by the stores, all of which answer alike. For a requester one on what only agents learn, such as a tag, holds
of none.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ticketing.domain.attachments import ATTACHED, ATTACHED_TO_NOTE
from ticketing.domain.custom_fields import INTERNAL, PUBLIC
from ticketing.domain.statuses import Priority, Status


class Moment(StrEnum):
    """A time that each ticket has, or will have; when one is due, agents alone learn."""

    CREATED = "created"
    UPDATED = "updated"
    RESOLVED = "resolved"
    DUE = "due"


class Trait(StrEnum):
    """What a ticket is or has, without any value to it."""

    IS_NEW = "is new"
    IS_ASLEEP = "is asleep"
    HAS_NOTE = "has a note"
    HAS_REPLY = "has a reply"


class Condition:
    """One that holds of a ticket or does not."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class InStatus(Condition):
    """It stands in one of these."""

    statuses: frozenset[Status]


@dataclass(frozen=True, slots=True)
class WithPriority(Condition):
    """It has one of these."""

    priorities: frozenset[Priority]


@dataclass(frozen=True, slots=True)
class InCategory(Condition):
    """It is about one of these."""

    categories: frozenset[str]


@dataclass(frozen=True, slots=True)
class AssignedTo(Condition):
    """One of these works on it; UNASSIGNED among them stands for nobody."""

    usernames: frozenset[str]


@dataclass(frozen=True, slots=True)
class RequestedBy(Condition):
    """One of these opened it, or somebody whose display name holds one of the casefolded `names`."""

    usernames: frozenset[str]
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class WatchedBy(Condition):
    """One of these watches it."""

    usernames: frozenset[str]


@dataclass(frozen=True, slots=True)
class Numbered(Condition):
    """It has one of these numbers."""

    numbers: frozenset[int]


@dataclass(frozen=True, slots=True)
class KnownAs(Condition):
    """Another system knew it by one of these ids."""

    external_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class During(Condition):
    """That moment came at `since` or later, and before `until`; None is no bound. One that never came did not."""

    moment: Moment
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Holding(Condition):
    """It holds the casefolded text where everything is looked for."""

    needle: str


@dataclass(frozen=True, slots=True)
class Titled(Condition):
    """Its title holds one of the casefolded texts."""

    needles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Having(Condition):
    """
    Among its terms in this field is one of the values, or any at all if none is named.

    Terms are for agents, but for those of custom fields and attachments that everybody in the ticket may read.
    """

    field: str
    values: frozenset[str] = frozenset()

    def names(self, *, sees_all: bool, sees_notes: bool) -> tuple[str, ...]:
        """Return the names of the terms among which the audience may look; custom fields and attachments have two."""
        if self.field == ATTACHED:
            return (ATTACHED, ATTACHED_TO_NOTE) if sees_notes else (ATTACHED,)
        if not self.field.startswith(PUBLIC):
            return (self.field,) if sees_all else ()
        return (self.field, INTERNAL + self.field.removeprefix(PUBLIC)) if sees_all else (self.field,)


@dataclass(frozen=True, slots=True)
class Being(Condition):
    """It has this trait; notes, and which tickets sleep, are for agents."""

    trait: Trait


@dataclass(frozen=True, slots=True)
class Not(Condition):
    """The other does not hold."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class AnyOf(Condition):
    """At least one of these holds; of none, none does."""

    conditions: tuple[Condition, ...] = ()


NOTHING = AnyOf()


def is_about_words(condition: Condition) -> bool:
    """Whether it is about what people have written: then to tell whether it holds takes a look into tickets."""
    match condition:
        case Holding() | Titled():
            return True
        case Not(other):
            return is_about_words(other)
        case AnyOf(conditions):
            return any(map(is_about_words, conditions))
    return False
