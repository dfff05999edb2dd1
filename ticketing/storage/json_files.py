"""The files of a JSON store taken as a whole, a document at a time: to be read or filled without a desk over them."""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Final

from ticketing.domain.errors import RefusedError, StorageDamagedError, StorageUnsupportedError
from ticketing.domain.store import PATIENCE, FarFiles, Files
from ticketing.storage.audit_file import AuditFile, read_settled, with_older
from ticketing.storage.documents.document_store import by_id
from ticketing.storage.documents.state import PASSING, SETTLED
from ticketing.storage.files import FOLDER, FolderFiles
from ticketing.storage.journaled.disk import sync_folder, told_as_ours, write_whole
from ticketing.storage.journaled.folder_lock import FolderLock
from ticketing.storage.journaled.journal import check_change, journal_numbers, journal_path
from ticketing.storage.journaled.locating import Stretch, located
from ticketing.storage.journaled.snapshots import go_on_writing_documents, snapshot_files
from ticketing.storage.whole import HALF_MOVED, NOT_EMPTY, Everything, holdings

SALVAGED: Final = ".salvaged"
HALF_SALVAGED: Final = (
    "This store is half salvaged: that was cut off. Run the same command, python3 -m ticketing salvage, again: "
    "it comes to its end by itself."
)
_SALVAGE_HELPS: Final = (
    "To bring back what can be read, run: python3 -m ticketing salvage (it says first what that is); "
    "or restore a backup."
)


def is_half_moved(folder: Path) -> bool:
    """Whether a migration into a directory was begun and has not come to its end."""
    return _mark(folder).exists()


def is_half_salvaged(folder: Path) -> bool:
    """Whether a salvage was decided on and has not come to its end."""
    return (folder / SALVAGED).exists()


def refuse_half_done(folder: Path) -> None:
    """Keep a directory from being opened in which a migration or a salvage has not come to its end."""
    if is_half_moved(folder):
        raise StorageUnsupportedError(HALF_MOVED)
    refuse_half_salvaged(folder)


def refuse_half_salvaged(folder: Path) -> None:
    """Do the same for a salvage alone."""
    if is_half_salvaged(folder):
        raise StorageUnsupportedError(HALF_SALVAGED)


@contextmanager
def told_what_helps() -> Iterator[None]:
    """Say of damaged files what can be done."""
    try:
        yield
    except StorageDamagedError as error:
        raise StorageDamagedError(f"{error} {_SALVAGE_HELPS}") from error


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep others from writing, snapshots too, with the locks that the engine takes and in its order."""
    with ExitStack() as held, told_as_ours():
        for name in (".compact.lock", ".lock"):
            lock = FolderLock(folder / name)
            held.callback(lock.close)
            held.enter_context(lock.held(PATIENCE))
        yield


class JsonFiles:
    """The files in a directory."""

    def __init__(self, folder: Path, files: FarFiles | None = None) -> None:
        self._folder = folder
        self.files: Files = files or FolderFiles(folder / FOLDER)

    @contextmanager
    def documents(self) -> Iterator[Everything]:
        """Give everything as it is at this moment, read as it is asked for; no lock is taken and nothing written."""
        if not self._folder.is_dir():
            raise StorageUnsupportedError(f"There is no data directory “{self._folder}”.")
        with ExitStack() as files:
            with told_as_ours(), told_what_helps():
                stretches = files.enter_context(located(self._folder))
            noted = {key: stretch.read() for key, stretch in stretches.get(SETTLED, {}).items()}
            kept = {name: found for name, found in sorted(stretches.items()) if found and name not in PASSING}
            everything = {name: _Located(found) for name, found in kept.items()}
            yield with_older(everything, AuditFile(self._folder), read_settled(noted))

    @contextmanager
    def moving_in(self, coming: Everything) -> Iterator["JsonArrival"]:
        """
        Give a way in, as a Target does.

        A mark is made before anything else changes, and taken away when all else is on the disk. The newest journal
        goes first: from then on a desk that runs here writes no more. What lies under the mark without any journal is
        what an earlier attempt wrote; what is coming is compared with it.
        """
        with alone(self._folder):
            goes_on = is_half_moved(self._folder) and not journal_numbers(self._folder)
            if not goes_on:
                self._require_empty()
            write_whole(_mark(self._folder), [HALF_MOVED.encode()])
            self._clear(kept=coming if goes_on else ())
            yield JsonArrival(self._folder, self.documents)

    def _require_empty(self) -> None:
        try:
            with self.documents() as present:
                held = holdings(present)
        except StorageDamagedError:
            if is_half_moved(self._folder):  # then it lacks only what an earlier attempt has taken away already
                return
            raise
        if held:
            _unmark(self._folder)
            raise RefusedError(NOT_EMPTY.format(held))

    def _clear(self, kept: Collection[str]) -> None:
        journals = [journal_path(self._folder, number) for number in journal_numbers(self._folder)]
        snapshots = [path for path in snapshot_files(self._folder) if path.stem not in kept]
        for path in (*reversed(journals), *snapshots):
            path.unlink()

    def close(self) -> None:
        """There is nothing to let go of."""


class JsonArrival:
    """Takes documents into files, each of which stands for itself."""

    def __init__(self, folder: Path, read_back: Callable[[], AbstractContextManager[Everything]]) -> None:
        self._folder = folder
        self._read_back = read_back

    def take(self, collection: str, documents: Iterable[tuple[str, bytes]]) -> None:
        """Write the documents of a collection, each as it comes, from where its file differs on."""
        go_on_writing_documents(self._folder, collection, _checked(collection, documents))

    @contextmanager
    def ending(self) -> Iterator[Everything]:
        """Give what the files hold, and take the mark away."""
        with self._read_back() as documents:
            yield documents
        _unmark(self._folder)


class _Located:
    """Documents that are read when they are asked for."""

    def __init__(self, stretches: dict[str, Stretch]) -> None:
        self._stretches = sorted(stretches.items(), key=by_id)

    def __len__(self) -> int:
        return len(self._stretches)

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        return ((key, stretch.read()) for key, stretch in self._stretches)


def _checked(collection: str, documents: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    for key, raw in documents:
        check_change((collection, key, raw))
        yield raw


def _mark(folder: Path) -> Path:
    return folder / ".half-moved"


def _unmark(folder: Path) -> None:
    _mark(folder).unlink(missing_ok=True)
    sync_folder(folder)
