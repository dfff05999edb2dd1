"""Kills, torn writes, flipped bits and failing disks: nothing that was acknowledged is lost, nothing is half there."""

import errno
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.storage.recording import Recorder, contents, document, fork, in_a_child, put, save, stored
from ticketing.domain.errors import StorageBusyError, StorageDamagedError, StorageError, StorageFullError
from ticketing.storage.journaled.engine import Engine
from ticketing.storage.journaled.journal import encode_next, encode_transaction

pytestmark = pytest.mark.faults

Documents = dict[str, dict[str, bytes]]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


def the_foreman_reports(folder: Path, mode: str, rounds: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.faults.engine_foreman", str(folder), mode, str(rounds), "7"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200, check=True)
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@pytest.fixture
def quick_flush(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let flushing cost nothing, in tests that open many stores and do not cut the power."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


# Killed processes


def test_d1_killing_the_writer_in_the_midst_of_changes_and_compactions_loses_nothing(folder: Path) -> None:
    report = the_foreman_reports(folder, "one", 200)

    assert (report["lost"], report["torn_apart"], report["unreadable"], report["failures"]) == ([], [], [], [])
    assert report["kills"] == 200
    assert report["acknowledged"] > 200
    assert report["interrupted_compactions"] > 20


def test_d1_killing_the_writer_in_the_midst_of_a_write_leaves_nothing_of_it(folder: Path) -> None:
    report = the_foreman_reports(folder, "midst", 40)

    assert (report["lost"], report["torn_apart"], report["unreadable"], report["failures"]) == ([], [], [], [])
    assert report["torn_writes"] == 3


def test_killing_one_of_several_writers_loses_nothing_and_the_others_go_on(folder: Path) -> None:
    report = the_foreman_reports(folder, "several", 100)

    assert (report["lost"], report["torn_apart"], report["unreadable"], report["failures"]) == ([], [], [], [])
    assert report["shared"] >= report["acknowledged"] > 300
    assert report["stalls"] < 5


def hold_the_lock(folder: Path) -> int:
    """Start a process that takes the lock and keeps it; returns once it has it."""
    ours, theirs = os.pipe()
    process = fork()
    if process == 0:
        with Engine(folder, Recorder()).writing():
            os.write(theirs, b"!")
            time.sleep(60)
        os._exit(0)
    os.read(ours, 1)
    os.close(ours)
    os.close(theirs)
    return process


def test_c3_the_lock_of_a_killed_holder_is_free_at_once(folder: Path) -> None:
    engine = Engine(folder, Recorder())
    holder = hold_the_lock(folder)

    os.kill(holder, signal.SIGKILL)
    began = time.monotonic()
    save(engine, put("T-1"))

    assert time.monotonic() - began < 1
    os.waitpid(holder, 0)
    engine.close()


def test_c3_a_holder_that_hangs_stops_writers_after_the_limit_and_readers_never(folder: Path) -> None:
    engine = Engine(folder, Recorder(), lock_timeout=0.1)
    save(engine, put("T-1"))
    holder = hold_the_lock(folder)
    os.kill(holder, signal.SIGSTOP)

    with pytest.raises(StorageBusyError):
        save(engine, put("T-2"))
    engine.refresh()
    assert stored(folder) == engine.documents == {"tickets": {"T-1": document("T-1")}}

    os.kill(holder, signal.SIGKILL)
    os.waitpid(holder, 0)
    save(engine, put("T-2"))
    engine.close()


def test_a_program_started_under_the_lock_does_not_keep_it(folder: Path) -> None:
    def start_and_end() -> int:
        with Engine(folder, Recorder()).writing():
            started = subprocess.Popen(
                [sys.executable, "-c", "import time; time.sleep(30)"], close_fds=False, stdout=subprocess.DEVNULL
            )
            return started.pid

    process = int(in_a_child_that_dies(start_and_end))

    try:
        engine = Engine(folder, Recorder(), lock_timeout=1)
        save(engine, put("T-1"))
        engine.close()
    finally:
        os.kill(process, signal.SIGKILL)


def in_a_child_that_dies(work: Callable[[], int]) -> str:
    """Run *work* in a child; its answer comes by a file, as a program it started may hold a pipe open."""
    ours, theirs = os.pipe()
    child = fork()
    if child == 0:
        os.write(theirs, b"%d" % work())
        os._exit(0)
    answer = os.read(ours, 20).decode()
    os.waitpid(child, 0)
    os.close(ours)
    os.close(theirs)
    return answer


# Many at once


def test_c1_two_processes_of_eight_threads_lose_no_update(folder: Path) -> None:
    def work() -> None:
        engine = Engine(folder, Recorder(), compact_at=20_000, lock_timeout=60)
        threads = [threading.Thread(target=count, args=[engine, f"{os.getpid()}-{number}"]) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        os._exit(0)

    processes = []
    for _ in range(2):
        process = fork()
        if process == 0:
            work()
        processes.append(process)
    for process in processes:
        assert os.waitpid(process, 0)[1] == 0

    found = stored(folder)
    assert json.loads(found["tickets"]["hot"])["n"] == 2 * 8 * 50
    numbers = [json.loads(text)["n"] for key, text in found["tickets"].items() if key != "hot"]
    assert sorted(numbers) == list(range(1, 2 * 8 * 50 + 1))


def count(engine: Engine, name: str) -> None:
    """Count a shared document up fifty times, and keep each number in a document of its own."""
    for turn in range(50):
        with engine.writing() as writer:
            shared = json.loads(engine.documents.get("tickets", {}).get("hot", b'{"n":0}'))["n"] + 1
            writer.commit([put("hot", n=shared), put(f"{name}-{turn}", n=shared)])


def test_opening_is_never_refused_while_others_compact(folder: Path) -> None:
    engine = Engine(folder, Recorder(), compact_at=1)
    save(engine, put("T-1", n=0), put("m-1", "outbox", n=0))
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            save(engine, put("T-1", n=number), put("m-1", "outbox", n=number))

    thread = threading.Thread(target=write)
    thread.start()
    try:
        seen = -1
        for _ in range(150):
            found = stored(folder)
            number = json.loads(found["tickets"]["T-1"])["n"]
            assert json.loads(found["outbox"]["m-1"])["n"] == number >= seen
            seen = number
    finally:
        stop.set()
        thread.join()
        engine.close()


def test_readers_writers_and_compactions_in_one_process_do_not_disturb_each_other(folder: Path) -> None:
    engines = [Engine(folder, Recorder(), compact_at=500, lock_timeout=60) for _ in range(2)]
    end = time.monotonic() + 3
    problems: list[BaseException] = []

    def write(engine: Engine, name: str) -> None:
        number = 0
        while time.monotonic() < end:
            number += 1
            save(engine, put(name, n=number), put(name, "outbox", n=number))

    def read(engine: Engine) -> None:
        while time.monotonic() < end:
            engine.refresh()
            with engine.state_lock:
                assert engine.documents.get("tickets") == engine.documents.get("outbox")
            time.sleep(0.0005)

    def noting(work: Callable[..., None], *args: Any) -> None:
        try:
            work(*args)
        except BaseException as error:  # noqa: BLE001 -- shown by the test
            problems.append(error)

    threads = [threading.Thread(target=noting, args=[read, engine]) for engine in engines for _ in range(2)]
    threads += [threading.Thread(target=noting, args=[write, engine, f"w{n}"]) for n, engine in enumerate(engines * 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert problems == []
    for engine in engines:
        engine.refresh()
        health = engine.health()
        assert (health.compaction_error, health.trouble) == (None, None)
        assert engine.documents == stored(folder)
        engine.close()


# Torn writes and flipped bits


@pytest.fixture
def torn(folder: Path) -> tuple[Path, bytes, bytes, Documents]:
    """Two saved changes and a transaction of three documents: the journal before it, its bytes, the state before."""
    engine = Engine(folder, Recorder())
    save(engine, put("T-1", title="No dial tone"))
    save(engine, put("carla", "users"))
    journal = folder / "journal-000001.jsonl"
    good = journal.read_bytes()
    state = {collection: dict(found) for collection, found in engine.documents.items()}
    transaction = encode_transaction([put("T-1", title="x" * 30), put("T-2"), put("m-1", "outbox")], 2, 2)
    return journal, good, transaction, state


def cut(data: bytes, position: int) -> bytes:
    return data[:position]


def zeroed_from(data: bytes, position: int) -> bytes:
    return data[:position] + bytes(len(data) - position)


def zeroed_up_to(data: bytes, position: int) -> bytes:
    return bytes(position + 1) + data[position + 1 :]


def noise_from(data: bytes, position: int) -> bytes:
    # What ends with a newline passes for a line that was whole once; that is damage, as another test says.
    noise = random.Random(position).randbytes(len(data) - position - 1)  # noqa: S311 -- not for security
    return data[:position] + noise + b"?"


@pytest.mark.usefixtures("quick_flush")
@pytest.mark.parametrize("tear", [cut, zeroed_from, zeroed_up_to, noise_from])
def test_a_torn_transaction_is_set_aside_as_a_whole(
    torn: tuple[Path, bytes, bytes, Documents], tmp_path: Path, tear: Callable[[bytes, int], bytes]
) -> None:
    journal, good, transaction, before = torn
    for position in range(len(transaction)):
        rest = tear(transaction, position)
        place = tmp_path / "again"
        place.mkdir()
        (place / journal.name).write_bytes(good + rest)
        assert stored(place) == before

        engine = Engine(place, Recorder())
        save(engine, put("T-9"))

        assert engine.documents["tickets"] == before["tickets"] | {"T-9": document("T-9")}
        assert engine.documents == stored(place)
        kept = list(place.glob("*.torn-*"))
        assert [(path.name, path.read_bytes()) for path in kept] == (
            [(f"journal-000001.torn-{len(good)}", rest)] if rest else []
        )
        engine.close()
        shutil.rmtree(place)


@pytest.mark.parametrize(("acknowledged", "refused"), [(1, False), (2, True), (3, True)])
def test_a_write_that_never_reached_the_disk_is_damage_only_if_it_was_acknowledged(
    folder: Path, acknowledged: int, *, refused: bool
) -> None:
    engine = Engine(folder, Recorder())
    save(engine, put("T-1"))
    missing = encode_transaction([put("T-2")], 1, 1)
    later = [encode_transaction([put(f"T-{number + 1}")], number, min(acknowledged, number)) for number in (2, 3)]
    with (folder / "journal-000001.jsonl").open("ab") as journal:
        journal.write(bytes(len(missing)) + b"".join(later))

    if refused:
        with pytest.raises(StorageDamagedError, match=r"line 3 .*Changes up to number 1 are good"):
            Engine(folder, Recorder())
    else:
        again = Engine(folder, Recorder())
        assert list(again.documents["tickets"]) == ["T-1"]
        assert len(again.health().torn) == 1


def test_no_flipped_bit_is_taken_silently(folder: Path) -> None:
    engine = Engine(folder, Recorder())
    save(engine, put("T-1", title="No dial tone"), put("carla", "users", name="Carla Grün"))
    engine.compact()
    save(engine, put("T-2", title="Printer on fire"))
    save(engine, put("T-1", title="No dial tone at all"), put("oskar", "users"))
    save(engine, ("tickets", "T-2", None))
    expected = stored(folder)
    outcomes = {"refused": 0, "set aside": 0}

    for path in sorted(folder.glob("*.json*")):
        good = path.read_bytes()
        for position in range(len(good)):
            flipped = bytearray(good)
            flipped[position] ^= 1 << random.Random(position).randrange(8)  # noqa: S311 -- not for security
            path.write_bytes(flipped)
            try:
                found = stored(folder)
            except StorageError:
                outcomes["refused"] += 1
            else:
                assert path.suffix == ".jsonl"
                assert position == len(good) - 1
                assert found != expected
                outcomes["set aside"] += 1
        path.write_bytes(good)

    assert outcomes["set aside"] == 1
    assert outcomes["refused"] > 500


def test_the_end_of_a_journal_that_is_not_the_last_may_be_torn_but_not_damaged(folder: Path) -> None:
    engine = Engine(folder, Recorder())
    save(engine, put("T-1"))
    engine.compact()
    save(engine, put("T-2"))
    before = contents(folder)
    engine.compact()
    save(engine, put("T-3"))
    for name, content in before.items():  # as if no snapshot had been finished, and nothing deleted
        (folder / name).write_bytes(content)
    old = folder / "journal-000002.jsonl"
    good = old.read_bytes()

    for end in (b"", encode_next(2, 3), encode_next(2, 3)[:12], bytes(20)):
        old.write_bytes(good + end)
        assert list(stored(folder)["tickets"]) == ["T-1", "T-2", "T-3"]

    for end in (encode_next(2, 3).replace(b"next", b"text"), encode_transaction([put("T-9")], 2, 2)):
        old.write_bytes(good + end)
        with pytest.raises(StorageDamagedError, match=r"journal-00000[23].jsonl"):
            stored(folder)


# Failing disks


def test_d2_a_file_size_limit_saves_nothing_and_writing_works_again_when_it_is_lifted(folder: Path) -> None:
    def work() -> str:
        engine = Engine(folder, Recorder())
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, hard))
        number = 0
        try:
            while True:
                number += 1
                save(engine, put("T-1", n=number, text="x" * 200), put("T-2", n=number))
        except StorageFullError:
            number -= 1
        engine.refresh()
        assert json.loads(engine.documents["tickets"]["T-2"])["n"] == number
        assert stored(folder) == engine.documents
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        save(engine, put("T-1", n=number + 1), put("T-2", n=number + 1))
        assert stored(folder) == engine.documents
        assert engine.health().torn == ()
        return "went well"

    assert in_a_child(work) == "went well"


class FailingDisk:
    """Lets the N-th call that changes a file fail, once or from then on."""

    NAMES = ("open", "write", "fsync", "ftruncate", "replace", "unlink")

    def __init__(self, monkeypatch: pytest.MonkeyPatch, error: int, *, lasting: bool) -> None:
        self.error = error
        self.lasting = lasting
        self.fail_at = 0
        self.calls = 0
        for name in self.NAMES:
            monkeypatch.setattr(os, name, self._failing(getattr(os, name)))

    def _failing(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.calls += 1
            if self.fail_at and (self.calls == self.fail_at or (self.lasting and self.calls > self.fail_at)):
                raise OSError(self.error, os.strerror(self.error))
            return real(*args, **kwargs)

        return call

    def broken_from(self, call: int) -> None:
        """Begin to count anew; the disk works well with 0."""
        self.calls, self.fail_at = 0, call


def eight_changes(folder: Path) -> Iterator[int]:
    """Save eight transactions with some compactions in between; yields what was acknowledged."""
    engine = Engine(folder, Recorder(), compact_at=400)
    try:
        for number in range(1, 9):
            try:
                save(engine, put("T-1", n=number, text="x" * 60), put("m-1", "outbox", n=number))
            except StorageError:
                pass
            else:
                yield number
    finally:
        engine.close()


@pytest.mark.usefixtures("quick_flush")
@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize(
    "error", [errno.ENOSPC, errno.EIO, errno.EROFS], ids=["disk full", "input/output error", "read-only"]
)
def test_d2_whichever_call_fails_what_was_acknowledged_is_there_and_writing_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int, *, lasting: bool
) -> None:
    prepared = tmp_path / "prepared"
    engine = Engine(prepared, Recorder())
    save(engine, put("T-1", n=0), put("m-1", "outbox", n=0))
    engine.close()
    disk = FailingDisk(monkeypatch, error, lasting=lasting)

    place = tmp_path / "data"
    fail_at = 1
    while True:
        shutil.copytree(prepared, place)
        disk.broken_from(fail_at)
        acknowledged = [0]
        try:
            acknowledged.extend(eight_changes(place))
        except StorageError:
            assert acknowledged == [0]
        finished = disk.calls < fail_at
        disk.broken_from(0)

        found = stored(place)
        number = json.loads(found["tickets"]["T-1"])["n"]
        assert json.loads(found["outbox"]["m-1"])["n"] == number >= acknowledged[-1]
        again = Engine(place, Recorder(), lock_timeout=0.2)
        save(again, put("T-1", n=99), put("m-1", "outbox", n=99))
        assert stored(place) == again.documents
        assert list(place.glob(".*.tmp")) == []
        again.close()
        shutil.rmtree(place)
        if finished:
            break
        fail_at += 1

    assert acknowledged == list(range(9))
    assert fail_at > 50
