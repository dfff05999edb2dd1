"""Scheduled backups: when one is due, who makes it, what is kept, and what becomes of one that fails."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.storage.conftest import LASTING, emptied, make_ticket
from ticketing.background import Worker
from ticketing.domain.audit import AuditAction
from ticketing.domain.receipts import BACKUP_RECEIPT, Receipt
from ticketing.services import diagnosis
from ticketing.storage import archive
from ticketing.storage.archive import back_up, check_sums
from ticketing.storage.backups import RETRY, BackupFolder, ScheduledBackups
from ticketing.storage.json_store import JsonStore
from ticketing.storage.opening import open_store
from ticketing.storage.whole import WholeStore

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
FIRST = "ticketing-20260302T120000Z.zip"


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        """Return its time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "backups"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JsonStore]:
    with closing(JsonStore(tmp_path / "data")) as opened:
        file_tickets(opened, 3)
        yield opened


@pytest.fixture
def schedule(store: JsonStore, folder: Path, clock: Clock) -> ScheduledBackups:
    return ScheduledBackups(store, BackupFolder(folder, 3), DAY, clock)


def file_tickets(store: WholeStore, number: int) -> None:
    with store.write() as tx:
        for _ in range(number):
            tx.tickets.save(make_ticket(tx.tickets.next_number()))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def receipt(store: WholeStore) -> Receipt | None:
    with store.read() as tx:
        return tx.receipts.find(BACKUP_RECEIPT)


def test_the_first_backup_is_due_at_once_and_holds_everything(schedule: ScheduledBackups, folder: Path) -> None:
    made = schedule.make_if_due()

    assert made == folder / FIRST
    assert names(folder) == [FIRST]
    assert archive.read_archive(made).counts == {"tickets": 3}
    assert made.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert BackupFolder(folder, 3).newest == NOON


def test_a_scheduled_backup_is_on_record(store: JsonStore, schedule: ScheduledBackups) -> None:
    schedule.make_if_due()

    with store.read() as tx:
        (record,) = tx.audit.stream()
    assert (record.actor, record.action, record.object) == ("system", AuditAction.BACKED_UP, FIRST)


def test_the_next_one_is_due_a_day_later_and_not_before(schedule: ScheduledBackups, clock: Clock) -> None:
    schedule.make_if_due()

    clock.now += DAY - timedelta(seconds=1)
    assert schedule.make_if_due() is None

    clock.now += timedelta(seconds=1)
    assert schedule.make_if_due() is not None


def test_one_that_was_missed_is_caught_up_once(schedule: ScheduledBackups, clock: Clock, folder: Path) -> None:
    schedule.make_if_due()
    clock.now += 9.5 * DAY

    assert schedule.make_if_due() is not None
    assert schedule.make_if_due() is None
    assert len(names(folder)) == 2


def test_a_shorter_time_between_two_holds_at_once(
    schedule: ScheduledBackups, store: JsonStore, folder: Path, clock: Clock
) -> None:
    weekly = ScheduledBackups(store, BackupFolder(folder, 3), timedelta(days=7), clock)
    weekly.make_if_due()
    clock.now += timedelta(hours=3)

    assert schedule.make_if_due() is not None


def test_d3_the_oldest_go_when_a_new_one_is_in_place_and_nothing_else_goes(
    schedule: ScheduledBackups, folder: Path, clock: Clock
) -> None:
    folder.mkdir(parents=True)
    others = ["by-hand.zip", "ticketing-20200101.zip", "ticketing-20200101T000000Z.zip.old", "notes.txt"]
    for name in others:
        (folder / name).write_text("mine")
    (folder / "ticketing-20190101T000000Z.zip").mkdir()

    for _ in range(5):
        schedule.make_if_due()
        clock.now += DAY

    kept = [f"ticketing-2026030{day}T120000Z.zip" for day in (4, 5, 6)]
    assert names(folder) == sorted([*others, "ticketing-20190101T000000Z.zip", *kept])


def test_a_clock_that_was_wrong_once_does_not_cost_the_new_backup(schedule: ScheduledBackups, folder: Path) -> None:
    folder.mkdir(parents=True)
    for year in range(2030, 2034):
        (folder / f"ticketing-{year}0101T000000Z.zip").touch()

    assert schedule.make_if_due() == folder / FIRST
    assert (folder / FIRST).exists()


@pytest.mark.parametrize("kind", LASTING)
def test_of_all_processes_that_share_a_store_one_makes_the_backup(kind: str, tmp_path: Path, clock: Clock) -> None:
    addresses = {
        "json": lambda: f"json:{tmp_path}/data",
        "sqlite": lambda: f"sqlite:///{tmp_path}/a",
        "postgres": emptied,
    }
    address = addresses[kind]()
    stores = [open_store(address) for _ in range(4)]
    file_tickets(stores[0], 1)
    begin = threading.Barrier(len(stores))

    def make(number: int) -> Path | None:
        # As on machines of their own, each has its own folder: nothing but the store says who makes it.
        backup = ScheduledBackups(stores[number], BackupFolder(tmp_path / f"backups-{number}", 7), DAY, clock)
        begin.wait()
        return backup.make_if_due()

    with ThreadPoolExecutor(len(stores)) as pool:
        made = [path for path in pool.map(make, range(len(stores))) if path is not None]

    assert len(made) == 1
    assert len(list(tmp_path.glob("backups-*/*.zip"))) == 1
    for store in stores:
        store.close()


def test_while_a_backup_is_in_the_making_nobody_begins_another_one_and_people_go_on_writing(
    schedule: ScheduledBackups, store: JsonStore, folder: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[object] = []

    def meanwhile(path: Path) -> None:
        seen.append(ScheduledBackups(store, BackupFolder(folder, 3), DAY, clock).make_if_due())
        seen.append(sorted(path.name for path in folder.glob("*.zip")))
        file_tickets(store, 1)
        check_sums(path)

    monkeypatch.setattr(archive, "check_sums", meanwhile)

    made = schedule.make_if_due()

    assert seen == [None, []]
    assert made is not None
    assert archive.read_archive(made).counts == {"tickets": 3}


def test_one_that_fails_is_logged_noted_and_tried_again_after_an_hour(
    schedule: ScheduledBackups, store: JsonStore, folder: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    folder.write_text("a file is in the way")

    assert schedule.make_if_due() is None

    noted = receipt(store)
    assert noted is not None
    assert noted.failure == "The folder of backups cannot be used: file exists."
    assert noted.expires_at == NOON + RETRY
    assert [(record.levelname, str(noted.failure) in record.message) for record in caplog.records] == [("ERROR", True)]

    folder.unlink()
    clock.now += timedelta(minutes=59)
    assert schedule.make_if_due() is None
    clock.now += timedelta(minutes=1)
    assert schedule.make_if_due() is not None
    noted = receipt(store)
    assert noted is not None
    assert noted.failure is None


def test_one_that_fails_by_a_bug_is_noted_as_well_and_the_log_says_more(
    schedule: ScheduledBackups,
    store: JsonStore,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def divided_by_zero(_store: WholeStore, _target: Path, _now: datetime) -> dict[str, int]:
        raise ZeroDivisionError("zqdetail")

    with monkeypatch.context() as patched:
        patched.setattr(archive, "back_up", divided_by_zero)
        assert schedule.make_if_due() is None

    noted = receipt(store)
    assert noted is not None
    assert (noted.failure, noted.expires_at) == ("The log says more.", NOON + RETRY)
    [record] = caplog.records
    assert (record.levelname, record.message) == ("ERROR", "The scheduled backup failed and will be tried again")
    assert "zqdetail" in caplog.text
    [found] = diagnosis.backups(NOON, DAY, None, noted)
    assert found.says == "The last scheduled backup failed; there is none yet. The log says more."

    clock.now += RETRY
    assert schedule.make_if_due() is not None


def test_a_backup_that_does_not_read_back_as_it_was_written_takes_nobodys_place(
    schedule: ScheduledBackups, store: JsonStore, folder: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        schedule.make_if_due()
        clock.now += DAY
    before = names(folder)

    def spoil(store: WholeStore, target: Path, now: datetime) -> dict[str, int]:
        counts = back_up(store, target, now)
        content = bytearray(target.read_bytes())
        content[100] ^= 1  # in the first file of it, as a failing disk does
        target.write_bytes(content)
        return counts

    monkeypatch.setattr(archive, "back_up", spoil)

    assert schedule.make_if_due() is None
    assert names(folder) == before
    noted = receipt(store)
    assert noted is not None
    assert "is no sound backup" in str(noted.failure)


def test_what_a_killed_process_left_unfinished_is_cleared_away_by_the_next_backup(
    schedule: ScheduledBackups, folder: Path
) -> None:
    (folder / ".unfinished").mkdir(parents=True)
    (folder / ".unfinished" / f".{FIRST}.17.tmp").write_bytes(b"PK")

    schedule.make_if_due()

    assert names(folder) == [FIRST]


def test_a_process_that_was_killed_in_the_middle_keeps_nobody_from_the_next_backup_for_longer_than_an_hour(
    schedule: ScheduledBackups, store: JsonStore, clock: Clock
) -> None:
    with store.write() as tx:
        tx.receipts.save(Receipt(id=BACKUP_RECEIPT, expires_at=NOON + RETRY))

    assert schedule.make_if_due() is None
    clock.now += RETRY
    assert schedule.make_if_due() is not None


def test_it_looks_by_itself_soon_after_the_start_and_ends_when_it_is_told_to(
    store: JsonStore, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    worker = Worker("backups", ScheduledBackups(store, BackupFolder(folder, 3), DAY, lambda: NOON).look, first=0.01)

    worker.start()
    wait_until((folder / FIRST).exists)
    worker.stop()

    assert caplog.messages == [f"The scheduled backup is written: {FIRST}"]


def test_names_that_are_no_dates_are_nobodys_newest_backup(folder: Path) -> None:
    folder.mkdir(parents=True)
    assert BackupFolder(folder, 3).newest is None

    (folder / "ticketing-20269999T999999Z.zip").touch()
    assert BackupFolder(folder, 3).newest is None


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)
