"""What the desk does by itself: by whoever looks, by a thread, by a command; what fails holds nobody up."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import NamedTuple

import pytest

from tests.services.conftest import Clock
from ticketing.background import Worker
from ticketing.domain.people import Actor
from ticketing.domain.statuses import Status, TicketCategory
from ticketing.domain.store import Transaction
from ticketing.domain.tickets import Ticket
from ticketing.services.access import Gate
from ticketing.services.chores import ALL, LOOK_EVERY, Chores, Turn
from ticketing.services.moments import MOMENTS_BATCH
from ticketing.storage.memory import MemoryStore

ON_EVERY_STORE = True

CONSOLE = Actor.console()
DAY = timedelta(days=1)
MANY = 2 * MOMENTS_BATCH + 1


class Broken(NamedTuple):
    """A chore with a mistake in it."""

    name: str = "Watering the plants"

    def is_due(self, _tx: Transaction, _now: datetime) -> bool:
        """Say that it always is."""
        return True

    def do_some(self, tx: Transaction, _now: datetime) -> bool:
        """Change something, and fail."""
        ticket = tx.tickets.find(1)
        assert ticket is not None
        ticket.title = "Watered"
        tx.tickets.save(ticket)
        raise ZeroDivisionError


class Puzzled(NamedTuple):
    """A chore that cannot tell whether it is due."""

    name: str = "Feeding the cat"

    def is_due(self, _tx: Transaction, _now: datetime) -> bool:
        """Fail."""
        raise ZeroDivisionError

    def do_some(self, _tx: Transaction, _now: datetime) -> bool:
        """Do nothing."""
        return False


class Opening(NamedTuple):
    """A chore that opens a ticket at each turn, three in all."""

    name: str = "Opening tickets"

    def is_due(self, tx: Transaction, _now: datetime) -> bool:
        """Whether one is left to be opened."""
        return tx.tickets.next_number() <= 3

    def do_some(self, tx: Transaction, now: datetime) -> bool:
        """Open the next one."""
        number = tx.tickets.next_number()
        tx.tickets.save(Ticket.open(number, "carla", "Phone", "Dead.", TicketCategory.NETWORK, now))
        return number < 3


@pytest.fixture
def resolved(store: MemoryStore, clock: Clock) -> list[int]:
    """Fill the store with tickets whose days as resolved are over."""
    ticket = Ticket.open(1, "carla", "Phone", "Dead.", TicketCategory.NETWORK, clock() - 9 * DAY)
    ticket.change_status(CONSOLE, Status.RESOLVED, clock() - 8 * DAY)
    with store.write() as tx:
        for number in range(1, MANY + 1):
            tx.tickets.save(ticket.model_copy(update={"id": str(number)}))
    return list(range(1, MANY + 1))


def closed(store: MemoryStore) -> list[int]:
    with store.read() as tx:
        return [ticket.number for ticket in tx.tickets.stream() if ticket.status is Status.CLOSED]


def numbers(store: MemoryStore) -> list[int]:
    with store.read() as tx:
        return [ticket.number for ticket in tx.tickets.stream()]


def test_what_is_due_is_done_a_few_at_a_time_until_nothing_is(
    store: MemoryStore, clock: Clock, gate: Gate, resolved: list[int]
) -> None:
    chores = Chores(store, clock, gate)

    assert [chores.do_some() for _ in range(4)] == [Turn(has_more) for has_more in (True, True, False, False)]
    assert closed(store) == resolved


def test_as_long_as_nothing_is_due_nobody_looks_again_within_the_minute(
    store: MemoryStore, clock: Clock, gate: Gate
) -> None:
    chores = Chores(store, clock, gate)
    chores.look_in(CONSOLE)
    ticket = Ticket.open(1, "carla", "Phone", "Dead.", TicketCategory.NETWORK, clock() - 9 * DAY)
    ticket.change_status(CONSOLE, Status.RESOLVED, clock() - 8 * DAY)
    with store.write() as tx:
        tx.tickets.save(ticket)

    chores.look_in(CONSOLE)
    assert closed(store) == []

    clock.advance(LOOK_EVERY)
    chores.look_in(CONSOLE)
    assert closed(store) == [1]


def test_as_long_as_there_is_more_whoever_looks_next_goes_on(store: MemoryStore, clock: Clock, gate: Gate) -> None:
    chores = Chores(store, clock, gate, [Opening()])

    reached = []
    for _ in range(4):
        chores.look_in(CONSOLE)
        reached.append(numbers(store))

    assert reached == [[1], [1, 2], [1, 2, 3], [1, 2, 3]]


def test_a_clock_that_is_set_back_holds_nothing_up(store: MemoryStore, clock: Clock, gate: Gate) -> None:
    chores = Chores(store, clock, gate)
    chores.look_in(CONSOLE)
    clock.advance(-DAY)
    ticket = Ticket.open(1, "carla", "Phone", "Dead.", TicketCategory.NETWORK, clock() - 9 * DAY)
    ticket.change_status(CONSOLE, Status.RESOLVED, clock() - 8 * DAY)
    with store.write() as tx:
        tx.tickets.save(ticket)

    chores.look_in(CONSOLE)

    assert closed(store) == [1]


def test_a_chore_that_fails_changes_nothing_is_logged_and_keeps_no_other_from_its_turn(
    store: MemoryStore, clock: Clock, gate: Gate, resolved: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    chores = Chores(store, clock, gate, [Puzzled(), Broken(), *ALL])

    chores.look_in(CONSOLE)

    assert closed(store) == resolved[:MOMENTS_BATCH]
    assert "Feeding the cat failed" in caplog.text
    assert "Watering the plants failed" in caplog.text
    with store.read() as tx:
        assert {ticket.title for ticket in tx.tickets.stream()} == {"Phone"}


@contextmanager
def written_to_elsewhere(store: MemoryStore) -> Iterator[None]:
    """Have another thread write to the store while a block lasts."""
    begun, over = threading.Event(), threading.Event()

    def write() -> None:
        with store.write():
            begun.set()
            over.wait()

    writer = threading.Thread(target=write)
    writer.start()
    begun.wait()
    try:
        yield
    finally:
        over.set()
        writer.join()


def test_who_only_looks_is_not_kept_waiting_by_a_busy_store(
    store: MemoryStore, clock: Clock, gate: Gate, resolved: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    chores = Chores(store, clock, gate)

    with written_to_elsewhere(store):
        chores.look_in(CONSOLE)
    assert "Closing what stayed resolved had to wait" in caplog.text
    assert closed(store) == []

    clock.advance(LOOK_EVERY)
    chores.look_in(CONSOLE)
    assert closed(store) == resolved[:MOMENTS_BATCH]


def test_whoever_has_all_of_it_done_at_once_is_told_what_failed(
    store: MemoryStore, clock: Clock, gate: Gate, resolved: list[int]
) -> None:
    chores = Chores(store, clock, gate, [Puzzled(), Broken(), *ALL])

    assert chores.do_all() == ["Feeding the cat", "Watering the plants"]
    assert closed(store) == resolved


def test_after_the_thread_has_looked_nobody_else_does_within_the_minute(
    store: MemoryStore, clock: Clock, gate: Gate
) -> None:
    chores = Chores(store, clock, gate, [Opening()])
    chores.do_some()

    chores.look_in(CONSOLE)

    assert numbers(store) == [1]


def test_a_thread_does_all_of_it_without_any_visitor(
    store: MemoryStore, clock: Clock, gate: Gate, resolved: list[int]
) -> None:
    worker = Worker("chores", Chores(store, clock, gate).look, first=0)
    worker.start()
    try:
        deadline = time.monotonic() + 20
        while closed(store) != resolved:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        worker.stop()
