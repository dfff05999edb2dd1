"""Where a store is kept: whether it outlives a restart, whether files can be locked there, how much room is left."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from ticketing.domain.findings import Finding, Level
from ticketing.storage import addresses
from ticketing.storage.files import FOLDER
from ticketing.storage.journaled import folder_lock
from ticketing.storage.journaled.folder_lock import FolderLock, mount_of

MEMORY: Final = frozenset({"tmpfs", "ramfs"})
# What a container writes without a volume lies in such a layer, and goes with the container.
LAYERS: Final = frozenset({"overlay", "aufs", "fuse.fuse-overlayfs"})
# Platforms by a variable that they set: those without any lasting disk, and those where only a mounted one lasts.
WITHOUT_DISKS: Final = {"DYNO": "Heroku"}
WITH_VOLUMES: Final = {
    "SPACE_ID": "Hugging Face Spaces",
    "RENDER": "Render",
    "K_SERVICE": "Cloud Run",
    "FLY_APP_NAME": "Fly.io",
}
COMMUNITY_CLOUD: Final = Path("/mount/src")

MEGABYTE: Final = 1 << 20
SCARCE: Final = 50 * MEGABYTE
SHORT: Final = 500 * MEGABYTE
_MOVE: Final = "Move to what lasts, such as PostgreSQL (“migrate --to URL”), and set TICKETING_STORAGE_URL to it."
_KINDS: Final = {
    "json": "JSON files",
    "sqlite": "a SQLite file",
    "postgresql": "PostgreSQL",
    "memory": "memory",
    "": "nothing known",
}
_LOCKED: Final = 7
# What a second process does with a file that the first one has locked: it ends with _LOCKED if it was kept out.
_JSON_TRY: Final = f"""
import os, sys
from filelock import lock_descriptor
sys.exit(0 if lock_descriptor(os.open(sys.argv[1], os.O_RDWR), blocking=False) else {_LOCKED})
"""
_SQLITE_TRY: Final = f"""
import sqlite3, sys
try:
    sqlite3.connect(sys.argv[1], timeout=0).execute("BEGIN IMMEDIATE")
except sqlite3.OperationalError as error:
    sys.exit({_LOCKED} if error.sqlite_errorcode == sqlite3.SQLITE_BUSY else 1)
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a store is: of which kind it is, and its folder or its database file if it has one on this machine."""

    kind: str
    path: Path | None

    @classmethod
    def of(cls, url: str) -> Self:
        """Return the place of the store at an address, whether or not it can be opened."""
        found = addresses.path(url)
        return cls(addresses.kind(url), found and found.absolute())

    @property
    def folder(self) -> Path | None:
        """The directory in which the store's files lie."""
        return self.path.parent if self.path and self.kind == "sqlite" else self.path

    def owns(self, file: Path) -> bool:
        """Whether a file is one of the store's, or would be taken for one: in a folder of its own, each is."""
        if self.path is None:
            return False
        if self.kind == "sqlite":
            return file.resolve() in _database_files(self.path)
        return file.parent.resolve() == self.path.resolve()

    def permanence(self, environment: Mapping[str, str] = os.environ) -> Finding:
        """Say in what the store is kept, and whether that outlives a restart."""
        if reason := self._fleeting(environment):
            says = f"Tickets are kept {reason}: all of them are lost at the next restart."
            return Finding(Level.PROBLEM, "storage", says, _MOVE)
        on = mount_of(self.folder, folder_lock.MOUNTS)[1] if self.folder else ""
        return Finding(Level.OK, "storage", f"Tickets are kept in {_KINDS[self.kind]}{on and f' on {on}'}.")

    def _fleeting(self, environment: Mapping[str, str]) -> str:
        """Say in what the store is, if that does not outlive a restart; "" if it does as far as anybody can tell."""
        if self.folder is None:
            return "in the memory of the process that serves" if self.kind == "memory" else ""
        point, file_system = mount_of(self.folder, folder_lock.MOUNTS)
        if file_system in MEMORY:
            return f"in this machine's memory ({file_system})"
        if file_system in LAYERS:
            return f"inside a container without a volume ({file_system})"
        if self.folder.resolve().is_relative_to(COMMUNITY_CLOUD):
            return "on the throw-away disk of Streamlit's Community Cloud"
        has_volume = len(point.parts) > 1
        platforms = WITHOUT_DISKS if has_volume else WITHOUT_DISKS | WITH_VOLUMES
        platform = next((name for variable, name in platforms.items() if environment.get(variable)), "")
        return platform and f"on the throw-away disk of {platform}"

    def look(self) -> list[Finding]:
        """Try whether files can be locked in the store's folder, and see how much room is left."""
        if self.folder is None or not self.folder.is_dir():
            return []
        try:
            return [self._locking(self.folder), self._room(self.folder)]
        except (OSError, subprocess.SubprocessError) as error:
            reason = getattr(error, "strerror", None) or "a second process did not answer"
            says = f"Whether files can be locked could not be tried: {reason.lower()}."
            return [
                Finding(Level.WARNING, "lock", says, "Run this as the user whose desk it is, in a folder it can write.")
            ]

    def _locking(self, folder: Path) -> Finding:
        with tempfile.TemporaryDirectory(prefix=".doctor-", dir=folder) as scratch:
            kept_out = _TRIALS[self.kind](Path(scratch) / "lock")
        if kept_out:
            return Finding(Level.OK, "lock", "A second process is kept out while the first one writes.")
        return Finding(
            Level.PROBLEM,
            "lock",
            "This file system does not keep a second process out while the first one writes, which damages files.",
            "Put the data on a local disk, or use PostgreSQL.",
        )

    def _room(self, folder: Path) -> Finding:
        files = (
            _database_files(self.path)
            if self.path and self.kind == "sqlite"
            else (*folder.iterdir(), *(folder / FOLDER).rglob("*"))
        )
        return judge_room(shutil.disk_usage(folder).free, sum(map(_size, files)))


def _database_files(database: Path) -> list[Path]:
    """Return where SQLite keeps a database, and beside it what is not in that file yet."""
    real = database.resolve()
    return [real.with_name(f"{real.name}{suffix}") for suffix in ("", "-wal", "-shm", "-journal")]


def _json_keeps_out(path: Path) -> bool:
    lock = FolderLock(path)
    with closing(lock), lock.held(0):
        return _second_process(_JSON_TRY, path)


def _sqlite_keeps_out(path: Path) -> bool:
    import sqlite3  # noqa: PLC0415 - other stores have no use for it

    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        return _second_process(_SQLITE_TRY, path)


_TRIALS: Final[Mapping[str, Callable[[Path], bool]]] = {"json": _json_keeps_out, "sqlite": _sqlite_keeps_out}


def _second_process(code: str, path: Path) -> bool:
    """Let a second process try, and return whether it was kept out; raises SubprocessError if it could not even try."""
    finished = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code, str(path)], stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False
    )
    if finished.returncode not in {0, _LOCKED}:
        raise subprocess.CalledProcessError(finished.returncode, "a second process")
    return finished.returncode == _LOCKED


def _size(path: Path) -> int:
    """Return how long a file is; a folder takes nothing, nor does what was removed a moment ago."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0


def judge_room(free: int, held: int) -> Finding:
    """Judge the bytes that are free by the bytes that the files take: tidying up and a backup need as many again."""
    said = f"The disk has {_megabytes(free)} left; the desk's files take {_megabytes(held)}."
    fix = "Free some space, or move the data to a larger disk."
    if free < max(SCARCE, held):
        return Finding(Level.PROBLEM, "disk", said, fix)
    if free < max(SHORT, 3 * held):
        return Finding(Level.WARNING, "disk", said, fix)
    return Finding(Level.OK, "disk", said)


def _megabytes(size: int) -> str:
    return f"{-(-size // MEGABYTE):,} MB"
