"""Receipts: what was already done, so that the same request twice is one effect and the same answer."""

from datetime import datetime, timedelta

from ticketing.domain.text import Stored

RECEIPT_LIFETIME = timedelta(minutes=10)


class Receipt(Stored):
    """The outcome of one intention. `id` is a hash over the acting person and the key the request came with."""

    id: str
    ticket: int
    expires_at: datetime
