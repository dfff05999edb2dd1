"""
A data directory in which the original app left its files: recognised, left alone, and taken over when asked.

Both apps call their files users.json and tickets.json; ours begin with `{"format":`.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from ticketing.domain.errors import StorageDamagedError, StorageUnsupportedError
from ticketing.domain.store import PATIENCE
from ticketing.storage.documents.state import EXPIRING, TICKETS, USERS, Documents
from ticketing.storage.journaled.disk import as_storage_error
from ticketing.storage.journaled.folder_lock import FolderLock
from ticketing.storage.journaled.journal import journal_numbers
from ticketing.storage.journaled.snapshots import Snapshot, read_snapshot, snapshot_files, write_snapshot

_NAMES: Final = (USERS, TICKETS)
_START: Final = b'{"format":'


def holds_original_files(folder: Path) -> bool:
    """Whether the original app's files lie where a store is to be opened, and no store has begun there."""
    return any(_is_original(folder / f"{name}.json") for name in _NAMES) and not journal_numbers(folder)


def refuse_original_files(folder: Path) -> None:
    """Offer the import of the original app's files instead of opening a store over them."""
    if holds_original_files(folder):
        raise StorageUnsupportedError(
            f"“{folder}” holds the files of the original app. Nothing was changed. To bring its accounts and tickets "
            f'in, run: python3 -m ticketing import-seed "{folder}" --data-dir "{folder}"'
        )


@contextmanager
def taking_over(folder: Path) -> Iterator[Documents]:
    """
    Hold the directory's lock, and give what an earlier attempt has already taken over.

    An attempt may die at any moment; the next one goes on with the file that is still the original app's.
    """
    lock = FolderLock(folder / ".lock")
    lock.acquire(PATIENCE)
    try:
        if not holds_original_files(folder):
            raise StorageDamagedError(f"“{folder}” is a desk's data directory already.")
        snapshots = [read_snapshot(path) for path in snapshot_files(folder) if not _is_original(path)]
        yield {snapshot.collection: snapshot.documents for snapshot in snapshots}
    except OSError as error:
        raise as_storage_error(error) from error
    finally:
        lock.release()
        lock.close()


def replace_original_files(folder: Path, documents: Documents) -> None:
    """
    Put our files in the place of the original app's, each at once as a whole: nothing of the plain text stays.

    Accounts go first, since only they hold passwords; tickets last, so that their file is there while it is needed.
    """
    kept = {name: found for name, found in documents.items() if name not in {*EXPIRING, *_NAMES}}
    for collection in (USERS, *sorted(kept), TICKETS):
        write_snapshot(folder, Snapshot(collection, 0, 0, documents.get(collection, {})))


def _is_original(path: Path) -> bool:
    """Whether a file is one of the original app's; a damaged one of ours is not."""
    if path.stem not in _NAMES:
        return False
    try:
        with path.open("rb") as file:
            start = file.read(len(_START))
            content = b"" if start == _START else start + file.read()
    except OSError:
        return False  # what is wrong with the directory, the store itself tells
    try:
        found: Any = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and all(isinstance(value, (dict, list)) for value in found.values())
