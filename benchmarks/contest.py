"""The desk's store, a bare file and SQLite on one disk, doing the same in turns."""

import os
import secrets
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from unittest.mock import patch

from pydantic_core import from_json

from benchmarks.measuring import MICROSECONDS, MILLISECONDS, Contestant, Figure, take_turns
from benchmarks.rival import SqliteTickets
from ticketing.desk import Desk
from ticketing.domain.queries import Audience, Page, TicketQuery, TicketSummary, View, is_tallied
from ticketing.domain.statuses import Status, StatusCategory, TicketCategory
from ticketing.domain.store import Transaction
from ticketing.domain.tickets import Ticket, TicketEdit
from ticketing.settings import Settings
from ticketing.storage.journaled.engine import Engine
from ticketing.storage.json_store import JsonStore

PASSWORD = "four slow kettles"  # noqa: S105 - of an account that lives as long as the benchmark
COMMON, RARE = "please", "zeugmatic"
TITLE = "The projector in the small meeting room shows a green picture"
TEXT = (
    "We tried another cable, and the one of the large room as well; the picture stays green on every laptop.\n\n"
    "Could somebody have a look before the meeting on Thursday at nine? The guests come by the early train, and what "
    "they are to see is a set of photographs. If it cannot be helped by then, a loan for a day would do."
)
POOL = 200
PAGE = 50
SEARCH_ROUNDS = 7
COUNTED_REPLIES = 20
LARGEST_SCAN = 20_000
OWN_CPU = 250  # microseconds
LONGEST_TAIL = 1 << 20
SQLITE, BARE = "SQLite", "bare append"

Deed = Callable[[Ticket], object]
Read = Callable[[Transaction], object]


class Contest:
    """One size: the tickets in *folder*/desk, and the same ones in SQLite. Everything waits for the disk."""

    def __init__(self, folder: Path, rounds: int) -> None:
        self._rounds = rounds
        self._folder = folder / "desk"
        self._store = JsonStore(self._folder)
        deque(self._store.prepare(), maxlen=0)  # as the server does beside its start
        self._desk = Desk(Settings(), self._store, password_rounds=4)
        self._foreign_store = JsonStore(self._folder)
        self._ada = self._desk.sessions.actor(self._desk.accounts.sign_in("ada", PASSWORD))
        self._desk.tickets.search(self._ada, TicketQuery())  # closes whatever is due by now, in the desk's own way
        documents = {int(key): raw for key, raw in self._store.copy()["tickets"].items()}
        self.average = sum(map(len, documents.values())) / len(documents)
        self._sqlite = SqliteTickets(folder / "rival.sqlite")
        self._fill_sqlite(documents)
        self._foreign_sqlite = SqliteTickets(folder / "rival.sqlite")
        self._bare = BareFile(folder / "bare", next(iter(documents.values())))
        self._agents = Audience(username="ada", sees_all=True)
        self._size = len(documents)
        numbers = sorted(documents)
        typical = from_json(documents[numbers[len(numbers) // 2]])
        self._requester: str = typical["requester"]
        self._assignee: str = typical.get("assignee") or "ada"
        self._rng = Random(1)
        self._pool = self._rng.sample(numbers, min(POOL, len(numbers)))

    def _fill_sqlite(self, documents: dict[int, bytes]) -> None:
        everything = self._store.copy()
        people = {name: from_json(raw)["display_name"] for name, raw in everything["users"].items()}
        self._sqlite.fill(documents.values(), people)
        seen = [(key.partition(":"), from_json(raw)["messages"]) for key, raw in everything.get("seen", {}).items()]
        self._sqlite.mark_seen((int(number), name, messages) for (number, _, name), messages in seen)

    def close(self) -> None:
        """Let go of all files."""
        self._bare.close()
        self._foreign_sqlite.close()
        self._sqlite.close()
        self._foreign_store.close()
        self._desk.close()

    # What it should answer

    def require_same_answers(self) -> None:
        """Leave if the two stores don't answer alike: then there is nothing to compare."""
        for name, (ours, rivals) in self._questions().items():
            mine, theirs = _gist(ours()), _gist(rivals())
            if mine != theirs:
                raise SystemExit(f"The stores do not agree about “{name}”: {mine!r} and {theirs!r}.")

    def _questions(self) -> dict[str, tuple[Callable[[], object], Callable[[], object]]]:
        mine = Audience(username=self._requester, sees_all=False)
        assigned = TicketQuery(assignee=self._assignee, statuses=frozenset({Status.CLOSED}))
        views = [query for view in View if is_tallied(self._agents, query := view.query("ada", _now()))]
        number = self._pool[0]
        return {
            "a ticket": (
                lambda: self._read(lambda tx: tx.tickets.find(number)),
                lambda: self._sqlite.get(number),
            ),
            "the newest 50": (
                lambda: self._page(self._agents, TicketQuery()),
                lambda: self._sqlite.newest("ada", PAGE),
            ),
            "the newest 50 of a requester": (
                lambda: self._page(mine, TicketQuery()),
                lambda: self._sqlite.of_requester(self._requester, PAGE),
            ),
            "status and assignee": (
                lambda: self._page(self._agents, assigned),
                lambda: self._sqlite.assigned("ada", self._assignee, Status.CLOSED, PAGE),
            ),
            "the counts of six views": (
                lambda: self._read(lambda tx: tx.tickets.counts(self._agents, views)),
                lambda: self._sqlite.counts("ada"),
            ),
            "a rare word": (lambda: self._search(RARE), lambda: self._sqlite.search("ada", RARE, PAGE)),
            "a common word": (lambda: self._search(COMMON), lambda: self._sqlite.search("ada", COMMON, PAGE)),
        }

    def _read(self, question: Read) -> object:
        with self._store.read() as tx:
            return question(tx)

    def _page(self, audience: Audience, query: TicketQuery) -> Page[TicketSummary]:
        with self._store.read() as tx:
            return tx.tickets.search(audience, query)

    def _search(self, word: str) -> Page[TicketSummary]:
        return self._page(self._agents, TicketQuery(needles=(word,)))

    # Reading

    def reads(self) -> list[Figure]:
        """Hold every question against SQLite, by processor time: nobody waits for the disk here."""
        limits = {
            "a ticket": 1.0,
            "the newest 50": 0.3,
            "the newest 50 of a requester": 0.3,
            "status and assignee": 4.0,
            "the counts of six views": 0.1,
        }
        return [
            *(self._compared(name, limit) for name, limit in limits.items()),
            self._after_a_foreign_write(),
            *self._searches(),
        ]

    def _compared(self, name: str, limit: float | None, rounds: int | None = None) -> Figure:
        ours, rivals = self._questions()[name]
        times = take_turns({"ours": Contestant(ours), SQLITE: Contestant(rivals)}, rounds or 2 * self._rounds)
        mine, theirs = times["ours"].median_cpu, times[SQLITE].median_cpu
        return Figure(name, MICROSECONDS * mine, "µs", MICROSECONDS * theirs, SQLITE, limit)

    def _searches(self) -> list[Figure]:
        rounds = min(self._rounds, SEARCH_ROUNDS)
        ours, _ = self._questions()["a rare word"]
        cpu = take_turns({"ours": Contestant(ours)}, rounds)["ours"].median_cpu
        limit = 60 if self._size <= LARGEST_SCAN else None
        return [
            Figure("a rare word, CPU", MILLISECONDS * cpu, "ms", limit=limit),
            self._compared("a rare word", None, rounds),
            self._compared("a common word", None, rounds),
        ]

    def _after_a_foreign_write(self) -> Figure:
        """Time a list when another process, or what is none the less to these stores, has just written."""
        deed = self._reply
        times = take_turns(
            {
                "ours": Contestant(
                    lambda: self._page(self._agents, TicketQuery()),
                    lambda: self._change(self._foreign_store, self._any_number(), deed),
                ),
                SQLITE: Contestant(
                    lambda: self._sqlite.newest("ada", PAGE),
                    lambda: self._foreign_sqlite.change(self._any_number(), deed),
                ),
            },
            self._rounds,
        )
        mine, theirs = times["ours"].median_cpu, times[SQLITE].median_cpu
        return Figure(
            "the newest 50 after a foreign write", MICROSECONDS * mine, "µs", MICROSECONDS * theirs, SQLITE, 0.5
        )

    # Writing

    def writes(self) -> list[Figure]:
        """Hold opening, replying and changing the status against the bare append and against SQLite."""
        self._reopen_pool()
        return [
            *self._written("open a ticket", self._open, lambda: self._sqlite.open(self._new_ticket), self._desk_opens),
            *self._changed("reply", self._reply, self._desk_replies),
            *self._changed("change the status", self._move, self._desk_moves),
        ]

    def _changed(self, name: str, deed: Deed, by_desk: Callable[[], object]) -> list[Figure]:
        return self._written(
            name,
            lambda: self._change(self._store, self._any_number(), deed),
            lambda: self._sqlite.change(self._any_number(), deed),
            by_desk,
        )

    def _written(
        self, name: str, ours: Callable[[], object], rivals: Callable[[], object], by_desk: Callable[[], object]
    ) -> list[Figure]:
        times = take_turns(
            {
                "ours": Contestant(ours),
                BARE: Contestant(self._bare.append, self._copy_line),
                SQLITE: Contestant(rivals),
                "desk": Contestant(by_desk),
            },
            self._rounds,
        )
        with patch.object(os, "fsync", _do_not_flush):
            own = take_turns({"ours": Contestant(ours)}, self._rounds)["ours"].median_cpu
        mine, bare, theirs, desk = (MICROSECONDS * times[one].median for one in ("ours", BARE, SQLITE, "desk"))
        return [
            Figure(name, mine, "µs", bare, BARE, 2.0),
            Figure(f"{name}, beside SQLite", mine, "µs", theirs, SQLITE, 1.5),
            Figure(f"{name}, own CPU without the flush", MICROSECONDS * own, "µs", limit=OWN_CPU),
            Figure(f"{name}, by the desk", desk, "µs", bare, BARE),
        ]

    def growth_since(self, smaller: "Contest") -> Figure:
        """Hold a reply in this store against one in a smaller store."""
        times = take_turns(
            {
                "ours": Contestant(self.reply_once),
                "smaller": Contestant(smaller.reply_once),
            },
            2 * self._rounds,
        )
        mine, theirs = times["ours"].median, times["smaller"].median
        return Figure("reply", MICROSECONDS * mine, "µs", MICROSECONDS * theirs, "in the smaller", 1.5)

    def reply_once(self) -> None:
        """Reply to one of the open tickets."""
        self._change(self._store, self._any_number(), self._reply)

    def costs_of_a_reply(self) -> list[Figure]:
        """Count what a reply asks of the system, as long as the journal doesn't come to an end."""
        if isinstance(self._store.engine, Engine):
            self._store.engine.compact()
        with counted_calls() as calls:
            for _ in range(COUNTED_REPLIES):
                self.reply_once()
        line = self._last_line()
        document = line[line.index(b'"doc":') + 6 : line.rindex(b',"crc":"')]
        before = bytes_written()
        for _ in range(COUNTED_REPLIES):
            self.reply_once()
        between = bytes_written()
        for _ in range(COUNTED_REPLIES):
            self._sqlite.change(self._any_number(), self._reply)
        after = bytes_written()
        ours, rivals = (between - before) / COUNTED_REPLIES, (after - between) / COUNTED_REPLIES
        return [
            Figure("writes for a reply", calls["write"] / COUNTED_REPLIES, "", limit=1),
            Figure("flushes for a reply", calls["fsync"] / COUNTED_REPLIES, "", limit=1),
            Figure("bytes for a reply beyond its document", len(line) - len(document), "B", limit=120),
            Figure("bytes written for a reply", ours, "B", rivals, SQLITE),
        ]

    def _reopen_pool(self) -> None:
        """Open all tickets that are to be worked on, so that each takes a reply."""

        def open_again(ticket: Ticket) -> None:
            if ticket.status.category is StatusCategory.DONE:
                ticket.reopen(self._ada, _now())

        with self._store.write() as tx:
            for number in self._pool:
                ticket = tx.tickets.find(number)
                if ticket is not None:
                    open_again(ticket)
                    tx.tickets.save(ticket)
        for number in self._pool:
            self._sqlite.change(number, open_again)

    def _any_number(self) -> int:
        return self._rng.choice(self._pool)

    def _new_ticket(self, number: int) -> Ticket:
        return Ticket.open(number, "ada", TITLE, TEXT, TicketCategory.HARDWARE, _now())

    def _open(self) -> None:
        with self._store.write() as tx:
            tx.tickets.save(self._new_ticket(tx.tickets.next_number()))

    @staticmethod
    def _change(store: JsonStore, number: int, deed: Deed) -> None:
        with store.write() as tx:
            ticket = tx.tickets.find(number)
            if ticket is not None:
                deed(ticket)
                tx.tickets.save(ticket)

    def _reply(self, ticket: Ticket) -> None:
        ticket.reply(self._ada, TEXT, _now())

    def _move(self, ticket: Ticket) -> None:
        ticket.change_status(self._ada, _other(ticket.status), _now())

    def _desk_opens(self) -> None:
        self._desk.tickets.open(self._ada, TITLE, TEXT, key=secrets.token_hex())

    def _desk_replies(self) -> None:
        self._desk.tickets.reply(self._ada, self._any_number(), TEXT, key=secrets.token_hex())

    def _desk_moves(self) -> None:
        number = self._any_number()
        status = _other(self._desk.tickets.get(self._ada, number).status)
        self._desk.tickets.edit(self._ada, number, TicketEdit(status=status))

    def _copy_line(self) -> None:
        self._bare.line = self._last_line()

    def _last_line(self) -> bytes:
        """Return the line of the last change of a ticket; the one before if a new journal has just begun."""
        journal = max(self._folder.glob("journal-*.jsonl"))
        with journal.open("rb") as file:
            file.seek(max(0, journal.stat().st_size - LONGEST_TAIL))
            lines = [line for line in file.read().splitlines(keepends=True) if b'"c":"tickets"' in line]
        return lines[-1] if lines else self._bare.line


def _do_not_flush(_descriptor: int) -> None:
    """Leave it to the system when it writes."""


class BareFile:
    """A file to which bytes are appended and flushed: the least that a durable write can be."""

    def __init__(self, path: Path, line: bytes) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.line = line

    def append(self) -> None:
        """Write the line and wait until it is on the disk."""
        os.write(self._descriptor, self.line)
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)


@contextmanager
def counted_calls() -> Iterator[Counter[str]]:
    """Count the writes and flushes that Python code of this process asks for."""
    calls: Counter[str] = Counter()
    originals = {name: getattr(os, name) for name in ("write", "fsync")}

    def counted(name: str) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            calls[name] += 1
            return originals[name](*arguments)

        return call

    for name in originals:
        setattr(os, name, counted(name))
    try:
        yield calls
    finally:
        for name, original in originals.items():
            setattr(os, name, original)


def bytes_written() -> int:
    """Return how many bytes this process has handed to the system to write."""
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text(encoding="ascii").splitlines())
    return int(fields["wchar"])


def _other(status: Status) -> Status:
    return Status.PENDING if status is Status.OPEN else Status.OPEN


def _gist(answer: object) -> object:
    """Reduce a page to what both must agree about to the letter: which tickets, and how many in all."""
    return ([ticket.number for ticket in answer.items], answer.total) if isinstance(answer, Page) else answer


def _now() -> datetime:
    return datetime.now(UTC)
