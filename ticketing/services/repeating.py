"""
Calls that come twice: however often one is sent under its key, it has one effect and one answer.

What is done with tickets sees to that itself (`deeds`). For all else there is one place that does: every transaction of
a service that writes comes by here before it is kept, and the first one of a call keeps the receipt along with what it
changes. The answer is known only later, and put into the receipt by a transaction of its own; if that was not to be, a
repeat is refused and has no effect.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from secrets import token_hex

from ticketing.domain.errors import AlreadyDoneError, StorageError
from ticketing.domain.people import Actor
from ticketing.domain.receipts import RECEIPT_LIFETIME, Answer, Receipt, receipt_of
from ticketing.domain.store import Store, Transaction
from ticketing.services.access import Clock, Gate

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Intention:
    """What a call wants done once; `is_begun` when something of it is done. What is `shown_once` is not kept."""

    receipt: str
    content: str
    at: datetime
    shown_once: bool
    attempt: str = field(default_factory=lambda: token_hex(8))
    is_begun: bool = False

    def receipt_with(self, answer: Answer | None) -> Receipt:
        """Return the receipt of what was done."""
        expires_at = self.at + RECEIPT_LIFETIME
        return Receipt(
            id=self.receipt, expires_at=expires_at, content=self.content, attempt=self.attempt, answer=answer
        )


_under_way: ContextVar[Intention | None] = ContextVar("intention", default=None)


class Repeats:
    """What programs rely on that send a call again because they do not know what has come of it."""

    def __init__(self, store: Store, clock: Clock, gate: Gate) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate

    def look_up(self, actor: Actor, key: str, *, shown_once: bool = False) -> Answer | Intention:
        """
        Return what was answered to the same call before, or else what is to be done.

        Raises KeyReusedError, and AlreadyDoneError where the answer is not known.
        """
        now = self._clock()
        with self._store.read() as tx:
            receipt_id, content = receipt_of(self._gate.admit(tx, actor).username, key)
            receipt = tx.receipts.find(receipt_id)
        if receipt is None or receipt.expires_at <= now:
            return Intention(receipt_id, content, now, shown_once)
        receipt.require_same(content)
        if receipt.answer is None:
            raise AlreadyDoneError(shown_once)
        return receipt.answer


@contextmanager
def under_way(intention: Intention) -> Iterator[None]:
    """Have the receipt kept by whatever changes something in this block."""
    outside = _under_way.set(intention)
    try:
        yield
    finally:
        _under_way.reset(outside)


def note_done(tx: Transaction) -> None:
    """Keep the receipt of the call that is under way; raises AlreadyDoneError if the same was done meanwhile."""
    intention = _under_way.get()
    if intention is None or intention.is_begun:
        return
    found = tx.receipts.find(intention.receipt)
    if found is not None and found.expires_at > intention.at:
        found.require_same(intention.content)
        raise AlreadyDoneError(intention.shown_once)
    tx.receipts.save(intention.receipt_with(None))
    intention.is_begun = True


def keep_answer(store: Store, intention: Intention, answer: Answer) -> None:
    """Keep what was answered, for a repeat to be answered alike; that it cannot be kept changes nothing now."""
    told = None if intention.shown_once else answer
    _save(store, intention, lambda tx: tx.receipts.save(intention.receipt_with(told)))


def forget(store: Store, intention: Intention) -> None:
    """Let be tried again what was refused, if anything of it was noted before."""
    if intention.is_begun:
        _save(store, intention, lambda tx: tx.receipts.remove(intention.receipt))


def _save(store: Store, intention: Intention, change: Callable[[Transaction], None]) -> None:
    """Change a receipt, unless it is of another attempt."""
    try:
        with store.write() as tx:
            found = tx.receipts.find(intention.receipt)
            if found is None or found.expires_at <= intention.at or found.attempt == intention.attempt:
                change(tx)
    except StorageError as error:
        log.warning("What was answered to a call could not be kept: %s", error)
