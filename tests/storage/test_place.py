"""Where a store is: what outlives a restart and what does not, whether locks hold, how much room is left."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from ticketing.domain.findings import Finding, Level
from ticketing.storage import place
from ticketing.storage.journaled import folder_lock
from ticketing.storage.json_store import JsonStore
from ticketing.storage.place import MEGABYTE, Place, judge_room
from ticketing.storage.sql.sql_store import SqlStore

NOWHERE: dict[str, str] = {}
POSTGRES = "postgresql+psycopg://desk:secret@db.example.org/desk"
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - a tmpfs on every Linux

Mounted = Callable[..., None]


@pytest.fixture
def mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mounted:
    """Let the system tell of other mounts than it has: of these kinds, by where they are."""

    def mount(**kinds: str) -> None:
        table = tmp_path / "mounts"
        points = {"root": "/", "data": str(tmp_path / "data")}
        table.write_text("".join(f"device {points[name]} {kind} rw 0 0\n" for name, kind in kinds.items()))
        monkeypatch.setattr(folder_lock, "MOUNTS", table)

    return mount


def finding(findings: list[Finding], subject: str) -> Finding:
    return next(found for found in findings if found.subject == subject)


def test_a_store_in_the_memory_of_its_process_is_gone_with_it() -> None:
    found = Place.of("memory:").permanence(NOWHERE)

    assert found.level is Level.PROBLEM
    assert "in the memory of the process that serves: all of them are lost at the next restart" in found.says
    assert "TICKETING_STORAGE_URL" in found.fix


@pytest.mark.parametrize("url", ["json:{}/data", "sqlite:///{}/desk.sqlite"])
def test_files_on_a_tmpfs_are_gone_with_the_machine(url: str) -> None:
    found = Place.of(url.format(SHARED_MEMORY)).permanence(NOWHERE)

    assert (found.level, found.subject) == (Level.PROBLEM, "storage")
    assert "in this machine's memory (tmpfs)" in found.says


def test_files_on_a_disk_last(tmp_path: Path, mounted: Mounted) -> None:
    mounted(root="ext4")

    assert Place.of(f"json:{tmp_path}").permanence(NOWHERE) == Finding(
        Level.OK, "storage", "Tickets are kept in JSON files on ext4."
    )


def test_files_last_as_far_as_is_known_where_the_system_tells_of_no_mounts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_lock, "MOUNTS", tmp_path / "nothing")

    found = Place.of(f"sqlite:///{tmp_path}/desk.sqlite").permanence(NOWHERE)

    assert found == Finding(Level.OK, "storage", "Tickets are kept in a SQLite file.")


def test_a_database_elsewhere_lasts_and_its_password_is_not_told() -> None:
    found = Place.of(POSTGRES).permanence({"DYNO": "web.1"})

    assert found == Finding(Level.OK, "storage", "Tickets are kept in PostgreSQL.")


def test_what_a_container_writes_beside_its_volumes_goes_with_it(tmp_path: Path, mounted: Mounted) -> None:
    mounted(root="overlay", data="ext4")

    assert Place.of(f"json:{tmp_path}/data").permanence(NOWHERE).level is Level.OK
    assert "inside a container without a volume (overlay)" in Place.of(f"json:{tmp_path}").permanence(NOWHERE).says


@pytest.mark.parametrize(
    ("variable", "platform"),
    [
        ("SPACE_ID", "Hugging Face Spaces"),
        ("RENDER", "Render"),
        ("K_SERVICE", "Cloud Run"),
        ("FLY_APP_NAME", "Fly.io"),
    ],
)
def test_a_platforms_own_disk_is_thrown_away_and_a_volume_of_it_is_not(
    variable: str, platform: str, tmp_path: Path, mounted: Mounted
) -> None:
    mounted(root="ext4", data="ext4")

    own = Place.of(f"json:{tmp_path}").permanence({variable: "desk"})

    assert own.level is Level.PROBLEM
    assert f"on the throw-away disk of {platform}" in own.says
    assert Place.of(f"json:{tmp_path}/data").permanence({variable: "desk"}).level is Level.OK


def test_a_platform_without_volumes_throws_every_disk_away(tmp_path: Path, mounted: Mounted) -> None:
    mounted(root="ext4", data="ext4")

    found = Place.of(f"json:{tmp_path}/data").permanence({"DYNO": "web.1"})

    assert "on the throw-away disk of Heroku" in found.says


def test_the_community_cloud_is_known_by_where_it_puts_the_app(mounted: Mounted) -> None:
    mounted(root="ext4")

    found = Place.of("json:/mount/src/desk/data").permanence(NOWHERE)

    assert "on the throw-away disk of Streamlit's Community Cloud" in found.says


def test_a_second_process_is_really_kept_out_of_a_data_directory_in_use(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with closing(JsonStore(folder)):
        before = sorted(folder.iterdir())

        found = finding(Place.of(f"json:{folder}").look(), "lock")

        assert found == Finding(Level.OK, "lock", "A second process is kept out while the first one writes.")
        assert sorted(folder.iterdir()) == before


def test_a_second_process_is_really_kept_out_of_a_sqlite_file(tmp_path: Path) -> None:
    with closing(SqlStore(f"sqlite:///{tmp_path}/desk.sqlite")):
        assert finding(Place.of(f"sqlite:///{tmp_path}/desk.sqlite").look(), "lock").level is Level.OK


@pytest.mark.parametrize(
    ("kind", "attempt"),
    [("json", "open(sys.argv[1], 'rb+')"), ("sqlite", "sqlite3.connect(sys.argv[1] + '-other')")],
)
def test_a_file_system_that_lets_a_second_process_in_is_a_problem(
    kind: str, attempt: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, f"_{kind.upper()}_TRY", f"import sqlite3, sys; {attempt}")  # as if its lock held nobody

    found = finding(Place(kind, tmp_path / "desk.sqlite" if kind == "sqlite" else tmp_path).look(), "lock")

    assert found.level is Level.PROBLEM
    assert "does not keep a second process out" in found.says
    assert found.fix == "Put the data on a local disk, or use PostgreSQL."


def test_that_a_lock_could_not_be_tried_is_said_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, "_JSON_TRY", "raise SystemExit(3)")

    [found] = Place("json", tmp_path).look()

    assert found.level is Level.WARNING
    assert found.says == "Whether files can be locked could not be tried: a second process did not answer."


def test_a_folder_that_cannot_be_written_is_told_without_its_path() -> None:
    [found] = Place("json", Path("/proc/self")).look()  # where not even root makes files

    assert found.level is Level.WARNING
    assert found.says.startswith("Whether files can be locked could not be tried: ")
    assert "/proc" not in found.says


def test_where_there_is_no_folder_there_is_nothing_to_lock(tmp_path: Path) -> None:
    assert Place.of(f"json:{tmp_path}/none").look() == []
    assert Place.of(POSTGRES).look() == []


def test_the_room_on_a_real_disk_is_measured_with_the_files_of_the_desk(tmp_path: Path) -> None:
    (tmp_path / "tickets.json").write_bytes(b"x" * (3 * MEGABYTE // 2))
    (tmp_path / "backups").mkdir()

    found = finding(Place.of(f"json:{tmp_path}").look(), "disk")

    assert found.says.endswith(" MB left; the desk's files take 2 MB.")


def test_beside_a_database_only_what_sqlite_keeps_there_is_counted(tmp_path: Path) -> None:
    for name in ("desk.sqlite", "desk.sqlite-wal", "film.mkv"):
        (tmp_path / name).write_bytes(b"x" * (3 * MEGABYTE // 2))

    found = finding(Place.of(f"sqlite:///{tmp_path}/desk.sqlite").look(), "disk")

    assert found.says.endswith(" MB left; the desk's files take 3 MB.")


@pytest.mark.parametrize(
    ("free", "held", "level"),
    [
        (501, 1, Level.OK),
        (499, 1, Level.WARNING),
        (49, 1, Level.PROBLEM),
        (3001, 1000, Level.OK),
        (2999, 1000, Level.WARNING),
        (999, 1000, Level.PROBLEM),
    ],
)
def test_room_is_judged_by_what_the_desk_needs_to_tidy_up_and_to_back_up(free: int, held: int, level: Level) -> None:
    found = judge_room(free * MEGABYTE, held * MEGABYTE)

    assert found.level is level
    assert found.says == f"The disk has {free:,} MB left; the desk's files take {held:,} MB."
    assert bool(found.fix) is found.level.is_bad


def test_the_trial_of_a_sqlite_lock_touches_no_desk(tmp_path: Path) -> None:
    with closing(SqlStore(f"sqlite:///{tmp_path}/desk.sqlite")):
        busy = sqlite3.connect(tmp_path / "desk.sqlite", isolation_level=None)
        with closing(busy):
            busy.execute("BEGIN IMMEDIATE")

            assert finding(Place("sqlite", tmp_path).look(), "lock").level is Level.OK
