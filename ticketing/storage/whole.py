"""A store taken as a whole: all documents out of it at one moment, all of them into it in one transaction."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from itertools import islice
from typing import Final, Protocol

from ticketing.domain.attachments import contents_of
from ticketing.domain.people import User
from ticketing.domain.progress import Steps
from ticketing.domain.store import Files, Store

HALF_MOVED: Final = (
    "This store is half moved: a migration into it was cut off. Run the same command, "
    "python3 -m ticketing migrate --to …, again: it goes on by itself."
)

NOT_EMPTY: Final = "The target holds {}. Nothing was changed; choose an empty one."
MIXED: Final = (
    "The target holds half a migration, and not as it was written. Nothing was changed; choose an empty one, or remove "
    "this one and create it anew."
)
OVERTAKEN: Final = "Another migration into the target was begun meanwhile, so this one has stopped."


class Documents(Protocol):
    """The documents of a collection, each with its id and in the order of these: tickets by number, people by name."""

    def __len__(self) -> int:
        """Return how many there are."""

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        """Yield them, read as they are asked for."""


# By collection, the documents that do not go by themselves.
Everything = Mapping[str, Documents]


class Source(Protocol):
    """A place out of which everything can be read."""

    @property
    def files(self) -> Files:
        """The contents of attached files, which no document holds; what a ticket names is never taken away."""

    def documents(self) -> AbstractContextManager[Everything]:
        """Give everything as it is at one moment, read as it is asked for; others read and write meanwhile."""

    def close(self) -> None:
        """Let go of it."""


class Arrival(Protocol):
    """Takes documents in, as they are."""

    def take(self, collection: str, documents: Iterable[tuple[str, bytes]]) -> None:
        """Take in all documents of a collection, each with its id; what is here already is not written again."""

    def ending(self) -> AbstractContextManager[Everything]:
        """Give what is here now; with the end of the block, if it ends well, the place becomes a store."""


class Target(Protocol):
    """An empty place into which everything can be moved."""

    @property
    def files(self) -> Files:
        """Where the contents of attached files come to."""

    def moving_in(self, coming: Everything) -> AbstractContextManager[Arrival]:
        """
        Give a way into it for what is coming.

        From its beginning until it ends well, be it in another process after this one was killed, nobody can open the
        place as a store. What an earlier attempt brought stays as far as what is coming begins with it. Raises
        RefusedError for a place that holds anything else.
        """

    def close(self) -> None:
        """Let go of it."""


class Intake(Protocol):
    """Takes documents in, as they are."""

    def holdings(self) -> str:
        """Say what was here before, in the words of `holdings`."""

    def clear(self) -> None:
        """Take everything away, also what goes by itself."""

    def take(self, collection: str, documents: Iterable[tuple[str, bytes]]) -> None:
        """Take in the documents of a collection, each with its id; there are none of it yet."""

    def take_content(self, sha256: str, content: Iterable[bytes]) -> None:
        """Take in what is in a file; raises StorageDamagedError if it is not what its hash says."""


class WholeStore(Store, Source, Protocol):
    """A store that can be copied, checked and filled."""

    def taking_in(self) -> AbstractContextManager[Intake]:
        """Give a way in; all of it is there when the block ends, or nothing."""


def holdings(everything: Everything) -> str:
    """Say what would be lost with a store; "" if it holds at most the untouched account of the first launch."""
    tickets, users = (everything.get(name, ()) for name in ("tickets", "users"))
    if not tickets and all(User.model_validate_json(raw).has_known_password for _, raw in users):
        return ""
    return ", ".join(
        f"{number:,} {name}" for name, number in (("tickets", len(tickets)), ("users", len(users))) if number
    )


class NamedContents:
    """The hashes of all that is attached in tickets."""

    def __init__(self) -> None:
        self._named: dict[str, None] = {}

    @property
    def named(self) -> Collection[str]:
        """Those that were found, each once."""
        return self._named

    def over(self, documents: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
        """Look for them in documents as they pass."""
        for key, document in documents:
            self._named.update(dict.fromkeys(contents_of(document)))
            yield key, document


# For each collection that holds something, how many documents and the SHA-256 of all by their ids.
Content = dict[str, tuple[int, str]]


class Digest:
    """What a collection holds, in a number and a hash."""

    def __init__(self) -> None:
        self._documents = 0
        self._hash = hashlib.sha256()

    def over(self, documents: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
        """Count documents in as they pass."""
        for key, document in documents:
            self._documents += 1
            self._hash.update(document + b"\n")
            yield key, document

    def content(self, collection: str) -> Content:
        """Return what was counted, under the name of the collection; nothing for nothing."""
        return {collection: (self._documents, self._hash.hexdigest())} if self._documents else {}


def begins_with(everything: Everything, content: Content) -> bool:
    """Whether the first documents of each collection, as many as that says, are what it says."""
    first = {name: islice(everything.get(name, ()), number) for name, (number, _) in content.items()}
    return content_of(first) == content


def content_of(everything: Mapping[str, Iterable[tuple[str, bytes]]], steps: Steps | None = None) -> Content:
    """Return what a store holds, in numbers and hashes."""
    content: Content = {}
    for name, found in everything.items():
        digest = Digest()
        for _ in digest.over(steps.over(found) if steps else found):
            pass
        content |= digest.content(name)
    return content
