"""A network cable between a browser and the server, which a test can cut and mend."""

import socket
import threading
from contextlib import suppress
from types import TracebackType

from tests.lines import Line, hang_up

CHUNK = 65536


class Cable(Line):
    """Passes everything on to the server's port, both ways, while it is whole."""

    def __init__(self, server_port: int) -> None:
        super().__init__()
        self.base = f"http://127.0.0.1:{self.port}"
        self._server_port = server_port
        self._whole = True
        self._lock = threading.Lock()
        self._ends: list[socket.socket] = []

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        self.cut()

    def cut(self) -> None:
        """End all connections and let no new one through."""
        with self._lock:
            self._whole = False
            ends, self._ends = self._ends, []
        for end in ends:
            hang_up(end)

    def mend(self) -> None:
        """Let new connections through again."""
        with self._lock:
            self._whole = True

    def _connect(self, near: socket.socket) -> None:
        with self._lock:
            far = self._reach_server() if self._whole else None
            if far is not None:
                self._ends += [near, far]
        if far is None:
            hang_up(near)
            return
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
    hang_up(one)
    hang_up(other)
