"""What can be asked of the store: filters, order, pages."""

from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

from pydantic import Field, InstanceOf, field_validator

from ticketing.domain.conditions import Condition
from ticketing.domain.statuses import Priority, Status, StatusCategory
from ticketing.domain.text import Typed

UNASSIGNED = "-"
# Of a ticket, in any store: databases know no greater one.
GREATEST_NUMBER = 2**63 - 1
PAGE_SIZES = (25, 50, 100)
# Nobody leafs through more hits than these: they say it in other words. So no search has to find all of them.
MOST_HITS = 500

Item = TypeVar("Item")


class Sort(StrEnum):
    """The order of a list; a leading minus means descending."""

    UPDATED = "-updated"
    LEAST_RECENTLY_UPDATED = "updated"
    NEWEST = "-created"
    OLDEST = "created"
    PRIORITY = "-priority"
    LEAST_URGENT = "priority"
    DUE = "due"


class Query(Typed):
    """What is asked of any list: which page. `page` counts from 1; `size` is at most 200."""

    page: int = Field(1, ge=1, le=1_000_000)
    size: int = Field(50, ge=1, le=200)

    @property
    def first(self) -> int:
        """How many lines come before the page."""
        return (self.page - 1) * self.size


class TicketQuery(Query):
    """
    Which tickets, in which order, which page of them.

    An empty set does not restrict. Each of the `needles` is looked for in title, messages, people, tags, number and
    external id, whatever the case; all of them and all conditions hold of each ticket in the list. With any of these,
    it ends at its first MOST_HITS hits.
    """

    requester: str | None = None
    assignee: str | None = None
    statuses: frozenset[Status] = frozenset()
    priorities: frozenset[Priority] = frozenset()
    categories: frozenset[str] = frozenset()
    needles: tuple[str, ...] = ()
    conditions: tuple[InstanceOf[Condition], ...] = ()
    sort: Sort = Sort.UPDATED

    @field_validator("needles")
    @classmethod
    def _as_looked_for(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(needle for text in texts if (needle := needle_of(text))))

    @property
    def most(self) -> int | None:
        """How long the list can become; None where there is no end to it."""
        return MOST_HITS if self.needles or self.conditions else None


class Audience(Typed):
    """
    Through whose eyes a query is answered.

    `sees_all` is false for a requester: then only tickets they opened or watch are there, and notes exist in no way.
    """

    username: str
    sees_all: bool


class TicketSummary(NamedTuple):
    """
    A line of a list. `messages` counts what the audience may read; `unread`: some of it is new to them.

    `due_at` is for agents: the next moment by which something is promised. At `warn_at` it becomes urgent.
    """

    number: int
    title: str
    status: Status
    is_new: bool
    priority: Priority
    category: str
    requester: str
    requester_name: str
    assignee: str | None
    assignee_name: str | None
    opened_at: datetime
    updated_at: datetime
    messages: int
    unread: bool
    due_at: datetime | None = None
    warn_at: datetime | None = None

    @property
    def label(self) -> str:
        """The number as it is written: T-12."""
        return f"T-{self.number}"


class Page(Typed, Generic[Item]):
    """A part of a list, and how long the whole is; `ends_early` if there may be more that nobody looked for."""

    items: tuple[Item, ...]
    total: int
    page: int
    size: int
    ends_early: bool = False

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.size))


class View(StrEnum):
    """The built-in views of the queue."""

    UNASSIGNED = "unassigned"
    MINE = "mine"
    OPEN = "open"
    WAITING = "waiting"
    DONE = "done"
    ALL = "all"

    def query(self, username: str) -> TicketQuery:
        """Return what the view asks for, for this person."""
        return _asked_by(self, username)


@lru_cache(maxsize=1024)
def _asked_by(view: View, username: str) -> TicketQuery:
    unfinished = statuses_of(StatusCategory.OPEN, StatusCategory.PAUSED)
    match view:
        case View.UNASSIGNED:
            return TicketQuery(assignee=UNASSIGNED, statuses=unfinished)
        case View.MINE:
            return TicketQuery(assignee=username, statuses=unfinished)
        case View.OPEN:
            return TicketQuery(statuses=statuses_of(StatusCategory.OPEN))
        case View.WAITING:
            return TicketQuery(statuses=statuses_of(StatusCategory.PAUSED))
        case View.DONE:
            return TicketQuery(statuses=statuses_of(StatusCategory.DONE))
        case _:
            return TicketQuery()


def needle_of(text: str) -> str:
    """Return a text as it is looked for in casefolded ones; white space at its ends does not count."""
    return text.strip().casefold()


def number_in(needle: str) -> int | None:
    """Return the number of the ticket that a needle names, as 12, #12 or t-12; None when it names none."""
    digits = needle.removeprefix("t-").removeprefix("#")
    number = int(digits) if digits.isascii() and digits.isdigit() else None
    return number if number is not None and number <= GREATEST_NUMBER else None


def is_tallied(audience: Audience, query: TicketQuery) -> bool:
    """Whether tallies by assignee and status say how many match, so that nobody has to count."""
    restricted = query.requester is not None or query.priorities or query.categories or query.most is not None
    return audience.sees_all and not restricted


def order_for(audience: Audience, sort: Sort) -> Sort:
    """Return the order that the audience is given: to a requester, no order tells when something is due."""
    return Sort.UPDATED if sort is Sort.DUE and not audience.sees_all else sort


def is_news(audience: Audience, status: Status, last_author: str) -> bool:
    """
    Whether a ticket is unread to the audience as long as they have not seen all that they may read in it.

    It is when somebody else wrote last; to an agent, done tickets owe nothing.
    """
    return last_author != audience.username and not (audience.sees_all and status in _DONE)


def statuses_of(*categories: StatusCategory) -> frozenset[Status]:
    """Return the statuses of these categories."""
    return frozenset(status for status in Status if status.category in categories)


_DONE = statuses_of(StatusCategory.DONE)
