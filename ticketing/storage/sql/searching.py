"""From a query to SQL: what matches, in which order, as far as the audience may see it."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Dialect,
    Select,
    Subquery,
    UnaryExpression,
    func,
    literal,
    select,
    true,
    tuple_,
    union_all,
)

from ticketing.domain.conditions import Condition, Having
from ticketing.domain.queries import Audience, Sort, TicketQuery, order_for
from ticketing.storage.sql.conditions import Columns, Conditions, assigned_to, in_passing, is_about_texts
from ticketing.storage.sql.tables import tickets, watchers

# So many tickets of a list are searched one by one, before it is decided how to search the others.
NEARBY: Final = 200
# If this share of them holds the text, it is found sooner by going on through the list than by the index over all
# texts, after which PostgreSQL looks at each text again. That way ends where so many tickets hold it.
COMMON: Final = {"postgresql": 0.1, "sqlite": 0.15}
LOOKED_UP: Final = {"postgresql": 12_000, "sqlite": 5_000}
# Of what is looked up, this share or so many are met sooner by going through the list than each is put in its place.
OFTEN: Final = 0.015
MANY: Final = 1_000
# So many hits are put in order sooner than they are met in a list of a hundred thousand.
SOON_IN_ORDER: Final = 20_000


def restrictions(audience: Audience, query: TicketQuery) -> list[ColumnElement[bool]]:
    """Return what has to hold for a ticket to be in the list, but for its texts and conditions."""
    found: list[ColumnElement[bool]] = []
    if not audience.sees_all:
        found.append(_concerns(audience.username))
    if query.requester is not None:
        found.append(tickets.c.requester == query.requester)
    if query.assignee is not None:
        found.append(assigned_to({query.assignee}))
    if query.statuses:
        found.append(tickets.c.status.in_(sorted(query.statuses)))
    if query.priorities:
        found.append(tickets.c.urgency.in_(sorted(priority.rank for priority in query.priorities)))
    if query.categories:
        found.append(tickets.c.category.in_(sorted(query.categories)))
    return found


def listed(audience: Audience, query: TicketQuery) -> Select[Any]:
    """Return the numbers of the tickets in the list, in its order, whatever its texts and conditions."""
    held = (*restrictions(audience, query), *behind(audience, query))
    return select(tickets.c.number).where(*held).order_by(*order(audience, query.sort))


def behind(audience: Audience, query: TicketQuery) -> list[ColumnElement[bool]]:
    """Return what has to hold for a ticket to come behind the place that the query names, if it names one."""
    if query.after is None:
        return []
    sort = order_for(audience, query.sort)
    columns = [tickets.c[name] for name in _ordered_by(audience, sort)]
    place = [literal(value, column.type) for column, value in zip(columns, query.after.key(sort), strict=True)]
    if sort is not Sort.DUE:
        return [tuple_(*columns) > tuple_(*place) if sort.ascends else tuple_(*columns) < tuple_(*place)]
    is_not_due, *latest = columns[0].is_(None), *columns[1:]
    if query.after.due_at is None:
        return [is_not_due, tuple_(*latest) > tuple_(*place[1:])]
    return [is_not_due | (tuple_(*columns) > tuple_(*place))]


def matching(audience: Audience, query: TicketQuery, dialect: Dialect) -> Select[Any]:
    """Return the numbers of the tickets of which all conditions hold, whatever their texts, in no order."""
    held = map(Conditions(audience, dialect).holds, query.conditions)
    return select(tickets.c.number).where(*restrictions(audience, query), *held)


def nearby(audience: Audience, query: TicketQuery, dialect: Dialect) -> Select[Any]:
    """Return the first NEARBY tickets of the list, each with whether it holds the texts."""
    near = _in_order(audience, query, dialect, NEARBY)
    holds = Conditions(audience, dialect).in_texts(query.needles, _on_texts(query), near.c)
    return select(near.c.number, holds).order_by(*order(audience, query.sort, near.c))


def walked(audience: Audience, query: TicketQuery, dialect: Dialect) -> Select[Any]:
    """Return the hits by going through the list ticket by ticket: for texts and terms that many have."""
    held = _texts_hold(audience, query, dialect, query.needles)
    return _ordered(audience, query, dialect, walking=True).where(*held).limit(query.most)


def looked_up(audience: Audience, query: TicketQuery, dialect: Dialect, *, often: bool) -> Select[Any]:
    """
    Return the hits by the index over all texts: put in order then, or where it is met *often*, picked out of the list.

    With each comes how many hold it whatever the list, and with no hit that alone; of LOOKED_UP, not all were found.
    """
    # PostgreSQL is not to guess whether it had better go ticket by ticket: it knows nothing of long texts.
    first = Conditions(audience, dialect).holding(query.needles).limit(LOOKED_UP[dialect.name])
    holding = first.cte("holding").prefix_with("MATERIALIZED", dialect="postgresql")
    counted = select(func.count().label("found")).select_from(holding).subquery("counted")
    is_held: ColumnElement[bool] = tickets.c.number.in_(select(holding.c.number))
    if often:
        is_held = in_passing(is_held)
    rest = _texts_hold(audience, query, dialect)
    hits = _in_order(audience, query, dialect, query.most, is_held, *rest)
    found = select(hits.c.number, counted.c.found).select_from(counted.outerjoin(hits, true()))
    return found.order_by(*order(audience, query.sort, hits.c))


def carriers(audience: Audience, condition: Having, dialect: Dialect) -> Select[Any]:
    """Return how many have such a term whatever the list, MANY at most."""
    having = Conditions(audience, dialect).having(condition).limit(MANY).subquery()
    return select(func.count()).select_from(having)


def put_in_order(audience: Audience, query: TicketQuery, dialect: Dialect) -> Select[Any]:
    """Return all hits, in order: found by the indexes of what is kept apart, and not by going through the list."""
    *ordered_by, _ = (tickets.c[name] for name in _ordered_by(audience, query.sort))
    matched = matching(audience, query, dialect).where(*behind(audience, query))
    found = matched.add_columns(*ordered_by).cte("found").prefix_with("MATERIALIZED")
    return select(found.c.number).order_by(*order(audience, query.sort, found.c))


def all_hits(audience: Audience, query: TicketQuery, dialect: Dialect) -> Select[Any]:
    """Return the numbers of all tickets that match, in order, by the index over all texts if there are any."""
    hits = _ordered(audience, query, dialect)
    if query.needles:
        hits = hits.where(tickets.c.number.in_(Conditions(audience, dialect).holding(query.needles)))
    return hits.where(*_texts_hold(audience, query, dialect))


def _ordered(audience: Audience, query: TicketQuery, dialect: Dialect, *, walking: bool = False) -> Select[Any]:
    """
    Return the numbers of the tickets in the list of which the conditions hold but for those on texts, in order.

    *walking*, one finds out in passing whether a ticket has a term that many have, such as a tag.
    """
    conditions = Conditions(audience, dialect)
    on_columns = [
        in_passing(conditions.holds(one)) if walking and isinstance(one, Having) else conditions.holds(one)
        for one in query.conditions
        if not is_about_texts(one)
    ]
    return listed(audience, query).where(*on_columns)


def _on_texts(query: TicketQuery) -> list[Condition]:
    return [condition for condition in query.conditions if is_about_texts(condition)]


def _texts_hold(
    audience: Audience, query: TicketQuery, dialect: Dialect, needles: Iterable[str] = ()
) -> list[ColumnElement[bool]]:
    """Return that these texts are there, and that what the query says of texts holds."""
    sought, conditions = list(needles), _on_texts(query)
    return [Conditions(audience, dialect).in_texts(sought, conditions)] if sought or conditions else []


def _in_order(
    audience: Audience, query: TicketQuery, dialect: Dialect, most: int | None, *where: ColumnElement[bool]
) -> Subquery:
    """Return the first of the list, with all that is needed to keep the order and to look for people."""
    *ordered_by, _ = (tickets.c[name] for name in _ordered_by(audience, query.sort))
    columns = (tickets.c.requester, *ordered_by)
    return _ordered(audience, query, dialect).add_columns(*columns).where(*where).limit(most).subquery()


def order(audience: Audience, sort: Sort, columns: Columns = tickets.c) -> list[UnaryExpression[Any]]:
    """Return the order; what changed at the same moment comes by number."""
    given = order_for(audience, sort)
    ordered_by = [columns[name] for name in _ordered_by(audience, given)]
    in_order = [column.asc() if given.ascends else column.desc() for column in ordered_by]
    return [in_order[0].nulls_last(), *in_order[1:]] if given is Sort.DUE else in_order


def _ordered_by(audience: Audience, sort: Sort) -> list[str]:
    match order_for(audience, sort):
        case Sort.DUE:
            return ["due_at", updated_at(audience).name, "number"]
        case Sort.UPDATED | Sort.LEAST_RECENTLY_UPDATED:
            return [updated_at(audience).name, "number"]
        case Sort.NEWEST | Sort.OLDEST:
            return ["number"]
        case Sort.PRIORITY | Sort.LEAST_URGENT:
            return ["urgency", updated_at(audience).name, "number"]


def updated_at(audience: Audience) -> Column[Any]:
    """Return when the ticket changed as far as the audience can tell."""
    return tickets.c.updated_at if audience.sees_all else tickets.c.public_updated_at


def _concerns(username: str) -> ColumnElement[bool]:
    own = select(tickets.c.number).where(tickets.c.requester == username)
    watched = select(watchers.c.number).where(watchers.c.username == username)
    return tickets.c.number.in_(union_all(own, watched))
