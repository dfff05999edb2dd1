"""From a storage address to the store."""

from pathlib import Path

from ticketing.domain.errors import StorageUnsupportedError
from ticketing.storage.addresses import KNOWN
from ticketing.storage.documents.document_store import DocumentStore
from ticketing.storage.json_store import JsonStore
from ticketing.storage.memory import MemoryStore
from ticketing.storage.original_app import refuse_original_files
from ticketing.storage.whole import WholeStore

_SQL = frozenset({"sqlite", "postgresql", "postgresql+psycopg"})


def open_store(url: str, *, read_only: bool = False) -> WholeStore:
    """Open the store at an address; raises StorageUnsupportedError for one of no kind that is known."""
    if url.partition("://")[0] in _SQL:
        from ticketing.storage.sql.sql_store import SqlStore  # noqa: PLC0415 - slow to import, and most desks keep files

        return SqlStore(url, read_only=read_only)
    return open_document_store(url, read_only=read_only)


def open_document_store(url: str, *, read_only: bool = False) -> DocumentStore:
    """Open `json:DIRECTORY` or `memory:`."""
    kind, _, rest = url.partition(":")
    if kind == "json" and rest:
        refuse_original_files(Path(rest))
        return JsonStore(Path(rest), read_only=read_only)
    if url == "memory:":
        return MemoryStore()
    # An address may hold a password anywhere behind its kind.
    raise StorageUnsupportedError(f"“{kind}” is no storage address. Known are {KNOWN}.")
