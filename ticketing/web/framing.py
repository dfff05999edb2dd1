"""
A file that tells how far it is while it is sent, for whoever shows that to a person.

It comes in frames, whatever its form: how many steps are done, of how many, how many bytes follow, each a number of
four bytes with the highest first, and then these bytes. The last frame has done all; what ends without it is not whole.
"""

from collections.abc import Iterable, Iterator
from struct import Struct
from typing import Final

FRAMES: Final = "application/octet-stream"

_HEAD: Final = Struct("!III")
_ENOUGH: Final = 1 << 16


class Place:
    """How far something is; it is called with each progress."""

    def __init__(self) -> None:
        self.at = (0, 0)

    def __call__(self, done: int, whole: int) -> None:
        """Note it."""
        self.at = done, whole


def framed(parts: Iterable[bytes], place: Place) -> Iterator[bytes]:
    """Yield the parts in frames: one whenever it is further, and one for enough bytes."""
    waiting, told = bytearray(), (0, 0)
    for part in parts:
        waiting += part
        if place.at != told or len(waiting) >= _ENOUGH:
            yield _HEAD.pack(*place.at, len(waiting)) + waiting
            waiting.clear()
            told = place.at
    yield _HEAD.pack(*place.at, len(waiting)) + waiting
