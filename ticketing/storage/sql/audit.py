"""The audit log in a table."""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, select

from ticketing.domain.audit import AuditEntry, AuditQuery, AuditRecord, Head, chained, read_record
from ticketing.storage.sql.reading import in_batches
from ticketing.storage.sql.tables import audit, audit_head
from ticketing.storage.sql.writing import put

_HEAD: Final = select(audit_head.c.number, audit_head.c.hash)


class SqlAudit:
    """The log as one transaction sees it; what that adds is written down at its end."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._acting = ("", "")
        self.only_looks = False
        self._entries: list[AuditEntry] = []

    def acts(self, username: str, address: str, *, only_looks: bool = False) -> None:
        """Take note of who acts in this transaction, and from where."""
        self._acting = (username, address)
        self.only_looks = only_looks

    @property
    def acting(self) -> tuple[str, str]:
        """Who acts, and from where; "" as long as nobody does."""
        return self._acting

    def add(self, entry: AuditEntry) -> None:
        """Add to the log, if the transaction comes to its end."""
        self._entries.append(entry)

    def head(self) -> Head:
        """Return the number and the hash of the newest record."""
        found = self._connection.execute(_HEAD).one_or_none()
        return Head(*found) if found else Head()

    def search(self, query: AuditQuery) -> Iterator[AuditRecord]:
        """Yield what matches, the newest first, and one more than its size."""
        question = select(audit.c.document).where(*_wanted(query)).order_by(audit.c.number.desc())
        found = self._connection.scalars(question.limit(query.size + 1)).all()
        return map(read_record, found)

    def stream(self) -> Iterator[AuditRecord]:
        """Yield every record, the first one first, read in batches."""
        return (read_record(raw) for _, raw in in_batches(self._connection, audit))

    def write_down(self) -> None:
        """Put what was added into the table; one writer at a time does, so the chain has one order."""
        if self._entries:
            entries = (entry.from_where(*self._acting) for entry in self._entries)
            put_records(self._connection, list(chained(entries, self.head())))


def put_records(connection: Connection, records: list[AuditRecord]) -> None:
    """Put records into the table, of which the last one is the newest from now on."""
    put(connection, audit, *map(audit_columns, records))
    number, sealed = records[-1].number, records[-1].hash
    put(connection, audit_head, {"id": 1, "number": number, "hash": sealed})


def audit_columns(record: AuditRecord) -> dict[str, Any]:
    """Return the row of a record."""
    return {
        "number": record.number,
        "at": record.at,
        "actor": record.actor,
        "action": record.action.value,
        "object": record.object,
        "document": record.model_dump_json(exclude_none=True),
    }


def _wanted(query: AuditQuery) -> list[ColumnElement[bool]]:
    wanted = {"actor": query.actor, "action": query.action and query.action.value, "object": query.object}
    where: list[ColumnElement[bool]] = [audit.c[name] == value for name, value in wanted.items() if value]
    if query.since is not None:
        where.append(audit.c.at >= query.since)
    if query.until is not None:
        where.append(audit.c.at < query.until)
    if query.before is not None:
        where.append(audit.c.number < query.before)
    return where
