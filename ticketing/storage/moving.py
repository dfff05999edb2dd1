"""From one store into another: everything but what goes by itself, and proof that it has arrived."""

import hashlib
from collections.abc import Iterator

from ticketing.domain.errors import RefusedError, StorageDamagedError
from ticketing.domain.progress import Progress
from ticketing.storage.archive import canonical, holdings, number_of_tickets
from ticketing.storage.whole import Everything, WholeStore

Content = dict[str, tuple[int, str]]


def move(source: WholeStore, target: WholeStore, progress: Progress) -> dict[str, int]:
    """
    Copy everything into an empty store, and return how many documents arrived; *progress* is told of the tickets.

    It is one transaction of the target: cut off at any moment, it has not happened and can be begun again. The source
    is only read, and may be worked with meanwhile. Raises RefusedError for a target that holds something, and
    StorageDamagedError when what arrived is not what was sent.
    """
    sent: Content = {}
    with target.taking_in() as intake:
        if held := holdings(intake.tx):
            raise RefusedError(f"The target holds {held}. Nothing was changed; choose an empty one.")
        intake.clear()
        with source.read() as tx:
            whole = number_of_tickets(tx)
        with source.documents() as documents:
            for name, found in documents.items():
                digest = _Digest()
                for key, raw in _counted(found, progress, whole) if name == "tickets" else found:
                    intake.put(name, key, digest.add(name, raw))
                sent[name] = digest.content
    with target.documents() as documents:
        arrived = content_of(documents)
    if {name: said for name, said in sent.items() if said[0]} != arrived:
        raise StorageDamagedError("What arrived is not what was sent: empty the target and begin again.")
    return {name: number for name, (number, _) in arrived.items()}


def content_of(documents: Everything) -> Content:
    """Return, for each collection that holds something, how many documents and the SHA-256 of all by their ids."""
    found: Content = {}
    for name, pairs in documents.items():
        digest = _Digest()
        for _, raw in pairs:
            digest.add(name, raw)
        if digest.documents:
            found[name] = digest.content
    return found


class _Digest:
    """What a collection holds, in a number and a hash."""

    def __init__(self) -> None:
        self.documents = 0
        self._hash = hashlib.sha256()

    @property
    def content(self) -> tuple[int, str]:
        return self.documents, self._hash.hexdigest()

    def add(self, collection: str, raw: bytes) -> bytes:
        """Count a document in, and return it as this version writes it."""
        document = canonical(collection, raw)
        self.documents += 1
        self._hash.update(document + b"\n")
        return document


def _counted(documents: Iterator[tuple[str, bytes]], progress: Progress, whole: int) -> Iterator[tuple[str, bytes]]:
    for done, document in enumerate(documents, 1):
        yield document
        progress(done, max(done, whole))
