"""The desk as it is served: real processes, asked over real sockets by clients that are no browsers."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from websockets.exceptions import InvalidStatus

from tests.serving import COOKIE, Server
from tests.web.conftest import PASSWORD
from tests.wire import Wire
from ticketing.desk import open_desk
from ticketing.domain.errors import WrongCredentialsError
from ticketing.services.throttle import FAILURES_PER_MINUTE
from ticketing.settings import Settings
from ticketing.ui.pages import PAGES, Audience
from ticketing.ui.wording import t

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60.0
PROTECTED = [page.name for page in PAGES if page.audience is not Audience.STRANGERS]
WAYS_TO_START: dict[str, Callable[[int], list[str]]] = {
    "uvicorn": lambda port: ["-m", "uvicorn", "streamlit_app:app", "--port", str(port)],
    "streamlit run": lambda port: ["-m", "streamlit", "run", "streamlit_app.py", "--server.port", str(port)],
}


@contextmanager
def served(data: Path, way: str = "uvicorn") -> Iterator[str]:
    """Start a desk over this data directory in a process of its own; yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TICKETING_")}
    environment |= {"TICKETING_DATA_DIR": str(data), "TICKETING_STORAGE_URL": "", "HOME": str(data.parent)}
    # A proxy that swallows everything: whatever the desk would ask of the internet hangs.
    environment |= {"http_proxy": "http://192.0.2.1:9", "https_proxy": "http://192.0.2.1:9", "no_proxy": "127.0.0.1"}
    log = (data.parent / "server.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, *WAYS_TO_START[way](port)], cwd=ROOT, env=environment, stdout=log, stderr=log
    )
    try:
        _wait_until_ready(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(SECONDS)
        log.close()


def _wait_until_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, "the server has stopped"
        try:
            with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1):  # anything but 200 raises
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server does not answer")


@pytest.fixture(scope="module")
def desk_of_carla(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Make a data directory in which carla has a ticket, and return it with the secret of her session."""
    data = tmp_path_factory.mktemp("desk") / "data"
    desk = open_desk(Settings(data_dir=data), password_rounds=4)
    desk.accounts.register("carla", "Carla Ruiz", PASSWORD, PASSWORD)
    token = desk.accounts.sign_in("carla", PASSWORD)
    desk.tickets.open(desk.sessions.actor(token), "No dial tone", "The line is dead.")
    desk.close()
    return data, token


@pytest.fixture(scope="module")
def base(desk_of_carla: tuple[Path, str]) -> Iterator[str]:
    """Serve the desk of carla, as `streamlit run` does."""
    with served(desk_of_carla[0], "streamlit run") as address:
        yield address


@pytest.mark.parametrize("page", PROTECTED)
def test_s9_the_first_page_ever_asked_of_a_new_process_is_not_shown_to_a_stranger(tmp_path: Path, page: str) -> None:
    with served(tmp_path / "data") as address, Wire.connect(address, page=page, query="id=1") as stranger:
        stranger.run()

        assert t("page.login") in stranger.text
        assert stranger.menu == []
        assert not stranger.exceptions


def test_s9_a_stranger_receives_not_one_byte_of_a_ticket(base: str, desk_of_carla: tuple[Path, str]) -> None:
    with Wire.connect(base, page="ticket", query="id=1", cookies={"ticketing_session": desk_of_carla[1]}) as carla:
        carla.run()
        session_id = carla.session_id
        assert b"No dial tone" in carla.received

        with Wire.connect(base, page="ticket", query="id=1", session_id=session_id) as thief:
            thief.run()

    assert b"No dial tone" not in thief.received
    assert b"Carla" not in thief.received


@pytest.mark.parametrize("origin", [None, "http://evil.example", "http://127.0.0.1:1", "null"])
def test_n2_a_socket_from_elsewhere_is_refused_at_once_and_nobody_else_waits(base: str, origin: str | None) -> None:
    begun = time.perf_counter()

    for _ in range(3):
        with pytest.raises(InvalidStatus):
            Wire.connect(base, origin=origin)

    assert time.perf_counter() - begun < 1
    with urlopen(f"{base}/healthz", timeout=1) as answer:  # noqa: S310 - our own address
        assert answer.status == http.client.OK


def test_behind_a_proxy_on_this_machine_the_address_it_names_is_the_one_that_is_slowed_down(
    tmp_path: Path,
) -> None:
    desk = open_desk(Settings(data_dir=tmp_path / "data"), password_rounds=4)
    for number in range(FAILURES_PER_MINUTE):
        with pytest.raises(WrongCredentialsError):
            desk.accounts.sign_in(f"name-{number}", "wrong wrong wrong", "203.0.113.9")
    desk.close()

    told = []
    with served(tmp_path / "data") as base:
        for address in ("203.0.113.9", "203.0.113.10"):
            with Wire.connect(base, page="login", headers={"X-Forwarded-For": address}) as stranger:
                stranger.run()
                stranger.set("username", "carla")
                stranger.set("password", "wrong wrong wrong")
                told.append("Too many attempts" in stranger.click("submit").text)

    assert told == [True, False]


def test_n2_a_foreign_host_is_refused_over_http_and_on_the_socket(base: str) -> None:
    connection = http.client.HTTPConnection(base.removeprefix("http://"), timeout=5)
    connection.request("GET", "/", headers={"Host": "evil.example"})

    assert connection.getresponse().status == http.client.BAD_REQUEST
    connection.close()


def test_the_routes_and_headers_are_there(base: str) -> None:
    with urlopen(f"{base}/ticket", timeout=5) as answer:  # noqa: S310 - our own address
        policy = answer.headers["content-security-policy"]

    assert "frame-ancestors 'none'" in policy
    assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]


def test_z10_a_forged_click_on_a_row_that_was_not_shown_opens_nothing(
    base: str, desk_of_carla: tuple[Path, str]
) -> None:
    with Wire.connect(base, page="my_tickets", cookies={"ticketing_session": desk_of_carla[1]}) as carla:
        carla.run()

        carla.trigger("ticketing_list_table", "opened", 99)
        assert t("page.my_tickets") in carla.text

        carla.trigger("ticketing_list_table", "opened", 1)
        assert "The line is dead." in carla.text


def collected(server: Server, token: str) -> dict[str, str]:
    """Read the figures of a server."""
    asked = Request(f"{server.base}/metrics", headers={"Authorization": f"Bearer {token}"})  # noqa: S310 - our own
    with urlopen(asked, timeout=10) as answer:  # noqa: S310 - as above
        return dict(line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if not line.startswith("#"))


@pytest.mark.parametrize("way", WAYS_TO_START)
def test_a_client_that_keeps_its_connection_waits_for_no_acknowledgement(tmp_path: Path, way: str) -> None:
    waits = []
    with served(tmp_path / "data", way) as base:
        line = http.client.HTTPConnection(urlsplit(base).netloc, timeout=SECONDS)
        for _ in range(60):
            began = time.perf_counter()
            line.request("GET", "/healthz")
            line.getresponse().read()
            waits.append(time.perf_counter() - began)
        line.close()

    # With the delay, none but the first few are answered in less than 40 ms.
    assert min(waits[-30:]) < 0.035


def test_a_served_desk_tells_its_figures_and_one_line_of_each_event(tmp_path: Path) -> None:
    token = "for the collector"
    with Server(tmp_path, TICKETING_METRICS_TOKEN=token, TICKETING_LOG_FORMAT="json") as server:
        cookies = {COOKIE: server.sign_in("carla")}
        with Wire.connect(server.base, page="new_ticket", cookies=cookies) as carla:
            carla.run()
            for title in ("zqfirst", "zqsecond"):
                carla.page = "new_ticket"
                carla.page_hash = ""
                carla.run()
                carla.set("title", title)
                carla.set("description", "zqtext")
                carla.click("submit")
            figures = collected(server, token)
        until = time.monotonic() + SECONDS
        while collected(server, token)["ticketing_sessions"] != "0":
            assert time.monotonic() < until

        lines = [json.loads(line) for line in server.log.splitlines() if line.startswith('{"at"')]
    opened = [line for line in lines if line.get("action") == "tickets.open"]
    assert [(line["actor"], line["object"], line["outcome"]) for line in opened] == [
        ("carla", "T-1", "done"),
        ("carla", "T-2", "done"),
    ]
    assert len({line["reference"] for line in opened}) == 2
    assert "zq" not in server.log
    assert figures["ticketing_sessions"] == "1"
    assert int(figures["ticketing_runs_total"]) >= 5
    assert figures['ticketing_events_total{action="tickets.open",outcome="done"}'] == "2"
    assert int(figures['ticketing_store_seconds_count{kind="read"}']) > int(figures["ticketing_runs_total"])


def test_a_file_that_breaks_off_on_its_way_leaves_nothing(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        head = (
            f"POST /attachments HTTP/1.1\r\nhost: 127.0.0.1:{server.port}\r\n"
            f"cookie: {COOKIE}={server.sign_in('carla')}\r\n"
            "sec-fetch-site: same-origin\r\nx-ticketing: 1\r\nx-file-name: half.bin\r\ncontent-length: 3000000\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", server.port)) as line:
            line.sendall(head.encode() + bytes(2_000_000))
        until = time.monotonic() + SECONDS
        while "http.post" not in server.log and time.monotonic() < until:
            time.sleep(0.05)

        assert "http.post /attachments: 400" in server.log
        assert "Traceback" not in server.log
        with server.desk.store.read() as tx:
            assert not tx.files.any()
