"""The engine: changes are durable, whole and seen by everybody; everything else leaves the files as they were."""

import errno
import json
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.storage.recording import Recorder, contents, document, fork, in_a_child, put, save, stored
from ticketing.domain.errors import (
    StorageBusyError,
    StorageDamagedError,
    StorageFailedError,
    StorageFullError,
    StorageReadOnlyError,
    StorageTooNewError,
    StorageUnsupportedError,
)
from ticketing.storage.journaled.engine import Engine
from ticketing.storage.journaled.folder_lock import FolderLock, file_system_of, refuse_network_folder
from ticketing.storage.journaled.journal import create_journal, encode_next, encode_transaction, seal
from ticketing.storage.journaled.snapshots import Snapshot, read_snapshot, write_snapshot


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def engine(folder: Path, recorder: Recorder) -> Iterator[Engine]:
    opened = Engine(folder, recorder)
    yield opened
    opened.close()


@pytest.fixture
def other(engine: Engine, folder: Path) -> Iterator[Engine]:
    assert engine.documents == {}
    opened = Engine(folder, Recorder())
    yield opened
    opened.close()


def only_journal(folder: Path) -> Path:
    (path,) = folder.glob("journal-*.jsonl")
    return path


def counted(monkeypatch: pytest.MonkeyPatch, *names: str) -> list[str]:
    """Note each call of these functions of the system."""
    calls: list[str] = []

    def noting(name: str) -> Callable[..., Any]:
        real = getattr(os, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            calls.append(name)
            return real(*args, **kwargs)

        return call

    for name in names:
        monkeypatch.setattr(os, name, noting(name))
    return calls


def test_a_new_folder_is_flushed_into_the_one_that_it_is_in(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[int] = []
    fsync = os.fsync

    def noting(descriptor: int) -> None:
        flushed.append(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noting)

    Engine(folder / "desk", Recorder()).close()

    assert {tmp_path.stat().st_ino, folder.stat().st_ino} <= set(flushed)


# A transaction


def test_a_commit_is_in_memory_on_disk_and_with_the_listener(engine: Engine, folder: Path, recorder: Recorder) -> None:
    save(engine, put("T-1", title="No dial tone"), put("carla", "users"))

    expected = {"tickets": {"T-1": document("T-1", title="No dial tone")}, "users": {"carla": document("carla")}}
    assert engine.documents == recorder.state == stored(folder) == expected
    assert engine.sequence == 2


def test_a_removed_document_is_gone_everywhere(engine: Engine, folder: Path, recorder: Recorder) -> None:
    save(engine, put("T-1"), put("T-2"))

    save(engine, ("tickets", "T-1", None), ("tickets", "T-9", None))

    assert engine.documents == recorder.state == stored(folder) == {"tickets": {"T-2": document("T-2")}}


def test_a_transaction_is_one_write_and_one_flush(
    engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = counted(monkeypatch, "write", "fsync")
    changes = [put(f"T-{number}", text="x" * 2000) for number in range(3)]
    before = only_journal(folder).stat().st_size

    save(engine, *changes)

    assert calls == ["write", "fsync"]
    grown = only_journal(folder).stat().st_size - before
    assert grown <= sum(len(change[2] or b"") + 120 for change in changes)


def test_the_work_of_a_write_does_not_grow_with_the_store(engine: Engine, folder: Path) -> None:
    save(engine, put("T-0", text="x"))
    small = only_journal(folder).stat().st_size
    save(engine, put("T-0", text="x"))
    first = only_journal(folder).stat().st_size - small

    save(engine, *[put(f"T-{number}") for number in range(100, 600)])
    large = only_journal(folder).stat().st_size
    save(engine, put("T-0", text="x"))

    assert only_journal(folder).stat().st_size - large <= first + 10


def test_leaving_without_a_commit_writes_nothing(engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(engine, put("T-1"))
    before = contents(folder)
    monkeypatch.setattr(os, "fsync", lambda _: pytest.fail("there is nothing to flush"))

    with engine.writing() as writer:
        writer.commit([])

    assert contents(folder) == before


def test_an_exception_before_the_commit_writes_nothing_and_frees_the_lock(
    engine: Engine, other: Engine, folder: Path
) -> None:
    before = contents(folder)

    with pytest.raises(KeyError), engine.writing():
        raise KeyError("T-1")

    assert contents(folder) == before
    save(engine, put("T-1"))
    save(other, put("T-2"))


def test_an_exception_after_the_commit_does_not_undo_it(engine: Engine, folder: Path) -> None:
    def save_and_stumble() -> None:
        with engine.writing() as writer:
            writer.commit([put("T-1")])
            raise KeyError("T-2")

    with pytest.raises(KeyError):
        save_and_stumble()

    assert stored(folder) == engine.documents == {"tickets": {"T-1": document("T-1")}}


def test_a_change_that_could_not_be_read_back_spoils_the_whole_transaction(engine: Engine, folder: Path) -> None:
    before = contents(folder)

    with pytest.raises(ValueError, match=r"must begin with"):
        save(engine, put("T-1"), ("tickets", "T-2", b'{"title":"no id"}'))

    assert contents(folder) == before
    assert engine.documents == {}


def test_a_transaction_is_committed_once(engine: Engine) -> None:
    with engine.writing() as writer:
        writer.commit([put("T-1")])
        with pytest.raises(RuntimeError, match=r"committed once"):
            writer.commit([put("T-2")])


def test_a_commit_outside_its_block_is_refused(engine: Engine, folder: Path) -> None:
    with engine.writing() as writer:
        pass
    before = contents(folder)

    with pytest.raises(RuntimeError, match=r"inside its `with` block"):
        writer.commit([put("T-1")])

    assert contents(folder) == before


def test_a_transaction_inside_another_one_is_refused_at_once(engine: Engine) -> None:
    with engine.writing() as writer:
        with pytest.raises(RuntimeError, match=r"writing already"), engine.writing():
            pass
        writer.commit([put("T-1")])

    assert engine.sequence == 1


def test_bytes_once_written_never_change(engine: Engine, other: Engine, folder: Path) -> None:
    save(engine, put("T-1"))
    before = only_journal(folder).read_bytes()

    save(other, put("T-1", title="again"))
    save(engine, ("tickets", "T-1", None))

    assert only_journal(folder).read_bytes().startswith(before)


def test_d4_files_are_for_their_owner_only(engine: Engine, folder: Path) -> None:
    save(engine, put("T-1"))
    engine.compact()

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


# Several engines


def test_what_one_saved_the_other_sees_at_its_next_look(engine: Engine, other: Engine, recorder: Recorder) -> None:
    save(other, put("T-1"), put("T-2"))
    save(other, ("tickets", "T-1", None))

    engine.refresh()

    assert engine.documents == recorder.state == {"tickets": {"T-2": document("T-2")}}
    assert [len(changes) for changes in recorder.transactions] == [2, 1]


def test_a_writer_sees_what_others_saved_before_it_decides(engine: Engine, other: Engine) -> None:
    save(other, put("T-1", n=1))

    with engine.writing() as writer:
        seen = json.loads(engine.documents["tickets"]["T-1"])["n"]
        writer.commit([put("T-1", n=seen + 1)])

    other.refresh()
    assert other.documents["tickets"]["T-1"] == document("T-1", n=2)


def test_a_look_that_finds_nothing_new_costs_one_call_of_the_system(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(engine, put("T-1"))
    calls = counted(monkeypatch, "fstat", "stat", "open", "read", "pread", "lseek", "listdir", "scandir")

    engine.refresh()

    assert calls == ["lseek"]


def test_a_reader_does_not_take_half_a_line_and_takes_it_when_it_is_whole(
    engine: Engine, other: Engine, folder: Path
) -> None:
    save(engine, put("T-1"))
    lines = encode_transaction([put("T-2"), put("T-3")], sequence=1, known_good=1)

    for start in range(0, len(lines), 7):
        other.refresh()
        assert other.documents == {"tickets": {"T-1": document("T-1")}}
        with only_journal(folder).open("ab") as journal:
            journal.write(lines[start : start + 7])

    other.refresh()
    assert list(other.documents["tickets"]) == ["T-1", "T-2", "T-3"]


def test_threads_and_engines_lose_no_update(engine: Engine, other: Engine, folder: Path) -> None:
    def count(target: Engine) -> None:
        for _ in range(25):
            with target.writing() as writer:
                found = target.documents.get("tickets", {}).get("T-1", b'{"n":0}')
                writer.commit([put("T-1", n=json.loads(found)["n"] + 1)])

    threads = [threading.Thread(target=count, args=[target]) for target in (engine, other) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert stored(folder) == {"tickets": {"T-1": document("T-1", n=200)}}


def test_readers_do_not_wait_for_a_flush(engine: Engine, other: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    save(engine, put("T-1"))
    flushing, go_on = threading.Event(), threading.Event()
    fsync = os.fsync

    def slow(descriptor: int) -> None:
        flushing.set()
        assert go_on.wait(10)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", slow)
    writer = threading.Thread(target=save, args=[engine, put("T-2")])
    writer.start()
    assert flushing.wait(10)

    engine.refresh()
    other.refresh()
    with engine.state_lock:
        seen = [sorted(each.documents["tickets"]) for each in (engine, other)]

    assert seen == [["T-1", "T-2"]] * 2
    assert writer.is_alive()
    go_on.set()
    writer.join()


def test_a_journal_that_is_being_flushed_stays_open_though_another_one_has_begun(
    engine: Engine, other: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(engine, put("T-1"))
    flushing, go_on = threading.Event(), threading.Event()
    flushed: list[tuple[int, int]] = []
    fsync = os.fsync

    def slow(descriptor: int) -> None:
        if threading.current_thread() is writer:
            before = os.fstat(descriptor).st_ino
            flushing.set()
            assert go_on.wait(10)
            flushed.append((before, os.fstat(descriptor).st_ino))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", slow)
    writer = threading.Thread(target=save, args=[engine, put("T-2")])
    writer.start()
    assert flushing.wait(10)

    other.compact()
    save(other, put("T-3"))
    engine.refresh()
    assert engine.health().journal == 2
    assert sorted(engine.documents["tickets"]) == ["T-1", "T-2", "T-3"]
    go_on.set()
    writer.join()

    ((before, after),) = flushed
    assert before == after
    assert not engine.health().poisoned
    save(engine, put("T-4"))
    other.refresh()
    assert other.documents == engine.documents


def test_one_flush_serves_all_who_wait_for_one(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    flushes = []
    fsync = os.fsync

    def slow(descriptor: int) -> None:
        time.sleep(0.05)
        fsync(descriptor)
        flushes.append(descriptor)

    monkeypatch.setattr(os, "fsync", slow)
    threads = [threading.Thread(target=save, args=[engine, put(f"T-{number}")]) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert engine.sequence == 16
    assert len(flushes) <= 8


def test_a_line_says_what_its_writer_knew_to_be_on_disk(engine: Engine, other: Engine, folder: Path) -> None:
    save(engine, put("T-1"))
    save(engine, put("T-2"))
    save(other, put("T-3"))
    save(other, put("T-4"))

    known = [json.loads(line)["ok"] for line in only_journal(folder).read_bytes().splitlines()[1:]]

    assert known == [0, 1, 1, 3]


# Compaction


def test_compaction_writes_snapshots_and_begins_a_new_journal(engine: Engine, folder: Path) -> None:
    save(engine, put("T-1", title="No dial tone"), put("carla", "users"))

    engine.compact()

    assert sorted(path.name for path in folder.glob("*.json*")) == [
        "journal-000002.jsonl",
        "tickets.json",
        "users.json",
    ]
    assert json.loads((folder / "tickets.json").read_bytes())["docs"] == [{"id": "T-1", "title": "No dial tone"}]
    assert stored(folder) == engine.documents


def test_a_journal_is_flushed_before_it_is_ended(engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(engine, put("T-1"))
    journal = only_journal(folder).stat().st_ino
    calls: list[str] = []
    write, fsync = os.write, os.fsync

    def noting_write(descriptor: int, data: bytes) -> int:
        if os.fstat(descriptor).st_ino == journal:
            calls.append("next" if b'"next":2' in data else "write")
        return write(descriptor, data)

    def noting_fsync(descriptor: int) -> None:
        if os.fstat(descriptor).st_ino == journal:
            calls.append("fsync")
        fsync(descriptor)

    monkeypatch.setattr(os, "write", noting_write)
    monkeypatch.setattr(os, "fsync", noting_fsync)

    engine.compact()

    assert calls == ["fsync", "next"]


def test_compaction_without_changes_does_nothing(engine: Engine, folder: Path) -> None:
    save(engine, put("T-1"))
    engine.compact()
    before = contents(folder)

    engine.compact()

    assert contents(folder) == before


def test_compaction_returns_at_once_while_another_one_is_at_it(engine: Engine, folder: Path) -> None:
    save(engine, put("T-1"))
    before = contents(folder)
    at_it = FolderLock(folder / ".compact.lock")

    with at_it.held(1):
        began = time.monotonic()
        engine.compact()
        assert time.monotonic() - began < 1
        assert contents(folder) == before

    engine.compact()
    assert (folder / "tickets.json").exists()
    at_it.close()


def test_files_that_are_locked_are_never_replaced(engine: Engine, other: Engine, folder: Path) -> None:
    locks = [folder / ".lock", folder / ".compact.lock"]
    save(engine, put("T-1"))
    engine.compact()
    held = [path.open("rb") for path in locks]  # so that no other file gets their numbers

    for number, each in enumerate((engine, other, engine)):
        save(each, put("T-1", n=number))
        each.compact()
    engine.close()
    Engine(folder, Recorder()).close()

    assert [path.stat().st_ino for path in locks] == [os.fstat(file.fileno()).st_ino for file in held]
    for file in held:
        file.close()


def test_the_other_engine_follows_over_several_compactions(engine: Engine, other: Engine) -> None:
    for number in range(4):
        save(engine, put(f"T-{number}"))
        engine.compact()
        if number != 1:  # so one journal is gone before it was looked at
            other.refresh()

    assert other.documents == engine.documents
    save(other, put("T-9"))
    engine.refresh()
    assert engine.documents == other.documents


def test_who_missed_too_much_reads_everything_anew(engine: Engine, folder: Path) -> None:
    follower = Recorder()
    late = Engine(folder, follower, read_only=True)
    for number in range(3):
        save(engine, put(f"T-{number}"))
        engine.compact()

    late.refresh()

    assert late.documents == follower.state == engine.documents
    assert follower.loads == 2
    late.close()


def test_a_journal_that_outgrows_the_documents_is_compacted_by_itself(folder: Path) -> None:
    engine = Engine(folder, Recorder(), compact_at=1000)
    for number in range(50):
        save(engine, put("T-1", n=number, text="x" * 100))

    assert engine.health().journal > 4
    assert sum(path.stat().st_size for path in folder.iterdir()) < 2500
    assert stored(folder) == engine.documents
    engine.close()


def test_a_large_store_is_compacted_in_the_background_while_writers_go_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_it, go_on = threading.Event(), threading.Event()

    def slow(target: Path, snapshot: Snapshot[bytes]) -> None:
        at_it.set()
        assert go_on.wait(10)
        write_snapshot(target, snapshot)

    monkeypatch.setattr("ticketing.storage.journaled.compaction.write_snapshot", slow)
    engine = Engine(folder, Recorder(), compact_at=1000, small_store=5)
    save(engine, *[put(f"T-{number}") for number in range(10)])

    for number in range(50):
        save(engine, put("T-1", n=number, text="x" * 100))

    assert at_it.wait(10)
    assert not (folder / "tickets.json").exists()
    go_on.set()
    wait_until(lambda: (folder / "tickets.json").exists() and len(list(folder.glob("journal-*"))) == 1)
    assert engine.health().compaction_error is None
    engine.close()
    assert temporary_files(folder) == []
    assert stored(folder)["tickets"]["T-1"] == document("T-1", n=49, text="x" * 100)


def wait_until(done: Callable[[], bool]) -> None:
    """Give another thread ten seconds."""
    deadline = time.monotonic() + 10
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def temporary_files(folder: Path) -> list[str]:
    """List what a finished compaction must not leave behind."""
    return [path.name for path in folder.iterdir() if path.suffix == ".tmp"]


def test_what_has_expired_is_removed_at_compaction_for_everybody(
    engine: Engine, other: Engine, recorder: Recorder
) -> None:
    save(engine, put("s-1", "sessions", expired=True), put("s-2", "sessions", expired=False))

    engine.compact()
    other.refresh()

    kept = {"sessions": {"s-2": document("s-2", expired=False)}}
    assert engine.documents == other.documents == recorder.state == kept


def test_compaction_looks_only_into_collections_that_can_expire(folder: Path) -> None:
    class Asked(Recorder):
        def __init__(self) -> None:
            super().__init__()
            self.asked: list[bytes] = []

        def keep(self, found: bytes) -> bool:
            self.asked.append(found)
            return super().keep(found)

    listener = Asked()
    engine = Engine(folder, listener)
    save(engine, put("s-1", "sessions"), *[put(f"T-{number}", expired=True) for number in range(10)])

    engine.compact()

    assert listener.asked == [document("s-1")]
    assert set(stored(folder)["tickets"]) == {f"T-{number}" for number in range(10)}
    engine.close()


def test_a_document_renewed_while_compaction_looks_is_kept(folder: Path) -> None:
    class Renewing(Recorder):
        renewed = False

        def keep(self, found: bytes) -> bool:
            kept = super().keep(found)
            if not kept and not self.renewed:
                self.renewed = True
                thread = threading.Thread(target=save, args=[engine, put("s-1", "sessions", expired=False)])
                thread.start()
                thread.join()
            return kept

    engine = Engine(folder, Renewing())
    save(engine, put("s-1", "sessions", expired=True))

    engine.compact()

    assert stored(folder) == {"sessions": {"s-1": document("s-1", expired=False)}}
    engine.close()


def test_a_failing_compaction_does_not_fail_the_change_and_is_tried_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine(folder, Recorder(), compact_at=300)

    def full(_self: Path, _target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        for number in range(20):
            save(engine, put("T-1", n=number))

    assert "No space left" in (engine.health().compaction_error or "")
    assert temporary_files(folder) == []
    assert stored(folder) == {"tickets": {"T-1": document("T-1", n=19)}}

    engine.compact()

    assert engine.health().compaction_error is None
    assert stored(folder) == {"tickets": {"T-1": document("T-1", n=19)}}
    engine.close()


def test_snapshots_half_written_are_no_loss(engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(engine, put("T-1"), put("carla", "users"))
    engine.compact()
    save(engine, put("T-2"), put("oskar", "users"), put("m-1", "outbox"))

    def stop_after_the_first(target: Path, snapshot: Snapshot[bytes]) -> None:
        if snapshot.collection != "tickets":
            raise OSError(errno.EIO, "Input/output error")
        write_snapshot(target, snapshot)

    with monkeypatch.context() as patch:
        patch.setattr("ticketing.storage.journaled.compaction.write_snapshot", stop_after_the_first)
        with pytest.raises(StorageFailedError):
            engine.compact()

    assert len(list(folder.glob("journal-*"))) == 2
    assert stored(folder) == engine.documents
    save(engine, ("tickets", "T-1", None))
    assert stored(folder) == engine.documents
    engine.compact()
    assert len(list(folder.glob("journal-*"))) == 1
    assert stored(folder) == engine.documents


def test_a_journal_begun_and_never_named_is_not_used(engine: Engine, other: Engine, folder: Path) -> None:
    save(engine, put("T-1"))
    create_journal(folder, 2, 1, ["tickets"])  # a process died here

    save(other, put("T-2"))
    newcomer = Engine(folder, Recorder())
    save(newcomer, put("T-3"))
    engine.refresh()

    assert engine.documents == newcomer.documents == stored(folder)
    assert sorted(engine.documents["tickets"]) == ["T-1", "T-2", "T-3"]
    newcomer.close()


def test_a_power_cut_may_take_the_line_that_names_the_next_journal(folder: Path) -> None:
    folder.mkdir()
    create_journal(folder, 1, 0, [])
    create_journal(folder, 2, 1, ["tickets"])
    append_to(folder / "journal-000001.jsonl", encode_transaction([put("T-1")], 0, 0))
    append_to(folder / "journal-000002.jsonl", encode_transaction([put("T-2")], 1, 1))

    for rest in (b"", encode_next(1, 2)[:9], bytes(30)):
        append_to(folder / "journal-000001.jsonl", rest)
        assert sorted(stored(folder)["tickets"]) == ["T-1", "T-2"]


def append_to(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def test_closing_leaves_current_snapshots_and_closing_twice_does_no_harm(engine: Engine, folder: Path) -> None:
    save(engine, put("T-1", title="No dial tone"))

    engine.close()
    engine.close()

    assert json.loads((folder / "tickets.json").read_bytes())["docs"] == [{"id": "T-1", "title": "No dial tone"}]
    with pytest.raises(RuntimeError, match=r"closed"):
        engine.refresh()
    with pytest.raises(RuntimeError, match=r"closed"):
        save(engine, put("T-2"))


def test_opening_brings_the_snapshots_of_a_killed_desk_up_to_date(folder: Path) -> None:
    killed = Engine(folder, Recorder())
    save(killed, put("T-1"))
    (folder / ".tickets.json.tmp").write_bytes(b"half")

    Engine(folder, Recorder()).close()

    assert json.loads((folder / "tickets.json").read_bytes())["docs"] == [{"id": "T-1"}]
    assert temporary_files(folder) == []


# Files from elsewhere


def test_self_contained_files_in_an_empty_folder_are_a_store(folder: Path) -> None:
    folder.mkdir()
    write_snapshot(folder, Snapshot("tickets", 0, 812, {"T-1": document("T-1")}))
    write_snapshot(folder, Snapshot("users", 0, 790, {"carla": document("carla")}))

    assert sorted(stored(folder)) == ["tickets", "users"]
    engine = Engine(folder, Recorder())
    save(engine, put("T-2"))

    assert engine.sequence == 813
    assert stored(folder) == engine.documents
    (folder / "journal-000001.jsonl").unlink()
    with pytest.raises(
        StorageDamagedError, match=r"journal-000001.jsonl is missing: changes after number 812 are lost"
    ):
        stored(folder)


def test_fields_that_this_version_does_not_know_survive(engine: Engine, folder: Path) -> None:
    text = b'{"id":"T-1","from_the_future":{"a":[1.50,null]}}'
    save(engine, ("tickets", "T-1", text))

    engine.close()

    assert stored(folder) == {"tickets": {"T-1": text}}


def test_a_missing_journal_is_refused(engine: Engine, folder: Path) -> None:
    save(engine, *[put(f"T-{number}") for number in range(3)])
    engine.compact()
    only_journal(folder).unlink()

    with pytest.raises(StorageDamagedError, match=r"journal-000002.jsonl is missing: changes after number 3 are lost"):
        Engine(folder, Recorder())


def test_a_missing_snapshot_is_refused(engine: Engine, folder: Path) -> None:
    save(engine, put("T-1"), put("carla", "users"))
    engine.compact()
    (folder / "users.json").unlink()

    with pytest.raises(StorageDamagedError, match=r"users.json is missing"):
        Engine(folder, Recorder())


def test_an_older_snapshot_put_back_is_refused(engine: Engine, folder: Path) -> None:
    save(engine, put("T-1"))
    engine.compact()
    old = (folder / "tickets.json").read_bytes()
    save(engine, put("T-2"))
    engine.compact()
    (folder / "tickets.json").write_bytes(old)

    with pytest.raises(StorageDamagedError, match=r"is missing: changes after number 1 are lost"):
        Engine(folder, Recorder())


def test_an_older_backup_of_one_file_among_newer_ones_is_refused(engine: Engine, folder: Path) -> None:
    save(engine, put("T-1"), put("carla", "users"))
    save(engine, put("T-2"))
    engine.compact()
    write_snapshot(folder, Snapshot("users", 0, 2, {"carla": document("carla")}))

    with pytest.raises(StorageDamagedError, match=r"changes after number 2 are lost"):
        Engine(folder, Recorder())


def test_opening_while_another_one_swaps_the_files_begins_anew(
    engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(engine, put("T-1"), put("carla", "users"))
    engine.compact()
    save(engine, put("T-2"), put("oskar", "users"))
    read: list[str] = []

    def swap_after_the_first(path: Path) -> Snapshot[bytes]:
        found = read_snapshot(path)
        read.append(path.name)
        if len(read) == 1:
            engine.compact()
        return found

    monkeypatch.setattr("ticketing.storage.journaled.loading.read_snapshot", swap_after_the_first)

    assert stored(folder) == engine.documents
    assert read == ["tickets.json", "users.json"] * 2


def test_an_older_journal_put_back_is_refused(engine: Engine, folder: Path) -> None:
    save(engine, put("T-1"))
    engine.compact()
    old = only_journal(folder).read_bytes()
    save(engine, put("T-2"))
    engine.compact()
    only_journal(folder).unlink()
    (folder / "journal-000002.jsonl").write_bytes(old)

    with pytest.raises(StorageDamagedError, match=r"journal-000003.jsonl is missing: changes after number 2 are lost"):
        Engine(folder, Recorder())


def test_a_refused_folder_is_left_as_it_was(engine: Engine, folder: Path) -> None:
    save(engine, put("T-1"))
    engine.compact()
    (folder / "tickets.json").write_bytes((folder / "tickets.json").read_bytes().replace(b"T-1", b"T-2"))
    before = contents(folder)

    with pytest.raises(StorageDamagedError, match=r"edited by hand"):
        Engine(folder, Recorder())

    assert contents(folder) == before


def test_files_of_another_app_are_never_overwritten(folder: Path) -> None:
    folder.mkdir()
    (folder / "users.json").write_text('{"user1": {"password": "x", "role": "user"}}')
    before = contents(folder)

    with pytest.raises(StorageDamagedError, match=r"users.json was not written by this store"):
        Engine(folder, Recorder())

    assert contents(folder)["users.json"] == before["users.json"]


def test_a_running_desk_under_which_older_files_are_put_back_keeps_what_it_knows(engine: Engine, folder: Path) -> None:
    save(engine, put("T-1"))
    older = contents(folder)
    save(engine, put("T-2"))
    running = Engine(folder, Recorder(), read_only=True)
    for number in (3, 4):
        engine.compact()
        save(engine, put(f"T-{number}"))
    for path in folder.glob("*.json*"):
        path.unlink()
    for name, content in older.items():
        (folder / name).write_bytes(content)

    running.refresh()

    assert list(running.documents["tickets"]) == ["T-1", "T-2"]
    assert "were they replaced by older ones?" in (running.health().trouble or "")
    running.close()


def test_a_running_desk_that_meets_a_newer_journal_stops_writing_and_goes_on_reading(
    engine: Engine, folder: Path
) -> None:
    save(engine, put("T-1"))
    (folder / "journal-000002.jsonl").write_bytes(seal(b'{"format":2,"journal":2,"seq":1,"collections":["tickets"]'))
    append_to(folder / "journal-000001.jsonl", encode_next(1, 2))

    engine.refresh()

    assert engine.documents == {"tickets": {"T-1": document("T-1")}}
    assert "format 2" in (engine.health().trouble or "")
    with pytest.raises(StorageTooNewError, match=r"journal-000002.jsonl has format 2"):
        save(engine, put("T-2"))


@pytest.mark.parametrize("harm", ["removed", "cut", "damaged"])
def test_a_running_desk_whose_journal_is_harmed_stops_writing_and_goes_on_reading(
    engine: Engine, folder: Path, harm: str
) -> None:
    save(engine, put("T-1"))
    journal = only_journal(folder)
    if harm == "removed":
        journal.unlink()
    elif harm == "cut":
        os.truncate(journal, journal.stat().st_size - 1)
    else:
        append_to(journal, b'{"seq":2,"ok":1}\n')

    engine.refresh()

    assert engine.documents == {"tickets": {"T-1": document("T-1")}}
    with pytest.raises(StorageDamagedError, match=r"journal-000001.jsonl"):
        save(engine, put("T-2"))


def test_a_damaged_line_is_named_with_the_last_good_number(engine: Engine, folder: Path) -> None:
    for number in range(4):
        save(engine, put(f"T-{number}", title="No dial tone"))
    journal = only_journal(folder)
    lines = journal.read_bytes().splitlines(keepends=True)
    lines[3] = lines[3].replace(b"dial", b"dual")
    journal.write_bytes(b"".join(lines))

    position = len(b"".join(lines[:3]))
    expected = rf"journal-000001.jsonl, line 4 \(byte {position}\) is damaged: .* Changes up to number 2 are good."
    with pytest.raises(StorageDamagedError, match=expected):
        Engine(folder, Recorder())
    with pytest.raises(StorageDamagedError, match=expected):
        Engine(folder, Recorder(), read_only=True)


def test_a_torn_write_is_cut_kept_and_reported(engine: Engine, folder: Path) -> None:
    save(engine, put("T-1"))
    position = only_journal(folder).stat().st_size
    append_to(only_journal(folder), b'{"seq":2,"ok":1,"c":"tick')

    save(engine, put("T-2"))

    assert stored(folder) == {"tickets": {"T-1": document("T-1"), "T-2": document("T-2")}}
    assert engine.health().torn == (f"journal-000001.torn-{position}",)
    assert (folder / engine.health().torn[0]).read_bytes() == b'{"seq":2,"ok":1,"c":"tick'


# Opening for reading


def test_a_reader_takes_no_lock_writes_nothing_and_follows(engine: Engine, folder: Path) -> None:
    save(engine, put("T-1"))
    before = contents(folder)
    with engine.writing():
        reader = Engine(folder, Recorder(), read_only=True)

    assert reader.documents == engine.documents
    with pytest.raises(StorageReadOnlyError):
        save(reader, put("T-2"))
    reader.close()
    assert contents(folder) == before


def test_closing_flushes_for_those_who_have_not_come_to_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(folder, Recorder(), small_store=0)
    calls = counted(monkeypatch, "write", "fsync")
    writer = engine.writing()
    writer.__enter__().commit([put("T-1")])

    engine.close()

    assert calls == ["write", "fsync"]
    writer.__exit__(None, None, None)
    assert stored(folder) == {"tickets": {"T-1": document("T-1")}}


def test_a_reader_leaves_no_file_in_an_empty_folder(folder: Path) -> None:
    folder.mkdir()

    assert stored(folder) == {}

    assert contents(folder) == {}


def test_closing_waits_for_a_thread_in_the_middle_of_a_change_and_for_no_other_process(folder: Path) -> None:
    engine = Engine(folder, Recorder(), small_store=-1)  # no last compaction that would wait
    inside, done = threading.Event(), threading.Event()

    def change() -> None:
        with engine.writing() as writer:
            inside.set()
            time.sleep(0.1)
            writer.commit([put("T-1")])
        done.set()

    thread = threading.Thread(target=change)
    thread.start()
    assert inside.wait(10)
    engine.close()
    thread.join()

    assert done.is_set()
    assert stored(folder) == {"tickets": {"T-1": document("T-1")}}
    holder = FolderLock(folder / ".lock")
    with holder.held(1):
        began = time.monotonic()
        stored(folder)
        assert time.monotonic() - began < 2
    holder.close()


def test_a_reader_of_an_empty_folder_waits_for_the_first_journal(folder: Path) -> None:
    folder.mkdir()
    follower = Recorder()
    reader = Engine(folder, follower, read_only=True)
    reader.refresh()
    reader.refresh()
    assert follower.loads == 1

    writer = Engine(folder, Recorder())
    save(writer, put("T-1"))
    reader.refresh()

    assert reader.documents == {"tickets": {"T-1": document("T-1")}}
    reader.close()
    writer.close()


def test_a_reader_needs_a_folder(folder: Path) -> None:
    with pytest.raises(StorageUnsupportedError, match=r"There is no data directory"):
        Engine(folder, Recorder(), read_only=True)


def test_a_file_is_no_data_directory(folder: Path) -> None:
    folder.write_bytes(b"")

    with pytest.raises(StorageUnsupportedError, match=r"is a file, not a directory"):
        Engine(folder, Recorder())


# Locks


def test_a_busy_lock_is_reported_after_the_limit_and_reading_goes_on(engine: Engine, folder: Path) -> None:
    save(engine, put("T-1"))
    hasty = Engine(folder, Recorder(), lock_timeout=0.05)
    holder = FolderLock(folder / ".lock")

    with holder.held(1):
        began = time.monotonic()
        with pytest.raises(StorageBusyError):
            save(hasty, put("T-2"))
        assert 0.04 < time.monotonic() - began < 2
        hasty.refresh()
        assert hasty.documents == engine.documents

    save(hasty, put("T-2"))
    hasty.close()
    holder.close()


def test_who_waits_for_another_writer_reads_its_change_in_meanwhile(
    engine: Engine, recorder: Recorder, other: Engine
) -> None:
    with ThreadPoolExecutor(1) as pool, other.writing() as writer:
        waiting = pool.submit(save, engine, put("T-2"))
        writer.commit([put("T-1")])
        deadline = time.monotonic() + 5
        while not recorder.state and time.monotonic() < deadline:
            time.sleep(0.001)
        assert set(recorder.state["tickets"]) == {"T-1"}
        assert not waiting.done()

    assert set(engine.documents["tickets"]) == {"T-1", "T-2"}


def test_a_thread_waits_no_longer_than_the_limit_for_another_thread(folder: Path) -> None:
    engine = Engine(folder, Recorder(), lock_timeout=0.05)
    refused: list[Exception] = []

    def wait() -> None:
        try:
            save(engine, put("T-1"))
        except StorageBusyError as error:
            refused.append(error)

    with engine.writing():
        thread = threading.Thread(target=wait)
        thread.start()
        thread.join()

    assert len(refused) == 1
    assert engine.documents == {}
    engine.close()


def test_a_lock_file_with_content_is_no_lock(folder: Path) -> None:
    folder.mkdir()
    (folder / ".lock").write_text("left by process 4711")

    engine = Engine(folder, Recorder(), lock_timeout=0.05)
    save(engine, put("T-1"))

    engine.close()


def test_a_deleted_lock_file_does_not_let_two_in(engine: Engine, folder: Path) -> None:
    save(engine, put("T-1"))
    (folder / ".lock").unlink()
    hasty = Engine(folder, Recorder(), lock_timeout=0.05)

    with engine.writing(), pytest.raises(StorageBusyError):
        save(hasty, put("T-2"))

    hasty.close()


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK])
def test_a_file_system_without_locks_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    fcntl = pytest.importorskip("fcntl")

    def refuse(*_: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)

    with pytest.raises(StorageUnsupportedError, match=r"cannot lock files"):
        Engine(folder, Recorder())


@pytest.mark.parametrize("kind", ["nfs4", "cifs"])
def test_a_network_file_system_is_refused(tmp_path: Path, kind: str) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/sda / ext4 rw 0 0\nserver:/x {tmp_path}/my\\040share {kind} rw 0 0\n")

    assert file_system_of(tmp_path, mounts) == "ext4"
    refuse_network_folder(tmp_path, mounts)
    with pytest.raises(StorageUnsupportedError, match=rf"network file system \({kind}\)"):
        refuse_network_folder(tmp_path / "my share" / "data", mounts)


def test_a_store_is_not_opened_on_a_network_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = file_system_of(tmp_path)
    monkeypatch.setattr("ticketing.storage.journaled.folder_lock.NETWORK_FILE_SYSTEMS", {kind})

    with pytest.raises(StorageUnsupportedError, match=r"network file system"):
        Engine(tmp_path, Recorder())

    assert contents(tmp_path) == {}


def test_where_mounts_are_not_told_nothing_is_refused(tmp_path: Path) -> None:
    refuse_network_folder(tmp_path, tmp_path / "no such file")


# The disk fails


def test_a_full_disk_saves_nothing_and_writing_works_again_without_reopening(
    engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(engine, put("T-1"))
    before = contents(folder)
    write = os.write

    def nearly_full(descriptor: int, data: bytes) -> int:
        return write(descriptor, data[:30])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", nearly_full)
        with pytest.raises(StorageFullError):
            save(engine, put("T-2"))

    assert contents(folder) == before
    assert engine.documents == {"tickets": {"T-1": document("T-1")}}
    save(engine, put("T-3"))
    assert stored(folder) == engine.documents


def test_after_a_failed_flush_all_writes_are_refused_and_reading_goes_on(
    engine: Engine, other: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(engine, put("T-1"))

    def fail(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(StorageFailedError):
            save(engine, put("T-2"))

    with pytest.raises(StorageFailedError):
        save(engine, put("T-3"))
    with pytest.raises(StorageFailedError):
        engine.compact()
    engine.refresh()
    assert engine.health().poisoned
    assert "T-1" in engine.documents["tickets"]
    save(other, put("T-4"))


def test_of_all_who_wait_for_a_flush_that_fails_none_is_told_that_it_is_saved(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = threading.Barrier(8)

    def fail(_: int) -> None:
        time.sleep(0.05)
        raise OSError(errno.EIO, "Input/output error")

    def change(number: int) -> None:
        written.wait(10)
        save(engine, put(f"T-{number}"))

    monkeypatch.setattr(os, "fsync", fail)
    with ThreadPoolExecutor(8) as threads:
        outcomes = [threads.submit(change, number) for number in range(8)]

    assert [type(outcome.exception()) for outcome in outcomes] == [StorageFailedError] * 8


def test_a_folder_that_cannot_be_written_to_says_why(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Engine(folder, Recorder())
    save(first, put("T-1"))
    first.close()
    system_open = os.open

    def read_only(path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
        if flags & (os.O_RDWR | os.O_WRONLY):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        return system_open(path, flags, *args, **kwargs)

    monkeypatch.setattr(os, "open", read_only)

    with pytest.raises(StorageReadOnlyError, match=r"Read-only file system"):
        Engine(folder, Recorder())
    assert stored(folder) == {"tickets": {"T-1": document("T-1")}}


# Forks


def test_a_forked_child_writes_and_reads_with_a_lock_of_its_own(engine: Engine) -> None:
    save(engine, put("T-1"))

    assert in_a_child(lambda: save(engine, put("T-2"))) == "None"

    engine.refresh()
    assert list(engine.documents["tickets"]) == ["T-1", "T-2"]


def test_a_child_forked_inside_a_transaction_neither_commits_nor_frees_the_lock(engine: Engine, folder: Path) -> None:
    hasty = Engine(folder, Recorder(), lock_timeout=0.05)
    with engine.writing() as writer:
        assert "by the process that began it" in in_a_child(lambda: writer.commit([put("T-1")]))
        with pytest.raises(StorageBusyError):
            save(hasty, put("T-2"))
        writer.commit([put("T-3")])

    assert stored(folder) == {"tickets": {"T-3": document("T-3")}}
    hasty.close()


def test_a_child_does_not_keep_the_lock_of_a_parent_that_ended(folder: Path) -> None:
    ours, theirs = os.pipe()
    parent = fork()
    if parent == 0:
        with Engine(folder, Recorder()).writing():
            grandchild = fork()
            if grandchild:
                os.write(theirs, b"%d" % grandchild)
                os._exit(0)
            time.sleep(5)
            os._exit(0)
    os.waitpid(parent, 0)
    grandchild = int(os.read(ours, 20))

    try:
        began = time.monotonic()
        engine = Engine(folder, Recorder())
        save(engine, put("T-1"))
        assert time.monotonic() - began < 3
        engine.close()
    finally:
        os.kill(grandchild, 9)
        os.close(ours)
        os.close(theirs)


# Health


def test_health_tells_how_things_are(engine: Engine, folder: Path) -> None:
    save(engine, put("T-1"))
    engine.compact()

    health = engine.health()

    assert (health.sequence, health.journal, health.torn, health.poisoned) == (1, 2, (), False)
    assert (health.compaction_error, health.trouble) == (None, None)
    assert health.bytes_on_disk == sum(path.stat().st_size for path in folder.glob("*.json*"))
