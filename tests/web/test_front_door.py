"""The look from outside: at a desk, at what stands in its way, and at what is no desk."""

from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from threading import Thread
from typing import Self

import pytest
from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from tests.proxy import Proxy
from tests.serving import Server, free_port
from ticketing.domain.findings import Finding, Level
from ticketing.services.diagnosis import origin_of
from ticketing.web.front_door import knock

pytestmark = pytest.mark.processes

WELL = b'{"status":"ok"}'


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Return a desk that knows its public address."""
    with Server(tmp_path, with_people=False) as running:
        yield running


class Lookalike:
    """Something that answers in the desk's place: with these words, and to WebSockets if it takes them."""

    def __init__(self, words: bytes = WELL, status: HTTPStatus = HTTPStatus.OK, *, takes_sockets: bool = True) -> None:
        self._answer = Response(status, status.phrase, Headers({"Content-Length": str(len(words))}), words)
        self._takes_sockets = takes_sockets
        self._server = serve(self._take, "127.0.0.1", 0, process_request=self._reply)
        self.base = f"http://127.0.0.1:{self._server.socket.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread = Thread(target=self._server.serve_forever)
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._server.shutdown()
        self._thread.join()

    def _take(self, socket: ServerConnection) -> None:
        socket.close()

    def _reply(self, _socket: ServerConnection, request: Request) -> Response | None:
        return None if self._takes_sockets and request.path != "/healthz" else self._answer


def found(base_url: str) -> Finding:
    """Return the one thing that keeps visitors out; what helps is said."""
    [finding] = [finding for finding in knock(base_url) if finding.level is not Level.OK]
    assert finding.fix
    return finding


def test_a_desk_without_a_public_address_has_no_front_door() -> None:
    assert knock(None) == []


def test_a_desk_lets_in_its_own_pages_and_nobody_elses(server: Server) -> None:
    assert knock(server.base) == [
        Finding(Level.OK, "proxy", f"{server.base} leads to a desk."),
        Finding(Level.OK, "websocket", "WebSockets of the desk's own pages come through, others are refused."),
    ]


def test_a_path_in_the_public_address_is_no_part_of_what_browsers_send_as_origin() -> None:
    assert origin_of("https://Desk.example.org:8443/help/") == "https://desk.example.org:8443"


def test_a_desk_that_is_not_known_by_this_name_is_told(server: Server) -> None:
    base = server.base.replace("127.0.0.1", "127.1")

    assert found(base).says == f"{base} does not lead to a desk from here: it answers 400."


def test_a_certificate_that_nobody_trusts_is_told(tmp_path: Path) -> None:
    with Proxy(tmp_path, [free_port(), free_port()]) as proxy:
        told = found(proxy.base)

    assert told.level is Level.WARNING
    assert told.says == f"{proxy.base} does not lead to a desk from here: self-signed certificate."


@pytest.mark.parametrize(
    ("words", "status", "reason"),
    [
        (WELL, HTTPStatus.BAD_GATEWAY, "it answers 502"),
        (b"<!doctype html>", HTTPStatus.OK, "something else answers there"),
        (b'{"status":"up"}', HTTPStatus.OK, "something else answers there"),
    ],
    ids=["bad gateway", "no json", "other json"],
)
def test_what_is_no_desk_is_told(words: bytes, status: HTTPStatus, reason: str) -> None:
    with Lookalike(words, status) as other:
        assert found(other.base).says == f"{other.base} does not lead to a desk from here: {reason}."


def test_that_nobody_answers_is_told() -> None:
    assert found(f"http://127.0.0.1:{free_port()}").says.endswith(
        " does not lead to a desk from here: Connection refused."
    )


def test_a_proxy_that_lets_no_websocket_through_is_a_problem() -> None:
    with Lookalike(takes_sockets=False) as proxy:
        told = found(proxy.base)

    assert told.level is Level.PROBLEM
    assert "cannot open their WebSocket there (status 200)" in told.says
    assert "docs/deploy.md" in told.fix


def test_a_proxy_that_hides_the_origin_is_a_problem() -> None:
    with Lookalike() as proxy:
        told = found(proxy.base)

    assert told.level is Level.PROBLEM
    assert told.says == "A page of another site could open a WebSocket of the desk."
