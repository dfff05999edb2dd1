"""What the store asks of the file system: whole files by rename, flushed folders, and errors told as ours."""

import errno
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ticketing.domain.errors import (
    StorageError,
    StorageFailedError,
    StorageFullError,
    StorageReadOnlyError,
    StorageUnsupportedError,
)

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}
UNSUPPORTED = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP}
RENAME_ATTEMPTS = 50
BINARY = getattr(os, "O_BINARY", 0)
"""Windows would otherwise rewrite line ends."""


def as_storage_error(error: OSError) -> StorageError:
    """Tell an error of the operating system in the words of the desk; what is not known counts as a failing disk."""
    if error.errno in FULL:
        return StorageFullError()
    if error.errno in READ_ONLY:
        return StorageReadOnlyError(os.strerror(error.errno or 0))
    if error.errno in UNSUPPORTED:
        return StorageUnsupportedError(
            f"This file system cannot lock files ({os.strerror(error.errno or 0)}). "
            "Use a local disk for the data directory, or a database."
        )
    return StorageFailedError()


@contextmanager
def told_as_ours() -> Iterator[None]:
    """Tell errors of the operating system in the words of the desk."""
    try:
        yield
    except OSError as error:
        raise as_storage_error(error) from error


def make_folder(folder: Path) -> None:
    """Make a folder if it is not there, durably: a power cut must not take it with all that is saved in it."""
    try:
        missing = [each for each in (folder, *folder.parents) if not each.exists()]
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for made in missing:
            sync_folder(made.parent)
    except FileExistsError as error:
        raise StorageUnsupportedError(f"“{folder}” is a file, not a directory.") from error
    except OSError as error:
        raise as_storage_error(error) from error


def read_range(descriptor: int, start: int, end: int) -> bytes:
    """Read the bytes from *start* to *end*, or fewer if the file ends before."""
    if hasattr(os, "pread"):
        return os.pread(descriptor, end - start, start)
    os.lseek(descriptor, start, os.SEEK_SET)
    return os.read(descriptor, end - start)


def sync_folder(folder: Path) -> None:
    """Make renamed, new and deleted names durable; Windows has nothing to ask for here."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_whole(path: Path, chunks: Iterable[bytes]) -> None:
    """Put a file in place as `whole_file` does; the caller holds the lock that keeps others from writing it."""
    with whole_file(path, path.with_name(f".{path.name}.tmp"), overwrite=True) as descriptor:
        for chunk in chunks:
            write_all(descriptor, chunk)


@contextmanager
def whole_file(path: Path, temporary: Path, *, overwrite: bool = False) -> Iterator[int]:
    """
    Give a file to be written, which then is put in place as a whole and durably.

    Whoever looks finds the old one or the new one, never a part. A failure leaves no temporary file behind; one that is
    there already is overwritten only where its writer must have died. The descriptor is closed here.
    """
    flag = os.O_TRUNC if overwrite else os.O_EXCL
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | flag | BINARY, 0o600)
    try:
        try:
            yield descriptor
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        put_in_place(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def put_in_place(file: Path, path: Path) -> None:
    """Give a file that is whole and on disk its name, durably; another file of this name is replaced."""
    rename_over(file, path)
    sync_folder(path.parent)


def write_all(descriptor: int, chunk: bytes) -> None:
    """Write all of *chunk*: the system may take less at a time."""
    rest = memoryview(chunk)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def rename_over(source: Path, target: Path) -> None:
    """Rename, patiently where the system refuses as long as a reader has *target* open."""
    for _ in range(RENAME_ATTEMPTS if os.name == "nt" else 0):
        try:
            source.replace(target)
        except PermissionError:
            time.sleep(0.02)
        else:
            return
    source.replace(target)
