"""Where each document of a data directory lies, so that all can be read one by one without holding them in memory."""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from ticketing.storage.journaled.disk import read_range
from ticketing.storage.journaled.journal import (
    TAIL_LENGTH,
    Journal,
    Line,
    Tail,
    damaged_journal,
    decode,
    judge,
    tail_of,
)
from ticketing.storage.journaled.loading import Loaded, load_by
from ticketing.storage.journaled.snapshots import BETWEEN, Snapshot, read_snapshot_file


class Stretch(NamedTuple):
    """A part of an open file, in which a document lies."""

    descriptor: int
    start: int
    end: int

    def read(self) -> bytes:
        """Return the document."""
        return read_range(self.descriptor, self.start, self.end)


Stretches = dict[str, dict[str, Stretch]]


@contextmanager
def located(folder: Path) -> Iterator[Stretches]:
    """
    Give the stretch of every document at this moment, by collection and id.

    The files stay open while the block lasts: what others write, replace or delete meanwhile changes nothing. No lock
    is taken and nothing is written. Raises StorageDamagedError as loading does.
    """
    with ExitStack() as files:
        loaded = load_by(_Locator(files), folder, read_only=True)
        if loaded.journal is not None:
            files.callback(os.close, loaded.journal.descriptor)
            _require_sound_end(loaded, loaded.journal)
        yield loaded.documents


def _require_sound_end(loaded: Loaded[Stretch], journal: Journal) -> None:
    reason = judge(loaded.rest, loaded.sequence) if loaded.rest else None
    if reason:
        raise damaged_journal(journal, loaded.sequence, loaded.rest, reason)


class _Locator:
    """Keeps where documents lie, and their files open."""

    def __init__(self, files: ExitStack) -> None:
        self._files = files

    def snapshot(self, path: Path) -> Snapshot[Stretch]:
        """Read a snapshot."""
        return read_snapshot_file(path, self._files.enter_context(path.open("rb")), _stretches)

    def tail(self, journal: Journal) -> Tail[Stretch]:
        """Read what a journal holds behind its header, a line at a time."""
        file = self._files.enter_context(os.fdopen(os.dup(journal.descriptor), "rb"))
        start, size = journal.offset, os.fstat(file.fileno()).st_size
        return tail_of(
            _lines(file, start, size),
            journal.first_sequence,
            lambda end: read_range(file.fileno(), start + end, size),
        )


def _lines(file: IO[bytes], start: int, size: int) -> Iterator[Line[Stretch]]:
    file.seek(start)
    end = start
    while end < size and (entry := decode(line := file.readline(size - end))) is not None:
        end += len(line)
        document = entry.change[2] if entry.change else None
        closing = end - TAIL_LENGTH
        kept = None if document is None else Stretch(file.fileno(), closing - len(document), closing)
        yield entry, kept, end - start


def _stretches(file: IO[bytes], documents: Sequence[bytes], offset: int) -> Iterator[Stretch]:
    for document in documents:
        yield Stretch(file.fileno(), offset, offset + len(document))
        offset += len(document) + len(BETWEEN)
