"""A store over an engine of documents: consistent views for readers, one transaction at a time for writers."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Final, Protocol

from pydantic_core import from_json

from ticketing.domain.store import FarFiles, Files, StoreHealth
from ticketing.storage.audit_file import AuditFile, read_settled, with_older
from ticketing.storage.documents.conditions import sign
from ticketing.storage.documents.repositories import Contents, DocumentTransaction
from ticketing.storage.documents.state import EXPIRING, PASSING, SETTLED, Change, Documents, State
from ticketing.storage.files import FolderFiles, MemoryFiles, require_same, utc_now
from ticketing.storage.presences import FolderPresences, MemoryPresences
from ticketing.storage.whole import Everything, holdings

_SIGNED_AT_ONCE: Final = 200  # which takes some milliseconds


class Writer(Protocol):
    """One writer's turn."""

    def commit(self, changes: Sequence[Change]) -> None:
        """Keep all of it; durable once the turn is over."""


class DocumentEngine(Protocol):
    """What keeps the documents: in memory, or in files."""

    @property
    def state_lock(self) -> threading.RLock:
        """Held while documents change, and by readers who want a consistent view."""

    def refresh(self) -> None:
        """Catch up with what others wrote."""

    def writing(self, patience: float | None) -> AbstractContextManager[Writer]:
        """Wait for a turn to write, at most so many seconds; None is as long as a person would."""

    def close(self) -> None:
        """Let go."""


class Followed(State):
    """The state as an engine drives it; says at compaction which documents are still worth keeping."""

    expiring = EXPIRING

    def keep(self, document: bytes) -> bool:
        """Whether a document that may expire has not done so."""
        expires_at = datetime.fromisoformat(from_json(document)["expires_at"])
        return expires_at > datetime.fromtimestamp(time.time(), UTC)


class Reading:
    """
    A reader's turn: the state stays as it is while the block lasts.

    A class and no generator, since each run of each page goes through several.
    """

    __slots__ = ("_audit_file", "_contents", "_engine", "_place", "_state")

    def __init__(
        self, engine: DocumentEngine, state: State, contents: Contents, place: str, audit_file: AuditFile | None
    ) -> None:
        self._engine = engine
        self._state = state
        self._contents = contents
        self._place = place
        self._audit_file = audit_file

    def __enter__(self) -> DocumentTransaction:
        self._engine.refresh()
        lock = self._engine.state_lock
        lock.acquire()
        return DocumentTransaction(self._state, lock, self._contents, self._place, self._audit_file)

    def __exit__(self, *raised: object) -> None:
        self._engine.state_lock.release()


def by_id(pair: tuple[str, object]) -> tuple[int, str]:
    """Order by number, where ids are or begin with numbers, and then by the letters."""
    key, _ = pair
    number = key.partition(":")[0]
    return (int(number) if number.isdecimal() else 0, key)


class DocumentIntake:
    """Takes documents in, as they are."""

    def __init__(self, tx: DocumentTransaction, present: Documents, files: Files) -> None:
        self._pending = tx.pending
        self._present = present
        self._files = files

    def holdings(self) -> str:
        """Say what was here before."""
        return holdings({name: list(found.items()) for name, found in self._present.items()})

    def clear(self) -> None:
        """Take everything away, also what goes by itself."""
        for collection, found in self._present.items():
            for key in found:
                self._pending.put(collection, key, None)

    def take(self, collection: str, documents: Iterable[tuple[str, bytes]]) -> None:
        """Take in the documents of a collection."""
        for key, document in documents:
            self._pending.put(collection, key, document)

    def take_content(self, sha256: str, content: Iterable[bytes]) -> None:
        """Take in what is in a file."""
        require_same(sha256, self._files.put(content, utc_now()))


class DocumentStore:
    """
    A store whose engine is made by the given function, which is told whom to keep informed.

    `beside` is where the contents of files are kept by nature, `elsewhere` where they are kept instead.
    """

    def __init__(
        self,
        start: Callable[[Followed], DocumentEngine],
        beside: FolderFiles | MemoryFiles,
        presences: FolderPresences | MemoryPresences,
        elsewhere: FarFiles | None = None,
        audit_file: AuditFile | None = None,
    ) -> None:
        self.files: Files = elsewhere or beside
        self.presences = presences
        self._beside = beside
        self._place = elsewhere.place if elsewhere else ""
        self._audit_file = audit_file
        self._state = Followed()
        self.engine = start(self._state)

    def read(self) -> "Reading":
        """Give a consistent view; nothing written in it is kept."""
        return Reading(self.engine, self._state, self._beside, self._place, self._audit_file)

    def one_view(self) -> AbstractContextManager[None]:
        """Do nothing: a view costs nothing here, and others wait while it lasts."""
        return nullcontext()

    def no_view(self) -> AbstractContextManager[None]:
        """Do nothing: no view outlasts its reading here."""
        return nullcontext()

    @contextmanager
    def write(self, patience: float | None = None) -> Iterator[DocumentTransaction]:
        """Give the one writer's transaction: durable when the block ends, untouched when it raises."""
        with self.engine.writing(patience) as writer:
            tx = DocumentTransaction(self._state, self.engine.state_lock, self._beside, self._place, self._audit_file)
            yield tx
            tx.audit.write_down()
            if changes := tx.pending.changes():
                writer.commit(changes)

    def copy(self) -> Documents:
        """Return all documents as they are at one moment; nobody waits while the copy is used."""
        self.engine.refresh()
        with self.engine.state_lock:
            return {collection: dict(found) for collection, found in self._state.documents.items() if found}

    def put(self, documents: Documents) -> None:
        """Keep all of these in one transaction, in the place of those with the same ids."""
        with self.write() as tx:
            for collection, found in documents.items():
                for key, raw in found.items():
                    tx.pending.put(collection, key, raw)

    @contextmanager
    def documents(self) -> Iterator[Everything]:
        """Give everything as it is at this moment, by id; nobody waits while it is used."""
        copy = self.copy()
        settled = read_settled(copy.get(SETTLED))
        kept = {name: found for name, found in sorted(copy.items()) if name not in PASSING}
        everything = {name: sorted(found.items(), key=by_id) for name, found in kept.items()}
        yield with_older(everything, self._audit_file, settled) if self._audit_file else everything

    @contextmanager
    def taking_in(self) -> Iterator["DocumentIntake"]:
        """Give a way in; all of it is there when the block ends, or nothing."""
        with self.write() as tx:
            yield DocumentIntake(tx, self._state.documents, self.files)

    def prepare(self) -> Iterator[None]:
        """Sign tickets, the newest first and a few with each step; what is changed meanwhile is signed by searches."""
        with self.engine.state_lock:
            unsigned = [row for row in self._state.rows.newest_first() if row.signature is None]
        for first in range(0, len(unsigned), _SIGNED_AT_ONCE):
            for row in unsigned[first : first + _SIGNED_AT_ONCE]:
                sign(row)
            yield

    def ping(self) -> None:
        """Raise StorageError unless the store answers."""
        self.engine.refresh()

    def health(self) -> StoreHealth:
        """Return what is to be known about the store; in memory, all is well."""
        return StoreHealth()

    def close(self) -> None:
        """Finish what is under way and let go of all files."""
        self.engine.close()
