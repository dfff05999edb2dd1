"""The store in SQLite or PostgreSQL: what the tables keep, one writer at a time as in every store."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final, NoReturn

from sqlalchemy import Connection, delete, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from ticketing.domain.errors import (
    StorageBusyError,
    StorageError,
    StorageReadOnlyError,
    StorageUnsupportedError,
)
from ticketing.domain.store import PATIENCE, FarFiles, Files, StoreHealth
from ticketing.storage.sql import arriving, schema, whole
from ticketing.storage.sql.connecting import BEGINNING, CHANGING, Deadline, connect, told_as_ours
from ticketing.storage.sql.files import SqlFiles
from ticketing.storage.sql.presences import SqlPresences
from ticketing.storage.sql.repositories import SqlTransaction
from ticketing.storage.sql.sending import Sending
from ticketing.storage.sql.tables import EXPIRING
from ticketing.storage.whole import HALF_MOVED, Everything

# The number of the advisory lock that makes one writer of all processes: "ticket" in ASCII.
WRITING: Final = 0x7469636B6574
_PURGE_EVERY: Final = 600.0
_KEPT_AFTER_EXPIRY: Final = timedelta(hours=1)
# In seconds.
_A_MOMENT: Final = 0.1


class SqlStore:
    """
    A store in the database at a SQLAlchemy address; raises StorageError when it cannot be opened.

    Writers take turns, those of other processes included: SQLite has one writer by nature, and in PostgreSQL each
    holds an advisory lock until its transaction is over. So no transaction ever has to be run again. The one writer of
    a process has a connection to itself, for which it never waits behind readers.
    """

    def __init__(self, address: str, *, read_only: bool = False, files: FarFiles | None = None) -> None:
        self._engine = connect(address, read_only=read_only)
        self._writer = connect(address, read_only=read_only, most=1)
        self._read_only = read_only
        self._turn = threading.Lock()
        self._of_thread = threading.local()
        self._purge_at = time.monotonic() + _PURGE_EVERY
        self._elsewhere = files
        self.files: Files = files or SqlFiles(self._viewing, partial(self._writing, PATIENCE))
        self._transaction = partial(SqlTransaction, place=files.place if files else "")
        self.presences = SqlPresences(self._looking, partial(self._writing, _A_MOMENT))
        try:
            schema.make_current(self._engine, read_only=read_only)
        except BaseException:
            self._engine.dispose()
            raise

    def __reduce__(self) -> NoReturn:
        raise TypeError("A store cannot be pickled: its connections and its turn are this process' own.")

    @contextmanager
    def read(self) -> Iterator[SqlTransaction]:
        """Give a consistent view; nothing written in it is kept."""
        kept: _KeptView | None = getattr(self._of_thread, "view", None)
        if kept is None:
            with self._viewing() as connection:
                yield self._transaction(connection)
        else:
            with kept.looking() as transaction:
                yield transaction

    @contextmanager
    def one_view(self) -> Iterator[None]:
        """
        Let all that this thread reads in the block come from one view.

        To begin and to end one takes three questions to the database, and then it is asked anew who is asking.
        """
        self._of_thread.view = kept = _KeptView(self._viewing, self._transaction)
        try:
            yield
        finally:
            self._of_thread.view = None
            kept.end()

    @contextmanager
    def no_view(self) -> Iterator[None]:
        """End the view of this thread, if it has one, and let each thing that is read in the block have its own."""
        kept, self._of_thread.view = self._end_view(), None
        try:
            yield
        finally:
            self._of_thread.view = kept

    def _end_view(self) -> "_KeptView | None":
        """End the view of this thread, which gives its connection back; it begins anew when it is looked at."""
        kept: _KeptView | None = getattr(self._of_thread, "view", None)
        if kept is not None:
            kept.end()
        return kept

    @contextmanager
    def write(self, patience: float | None = None) -> Iterator[SqlTransaction]:
        """Give the one writer's transaction: durable when the block ends, untouched when it raises."""
        with self._writing(PATIENCE if patience is None else patience) as connection:
            transaction = self._transaction(connection)
            yield transaction
            transaction.audit.write_down()

    @contextmanager
    def _looking(self) -> Iterator[Connection]:
        """Give the connection of this thread's view, or of one for the block."""
        with self.read() as transaction:
            yield transaction.connection

    @contextmanager
    def _viewing(self) -> Iterator[Connection]:
        with told_as_ours(), self._engine.connect() as connection, connection.begin() as view:
            sending = Sending(connection)
            yield connection
            # After each rollback, PostgreSQL's driver has to prepare all its statements anew.
            if connection.dialect.name == "sqlite" or sending.has_changed:
                view.rollback()

    @contextmanager
    def _writing(self, patience: float) -> Iterator[Connection]:
        if self._read_only:
            raise StorageReadOnlyError("it was opened for reading only")
        self._end_view()
        deadline = Deadline(patience)
        if not self._turn.acquire(timeout=deadline.seconds):
            raise StorageBusyError
        try:
            with told_as_ours(), self._writer.connect() as connection:
                _prepare(connection, deadline)
                with connection.begin(), Sending(connection, ahead=True) as sending:
                    yield connection
                    self._purge_if_due(connection)
                    sending.end()
        finally:
            self._turn.release()

    @contextmanager
    def documents(self) -> Iterator[Everything]:
        """Give everything as it is at this moment, read as it is asked for."""
        with self._viewing() as connection:
            yield whole.documents(connection)

    @contextmanager
    def taking_in(self) -> Iterator[whole.Intake]:
        """Give a way in; all of it is there when the block ends, or nothing."""
        with self._writing(PATIENCE) as connection:
            yield whole.Intake(connection, self._elsewhere)

    @contextmanager
    def moving_in(self, coming: Everything) -> Iterator[arriving.Arrival]:
        """Give a way in, as a Target does; what has expired comes along, and does not go in the midst of it."""
        self._purge_at = math.inf
        yield arriving.begin(partial(self._writing, PATIENCE), coming)

    def refuse_half_moved(self) -> None:
        """Raise StorageUnsupportedError if a migration into this database has not come to its end."""
        with told_as_ours(), self._engine.connect() as connection:
            if arriving.is_half_moved(connection):
                raise StorageUnsupportedError(HALF_MOVED)

    def prepare(self) -> Iterator[None]:
        """Do nothing: a database has its indexes."""
        return iter(())

    def ping(self) -> None:
        """Raise StorageError unless the store answers."""
        with told_as_ours(), self._engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def health(self) -> StoreHealth:
        """Return what is to be known about the store: whether it answers, how its tables are, what time it has."""
        try:
            with told_as_ours(), self._engine.connect() as connection:
                found = schema.version(connection)
                is_server = connection.dialect.name == "postgresql"
                clock = connection.scalar(select(func.clock_timestamp())) if is_server else None
        except StorageError as error:
            return StoreHealth(trouble=str(error))
        return StoreHealth(schema=found or "none", schema_is_current=found == schema.CURRENT, clock=clock)

    def close(self) -> None:
        """Let go of all connections."""
        self._writer.dispose()
        self._engine.dispose()

    def _purge_if_due(self, connection: Connection) -> None:
        """Remove what has expired, now and then, by the way of another change."""
        if time.monotonic() < self._purge_at:
            return
        self._purge_at = time.monotonic() + _PURGE_EVERY
        for table in EXPIRING:
            connection.execute(delete(table).where(table.c.expires_at < datetime.now(UTC) - _KEPT_AFTER_EXPIRY))


class _KeptView:
    """A view that begins with the first question, and anew with the first one after its end."""

    def __init__(
        self, begin: Callable[[], AbstractContextManager[Connection]], look: Callable[[Connection], SqlTransaction]
    ) -> None:
        self._begin = begin
        self._look = look
        self._transaction: SqlTransaction | None = None
        self._end = ExitStack()

    @contextmanager
    def looking(self) -> Iterator[SqlTransaction]:
        """Give the view; one in which the database failed is over."""
        try:
            with told_as_ours():
                if self._transaction is None:
                    self._transaction = self._look(self._end.enter_context(self._begin()))
                yield self._transaction
        except (StorageError, SQLAlchemyError):
            self.end()
            raise

    def end(self) -> None:
        """End it; that its connection is lost by then takes nothing from what was read."""
        self._transaction = None
        with suppress(StorageError, SQLAlchemyError):
            self._end.close()


def _prepare(connection: Connection, deadline: Deadline) -> None:
    """Have the next transaction begin with its turn as the one writer, as soon as that is to be had in time."""
    beginning = CHANGING[connection.dialect.name]
    if connection.dialect.name == "postgresql":
        beginning += f"; SET LOCAL lock_timeout = {deadline.milliseconds}; SELECT pg_advisory_xact_lock({WRITING})"
    elif (driver := connection.connection.driver_connection) is not None:
        driver.execute(f"PRAGMA busy_timeout = {deadline.milliseconds}")
    connection.execution_options(**{BEGINNING: beginning})
