"""The default store: JSON files and a journal in one directory, safe under kill -9 and for several processes."""

from pathlib import Path

from ticketing.storage.document_store import DocumentStore
from ticketing.storage.engine import Engine


class JsonStore(DocumentStore):
    """A store in a directory of this machine; raises StorageError when it cannot be opened."""

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        super().__init__(lambda state: Engine(folder, state, read_only=read_only))
