"""
The language in which tickets are asked for: status:open,pending assignee:me "no dial tone" -tag:spam sort:-created.

All terms have to hold; of several values of one field any one does; a minus before a term turns it round. A word
without a field is looked for anywhere. `docs/queries.md` is the reference.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from difflib import get_close_matches
from enum import StrEnum
from functools import lru_cache
from operator import ge, gt, le, lt
from typing import Final, NoReturn, TypeVar

from ticketing.domain.attachments import ATTACHED
from ticketing.domain.categories import Category
from ticketing.domain.conditions import (
    NOTHING,
    AnyOf,
    AssignedTo,
    Being,
    Condition,
    During,
    Having,
    Holding,
    InCategory,
    InStatus,
    KnownAs,
    Moment,
    Not,
    Numbered,
    RequestedBy,
    Titled,
    Trait,
    WatchedBy,
    WithPriority,
)
from ticketing.domain.errors import QueryError
from ticketing.domain.queries import UNASSIGNED, Sort, TicketQuery, needle_of, number_in, statuses_of
from ticketing.domain.query_terms import QUOTE_IT, Term, Value, terms_in
from ticketing.domain.statuses import Priority, Status, StatusCategory
from ticketing.domain.tickets import FOLLOWER

Option = TypeVar("Option", bound=StrEnum)
Known = TypeVar("Known")


def _built_in() -> list[Category]:
    return Category.all_of(())


@dataclass(frozen=True, slots=True)
class Asker:
    """
    Who asks, when (an aware moment) and in which time zone: what `me`, `7d` and a date mean to them.

    `teams` returns the ids of the teams that they work in, `categories` all that the desk has or had; each is asked if
    the query is about these. By the username "" nobody asks, as for a rule: then nothing can be said of `me`, and there
    is no order.
    """

    username: str
    at: datetime
    zone: tzinfo = UTC
    teams: Callable[[], frozenset[str]] = frozenset
    categories: Callable[[], Iterable[Category]] = _built_in


Reader = Callable[[Term, Asker], Condition]


def read_query(text: str, asker: Asker, *, also: Iterable[Condition] = (), sort: Sort = Sort.UPDATED) -> TicketQuery:
    """
    Return what the text asks for; raises QueryError, which tells where and what to write instead.

    What *also* has to hold comes from elsewhere, as does the *sort* where the text names none.
    """
    conditions = [*also]
    for term in terms_in(text):
        if term.field == "sort":
            sort = _sort(term, asker)
        else:
            conditions.append(_condition(term, asker))
    return _query(conditions, sort)


def _condition(term: Term, asker: Asker) -> Condition:
    condition = _reader(term)(term, asker) if term.field else Holding(needle_of(term.values[0].text))
    return _opposite(condition) if term.negated else condition


def _opposite(condition: Condition) -> Condition:
    match condition:
        case InStatus(statuses):
            return InStatus(frozenset(Status) - statuses)
        case WithPriority(priorities):
            return WithPriority(frozenset(Priority) - priorities)
        case Not(other):
            return other
        case _:
            return Not(condition)


def _query(conditions: Iterable[Condition], sort: Sort) -> TicketQuery:
    """Put what a query has fields for into these, on which indexes and tallies rest, and leave the rest as it is."""
    statuses, priorities = frozenset(Status), frozenset(Priority)
    categories: frozenset[str] | None = None
    people: dict[str, str] = {}
    needles: list[str] = []
    rest: list[Condition] = []
    for condition in conditions:
        match condition:
            case InStatus(chosen):
                statuses &= chosen
            case WithPriority(those):
                priorities &= those
            case InCategory(topics):
                categories = topics if categories is None else categories & topics
            case Holding(needle):
                needles.append(needle)
            case AssignedTo(usernames) if len(usernames) == 1 and "assignee" not in people:
                (people["assignee"],) = usernames
            case RequestedBy(usernames, names) if len(usernames) == 1 and not names and "requester" not in people:
                (people["requester"],) = usernames
            case _:
                needles += _sought_in(condition)
                rest.append(condition)
    possible = all((statuses, priorities, categories is None or categories))
    return TicketQuery(
        statuses=_unless_all(Status, statuses),
        priorities=_unless_all(Priority, priorities),
        categories=categories or frozenset(),
        needles=tuple(needles),
        conditions=tuple(dict.fromkeys(rest if possible else [*rest, NOTHING])),
        sort=sort,
        **people,
    )


def _sought_in(condition: Condition) -> Iterable[str]:
    """Return what has to be somewhere in a ticket for the condition to hold: texts have an index, titles have none."""
    match condition:
        case Titled(needles) if len(needles) == 1:
            return needles
        case _:
            return ()


def _unless_all(kind: type[Option], chosen: frozenset[Option]) -> frozenset[Option]:
    return frozenset() if len(chosen) == len(kind) else chosen


def _reader(term: Term) -> Reader:
    if term.field.startswith(_OWN_FIELD) and len(term.field) > len(_OWN_FIELD):
        return _having
    reader = _READERS.get(term.field)
    if reader is None:
        start = term.start + term.negated
        close = get_close_matches(term.field[:40], FIELDS, n=1)
        hint = f"Did you mean “{close[0]}”?" if close else QUOTE_IT
        raise QueryError(f"There is no field “{term.field[:40]}”", start, start + len(term.field), hint)
    return reader


def _sort(term: Term, asker: Asker) -> Sort:
    value = _only(term)
    if not asker.username:
        raise QueryError("There is no list to put in order here", term.start, term.end, "Please leave it out.")
    if term.negated:
        raise QueryError("An order cannot be excluded", term.start, term.end, f"Write sort:-{value.text[:40]}.")
    return _SORTS.get(value.text.casefold()) or _refuse_choice(term, value, _SORTS)


def _chosen(term: Term, options: Mapping[str, Option]) -> frozenset[Option]:
    return frozenset(_option(term, value, options) for value in term.values)


def _option(term: Term, value: Value, options: Mapping[str, Known]) -> Known:
    found = options.get(word_of(value.text))
    return found if found is not None else _refuse_choice(term, value, options)


def word_of(text: str) -> str:
    """Return how an option is written in a query, however it is typed."""
    return text.casefold().replace("-", "_").replace(" ", "_")


def _refuse_choice(term: Term, value: Value, options: Iterable[str]) -> NoReturn:
    close = get_close_matches(value.text[:40].casefold(), list(options), n=1)
    hint = f"Did you mean “{close[0]}”?" if close else f"It can be {', '.join(options)}."
    raise QueryError(f"“{term.field}” cannot be “{value.text[:40]}”", value.start, value.end, hint)


def _plain(term: Term) -> tuple[Value, ...]:
    """Return the values of a field that knows no more and no less."""
    if term.comparison:
        problem = f"“{term.field}” cannot be compared"
        raise QueryError(problem, term.start, term.end, f"Write {term.field}:{term.values[0].text[:40]}.")
    return term.values


def _only(term: Term) -> Value:
    if len(term.values) > 1:
        second = term.values[1]
        raise QueryError("There can be only one value here", second.start, second.end, "Leave the others out.")
    return term.values[0]


def _status(term: Term, _: Asker) -> Condition:
    _plain(term)
    return InStatus(_chosen(term, _STATUSES))


def _category(term: Term, asker: Asker) -> Condition:
    known = categories_by_word(asker)
    return InCategory(frozenset().union(*(_option(term, value, known) for value in _plain(term))))


def categories_by_word(asker: Asker) -> Mapping[str, set[str]]:
    """Return the ids of categories by id and by name; one may have the name of another that was taken away."""
    known: dict[str, set[str]] = {}
    for category in asker.categories():
        for word in (category.id, category.name):
            known.setdefault(word_of(word), set()).add(category.id)
    return known


def _priority(term: Term, _: Asker) -> Condition:
    if not term.comparison:
        return WithPriority(_chosen(term, _PRIORITIES))
    bound = _option(term, _only(term), _PRIORITIES)
    is_wanted = _COMPARISONS[term.comparison]
    return WithPriority(frozenset(each for each in Priority if is_wanted(each.rank, bound.rank)))


def _assignee(term: Term, asker: Asker) -> Condition:
    nobody = {value for value in _plain(term) if value.text.casefold() == "none" and not value.quoted}
    people = {_username(value, asker) for value in term.values if value not in nobody}
    return AssignedTo(frozenset(people | {UNASSIGNED} if nobody else people))


def _requester(term: Term, asker: Asker) -> Condition:
    names = {needle_of(value.text) for value in _plain(term) if not _is_me(value)}
    return RequestedBy(frozenset(_username(value, asker) for value in term.values), frozenset(names))


def _watcher(term: Term, asker: Asker) -> Condition:
    usernames = frozenset(_username(value, asker) for value in _plain(term))
    return AnyOf((WatchedBy(usernames), Having(FOLLOWER, usernames)))


def _team(term: Term, asker: Asker) -> Condition:
    mine = {value for value in _plain(term) if value.text.casefold() == "mine" and not value.quoted}
    for value in mine:
        _require_somebody(value, asker, "the name of a team")
    named = frozenset(needle_of(value.text) for value in term.values if value not in mine)
    teams = named | {key.casefold() for key in asker.teams()} if mine else named
    return Having(term.field, teams) if teams else NOTHING


def _username(value: Value, asker: Asker) -> str:
    if not _is_me(value):
        return needle_of(value.text)
    _require_somebody(value, asker, "a username")
    return asker.username


def _require_somebody(value: Value, asker: Asker, instead: str) -> None:
    if not asker.username:
        raise QueryError(f"There is nobody here for “{value.text}”", value.start, value.end, f"Write {instead}.")


def _is_me(value: Value) -> bool:
    return value.text.casefold() == "me" and not value.quoted


def _number(term: Term, _: Asker) -> Condition:
    return Numbered(frozenset(_one_number(value) for value in _plain(term)))


def _one_number(value: Value) -> int:
    number = number_in(needle_of(value.text))
    if number is None:
        raise QueryError(f"“{value.text[:40]}” is no ticket's number", value.start, value.end, "Write number:12.")
    return number


def _external(term: Term, _: Asker) -> Condition:
    return KnownAs(frozenset(value.text for value in _plain(term)))


def _title(term: Term, _: Asker) -> Condition:
    return Titled(frozenset(needle_of(value.text) for value in _plain(term)))


def _having(term: Term, _: Asker) -> Condition:
    return Having(term.field, frozenset(needle_of(value.text) for value in _plain(term)))


def _is(term: Term, asker: Asker) -> Condition:
    return _any_of(_listed(term, value, IS)(asker) for value in _plain(term))


def _has(term: Term, _: Asker) -> Condition:
    return _any_of(_listed(term, value, HAS) for value in _plain(term))


def _listed(term: Term, value: Value, known: Mapping[str, Known]) -> Known:
    return known.get(value.text.casefold()) or _refuse_choice(term, value, known)


def _any_of(conditions: Iterable[Condition]) -> Condition:
    each = tuple(dict.fromkeys(conditions))
    return each[0] if len(each) == 1 else AnyOf(each)


def _during(moment: Moment) -> Reader:
    def read(term: Term, asker: Asker) -> Condition:
        if term.comparison:
            _only(term)
        return _any_of(_period(moment, term.comparison, value, asker) for value in term.values)

    return read


def _period(moment: Moment, comparison: str, value: Value, asker: Asker) -> During:
    """
    Days end where they do in the asker's zone.

    An age, such as 7d, counts back from now to the microsecond; for what is due it is the time that is left.
    """
    if comparison and (age := _age(value.text)) is not None:
        is_ahead = moment is Moment.DUE
        then = _after(asker.at, age) if is_ahead else _before(asker.at, age)
        is_until = comparison.startswith("<" if is_ahead else ">")
        return During(moment, until=then) if is_until else During(moment, since=then)
    first, dots, last = value.text.partition("..")
    if dots and not comparison:
        return During(
            moment,
            since=_day(first, value, asker)[0] if first else None,
            until=_day(last, value, asker)[1] if last else None,
        )
    since, after = _day(value.text, value, asker)
    bounds = {"": (since, after), "<": (None, since), "<=": (None, after), ">": (after, None), ">=": (since, None)}
    return During(moment, *bounds[comparison])


def _age(text: str) -> timedelta | None:
    digits, unit = text[:-1], text[-1:].casefold()
    is_age = unit in _UNITS and digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS
    return int(digits) * _UNITS[unit] if is_age else None


def _before(now: datetime, age: timedelta) -> datetime:
    return now - age if now - _BEGINNING > age else _BEGINNING


def _after(now: datetime, age: timedelta) -> datetime:
    return now + age if _END - now > age else _END


@lru_cache(maxsize=256)
def ages_in(text: str) -> tuple[frozenset[timedelta], bool]:
    """
    Return the ages that a query names, and whether it names days such as today.

    By these alone does the answer for a ticket change that nobody touches. Raises QueryError.
    """
    values = [value.text for term in terms_in(text) if term.field in _MOMENTS for value in term.values]
    ages = frozenset(age for value in values if (age := _age(value)) is not None)
    return ages, any(day in value.casefold() for value in values for day in _DAYS)


def _day(text: str, value: Value, asker: Asker) -> tuple[datetime, datetime]:
    """Return the moments at which the day begins and at which the next one does."""
    today = asker.at.astimezone(asker.zone).date()
    days_off = _DAYS.get(text.casefold())
    day = _date(text) if days_off is None else today + days_off
    if day is None:
        raise QueryError(f"“{value.text[:40]}” is no date", value.start, value.end, _HOW_TO_SAY_WHEN)
    return _midnight(day, asker.zone), _midnight(day + _A_DAY, asker.zone)


def _date(text: str) -> date | None:
    digits = text.replace("-", "")
    if len(text) != len("2026-01-01") or not (digits.isascii() and digits.isdigit()):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in _YEARS else None


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time.min, zone).astimezone(UTC)


_OWN_FIELD: Final = "field."
_STATUSES: Final = {status.value: status for status in Status}
_PRIORITIES: Final = {priority.value: priority for priority in Priority}
_SORTS: Final = {sort.value: sort for sort in Sort} | {"number": Sort.OLDEST, "-number": Sort.NEWEST}
_COMPARISONS: Final[Mapping[str, Callable[[int, int], bool]]] = {">": gt, ">=": ge, "<": lt, "<=": le}
_UNASSIGNED: Final = AssignedTo(frozenset({UNASSIGNED}))
# What a ticket can be, and what it can have: to add one, add its line here and to docs/queries.md.
IS: Final[Mapping[str, Callable[[Asker], Condition]]] = {
    "new": lambda _: Being(Trait.IS_NEW),
    "unassigned": lambda _: _UNASSIGNED,
    "open": lambda _: InStatus(statuses_of(StatusCategory.OPEN)),
    "waiting": lambda _: InStatus(statuses_of(StatusCategory.PAUSED)),
    "done": lambda _: InStatus(statuses_of(StatusCategory.DONE)),
    "overdue": lambda asker: During(Moment.DUE, until=asker.at),
    "asleep": lambda _: Being(Trait.IS_ASLEEP),
}
HAS: Final[Mapping[str, Condition]] = {
    "note": Being(Trait.HAS_NOTE),
    "reply": Being(Trait.HAS_REPLY),
    "tag": Having("tag"),
    "assignee": Not(_UNASSIGNED),
    "attachment": Having(ATTACHED),
}
_READERS: Final[Mapping[str, Reader]] = {
    "status": _status,
    "priority": _priority,
    "category": _category,
    "tag": _having,
    "team": _team,
    "assignee": _assignee,
    "requester": _requester,
    "watcher": _watcher,
    **{moment.value: _during(moment) for moment in Moment},
    "number": _number,
    "id": _number,
    "external": _external,
    "title": _title,
    "is": _is,
    "has": _has,
}
FIELDS: Final = (*_READERS, "sort")
_UNITS: Final = {
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "m": timedelta(days=30),
    "y": timedelta(days=365),
}
_MOST_DIGITS: Final = 4
_YEARS: Final = range(1900, 3000)
_A_DAY: Final = timedelta(days=1)
_DAYS: Final = {"today": timedelta(0), "yesterday": -_A_DAY, "tomorrow": _A_DAY}
_MOMENTS: Final = frozenset(moment.value for moment in Moment)
_BEGINNING: Final = datetime(1, 1, 2, tzinfo=UTC)
_END: Final = datetime(9999, 12, 30, tzinfo=UTC)
_HOW_TO_SAY_WHEN: Final = (
    "Write >7d for longer ago, <7d for since then, or days: 2026-01-31, >=2026-01-31, 2026-01-01..2026-01-31."
)
