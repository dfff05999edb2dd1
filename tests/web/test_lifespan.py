"""What is there once the server has started, and gone when it has ended; in a process of its own."""

import json
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ticketing.desk import open_desk
from ticketing.domain.people import Actor
from ticketing.settings import PREFIX, Settings

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parents[2]
# Warming up goes on beside the server, so it is waited for.
LIFE = """
import gc, json, sys, threading
from starlette.testclient import TestClient
from streamlit_app import app
from ticketing import desk

def look():
    is_open = desk._shared is not None
    return {
        "frozen": gc.get_freeze_count(),
        "imported": {"numpy", "PIL.Image"} <= set(sys.modules),
        "open": is_open and desk.shared_desk().first_launch.is_waiting,
        "prepared": is_open and not list(desk.shared_desk().store.prepare()),
    }

looks = [look()]
with TestClient(app):
    for thread in threading.enumerate():
        if thread.name == "warm-up":
            thread.join()
    looks.append(look())
print(json.dumps([*looks, look()]))
"""


@pytest.fixture
def life(tmp_path: Path) -> list[dict[str, Any]]:
    """Let the app start and end, and return what was seen before, between and after."""
    with closing(open_desk(Settings(data_dir=tmp_path), password_rounds=4)) as desk:
        desk.tickets.open(Actor.console(), "No dial tone", "The line is dead.")
    inherited = {name: value for name, value in os.environ.items() if not name.upper().startswith(PREFIX)}
    lived = subprocess.run(
        [sys.executable, "-c", LIFE],
        cwd=ROOT,
        env=inherited | {f"{PREFIX}DATA_DIR": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert lived.returncode == 0, lived.stderr
    looks: list[dict[str, Any]] = json.loads(lived.stdout)
    return looks


OPEN = """
from starlette.testclient import TestClient
from streamlit_app import app

with TestClient(app):
    print("open")
"""


def start(folder: Path, data: Path, base_url: str = "https://desk.example.org") -> subprocess.CompletedProcess[str]:
    """Start the app in a folder, and end it."""
    ours = (PREFIX, "STREAMLIT_")
    inherited = {name: value for name, value in os.environ.items() if not name.upper().startswith(ours)}
    settings = {f"{PREFIX}DATA_DIR": str(data), f"{PREFIX}BASE_URL": base_url, "HOME": str(data)}
    return subprocess.run(
        [sys.executable, "-c", OPEN],
        cwd=folder,
        env=inherited | settings | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_h1_a_public_desk_does_not_start_where_streamlits_doors_are_open(tmp_path: Path) -> None:
    shipped = (ROOT / ".streamlit" / "config.toml").read_text("utf-8")
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "config.toml").write_text(
        shipped.replace('showErrorDetails = "none"', 'showErrorDetails = "full"'), "utf-8"
    )

    refused = start(tmp_path, tmp_path)

    assert refused.returncode != 0
    assert "open" not in refused.stdout
    assert "Streamlit runs with options that open doors: client.showErrorDetails." in refused.stderr
    assert start(ROOT, tmp_path).stdout == "open\n"


def test_h1_a_desk_of_one_machine_is_warned_of_open_doors(tmp_path: Path) -> None:
    started = start(tmp_path, tmp_path, base_url="")

    assert started.stdout == "open\n"
    assert "Streamlit runs with options that open doors" in started.stderr


def test_a_server_that_has_started_is_warm_and_its_store_is_open_until_it_ends(life: list[dict[str, Any]]) -> None:
    before, between, after = life

    assert before == {"frozen": 0, "imported": False, "open": False, "prepared": False}
    assert between["frozen"] > 0
    assert between["imported"]
    assert between["open"]
    assert between["prepared"]
    assert not after["open"]
