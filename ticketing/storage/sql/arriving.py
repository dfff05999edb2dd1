"""
A migration into tables: a transaction for each batch, in which is noted what has come so far.

So the next attempt knows what it need not write again, and sees if somebody else has written here since.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from typing import Final

from pydantic_core import from_json, to_json
from sqlalchemy import Connection, column, insert, inspect, select, table, text, update

from ticketing.domain.errors import RefusedError
from ticketing.storage.sql.connecting import opening
from ticketing.storage.sql.reading import BATCH
from ticketing.storage.sql.whole import Intake, documents
from ticketing.storage.whole import (
    HALF_MOVED,
    MIXED,
    NOT_EMPTY,
    OVERTAKEN,
    Content,
    Digest,
    Everything,
    begins_with,
    content_of,
)

# The table is there as long as a migration into this database has not come to its end.
_HALF_MOVED: Final = table("half_moved", column("note"), column("brought"))

Writing = Callable[[], AbstractContextManager[Connection]]


def is_half_moved(connection: Connection) -> bool:
    """Whether a migration into this database was begun and has not come to its end."""
    return inspect(connection).has_table(_HALF_MOVED.name)


def begin(writing: Writing, coming: Everything) -> "Arrival":
    """
    Mark the database as half moved, and return a way in; raises RefusedError if it holds something else.

    The mark is there before anything else changes. Somebody else may come between the two, hence the second look. What
    holds nothing that was moved here bears no mark after it was refused.
    """
    with writing() as connection, opening():
        if not is_half_moved(connection):
            _require_nothing(Intake(connection).holdings())
            _mark(connection)
    held = ""
    with writing() as connection:
        brought = _brought(connection)
        if not brought and (held := Intake(connection).holdings()):
            _unmark(connection)
        else:
            brought = _kept(connection, brought, coming)
    _require_nothing(held)
    return Arrival(writing, brought)


class Arrival:
    """Takes documents into the tables, behind those that an earlier attempt brought."""

    def __init__(self, writing: Writing, brought: Content) -> None:
        self._writing = writing
        self._brought = brought

    def take(self, collection: str, found: Iterable[tuple[str, bytes]]) -> None:
        """Take in the documents of a collection by the batch; those that are here already only pass."""
        digest = Digest()
        coming = digest.over(found)
        here, _ = self._brought.get(collection, (0, ""))
        for _ in islice(coming, here):
            pass
        while batch := list(islice(coming, BATCH)):
            with self._turn() as connection:
                Intake(connection).take(collection, batch)
                brought = self._brought | digest.content(collection)
                _note(connection, brought)
            self._brought = brought

    @contextmanager
    def ending(self) -> Iterator[Everything]:
        """Give what is here, and take the mark away."""
        with self._turn() as connection:
            yield documents(connection)
            _unmark(connection)

    @contextmanager
    def _turn(self) -> Iterator[Connection]:
        """Give a transaction, unless another migration has gone on here since the one before."""
        with self._writing() as connection:
            if _brought(connection) != self._brought:
                raise RefusedError(OVERTAKEN)
            yield connection


def _require_nothing(held: str) -> None:
    if held:
        raise RefusedError(NOT_EMPTY.format(held))


def _kept(connection: Connection, brought: Content, coming: Everything) -> Content:
    """Return what stays of an earlier attempt: all if what is coming begins with it, else nothing, and it goes."""
    if brought and brought != content_of(documents(connection)):
        raise RefusedError(MIXED)
    if brought and begins_with(coming, brought):
        return brought
    Intake(connection).clear()
    _note(connection, {})
    return {}


def _mark(connection: Connection) -> None:
    connection.execute(text("CREATE TABLE half_moved (note TEXT, brought TEXT)"))
    connection.execute(insert(_HALF_MOVED).values(note=HALF_MOVED, brought="{}"))


def _unmark(connection: Connection) -> None:
    connection.execute(text("DROP TABLE IF EXISTS half_moved"))


def _note(connection: Connection, brought: Content) -> None:
    connection.execute(update(_HALF_MOVED).values(brought=to_json(brought).decode()))


def _brought(connection: Connection) -> Content:
    """Return what has come so far, as was noted."""
    if not is_half_moved(connection):
        raise RefusedError(OVERTAKEN)
    noted = from_json(connection.scalars(select(_HALF_MOVED.c.brought)).one())
    return {name: (number, sha256) for name, (number, sha256) in noted.items()}
