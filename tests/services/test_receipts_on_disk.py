"""A second click is told that it is done only when the first one is on disk; receipts outlive their process."""

import errno
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.services.conftest import PASSWORD, Clock
from ticketing.desk import Desk, open_desk
from ticketing.domain.errors import StorageFailedError
from ticketing.domain.people import Actor
from ticketing.domain.tickets import Ticket
from ticketing.settings import Settings

PATIENCE = 0.2
"""Seconds in which an answer that waits for nothing would long be there."""


@contextmanager
def opened(folder: Path, clock: Clock) -> Iterator[Desk]:
    """Open the desk, as each process does for itself."""
    with closing(open_desk(Settings(data_dir=folder), clock=clock, password_rounds=4)) as desk:
        yield desk


@pytest.fixture
def desk(tmp_path: Path, clock: Clock) -> Iterator[Desk]:
    with opened(tmp_path / "data", clock) as opened_desk:
        opened_desk.accounts.register("carla", "Carla", PASSWORD, PASSWORD)
        yield opened_desk


@pytest.fixture
def other(desk: Desk, tmp_path: Path, clock: Clock) -> Iterator[Desk]:
    assert desk.store
    with opened(tmp_path / "data", clock) as opened_desk:
        yield opened_desk


@pytest.fixture
def click(desk: Desk) -> Callable[[Desk], Ticket]:
    """Return what a click on "Open ticket" does, each time with the key of the same form."""
    carla = desk.sessions.actor(desk.accounts.sign_in("carla", PASSWORD))
    return lambda at: at.tickets.open(carla, "No dial tone", "The line is dead.", key="one form")


class SlowDisk:
    """A disk that holds each flush back until it is told to answer."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, works: bool = True) -> None:
        self.asked = threading.Event()
        self._answered = threading.Event()
        self._works = works
        self._fsync = os.fsync
        monkeypatch.setattr(os, "fsync", self._flush)

    def answer(self) -> None:
        """Let all flushes end."""
        self._answered.set()

    def _flush(self, descriptor: int) -> None:
        self.asked.set()
        assert self._answered.wait(10)
        if not self._works:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        self._fsync(descriptor)


def tickets(desk: Desk) -> int:
    return sum(1 for _ in desk.exports.json_lines(Actor.console()))


def click_twice(click: Callable[[Desk], Ticket], first: Desk, second: Desk, disk: SlowDisk) -> list[Future[Ticket]]:
    """Click, and once more while the first one waits for the disk; neither has an answer before the disk has."""
    with ThreadPoolExecutor(2) as threads:
        clicks = [threads.submit(click, first)]
        assert disk.asked.wait(10)
        clicks.append(threads.submit(click, second))
        done, _ = wait(clicks, PATIENCE)
        assert done == set()
        disk.answer()
    return clicks


where = pytest.mark.parametrize("at", ["desk", "other"], ids=["in the same process", "in another process"])


@where
def test_a_second_click_waits_until_the_first_one_is_on_disk(
    desk: Desk,
    click: Callable[[Desk], Ticket],
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    at: str,
) -> None:
    second: Desk = request.getfixturevalue(at)

    clicks = click_twice(click, desk, second, SlowDisk(monkeypatch))

    assert [each.result().number for each in clicks] == [1, 1]
    assert tickets(desk) == tickets(second) == 1


@where
def test_a_second_click_is_not_told_that_it_is_done_when_the_disk_fails(
    desk: Desk,
    click: Callable[[Desk], Ticket],
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    at: str,
) -> None:
    second: Desk = request.getfixturevalue(at)

    clicks = click_twice(click, desk, second, SlowDisk(monkeypatch, works=False))

    assert [type(each.exception()) for each in clicks] == [StorageFailedError, StorageFailedError]


def test_a_second_click_on_what_is_on_disk_already_waits_for_nothing(
    desk: Desk, click: Callable[[Desk], Ticket], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = click(desk)
    monkeypatch.setattr(os, "fsync", lambda _: pytest.fail("there is nothing to flush"))

    assert click(desk).number == first.number


def test_a_second_click_after_a_restart_is_still_the_second(tmp_path: Path, clock: Clock) -> None:
    with opened(tmp_path / "data", clock) as desk:
        desk.accounts.register("carla", "Carla", PASSWORD, PASSWORD)
        carla = desk.sessions.actor(desk.accounts.sign_in("carla", PASSWORD))
        number = desk.tickets.open(carla, "No dial tone", "The line is dead.", key="one form").number

    with opened(tmp_path / "data", clock) as desk:
        again = desk.tickets.open(carla, "No dial tone", "The line is dead.", key="one form")

        assert again.number == number
        assert tickets(desk) == 1
