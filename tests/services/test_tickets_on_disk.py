"""Tickets over files: a request is done once even across restarts and processes, whatever else is there."""

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from tests.services.conftest import PASSWORD, Clock
from ticketing.desk import Desk, open_desk
from ticketing.domain.people import Actor
from ticketing.domain.queries import TicketQuery
from ticketing.domain.statuses import Priority
from ticketing.domain.tickets import Ticket, TicketEdit
from ticketing.settings import Settings
from ticketing.storage.documents.state import Documents
from ticketing.storage.journaled.engine import Engine
from ticketing.storage.json_store import JsonStore

CONSOLE = Actor.console()
# Each kind of request; ticket 1 is open, ticket 2 is closed.
REQUESTS: dict[str, Callable[[Desk, Actor], Ticket]] = {
    "open": lambda desk, carla: desk.tickets.open(carla, "Again", "And again.", key="k1"),
    "reply": lambda desk, carla: desk.tickets.reply(carla, 1, "Hello?", key="k1"),
    "note": lambda desk, _: desk.tickets.note(CONSOLE, 1, "Hm.", key="k1"),
    "close": lambda desk, carla: desk.tickets.close(carla, 1, key="k1"),
    "reopen": lambda desk, carla: desk.tickets.reopen(carla, 2, key="k1"),
    "edit": lambda desk, _: desk.tickets.edit(CONSOLE, 1, TicketEdit(priority=Priority.HIGH), key="k1"),
    "assign": lambda desk, _: desk.tickets.assign(CONSOLE, 1, "support_agent", key="k1"),
}


@contextmanager
def opened(folder: Path, clock: Clock) -> Iterator[Desk]:
    """Open the desk, as each process does for itself."""
    with closing(open_desk(Settings(data_dir=folder), clock=clock, password_rounds=4)) as desk:
        yield desk


def documents(desk: Desk) -> Documents:
    """Return all that is stored."""
    assert isinstance(desk.store, JsonStore)
    return desk.store.copy()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def carla(folder: Path, clock: Clock) -> Actor:
    """Return Carla, who has an open ticket and a closed one."""
    with opened(folder, clock) as desk:
        desk.accounts.register("carla", "Carla", PASSWORD, PASSWORD)
        carla = desk.sessions.actor(desk.accounts.sign_in("carla", PASSWORD))
        desk.tickets.open(carla, "No dial tone", "The line is dead.")
        desk.tickets.close(carla, desk.tickets.open(carla, "Another", "Done already.").number)
    return carla


@pytest.mark.parametrize("kind", REQUESTS)
def test_c2_the_same_request_after_a_restart_is_one_effect_and_the_same_answer(
    folder: Path, clock: Clock, carla: Actor, kind: str
) -> None:
    with opened(folder, clock) as desk:
        before = documents(desk)
        first = REQUESTS[kind](desk, carla)
        after = documents(desk)

    with opened(folder, clock) as desk:
        again = REQUESTS[kind](desk, carla)

        assert again == first
        assert documents(desk) == after != before


@pytest.mark.parametrize("kind", REQUESTS)
def test_c2_the_same_request_to_two_desks_at_once_is_one_effect_and_the_same_answer(
    folder: Path, clock: Clock, carla: Actor, kind: str
) -> None:
    with opened(folder, clock) as one, opened(folder, clock) as other:
        start = threading.Barrier(6)

        def send(desk: Desk) -> Ticket:
            start.wait(10)
            return REQUESTS[kind](desk, carla)

        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(send, [one, other] * 3))

        assert all(answer == answers[0] for answer in answers)
        assert documents(one) == documents(other)
        assert one.tickets.search(carla, TicketQuery()).total == (3 if kind == "open" else 2)
        number = {"open": 3, "reopen": 2}.get(kind, 1)
        assert one.tickets.get(CONSOLE, number).version == {"open": 1, "reopen": 3}.get(kind, 2)


def steps_of_a_reply(folder: Path, clock: Clock, tickets: int) -> int:
    """Count the functions that are called for a reply among so many tickets."""
    steps = 0

    def count(_frame: object, event: str, _what: object) -> None:
        nonlocal steps
        steps += event in {"call", "c_call"}

    store = JsonStore(folder)
    with closing(Desk(Settings(), store, clock, password_rounds=4)) as desk:
        desk.demo.fill(CONSOLE, tickets, 1)
        number = desk.tickets.open(CONSOLE, "No dial tone", "The line is dead.").number
        assert isinstance(store.engine, Engine)
        store.engine.compact()  # so that it does not become due in between
        desk.tickets.reply(CONSOLE, number, "Which room?")
        sys.setprofile(count)
        try:
            desk.tickets.reply(CONSOLE, number, "Room 204.")
        finally:
            sys.setprofile(None)
    return steps


def test_a_reply_takes_as_many_steps_among_many_tickets_as_among_few(tmp_path: Path, clock: Clock) -> None:
    few = steps_of_a_reply(tmp_path / "few", clock, 100)
    many = steps_of_a_reply(tmp_path / "many", clock, 3000)

    assert 50 < many < 1.2 * few


@contextmanager
def statements() -> Iterator[list[str]]:
    """Give the statements that are put to databases while the block lasts."""
    asked: list[str] = []

    def note(*details: Any) -> None:
        asked.append(details[2])

    sqlalchemy.event.listen(sqlalchemy.Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        sqlalchemy.event.remove(sqlalchemy.Engine, "before_cursor_execute", note)


@pytest.mark.parametrize("kind", REQUESTS)
def test_a_change_reads_its_ticket_once(tmp_path: Path, clock: Clock, kind: str) -> None:
    settings = Settings(storage_url=f"sqlite:///{tmp_path / 'desk.sqlite'}")
    with closing(open_desk(settings, clock=clock, password_rounds=4)) as desk, statements() as asked:
        desk.tickets.open(CONSOLE, "No dial tone", "The line is dead.")
        desk.tickets.close(CONSOLE, desk.tickets.open(CONSOLE, "Another", "Done already.").number)
        asked.clear()

        REQUESTS[kind](desk, CONSOLE)

    reads = [one for one in asked if one.startswith("SELECT CAST(tickets.document")]
    assert len(reads) == (0 if kind == "open" else 1)
