"""The files for a server, read by the programs that they are written for: systemd, and those that know containers."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.programs import program_or_skip

ROOT = Path(__file__).resolve().parent.parent
TOOLS = Path(sys.executable).parent
TO_INSTALL = "This test needs systemd-analyze: install it (Debian, Ubuntu: sudo apt install systemd)."


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def hadolint(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Have a Dockerfile looked through by rules of how to write one."""
    (folder / "Dockerfile").write_text(text, "utf-8")
    return run(TOOLS / "hadolint", "--no-color", folder / "Dockerfile")


def compose(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Hold a compose file against the Compose Specification."""
    (folder / "compose.yaml").write_text(text, "utf-8")
    return run(TOOLS / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", folder / "compose.yaml")


def verified(unit: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Have systemd read a unit, in which programs, users and folders are this machine's."""
    program = program_or_skip("systemd-analyze", TO_INSTALL)
    for documented, ours in {
        "/opt/ticketing/.venv/bin/python": sys.executable,
        "User=ticketing": "User=root",
        "/opt/ticketing": str(ROOT),
    }.items():
        assert documented in unit
        unit = unit.replace(documented, ours)
    (folder / "ticketing@8501.service").write_text(unit, "utf-8")
    return run(program, "verify", "--man=no", folder / "ticketing@8501.service")


@pytest.mark.skipif(sys.platform == "win32", reason="There is no hadolint for Windows.")
def test_the_dockerfile_is_well_written(tmp_path: Path) -> None:
    text = (ROOT / "Dockerfile").read_text("utf-8")

    checked = hadolint(text, tmp_path)

    assert (checked.returncode, checked.stdout) == (0, "")
    assert "DL3042" in hadolint(text.replace("--no-cache-dir ", ""), tmp_path).stdout


def test_the_compose_file_is_one(tmp_path: Path) -> None:
    text = (ROOT / "compose.yaml").read_text("utf-8")

    checked = compose(text, tmp_path)

    assert checked.returncode == 0, checked.stdout
    assert compose(text.replace("restart:", "restarts:"), tmp_path).returncode == 1


def test_systemd_takes_the_documented_unit(tmp_path: Path) -> None:
    [unit] = re.findall(r"```ini\n(.*?)```", (ROOT / "docs/deploy.md").read_text("utf-8"), re.DOTALL)

    checked = verified(unit, tmp_path)

    assert (checked.returncode, checked.stderr) == (0, "")
    assert "Unknown key" in verified(unit.replace("Restart=", "Restarts="), tmp_path).stderr
