"""All documents at once, out of the tables and into them: for backups, moves and checks."""

from collections import Counter
from collections.abc import Callable, Iterator

from pydantic_core import from_json, to_json
from sqlalchemy import Connection, Table, delete, select, text

from ticketing.domain.people import User
from ticketing.domain.tickets import Ticket
from ticketing.storage.sql import tables
from ticketing.storage.sql.reading import BATCH, in_batches
from ticketing.storage.sql.repositories import SqlTransaction, user_columns
from ticketing.storage.sql.tickets import searchable, ticket_columns
from ticketing.storage.sql.writing import add_up, put, put_texts
from ticketing.storage.whole import Everything


def documents(connection: Connection) -> Everything:
    """Return all documents, read as they are asked for."""
    return {
        "tickets": _of_table(connection, tables.tickets),
        "users": _of_table(connection, tables.users),
        "seen": _seen(connection),
    }


def _of_table(connection: Connection, table: Table) -> Iterator[tuple[str, bytes]]:
    return ((str(key), raw.encode()) for key, raw in in_batches(connection, table))


def _seen(connection: Connection) -> Iterator[tuple[str, bytes]]:
    seen = tables.seen.c
    question = select(seen.number, seen.username, seen.messages).order_by(seen.number, seen.username)
    for number, username, messages in connection.execution_options(yield_per=BATCH).execute(question):
        key = f"{number}:{username}"
        yield key, to_json({"id": key, "messages": messages})


class Intake:
    """
    Puts documents into the tables by the batch, within one transaction; `finish` puts in the last ones.

    Each is to be new here.
    """

    def __init__(self, connection: Connection) -> None:
        self.tx = SqlTransaction(connection)
        self._connection = connection
        self._tally: Counter[tuple[str, str]] = Counter()
        self._waiting: dict[str, list[bytes]] = {}
        self._ways: dict[str, Callable[[list[bytes]], None]] = {
            "users": self._put_users,
            "tickets": self._put_tickets,
            "seen": self._put_seen,
        }

    def clear(self) -> None:
        """Take everything away."""
        if self._connection.dialect.name == "sqlite":
            self._connection.execute(text("DELETE FROM texts"))
        for table in reversed(tables.metadata.sorted_tables):
            if table is not tables.texts:
                self._connection.execute(delete(table))

    def put(self, collection: str, _key: str, document: bytes) -> None:
        """Put one document in; its id is part of it."""
        waiting = self._waiting.setdefault(collection, [])
        waiting.append(document)
        if len(waiting) >= BATCH:
            self._ways[collection](self._waiting.pop(collection))

    def finish(self) -> None:
        """Put in what is waiting."""
        for collection in list(self._waiting):
            self._ways[collection](self._waiting.pop(collection))
        rows = [{"assignee": who, "status": status, "tickets": n} for (who, status), n in self._tally.items()]
        add_up(self._connection, tables.tallies, "tickets", rows)
        self._tally.clear()

    def _put_users(self, batch: list[bytes]) -> None:
        put(self._connection, tables.users, *(user_columns(User.model_validate_json(raw)) for raw in batch))

    def _put_tickets(self, batch: list[bytes]) -> None:
        found = [Ticket.model_validate_json(raw) for raw in batch]
        put(self._connection, tables.tickets, *map(ticket_columns, found))
        watchers = [{"number": one.number, "username": name} for one in found for name in dict.fromkeys(one.watchers)]
        put(self._connection, tables.watchers, *watchers)
        put_texts(self._connection, [(one.number, *searchable(one)) for one in found])
        self._tally.update((one.assignee or tables.NOBODY, one.status.value) for one in found)

    def _put_seen(self, batch: list[bytes]) -> None:
        rows = []
        for document in map(from_json, batch):
            number, _, username = document["id"].partition(":")
            rows.append({"number": int(number), "username": username, "messages": document["messages"]})
        put(self._connection, tables.seen, *rows)
