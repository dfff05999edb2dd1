"""What each condition of a query means in SQL, as far as the audience may know."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Dialect,
    Select,
    and_,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from ticketing.domain.conditions import (
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
from ticketing.domain.queries import UNASSIGNED, Audience, number_in
from ticketing.storage.sql.tables import terms, texts, tickets, users, watchers

# Between the texts that are searched as one; nobody can type it.
SEPARATOR: Final = "\x1f"
_SHORTEST_TRIGRAM: Final = 3
# What no text can hold and no database takes in a question: NUL, halves of surrogate pairs.
_NOWHERE: Final = {"\0", SEPARATOR, *map(chr, range(0xD800, 0xE000))}

Columns = ReadOnlyColumnCollection[str, Any]


class Conditions:
    """Puts conditions into SQL for one audience and one kind of database."""

    def __init__(self, audience: Audience, dialect: Dialect) -> None:
        self._sees_all = audience.sees_all
        self._dialect = dialect
        self.updated_at = tickets.c.updated_at if audience.sees_all else tickets.c.public_updated_at

    def holds(self, condition: Condition) -> ColumnElement[bool]:  # noqa: C901, PLR0911, PLR0912 - one a kind
        """Return that a ticket is one of which the condition holds."""
        c = tickets.c
        match condition:
            case InStatus(statuses):
                return c.status.in_(sorted(statuses))
            case WithPriority(priorities):
                return c.urgency.in_(sorted(priority.rank for priority in priorities))
            case InCategory(categories):
                return c.category.in_(sorted(categories))
            case AssignedTo(usernames):
                return assigned_to(usernames)
            case RequestedBy(usernames, names):
                return or_(c.requester.in_(sorted(usernames)), c.requester.in_(_people(sorted(names))))
            case WatchedBy(usernames):
                watched = select(watchers.c.number).where(watchers.c.username.in_(sorted(usernames)))
                return c.number.in_(watched)
            case Numbered(numbers):
                return c.number.in_(sorted(numbers))
            case KnownAs(external_ids):
                return c.external_id.in_(sorted(external_ids))
            case During():
                return self._is_during(condition)
            case Holding(needle):
                return self._is_held(needle, c)
            case Titled(needles):
                return or_(*(self._is_in_title(needle) for needle in sorted(needles)))
            case Having(field, values):
                return self._is_had(field, sorted(values))
            case Being(trait):
                return self._is(trait)
            case Not(other):
                return self.holds(other).is_not(true())  # what is unknown does not hold
            case AnyOf(conditions):
                return or_(false(), *map(self.holds, conditions))
        raise TypeError(condition)

    def texts(self, needles: Iterable[str], columns: Columns = tickets.c) -> list[ColumnElement[bool]]:
        """Return that a ticket at hand holds all the texts."""
        return [self._is_held(needle, columns) for needle in needles]

    def holding(self, needle: str) -> CompoundSelect[Any]:
        """Return the numbers of the tickets that hold the text, by the index over all texts."""
        parts: list[Select[Any]] = [
            self._in_texts(needle),
            select(tickets.c.number).where(tickets.c.requester.in_(_people([needle]))),
        ]
        if (number := number_in(needle)) is not None:
            parts.append(select(literal(number)))
        return union_all(*parts)

    def _is_during(self, period: During) -> ColumnElement[bool]:
        moments = {Moment.CREATED: tickets.c.opened_at, Moment.RESOLVED: tickets.c.resolved_at}
        moment = moments.get(period.moment, self.updated_at)
        since = true() if period.since is None else moment >= period.since
        until = true() if period.until is None else moment < period.until
        return and_(moment.is_not(None), since, until)

    def _is_had(self, field: str, values: list[str]) -> ColumnElement[bool]:
        if not self._sees_all:
            return false()
        having = select(terms.c.number).where(terms.c.field == field)
        return tickets.c.number.in_(having.where(terms.c.value.in_(values)) if values else having)

    def _is(self, trait: Trait) -> ColumnElement[bool]:
        c = tickets.c
        match trait:
            case Trait.IS_NEW:
                return c.is_new
            case Trait.HAS_REPLY:
                return c.public_messages > 1
            case Trait.HAS_NOTE:
                return c.messages > c.public_messages if self._sees_all else false()

    def _is_in_title(self, needle: str) -> ColumnElement[bool]:
        """Return that the text is in the title, which is what stands before the first separator."""
        if _cannot_be(needle):
            return false()
        position = func.instr if self._dialect.name == "sqlite" else func.strpos
        found = position(texts.c.public, needle)
        in_title = and_(found > 0, found < position(texts.c.public, SEPARATOR))
        return self._in_its_texts(in_title, tickets.c)

    def _is_held(self, needle: str, columns: Columns) -> ColumnElement[bool]:
        """Return whether the audience can read the text in a ticket at hand, or whether it is its number."""
        found = [self._in_its_texts(self._anywhere(needle), columns), columns.requester.in_(_people([needle]))]
        if (number := number_in(needle)) is not None:
            found.append(columns.number == number)
        return or_(*found)

    def _in_its_texts(self, found: ColumnElement[bool], columns: Columns) -> ColumnElement[bool]:
        its_own = texts_key(self._dialect) == columns.number
        return select(found).select_from(texts).where(its_own).correlate_except(texts).scalar_subquery()

    def _in_texts(self, needle: str) -> Select[Any]:
        """SQLite finds three letters and more by its index; for fewer each database looks through all texts."""
        found = select(texts_key(self._dialect).label("number")).select_from(texts)
        if self._dialect.name != "sqlite" or len(needle) < _SHORTEST_TRIGRAM or _cannot_be(needle):
            return found.where(self._anywhere(needle))
        columns = "{public internal}" if self._sees_all else "{public}"
        phrase = needle.replace('"', '""')
        return found.where(literal_column("texts").op("MATCH")(f'{columns} : "{phrase}"'))

    def _anywhere(self, needle: str) -> ColumnElement[bool]:
        readable = [texts.c.public, texts.c.internal] if self._sees_all else [texts.c.public]
        if self._dialect.name == "sqlite" and not _cannot_be(needle):
            return or_(*(func.instr(column, needle) > 0 for column in readable))
        return or_(*(contains(column, needle) for column in readable))


def assigned_to(usernames: Iterable[str]) -> ColumnElement[bool]:
    """Return that one of these works on a ticket; UNASSIGNED stands for nobody."""
    people = sorted(set(usernames) - {UNASSIGNED})
    somebody = tickets.c.assignee == people[0] if len(people) == 1 else tickets.c.assignee.in_(people)
    if UNASSIGNED not in usernames:
        return somebody
    nobody = tickets.c.assignee.is_(None)
    return or_(nobody, somebody) if people else nobody


def _people(needles: Iterable[str]) -> Select[Any]:
    found = [contains(users.c.folded_name, needle) for needle in needles]
    return select(users.c.username).where(or_(false(), *found))


def texts_key(dialect: Dialect) -> ColumnElement[Any]:
    """Return the ticket's number in `texts`, which is the row's own in a table of SQLite's full-text extension."""
    return literal_column("texts.rowid") if dialect.name == "sqlite" else texts.c.number


def contains(column: ColumnElement[Any], needle: str) -> ColumnElement[bool]:
    """Return that a casefolded column holds the text; none holds what cannot be written."""
    return false() if _cannot_be(needle) else column.contains(needle, autoescape=True, escape="!")


def _cannot_be(needle: str) -> bool:
    return bool(_NOWHERE & set(needle))
