"""Snapshots: readable by any JSON reader, and refused if a single bit is not as it was written."""

import errno
import json
import os
import stat
import tracemalloc
from pathlib import Path

import pytest

from tests.storage.recording import document
from ticketing.domain.errors import StorageDamagedError, StorageTooNewError
from ticketing.storage.journaled import snapshots
from ticketing.storage.journaled.snapshots import Snapshot, document_id, read_snapshot, snapshot_files, write_snapshot

TWO = Snapshot(
    "tickets", 12, 812, {"abc123": document("abc123", title="Grüße"), "def456": document("def456", n=[1, 2])}
)


def write(folder: Path, snapshot: Snapshot[bytes]) -> Path:
    write_snapshot(folder, snapshot)
    return folder / f"{snapshot.collection}.json"


def test_a_snapshot_is_one_json_object_with_a_document_a_line(tmp_path: Path) -> None:
    path = write(tmp_path, TWO)

    lines = path.read_bytes().splitlines()
    assert lines[0] == b'{"format":1,"collection":"tickets","journal":12,"seq":812,"docs":['
    assert lines[1:3] == [TWO.documents["abc123"] + b",", TWO.documents["def456"]]
    assert lines[3].startswith(b'],"count":2,"crc32":"')
    assert [found["id"] for found in json.loads(path.read_bytes())["docs"]] == ["abc123", "def456"]


@pytest.mark.parametrize("count", [0, 1, 2, 499, 500, 501, 1700])
def test_what_was_written_is_read_back(tmp_path: Path, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "CHUNK", 1000)
    written = Snapshot("tickets", 3, 9, {f"T-{n}": document(f"T-{n}", title="x" * (n % 300)) for n in range(count)})

    path = write(tmp_path, written)

    assert read_snapshot(path) == written
    assert len(json.loads(path.read_bytes())["docs"]) == count


def test_d4_only_the_owner_may_read_it(tmp_path: Path) -> None:
    path = write(tmp_path, TWO)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_flipped_bit_goes_unnoticed(tmp_path: Path) -> None:
    path = write(tmp_path, TWO)
    good = path.read_bytes()
    for position in range(len(good)):
        for bit in range(8):
            flipped = bytearray(good)
            flipped[position] ^= 1 << bit
            path.write_bytes(flipped)

            with pytest.raises((StorageDamagedError, StorageTooNewError), match=r"tickets.json"):
                read_snapshot(path)


def test_no_cut_goes_unnoticed(tmp_path: Path) -> None:
    path = write(tmp_path, TWO)
    good = path.read_bytes()
    for length in range(len(good)):
        path.write_bytes(good[:length])

        with pytest.raises(StorageDamagedError, match=r"tickets.json"):
            read_snapshot(path)


def test_a_hand_edit_is_recognised_as_one(tmp_path: Path) -> None:
    path = write(tmp_path, TWO)
    path.write_bytes(path.read_bytes().replace(b"[1,2]", b"[1,2,3]"))

    with pytest.raises(StorageDamagedError, match=r"all its lines are JSON. Was it edited by hand?"):
        read_snapshot(path)


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, TWO)
    good = path.read_bytes()
    path.write_bytes(good.replace(b'{"id":"def456"', b'{"id"!"def456"'))

    start = good.index(TWO.documents["def456"])
    with pytest.raises(StorageDamagedError, match=rf"tickets.json, line 3 \(byte {start}\) is damaged"):
        read_snapshot(path)


def test_a_snapshot_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, TWO)
    path.write_bytes(path.read_bytes().replace(b'"format":1', b'"format":2'))

    with pytest.raises(StorageTooNewError, match=r"tickets.json has format 2"):
        read_snapshot(path)


def test_a_renamed_snapshot_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, TWO).rename(tmp_path / "users.json")

    with pytest.raises(StorageDamagedError, match=r"users.json holds the collection “tickets”"):
        read_snapshot(path)


@pytest.mark.parametrize("content", [b"", b"[]", b'{"user1": {"password": "x", "role": "user"}}', b"\0" * 80])
def test_a_file_of_another_app_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "users.json").write_bytes(content)

    with pytest.raises(StorageDamagedError, match=r"users.json was not written by this store"):
        read_snapshot(tmp_path / "users.json")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, TWO)
    good = path.read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(OSError, match=r"No space left"):
        write(tmp_path, Snapshot("tickets", 13, 900, {}))

    assert path.read_bytes() == good
    assert [found.name for found in tmp_path.iterdir()] == ["tickets.json"]


def test_hidden_files_are_no_snapshots(tmp_path: Path) -> None:
    path = write(tmp_path, TWO)
    (tmp_path / ".tickets.json.tmp").touch()
    (tmp_path / ".hidden.json").touch()

    assert snapshot_files(tmp_path) == [path]


def test_a_document_that_does_not_begin_with_its_id_has_none() -> None:
    with pytest.raises(ValueError, match=r"must begin with"):
        document_id(b'{"title":"x","id":"a"}')


def test_loading_takes_little_more_memory_than_the_documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "CHUNK", 64 << 10)
    text = "x" * 2000
    path = write(tmp_path, Snapshot("tickets", 1, 1, {str(n): document(str(n), text=text) for n in range(2000)}))

    tracemalloc.start()
    loaded = read_snapshot(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 1.3 * sum(map(len, loaded.documents.values()))
