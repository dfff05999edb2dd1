"""A migration or a restore is killed anywhere: no half desk can ever be opened, and run again it comes to its end."""

import random
import subprocess
import sys
import time
from contextlib import closing
from itertools import permutations
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, text

from tests.postgres import Databases, databases
from tests.serving import ROOT
from tests.storage.conftest import NOW, make_ticket, make_user
from ticketing.domain.errors import StorageUnsupportedError
from ticketing.storage.archive import back_up
from ticketing.storage.journaled.snapshots import write_documents
from ticketing.storage.opening import open_source, open_store
from ticketing.storage.whole import HALF_MOVED, Content, content_of

pytestmark = pytest.mark.faults

KINDS = ["json", "sqlite", "postgres"]
TICKETS = 1_500
KILLS = 3
MARKED = "external_id = 'here before'"
LINES = 2 * (TICKETS + 1) // 500
# What is done between two lines takes so long that a kill can hit the midst of it.
TOLD = "lambda done, whole: (print(done, flush=True), time.sleep(0.03))"
MIGRATE = f"""
import sys, time
from contextlib import closing
from ticketing.storage.moving import move
from ticketing.storage.opening import open_source, open_target
print(0, flush=True)
with closing(open_source(sys.argv[1])) as source, closing(open_target(sys.argv[2])) as target:
    move(source, target, {TOLD})
"""
RESTORE = f"""
import sys, time
from contextlib import closing
from pathlib import Path
from ticketing.storage.archive import read_archive, restore
from ticketing.storage.opening import open_store
print(0, flush=True)
archive = read_archive(Path(sys.argv[1]))
with closing(open_store(sys.argv[2])) as store:
    restore(store, archive, replace=True, progress={TOLD})
"""
WRITTEN = f"""
{MIGRATE}
with open("/proc/self/io") as counts:
    print(*(line.split()[1] for line in counts if line.startswith("wchar")))
"""
COMMAND = [sys.executable, "-m", "ticketing", "migrate", "--to"]
MOST_MEMORY = 300 << 20
# Between the tests and the command, since a process begins with the peak of the one that it comes from.
PEAK_OF_COMMAND = f"""
import resource, subprocess, sys
subprocess.run([*{COMMAND}, sys.argv[1]], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
PEAK = f"""
{MIGRATE}
with open("/proc/self/status") as status:
    print(*(line.split()[1] for line in status if line.startswith("VmHWM")))
"""


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return one and the same desk in each kind of store."""
    folder = tmp_path_factory.mktemp("sources")
    addresses = {
        "json": f"json:{folder / 'data'}",
        "sqlite": f"sqlite:///{folder / 'desk.sqlite'}",
        "postgres": databases().create("moved_from"),
    }
    write_desk(folder / "data", TICKETS)
    for kind in ("sqlite", "postgres"):
        run(MIGRATE, addresses["json"], addresses[kind])
    return addresses


def write_desk(folder: Path, tickets: int, *, words: int = 40) -> None:
    """Write the files of a desk, as an export of one would be."""
    folder.mkdir()
    text = " ".join(f"word{number}" for number in range(words))
    numbered = (make_ticket(number, description=text) for number in range(1, tickets + 1))
    write_documents(folder, "tickets", (ticket.model_dump_json(exclude_none=True).encode() for ticket in numbered))
    write_documents(folder, "users", [make_user("carla").model_dump_json(exclude_none=True).encode()])


def run(program: str, *arguments: str) -> list[str]:
    """Let a program come to its end, and return the lines that it wrote."""
    done = subprocess.run([sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.splitlines()


def kill(program: str, *arguments: str, after: int, pause: float) -> None:
    """Kill a program so many seconds after so many lines."""
    with subprocess.Popen(
        [sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        for _ in range(after):
            process.stdout.readline()
        time.sleep(pause)
        process.kill()


def content(address: str) -> Content | str:
    """Return what a store holds, as those who open it see it; or why nobody can."""
    try:
        with closing(open_store(address)) as store, store.documents() as documents:
            return content_of(documents)
    except StorageUnsupportedError as refusal:
        return str(refusal)


def empty(kind: str, folder: Path, server: Databases) -> str:
    """Return the address of an empty store of a kind."""
    addresses = {
        "json": lambda: f"json:{folder / 'there'}",
        "sqlite": lambda: f"sqlite:///{folder / 'there.sqlite'}",
        "postgres": lambda: server.create("moved_into"),
    }
    return addresses[kind]()


@pytest.mark.parametrize(("here", "there"), list(permutations(KINDS, 2)))
def test_a_migration_that_is_killed_anywhere_leaves_no_desk_and_comes_to_its_end_when_it_is_run_again(
    sources: dict[str, str], tmp_path: Path, here: str, there: str
) -> None:
    rng = random.Random(f"{here} {there}")  # noqa: S311 - the same instants each time
    source, target = sources[here], empty(there, tmp_path, databases())
    whole = content(source)
    seen: list[Content | str] = []

    for after in (1, *rng.sample(range(2, LINES), KILLS)):
        kill(MIGRATE, source, target, after=after, pause=rng.uniform(0, 0.05))
        seen.append(content(target))
        if seen[-1] == whole:
            break
    else:
        run(MIGRATE, source, target)

    assert HALF_MOVED in seen
    assert all(each in ({}, HALF_MOVED, whole) for each in seen)
    assert content(target) == whole


def test_a_target_is_begun_anew_out_of_another_source_as_well(sources: dict[str, str], tmp_path: Path) -> None:
    target = empty("json", tmp_path, databases())
    write_desk(tmp_path / "other", 10)

    kill(MIGRATE, sources["json"], target, after=3, pause=0)
    assert content(target) == HALF_MOVED
    run(MIGRATE, f"json:{tmp_path / 'other'}", target)

    assert content(target) == content(f"json:{tmp_path / 'other'}")


@pytest.mark.parametrize("there", ["sqlite", "postgres"])
def test_no_row_that_had_arrived_before_a_kill_is_written_again(
    sources: dict[str, str], tmp_path: Path, there: str
) -> None:
    rng = random.Random(there)  # noqa: S311 - the same instants each time
    target = empty(there, tmp_path, databases())
    arrived: list[int] = []

    for batches in (1, 2, 3):
        kill(MIGRATE, sources["json"], target, after=batches + 1, pause=rng.uniform(0, 0.02))
        arrived.append(mark_rows(target))
    run(MIGRATE, sources["json"], target)

    assert arrived == sorted(arrived)
    assert all(rows >= 500 * batches and rows % 500 == 0 for batches, rows in enumerate(arrived, 1))
    assert rows(target, MARKED) == arrived[-1]
    assert content(target) == content(sources["json"])


def mark_rows(address: str) -> int:
    """Mark the rows of all tickets beside their documents, and return how many they are."""
    with create_engine(address, poolclass=NullPool).begin() as connection:
        return connection.execute(text(f"UPDATE tickets SET {MARKED}")).rowcount  # noqa: S608 - our own words


def rows(address: str, which: str = "true") -> int:
    """Return how many rows tickets have."""
    with create_engine(address, poolclass=NullPool).connect() as connection:
        return connection.scalar(text(f"SELECT count(*) FROM tickets WHERE {which}")) or 0  # noqa: S608 - our own words


def test_what_of_a_file_had_arrived_before_a_kill_is_not_written_again(sources: dict[str, str], tmp_path: Path) -> None:
    target = empty("json", tmp_path, databases())

    kill(MIGRATE, sources["json"], target, after=3, pause=0)  # two batches of three are there
    file = (tmp_path / "there" / "tickets.json").stat().st_ino
    written = int(run(WRITTEN, sources["json"], target)[-1])

    after = (tmp_path / "there" / "tickets.json").stat()
    assert after.st_ino == file
    assert written < after.st_size / 2
    assert content(target) == content(sources["json"])


@pytest.mark.parametrize("there", KINDS)
def test_a_restore_that_is_killed_anywhere_has_happened_or_has_not_and_can_be_run_again(
    sources: dict[str, str], tmp_path: Path, there: str
) -> None:
    rng = random.Random(there)  # noqa: S311 - the same instants each time
    target, archive = empty(there, tmp_path, databases()), tmp_path / "desk.zip"
    write_desk(tmp_path / "older", 50)
    run(MIGRATE, f"json:{tmp_path / 'older'}", target)
    with closing(open_source(sources["json"])) as source:
        back_up(source, archive, NOW)
    before, after = content(target), content(sources["json"])
    seen: list[Content | str] = []

    while len(seen) < 2 * KILLS and after not in seen:
        kill(RESTORE, str(archive), target, after=rng.randrange(1, LINES // 2), pause=rng.uniform(0, 0.05))
        seen.append(content(target))
    run(RESTORE, str(archive), target)

    assert before in seen
    assert all(each in (before, after) for each in seen)
    assert content(target) == after


@pytest.mark.parametrize("there", KINDS)
def test_a_migration_takes_less_memory_than_what_it_moves(tmp_path: Path, there: str) -> None:
    write_desk(tmp_path / "data", 10_000, words=1_900)

    peak = int(run(PEAK, f"json:{tmp_path / 'data'}", empty(there, tmp_path, databases()))[-1]) * 1024

    assert peak < (tmp_path / "data" / "tickets.json").stat().st_size


@pytest.mark.large
def test_the_command_takes_little_memory_for_a_hundred_thousand_tickets_and_goes_on_after_a_kill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_desk(tmp_path / "data", 100_000)
    monkeypatch.setenv("TICKETING_DATA_DIR", str(tmp_path / "data"))
    target = empty("postgres", tmp_path, databases())
    open_store(target).close()

    with subprocess.Popen([*COMMAND, target], cwd=ROOT) as command:
        while rows(target) < 10_000:
            assert command.poll() is None
            time.sleep(0.1)
        command.kill()
    arrived = mark_rows(target)
    said, peak = run(PEAK_OF_COMMAND, target)

    assert said == "All of it has arrived: 100,000 tickets, 1 users."
    assert int(peak) * 1024 < MOST_MEMORY
    assert rows(target) == 100_000
    assert rows(target, MARKED) == arrived < 100_000
