"""
How statements get to PostgreSQL, so that as few answers as possible are waited for.

Between here and the server may lie a network. What changes something is sent on at once, and what came of it is asked
for together with the next question, or with the end of the transaction, which goes along.
"""

from contextlib import ExitStack
from types import TracebackType
from typing import Any, Final, Self

from sqlalchemy import Connection, Engine, event

_SENDING: Final = "ticketing_sending"
_COMMIT: Final = "COMMIT"


class Sending:
    """What one transaction sends; with `ahead`, without waiting for what comes of each change."""

    def __init__(self, connection: Connection, *, ahead: bool = False) -> None:
        dialect = connection.dialect
        is_able = dialect.name == "postgresql" and dialect.loaded_dbapi.Pipeline.is_supported()
        self._connection = connection
        self._pipeline = ExitStack() if ahead and is_able else None
        self.has_changed = False
        connection.execution_options(**{_SENDING: self})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pipeline is not None:
            self._pipeline.__exit__(kind, error, trace)

    def end(self) -> None:
        """Send the end of the transaction along, so that all is waited for at once; raises what was refused."""
        if self._pipeline is not None:
            self._connection.exec_driver_sql(_COMMIT)

    def change(self, driver: Any) -> None:
        """Send what follows without waiting for what comes of it."""
        self.has_changed = True
        if self._pipeline is not None and not driver.pgconn.pipeline_status:
            self._pipeline.enter_context(driver.pipeline())

    def wait(self) -> None:
        """Wait for all that was sent; raises what was refused of it."""
        if self._pipeline is not None:
            self._pipeline.close()


def send_ahead(engine: Engine) -> None:
    """Have statements on the connections of an engine go by their `Sending`, if they have one."""
    event.listen(engine, "do_execute", _send)
    event.listen(engine, "do_executemany", _send)


def _send(cursor: Any, statement: str, _parameters: object, context: Any) -> bool:
    """Get ready for a statement that is about to be sent; tell whether that is done already."""
    sending: Sending | None = context.execution_options.get(_SENDING)
    if sending is None:
        return False
    if context.is_crud:
        sending.change(cursor.connection)
        return False
    is_end = statement == _COMMIT
    if is_end:
        cursor.execute(statement, prepare=False)
    sending.wait()
    return is_end
