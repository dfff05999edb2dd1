"""Reading a whole table: by its key and in batches, so that it need not fit into memory."""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection, Table, select

BATCH: Final = 500


def in_batches(connection: Connection, table: Table) -> Iterator[tuple[Any, str]]:
    """Yield the key and the document of each row, in the order of the keys."""
    key = next(iter(table.primary_key))
    question = select(key, table.c.document).order_by(key).limit(BATCH)
    rows = connection.execute(question).all()
    while rows:
        yield from ((found, raw) for found, raw in rows)
        rows = connection.execute(question.where(key > rows[-1][0])).all() if len(rows) == BATCH else []
