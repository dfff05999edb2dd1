"""Flushing: a change counts as saved once it is on disk, and one flush serves all who wait for one."""

import os
import threading
from collections.abc import Callable

from ticketing.domain.errors import StorageFailedError
from ticketing.storage.journaled.journal import Journal

Newest = Callable[[], tuple[Journal | None, int]]


class Flusher:
    """
    Knows up to which change the journals are on disk, and brings them there.

    *newest* tells the journal in use and the number of the last change in it. After a flush that failed nothing is
    flushed any more: the system may have forgotten what it could not write, so that a second try would prove nothing.
    """

    def __init__(self, newest: Newest) -> None:
        self.durable = 0
        self.poisoned = False
        self._newest = newest
        self._turn = threading.Lock()
        self._learning = threading.Lock()
        self._retired: list[int] = []

    def confirm(self, sequence: int) -> None:
        """Return when change number *sequence* is on disk."""
        if self.durable >= sequence:
            return
        with self._turn:
            if self.durable >= sequence:
                return
            if self.poisoned:
                raise StorageFailedError
            journal, newest = self._newest()
            if journal is None:
                raise StorageFailedError
            self.flush(journal)
            self.learn(newest)
            self._close_retired()

    def learn(self, sequence: int) -> None:
        """Take note that all changes up to number *sequence* are on disk, whoever flushed them."""
        with self._learning:
            self.durable = max(self.durable, sequence)

    def flush(self, journal: Journal) -> None:
        """Flush a journal, once."""
        try:
            os.fsync(journal.descriptor)
        except OSError as error:
            self.poisoned = True
            raise StorageFailedError from error

    def retire(self, journal: Journal) -> None:
        """Close a journal that is not in use any more, as soon as nobody can be flushing it."""
        self._retired.append(journal.descriptor)
        if self._turn.acquire(blocking=False):
            try:
                self._close_retired()
            finally:
                self._turn.release()

    def close(self) -> None:
        """Wait for who is flushing, and close what is retired."""
        with self._turn:
            self._close_retired()

    def forget(self) -> None:
        """In a forked child: share no lock with the parent, of whose threads none is here."""
        self._turn = threading.Lock()
        self._learning = threading.Lock()

    def _close_retired(self) -> None:
        while self._retired:
            os.close(self._retired.pop())
