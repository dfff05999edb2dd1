"""A store taken as a whole: all documents out of it at one moment, all of them into it in one transaction."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from ticketing.domain.store import Store, Transaction

# By collection, the documents that do not go by themselves, each with its id and in the order of these: tickets by
# number, people by username.
Everything = Mapping[str, Iterator[tuple[str, bytes]]]


class Intake(Protocol):
    """Takes documents in, as they are."""

    @property
    def tx(self) -> Transaction:
        """The transaction in which it happens; it may not see yet what was just put in."""

    def clear(self) -> None:
        """Take everything away, also what goes by itself."""

    def put(self, collection: str, key: str, document: bytes) -> None:
        """Put one document in, whose id is the key."""


class WholeStore(Store, Protocol):
    """A store that can be copied, moved and checked."""

    def documents(self) -> AbstractContextManager[Everything]:
        """Give everything as it is at one moment, read as it is asked for; others read and write meanwhile."""

    def taking_in(self) -> AbstractContextManager[Intake]:
        """Give a way in; all of it is there when the block ends, or nothing."""
