"""Who waits for whom, and how long: a writer's patience is one, whatever it has to wait for."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest
from sqlalchemy import create_engine, text

from tests.postgres import databases
from tests.serving import ROOT
from tests.storage.conftest import POSTGRES, make_ticket
from ticketing.domain.errors import StorageBusyError
from ticketing.domain.store import Store
from ticketing.storage.sql.connecting import CONNECTIONS


def seconds_in_vain(store: Store, patience: float) -> float:
    """Return how long somebody with this patience waited for a turn that did not come."""
    started = time.monotonic()
    with pytest.raises(StorageBusyError), store.write(patience):
        pass
    return time.monotonic() - started


def test_c3_a_writer_behind_others_of_its_own_process_and_of_another_one_waits_once(
    reopen: Callable[[], Store],
) -> None:
    store, another = reopen(), reopen()
    begun = threading.Event()

    def wait_before() -> float:
        begun.set()
        return seconds_in_vain(store, 2.0)

    with another.write(), ThreadPoolExecutor(1) as pool:
        before = pool.submit(wait_before)
        begun.wait(20)
        time.sleep(0.1)
        waited = seconds_in_vain(store, 2.2)

        assert 1.9 < before.result() < 3.3
        assert 2.1 < waited < 3.3


@pytest.mark.parametrize("reopen", ["sqlite", "postgres"], indirect=True)
def test_n1_readers_at_all_connections_leave_a_writer_its_own(reopen: Callable[[], Store]) -> None:
    store = reopen()
    with ExitStack() as readers:
        for _ in range(CONNECTIONS):
            readers.enter_context(store.read())

        with store.write(patience=0.5) as tx:
            tx.tickets.save(make_ticket(tx.tickets.next_number()))

    with store.read() as tx:
        assert tx.tickets.find(1) is not None


@contextmanager
def connected() -> Iterator[Callable[[], int]]:
    """Give a way to ask the server how many connections desks have to this database."""
    looking = create_engine(databases().address(POSTGRES), isolation_level="AUTOCOMMIT")
    question = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'ticketing'"
    )
    with looking.connect() as connection:
        yield lambda: connection.scalar(question) or 0
    looking.dispose()


@pytest.mark.parametrize("reopen", ["postgres"], indirect=True)
def test_a_desk_holds_no_more_connections_than_documented_however_many_read(reopen: Callable[[], Store]) -> None:
    documented = re.search(
        r"A process holds at most (\d+)\s+connections, and (\d+) when there is little to do",
        (ROOT / "docs/deploy.md").read_text("utf-8"),
    )
    assert documented
    store = reopen()

    def read(_: int) -> int:
        with store.read() as tx:
            time.sleep(0.1)
            return len(list(tx.tickets.stream()))

    with connected() as count, ThreadPoolExecutor(40) as pool:
        reading = [pool.submit(read, reader) for reader in range(40)]
        with store.write() as tx:
            tx.tickets.save(make_ticket(1))
            at_work = [count()]
            while not all(each.done() for each in reading):
                at_work.append(count())
        found = [each.result() for each in reading]
        most, kept = map(int, documented.groups())
        until = time.monotonic() + 5  # the server takes its time to notice that a connection was closed
        while count() > kept and time.monotonic() < until:
            time.sleep(0.01)
        afterwards = count()

    assert (max(at_work), afterwards) == (most, kept)
    assert found == [0] * 40


@pytest.mark.parametrize("reopen", ["sqlite", "postgres"], indirect=True)
def test_after_an_impatient_writer_the_next_one_is_as_patient_as_ever(reopen: Callable[[], Store]) -> None:
    store, another = reopen(), reopen()
    with another.write():
        seconds_in_vain(store, 0.01)

        assert seconds_in_vain(store, 0.5) > 0.4
