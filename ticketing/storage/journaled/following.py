"""Following: the documents in memory keep step with the journals, whoever writes them."""

import logging
import os
import threading
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from ticketing.domain.errors import StorageDamagedError, StorageError
from ticketing.storage.journaled.disk import as_storage_error, told_as_ours
from ticketing.storage.journaled.flushing import Flusher
from ticketing.storage.journaled.journal import (
    Change,
    Journal,
    damaged_journal,
    journal_numbers,
    judge,
    open_journal,
    read_new,
    read_tail,
)
from ticketing.storage.journaled.loading import Documents, Loaded, apply_changes, load

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


class Follower:
    """
    The documents as far as the journal was read, and the journal in which they go on.

    `alone` is set while this process holds the lock for writing: nobody else can have written. `closed` is set when
    the documents are not to be followed any more. Who reads several that belong together holds `lock`.
    """

    def __init__(self, folder: Path, listener: Listener, *, read_only: bool) -> None:
        self.documents: Documents = {}
        self.journal: Journal | None = None
        self.sequence = 0
        self.live_bytes = 0
        self.alone = False
        self.closed = False
        self.lock = threading.RLock()
        self.flusher = Flusher(self.newest)
        self._folder = folder
        self._listener = listener
        self._read_only = read_only
        self._stale = True
        self._trouble: str | None = None

    def newest(self) -> tuple[Journal | None, int]:
        """Return the journal in use, and the number of the last change in it."""
        with self.lock:
            return self.journal, self.sequence

    def require_open(self) -> None:
        """Raise RuntimeError once it is closed."""
        if self.closed:
            raise RuntimeError("The store is closed.")

    def refresh(self) -> None:
        """Catch up, if there may be something new; never fails for the sake of the files."""
        with self.lock:
            self.require_open()
            # Alone, nobody else can have written, and what this process writes is applied by the writer.
            if not (self.alone or self._has_nothing_new()):
                self._look()

    def _look(self) -> None:
        try:
            self.catch_up()
        except Exception as error:  # noqa: BLE001 -- reading goes on, whatever it is
            self._note_trouble(error)
        else:
            self._trouble = None

    def _note_trouble(self, error: Exception) -> str:
        """Remember what is wrong, in words for people; an error that nobody expects is logged, once."""
        told = as_storage_error(error) if isinstance(error, OSError) else error
        trouble = str(told) if isinstance(told, StorageError) else UNEXPECTED
        if trouble != self._trouble and trouble is UNEXPECTED:
            log.error("The changes of other processes could not be followed.", exc_info=error)
        self._trouble = trouble
        return trouble

    def _has_nothing_new(self) -> bool:
        """
        Whether the journal is as long as it was, which is so most of the time.

        Asking for its end takes half as long as `fstat`. That the file was removed, `health` and the next write notice.
        """
        journal = self.journal
        if journal is None or self._stale or self._trouble is not None:
            return False
        return os.lseek(journal.descriptor, 0, os.SEEK_END) == journal.offset

    def trouble_in_sight(self) -> str | None:
        """Look closer than a reader does, and say what is wrong; None if all is well."""
        try:
            self.look_settled()
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is told
            return self._note_trouble(error)
        return None

    def look_settled(self) -> None:
        """Catch up without a lock; damage is believed if it stays: for a moment, a writer at work may look like it."""
        with told_as_ours():
            for pause in (0.005, 0.02):
                if self._damage_in_sight() is None:
                    return
                time.sleep(pause)
            damage = self._damage_in_sight()
        if damage is not None:
            raise damage

    def _damage_in_sight(self) -> StorageDamagedError | None:
        with self.lock:
            return None if self.alone or self.closed else self._damage(self.catch_up())

    def settle(self) -> bytes:
        """
        Catch up before a change; all others are kept from writing.

        Returns the half-written change that a killed writer left at the end of the journal, and raises damage.
        """
        rest = self.catch_up()
        damage = self._damage(rest)
        if damage is not None:
            raise damage
        self._trouble = None
        return rest

    def _damage(self, rest: bytes) -> StorageDamagedError | None:
        """Say what is wrong with the end of the journal; None if it is whole or merely torn."""
        reason = judge(rest, self.sequence) if rest else None
        if self.journal is None or reason is None:
            return None
        return damaged_journal(self.journal, self.sequence, rest, reason)

    def catch_up(self) -> bytes:
        """Carry out what was added to the journal; returns the bytes at its end that are not a transaction (yet)."""
        with self.lock:
            while True:
                if self._stale or (self.journal is None and journal_numbers(self._folder)):
                    self.load()
                journal = self.journal
                if journal is None:
                    return b""
                status = os.fstat(journal.descriptor)
                self._check_place(journal, status.st_size)
                if status.st_size == journal.offset:
                    self._check_is_linked(journal, status.st_nlink)
                    return b""
                tail = read_tail(read_new(journal, status.st_size), self.sequence)
                start = journal.offset
                for changes, end in zip(tail.transactions, tail.ends, strict=True):
                    self._take(journal, changes, self._listener.prepare(changes), start + end)
                self.flusher.learn(tail.known_good)
                if tail.next_journal is None:
                    return tail.rest
                self._follow(tail.next_journal)

    def _check_place(self, journal: Journal, size: int) -> None:
        if size < journal.offset:
            raise StorageDamagedError(
                f"{journal.path.name} was cut to {size} bytes, though {journal.offset} were written. "
                f"Changes up to number {self.sequence} are in the memory of the running desk only."
            )

    def _check_is_linked(self, journal: Journal, links: int) -> None:
        if links == 0:
            raise StorageDamagedError(
                f"{journal.path.name} is missing: it was removed while the desk was running. "
                f"Changes up to number {self.sequence} are in the memory of the running desk only."
            )

    def take(self, journal: Journal, changes: Sequence[Change], follow: Callable[[], None], length: int) -> int:
        """
        Carry out in memory what this process just wrote, so many bytes, and return the number of the last change.

        It is written, and must not be told to have failed.
        """
        with self.lock:
            try:
                self._take(journal, changes, follow, journal.offset + length)
            except Exception:
                log.exception("A saved change could not be carried out in memory; everything is read anew.")
            return self.sequence

    def _take(self, journal: Journal, changes: Sequence[Change], follow: Callable[[], None], offset: int) -> None:
        """Carry out one transaction, which ends at *offset*, in memory; if that fails midway, all is read anew."""
        self._stale = True
        journal.offset = offset
        journal.lines += len(changes)
        self.sequence += len(changes)
        for collection, key, document in changes:
            old = self.documents.get(collection, {}).get(key, b"")
            self.live_bytes += len(document or b"") - len(old)
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
        if journal is not None and journal.first_sequence != self.sequence:
            os.close(journal.descriptor)
            raise StorageDamagedError(
                f"{journal.path.name} goes on after change number {journal.first_sequence}, "
                f"but the journal before it ends with number {self.sequence}."
            )
        self._stale = journal is None
        self._switch_to(journal)

    def _switch_to(self, journal: Journal | None) -> None:
        former, self.journal = self.journal, journal
        if former is not None:
            self.flusher.retire(former)

    def load(self) -> None:
        """Read everything; what was known before must still be there, and stays if anything goes wrong."""
        loaded = load(self._folder, read_only=self._read_only)
        with self.lock:
            try:
                self._check_is_not_older(loaded)
                self._listener.load(loaded.documents)
            except BaseException:
                if loaded.journal is not None:
                    os.close(loaded.journal.descriptor)
                raise
            self.documents = loaded.documents
            self._stale = False
            self._switch_to(loaded.journal)
            self.sequence = loaded.sequence
            self.flusher.learn(loaded.known_good)
            self.live_bytes = sum(sum(map(len, documents.values())) for documents in loaded.documents.values())

    def _check_is_not_older(self, loaded: Loaded[bytes]) -> None:
        if loaded.sequence < self.sequence:
            raise StorageDamagedError(
                f"The files end with change number {loaded.sequence}, but number {self.sequence} was saved: "
                "were they replaced by older ones?"
            )

    def let_go(self) -> None:
        """Close the journal as soon as nobody is flushing it."""
        with self.lock:
            self._switch_to(None)
        self.flusher.close()

    def after_fork(self) -> None:
        """In a forked child: share no lock and no file with the parent; all is read anew when it is needed."""
        self.lock = threading.RLock()
        self.flusher.forget()
        self.alone = False
        self._stale = True
        with suppress(OSError):
            self._switch_to(None)
