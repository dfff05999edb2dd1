"""The default store: JSON files and a journal in one directory, safe under kill -9 and for several processes."""

from pathlib import Path

from ticketing.domain.errors import StorageDamagedError, StorageFailedError
from ticketing.domain.store import FarFiles, StoreHealth
from ticketing.storage import presences
from ticketing.storage.audit_file import AuditFile
from ticketing.storage.documents.document_store import DocumentStore, Followed
from ticketing.storage.files import FOLDER, FolderFiles
from ticketing.storage.journaled.engine import Engine
from ticketing.storage.presences import FolderPresences


class JsonStore(DocumentStore):
    """A store in a directory of this machine; raises StorageError when it cannot be opened."""

    def __init__(self, folder: Path, *, read_only: bool = False, files: FarFiles | None = None) -> None:
        self._folder = folder
        self._read_only = read_only
        beside, here = FolderFiles(folder / FOLDER), FolderPresences(folder / presences.FOLDER)
        super().__init__(self._start, beside, here, files, AuditFile(folder))

    def ping(self) -> None:
        """Raise StorageError when the files can be read no more, or the disk refused to confirm a change."""
        super().ping()
        health = self._files.health()
        if health.poisoned:
            raise StorageFailedError
        if health.trouble is not None:
            raise StorageDamagedError(health.trouble)

    def health(self) -> StoreHealth:
        """Return what is to be known about the files."""
        health = self._files.health()
        return StoreHealth(
            torn=health.torn,
            compaction_fails=health.compaction_error is not None,
            trouble=str(StorageFailedError()) if health.poisoned else health.trouble,
        )

    def _start(self, state: Followed) -> Engine:
        self._files = Engine(self._folder, state, read_only=self._read_only)
        return self._files
