"""What reports count by, read off the documents when one is made, and kept until the ticket changes."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager

from ticketing.domain.errors import StorageUnreadableError
from ticketing.domain.facts import BATCH, Facts, packed, unpacked
from ticketing.storage.documents.state import TICKETS, UNREADABLE, State


class Reported:
    """
    The tickets of a report, as they are at this moment.

    To read the facts off a document takes some twenty times as long as to read those that are kept, so nobody waits
    meanwhile: the documents of the moment are remembered, and the lock is taken to keep what was found.
    """

    def __init__(self, state: State, lock: AbstractContextManager[object], numbers: Sequence[int]) -> None:
        documents = state.documents.get(TICKETS, {})
        self._state = state
        self._lock = lock
        self._numbers = numbers
        self._documents = [documents[str(number)] for number in numbers]
        self._kept = [state.facts.get(number) for number in numbers]

    def in_batches(self) -> Iterator[list[Facts]]:
        """Yield the facts of all of them."""
        for first in range(0, len(self._numbers), BATCH):
            yield from unpacked(self._facts(slice(first, first + BATCH)))

    def _facts(self, part: slice) -> list[str]:
        """Return the facts of a part of them, those that were kept and those that are made now."""
        tickets = list(zip(self._numbers[part], self._documents[part], self._kept[part], strict=True))
        fresh = {number: (document, _read_off(number, document)) for number, document, kept in tickets if kept is None}
        if fresh:
            self._keep(fresh)
        return [fresh[number][1] if kept is None else kept for number, _, kept in tickets]

    def _keep(self, fresh: dict[int, tuple[bytes, str]]) -> None:
        """Keep the facts of the tickets that have not changed meanwhile."""
        with self._lock:
            documents = self._state.documents.get(TICKETS, {})
            self._state.facts.update(
                {number: facts for number, (document, facts) in fresh.items() if documents.get(str(number)) is document}
            )


def _read_off(number: int, document: bytes) -> str:
    try:
        return packed(document)
    except UNREADABLE as error:
        raise StorageUnreadableError(TICKETS, str(number)) from error
