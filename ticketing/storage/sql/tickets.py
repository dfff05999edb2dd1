"""All tickets, in tables."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select

from ticketing.domain.queries import GREATEST_NUMBER, Audience, Page, TicketQuery, TicketSummary, is_news, is_tallied
from ticketing.domain.statuses import Priority, Status, TicketCategory
from ticketing.domain.tickets import MessageKind, Ticket
from ticketing.storage.sql.reading import in_batches
from ticketing.storage.sql.searching import SEPARATOR, conditions, order, page_of, updated_at
from ticketing.storage.sql.tables import NOBODY, seen, tallies, tickets, users, watchers
from ticketing.storage.sql.writing import add_up, put, put_texts

# What everybody in a ticket may find, and what agents may find beside it.
Texts = tuple[list[str], list[str]]

_requesters, _assignees = users.alias("requesters"), users.alias("assignees")


class SqlTickets:
    """All tickets, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._last_number = 0
        self._searched: dict[int, Texts] = {}

    def next_number(self) -> int:
        """Return one more than the highest number; no ticket is ever removed, so none comes twice."""
        highest = self._connection.scalar(select(func.max(tickets.c.number))) or 0
        self._last_number = max(self._last_number, highest) + 1
        return self._last_number

    def find(self, number: int, audience: Audience | None = None) -> Ticket | None:
        """Return a copy of the ticket, or None; one that the audience may not see is not even read."""
        question = select(tickets.c.document).where(tickets.c.number == number)
        if audience is not None:
            question = question.where(*conditions(audience, TicketQuery(), self._connection.dialect))
        raw = self._connection.scalar(question) if 0 < number <= GREATEST_NUMBER else None
        if raw is None:
            return None
        ticket = Ticket.model_validate_json(raw)
        self._searched[number] = _texts_of(ticket)
        return ticket

    def save(self, ticket: Ticket) -> None:
        """Keep the ticket, with its version raised by one."""
        ticket.version += 1
        number, connection = ticket.number, self._connection
        self._last_number = max(self._last_number, number)
        before = connection.execute(
            select(tickets.c.assignee, tickets.c.status).where(tickets.c.number == number)
        ).one_or_none()
        put(connection, tickets, ticket_columns(ticket))
        self._tally(before, ticket)
        self._save_watchers(ticket, is_new=before is None)
        self._save_texts(ticket)

    def _tally(self, before: Any, ticket: Ticket) -> None:
        counted = [] if before is None else [(before.assignee or NOBODY, before.status, -1)]
        counted.append((ticket.assignee or NOBODY, ticket.status.value, 1))
        if len({(assignee, status) for assignee, status, _ in counted}) < len(counted):
            return
        rows = [{"assignee": assignee, "status": status, "tickets": number} for assignee, status, number in counted]
        add_up(self._connection, tallies, "tickets", rows)

    def _save_watchers(self, ticket: Ticket, *, is_new: bool) -> None:
        if not is_new:
            gone = delete(watchers).where(
                watchers.c.number == ticket.number, watchers.c.username.not_in(ticket.watchers)
            )
            self._connection.execute(gone)
        put(
            self._connection,
            watchers,
            *({"number": ticket.number, "username": name} for name in dict.fromkeys(ticket.watchers)),
        )

    def _save_texts(self, ticket: Ticket) -> None:
        """Keep what can be searched, unless it is as it was: that index is the costliest."""
        found = _texts_of(ticket)
        if self._searched.get(ticket.number) != found:
            self._searched[ticket.number] = found
            put_texts(self._connection, [(ticket.number, *searchable(ticket))])

    def search(self, audience: Audience, query: TicketQuery) -> Page[TicketSummary]:
        """Return one page of what matches among what the audience may see."""
        total = self.counts(audience, [query])[0]
        lines = self._lines(audience, query) if query.first < total else []
        return Page(items=tuple(lines), total=total, page=query.page, size=query.size)

    def _lines(self, audience: Audience, query: TicketQuery) -> list[TicketSummary]:
        """Pick the tickets of the page, then read what the lines of the list say: of these few alone."""
        c = tickets.c
        picked = page_of(audience, query, self._connection.dialect).cte("picked")
        messages, last_author = (
            (c.messages, c.last_author) if audience.sees_all else (c.public_messages, c.last_public_author)
        )
        question = (
            select(
                c.number, c.title, c.status, c.is_new, c.priority, c.category,
                c.requester, func.coalesce(_requesters.c.display_name, c.requester),
                c.assignee, func.coalesce(_assignees.c.display_name, c.assignee),
                c.opened_at, updated_at(audience), messages, last_author, func.coalesce(seen.c.messages, 0),
            )
            .select_from(
                picked.join(tickets, c.number == picked.c.number)
                .outerjoin(_requesters, _requesters.c.username == c.requester)
                .outerjoin(_assignees, _assignees.c.username == c.assignee)
                .outerjoin(seen, (seen.c.number == c.number) & (seen.c.username == audience.username))
            )
            .order_by(*order(audience, query.sort))
        )  # fmt: skip
        return [_summary(tuple(row), audience) for row in self._connection.execute(question)]

    def counts(self, audience: Audience, queries: Sequence[TicketQuery]) -> list[int]:
        """Return how many match each query among what the audience may see, all at one moment."""
        tallied = [is_tallied(audience, query) for query in queries]
        tally = self._tally_sheet() if any(tallied) else {}
        return [
            _from_tally(tally, query) if from_tally else self._count(audience, query)
            for query, from_tally in zip(queries, tallied, strict=True)
        ]

    def _tally_sheet(self) -> dict[tuple[str, str], int]:
        rows = self._connection.execute(select(tallies.c.assignee, tallies.c.status, tallies.c.tickets))
        return {(assignee, status): number for assignee, status, number in rows}

    def _count(self, audience: Audience, query: TicketQuery) -> int:
        matching = conditions(audience, query, self._connection.dialect)
        return self._connection.scalar(select(func.count()).select_from(tickets).where(*matching)) or 0

    def lapsed(self, resolved_before: datetime, limit: int) -> list[int]:
        """Return numbers of tickets resolved before that moment and not closed yet, at most `limit`."""
        due = (tickets.c.status == Status.RESOLVED.value, tickets.c.resolved_at <= resolved_before)
        question = select(tickets.c.number).where(*due).order_by(tickets.c.number).limit(limit)
        return list(self._connection.scalars(question))

    def imported(self, external_id: str) -> list[int]:
        """Return numbers of the tickets that another system knew by this id."""
        known_by_it = select(tickets.c.number).where(tickets.c.external_id == external_id)
        return list(self._connection.scalars(known_by_it.order_by(tickets.c.number)))

    def mark_seen(self, number: int, username: str, messages: int) -> None:
        """Remember that the person has seen so many of the messages that they may read."""
        put(self._connection, seen, {"number": number, "username": username, "messages": messages})

    def seen(self, number: int, username: str) -> int:
        """Return how many messages the person has seen."""
        question = select(seen.c.messages).where(seen.c.number == number, seen.c.username == username)
        return self._connection.scalar(question) or 0

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
        "category": ticket.category.value,
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
    }


def searchable(ticket: Ticket) -> tuple[str, str]:
    """Return what everybody in the ticket may find, and what agents may find beside it, casefolded."""
    public, internal = _texts_of(ticket)
    return SEPARATOR.join(public).casefold(), SEPARATOR.join(internal).casefold()


def _texts_of(ticket: Ticket) -> Texts:
    public = [ticket.title, ticket.requester, ticket.external_id or ""]
    public += [message.text for message in ticket.messages if message.kind is MessageKind.REPLY]
    internal = [message.text for message in ticket.messages if message.kind is MessageKind.NOTE] + ticket.tags
    return public, internal


def _from_tally(tally: dict[tuple[str, str], int], query: TicketQuery) -> int:
    statuses = {status.value for status in query.statuses or Status}
    return sum(
        number
        for (assignee, status), number in tally.items()
        if status in statuses and query.assignee in {None, assignee}
    )


def _summary(row: Sequence[Any], audience: Audience) -> TicketSummary:
    number, title, status, is_new, priority, category = row[:6]
    requester, requester_name, assignee, assignee_name, opened_at, updated = row[6:12]
    messages, last_author, messages_seen = row[12:]
    return TicketSummary(
        number,
        title,
        Status(status),
        is_new,
        Priority(priority),
        TicketCategory(category),
        requester,
        requester_name,
        assignee,
        assignee_name,
        opened_at,
        updated,
        messages,
        is_news(audience, Status(status), last_author) and messages_seen < messages,
    )
