"""From a query to SQL: what matches, in which order, as far as the audience may see it."""

from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Dialect,
    Select,
    UnaryExpression,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    union_all,
)

from ticketing.domain.queries import UNASSIGNED, Audience, Sort, TicketQuery, number_in
from ticketing.domain.statuses import Status
from ticketing.storage.sql.tables import texts, tickets, users, watchers

# Between the texts that are searched as one; nobody can type it.
SEPARATOR: Final = "\x1f"
_SHORTEST_TRIGRAM: Final = 3
_SEVERAL: Final = 2
# What no text can hold and no database takes in a question: NUL, halves of surrogate pairs.
_NOWHERE: Final = {"\0", SEPARATOR, *map(chr, range(0xD800, 0xE000))}


def conditions(audience: Audience, query: TicketQuery, dialect: Dialect) -> list[ColumnElement[bool]]:
    """Return what has to hold for a ticket to be in the list."""
    found: list[ColumnElement[bool]] = []
    if not audience.sees_all:
        found.append(_concerns(audience.username))
    if query.requester is not None:
        found.append(tickets.c.requester == query.requester)
    if query.assignee is not None:
        found.append(
            tickets.c.assignee.is_(None) if query.assignee == UNASSIGNED else tickets.c.assignee == query.assignee
        )
    if query.statuses:
        found.append(tickets.c.status.in_(sorted(query.statuses)))
    if query.priorities:
        found.append(tickets.c.urgency.in_(sorted(priority.rank for priority in query.priorities)))
    if query.categories:
        found.append(tickets.c.category.in_(sorted(query.categories)))
    if needle := query.needle:
        found.append(false() if _NOWHERE & set(needle) else tickets.c.number.in_(_holding(needle, audience, dialect)))
    return found


def page_of(audience: Audience, query: TicketQuery, dialect: Dialect) -> Select[Any]:
    """
    Return the numbers of the tickets on a page.

    For several statuses the first ones of each are merged: an index gives them in order for one status at a time.
    """
    wanted = order(audience, query.sort)
    statuses = query.statuses if query.sort in {Sort.UPDATED, Sort.LEAST_RECENTLY_UPDATED} else frozenset[Status]()
    if len(statuses) < _SEVERAL:
        return _picked(audience, query, dialect).order_by(*wanted).limit(query.size).offset(query.first)
    parts = [
        _picked(audience, query.model_copy(update={"statuses": {status}}), dialect)
        .order_by(*wanted)
        .limit(query.first + query.size)
        .subquery()
        for status in sorted(statuses)
    ]
    merged = union_all(*(select(part.c.number, part.c.updated_at) for part in parts)).subquery()
    again = [merged.c.updated_at, merged.c.number]
    ordered = [column.desc() for column in again] if query.sort is Sort.UPDATED else again
    return select(merged.c.number).order_by(*ordered).limit(query.size).offset(query.first)


def _picked(audience: Audience, query: TicketQuery, dialect: Dialect) -> Select[Any]:
    return select(tickets.c.number, updated_at(audience).label("updated_at")).where(
        *conditions(audience, query, dialect)
    )


def order(audience: Audience, sort: Sort) -> list[UnaryExpression[Any]]:
    """Return the order; what changed at the same moment comes by number."""
    updated = updated_at(audience)
    match sort:
        case Sort.UPDATED:
            return [updated.desc(), tickets.c.number.desc()]
        case Sort.LEAST_RECENTLY_UPDATED:
            return [updated.asc(), tickets.c.number.asc()]
        case Sort.NEWEST:
            return [tickets.c.number.desc()]
        case Sort.OLDEST:
            return [tickets.c.number.asc()]
        case Sort.PRIORITY:
            return [tickets.c.urgency.desc(), updated.desc(), tickets.c.number.desc()]


def updated_at(audience: Audience) -> ColumnElement[Any]:
    """Return when the ticket changed as far as the audience can tell."""
    return tickets.c.updated_at if audience.sees_all else tickets.c.public_updated_at


def _concerns(username: str) -> ColumnElement[bool]:
    own = select(tickets.c.number).where(tickets.c.requester == username)
    watched = select(watchers.c.number).where(watchers.c.username == username)
    return tickets.c.number.in_(union_all(own, watched))


def _holding(needle: str, audience: Audience, dialect: Dialect) -> CompoundSelect[Any]:
    """Return the numbers of the tickets in which the audience can read the text, or that have it for a number."""
    people = select(users.c.username).where(contains(users.c.folded_name, needle))
    parts: list[Select[Any]] = [
        _in_texts(needle, audience, dialect),
        select(tickets.c.number).where(tickets.c.requester.in_(people)),
    ]
    if (number := number_in(needle)) is not None:
        parts.append(select(literal(number)))
    return union_all(*parts)


def _in_texts(needle: str, audience: Audience, dialect: Dialect) -> Select[Any]:
    if dialect.name == "sqlite":
        return _in_full_text_index(needle, audience)
    where = [contains(texts.c.public, needle)]
    if audience.sees_all:
        where.append(contains(texts.c.internal, needle))
    return select(texts.c.number).where(or_(*where))


def _in_full_text_index(needle: str, audience: Audience) -> Select[Any]:
    """SQLite finds three letters and more through its index; for fewer it looks through all texts."""
    found: Select[Any] = select(literal_column("texts.rowid")).select_from(texts)
    if len(needle) < _SHORTEST_TRIGRAM:
        holds = func.instr(texts.c.public, needle) > 0
        return found.where(or_(holds, func.instr(texts.c.internal, needle) > 0) if audience.sees_all else holds)
    columns = "{public internal}" if audience.sees_all else "{public}"
    phrase = needle.replace('"', '""')
    return found.where(literal_column("texts").op("MATCH")(f'{columns} : "{phrase}"'))


def contains(column: ColumnElement[Any], needle: str) -> ColumnElement[bool]:
    """Return that a casefolded column holds the text; none holds what cannot be written."""
    return false() if _NOWHERE & set(needle) else column.contains(needle, autoescape=True, escape="!")
