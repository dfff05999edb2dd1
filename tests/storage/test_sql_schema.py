"""The tables of the two databases: as the code says, up to date after a start, and refused when they are not ours."""

import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, NullPool, Table, create_engine, delete, insert, inspect, select, text, update
from sqlalchemy.exc import IntegrityError

from tests.postgres import cluster, databases
from tests.storage.conftest import NOW, TABLES_OF_ACCOUNTS, make_ticket, make_user
from ticketing.domain.errors import (
    StorageDamagedError,
    StorageReadOnlyError,
    StorageTooNewError,
    StorageUnsupportedError,
)
from ticketing.domain.sign_in import Session
from ticketing.domain.store import Transaction
from ticketing.storage.sql import schema, tables
from ticketing.storage.sql.connecting import connect
from ticketing.storage.sql.people import user_columns
from ticketing.storage.sql.sql_store import SqlStore
from ticketing.storage.sql.tables import metadata

ADDRESSES = ["sqlite", "postgres"]
VERSIONS = Path(schema.__file__).parent / "migrations" / "versions"


@pytest.fixture(params=ADDRESSES)
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of a database in which nothing is."""
    return f"sqlite:///{tmp_path / 'desk.sqlite'}" if request.param == "sqlite" else databases().create("tables")


@pytest.fixture
def engine(address: str) -> Iterator[Engine]:
    """Return connections to a database whose tables a first start has made."""
    SqlStore(address).close()
    connections = connect(address)
    yield connections
    connections.dispose()


def asked(address: str, question: str) -> list[tuple[Any, ...]]:
    """Put a question to a database past the store."""
    connections = create_engine(address, poolclass=NullPool)
    with connections.connect() as connection:
        return [tuple(row) for row in connection.execute(text(question))]


def test_the_migrations_make_the_tables_that_the_code_expects(engine: Engine) -> None:
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)

    # In SQLite the texts are a table of its full-text extension, which no migration tool understands, and names have no
    # index of three letters each.
    not_in_sqlite = ("texts", "users_by_part_of_name")
    is_postgres = engine.dialect.name == "postgresql"
    assert [one for one in differences if is_postgres or not any(name in repr(one) for name in not_in_sqlite)] == []


def test_every_migration_is_known_as_the_newest_one_or_one_before() -> None:
    files = sorted(file.name.partition("_")[0] for file in VERSIONS.glob("[0-9]*.py"))

    assert files[-1] == schema.CURRENT


def test_a_start_over_current_tables_does_not_even_load_the_migrations(address: str) -> None:
    SqlStore(address).close()
    program = (
        "import sys; from ticketing.storage.sql.sql_store import SqlStore; "
        "SqlStore(sys.argv[1]).close(); sys.exit('alembic' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", program, address], check=False).returncode == 0


@pytest.mark.parametrize("address", ["postgres", *["sqlite"] * 20], indirect=True)
def test_starters_that_race_make_the_tables_once(address: str) -> None:
    together = threading.Barrier(4)

    def start(_: int) -> None:
        together.wait()
        SqlStore(address).close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(start, range(4)))

    assert asked(address, "SELECT version_num FROM alembic_version") == [(schema.CURRENT,)]


@pytest.mark.parametrize("address", ["postgres", "sqlite"] * 3, indirect=True)
def test_processes_that_race_make_the_tables_once(address: str) -> None:
    program = (
        "import sys, alembic.command; from ticketing.storage.sql.sql_store import SqlStore; "
        "print('ready', flush=True); input(); SqlStore(sys.argv[1]).close()"
    )
    with ExitStack() as stack:
        starters = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", program, address],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(4)
        ]
        for starter in starters:
            assert starter.stdout
            assert starter.stdout.readline() == "ready\n"
        for starter in starters:
            assert starter.stdin
            starter.stdin.write("go\n")
            starter.stdin.flush()
        said = [starter.communicate()[1] for starter in starters]

    assert [(starter.returncode, line) for starter, line in zip(starters, said, strict=True)] == [(0, "")] * 4
    assert asked(address, "SELECT version_num FROM alembic_version") == [(schema.CURRENT,)]


def test_d3_tables_of_a_newer_version_are_refused_and_left_alone(engine: Engine, address: str) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0999'"))
    before = sorted(inspect(engine).get_table_names())

    with pytest.raises(
        StorageTooNewError, match=r"schema of TICKETING_STORAGE_URL has format 999 of a newer version.*Update the desk"
    ):
        SqlStore(address)

    assert sorted(inspect(engine).get_table_names()) == before


def test_a_reader_makes_no_tables(address: str) -> None:
    if address.startswith("sqlite"):
        Path(address.removeprefix("sqlite:///")).touch()

    with pytest.raises(StorageUnsupportedError, match="start the desk once"):
        SqlStore(address, read_only=True)


def test_a_store_opened_for_reading_takes_nothing_in(address: str) -> None:
    SqlStore(address).close()
    reader = SqlStore(address, read_only=True)

    with pytest.raises(StorageReadOnlyError, match="opened for reading only"), reader.write():
        pass
    with pytest.raises(StorageReadOnlyError, match="opened for reading only"), reader.taking_in():
        pass

    with reader.read() as tx:
        assert list(tx.users.stream()) == []
    reader.close()


def test_d4_a_new_file_and_those_beside_it_are_its_owners_alone(tmp_path: Path) -> None:
    store = SqlStore(f"sqlite:///{tmp_path / 'desk.sqlite'}")
    try:
        with store.write() as tx:
            tx.tickets.next_number()

        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    finally:
        store.close()
    assert modes == dict.fromkeys(("desk.sqlite", "desk.sqlite-wal", "desk.sqlite-shm"), 0o600)


def test_a_file_that_nobody_may_write_can_be_read(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'desk.sqlite'}"
    SqlStore(address).close()
    connections = create_engine(address, poolclass=NullPool)
    with connections.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode = DELETE")

    SqlStore(address, read_only=True).close()

    assert asked(address, "PRAGMA journal_mode") == [("delete",)]


def test_a_database_in_another_encoding_is_refused() -> None:
    cluster().run_sql("DROP DATABASE IF EXISTS latin", "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0")

    with pytest.raises(StorageUnsupportedError, match="keeps texts as LATIN1: make one with the encoding UTF8"):
        SqlStore(cluster().address("latin"))


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE tickets SET status = 'lost'",
        "UPDATE tickets SET priority = 'whenever'",
        "UPDATE users SET role = 'god'",
    ],
)
def test_a_database_takes_no_status_no_priority_and_no_role_but_ours(engine: Engine, address: str, change: str) -> None:
    with closing(SqlStore(address)) as store, store.write() as tx:
        tx.users.save(make_user("carla"))
        tx.tickets.save(make_ticket(1))

    with pytest.raises(IntegrityError, match="_is_known"), engine.begin() as connection:
        connection.execute(text(change))


# The texts of SQLite are a table of its full-text extension, which takes no such constraint.
@pytest.mark.parametrize(
    ("address", "orphan"),
    [
        ("sqlite", "INSERT INTO watchers (number, username) VALUES (99, 'oskar')"),
        ("postgres", "INSERT INTO watchers (number, username) VALUES (99, 'oskar')"),
        ("postgres", "INSERT INTO texts (number, public, internal) VALUES (99, 'no dial tone', '')"),
    ],
    indirect=["address"],
)
def test_a_database_takes_nothing_that_belongs_to_a_ticket_that_is_not_there(engine: Engine, orphan: str) -> None:
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"), engine.begin() as connection:
        connection.execute(text(orphan))


@pytest.mark.parametrize("table", TABLES_OF_ACCOUNTS, ids=str)
def test_a_database_takes_nothing_that_belongs_to_an_account_that_is_not_there(engine: Engine, table: Table) -> None:
    with engine.begin() as connection:
        connection.execute(insert(tables.users), user_columns(make_user("carla")))
        connection.execute(insert(table), belonging_to("carla", table))

    for change in (
        insert(table).values(belonging_to("nobody", table)),
        update(table).values(username="nobody"),
        delete(tables.users),
    ):
        with pytest.raises(IntegrityError, match=r"(?i)foreign key"), engine.begin() as connection:
            connection.execute(change)

    with engine.begin() as connection:
        assert connection.scalars(select(table.c.username)).all() == ["carla"]
        connection.execute(delete(tables.users))
        connection.execute(delete(table))


def belonging_to(username: str, table: Table) -> dict[str, Any]:
    """Return a row that belongs to somebody."""
    row = {"id": username, "username": username, "read": False, "created_at": NOW, "expires_at": NOW, "document": "{}"}
    return {name: value for name, value in row.items() if name in table.columns}


@pytest.mark.usefixtures("engine")
def test_what_would_belong_to_nobody_is_not_kept_and_the_next_transaction_is_as_ever(address: str) -> None:
    session = Session(id="s", username="carla", created_at=NOW, last_seen_at=NOW, expires_at=NOW)

    def save(tx: Transaction) -> None:
        tx.tickets.save(make_ticket(1))
        tx.sessions.save(session)

    with closing(SqlStore(address)) as store:
        with pytest.raises(IntegrityError, match=r"(?i)foreign key"), store.write() as tx:
            save(tx)
        with store.read() as tx:
            assert tx.tickets.find(1) is None

        with store.write() as tx:
            save(tx)
            tx.users.save(make_user("carla"))
        with store.read() as tx:
            assert tx.sessions.of_user("carla") == [session]


def test_without_the_right_to_add_the_trigram_index_the_desk_works_all_the_same() -> None:
    cluster().run_sql(
        "DROP DATABASE IF EXISTS plain", "DROP ROLE IF EXISTS stranger",
        "CREATE ROLE stranger LOGIN", "CREATE DATABASE plain",
    )  # fmt: skip
    cluster().run_sql("GRANT CREATE ON SCHEMA public TO stranger", database="plain")
    address = cluster().address("plain").replace("ticketing@", "stranger@")

    store = SqlStore(address)

    store.ping()
    store.close()
    assert asked(address, "SELECT indexname FROM pg_indexes WHERE tablename = 'texts'") == [("texts_key",)]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("ticketing@", "nobody:secret@"), "knows no such user: create it"),
        (("/postgres?", "/nowhere?"), "does not exist: create it"),
        (("host=", "host=/nowhere&application_name="), "does not answer: start it"),
    ],
)
def test_a_database_that_lets_nobody_in_is_told_by_the_setting_and_what_helps(
    change: tuple[str, str], sentence: str
) -> None:
    with pytest.raises(StorageUnsupportedError, match=f"TICKETING_STORAGE_URL.*({sentence})") as it:
        SqlStore(cluster().address("postgres").replace(*change))

    assert "secret" not in str(it.value)


def test_a_user_whom_the_database_does_not_let_in_is_told_what_to_grant() -> None:
    cluster().run_sql(
        "DROP DATABASE IF EXISTS closed", "DROP ROLE IF EXISTS outsider",
        "CREATE ROLE outsider LOGIN", "CREATE DATABASE closed", "REVOKE CONNECT ON DATABASE closed FROM PUBLIC",
    )  # fmt: skip

    with pytest.raises(StorageUnsupportedError, match="may not be used by this user: grant it CONNECT"):
        SqlStore(cluster().address("closed").replace("ticketing@", "outsider@"))


def test_a_user_whom_no_rule_of_the_server_knows_is_told_where_the_rules_are() -> None:
    with (
        cluster().letting_in(),
        pytest.raises(StorageUnsupportedError, match="lets this user in from elsewhere only: see its pg_hba"),
    ):
        SqlStore(cluster().address("postgres").replace("ticketing@", "outsider@"))


def test_a_wrong_password_is_told_without_it() -> None:
    cluster().run_sql("DROP ROLE IF EXISTS guarded", "CREATE ROLE guarded LOGIN PASSWORD 'right'")

    with cluster().letting_in("local all all scram-sha-256"):
        with pytest.raises(StorageUnsupportedError, match="refuses the user or the password") as it:
            SqlStore(cluster().address("postgres").replace("ticketing@", "guarded:wr0ng@"))
        with pytest.raises(StorageUnsupportedError, match="wants a password: add it"):
            SqlStore(cluster().address("postgres").replace("ticketing@", "guarded@"))

    assert "wr0ng" not in str(it.value)


@pytest.mark.parametrize("content", [b"not a database at all, but long enough to be taken for one" * 20])
def test_a_file_that_is_no_database_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "desk.sqlite").write_bytes(content)

    with pytest.raises(StorageDamagedError, match="is damaged, or no database"):
        SqlStore(f"sqlite:///{tmp_path / 'desk.sqlite'}")

    assert (tmp_path / "desk.sqlite").read_bytes() == content
