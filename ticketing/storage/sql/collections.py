"""Documents of one kind, by their ids, in a table of their own."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    Table,
    Tuple,
    bindparam,
    delete,
    func,
    literal,
    select,
    tuple_,
)

from ticketing.domain.queries import LedgerQuery, Page, Query
from ticketing.domain.text import Stored
from ticketing.storage.sql.conditions import holds_text
from ticketing.storage.sql.writing import put, put_missing

Document = TypeVar("Document", bound=Stored)


class SqlCollection(Generic[Document]):
    """Documents of one kind by id; what is asked for them stands in columns of the same name."""

    def __init__(self, connection: Connection, table: Table, model: type[Document]) -> None:
        self._connection = connection
        self._table = table
        self._model = model
        self._key = next(iter(table.primary_key))
        self._found: dict[str, str | None] = {}

    def find(self, key: str) -> Document | None:
        """Return a copy of the document, or None; within a transaction the database is asked for it once."""
        if key not in self._found:
            self._found[key] = self._look_up(key) if can_be(key) else None
        raw = self._found[key]
        return None if raw is None else self._model.model_validate_json(raw)

    def note(self, key: str, raw: str | None) -> None:
        """Take note of what the database has told of a document, unless more is known of it by now."""
        self._found.setdefault(key, raw)

    def _look_up(self, key: str) -> str | None:
        found: str | None = self._connection.scalar(_by_key(self._table), {"key": key})
        return found

    def save(self, document: Document) -> None:
        """Add it, or put it in the place of the one with the same id."""
        columns = self._columns(document)
        put(self._connection, self._table, columns)
        self._found[columns[self._key.name]] = columns["document"]

    def naming(self, value: str, limit: int) -> list[Document]:
        """Return copies of those in which a text is all of a field, at most `limit`."""
        question = select(self._table.c.document).where(holds_text(self._connection, self._table.c.document, value))
        return self._read(question.limit(limit))

    def remove(self, key: str) -> None:
        """Take it away; that it is not there is no error."""
        self._connection.execute(delete(self._table).where(self._key == key))
        self._found[key] = None

    def _add_missing(self, documents: Sequence[Document]) -> None:
        """Keep those of these that are not there yet."""
        rows = [self._columns(document) for document in documents]
        put_missing(self._connection, self._table, *rows)
        for row in rows:  # which of them was there already, nobody has asked
            self._found.pop(row[self._key.name], None)

    def _columns(self, document: Document) -> dict[str, Any]:
        named = {name: getattr(document, name) for name in _names(self._table)}
        return named | {"document": document.model_dump_json(exclude_none=True)}

    def _documents(self, *where: ColumnElement[bool], order: Any) -> list[Document]:
        return self._read(select(self._table.c.document).where(*where).order_by(*order))

    def _page(
        self, query: Query, *where: ColumnElement[bool], order: Any, behind: ColumnElement[bool] | None = None
    ) -> Page[Document]:
        """Return one page of those of which that is true, and how many there are; the page begins *behind* a place."""
        total = self._connection.scalar(select(func.count()).select_from(self._table).where(*where)) or 0
        held = where if behind is None else (*where, behind)
        question = select(self._table.c.document).where(*held).order_by(*order).limit(query.size).offset(query.first)
        return Page(items=tuple(self._read(question)), total=total, page=query.page, size=query.size)

    def _newest_first(self, query: LedgerQuery, *where: ColumnElement[bool]) -> Page[Document]:
        """Return one page of those of which that is true, the newest first."""
        at, key = self._table.c.at, self._table.c.id
        behind = None if query.after is None else tuple_(at, key) < place(query.after, at, key)
        return self._page(query, *where, order=(at.desc(), key.desc()), behind=behind)

    def _read(self, question: Select[Any]) -> list[Document]:
        """Return copies of the documents that a question asks for."""
        return [self._model.model_validate_json(raw) for raw in self._connection.scalars(question)]


class SqlOwned(SqlCollection[Document]):
    """Documents that belong to somebody."""

    def of_user(self, username: str) -> list[Document]:
        """Return the person's documents, newest first; some may have expired."""
        return self._documents(self._table.c.username == username, order=[self._newest().desc(), self._table.c.id])

    def _newest(self) -> ColumnElement[Any]:
        columns = self._table.c
        return columns["created_at" if "created_at" in columns else "expires_at"]


def place(values: Sequence[Any], *columns: Column[Any]) -> Tuple:
    """Return a place in an order, to be compared with these columns."""
    return tuple_(*(literal(value, column.type) for value, column in zip(values, columns, strict=True)))


def can_be(key: str) -> bool:
    """Whether the database takes such a text in a question; one that cannot be written was never stored."""
    return "\0" not in key and key.isprintable()


@lru_cache
def _by_key(table: Table) -> Select[Any]:
    return select(table.c.document).where(next(iter(table.primary_key)) == bindparam("key"))


@lru_cache
def _names(table: Table) -> tuple[str, ...]:
    """Name the columns beside the document: to ask the table for each document anew would cost as much as its text."""
    return tuple(column.name for column in table.columns[:-1])
