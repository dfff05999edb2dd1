"""
The same tickets in SQLite, as somebody would do it who knows SQLite well: what the desk's own store is held against.

Write-ahead log and a flush at each commit, so that it promises as much; columns and indexes for the lists, the whole
document beside them, and a full-text index.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ticketing.domain.queries import MOST_HITS, Page, TicketSummary
from ticketing.domain.statuses import Priority, Status, StatusCategory
from ticketing.domain.tickets import Ticket

SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS people (username TEXT PRIMARY KEY, display_name TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen (number INTEGER, username TEXT, messages INTEGER, PRIMARY KEY (number, username))
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tickets (
    number INTEGER PRIMARY KEY, title TEXT, status TEXT, priority TEXT, category TEXT, requester TEXT, assignee TEXT,
    opened_at INTEGER, updated_at INTEGER, public_updated_at INTEGER, is_new INTEGER, messages INTEGER,
    last_author TEXT, document TEXT
);
CREATE INDEX IF NOT EXISTS by_update ON tickets (updated_at);
CREATE INDEX IF NOT EXISTS by_requester ON tickets (requester, public_updated_at);
CREATE INDEX IF NOT EXISTS by_assignee ON tickets (assignee, status, updated_at);
CREATE VIRTUAL TABLE IF NOT EXISTS texts USING fts5 (text);
"""
PUT = "INSERT OR REPLACE INTO tickets VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
LINES = """
SELECT t.number, title, status, is_new, priority, category, requester, r.display_name, assignee, a.display_name,
       opened_at, updated_at, t.messages, last_author, coalesce(s.messages, 0)
FROM picked JOIN tickets t USING (number)
LEFT JOIN people r ON r.username = requester
LEFT JOIN people a ON a.username = assignee
LEFT JOIN seen s ON s.number = t.number AND s.username = :me
"""
MICROSECOND = 1_000_000


class SqliteTickets:
    """Tickets in one SQLite file, with the few operations that are compared."""

    def __init__(self, path: Path) -> None:
        self.db = sqlite3.connect(path, timeout=60, isolation_level=None)
        self.db.executescript(SCHEMA)
        self.db.execute("PRAGMA synchronous = FULL")

    def fill(self, documents: Iterable[bytes], people: dict[str, str]) -> None:
        """Take everything over, in one transaction."""
        self.db.execute("BEGIN IMMEDIATE")
        self.db.executemany("INSERT OR REPLACE INTO people VALUES (?, ?)", people.items())
        for document in documents:
            self._put(Ticket.model_validate_json(document), document.decode(), is_there=False)
        self.db.execute("COMMIT")
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.db.execute("ANALYZE")

    def mark_seen(self, seen: Iterable[tuple[int, str, int]]) -> None:
        """Take over how many messages somebody has seen of a ticket."""
        self.db.execute("BEGIN IMMEDIATE")
        self.db.executemany("INSERT OR REPLACE INTO seen VALUES (?, ?, ?)", seen)
        self.db.execute("COMMIT")

    def open(self, make: Callable[[int], Ticket]) -> None:
        """Save a new ticket under the next number."""
        self.db.execute("BEGIN IMMEDIATE")
        (last,) = self.db.execute("SELECT max(number) FROM tickets").fetchone()
        self._save(make(last + 1), is_there=False)
        self.db.execute("COMMIT")

    def change(self, number: int, deed: Callable[[Ticket], object]) -> None:
        """Change one ticket in one transaction."""
        self.db.execute("BEGIN IMMEDIATE")
        ticket = self.get(number)
        deed(ticket)
        self._save(ticket, is_there=True)
        self.db.execute("COMMIT")

    def get(self, number: int) -> Ticket:
        """Return one ticket."""
        row = self.db.execute("SELECT document FROM tickets WHERE number = ?", [number]).fetchone()
        return Ticket.model_validate_json(row[0])

    def newest(self, me: str, size: int) -> Page[TicketSummary]:
        """Return the tickets changed last."""
        return self._page(me, "tickets", "1", {}, size)

    def of_requester(self, me: str, size: int) -> Page[TicketSummary]:
        """Return a requester's own tickets, the ones changed last first."""
        condition = "requester = :requester"
        return self._page(me, "tickets", condition, {"requester": me}, size, by="public_updated_at")

    def assigned(self, me: str, assignee: str, status: Status, size: int) -> Page[TicketSummary]:
        """Return the tickets of this status that an agent has."""
        condition = "assignee = :assignee AND status = :status"
        return self._page(me, "tickets", condition, {"assignee": assignee, "status": status.value}, size)

    def search(self, me: str, word: str, size: int) -> Page[TicketSummary]:
        """Return the tickets that hold the word."""
        source = "texts JOIN tickets ON tickets.number = texts.rowid"
        return self._page(me, source, "texts MATCH :word", {"word": f'"{word}"'}, size, most=MOST_HITS)

    def counts(self, me: str) -> list[int]:
        """Return how many tickets are in each of the six views of the queue."""
        tally = self.db.execute("SELECT assignee, status, count(*) FROM tickets GROUP BY assignee, status").fetchall()
        by_category = [(assignee, Status(status).category, count) for assignee, status, count in tally]
        done = sum(count for _, category, count in by_category if category is StatusCategory.DONE)
        paused = sum(count for _, category, count in by_category if category is StatusCategory.PAUSED)
        unfinished = [(who, count) for who, category, count in by_category if category is not StatusCategory.DONE]
        unassigned, mine = (sum(count for who, count in unfinished if who == wanted) for wanted in (None, me))
        everything = sum(count for _, _, count in tally)
        return [unassigned, mine, everything - done - paused, paused, done, everything]

    def close(self) -> None:
        """Let go of the file."""
        self.db.close()

    def _save(self, ticket: Ticket, *, is_there: bool) -> None:
        ticket.version += 1
        self._put(ticket, ticket.model_dump_json(exclude_none=True), is_there=is_there)

    def _put(self, ticket: Ticket, document: str, *, is_there: bool) -> None:
        columns = (ticket.number, ticket.title, ticket.status.value, ticket.priority.value, ticket.category)
        people = (ticket.requester, ticket.assignee)
        times = tuple(map(_number, (ticket.opened_at, ticket.updated_at, ticket.public_updated_at)))
        messages = (ticket.is_new, len(ticket.messages), ticket.messages[-1].author)
        self.db.execute(PUT, (*columns, *people, *times, *messages, document))
        text = "\n".join([ticket.title, *(message.text for message in ticket.messages), *ticket.tags])
        if is_there:
            self.db.execute("UPDATE texts SET text = ? WHERE rowid = ?", (text, ticket.number))
        else:
            self.db.execute("INSERT INTO texts (rowid, text) VALUES (?, ?)", (ticket.number, text))

    def _page(
        self,
        me: str,
        source: str,
        condition: str,
        values: dict[str, Any],
        size: int,
        by: str = "updated_at",
        most: int = -1,
    ) -> Page[TicketSummary]:
        """Return what the desk's own list has: names, unread marks and how many there are in all."""
        order = f"ORDER BY {by} DESC, tickets.number DESC LIMIT :size"
        picked = f"SELECT number FROM {source} WHERE {condition} {order}"  # noqa: S608 - parts of our own
        lines = self.db.execute(
            f"WITH picked AS MATERIALIZED ({picked}) {LINES} ORDER BY {by} DESC, t.number DESC",
            {**values, "me": me, "size": size},
        ).fetchall()
        counted = f"SELECT 1 FROM {source} WHERE {condition} LIMIT :most"  # noqa: S608 - as above
        (total,) = self.db.execute(f"SELECT count(*) FROM ({counted})", {**values, "most": most}).fetchone()  # noqa: S608
        items = tuple(_summary(line, me) for line in lines)
        return Page(items=items, total=total, page=1, size=size, ends_early=total == most)


def _summary(line: Sequence[Any], me: str) -> TicketSummary:
    number, title, status, is_new, priority, category, requester, requester_name, assignee, assignee_name = line[:10]
    opened_at, updated_at, messages, last_author, seen = line[10:]
    is_done = Status(status).category is StatusCategory.DONE
    return TicketSummary(
        number=number,
        title=title,
        status=Status(status),
        is_new=bool(is_new),
        priority=Priority(priority),
        category=category,
        requester=requester,
        requester_name=requester_name or requester,
        assignee=assignee,
        assignee_name=assignee_name or assignee,
        opened_at=_moment(opened_at),
        updated_at=_moment(updated_at),
        messages=messages,
        unread=not is_done and last_author != me and seen < messages,
    )


def _number(moment: datetime) -> int:
    return round(moment.timestamp() * MICROSECOND)


def _moment(number: int) -> datetime:
    return datetime.fromtimestamp(number / MICROSECOND, UTC)
