"""A store that is gone with its process: for tests and for trying things out."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Self

from ticketing.domain.errors import StorageBusyError
from ticketing.domain.store import PATIENCE, FarFiles
from ticketing.storage.documents.document_store import DocumentStore, Followed
from ticketing.storage.documents.state import Change, Documents
from ticketing.storage.files import MemoryFiles
from ticketing.storage.presences import MemoryPresences


class MemoryEngine:
    """Keeps documents in dictionaries."""

    def __init__(self, listener: Followed) -> None:
        self.state_lock = threading.RLock()
        self.documents: Documents = {}
        self._turn = threading.Lock()
        self._listener = listener
        listener.load(self.documents)

    def refresh(self) -> None:
        """There is nobody else."""

    @contextmanager
    def writing(self, patience: float | None) -> Iterator[Self]:
        """Wait for a turn to write, at most so many seconds."""
        if not self._turn.acquire(timeout=PATIENCE if patience is None else patience):
            raise StorageBusyError
        try:
            yield self
        finally:
            self._turn.release()

    def commit(self, changes: Sequence[Change]) -> None:
        """Keep all of it."""
        with self.state_lock:
            self._listener.replace(changes)

    def close(self) -> None:
        """There is nothing to let go of."""


class MemoryStore(DocumentStore):
    """The same store as the one in files, without the files."""

    def __init__(self, files: FarFiles | None = None) -> None:
        super().__init__(MemoryEngine, MemoryFiles(), MemoryPresences(), files)
