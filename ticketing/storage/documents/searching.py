"""Answers queries from rows and indexes: the smallest index first, a stop as soon as the page is full."""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from heapq import merge
from itertools import chain, dropwhile, islice
from typing import Any, Final

from pydantic_core import from_json

from ticketing.domain.conditions import Being, Trait
from ticketing.domain.queries import (
    MOST_HITS,
    NEVER,
    Audience,
    Page,
    Sort,
    TicketQuery,
    TicketSummary,
    is_news,
    is_tallied,
    order_for,
)
from ticketing.storage.documents.conditions import Conditions, Predicate, joined, looks_into_texts, stored
from ticketing.storage.documents.rows import ByUpdate, TicketRow, by_public_update, by_update
from ticketing.storage.documents.state import State

SEEN = "seen"

# Of every so many tickets in the smallest index, one that is known by its number is few: those are put in order then.
# Else it is quicker to go through the index, which is in order, up to the end of the list.
_FEW: Final = 8
# So many tickets at the beginning of a list tell how to find those that hold a text.
NEARBY = 500
_NONE: Final = ByUpdate()
_NOT_DUE: Final = (None, None)
_IS_NEW: Final = Being(Trait.IS_NEW)
_BY_PRIORITY: Final = {Sort.PRIORITY, Sort.LEAST_URGENT}


class Searcher:
    """Searches and counts tickets for one audience, in the present state."""

    def __init__(self, state: State, audience: Audience) -> None:
        self._state = state
        self._audience = audience
        self._sees_all = audience.sees_all
        self._username = audience.username
        self._conditions = Conditions(state, audience)
        self._seen_documents = state.documents.get(SEEN, {})

    def search(self, query: TicketQuery) -> Page[TicketSummary]:
        """Return one page; when the query restricts nothing but people and statuses, in time of the page alone."""
        total = self._known_count(query)
        if total is not None:
            found: Iterable[TicketRow] = self._matches(query)
        else:
            hits = self._hits(query)
            total, found = len(hits), hits
        rows = list(islice(self._behind(query, found), query.first, query.first + query.size))
        lines = tuple([self._summary(row) for row in rows])
        return Page(items=lines, total=total, page=query.page, size=query.size, ends_early=total == query.most)

    def _behind(self, query: TicketQuery, rows: Iterable[TicketRow]) -> Iterable[TicketRow]:
        """Return what comes behind the place that the query names, if it names one, of rows in the order asked for."""
        if query.after is None:
            return rows
        sort = order_for(self._audience, query.sort)
        key, place = self._key(sort), query.after.key(sort)
        return dropwhile(lambda row: key(row) <= place if sort.ascends else key(row) >= place, rows)

    def _key(self, sort: Sort) -> Callable[[TicketRow], tuple[Any, ...]]:
        """Return by what rows are put in this order, as places are compared in it."""
        due, latest = self._state.due, by_update if self._sees_all else by_public_update
        match sort:
            case Sort.NEWEST | Sort.OLDEST:
                return lambda row: (row.number,)
            case Sort.PRIORITY | Sort.LEAST_URGENT:
                return lambda row: (row.priority.rank, *latest(row))
            case Sort.DUE:
                return lambda row: (due[row.number].at if row.number in due else NEVER, *latest(row))
        return latest

    def count(self, query: TicketQuery) -> int:
        """Return how many match, or how long the list can become."""
        known = self._known_count(query)
        if known is not None:
            return known
        return len(self._hits(query)) if query.needles else sum(1 for _ in islice(self._matches(query), query.most))

    def _known_count(self, query: TicketQuery) -> int | None:
        """Return how many match where tallies, or what is kept apart, say so without counting; else None."""
        if not is_tallied(self._audience, query):
            return self._conditions.count(query.only_condition) if query.only_condition else None
        by_status, tally = self._state.by_status, self._state.tally
        statuses = query.statuses or by_status.keys()
        if query.assignee is None:
            return sum([len(by_status[status]) for status in statuses]) if query.statuses else len(self._state.rows)
        assignee = stored(query.assignee)
        return sum([tally.get((assignee, status), 0) for status in statuses])

    def numbers(self, query: TicketQuery) -> list[int]:
        """Return the numbers of all that match, however many these are."""
        return [row.number for row in self._matches(query)]

    def _hits(self, query: TicketQuery) -> list[TicketRow]:
        """
        Return the list up to its end.

        Texts that too few tickets hold for the list to end early are looked for in all of them, by number: documents
        lie in memory as they came, and to look at them in another order takes half as long again.
        """
        if not query.needles or self._numbers(query) is not None or not self._are_rare(query):
            return list(islice(self._matches(query), query.most))
        found = sorted(self._filtered(self._by_number(descending=False), query), key=by_update, reverse=True)
        return _ordered(found, query.sort)[: query.most]

    def _are_rare(self, query: TicketQuery) -> bool:
        """Whether the beginning of the list has so few hits that its end would be that of all tickets."""
        size = min(map(_size, self._indexes(query)))
        if size < self._state.last_number // 2:
            return False
        near = list(islice(self._candidates(query), NEARBY))
        hits = sum(1 for _ in self._filtered(near, query))
        return len(near) == NEARBY and hits * size < MOST_HITS * NEARBY

    def _matches(self, query: TicketQuery) -> Iterator[TicketRow]:
        return self._filtered(self._candidates(query), query)

    def _filtered(self, candidates: Iterable[TicketRow], query: TicketQuery) -> Iterator[TicketRow]:
        rows = iter(candidates)
        for holds in self._predicates(query):
            rows = filter(holds, rows)
        return rows

    def _candidates(self, query: TicketQuery) -> Iterable[TicketRow]:
        """Yield a superset of what matches, out of the smallest index that applies, in the order asked for."""
        indexes = min(self._indexes(query), key=_size)
        numbers, sort = self._numbers(query), order_for(self._audience, query.sort)
        if numbers is not None:
            if self._sees_all and len(numbers) * _FEW > _size(indexes):
                return (row for row in self._in_order(indexes, sort) if row.number in numbers)
            latest = by_update if self._sees_all else by_public_update
            latest_first = sorted(self._state.pick(numbers), key=latest, reverse=True)
            return self._soonest_due(latest_first) if sort is Sort.DUE else _ordered(latest_first, sort)
        return self._in_order(indexes, sort)

    def _in_order(self, indexes: list[ByUpdate], sort: Sort) -> Iterable[TicketRow]:
        if sort is Sort.UPDATED:
            return merge(*(index.newest_first() for index in indexes), key=by_update, reverse=True)
        if sort is Sort.LEAST_RECENTLY_UPDATED:
            return merge(*(index.oldest_first() for index in indexes), key=by_update)
        if sort is Sort.DUE:
            due = self._state.due
            oldest_first = merge(*(index.oldest_first() for index in indexes), key=by_update)
            others = (row for row in oldest_first if row.number not in due)
            return chain(self._soonest_due(self._state.pick(due)), others)
        if sort in _BY_PRIORITY or _size(indexes) < self._state.last_number // 2:
            latest_first = merge(*(index.newest_first() for index in indexes), key=by_update, reverse=True)
            return _ordered(list(latest_first), sort)
        return self._by_number(descending=sort is Sort.NEWEST)

    def _soonest_due(self, rows: list[TicketRow]) -> list[TicketRow]:
        """Return the rows by when they are due, those last that are not; of equals the one that waits for longest."""
        return sorted(rows, key=self._key(Sort.DUE))

    def _numbers(self, query: TicketQuery) -> set[int] | None:
        """Return the tickets that the query and the audience are about, where these are known by number."""
        known = [self._conditions.numbers(condition) for condition in query.conditions]
        found = [numbers for numbers in known if numbers is not None]
        if query.requester is not None:
            found.append(joined(self._state.by_requester, [query.requester]))
        if not self._sees_all:
            theirs = [self._username]
            found.append(joined(self._state.by_requester, theirs) | joined(self._state.by_watcher, theirs))
        return set.intersection(*sorted(found, key=len)) if found else None

    def _indexes(self, query: TicketQuery) -> list[list[ByUpdate]]:
        """Return the indexes that apply, each as one or several that hold the tickets together."""
        state = self._state
        found = [[state.rows]]
        if query.statuses:
            found.append([state.by_status[status] for status in query.statuses])
        if query.assignee is not None:
            found.append([state.by_assignee.get(stored(query.assignee), _NONE)])
        if _IS_NEW in query.conditions:
            found.append([state.new])
        return found

    def _by_number(self, *, descending: bool) -> Iterator[TicketRow]:
        numbers = range(1, self._state.last_number + 1)
        return filter(None, map(self._state.rows.find, reversed(numbers) if descending else numbers))

    def _predicates(self, query: TicketQuery) -> list[Predicate]:
        predicates: list[Predicate] = []
        if query.assignee is not None:
            assignee = stored(query.assignee)
            predicates.append(lambda row: row.assignee == assignee)
        if query.statuses:
            predicates.append(lambda row: row.status in query.statuses)
        if query.priorities:
            predicates.append(lambda row: row.priority in query.priorities)
        if query.categories:
            predicates.append(lambda row: row.category in query.categories)
        unknown = [one for one in query.conditions if self._conditions.numbers(one) is None]
        predicates += [self._conditions.predicate(one) for one in unknown if not looks_into_texts(one)]
        if query.needles:
            predicates.append(self._conditions.texts_predicate(query.needles))
        return predicates + [self._conditions.predicate(one) for one in unknown if looks_into_texts(one)]

    def _summary(self, row: TicketRow) -> TicketSummary:
        sees_all, sees_notes, name = self._sees_all, self._audience.sees_notes, self._state.name
        talk = self._conditions.talk(row)
        messages = talk.messages if sees_notes else talk.public_messages
        last_author = talk.last_author if sees_notes else talk.last_public_author
        due_at, warn_at = (self._state.due.get(row.number) if sees_all else None) or _NOT_DUE
        return TicketSummary(
            row.number,
            row.title,
            row.status,
            row.is_new,
            row.priority,
            row.category,
            row.requester,
            name(row.requester),
            row.assignee,
            name(row.assignee) if row.assignee else None,
            row.opened_at,
            row.updated_at if sees_all else row.public_updated_at,
            messages,
            is_news(self._audience, row.status, last_author) and self._seen(row) < messages,
            due_at,
            warn_at,
        )

    def _seen(self, row: TicketRow) -> int:
        raw = self._seen_documents.get(seen_key(row.number, self._username))
        return _messages_seen(raw) if raw else 0


def seen(state: State, number: int, username: str) -> int:
    """Return how many messages of the ticket the person has seen."""
    raw = state.documents.get(SEEN, {}).get(seen_key(number, username))
    return _messages_seen(raw) if raw else 0


@lru_cache(maxsize=4096)
def _messages_seen(raw: bytes) -> int:
    return int(from_json(raw)["messages"])


def seen_key(number: int, username: str) -> str:
    """Return the id under which it is kept what a person has seen of a ticket."""
    return f"{number}:{username}"


def _ordered(latest_first: list[TicketRow], sort: Sort) -> list[TicketRow]:
    if sort in {Sort.NEWEST, Sort.OLDEST}:
        return sorted(latest_first, key=lambda row: row.number, reverse=sort is Sort.NEWEST)
    if sort is Sort.PRIORITY:
        return sorted(latest_first, key=_urgency, reverse=True)
    if sort is Sort.LEAST_URGENT:
        return sorted(latest_first, key=_urgency, reverse=True)[::-1]
    return latest_first if sort is Sort.UPDATED else latest_first[::-1]


def _urgency(row: TicketRow) -> int:
    return row.priority.rank


def _size(indexes: list[ByUpdate]) -> int:
    return sum(map(len, indexes))
