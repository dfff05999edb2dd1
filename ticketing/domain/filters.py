"""What a list of tickets is narrowed to, as an address says it, and as a question to the store."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Self, TypeVar

from ticketing.domain.conditions import AssignedTo, Condition, InCategory, InStatus, RequestedBy, WithPriority
from ticketing.domain.people import Actor
from ticketing.domain.queries import PAGE_SIZES, Sort, TicketQuery, View, needle_of
from ticketing.domain.query_language import Asker, read_query
from ticketing.domain.statuses import Priority, Status
from ticketing.domain.text import QUERY_LIMIT, SEARCH_LIMIT, printable

Option = TypeVar("Option", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed down to; each field has the name it has in the address."""

    view: View = View.OPEN
    q: str = ""
    status: tuple[Status, ...] = ()
    priority: tuple[Priority, ...] = ()
    category: tuple[str, ...] = ()
    requester: str = ""
    assignee: str = ""
    sort: Sort = Sort.UPDATED
    size: int = 25
    page: int = 1

    @classmethod
    def from_address(cls, parameters: Mapping[str, str], default_view: View) -> Self:
        """Read what the address asks for; what it cannot mean is left out."""
        page, size = (_number(parameters.get(name, "")) for name in ("page", "size"))
        requester, assignee = (_text(parameters.get(name, "")) for name in ("requester", "assignee"))
        return cls(
            view=_one(View, parameters.get("view"), default_view),
            q=_text(parameters.get("q", ""), most=2 * QUERY_LIMIT),  # too long is told where it is read
            status=_several(Status, parameters.get("status")),
            priority=_several(Priority, parameters.get("priority")),
            category=_ids(parameters.get("category", "")),
            requester=requester,
            assignee=assignee,
            sort=_one(Sort, parameters.get("sort"), Sort.UPDATED),
            size=size if size in PAGE_SIZES else PAGE_SIZES[0],
            page=max(1, page),
        )

    def to_address(self, default_view: View) -> dict[str, str]:
        """Return what must stand in the address to come back here; defaults are left out."""
        default = asdict(Filters(view=default_view))
        changed = {name: value for name, value in asdict(self).items() if value != default[name]}
        return {name: ",".join(value) if isinstance(value, tuple) else str(value) for name, value in changed.items()}

    def query(self, asker: Asker) -> TicketQuery:
        """
        Return the question to the store; raises QueryError for words that cannot be understood.

        A status or an assignee asked for here goes before the view's own.
        """
        base = self.view.query(asker.username)
        asked = read_query(self.q, asker, also=self._chosen(), sort=self.sort)
        return asked.model_copy(
            update={
                "statuses": asked.statuses or base.statuses,
                "assignee": asked.assignee or base.assignee,
                "size": self.size,
                "page": self.page,
            }
        )

    def _chosen(self) -> Iterator[Condition]:
        """Yield what the filters behind the button ask for."""
        if self.status:
            yield InStatus(frozenset(self.status))
        if self.priority:
            yield WithPriority(frozenset(self.priority))
        if self.category:
            yield InCategory(frozenset(self.category))
        if requester := needle_of(self.requester):
            yield RequestedBy(frozenset({requester}))
        if self.assignee:
            yield AssignedTo(frozenset({self.assignee}))

    def narrowing(self) -> int:
        """Return how many of the filters behind the button are in use."""
        return sum(map(bool, (self.status, self.priority, self.category, self.requester, self.assignee)))


def own(actor: Actor, query: TicketQuery) -> TicketQuery:
    """Narrow a query to the actor's own tickets; a requester sees no others anyway, but those they watch too."""
    return query.model_copy(update={"requester": actor.username}) if actor.is_agent else query


def _one(kind: type[Option], text: str | None, default: Option) -> Option:
    return next((option for option in kind if option.value == text), default)


def _several(kind: type[Option], text: str | None) -> tuple[Option, ...]:
    asked = set((text or "").split(","))
    return tuple(option for option in kind if option.value in asked)


def _ids(text: str) -> tuple[str, ...]:
    """Return ids in the one order in which they stand in the address; which of them there are, the desk knows."""
    return tuple(sorted(set(filter(None, _text(text).split(",")))))


def _text(text: str, most: int = SEARCH_LIMIT) -> str:
    """Return what can be looked for: half of a surrogate pair, for one, no address can hold."""
    return printable(text[:most])


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0  # noqa: PLR2004 - a million pages
