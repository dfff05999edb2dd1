"""All tickets, in tables."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple, Self

from pydantic_core import from_json
from sqlalchemy import (
    Connection,
    Dialect,
    ScalarSelect,
    Select,
    Text,
    bindparam,
    cast,
    delete,
    exists,
    func,
    literal_column,
    null,
    select,
    tuple_,
)

from ticketing.domain.conditions import Having
from ticketing.domain.custom_fields import FieldValue, told
from ticketing.domain.definitions import read_definition
from ticketing.domain.facts import Facts
from ticketing.domain.live import stamp_of
from ticketing.domain.numbers import NO_NUMBERS, Numbers
from ticketing.domain.queries import (
    GREATEST_NUMBER,
    Audience,
    Page,
    Sort,
    TicketQuery,
    TicketSummary,
    is_news,
    is_tallied,
)
from ticketing.domain.statuses import UNFINISHED, Priority, Status
from ticketing.domain.tickets import IS_WARNED, MessageKind, Term, Ticket, description_of
from ticketing.storage.sql import searching
from ticketing.storage.sql.conditions import SEPARATOR, holds_text
from ticketing.storage.sql.facts import facts_of_matching, facts_row
from ticketing.storage.sql.reading import in_batches
from ticketing.storage.sql.searching import listed, order, restrictions, updated_at
from ticketing.storage.sql.tables import (
    IS_RESOLVED,
    NOBODY,
    definitions,
    facts,
    seen,
    tallies,
    terms,
    tickets,
    users,
    watchers,
)
from ticketing.storage.sql.writing import add_up, put, put_texts, remove_texts

# What everybody in a ticket may find, and what agents may find beside it.
Texts = tuple[list[str], list[str]]

_requesters, _assignees = users.alias("requesters"), users.alias("assignees")


class _Kept(NamedTuple):
    """What is kept of a ticket beside its own row."""

    tallied: tuple[str, str]
    watchers: frozenset[str]
    terms: frozenset[Term]
    texts: Texts

    @classmethod
    def of(cls, ticket: Ticket) -> Self:
        """Return what is to be kept of it."""
        tallied = (ticket.assignee or NOBODY, ticket.status.value)
        return cls(tallied, frozenset(ticket.watchers), ticket.terms(), ticket.texts())


# Questions that are put again and again are made once: to make one takes as long as to have it answered.
_QUESTIONS_KEPT: Final = 128
_ONE: Final = select(tickets.c.document).where(tickets.c.number == bindparam("number"))
_SEEN: Final = select(seen.c.messages).where(
    seen.c.number == bindparam("number"), seen.c.username == bindparam("username")
)
_TALLIES: Final = select(tallies.c.assignee, tallies.c.status, tallies.c.tickets)
# Taken out by the database, since a conversation may be long: what both databases understand.
_FIELDS: Final = cast(literal_column("tickets.document -> 'fields'"), Text)
# Looked up for each line of a list, which takes a third of the time of calling the class.
_STATUSES: Final = {status.value: status for status in Status}
_PRIORITIES: Final = {priority.value: priority for priority in Priority}
_NUMBERS: Final = select(definitions.c.document).where(
    definitions.c.kind == Numbers.kind, definitions.c.id == NO_NUMBERS.id
)
_HIGHEST_NUMBERS: Final = select(select(func.max(tickets.c.number)).scalar_subquery(), _NUMBERS.scalar_subquery())
_NOTHING: Final = _Kept(("", ""), frozenset(), frozenset(), ([], []))


class SqlTickets:
    """All tickets, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._last_number = 0
        self._first_free: int | None = None
        self._kept: dict[int, _Kept] = {}
        self._documents: dict[int, str] = {}
        self._seen: dict[tuple[int, str], int] = {}
        self._tallied: dict[tuple[str, str], int] | None = None

    def next_number(self) -> int:
        """Return one more than the highest number that a ticket ever had, so none comes twice."""
        if self._first_free is None:
            highest, numbers = self._connection.execute(_HIGHEST_NUMBERS).one()
            self._first_free = max(highest or 0, read_definition(Numbers, numbers).last if numbers else 0) + 1
        self._last_number = max(self._last_number + 1, self._first_free)
        return self._last_number

    def last_number(self) -> int:
        """Return the highest number of all tickets; 0 if there is none."""
        return self._connection.scalar(select(func.max(tickets.c.number))) or 0

    def find(self, number: int, audience: Audience | None = None) -> Ticket | None:
        """Return a copy of the ticket, or None; one that the audience may not see is not even read."""
        raw = self._look_up(number, audience) if 0 < number <= GREATEST_NUMBER else None
        if raw is None:
            return None
        self._documents[number] = raw
        return Ticket.model_validate_json(raw)

    def _look_up(self, number: int, audience: Audience | None) -> str | None:
        """Return what is kept of the ticket; how much of it somebody has seen comes along, as they are shown that."""
        if audience is None:
            found: str | None = self._connection.scalar(_ONE, {"number": number})
            return found
        row = self._connection.execute(_one_among_theirs(audience), {"number": number}).one_or_none()
        if row is None:
            return None
        raw: str = row[0]
        self._seen[number, audience.username] = row[1] or 0
        return raw

    def as_kept(self, number: int) -> Ticket | None:
        """Return a copy of the ticket as it is kept, or None, without asking for what was read already."""
        is_new = self._first_free is not None and number >= self._first_free
        if number not in self._documents and (is_new or self.find(number) is None):
            return None
        ticket = Ticket.model_validate_json(self._documents[number])
        self._kept[number] = _Kept.of(ticket)
        return ticket

    def save(self, ticket: Ticket) -> None:
        """Keep the ticket, with its version raised by one; of what hangs on it, only what is not as it was."""
        ticket.version += 1
        number = ticket.number
        before, now = self._before(number), _Kept.of(ticket)
        columns = ticket_columns(ticket)
        put(self._connection, tickets, columns)
        self._save_facts(number, columns["document"])
        self._tally(before, now)
        if now.watchers != before.watchers:
            self._save_watchers(number, before.watchers, now.watchers)
        if now.terms != before.terms:
            self._save_terms(number, before.terms, now.terms)
        if now.texts != before.texts:  # that index is the costliest
            put_texts(self._connection, [(number, *searchable(ticket))])
        self._kept[number] = now
        self._last_number = max(self._last_number, number)

    def _before(self, number: int) -> _Kept:
        """Return what is kept of the ticket, which in a change was read already, or is known to be nothing yet."""
        if number not in self._kept:
            self.as_kept(number)
        return self._kept.get(number, _NOTHING)

    def _tally(self, before: _Kept, now: _Kept) -> None:
        if before.tallied == now.tallied:
            return
        counted = [(*now.tallied, 1)] if before is _NOTHING else [(*before.tallied, -1), (*now.tallied, 1)]
        rows = [{"assignee": assignee, "status": status, "tickets": number} for assignee, status, number in counted]
        add_up(self._connection, tallies, "tickets", rows)
        self._tallied = None

    def _save_facts(self, number: int, document: str) -> None:
        before, now = self._documents.get(number), facts_row(number, document)
        if before is None or facts_row(number, before) != now:
            put(self._connection, facts, now)
        self._documents[number] = document

    def _save_watchers(self, number: int, before: frozenset[str], now: frozenset[str]) -> None:
        if gone := before - now:
            no_longer = delete(watchers).where(watchers.c.number == number, watchers.c.username.in_(sorted(gone)))
            self._connection.execute(no_longer)
        put(self._connection, watchers, *({"number": number, "username": name} for name in sorted(now - before)))

    def _save_terms(self, number: int, before: frozenset[Term], now: frozenset[Term]) -> None:
        if gone := before - now:
            are_gone = tuple_(terms.c.field, terms.c.value).in_(sorted(gone))
            self._connection.execute(delete(terms).where(terms.c.number == number, are_gone))
        put(self._connection, terms, *(_row_of(number, term) for term in sorted(now - before)))

    def search(self, audience: Audience, query: TicketQuery) -> Page[TicketSummary]:
        """Return one page of what matches among what the audience may see."""
        values: dict[str, Sequence[int]] = {}
        if query.most is None:
            total = self.counts(audience, [query.whole])[0]
            question = self._page_of(audience, query, total)
        else:
            hits = self._hits(audience, query.whole)
            total = len(hits)
            question = _lines_of(audience, query.sort)
            if query.after is not None:
                question = question.where(*searching.behind(audience, query)).limit(query.size)
                values["numbers"] = hits
            else:
                values["numbers"] = hits[query.first : query.first + query.size]
        rows = self._connection.execute(question, values).all() if query.first < total else ()
        lines = [_summary(tuple(row), audience) for row in rows]
        ends_early = total == query.most
        return Page(items=tuple(lines), total=total, page=query.page, size=query.size, ends_early=ends_early)

    def _page_of(self, audience: Audience, query: TicketQuery, total: int) -> Select[Any]:
        """Ask for a page of a list without an end."""
        if not query.conditions:
            return _page_of_list(audience, query) if query.after is None else _make_page_of_list(audience, query)
        hits = searching.put_in_order if total <= searching.SOON_IN_ORDER else searching.all_hits
        numbers = hits(audience, query, self._connection.dialect)
        return _lines(audience, query.sort, numbers.limit(query.size).offset(query.first))

    def _hits(self, audience: Audience, query: TicketQuery) -> Sequence[int]:
        """
        Return the numbers of the tickets that hold the texts, in order, `query.most` at most.

        How many do at the list's beginning tells how to find the rest, or there is no rest. The databases' own guesses
        would not do: SQLite makes none, and PostgreSQL leaves out long texts.
        """
        dialect = self._connection.dialect
        if not query.needles:
            way = searching.put_in_order if self._are_few(audience, query) else searching.walked
            return self._connection.scalars(way(audience, query, dialect).limit(query.most)).all()
        near = self._connection.execute(searching.nearby(audience, query, dialect)).all()
        found = [number for number, holds in near if holds]
        if len(near) < searching.NEARBY:
            return found[: query.most]
        is_everybodys = audience.sees_all and query.requester is None
        if is_everybodys and len(found) < searching.COMMON[dialect.name] * len(near):
            often = len(found) >= searching.OFTEN * len(near)
            hits = self._connection.execute(searching.looked_up(audience, query, dialect, often=often)).all()
            if hits[0].found < searching.LOOKED_UP[dialect.name]:
                return [number for number, _ in hits if number is not None]
        return self._connection.scalars(searching.walked(audience, query, dialect)).all()

    def _are_few(self, audience: Audience, query: TicketQuery) -> bool:
        """Tell whether few tickets have a term that the query asks for, such as a tag."""
        questions = [
            searching.carriers(audience, one, self._connection.dialect)
            for one in query.conditions
            if isinstance(one, Having)
        ]
        return any(self._connection.scalars(question).one() < searching.MANY for question in questions)

    def numbers(self, audience: Audience, query: TicketQuery) -> Iterator[int]:
        """Yield the numbers of all that match among what the audience may see, in the order asked for."""
        question = searching.all_hits(audience, query, self._connection.dialect)
        yield from self._connection.scalars(question).all()

    def counts(self, audience: Audience, queries: Sequence[TicketQuery]) -> list[int]:
        """Return how many match each query among what the audience may see, all at one moment."""
        tallied = {query for query in queries if is_tallied(audience, query)}
        tally = self._tally_sheet() if tallied else {}
        to_count = [query for query in queries if not (query in tallied or query.needles)]
        counted = iter(self._counted(audience, to_count))

        def count(query: TicketQuery) -> int:
            if query in tallied:
                return _from_tally(tally, query)
            return len(self._hits(audience, query)) if query.needles else next(counted)

        return [count(query) for query in queries]

    def _tally_sheet(self) -> dict[tuple[str, str], int]:
        if self._tallied is None:
            rows = self._connection.execute(_TALLIES).all()
            self._tallied = {(assignee, status): number for assignee, status, number in rows}
        return self._tallied

    def _counted(self, audience: Audience, queries: Sequence[TicketQuery]) -> Sequence[int]:
        """Count the tickets of each list through, all in one question."""
        dialect = self._connection.dialect
        counts = [
            _bounded_number(audience, query, dialect) if query.conditions else _number_in_list(audience, query)
            for query in queries
        ]
        return self._connection.execute(select(*counts)).one() if counts else ()

    def facts(self, audience: Audience, query: TicketQuery) -> Iterator[list[Facts]]:
        """Yield what reports count by, of all tickets that match among what the audience may see, by the batch."""
        return facts_of_matching(self._connection, audience, query)

    def titles(self, audience: Audience, numbers: Sequence[int]) -> dict[int, str]:
        """Return the titles of those of the tickets that the audience may see."""
        theirs = restrictions(audience, TicketQuery())
        question = select(tickets.c.number, tickets.c.title).where(tickets.c.number.in_(numbers), *theirs)
        return dict(self._connection.execute(question).all())

    def descriptions(self, audience: Audience, numbers: Sequence[int]) -> dict[int, str]:
        """Return the descriptions of those of the tickets that the audience may see."""
        theirs = restrictions(audience, TicketQuery())
        question = select(tickets.c.number, tickets.c.document).where(tickets.c.number.in_(numbers), *theirs)
        return {number: description_of(from_json(raw)) for number, raw in self._connection.execute(question)}

    def field_values(self, audience: Audience, numbers: Sequence[int]) -> dict[int, dict[str, FieldValue]]:
        """Return what stands in custom fields, by their names, of those of the tickets that the audience may see."""
        theirs = restrictions(audience, TicketQuery())
        question = select(tickets.c.number, _FIELDS).where(tickets.c.number.in_(numbers), *theirs)
        kept = {number: from_json(raw) if raw else {} for number, raw in self._connection.execute(question)}
        return {number: told(values, to_agents=audience.sees_notes) for number, values in kept.items()}

    def stamps(self, audience: Audience, numbers: Sequence[int]) -> dict[int, str]:
        """Return the stamps, as of `stamp_of`, of those of the tickets that the audience may see."""
        theirs = restrictions(audience, TicketQuery())
        messages = tickets.c.messages if audience.sees_all else tickets.c.public_messages
        question = select(tickets.c.number, updated_at(audience), messages).where(
            tickets.c.number.in_(numbers), *theirs
        )
        return {number: stamp_of(moment, count) for number, moment, count in self._connection.execute(question)}

    def latest(self, audience: Audience) -> str:
        """Return the moment of the last change of all that the audience may see, "" if there is nothing."""
        question = select(func.max(updated_at(audience))).where(*restrictions(audience, TicketQuery()))
        found = self._connection.scalar(question)
        return found.isoformat() if found else ""

    def lapsed(self, resolved_before: datetime, limit: int) -> list[int]:
        """Return numbers of tickets resolved before that moment and not closed yet, at most `limit`."""
        due = select(tickets.c.number).where(IS_RESOLVED, tickets.c.resolved_at <= resolved_before)
        # Put in order when they are found: to go through all tickets by number is what a database would choose.
        question = due.order_by(tickets.c.number + 0).limit(limit)
        return list(self._connection.scalars(question))

    def to_wake(self, by: datetime, limit: int) -> list[int]:
        """Return numbers of tickets that were to sleep until that moment or before, at most `limit`, in that order."""
        asleep = select(tickets.c.number).where(tickets.c.wakes_at <= by)
        return list(self._connection.scalars(asleep.order_by(tickets.c.wakes_at, tickets.c.number).limit(limit)))

    def to_warn(self, by: datetime, limit: int) -> list[int]:
        """Return numbers of tickets that became urgent by that moment, untold yet, at most `limit`, in order."""
        field, value = IS_WARNED
        is_told = exists().where(terms.c.number == tickets.c.number, terms.c.field == field, terms.c.value == value)
        urgent = select(tickets.c.number).where(tickets.c.warn_at <= by, ~is_told)
        return list(self._connection.scalars(urgent.order_by(tickets.c.warn_at, tickets.c.number).limit(limit)))

    def unfinished(self, above: int, limit: int) -> list[int]:
        """Return the lowest numbers above that one of tickets that are not done, at most `limit`, in order."""
        question = select(tickets.c.number).where(tickets.c.number > above, tickets.c.status.in_(sorted(UNFINISHED)))
        return list(self._connection.scalars(question.order_by(tickets.c.number).limit(limit)))

    def imported(self, external_id: str) -> list[int]:
        """Return numbers of the tickets that another system knew by this id."""
        known_by_it = select(tickets.c.number).where(tickets.c.external_id == external_id)
        return list(self._connection.scalars(known_by_it.order_by(tickets.c.number)))

    def naming(self, username: str, above: int, up_to: int) -> list[int]:
        """Return the numbers above that one, and up to the other, of tickets in which this person stands, in order."""
        c = tickets.c
        stands = holds_text(self._connection, c.document, username)
        question = select(c.number).where(c.number > above, c.number <= min(up_to, GREATEST_NUMBER), stands)
        return list(self._connection.scalars(question.order_by(c.number)))

    def remove(self, *numbers: int) -> None:
        """Take tickets away, and who has seen how much of them; no other ticket ever gets one of these numbers."""
        found = {number: before for number in numbers if (before := self._before(number)) is not _NOTHING}
        if not found:
            return
        self._keep_number(max(found))
        gone = Counter(before.tallied for before in found.values())
        rows = [{"assignee": who, "status": status, "tickets": -count} for (who, status), count in gone.items()]
        add_up(self._connection, tallies, "tickets", rows)
        self._tallied = None
        remove_texts(self._connection, list(found))
        for table in (seen, facts, terms, watchers, tickets):
            self._connection.execute(delete(table).where(table.c.number.in_(found)))
        for number in found:
            del self._kept[number]
            self._documents.pop(number, None)
        self._seen.clear()

    def _keep_number(self, last: int) -> None:
        raw = self._connection.scalar(_NUMBERS)
        kept = read_definition(Numbers, raw) if raw else NO_NUMBERS
        if last > kept.last:
            document = kept.model_copy(update={"last": last}).model_dump_json(exclude_none=True)
            put(self._connection, definitions, {"kind": Numbers.kind, "id": kept.id, "document": document})

    def mark_seen(self, number: int, username: str, messages: int) -> None:
        """Remember that the person has seen so many of the messages that they may read."""
        put(self._connection, seen, {"number": number, "username": username, "messages": messages})
        self._seen[number, username] = messages

    def seen(self, number: int, username: str) -> int:
        """Return how many messages the person has seen."""
        if (number, username) not in self._seen:
            found = self._connection.scalar(_SEEN, {"number": number, "username": username})
            self._seen[number, username] = found or 0
        return self._seen[number, username]

    def forget_seen(self, username: str, limit: int) -> bool:
        """Forget of so many tickets how much the person has seen of them; tell whether there may be more."""
        theirs = select(seen.c.number).where(seen.c.username == username).limit(limit)
        found = self._connection.scalars(theirs).all()
        self._connection.execute(delete(seen).where(seen.c.username == username, seen.c.number.in_(found)))
        self._seen.clear()
        return len(found) == limit

    def stream(self) -> Iterator[Ticket]:
        """Yield every ticket by number, read in batches."""
        return (Ticket.model_validate_json(raw) for _, raw in in_batches(self._connection, tickets))


def ticket_columns(ticket: Ticket) -> dict[str, Any]:
    """Return the row of a ticket."""
    public = [message.author for message in ticket.messages if message.kind is MessageKind.REPLY]
    return {
        "number": ticket.number,
        "title": ticket.title,
        "requester": ticket.requester,
        "assignee": ticket.assignee,
        "status": ticket.status.value,
        "priority": ticket.priority.value,
        "urgency": ticket.priority.rank,
        "category": ticket.category,
        "external_id": ticket.external_id,
        "is_new": ticket.is_new,
        "opened_at": ticket.opened_at,
        "updated_at": ticket.updated_at,
        "public_updated_at": ticket.public_updated_at,
        "resolved_at": ticket.resolved_at,
        "messages": len(ticket.messages),
        "last_author": ticket.messages[-1].author,
        "public_messages": len(public),
        "last_public_author": public[-1],
        "document": ticket.model_dump_json(exclude_none=True),
        "due_at": ticket.sla.due_at if ticket.sla else None,
        "warn_at": ticket.sla.warn_at if ticket.sla else None,
        "wakes_at": ticket.snoozed.until if ticket.snoozed else None,
    }


def term_rows(ticket: Ticket) -> list[dict[str, Any]]:
    """Return the rows of what a ticket is found by."""
    return [_row_of(ticket.number, term) for term in sorted(ticket.terms())]


def _row_of(number: int, term: Term) -> dict[str, Any]:
    field, value = term
    return {"number": number, "field": field, "value": value}


def searchable(ticket: Ticket) -> tuple[str, str]:
    """Return what everybody in the ticket may find, and what agents may find beside it, casefolded."""
    public, internal = ticket.texts()
    return SEPARATOR.join(public).casefold(), SEPARATOR.join(internal).casefold()


def _from_tally(tally: dict[tuple[str, str], int], query: TicketQuery) -> int:
    statuses = {status.value for status in query.statuses or Status}
    return sum(
        number
        for (assignee, status), number in tally.items()
        if status in statuses and query.assignee in {None, assignee}
    )


def _lines(audience: Audience, sort: Sort, page: Select[Any]) -> Select[Any]:
    """Ask for what the lines of the list say: of the tickets of the page alone."""
    c = tickets.c
    picked = page.cte("picked")
    messages, last_author = (
        (c.messages, c.last_author) if audience.sees_notes else (c.public_messages, c.last_public_author)
    )
    due = (c.due_at, c.warn_at) if audience.sees_all else (null(), null())
    return (
        select(
            c.number, c.title, c.status, c.is_new, c.priority, c.category,
            c.requester, func.coalesce(_requesters.c.display_name, c.requester),
            c.assignee, func.coalesce(_assignees.c.display_name, c.assignee),
            c.opened_at, updated_at(audience), messages, last_author, func.coalesce(seen.c.messages, 0), *due,
        )
        .select_from(
            picked.join(tickets, c.number == picked.c.number)
            .outerjoin(_requesters, _requesters.c.username == c.requester)
            .outerjoin(_assignees, _assignees.c.username == c.assignee)
            .outerjoin(seen, (seen.c.number == c.number) & (seen.c.username == audience.username))
        )
        .order_by(*order(audience, sort))
    )  # fmt: skip


@lru_cache(maxsize=_QUESTIONS_KEPT)
def _one_among_theirs(audience: Audience) -> Select[Any]:
    is_theirs = (seen.c.number == tickets.c.number, seen.c.username == audience.username)
    seen_of_it = select(seen.c.messages).where(*is_theirs).scalar_subquery()
    return _ONE.add_columns(seen_of_it).where(*restrictions(audience, TicketQuery()))


@lru_cache(maxsize=_QUESTIONS_KEPT)
def _page_of_list(audience: Audience, query: TicketQuery) -> Select[Any]:
    """Ask for a page of a list without conditions; kept, since people look at the same list again and again."""
    return _make_page_of_list(audience, query)


def _make_page_of_list(audience: Audience, query: TicketQuery) -> Select[Any]:
    return _lines(audience, query.sort, listed(audience, query).limit(query.size).offset(query.first))


@lru_cache(maxsize=_QUESTIONS_KEPT)
def _lines_of(audience: Audience, sort: Sort) -> Select[Any]:
    """Ask for the lines of tickets whose numbers are known."""
    shown = tickets.c.number.in_(bindparam("numbers", expanding=True))
    return _lines(audience, sort, select(tickets.c.number).where(shown))


@lru_cache(maxsize=_QUESTIONS_KEPT)
def _number_in_list(audience: Audience, query: TicketQuery) -> ScalarSelect[Any]:
    return select(func.count()).select_from(tickets).where(*restrictions(audience, query)).scalar_subquery()


def _bounded_number(audience: Audience, query: TicketQuery, dialect: Dialect) -> ScalarSelect[Any]:
    """Ask for a number that nobody asks for twice: times in it count back from now."""
    hits = searching.matching(audience, query, dialect).limit(query.most).subquery()
    return select(func.count()).select_from(hits).scalar_subquery()


def _summary(row: Sequence[Any], audience: Audience) -> TicketSummary:
    number, title, status, is_new, priority, category = row[:6]
    requester, requester_name, assignee, assignee_name, opened_at, updated = row[6:12]
    messages, last_author, messages_seen, due_at, warn_at = row[12:]
    status = _STATUSES[status]
    return TicketSummary(
        number,
        title,
        status,
        is_new,
        _PRIORITIES[priority],
        category,
        requester,
        requester_name,
        assignee,
        assignee_name,
        opened_at,
        updated,
        messages,
        is_news(audience, status, last_author) and messages_seen < messages,
        due_at,
        warn_at,
    )
