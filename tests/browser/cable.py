"""A network cable between a browser and the server, which a test can cut and mend."""

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

from tests.serving import free_port

CHUNK = 65536


class Cable:
    """Listens on a port of its own and passes everything on to the server's, both ways, while it is whole."""

    def __init__(self, server_port: int) -> None:
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self._server_port = server_port
        self._whole = True
        self._lock = threading.Lock()
        self._ends: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=128)

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """End all connections and let no new one through."""
        with self._lock:
            self._whole = False
            ends, self._ends = self._ends, []
        for end in ends:
            _hang_up(end)

    def mend(self) -> None:
        """Let new connections through again."""
        with self._lock:
            self._whole = True

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                far = self._reach_server() if self._whole else None
                if far is not None:
                    self._ends += [near, far]
            if far is None:
                _hang_up(near)
                continue
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=_pump, args=(one, other), daemon=True).start()

    def _reach_server(self) -> socket.socket | None:
        try:
            return socket.create_connection(("127.0.0.1", self._server_port), timeout=None)
        except OSError:
            return None


def _pump(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(CHUNK):
            other.sendall(data)
    _hang_up(one)
    _hang_up(other)


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
