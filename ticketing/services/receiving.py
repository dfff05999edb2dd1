"""
Mail that comes in: kept first, then put into a ticket, once however often and by however many processes it is taken.

The original is in the file store before anything is decided. That it was taken stands in the store by the transaction
that changes the ticket, so whoever takes it again, after a crash or beside another process, learns what became of it.
"""

import hashlib
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final, NamedTuple

from ticketing.domain import policy
from ticketing.domain.attachments import Content
from ticketing.domain.errors import (
    AuthenticationError,
    MailNotFoundError,
    PermissionDeniedError,
    StorageBusyError,
    StorageError,
    TicketingError,
)
from ticketing.domain.incoming import Incoming
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.queries import Page
from ticketing.domain.received import (
    RECEIVED_LIFETIME,
    Admission,
    Fate,
    MailFetch,
    Received,
    ReceivedQuery,
    Verdict,
    received_id,
    subject_shown,
)
from ticketing.domain.store import Store, Transaction
from ticketing.services.access import A_MOMENT, Clock, Gate
from ticketing.services.attachments import LARGEST, Scan, unscanned
from ticketing.services.cleaning import require_staying
from ticketing.services.mail_entry import Entry, Message, keep_files
from ticketing.services.maintenance import require_open
from ticketing.services.retrying import until_it_is_known
from ticketing.services.throttle import Throttle

Reader = Callable[[bytes], Incoming]

# How much of an original is shown to whoever looks after the desk.
SHOWN: Final = 20_000
_NOTED_EVERY: Final = timedelta(minutes=5)
_FETCH: Final = MailFetch(id=MailFetch.kind, name="Mailbox")
_BUG: Final = "The desk could not process it; the log says more."

log = logging.getLogger(__name__)


class Original(NamedTuple):
    """What is on record of a mail, and the beginning of it as it came in."""

    received: Received
    text: str
    is_all: bool


class Receiving:
    """
    Takes mail in, and tells admins what became of it.

    `read` understands the bytes of a message, `admission` says whose mail is taken, `largest` how many bytes an
    attached file may have, `scan` looks for viruses in it.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        gate: Gate,
        read: Reader,
        admission: Admission,
        *,
        largest: int = LARGEST,
        scan: Scan = unscanned,
    ) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate
        self._read = read
        self._admission = admission
        self._largest = largest
        self._scan = scan
        self._throttle = Throttle(clock)

    def take(self, raw: bytes) -> Received:
        """
        Take a message in, and return what became of it; the same once more has no effect and the same answer.

        Another copy of one that is in no ticket, such as straight from its sender after one by a list, has its own
        chance. Raises StorageError only: then nothing has become of it, and it is to be taken another time.
        """
        mail, sha256 = self._read(raw), hashlib.sha256(raw).hexdigest()
        key = received_id(mail, sha256)
        with self._store.read() as tx:
            found = tx.received.find(key)
        if found is not None and _is_settled(found, sha256):
            return found
        with self._store.read() as tx:
            require_open(tx)
        since = self._clock()
        kept = self._store.files.put([raw], since)
        return self._settle(self._message(key, mail, kept, since))

    def again(self, actor: Actor, key: str) -> Received:
        """
        Process a mail again that is in no ticket, given its id, and return what became of it now.

        Whose mail is taken is decided by the rules as they are now; that a machine has sent it is no hindrance any
        more. What is in a ticket stays as it is. Raises MailNotFoundError.
        """
        found, raw = self._original(actor, key, Action.LOOK_AFTER_MAILS)
        mail = self._read(raw)
        kept = Content(found.raw_sha256, found.size)
        return self._settle(self._message(key, mail, kept, self._clock(), asked_by=actor))

    def original(self, actor: Actor, key: str) -> Original:
        """Return a mail as it came in, to be read by people; raises MailNotFoundError."""
        found, raw = self._original(actor, key, Action.LOOK_AFTER_MAILS)
        return Original(found, raw[:SHOWN].decode("utf-8", "replace"), is_all=len(raw) <= SHOWN)

    def last_fetch(self, actor: Actor) -> MailFetch:
        """Return when the mailbox was last looked into, and why it cannot be now."""
        with self._store.read() as tx:
            actor = self._gate.admit(tx, actor)
            policy.require(actor, Action.LOOK_AFTER_MAILS)
            return latest_fetch(tx)

    def search(self, actor: Actor, query: ReceivedQuery) -> Page[Received]:
        """Return one page of the record of all mail that came in, the newest first."""
        with self._store.read() as tx:
            actor = self._gate.admit(tx, actor)
            policy.require(actor, Action.LOOK_AFTER_MAILS)
            return tx.received.search(query)

    def note_fetch(self, failure: str = "") -> None:
        """
        Note that the mailbox was looked into just now, or by a sentence why it could not be.

        What is the same as a moment ago is not written again, nor what would have to wait for others.
        """
        now = self._clock()
        with self._store.read() as tx:
            if not _is_news(latest_fetch(tx), failure, now):
                return
        try:
            with self._store.write(patience=A_MOMENT) as tx:
                before = latest_fetch(tx)
                fetched_at = before.fetched_at if failure else now
                tx.definitions(MailFetch).save(before.model_copy(update={"fetched_at": fetched_at, "failure": failure}))
        except StorageBusyError:  # there will be another time
            return

    def _original(self, actor: Actor, key: str, action: Action) -> tuple[Received, bytes]:
        with self._store.read() as tx:
            actor = self._gate.admit(tx, actor)
            policy.require(actor, action)
            found = tx.received.find(key)
        if found is None or not found.raw_sha256:
            raise MailNotFoundError
        return found, b"".join(self._store.files.read(found.raw_sha256))

    def _message(
        self, key: str, mail: Incoming, kept: Content, since: datetime, asked_by: Actor | None = None
    ) -> Message:
        is_of_use = not mail.problem and (asked_by is not None or mail.automatic is None)
        files = keep_files(self._store.files, mail.files if is_of_use else (), self._largest, self._clock(), self._scan)
        return Message(key, mail, kept.sha256, kept.size, files, since, asked_by)

    def _settle(self, message: Message) -> Received:
        """Let a message in; one that is refused halfway, or that we stumble over, is on record as failed."""
        try:
            return until_it_is_known(partial(self._attempt, message, None))
        except (StorageError, AuthenticationError, PermissionDeniedError):
            raise
        except TicketingError as refusal:
            why = str(refusal)
        except Exception:
            log.exception("A mail could not be processed")
            why = _BUG
        return until_it_is_known(partial(self._attempt, message, Verdict(Fate.FAILED, why)))

    def _attempt(self, message: Message, verdict: Verdict | None) -> Received:
        now = self._clock()
        with self._store.write() as tx:
            if message.asked_by is not None:
                policy.require(self._gate.admit(tx, message.asked_by), Action.LOOK_AFTER_MAILS)
            found = tx.received.find(message.key)
            if found is not None and _is_settled(found, message.raw_sha256, asked=message.asked_by is not None):
                return found
            named = [message.raw_sha256, *(file.sha256 for file in message.files.kept)]
            require_staying(tx, named, message.kept_since)
            number = 0
            if verdict is None:
                verdict, number = Entry(tx, message, now, self._admission, self._throttle, self._largest).enter()
            entered = Received(
                id=message.key,
                at=found.at if found else now,
                sender=message.mail.sender,
                subject=subject_shown(message.mail),
                fate=verdict.fate,
                why=verdict.why,
                ticket=number,
                raw_sha256=message.raw_sha256,
                size=message.size,
                expires_at=now + RECEIVED_LIFETIME,
            )
            tx.received.save(entered)
            return entered


def _is_settled(found: Received, sha256: str, *, asked: bool = False) -> bool:
    """Whether nothing else can become of a message of which this copy comes in, or is asked for again."""
    return found.fate.is_in or (found.raw_sha256 == sha256 and not asked)


def latest_fetch(tx: Transaction) -> MailFetch:
    """Return when the mailbox was last looked into."""
    return tx.definitions(MailFetch).find(MailFetch.kind) or _FETCH


def _is_news(before: MailFetch, failure: str, now: datetime) -> bool:
    if failure or before.failure:
        return failure != before.failure
    return before.fetched_at is None or now - before.fetched_at >= _NOTED_EVERY
