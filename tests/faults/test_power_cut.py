"""The power fails at every step: what was acknowledged is there after it, and no transaction in part."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.faults.power import Content, Disk
from tests.storage.recording import Recorder, contents, put, save, stored
from ticketing.domain.errors import StorageError
from ticketing.storage.journaled.engine import Engine
from ticketing.storage.journaled.journal import Change

pytestmark = pytest.mark.faults

Documents = dict[str, dict[str, bytes]]

IN_MEMORY = Path("/dev/shm")  # noqa: S108 - a directory of our own is made in it
TURNS = 5
STATES = 1500
"""At least so many different folders are left by the power cuts."""
COMPACT_AT = 700
"""Bytes of journal after which snapshots are written: every three changes or so."""


def change(number: int) -> list[Change]:
    """Make the transaction of this number: a counter, a new document, and the one before goes."""
    return [put("T-1", n=number), put(f"m-{number}", "outbox", n=number), ("outbox", f"m-{number - 1}", None)]


def states(changes: int) -> list[Documents]:
    """Return what is stored after no change, after the first, and so on."""
    desk = Recorder()
    found: list[Documents] = [{}]
    for number in range(1, changes + 1):
        desk.apply(change(number))
        found.append({collection: dict(documents) for collection, documents in desk.state.items()})
    return found


class Desks:
    """
    Two desks on one folder, of which the first one compacts.

    While the first one waits for the flush of a change, the other one saves a change too, or compacts, by turns. While
    anybody writes snapshots, it saves a change.
    """

    def __init__(self, folder: Path, disk: Disk) -> None:
        self._disk = disk
        self._confirming = False
        self._turn = 0
        self._one = Engine(folder, Recorder(), compact_at=COMPACT_AT)
        self._other = Engine(folder, Recorder())
        disk.before_flush = self._meanwhile

    def work(self) -> None:
        """Save some changes and close."""
        for _ in range(TURNS):
            self._confirming = True
            self._save(self._one)
        self._one.close()
        self._other.close()

    def _save(self, desk: Engine) -> None:
        self._disk.begun += 1
        number = self._disk.begun
        save(desk, *change(number))
        self._disk.acknowledge(number)

    def _meanwhile(self, flushed: str) -> None:
        if self._confirming and flushed.startswith("journal"):
            self._confirming = False
            self._turn += 1
            if self._turn % 2:
                self._save(self._other)
            else:
                self._other.compact()
        elif flushed == ".tickets.json.tmp":
            self._save(self._other)


def record(folder: Path, *, lies: Callable[[str], bool] = lambda _: False) -> Disk:
    """Let two desks work in a folder that holds what a power cut left: one change, and part of another one."""
    killed = Engine(folder, Recorder())
    save(killed, *change(1))
    with (folder / "journal-000001.jsonl").open("ab") as journal:
        journal.write(b'{"seq":4,"ok":3,"tx":"1/3","c":"tick')
    disk = Disk(folder, lies)
    disk.begun = disk.acknowledged = 1
    with pytest.MonkeyPatch.context() as patch:
        disk.watch(patch)
        Desks(folder, disk).work()
    return disk


def what_survives(place: Path, content: Content) -> Documents:
    """Open a desk over what a power cut left, let it save something, and return what was there before."""
    place.mkdir()
    for name, data in content.items():
        (place / name).write_bytes(data)
    try:
        desk = Engine(place, Recorder())
        found = {collection: dict(documents) for collection, documents in desk.documents.items() if documents}
        save(desk, put("m-1", "afterwards"))
        assert stored(place) == {**found, "afterwards": {"m-1": b'{"id":"m-1"}'}}
        desk.close()
        return found
    finally:
        shutil.rmtree(place)


def losses(disk: Disk, place: Path) -> Iterator[str]:
    """Cut the power after each step, in each way, and yield what is lost, half there or unreadable then."""
    known = states(disk.begun)
    opened: dict[frozenset[tuple[str, bytes]], Documents | StorageError] = {}
    for moment in disk.moments:
        for content in moment.leftovers():
            key = frozenset(content.items())
            if key not in opened:
                try:
                    opened[key] = what_survives(place, content)
                except StorageError as error:
                    opened[key] = error
            if opened[key] not in known[moment.acknowledged : moment.begun + 1]:
                yield f"{moment.step}, {moment.acknowledged} acknowledged, {sorted(content)}: {opened[key]}"
    assert len(opened) > STATES


@pytest.fixture
def after(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return where to open what is left: in memory if possible, and without flushing, since it is done so often."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
    with TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY.is_dir() else None) as folder:
        yield Path(folder) / "data"


def test_d1_wherever_the_power_fails_what_was_acknowledged_is_there_and_nothing_in_part(
    tmp_path: Path, after: Path
) -> None:
    disk = record(tmp_path / "data")

    assert list(losses(disk, after)) == []


def test_the_disk_knows_what_is_in_the_folder(tmp_path: Path) -> None:
    disk = record(tmp_path / "data")

    assert disk.content == contents(tmp_path / "data")


@pytest.mark.parametrize(
    "lies",
    [
        lambda flushed: flushed.startswith("journal"),
        lambda flushed: flushed.endswith(".tmp"),
        lambda flushed: flushed == ".",
    ],
    ids=["journals", "new files", "the folder"],
)
def test_a_flush_that_does_nothing_loses_something(tmp_path: Path, after: Path, lies: Callable[[str], bool]) -> None:
    disk = record(tmp_path / "data", lies=lies)

    assert next(losses(disk, after), None) is not None


def test_a_new_file_whose_name_is_not_made_to_last_is_lost(
    tmp_path: Path, after: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ticketing.storage.journaled.disk.sync_folder", lambda _: None)
    disk = record(tmp_path / "data")

    assert next(losses(disk, after), None) is not None
