"""A desk on SQLite whose disk fills up or fails: it says so, keeps all that it acknowledged, and goes on after that."""

import resource
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol

import pytest
from sqlalchemy import Engine, event

from ticketing.desk import open_desk
from ticketing.domain.errors import StorageFailedError, StorageFullError
from ticketing.domain.people import Actor
from ticketing.domain.queries import TicketQuery
from ticketing.settings import Settings

pytestmark = pytest.mark.faults

CONSOLE = Actor.console()
TEXT = "words that fill a disk " * 800
SMALL, LARGE = 6 << 20, 64 << 20
PAGE = 4096


class Room(Protocol):
    """Where there is little room at first."""

    def grow(self) -> None:
        """Make room."""


class SmallDisk:
    """A file system of its own, in memory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    @contextmanager
    def at(cls, folder: Path) -> Iterator[Room]:
        """Mount it; raises CalledProcessError for those who may not."""
        _run("mount", "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", str(folder))
        try:
            yield cls(folder)
        finally:
            _run("umount", "--lazy", str(folder))

    def grow(self) -> None:
        """Make room."""
        _run("mount", "-o", f"remount,size={LARGE}", str(self._folder))


class SmallFile:
    """SQLite's own limit, for those who may not mount anything: to it, a file that is full is a disk that is full."""

    def __init__(self) -> None:
        self._bytes = SMALL

    @classmethod
    @contextmanager
    def on_all_connections(cls) -> Iterator[Room]:
        """Have every connection heed it."""
        room = cls()
        event.listen(Engine, "checkout", room.limit)
        try:
            yield room
        finally:
            event.remove(Engine, "checkout", room.limit)

    def limit(self, connection: sqlite3.Connection, *_about: object) -> None:
        """Tell a connection."""
        connection.execute(f"PRAGMA max_page_count = {self._bytes // PAGE}")

    def grow(self) -> None:
        """Make room."""
        self._bytes = LARGE


@pytest.fixture(params=["a disk", "a file"])
def room(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Room]:
    """Return what has little room: a disk of its own if one can be mounted, and a file."""
    if request.param == "a disk" and _may_mount(tmp_path):
        with SmallDisk.at(tmp_path) as disk:
            yield disk
    else:
        with SmallFile.on_all_connections() as file:
            yield file


def _may_mount(folder: Path) -> bool:
    try:
        with SmallDisk.at(folder):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def test_a_full_disk_is_told_loses_nothing_acknowledged_and_is_over_when_there_is_room(
    tmp_path: Path, room: Room
) -> None:
    settings = Settings(storage_url=f"sqlite:///{tmp_path / 'desk.sqlite'}")
    acknowledged: list[str] = []

    def open_tickets(number: int) -> None:
        for _ in range(number):
            title = f"Ticket {len(acknowledged)}"
            desk.tickets.open(CONSOLE, title, TEXT, key=title)
            acknowledged.append(title)

    with closing(open_desk(settings, password_rounds=4)) as desk:
        with pytest.raises(StorageFullError, match=r"The storage is full\. Nothing was saved"):
            open_tickets(LARGE // len(TEXT))
        until_full = len(acknowledged)
        with pytest.raises(StorageFullError):
            open_tickets(1)
        assert desk.tickets.get(CONSOLE, until_full).messages[0].text == TEXT.strip()
        assert desk.tickets.search(CONSOLE, TicketQuery()).total == until_full > 20

        room.grow()
        open_tickets(20)

    with closing(open_desk(settings, password_rounds=4)) as desk, desk.store.read() as tx:
        assert [ticket.title for ticket in tx.tickets.stream()] == acknowledged
    with closing(sqlite3.connect(tmp_path / "desk.sqlite")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@contextmanager
def failing_disk(size: int) -> Iterator[None]:
    """Have the system refuse to write files beyond a size, which to SQLite is an I/O error and not a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_fails_is_told_at_once_and_in_the_words_of_the_other_stores(tmp_path: Path) -> None:
    settings = Settings(storage_url=f"sqlite:///{tmp_path / 'desk.sqlite'}")

    with closing(open_desk(settings, password_rounds=4)) as desk:
        desk.tickets.open(CONSOLE, "Before", TEXT, key="before")
        began = time.monotonic()
        with failing_disk((tmp_path / "desk.sqlite-wal").stat().st_size):
            with pytest.raises(StorageFailedError, match=r"The disk reported an error"):
                desk.tickets.open(CONSOLE, "Meanwhile", TEXT, key="meanwhile")
            assert desk.tickets.search(CONSOLE, TicketQuery()).total == 1
        assert time.monotonic() - began < 5

        assert desk.tickets.open(CONSOLE, "Meanwhile", TEXT, key="meanwhile").number == 2
        assert desk.tickets.search(CONSOLE, TicketQuery()).total == 2
    with closing(sqlite3.connect(tmp_path / "desk.sqlite")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
