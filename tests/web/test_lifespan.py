"""What is there once the server has started, and gone when it has ended; in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ticketing.settings import PREFIX

ROOT = Path(__file__).resolve().parents[2]
# Warming up goes on beside the server, so it is waited for.
LIFE = """
import gc, json, sys, threading
from starlette.testclient import TestClient
from streamlit_app import app
from ticketing import desk

def look():
    return {
        "frozen": gc.get_freeze_count(),
        "imported": {"numpy", "PIL.Image"} <= set(sys.modules),
        "open": desk._shared is not None and desk.shared_desk().first_launch.is_waiting,
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


def test_a_server_that_has_started_is_warm_and_its_store_is_open_until_it_ends(life: list[dict[str, Any]]) -> None:
    before, between, after = life

    assert before == {"frozen": 0, "imported": False, "open": False}
    assert between["frozen"] > 0
    assert between["imported"]
    assert between["open"]
    assert not after["open"]
