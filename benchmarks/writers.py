"""Several at once: writers in processes and in threads, a reader beside a writer, and what compactions add."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path
from random import Random
from typing import Self
from unittest.mock import patch

from benchmarks.contest import SQLITE, TEXT, bytes_written
from benchmarks.measuring import MICROSECONDS, MILLISECONDS, Figure, percentile
from benchmarks.rival import SqliteTickets
from ticketing.domain.people import Actor
from ticketing.domain.queries import Audience, TicketQuery
from ticketing.domain.statuses import Status
from ticketing.domain.store import Transaction
from ticketing.domain.tickets import Ticket
from ticketing.storage.json_store import JsonStore

PROCESSES, THREADS = 8, 16
SLICES, SLICE_SECONDS = 10, 0.3
SLOW_FLUSH_SECONDS = 0.005
COMPACTIONS = 2
PATIENCE_SECONDS = 60.0
OURS = "ours"

_EVERYTHING = Audience(username="ada", sees_all=True)

Change = Callable[[int], object]
Work = Callable[[float], list[float]]


class Tickets:
    """The JSON store in *folder*/desk and the same tickets in SQLite, to be changed in the same way."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "desk"
        self.store = JsonStore(self.folder)
        self.sqlite = SqliteTickets(folder / "rival.sqlite")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def fill_sqlite(self) -> None:
        """Copy the tickets into SQLite."""
        self.sqlite.fill(self.store.copy()["tickets"].values(), {})

    def changes(self) -> Mapping[str, Change]:
        """Return how a ticket is changed in either."""
        return {
            OURS: lambda number: _change(self.store, number, _move),
            SQLITE: lambda number: self.sqlite.change(number, _move),
        }

    def numbers(self, *statuses: Status) -> list[int]:
        """Return the numbers of those in one of these statuses, or of all."""
        with self.store.read() as tx:
            return [ticket.number for ticket in tx.tickets.stream() if not statuses or ticket.status in statuses]

    def versions(self) -> int:
        """Return how often tickets were saved, all together."""
        with self.store.read() as tx:
            return sum(ticket.version for ticket in tx.tickets.stream())

    def close(self) -> None:
        """Let go of all files."""
        self.sqlite.close()
        self.store.close()


# What a process of the pool has, since its tasks get it in no other way.
_tickets: Tickets
_begin: Barrier


class Writers:
    """So many processes, each of which has the tickets open; `saved` is how many changes our store took from them."""

    def __init__(self, folder: Path, count: int) -> None:
        context = get_context("forkserver")
        context.set_forkserver_preload([__name__])
        self.saved = 0
        self._count = count
        self._pool = ProcessPoolExecutor(
            count, mp_context=context, initializer=_open, initargs=(folder, context.Barrier(count))
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._pool.shutdown()

    def write(self, where: str, numbers: Sequence[int], seconds: float) -> list[float]:
        """Have all begin together and write for so long, and return how long each change took."""
        begun = [self._pool.submit(_write, where, numbers, seconds, seed) for seed in range(self._count)]
        times = [taken for one in begun for taken in one.result()]
        self.saved += len(times) if where == OURS else 0
        return times


def figures_of_several(folder: Path, rounds: int) -> list[Figure]:
    """Measure on the tickets in *folder*/desk; leaves if a change was lost."""
    with ExitStack() as stack:
        tickets = stack.enter_context(Tickets(folder))
        tickets.fill_sqlite()
        one, many = (stack.enter_context(Writers(folder, count)) for count in (1, PROCESSES))
        # All are moved in turn, so that none becomes much longer by it than tickets are.
        numbers, slices = tickets.numbers(), min(rounds, SLICES)
        return [
            *_processes(tickets, one, many, numbers, slices),
            _threads(tickets, numbers, slices),
            *_readers(tickets, one, numbers, slices),
            _with_compactions(tickets, tickets.numbers(Status.OPEN, Status.PENDING)),
        ]


def _processes(tickets: Tickets, one: Writers, many: Writers, numbers: list[int], slices: int) -> list[Figure]:
    before = tickets.versions()
    times = _in_slices(
        {
            "one": lambda seconds: one.write(OURS, numbers, seconds),
            "many": lambda seconds: many.write(OURS, numbers, seconds),
            SQLITE: lambda seconds: many.write(SQLITE, numbers, seconds),
        },
        slices,
    )
    if lost := before + one.saved + many.saved - tickets.versions():
        raise SystemExit(f"{lost} changes were lost.")
    alone, ours, theirs = (MICROSECONDS * slices * SLICE_SECONDS / len(times[name]) for name in ("one", "many", SQLITE))
    slowest = {name: MILLISECONDS * percentile(times[name], 0.99) for name in ("many", SQLITE)}
    longest = {name: MILLISECONDS * max(times[name]) for name in ("many", SQLITE)}
    name = f"{PROCESSES} processes"
    return [
        Figure(f"a change among those of {name}", ours, "µs", alone, "one process", 1),
        Figure(f"a change among those of {name}, beside SQLite", ours, "µs", theirs, SQLITE, 1 / 0.8),
        Figure(f"99 % of the changes of {name} within", slowest["many"], "ms", slowest[SQLITE], SQLITE, 1),
        Figure(f"all changes of {name} within", longest["many"], "ms", longest[SQLITE], SQLITE),
    ]


def _threads(tickets: Tickets, numbers: list[int], slices: int) -> Figure:
    with ThreadPoolExecutor(THREADS) as pool, patch.object(os, "fsync", _flush_slowly):

        def by(threads: int) -> Work:
            def work(seconds: float) -> list[float]:
                change = tickets.changes()[OURS]
                begun = [pool.submit(_repeat, change, numbers, seconds, seed) for seed in range(threads)]
                return [taken for each in begun for taken in each.result()]

            return work

        times = _in_slices({"one": by(1), "many": by(THREADS)}, slices)
    alone, ours = (MICROSECONDS * slices * SLICE_SECONDS / len(times[name]) for name in ("one", "many"))
    flush = f"a flush of {MILLISECONDS * SLOW_FLUSH_SECONDS:g} ms"
    return Figure(f"a change among those of {THREADS} threads, with {flush}", ours, "µs", alone, "one thread", 0.33)


def _readers(tickets: Tickets, writer: Writers, numbers: list[int], slices: int) -> list[Figure]:
    """Read while one process writes as fast as it can, and while nobody does."""
    questions: dict[str, Callable[[Transaction, int], object]] = {
        "a ticket": lambda tx, number: tx.tickets.find(number),
        "the newest 50": lambda tx, _number: tx.tickets.search(_EVERYTHING, TicketQuery(size=50)),
    }
    return [_beside_a_writer(name, tickets, ask, writer, numbers, slices) for name, ask in questions.items()]


def _beside_a_writer(
    name: str,
    tickets: Tickets,
    ask: Callable[[Transaction, int], object],
    writer: Writers,
    numbers: list[int],
    slices: int,
) -> Figure:
    def read(number: int) -> None:
        with tickets.store.read() as tx:
            ask(tx, number)

    def idle(seconds: float) -> list[float]:
        return _repeat(read, numbers, seconds, 0)

    def busy(seconds: float) -> list[float]:
        with ThreadPoolExecutor(1) as beside:
            written = beside.submit(writer.write, OURS, numbers, seconds)
            read_meanwhile = idle(seconds)
            if not written.result():
                raise SystemExit("The writer beside the reader wrote nothing.")
        return read_meanwhile

    times = _in_slices({"idle": idle, "busy": busy}, slices)
    ours, alone = (MICROSECONDS * percentile(times[one], 0.5) for one in ("busy", "idle"))
    return Figure(f"{name}, while one process writes", ours, "µs", alone, "while nobody does", 1.5)


def _with_compactions(tickets: Tickets, numbers: list[int]) -> Figure:
    """Reply until the store was compacted twice, and hold what was written against the documents themselves."""
    documents, seen, rng = 0, {_journal(tickets.folder)}, Random(0)
    before = bytes_written()
    while len(seen) <= COMPACTIONS:
        documents += len(_change(tickets.store, rng.choice(numbers), _reply).model_dump_json(exclude_none=True))
        seen.add(_journal(tickets.folder))
    return Figure(
        "written for replies, with compactions", bytes_written() - before, "B", documents, "of documents", limit=3
    )


def _in_slices(ways: Mapping[str, Work], slices: int) -> dict[str, list[float]]:
    """Have all work in turns, a slice each, and return how long each thing took; the first round warms up."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(slices + 1):
        for name, work in ways.items():
            taken = work(SLICE_SECONDS)
            if turn:
                times[name] += taken
    return times


def _repeat(change: Change, numbers: Sequence[int], seconds: float, seed: int) -> list[float]:
    """Do it to one ticket after the other for so long, and return how long each took."""
    rng, taken = Random(seed), []
    until = time.perf_counter() + seconds
    while (began := time.perf_counter()) < until:
        change(rng.choice(numbers))
        taken.append(time.perf_counter() - began)
    return taken


def _open(folder: Path, begin: Barrier) -> None:
    """Make a process ready: it has the tickets open for as long as it lives."""
    global _tickets, _begin
    _tickets, _begin = Tickets(folder), begin


def _write(where: str, numbers: Sequence[int], seconds: float, seed: int) -> list[float]:
    """
    Write when all are ready; each process takes one of these, since it waits for the others in it.

    What was written in the slices of the others has been read in by then: that is no writer's work.
    """
    with _tickets.store.read():
        _begin.wait(PATIENCE_SECONDS)
    return _repeat(_tickets.changes()[where], numbers, seconds, seed)


def _flush_slowly(_descriptor: int) -> None:
    """Take the time that a flush takes on a slow disk, and no other."""
    time.sleep(SLOW_FLUSH_SECONDS)


def _change(store: JsonStore, number: int, deed: Callable[[Ticket], object]) -> Ticket:
    with store.write() as tx:
        ticket = tx.tickets.find(number)
        if ticket is None:
            raise SystemExit(f"Ticket {number} is gone.")
        deed(ticket)
        tx.tickets.save(ticket)
    return ticket


def _move(ticket: Ticket) -> None:
    other = Status.PENDING if ticket.status is Status.OPEN else Status.OPEN
    ticket.change_status(Actor.console(), other, datetime.now(UTC))


def _reply(ticket: Ticket) -> None:
    ticket.reply(Actor.console(), TEXT, datetime.now(UTC))


def _journal(folder: Path) -> str:
    return max(path.name for path in folder.glob("journal-*.jsonl"))
