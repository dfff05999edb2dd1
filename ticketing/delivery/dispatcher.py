"""
Sends what waits in the outbox: claims a few, makes each mail as it is to be read now, hands it over, notes its fate.

Killed between any two steps, it loses nothing. What the server has taken and nobody has noted yet is sent once more
after the lease, with the same Message-ID: whether a server took a mail cannot be known when the line breaks right then.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol

from ticketing.background import Worker
from ticketing.domain.errors import StorageError
from ticketing.domain.outbox import Letter, Outcome, Outgoing, Result, SmtpServer

if TYPE_CHECKING:
    from ticketing.delivery.mails import Desk
    from ticketing.delivery.smtp import SmtpConnection

# In seconds: what waits for nothing else is under way as soon as this.
LOOK_EVERY: Final = 3.0
_NOT_MADE: Final = Outcome(Result.AGAIN, "This mail could not be put together. The log says more.")

log = logging.getLogger(__name__)


class Sending(Protocol):
    """What the desk tells whoever delivers."""

    def claim(self) -> list[Outgoing]:
        """Return mails that are due, which nobody else gets while the lease lasts."""

    def holds(self, mail: Outgoing) -> bool:
        """Whether there is enough left of the lease for one more try."""

    def letter(self, mail: Outgoing) -> Letter | Outcome:
        """Return what the mail is to say, or why it is not to be sent any more."""

    def settle(self, mail: Outgoing, outcome: Outcome, message_id: str = "") -> None:
        """Note what came of a mail that was claimed."""

    def release(self, mails: Sequence[Outgoing]) -> None:
        """Give back what was claimed and not tried."""

    def desk_name(self) -> str:
        """Return what the desk is called, "" where it has no name of its own."""

    def clock(self) -> datetime:
        """Return the present moment."""


class Dispatcher(Worker):
    """
    Sends mails in a thread of its own, so that nobody waits for a mail server.

    Once it is to stop, it claims no more, and gives back what was not tried.
    """

    def __init__(self, sending: Sending, server: SmtpServer, sender: tuple[str, str], base_url: str | None) -> None:
        super().__init__("mails", self.send_some, LOOK_EVERY)
        self._sending = sending
        self._server = server
        self._sender = sender
        self._base_url = base_url or ""
        self._unsettled: list[tuple[Outgoing, Outcome, str]] = []

    def drain(self) -> None:
        """Send all that is due, now, as far as the mail server can be reached."""
        while self.send_some():
            pass

    def send_some(self) -> bool:
        """Send the next few; tell whether there may be more, and it would be of use to go on."""
        self._settle_the_rest()
        claimed = self._sending.claim()
        if not claimed:
            return False
        # Slow to import, and a start is to be quick.
        from ticketing.delivery.mails import Desk  # noqa: PLC0415
        from ticketing.delivery.smtp import SmtpConnection  # noqa: PLC0415

        name, address = self._sender
        desk = Desk(name or self._sending.desk_name(), address, self._base_url)
        with SmtpConnection(self._server, desk.host) as connection:
            for place, mail in enumerate(claimed):
                if self._stopping.is_set() or not self._sending.holds(mail):
                    self._sending.release(claimed[place:])
                    return not self._stopping.is_set()
                self._send(mail, desk, connection)
            if not connection.is_reachable:
                log.warning("Mails have to wait: the mail server cannot be reached")
            return connection.is_reachable

    def _send(self, mail: Outgoing, desk: "Desk", connection: "SmtpConnection") -> None:
        outcome, message_id = self._tried(mail, desk, connection)
        if outcome.result not in {Result.SENT, Result.DROPPED} and connection.is_reachable:
            log.warning("A mail was not sent; the ledger says why")  # a server's words may name the recipient
        self._unsettled.append((mail, outcome, message_id))
        try:
            self._settle_the_rest()
        except StorageError as error:
            log.warning("What became of a mail could not be noted yet: %s", error)

    def _tried(self, mail: Outgoing, desk: "Desk", connection: "SmtpConnection") -> tuple[Outcome, str]:
        from ticketing.delivery.mails import compose, message_id  # noqa: PLC0415 - see send_some

        try:
            letter = self._sending.letter(mail)
            if isinstance(letter, Outcome):
                return letter, ""
            made = compose(letter, desk, self._sending.clock())
            return connection.send(made, desk.address, letter.address), message_id(letter, desk.host)
        except Exception:
            log.exception("A mail could not be put together")
            return _NOT_MADE, ""

    def _settle_the_rest(self) -> None:
        """Note what could not be noted before; raises StorageError if that still cannot be."""
        while self._unsettled:
            self._sending.settle(*self._unsettled[0])
            self._unsettled.pop(0)
