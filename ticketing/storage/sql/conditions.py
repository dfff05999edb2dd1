"""What each condition of a query means in SQL, as far as the audience may know."""

from collections.abc import Iterable
from typing import Any, Final

from pydantic_core import to_json
from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Dialect,
    Select,
    Text,
    and_,
    cast,
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
# Asked for by themselves, so that the index over these few is looked at and not each ticket of a list.
_sleepers = tickets.alias("sleepers")
_ASLEEP: Final = select(_sleepers.c.number).where(_sleepers.c.wakes_at.is_not(None))
# What no text can hold and no database takes in a question: NUL, halves of surrogate pairs.
_NOWHERE: Final = {"\0", SEPARATOR, *map(chr, range(0xD800, 0xE000))}

# In these very words, in which the index over new tickets is made: else SQLite doesn't see that it is enough.
_IS_NEW: Final[ColumnElement[bool]] = literal_column("tickets.is_new")

Columns = ReadOnlyColumnCollection[str, Any]


class Conditions:
    """Puts conditions into SQL for one audience and one kind of database."""

    def __init__(self, audience: Audience, dialect: Dialect) -> None:
        self._sees_all = audience.sees_all
        self._sees_notes = audience.sees_notes
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
                return c.number.in_(_requested_by(usernames, names))
            case WatchedBy(usernames):
                watched = select(watchers.c.number).where(watchers.c.username.in_(sorted(usernames)))
                return c.number.in_(watched)
            case Numbered(numbers):
                return c.number.in_(sorted(numbers))
            case KnownAs(external_ids):
                return c.external_id.in_(sorted(external_ids))
            case During():
                return self._is_during(condition)
            case _ if is_about_texts(condition):
                return self.in_texts([], [condition])
            case Having():
                return c.number.in_(self.having(condition))
            case Being(trait):
                return self._is(trait)
            case Not(other):
                return self.holds(other).is_not(true())  # what is unknown does not hold
            case AnyOf(conditions):
                return or_(false(), *map(self.holds, conditions))
        raise TypeError(condition)

    def in_texts(
        self, needles: Iterable[str], conditions: Iterable[Condition], columns: Columns = tickets.c
    ) -> ColumnElement[bool]:
        """
        Return that a ticket at hand holds all these texts, and that the conditions on texts hold, in one look.

        The longest comes first: where few hold it, no other is looked for.
        """
        found = [self._is_held(needle, columns) for needle in sorted(needles, key=len, reverse=True)]
        found += [self._is_told(condition, columns) for condition in conditions]
        its_own = texts_key(self._dialect) == columns.number
        return select(and_(*found)).select_from(texts).where(its_own).correlate_except(texts).scalar_subquery()

    def holding(self, needles: Iterable[str]) -> CompoundSelect[Any]:
        """Return the numbers of the tickets that hold all the texts: by the index over all texts, for the longest."""
        first, *others = sorted(needles, key=len, reverse=True)
        held_too = [self._is_held_too(needle) for needle in others]
        rest = [self.in_texts(others, [])] if others else []
        parts = [
            self._in_texts(first).where(*held_too),
            select(tickets.c.number).where(tickets.c.requester.in_(_people([first])), *rest),
        ]
        if (number := number_in(first)) is not None:
            parts.append(select(tickets.c.number).where(tickets.c.number == number, *rest))
        return union_all(*parts)

    def _is_held_too(self, needle: str) -> ColumnElement[bool]:
        """Return that the ticket whose texts are at hand holds this one as well."""
        key = texts_key(self._dialect)
        theirs = select(tickets.c.number).where(tickets.c.requester.in_(_people([needle])))
        found = [self._anywhere(needle), key.in_(theirs)]
        if (number := number_in(needle)) is not None:
            found.append(key == number)
        return or_(*found)

    def _is_during(self, period: During) -> ColumnElement[bool]:
        c = tickets.c
        moments = {Moment.CREATED: c.opened_at, Moment.RESOLVED: c.resolved_at, Moment.DUE: c.due_at}
        moment = moments.get(period.moment, self.updated_at)
        if period.moment is Moment.DUE and not self._sees_all:
            return false()
        since = true() if period.since is None else moment >= period.since
        until = true() if period.until is None else moment < period.until
        return and_(moment.is_not(None), since, until)

    def having(self, condition: Having) -> Select[Any]:
        """Return the numbers of the tickets that have such a term, each as often as it has one."""
        names = condition.names(sees_all=self._sees_all, sees_notes=self._sees_notes)
        found = select(terms.c.number).where(terms.c.field.in_(names))
        return found.where(terms.c.value.in_(sorted(condition.values))) if condition.values else found

    def _is(self, trait: Trait) -> ColumnElement[bool]:
        c = tickets.c
        match trait:
            case Trait.IS_NEW:
                return _IS_NEW
            case Trait.IS_ASLEEP:
                return c.number.in_(_ASLEEP) if self._sees_all else false()
            case Trait.HAS_REPLY:
                return c.public_messages > 1
            case Trait.HAS_NOTE:
                return c.messages > c.public_messages if self._sees_notes else false()

    def _is_told(self, condition: Condition, columns: Columns) -> ColumnElement[bool]:
        match condition:
            case Holding(needle):
                return self._is_held(needle, columns)
            case Titled(needles):
                return or_(*(self._is_in_title(needle) for needle in sorted(needles)))
            case Not(other):
                return self._is_told(other, columns).is_not(true())
        raise TypeError(condition)

    def _is_in_title(self, needle: str) -> ColumnElement[bool]:
        """Return that the text is in the title, which is what stands before the first separator."""
        found = self._position(texts.c.public, needle)
        return and_(found > 0, found < self._position(texts.c.public, SEPARATOR))

    def _is_held(self, needle: str, columns: Columns) -> ColumnElement[bool]:
        """Return whether the audience can read the text, or whether it is the ticket's number or its requester's."""
        found = [self._anywhere(needle), columns.requester.in_(_people([needle]))]
        if (number := number_in(needle)) is not None:
            found.append(columns.number == number)
        return or_(*found)

    def _in_texts(self, needle: str) -> Select[Any]:
        """SQLite finds three letters and more by its index; for fewer each database looks through all texts."""
        found = select(texts_key(self._dialect).label("number")).select_from(texts)
        if self._dialect.name == "postgresql":
            return found.where(or_(*(contains(column, needle) for column in self._readable())))
        if len(needle) < _SHORTEST_TRIGRAM or _cannot_be(needle):
            return found.where(self._anywhere(needle))
        columns = "{public internal}" if self._sees_notes else "{public}"
        phrase = needle.replace('"', '""')
        return found.where(literal_column("texts").op("MATCH")(f'{columns} : "{phrase}"'))

    def _anywhere(self, needle: str) -> ColumnElement[bool]:
        return or_(*(self._position(column, needle) > 0 for column in self._readable()))

    def _readable(self) -> list[ColumnElement[Any]]:
        return [texts.c.public, texts.c.internal] if self._sees_notes else [texts.c.public]

    def _position(self, column: ColumnElement[Any], needle: str) -> ColumnElement[int]:
        """Return where in a casefolded column the text begins, from 1; 0 for nowhere, as for what cannot be written."""
        if needle != SEPARATOR and _cannot_be(needle):
            return literal(0)
        return func.strpos(column, needle) if self._dialect.name == "postgresql" else func.instr(column, needle)


def is_about_texts(condition: Condition) -> bool:
    """Whether it is the texts of a ticket alone that tell."""
    match condition:
        case Holding() | Titled():
            return True
        case Not(other):
            return is_about_texts(other)
    return False


def in_passing(held: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the same of tickets that are met in the order of a list: put so, no database looks for them first."""
    return held.is_(true())


def assigned_to(usernames: Iterable[str]) -> ColumnElement[bool]:
    """Return that one of these works on a ticket; UNASSIGNED stands for nobody."""
    people = sorted(set(usernames) - {UNASSIGNED})
    somebody = tickets.c.assignee == people[0] if len(people) == 1 else tickets.c.assignee.in_(people)
    if UNASSIGNED not in usernames:
        return somebody
    nobody = tickets.c.assignee.is_(None)
    return or_(nobody, somebody) if people else nobody


def _requested_by(usernames: Iterable[str], names: Iterable[str]) -> CompoundSelect[Any]:
    """Return the tickets that these opened: two questions, each of which has an index, and not one with an OR."""
    theirs = select(tickets.c.number).where(tickets.c.requester.in_(sorted(usernames)))
    named_so = select(tickets.c.number).where(tickets.c.requester.in_(_people(sorted(names))))
    return union_all(theirs, named_so)


def _people(needles: Iterable[str]) -> Select[Any]:
    found = [contains(users.c.folded_name, needle) for needle in needles]
    return select(users.c.username).where(or_(false(), *found))


def texts_key(dialect: Dialect) -> ColumnElement[Any]:
    """Return the ticket's number in `texts`, which is the row's own in a table of SQLite's full-text extension."""
    return literal_column("texts.rowid") if dialect.name == "sqlite" else texts.c.number


def contains(column: ColumnElement[Any], needle: str) -> ColumnElement[bool]:
    """Return that a casefolded column holds the text; none holds what cannot be written."""
    return false() if _cannot_be(needle) else column.contains(needle, autoescape=True, escape="!")


def holds_text(connection: Connection, document: ColumnElement[Any], value: str) -> ColumnElement[bool]:
    """Return that in a document a text is all of a field, in these very letters."""
    place = func.instr if connection.dialect.name == "sqlite" else func.strpos
    return false() if _cannot_be(value) else place(cast(document, Text), to_json(value).decode()) > 0


def _cannot_be(needle: str) -> bool:
    return bool(_NOWHERE & set(needle))
