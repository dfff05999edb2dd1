"""What goes out by mail: nothing yet, so nothing is queued."""

from datetime import datetime

from ticketing.domain.notifications import Notice
from ticketing.domain.store import Transaction


def queue(_tx: Transaction, _notice: Notice, _now: datetime) -> None:
    """Queue the mail that tells what a notice tells."""


def queue_digest(_tx: Transaction, _username: str, _now: datetime) -> None:
    """Queue the mail that tells a person what is unread of all that they want once a day."""
