"""What is in attached files: kept whole or not at all, read by the piece, and taken along wherever a store goes."""

import hashlib
import logging
import os
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from itertools import permutations
from pathlib import Path

import pytest

from tests.postgres import databases
from tests.storage.conftest import NOW, make_ticket
from ticketing.domain.attachments import Attachment
from ticketing.domain.errors import StorageDamagedError
from ticketing.domain.received import Fate, Received
from ticketing.domain.store import Store
from ticketing.storage.archive import back_up, check_contents, check_sums, read_archive, rehearse, restore
from ticketing.storage.files import PIECE
from ticketing.storage.json_store import JsonStore
from ticketing.storage.moving import move
from ticketing.storage.opening import open_source, open_store, open_target
from ticketing.storage.whole import WholeStore

LONG = os.urandom(2 * PIECE + 1000)
DAY = timedelta(days=1)


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def read(store: Store, sha256: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join(store.files.read(sha256, start, end))


def attach(store: Store, *contents: bytes, number: int = 1) -> None:
    """Put contents into the store, and a ticket that names them."""
    ticket = make_ticket(number)
    kept = [store.files.put([content], NOW) for content in contents]
    ticket.attach(
        [
            Attachment(id=f"{number}-{place}", name="a.bin", size=each.size, sha256=each.sha256, media_type="x/y")
            for place, each in enumerate(kept)
        ]
    )
    with store.write() as tx:
        tx.tickets.save(ticket)


def unused(store: Store) -> set[str]:
    with store.write() as tx:
        return set(tx.files.unused(NOW + DAY, 10))


def test_a_content_is_read_as_it_came(store: Store) -> None:
    kept = store.files.put([LONG[:10], LONG[10:]], NOW)

    assert (kept.sha256, kept.size) == (sha(LONG), len(LONG))
    assert store.files.holds(kept.sha256)
    assert read(store, kept.sha256) == LONG


@pytest.mark.parametrize(
    ("start", "end"),
    [(0, 1), (5, 10), (PIECE - 1, PIECE + 1), (PIECE, 2 * PIECE), (2 * PIECE + 999, None), (7, 10**9), (10**9, None)],
)
def test_a_part_of_a_content_is_read(store: Store, start: int, end: int | None) -> None:
    kept = store.files.put([LONG], NOW)

    assert read(store, kept.sha256, start, end) == LONG[start:end]


def test_the_same_content_is_kept_once(store: Store) -> None:
    attach(store, LONG)
    attach(store, LONG, number=2)

    assert read(store, sha(LONG)) == LONG


def test_what_breaks_off_leaves_nothing(store: Store) -> None:
    def breaking() -> Iterator[bytes]:
        yield LONG
        raise EOFError

    with pytest.raises(EOFError):
        store.files.put(breaking(), NOW)

    with store.read() as tx:
        assert tx.files.unused(NOW + DAY, 10) == []
    assert not store.files.holds(sha(LONG))


def test_what_is_not_there_is_not_read(store: Store) -> None:
    assert not store.files.holds(sha(b"nothing"))
    with pytest.raises(StorageDamagedError, match="is missing"):
        read(store, sha(b"nothing"))


def test_only_what_no_ticket_names_is_unused(store: Store) -> None:
    with store.read() as tx:
        assert not tx.files.any()
    attach(store, b"named")
    store.files.put([b"unnamed"], NOW)

    with store.read() as tx:
        assert tx.files.any()
        assert [tx.files.holds(sha(one)) for one in (b"named", b"unnamed", b"unknown")] == [True, True, False]
        assert tx.files.unused(NOW + DAY, 10) == [sha(b"unnamed")]
        assert tx.files.unused(NOW - DAY, 10) == []
        assert tx.files.unused(NOW + DAY, 0) == []


def test_the_original_of_a_mail_is_no_more_unused_than_an_attachment(store: Store) -> None:
    kept = store.files.put([b"From: carla"], NOW)
    received = Received(id="m", at=NOW, fate=Fate.FAILED, raw_sha256=kept.sha256, size=kept.size, expires_at=NOW + DAY)
    with store.write() as tx:
        tx.received.save(received)
        assert tx.files.unused(NOW + DAY, 10) == []
    with store.write() as tx:
        tx.received.remove("m")
        assert tx.files.unused(NOW + DAY, 10) == [kept.sha256]


def test_all_contents_are_added_up_each_once(store: Store) -> None:
    assert store.files.used() == 0
    for content in (LONG, b"other", b"other"):
        store.files.put([content], NOW)

    assert store.files.used() == len(LONG) + len(b"other")


def test_what_comes_again_is_new_again(store: Store) -> None:
    store.files.put([b"twice"], NOW - 2 * DAY)
    store.files.put([b"twice"], NOW)

    with store.read() as tx:
        assert tx.files.unused(NOW - DAY, 10) == []


def test_what_is_removed_is_gone(store: Store) -> None:
    store.files.put([LONG], NOW)
    store.files.put([b"other"], NOW)

    with store.write() as tx:
        tx.files.remove(sha(LONG))
        tx.files.remove(sha(b"never there"))

    assert not store.files.holds(sha(LONG))
    assert unused(store) == {sha(b"other")}
    store.files.put([LONG], NOW)
    assert read(store, sha(LONG)) == LONG


def test_u3_in_a_folder_each_content_is_a_file_of_its_owner(tmp_path: Path) -> None:
    with closing(JsonStore(tmp_path / "data")) as store:
        store.files.put([LONG], NOW)
    place = tmp_path / "data" / "attachments" / sha(LONG)[:2] / sha(LONG)

    assert place.read_bytes() == LONG
    assert place.stat().st_mode & 0o777 == 0o600
    assert place.parent.stat().st_mode & 0o777 == 0o700
    assert list((tmp_path / "data" / "attachments" / ".arriving").iterdir()) == []


def test_what_a_killed_process_left_is_removed_after_a_day(tmp_path: Path) -> None:
    arriving = tmp_path / "data" / "attachments" / ".arriving"
    arriving.mkdir(parents=True)
    old, young = arriving / "old", arriving / "young"
    for path, age in ((old, 2 * 86_400), (young, 60)):
        path.write_bytes(b"half of it")
        os.utime(path, (path.stat().st_mtime - age,) * 2)

    with closing(JsonStore(tmp_path / "data")) as store:
        store.files.put([b"another"], NOW)

    assert list(arriving.iterdir()) == [young]


@pytest.fixture(params=["json", "sqlite", "postgres"])
def filled(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[WholeStore]:
    with closing(open_store(address(request.param, tmp_path / "filled"))) as store:
        attach(store, LONG, b"small")
        attach(store, b"small", number=2)
        store.files.put([b"nobody's"], NOW)
        yield store


def address(kind: str, folder: Path) -> str:
    folder.mkdir(exist_ok=True)
    if kind == "postgres":
        return databases().create(f"files_{folder.name}")
    return f"json:{folder / 'data'}" if kind == "json" else f"sqlite:///{folder / 'desk.sqlite'}"


@pytest.mark.parametrize("into", ["json", "sqlite", "postgres"])
def test_a_backup_brings_every_named_content_back(filled: WholeStore, tmp_path: Path, into: str) -> None:
    counts = back_up(filled, tmp_path / "b.zip", NOW)

    check_sums(tmp_path / "b.zip")
    with closing(open_store(address(into, tmp_path / "restored"))) as store:
        assert restore(store, read_archive(tmp_path / "b.zip")) == counts
        assert (counts["tickets"], counts["attachments"]) == (2, 2)
        assert [read(store, sha(content)) for content in (LONG, b"small")] == [LONG, b"small"]
        assert not store.files.holds(sha(b"nobody's"))
        with store.documents() as documents:
            assert check_contents(documents, store.files) == 2
        assert restore(store, read_archive(tmp_path / "b.zip"), replace=True) == counts
    assert rehearse(tmp_path / "b.zip") == counts


def test_a_content_changed_in_a_backup_is_refused(filled: WholeStore, tmp_path: Path) -> None:
    back_up(filled, tmp_path / "b.zip", NOW)
    with zipfile.ZipFile(tmp_path / "b.zip") as before, zipfile.ZipFile(tmp_path / "c.zip", "w") as after:
        for name in before.namelist():
            after.writestr(name, b"large" if name == f"attachments/{sha(b'small')}" else before.read(name))

    with pytest.raises(StorageDamagedError, match="the checksum of attachments/"):
        read_archive(tmp_path / "c.zip")
    with pytest.raises(StorageDamagedError, match="the checksum of attachments/"):
        check_sums(tmp_path / "c.zip")


def test_a_backup_without_files_is_one_that_older_versions_read(tmp_path: Path) -> None:
    with closing(JsonStore(tmp_path / "data")) as store:
        attach(store)
        back_up(store, tmp_path / "b.zip", NOW)

    assert b'"format": 1,' in zipfile.ZipFile(tmp_path / "b.zip").read("manifest.json")
    assert read_archive(tmp_path / "b.zip").counts == {"tickets": 1}


def test_a_missing_content_keeps_nothing_else_out_of_a_backup(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with closing(JsonStore(tmp_path / "data")) as store:
        attach(store, b"lost", b"found")
        shutil.rmtree(tmp_path / "data" / "attachments" / sha(b"lost")[:2])

        with caplog.at_level(logging.ERROR):
            counts = back_up(store, tmp_path / "b.zip", NOW)

        assert counts == {"tickets": 1, "attachments": 1}
        assert "is missing" in caplog.text
        assert sha(b"lost")[:12] in caplog.text
        with store.documents() as documents, pytest.raises(StorageDamagedError, match="is missing"):
            check_contents(documents, store.files)


def test_a_changed_content_is_found(tmp_path: Path) -> None:
    with closing(JsonStore(tmp_path / "data")) as store:
        attach(store, b"as it was")
        (tmp_path / "data" / "attachments" / sha(b"as it was")[:2] / sha(b"as it was")).write_bytes(b"As it was")

        with store.documents() as documents, pytest.raises(StorageDamagedError, match="is not what it was"):
            check_contents(documents, store.files)


@pytest.mark.parametrize(("here", "there"), list(permutations(["json", "sqlite", "postgres"], 2)))
def test_a_migration_takes_the_contents_along(tmp_path: Path, here: str, there: str) -> None:
    source, target = address(here, tmp_path / "here"), address(there, tmp_path / "there")
    with closing(open_store(source)) as store:
        attach(store, LONG, b"small")

    with closing(open_source(source)) as old, closing(open_target(target)) as new:
        move(old, new, lambda _done, _whole: None)

    with closing(open_store(target)) as store:
        assert [read(store, sha(content)) for content in (LONG, b"small")] == [LONG, b"small"]


def test_a_migration_does_not_arrive_without_a_content(tmp_path: Path) -> None:
    source, target = address("json", tmp_path / "here"), address("sqlite", tmp_path / "there")
    with closing(open_store(source)) as store:
        attach(store, b"changed since")
    (tmp_path / "here/data/attachments" / sha(b"changed since")[:2] / sha(b"changed since")).write_bytes(b"changed")

    with (
        closing(open_source(source)) as old,
        closing(open_target(target)) as new,
        pytest.raises(StorageDamagedError, match="is not what it was"),
    ):
        move(old, new, lambda _done, _whole: None)
