"""Settings among Streamlit's secrets count on every way in, and those of the environment go before them."""

import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote
from urllib.request import urlopen

import pytest

from tests.postgres import Cluster
from tests.proxy import make_certificate
from tests.serving import ROOT, free_port
from ticketing.desk import open_desk
from ticketing.domain.errors import SettingsError
from ticketing.services.first_launch import FIRST_USERNAME
from ticketing.settings import PREFIX, Settings
from ticketing.storage.opening import open_source

pytestmark = pytest.mark.processes

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


DATABASE_PASSWORD = "p@ss/w%rd:?"


@pytest.fixture
def provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """Return a server as those who rent them out have it: over TLS, with a password, and with an empty database."""
    made = make_certificate(tmp_path)  # before there is anything that a skipped test would leave behind
    server = Cluster()
    certificate, key = (shutil.move(file, server.folder) for file in made)
    shutil.chown(key, (server.folder / "data").owner())
    server.run_sql(f"CREATE ROLE renter LOGIN PASSWORD '{DATABASE_PASSWORD}'", "CREATE DATABASE rented OWNER renter")
    with server.letting_in("hostssl rented renter 127.0.0.1/32 scram-sha-256"):
        server.stop()
        port = free_port()
        files = f"ssl_cert_file={certificate}", f"ssl_key_file={key}"
        server.start(f"port={port}", "listen_addresses=127.0.0.1", "ssl=on", *files)
        monkeypatch.setenv("PGPORT", str(port))  # on its socket as well
        yield server
    server.remove()


def test_on_a_hosted_platform_the_documented_secrets_lead_to_the_database_of_a_provider(
    tmp_path: Path, provider: Cluster
) -> None:
    [documented] = re.findall(r"```toml\n(.+?)```", (ROOT / "docs/deploy.md").read_text("utf-8"), re.DOTALL)
    here = f"renter:{quote(DATABASE_PASSWORD, safe='')}@127.0.0.1:{os.environ['PGPORT']}/rented"

    said = start("streamlit run", tmp_path, documented.replace("USER:PASSWORD@HOST/NAME", here))

    assert set(tomllib.loads(documented)) <= {PREFIX + name.upper() for name in Settings.model_fields}
    assert "one-time password" in said
    with closing(open_source(provider.address("rented"))) as store, store.documents() as kept:
        assert [name for name, _ in kept["users"]] == [FIRST_USERNAME]


def test_what_a_hosted_platform_is_to_find_is_there() -> None:
    section = (ROOT / "docs/deploy.md").read_text("utf-8").partition("## A hosted Streamlit platform")[2]
    named = re.findall(r"`([\w./]+\.(?:py|txt|example))`", section.partition("\n## ")[0])

    assert named == ["streamlit_app.py", "requirements.txt", ".streamlit/secrets.toml.example"]
    assert all((ROOT / file).is_file() for file in named)
    assert {"psycopg", "psycopg-binary", "sqlalchemy", "alembic"} <= set(
        re.findall(r"^([a-z-]+)==", (ROOT / "requirements.txt").read_text("utf-8"), re.MULTILINE)
    )
    assert not [file for file in ("uv.lock", "Pipfile", "environment.yml") if (ROOT / file).exists()]
