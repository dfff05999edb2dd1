"""Lines between a client and a server, at which tests can tamper."""

import socket
import threading
from abc import ABC, abstractmethod
from contextlib import suppress
from types import TracebackType
from typing import Self


class Line(ABC):
    """Listens on a port of its own while it is entered; what becomes of a connection is each line's own affair."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                self._connect(near)

    @abstractmethod
    def _connect(self, near: socket.socket) -> None:
        """Pass on what comes from a client, and back, in threads of its own; an OSError ends the line."""


def hang_up(end: socket.socket) -> None:
    """End a connection at once, for whoever still reads or writes there too."""
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
