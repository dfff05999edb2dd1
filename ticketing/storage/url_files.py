"""
Contents of attached files at the address of an object store or another file system that fsspec knows.

    s3://bucket/folder/ab/abcd…    a content under its hash, in the layout of the folder beside the JSON store

A content is sent from a file of this machine once all of it is there, so what breaks off before leaves nothing. Object
stores show an object when it is whole; anywhere else it is sent under a name of its own and moved in place.
"""

import atexit
import hashlib
import re
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

from ticketing.domain.attachments import OBJECT_STORES, Content
from ticketing.domain.errors import FilesUnreachableError, StorageError, StorageUnsupportedError
from ticketing.domain.findings import Finding, Level
from ticketing.domain.store import FarFiles
from ticketing.storage.files import FolderFiles, missing, place_name, require_same
from ticketing.storage.journaled.disk import told_as_ours

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem  # type: ignore[import-untyped]

SETTING: Final = "TICKETING_FILES_URL"
# Of one request, in seconds: a file goes in parts of 5 MB, a dozen at once at most, and comes in pieces.
TIMEOUT: Final = 60.0
_CONNECT_TIMEOUT: Final = 5.0
_RETRIES: Final = 1
PIECE: Final = 1 << 20
_ARRIVING: Final = ".arriving"
# So long, in seconds, a process waits at its end, or now and then a thread of the client's own that has just answered
# would find no Python any more and abort what is done already (PyO3/pyo3-async-runtimes, issue 40).
_LINGER: Final = 0.2
_STATUS: Final = re.compile(r"status code: (\d{3})")
_REFUSALS: Final = frozenset({"401", "403"})


class UrlFiles:
    """Contents at an address; raises StorageUnsupportedError for one that fsspec does not know."""

    def __init__(self, url: str, timeout: float = TIMEOUT) -> None:
        self._protocol = urlsplit(url).scheme
        self.place = place_name(url)
        self._system, self._root = _opened(url, self._protocol, timeout)

    def put(self, content: Iterable[bytes], now: datetime) -> Content:  # noqa: ARG002 - the other side has a clock
        """Keep a content, which is there when this returns; it is received whole before any of it is sent."""
        with told_as_ours(), TemporaryDirectory(prefix="ticketing-file-") as folder:
            spool = Path(folder) / "content"
            with spool.open("wb") as file:
                kept = _receive(content, file)
            with _told(is_writing=True):
                self._send(spool, kept.sha256)
        return kept

    def _send(self, spool: Path, sha256: str) -> None:
        place = self._path(sha256)
        if self._protocol in OBJECT_STORES:
            self._system.put_file(str(spool), place)
            return
        arriving = f"{self._root}/{_ARRIVING}/{secrets.token_hex(16)}"
        try:
            self._system.makedirs(f"{self._root}/{_ARRIVING}", exist_ok=True)
            self._system.makedirs(place.rpartition("/")[0], exist_ok=True)
            self._system.put_file(str(spool), arriving)
            self._system.mv(arriving, place)
        except BaseException:
            with suppress(Exception):  # what went wrong first is what is told
                self._system.rm_file(arriving)
            raise

    def holds(self, sha256: str) -> bool:
        """Whether the content is here; that nobody answers is not taken for a no."""
        return self._size(sha256) is not None

    def _size(self, sha256: str) -> int | None:
        with suppress(FileNotFoundError), _told():
            return int(self._system.info(self._path(sha256))["size"])
        return None

    def read(self, sha256: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield a content by the piece, or what of it stands from *start* up to *end*; nothing else is fetched."""
        if end is None:
            end = self._size(sha256)
        if end is None:
            raise missing(sha256)
        while start < end:
            piece = self._piece(sha256, start, min(end, start + PIECE))
            yield piece
            start += len(piece)

    def _piece(self, sha256: str, start: int, end: int) -> bytes:
        with suppress(FileNotFoundError), _told():
            if piece := self._system.cat_file(self._path(sha256), start=start, end=end):
                return bytes(piece)
        raise missing(sha256)

    def hashes(self) -> Iterator[str]:
        """Yield the hashes of all that is here."""
        return (name for name, _ in self._contents())

    def used(self) -> int:
        """Return how many bytes all contents have together."""
        return sum(size for _, size in self._contents())

    def _contents(self) -> Iterator[tuple[str, int]]:
        for folder, _ in self._entries_of(self._root):
            if re.fullmatch(r"[0-9a-f]{2}", folder):
                entries = self._entries_of(f"{self._root}/{folder}")
                yield from ((name, size) for name, size in entries if re.fullmatch(r"[0-9a-f]{64}", name))

    def _entries_of(self, folder: str) -> list[tuple[str, int]]:
        with suppress(FileNotFoundError), _told():
            found = self._system.ls(folder, detail=True)
            return [(str(one["name"]).rstrip("/").rpartition("/")[2], int(one["size"] or 0)) for one in found]
        return []

    def is_older(self, sha256: str, moment: datetime) -> bool:
        """Whether the content was last put here before that moment."""
        with suppress(FileNotFoundError), _told():
            return bool(self._system.modified(self._path(sha256)) < moment)
        return False

    def remove(self, sha256: str) -> None:
        """Take a content away; that it is not there is no error."""
        with suppress(FileNotFoundError), _told():
            self._system.rm_file(self._path(sha256))

    def _path(self, sha256: str) -> str:
        return f"{self._root}/{sha256[:2]}/{sha256}"


def open_files(url: str | None) -> FarFiles | None:
    """Return the files at an address; None for none: then they are kept beside the store."""
    if url is None:
        return None
    parts = urlsplit(url)
    if parts.scheme == "file":
        return FolderFiles(Path(url2pathname(parts.path)))
    return UrlFiles(url)


def look(files: FarFiles, now: datetime) -> Finding:
    """Try whether a file can be put there, read and taken away again."""
    try:
        sent = secrets.token_bytes(32)
        kept = files.put([sent], now)
        require_same(kept.sha256, _receive(files.read(kept.sha256), BytesIO()))
        files.remove(kept.sha256)
    except StorageError as error:
        says = f"Attached files can be neither sent nor read. {error}"
        return Finding(Level.PROBLEM, "attachments", says, f"See to that, or to {SETTING}; see docs/files.md.")
    return Finding(Level.OK, "attachments", f"Attached files can be put at {SETTING}, read and removed.")


def _opened(url: str, protocol: str, timeout: float) -> "tuple[AbstractFileSystem, str]":
    """Connect to a file system; nobody is asked yet."""
    # Slow to import, and most desks keep files beside the store.
    from fsspec.core import url_to_fs  # type: ignore[import-untyped]  # noqa: PLC0415

    options: dict[str, Any] = {}
    if protocol in OBJECT_STORES:
        from obstore.fsspec import register  # noqa: PLC0415 - as above

        register(protocol)
        atexit.unregister(_linger)
        atexit.register(_linger)
        client = {
            "timeout": timedelta(seconds=timeout),
            "connect_timeout": timedelta(seconds=_CONNECT_TIMEOUT),
            "allow_http": True,  # where the endpoint is named so
        }
        retry = {"max_retries": _RETRIES, "retry_timeout": timedelta(seconds=timeout)}
        options = {"client_options": client, "retry_config": retry, "skip_instance_cache": True}
    try:
        system, root = url_to_fs(url, **options)
    except (ImportError, ValueError) as error:
        raise StorageUnsupportedError(
            f"{SETTING} is no address at which files can be kept, or its kind needs a package that is not installed. "
            "Such are s3://BUCKET/FOLDER, gs://BUCKET/FOLDER, az://CONTAINER/FOLDER and file:///FOLDER."
        ) from error
    return system, root.rstrip("/")


def _linger() -> None:
    time.sleep(_LINGER)


def _receive(content: Iterable[bytes], file: IO[bytes]) -> Content:
    checksum, size = hashlib.sha256(), 0
    for piece in content:
        checksum.update(piece)
        size += len(piece)
        file.write(piece)
    return Content(checksum.hexdigest(), size)


@contextmanager
def _told(*, is_writing: bool = False) -> Iterator[None]:
    """
    Tell what goes wrong there in a sentence without an address or a key in it; who reads may find nothing.

    Each file system raises what it likes, so whatever it is means that it did not do what it was asked for.
    """
    try:
        yield
    except FileNotFoundError as error:
        if not is_writing:
            raise
        raise FilesUnreachableError("does not know the bucket or the folder") from error
    except Exception as error:  # noqa: BLE001 - see above
        raise FilesUnreachableError(_reason(error)) from None


def _reason(error: Exception) -> str:
    found = _STATUS.search(str(error))
    status = found[1] if found else ""
    if isinstance(error, PermissionError) or type(error).__name__ == "PermissionDeniedError" or status in _REFUSALS:
        return "refuses the credentials of this desk"
    if "NoSuchBucket" in str(error):
        return "does not know the bucket or the folder"
    return f"answers with an error ({status})" if status else "does not answer"
