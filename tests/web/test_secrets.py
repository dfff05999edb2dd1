"""Settings among Streamlit's secrets count on every way in, and those of the environment go before them."""

import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.serving import ROOT, free_port
from ticketing.desk import open_desk
from ticketing.domain.errors import SettingsError
from ticketing.settings import Settings

SECONDS = 60.0
PORT = "{port}"
HERE = ["--server.address", "127.0.0.1"]
WAYS_IN = {
    "the documented command": ["-m", "ticketing", "serve", "--port", PORT],
    "streamlit run": ["-m", "streamlit", "run", f"{ROOT / 'streamlit_app.py'}", "--server.port", PORT, *HERE],
    "uvicorn": ["-m", "uvicorn", "streamlit_app:app", "--port", PORT],
    "a command": ["-m", "ticketing", "export", "--format", "csv", "--out", "tickets.csv"],
}


def start(way: str, folder: Path, secrets: str, **environment: str) -> str:
    """Go a way in from a folder with secrets until the command ends or the server is ready; return what it said."""
    (folder / ".streamlit").mkdir()
    (folder / ".streamlit" / "secrets.toml").write_text(secrets, "utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TICKETING_")}
    environment = kept | {"HOME": str(folder / "home"), "PYTHONPATH": str(ROOT)} | environment
    port, log = free_port(), folder / "log"
    arguments = [argument.replace(PORT, str(port)) for argument in WAYS_IN[way]]
    with (
        log.open("wb") as said,
        subprocess.Popen(
            [sys.executable, *arguments], cwd=folder, env=environment, stdout=said, stderr=said
        ) as process,
    ):
        until = time.monotonic() + SECONDS
        while process.poll() is None and not is_ready(port) and time.monotonic() < until:
            time.sleep(0.1)
        process.terminate()
    return log.read_text("utf-8")


def is_ready(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.mark.parametrize("way", WAYS_IN)
def test_the_secrets_count_and_the_environment_goes_before_them(tmp_path: Path, way: str) -> None:
    secrets = 'TICKETING_DEMO = true\nTICKETING_DATA_DIR = "of the secrets"\napi_key = "for something else"\n'

    said = start(way, tmp_path, secrets, TICKETING_DATA_DIR="of the environment")

    assert {journal.parent.name for journal in tmp_path.glob("*/journal-*.jsonl")} == {"of the environment"}, said
    with pytest.raises(SettingsError, match="holds a demo"):
        open_desk(Settings(data_dir=tmp_path / "of the environment"))


@pytest.mark.parametrize("way", WAYS_IN)
def test_a_secret_that_is_no_setting_stops_the_start(tmp_path: Path, way: str) -> None:
    said = start(way, tmp_path, "TICKETING_COLOUR = true\n")

    assert "There is no setting TICKETING_COLOUR." in said
    assert "It stands in “.streamlit/secrets.toml”." in said
    assert not list(tmp_path.glob("*/journal-*.jsonl"))
