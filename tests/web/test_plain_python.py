"""The entry file can be run by Python itself, too: the same desk, with its own routes and its guard."""

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.serving import ROOT, free_port
from tests.wire import Wire
from ticketing.ui.wording import t

pytestmark = pytest.mark.processes

SECONDS = 60.0


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run `python streamlit_app.py`; yield its address once it is ready."""
    folder, port = tmp_path_factory.mktemp("plain"), free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TICKETING_")}
    environment |= {"TICKETING_DATA_DIR": str(folder / "data"), "TICKETING_STORAGE_URL": "", "HOME": str(folder)}
    own = folder / ".streamlit" / "config.toml"  # what a person sets for all their apps; the project leaves these open
    own.parent.mkdir()
    own.write_text(f'[server]\nport = {port}\naddress = "127.0.0.1"\n', "utf-8")
    with (
        Path(folder, "server.log").open("wb") as log,
        subprocess.Popen(
            [sys.executable, "streamlit_app.py"], cwd=ROOT, env=environment, stdout=log, stderr=log
        ) as process,
    ):
        address, until = f"http://127.0.0.1:{port}", time.monotonic() + SECONDS
        while not is_ready(address):
            assert process.poll() is None, Path(folder, "server.log").read_text("utf-8")
            assert time.monotonic() < until, "the server does not answer"
            time.sleep(0.1)
        yield address
        process.terminate()
        process.wait(SECONDS)


def is_ready(address: str) -> bool:
    try:
        with urlopen(f"{address}/readyz", timeout=2) as answer:  # noqa: S310 - our own address
            return bool(answer.status == http.client.OK)
    except OSError:
        return False


def test_a_stranger_is_asked_to_sign_in(base: str) -> None:
    with Wire.connect(base, page="all_tickets") as stranger:
        stranger.run()

        assert t("page.login") in stranger.text
        assert t("login.without_routes") not in stranger.text
        assert stranger.exceptions == []


def test_a_foreign_name_of_the_machine_is_refused(base: str) -> None:
    connection = http.client.HTTPConnection(base.removeprefix("http://"), timeout=5)
    connection.request("GET", "/", headers={"Host": "evil.example"})

    assert connection.getresponse().status == http.client.BAD_REQUEST
    connection.close()
