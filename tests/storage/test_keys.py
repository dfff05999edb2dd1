"""A key in a file: made once, for its owner's eyes, and never guessed at."""

import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from ticketing.domain.errors import StorageDamagedError
from ticketing.storage.keys import KEY_BYTES, GivenKey, KeyFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the key will be, in a folder that is not there yet."""
    return tmp_path / "data" / "second_factor.key"


def test_to_look_for_a_key_makes_none(path: Path) -> None:
    assert KeyFile(path).find() is None
    assert not path.parent.exists()


def test_d4_a_key_is_made_once_and_found_by_others(path: Path) -> None:
    early = KeyFile(path)
    assert early.find() is None

    key = KeyFile(path).ensure()

    assert len(key) == KEY_BYTES
    assert early.find() == KeyFile(path).ensure() == key
    assert list(path.parent.iterdir()) == [path]
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_ten_processes_that_make_one_at_the_same_moment_have_the_same(path: Path) -> None:
    start = Barrier(10)

    def make(_: int) -> bytes:
        start.wait(10)
        return KeyFile(path).ensure()

    with ThreadPoolExecutor(10) as pool:
        assert len(set(pool.map(make, range(10)))) == 1
    assert list(path.parent.iterdir()) == [path]


def test_a_key_that_is_brought_back_counts_at_once(path: Path) -> None:
    keys = KeyFile(path)
    key = keys.ensure()
    aside = path.rename(path.with_name("aside"))
    assert keys.find() is None

    aside.rename(path)
    assert keys.find() == key


def test_another_key_in_the_place_of_the_old_one_counts_at_once(path: Path) -> None:
    keys = KeyFile(path)
    keys.ensure()
    other = KeyFile(path.with_name("other")).ensure()

    path.with_name("other").replace(path)
    assert keys.find() == other

    path.write_text("no key", encoding="ascii")
    with pytest.raises(StorageDamagedError):
        keys.find()


@pytest.mark.parametrize("content", [b"", b"0" * 63, b"0" * 66, b"no key at all", b"\xff" * 64])
def test_what_is_no_key_is_told_and_not_replaced(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)

    for ask in (KeyFile(path).find, KeyFile(path).ensure):
        with pytest.raises(StorageDamagedError, match="is not a key"):
            ask()
    assert path.read_bytes() == content


def test_a_given_key_is_what_it_is() -> None:
    assert GivenKey(b"k").find() == GivenKey(b"k").ensure() == b"k"
