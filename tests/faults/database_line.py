"""The line between a desk and its PostgreSQL, which breaks at the worst moment: when a change is committed."""

import socket
import threading
from contextlib import suppress
from enum import Enum, auto

from tests.lines import Line, hang_up
from tests.postgres import SERVER_USER, Cluster

_CHUNK = 65536
_COMMIT = b"COMMIT\0"


class Break(Enum):
    """Where the line breaks."""

    BEFORE_THE_COMMIT = auto()
    AFTER_THE_COMMIT = auto()


class DatabaseLine(Line):
    """Passes everything on to the server's socket and back, but for what it breaks off."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__()
        self._socket = str(cluster.folder / ".s.PGSQL.5432")
        self._next_break: Break | None = None
        self.breaks = 0

    def address(self, database: str) -> str:
        """Return the address of a database at this end of the line."""
        return f"postgresql+psycopg://{SERVER_USER}@127.0.0.1:{self.port}/{database}"

    def break_once(self, where: Break) -> None:
        """Let the line break at the next commit, and be whole again for the next connection."""
        self._next_break = where

    def _connect(self, near: socket.socket) -> None:
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
                    hang_up(near)  # so the answer that comes back reaches nobody
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
    hang_up(near)
    far.close()


def _finish(end: socket.socket) -> None:
    """Say that nothing more comes; what was sent still arrives."""
    with suppress(OSError):
        end.shutdown(socket.SHUT_WR)
