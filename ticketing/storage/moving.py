"""From one store into another: everything but what goes by itself, and proof that it has arrived."""

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime

from ticketing.domain import attachments
from ticketing.domain.errors import StorageDamagedError
from ticketing.domain.progress import Progress, Steps
from ticketing.domain.store import Files
from ticketing.storage.archive import canonical, of_somebody
from ticketing.storage.documents.state import RECEIVED, TICKETS, USERS
from ticketing.storage.files import require_same
from ticketing.storage.whole import Content, Digest, NamedContents, Source, Target, content_of


def move(source: Source, target: Target, progress: Progress) -> dict[str, int]:
    """
    Copy everything but what is nobody's into an empty place, and return how many documents of each kind arrived.

    The source is only read, and may be worked with meanwhile. Cut off at any moment, nothing has arrived, and the
    target is no store until this was begun again and came to its end. *progress* is told of each document twice: when
    it is sent, and when it is read back. Raises RefusedError for a target that holds something, and
    StorageDamagedError for a document that is not valid, or when what arrived is not what was sent.
    """
    with ExitStack() as reading:
        documents = reading.enter_context(source.documents())
        steps = Steps(2 * sum(map(len, documents.values())), progress)
        with target.moving_in() as arrival:
            sent: Content = {}
            contents = NamedContents()
            accounts = {username for username, _ in documents.get(USERS, ())}
            for name, found in documents.items():
                digest = Digest()
                as_we_write = ((key, canonical(name, raw)) for key, raw in contents.over(steps.over(found)))
                arrival.take(name, digest.over(of_somebody(name, as_we_write, accounts)))
                sent |= digest.content(name)
            for sha256 in contents.named if source.files is not target.files else ():
                arrival.take_content(sha256, source.files.read(sha256))
            reading.close()
            arrived = content_of(arrival.documents(), steps)
            if arrived != sent:
                raise StorageDamagedError("What arrived is not what was sent, so it was not kept. Please try again.")
    return {name: number for name, (number, _) in arrived.items()}


def move_files(source: Source, target: Files, now: datetime, progress: Progress) -> int:
    """
    Copy what is in the files of a store to another place, and return how many there are; those that are there stay.

    Raises StorageDamagedError for one that is not what it was, and leaves it out.
    """
    attached = NamedContents()
    with source.documents() as documents:
        for collection in (TICKETS, RECEIVED):
            for _ in attached.over(documents.get(collection, ())):
                pass
    steps = Steps(len(attached.named), progress)
    for sha256 in steps.over(attached.named):
        if not target.holds(sha256):
            require_same(sha256, target.put(_sound(source.files, sha256), now))
    return len(attached.named)


def _sound(files: Files, sha256: str) -> Iterator[bytes]:
    """Yield a content, and break off at its end if it is not what it was: then nothing of it stays elsewhere."""
    checksum = hashlib.sha256()
    for piece in files.read(sha256):
        checksum.update(piece)
        yield piece
    require_same(sha256, attachments.Content(checksum.hexdigest(), 0))
