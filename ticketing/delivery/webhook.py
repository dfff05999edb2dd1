"""
Posting one message to a webhook, over HTTP/1.1, to an address that was looked at, within ten seconds in all.

Nothing of the answer is of interest but its status, so no more of it is read than that line: what is endless, huge or
slow behind it costs nothing. No redirect is followed, no proxy of the environment asked, and no word of the other side
gets into the ledger, by which somebody could read what only this machine can reach.
"""

import re
import socket
import ssl
import time
from functools import cached_property
from http.client import responses
from typing import Final
from urllib.parse import SplitResult, urlsplit

from ticketing.delivery.destinations import Destination, ForbiddenDestinationError, destinations
from ticketing.domain.webhooks import Answer, Post

# In seconds, for all of it; to look up a name takes as long as the machine's resolver allows.
TIMEOUT: Final = 10.0
_LONGEST_LINE: Final = 4096
_STATUS: Final = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: [^\r\n]*)?\r?\n")
_TOO_SLOW: Final = "It did not answer in 10 seconds."
_NO_HTTP: Final = "It did not answer in HTTP."
_BROKE_OFF: Final = "It broke off the connection."


class Poster:
    """Posts messages; to addresses of private networks and of this machine only where that is allowed."""

    def __init__(self, *, private: bool, timeout: float = TIMEOUT) -> None:
        self._private = private
        self._timeout = timeout

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()

    def post(self, post: Post) -> Answer:
        """Post it, and say what came of that; never raises for what the other side or the network does."""
        began = time.monotonic()
        try:
            status = self._posted(post, began + self._timeout)
        except ForbiddenDestinationError as error:
            status, says = 0, str(error)
        except TimeoutError:
            status, says = 0, _TOO_SLOW
        except (OSError, UnicodeError) as error:
            status, says = 0, _reason(error)
        except _NotHttpError:
            status, says = 0, _NO_HTTP
        else:
            says = _sentence(status)
        return Answer(status, says, round((time.monotonic() - began) * 1000))

    def _posted(self, post: Post, deadline: float) -> int:
        url = urlsplit(post.url)
        secure = url.scheme == "https"
        host = url.hostname or ""
        found = destinations(host, url.port or (443 if secure else 80), private=self._private, secure=secure)
        with self._line(found, host if secure else "", deadline) as line:
            _send(line, _request(url, post), deadline)
            return _status(line, deadline)

    def _line(self, found: list[Destination], host: str, deadline: float) -> socket.socket:
        """Return a connection, over TLS with whoever shows that they are the *host*, if that is given."""
        plain = _connected(found, deadline)
        try:
            return self._tls.wrap_socket(plain, server_hostname=host) if host else plain
        except BaseException:
            plain.close()
            raise


class _NotHttpError(Exception):
    """What came back is no answer of HTTP/1."""


def _connected(found: list[Destination], deadline: float) -> socket.socket:
    """Return a connection to the first of the addresses that answers."""
    trouble: OSError = TimeoutError()
    for family, address in found:
        line = socket.socket(family, socket.SOCK_STREAM)
        try:
            line.settimeout(_left(deadline))
            line.connect(address)
        except OSError as error:
            line.close()
            trouble = error
        else:
            line.settimeout(_left(deadline))
            return line
    raise trouble


def _request(url: SplitResult, post: Post) -> bytes:
    path = f"{url.path or '/'}{f'?{url.query}' if url.query else ''}"
    host = url.netloc.rpartition("@")[2]
    headers = {
        "host": host,
        "content-type": "application/json",
        "content-length": str(len(post.body)),
        "user-agent": "ticketing",
        "connection": "close",
    }
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in (headers | post.headers).items())]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + post.body


def _send(line: socket.socket, content: bytes, deadline: float) -> None:
    rest = memoryview(content)
    while rest:
        line.settimeout(_left(deadline))
        rest = rest[line.send(rest) :]


def _status(line: socket.socket, deadline: float) -> int:
    """Read as far as the status, over answers that are none yet (1xx); raises _NotHttpError."""
    read = b""
    while True:
        found = _STATUS.match(read)
        if found and not found[1].startswith(b"1"):
            return int(found[1])
        _, is_whole, rest = read.partition(b"\r\n\r\n") if found else (b"", b"", b"")
        if is_whole:
            read = rest
            continue
        if len(read) > _LONGEST_LINE or (not found and b"\n" in read):
            raise _NotHttpError
        line.settimeout(_left(deadline))
        more = line.recv(_LONGEST_LINE)
        if not more:
            raise ConnectionResetError
        read += more


def _left(deadline: float) -> float:
    """Return how many seconds are left; raises TimeoutError if none are."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _sentence(status: int) -> str:
    told = f"{status} {responses.get(status, '')}".strip()
    return f"{told}: redirects are not followed." if status // 100 == 3 else told  # noqa: PLR2004 - their class


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"Its certificate is not valid: {error.verify_message}"
    if isinstance(error, ConnectionResetError | BrokenPipeError | ssl.SSLEOFError):
        return _BROKE_OFF
    if isinstance(error, ssl.SSLError):
        return "It does not speak TLS as it should."
    if isinstance(error, socket.gaierror | UnicodeError):
        return "There is no such host."
    return f"It cannot be reached: {(getattr(error, 'strerror', None) or type(error).__name__).lower()}."
