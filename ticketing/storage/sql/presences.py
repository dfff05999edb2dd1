"""Who is there, as processes tell each other: a row for each process."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, delete, or_, select

from ticketing.domain.live import Presence
from ticketing.storage.sql.tables import presences
from ticketing.storage.sql.writing import put

_OF_OTHERS: Final = select(presences.c.document).where(
    presences.c.id != bindparam("process"), presences.c.expires_at > bindparam("now")
)
_OVER: Final = delete(presences).where(
    or_(presences.c.id == bindparam("process"), presences.c.expires_at <= bindparam("now"))
)


class SqlPresences:
    """What the processes at one database tell."""

    def __init__(
        self,
        reading: Callable[[], AbstractContextManager[Connection]],
        writing: Callable[[], AbstractContextManager[Connection]],
    ) -> None:
        self._reading = reading
        self._writing = writing

    def tell(self, presence: Presence, now: datetime) -> None:
        """Put this in the place of what the process has told before, and remove what has expired."""
        row = {"id": presence.id, "expires_at": presence.expires_at, "document": presence.model_dump_json()}
        with self._writing() as connection:
            connection.execute(_OVER, {"process": presence.id, "now": now})
            if presence.there:
                put(connection, presences, row)

    def of_others(self, process: str, now: datetime) -> list[Presence]:
        """Return what all other processes have told that has not expired."""
        with self._reading() as connection:
            found = connection.scalars(_OF_OTHERS, {"process": process, "now": now}).all()
        return [Presence.model_validate_json(raw) for raw in found]
