"""From a storage address to the store, or to what it is filled from or moved into."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ticketing.domain.errors import StorageReadOnlyError, StorageUnsupportedError
from ticketing.domain.store import FarFiles
from ticketing.storage import addresses
from ticketing.storage.addresses import SETTING, is_sql
from ticketing.storage.documents.document_store import DocumentStore
from ticketing.storage.journaled.disk import make_folder
from ticketing.storage.journaled.folder_lock import refuse_network_folder
from ticketing.storage.json_files import JsonFiles, refuse_half_done, refuse_half_salvaged, told_what_helps
from ticketing.storage.json_store import JsonStore
from ticketing.storage.memory import MemoryStore
from ticketing.storage.original_app import refuse_original_files
from ticketing.storage.whole import Source, Target, WholeStore

if TYPE_CHECKING:
    from ticketing.storage.sql.sql_store import SqlStore

_EITHER: Final = f"TICKETING_DATA_DIR or {SETTING}"


def open_store(url: str, *, read_only: bool = False, files: FarFiles | None = None) -> WholeStore:
    """
    Open the store at an address; raises StorageUnsupportedError for one of no kind that is known.

    *files* is where the contents of attached files are kept, if it is not beside the store.
    """
    if is_sql(url):
        return _open_sql(url, read_only=read_only, files=files)
    return open_document_store(url, read_only=read_only, files=files)


def open_document_store(url: str, *, read_only: bool = False, files: FarFiles | None = None) -> DocumentStore:
    """Open `json:DIRECTORY` or `memory:`."""
    if url == "memory:":
        return MemoryStore(files)
    folder = _folder(url)
    refuse_half_done(folder)
    with _named(folder), told_what_helps():
        return JsonStore(folder, read_only=read_only, files=files)


def open_source(url: str, files: FarFiles | None = None) -> Source:
    """Open what is at an address only to read all of it, which does not take the memory for all of it."""
    if is_sql(url):
        return _open_sql(url, read_only=True, files=files)
    if url == "memory:":
        return MemoryStore(files)
    folder = _folder(url)
    refuse_half_done(folder)
    return JsonFiles(folder, files)


def open_target(url: str, files: FarFiles | None = None) -> Target:
    """Open what is to be filled by a migration; its directory or its tables are made."""
    if is_sql(url):
        return _sql_store(url, read_only=False, files=files)
    if url == "memory:":
        raise StorageUnsupportedError(
            f"What is moved into memory is gone at once: name a store that lasts in {SETTING}."
        )
    folder = _folder(url)
    refuse_half_salvaged(folder)
    with _named(folder):
        make_folder(folder)
        refuse_network_folder(folder)
    return JsonFiles(folder, files)


@contextmanager
def told_as_of(option: str) -> Iterator[None]:
    """Name an option in the place of the setting, in what is wrong with an address that was given there."""
    try:
        yield
    except StorageUnsupportedError as error:
        raise StorageUnsupportedError(str(error).replace(_EITHER, option).replace(SETTING, option)) from error


def schema_versions(url: str, *, update: bool) -> tuple[str | None, str] | None:
    """
    Return which migration the tables are at (None without tables) and which one is the newest; None if files need none.

    With *update* they are brought there then.
    """
    if not is_sql(url):
        open_source(url).close()
        return None
    with _all_packages():
        from ticketing.storage.sql import schema  # noqa: PLC0415 - slow to import, and most desks keep files

        return schema.versions(url, update=update)


def check_database(url: str) -> None:
    """Check what a database keeps beside its documents, which are valid; raises StorageDamagedError."""
    if is_sql(url):
        from ticketing.storage.sql import checking  # noqa: PLC0415 - as above

        checking.check(url)


def _open_sql(url: str, *, read_only: bool, files: FarFiles | None) -> "SqlStore":
    store = _sql_store(url, read_only=read_only, files=files)
    try:
        store.refuse_half_moved()
    except BaseException:
        store.close()
        raise
    return store


def _sql_store(url: str, *, read_only: bool, files: FarFiles | None) -> "SqlStore":
    with _all_packages():
        from ticketing.storage.sql.sql_store import SqlStore  # noqa: PLC0415 - as above

        return SqlStore(url, read_only=read_only, files=files)


@contextmanager
def _all_packages() -> Iterator[None]:
    """Say which package is missing, such as the driver of the database."""
    try:
        yield
    except ImportError as error:
        raise StorageUnsupportedError(
            f"The database of {SETTING} needs the package {error.name or 'psycopg'}, which is not installed or cannot "
            "be loaded: install what requirements.txt names."
        ) from error


@contextmanager
def _named(folder: Path) -> Iterator[None]:
    """Say which directory cannot be written, and what helps."""
    try:
        yield
    except StorageReadOnlyError as error:
        raise StorageUnsupportedError(
            f"The data directory “{folder}” cannot be written: let this user write to it, or name another one in "
            f"{_EITHER}."
        ) from error


def _folder(url: str) -> Path:
    folder = addresses.path(url)
    if folder is None:
        raise addresses.no_address()
    refuse_original_files(folder)
    return folder
