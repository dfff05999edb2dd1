"""Posting to a real server that behaves as badly as servers can, within the time there is."""

import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.programs import program_or_skip
from tests.web_server import OK, WebServer
from ticketing.delivery.webhook import Poster
from ticketing.domain.webhooks import Answer, Post

SECOND = 1.0
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n"


def post_to(url: str, *, private: bool = True, timeout: float = SECOND) -> Answer:
    return Poster(private=private, timeout=timeout).post(Post(url, {"webhook-id": "msg_1"}, b'{"a": 1}'))


@pytest.fixture
def server() -> Iterator[WebServer]:
    with WebServer() as running:
        yield running


def test_a_message_arrives_with_its_headers_and_its_body(server: WebServer) -> None:
    answer = post_to(f"{server.url}?key=a%20b")

    [taken] = server.taken
    assert (answer.status, answer.says, answer.is_taken) == (200, "200 OK", True)
    assert (taken.line, taken.body) == ("POST /hook?key=a%20b HTTP/1.1", b'{"a": 1}')
    assert taken.headers["host"] == f"127.0.0.1:{server.port}"
    assert (taken.headers["webhook-id"], taken.headers["content-type"]) == ("msg_1", "application/json")


def test_a_large_message_arrives_whole(server: WebServer) -> None:
    body = b'"' + b"x" * 3_000_000 + b'"'

    assert Poster(private=True).post(Post(server.url, {}, body)).is_taken
    assert server.taken[0].body == body


@pytest.mark.parametrize(
    ("answer", "status", "says"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, "204 No Content"),
        (b"HTTP/1.0 500 <script>\r\n\r\n", 500, "500 Internal Server Error"),
        (b"HTTP/1.1 599 Anything\r\n\r\n", 599, "599"),
        (INTERIM + b"HTTP/1.1 202 Accepted\r\n\r\n", 202, "202 Accepted"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", 0, "It did not answer in HTTP."),
        (b"HTTP/2 200\r\n\r\n", 0, "It did not answer in HTTP."),
        (b"HTTP/1.1 " + b"2" * 10_000, 0, "It did not answer in HTTP."),
        (b"HTTP/1.1 2", 0, "It broke off the connection."),
        (b"", 0, "It broke off the connection."),
    ],
)  # fmt: skip
def test_only_the_status_of_an_answer_counts_and_no_word_of_it_is_told(
    server: WebServer, answer: bytes, status: int, says: str
) -> None:
    server.answer = answer

    said = post_to(server.url)

    assert (said.status, said.says) == (status, says)


def test_no_redirect_is_followed(server: WebServer) -> None:
    with WebServer() as inner:
        server.answer = f"HTTP/1.1 307 Temporary Redirect\r\nlocation: {inner.url}\r\n\r\n".encode()

        answer = post_to(server.url)

        assert (answer.is_taken, answer.says) == (False, "307 Temporary Redirect: redirects are not followed.")
        assert inner.connections == 0


def never_answers(_: socket.socket) -> None:
    time.sleep(5)


def answers_by_the_byte(line: socket.socket) -> None:
    for byte in b"HTTP/1.1 100 Continue\r\n" + b"x" * 1000:
        line.sendall(bytes([byte]))
        time.sleep(0.1)


def sends_interim_answers_for_ever(line: socket.socket) -> None:
    while True:
        line.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.01)


@pytest.mark.parametrize("behave", [never_answers, answers_by_the_byte, sends_interim_answers_for_ever])
def test_whatever_it_does_to_gain_time_it_has_no_more_than_the_time_there_is(
    server: WebServer, behave: Callable[[socket.socket], None]
) -> None:
    server.behave = behave
    began = time.monotonic()

    answer = post_to(server.url, timeout=0.5)

    assert (answer.status, answer.says) == (0, "It did not answer in 10 seconds.")
    assert time.monotonic() - began < 1


def test_an_endless_answer_is_not_read(server: WebServer) -> None:
    sent = 0

    def endless(line: socket.socket) -> None:
        nonlocal sent
        line.sendall(OK)
        while True:
            sent += line.send(b"x" * 65536)

    server.behave = endless

    assert post_to(server.url).is_taken
    assert sent < 50_000_000  # what the buffers of the machine take


def test_huge_headers_are_not_read(server: WebServer) -> None:
    server.answer = b"HTTP/1.1 200 OK\r\n" + b"x-filler: y\r\n" * 500_000

    assert post_to(server.url).is_taken


def test_where_nothing_listens_that_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]

    assert post_to(f"http://127.0.0.1:{port}/").says == "It cannot be reached: connection refused."


def test_a_name_that_nobody_has_is_told() -> None:
    assert post_to("https://nobody.invalid/").says == "There is no such host."


def test_without_the_setting_nothing_goes_to_this_machine(server: WebServer) -> None:
    answer = post_to(server.url, private=False)

    assert answer.says == "127.0.0.1 is a private address, to which no webhook goes here."
    assert server.connections == 0


def test_a_name_is_looked_up_once_so_no_second_answer_can_lead_elsewhere(
    server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up, looked_up = socket.getaddrinfo, 0

    def rebinding(_: str, port: int, *rest: Any, **more: Any) -> Any:
        nonlocal looked_up
        looked_up += 1
        return look_up("127.0.0.1" if looked_up == 1 else "169.254.169.254", port, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)

    assert post_to(f"http://rebinding.example:{server.port}/").is_taken
    assert looked_up == 1
    assert server.taken[0].headers["host"] == f"rebinding.example:{server.port}"


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """Return what a server at localhost speaks, whose certificate this machine trusts."""
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = [program_or_skip("openssl", "openssl is not here"), "req", "-x509", "-nodes", "-newkey", "rsa:2048"]
    command += ["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context


def test_tls_is_spoken_with_whoever_shows_that_they_are_the_host(tls: ssl.SSLContext) -> None:
    with WebServer(tls=tls) as server:
        assert post_to(f"https://localhost:{server.port}/").is_taken
        answer = post_to(f"https://127.0.0.1:{server.port}/")

    assert answer.says.startswith("Its certificate is not valid: ")
    assert "127.0.0.1" in answer.says
    assert len(server.taken) == 1


def test_a_certificate_that_nobody_vouches_for_is_refused(tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")

    with WebServer(tls=tls) as server:
        answer = post_to(f"https://localhost:{server.port}/")

    assert answer.says.startswith("Its certificate is not valid: self")
    assert server.taken == []


def test_a_server_without_tls_is_told_from_one_that_has_it(server: WebServer) -> None:
    server.behave = lambda line: line.sendall(OK)

    assert post_to(f"https://127.0.0.1:{server.port}/").says == "It does not speak TLS as it should."


def test_a_handshake_that_does_not_end_takes_no_longer_than_the_time_there_is(server: WebServer) -> None:
    server.behave = never_answers
    began = time.monotonic()

    assert post_to(f"https://127.0.0.1:{server.port}/", timeout=0.5).says == "It did not answer in 10 seconds."
    assert time.monotonic() - began < 1
