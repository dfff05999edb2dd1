"""All that a transaction over documents offers."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from itertools import filterfalse, islice
from typing import Protocol

from ticketing.domain.api_keys import ApiKey
from ticketing.domain.attachments import CONTENT, Upload
from ticketing.domain.definitions import Definition, Kind, by_name, read_definition
from ticketing.domain.deliveries import Delivery
from ticketing.domain.drafts import Draft
from ticketing.domain.mail_links import MailLink
from ticketing.domain.notifications import Notice
from ticketing.domain.openid import Identity, SignInRequest
from ticketing.domain.outbox import Outgoing
from ticketing.domain.people import User
from ticketing.domain.receipts import Receipt
from ticketing.domain.received import Received
from ticketing.domain.sign_in import Attempts, Device, HandOff, Session
from ticketing.storage.audit_file import AuditFile
from ticketing.storage.documents.audit import AuditLog
from ticketing.storage.documents.collections import DocumentCollection, OwnedDocuments, Pending
from ticketing.storage.documents.messages import Deliveries, Mails, Notices, ReceivedMail
from ticketing.storage.documents.people import Sessions, Users
from ticketing.storage.documents.state import (
    API_KEYS,
    DELIVERIES,
    DEVICES,
    DRAFTS,
    IDENTITIES,
    NOTICES,
    OUTGOING,
    RECEIVED,
    SESSIONS,
    TICKETS,
    UPLOADS,
    USERS,
    State,
)
from ticketing.storage.documents.tickets import Tickets


class Contents(Protocol):
    """Contents of files, of which nobody asks here who names them."""

    def is_empty(self) -> bool:
        """Whether nothing was ever put here."""

    def holds(self, sha256: str) -> bool:
        """Whether the content is here."""

    def hashes(self) -> Iterator[str]:
        """Yield the hashes of all that is here."""

    def is_older(self, sha256: str, moment: datetime) -> bool:
        """Whether the content was last put here before that moment."""

    def remove(self, sha256: str) -> None:
        """Take a content away."""


class Files:
    """All contents of files; what is taken away is gone at once, whatever becomes of the transaction."""

    def __init__(self, pending: Pending, contents: Contents, place: str) -> None:
        self._pending = pending
        self._contents = contents
        self.place = place

    def any(self) -> bool:
        """Whether there is a content at all."""
        return not self._contents.is_empty()

    def holds(self, sha256: str) -> bool:
        """Whether the content is here."""
        return bool(self.place) or self._contents.holds(sha256)

    def unused(self, put_before: datetime, limit: int) -> list[str]:
        """Return hashes of contents put here before that moment that nothing names, at most `limit`."""
        with self._pending.applied(TICKETS, RECEIVED) as state:
            unnamed = filterfalse(partial(_is_named, state), self._contents.hashes())
            return list(islice((one for one in unnamed if self._contents.is_older(one, put_before)), limit))

    def unnamed(self, hashes: Iterable[str]) -> list[str]:
        """Return those of the hashes that nothing names."""
        with self._pending.applied(TICKETS, RECEIVED) as state:
            return list(filterfalse(partial(_is_named, state), hashes))

    def remove(self, sha256: str) -> None:
        """Take a content away; that it is not there is no error."""
        self._contents.remove(sha256)


class Definitions(DocumentCollection[Kind]):
    """All definitions of one kind."""

    def _read(self, raw: bytes) -> Kind:
        return read_definition(self._model, raw)

    def all(self) -> list[Kind]:
        """Return all of them by name."""
        found = (self.find(key) for key in self._pending.keys(self._name))
        return sorted((one for one in found if one is not None), key=by_name)


class DocumentTransaction:
    """All repositories over one state and one set of pending changes."""

    __slots__ = ("_contents", "_place", "audit", "pending")

    def __init__(
        self,
        state: State,
        lock: AbstractContextManager[object],
        contents: Contents,
        place: str = "",
        audit_file: AuditFile | None = None,
    ) -> None:
        self.pending = Pending(state, lock)
        self.audit = AuditLog(self.pending, audit_file)
        self._contents = contents
        self._place = place

    @property
    def tickets(self) -> Tickets:
        """All tickets."""
        return Tickets(self.pending)

    @property
    def users(self) -> Users:
        """All accounts."""
        return Users(self.pending, USERS, User)

    @property
    def sessions(self) -> Sessions:
        """All sessions."""
        return Sessions(self.pending, SESSIONS, Session)

    @property
    def hand_offs(self) -> DocumentCollection[HandOff]:
        """Sign-ins on their way to a cookie."""
        return DocumentCollection(self.pending, "hand_offs", HandOff)

    @property
    def mail_links(self) -> DocumentCollection[MailLink]:
        """Links by which people show that they read what is sent to an address."""
        return DocumentCollection(self.pending, "mail_links", MailLink)

    @property
    def devices(self) -> OwnedDocuments[Device]:
        """Browsers known to accounts."""
        return OwnedDocuments(self.pending, DEVICES, Device)

    @property
    def api_keys(self) -> OwnedDocuments[ApiKey]:
        """Keys by which programs act on somebody's behalf."""
        return OwnedDocuments(self.pending, API_KEYS, ApiKey)

    @property
    def identities(self) -> OwnedDocuments[Identity]:
        """Who signs in by a provider."""
        return OwnedDocuments(self.pending, IDENTITIES, Identity)

    @property
    def sign_in_requests(self) -> DocumentCollection[SignInRequest]:
        """Browsers that were sent to a provider."""
        return DocumentCollection(self.pending, "sign_in_requests", SignInRequest)

    @property
    def attempts(self) -> DocumentCollection[Attempts]:
        """Failed attempts."""
        return DocumentCollection(self.pending, "attempts", Attempts)

    @property
    def receipts(self) -> DocumentCollection[Receipt]:
        """What was done already."""
        return DocumentCollection(self.pending, "receipts", Receipt)

    @property
    def uploads(self) -> OwnedDocuments[Upload]:
        """Files that came in within a day."""
        return OwnedDocuments(self.pending, UPLOADS, Upload)

    @property
    def files(self) -> Files:
        """Contents of files."""
        return Files(self.pending, self._contents, self._place)

    @property
    def drafts(self) -> OwnedDocuments[Draft]:
        """What people have typed and not sent."""
        return OwnedDocuments(self.pending, DRAFTS, Draft)

    @property
    def notices(self) -> Notices:
        """What people are told."""
        return Notices(self.pending, NOTICES, Notice)

    @property
    def outgoing(self) -> Mails:
        """Mails that go out."""
        return Mails(self.pending, OUTGOING, Outgoing)

    @property
    def deliveries(self) -> Deliveries:
        """What webhooks are told."""
        return Deliveries(self.pending, DELIVERIES, Delivery)

    @property
    def received(self) -> ReceivedMail:
        """What is on record of mail that came in."""
        return ReceivedMail(self.pending, RECEIVED, Received)

    def definitions(self, kind: type[Kind], along: Sequence[type[Definition]] = ()) -> Definitions[Kind]:
        """Return what was set up, of one kind; the others are at hand."""
        del along
        return Definitions(self.pending, kind.kind, kind)


def _is_named(state: State, sha256: str) -> bool:
    return (CONTENT, sha256) in state.by_term or sha256 in state.raws
