"""Receipts: what was already done, so that the same request twice is one effect and the same answer."""

from datetime import datetime, timedelta

from ticketing.domain.text import Stored

RECEIPT_LIFETIME = timedelta(minutes=10)
# Under this id stands that the scheduled backup is made, or in the making, until the next one is due.
BACKUP_RECEIPT = "scheduled backup"


class Receipt(Stored):
    """
    The outcome of one intention. `id` is a hash over the acting person and the key the request came with.

    What the desk does by itself has an id of its own, no `ticket`, and in `failure` the sentence why it was not done.
    """

    id: str
    ticket: int = 0
    expires_at: datetime
    failure: str | None = None
