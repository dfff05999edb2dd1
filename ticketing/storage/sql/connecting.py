"""From an address to connections: how each database is asked to behave, and what its refusals mean."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionFreeError

from ticketing.domain.errors import (
    StorageBusyError,
    StorageDamagedError,
    StorageError,
    StorageFullError,
    StorageReadOnlyError,
    StorageUnreachableError,
    StorageUnsupportedError,
)

PATIENCE: Final = 10.0
CONNECT_SECONDS: Final = 3
IMMEDIATE: Final = "ticketing_immediate"
# A desk's questions are short: to compile them would take longer than to answer them.
_POSTGRES: Final = {
    "timezone": "UTC",
    "lock_timeout": f"{round(PATIENCE * 1000)}",
    "idle_in_transaction_session_timeout": "60s",
    "jit": "off",
}
_POOL: Final = 5
_OVERFLOW: Final = 15
_SQLITE_FAULTS: Final[dict[int, type[StorageBusyError | StorageFullError]]] = {
    sqlite3.SQLITE_BUSY: StorageBusyError,
    sqlite3.SQLITE_LOCKED: StorageBusyError,
    sqlite3.SQLITE_FULL: StorageFullError,
}
_LOCK_NOT_AVAILABLE: Final = "55P03"
_DISK_FULL: Final = frozenset({"53100"})
_READ_ONLY: Final = frozenset({"25006", "42501"})


def connect(address: str, *, read_only: bool = False) -> Engine:
    """Return connections to the database at a SQLAlchemy address; none is opened yet."""
    url = _url(address)
    return _sqlite(url, read_only=read_only) if url.get_backend_name() == "sqlite" else _postgres(url)


def _url(address: str) -> URL:
    try:
        url = make_url(address)
    except ArgumentError:
        raise StorageUnsupportedError("TICKETING_STORAGE_URL is no address of a database.") from None
    if url.drivername in {"postgresql", "postgres"}:
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in {"sqlite", "postgresql+psycopg"}:
        raise StorageUnsupportedError(
            f"There is no store “{url.drivername}”. Known are sqlite:///FILE and postgresql+psycopg://USER@HOST/NAME."
        )
    return url


def _sqlite(url: URL, *, read_only: bool) -> Engine:
    if not url.database or url.database == ":memory:":
        raise StorageUnsupportedError("TICKETING_STORAGE_URL names no file: write sqlite:///FILE.")
    path = Path(url.database)
    if not path.parent.is_dir():
        raise StorageUnsupportedError(f"There is no directory “{path.parent}” for the database.")
    if read_only and not path.exists():
        raise StorageUnsupportedError(f"There is no database “{path}”.")
    engine = create_engine(url, connect_args={"timeout": PATIENCE}, pool_size=_POOL, max_overflow=_OVERFLOW)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where we say so
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    is_writer = connection.get_execution_options().get(IMMEDIATE)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writer else "BEGIN")


def _postgres(url: URL) -> Engine:
    options = " ".join(f"-c {name}={value}" for name, value in _POSTGRES.items())
    arguments = {"connect_timeout": CONNECT_SECONDS, "application_name": "ticketing", "options": options}
    return create_engine(
        url,
        connect_args={key: value for key, value in arguments.items() if key not in url.query},
        pool_pre_ping=True,
        pool_size=_POOL,
        max_overflow=_OVERFLOW,
        pool_timeout=PATIENCE,
        isolation_level="READ COMMITTED",
    )


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
    if state == _LOCK_NOT_AVAILABLE:
        return StorageBusyError()
    if state in _DISK_FULL:
        return StorageFullError()
    if state in _READ_ONLY:
        return StorageReadOnlyError("the database does not permit it")
    is_lost = isinstance(error, DBAPIError) and error.connection_invalidated
    if is_lost or isinstance(error, OperationalError | InterfaceError):
        return StorageUnreachableError()
    return error


def _of_sqlite(cause: sqlite3.Error) -> StorageError | None:
    code = (getattr(cause, "sqlite_errorcode", None) or 0) & 0xFF
    if code in _SQLITE_FAULTS:
        return _SQLITE_FAULTS[code]()
    if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}:
        return StorageReadOnlyError("the database file cannot be written")
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return StorageDamagedError("The database file is damaged, or no database: restore a backup.")
    return StorageUnreachableError() if code == sqlite3.SQLITE_IOERR else None
