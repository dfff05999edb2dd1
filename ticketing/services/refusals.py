"""
What was refused, for the audit log: the only thing that is written when a change is refused, and bounded.

Of one person, or of one address that nobody is signed in from, 20 refusals an hour are written down; and of all
together 10 a minute, of sign-ins and of actions each. So nobody fills a disk with refusals, nor the log with them.
The owner of an account at which many sign-ins fail is told by mail.
"""

import logging
from collections.abc import Callable

from ticketing.domain.audit import AuditAction, AuditEntry
from ticketing.domain.errors import StorageError, ThrottledError, TicketingError
from ticketing.domain.outbox import AccountMail
from ticketing.domain.store import Store, Transaction
from ticketing.services.access import A_MOMENT, Clock, find_user
from ticketing.services.outbox import tell_of_account
from ticketing.services.sessions import ACCOUNT
from ticketing.services.throttle import Throttle

log = logging.getLogger(__name__)


class Refusals:
    """Writes them down, each in a transaction of its own, once the refused one is undone; never fails."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._throttle = Throttle(clock)

    def note_sign_in(self, username: str, address: str, error: TicketingError) -> None:
        """Note a sign-in that was refused; a name that is nobody's is left out, for people type passwords there."""
        with self._store.read() as tx:
            user = find_user(tx, username)
            is_alarming = user is not None and self._throttle.is_alarming(tx, user.id)
        who = user.id if user else ""
        facts = {"why": error.code.replace("_", " ")}
        entry = AuditEntry(who, AuditAction.SIGN_IN_REFUSED, self._clock(), ACCOUNT, who, facts, address)
        self._write(entry, who=address or who)
        if is_alarming:
            self._tell_owner(who)

    def note_token(self, address: str) -> None:
        """Note a token or an API key that was not made here, or is no more."""
        self._write(AuditEntry("", AuditAction.TOKEN_REFUSED, self._clock(), address=address), who=address)

    def note_denial(self, username: str, address: str, number: int | None, error: TicketingError) -> None:
        """Note what was refused to somebody who is signed in, and of which ticket if it is about one."""
        kind, label = ("ticket", f"T-{number}") if number else ("", "")
        facts = {"why": str(error)}
        entry = AuditEntry(username, AuditAction.REFUSED, self._clock(), kind, label, facts, address)
        self._write(entry, who=username)

    def _write(self, entry: AuditEntry, who: str) -> None:
        def write(tx: Transaction) -> None:
            self._throttle.count_refusal(tx, entry.action, who)
            tx.audit.add(entry)

        self._attempt(write, "A refusal could not be written into the audit log")

    def _tell_owner(self, username: str) -> None:
        def tell(tx: Transaction) -> None:
            self._throttle.count_alarm(tx, username)
            tell_of_account(tx, username, AccountMail.SIGN_INS_FAILED, username, self._clock())

        self._attempt(tell, "The owner of an account could not be told of failed sign-ins")

    def _attempt(self, deed: Callable[[Transaction], None], failure: str) -> None:
        """Do it in a transaction, or nothing when it would be too many; the log tells when it cannot be done."""
        try:
            with self._store.write(patience=A_MOMENT) as tx:
                deed(tx)
        except ThrottledError:
            return
        except StorageError as error:
            log.warning("%s: %s", failure, error)
