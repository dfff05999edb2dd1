"""A process is killed while files come in: what a ticket names is there and whole, and nothing else stays for long."""

import hashlib
import random
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.postgres import databases
from ticketing.domain.errors import StorageFullError
from ticketing.storage.archive import check_contents
from ticketing.storage.opening import open_store

pytestmark = pytest.mark.faults

KILLS = 8
# Sends files of half a megabyte, attaches each to a ticket, and says so once that is saved.
WORK = """
import sys
from random import Random
from ticketing.desk import open_desk
from ticketing.domain.people import Actor
from ticketing.settings import Settings
random, console = Random(int(sys.argv[2])), Actor.console()
desk = open_desk(Settings(storage_url=sys.argv[1]), password_rounds=4)
print("ready", flush=True)
while True:
    pieces = [random.randbytes(1 << 16) for _ in range(8)]
    key = desk.attachments.put(console, "noise.bin", pieces).id
    ticket = desk.tickets.open(console, "Noise", "See here.", files=[key])
    print(ticket.messages[0].attachments[0].sha256, flush=True)
"""
# Lets no file become longer than a megabyte, as on a disk that is full, and sends one of two.
TOO_MUCH = """
import resource, sys
from ticketing.desk import open_desk
from ticketing.domain.errors import StorageFullError
from ticketing.domain.people import Actor
from ticketing.settings import Settings
desk = open_desk(Settings(storage_url=sys.argv[1]), password_rounds=4)
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
try:
    desk.attachments.put(Actor.console(), "noise.bin", [bytes(1 << 16)] * 32)
except StorageFullError as error:
    print(error)
print(desk.attachments.put(Actor.console(), "fits.bin", [b"fits"]).size)
"""


def test_a_full_disk_is_told_and_nothing_of_the_file_stays(tmp_path: Path) -> None:
    command = [sys.executable, "-c", TOO_MUCH, f"json:{tmp_path / 'data'}"]

    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()

    assert told == [str(StorageFullError()), "4"]
    kept = [path for path in (tmp_path / "data" / "attachments").rglob("*") if path.is_file()]
    assert [path.read_bytes() for path in kept] == [b"fits"]


@pytest.mark.parametrize("kind", ["json", "sqlite", "postgres"])
def test_every_file_that_was_attached_is_whole_after_a_kill(tmp_path: Path, kind: str) -> None:
    addresses = {
        "json": f"json:{tmp_path / 'data'}",
        "sqlite": f"sqlite:///{tmp_path / 'desk.sqlite'}",
        "postgres": databases().create("killed_files"),
    }
    chance = random.Random(7)  # noqa: S311 - when to kill
    said: list[str] = []

    for seed in range(KILLS):
        command = [sys.executable, "-c", WORK, addresses[kind], str(seed)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
            time.sleep(chance.uniform(0.05, 0.4))
            worker.kill()
            said += [line.strip() for line in worker.stdout if line.endswith("\n")]

    assert said
    with closing(open_store(addresses[kind])) as store:
        for sha256 in said:
            assert hashlib.sha256(b"".join(store.files.read(sha256))).hexdigest() == sha256
        with store.documents() as documents:
            named = check_contents(documents, store.files)
        with store.read() as tx:
            unnamed = tx.files.unused(datetime.now(UTC) + timedelta(days=1), 1000)
    assert len(said) <= named <= len(said) + KILLS
    assert len(unnamed) <= KILLS
