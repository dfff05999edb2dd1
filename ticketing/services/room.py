"""How much room there is for files in all, so that what people send never fills the disk on which tickets are kept."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from ticketing.domain.attachments import in_words
from ticketing.domain.errors import FilesFullError
from ticketing.domain.findings import Finding, Level
from ticketing.domain.store import Store
from ticketing.services.access import Clock

# To add up everything takes a moment where there is much, so it is not done for each file.
MEASURED_EVERY: Final = timedelta(minutes=10)
_NEARLY_FULL: Final = 0.9


class Room:
    """
    What may still come in before all files together have more than *limit* bytes.

    What other processes took since the last time of adding up is not counted yet, and what came in twice counts twice
    until then: several processes may go beyond the limit by as much as comes in within ten minutes.
    """

    def __init__(self, store: Store, clock: Clock, limit: int) -> None:
        self._store = store
        self._clock = clock
        self._limit = limit
        self._used = 0
        self._measured_at: datetime | None = None

    def over(self, name: str, content: Iterable[bytes]) -> Iterator[bytes]:
        """Yield a file of this name as it comes in; raises FilesFullError as soon as there is no room for more."""
        left = self._limit - self._in_use()
        size = 0
        for piece in content:
            size += len(piece)
            if size > left:
                raise FilesFullError(name)
            yield piece
        self._used += size

    def look(self) -> Finding:
        """Say how much of the room is taken."""
        self._measured_at = None
        used = self._in_use()
        says = f"Files take {in_words(used)} of {in_words(self._limit)}."
        if used < _NEARLY_FULL * self._limit:
            return Finding(Level.OK, "room for files", says)
        does = "Raise TICKETING_MAX_FILES_GB if there is disk for it: when all of that is taken, no file comes in."
        return Finding(Level.WARNING, "room for files", says, does)

    def _in_use(self) -> int:
        now = self._clock()
        if self._measured_at is None or now >= self._measured_at + MEASURED_EVERY:
            self._used, self._measured_at = self._store.files.used(), now
        return self._used
