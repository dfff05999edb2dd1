"""
The engine under the JSON store: documents by collection and id, kept by one or several processes in one directory.

A change is one line (or several, for a transaction) at the end of the journal: one write under the lock, then one
flush after the lock is let go, which serves all who wait for one. Memory holds everything; other processes' changes
are read from the journal's end. From time to time all collections are written out as snapshots and a new journal
begins.

    engine       writers take turns; opening, closing, forking
    following    memory keeps step with the journals
    flushing     what is written gets on disk
    compaction   journals become snapshots

Locks are taken in this order: compaction, writing, flushing, state. Readers need the last one only, which is never
held while somebody flushes, waits for a lock or writes snapshots.
"""

import logging
import os
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from ticketing.domain.errors import (
    StorageError,
    StorageFailedError,
    StorageReadOnlyError,
    StorageUnsupportedError,
)
from ticketing.domain.store import PATIENCE
from ticketing.storage.journaled.compaction import COMPACT_AT_BYTES, SMALL_STORE, Compaction, Expired
from ticketing.storage.journaled.disk import FULL, READ_ONLY, as_storage_error, make_folder, told_as_ours
from ticketing.storage.journaled.folder_lock import FolderLock, refuse_network_folder
from ticketing.storage.journaled.following import Follower, Listener
from ticketing.storage.journaled.journal import (
    Change,
    append,
    check_change,
    create_journal,
    encode_next,
    encode_transaction,
    journal_path,
    set_aside,
)
from ticketing.storage.journaled.loading import Documents, load
from ticketing.storage.journaled.snapshots import Snapshot, write_snapshot

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EngineHealth:
    """How the engine is, for the people who run it."""

    sequence: int
    journal: int
    bytes_on_disk: int
    torn: tuple[str, ...]
    compaction_error: str | None
    trouble: str | None
    poisoned: bool


class Writer:
    """The right to commit one transaction."""

    def __init__(self, commit: Callable[[Sequence[Change]], int]) -> None:
        self._commit = commit
        self.sequence = 0

    def commit(self, changes: Sequence[Change]) -> None:
        """
        Write all of *changes*, or none; durable once the `with` block is left.

        A document is one line of compact JSON in UTF-8 that begins with `{"id":"…"`, and an id holds neither quotes nor
        backslashes nor control characters: ValueError otherwise, before anything is written.
        """
        if self.sequence:
            raise RuntimeError("A transaction is committed once.")
        if changes:
            self.sequence = self._commit(changes)


class Engine:
    """
    Keeps the documents in *folder* and tells *listener* about every change.

    Waits at most *lock_timeout* seconds for other writers. Compacts when the journal outgrows both *compact_at* bytes
    and the documents. A *read_only* engine takes no lock and writes nothing. Several engines on one folder, in one or
    more processes, do not disturb each other.
    """

    def __init__(
        self,
        folder: Path,
        listener: Listener,
        *,
        read_only: bool = False,
        lock_timeout: float = PATIENCE,
        compact_at: int = COMPACT_AT_BYTES,
        small_store: int = SMALL_STORE,
    ) -> None:
        self._folder = folder
        self._listener = listener
        self._read_only = read_only
        self._lock_timeout = lock_timeout
        self._lock = FolderLock(folder / ".lock")
        self._follower = Follower(folder, listener, read_only=read_only)
        self._flusher = self._follower.flusher
        self.compaction = Compaction(
            folder, self._follower, listener, self, compact_at=compact_at, small_store=small_store
        )
        _engines.add(self)
        try:
            self._open()
        except BaseException:
            self._release_files()
            raise

    def _open(self) -> None:
        if self._read_only:
            if not self._folder.is_dir():
                raise StorageUnsupportedError(f"There is no data directory “{self._folder}”.")
            self._follower.look_settled()
            return
        make_folder(self._folder)
        refuse_network_folder(self._folder)
        with told_as_ours():
            self._follower.load()
        with self.writing_alone():
            pass
        self.compaction.at_start()

    # Reading

    @property
    def documents(self) -> Documents:
        """All documents in memory, by collection and id."""
        return self._follower.documents

    @property
    def sequence(self) -> int:
        """The number of the newest change in memory."""
        return self._follower.sequence

    @property
    def state_lock(self) -> threading.RLock:
        """Held while documents change, and by readers who want a consistent view."""
        return self._follower.lock

    def refresh(self) -> None:
        """
        Catch up with other processes; one system call if there is nothing new.

        Never fails for the sake of the files: what is in memory stays readable, `health` tells the trouble, and the
        next write raises it.
        """
        self._follower.refresh()

    # Writing

    @contextmanager
    def writing(self, patience: float | None = None) -> Iterator[Writer]:
        """
        Hold the lock, with all that others wrote read in; leaving normally means that the commit is on disk.

        It is waited for at most *patience* seconds, and as long as the store was told to if that is None.
        Leaving without a commit writes nothing, and means that what could be read is on disk: who finds that a thing
        is done already tells so. An exception after the commit does not undo it. Do not ask for it with
        the state lock held: the writer before needs that one to finish.
        """
        process = os.getpid()
        writer = Writer(self._commit)
        try:
            with self.writing_alone(patience):
                yield writer
                writer.sequence = self.sequence
        finally:
            if writer.sequence and os.getpid() == process:
                self._flusher.confirm(writer.sequence)
        if writer.sequence and os.getpid() == process:
            self.compaction.compact_if_due()

    @contextmanager
    def writing_alone(self, patience: float | None = None) -> Iterator[None]:
        """Hold the lock, with all that others wrote read in."""
        self._refuse_if_not_writable()
        process = os.getpid()
        # What the others write is read in while they write it: less is left to do once it is this one's turn.
        self._lock.acquire(self._lock_timeout if patience is None else patience, self._follower.refresh)
        try:
            self._refuse_if_not_writable()
            with told_as_ours():
                self._settle()
            with self.state_lock:  # a reader that is catching up right now must not meet what will be written here
                self._follower.alone = True
            yield
        finally:
            if os.getpid() == process:  # a child forked meanwhile does not own the lock
                self._follower.alone = False
                self._lock.release()

    def _settle(self) -> None:
        """Catch up, begin the first journal, and cut what a killed writer left; refuse damage."""
        rest = self._follower.settle()
        journal = self._follower.journal
        if journal is None:
            self._begin()
        elif rest:
            kept = set_aside(journal, rest)
            log.warning("A half-written change was cut off %s; it is kept in %s.", journal.path.name, kept.name)

    def _begin(self) -> None:
        """Begin journal 1 in a new folder, or in one that holds restored files of perhaps different ages."""
        loaded = load(self._folder, read_only=False)
        for snapshot in loaded.snapshots:
            if snapshot.sequence < loaded.sequence:
                write_snapshot(self._folder, replace(snapshot, sequence=loaded.sequence))
        create_journal(self._folder, 1, loaded.sequence, loaded.documents)
        self.compaction.restored = bool(loaded.snapshots)
        self._follower.catch_up()

    def _commit(self, changes: Sequence[Change]) -> int:
        for change in changes:
            check_change(change)
        journal = self._follower.journal
        if journal is None or not self._follower.alone:
            raise RuntimeError("A transaction is committed inside its `with` block, by the process that began it.")
        follow = self._listener.prepare(changes)
        lines = encode_transaction(changes, self.sequence, self._flusher.durable)
        try:
            append(journal, lines)
        except OSError as error:
            raise self._write_error(error) from error
        return self._follower.take(journal, changes, follow, len(lines))

    def _write_error(self, error: OSError) -> StorageError:
        """Tell why nothing was saved; after an error of the disk itself nothing more is risked."""
        if error.errno not in FULL | READ_ONLY:
            self._flusher.poisoned = True
        return as_storage_error(error)

    # Compaction

    def compact(self) -> None:
        """
        Write all collections out as snapshots and begin a new journal; nothing if that is so already.

        Returns at once while another thread or process is doing it.
        """
        self._refuse_if_not_writable()
        self.compaction.compact()

    def begin_next_journal(self, expired: Sequence[Expired]) -> tuple[list[Snapshot[bytes]], int]:
        """Do as `JournalKeeper` says."""
        self._remove(expired)
        self._rotate()
        return self._copy_state()

    def _remove(self, expired: Sequence[Expired]) -> None:
        """Remove what has expired, unless it was changed since it was looked at."""
        gone: list[Change] = [
            (collection, key, None)
            for collection, key, document in expired
            if self.documents.get(collection, {}).get(key) is document
        ]
        if gone:
            self._commit(gone)

    def _rotate(self) -> None:
        """Begin the next journal, then name it at the end of this one: until then, this one is in use."""
        journal = self._follower.journal
        if journal is None or journal.is_empty:
            return
        create_journal(self._folder, journal.number + 1, self.sequence, self.documents)
        self._flusher.flush(journal)
        try:
            append(journal, encode_next(self.sequence, journal.number + 1))
        except OSError as error:
            journal_path(self._folder, journal.number + 1).unlink(missing_ok=True)
            raise self._write_error(error) from error
        self._follower.catch_up()

    def _copy_state(self) -> tuple[list[Snapshot[bytes]], int]:
        with self.state_lock:
            journal, sequence = self._follower.newest()
            number = journal.number if journal else 0
            return [
                Snapshot(collection, number, sequence, dict(documents))
                for collection, documents in self.documents.items()
            ], number

    # Life

    def close(self) -> None:
        """Leave the snapshots current unless that takes long for little, and let go of all files; once is enough."""
        if self._follower.closed:
            return
        self.compaction.wait()
        if not (self._read_only or self._flusher.poisoned):
            self.compaction.at_end()
        self._follower.closed = True
        self._lock.wait_for_threads(self._lock_timeout)
        self._release_files()

    def _release_files(self) -> None:
        """Let go of all files; what threads have written and not yet flushed, they no longer can, and it is here."""
        _engines.discard(self)
        journal, newest = self._follower.newest()
        if journal is not None and not self._read_only:
            with suppress(StorageError):
                self._flusher.confirm(newest)
        self._follower.let_go()
        self._lock.close()
        self.compaction.close()

    def after_fork(self) -> None:
        """In a forked child: share no lock and no file with the parent; what is in memory is read anew when needed."""
        self._lock.forget()
        self.compaction.after_fork()
        self._follower.after_fork()

    def health(self) -> EngineHealth:
        """Tell how the engine is; looks at the folder, and closer at the journal than a reader does."""
        names = sorted(path.name for path in self._folder.iterdir()) if self._folder.is_dir() else []
        trouble = self._follower.trouble_in_sight()
        journal, sequence = self._follower.newest()
        return EngineHealth(
            sequence=sequence,
            journal=journal.number if journal else 0,
            bytes_on_disk=sum(_size(self._folder / name) for name in names if name.endswith((".json", ".jsonl"))),
            torn=tuple(name for name in names if ".torn-" in name),
            compaction_error=self.compaction.error,
            trouble=trouble,
            poisoned=self._flusher.poisoned,
        )

    def _refuse_if_not_writable(self) -> None:
        self._follower.require_open()
        if self._read_only:
            raise StorageReadOnlyError("it was opened for reading only")
        if self._flusher.poisoned:
            raise StorageFailedError


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


_engines: "weakref.WeakSet[Engine]" = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for engine in list(_engines):
        engine.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
