"""One view for all that a thread reads in a block: less to ask of a database, and nothing that could be mistaken."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from tests.postgres import databases
from tests.storage.conftest import FileTicket, make_ticket
from ticketing.domain.errors import StorageReadOnlyError, TicketNotFoundError
from ticketing.domain.queries import Audience, TicketQuery
from ticketing.domain.store import Store
from ticketing.storage.sql.sql_store import SqlStore

EVERYTHING = Audience(username="ada", sees_all=True)


def total(store: Store) -> int:
    with store.read() as tx:
        return tx.tickets.search(EVERYTHING, TicketQuery()).total


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    """Return a store in a database, with a ticket."""
    here = f"sqlite:///{tmp_path / 'desk.sqlite'}" if request.param == "sqlite" else databases().create("viewed")
    with closing(SqlStore(here)) as store:
        with store.write() as tx:
            tx.tickets.save(make_ticket(tx.tickets.next_number()))
        yield store


@pytest.fixture
def views() -> Iterator[list[str]]:
    """Note the beginning and the end of each view of a database."""
    noted: list[str] = []

    def begun(*_given: object) -> None:
        noted.append("begun")

    def ended(*_given: object) -> None:
        noted.append("ended")

    listeners = {"begin": begun, "rollback": ended, "commit": ended}
    for name, listener in listeners.items():
        event.listen(Engine, name, listener)
    yield noted
    for name, listener in listeners.items():
        event.remove(Engine, name, listener)


def test_what_a_thread_changes_shows_in_the_rest_of_its_block(store: Store, file_ticket: FileTicket) -> None:
    with store.one_view():
        before = total(store)
        file_ticket()
        after = total(store)

    assert (before, after) == (0, 1)


def test_what_others_changed_shows_after_the_block(store: Store, file_ticket: FileTicket) -> None:
    with ThreadPoolExecutor(1) as other, store.one_view():
        assert total(store) == 0
        other.submit(file_ticket).result()

    assert total(store) == 1


def test_a_thread_has_no_part_in_the_view_of_another(store: Store, file_ticket: FileTicket) -> None:
    with ThreadPoolExecutor(1) as other, store.one_view():
        assert total(store) == 0
        other.submit(file_ticket).result()
        assert other.submit(total, store).result() == 1


def test_what_is_read_without_a_view_is_of_its_own_moment(store: Store, file_ticket: FileTicket) -> None:
    with ThreadPoolExecutor(1) as other, store.no_view(), store.one_view(), store.no_view():
        assert total(store) == 0
        other.submit(file_ticket).result()
        assert total(store) == 1


def test_a_refusal_in_the_block_takes_nothing_from_what_is_read_after_it(store: Store, file_ticket: FileTicket) -> None:
    file_ticket()

    with store.one_view():
        with pytest.raises(TicketNotFoundError), store.read():
            raise TicketNotFoundError(7)
        assert total(store) == 1


def test_all_that_is_read_in_the_block_is_of_one_moment(database: SqlStore, views: list[str]) -> None:
    with ThreadPoolExecutor(1) as other, database.one_view():
        assert total(database) == 1
        other.submit(lambda: file(database)).result()
        views.clear()
        assert total(database) == 1
        assert views == []

    assert views == ["ended"]


def test_a_block_in_which_nothing_is_read_asks_nothing(database: SqlStore, views: list[str]) -> None:
    with database.one_view():
        pass

    assert views == []


def test_who_writes_holds_no_view_meanwhile(database: SqlStore, views: list[str]) -> None:
    with database.one_view():
        total(database)
        with database.write():
            assert views == ["begun", "ended", "begun"]


def test_who_does_something_slow_keeps_no_view_meanwhile(database: SqlStore, views: list[str]) -> None:
    with database.one_view():
        total(database)
        with database.no_view():
            assert views == ["begun", "ended"]
            total(database)
            assert views == ["begun", "ended"] * 2
        total(database)
        total(database)

    assert views == ["begun", "ended"] * 3


def test_a_view_in_which_the_database_failed_is_over(database: SqlStore) -> None:
    with database.one_view():
        total(database)
        with pytest.raises(StorageReadOnlyError), database.read():
            raise StorageReadOnlyError("as if the database had said so")
        file_from_elsewhere = threading.Thread(target=file, args=(database,))
        file_from_elsewhere.start()
        file_from_elsewhere.join()
        assert total(database) == 2


def test_the_end_of_a_block_gives_its_connection_back(database: SqlStore) -> None:
    with database.one_view():
        total(database)

    assert database._engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # noqa: SLF001 - nothing else tells


def file(store: SqlStore) -> None:
    with store.write() as tx:
        tx.tickets.save(make_ticket(tx.tickets.next_number()))
