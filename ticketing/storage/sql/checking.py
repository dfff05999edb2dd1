"""Whether a database is whole, and whether what it keeps beside the documents is what these say."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, RowMapping, Table, select, text

from ticketing.domain.audit import AuditRecord, Head
from ticketing.domain.errors import StorageDamagedError
from ticketing.domain.people import User
from ticketing.domain.tickets import Term, Ticket
from ticketing.storage.sql import tables
from ticketing.storage.sql.audit import SqlAudit, audit_columns
from ticketing.storage.sql.conditions import texts_key
from ticketing.storage.sql.connecting import connect, told_as_ours
from ticketing.storage.sql.facts import facts_row
from ticketing.storage.sql.people import user_columns
from ticketing.storage.sql.reading import BATCH
from ticketing.storage.sql.tickets import searchable, ticket_columns

_WHAT_HELPS: Final = (
    "The documents are well: make a “backup FILE”, and “restore FILE --replace” makes the rest anew out of them."
)


def check(address: str) -> None:
    """
    Check a database whose documents are known to be valid, and change nothing; raises StorageDamagedError.

    SQLite looks through its whole file. Then, at one moment and batch by batch, the columns of tickets and accounts,
    the texts that are searched, facts, watchers, terms and the tallies are compared with the documents. What
    goes by itself, such as sessions, is left out.
    """
    engine = connect(address, read_only=True, most=1)
    try:
        with told_as_ours(), engine.connect() as connection, connection.begin():
            _check_file(connection)
            _check_users(connection)
            _check_tickets(connection)
            _check_audit(connection)
    finally:
        engine.dispose()


def _check_file(connection: Connection) -> None:
    """Let SQLite look through its file; a server of PostgreSQL looks after its own."""
    if connection.dialect.name != "sqlite":
        return
    said = connection.execute(text("PRAGMA integrity_check(1)")).scalar_one()
    if said != "ok":
        raise StorageDamagedError(f"The database file is damaged ({said.splitlines()[-1]}): restore a backup.")


def _check_users(connection: Connection) -> None:
    for rows, _ in _batches(connection, tables.users):
        said = {row["username"]: user_columns(User.model_validate_json(row["document"])) for row in rows}
        _compare("The row of account “{}”", {row["username"]: row for row in rows}, said)


def _check_tickets(connection: Connection) -> None:
    tally: Counter[tuple[str, str]] = Counter()
    for rows, span in _batches(connection, tables.tickets):
        found = {row["number"]: Ticket.model_validate_json(row["document"]) for row in rows}
        said = {number: ticket_columns(ticket) for number, ticket in found.items()}
        _compare("The row of ticket T-{}", {row["number"]: row for row in rows}, said)
        texts = {number: searchable(ticket) for number, ticket in found.items()}
        _compare("The searched text of ticket T-{}", _texts(connection, span), texts)
        facts = {row["number"]: facts_row(row["number"], row["document"])["facts"] for row in rows}
        _compare("The facts of ticket T-{}", _facts(connection, span), facts)
        watchers = {number: set(ticket.watchers) for number, ticket in found.items() if ticket.watchers}
        _compare("The list of watchers of ticket T-{}", _watchers(connection, span), watchers)
        terms = {number: set(ticket.terms()) for number, ticket in found.items() if ticket.terms()}
        _compare("The list of terms of ticket T-{}", _terms(connection, span), terms)
        tally.update((ticket.assignee or tables.NOBODY, ticket.status.value) for ticket in found.values())
    kept = {(who, status): number for who, status, number in connection.execute(select(tables.tallies)) if number}
    _compare("The number of tickets by assignee and status", kept, tally)


def _check_audit(connection: Connection) -> None:
    newest = Head()
    for rows, _ in _batches(connection, tables.audit):
        found = {row["number"]: AuditRecord.model_validate_json(row["document"]) for row in rows}
        said = {number: audit_columns(record) for number, record in found.items()}
        _compare("Record {} of the audit log", {row["number"]: row for row in rows}, said)
        newest = next((newest.after(record) for record in reversed(found.values())), newest)
    head = SqlAudit(connection).head()
    if head != newest:
        cut = f"but record {head.number} was the newest: its end was cut off"
        raise StorageDamagedError(f"The audit log ends with record {newest.number}, {cut}.")


class _Span(NamedTuple):
    """The keys of a batch: those after the last one of the batch before, up to its own last one; None is no bound."""

    after: Any
    last: Any

    def holds(self, key: ColumnElement[Any]) -> list[ColumnElement[bool]]:
        """Return the conditions for a key to be within."""
        after = [] if self.after is None else [key > self.after]
        return after if self.last is None else [*after, key <= self.last]


def _batches(connection: Connection, table: Table) -> Iterator[tuple[Sequence[RowMapping], _Span]]:
    """Yield all rows in the order of their keys; the spans of the batches leave no key out."""
    key = next(iter(table.primary_key))
    span = _Span(None, None)
    while True:
        question = select(table).where(*span.holds(key)).order_by(key).limit(BATCH)
        try:
            rows = connection.execute(question).mappings().all()
        except (TypeError, OverflowError) as error:  # what stands there is no moment
            raise StorageDamagedError(f"A row of {table.name} cannot be read. {_WHAT_HELPS}") from error
        if len(rows) < BATCH:
            yield rows, span
            return
        span = span._replace(last=rows[-1][key.name])
        yield rows, span
        span = _Span(span.last, None)


def _texts(connection: Connection, span: _Span) -> dict[int, tuple[str, str]]:
    key = texts_key(connection.dialect)
    question = select(key, tables.texts.c.public, tables.texts.c.internal).where(*span.holds(key))
    return {number: (public, internal) for number, public, internal in connection.execute(question)}


def _facts(connection: Connection, span: _Span) -> dict[int, str]:
    columns = tables.facts.c
    question = select(columns.number, columns.facts).where(*span.holds(columns.number))
    return dict(connection.execute(question).all())


def _watchers(connection: Connection, span: _Span) -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    columns = tables.watchers.c
    question = select(columns.number, columns.username).where(*span.holds(columns.number))
    for number, username in connection.execute(question):
        found[number].add(username)
    return found


def _terms(connection: Connection, span: _Span) -> dict[int, set[Term]]:
    found: dict[int, set[Term]] = defaultdict(set)
    columns = tables.terms.c
    question = select(columns.number, columns.field, columns.value).where(*span.holds(columns.number))
    for number, field, value in connection.execute(question):
        found[number].add((field, value))
    return found


def _compare(what: str, kept: Mapping[Any, Any], said: Mapping[Any, Any]) -> None:
    """Raise StorageDamagedError for the first of which something else is kept than its document says."""
    for key in kept.keys() | said.keys():
        if _but_the_document(kept.get(key)) != _but_the_document(said.get(key)):
            raise StorageDamagedError(f"{what.format(key)} is not what the documents say. {_WHAT_HELPS}")


def _but_the_document(value: Any) -> Any:
    """Leave out of a row the document itself, which another version may have spelled in another way."""
    return {name: each for name, each in value.items() if name != "document"} if isinstance(value, Mapping) else value
