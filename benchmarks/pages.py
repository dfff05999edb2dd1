"""
`bench pages`: what a run of each page costs the server, beside a run of a page with nothing on it.

All servers are started in the same way with the same configuration and take turns in short slices; visitors speak to
them over real WebSockets. What counts is the processor time that the server's process takes for a run. With a database,
the desk over it is held against the desk over files of the same size, and two processes over it against one.
"""

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.databases import copied
from benchmarks.measuring import MILLISECONDS, Figure, Report, percentile, require_linux
from benchmarks.serving import Running, an_empty_page, running, the_desk, the_desk_at
from ticketing.desk import Desk, utc_now
from ticketing.domain.people import Actor, Role
from ticketing.domain.queries import TicketQuery
from ticketing.domain.statuses import Status
from ticketing.services.access import Clock
from ticketing.settings import Settings
from ticketing.storage.json_store import JsonStore

if TYPE_CHECKING:
    from benchmarks.visitors import Crowd

PASSWORD = "four slow kettles"  # noqa: S105 - of accounts that live as long as the benchmark
ADMIN = "head"
COOKIE = "ticketing_session"
KILOBYTES = 1 / 1000
TYPICAL_MESSAGES = 5
SIZES = (10_000, 100_000)
IN_DATABASE = 1.3
CROWD = 6
MISSING = "The page benchmark speaks WebSocket: install what tests/requirements.txt names (websockets is missing)."


@dataclass(frozen=True, slots=True)
class Visit:
    """Who looks at which page, and what that may cost: times the empty page, kilobytes, times the smallest desk."""

    page: str
    who: str
    query: str = ""
    cost: float | None = None
    kilobytes: float | None = None

    @property
    def name(self) -> str:
        """What it is called in the report."""
        return f"{self.page}{f' {self.query}' if '=' in self.query else ''}, {self.who}"

    @property
    def growth(self) -> float | None:
        """How many times more it may cost on the largest desk: the pages with a target don't grow with the desk."""
        return 1.3 if self.cost else None


THE_TICKET = "the ticket"
VISITS = (
    Visit("login", "visitor"),
    Visit("register", "visitor"),
    Visit("reset_password", "visitor"),
    Visit("my_tickets", "requester", cost=4, kilobytes=60),
    Visit("ticket", "requester", THE_TICKET, cost=4),
    Visit("new_ticket", "requester"),
    Visit("account", "requester"),
    Visit("inbox", "requester"),
    Visit("all_tickets", "agent", cost=4, kilobytes=60),
    Visit("all_tickets", "agent", "size=100&view=all", cost=4, kilobytes=60),
    Visit("all_tickets", "agent", "view=all&q=status:open priority>=high tag:vpn", cost=4, kilobytes=60),
    Visit("my_tickets", "agent", cost=4, kilobytes=60),
    Visit("ticket", "agent", THE_TICKET, cost=4),
    Visit("new_ticket", "agent"),
    Visit("account", "agent"),
    Visit("dashboard", "agent", cost=4, kilobytes=60),
    Visit("reports", "agent"),
    Visit("bulk", "agent"),
    Visit("articles", "requester"),
    Visit("article", "agent", "edit=new"),
    Visit("desk_setup", "admin", "kind=teams"),
    Visit("agent_admin", "agent"),
    Visit("doctor", "admin"),
    Visit("mail", "admin"),
    Visit("audit", "admin"),
    Visit("webhooks", "admin"),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """How much to measure."""

    sizes: Sequence[int] = SIZES
    sessions: Sequence[int] = (1, 16)
    postgres: str | None = None
    visits: Sequence[Visit] = VISITS
    slices: int = 4
    slice_seconds: float = 0.5


def main(tickets: int | None, json_path: Path | None, postgres: str | None) -> None:
    """Measure at the given number of tickets, or at both, and print what comes out."""
    require_linux()
    if find_spec("websockets") is None:
        raise SystemExit(MISSING)
    report = Report("Pages")
    measure(report, Plan(sizes=[tickets] if tickets else SIZES, postgres=postgres))
    report.write(json_path)


@dataclass(frozen=True, slots=True)
class Setting:
    """A running desk, its people's cookies, and a ticket that both sides may see."""

    size: int
    server: Running
    tokens: dict[str, str]
    ticket: int
    kept_in: str = ""

    @property
    def name(self) -> str:
        """What it is called in the report."""
        return f"at {self.size:,}{self.kept_in}"


def measure(report: Report, plan: Plan) -> None:
    """Have every visit paid by one and by many, to the empty page and to each desk in turns."""
    place = os.environ.get("TMPDIR", "/var/tmp")  # noqa: S108 - a directory of our own is made in it
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="ticketing-bench-", dir=place)))
        empty = stack.enter_context(running(an_empty_page(folder / "empty")))
        settings = []
        for size in plan.sizes:
            tokens, ticket = fill(folder / str(size), size)
            server = stack.enter_context(running(the_desk(folder / str(size))))
            settings.append(Setting(size, server, tokens, ticket))
        if plan.postgres:
            settings.append(stack.enter_context(in_database(settings[0], folder / str(plan.sizes[0]), plan.postgres)))
        for server in [empty, *(one.server for one in settings)]:
            server.settle()
        for sessions in plan.sessions:
            for visit in plan.visits:
                compare(report, plan, sessions, visit, empty, settings)
        if plan.postgres:
            compare_processes(report, plan, settings[-1])


def compare(
    report: Report, plan: Plan, sessions: int, visit: Visit, empty: Running, settings: Sequence[Setting]
) -> None:
    """Have one visit paid everywhere, and report it."""
    from benchmarks.visitors import Address, in_turns  # noqa: PLC0415 - needs what only tests install

    pages = [(empty, Address(empty.base))]
    for one in settings:
        query = f"id={one.ticket}" if visit.query == THE_TICKET else visit.query
        token = one.tokens.get(visit.who)
        pages.append((one.server, Address(one.server.base, visit.page, query, {COOKIE: token} if token else {})))
    nothing, *crowds = asyncio.run(in_turns(pages, sessions, plan.slices, plan.slice_seconds))
    figures = [
        figure for one, crowd in zip(settings, crowds, strict=True) for figure in _figures(visit, one, crowd, nothing)
    ]
    for one, crowd in zip(settings[1:], crowds[1:], strict=True):
        limit = IN_DATABASE if one.kept_in else visit.growth
        figures.append(Figure(f"CPU a run {one.name}", _cost(crowd), "ms", _cost(crowds[0]), settings[0].name, limit))
        if one.kept_in:
            theirs, files = (MILLISECONDS * percentile(each.runs.seconds, 0.5) for each in (crowd, crowds[0]))
            figures.append(Figure(f"half of the runs within, {one.name}", theirs, "ms", files, settings[0].name, limit))
    report.add(f"{visit.name}, {sessions} session{'s' if sessions > 1 else ''}", figures)


def _figures(visit: Visit, setting: Setting, crowd: "Crowd", nothing: "Crowd") -> list[Figure]:
    at = setting.name
    figures = [Figure(f"CPU a run {at}", _cost(crowd), "ms", _cost(nothing), "empty page", visit.cost)]
    for share, name in ((0.5, "half of the runs"), (0.95, "95 % of the runs")):
        ours, rivals = (MILLISECONDS * percentile(one.runs.seconds, share) for one in (crowd, nothing))
        figures.append(Figure(f"{name} within, {at}", ours, "ms", rivals, "empty page"))
    received = crowd.runs.received / len(crowd.runs.seconds)
    return [*figures, Figure(f"received for a run {at}", KILOBYTES * received, "kB", limit=visit.kilobytes)]


def _cost(crowd: "Crowd") -> float:
    return MILLISECONDS * crowd.cpu / len(crowd.runs.seconds)


@contextmanager
def in_database(files: Setting, folder: Path, address: str) -> Iterator[Setting]:
    """Give a desk with the same tickets in a database; the same people sign in there."""
    with closing(JsonStore(folder, read_only=True)) as source, copied(source, address) as store:
        desk = Desk(Settings(), store, password_rounds=4)
        ticket = desk.tickets.get(Actor.console(), files.ticket)
        tokens = signed_in(desk, ticket.assignee, ticket.requester)
        with running(the_desk_at(address)) as server:
            yield Setting(files.size, server, tokens, files.ticket, " in PostgreSQL")


def compare_processes(report: Report, plan: Plan, desk: Setting) -> None:
    """Hold one process against two over one database, twice as many visitors at the two."""
    from benchmarks.visitors import Address, together  # noqa: PLC0415 - needs what only tests install

    visit = Visit("all_tickets", "agent")
    token = {COOKIE: desk.tokens[visit.who]}
    with running(the_desk_at(plan.postgres or "")) as second:
        second.settle()
        one, two = (
            [Address(server.base, visit.page, cookies=token) for server in servers]
            for servers in ([desk.server], [desk.server, second])
        )
        slices = (plan.slices, plan.slice_seconds)
        alone, both = asyncio.run(together([(one, CROWD), (two, 2 * CROWD)], *slices))
    late, later = (MILLISECONDS * percentile(runs.seconds, 0.95) for runs in (alone, both))
    # Everybody clicks without a pause, so that the time of an answer grows as the visitors do.
    served = 2 * CROWD * late / later
    report.add(
        f"{visit.name}, one process and two in PostgreSQL",
        [
            Figure(f"95 % of the runs within, {CROWD} sessions and {2 * CROWD}", late, "ms", later, "two processes"),
            Figure("sessions at equal 95 %", CROWD, "", served, "two processes", limit=1 / 1.7),
        ],
    )


def fill(folder: Path, size: int, clock: Clock = utc_now) -> tuple[dict[str, str], int]:
    """Make a desk of invented tickets; return tokens of its people, and the number of a ticket of two of them."""
    desk = Desk(Settings(), JsonStore(folder), clock, password_rounds=4)
    console = Actor.console()
    desk.demo.fill(console, size, 1)
    assigned = [ticket for ticket in desk.tickets.search(console, TicketQuery(size=200)).items if ticket.assignee]
    # At night a small desk may have none that is open.
    likely = [ticket for ticket in assigned if ticket.status is Status.OPEN] or assigned
    ticket = min(likely, key=lambda one: abs(one.messages - TYPICAL_MESSAGES))
    for username in (ticket.assignee or "", ticket.requester):
        desk.agents.set_password(console, username, PASSWORD)
    desk.agents.create_agent(console, ADMIN, PASSWORD, role=Role.ADMIN)
    tokens = signed_in(desk, ticket.assignee, ticket.requester)
    desk.close()
    return tokens, ticket.number


def signed_in(desk: Desk, agent: str | None, requester: str) -> dict[str, str]:
    """Sign in the two of a ticket and an admin, and return their tokens."""
    people = {"agent": agent or "", "requester": requester, "admin": ADMIN}
    return {who: desk.accounts.sign_in(username, PASSWORD) for who, username in people.items()}
