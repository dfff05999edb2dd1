"""PostgreSQL goes away and comes back while people work: nothing acknowledged is lost, and nobody has to restart."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.postgres import Cluster
from ticketing.desk import Desk, open_desk
from ticketing.domain.errors import StorageError, StorageUnreachableError
from ticketing.domain.people import Actor
from ticketing.domain.queries import Audience, TicketQuery
from ticketing.settings import Settings

pytestmark = pytest.mark.faults

CONSOLE = Actor.console()
RECOVERY = 5.0


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    """Return a server of these tests' own, since they stop it."""
    own = Cluster()
    yield own
    own.remove()


@pytest.fixture
def desk(server: Cluster) -> Iterator[Desk]:
    """Return a desk on that server."""
    opened = open_desk(Settings(storage_url=server.create("faults")), password_rounds=4)
    yield opened
    opened.close()


def test_a_server_that_is_killed_loses_nothing_acknowledged_and_is_found_again(desk: Desk, server: Cluster) -> None:
    acknowledged: list[int] = []
    refused: list[str] = []
    done = threading.Event()

    def work(worker: int) -> None:
        step = 0
        while not done.is_set():
            step += 1
            try:
                acknowledged.append(desk.tickets.open(CONSOLE, f"{worker}.{step}", "Hello").number)
            except StorageError as error:
                refused.append(str(error))
                time.sleep(0.02)

    with ThreadPoolExecutor(4) as pool:
        workers = [pool.submit(work, worker) for worker in range(4)]
        for _ in range(3):
            time.sleep(0.4)
            server.stop("immediate")
            time.sleep(0.2)
            server.start()
            back, before = time.monotonic(), len(acknowledged)
            while len(acknowledged) == before and time.monotonic() - back < 2 * RECOVERY:
                time.sleep(0.01)
            assert time.monotonic() - back < RECOVERY
        done.set()
        for one in workers:
            one.result()

    with desk.store.read() as tx:
        numbers = {ticket.number for ticket in tx.tickets.stream()}
        assert tx.tickets.counts(Audience(username="console", sees_all=True), [TicketQuery()]) == [len(numbers)]
    assert set(acknowledged) <= numbers
    assert len(acknowledged) == len(set(acknowledged))
    assert len(numbers) - len(acknowledged) <= len(refused)
    assert refused
    assert set(refused) == {str(StorageUnreachableError())}


def test_while_the_server_is_away_the_desk_says_so_soon(desk: Desk, server: Cluster) -> None:
    desk.tickets.open(CONSOLE, "Before", "Hello")
    server.stop("fast")
    began = time.monotonic()

    with pytest.raises(StorageUnreachableError, match="database does not answer"):
        desk.store.ping()
    with pytest.raises(StorageUnreachableError):
        desk.tickets.search(CONSOLE, TicketQuery())
    with pytest.raises(StorageUnreachableError):
        desk.tickets.open(CONSOLE, "Meanwhile", "Hello")

    assert time.monotonic() - began < 4
    server.start()
    desk.store.ping()
    assert [line.title for line in desk.tickets.search(CONSOLE, TicketQuery()).items] == ["Before"]
