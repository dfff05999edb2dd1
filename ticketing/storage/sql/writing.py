"""The one statement that the two databases spell differently: add a row, or put it in the place of the one there."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Table, delete, text
from sqlalchemy.dialects import postgresql, sqlite

from ticketing.storage.sql.tables import texts

# A table of the full-text extension has no key but the row's id, and knows no ON CONFLICT.
_TEXTS_OF_SQLITE = text("INSERT OR REPLACE INTO texts (rowid, public, internal) VALUES (:number, :public, :internal)")

_NO_TEXTS_OF_SQLITE = text("DELETE FROM texts WHERE rowid = :number")


def put(connection: Connection, table: Table, *rows: dict[str, Any]) -> None:
    """Add the rows, or put each in the place of the one with the same key."""
    if rows:
        _carry_out(connection, _upsert(connection.dialect.name, table), rows)


def put_missing(connection: Connection, table: Table, *rows: dict[str, Any]) -> None:
    """Add those of the rows whose keys are not there yet."""
    if rows:
        _carry_out(connection, _insert(connection.dialect.name, table).on_conflict_do_nothing(), rows)


def add_up(connection: Connection, table: Table, column: str, rows: Sequence[dict[str, Any]]) -> None:
    """Add the rows; where one with the same key is there, add to its column."""
    if rows:
        _carry_out(connection, _sum(connection.dialect.name, table, column), rows)


def put_texts(connection: Connection, found: Sequence[tuple[int, str, str]]) -> None:
    """Keep what can be found of tickets: number, what everybody in it may find, and what agents may beside it."""
    rows = [{"number": number, "public": public, "internal": internal} for number, public, internal in found]
    if connection.dialect.name == "sqlite":
        connection.execute(_TEXTS_OF_SQLITE, rows)
    else:
        put(connection, texts, *rows)


def remove_texts(connection: Connection, numbers: Sequence[int]) -> None:
    """Take away what can be found of tickets."""
    if connection.dialect.name == "sqlite":
        connection.execute(_NO_TEXTS_OF_SQLITE, [{"number": number} for number in numbers])
    else:
        connection.execute(delete(texts).where(texts.c.number.in_(numbers)))


def _carry_out(connection: Connection, statement: Any, rows: Sequence[dict[str, Any]]) -> None:
    """Several rows are sent on without waiting for each; for a single one that would take longer."""
    connection.execute(statement, rows[0] if len(rows) == 1 else rows)


@lru_cache
def _upsert(dialect: str, table: Table) -> Any:
    statement = _insert(dialect, table)
    keys = [column.name for column in table.primary_key]
    others = {column.name: statement.excluded[column.name] for column in table.columns if column.name not in keys}
    if not others:
        return statement.on_conflict_do_nothing()
    return statement.on_conflict_do_update(index_elements=keys, set_=others)


@lru_cache
def _sum(dialect: str, table: Table, column: str) -> Any:
    statement = _insert(dialect, table)
    keys = [key.name for key in table.primary_key]
    total = table.c[column] + statement.excluded[column]
    return statement.on_conflict_do_update(index_elements=keys, set_={column: total})


def _insert(dialect: str, table: Table) -> Any:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
