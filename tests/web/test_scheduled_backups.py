"""Real servers make the scheduled backups: at their start, while people work, and one for all of them."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.postgres import cluster
from tests.serving import Server
from ticketing.background import FIRST_LOOK
from ticketing.desk import examine, open_desk, utc_now
from ticketing.domain.findings import Finding, Level
from ticketing.domain.receipts import BACKUP_RECEIPT, Receipt
from ticketing.settings import Settings
from ticketing.storage.archive import read_archive

pytestmark = pytest.mark.processes

DAILY = "24h"


@contextmanager
def writing(server: Server) -> Iterator[list[int]]:
    """Open one ticket after the other until the block ends; what it gives are their numbers."""
    carla, numbers, over = server.actor("carla"), list[int](), Event()
    desk = open_desk(Settings(data_dir=server.data, storage_url=server.storage, tickets_per_hour=100_000))

    def write() -> None:
        while not over.wait(0.02):
            numbers.append(desk.tickets.open(carla, "Smoke", "Help!").number)

    writer = Thread(target=write)
    writer.start()
    try:
        yield numbers
    finally:
        over.set()
        writer.join()
        desk.close()


def wait_until(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def made(server: Server) -> list[Path]:
    return sorted((server.data / "backups").glob("*.zip"))


def of_backups(server: Server) -> Finding:
    """Return what a command finds beside the running server."""
    settings = Settings(data_dir=server.data, storage_url=server.storage, backup_every=timedelta(days=1))
    return next(found for found in examine(settings) if found.subject == "backups")


@pytest.mark.parametrize("kind", ["json", "postgres"])
def test_of_two_processes_one_makes_it_after_the_start_while_people_write(kind: str, tmp_path: Path) -> None:
    storage = cluster().create("scheduled") if kind == "postgres" else ""
    first = Server(tmp_path, storage=storage, TICKETING_BACKUP_EVERY=DAILY)
    second = Server(tmp_path, storage=storage, with_people=False, TICKETING_BACKUP_EVERY=DAILY)
    with writing(first) as numbers, first, second:
        wait_until(lambda: made(first))
        time.sleep(FIRST_LOOK + 0.5)  # when the other one has looked as well

        [backup] = made(first)
        held = read_archive(backup).counts
        assert 1 <= held["tickets"] < len(numbers)
        assert held["users"] == 6
        assert of_backups(first).level is Level.OK

    assert first.log.count("The scheduled backup is written") == 1
    assert [path.name for path in (first.data / "backups").iterdir()] == [backup.name]


def test_a_start_within_the_day_makes_none_and_one_after_a_missed_day_does(tmp_path: Path) -> None:
    with Server(tmp_path, TICKETING_BACKUP_EVERY=DAILY) as server:
        wait_until(lambda: made(server))
        server.kill()
        server.start()
        time.sleep(FIRST_LOOK + 0.5)
        assert len(made(server)) == 1

        server.kill()
        with server.desk.store.write() as tx:  # as it stands when that day is over
            tx.receipts.save(Receipt(id=BACKUP_RECEIPT, expires_at=utc_now()))
        server.start()
        wait_until(lambda: len(made(server)) == 2)


def test_one_that_failed_is_logged_and_found_by_the_doctor(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "backups").write_text("in the way")

    with Server(tmp_path, TICKETING_BACKUP_EVERY=DAILY) as server:
        wait_until(lambda: "The scheduled backup failed and will be tried again" in server.log)
        found = of_backups(server)

    reason = "The folder of backups cannot be used: file exists."
    assert found.level is Level.WARNING
    assert found.says == f"The last scheduled backup failed; there is none yet. {reason}"
    assert reason in server.log
    assert "Traceback" not in server.log


def test_without_the_setting_there_are_none(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        time.sleep(FIRST_LOOK + 0.5)

    assert not (server.data / "backups").exists()
