"""A desk at work whose process is killed, or whose disk is full: what people were told is saved is there, whole."""

import errno
import os
import random
import resource
import select
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

import ticketing.desk
from tests.serving import COOKIE, PASSWORD, Server
from tests.storage.recording import fork
from tests.visiting import Visit
from tests.wire import Wire
from ticketing.desk import Desk, open_desk
from ticketing.domain.people import Actor
from ticketing.domain.queries import TicketQuery
from ticketing.domain.statuses import Status
from ticketing.settings import Settings
from ticketing.storage.journaled.folder_lock import FolderLock
from ticketing.storage.json_store import JsonStore
from ticketing.ui.wording import t

pytestmark = pytest.mark.faults

KILLS = 40
ROOM = 4000
LONG = "word " * 3000


def work_for_ever(folder: Path, token: str, pipe: int) -> None:
    """Open tickets, answer and close each; tell of each step only after it was acknowledged."""
    desk = open_desk(Settings(data_dir=folder, tickets_per_hour=100_000), password_rounds=4)
    carla, console = desk.sessions.actor(token), Actor.console()
    while True:
        number = desk.tickets.open(carla, "No dial tone", "Dead.").number
        os.write(pipe, b"%d 1\n" % number)
        desk.tickets.reply(console, number, "Try again.", status=Status.PENDING, key=f"answer {number}")
        os.write(pipe, b"%d 2\n" % number)
        desk.tickets.close(carla, number, "It works.", key=f"close {number}")
        os.write(pipe, b"%d 3\n" % number)


def killed_at_work(folder: Path, token: str, seconds: float) -> dict[int, int]:
    """Let a process work, kill it, and return the last step of each ticket that was acknowledged."""
    ours, theirs = os.pipe()
    process = fork()
    if process == 0:
        try:
            work_for_ever(folder, token, theirs)
        finally:
            os._exit(1)
    os.close(theirs)
    select.select([ours], [], [], 20)
    time.sleep(seconds)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    with os.fdopen(ours, "rb") as pipe:
        return {int(number): int(step) for number, step in (line.split() for line in pipe.read().splitlines())}


def test_d1_a_desk_that_is_killed_forty_times_keeps_every_ticket_whole(tmp_path: Path) -> None:
    folder, dice = tmp_path / "data", random.Random(11)  # noqa: S311 - not for security
    with closing(open_desk(Settings(data_dir=folder), password_rounds=4)) as desk:
        desk.accounts.register("carla", "Carla Ruiz", PASSWORD, PASSWORD)
        token = desk.accounts.sign_in("carla", PASSWORD)
    acknowledged: dict[int, int] = {}

    for _ in range(KILLS):
        acknowledged |= killed_at_work(folder, token, dice.uniform(0, 0.05))

    with closing(open_desk(Settings(data_dir=folder), password_rounds=4)) as desk:
        console = Actor.console()
        found = desk.tickets.search(console, TicketQuery(size=1)).total
        assert max(acknowledged) <= found <= len(acknowledged) + KILLS
        for number in range(1, found + 1):
            ticket = desk.tickets.get(console, number)
            step = {(1, "open"): 1, (2, "pending"): 2, (3, "closed"): 3}[len(ticket.messages), ticket.status]
            assert step >= acknowledged.get(number, 0)
            assert len([event for event in ticket.events if event.field == "status"]) == {1: 0, 2: 1, 3: 3}[step]
    assert len(acknowledged) > KILLS


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path) as running:
        yield running


def limit_files(server: Server, size: int) -> None:
    """Let no file of the server grow beyond this size, as a full disk or a quota would."""
    process = server._process  # noqa: SLF001 - nobody else needs to do this to a server
    assert process is not None
    hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, hard))


def test_d2_who_writes_while_the_disk_is_full_is_told_and_can_send_it_when_there_is_room(server: Server) -> None:
    carla = server.actor("carla")
    with Wire.connect(server.base, page="new_ticket", cookies={COOKIE: server.sign_in("carla")}) as wire:
        wire.run()
        biggest = max(path.stat().st_size for path in [*server.data.iterdir(), server.log_file])
        limit_files(server, biggest + ROOM)

        wire.set("title", "Full to the brim")
        wire.set("description", LONG)
        wire.click("submit")

        assert "format: ERROR" in wire.text
        assert "full" in wire.text
        assert t("page.new_ticket") in wire.text
        assert wire.exceptions == []
        assert str(server.data).encode() not in wire.received
        assert server.desk.tickets.search(carla, TicketQuery()).total == 0

        limit_files(server, resource.RLIM_INFINITY)
        wire.click("submit")

        assert "format: ERROR" not in wire.text
        assert t("page.new_ticket") not in wire.text
        assert [message.text for message in server.ticket(1).messages] == [LONG.strip()]


# Pages over a disk that fails


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    opened = open_desk(Settings(data_dir=tmp_path / "data"), password_rounds=4)
    monkeypatch.setattr(ticketing.desk, "_shared", opened)
    opened.accounts.register("carla", "Carla Ruiz", PASSWORD, PASSWORD)
    yield opened
    opened.close()


@pytest.fixture
def carla(desk: Desk) -> Visit:
    """Return Carla in front of a new ticket; she has one already."""
    token = desk.accounts.sign_in("carla", PASSWORD)
    desk.tickets.open(desk.sessions.actor(token), "No dial tone", "The line is dead.")
    return Visit(desk, token).open("new_ticket").fill(title="Smoke", description="Out of the printer.")


@contextmanager
def somebody_holds_the_lock(desk: Desk, _monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    assert isinstance(desk.store, JsonStore)
    desk.store.engine._lock_timeout = 0.3  # type: ignore[attr-defined]  # noqa: SLF001 - ten seconds else
    holder = FolderLock(desk.settings.data_dir / ".lock")
    with holder.held(1):
        yield
    holder.close()


def failing(error: int, *names: str) -> Callable[[Desk, pytest.MonkeyPatch], AbstractContextManager[None]]:
    """Have these functions of the system fail for files in the data directory, and only there."""

    @contextmanager
    def disk_fails(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        def fails(real: Callable[..., Any]) -> Callable[..., Any]:
            def call(descriptor: int, *rest: Any) -> Any:
                if Path(f"/proc/self/fd/{descriptor}").readlink().is_relative_to(desk.settings.data_dir):
                    raise OSError(error, os.strerror(error))
                return real(descriptor, *rest)

            return call

        with monkeypatch.context() as patch:
            for name in names:
                patch.setattr(os, name, fails(getattr(os, name)))
            yield

    return disk_fails


FAULTS = {
    "somebody holds the lock": (somebody_holds_the_lock, "The store is busy. Nothing was saved; please try again"),
    "the directory is read-only": (
        failing(errno.EROFS, "write", "ftruncate"),
        "The desk cannot write to its data directory (Read-only file system). Nothing was saved.",
    ),
    "the disk is full": (failing(errno.ENOSPC, "write"), "The storage is full. Nothing was saved"),
}


@pytest.mark.parametrize(("fault", "sentence"), FAULTS.values(), ids=FAULTS)
def test_who_cannot_be_served_now_is_told_why_keeps_the_text_and_can_send_it_later(
    desk: Desk, carla: Visit, monkeypatch: pytest.MonkeyPatch, fault: Any, sentence: str
) -> None:
    with fault(desk, monkeypatch):
        carla.press("submit")

        assert len(carla.refused) == 1
        assert carla.refused[0].startswith(sentence)
        assert carla.at.text_area(key="description").value == "Out of the printer."
        assert carla.open("ticket", id="1").titles == ["No dial tone"]
        assert "Smoke" not in str(carla.open("my_tickets").sent("ticketing_list_table"))

    carla.open("new_ticket").press("submit")

    assert carla.refused == []
    assert carla.titles == ["Smoke"]
    assert desk.tickets.search(Actor.console(), TicketQuery()).total == 2


def test_after_a_failed_flush_nothing_is_saved_any_more_and_all_that_was_stays_readable(
    desk: Desk, carla: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    sentence = "The disk reported an error, the last change may be lost. Check the disk, restart the desk."

    with failing(errno.EIO, "fsync")(desk, monkeypatch):
        carla.press("submit")
    first = carla.refused
    kept = carla.at.text_area(key="description").value
    carla.press("submit")

    assert first == carla.refused == [sentence]
    assert kept == carla.at.text_area(key="description").value == "Out of the printer."
    assert carla.open("ticket", id="1").titles == ["No dial tone"]
    desk.close()
    with closing(open_desk(desk.settings, password_rounds=4)) as restarted:
        assert restarted.tickets.get(Actor.console(), 1).title == "No dial tone"
        assert restarted.tickets.open(Actor.console(), "Afterwards", "It works again.").number in {2, 3}
