"""From one store into another: everything but what goes by itself, and proof that it has arrived."""

import hashlib
from collections.abc import Container, Iterator
from contextlib import ExitStack
from datetime import datetime
from typing import Final

from ticketing.domain import attachments
from ticketing.domain.errors import StorageDamagedError
from ticketing.domain.progress import Progress, Steps
from ticketing.domain.store import Files
from ticketing.storage.archive import canonical, of_somebody
from ticketing.storage.documents.state import OWNED, RECEIVED, TICKETS, USERS
from ticketing.storage.files import require_same, utc_now
from ticketing.storage.whole import Content, Digest, Documents, NamedContents, Source, Target, content_of

_NOT_AS_SENT: Final = "What arrived is not what was sent, so it was not kept. Please try again."


def move(source: Source, target: Target, progress: Progress) -> dict[str, int]:
    """
    Copy everything but what is nobody's into an empty place, and return how many documents of each kind arrived.

    The source is only read, and may be worked with meanwhile. Cut off at any moment, the target is no store until this
    was called again and came to its end: what whole batches had arrived is compared, and not written again unless the
    source has changed there. *progress* is told of each document twice: when it is sent, and when it is read back.
    Raises RefusedError for a target that holds something else, and StorageDamagedError for a document that is not
    valid, or when what arrived is not what was sent.
    """
    with ExitStack() as reading:
        found = reading.enter_context(source.documents())
        accounts = {username for username, _ in found.get(USERS, ())}
        documents = {name: _AsWeWrite(name, found[name], accounts) for name in sorted(found, key=_turn)}
        steps = Steps(2 * sum(map(len, documents.values())), progress)
        with target.moving_in(documents) as arrival:
            sent: Content = {}
            for name, coming in documents.items():
                digest, contents = Digest(), NamedContents()
                arrival.take(name, digest.over(contents.over(steps.over(coming))))
                sent |= digest.content(name)
                for sha256 in contents.named if source.files is not target.files else ():
                    if not _is_sound(target.files, sha256):
                        _copy(source.files, target.files, sha256, utc_now())
            reading.close()
            with arrival.ending() as read_back:
                arrived = content_of(read_back, steps)
                if arrived != sent:
                    raise StorageDamagedError(_NOT_AS_SENT)
    return {name: number for name, (number, _) in arrived.items()}


def _turn(collection: str) -> int:
    """
    Return when a collection has its turn: the accounts come late, and what is theirs alone behind them.

    So for as long as it can be, nobody signs in at a desk that runs over the target, and a database finds whose it is.
    """
    return 2 if collection in OWNED else int(collection == USERS)


class _AsWeWrite:
    """Documents of a collection, as this version writes them, without what is nobody's."""

    def __init__(self, collection: str, found: Documents, accounts: Container[str]) -> None:
        self._collection = collection
        self._found = found
        self._accounts = accounts

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        as_we_write = ((key, canonical(self._collection, raw)) for key, raw in self._found)
        return of_somebody(self._collection, as_we_write, self._accounts)


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
            _copy(source.files, target, sha256, now)
    return len(attached.named)


def _copy(source: Files, target: Files, sha256: str, now: datetime) -> None:
    require_same(sha256, target.put(_sound(source, sha256), now))


def _is_sound(files: Files, sha256: str) -> bool:
    """Whether a content is there, and is what its hash says."""
    if not files.holds(sha256):
        return False
    try:
        for _ in _sound(files, sha256):
            pass
    except StorageDamagedError:
        return False
    return True


def _sound(files: Files, sha256: str) -> Iterator[bytes]:
    """Yield a content, and break off at its end if it is not what it was: then nothing of it stays elsewhere."""
    checksum = hashlib.sha256()
    for piece in files.read(sha256):
        checksum.update(piece)
        yield piece
    require_same(sha256, attachments.Content(checksum.hexdigest(), 0))
