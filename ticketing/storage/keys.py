"""Keys that are kept apart from the store, so that a backup of it does not hold them."""

import os
import secrets
from pathlib import Path
from typing import Final

from ticketing.domain.errors import StorageDamagedError
from ticketing.storage.journaled.disk import (
    as_storage_error,
    make_folder,
    sync_folder,
    told_as_ours,
    whole_file,
    write_all,
)

KEY_BYTES: Final = 32


class GivenKey:
    """A key that is known anyway."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def find(self) -> bytes:
        """Return it."""
        return self._key

    def ensure(self) -> bytes:
        """Return it."""
        return self._key


class KeyFile:
    """A key in a file for its owner alone, made when it is first needed; the process that is first makes it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last: tuple[tuple[int, ...], bytes] | None = None

    def find(self) -> bytes | None:
        """
        Return the key, or None where there is no file; raises StorageDamagedError if that holds no key.

        A file that is still the same is not read again: a key is asked for with each call of the API.
        """
        try:
            state = _state(self._path)
            if state is None:
                return None
            if self._last is None or self._last[0] != state:
                self._last = state, _read(self._path)
        except OSError as error:
            raise as_storage_error(error) from error
        return self._last[1]

    def ensure(self) -> bytes:
        """Return the key, made if there is no file yet."""
        found = self.find()
        if found is None:
            make_folder(self._path.parent)
            with told_as_ours():
                _make(self._path)
            found = _read(self._path)
        return found


def _make(path: Path) -> None:
    """Write a new key to a file of its own, and give it the name unless another process was faster."""
    mine = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with whole_file(mine, mine.with_name(f"{mine.name}.tmp")) as descriptor:
        write_all(descriptor, secrets.token_hex(KEY_BYTES).encode() + b"\n")
    try:
        os.link(mine, path)
        sync_folder(path.parent)
    except FileExistsError:
        pass
    finally:
        mine.unlink()


def _state(path: Path) -> tuple[int, ...] | None:
    """Return what is another when the file is, or None where there is none."""
    try:
        now = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return now.st_ino, now.st_mtime_ns, now.st_ctime_ns, now.st_size


def _read(path: Path) -> bytes:
    try:
        key = bytes.fromhex(path.read_text("ascii").strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise StorageDamagedError(
            f"“{path}” is not a key of {KEY_BYTES} bytes in hexadecimal. Bring the right file back."
        )
    return key
