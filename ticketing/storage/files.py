"""
Contents of attached files beside the documents: in a folder, each under the hash of what is in it, or in memory.

    attachments/ab/abcd…     a content, whole and on disk before any ticket names it
    attachments/.arriving/   what is on its way; of an arrival that was cut off nothing is left after a day
"""

import hashlib
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from ticketing.domain.attachments import UPLOAD_LIFETIME, Content
from ticketing.domain.errors import StorageDamagedError
from ticketing.storage.journaled.disk import BINARY, make_folder, put_in_place, sync_folder, told_as_ours, write_all

FOLDER: Final = "attachments"
PIECE: Final = 1 << 18
_ARRIVING: Final = ".arriving"
_OWNER_ONLY: Final = 0o600


class FolderFiles:
    """Contents in a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.place = place_name(str(folder))

    def put(self, content: Iterable[bytes], now: datetime) -> Content:
        """Keep a content, on disk when this returns; of one that breaks off nothing stays."""
        with told_as_ours():
            arriving = self._folder / _ARRIVING
            make_folder(arriving)
            _remove_old(arriving)
            temporary = arriving / secrets.token_hex(16)
            try:
                kept = _write(temporary, content, now)
                place = self._path(kept.sha256)
                make_folder(place.parent)
                put_in_place(temporary, place)
            finally:
                temporary.unlink(missing_ok=True)
        return kept

    def holds(self, sha256: str) -> bool:
        """Whether the content is here."""
        return self._path(sha256).is_file()

    def read(self, sha256: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield a content by the piece, or what of it stands from *start* up to *end*."""
        with told_as_ours(), self._opened(sha256) as file:
            file.seek(start)
            left = PIECE if end is None else end - start
            while left > 0 and (piece := file.read(min(left, PIECE))):
                yield piece
                left -= 0 if end is None else len(piece)

    @contextmanager
    def _opened(self, sha256: str) -> Iterator[BinaryIO]:
        try:
            file = self._path(sha256).open("rb")
        except FileNotFoundError as error:
            raise missing(sha256) from error
        with file:
            yield file

    def hashes(self) -> Iterator[str]:
        """Yield the hashes of all that is here."""
        for folder in self._folder.glob("[0-9a-f][0-9a-f]"):
            with os.scandir(folder) as entries:  # which are let go of when nobody asks for the rest
                yield from (entry.name for entry in entries)

    def used(self) -> int:
        """Return how many bytes all contents have together."""
        with told_as_ours():
            return sum(_size(self._path(sha256)) for sha256 in self.hashes())

    def is_older(self, sha256: str, moment: datetime) -> bool:
        """Whether the content was last put here before that moment."""
        try:
            return self._path(sha256).stat().st_mtime < moment.timestamp()
        except FileNotFoundError:  # another process was quicker
            return False

    def is_empty(self) -> bool:
        """Whether nothing was ever put here."""
        return not self._folder.exists()

    def remove(self, sha256: str) -> None:
        """Take a content away; that it is not there is no error."""
        with told_as_ours():
            if self.holds(sha256):
                self._path(sha256).unlink(missing_ok=True)
                sync_folder(self._path(sha256).parent)

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / sha256


class MemoryFiles:
    """Contents in memory."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[bytes, datetime]] = {}

    def put(self, content: Iterable[bytes], now: datetime) -> Content:
        """Keep a content."""
        whole = b"".join(content)
        sha256 = hashlib.sha256(whole).hexdigest()
        self._found[sha256] = (whole, now)
        return Content(sha256, len(whole))

    def holds(self, sha256: str) -> bool:
        """Whether the content is here."""
        return sha256 in self._found

    def read(self, sha256: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield a content, or what of it stands from *start* up to *end*."""
        if sha256 not in self._found:
            raise missing(sha256)
        yield self._found[sha256][0][start:end]

    def hashes(self) -> Iterator[str]:
        """Yield the hashes of all that is here."""
        yield from list(self._found)

    def used(self) -> int:
        """Return how many bytes all contents have together."""
        return sum(len(whole) for whole, _ in list(self._found.values()))

    def is_older(self, sha256: str, moment: datetime) -> bool:
        """Whether the content was last put here before that moment."""
        return sha256 in self._found and self._found[sha256][1] < moment

    def is_empty(self) -> bool:
        """Whether nothing is here."""
        return not self._found

    def remove(self, sha256: str) -> None:
        """Take a content away; that it is not there is no error."""
        self._found.pop(sha256, None)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # another process has just removed it
        return 0


def place_name(address: str) -> str:
    """Return what a place is called, which tells nothing of its address."""
    return hashlib.sha256(address.encode()).hexdigest()[:16]


def missing(sha256: str) -> StorageDamagedError:
    """Return the failure of a content that a ticket names and that is not there."""
    return StorageDamagedError(f"The content {sha256[:12]}… of an attached file is missing. Restore it from a backup.")


def require_same(sha256: str, arrived: Content) -> None:
    """Raise StorageDamagedError unless what has arrived is what was sent."""
    if arrived.sha256 != sha256:
        raise StorageDamagedError(f"The content {sha256[:12]}… of an attached file is not what it was.")


def _write(path: Path, content: Iterable[bytes], now: datetime) -> Content:
    checksum, size = hashlib.sha256(), 0
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY, _OWNER_ONLY)
    try:
        for piece in content:
            checksum.update(piece)
            size += len(piece)
            write_all(descriptor, piece)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.utime(path, (now.timestamp(), now.timestamp()))
    return Content(checksum.hexdigest(), size)


def _remove_old(arriving: Path) -> None:
    """Remove what a process that was killed has left behind."""
    for path in arriving.iterdir():
        with suppress(FileNotFoundError):  # another one may have just arrived
            if time.time() - path.stat().st_mtime > UPLOAD_LIFETIME.total_seconds():
                path.unlink()


def utc_now() -> datetime:
    """Return the present moment, for what is put here without anybody's doing, as by a restore."""
    return datetime.now(UTC)
