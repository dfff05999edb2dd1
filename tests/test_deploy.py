"""The files for a server, read by the programs that they are written for: systemd, and those that know containers."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.programs import program_or_skip
from tests.serving import ROOT, Server
from tests.wire import Wire
from ticketing.settings import PREFIX, Settings
from ticketing.ui.wording import t

pytestmark = pytest.mark.processes

DEPLOY = (ROOT / "docs/deploy.md").read_text("utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
COMPOSE = (ROOT / "compose.yaml").read_text("utf-8")
TOOLS = Path(sys.executable).parent
TO_INSTALL = "This test needs systemd-analyze: install it (Debian, Ubuntu: sudo apt install systemd)."


class Contained(Server):
    """The desk as its container starts it."""

    @property
    def command(self) -> list[str]:
        """What the Dockerfile says, with this machine's Python and a port of ours."""
        [documented] = re.findall(r"^CMD (.+)$", DOCKERFILE, re.MULTILINE)
        python, *arguments = json.loads(documented)
        assert python == "python"
        return [sys.executable, *arguments, "--port", str(self.port)]


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
def test_h2_the_dockerfile_is_well_written(tmp_path: Path) -> None:
    checked = hadolint(DOCKERFILE, tmp_path)

    assert (checked.returncode, checked.stdout) == (0, "")
    assert "DL3042" in hadolint(DOCKERFILE.replace("--no-cache-dir ", ""), tmp_path).stdout


def test_h2_the_compose_file_is_one(tmp_path: Path) -> None:
    checked = compose(COMPOSE, tmp_path)

    assert checked.returncode == 0, checked.stdout
    assert compose(COMPOSE.replace("restart:", "restarts:"), tmp_path).returncode == 1


@pytest.fixture
def services() -> dict[str, Any]:
    """Return what the compose file starts."""
    services: dict[str, Any] = YAML(typ="safe").load(COMPOSE)["services"]
    return services


def test_the_compose_file_starts_two_desks_on_one_postgresql_whose_data_stays(services: dict[str, Any]) -> None:
    desks = [service for service in services.values() if service.get("build") == "."]

    assert len(desks) == 2
    assert desks[0]["environment"] == desks[1]["environment"]
    address = desks[0]["environment"]["TICKETING_STORAGE_URL"]
    place = re.fullmatch(r"postgresql\+psycopg://ticketing:[^@]+@(\w+)/ticketing", address)
    assert place
    database = services[place[1]]
    assert database["image"].startswith("postgres:")
    assert database["environment"]["POSTGRES_USER"] == "ticketing"
    assert all(desk["depends_on"] == {place[1]: {"condition": "service_healthy"}} for desk in desks)
    [volume] = database["volumes"]
    assert volume.split(":") == [*YAML(typ="safe").load(COMPOSE)["volumes"], "/var/lib/postgresql/data"]


def test_its_desks_are_where_the_documented_proxy_looks_for_them_and_nobody_else(services: dict[str, Any]) -> None:
    published = [port.rpartition(":")[0] for service in services.values() for port in service.get("ports", [])]

    assert published == re.findall(r"^    server (\S+) ", DEPLOY, re.MULTILINE)
    assert all(place.startswith("127.0.0.1:") for place in published)


def test_h2_a_desk_in_its_container_may_write_to_its_data_alone_and_is_nobody_there(services: dict[str, Any]) -> None:
    desks = [service for service in services.values() if service.get("build") == "."]

    for desk in desks:
        assert desk["read_only"]
        assert desk["tmpfs"] == ["/tmp"]  # noqa: S108 - the container's own
        assert desk["cap_drop"] == ["ALL"]
        assert desk["security_opt"] == ["no-new-privileges:true"]
    assert re.findall(r"^(?:USER|VOLUME) (.+)$", DOCKERFILE, re.MULTILINE) == ["10001", "/data"]


def test_it_holds_no_secret_and_sets_what_there_is(services: dict[str, Any]) -> None:
    environment = {
        name: value for service in services.values() for name, value in service.get("environment", {}).items()
    }

    assert environment["POSTGRES_PASSWORD"] == "${POSTGRES_PASSWORD:?}"
    assert "ticketing:${POSTGRES_PASSWORD:?}@" in environment["TICKETING_STORAGE_URL"]
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    assert {name for name in environment if name.startswith(PREFIX)} <= known


def test_in_its_container_the_desk_finds_its_packages_and_installs_no_others() -> None:
    [place] = re.findall(r"python -m venv (\S+)$", DOCKERFILE, re.MULTILINE)

    steps = [f"ENV PATH={place}/bin:$PATH", "python -m venv", "RUN pip install", "CMD ["]
    assert sorted(steps, key=DOCKERFILE.index) == steps


def test_h2_what_is_copied_into_the_image_is_the_desk_and_nothing_but_the_desk(tmp_path: Path) -> None:
    _, everything, *exceptions, compiled = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert (everything, compiled) == ("*", "**/__pycache__")
    for path in (line.removeprefix("!") for line in exceptions):
        (tmp_path / "app" / path).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (ROOT / path).is_dir() else shutil.copy2)(ROOT / path, tmp_path / "app" / path)

    with Contained(tmp_path, root=tmp_path / "app") as desk, Wire.connect(desk.base, page="login") as stranger:
        shown = stranger.run().text

    assert t("login.submit") in shown
    assert not (tmp_path / "app" / ".venv").exists()


def test_h2_systemd_takes_the_documented_unit(tmp_path: Path) -> None:
    [unit] = re.findall(r"```ini\n(.*?)```", DEPLOY, re.DOTALL)

    checked = verified(unit, tmp_path)

    assert (checked.returncode, checked.stderr) == (0, "")
    assert "Unknown key" in verified(unit.replace("Restart=", "Restarts="), tmp_path).stderr
