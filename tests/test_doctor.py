"""`doctor` as one types it: on each kind of store, as it is."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pyotp import TOTP

from tests.postgres import cluster
from tests.serving import PASSWORD, Server
from ticketing.cli import main
from ticketing.desk import close_shared_desk, open_desk, shared_desk
from ticketing.domain.people import Actor, Role
from ticketing.services.first_launch import FIRST_USERNAME
from ticketing.settings import Settings
from ticketing.storage.journaled import folder_lock
from ticketing.storage.sql.schema import CURRENT

pytestmark = pytest.mark.processes

CONSOLE = Actor.console()


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the data directory, which the environment names; as far as the desk is told, its disk lasts."""
    for name in [name for name in os.environ if name.startswith("TICKETING_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TICKETING_STORAGE_URL", "")
    monkeypatch.setenv("TICKETING_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "mounts").write_text("device / ext4 rw 0 0\n")
    monkeypatch.setattr(folder_lock, "MOUNTS", tmp_path / "mounts")
    return tmp_path / "data"


@pytest.fixture(params=["json", "sqlite", "postgres"])
def storage(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the address of a store of each kind, which the environment names as well."""
    address = {"json": "", "sqlite": f"sqlite:///{tmp_path}/desk.sqlite"}.get(request.param)
    if address is None:
        address = cluster().create("doctor")
    monkeypatch.setenv("TICKETING_STORAGE_URL", address)
    return address


def doctor(*arguments: str) -> Result:
    """Run the command as the command line does."""
    result = CliRunner().invoke(main, ["doctor", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def findings(result: Result) -> dict[str, dict[str, str]]:
    """Return what was found as JSON, by subject; of several about one, the gravest."""
    return {found["subject"]: found for found in reversed(json.loads(result.stdout))}


def settle(storage: str = "") -> None:
    """Open a desk with an admin of its own, nobody with the password of the manual, and a ticket."""
    desk = open_desk(Settings(storage_url=storage), password_rounds=4)
    desk.agents.create_agent(CONSOLE, "root", PASSWORD, role=Role.ADMIN)
    desk.agents.deactivate(CONSOLE, FIRST_USERNAME)
    desk.accounts.register("carla", "Carla", PASSWORD, PASSWORD)
    carla = desk.sessions.actor(desk.accounts.sign_in("carla", PASSWORD))
    desk.tickets.open(carla, "Smoke", "Help!")
    desk.close()


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file() and "sqlite-" not in path.name}


def test_a_desk_that_is_well_leaves_exit_code_zero_on_each_kind_of_store(storage: str) -> None:
    settle(storage)

    result = doctor("--json")

    found = findings(result)
    assert result.exit_code == 0
    assert {name: told["level"] for name, told in found.items() if told["level"] != "ok"} == {
        "backups": "note",
        "address": "note",
        "cookies": "note",
        "mail": "note",
    }
    of_files, of_databases = {"lock", "disk"}, {"tables"}
    everywhere = {"storage", "files", "clock", "backups", "address", "cookies", "accounts", "mail"}
    is_server = storage.startswith("postgresql")
    assert set(found) == everywhere | (set() if is_server else of_files) | (of_databases if storage else set())
    assert all(told["fix"] for told in found.values() if told["level"] != "ok")


def test_it_changes_nothing(storage: str, tmp_path: Path) -> None:
    settle(storage)
    before = contents(tmp_path)

    doctor()

    assert contents(tmp_path) == before


def test_for_people_each_finding_is_a_line_and_what_helps_another_the_gravest_first() -> None:
    open_desk(Settings(), password_rounds=4).close()

    result = doctor()

    lines = result.stdout.splitlines()
    assert result.exit_code == 1
    assert lines[:2] == [
        "warning   accounts    support_agent still has the password that stands in the manual.",
        "                      Sign in with it and choose another, or deactivate the account.",
    ]
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == sorted(
        (line.split()[0] for line in lines if not line.startswith(" ")), key=["warning", "note", "ok"].index
    )


def test_a_desk_that_was_never_started_is_told_and_is_not_made(data: Path) -> None:
    result = doctor("--json")

    assert result.exit_code == 1
    assert findings(result)["files"]["says"] == f"There is no data directory “{data}”."
    assert not data.exists()


def test_damage_is_a_finding_and_nothing_about_that_store_is_called_well(data: Path) -> None:
    settle()
    for path in data.glob("*.json*"):
        path.write_bytes(path.read_bytes().replace(b"Smoke", b"Snake"))

    found = findings(doctor("--json"))

    assert found["files"]["level"] == "problem"
    assert found["files"]["says"].startswith("tickets.json ")
    assert not found.keys() & {"lock", "disk", "storage"}


@pytest.mark.parametrize(
    "address",
    ["mongodb://desk:crimson@db/desk", "sqlite:///nowhere/desk.sqlite", "postgresql://desk:crimson@[::1]:1/x"],
)
def test_what_cannot_be_opened_is_not_called_well(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKETING_STORAGE_URL", address)

    result = doctor("--json")

    found = findings(result)
    assert result.exit_code == 1
    assert found["files"]["level"] == "problem"
    assert not found.keys() & {"lock", "disk", "storage"}
    assert "crimson" not in result.output


def test_beside_damage_it_is_told_that_the_next_restart_would_lose_the_rest(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle()
    (data / "tickets.json").write_bytes(b"")
    monkeypatch.setenv("DYNO", "web.1")

    found = findings(doctor("--json"))

    assert found["files"]["level"] == found["storage"]["level"] == "problem"
    assert "Heroku" in found["storage"]["says"]


def test_a_desk_in_the_machines_memory_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_lock, "MOUNTS", Path("/proc/self/mounts"))
    folder = Path(tempfile.mkdtemp(dir="/dev/shm"))  # a tmpfs on every Linux
    monkeypatch.setenv("TICKETING_DATA_DIR", str(folder))
    try:
        settle()
        found = findings(doctor("--json"))
    finally:
        shutil.rmtree(folder)

    assert found["storage"]["level"] == "problem"
    assert "in this machine's memory (tmpfs)" in found["storage"]["says"]
    assert found["lock"]["level"] == "ok"


@pytest.mark.parametrize("storage", ["sqlite", "postgres"], indirect=True)
@pytest.mark.parametrize("version", ["0000", "9999"])
def test_tables_of_another_version_are_a_problem(storage: str, version: str) -> None:
    from sqlalchemy import NullPool, create_engine, text  # noqa: PLC0415 - slow to import

    settle(storage)
    connections = create_engine(storage, poolclass=NullPool)
    with connections.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})

    result = doctor("--json")

    assert result.exit_code == 1
    assert findings(result)["files"]["level"] == "problem"
    assert ("newer version" if version == "9999" else "not up to date") in findings(result)["files"]["says"]


@pytest.mark.parametrize("storage", ["sqlite", "postgres"], indirect=True)
def test_tables_that_became_others_under_a_running_desk_are_found_by_it(storage: str) -> None:
    from sqlalchemy import NullPool, create_engine, text  # noqa: PLC0415 - slow to import

    desk = open_desk(Settings(storage_url=storage), password_rounds=4)
    tables = [found for found in desk.health.findings(CONSOLE) if found.subject == "tables"]
    connections = create_engine(storage, poolclass=NullPool)
    with connections.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    others = [found for found in desk.health.findings(CONSOLE) if found.subject == "tables"]
    desk.close()

    assert [(found.level, found.says) for found in tables] == [("ok", f"The tables are up to date ({CURRENT}).")]
    assert [(found.level, found.says) for found in others] == [
        ("problem", "The tables are not those of this version (9999).")
    ]


@pytest.mark.parametrize("storage", ["postgres"], indirect=True)
def test_the_clock_of_the_database_is_asked(storage: str) -> None:
    settle(storage)

    assert findings(doctor("--json"))["clock"]["says"] == "This machine's clock agrees with the database's."


def test_a_database_that_is_not_there_is_told_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKETING_STORAGE_URL", "postgresql+psycopg://desk:crimson@127.0.0.1:1/desk")

    result = doctor()

    assert result.exit_code == 1
    assert result.stdout.startswith("problem   files       The database of TICKETING_STORAGE_URL does not answer")
    assert "crimson" not in result.output


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path) as running:
        yield running


def test_beside_a_desk_that_serves_its_front_door_is_tried(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKETING_BASE_URL", server.base)

    result = doctor("--json")

    found = findings(result)
    assert result.exit_code == 0
    assert found["proxy"]["says"] == f"{server.base} leads to a desk."
    assert found["websocket"]["level"] == "ok"

    server.stop()
    result = doctor("--json")
    assert (result.exit_code, findings(result)["proxy"]["level"]) == (1, "warning")


@pytest.mark.parametrize(("address", "warnings"), [("memory:", 1), ("", 0)], ids=["in memory", "on a disk"])
def test_the_log_tells_at_the_start_that_a_restart_would_lose_everything(
    address: str, warnings: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TICKETING_STORAGE_URL", address)

    shared_desk()
    close_shared_desk()

    assert sum("all of them are lost at the next restart" in message for message in caplog.messages) == warnings


def test_a_place_of_files_and_a_virus_scanner_that_do_not_answer_are_problems_and_keys_stay_unsaid(
    storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(storage)
    monkeypatch.setenv("TICKETING_FILES_URL", "s3://bucket/folder")
    monkeypatch.setenv("TICKETING_CLAMD_URL", "tcp://127.0.0.1:1")
    for name, value in {"ENDPOINT_URL": "http://127.0.0.1:1", "ACCESS_KEY_ID": "k", "SECRET_ACCESS_KEY": "u"}.items():
        monkeypatch.setenv(f"AWS_{name}", f"{value}mbrella" if len(value) == 1 else value)

    result = doctor("--json")

    told = findings(result)
    assert [told[subject]["level"] for subject in ("attachments", "viruses")] == ["problem", "problem"]
    assert "The place where files are kept does not answer." in told["attachments"]["says"]
    assert "mbrella" not in result.output


def test_a_key_of_two_step_sign_in_that_is_gone_is_a_problem_until_it_is_back(storage: str) -> None:
    settle(storage)
    with closing(open_desk(Settings(storage_url=storage), password_rounds=4)) as desk:
        token = desk.accounts.sign_in("root", PASSWORD)
        me = desk.sessions.actor(token)
        desk.second_factors.turn_on(me, PASSWORD, TOTP(desk.second_factors.propose(me).secret).now())
        key = desk.settings.key_file
    well = doctor("--json")
    aside = key.rename(key.with_name("aside"))
    lost = doctor("--json")
    key.write_text("no key at all")
    broken = doctor("--json")
    aside.rename(key)

    assert findings(well)["two-step"]["level"] == "ok"
    for told in (lost, broken):
        assert (told.exit_code, findings(told)["two-step"]["level"]) == (1, "problem")
        assert "codes of 1 person are refused" in findings(told)["two-step"]["says"]
    assert findings(doctor("--json"))["two-step"]["level"] == "ok"


def test_a_mailbox_that_cannot_be_looked_into_is_a_warning_and_its_password_stays_unsaid(
    storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(storage)
    monkeypatch.setenv("TICKETING_IMAP_URL", "imap://help:umbrella@127.0.0.1:1/INBOX")
    with closing(open_desk(password_rounds=4)) as desk:
        assert desk.catch_up() == ["Fetching mail"]

    result = doctor("--json")

    told = findings(result)["mail in"]
    assert (result.exit_code, told["level"]) == (1, "warning")
    assert "The mail server 127.0.0.1 cannot be reached: connection refused." in told["says"]
    assert "umbrella" not in result.output
