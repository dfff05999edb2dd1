"""
Removing contents of files that nobody names from where they are kept elsewhere than the documents.

Nothing there takes part in a transaction, and to ask there is slow. So what is to go is first noted in the store, by
the transaction that finds that nothing names it, and goes after that. Whoever puts a content there looks for such a
note in the transaction that names it. A content that was put there in the meantime is young, and stays.
"""

import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from ticketing.domain.attachments import UPLOAD_LIFETIME
from ticketing.domain.errors import StorageBusyError
from ticketing.domain.receipts import Receipt
from ticketing.domain.store import FarFiles, Store, Transaction
from ticketing.services.access import Clock

# What nobody names is kept for longer than anybody may still attach it.
KEPT_UNNAMED: Final = UPLOAD_LIFETIME + timedelta(hours=1)
LOOK_EVERY: Final = timedelta(hours=6)
# How long a look keeps others from beginning one, and how long after a failure the next is due.
RETRY: Final = timedelta(hours=1)
_BATCH: Final = 100
_LOOKED: Final = "files elsewhere looked at"
# For so long a note stands, of which a content goes within the first minute; clocks differ by less than the second.
_NOTED: Final = timedelta(hours=1)
_GOING_SECONDS: Final = 60.0
_GONE_FOR_SURE: Final = timedelta(minutes=2)


class Cleaning:
    """What is done now and then where contents are kept elsewhere; of several processes one does it."""

    name = "Removing files that nobody names"

    def __init__(self, store: Store, files: FarFiles, clock: Clock) -> None:
        self._store = store
        self._files = files
        self._clock = clock

    def look(self) -> bool:
        """Remove all that nobody has named for a day, if it is time to look; there is never more at once."""
        now = self._clock()
        if self._takes_turn(now):
            for batch in _batches(self._files.hashes()):
                self._clean(batch, now - KEPT_UNNAMED)
            with self._store.write() as tx:
                _note_look(tx, now + LOOK_EVERY)
        return False

    def _takes_turn(self, now: datetime) -> bool:
        with self._store.read() as tx:
            if not _is_due(tx, now):
                return False
        with self._store.write() as tx:
            if not _is_due(tx, now):
                return False
            _note_look(tx, now + RETRY)
        return True

    def _clean(self, hashes: list[str], put_before: datetime) -> None:
        with self._store.read() as tx:
            unnamed = tx.files.unnamed(hashes)
        old = [one for one in unnamed if self._files.is_older(one, put_before)]
        if not old:
            return
        now, began = self._clock(), time.monotonic()
        with self._store.write() as tx:
            going = tx.files.unnamed(old)
            for one in going:
                tx.receipts.save(Receipt(id=_note(one), expires_at=now + _NOTED))
        for one in going:
            if time.monotonic() - began > _GOING_SECONDS:  # the next look finds the others again
                return
            if self._files.is_older(one, put_before):
                self._files.remove(one)


def require_staying(tx: Transaction, hashes: Iterable[str], put_since: datetime) -> None:
    """
    Raise StorageBusyError for a content that was, or may have been, taken away after it was put here.

    A content that was old already goes from beside the store in the very moment in which it comes again.
    """
    for one in hashes:
        if not tx.files.holds(one):
            raise StorageBusyError
        note = tx.receipts.find(_note(one))
        if note is not None and put_since < note.expires_at - _NOTED + _GONE_FOR_SURE:
            raise StorageBusyError


def _is_due(tx: Transaction, now: datetime) -> bool:
    looked = tx.receipts.find(_LOOKED)
    return looked is None or now >= looked.expires_at


def _note_look(tx: Transaction, next_at: datetime) -> None:
    tx.receipts.save(Receipt(id=_LOOKED, expires_at=next_at))


def _note(sha256: str) -> str:
    return f"going: {sha256}"


def _batches(hashes: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(islice(hashes, _BATCH)):
        yield batch
