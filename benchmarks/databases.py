"""
The rest of `bench storage`: the desk's own store in SQLite and in PostgreSQL, beside its files.

All hold the same tickets and take turns, and must give the same answers before anything is timed. A durable write in
PostgreSQL is held against the least that it can cost there: one row changed and committed on the same server.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random
from typing import TypeVar

from sqlalchemy import create_engine, text

from benchmarks.contest import COMMON, POOL, RARE, TEXT, TITLE
from benchmarks.likeness import figures_of_similar
from benchmarks.measuring import MILLISECONDS, Contestant, Figure, Times, percentile, take_turns
from benchmarks.reports import figures_of_reports
from ticketing.domain.people import Actor, Role
from ticketing.domain.queries import Audience, Sort, TicketQuery, View, statuses_of
from ticketing.domain.query_language import Asker, read_query
from ticketing.domain.statuses import Priority, Status, StatusCategory, TicketCategory
from ticketing.domain.store import Store, Transaction
from ticketing.domain.tickets import Ticket
from ticketing.storage.json_store import JsonStore
from ticketing.storage.opening import open_store
from ticketing.storage.whole import WholeStore

FILES, SQLITE, POSTGRES, COMMIT = "JSON", "SQLite", "PostgreSQL", "bare commit"
MOST_MILLISECONDS = 20
# Of files: up to so many tickets, and beyond.
MOST_IN_FILES = {10_000: 50, 100_000: 150}
MOST_COMMITS = 2.0
ROWS = 1_000
READ_ROUNDS = 40  # a rare word takes the files half a second
# As people type them: words, tags, times, what is not, and each with others.
QUERIES = (
    "the printer",
    "printer -please",
    "title:printer",
    "tag:vpn",
    "status:open priority>=high -tag:vpn",
    "created:<7d is:open",
    "resolved:>80d has:note",
    "requester:carla",
    "is:new,unassigned -has:reply sort:-created",
)
REPORT_ROUNDS = 5  # and a report of everything a second
ADA = Actor("ada", "Ada", Role.AGENT)
AGENTS = Audience(username="ada", sees_all=True)
UNDER_WAY = statuses_of(StatusCategory.OPEN)

Question = Callable[[Transaction], object]
Answer = TypeVar("Answer")


def compare(files: JsonStore, folder: Path, postgres: str | None, rounds: int) -> list[Figure]:
    """Copy the tickets into each database, and measure all of them in turns."""
    deque(files.prepare(), maxlen=0)  # as the server does beside its start
    with ExitStack() as stack:
        stores: dict[str, Store] = {FILES: files}
        stores[SQLITE] = stack.enter_context(copied(files, f"sqlite:///{folder / 'own.sqlite'}"))
        commits = {}
        if postgres:
            stores[POSTGRES] = stack.enter_context(copied(files, postgres))
            commits[COMMIT] = Contestant(stack.enter_context(bare_commits(postgres)))
        reports = figures_of_reports(stores, min(rounds, REPORT_ROUNDS))
        reading = [*reads(stores, min(rounds, READ_ROUNDS)), *figures_of_similar(stores, min(rounds, READ_ROUNDS))]
        return [*reports, *reading, *writes(stores, commits, rounds)]


@contextmanager
def copied(source: WholeStore, address: str) -> Iterator[WholeStore]:
    """Give a store with the same tickets, emptied in the end; it must be empty before, as it could be somebody's."""
    with closing(open_store(address)) as store:
        with store.read() as tx:
            if tx.users.any():
                raise SystemExit("The database to measure in must be an empty one.")
        try:
            with source.documents() as documents, store.taking_in() as intake:
                for collection, found in documents.items():
                    intake.take(collection, found)
            tend(address)
            yield store
        finally:
            with store.taking_in() as intake:
                intake.clear()


def tend(address: str) -> None:
    """Have PostgreSQL do what it does by itself within a minute; SQLite does nothing by itself."""
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    if engine.name == "postgresql":
        with engine.connect() as connection:
            connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()


@contextmanager
def bare_commits(address: str) -> Iterator[Callable[[], object]]:
    """Give what changes one row and commits, as PostgreSQL's own benchmark does, without anything of ours around it."""
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("DROP TABLE IF EXISTS bare_commits"))
        connection.execute(text("CREATE TABLE bare_commits (id int PRIMARY KEY, changes int)"))
        connection.execute(
            text("INSERT INTO bare_commits SELECT i, 0 FROM generate_series(1, :rows) i"), {"rows": ROWS}
        )
        cursor, rng = connection.connection.cursor(), Random(1)

        def commit() -> None:
            cursor.execute("UPDATE bare_commits SET changes = changes + 1 WHERE id = %s", [rng.randint(1, ROWS)])

        try:
            yield commit
        finally:
            connection.execute(text("DROP TABLE bare_commits"))
    engine.dispose()


def most_in_files(tickets: int) -> int | None:
    """Return within how many milliseconds files answer; a benchmark opens some more tickets than it was asked for."""
    return next((most for size, most in MOST_IN_FILES.items() if tickets < 2 * size), None)


def reads(stores: Mapping[str, Store], rounds: int) -> list[Figure]:
    """Put the questions of the pages to all stores, which must answer alike."""
    figures = []
    tickets = ask(stores[FILES], lambda tx: tx.tickets.counts(AGENTS, [TicketQuery()])[0])
    in_files = most_in_files(tickets)
    for name, question in questions(stores[FILES]).items():
        answers = {kind: ask(store, question) for kind, store in stores.items()}
        if differing := [kind for kind, answer in answers.items() if answer != answers[FILES]]:
            raise SystemExit(f"The stores do not agree about “{name}”: {differing[0]} has another answer.")
        times = take_turns({kind: Contestant(partial(ask, store, question)) for kind, store in stores.items()}, rounds)
        within = MILLISECONDS * percentile(times[FILES].wall, 0.95)
        figures.append(Figure(f"{name}, {FILES}, 95 %", within, "ms", limit=in_files))
        for kind in [*stores][1:]:
            most = MOST_MILLISECONDS if kind == POSTGRES else None
            figures += _figures(f"{name}, {kind}", times[kind], times[FILES], FILES, most=most)
    return figures


def ask(store: Store, question: Callable[[Transaction], Answer]) -> Answer:
    """Put one question."""
    with store.read() as tx:
        return question(tx)


def questions(store: Store) -> dict[str, Question]:
    """Return what pages ask, about people who are there."""
    with store.read() as tx:
        newest = tx.tickets.search(AGENTS, TicketQuery(size=200)).items
    assignee = next((ticket.assignee for ticket in newest if ticket.assignee), "ada")
    mine = Audience(username=newest[0].requester, sees_all=False)
    closed, urgent = frozenset({Status.CLOSED}), frozenset({Priority.URGENT})
    network = frozenset({TicketCategory.NETWORK})
    lists = {
        "the newest 50": (AGENTS, TicketQuery()),
        "the newest 50 of a requester": (mine, TicketQuery()),
        "status and assignee": (AGENTS, TicketQuery(assignee=assignee, statuses=closed)),
        "open ones by priority": (AGENTS, TicketQuery(statuses=UNDER_WAY, sort=Sort.PRIORITY)),
        "priority and category": (AGENTS, TicketQuery(priorities=urgent, categories=network)),
        "a rare word": (AGENTS, TicketQuery(needles=(RARE,))),
        "a common word": (AGENTS, TicketQuery(needles=(COMMON,))),
        "a phrase": (AGENTS, TicketQuery(needles=("the printer",))),
        "a common word, of a requester": (mine, TicketQuery(needles=(COMMON,))),
    }
    asker = Asker("ada", newest[0].updated_at)
    typed = {f"“{text}”": (AGENTS, read_query(text, asker)) for text in QUERIES}
    views = [view.query("ada", datetime.now(UTC)) for view in View]
    return {
        "a ticket": lambda tx: tx.tickets.find(newest[0].number),
        **{name: partial(_search, *asked) for name, asked in (lists | typed).items()},
        "the counts of all views": lambda tx: tx.tickets.counts(AGENTS, views),
    }


def _search(audience: Audience, query: TicketQuery, tx: Transaction) -> object:
    return tx.tickets.search(audience, query)


def writes(stores: Mapping[str, Store], commits: Mapping[str, Contestant], rounds: int) -> list[Figure]:
    """Open tickets in all stores, and reply; a commit with next to nothing in it takes turns with them."""
    with stores[FILES].read() as tx:
        found = tx.tickets.search(AGENTS, TicketQuery(statuses=UNDER_WAY, size=POOL)).items
    pool = [ticket.number for ticket in found]
    deeds: dict[str, Callable[[Store, Random], None]] = {
        "open a ticket": open_ticket,
        "reply": lambda store, rng: reply(store, rng.choice(pool)),
    }
    figures = []
    for name, deed in deeds.items():
        contestants = {kind: Contestant(partial(deed, store, Random(1))) for kind, store in stores.items()}
        times = take_turns({**contestants, **commits}, rounds)
        figures += _figures(f"{name}, {SQLITE}", times[SQLITE], times[FILES], FILES)
        if commits:
            figures += _figures(f"{name}, {POSTGRES}", times[POSTGRES], times[COMMIT], COMMIT, MOST_COMMITS)
    return figures


def open_ticket(store: Store, _rng: Random) -> None:
    """Open a ticket."""
    with store.write() as tx:
        number = tx.tickets.next_number()
        tx.tickets.save(Ticket.open(number, "ada", TITLE, TEXT, TicketCategory.HARDWARE, datetime.now(UTC)))


def reply(store: Store, number: int) -> None:
    """Reply to a ticket."""
    with store.write() as tx:
        ticket = tx.tickets.find(number)
        if ticket is not None:
            ticket.reply(ADA, TEXT, datetime.now(UTC))
            tx.tickets.save(ticket)


def _figures(
    name: str, ours: Times, rivals: Times, against: str, limit: float | None = None, most: float | None = None
) -> list[Figure]:
    """Return the median beside the rival's, and what 95 % stay below; both in milliseconds."""
    median, rival = MILLISECONDS * ours.median, MILLISECONDS * rivals.median
    within = MILLISECONDS * percentile(ours.wall, 0.95)
    return [
        Figure(name, median, "ms", rival, against, limit),
        Figure(f"{name}, 95 %", within, "ms", limit=most),
    ]
