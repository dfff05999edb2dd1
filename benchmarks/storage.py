"""
`bench storage`: the JSON store beside the least that a durable write can cost, and beside SQLite.

The least is a bare append of the same bytes and a flush, on the same disk. SQLite holds the same tickets and gives the
same answers, which is checked before anything is timed. Then the desk's own stores in databases do the same.
"""

import gc
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.contest import PASSWORD, RARE, TEXT, TITLE, Contest
from benchmarks.databases import compare
from benchmarks.measuring import MICROSECONDS, Figure, Report, require_linux
from benchmarks.writers import figures_of_several
from ticketing.desk import Desk
from ticketing.domain.people import Actor
from ticketing.domain.queries import Audience, TicketQuery
from ticketing.domain.text import complete_models
from ticketing.settings import Settings
from ticketing.storage.journaled.engine import Engine
from ticketing.storage.json_store import JsonStore

SIZES = (1_000, 10_000, 100_000)
ROUNDS = 150
MEBIBYTES = 1 / 2**20
ROW_BYTES = 512
LARGE_DEMO = 100_000
CROWDED = 1_000


def main(tickets: int | None, json_path: Path | None, postgres: str | None) -> None:
    """Measure at the given number of tickets, or at all three, and print what comes out."""
    require_linux()
    report = Report("Storage")
    measure(report, [tickets] if tickets else SIZES, ROUNDS, postgres)
    report.write(json_path)


def measure(report: Report, sizes: Sequence[int], rounds: int, postgres: str | None = None) -> None:
    """Measure at each size, then hold the largest store against the smallest one."""
    # Not in /tmp, which may be in memory, where a flush costs nothing.
    place = os.environ.get("TMPDIR", "/var/tmp")  # noqa: S108 - a directory of our own is made in it
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="ticketing-bench-", dir=place)))
        contests = []
        for size in sizes:
            filling, opening, contest = stack.enter_context(prepared(folder / str(size), size, rounds))
            contest.require_same_answers()
            figures = [*contest.writes(), *contest.reads(), *contest.costs_of_a_reply()]
            figures += [*opening.figures(), *filling.figures()]
            report.add(f"{size:,} tickets of {contest.average / 1000:.1f} kB", figures)
            with closing(JsonStore(folder / str(size) / "desk")) as files:
                found = compare(files, folder / str(size), postgres, rounds)
            report.add(f"{size:,} tickets in databases", found)
            contests.append(contest)
        if len(contests) > 1:
            largest, smallest = contests[-1], contests[0]
            report.add(f"{sizes[-1]:,} tickets beside {sizes[0]:,}", [largest.growth_since(smallest)])
        crowded = min(sizes[0], CROWDED)
        fill(folder / "several" / "desk", crowded)
        report.add(f"several at once, {crowded:,} tickets", figures_of_several(folder / "several", rounds))


@contextmanager
def prepared(folder: Path, size: int, rounds: int) -> Iterator[tuple["Filling", "Opening", Contest]]:
    """Fill the store, open it in a process that does nothing else, and here for all the rest."""
    filling = fill(folder / "desk", size)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        opening = pool.submit(open_once, folder / "desk").result()
    contest = Contest(folder, rounds)
    gc.collect()
    gc.freeze()  # as the server does
    gc.set_threshold(10_000)
    try:
        yield filling, opening, contest
    finally:
        contest.close()


def fill(folder: Path, size: int) -> "Filling":
    """Make a store of invented tickets, among them one that holds a word of its own."""
    store = JsonStore(folder)
    desk = Desk(Settings(), store, password_rounds=4)
    console = Actor.console()
    gc.disable()
    desk.tickets.open(console, TITLE, f"{TEXT} It is a {RARE} failure.")
    began = time.perf_counter()
    added = desk.demo.fill(console, size - 1, 1)
    filling = Filling(added["tickets"], time.perf_counter() - began)
    desk.agents.create_agent(console, "ada", PASSWORD)
    gc.enable()
    if isinstance(store.engine, Engine):
        store.engine.compact()
    desk.close()
    return filling


@dataclass(frozen=True, slots=True)
class Filling:
    """What `demo-data` does, as long as it took: seconds."""

    tickets: int
    wall: float

    def figures(self) -> list[Figure]:
        """Return the pace, and how long a large desk would take at it."""
        pace = self.tickets / self.wall
        return [
            Figure("invented tickets a second", pace, ""),
            Figure(f"{LARGE_DEMO:,} invented tickets at this pace", LARGE_DEMO / pace, "s", limit=60),
        ]


@dataclass(frozen=True, slots=True)
class Opening:
    """What it took to open a store and show a first list: seconds, and bytes of memory."""

    tickets: int
    data: int
    wall: float
    cpu: float
    memory: int

    def figures(self) -> list[Figure]:
        """Return them by ticket, and beside what the data alone take."""
        fair = 1.3 * self.data + ROW_BYTES * self.tickets
        return [
            Figure("opening, CPU a ticket", MICROSECONDS * self.cpu / self.tickets, "µs", limit=30),
            Figure("opening and a first list", self.wall, "s"),
            Figure(
                "memory, beside 1.3 x the data and 0.5 kB a ticket",
                self.memory * MEBIBYTES,
                "MiB",
                fair * MEBIBYTES,
                limit=1,
            ),
        ]


def open_once(folder: Path) -> Opening:
    """Open the store, ask for the first list, and tell what that took."""
    complete_models()
    gc.collect()
    memory, wall, cpu = resident(), time.perf_counter(), time.process_time()
    store = JsonStore(folder)
    with store.read() as tx:
        page = tx.tickets.search(Audience(username="ada", sees_all=True), TicketQuery())
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    memory = resident() - memory
    data = sum(len(document) for documents in store.copy().values() for document in documents.values())
    store.close()
    return Opening(page.total, data, wall, cpu, memory)


def resident() -> int:
    """Return how many bytes of memory this process occupies."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
