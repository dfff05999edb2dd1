"""From an address to connections: how each database is asked to behave, and what its refusals mean."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import URL, Connection, Dialect, Engine, create_engine, event, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    InvalidatePoolError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as NoConnectionFreeError

from ticketing.domain.errors import (
    StorageBusyError,
    StorageConflictError,
    StorageDamagedError,
    StorageError,
    StorageFailedError,
    StorageFullError,
    StorageReadOnlyError,
    StorageUnreachableError,
    StorageUnsupportedError,
)
from ticketing.domain.store import PATIENCE
from ticketing.storage import addresses
from ticketing.storage.addresses import SETTING, no_address
from ticketing.storage.sql.sending import send_ahead

CONNECT_SECONDS: Final = 3
# The option of a connection in which stands how its transactions begin, if they are no views.
BEGINNING: Final = "ticketing_beginning"
VIEWING: Final = {"sqlite": "BEGIN", "postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ"}
# Who changes something sees what there is once it is their turn, whatever isolation the database prescribes.
CHANGING: Final = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "BEGIN ISOLATION LEVEL READ COMMITTED"}
# A desk's questions are short: to compile them, or to start others who help, would take longer than to answer them.
_POSTGRES: Final = {
    "timezone": "UTC",
    "lock_timeout": f"{round(PATIENCE * 1000)}",
    "idle_in_transaction_session_timeout": "60s",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "plan_cache_mode": "force_custom_plan",  # a plan for any word, or any person, is a bad one for most
    "tcp_keepalives_idle": "2",  # of a desk that has gone, the server lets the lock go
    "tcp_keepalives_interval": "1",
    "tcp_keepalives_count": "2",
}
# A line that was cut says nothing: without these, whoever waits at its end would wait for a quarter of an hour.
_FOUR_SECONDS_OF_SILENCE: Final = {
    "keepalives_idle": 2,
    "keepalives_interval": 1,
    "keepalives_count": 2,
    "tcp_user_timeout": 4000,
}
# How many a process has for its readers, and how many of them it keeps open when there is little to do.
CONNECTIONS: Final = 20
_KEPT: Final = 5
_SQLITE_FAULTS: Final[dict[int, type[StorageBusyError | StorageFullError | StorageFailedError]]] = {
    sqlite3.SQLITE_BUSY: StorageBusyError,
    sqlite3.SQLITE_LOCKED: StorageBusyError,
    sqlite3.SQLITE_FULL: StorageFullError,
    sqlite3.SQLITE_IOERR: StorageFailedError,
}
# PostgreSQL's words when it lets nobody in, for which its driver has no codes, and ours. The first that fit count: a
# refusal names the role and the database as well.
_WHAT_HELPS: Final = {
    "permission denied": "may not be used by this user: grant it CONNECT and CREATE.",
    "no pg_hba.conf entry": "lets this user in from elsewhere only: see its pg_hba.conf.",
    "authentication failed": "refuses the user or the password: correct them in the address.",
    "no password supplied": "wants a password: add it to the address, as in postgresql+psycopg://USER:PASSWORD@HOST/NAME.",
    'role "': "knows no such user: create it (createuser), or correct the address.",
    'database "': "does not exist: create it (createdb --encoding UTF8), or correct the address.",
}
_WHAT_ELSE_HELPS: Final = "does not answer: start it, or correct host and port in the address."
WHAT_TO_GRANT: Final = (
    "permits this user too little: name the tables' owner in the address, or let that one run “python3 -m ticketing "
    "migrate --schema” and grant this user SELECT, INSERT, UPDATE and DELETE on all of them."
)
_WHAT_TO_LEAVE_OUT: Final = "is given an option that it does not know: correct what follows the “?” in the address."
_NOT_PERMITTED: Final = "the database does not permit it"
_WHAT_TO_LET: Final = (
    "cannot be opened: let this user read and write the file and its directory, or correct the address."
)
_NO_PRIVILEGE: Final = "42501"
# What PostgreSQL rolls back, and why.
_POSTGRES_FAULTS: Final[dict[str, Callable[[], StorageError]]] = {
    "55P03": StorageBusyError,  # a lock that was not to be had in time
    "40P01": StorageBusyError,  # a deadlock that was ended
    "40001": StorageConflictError,
    "53100": StorageFullError,
    "25006": partial(StorageReadOnlyError, _NOT_PERMITTED),
    _NO_PRIVILEGE: partial(StorageReadOnlyError, _NOT_PERMITTED),
}
_NOT_LET: Final = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM})


class Deadline:
    """The end of a patience that is one, whatever there is to wait for."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @property
    def seconds(self) -> float:
        """How many are left, at least none."""
        return max(0.0, self._end - time.monotonic())

    @property
    def milliseconds(self) -> int:
        """How many are left, at least one: to a database, none at all means without an end."""
        return max(1, round(self.seconds * 1000))


def connect(address: str, *, read_only: bool = False, most: int = CONNECTIONS) -> Engine:
    """Return at most so many connections to the database at an address; none is opened yet."""
    url = _url(address)
    kept = min(most, _KEPT)
    pool = {"pool_size": kept, "max_overflow": most - kept, "pool_timeout": PATIENCE}
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, addresses.path(address), pool, read_only=read_only)
    return _postgres(url, pool)


def _url(address: str) -> URL:
    """Read an address; what is wrong with it is told without it, since it may hold a password."""
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise no_address() from None
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def _sqlite(url: URL, path: Path | None, pool: dict[str, Any], *, read_only: bool) -> Engine:
    if path is None:
        raise no_address()
    if not path.parent.is_dir():
        raise StorageUnsupportedError(
            f"There is no directory “{path.parent}” for the database of {SETTING}: create it, or correct the address."
        )
    if read_only:
        if not path.exists():
            raise StorageUnsupportedError(f"There is no database “{path}”: correct {SETTING}, or start the desk once.")
        url = url.set(database=f"file:{quote(str(path))}", query={"mode": "ro", "uri": "true"})
    else:
        _make_for_its_owner_alone(path)
    engine = create_engine(url, connect_args={"timeout": PATIENCE}, **pool)
    event.listen(engine, "connect", _prepare_reader if read_only else _prepare_writer)
    event.listen(engine, "begin", _begin)
    return engine


def _make_for_its_owner_alone(path: Path) -> None:
    """Make the file, from which SQLite takes who may read the others beside it; what prevents that, opening tells."""
    with suppress(OSError):
        path.touch(mode=0o600, exist_ok=False)


def _prepare_reader(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where we say so


def _prepare_writer(connection: sqlite3.Connection, record: object) -> None:
    _prepare_reader(connection, record)
    _keep_a_write_ahead_log(connection)
    for pragma in ("synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _keep_a_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Change the file's mode unless it is changed; SQLite lets nobody wait for those who change it at the same time."""
    deadline = Deadline(PATIENCE)
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or not deadline.seconds:
                raise
            time.sleep(0.01)
        else:
            return


def _begin(connection: Connection) -> None:
    beginning = connection.get_execution_options().get(BEGINNING, VIEWING[connection.dialect.name])
    connection.exec_driver_sql(beginning)


def _postgres(url: URL, pool: dict[str, Any]) -> Engine:
    options = " ".join(f"-c {name}={value}" for name, value in _POSTGRES.items())
    arguments = {
        "connect_timeout": CONNECT_SECONDS,
        "application_name": "ticketing",
        "options": options,
        **_FOUR_SECONDS_OF_SILENCE,
    }
    engine = create_engine(
        url,
        connect_args={key: value for key, value in arguments.items() if key not in url.query},
        isolation_level="AUTOCOMMIT",  # of the driver: transactions begin where we say so
        **pool,
    )
    event.listen(engine, "checkout", partial(_require_alive, engine.dialect))
    event.listen(engine, "begin", _begin)
    send_ahead(engine)
    return engine


def _require_alive(dialect: Dialect, connection: Any, _record: object, _proxy: object) -> None:
    """
    Have a new connection made in the place of one that has gone while nobody used it.

    A server that ends says so, and of one that is cut off the system does within seconds: only where something has come
    in meanwhile is the server asked whether it is there, which takes a question and its answer.
    """
    with DefaultSelector() as line:
        line.register(connection.fileno(), EVENT_READ)
        has_come_in = line.select(timeout=0)
    if has_come_in:
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error


@contextmanager
def opening() -> Iterator[None]:
    """Turn what keeps a store from being opened into a sentence that names the setting and what helps."""
    try:
        yield
    except DBAPIError as error:
        help_for_it = _help_with_sqlite(error.orig) if isinstance(error.orig, sqlite3.Error) else _help_with(error)
        if help_for_it is None:
            raise
        raise StorageUnsupportedError(f"The database of {SETTING} {help_for_it}") from error


def _help_with(error: DBAPIError) -> str | None:
    if getattr(error.orig, "sqlstate", None) == _NO_PRIVILEGE:
        return WHAT_TO_GRANT
    said = str(error.orig)
    if isinstance(error, OperationalError):
        return next((help_ for mark, help_ in _WHAT_HELPS.items() if mark in said), _WHAT_ELSE_HELPS)
    return _WHAT_TO_LEAVE_OUT if "connection option" in said else None


def _help_with_sqlite(cause: sqlite3.Error) -> str | None:
    return _WHAT_TO_LET if _code(cause) in _NOT_LET else None


@contextmanager
def told_as_ours() -> Iterator[None]:
    """Turn what the database refuses into a sentence for people; its own words may hold an address or a password."""
    try:
        yield
    except NoConnectionFreeError as error:
        raise StorageBusyError from error
    except SQLAlchemyError as error:
        raise _as_storage_error(error) from error


def _as_storage_error(error: SQLAlchemyError) -> StorageError | SQLAlchemyError:
    cause: Any = error.orig if isinstance(error, DBAPIError) else None
    if isinstance(cause, sqlite3.Error):
        return _of_sqlite(cause) or error
    state = getattr(cause, "sqlstate", None)
    if state in _POSTGRES_FAULTS:
        return _POSTGRES_FAULTS[state]()
    is_lost = isinstance(error, DBAPIError) and error.connection_invalidated
    if is_lost or isinstance(error, OperationalError | InterfaceError):
        return StorageUnreachableError()
    return error


def _code(cause: sqlite3.Error) -> int:
    return (getattr(cause, "sqlite_errorcode", None) or 0) & 0xFF


def _of_sqlite(cause: sqlite3.Error) -> StorageError | None:
    code = _code(cause)
    if code in _SQLITE_FAULTS:
        return _SQLITE_FAULTS[code]()
    if code in _NOT_LET:
        return StorageReadOnlyError("the database file cannot be written")
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return StorageDamagedError("The database file is damaged, or no database: restore a backup.")
    return None
