"""From a query to SQL: what matches, in which order, as far as the audience may see it."""

from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Dialect,
    Select,
    Subquery,
    UnaryExpression,
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

from ticketing.domain.queries import UNASSIGNED, Audience, Sort, TicketQuery, number_in
from ticketing.storage.sql.tables import texts, tickets, users, watchers

# Between the texts that are searched as one; nobody can type it.
SEPARATOR: Final = "\x1f"
# So many tickets of a list are searched one by one, before it is decided how to search the others.
NEARBY: Final = 200
# If this share of them holds the text, it is found sooner by going on through the list than by the index over all
# texts, after which PostgreSQL looks at each text again. That way ends where so many tickets hold it.
COMMON: Final = {"postgresql": 0.05, "sqlite": 0.15}
LOOKED_UP: Final = 5_000
_SHORTEST_TRIGRAM: Final = 3
# What no text can hold and no database takes in a question: NUL, halves of surrogate pairs.
_NOWHERE: Final = {"\0", SEPARATOR, *map(chr, range(0xD800, 0xE000))}

Columns = ReadOnlyColumnCollection[str, Any]


def conditions(audience: Audience, query: TicketQuery) -> list[ColumnElement[bool]]:
    """Return what has to hold for a ticket to be in the list, but for the text."""
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
    return found


def listed(audience: Audience, query: TicketQuery) -> Select[Any]:
    """Return the numbers of the tickets in the list, in its order, whatever the text."""
    return select(tickets.c.number).where(*conditions(audience, query)).order_by(*order(audience, query.sort))


def nearby(audience: Audience, query: TicketQuery, dialect: Dialect) -> Select[Any]:
    """Return the first NEARBY tickets of the list, each with whether it holds the text."""
    near = _in_order(audience, query, NEARBY)
    holds = _holds(query.needle, audience, dialect, near.c)
    return select(near.c.number, holds).order_by(*order(audience, query.sort, near.c))


def walked(audience: Audience, query: TicketQuery, dialect: Dialect) -> Select[Any]:
    """Return the hits by going through the list ticket by ticket: for a text that many hold."""
    return listed(audience, query).where(_holds(query.needle, audience, dialect, tickets.c)).limit(query.most)


def looked_up(audience: Audience, query: TicketQuery, dialect: Dialect) -> Select[Any]:
    """
    Return the hits by the index over all texts, put in order then: for a text that few hold.

    With each comes how many hold it whatever the list, and with no hit that alone; of LOOKED_UP, not all were found.
    """
    needle = query.needle
    parts: list[Select[Any]] = [
        _in_texts(needle, audience, dialect),
        select(tickets.c.number).where(tickets.c.requester.in_(_people(needle))),
    ]
    if (number := number_in(needle)) is not None:
        parts.append(select(literal(number)))
    # PostgreSQL is not to guess whether it had better go ticket by ticket: it knows nothing of long texts.
    holding = union_all(*parts).limit(LOOKED_UP).cte("holding").prefix_with("MATERIALIZED", dialect="postgresql")
    counted = select(func.count().label("found")).select_from(holding).subquery("counted")
    hits = _in_order(audience, query, query.most, tickets.c.number.in_(select(holding.c.number)))
    found = select(hits.c.number, counted.c.found).select_from(counted.outerjoin(hits, true()))
    return found.order_by(*order(audience, query.sort, hits.c))


def _in_order(audience: Audience, query: TicketQuery, most: int | None, *where: ColumnElement[bool]) -> Subquery:
    """Return the first of the list, with all that is needed to keep the order and to look for people."""
    *ordered_by, _ = (tickets.c[name] for name in _ordered_by(audience, query.sort))
    columns = (tickets.c.requester, *ordered_by)
    return listed(audience, query).add_columns(*columns).where(*where).limit(most).subquery()


def order(audience: Audience, sort: Sort, columns: Columns = tickets.c) -> list[UnaryExpression[Any]]:
    """Return the order; what changed at the same moment comes by number."""
    ascending = sort in {Sort.LEAST_RECENTLY_UPDATED, Sort.OLDEST}
    ordered_by = [columns[name] for name in _ordered_by(audience, sort)]
    return [column.asc() if ascending else column.desc() for column in ordered_by]


def _ordered_by(audience: Audience, sort: Sort) -> list[str]:
    match sort:
        case Sort.UPDATED | Sort.LEAST_RECENTLY_UPDATED:
            return [updated_at(audience).name, "number"]
        case Sort.NEWEST | Sort.OLDEST:
            return ["number"]
        case Sort.PRIORITY:
            return ["urgency", updated_at(audience).name, "number"]


def updated_at(audience: Audience) -> Column[Any]:
    """Return when the ticket changed as far as the audience can tell."""
    return tickets.c.updated_at if audience.sees_all else tickets.c.public_updated_at


def _concerns(username: str) -> ColumnElement[bool]:
    own = select(tickets.c.number).where(tickets.c.requester == username)
    watched = select(watchers.c.number).where(watchers.c.username == username)
    return tickets.c.number.in_(union_all(own, watched))


def _holds(needle: str, audience: Audience, dialect: Dialect, columns: Columns) -> ColumnElement[bool]:
    """Return whether the audience can read the text in a ticket at hand, or whether it is its number."""
    in_texts = select(_anywhere(needle, audience, dialect)).where(texts_key(dialect) == columns.number)
    found = [in_texts.select_from(texts).scalar_subquery(), columns.requester.in_(_people(needle))]
    if (number := number_in(needle)) is not None:
        found.append(columns.number == number)
    return or_(*found)


def _in_texts(needle: str, audience: Audience, dialect: Dialect) -> Select[Any]:
    """SQLite finds three letters and more by its index; for fewer each database looks through all texts."""
    found = select(texts_key(dialect).label("number")).select_from(texts)
    if dialect.name != "sqlite" or len(needle) < _SHORTEST_TRIGRAM or _cannot_be(needle):
        return found.where(_anywhere(needle, audience, dialect))
    columns = "{public internal}" if audience.sees_all else "{public}"
    phrase = needle.replace('"', '""')
    return found.where(literal_column("texts").op("MATCH")(f'{columns} : "{phrase}"'))


def _anywhere(needle: str, audience: Audience, dialect: Dialect) -> ColumnElement[bool]:
    readable = [texts.c.public, texts.c.internal] if audience.sees_all else [texts.c.public]
    if dialect.name == "sqlite" and not _cannot_be(needle):
        return or_(*(func.instr(column, needle) > 0 for column in readable))
    return or_(*(contains(column, needle) for column in readable))


def texts_key(dialect: Dialect) -> ColumnElement[Any]:
    """Return the ticket's number in `texts`, which is the row's own in a table of SQLite's full-text extension."""
    return literal_column("texts.rowid") if dialect.name == "sqlite" else texts.c.number


def _people(needle: str) -> Select[Any]:
    return select(users.c.username).where(contains(users.c.folded_name, needle))


def contains(column: ColumnElement[Any], needle: str) -> ColumnElement[bool]:
    """Return that a casefolded column holds the text; none holds what cannot be written."""
    return false() if _cannot_be(needle) else column.contains(needle, autoescape=True, escape="!")


def _cannot_be(needle: str) -> bool:
    return bool(_NOWHERE & set(needle))
