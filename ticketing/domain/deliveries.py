"""Deliveries: one event told to one webhook, from the change of the ticket to its fate."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Self

from ticketing.domain.errors import DeliveryWaitsError
from ticketing.domain.happenings import Happening, Step
from ticketing.domain.outbox import KEPT_FOR, LEASE, Outcome, Result, retry_after
from ticketing.domain.queries import LedgerQuery
from ticketing.domain.sign_in import fingerprint
from ticketing.domain.taking_back import CAN_BE_GONE_WITHIN
from ticketing.domain.text import Stored
from ticketing.domain.webhooks import TEST, WebhookEvent

# Of one webhook; what happens beyond that is counted and not queued, so that no storm fills the store.
MOST_WAITING: Final = 5000
_TRIED_FOR: Final = timedelta(hours=24)
# What a reply that is taken back takes along.
_CAN_BE_TAKEN_BACK: Final = frozenset({WebhookEvent.REPLIED, WebhookEvent.STATUS_CHANGED})


class DeliveryState(StrEnum):
    """What has become of a delivery."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"
    DROPPED = "dropped"


class Delivery(Stored):
    """
    One event for one webhook; what the message says is decided when it is sent, so no text is kept here.

    `id` is the same at each try. `mark` is that of the message it is about, `steps` are the changes that it tells of;
    it happened at `happened_at`, and was queued at `at`. `attempts` counts the claims, by which it is told whose claim
    holds. `says` is what came of the last try, which took so many `milliseconds`.
    """

    id: str
    webhook: str
    event: str
    ticket: int = 0
    mark: str = ""
    steps: tuple[Step, ...] = ()
    by: str = ""
    happened_at: datetime
    at: datetime
    state: DeliveryState = DeliveryState.WAITING
    due_at: datetime
    attempts: int = 0
    says: str = ""
    milliseconds: int = 0
    expires_at: datetime

    @classmethod
    def of(cls, webhook: str, ticket: int, happening: Happening, now: datetime) -> Self:
        """Return what tells a webhook of it; what can be taken back waits until it can't any more."""
        event, by, at = happening.event, happening.by, happening.at
        about = happening.mark or at.isoformat()
        key = fingerprint("webhook", webhook, str(ticket), event, about)[:32]
        due_at = now + CAN_BE_GONE_WITHIN if event in _CAN_BE_TAKEN_BACK else now
        told = {"event": event, "ticket": ticket, "mark": happening.mark, "steps": happening.steps, "by": by}
        when = {"happened_at": at, "at": now, "due_at": due_at, "expires_at": now + KEPT_FOR}
        return cls(id=f"msg_{key}", webhook=webhook, **told, **when)

    @classmethod
    def test(cls, webhook: str, key: str, by: str, now: datetime) -> Self:
        """Return the one by which somebody tries a webhook, under an id made of that key."""
        when = {"happened_at": now, "at": now, "due_at": now, "expires_at": now + KEPT_FOR}
        return cls(id=f"msg_{key}", webhook=webhook, event=TEST, by=by, attempts=1, **when)

    def claim(self, now: datetime) -> None:
        """Take it to be sent: nobody else does as long as the lease lasts."""
        self.attempts += 1
        self.due_at = now + LEASE

    def release(self, now: datetime) -> None:
        """Give back what was claimed and not tried."""
        self.attempts -= 1
        self.due_at = now

    def settle(self, outcome: Outcome, now: datetime, milliseconds: int = 0) -> None:
        """Note what came of a try; what is to be tried again and was for a day has failed."""
        self.says, self.milliseconds = outcome.says, milliseconds
        is_again = outcome.result is Result.AGAIN and now - self.at < _TRIED_FOR
        wait = retry_after(self.attempts) if is_again else None
        if wait is not None:
            self.due_at = now + wait
            return
        self.state = _STATES[outcome.result]
        self.expires_at = now + KEPT_FOR

    def send_again(self, now: datetime) -> None:
        """Let it wait to be sent as if it never was, under the same id; raises DeliveryWaitsError if it waits."""
        if self.state is DeliveryState.WAITING:
            raise DeliveryWaitsError
        self.state, self.at, self.due_at, self.expires_at = DeliveryState.WAITING, now, now, now + KEPT_FOR
        self.attempts, self.says, self.milliseconds = 0, "", 0


_STATES: Final = {
    Result.SENT: DeliveryState.DELIVERED,
    Result.AGAIN: DeliveryState.FAILED,
    Result.REFUSED: DeliveryState.FAILED,
    Result.DROPPED: DeliveryState.DROPPED,
}


class DeliveryQuery(LedgerQuery):
    """Which deliveries of a webhook to list, the newest first; `state` is None for all."""

    webhook: str = ""
    state: DeliveryState | None = None
