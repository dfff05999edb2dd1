"""Who waits for whom, and how long: a writer's patience is one, whatever it has to wait for."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.storage.conftest import make_ticket
from ticketing.domain.errors import StorageBusyError
from ticketing.domain.store import Store
from ticketing.storage.sql.connecting import CONNECTIONS


def seconds_in_vain(store: Store, patience: float) -> float:
    """Return how long somebody with this patience waited for a turn that did not come."""
    started = time.monotonic()
    with pytest.raises(StorageBusyError), store.write(patience):
        pass
    return time.monotonic() - started


def test_a_writer_behind_others_of_its_own_process_and_of_another_one_waits_once(reopen: Callable[[], Store]) -> None:
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
def test_readers_at_all_connections_leave_a_writer_its_own(reopen: Callable[[], Store]) -> None:
    store = reopen()
    with ExitStack() as readers:
        for _ in range(CONNECTIONS):
            readers.enter_context(store.read())

        with store.write(patience=0.5) as tx:
            tx.tickets.save(make_ticket(tx.tickets.next_number()))

    with store.read() as tx:
        assert tx.tickets.find(1) is not None


@pytest.mark.parametrize("reopen", ["sqlite", "postgres"], indirect=True)
def test_after_an_impatient_writer_the_next_one_is_as_patient_as_ever(reopen: Callable[[], Store]) -> None:
    store, another = reopen(), reopen()
    with another.write():
        seconds_in_vain(store, 0.01)

        assert seconds_in_vain(store, 0.5) > 0.4
