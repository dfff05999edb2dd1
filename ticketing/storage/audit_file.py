"""
The older part of the audit log in a data directory: a file beside the journal that only grows.

    audit.jsonl    one record a line, from the first one on

New records are documents of the journal, kept and flushed with the change that they tell of. When there are many of
them, the next change moves them here: they are appended and flushed first, then that change takes them out of the
journal's documents and notes how far the file counts (`Settled`). So whenever it is cut off, each record is in one of
the two, and what stands in the file beyond that does not count and is overwritten. The memory holds the new ones only.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Final

from ticketing.domain.audit import Head
from ticketing.domain.errors import StorageDamagedError
from ticketing.domain.text import Stored
from ticketing.storage.documents.state import AUDIT
from ticketing.storage.journaled.disk import BINARY, write_all, write_whole
from ticketing.storage.journaled.snapshots import document_id
from ticketing.storage.whole import Documents, Everything

NAME: Final = "audit.jsonl"
# So many new records stay in memory and in the journal.
MOST_UNSETTLED: Final = 1_000
_BLOCK: Final = 1 << 16


class Settled(Stored):
    """How much of the file counts, in bytes, and the last record in that."""

    id: str = "file"
    bytes: int = 0
    number: int = 0
    hash: str = Head().hash

    @property
    def head(self) -> Head:
        """The last record in the file."""
        return Head(self.number, self.hash)


class AuditFile:
    """The file in a data directory; whoever appends to it holds the lock of the one writer."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME

    def append(self, settled: Settled, records: Sequence[bytes], head: Head) -> Settled:
        """
        Add records behind those that count, durably, and return what counts once that is noted; raises OSError.

        The first ones begin the file anew, so that whoever is reading one from before a restored backup reads on.
        """
        lines = b"".join(record + b"\n" for record in records)
        if not settled.bytes:
            write_whole(self._path, [lines])
        else:
            descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | BINARY)
            try:
                self._require(os.fstat(descriptor).st_size, settled)
                os.ftruncate(descriptor, settled.bytes)
                write_all(descriptor, lines)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        return Settled(bytes=settled.bytes + len(lines), number=head.number, hash=head.hash)

    def newest_first(self, settled: Settled) -> Iterator[bytes]:
        """Yield the lines that count, the last one first; between two blocks nothing is held open."""
        end, rest = settled.bytes, b""
        while end:
            start = max(0, end - _BLOCK)
            with self.opened(settled) as file:
                file.seek(start)
                first, *lines = (file.read(end - start) + rest).split(b"\n")
            yield from (line for line in reversed(lines) if line)
            end, rest = start, first
        if rest:
            yield rest

    def opened(self, settled: Settled) -> IO[bytes]:
        """Open it for reading; raises StorageDamagedError if not all is there that counts."""
        try:
            file = self._path.open("rb")
        except FileNotFoundError as error:
            raise StorageDamagedError(f"The audit log: {NAME} is missing.") from error
        try:
            self._require(os.fstat(file.fileno()).st_size, settled)
        except BaseException:
            file.close()
            raise
        return file

    def _require(self, size: int, settled: Settled) -> None:
        if size < settled.bytes:
            raise StorageDamagedError(
                f"The audit log: {NAME} was cut to {size} bytes, though {settled.bytes} were written."
            )


def oldest_first(file: IO[bytes], settled: Settled) -> Iterator[bytes]:
    """Yield the lines that count, the first one first."""
    file.seek(0)
    left = settled.bytes
    while left and (line := file.readline(left)):
        left -= len(line)
        yield line.removesuffix(b"\n")


class WholeLog:
    """The documents of the log as a whole: those in the file, and those that are not there yet."""

    def __init__(self, file: AuditFile, settled: Settled, unsettled: Documents) -> None:
        self._file = file
        self._settled = settled
        self._unsettled = unsettled

    def __len__(self) -> int:
        return self._settled.number + len(self._unsettled)

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        if self._settled.bytes:
            with self._file.opened(self._settled) as file:
                for place, line in enumerate(oldest_first(file, self._settled), 1):
                    yield _key(line, place), line
        yield from self._unsettled


def _key(line: bytes, place: int) -> str:
    try:
        return document_id(line)
    except ValueError as error:
        raise StorageDamagedError(f"The audit log: record {place} was altered.") from error


def with_older(everything: Everything, file: AuditFile, settled: Settled) -> Everything:
    """Return all documents with those of the log that are in the file."""
    unsettled = everything.get(AUDIT, ())
    return {**everything, AUDIT: WholeLog(file, settled, unsettled)} if settled.bytes else everything


def read_settled(documents: Mapping[str, bytes] | None) -> Settled:
    """Return what is noted of the file; nothing counts of which nothing is noted."""
    raw = (documents or {}).get("file")
    return Settled.model_validate_json(raw) if raw else Settled()
