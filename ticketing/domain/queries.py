"""What can be asked of the store: filters, order, pages."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, Generic, NamedTuple, TypeVar

from pydantic import AwareDatetime, Field, InstanceOf, field_validator

from ticketing.domain.conditions import Being, Condition, During, Moment, Trait, is_about_words
from ticketing.domain.custom_fields import FieldValue
from ticketing.domain.statuses import Priority, Status, StatusCategory
from ticketing.domain.text import Typed

UNASSIGNED = "-"
# Of a ticket, in any store: databases know no greater one.
GREATEST_NUMBER = 2**63 - 1
PAGE_SIZES = (25, 50, 100)
_USUAL_SIZE = 50
# Nobody leafs through more hits than these: they say it in other words. So no search has to find all of them.
MOST_HITS = 500
RECENTLY = timedelta(days=7)
NEVER = datetime.max.replace(tzinfo=UTC)

Item = TypeVar("Item")
# A text that databases take in a question.
Asked = Annotated[str, Field(pattern="^[^\\x00]*$")]


class Sort(StrEnum):
    """The order of a list; a leading minus means descending."""

    UPDATED = "-updated"
    LEAST_RECENTLY_UPDATED = "updated"
    NEWEST = "-created"
    OLDEST = "created"
    PRIORITY = "-priority"
    LEAST_URGENT = "priority"
    DUE = "due"

    @property
    def ascends(self) -> bool:
        """Whether the least comes first."""
        return not self.value.startswith("-")


class Query(Typed):
    """What is asked of any list: which page. `page` counts from 1; `size` is at most 200."""

    page: int = Field(1, ge=1, le=1_000_000)
    size: int = Field(_USUAL_SIZE, ge=1, le=200)

    @property
    def first(self) -> int:
        """How many lines come before the page."""
        return (self.page - 1) * self.size


class Recorded(NamedTuple):
    """Where a line stands in a list that has the newest first."""

    at: AwareDatetime
    id: Asked


class LedgerQuery(Query):
    """
    What is asked of a list that has the newest first.

    With `after`, the page begins behind that place, whatever has come or gone before it.
    """

    after: Recorded | None = None


class Place(Typed):
    """Where a line stands in a list, by all that tickets are put in order by; `rank` is that of the priority."""

    number: int = Field(ge=1, le=GREATEST_NUMBER)
    updated_at: AwareDatetime
    rank: int = Field(ge=0, lt=len(Priority))
    due_at: AwareDatetime | None = None

    @classmethod
    def of(cls, line: "TicketSummary") -> "Place":
        """Return the place of a line."""
        return cls(number=line.number, updated_at=line.updated_at, rank=line.priority.rank, due_at=line.due_at)

    def key(self, sort: Sort) -> tuple[Any, ...]:
        """Return what is compared in this order; what is not due comes after all that is."""
        latest = (self.updated_at, self.number)
        match sort:
            case Sort.NEWEST | Sort.OLDEST:
                return (self.number,)
            case Sort.PRIORITY | Sort.LEAST_URGENT:
                return (self.rank, *latest)
            case Sort.DUE:
                return (self.due_at or NEVER, *latest)
        return latest


class TicketQuery(Query):
    """
    Which tickets, in which order, which page of them.

    With `after`, the page begins behind that place, whatever has come or gone before it: nothing that stays where it is
    is left out or told twice. How many there are is told of the whole list.

    An empty set does not restrict. Each of the `needles` is looked for in title, messages, people, tags, number and
    external id, whatever the case; all of them and all conditions hold of each ticket in the list. With any of these
    it ends at its first MOST_HITS hits, but for the conditions of views, of which every store knows how many there are.
    """

    requester: str | None = None
    assignee: str | None = None
    statuses: frozenset[Status] = frozenset()
    priorities: frozenset[Priority] = frozenset()
    categories: frozenset[str] = frozenset()
    needles: tuple[str, ...] = ()
    conditions: tuple[InstanceOf[Condition], ...] = ()
    sort: Sort = Sort.UPDATED
    after: Place | None = None

    @field_validator("needles")
    @classmethod
    def _as_looked_for(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(needle for text in texts if (needle := needle_of(text))))

    @property
    def whole(self) -> "TicketQuery":
        """The same from the beginning of the list."""
        return self if self.after is None else self.model_copy(update={"after": None})

    @property
    def of_all(self) -> "TicketQuery":
        """The same as far as it matters for how many there are: whatever the order and the page."""
        return self.model_copy(update={"page": 1, "size": _USUAL_SIZE, "sort": Sort.UPDATED, "after": None})

    @property
    def is_about_words(self) -> bool:
        """Whether it asks for what people have written, which takes longest to count."""
        return bool(self.needles) or any(map(is_about_words, self.conditions))

    @property
    def most(self) -> int | None:
        """How long the list can become; None where there is no end to it."""
        return None if not self.needles and all(map(is_kept_apart, self.conditions)) else MOST_HITS

    @property
    def only_condition(self) -> Condition | None:
        """The condition that is all that the query asks for, whatever the order and the page; None if there is more."""
        others = (self.statuses, self.priorities, self.categories, self.needles)
        is_anybodys = self.requester is None and self.assignee is None
        return self.conditions[0] if len(self.conditions) == 1 and is_anybodys and not any(others) else None


class Audience(Typed):
    """
    Through whose eyes a query is answered.

    `sees_all` is false for a requester: then only tickets they opened or watch are there, and notes exist in no way.
    `takes_notes` is false for a key of an agent that does not take notes: then all tickets are there, and no note is;
    of their texts and files those alone are looked through that everybody in the ticket may read.
    """

    username: str
    sees_all: bool
    takes_notes: bool = True

    @property
    def sees_notes(self) -> bool:
        """Whether notes are there at all."""
        return self.sees_all and self.takes_notes


class TicketSummary(NamedTuple):
    """
    A line of a list. `messages` counts what the audience may read; `unread`: some of it is new to them.

    `due_at` is for agents: the next moment by which something is promised. At `warn_at` it becomes urgent. `values` are
    those of the custom fields that were asked for, in that order.
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
    values: tuple[FieldValue | None, ...] = ()

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
    """The built-in views: those of the queue, and DONE, which stands above a person's own tickets in their place."""

    UNASSIGNED = "unassigned"
    MINE = "mine"
    NEW = "new"
    OPEN = "open"
    WAITING = "waiting"
    OVERDUE = "overdue"
    RECENTLY_CLOSED = "recently_closed"
    DONE = "done"
    ALL = "all"

    def query(self, username: str, now: datetime) -> TicketQuery:
        """Return what the view asks for, for this person at this moment."""
        match self:
            case View.MINE:
                return _assigned_to(username)
            case View.OVERDUE:
                return TicketQuery(conditions=(During(Moment.DUE, until=now),))
            case View.RECENTLY_CLOSED:
                return TicketQuery(conditions=(During(Moment.RESOLVED, since=now - RECENTLY),))
        return _QUERIES[self]


@lru_cache(maxsize=1024)
def _assigned_to(assignee: str) -> TicketQuery:
    return TicketQuery(assignee=assignee, statuses=statuses_of(StatusCategory.OPEN, StatusCategory.PAUSED))


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
    restricted = query.requester is not None or query.priorities or query.categories
    return audience.sees_all and not (restricted or query.needles or query.conditions)


def is_kept_apart(condition: Condition) -> bool:
    """Whether each store keeps the tickets of which it holds in a place or an order of their own."""
    match condition:
        case Being(Trait.IS_NEW) | During(Moment.DUE | Moment.RESOLVED):
            return True
    return False


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
# What views ask for whoever looks, whenever.
_QUERIES = {
    View.UNASSIGNED: _assigned_to(UNASSIGNED),
    View.NEW: TicketQuery(conditions=(Being(Trait.IS_NEW),)),
    View.OPEN: TicketQuery(statuses=statuses_of(StatusCategory.OPEN)),
    View.WAITING: TicketQuery(statuses=statuses_of(StatusCategory.PAUSED)),
    View.DONE: TicketQuery(statuses=_DONE),
    View.ALL: TicketQuery(),
}
