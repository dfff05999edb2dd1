"""Answers queries from rows and indexes: the smallest index first, a stop as soon as the page is full."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from heapq import merge
from itertools import islice
from typing import Any

from pydantic_core import from_json

from ticketing.domain.queries import (
    UNASSIGNED,
    Audience,
    Page,
    Sort,
    TicketQuery,
    TicketSummary,
    is_news,
    is_tallied,
    number_in,
)
from ticketing.storage.documents.rows import ByUpdate, Talk, TicketRow, by_public_update, by_update
from ticketing.storage.documents.state import TICKETS, State

SEEN = "seen"

Predicate = Callable[[TicketRow], bool]


class Searcher:
    """Searches and counts tickets for one audience, in the present state."""

    def __init__(self, state: State, audience: Audience) -> None:
        self._state = state
        self._audience = audience
        self._sees_all = audience.sees_all
        self._username = audience.username
        self._documents = state.documents.get(TICKETS, {})
        self._seen_documents = state.documents.get(SEEN, {})

    def search(self, query: TicketQuery) -> Page[TicketSummary]:
        """Return one page; when the query restricts nothing but people and statuses, in time of the page alone."""
        wanted = self._matches(query)
        if is_tallied(self._audience, query):
            total = self.count(query)
            rows = _slice(wanted, query.first, query.size)
        else:
            found = list(islice(wanted, query.most))
            total, rows = len(found), found[query.first : query.first + query.size]
        lines = tuple([self._summary(row) for row in rows])
        return Page(items=lines, total=total, page=query.page, size=query.size, ends_early=total == query.most)

    def count(self, query: TicketQuery) -> int:
        """Return how many match; from tallies where they suffice."""
        if not is_tallied(self._audience, query):
            return sum(1 for _ in islice(self._matches(query), query.most))
        by_status, tally = self._state.by_status, self._state.tally
        statuses = query.statuses or by_status.keys()
        if query.assignee is None:
            return sum([len(by_status[status]) for status in statuses]) if query.statuses else len(self._state.rows)
        assignee = _stored(query.assignee)
        return sum([tally.get((assignee, status), 0) for status in statuses])

    def _matches(self, query: TicketQuery) -> Iterator[TicketRow]:
        rows = iter(self._candidates(query))
        for holds in self._predicates(query):
            rows = filter(holds, rows)
        return rows

    def _candidates(self, query: TicketQuery) -> Iterable[TicketRow]:
        """Yield a superset of what matches, out of the smallest index that applies, in the order asked for."""
        numbers = self._numbers(query)
        if numbers is not None:
            latest = by_update if self._sees_all else by_public_update
            return _ordered(sorted(self._state.pick(numbers), key=latest, reverse=True), query.sort)
        indexes = min(self._indexes(query), key=_size)
        if query.sort is Sort.UPDATED:
            return merge(*(index.newest_first() for index in indexes), key=by_update, reverse=True)
        if query.sort is Sort.LEAST_RECENTLY_UPDATED:
            return merge(*(index.oldest_first() for index in indexes), key=by_update)
        if query.sort is Sort.PRIORITY or _size(indexes) < self._state.last_number // 2:
            latest_first = merge(*(index.newest_first() for index in indexes), key=by_update, reverse=True)
            return _ordered(list(latest_first), query.sort)
        return self._by_number(descending=query.sort is Sort.NEWEST)

    def _numbers(self, query: TicketQuery) -> set[int] | None:
        """Return the tickets of the people that the query and the audience are about: there are never many."""
        state, name = self._state, self._username
        asked = None if query.requester is None else state.by_requester[query.requester]
        if self._sees_all:
            return asked
        visible = state.by_requester[name] | state.by_watcher[name]
        return visible if asked is None else visible & asked

    def _indexes(self, query: TicketQuery) -> list[list[ByUpdate]]:
        """Return the indexes that apply, each as one or several that hold the tickets together."""
        state = self._state
        found = [[state.rows]]
        if query.statuses:
            found.append([state.by_status[status] for status in query.statuses])
        if query.assignee is not None:
            found.append([state.by_assignee[_stored(query.assignee)]])
        return found

    def _by_number(self, *, descending: bool) -> Iterator[TicketRow]:
        numbers = range(1, self._state.last_number + 1)
        found = (self._state.rows.find(number) for number in (reversed(numbers) if descending else numbers))
        return (row for row in found if row is not None)

    def _predicates(self, query: TicketQuery) -> list[Predicate]:
        predicates: list[Predicate] = []
        if query.assignee is not None:
            assignee = _stored(query.assignee)
            predicates.append(lambda row: row.assignee == assignee)
        if query.statuses:
            predicates.append(lambda row: row.status in query.statuses)
        if query.priorities:
            predicates.append(lambda row: row.priority in query.priorities)
        if query.categories:
            predicates.append(lambda row: row.category in query.categories)
        if query.needle:
            predicates.append(self._text_predicate(query.needle))
        return predicates

    def _text_predicate(self, needle: str) -> Predicate:
        """Look into the raw document first, which is quick and may say yes too often; then exactly."""
        number = number_in(needle)
        people = {person.username for person in self._state.people.values() if needle in person.display_name.casefold()}
        may_hold = _raw_test(needle)

        def holds(row: TicketRow) -> bool:
            if row.number == number or row.requester in people:
                return True
            raw = self._documents[str(row.number)]
            return may_hold(row, raw) and self._text_in(from_json(raw), needle)

        return holds

    def _text_in(self, document: dict[str, Any], needle: str) -> bool:
        """Whether the audience can read the text somewhere in the ticket; notes and tags count for agents only."""
        sees_all = self._sees_all
        texts = [document["title"], document["requester"], document.get("external_id") or ""]
        texts += [message["text"] for message in document["messages"] if sees_all or message["kind"] == "reply"]
        if sees_all:
            texts += document.get("tags") or []
        return any(needle in text.casefold() for text in texts)

    def _summary(self, row: TicketRow) -> TicketSummary:
        sees_all, name = self._sees_all, self._state.name
        talk = row.talk
        if talk is None:
            talk = row.talk = Talk.of(self._documents[str(row.number)])
        messages = talk.messages if sees_all else talk.public_messages
        last_author = talk.last_author if sees_all else talk.last_public_author
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
        return sorted(latest_first, key=lambda row: row.priority.rank, reverse=True)
    return latest_first if sort is Sort.UPDATED else latest_first[::-1]


def _size(indexes: list[ByUpdate]) -> int:
    return sum(map(len, indexes))


def _stored(assignee: str) -> str | None:
    return None if assignee == UNASSIGNED else assignee


def _slice(rows: Iterator[TicketRow], first: int, size: int) -> list[TicketRow]:
    return [row for _, row in zip(range(first + size), rows, strict=False)][first:]


def _raw_test(needle: str) -> Callable[[TicketRow, bytes], bool]:
    """Return a quick test of a raw document that never misses, but may say yes too often."""
    escaped = json.dumps(needle, ensure_ascii=False)[1:-1]
    if not needle.isascii():
        return lambda _row, raw: escaped in raw.decode().casefold()
    wanted = escaped.encode()

    def may_hold(row: TicketRow, raw: bytes) -> bool:
        if wanted in raw.lower():
            return True
        if row.folds_to_ascii is None:
            row.folds_to_ascii = _FOLDS_TO_ASCII.search(raw) is not None
        return row.folds_to_ascii and escaped in raw.decode().casefold()

    return may_hold


# Letters beyond ASCII that casefold into something with ASCII in it: ß, ligatures, the Kelvin sign and a few more.
FOLDING_LETTERS = "ßİŉſǰẖẗẘẙẚẞ\u212a\ufb00\ufb01\ufb02\ufb03\ufb04\ufb05\ufb06"
_FOLDS_TO_ASCII = re.compile("|".join(FOLDING_LETTERS).encode())
