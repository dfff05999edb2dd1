"""
Answers leave at once, whatever their parts are.

Streamlit makes the socket at which it listens without naming TCP, so that asyncio does not know it for what it is and
leaves Nagle's algorithm on: the second part of an answer waits until the first one is acknowledged, and a client that
keeps its connection does that after 40 ms (RFC 1122, 4.2.3.2).
"""

import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_OPEN_FILES = Path("/dev/fd")


def send_without_delay() -> None:
    """Switch the algorithm off for all TCP sockets of this process; what is accepted by one takes that over from it."""
    for number in _open_files():
        with suppress(OSError), socket.socket(fileno=os.dup(number)) as found:
            if found.family in {socket.AF_INET, socket.AF_INET6} and found.type == socket.SOCK_STREAM:
                found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _open_files() -> Iterator[int]:
    """Yield the numbers of the open files; none on Windows, which does not tell."""
    with suppress(OSError):
        yield from [int(entry.name) for entry in _OPEN_FILES.iterdir()]
