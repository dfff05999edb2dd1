"""Receipts: what was already done, so that the same request twice is one effect and the same answer."""

from datetime import datetime, timedelta
from typing import Final

from ticketing.domain.errors import KeyReusedError
from ticketing.domain.sign_in import fingerprint
from ticketing.domain.text import Stored

RECEIPT_LIFETIME = timedelta(minutes=10)
# Under this id stands that the scheduled backup is made, or in the making, until the next one is due.
BACKUP_RECEIPT = "scheduled backup"
# Before it in a key stands what tells an intention from others, behind it a hash of what the request brings.
CONTENT: Final = "\0"
# Stands in each receipt with an answer, by which those are found: anybody may be told of in an answer.
ANSWERED: Final = "answered"


class Answer(Stored):
    """What a call was answered with."""

    state: str = ANSWERED
    status: int
    headers: dict[str, str]
    body: str


class Receipt(Stored):
    """
    The outcome of one intention. `id` is a hash over the acting person and the key the request came with.

    `content` is a hash of what the request brought. Of what is no ticket's, the outcome is an `answer`, None as long as
    it is not known, and `attempt` tells which of several requests has done it. What the desk does by itself has an id
    of its own, no `ticket`, and in `failure` the sentence why it was not done.
    """

    id: str
    ticket: int = 0
    expires_at: datetime
    failure: str | None = None
    content: str = ""
    attempt: str = ""
    answer: Answer | None = None

    def require_same(self, content: str) -> None:
        """Raise KeyReusedError if the request that it is of has brought something else."""
        if self.content != content:
            raise KeyReusedError


def receipt_of(username: str, key: str) -> tuple[str, str]:
    """Return the id of the receipt of what somebody does under a key, and the hash of what is brought."""
    name, _, content = key.partition(CONTENT)
    return fingerprint("receipt", username, name), content
