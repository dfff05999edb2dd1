"""Tickets over documents: found by their rows and an index, read when they are asked for."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from heapq import nsmallest
from itertools import chain, islice

from pydantic_core import ValidationError, from_json, to_json

from ticketing.domain.custom_fields import FieldValue, told
from ticketing.domain.definitions import read_definition
from ticketing.domain.errors import StorageUnreadableError
from ticketing.domain.facts import Facts
from ticketing.domain.live import stamp_of
from ticketing.domain.numbers import NO_NUMBERS, Numbers
from ticketing.domain.queries import Audience, Page, TicketQuery, TicketSummary
from ticketing.domain.statuses import UNFINISHED, Status
from ticketing.domain.tickets import IS_WARNED, Ticket, description_of
from ticketing.storage.documents.collections import Pending
from ticketing.storage.documents.reporting import Reported
from ticketing.storage.documents.rows import Talk, TicketRow, before_conversation
from ticketing.storage.documents.searching import SEEN, Searcher, seen, seen_key
from ticketing.storage.documents.state import TICKETS, USERS


class Tickets:
    """All tickets."""

    __slots__ = ("_pending",)

    def __init__(self, pending: Pending) -> None:
        self._pending = pending

    def next_number(self) -> int:
        """Return one more than the highest number that a ticket ever had, so none comes twice."""
        pending = self._pending
        pending.last_number = max(pending.last_number, pending.state.last_number, self._numbers().last) + 1
        return pending.last_number

    def last_number(self) -> int:
        """Return the highest number of all tickets; 0 if there is none."""
        with self._pending.applied(TICKETS) as state:
            return state.last_number

    def _numbers(self) -> Numbers:
        raw = self._pending.get(Numbers.kind, NO_NUMBERS.id)
        return NO_NUMBERS if raw is None else read_definition(Numbers, raw)

    def find(self, number: int, audience: Audience | None = None) -> Ticket | None:
        """Return a copy of the ticket, or None; one that the audience may not see is not even read."""
        if audience is not None and not audience.sees_all and not self._concerns(number, audience.username):
            return None
        raw = self._pending.get(TICKETS, str(number))
        try:
            return None if raw is None else Ticket.model_validate_json(raw)
        except ValidationError as error:
            raise StorageUnreadableError(TICKETS, str(number)) from error

    def as_kept(self, number: int) -> Ticket | None:
        """Return a copy of the ticket as it is kept, or None."""
        return self.find(number)

    def _concerns(self, number: int, username: str) -> bool:
        with self._pending.applied(TICKETS) as state:
            row = state.rows.find(number)
        return row is not None and _concerns(row, username)

    def save(self, ticket: Ticket) -> None:
        """Keep the ticket, with its version raised by one."""
        ticket.version += 1
        self._pending.last_number = max(self._pending.last_number, ticket.number)
        self._pending.put(TICKETS, ticket.id, ticket.model_dump_json(exclude_none=True).encode())

    def search(self, audience: Audience, query: TicketQuery) -> Page[TicketSummary]:
        """Return one page of what matches among what the audience may see."""
        with self._pending.applied(TICKETS, USERS, SEEN) as state:
            return Searcher(state, audience).search(query)

    def counts(self, audience: Audience, queries: Sequence[TicketQuery]) -> list[int]:
        """Return how many match each query among what the audience may see, all at one moment."""
        with self._pending.applied(TICKETS, USERS, SEEN) as state:
            searcher = Searcher(state, audience)
            return [searcher.count(query) for query in queries]

    def numbers(self, audience: Audience, query: TicketQuery) -> Iterator[int]:
        """Yield the numbers of all that match among what the audience may see, in the order asked for."""
        with self._pending.applied(TICKETS, USERS) as state:
            return iter(Searcher(state, audience).numbers(query))

    def facts(self, audience: Audience, query: TicketQuery) -> Iterator[list[Facts]]:
        """Yield what reports count by, of all tickets that match among what the audience may see, by the batch."""
        with self._pending.applied(TICKETS, USERS) as state:
            return Reported(state, self._pending.lock, Searcher(state, audience).numbers(query)).in_batches()

    def titles(self, audience: Audience, numbers: Sequence[int]) -> dict[int, str]:
        """Return the titles of those of the tickets that the audience may see."""
        with self._pending.applied(TICKETS) as state:
            return {row.number: row.title for row in state.pick(numbers) if _may_see(audience, row)}

    def descriptions(self, audience: Audience, numbers: Sequence[int]) -> dict[int, str]:
        """Return the descriptions of those of the tickets that the audience may see."""
        with self._pending.applied(TICKETS) as state:
            raws = {row.number: row.raw for row in state.pick(numbers) if _may_see(audience, row)}
        return {number: description_of(from_json(raw)) for number, raw in raws.items()}

    def field_values(self, audience: Audience, numbers: Sequence[int]) -> dict[int, dict[str, FieldValue]]:
        """Return what stands in custom fields, by their names, of those of the tickets that the audience may see."""
        with self._pending.applied(TICKETS) as state:
            raws = {row.number: row.raw for row in state.pick(numbers) if _may_see(audience, row)}
        kept = {number: before_conversation(raw).get("fields", {}) for number, raw in raws.items()}
        return {number: told(values, to_agents=audience.sees_notes) for number, values in kept.items()}

    def stamps(self, audience: Audience, numbers: Sequence[int]) -> dict[int, str]:
        """Return the stamps, as of `stamp_of`, of those of the tickets that the audience may see."""
        with self._pending.applied(TICKETS) as state:
            return {row.number: _stamp(row, audience) for row in state.pick(numbers) if _may_see(audience, row)}

    def latest(self, audience: Audience) -> str:
        """Return the moment of the last change of all that the audience may see, "" if there is nothing."""
        with self._pending.applied(TICKETS) as state:
            if audience.sees_all:
                newest = next(iter(state.rows.newest_first()), None)
                return newest.updated_at.isoformat() if newest else ""
            theirs = state.by_requester.get(audience.username, set()) | state.by_watcher.get(audience.username, set())
            moments = [row.public_updated_at for row in state.pick(theirs)]
            return max(moments).isoformat() if moments else ""

    def lapsed(self, resolved_before: datetime, limit: int) -> list[int]:
        """Return numbers of tickets resolved before that moment and not closed yet, at most `limit`."""
        with self._pending.applied(TICKETS) as state:
            rows = list(state.by_status[Status.RESOLVED].oldest_first())
        due = [row.number for row in rows if row.resolved_at is not None and row.resolved_at <= resolved_before]
        return sorted(due)[:limit]

    def to_wake(self, by: datetime, limit: int) -> list[int]:
        """Return numbers of tickets that were to sleep until that moment or before, at most `limit`, in that order."""
        with self._pending.applied(TICKETS) as state:
            awaited = [(until, number) for number, until in state.asleep.items() if until <= by]
        return [number for _, number in sorted(awaited)[:limit]]

    def to_warn(self, by: datetime, limit: int) -> list[int]:
        """Return numbers of tickets that became urgent by that moment, untold yet, at most `limit`, in order."""
        with self._pending.applied(TICKETS) as state:
            told = state.by_term.get(IS_WARNED, set())
            urgent = [(due.warn_at, number) for number, due in state.due.items() if due.warn_at and due.warn_at <= by]
        return [number for _, number in sorted(urgent) if number not in told][:limit]

    def unfinished(self, above: int, limit: int) -> list[int]:
        """Return the lowest numbers above that one of tickets that are not done, at most `limit`, in order."""
        with self._pending.applied(TICKETS) as state:
            numbers = chain.from_iterable(state.by_status[status].numbers() for status in UNFINISHED)
            return nsmallest(limit, (number for number in numbers if number > above))

    def imported(self, external_id: str) -> list[int]:
        """Return numbers of the tickets that another system knew by this id."""
        with self._pending.applied(TICKETS) as state:
            return sorted(state.by_external_id.get(external_id, ()))

    def naming(self, username: str, above: int, up_to: int) -> list[int]:
        """Return the numbers above that one, and up to the other, of tickets in which this person stands, in order."""
        named = to_json(username)
        with self._pending.applied(TICKETS) as state:
            rows = state.pick(range(above + 1, min(up_to, state.last_number) + 1))
        return [row.number for row in rows if named in row.raw]

    def remove(self, *numbers: int) -> None:
        """Take tickets away, and who has seen how much of them; no other ticket ever gets one of these numbers."""
        last = max(numbers, default=0)
        if last > (kept := self._numbers()).last:
            document = kept.model_copy(update={"last": last}).model_dump_json(exclude_none=True)
            self._pending.put(Numbers.kind, kept.id, document.encode())
        gone = set(map(str, numbers))
        for key in [key for key in self._pending.keys(SEEN) if key.partition(":")[0] in gone]:
            self._pending.put(SEEN, key, None)
        for number in gone & self._pending.keys(TICKETS):
            self._pending.put(TICKETS, number, None)

    def mark_seen(self, number: int, username: str, messages: int) -> None:
        """Remember that the person has seen so many of the messages that they may read."""
        key = seen_key(number, username)
        self._pending.put(SEEN, key, to_json({"id": key, "messages": messages}))

    def seen(self, number: int, username: str) -> int:
        """Return how many messages the person has seen."""
        with self._pending.applied(SEEN) as state:
            return seen(state, number, username)

    def forget_seen(self, username: str, limit: int) -> bool:
        """Forget of so many tickets how much the person has seen of them; tell whether there may be more."""
        with self._pending.applied(SEEN) as state:
            theirs = (key for key in state.documents.get(SEEN, {}) if key.partition(":")[2] == username)
            found = list(islice(theirs, limit))
        for key in found:
            self._pending.put(SEEN, key, None)
        return len(found) == limit

    def stream(self) -> Iterator[Ticket]:
        """Yield every ticket by number."""
        for number in sorted(map(int, self._pending.keys(TICKETS))):
            if (ticket := self.find(number)) is not None:
                yield ticket


def _concerns(row: TicketRow, username: str) -> bool:
    return row.requester == username or username in row.watchers


def _may_see(audience: Audience, row: TicketRow) -> bool:
    return audience.sees_all or _concerns(row, audience.username)


def _stamp(row: TicketRow, audience: Audience) -> str:
    talk = row.talk or Talk.of(row.raw)
    if audience.sees_all:
        return stamp_of(row.updated_at, talk.messages)
    return stamp_of(row.public_updated_at, talk.public_messages)
