"""
The engine under the JSON store: documents by collection and id, kept by one or several processes in one directory.

A change is one line (or several, for a transaction) at the end of the journal: one write under the lock, then one
flush after the lock is let go, which serves all who wait for one. Memory holds everything; other processes' changes
are read from the journal's end. From time to time all collections are written out as snapshots and a new journal
begins.

Locks are taken in this order: compaction, writing, flushing, state. Readers need the last one only, which is never
held while somebody flushes, waits for a lock or writes snapshots.
"""

import logging
import os
import threading
import time
import weakref
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from ticketing.domain.errors import (
    StorageBusyError,
    StorageDamagedError,
    StorageError,
    StorageFailedError,
    StorageReadOnlyError,
    StorageUnsupportedError,
)
from ticketing.storage.journaled.disk import FULL, READ_ONLY, as_storage_error, sync_folder
from ticketing.storage.journaled.folder_lock import FolderLock, refuse_network_folder
from ticketing.storage.journaled.journal import (
    Change,
    Journal,
    append,
    check_change,
    create_journal,
    damaged_journal,
    encode_next,
    encode_transaction,
    journal_numbers,
    journal_path,
    judge,
    open_journal,
    read_new,
    read_tail,
    set_aside,
)
from ticketing.storage.journaled.loading import Documents, Loaded, apply_changes, load
from ticketing.storage.journaled.snapshots import Snapshot, write_snapshot

COMPACT_AT_BYTES = 256 * 1024
SMALL_STORE = 20_000
COMPACTION_RETRY_SECONDS = 60.0
UNEXPECTED = "The changes of other processes cannot be followed. The log says more; please restart the desk."

log = logging.getLogger(__name__)


class Listener(Protocol):
    """
    What is built on the documents in memory.

    It may refuse by raising: what it can't take is not written, and not taken over from other processes either.
    """

    def load(self, documents: Documents) -> None:
        """Take everything, at the start and when too much was missed to catch up; or raise, and stay as it was."""

    def prepare(self, changes: Sequence[Change]) -> Callable[[], None]:
        """
        Read one transaction of this process or another one, and return what carries it out, with the state lock held.

        All that may be wrong with a document is found here, where nothing has happened yet.
        """

    @property
    def expiring(self) -> Collection[str]:
        """The collections whose documents go by themselves when their time is over."""

    def keep(self, document: bytes) -> bool:
        """
        Whether a document of such a collection is still wanted.

        It is asked without any lock, and those that are not wanted are removed by a transaction.
        """


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
        lock_timeout: float = 10.0,
        compact_at: int = COMPACT_AT_BYTES,
        small_store: int = SMALL_STORE,
    ) -> None:
        self.documents: Documents = {}
        self.state_lock = threading.RLock()
        self._folder = folder
        self._listener = listener
        self._read_only = read_only
        self._lock_timeout = lock_timeout
        self._compact_at = compact_at
        self._small_store = small_store
        self._lock = FolderLock(folder / ".lock")
        self._compaction_lock = FolderLock(folder / ".compact.lock")
        self._flushing = threading.Lock()
        self._journal: Journal | None = None
        self._retired: list[int] = []
        self._sequence = 0
        self._durable = 0
        self._live_bytes = 0
        self._stale = True
        self._alone = False
        self._restored = False
        self._closed = False
        self._poisoned = False
        self._trouble: str | None = None
        self._compaction_error: str | None = None
        self._compact_not_before = 0.0
        self._compactor: threading.Thread | None = None
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
            self._look_settled()
            return
        _prepare(self._folder)
        with self._told_as_ours():
            self._load()
        with self._writing_alone():
            pass
        self._sweep()
        if self._is_small() and self._has_unsaved_snapshots():
            self._compact_quietly(self._has_unsaved_snapshots)

    def _sweep(self) -> None:
        """Remove the files that a killed process could not put in place any more."""
        with suppress(StorageBusyError), self._told_as_ours(), self._compaction_lock.held(0), self._writing_alone():
            for path in self._folder.glob(".*.tmp"):
                path.unlink()

    # Reading

    @property
    def sequence(self) -> int:
        """The number of the newest change in memory."""
        return self._sequence

    def refresh(self) -> None:
        """
        Catch up with other processes; one system call if there is nothing new.

        Never fails for the sake of the files: what is in memory stays readable, `health` tells the trouble, and the
        next write raises it.
        """
        with self.state_lock:
            self._refuse_if_closed()
            # Alone, nobody else can have written, and what this process writes is applied by the writer.
            if not (self._alone or self._has_nothing_new()):
                self._look()

    def _look(self) -> None:
        try:
            self._catch_up()
        except Exception as error:  # noqa: BLE001 -- reading goes on, whatever it is
            self._note_trouble(error)
        else:
            self._trouble = None

    def _note_trouble(self, error: Exception) -> None:
        """Remember what is wrong, in words for people; an error that nobody expects is logged, once."""
        told = as_storage_error(error) if isinstance(error, OSError) else error
        trouble = str(told) if isinstance(told, StorageError) else UNEXPECTED
        if trouble != self._trouble and trouble is UNEXPECTED:
            log.error("The changes of other processes could not be followed.", exc_info=error)
        self._trouble = trouble

    def _has_nothing_new(self) -> bool:
        """
        Whether the journal is as long as it was, which is so most of the time.

        Asking for its end takes half as long as `fstat`. That the file was removed, `health` and the next write notice.
        """
        journal = self._journal
        if journal is None or self._stale or self._trouble is not None:
            return False
        return os.lseek(journal.descriptor, 0, os.SEEK_END) == journal.offset

    def _catch_up(self) -> bytes:
        """Carry out what was added to the journal; returns the bytes at its end that are not a transaction (yet)."""
        with self.state_lock:
            while True:
                if self._stale or (self._journal is None and journal_numbers(self._folder)):
                    self._load()
                journal = self._journal
                if journal is None:
                    return b""
                status = os.fstat(journal.descriptor)
                self._check_place(journal, status.st_size)
                if status.st_size == journal.offset:
                    self._check_is_linked(journal, status.st_nlink)
                    return b""
                tail = read_tail(read_new(journal, status.st_size), self._sequence)
                start = journal.offset
                for changes, end in zip(tail.transactions, tail.ends, strict=True):
                    self._take(journal, changes, self._listener.prepare(changes), start + end)
                self._durable = max(self._durable, tail.known_good)
                if tail.next_journal is None:
                    return tail.rest
                self._follow(tail.next_journal)

    def _check_place(self, journal: Journal, size: int) -> None:
        if size < journal.offset:
            raise StorageDamagedError(
                f"{journal.path.name} was cut to {size} bytes, though {journal.offset} were written. "
                f"Changes up to number {self._sequence} are in the memory of the running desk only."
            )

    def _check_is_linked(self, journal: Journal, links: int) -> None:
        if links == 0:
            raise StorageDamagedError(
                f"{journal.path.name} is missing: it was removed while the desk was running. "
                f"Changes up to number {self._sequence} are in the memory of the running desk only."
            )

    def _take(self, journal: Journal, changes: Sequence[Change], follow: Callable[[], None], offset: int) -> None:
        """Carry out one transaction, which ends at *offset*, in memory; if that fails midway, all is read anew."""
        self._stale = True
        journal.offset = offset
        journal.lines += len(changes)
        self._sequence += len(changes)
        for collection, key, document in changes:
            old = self.documents.get(collection, {}).get(key, b"")
            self._live_bytes += len(document or b"") - len(old)
        apply_changes(self.documents, changes)
        follow()
        self._stale = False

    def _follow(self, number: int) -> None:
        """Go on in the next journal; if that is gone as well, too much was missed and all is read anew."""
        journal: Journal | None
        try:
            journal = open_journal(self._folder, number, read_only=self._read_only)
        except FileNotFoundError:
            journal = None
        if journal is not None and journal.first_sequence != self._sequence:
            os.close(journal.descriptor)
            raise StorageDamagedError(
                f"{journal.path.name} goes on after change number {journal.first_sequence}, "
                f"but the journal before it ends with number {self._sequence}."
            )
        self._stale = journal is None
        self._switch_to(journal)

    def _switch_to(self, journal: Journal | None) -> None:
        """Use another journal; the old one is closed only when nobody can be flushing it."""
        if self._journal is not None:
            self._retired.append(self._journal.descriptor)
        self._journal = journal
        if self._flushing.acquire(blocking=False):
            try:
                self._close_retired()
            finally:
                self._flushing.release()

    def _close_retired(self) -> None:
        while self._retired:
            os.close(self._retired.pop())

    def _load(self) -> None:
        """Read everything; what was known before must still be there, and stays if anything goes wrong."""
        loaded = load(self._folder, read_only=self._read_only)
        with self.state_lock:
            try:
                self._check_is_not_older(loaded)
                self._listener.load(loaded.documents)
            except BaseException:
                self._close_loaded(loaded)
                raise
            self.documents = loaded.documents
            self._stale = False
            self._switch_to(loaded.journal)
            self._sequence = loaded.sequence
            self._durable = max(self._durable, loaded.known_good)
            self._live_bytes = sum(sum(map(len, documents.values())) for documents in loaded.documents.values())

    def _check_is_not_older(self, loaded: Loaded) -> None:
        if loaded.sequence < self._sequence:
            raise StorageDamagedError(
                f"The files end with change number {loaded.sequence}, but number {self._sequence} was saved: "
                "were they replaced by older ones?"
            )

    @staticmethod
    def _close_loaded(loaded: Loaded) -> None:
        if loaded.journal is not None:
            os.close(loaded.journal.descriptor)

    def _look_settled(self) -> None:
        """Catch up without a lock; damage is believed if it stays: for a moment, a writer at work may look like it."""
        with self._told_as_ours():
            for pause in (0.005, 0.02, 0):
                damage = self._damage_in_sight()
                if damage is None:
                    return
                time.sleep(pause)
        if damage is not None:
            raise damage

    def _damage_in_sight(self) -> StorageDamagedError | None:
        with self.state_lock:
            return None if self._alone or self._closed else self._damage(self._catch_up())

    def _damage(self, rest: bytes) -> StorageDamagedError | None:
        """Say what is wrong with the end of the journal; None if it is whole or merely torn."""
        reason = judge(rest, self._sequence) if rest else None
        if self._journal is None or reason is None:
            return None
        return damaged_journal(self._journal, self._sequence, rest, reason)

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
            with self._writing_alone(patience):
                yield writer
                writer.sequence = self._sequence
        finally:
            if writer.sequence and os.getpid() == process:
                self._confirm(writer.sequence)
        if writer.sequence and os.getpid() == process:
            self._compact_if_due()

    @contextmanager
    def _writing_alone(self, patience: float | None = None) -> Iterator[None]:
        self._refuse_if_not_writable()
        process = os.getpid()
        self._lock.acquire(self._lock_timeout if patience is None else patience)
        try:
            self._refuse_if_not_writable()
            with self._told_as_ours():
                self._settle()
            with self.state_lock:  # a reader that is catching up right now must not meet what will be written here
                self._alone = True
            yield
        finally:
            if os.getpid() == process:  # a child forked meanwhile does not own the lock
                self._alone = False
                self._lock.release()

    def _settle(self) -> None:
        """Catch up, begin the first journal, and cut what a killed writer left; refuse damage."""
        rest = self._catch_up()
        damage = self._damage(rest)
        if damage is not None:
            raise damage
        if self._journal is None:
            self._begin()
        elif rest:
            kept = set_aside(self._journal, rest)
            log.warning("A half-written change was cut off %s; it is kept in %s.", self._journal.path.name, kept.name)
        self._trouble = None

    def _begin(self) -> None:
        """Begin journal 1 in a new folder, or in one that holds restored files of perhaps different ages."""
        loaded = load(self._folder, read_only=False)
        for snapshot in loaded.snapshots:
            if snapshot.sequence < loaded.sequence:
                write_snapshot(self._folder, replace(snapshot, sequence=loaded.sequence))
        create_journal(self._folder, 1, loaded.sequence, loaded.documents)
        self._restored = bool(loaded.snapshots)
        self._catch_up()

    def _commit(self, changes: Sequence[Change]) -> int:
        for change in changes:
            check_change(change)
        journal = self._journal
        if journal is None or not self._alone:
            raise RuntimeError("A transaction is committed inside its `with` block, by the process that began it.")
        follow = self._listener.prepare(changes)
        lines = encode_transaction(changes, self._sequence, self._durable)
        try:
            append(journal, lines)
        except OSError as error:
            raise self._write_error(error) from error
        with self.state_lock:
            try:
                self._take(journal, changes, follow, journal.offset + len(lines))
            except Exception:  # the change is written, and must not be told to have failed
                log.exception("A saved change could not be carried out in memory; everything is read anew.")
            return self._sequence

    def _write_error(self, error: OSError) -> StorageError:
        """Tell why nothing was saved; after an error of the disk itself nothing more is risked."""
        if error.errno not in FULL | READ_ONLY:
            self._poisoned = True
        return as_storage_error(error)

    def _confirm(self, sequence: int) -> None:
        """Return when change number *sequence* is on disk; one flush serves all who wait for one."""
        if self._durable >= sequence:
            return
        with self._flushing:
            if self._durable >= sequence:
                return
            if self._poisoned:
                raise StorageFailedError
            with self.state_lock:
                journal, newest = self._journal, self._sequence
            if journal is None:
                raise StorageFailedError
            self._flush(journal.descriptor)
            with self.state_lock:
                self._durable = max(self._durable, newest)
            self._close_retired()

    def _confirm_all(self) -> None:
        """Flush what threads have written and not yet flushed: when the files are closed, they no longer can."""
        if self._journal is not None and not self._read_only:
            self._confirm(self._sequence)

    def _flush(self, descriptor: int) -> None:
        """Flush once: after an error the system may forget what it could not write, so a second try proves nothing."""
        try:
            os.fsync(descriptor)
        except OSError as error:
            self._poisoned = True
            raise StorageFailedError from error

    # Compaction

    def compact(self) -> None:
        """
        Write all collections out as snapshots and begin a new journal; nothing if that is so already.

        Returns at once while another thread or process is doing it.
        """
        self._refuse_if_not_writable()
        with self._told_as_ours():
            self._compact(self._has_unsaved_snapshots)

    def _compact_if_due(self) -> None:
        if not self._is_compaction_due():
            return
        if self._is_small():
            self._compact_quietly(self._is_compaction_due)
        elif self._compactor is None or not self._compactor.is_alive():
            self._compactor = threading.Thread(
                target=self._compact_quietly, args=[self._is_compaction_due], name="compaction", daemon=True
            )
            self._compactor.start()

    def _is_compaction_due(self) -> bool:
        journal = self._journal
        return (
            journal is not None
            and journal.offset > max(self._compact_at, self._live_bytes)
            and time.monotonic() >= self._compact_not_before
        )

    def _has_long_journal(self) -> bool:
        """Whether the next start would read much more than the documents: a snapshot is read several times as fast."""
        return self._journal is not None and self._journal.offset > self._live_bytes // 4

    def _is_small(self) -> bool:
        return sum(map(len, self.documents.values())) <= self._small_store

    def _has_unsaved_snapshots(self) -> bool:
        journal = self._journal
        if journal is None:
            return False
        return self._restored or not journal.is_empty or journal_numbers(self._folder)[0] < journal.number

    def _compact_quietly(self, is_due: Callable[[], bool]) -> None:
        """Compact after a change that is saved already: whatever goes wrong is noted and tried again later."""
        try:
            self._compact(is_due)
        except Exception as error:  # the change that came before must not fail
            known = isinstance(error, StorageError | OSError)
            log.warning("Snapshots could not be written, journals are kept: %s", error, exc_info=not known)
            self._compaction_error = str(error) or type(error).__name__
            self._compact_not_before = time.monotonic() + COMPACTION_RETRY_SECONDS

    def _compact(self, is_due: Callable[[], bool]) -> None:
        with suppress(StorageBusyError), self._compaction_lock.held(0):
            self._compact_alone(is_due)

    def _compact_alone(self, is_due: Callable[[], bool]) -> None:
        expired = self._expired()
        with self._writing_alone():
            if not is_due():
                return
            self._remove(expired)
            self._rotate()
            snapshots, number = self._copy_state()
        for snapshot in snapshots:
            write_snapshot(self._folder, snapshot)
        for old in journal_numbers(self._folder):
            if old < number:
                journal_path(self._folder, old).unlink()
        sync_folder(self._folder)
        self._restored = False
        self._compaction_error = None

    def _expired(self) -> list[tuple[str, str, bytes]]:
        with self.state_lock:
            found = [
                (collection, key, document)
                for collection in self._listener.expiring
                for key, document in self.documents.get(collection, {}).items()
            ]
        return [(collection, key, document) for collection, key, document in found if not self._listener.keep(document)]

    def _remove(self, expired: Sequence[tuple[str, str, bytes]]) -> None:
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
        journal = self._journal
        if journal is None or journal.is_empty:
            return
        create_journal(self._folder, journal.number + 1, self._sequence, self.documents)
        self._flush(journal.descriptor)
        try:
            append(journal, encode_next(self._sequence, journal.number + 1))
        except OSError as error:
            journal_path(self._folder, journal.number + 1).unlink(missing_ok=True)
            raise self._write_error(error) from error
        self._catch_up()

    def _copy_state(self) -> tuple[list[Snapshot], int]:
        with self.state_lock:
            number = self._journal.number if self._journal else 0
            return [
                Snapshot(collection, number, self._sequence, dict(documents))
                for collection, documents in self.documents.items()
            ], number

    # Life

    def close(self) -> None:
        """Leave the snapshots current unless that takes long for little, and let go of all files; once is enough."""
        if self._closed:
            return
        if self._compactor is not None:
            self._compactor.join()
        if not (self._read_only or self._poisoned) and (self._is_small() or self._has_long_journal()):
            self._compact_quietly(self._has_unsaved_snapshots)
        self._closed = True
        self._lock.wait_for_threads(self._lock_timeout)
        self._release_files()

    def _release_files(self) -> None:
        _engines.discard(self)
        with suppress(StorageError):
            self._confirm_all()
        with self._flushing, self.state_lock:
            if self._journal is not None:
                self._retired.append(self._journal.descriptor)
                self._journal = None
            self._close_retired()
        self._lock.close()
        self._compaction_lock.close()

    def after_fork(self) -> None:
        """In a forked child: share no lock and no file with the parent; what is in memory is read anew when needed."""
        self._lock.forget()
        self._compaction_lock.forget()
        self.state_lock = threading.RLock()
        self._flushing = threading.Lock()
        self._alone = False
        self._compactor = None
        if self._journal is not None:
            self._retired.append(self._journal.descriptor)
            self._journal = None
        self._stale = True
        with suppress(OSError):
            self._close_retired()

    def health(self) -> EngineHealth:
        """Tell how the engine is; looks at the folder, and closer at the journal than a reader does."""
        names = sorted(path.name for path in self._folder.iterdir()) if self._folder.is_dir() else []
        trouble = self._trouble_in_sight()
        with self.state_lock:
            return EngineHealth(
                sequence=self._sequence,
                journal=self._journal.number if self._journal else 0,
                bytes_on_disk=sum(_size(self._folder / name) for name in names if name.endswith((".json", ".jsonl"))),
                torn=tuple(name for name in names if ".torn-" in name),
                compaction_error=self._compaction_error,
                trouble=trouble,
                poisoned=self._poisoned,
            )

    def _trouble_in_sight(self) -> str | None:
        try:
            self._look_settled()
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is told
            self._note_trouble(error)
            return self._trouble
        return None

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise RuntimeError("The store is closed.")

    def _refuse_if_not_writable(self) -> None:
        self._refuse_if_closed()
        if self._read_only:
            raise StorageReadOnlyError("it was opened for reading only")
        if self._poisoned:
            raise StorageFailedError

    @contextmanager
    def _told_as_ours(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise as_storage_error(error) from error


def _prepare(folder: Path) -> None:
    """Make the folder if it is not there, durably: a power cut must not take it with all that is saved in it."""
    try:
        missing = [each for each in (folder, *folder.parents) if not each.exists()]
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for made in missing:
            sync_folder(made.parent)
    except FileExistsError as error:
        raise StorageUnsupportedError(f"“{folder}” is a file, not a directory.") from error
    except OSError as error:
        raise as_storage_error(error) from error
    refuse_network_folder(folder)


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
