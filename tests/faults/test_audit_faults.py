"""Whenever its process is killed: of each change that was acknowledged there is a record, and of none that was not."""

import os
import random
import select
import signal
import time
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.postgres import databases
from tests.storage.recording import fork
from ticketing.desk import Desk, open_desk
from ticketing.domain.audit import AuditAction
from ticketing.domain.people import Actor
from ticketing.domain.queries import TicketQuery
from ticketing.settings import Settings
from ticketing.storage.archive import check_audit
from ticketing.storage.documents import audit as document_log
from ticketing.storage.opening import check_database

pytestmark = pytest.mark.faults

CONSOLE = Actor.console()
KILLS = 20
# So few records stay in the journal here that every few changes some are moved into their file.
FEW = 3
PLACES: dict[str, Callable[[Path], str]] = {
    "json": lambda folder: f"json:{folder / 'data'}",
    "sqlite": lambda folder: f"sqlite:///{folder / 'desk.sqlite'}",
    "postgres": lambda _: databases().create("audit"),
}
STEPS = ("write", "fsync", "ftruncate", "replace", "open")


@pytest.fixture(autouse=True)
def settles_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let records move into their file as soon as there are three."""
    monkeypatch.setattr(document_log, "MOST_UNSETTLED", FEW)


def desk_at(place: str) -> Desk:
    return open_desk(Settings(storage_url=place), password_rounds=4)


def open_tickets(place: str, pipe: int, most: int | None = None) -> None:
    """Open one ticket after the other; tell of each only after it was acknowledged."""
    desk = desk_at(place)
    for _ in count() if most is None else range(most):
        os.write(pipe, b"%d\n" % desk.tickets.open(CONSOLE, "No dial tone", "Dead.").number)


def in_a_child(work: Callable[[int], None], wait: Callable[[int, int], None]) -> tuple[list[int], int]:
    """Let a child work, and return what it told before its end, and how that came."""
    ours, theirs = os.pipe()
    process = fork()
    if process == 0:
        try:
            work(theirs)
            os._exit(0)
        finally:
            os._exit(1)
    os.close(theirs)
    wait(process, ours)
    _, status = os.waitpid(process, 0)
    with os.fdopen(ours, "rb") as pipe:
        return [int(line) for line in pipe.read().split()], status


def require_a_record_of_each_change(place: str, acknowledged: list[int]) -> None:
    with closing(desk_at(place)) as desk:
        found = desk.tickets.search(CONSOLE, TicketQuery(size=1)).total
        with desk.store.read() as tx:
            opened = [one.object for one in tx.audit.stream() if one.action is AuditAction.TICKET_OPENED]
        with desk.store.documents() as documents:
            check_audit(documents, "The store")
    assert opened == [f"T-{number}" for number in range(1, found + 1)]
    assert max(acknowledged, default=0) <= found
    check_database(place)


@pytest.mark.parametrize("kind", PLACES)
def test_a_desk_that_is_killed_again_and_again_has_a_record_of_each_change(tmp_path: Path, kind: str) -> None:
    place, dice = PLACES[kind](tmp_path), random.Random(7)  # noqa: S311 - not for security
    desk_at(place).close()
    acknowledged: list[int] = []

    def kill_soon(process: int, pipe: int) -> None:
        select.select([pipe], [], [], 20)
        time.sleep(dice.uniform(0, 0.05))
        os.kill(process, signal.SIGKILL)

    for _ in range(KILLS):
        acknowledged += in_a_child(lambda pipe: open_tickets(place, pipe), kill_soon)[0]

    assert len(acknowledged) > KILLS
    require_a_record_of_each_change(place, acknowledged)


def test_wherever_records_are_moved_into_their_file_a_kill_loses_and_doubles_none(tmp_path: Path) -> None:
    """The process ends before each call that it makes to the system, one after the other."""
    for step in count(1):
        place = f"json:{tmp_path / str(step)}"
        desk_at(place).close()

        def end_before(pipe: int, place: str = place, step: int = step) -> None:
            _end_at(step, besides=pipe)
            open_tickets(place, pipe, most=3 * FEW)

        acknowledged, status = in_a_child(end_before, lambda _process, _pipe: None)
        require_a_record_of_each_change(place, acknowledged)
        if status == 0:
            break
    assert step > 3 * FEW


def _end_at(step: int, besides: int) -> None:
    """End this process without a warning before the so manieth of the calls by which files are changed."""
    left = step

    def ending(call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*given: Any, **named: Any) -> Any:
            nonlocal left
            left -= given[0] != besides
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*given, **named)

        return counted

    for name in STEPS:
        setattr(os, name, ending(getattr(os, name)))
