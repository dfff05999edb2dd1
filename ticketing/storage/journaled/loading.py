"""Reading a whole data directory: the snapshots, and the journals that carry on from them."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol

from ticketing.domain.errors import StorageDamagedError
from ticketing.storage.journaled.journal import (
    Journal,
    Tail,
    damaged_journal,
    journal_numbers,
    journal_path,
    judge,
    open_journal,
    read_new,
    read_tail,
)
from ticketing.storage.journaled.snapshots import Kept, Snapshot, read_snapshot, snapshot_files, snapshot_path

ATTEMPTS = 50

Documents = dict[str, dict[str, bytes]]


@dataclass(slots=True)
class Loaded(Generic[Kept]):
    """
    The state of a data directory, and the journal in which it goes on; None if there is none yet.

    `rest` is what its end holds beside whole transactions.
    """

    snapshots: list[Snapshot[Kept]]
    documents: dict[str, dict[str, Kept]]
    sequence: int
    known_good: int = 0
    journal: Journal | None = None
    rest: bytes = b""


class Reader(Protocol[Kept]):
    """How the files are read, and what is kept of each document."""

    def snapshot(self, path: Path) -> Snapshot[Kept]:
        """Read a snapshot."""

    def tail(self, journal: Journal) -> Tail[Kept]:
        """Read what a journal holds behind its header."""


class InFull:
    """Keeps the documents themselves."""

    def snapshot(self, path: Path) -> Snapshot[bytes]:
        """Read a snapshot."""
        return read_snapshot(path)

    def tail(self, journal: Journal) -> Tail[bytes]:
        """Read what a journal holds behind its header."""
        return read_tail(read_new(journal, os.fstat(journal.descriptor).st_size), journal.first_sequence)


def apply_changes(documents: dict[str, dict[str, Kept]], changes: Sequence[tuple[str, str, Kept | None]]) -> None:
    """Carry changes out in memory."""
    for collection, key, document in changes:
        if document is not None:
            documents.setdefault(collection, {})[key] = document
        elif collection in documents:
            documents[collection].pop(key, None)


def load(folder: Path, *, read_only: bool) -> Loaded[bytes]:
    """Read everything, without a lock."""
    return load_by(InFull(), folder, read_only=read_only)


def load_by(reader: Reader[Kept], folder: Path, *, read_only: bool) -> Loaded[Kept]:
    """
    Let a reader read everything, without a lock.

    Meanwhile another process may put new snapshots in place and delete the journals before them. So what looks like
    damage is believed only if no file changed while it was being read.
    """
    for _ in range(ATTEMPTS):
        before = _signature(folder)
        try:
            return _load_once(reader, folder, read_only=read_only)
        except (StorageDamagedError, FileNotFoundError) as error:
            problem = error
        if _signature(folder) == before:
            break
    if isinstance(problem, FileNotFoundError):
        raise StorageDamagedError(f"{Path(problem.filename).name} is missing.") from problem
    raise problem


def _signature(folder: Path) -> set[tuple[str, int, int, int]]:
    """Tell whether a file was replaced, added, removed or has grown."""
    found = set()
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith((".json", ".jsonl")):
                try:
                    status = entry.stat()
                except FileNotFoundError:
                    continue
                found.add((entry.name, status.st_ino, status.st_mtime_ns, status.st_size))
    return found


def _load_once(reader: Reader[Kept], folder: Path, *, read_only: bool) -> Loaded[Kept]:
    snapshots = [reader.snapshot(path) for path in snapshot_files(folder)]
    numbers = journal_numbers(folder)
    _check_journals_are_there(folder, snapshots, numbers)
    loaded = Loaded(
        snapshots,
        {snapshot.collection: snapshot.documents for snapshot in snapshots},
        max((snapshot.sequence for snapshot in snapshots), default=0),
    )
    if numbers:
        _replay(reader, folder, loaded, numbers, read_only=read_only)
    return loaded


def _check_journals_are_there(folder: Path, snapshots: Sequence[Snapshot[Kept]], numbers: Sequence[int]) -> None:
    for snapshot in snapshots:
        if snapshot.journal and snapshot.journal not in numbers:
            raise _missing_journal(folder, snapshot.journal, snapshot.sequence)


def _missing_journal(folder: Path, number: int, sequence: int) -> StorageDamagedError:
    name = journal_path(folder, number).name
    return StorageDamagedError(f"{name} is missing: changes after number {sequence} are lost.")


def _replay(
    reader: Reader[Kept], folder: Path, loaded: Loaded[Kept], numbers: Sequence[int], *, read_only: bool
) -> None:
    """Carry out what the journals hold, one after the other, and keep the last one open."""
    newest_snapshot = loaded.sequence
    current = open_journal(folder, numbers[0], read_only=read_only)
    try:
        _check_base(folder, loaded, current)
        loaded.sequence = loaded.known_good = current.first_sequence
        while True:
            tail = _replay_one(reader, loaded, current)
            following = _following(folder, loaded, current, tail, read_only=read_only)
            if following is None:
                loaded.rest = tail.rest
                break
            os.close(current.descriptor)
            current = following
        _check_end(loaded, current, newest_snapshot)
    except BaseException:
        os.close(current.descriptor)
        raise
    loaded.journal = current


def _check_base(folder: Path, loaded: Loaded[Kept], oldest: Journal) -> None:
    """Check that the snapshots hold all that came before the oldest journal."""
    for collection in oldest.collections:
        if collection not in {snapshot.collection for snapshot in loaded.snapshots}:
            raise StorageDamagedError(f"{snapshot_path(folder, collection).name} is missing.")
    for snapshot in loaded.snapshots:
        if snapshot.sequence < oldest.first_sequence:
            raise _missing_journal(folder, oldest.number - 1, snapshot.sequence)


def _check_end(loaded: Loaded[Kept], newest: Journal, newest_snapshot: int) -> None:
    """Check that the journals reach as far as the snapshots."""
    if loaded.sequence < newest_snapshot:
        raise StorageDamagedError(
            f"{newest.path.name} ends with change number {loaded.sequence}, but the snapshots already hold number "
            f"{newest_snapshot}: changes after it are lost."
        )


def _replay_one(reader: Reader[Kept], loaded: Loaded[Kept], journal: Journal) -> Tail[Kept]:
    tail = reader.tail(journal)
    for changes in tail.transactions:  # a newer snapshot may hold them already: whole documents can be put again
        apply_changes(loaded.documents, changes)
    journal.offset += tail.length
    journal.lines += tail.lines
    loaded.sequence = tail.sequence
    loaded.known_good = max(loaded.known_good, tail.known_good)
    return tail


def _following(
    folder: Path, loaded: Loaded[Kept], journal: Journal, tail: Tail[Kept], *, read_only: bool
) -> Journal | None:
    """
    Open the journal in which the changes go on; None if it is still this one.

    An empty journal that the one before it does not name never came into use. A power cut may have taken the line
    that names it: then it holds changes already.
    """
    following = _open_next(folder, journal, read_only=read_only)
    if following is None:
        if tail.next_journal is not None:
            raise _missing_journal(folder, tail.next_journal, loaded.sequence)
        return None
    unused = tail.next_journal is None and os.fstat(following.descriptor).st_size == following.header_length
    if unused:
        os.close(following.descriptor)
        return None
    reason = judge(tail.rest, tail.sequence) if tail.rest else None
    if tail.next_journal is None and reason is None and following.first_sequence != tail.sequence:
        reason = f"the next journal goes on after change number {following.first_sequence}"
    if reason:
        os.close(following.descriptor)
        raise damaged_journal(journal, tail.sequence, tail.rest, reason)
    return following


def _open_next(folder: Path, journal: Journal, *, read_only: bool) -> Journal | None:
    try:
        return open_journal(folder, journal.number + 1, read_only=read_only)
    except FileNotFoundError:
        return None
