"""The line between a desk and its PostgreSQL, which breaks at the worst moment: when a change is committed."""

import socket
import threading
from contextlib import suppress
from enum import Enum, auto
from types import TracebackType
from typing import Self

from tests.postgres import SERVER_USER, Cluster

_CHUNK = 65536
_COMMIT = b"COMMIT\0"


class Break(Enum):
    """Where the line breaks."""

    BEFORE_THE_COMMIT = auto()
    AFTER_THE_COMMIT = auto()


class DatabaseLine:
    """Listens on a port of its own, and passes everything on to the server's socket and back."""

    def __init__(self, cluster: Cluster) -> None:
        self._socket = str(cluster.folder / ".s.PGSQL.5432")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._next_break: Break | None = None
        self.breaks = 0

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def address(self, database: str) -> str:
        """Return the address of a database at this end of the line."""
        return f"postgresql+psycopg://{SERVER_USER}@127.0.0.1:{self._listener.getsockname()[1]}/{database}"

    def break_once(self, where: Break) -> None:
        """Let the line break at the next commit, and be whole again for the next connection."""
        self._next_break = where

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(self._socket)
                threading.Thread(target=self._pass_questions, args=(near, far), daemon=True).start()
                threading.Thread(target=_pass_answers, args=(far, near), daemon=True).start()

    def _pass_questions(self, near: socket.socket, far: socket.socket) -> None:
        with suppress(OSError):
            while data := near.recv(_CHUNK):
                where = self._next_break if _COMMIT in data else None
                if where is not None:
                    self._next_break = None
                    self.breaks += 1
                    _hang_up(near)  # so the answer that comes back reaches nobody
                if where is not Break.BEFORE_THE_COMMIT:
                    far.sendall(data)
                if where is not None:
                    break
        _finish(far)


def _pass_answers(far: socket.socket, near: socket.socket) -> None:
    with suppress(OSError):
        while data := far.recv(_CHUNK):
            with suppress(OSError):
                near.sendall(data)
    _hang_up(near)
    far.close()


def _finish(end: socket.socket) -> None:
    """Say that nothing more comes; what was sent still arrives."""
    with suppress(OSError):
        end.shutdown(socket.SHUT_WR)


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
