"""
The API keeps what its own description promises: Schemathesis tries every operation on a real server, with all checks.

It makes up calls that the description allows and calls that it forbids. What a description cannot say, such as which
time zones there are and which version is the present one, the desk refuses by itself with 422 and 412; so these are
answers to a call that is allowed.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.postgres import databases
from tests.serving import PASSWORD, Server

pytestmark = pytest.mark.processes

CONFIGURATION = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", "401", "403", "404", "409", "412", "422", "429", "5xx"]
"""
# By these an admin would sign themselves out, or close the desk, and a trial would tell of nothing else: they are tried
# by themselves.
ENDINGS = ("end_session", "end_sessions_of", "change_maintenance")
ALL_PHASES = ["--phases", "examples,coverage,fuzzing,stateful"]
MADE_UP = ["--phases", "fuzzing,stateful"]
BUT_ENDINGS = [part for name in ENDINGS for part in ("--exclude-operation-id", name)]


def server_on(kind: str, folder: Path) -> Server:
    """Return a server on an empty store of a kind, which does not count calls."""
    storage = databases().create("schemathesis") if kind == "postgres" else ""
    return Server(folder, storage=storage, TICKETING_API_REQUESTS_PER_MINUTE="1000000")


def trial(server: Server, folder: Path, access: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Have every operation tried by whoever has this access token."""
    configuration = folder / "schemathesis.toml"
    configuration.write_text(CONFIGURATION, "utf-8")
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(configuration), "run"]
    address = f"{server.base}/api/v1/openapi.json"
    known = ["-H", f"Authorization: Bearer {access}"]
    # Threads that parse Python at the same time break each other in 3.11: github.com/python/cpython/issues/106905.
    bounds = ["--max-examples", "2", "--workers", "1", "--seed", "1", "--continue-on-failure", "--no-color"]
    return subprocess.run(
        [*command, address, *known, *bounds, *options],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("kind", "username", "options"),
    [("json", "root", ALL_PHASES), ("json", "carla", MADE_UP), ("postgres", "root", MADE_UP)],
    ids=["json, an admin", "json, a requester", "postgres, an admin"],
)
def test_every_operation_keeps_what_its_description_promises(
    tmp_path: Path, kind: str, username: str, options: list[str]
) -> None:
    with server_on(kind, tmp_path) as server:
        server.desk.tickets.open(server.actor("carla"), "No dial tone", "The line is dead.")

        access = server.desk.tokens.issue(username, PASSWORD, address="198.51.100.250").access

        tried = trial(server, tmp_path, access, *BUT_ENDINGS, *options)

        assert tried.returncode == 0, tried.stdout[-6000:] + tried.stderr
        assert "Traceback" not in server.log
        assert server.desk.tokens.actor(access, address="198.51.100.250").username == username


@pytest.mark.parametrize("kind", ["json", "postgres"])
@pytest.mark.parametrize("ending", ENDINGS)
def test_what_ends_a_session_or_closes_the_desk_keeps_what_its_description_promises(
    tmp_path: Path, ending: str, kind: str
) -> None:
    with server_on(kind, tmp_path) as server:
        access = server.desk.tokens.issue("root", PASSWORD, address="198.51.100.250").access

        tried = trial(server, tmp_path, access, "--include-operation-id", ending, *ALL_PHASES)

        assert tried.returncode == 0, tried.stdout[-6000:] + tried.stderr
        assert "Traceback" not in server.log
