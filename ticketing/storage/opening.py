"""From a storage address to the store."""

from pathlib import Path

from ticketing.domain.errors import StorageUnsupportedError
from ticketing.storage.documents.document_store import DocumentStore
from ticketing.storage.json_store import JsonStore
from ticketing.storage.memory import MemoryStore
from ticketing.storage.original_app import refuse_original_files


def open_store(url: str, *, read_only: bool = False) -> DocumentStore:
    """Open `json:DIRECTORY` or `memory:`; raises StorageUnsupportedError for any other address."""
    kind, _, rest = url.partition(":")
    if kind == "json" and rest:
        refuse_original_files(Path(rest))
        return JsonStore(Path(rest), read_only=read_only)
    if url == "memory:":
        return MemoryStore()
    # An address may hold a password anywhere behind its kind.
    raise StorageUnsupportedError(f"“{kind}” is no storage address. Known are json:DIRECTORY and memory:.")
