"""What is shipped in .streamlit: how Streamlit is told to run, and the example for hosts that ask for secrets."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from ticketing.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / ".streamlit" / "config.toml"
UNKNOWN = "is not a valid config option"


def streamlits_opinion(folder: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """Let Streamlit read the configuration of a folder, as someone with an empty home."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE_", "STREAMLIT_"))
    }
    return subprocess.run(
        [sys.executable, "-m", "streamlit", "config", "show"],
        cwd=folder,
        env={**environment, "HOME": str(home)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )


@pytest.mark.processes
@pytest.mark.parametrize(("planted", "complains"), [("", False), ("[server.nonsense]\nvalue = 1\n", True)])
def test_streamlit_knows_every_option_that_is_set(tmp_path: Path, planted: str, *, complains: bool) -> None:
    (tmp_path / ".streamlit").mkdir()
    shutil.copy(CONFIG, tmp_path / ".streamlit")
    with (tmp_path / ".streamlit" / "config.toml").open("a", encoding="utf-8") as file:
        file.write(planted)

    shown = streamlits_opinion(tmp_path, home=tmp_path)

    assert (UNKNOWN in shown.stdout + shown.stderr) is complains
    assert 'toolbarMode = "minimal"' in shown.stdout


def test_h1_the_shipped_configuration_keeps_streamlits_doors_shut() -> None:
    config = tomllib.loads(CONFIG.read_text("utf-8"))
    server, client = config["server"], config["client"]

    assert server["enableCORS"]
    assert server["enableXsrfProtection"]
    assert not server["enableStaticServing"]
    assert not server["enableAgentApi"]
    assert server["maxUploadSize"] <= 10
    assert server["maxWidgetStateSize"] <= 2
    assert client["showErrorDetails"] == "none"
    assert client["disableDataExport"]
    assert client["allowedOrigins"] == []
    assert not config["browser"]["gatherUsageStats"]


def test_the_first_start_is_not_asked_for_an_email_address() -> None:
    server = tomllib.loads(CONFIG.read_text("utf-8"))["server"]

    assert server["headless"]
    assert not server["showEmailPrompt"]


def test_every_secret_of_the_example_is_a_setting() -> None:
    example = (ROOT / ".streamlit" / "secrets.toml.example").read_text("utf-8")
    secrets = tomllib.loads(example.replace(f"# {PREFIX}", PREFIX))

    assert secrets
    assert set(secrets) <= {PREFIX + name.upper() for name in Settings.model_fields}


def test_the_example_sets_nothing_until_it_is_filled_in() -> None:
    assert tomllib.loads((ROOT / ".streamlit" / "secrets.toml.example").read_text("utf-8")) == {}
