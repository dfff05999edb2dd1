"""The lock on a data directory: one writer at a time among threads, engines and processes."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import lock_descriptor, unlock_descriptor

from ticketing.domain.errors import StorageBusyError, StorageUnsupportedError
from ticketing.storage.journaled.disk import BINARY, as_storage_error

POLL_SECONDS = 0.0005
NETWORK_FILE_SYSTEMS = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs"}
MOUNTS = Path("/proc/self/mounts")


class FolderLock:
    """
    A file that is locked while its holder writes; never replaced and never deleted.

    The system's lock belongs to an open file, so two threads sharing it would both get it: hence the thread lock in
    front, which also spares threads the polling. A killed holder's lock is free at once.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads = threading.Lock()
        self._descriptor = -1
        self._owner = 0

    def acquire(self, timeout: float, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Wait for the lock at most *timeout* seconds, and do something useful *meanwhile*; zero tries once."""
        if self._owner == threading.get_ident():
            raise RuntimeError("This thread is writing already; a transaction cannot hold another one.")
        deadline = time.monotonic() + timeout
        if not self._threads.acquire(timeout=timeout):
            raise StorageBusyError
        try:
            self._lock_file(deadline, meanwhile)
        except BaseException:
            self._threads.release()
            raise
        self._owner = threading.get_ident()

    @contextmanager
    def held(self, timeout: float) -> Iterator[None]:
        """Hold the lock for the length of a `with` block."""
        self.acquire(timeout)
        try:
            yield
        finally:
            self.release()

    def release(self) -> None:
        """Let the next one in."""
        self._owner = 0
        try:
            if self._descriptor >= 0:
                unlock_descriptor(self._descriptor)
        except OSError:
            self.close()  # closing frees the lock in any case
        finally:
            self._threads.release()

    def wait_for_threads(self, timeout: float) -> None:
        """Return when no other thread of this process is inside any more, or after *timeout* seconds."""
        if self._owner != threading.get_ident() and self._threads.acquire(timeout=timeout):
            self._threads.release()

    def close(self) -> None:
        """Close the file, which also frees the lock; the next `acquire` opens it again."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            with suppress(OSError):
                os.close(descriptor)

    def forget(self) -> None:
        """In a forked child: close the inherited file, which would keep the parent's lock, and begin afresh."""
        self.close()
        self._threads = threading.Lock()
        self._owner = 0

    def _lock_file(self, deadline: float, meanwhile: Callable[[], None]) -> None:
        while True:
            self._open()
            try:
                locked = lock_descriptor(self._descriptor, blocking=False)
            except OSError as error:
                raise as_storage_error(error) from error
            if locked and os.fstat(self._descriptor).st_nlink:
                return
            if locked:
                self.close()  # somebody deleted the file: others would lock a new one
            elif time.monotonic() >= deadline:
                raise StorageBusyError
            else:
                meanwhile()
                time.sleep(POLL_SECONDS)

    def _open(self) -> None:
        if self._descriptor < 0:
            try:
                self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | BINARY, 0o600)
            except OSError as error:
                raise as_storage_error(error) from error


def refuse_network_folder(folder: Path, mounts: Path = MOUNTS) -> None:
    """Refuse a folder on a file system that several machines share: locks and sizes are not to be relied on there."""
    kind = file_system_of(folder, mounts)
    if kind in NETWORK_FILE_SYSTEMS:
        raise StorageUnsupportedError(
            f"The data directory is on a network file system ({kind}), where JSON files are not safe. "
            "Use a local disk, or a database such as PostgreSQL."
        )


def file_system_of(folder: Path, mounts: Path = MOUNTS) -> str:
    """Name the kind of file system that *folder* is on; empty where the system does not tell."""
    return mount_of(folder, mounts)[1]


def mount_of(folder: Path, mounts: Path = MOUNTS) -> tuple[Path, str]:
    """Return where the file system of *folder* is mounted, and its kind; empty where the system does not tell."""
    found = Path(), ""
    try:
        lines = mounts.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return found
    resolved = folder.resolve()
    for line in lines:
        mount_point, kind = line.split(" ")[1:3]
        point = Path(mount_point.replace("\\040", " "))
        if resolved.is_relative_to(point) and len(point.parts) >= len(found[0].parts):
            found = point, kind
    return found
