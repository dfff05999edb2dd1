"""How far something long is."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar

# Told how many steps are done, and of how many.
Progress = Callable[[int, int], None]
Thing = TypeVar("Thing")

_NOW_AND_THEN: Final = 500


class Steps:
    """Counts steps, and tells now and then how many of all are done."""

    def __init__(self, whole: int, progress: Progress) -> None:
        self._done = 0
        self._whole = whole
        self._progress = progress

    def take(self) -> None:
        """Count one more."""
        self._done += 1
        if self._done % _NOW_AND_THEN == 0 or self._done == self._whole:
            self._progress(self._done, self._whole)

    def over(self, things: Iterable[Thing]) -> Iterator[Thing]:
        """Count each of the things once it is dealt with."""
        for thing in things:
            yield thing
            self.take()


def silent(_done: int, _whole: int) -> None:
    """Tell nobody how far it is."""
