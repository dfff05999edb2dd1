"""A desk at work whose process is killed, or whose disk is full: what people were told is saved is there, whole."""

import os
import random
import resource
import select
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.serving import COOKIE, PASSWORD, Server
from tests.storage.recording import fork
from tests.wire import Wire
from ticketing.desk import open_desk
from ticketing.domain.people import Actor
from ticketing.domain.queries import TicketQuery
from ticketing.domain.statuses import Status
from ticketing.settings import Settings
from ticketing.ui.wording import t

pytestmark = pytest.mark.faults

KILLS = 40
ROOM = 4000
LONG = "word " * 3000


def work_for_ever(folder: Path, token: str, pipe: int) -> None:
    """Open tickets, answer and close each; tell of each step only after it was acknowledged."""
    desk = open_desk(Settings(data_dir=folder), password_rounds=4)
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


def test_a_desk_that_is_killed_forty_times_keeps_every_ticket_whole(tmp_path: Path) -> None:
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


def test_who_writes_while_the_disk_is_full_is_told_and_can_send_it_when_there_is_room(server: Server) -> None:
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
