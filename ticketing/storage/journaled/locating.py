"""Where each document of a data directory lies, so that all can be read one by one without holding them in memory."""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from ticketing.storage.journaled.disk import read_range
from ticketing.storage.journaled.journal import (
    TAIL_LENGTH,
    Entry,
    Journal,
    Tail,
    damaged_journal,
    decode,
    is_due,
    judge,
)
from ticketing.storage.journaled.loading import Loaded, apply_changes, load_by
from ticketing.storage.journaled.snapshots import BETWEEN, Snapshot, read_snapshot_file


class Place(NamedTuple):
    """A stretch of an open file."""

    descriptor: int
    start: int
    end: int

    def read(self) -> bytes:
        """Return the document that lies there."""
        return read_range(self.descriptor, self.start, self.end)


Places = dict[str, dict[str, Place]]


@contextmanager
def located(folder: Path) -> Iterator[Places]:
    """
    Give the place of every document at this moment, by collection and id.

    The files stay open while the block lasts: what others write, replace or delete meanwhile changes nothing. No lock
    is taken and nothing is written. Raises StorageDamagedError as loading does.
    """
    with ExitStack() as files:
        loaded = load_by(_Locator(files), folder, read_only=True)
        if loaded.journal is not None:
            files.callback(os.close, loaded.journal.descriptor)
            _require_sound_end(loaded, loaded.journal)
        yield loaded.documents


def _require_sound_end(loaded: Loaded[Place], journal: Journal) -> None:
    reason = judge(loaded.rest, loaded.sequence) if loaded.rest else None
    if reason:
        raise damaged_journal(journal, loaded.sequence, loaded.rest, reason)


class _Locator:
    """Keeps the places of documents, and their files open."""

    def __init__(self, files: ExitStack) -> None:
        self._files = files

    def snapshot(self, path: Path) -> Snapshot[Place]:
        """Read a snapshot."""
        return read_snapshot_file(path, self._files.enter_context(path.open("rb")), _places)

    def replay(self, documents: Places, journal: Journal) -> Tail:
        """Carry out what a journal holds behind its header, a line at a time."""
        file = self._files.enter_context(os.fdopen(os.dup(journal.descriptor), "rb"))
        size = os.fstat(file.fileno()).st_size
        sequence, known_good, next_journal, lines = journal.first_sequence, 0, None, 0
        pending: list[tuple[str, str, Place | None]] = []
        parts, end = 0, journal.offset
        for entry, document, position in _entries(file, journal.offset, size):
            if not is_due(entry, sequence, len(pending), parts):
                break
            known_good, parts = max(known_good, entry.known_good), entry.parts
            if entry.change is None:
                next_journal, rest_from = entry.next_journal, position
                break
            pending.append((*entry.change[:2], document))
            if entry.part == parts:
                apply_changes(documents, pending)
                sequence, lines, end, pending = entry.sequence, lines + len(pending), position, []
        rest = read_range(file.fileno(), end if next_journal is None else rest_from, size)
        return Tail([], [end - journal.offset], lines, sequence, known_good, next_journal, rest)


def _entries(file: IO[bytes], start: int, end: int) -> Iterator[tuple[Entry, Place | None, int]]:
    """Yield the lines that are as they were written, where the document of each lies, and where the line ends."""
    file.seek(start)
    while start < end and (entry := decode(line := file.readline(end - start))) is not None:
        start += len(line)
        document = entry.change[2] if entry.change else None
        closing = start - TAIL_LENGTH
        place = None if document is None else Place(file.fileno(), closing - len(document), closing)
        yield entry, place, start


def _places(file: IO[bytes], documents: Sequence[bytes], offset: int) -> Iterator[Place]:
    for document in documents:
        yield Place(file.fileno(), offset, offset + len(document))
        offset += len(document) + len(BETWEEN)
