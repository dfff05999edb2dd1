"""The doors beside the pages: Streamlit's own endpoints and the socket itself."""

import time
from collections.abc import Mapping
from http.client import HTTPConnection

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.exceptions import InvalidStatus

from tests.serving import COOKIE, Server
from tests.wire import Wire
from ticketing.ui.wording import t

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("forge")]


def ask(
    server: Server, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
) -> tuple[int, bytes]:
    """Send a request as a client of one's own would."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=20)
    try:
        connection.request(method, path, body, dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    "origin", [None, "http://evil.example", "http://localhost:1", "http://127.0.0.1", "null", "https://127.0.0.1"]
)
def test_n2_a_socket_of_another_origin_is_refused_at_once(server: Server, origin: str | None) -> None:
    waits = []
    for _ in range(5):
        begun = time.perf_counter()
        with pytest.raises(InvalidStatus):
            Wire.connect(server.base, origin=origin)
        waits.append(time.perf_counter() - begun)

    assert min(waits) < 0.05


def test_u1_a_stranger_cannot_fill_the_memory_with_uploads(server: Server) -> None:
    with Wire.connect(server.base) as stranger:
        stranger.run()
        path = f"/_stcore/upload_file/{stranger.session_id}/some-file"
        own = {"Origin": server.base, "Content-Type": "application/octet-stream"}
        made_up = own | {"Cookie": f"{COOKIE}=made-up"}
        foreign = own | {"Origin": "http://evil.example"}

        assert ask(server, "PUT", path, own, b"x" * 1000)[0] == 401
        assert ask(server, "PUT", path, made_up, b"x" * 1000)[0] == 401
        assert ask(server, "PUT", path, foreign, b"x" * 1000)[0] == 403
        assert ask(server, "DELETE", path, own)[0] == 401


@pytest.mark.parametrize(
    "path", ["/_stcore/metrics", "/_stcore/agent", "/_stcore/agent/openapi.json", "/x/_stcore/metrics"]
)
def test_what_tells_of_the_inside_is_closed(server: Server, path: str) -> None:
    assert ask(server, "GET", path) == (404, b"Not found.\n")


@pytest.mark.parametrize("path", ["/media/x", "/component/x/../../etc/passwd", "/static/../pyproject.toml", "/data/"])
def test_no_file_of_the_desk_can_be_fetched(server: Server, path: str) -> None:
    status, body = ask(server, "GET", path)

    assert status != 200 or body.lstrip().lower().startswith(b"<!doctype html>")
    assert b"root:" not in body
    assert b"[project]" not in body


@pytest.mark.parametrize(
    "message",
    [
        BackMsg(clear_cache=True),
        BackMsg(set_run_on_save=True),
        BackMsg(load_git_info=True),
        BackMsg(stop_script=True),
        BackMsg(debug_shutdown_runtime=True),
        BackMsg(debug_disconnect_websocket=True),
    ],
    ids=lambda message: message.WhichOneof("type"),
)
def test_what_a_stranger_may_say_to_streamlit_moves_nobody_else(server: Server, message: BackMsg) -> None:
    with Wire.connect(server.base, page="my_tickets", cookies={COOKIE: server.sign_in("carla")}) as carla:
        carla.run()
        with Wire.connect(server.base) as stranger:
            stranger.run()
            stranger.send(message)
            time.sleep(0.2)

        carla.run()

        assert t("page.my_tickets") in carla.text
        assert t("sidebar.sign_out") in carla.text
