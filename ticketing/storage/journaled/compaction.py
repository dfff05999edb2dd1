"""
Compaction: from time to time all collections are written out as snapshots, and the journals before are deleted.

A new journal is begun under the lock; the snapshots are written after it is let go, while others write and read. Cut
off anywhere in between, the old snapshots and all journals are still there, and tell the same.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Protocol

from ticketing.domain.errors import StorageBusyError, StorageError
from ticketing.storage.journaled.disk import sync_folder, told_as_ours
from ticketing.storage.journaled.folder_lock import FolderLock
from ticketing.storage.journaled.following import Follower, Listener
from ticketing.storage.journaled.journal import journal_numbers, journal_path
from ticketing.storage.journaled.snapshots import Snapshot, write_snapshot

COMPACT_AT_BYTES = 256 * 1024
SMALL_STORE = 20_000
RETRY_SECONDS = 60.0

# Collection, id and document of what is not wanted any more.
Expired = tuple[str, str, bytes]

log = logging.getLogger(__name__)


class JournalKeeper(Protocol):
    """Who may write to the journals."""

    def writing_alone(self) -> AbstractContextManager[None]:
        """Keep all others from writing."""

    def begin_next_journal(self, expired: Sequence[Expired]) -> tuple[list[Snapshot[bytes]], int]:
        """
        Remove what has expired and begin a new journal; the caller keeps all others from writing.

        Returns all collections as they are at that moment, and the number of the journal in which they go on.
        """


class Compaction:
    """
    Compacts when the journal outgrows both *compact_at* bytes and the documents, one thread or process at a time.

    A store of at most *small_store* documents is compacted at once and has current snapshots whenever it is closed or
    opened; a larger one in the background. `restored` says that the snapshots came from elsewhere and are perhaps of
    different ages.
    """

    def __init__(
        self,
        folder: Path,
        follower: Follower,
        listener: Listener,
        keeper: JournalKeeper,
        *,
        compact_at: int,
        small_store: int,
    ) -> None:
        self.error: str | None = None
        self.restored = False
        self._folder = folder
        self._follower = follower
        self._listener = listener
        self._keeper = keeper
        self._compact_at = compact_at
        self._small_store = small_store
        self._lock = FolderLock(folder / ".compact.lock")
        self._thread: threading.Thread | None = None
        self._not_before = 0.0

    def at_start(self) -> None:
        """Clear away what killed processes left, and bring the snapshots of a small store up to date."""
        self._sweep()
        if self._is_small() and self._has_unsaved_snapshots():
            self.compact_quietly(self._has_unsaved_snapshots)

    def at_end(self) -> None:
        """Leave the snapshots current, unless that takes long for little."""
        if self._is_small() or self._has_long_journal():
            self.compact_quietly(self._has_unsaved_snapshots)

    def compact_if_due(self) -> None:
        """Compact after a change, in the background if that takes long."""
        if not self._is_due():
            return
        if self._is_small():
            self.compact_quietly(self._is_due)
        elif self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(
                target=self.compact_quietly, args=[self._is_due], name="compaction", daemon=True
            )
            self._thread.start()

    def compact_quietly(self, is_due: Callable[[], bool]) -> None:
        """Compact after a change that is saved already: whatever goes wrong is noted and tried again later."""
        try:
            self._compact(is_due)
        except Exception as error:  # the change that came before must not fail
            known = isinstance(error, StorageError | OSError)
            log.warning("Snapshots could not be written, journals are kept: %s", error, exc_info=not known)
            self.error = str(error) or type(error).__name__
            self._not_before = time.monotonic() + RETRY_SECONDS

    def compact(self) -> None:
        """Compact, unless there is nothing to write out; returns at once while somebody else is at it."""
        with told_as_ours():
            self._compact(self._has_unsaved_snapshots)

    def wait(self) -> None:
        """Return when nothing goes on in the background any more."""
        if self._thread is not None:
            self._thread.join()

    def close(self) -> None:
        """Let go of the lock's file."""
        self._lock.close()

    def after_fork(self) -> None:
        """In a forked child: share no lock with the parent, of whose threads none is here."""
        self._lock.forget()
        self._thread = None

    def _is_due(self) -> bool:
        journal = self._follower.journal
        return (
            journal is not None
            and journal.offset > max(self._compact_at, self._follower.live_bytes)
            and time.monotonic() >= self._not_before
        )

    def _is_small(self) -> bool:
        return sum(map(len, self._follower.documents.values())) <= self._small_store

    def _has_long_journal(self) -> bool:
        """Whether the next start would read much more than the documents: a snapshot is read several times as fast."""
        journal = self._follower.journal
        return journal is not None and journal.offset > self._follower.live_bytes // 4

    def _has_unsaved_snapshots(self) -> bool:
        journal = self._follower.journal
        if journal is None:
            return False
        return self.restored or not journal.is_empty or journal_numbers(self._folder)[0] < journal.number

    def _compact(self, is_due: Callable[[], bool]) -> None:
        with suppress(StorageBusyError), self._lock.held(0):
            self._compact_alone(is_due)

    def _compact_alone(self, is_due: Callable[[], bool]) -> None:
        expired = self._expired()
        with self._keeper.writing_alone():
            if not is_due():
                return
            snapshots, number = self._keeper.begin_next_journal(expired)
        for snapshot in snapshots:
            write_snapshot(self._folder, snapshot)
        for old in journal_numbers(self._folder):
            if old < number:
                journal_path(self._folder, old).unlink()
        sync_folder(self._folder)
        self.restored = False
        self.error = None

    def _expired(self) -> list[Expired]:
        with self._follower.lock:
            found = [
                (collection, key, document)
                for collection in self._listener.expiring
                for key, document in self._follower.documents.get(collection, {}).items()
            ]
        return [(collection, key, document) for collection, key, document in found if not self._listener.keep(document)]

    def _sweep(self) -> None:
        """Remove the files that a killed process could not put in place any more."""
        with suppress(StorageBusyError), told_as_ours(), self._lock.held(0), self._keeper.writing_alone():
            for path in self._folder.glob(".*.tmp"):
                path.unlink()
