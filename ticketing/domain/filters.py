"""What a list of tickets is narrowed to, as an address says it, and as a question to the store."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Final, Self, TypeVar

from ticketing.domain.errors import QueryError
from ticketing.domain.people import Actor
from ticketing.domain.queries import PAGE_SIZES, UNASSIGNED, Sort, TicketQuery, View
from ticketing.domain.query_language import Asker, categories_by_word, read_query, word_of
from ticketing.domain.query_terms import Value, quoted, spelled, terms_in, with_term
from ticketing.domain.statuses import Priority, Status
from ticketing.domain.text import QUERY_LIMIT, SEARCH_LIMIT, printable

Option = TypeVar("Option", bound=StrEnum)

# What can be chosen by clicks: each is a field of the query language, into which the clicks are written.
CHOICES: Final = ("status", "priority", "category", "requester", "assignee")
_OPTIONS: Final[Mapping[str, Iterable[str]]] = {"status": list(Status), "priority": list(Priority)}
_OF_PEOPLE: Final = frozenset({"requester", "assignee"})
_NOBODY: Final = "none"
# What views ask for, in the query language: of people, of statuses, and the rest.
_UNFINISHED: Final = "status:open,pending,on_hold"
_TERMS: Final[Mapping[View, Mapping[str, str]]] = {
    View.UNASSIGNED: {"assignee": "is:unassigned", "statuses": _UNFINISHED},
    View.MINE: {"assignee": "assignee:me", "statuses": _UNFINISHED},
    View.NEW: {"": "is:new"},
    View.OPEN: {"statuses": "is:open"},
    View.WAITING: {"statuses": "is:waiting"},
    View.OVERDUE: {"": "is:overdue"},
    View.RECENTLY_CLOSED: {"": "resolved:<7d"},
    View.DONE: {"statuses": "is:done"},
    View.ALL: {},
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed down to; each field has the name it has in the address."""

    view: View = View.OPEN
    q: str = ""
    sort: Sort = Sort.UPDATED
    size: int = 25
    page: int = 1

    @classmethod
    def from_address(cls, parameters: Mapping[str, str], default_view: View) -> Self:
        """Read what the address asks for; what it cannot mean is left out, and choices in it become terms."""
        page, size = (_number(parameters.get(name, "")) for name in ("page", "size"))
        typed = _text(parameters.get("q", ""), most=2 * QUERY_LIMIT)  # too long is told where it is read
        chosen = (
            with_choice("", field, choice_in(field, parameters[field])) for field in CHOICES if field in parameters
        )
        return cls(
            view=_one(View, parameters.get("view"), default_view),
            q=" ".join(filter(None, (typed, *chosen))),
            sort=_one(Sort, parameters.get("sort"), Sort.UPDATED),
            size=size if size in PAGE_SIZES else PAGE_SIZES[0],
            page=max(1, page),
        )

    def to_address(self, default_view: View) -> dict[str, str]:
        """Return what must stand in the address to come back here; defaults are left out."""
        default = asdict(Filters(view=default_view))
        return {name: str(value) for name, value in asdict(self).items() if value != default[name]}

    def query(self, asker: Asker) -> TicketQuery:
        """
        Return the question to the store; raises QueryError for words that cannot be understood.

        A status or an assignee asked for goes before the view's own.
        """
        base = self.view.query(asker.username, asker.at)
        asked = read_query(self.q, asker, sort=self.sort)
        return asked.model_copy(
            update={
                "statuses": asked.statuses or base.statuses,
                "assignee": asked.assignee or base.assignee,
                "conditions": base.conditions + asked.conditions,
                "size": self.size,
                "page": self.page,
            }
        )

    def as_text(self, asker: Asker) -> str:
        """Return the view, the words and the order as one query; raises QueryError for what cannot be understood."""
        asked = read_query(self.q, asker, sort=self.sort)
        terms = [term for part, term in _TERMS[self.view].items() if not (part and getattr(asked, part))]
        text = " ".join(filter(None, (*terms, self.q)))
        return text if asked.sort is Sort.UPDATED else with_term(text, "sort", [asked.sort])

    def chosen(self, field: str, asker: Asker) -> tuple[str, ...]:
        """Return what the words ask for in one of the CHOICES, by usernames and ids."""
        values = list(_values(self.q, field))
        if field in _OF_PEOPLE:
            found = [_username(value, asker) for value in values]
        elif field in _OPTIONS:
            found = [word for value in values if (word := word_of(value.text)) in _OPTIONS[field]]
        else:
            known = categories_by_word(asker) if values else {}
            found = [key for value in values for key in sorted(known.get(word_of(value.text), ()))]
        return tuple(dict.fromkeys(found))


def with_choice(text: str, field: str, values: Sequence[str]) -> str:
    """Return the query with this choice among the CHOICES in the place of the present one; raises QueryError."""
    return with_term(text, field, values, _spelled_assignee if field == "assignee" else spelled)


def choice_in(field: str, text: str) -> list[str]:
    """Return what is chosen in one of the CHOICES, as an address or a click says it: several options, or one person."""
    if field in _OF_PEOPLE:
        return [person] if (person := _text(text).strip()) else []
    asked = set(filter(None, _text(text).split(",")))
    return [str(option) for option in _OPTIONS.get(field, sorted(asked)) if option in asked]


def own(actor: Actor, query: TicketQuery) -> TicketQuery:
    """Narrow a query to the actor's own tickets; a requester sees no others anyway, but those they watch too."""
    return query.model_copy(update={"requester": actor.username}) if actor.is_agent else query


def _values(text: str, field: str) -> Iterator[Value]:
    """Yield the values of a field, as far as one of them is enough; none of a query that cannot be read."""
    try:
        terms = terms_in(text)
    except QueryError:
        return
    for term in terms:
        if term.field == field and not (term.negated or term.comparison):
            yield from term.values


def _username(value: Value, asker: Asker) -> str:
    key = value.text.casefold().strip()
    return key if value.quoted else {"me": asker.username, _NOBODY: UNASSIGNED}.get(key, key)


def _spelled_assignee(username: str) -> str:
    if username == UNASSIGNED:
        return _NOBODY
    return quoted(username) if username == _NOBODY else spelled(username)


def _one(kind: type[Option], text: str | None, default: Option) -> Option:
    return next((option for option in kind if option.value == text), default)


def _text(text: str, most: int = SEARCH_LIMIT) -> str:
    """Return what can be looked for: half of a surrogate pair, for one, no address can hold."""
    return printable(text[:most])


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0  # noqa: PLR2004 - a million pages
