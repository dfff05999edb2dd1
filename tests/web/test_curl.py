"""What the README does with curl is done with curl, to the letter, against the desk as it is served."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.programs import program_or_skip
from tests.serving import PASSWORD, ROOT, Server

pytestmark = pytest.mark.processes

HOW_TO = "curl is not here (Debian, Ubuntu: sudo apt install curl)"
LINES = re.findall(r"^ *(curl .+)$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("curl")) as running:
        yield running


@pytest.fixture
def environment(server: Server, tmp_path: Path) -> dict[str, str]:
    """Return what a shell is set to: Ada's token, and a curl that finds our desk at its usual address."""
    curl = program_or_skip("curl", HOW_TO)
    options = ["silent", "show-error", "fail", f'connect-to = "localhost:8501:127.0.0.1:{server.port}"']
    (tmp_path / ".curlrc").write_text("\n".join(options), "utf-8")
    token = server.desk.tokens.issue("ada", PASSWORD).access
    return {"PATH": f"{Path(curl).parent}", "CURL_HOME": str(tmp_path), "TOKEN": token}


def test_the_readme_signs_in_reads_and_writes() -> None:
    assert len(LINES) >= 3
    assert "/token" in LINES[0]


@pytest.mark.parametrize("line", LINES)
def test_a_line_of_the_readme_is_answered(environment: dict[str, str], line: str) -> None:
    command, _, promised = line.partition("# ")

    done = subprocess.run(
        ["/bin/sh", "-c", command.replace('"password": "…"', f'"password": "{PASSWORD}"')],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert promised in json.loads(done.stdout) or not promised
