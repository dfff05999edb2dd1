"""
Files looked through for viruses by ClamAV's daemon, as they pass on their way in.

The protocol is clamd(8)'s INSTREAM: pieces, each behind its length in four bytes, and then one line of an answer. A
file is refused at its end, before anything of it is kept. No transaction waits for any of this.
"""

import logging
import re
import socket
import struct
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import unquote, urlsplit

from ticketing.domain.errors import FileUncheckedError, InfectedFileError, ScannerUnreachableError
from ticketing.domain.findings import Finding, Level

# Seconds: to connect, to send one piece, and until the answer is there, since a large archive takes its time.
CONNECT_TIMEOUT: Final = 5.0
SEND_TIMEOUT: Final = 20.0
ANSWER_TIMEOUT: Final = 60.0
_PORT: Final = 3310
_CHUNK: Final = 1 << 18
_LONGEST_ANSWER: Final = 1024
_CLEAN: Final = "stream: OK"
_FOUND: Final = re.compile(r"stream: (.{1,200}) FOUND")
_END: Final = struct.pack("!L", 0)
_FIX: Final = "Start clamd, or see to TICKETING_CLAMD_URL; see docs/files.md."

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ClamdAddress:
    """Where clamd listens: a host and a port, or the path of a socket on this machine."""

    host: str = ""
    port: int = _PORT
    path: str = ""

    @classmethod
    def read(cls, url: str) -> Self:
        """Read `tcp://HOST:3310` or `unix:///PATH`."""
        parts = urlsplit(url)
        if parts.scheme == "unix":
            return cls(path=unquote(parts.path))
        return cls(parts.hostname or "", parts.port or _PORT)

    def connect(self, timeout: float) -> socket.socket:
        """Connect within so many seconds; raises OSError."""
        if not self.path:
            return socket.create_connection((self.host, self.port), timeout)
        line = socket.socket(socket.AF_UNIX)
        line.settimeout(timeout)
        try:
            line.connect(self.path)
        except BaseException:
            line.close()
            raise
        return line


class Scanner:
    """
    Asks clamd about files.

    *required*: whether a file is refused that cannot be checked; otherwise it passes, with a line in the log.
    """

    def __init__(self, address: ClamdAddress, *, required: bool, answer_timeout: float = ANSWER_TIMEOUT) -> None:
        self._address = address
        self._required = required
        self._answer_timeout = answer_timeout

    def over(self, name: str, content: Iterable[bytes]) -> Iterator[bytes]:
        """
        Yield a content, and raise at its end unless it is clean.

        Raises InfectedFileError, FileUncheckedError when clamd says that it cannot check this one, and
        ScannerUnreachableError when it does not say anything.
        """
        with closing(_Question(self._address, self._answer_timeout)) as question:
            for piece in content:
                question.send(piece)
                yield piece
            answer = question.answer()
        if answer == _CLEAN:
            return
        if found := _FOUND.fullmatch(answer):
            raise InfectedFileError(name, found[1])
        log.warning("A file could not be checked for viruses: %s", _printable(answer) or "clamd does not answer")
        if self._required:
            raise FileUncheckedError(name) if answer.endswith(" ERROR") else ScannerUnreachableError

    def look(self) -> Finding:
        """Ask clamd whether it is there, and which version of what it is."""
        version = ""
        with suppress(OSError), closing(self._address.connect(CONNECT_TIMEOUT)) as line:
            line.sendall(b"zVERSION\0")
            version = _answer(line, CONNECT_TIMEOUT)
        if version.startswith("ClamAV "):
            return Finding(Level.OK, "viruses", f"Files are checked for viruses by {_printable(version)}.")
        if self._required:
            says = "The virus scanner does not answer, so no file is taken and mail with files has to wait."
            return Finding(Level.PROBLEM, "viruses", says, _FIX)
        return Finding(
            Level.WARNING, "viruses", "The virus scanner does not answer, so files are taken unchecked.", _FIX
        )


class _Question:
    """One file that clamd is asked about; from the first failure on nothing more is sent."""

    def __init__(self, address: ClamdAddress, answer_timeout: float) -> None:
        self._answer_timeout = answer_timeout
        self._line: socket.socket | None = None
        self._is_open = False
        with suppress(OSError):
            self._line = address.connect(CONNECT_TIMEOUT)
            self._line.settimeout(SEND_TIMEOUT)
            self._is_open = True
            self._send_raw(b"zINSTREAM\0")

    def send(self, piece: bytes) -> None:
        """Send more of the file; a piece of nothing would be its end."""
        for start in range(0, len(piece), _CHUNK):
            chunk = piece[start : start + _CHUNK]
            self._send_raw(struct.pack("!L", len(chunk)) + chunk)

    def answer(self) -> str:
        """Say that this was all, and return what is answered; what was answered before the end is told as well."""
        self._send_raw(_END)
        if self._line is None:
            return ""
        with suppress(OSError):
            return _answer(self._line, self._answer_timeout)
        return ""

    def _send_raw(self, sent: bytes) -> None:
        if self._line is None or not self._is_open:
            return
        try:
            self._line.sendall(sent)
        except OSError:
            self._is_open = False

    def close(self) -> None:
        """Hang up."""
        if self._line is not None:
            self._line.close()


def _answer(line: socket.socket, timeout: float) -> str:
    """Return the one line of an answer, which ends with NUL; raises OSError when it takes longer than *timeout*."""
    deadline, answer = time.monotonic() + timeout, b""
    while not answer.endswith(b"\0") and len(answer) < _LONGEST_ANSWER:
        line.settimeout(max(deadline - time.monotonic(), 0.001))
        received = line.recv(_LONGEST_ANSWER)
        if not received:
            return ""
        answer += received
    return answer.removesuffix(b"\0").decode("utf-8", "replace").strip()


def _printable(answer: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in answer[:200])
