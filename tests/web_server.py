"""A real web server for tests, on a socket of this machine, that takes messages or behaves as badly as it is told."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

OK: Final = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


@dataclass
class Taken:
    """A message as it came in."""

    line: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class WebServer:
    """
    A server from `with` to its end; `taken` is what has come in, the oldest first.

    `answer` is what it says to each message; `behave` is given the connection instead, and does as it likes.
    """

    answer: bytes = OK
    delay: float = 0.0
    tls: ssl.SSLContext | None = None
    behave: Callable[[socket.socket], None] | None = None
    address: str = "127.0.0.1"
    taken: list[Taken] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self._socket = socket.create_server((self.address, 0))
        self._thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._socket.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """How it is reached."""
        return f"{'https' if self.tls else 'http'}://{self.address}:{self.port}/hook"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        try:
            with self.tls.wrap_socket(plain, server_side=True) if self.tls else plain as line:
                if self.behave:
                    self.behave(line)
                    return
                self.taken.append(_read(line))
                time.sleep(self.delay)
                line.sendall(self.answer)
        except OSError:  # the other side has gone, as it may
            plain.close()


def _read(line: socket.socket) -> Taken:
    """Read a message; raises ConnectionError for one that was cut off, as by a sender who was killed."""
    with line.makefile("rb") as file:
        first = file.readline().decode("latin-1").strip()
        headers = {}
        while (header := file.readline()).strip():
            name, _, value = header.decode("latin-1").strip().partition(": ")
            headers[name.lower()] = value
        size = int(headers.get("content-length", 0))
        body = file.read(size)
    if not header or len(body) < size:
        raise ConnectionAbortedError
    return Taken(first, headers, body)
