"""Files of messages: sent first, attached when the message is, and handed out to whoever may read that message."""

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Final

from ticketing.domain import policy
from ticketing.domain.attachments import (
    ATTACHED,
    BYTES_PER_DAY,
    HEAD,
    MEGABYTE,
    UPLOAD_LIFETIME,
    Attachment,
    Upload,
    clean_file_name,
    media_type_of,
)
from ticketing.domain.conditions import Having
from ticketing.domain.errors import (
    AttachmentNotFoundError,
    DayFullError,
    EmptyFileError,
    FileTooLargeError,
    UploadGoneError,
)
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.queries import TicketQuery
from ticketing.domain.receipts import Receipt
from ticketing.domain.store import Files, Store, Transaction
from ticketing.domain.tickets import Ticket
from ticketing.services.access import Clock, Gate, reach
from ticketing.services.cleaning import KEPT_UNNAMED, require_staying

LARGEST: Final = 10 * MEGABYTE
UPLOADS_PER_DAY: Final = 500
_ID_BYTES: Final = 16
_TIDY_EVERY: Final = timedelta(hours=6)
_TIDY_BATCH: Final = 25
# Under this id stands that nothing unnamed is left until the next look is due.
_TIDIED: Final = "unnamed files removed"


Scan = Callable[[str, Iterable[bytes]], Iterable[bytes]]


def unscanned(_name: str, content: Iterable[bytes]) -> Iterable[bytes]:
    """Return what is in a file of this name, where nobody looks for viruses."""
    return content


@dataclass(frozen=True, slots=True)
class Opened:
    """An attachment that somebody may read, and the way to what is in it."""

    attachment: Attachment
    _files: Files

    def read(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield what is in it by the piece, or what of that stands from *start* up to *end*."""
        return self._files.read(self.attachment.sha256, start, end)


class Attachments:
    """
    What one can do with files.

    `largest` is how many bytes one may have, `scan` looks for viruses in it. A file that was sent and not attached
    within a day is gone.
    """

    def __init__(self, store: Store, clock: Clock, gate: Gate, largest: int = LARGEST, scan: Scan = unscanned) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate
        self._scan = scan
        self.largest = largest

    def expect(self, actor: Actor, name: str, size: int) -> None:
        """
        Raise unless the actor may send a file of this size now; so one that is refused need not be sent first.

        Raises FileTooLargeError and DayFullError.
        """
        if size > self.largest:
            raise FileTooLargeError(clean_file_name(name), self.largest)
        with self._store.read() as tx:
            self._admit(tx, actor, size)

    def put(self, actor: Actor, name: str, content: Iterable[bytes]) -> Upload:
        """
        Keep a file that comes in, for the actor to attach it by its id; it is on disk when this returns.

        Raises FileTooLargeError, EmptyFileError, DayFullError and what `scan` does; then nothing of it stays.
        """
        called = clean_file_name(name)
        with self._store.read() as tx:
            room = self._admit(tx, actor, 0)
        pieces = iter(content)
        head, begun = _beginning(pieces)
        if not head:
            raise EmptyFileError(called)
        now = self._clock()
        kept = self._store.files.put(self._scan(called, self._limited(called, chain(begun, pieces), room)), now)
        upload = Upload(
            id=secrets.token_urlsafe(_ID_BYTES),
            name=called,
            size=kept.size,
            sha256=kept.sha256,
            media_type=media_type_of(called, head),
            username=actor.username,
            expires_at=now + UPLOAD_LIFETIME,
        )
        with self._store.write() as tx:
            self._admit(tx, actor, kept.size)
            require_staying(tx, [kept.sha256], now)
            upload.place = tx.files.place
            tx.uploads.save(upload)
        return upload

    def _limited(self, name: str, pieces: Iterable[bytes], room: int) -> Iterator[bytes]:
        """Yield the pieces; what is refused halfway leaves nothing behind."""
        size = 0
        for piece in pieces:
            size += len(piece)
            if size > self.largest:
                raise FileTooLargeError(name, self.largest)
            if size > room:
                raise DayFullError(BYTES_PER_DAY)
            yield piece

    def _admit(self, tx: Transaction, actor: Actor, size: int) -> int:
        """Raise unless the actor may send so much more today; return how much that is at most."""
        actor = self._gate.admit(tx, actor)
        policy.require(actor, Action.OPEN_TICKET)
        now = self._clock()
        sent = [upload.size for upload in tx.uploads.of_user(actor.username) if now < upload.expires_at]
        if len(sent) >= UPLOADS_PER_DAY or sum(sent) + size > BYTES_PER_DAY:
            raise DayFullError(BYTES_PER_DAY)
        return BYTES_PER_DAY - sum(sent)

    def open(self, actor: Actor, key: str) -> Opened:
        """
        Return an attachment of a message that the actor may read, by its id; raises AttachmentNotFoundError.

        One that is there and not for the actor reads the same as one that was never there.
        """
        with self._store.read() as tx:
            actor = self._gate.admit(tx, actor)
            named_so = TicketQuery(conditions=(Having(ATTACHED, frozenset({key})),))
            for number in list(tx.tickets.numbers(policy.audience(actor), named_so)):  # a few at most
                if attachment := _readable(actor, reach(tx, actor, number), key):
                    return Opened(attachment, self._store.files)
        raise AttachmentNotFoundError


class Tidying:
    """The chore of removing what came in and was never attached."""

    name = "Removing files that nobody attached"

    def is_due(self, tx: Transaction, now: datetime) -> bool:
        """Whether it is time to look; where there are no files it never is."""
        tidied = tx.receipts.find(_TIDIED)
        return (tidied is None or now >= tidied.expires_at) and tx.files.any()

    def do_some(self, tx: Transaction, now: datetime) -> bool:
        """Remove the next few; tell whether there may be more."""
        if not self.is_due(tx, now):
            return False
        found = tx.files.unused(now - KEPT_UNNAMED, _TIDY_BATCH)
        for sha256 in found:
            tx.files.remove(sha256)
        if len(found) == _TIDY_BATCH:
            return True
        tx.receipts.save(Receipt(id=_TIDIED, expires_at=now + _TIDY_EVERY))
        return False


def attach(tx: Transaction, actor: Actor, ticket: Ticket, ids: Sequence[str], now: datetime) -> None:
    """
    Hang what the actor has sent on the newest message of a ticket, each once; who may write it may.

    Raises UploadGoneError for what is not there, not theirs, or attached already, and what `Ticket.attach` does.
    """
    uploads = [_take(tx, actor, key, now) for key in ids]
    ticket.attach([upload.attachment() for upload in uploads])


def _take(tx: Transaction, actor: Actor, key: str, now: datetime) -> Upload:
    upload = tx.uploads.find(key)
    if upload is None or upload.username != actor.username or upload.taken or now >= upload.expires_at:
        raise UploadGoneError
    if upload.place != tx.files.place or not tx.files.holds(upload.sha256):
        raise UploadGoneError
    upload.taken = True
    tx.uploads.save(upload)
    return upload


def _readable(actor: Actor, ticket: Ticket, key: str) -> Attachment | None:
    """Return the attachment if the message that has it is for the actor; one may be in several, as after a merge."""
    messages = policy.readable(actor, ticket)
    found = (attachment for message in messages for attachment in message.attachments if attachment.id == key)
    return next(found, None)


def _beginning(pieces: Iterator[bytes]) -> tuple[bytes, list[bytes]]:
    """Return as much of a file as tells of which kind it is, and the pieces that were read for that."""
    begun: list[bytes] = []
    while sum(map(len, begun)) < HEAD and (piece := next(pieces, None)) is not None:
        begun.append(piece)
    return b"".join(begun)[:HEAD], begun
