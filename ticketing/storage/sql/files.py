"""Contents of attached files in tables: a row for each, and its bytes in pieces."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import IO, Final

from sqlalchemy import Connection, delete, exists, func, select

from ticketing.domain.attachments import CONTENT, Content
from ticketing.storage.files import PIECE, missing
from ticketing.storage.sql.tables import file_pieces, files, received, terms
from ticketing.storage.sql.writing import put

_IN_MEMORY: Final = 1 << 20

Connecting = Callable[[], AbstractContextManager[Connection]]


class SqlFiles:
    """All contents; one is read piece by piece, so that no connection is kept from others by a slow reader."""

    def __init__(self, viewing: Connecting, writing: Connecting) -> None:
        self._viewing = viewing
        self._writing = writing

    def put(self, content: Iterable[bytes], now: datetime) -> Content:
        """Keep a content, durable when this returns; it is received whole before anybody has to wait for it."""
        with SpooledTemporaryFile(max_size=_IN_MEMORY) as spool:
            kept = _receive(content, spool)
            spool.seek(0)
            with self._writing() as connection:
                put_content(connection, kept, _pieces(spool), now)
        return kept

    def holds(self, sha256: str) -> bool:
        """Whether the content is here."""
        with self._viewing() as connection:
            return SqlFileRepository(connection).holds(sha256)

    def read(self, sha256: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield a content by the piece, or what of it stands from *start* up to *end*."""
        with self._viewing() as connection:
            size = connection.scalar(select(files.c.size).where(files.c.sha256 == sha256))
        if size is None:
            raise missing(sha256)
        end = size if end is None else min(end, size)
        while start < end:
            number, skipped = divmod(start, PIECE)
            piece = self._piece(sha256, number)[skipped : skipped + end - start]
            yield piece
            start += len(piece)

    def used(self) -> int:
        """Return how many bytes all contents have together."""
        with self._viewing() as connection:
            return int(connection.scalar(select(func.coalesce(func.sum(files.c.size), 0))) or 0)

    def _piece(self, sha256: str, number: int) -> bytes:
        question = select(file_pieces.c.piece).where(file_pieces.c.sha256 == sha256, file_pieces.c.number == number)
        with self._viewing() as connection:
            piece = connection.scalar(question)
        if not piece:
            raise missing(sha256)
        return bytes(piece)


class SqlFileRepository:
    """All contents, within one transaction."""

    def __init__(self, connection: Connection, place: str = "") -> None:
        self._connection = connection
        self.place = place

    def any(self) -> bool:
        """Whether there is a content at all."""
        return self._connection.scalar(select(files.c.sha256).limit(1)) is not None

    def holds(self, sha256: str) -> bool:
        """Whether the content is here; of one that is kept elsewhere, nobody is asked."""
        if self.place:
            return True
        return self._connection.scalar(select(files.c.sha256).where(files.c.sha256 == sha256)) is not None

    def unused(self, put_before: datetime, limit: int) -> list[str]:
        """Return hashes of contents put here before that moment that nothing names, at most `limit`."""
        is_attached = exists().where(terms.c.field == CONTENT, terms.c.value == files.c.sha256)
        is_mail = exists().where(received.c.raw_sha256 == files.c.sha256)
        question = select(files.c.sha256).where(files.c.put_at < put_before, ~is_attached, ~is_mail).limit(limit)
        return list(self._connection.scalars(question))

    def unnamed(self, hashes: Iterable[str]) -> list[str]:
        """Return those of the hashes that nothing names."""
        asked = list(hashes)
        attached = select(terms.c.value).where(terms.c.field == CONTENT, terms.c.value.in_(asked))
        mails = select(received.c.raw_sha256).where(received.c.raw_sha256.in_(asked))
        named = {*self._connection.scalars(attached), *self._connection.scalars(mails)}
        return [one for one in asked if one not in named]

    def remove(self, sha256: str) -> None:
        """Take a content away; that it is not there is no error."""
        for table in (file_pieces, files):
            self._connection.execute(delete(table).where(table.c.sha256 == sha256))


def put_content(connection: Connection, content: Content, pieces: Iterable[bytes], now: datetime) -> None:
    """Keep a content of which hash and size are known; of one that is here only the time changes."""
    is_here = SqlFileRepository(connection).holds(content.sha256)
    put(connection, files, {"sha256": content.sha256, "size": content.size, "put_at": now})
    for number, piece in enumerate(() if is_here else pieces):
        put(connection, file_pieces, {"sha256": content.sha256, "number": number, "piece": piece})


def receive(connection: Connection, content: Iterable[bytes], now: datetime) -> Content:
    """Keep a content that comes in within a transaction."""
    with SpooledTemporaryFile(max_size=_IN_MEMORY) as spool:
        kept = _receive(content, spool)
        spool.seek(0)
        put_content(connection, kept, _pieces(spool), now)
    return kept


def _receive(content: Iterable[bytes], spool: IO[bytes]) -> Content:
    checksum, size = hashlib.sha256(), 0
    for piece in content:
        checksum.update(piece)
        size += len(piece)
        spool.write(piece)
    return Content(checksum.hexdigest(), size)


def _pieces(spool: IO[bytes]) -> Iterator[bytes]:
    while piece := spool.read(PIECE):
        yield piece
