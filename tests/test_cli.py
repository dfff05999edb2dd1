"""The commands as one types them."""

import base64
import json
import os
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zipfile import ZipFile

import pyotp
import pytest
from click.testing import CliRunner, Result

from tests.mail_server import MailServer
from tests.serving import ROOT
from ticketing import __version__
from ticketing.cli import main
from ticketing.desk import open_desk
from ticketing.domain.audit import AuditAction, AuditQuery
from ticketing.domain.errors import CodeWantedError, TokenRefusedError
from ticketing.domain.people import Actor, Role
from ticketing.domain.queries import TicketQuery
from ticketing.domain.scopes import Scope
from ticketing.domain.statuses import Status
from ticketing.domain.teams import Dealing, Team
from ticketing.domain.tickets import TicketEdit
from ticketing.settings import Settings

pytestmark = pytest.mark.processes

PASSWORD = "three wet umbrellas"
CONSOLE = Actor.console()

Run = Callable[..., Result]


def but_the_log(output: str) -> str:
    """Return what a command has said but for what it says of the audit log, which grows with each step."""
    return re.sub(r"\d+ audit records, ", "", output).partition("The newest audit record")[0]


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the data directory, which the environment names; nobody's secrets lie where the commands look for them."""
    folder = tmp_path / "data"
    for name in [name for name in os.environ if name.startswith("TICKETING_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TICKETING_STORAGE_URL", "")
    monkeypatch.setenv("TICKETING_DATA_DIR", str(folder))
    return folder


@pytest.fixture
def run() -> Run:
    """Run a command as the command line does."""

    def run(*arguments: object, typed: str = "") -> Result:
        before = dict(os.environ)
        try:
            result = CliRunner().invoke(main, [str(argument) for argument in arguments], input=typed)
        finally:
            os.environ.clear()
            os.environ.update(before)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


def fill(folder: Path, tickets: int = 3) -> None:
    desk = open_desk(Settings(data_dir=folder), password_rounds=4)
    desk.accounts.register("carla", "Carla", PASSWORD, PASSWORD)
    carla = desk.sessions.actor(desk.accounts.sign_in("carla", PASSWORD))
    assert carla is not None
    for number in range(tickets):
        desk.tickets.open(carla, f"=No dial tone {number}", "The line is dead.")
    desk.tickets.note(CONSOLE, 1, "A secret among us.")
    desk.close()


def write_seed(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    users = {"oskar": {"password": "plain secret", "role": "user"}, "ada": {"password": "x", "role": "support"}}
    comments = [{"by": "oskar", "text": "Help!"}, {"by": "ada", "text": "Coming."}]
    tickets = {"oskar": [{"ticket_id": "abc123", "title": "Smoke", "status": "closed", "comments": comments}]}
    (folder / "users.json").write_text(json.dumps(users))
    (folder / "tickets.json").write_text(json.dumps(tickets))


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_the_version_is_told(run: Run) -> None:
    assert run("--version").output == f"ticketing, version {__version__}\n"


def test_an_unknown_command_is_named(run: Run) -> None:
    result = run("fly")

    assert result.exit_code == 2
    assert "No such command 'fly'" in result.stderr


@pytest.mark.parametrize("name", sorted(main.commands))
def test_each_command_explains_itself(run: Run, name: str) -> None:
    result = run(name, "--help")

    assert result.exit_code == 0
    assert result.output.splitlines()[2].strip()


def test_an_agent_is_made_with_a_password_from_standard_input(run: Run, data: Path) -> None:
    result = run("create-agent", "Ada", "--email", "ada@example.org", "--password-stdin", typed=f"{PASSWORD}\n")

    assert result.output == "The account “ada” is made; its role is agent.\n"
    desk = open_desk(Settings(data_dir=data))
    ada = desk.sessions.actor(desk.accounts.sign_in("ada", PASSWORD))
    desk.close()
    assert ada is not None
    assert (ada.role, ada.must_change_password) == (Role.AGENT, False)


def test_an_agents_password_is_asked_for_twice(run: Run) -> None:
    result = run("create-agent", "root", "--role", "admin", typed=f"{PASSWORD}\n{PASSWORD}\n")

    assert result.exit_code == 0
    assert "its role is admin" in result.output
    assert PASSWORD not in result.output


def test_a_refusal_is_one_sentence_on_standard_error(run: Run) -> None:
    result = run("create-agent", "ada", "--password-stdin", typed="short\n")

    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == "A password needs at least 12 characters; this one has 5.\n"


def test_a_password_is_reset(run: Run, data: Path) -> None:
    fill(data)

    result = run("reset-password", "carla", "--password-stdin", typed="four dry umbrellas\n")

    assert result.exit_code == 0
    desk = open_desk(Settings(data_dir=data))
    assert desk.accounts.sign_in("carla", "four dry umbrellas")
    desk.close()


def test_two_step_sign_in_is_turned_off_for_the_last_admin_who_has_lost_the_phone(run: Run, data: Path) -> None:
    desk = open_desk(Settings(data_dir=data), password_rounds=4)
    desk.agents.create_agent(Actor.console(), "root", PASSWORD, role=Role.ADMIN)
    root = desk.sessions.actor(desk.accounts.sign_in("root", PASSWORD))
    app = pyotp.TOTP(desk.second_factors.propose(root).secret)
    desk.second_factors.turn_on(root, PASSWORD, app.at(desk.clock()))
    with pytest.raises(CodeWantedError):
        desk.accounts.sign_in("root", PASSWORD)
    desk.close()

    first, again = run("turn-off-two-step", "root"), run("turn-off-two-step", "root")

    assert (first.exit_code, first.stdout) == (0, "Two-step sign-in of “root” is turned off.\n")
    assert (again.exit_code, again.stderr) == (1, "Two-step sign-in is not set up for this account.\n")
    desk = open_desk(Settings(data_dir=data))
    assert desk.accounts.sign_in("root", PASSWORD)
    desk.close()
    assert run("verify").exit_code == 0


def test_the_desk_is_closed_to_changes_and_opened_again(run: Run, data: Path) -> None:
    with_message = run("maintenance", "on", "--message", "Back at 18:00.")
    held_back = run("receive-mail", typed=MAIL)
    off, again = run("maintenance", "off"), run("maintenance", "on")

    assert (with_message.exit_code, with_message.stdout) == (0, "The desk is closed to changes.\n")
    assert (held_back.exit_code, "Back at 18:00." in held_back.stderr) == (75, True)
    assert (off.stdout, again.exit_code) == ("The desk is open to changes.\n", 0)
    desk = open_desk(Settings(data_dir=data))
    assert desk.front.outside().closed.endswith("Back at 18:00.")
    desk.close()


def test_no_backup_holds_the_key_of_second_factors(run: Run, data: Path, tmp_path: Path) -> None:
    desk = open_desk(Settings(data_dir=data), password_rounds=4)
    desk.accounts.register("carla", "Carla", PASSWORD, PASSWORD)
    carla = desk.sessions.actor(desk.accounts.sign_in("carla", PASSWORD))
    secret = desk.second_factors.propose(carla).secret
    desk.second_factors.turn_on(carla, PASSWORD, pyotp.TOTP(secret).at(desk.clock()))
    desk.close()

    assert run("backup", str(tmp_path / "desk.zip")).exit_code == 0

    key = (data / "second_factor.key").read_text("ascii").strip()
    packed = unpacked(tmp_path / "desk.zip")
    assert "carla" in packed
    for kept_apart in (key, secret, base64.b32decode(secret).hex()):
        assert kept_apart not in packed


def test_no_backup_holds_the_key_of_tokens_or_a_session_and_api_keys_come_back_with_it(
    run: Run, data: Path, tmp_path: Path
) -> None:
    desk = open_desk(Settings(data_dir=data), password_rounds=4)
    desk.accounts.register("carla", "Carla", PASSWORD, PASSWORD)
    granted = desk.tokens.issue("carla", PASSWORD)
    carla = desk.tokens.actor(granted.access)
    key = desk.tokens.create_key(carla, "Import", {Scope.READ}, 90)
    desk.close()

    assert run("backup", str(tmp_path / "desk.zip")).exit_code == 0

    master = (data / "token.key").read_text("ascii").strip()
    packed = unpacked(tmp_path / "desk.zip")
    assert "signing_keys" in packed
    for kept_apart in (master, carla.session or "none", key, key.removeprefix("tk_"), granted.refresh[3:46]):
        assert kept_apart not in packed
    there = {"TICKETING_DATA_DIR": str(tmp_path / "there")}
    assert CliRunner().invoke(main, ["restore", str(tmp_path / "desk.zip")], env=there).exit_code == 0
    desk = open_desk(Settings(data_dir=tmp_path / "there"))
    assert desk.tokens.actor(key).username == "carla"
    for refused in (granted.access, granted.refresh):
        with pytest.raises(TokenRefusedError):
            desk.tokens.actor(refused)
    desk.close()


def test_the_key_of_tokens_is_rotated_while_those_that_are_about_stay_good(run: Run, data: Path) -> None:
    desk = open_desk(Settings(data_dir=data), password_rounds=4)
    desk.accounts.register("carla", "Carla", PASSWORD, PASSWORD)
    granted = desk.tokens.issue("carla", PASSWORD)
    desk.close()

    result = run("rotate-token-key")

    told = "Access tokens are signed with a new key; those signed with the old one end within 15 minutes.\n"
    assert (result.exit_code, result.stdout) == (0, told)
    assert (data / "token.key").stat().st_mode & 0o777 == 0o600
    desk = open_desk(Settings(data_dir=data))
    assert desk.tokens.actor(granted.access).username == "carla"
    assert desk.tokens.renew(granted.refresh).access.split(".")[0] != granted.access.split(".")[0]
    desk.close()
    assert run("verify").exit_code == 0


def unpacked(archive: Path) -> str:
    """Return all that an archive holds."""
    with zipfile.ZipFile(archive) as opened:
        return "".join(opened.read(name).decode() for name in opened.namelist())


def test_a_setting_that_does_not_exist_stops_every_command(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKETING_COLOUR", "red")

    result = run("verify")

    assert result.exit_code == 2
    assert result.stderr.startswith("There is no setting TICKETING_COLOUR.")


def test_the_option_goes_before_environment_and_secrets(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text('TICKETING_STORAGE_URL = "json:of the secrets"\n')
    monkeypatch.delenv("TICKETING_STORAGE_URL")

    run("create-agent", "ada", "--data-dir", "chosen", "--password-stdin", typed=f"{PASSWORD}\n")

    assert (tmp_path / "chosen").exists()
    assert not (tmp_path / "of the secrets").exists()


def test_an_import_says_what_it_will_do_and_waits_for_a_yes(run: Run, data: Path, tmp_path: Path) -> None:
    write_seed(tmp_path / "seed")

    result = run("import-seed", tmp_path / "seed", typed="n\n")

    assert result.exit_code == 1
    assert "2 accounts (1 of agents)" in result.output
    assert "1 tickets (1 of them closed)" in result.output
    assert but_the_log(run("verify", "--data-dir", data).output) == "All is well: 1 users.\n"


def test_an_import_adds_everything_once(run: Run, tmp_path: Path) -> None:
    write_seed(tmp_path / "seed")

    first = run("import-seed", tmp_path / "seed", "--yes")
    second = run("import-seed", tmp_path / "seed", "--yes")

    assert "Done: 2 accounts and 1 tickets are added." in first.output
    assert "Here already, and left as they are: 2 accounts, 1 tickets." in second.output
    assert "Done: 0 accounts and 0 tickets are added." in second.output


@pytest.fixture
def three_tickets() -> None:
    """Open three tickets, of which one is Ada's and another looks like a formula."""
    with closing(open_desk(password_rounds=4)) as desk:
        desk.agents.create_agent(CONSOLE, "ada", PASSWORD)
        for title in ("No dial tone", "=SUM(A1)", "Printer"):
            desk.tickets.open(CONSOLE, title, "It is dead.")
        desk.tickets.assign(CONSOLE, 3, "ada")


@pytest.mark.usefixtures("three_tickets")
def test_tickets_are_found_by_a_query_as_the_search_field_takes_it(run: Run) -> None:
    lines = run("search", "is:unassigned dead sort:created").output.splitlines()

    assert [line.split()[0] for line in lines] == ["T-1", "T-2"]
    assert lines[0].endswith("No dial tone")
    assert run("search", "assignee:me", "--as", "Ada").output.startswith("T-3 ")


@pytest.mark.usefixtures("three_tickets")
def test_tickets_are_found_by_the_teams_in_which_somebody_works(run: Run) -> None:
    with closing(open_desk(password_rounds=4)) as desk:
        team = desk.definitions.save(CONSOLE, Team(name="First line", members=("ada",)))
        desk.tickets.edit(CONSOLE, 2, TicketEdit(team=team.id))

    assert run("search", "team:mine", "--as", "Ada").output.startswith("T-2 ")
    assert run("search", "team:mine").output == "No ticket matches.\n"


@pytest.mark.usefixtures("three_tickets")
def test_what_is_found_can_be_read_by_other_programs(run: Run) -> None:
    [found] = json.loads(run("search", "assignee:ada", "--format", "json").output)
    table = run("search", "title:sum", "--format", "csv").output.splitlines()

    assert (found["id"], found["title"], found["status"], found["assignee"]) == ("3", "Printer", "open", "ada")
    assert table[0].startswith("\ufeffticket,title,status,")
    assert table[1].startswith("T-2,'=SUM(A1),open,")


@pytest.mark.usefixtures("three_tickets")
def test_a_search_on_the_command_line_that_finds_nothing_or_is_wrong_says_so(run: Run) -> None:
    nothing, wrong = run("search", "number:99"), run("search", "stauts:open")

    assert (nothing.exit_code, nothing.output) == (0, "No ticket matches.\n")
    assert wrong.exit_code == 1
    assert wrong.output == "There is no field “stauts” (at character 1). Did you mean “status”?\n"


def test_an_export_gives_the_original_files_back(run: Run, tmp_path: Path) -> None:
    write_seed(tmp_path / "seed")
    original = (tmp_path / "seed" / "tickets.json").read_text().replace("Coming.", "Grüße \\ud800")
    (tmp_path / "seed" / "tickets.json").write_text(original)
    run("import-seed", tmp_path / "seed", "--yes")

    run("export", "--format", "seed", "--out", tmp_path / "out")

    assert json.loads((tmp_path / "out" / "tickets.json").read_text()) == json.loads(original)
    users = json.loads((tmp_path / "out" / "users.json").read_text())
    assert users["oskar"] == {"password": "", "role": "user"}
    assert users["ada"] == {"password": "", "role": "support"}


def test_d5_files_of_the_original_app_in_the_data_directory_are_taken_over_in_place(run: Run, data: Path) -> None:
    write_seed(data)

    refused = run("export", "--format", "csv", "--out", data.parent / "out.csv")
    done = run("import-seed", data, "--data-dir", data, "--yes")
    again = run("import-seed", data, "--data-dir", data, "--yes")

    assert refused.exit_code == 2
    assert "import-seed" in refused.stderr
    assert "Done: 2 accounts and 1 tickets" in done.output
    assert again.output == "There is nothing to bring in: the files here are the desk's own.\n"
    assert but_the_log(run("verify").output) == "All is well: 1 seen, 1 tickets, 3 users.\n"
    assert not [name for name, content in files(data).items() if b"plain secret" in content]


def test_an_import_in_place_that_is_declined_changes_nothing(run: Run, data: Path) -> None:
    write_seed(data)
    before = files(data)

    assert run("import-seed", data, typed="n\n").exit_code == 1

    assert {name: content for name, content in files(data).items() if name != ".lock"} == before


@pytest.mark.parametrize("left", ["users.json", "tickets.json"])
def test_an_import_in_place_that_died_between_the_files_is_completed(
    run: Run, data: Path, tmp_path: Path, left: str
) -> None:
    write_seed(data)
    write_seed(tmp_path / "seed")
    run("import-seed", data, "--yes")
    (data / left).write_bytes((tmp_path / "seed" / left).read_bytes())  # as if its rename had never happened

    result = run("import-seed", data, "--yes")

    assert result.exit_code == 0, result.output
    assert but_the_log(run("verify").output) == "All is well: 1 seen, 1 tickets, 3 users.\n"
    assert not [name for name, content in files(data).items() if b"plain secret" in content]


def test_x1_a_table_disarms_formulas_and_opens_in_a_spreadsheet(run: Run, data: Path, tmp_path: Path) -> None:
    fill(data)

    result = run("export", "--format", "csv", "--out", tmp_path / "all.csv")

    lines = (tmp_path / "all.csv").read_bytes().decode().splitlines()
    assert result.output == f"“{tmp_path / 'all.csv'}” is written.\n"
    assert lines[0].startswith("\ufeffticket,title,status")
    assert lines[1].startswith("T-1,'=No dial tone 0,open,normal,general,carla,,")
    assert len(lines) == 4
    assert "secret among us" not in "".join(lines)


def test_json_lines_hold_whole_tickets_with_their_notes(run: Run, data: Path, tmp_path: Path) -> None:
    fill(data)

    run("export", "--format", "jsonl", "--out", tmp_path / "all.jsonl")

    found = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text().splitlines()]
    assert [ticket["id"] for ticket in found] == ["1", "2", "3"]
    assert found[0]["messages"][1]["text"] == "A secret among us."
    assert stat.S_IMODE((tmp_path / "all.jsonl").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "command",
    [
        ("export", "--format", "seed", "--out", "."),
        ("export", "--format", "csv", "--out", "x.json"),
        ("backup", "x.json"),
    ],
)
def test_nothing_is_written_into_the_data_directory(run: Run, data: Path, command: tuple[str, ...]) -> None:
    fill(data)
    before = files(data)

    result = run(*command[:-1], data / command[-1])

    assert result.exit_code == 1
    assert "This is the data directory" in result.stderr
    assert files(data) == before


COMMANDS = [
    ("export", "--format", "seed", "--out", "{}"),
    ("export", "--format", "jsonl", "--out", "{}/mine.jsonl"),
    ("export", "--format", "csv", "--out", "{}/mine.json"),
    ("backup", "{}/mine.zip"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=["seed", "jsonl", "csv", "backup"])
def test_nothing_is_written_into_the_store_wherever_an_address_puts_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    fill(tmp_path / "elsewhere")
    (tmp_path / "link").symlink_to("elsewhere")
    monkeypatch.setenv("TICKETING_STORAGE_URL", "json:elsewhere")
    before = files(tmp_path / "elsewhere")

    results = [run(*(part.format(tmp_path / name) for part in command)) for name in ("elsewhere", "link")]

    assert [result.exit_code for result in results] == [1, 1]
    assert "This is the data directory" in results[0].stderr
    assert files(tmp_path / "elsewhere") == before


@pytest.mark.parametrize("command", COMMANDS, ids=["seed", "jsonl", "csv", "backup"])
def test_a_data_directory_without_a_store_in_it_may_be_written_into(
    run: Run, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    data.mkdir()
    monkeypatch.setenv("TICKETING_STORAGE_URL", f"sqlite:///{tmp_path}/desk.sqlite")
    open_desk(password_rounds=4).close()

    result = run(*(part.format(data) for part in command))

    assert result.exit_code == 0, result.stderr
    assert list(data.iterdir())


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm", "-journal"])
@pytest.mark.parametrize("command", COMMANDS[1:], ids=["jsonl", "csv", "backup"])
def test_a_database_and_what_lies_beside_it_are_not_written_over(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], suffix: str
) -> None:
    monkeypatch.setenv("TICKETING_STORAGE_URL", "sqlite:///desk.sqlite")
    running = open_desk(password_rounds=4)
    before = files(tmp_path)

    result = run(*command[:-1], f"desk.sqlite{suffix}")
    after = files(tmp_path)
    running.close()

    assert result.exit_code == 1
    assert "This is the file of the desk's database" in result.stderr
    assert after == before


def test_an_export_of_the_original_files_does_not_write_over_a_database_of_their_name(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICKETING_STORAGE_URL", "sqlite:///tickets.json")
    open_desk(password_rounds=4).close()
    before = files(tmp_path)

    result = run("export", "--format", "seed", "--out", tmp_path)

    assert result.exit_code == 1
    assert files(tmp_path) == before


def test_d3_a_backup_is_restored_into_another_directory_while_the_desk_runs(
    run: Run, data: Path, tmp_path: Path
) -> None:
    fill(data)
    running = open_desk(Settings(data_dir=data))

    made = run("backup", tmp_path / "desk.zip")
    restored = run("restore", tmp_path / "desk.zip", "--data-dir", tmp_path / "other")
    running.close()

    assert but_the_log(made.output) == f"“{tmp_path / 'desk.zip'}” is written: 3 notices, 3 tickets, 2 users.\n"
    assert "3 notices, 3 tickets, 2 users." in restored.output
    other = open_desk(Settings(data_dir=tmp_path / "other"))
    assert other.tickets.search(CONSOLE, TicketQuery()).total == 3
    other.close()


def test_a_restore_over_tickets_is_refused_without_a_word_and_done_with_it(
    run: Run, data: Path, tmp_path: Path
) -> None:
    fill(data)
    run("backup", tmp_path / "desk.zip")

    refused = run("restore", tmp_path / "desk.zip")
    done = run("restore", tmp_path / "desk.zip", "--replace")

    assert (refused.exit_code, done.exit_code) == (1, 0)
    assert "Only with --replace" in refused.stderr


def test_a_backup_is_rehearsed_without_a_trace(
    run: Run, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(data)
    before = files(data)
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))

    made = run("backup", tmp_path / "desk.zip", "--verify")

    assert but_the_log(made.output).splitlines() == [
        f"“{tmp_path / 'desk.zip'}” is written: 3 notices, 3 tickets, 2 users.",
        "It was brought back on trial, and all of it came: 3 notices, 3 tickets, 2 users.",
    ]
    assert list((tmp_path / "scratch").iterdir()) == []
    assert files(data) == before


def test_a_backup_that_was_cut_off_midway_is_refused_before_anything_changes(
    run: Run, data: Path, tmp_path: Path
) -> None:
    fill(data)
    run("backup", tmp_path / "desk.zip")
    whole = (tmp_path / "desk.zip").read_bytes()
    (tmp_path / "desk.zip").write_bytes(whole[: len(whole) // 2])
    before = files(data)

    result = run("restore", tmp_path / "desk.zip", "--replace")

    assert result.exit_code == 1
    assert "desk.zip is no sound backup: it is no zip file, or cut off, or changed." in result.stderr
    assert files(data) == before


@pytest.mark.parametrize(
    ("command", "label"),
    [
        (["backup", "other.zip", "--verify"], "Rehearsing"),
        (["restore", "desk.zip", "--replace"], "Bringing back"),
        (["migrate", "--to", "json:there"], "Copying, then checking"),
    ],
    ids=["backup", "restore", "migrate"],
)
def test_how_far_it_is_shows_on_a_terminal_alone(
    run: Run, data: Path, tmp_path: Path, command: list[str], label: str
) -> None:
    fill(data)
    run("backup", tmp_path / "desk.zip")
    code = "import sys; from ticketing.cli import main; main(sys.argv[1:])"
    terminal, end = os.openpty()

    shown = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}", *command],
        stdout=subprocess.DEVNULL,
        stderr=end,
        check=False,
    )
    os.close(end)
    told = os.read(terminal, 1 << 16).decode()
    os.close(terminal)
    piped = run(*(part.replace("there", "elsewhere") for part in command))

    assert (shown.returncode, piped.exit_code) == (0, 0)
    assert label in told
    assert "100%" in told
    assert label not in piped.output


def test_attached_files_go_with_a_backup_and_are_verified(run: Run, data: Path, tmp_path: Path) -> None:
    fill(data)
    with closing(open_desk(password_rounds=4)) as desk:
        upload = desk.attachments.put(CONSOLE, "screen.png", [b"A picture."])
        desk.tickets.reply(CONSOLE, 1, "See here.", files=[upload.id])
    place = data / "attachments" / upload.sha256[:2] / upload.sha256

    run("export", "--format", "jsonl", "--out", tmp_path / "all.jsonl")
    told = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text().splitlines()]
    [file] = [file for ticket in told for message in ticket["messages"] for file in message.get("attachments", [])]
    assert (file["name"], file["size"], file["sha256"]) == ("screen.png", 10, upload.sha256)

    assert run("backup", tmp_path / "desk.zip", "--verify").exit_code == 0
    assert but_the_log(run("verify").output) == "All is well: 4 notices, 3 tickets, 2 users, 1 attachments.\n"
    place.write_bytes(b"A forgery.")
    forged = run("verify")
    place.unlink()
    missing = run("verify")
    restored = run("restore", tmp_path / "desk.zip", "--replace")

    assert (forged.exit_code, missing.exit_code) == (1, 1)
    assert "of an attached file is not what it was" in forged.stderr
    assert "of an attached file is missing. Restore it from a backup." in missing.stderr
    assert but_the_log(restored.output).endswith(": 4 notices, 3 tickets, 2 users, 1 attachments.\n")
    assert place.read_bytes() == b"A picture."
    assert run("verify").exit_code == 0


def test_d3_a_damaged_store_is_told_by_verify(run: Run, data: Path) -> None:
    fill(data)
    snapshot = data / "tickets.json"
    snapshot.write_bytes(snapshot.read_bytes().replace(b"dial", b"deal", 1))

    result = run("verify")

    assert result.exit_code == 1
    assert "tickets.json" in result.stderr
    assert result.stdout == ""


def damaged(data: Path) -> None:
    """Fill a store, and spoil the line of T-2 in its snapshot."""
    fill(data)
    snapshot = data / "tickets.json"
    good = snapshot.read_bytes().splitlines(keepends=True)
    snapshot.write_bytes(b"".join([*good[:2], good[2].replace(b'"title"', b"title"), *good[3:]]))


def test_a_damaged_store_names_the_way_on(run: Run, data: Path) -> None:
    damaged(data)

    for command in (["verify"], ["search", "is:open"]):
        result = run(*command)

        assert result.exit_code == 1
        assert "tickets.json, line 3" in result.stderr
        assert "python3 -m ticketing salvage" in result.stderr


def test_d3_a_salvage_says_what_it_will_do_and_waits_for_a_yes(run: Run, data: Path) -> None:
    damaged(data)
    before = files(data)

    declined = run("salvage", typed="n\n")

    assert declined.exit_code == 1
    assert "tickets.json, line 3 (byte " in declined.stdout
    assert "Lost: tickets “2”." in declined.stdout
    assert re.search(r"To be brought back: .*2 tickets, 2 users\. Everybody signs in again\.", declined.stdout)
    assert files(data) | {".compact.lock": b"", ".lock": b""} == before | {".compact.lock": b"", ".lock": b""}
    assert not list(data.glob("damaged-*"))


def test_a_salvaged_store_is_sound_and_its_damaged_files_are_kept(run: Run, data: Path) -> None:
    damaged(data)
    before = files(data)

    done, verified, again = run("salvage", "--yes"), run("verify"), run("salvage", "--yes")

    assert done.exit_code == 0
    (kept,) = data.glob("damaged-*")
    assert f"The files as they were are in “{kept}”." in done.stdout
    assert files(kept) == {name: content for name, content in before.items() if name.endswith((".json", ".jsonl"))}
    assert but_the_log(verified.output) == "All is well: 3 notices, 1 numbers, 2 tickets, 2 users.\n"
    assert again.stdout == "There is nothing to salvage: the files are as they were written.\n"
    with closing(open_desk(Settings(data_dir=data))) as desk:
        titles = {ticket.title for ticket in desk.tickets.search(CONSOLE, TicketQuery()).items}
    assert titles == {"=No dial tone 0", "=No dial tone 2"}


def test_what_a_hand_may_have_changed_is_salvaged_only_if_that_is_accepted(run: Run, data: Path) -> None:
    a_damaged_store(data)
    before = files(data)

    refused = run("salvage", "--yes")

    assert refused.exit_code == 1
    assert "Only with --accept-edits it is taken. Nothing was changed." in refused.stderr
    assert "Taken as it stands, edited or not: tickets “1”." in refused.stdout
    assert {**files(data), ".compact.lock": b"", ".lock": b""} == {**before, ".compact.lock": b"", ".lock": b""}

    accepted = run("salvage", "--yes", "--accept-edits")

    assert accepted.exit_code == 0
    assert run("verify").exit_code == 0


@pytest.mark.parametrize("kind", ["missing", "sound", "database", "the original app's", "newer"])
def test_where_nothing_is_to_be_salvaged_nothing_is_changed(
    run: Run, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    if kind == "sound":
        fill(data)
    if kind == "newer":
        a_newer_store(data)
    if kind == "the original app's":
        write_seed(data)
    if kind == "database":
        monkeypatch.setenv("TICKETING_STORAGE_URL", f"sqlite:///{tmp_path}/desk.sqlite")
        run("demo-data", "--tickets", 1)
    before = files(data) if data.is_dir() else {}

    result = run("salvage", "--yes")

    code, said = {
        "missing": (2, "There is no data directory"),
        "sound": (0, "There is nothing to salvage"),
        "database": (1, "Of a database, restore a backup."),
        "the original app's": (2, "holds the files of the original app"),
        "newer": (2, "tickets.json has format 2"),
    }[kind]
    assert result.exit_code == code
    assert said in result.output
    assert not data.is_dir() or {**files(data), ".compact.lock": b"", ".lock": b""} == {
        **before,
        ".compact.lock": b"",
        ".lock": b"",
    }


def test_a_database_that_finds_other_tickets_than_it_shows_is_told_by_verify(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICKETING_STORAGE_URL", f"sqlite:///{tmp_path}/desk.sqlite")
    run("demo-data", "--tickets", 5)
    assert run("verify").output.startswith("All is well: ")
    with closing(sqlite3.connect(tmp_path / "desk.sqlite")) as file, file:
        file.execute("UPDATE tickets SET status = 'on_hold', assignee = 'nobody' WHERE number = 3")

    result = run("verify")

    assert result.exit_code == 1
    assert "The row of ticket T-3 is not what the documents say" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("at_work", [False, True], ids=["closed", "at work"])
def test_verify_changes_no_byte(run: Run, data: Path, *, at_work: bool) -> None:
    fill(data)
    running = open_desk(Settings(data_dir=data), password_rounds=4)
    if at_work:
        running.tickets.note(CONSOLE, 1, "Another secret.")
        (journal,) = data.glob("journal-*.jsonl")
        with journal.open("ab") as file:
            file.write(b'{"seq":99,"ok":9')  # a writer was killed here
    else:
        running.close()
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in data.iterdir()}

    result = run("verify")

    assert but_the_log(result.output) == "All is well: 3 notices, 3 tickets, 2 users.\n"
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in data.iterdir()} == before
    running.close()


def test_what_is_due_is_done_at_once(run: Run, data: Path) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=8)
    with closing(open_desk(Settings(data_dir=data), clock=lambda: long_ago)) as desk:
        number = desk.tickets.open(CONSOLE, "Smoke", "Help!").number
        desk.tickets.edit(CONSOLE, number, TicketEdit(status=Status.RESOLVED))

    assert run("run-jobs").exit_code == 0

    with closing(open_desk(Settings(data_dir=data))) as desk, desk.store.read() as tx:
        ticket = tx.tickets.find(number)
    assert ticket is not None
    assert (ticket.status, ticket.closed_at) == (Status.CLOSED, long_ago + timedelta(days=7))


def test_mails_that_wait_are_sent_at_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with MailServer() as server:
        monkeypatch.setenv("TICKETING_SMTP_URL", f"smtp://127.0.0.1:{server.server.port}")
        monkeypatch.setenv("TICKETING_MAIL_FROM", "desk@example.org")
        run("create-agent", "bert", "--email", "bert@example.org", "--password-stdin", typed=f"{PASSWORD}\n")

        assert run("run-jobs").exit_code == 0

        assert [taken.recipients for taken in server.taken] == [["bert@example.org"]]


def test_verify_makes_no_directory(run: Run, data: Path) -> None:
    result = run("verify")

    assert result.exit_code == 2
    assert "There is no data directory" in result.stderr
    assert not data.exists()


def test_demo_data_is_made_and_kept_apart_from_real_accounts(run: Run, data: Path, tmp_path: Path) -> None:
    fill(data)

    made = run("demo-data", "--tickets", 30, "--random-seed", 5, "--data-dir", tmp_path / "demo")
    refused = run("demo-data", "--tickets", 30)

    assert "Done: 27 people, 30 tickets are added." in made.output
    assert refused.exit_code == 1
    assert "real accounts" in refused.stderr


def test_an_unreachable_output_is_told_in_a_sentence(run: Run, data: Path, tmp_path: Path) -> None:
    fill(data)

    result = run("backup", tmp_path / "nowhere" / "desk.zip")

    assert result.exit_code == 1
    assert "No such file or directory" in result.stderr
    assert "Traceback" not in result.output


def test_without_options_this_machine_alone_is_served_at_the_documented_port() -> None:
    with main.commands["serve"].make_context("serve", []) as typed:
        assert (typed.params["host"], typed.params["port"]) == ("127.0.0.1", 8501)


def test_a_demo_serves_this_machine_alone(run: Run) -> None:
    result = run("serve", "--demo", "--host", "0.0.0.0")  # noqa: S104 - to see it refused

    assert result.exit_code == 1
    assert "A demo is for this machine alone" in result.stderr


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("serve --demo-anywhere", "--demo-anywhere goes with a demo: add --demo."),
        ("migrate --schema --to memory:", "It takes either --to URL, or --files-to URL, or --schema and perhaps"),
        ("migrate --files-to memory: --to memory:", "It takes either --to URL, or --files-to URL, or --schema"),
        ("bench start --postgres postgresql:///bench", "This is not measured in a database: leave out --postgres."),
        ("bench api --postgres postgresql:///bench", "This is not measured in a database: leave out --postgres."),
        ("bench pages --postgres sqlite:///bench", "--postgres takes the address of a database: postgresql+psycopg://"),
        ("bench storage --postgres=", "--postgres takes the address of a database: postgresql+psycopg://"),
    ],
)
def test_an_option_that_would_be_ignored_is_refused(run: Run, data: Path, typed: str, sentence: str) -> None:
    result = run(*typed.split())

    assert result.exit_code == 2
    assert sentence in result.stderr
    assert not data.exists()


def test_attached_files_are_copied_to_another_place_and_back(
    run: Run, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(open_desk(Settings(data_dir=data), password_rounds=4)) as desk:
        desk.accounts.register("carla", "Carla", PASSWORD, PASSWORD)
        carla = desk.sessions.actor(desk.accounts.sign_in("carla", PASSWORD))
        upload = desk.attachments.put(carla, "screen.png", [b"picture"])
        desk.tickets.open(carla, "No dial tone", "See here.", files=[upload.id])
    elsewhere = f"file://{tmp_path}/elsewhere"

    there = run("migrate", "--files-to", elsewhere)
    monkeypatch.setenv("TICKETING_FILES_URL", elsewhere)
    (data / "attachments").rename(tmp_path / "away")
    verified, saved = run("verify"), run("backup", tmp_path / "b.zip", "--verify")
    back = run("migrate", "--files-to", "beside")
    monkeypatch.setenv("TICKETING_FILES_URL", "")
    beside = run("verify")

    assert there.stdout == back.stdout == "All of it has arrived: 1 attachments.\n"
    assert (tmp_path / "elsewhere" / upload.sha256[:2] / upload.sha256).read_bytes() == b"picture"
    assert all("1 attachments" in result.stdout for result in (verified, saved, beside))


@pytest.mark.parametrize("host", ["127.0.0.1", "LOCALHOST"])
def test_a_demo_serves_this_machine_by_whatever_name(run: Run, host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = run("serve", "--demo", "--host", host, "--port", taken.getsockname()[1])

    assert result.exit_code == 1
    assert "A demo is for this machine alone" not in result.stderr
    assert "another program has it" in result.stderr


def test_a_taken_port_is_told_in_a_sentence(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        result = run("serve", "--port", port)

    assert result.exit_code == 1
    assert result.stderr == (
        f"Error: Port {port} of 127.0.0.1 cannot be used: another program has it; choose one with --port.\n"
    )


def a_file(data: Path) -> None:
    data.write_text("a file, not a directory")


def a_damaged_store(data: Path) -> None:
    fill(data)
    snapshot = data / "tickets.json"
    snapshot.write_bytes(snapshot.read_bytes().replace(b"dial", b"deal", 1))


def a_newer_store(data: Path) -> None:
    fill(data)
    snapshot = data / "tickets.json"
    snapshot.write_bytes(snapshot.read_bytes().replace(b'{"format":1,', b'{"format":2,', 1))


UNUSABLE: dict[str, tuple[Callable[[Path], None], int, str]] = {
    "a file": (a_file, 2, "is a file, not a directory."),
    "damaged": (a_damaged_store, 1, "tickets.json is not as it was written"),
    "newer": (a_newer_store, 2, "tickets.json has format 2"),
    "the original app's": (write_seed, 2, "holds the files of the original app. Nothing was changed."),
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_a_store_that_cannot_be_opened_is_told_before_the_server_starts(data: Path, kind: str) -> None:
    spoil, code, reason = UNUSABLE[kind]
    spoil(data)
    before = files(data) if data.is_dir() else {}

    with serving() as (server, url):
        told, _ = server.communicate(timeout=60)

    assert server.returncode == code
    opening, sentence = told.splitlines()
    assert url.rpartition(":")[2] in opening
    assert reason in sentence
    assert not before or {**files(data), ".lock": b""} == {**before, ".lock": b""}


@contextmanager
def serving(*arguments: str, cwd: Path = ROOT) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """Serve on a free port until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from ticketing.cli import main; main(sys.argv[1:])"
    command = [sys.executable, "-c", code, "serve", "--port", str(port), *arguments]
    with subprocess.Popen(
        command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as server:
        try:
            yield server, f"http://127.0.0.1:{port}"
        finally:
            server.kill()


def answers(url: str, server: "subprocess.Popen[str]") -> bool:
    """Wait until the address answers or the server has ended."""
    while server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310 - our own address
                return bool(response.status == 200)
        except OSError:
            time.sleep(0.1)
    return False


def test_a_demo_is_served_and_ends_by_an_interrupt_with_all_saved(data: Path) -> None:
    with serving("--demo") as (server, url):
        assert answers(f"{url}/readyz", server)
        server.send_signal(signal.SIGINT)
        told, _ = server.communicate(timeout=30)

    assert server.returncode == 0
    assert "Traceback" not in told
    assert f"http://localhost:{url.rpartition(':')[2]}" in told
    assert "user1 with userpass" in told
    assert json.loads((data / "tickets.json").read_text())["count"] == 300


@pytest.mark.parametrize(
    ("host", "base_url", "warnings"),
    [("0.0.0.0", "", 1), ("0.0.0.0", "https://desk.example.org", 0), ("127.0.0.1", "", 0)],  # noqa: S104
    ids=["open to all", "behind a proxy with TLS", "this machine alone"],
)
@pytest.mark.usefixtures("data")
def test_whoever_serves_others_without_tls_is_warned(
    monkeypatch: pytest.MonkeyPatch, host: str, base_url: str, warnings: int
) -> None:
    monkeypatch.setenv("TICKETING_BASE_URL", base_url)

    with serving("--host", host) as (server, url):
        assert answers(f"{url}/healthz", server)
        server.send_signal(signal.SIGINT)
        told, _ = server.communicate(timeout=30)

    assert told.count("passwords can be read on their way") == warnings


def test_commands_work_beside_a_running_server(run: Run, data: Path) -> None:
    with serving() as (server, url):
        assert answers(f"{url}/readyz", server)

        made = run("create-agent", "ada", "--password-stdin", typed=f"{PASSWORD}\n")
        checked = run("verify")

        assert made.exit_code == 0
        assert but_the_log(checked.output) == "All is well: 2 users.\n"
        assert (data / "users.json").exists()


@pytest.mark.parametrize("address", ["sqlite:///data/desk.sqlite", "json:data"])
def test_a_relative_address_is_of_the_folder_in_which_the_server_was_started(
    run: Run, tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    data.mkdir()
    monkeypatch.setenv("TICKETING_STORAGE_URL", address)
    before = set((ROOT / "data").glob("*"))

    with serving(cwd=tmp_path) as (server, url):
        assert answers(f"{url}/readyz", server)
        made = run("create-agent", "ada", "--password-stdin", typed=f"{PASSWORD}\n")
        opened = {os.path.realpath(descriptor) for descriptor in Path(f"/proc/{server.pid}/fd").iterdir()}
        works_in = os.path.realpath(f"/proc/{server.pid}/cwd")

    assert made.exit_code == 0, made.stderr
    assert works_in == str(ROOT)
    assert {Path(file).parent for file in opened if Path(file).name in {"desk.sqlite", ".lock"}} == {data}
    assert set((ROOT / "data").glob("*")) == before
    assert but_the_log(run("verify").output).endswith(" 2 users.\n")


def test_what_a_query_finds_is_exported_in_its_order(run: Run, tmp_path: Path) -> None:
    run("demo-data", "--tickets", "40", "--random-seed", "1")

    run("export", "--format", "json", "--query", "status:closed sort:created", "--out", tmp_path / "closed.json")
    run("export", "--format", "xlsx", "--query", "status:closed", "--out", tmp_path / "closed.xlsx")

    found = json.loads((tmp_path / "closed.json").read_text("utf-8"))
    assert {ticket["status"] for ticket in found} == {"closed"}
    assert [int(ticket["id"]) for ticket in found] == sorted(int(ticket["id"]) for ticket in found)
    assert (tmp_path / "closed.xlsx").read_bytes().startswith(b"PK")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--format", "csv", "--query", "stauts:open"), "Did you mean “status”?"),
        (("--format", "seed", "--query", "status:open"), "--query is for csv, json and xlsx."),
    ],
    ids=["a field that is none", "a form that is all"],
)
def test_a_query_that_cannot_be_meant_exports_nothing(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    result = run("export", *arguments, "--out", tmp_path / "out")

    assert result.exit_code != 0
    assert told in result.output
    assert not (tmp_path / "out").exists()


def test_settings_go_out_as_a_file_and_come_into_another_desk(run: Run, data: Path, tmp_path: Path) -> None:
    with closing(open_desk(Settings(data_dir=data))) as desk:
        desk.definitions.save(CONSOLE, Team(name="First line", members=("ada",)))
    file, there = tmp_path / "settings.json", ["--data-dir", tmp_path / "there"]

    assert run("settings", "export", file).output == f"“{file}” is written.\n"
    assert run("settings", "export").output == file.read_text("utf-8")

    trial = run("settings", "import", file, "--dry-run", *there)
    assert trial.stdout == "add teams “First line”\nThis would be done: 1 added, 0 changed, 0 left as they are.\n"
    assert (
        trial.stderr == "Note: Entry 1 of “teams”, “First line”: “ada” has no account at this desk, and is left out.\n"
    )
    done = run("settings", "import", file, *there)
    assert done.stdout == "add teams “First line”\nDone: 1 added, 0 changed, 0 left as they are.\n"
    again = run("settings", "import", "-", *there, typed=file.read_text("utf-8"))
    assert again.stdout == "Done: 0 added, 0 changed, 1 left as they are.\n"


def test_what_settings_would_change_is_named(run: Run, data: Path, tmp_path: Path) -> None:
    with closing(open_desk(Settings(data_dir=data))) as desk:
        team = desk.definitions.save(CONSOLE, Team(name="First line"))
        file = tmp_path / "settings.json"
        file.write_text(desk.settings_files.export(CONSOLE), "utf-8")
        desk.definitions.save(CONSOLE, team.model_copy(update={"name": "Front desk", "dealing": Dealing.ROUND_ROBIN}))

    result = run("settings", "import", file)

    assert result.output == (
        "change teams “First line”: name, dealing\nDone: 0 added, 1 changed, 0 left as they are.\n"
    )


def test_settings_that_cannot_be_taken_are_refused_in_a_sentence(run: Run, data: Path, tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text('{"format": "ticketing-settings", "version": 9}')

    refused = run("settings", "import", file)

    assert refused.exit_code == 1
    assert "version 9 of a newer desk; this one reads up to 1" in refused.stderr
    assert refused.stderr.endswith("Nothing was imported.\n")
    into_the_store = run("settings", "export", data / "tickets.json")
    assert into_the_store.exit_code == 1
    assert "in which only the desk itself writes" in into_the_store.stderr


MAIL = "From: carla@example.org\nMessage-ID: <1@example.org>\nSubject: No dial tone\n\nThe line is dead.\n"


def test_a_mail_on_standard_input_is_taken_once_and_says_what_became_of_it(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICKETING_MAIL_UNKNOWN_SENDERS", "open")

    first, second = run("receive-mail", typed=MAIL), run("receive-mail", typed=MAIL)

    assert (first.exit_code, first.output) == (second.exit_code, second.output) == (0, "It is in ticket T-1.\n")
    with closing(open_desk(password_rounds=4)) as desk:
        assert [ticket.title for ticket in desk.tickets.search(CONSOLE, TicketQuery()).items] == ["No dial tone"]


def test_a_mail_that_gets_into_no_ticket_is_taken_all_the_same(run: Run) -> None:
    result = run("receive-mail", typed=MAIL)

    assert (result.exit_code, result.output) == (
        0,
        "No account has this address as its own, and mail of strangers is not taken.\n",
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TICKETING_STORAGE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/none"),
        ("TICKETING_MAIL_UNKNOWN_SENDERS", "anybody"),
    ],
    ids=["the store is away", "a setting is wrong"],
)
def test_a_mail_that_cannot_be_kept_now_is_to_be_handed_on_again(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    result = run("receive-mail", typed=MAIL)

    assert result.exit_code == 75
    assert len(result.stderr.splitlines()) == 1


def test_jobs_that_fetch_no_mail_end_with_1_and_name_no_password(
    run: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TICKETING_IMAP_URL", "imap://help:umbrella@127.0.0.1:1/INBOX")

    result = run("run-jobs")

    assert result.exit_code == 1
    assert "Fetching mail: that failed, and the lines above say why." in result.stderr
    assert "The mail server 127.0.0.1 cannot be reached: connection refused." in caplog.text
    assert "umbrella" not in caplog.text + result.output


def test_verify_names_the_first_altered_record_of_the_audit_log(
    run: Run, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(data)
    place = f"sqlite:///{tmp_path / 'desk.sqlite'}"
    assert run("migrate", "--to", place, "--data-dir", data).exit_code == 0
    with closing(sqlite3.connect(tmp_path / "desk.sqlite")) as database, database:
        database.execute(
            """UPDATE audit SET document = replace(document, '"actor":"', '"actor":"x') WHERE number = 3"""
        )

    monkeypatch.setenv("TICKETING_STORAGE_URL", place)

    result = run("verify")

    assert result.exit_code == 1
    assert "record 3 was altered" in result.stderr


def test_the_audit_log_is_taken_along_with_the_hash_that_verify_tells(run: Run, data: Path, tmp_path: Path) -> None:
    fill(data)

    assert run("export", "--format", "audit", "--out", tmp_path / "audit.jsonl").exit_code == 0

    newest = json.loads((tmp_path / "audit.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert (newest["actor"], newest["action"], newest["object"]) == ("console", "exported", "audit")
    assert run("verify").output.endswith(f"number {newest['id']}, its hash {newest['hash']}.\n")


def test_a_backup_that_is_brought_back_is_on_record(run: Run, data: Path, tmp_path: Path) -> None:
    fill(data)
    run("backup", tmp_path / "desk.zip")
    run("restore", tmp_path / "desk.zip", "--replace")

    with closing(open_desk(Settings(data_dir=data))) as desk:
        newest = desk.audit.search(CONSOLE, AuditQuery(size=1)).records[0]
    assert (newest.actor, newest.action, newest.object) == ("console", AuditAction.RESTORED, "desk.zip")
    assert newest.facts["replaced"].startswith("record ")


def test_what_is_stored_about_somebody_is_exported_and_then_made_anonymous(
    run: Run, data: Path, tmp_path: Path
) -> None:
    desk = open_desk(Settings(data_dir=data), password_rounds=4)
    desk.accounts.register("carla", "Carla Ruiz", PASSWORD, PASSWORD)
    carla = desk.sessions.actor(desk.accounts.sign_in("carla", PASSWORD))
    desk.tickets.open(carla, "No dial tone", "Best,\nCarla Ruiz")
    desk.close()
    archive = tmp_path / "carla.zip"

    exported = run("export-person", "carla", "--out", str(archive))
    rehearsed = run("anonymise-person", "carla", "--rehearse")
    done, again = run("anonymise-person", "carla", "--yes"), run("anonymise-person", "carla", "--yes")

    assert (exported.exit_code, exported.stdout) == (0, f"“{archive}” is written.\n")
    with ZipFile(archive) as found:
        assert b"No dial tone" in found.read("tickets.json")
    assert rehearsed.stdout == (
        "T-1, message: Best, [Carla Ruiz]\nCarla Ruiz stands in 1 tickets; 1 places in texts tell who they are.\n"
    )
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "It is done: they are called “Former user 1” now.")
    assert (again.exit_code, again.stderr) == (1, "There is no account “carla”.\n")
    assert run("verify").exit_code == 0


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """Return a table of two tickets of which one has no requester."""
    file = tmp_path / "tickets.csv"
    file.write_text("Nr,Subject,From,Opened\n1,Help,Carla,2024-01-15\n2,Help,,2024-01-15\n", "utf-8")
    return file


def test_tickets_of_another_help_desk_are_looked_at_brought_in_and_taken_away(
    run: Run, data: Path, exported: Path
) -> None:
    trial = run("import", exported, "--from", "csv", "--dry-run")
    assert trial.stdout == "This would come: 1 tickets, 1 messages, 1 new people, 1 left out.\n"
    assert trial.stderr == "Left out: Line 3: it has no requester.\n"

    done = run("import", exported, "--from", "csv")
    found = re.fullmatch(r"Import (csv-\w+) is done: 1 tickets, 1 messages, 1 new people, 1 left out.\n", done.stdout)
    assert found
    with closing(open_desk(Settings(data_dir=data))) as desk:
        assert desk.tickets.get(CONSOLE, 1).requester == "carla"
        desk.tickets.reply(CONSOLE, 1, "We come.")

    undone = run("import", "--undo", found[1])
    assert undone.stdout == (f"Import {found[1]} is undone.\nKept, since something was done in them: T-1.\n")
    assert run("import", "--undo", found[1], "--touched-too").stdout == f"Import {found[1]} is undone.\n"


def test_the_words_of_a_table_are_put_as_a_mapping_says(run: Run, data: Path, exported: Path, tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.json"
    mapping.write_text('{"columns": {"subject": "Nr", "name": "From", "opened": "Opened"}}')

    run("import", exported, "--from", "csv", "--mapping", mapping)

    with closing(open_desk(Settings(data_dir=data))) as desk:
        assert desk.tickets.get(CONSOLE, 1).title == "1"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--from", "csv"], "either FILE and --from, or --undo ID"),
        (["FILE"], "either FILE and --from, or --undo ID"),
        (["FILE", "--from", "csv", "--undo", "csv-1"], "either FILE and --from, or --undo ID"),
        (["FILE", "--from", "csv", "--touched-too"], "--touched-too with --undo"),
        (["--undo", "csv-1", "--dry-run"], "--dry-run goes with FILE"),
    ],
)
def test_an_import_that_says_too_little_or_too_much_is_refused(
    run: Run, exported: Path, words: list[str], sentence: str
) -> None:
    result = run("import", *(exported if word == "FILE" else word for word in words))

    assert result.exit_code == 2
    assert sentence in result.stderr


@pytest.mark.parametrize("words", [["--undo", "csv-1"], ["FILE", "--from", "zammad"]])
def test_an_import_that_cannot_be_is_refused_in_a_sentence(run: Run, exported: Path, words: list[str]) -> None:
    result = run("import", *(exported if word == "FILE" else word for word in words))

    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
