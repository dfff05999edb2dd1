"""
Posts what waits for webhooks: claims a few for each, posts them one after the other, and notes the fate of each.

Webhooks are served side by side, so that a slow one keeps no other from its own. Killed between any two steps, nothing
is lost; what the other side has taken and nobody has noted yet is posted once more after the lease, under the same id.
"""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Final, Protocol

from ticketing.background import Worker
from ticketing.delivery.webhook import Poster
from ticketing.domain.deliveries import Delivery
from ticketing.domain.errors import StorageError
from ticketing.domain.outbox import Outcome, Result
from ticketing.domain.webhooks import Answer, Post

# In seconds: what waits for nothing else is under way as soon as this.
LOOK_EVERY: Final = 3.0
_SIDE_BY_SIDE: Final = 8
_NOT_MADE: Final = Outcome(Result.AGAIN, "This message could not be put together. The log says more.")

log = logging.getLogger(__name__)


class Sending(Protocol):
    """What the desk tells whoever posts."""

    def claim(self) -> list[list[Delivery]]:
        """Return deliveries that are due, those of each webhook together, which nobody else gets for a while."""

    def holds(self, delivery: Delivery) -> bool:
        """Whether there is enough left of the lease for one more try."""

    def post(self, delivery: Delivery) -> Post | Outcome:
        """Return the message as it is to be now, or why there is none."""

    def settle(self, delivery: Delivery, outcome: Outcome, milliseconds: int = 0) -> None:
        """Note what came of a delivery that was claimed."""

    def release(self, deliveries: Sequence[Delivery]) -> None:
        """Give back what was claimed and not tried."""

    def clock(self) -> datetime:
        """Return the present moment."""


class WebhookDispatcher(Worker):
    """
    Posts in threads of its own, so that nobody waits for another machine.

    Once it is to stop, it claims no more, and gives back what was not tried.
    """

    def __init__(self, sending: Sending, poster: Poster) -> None:
        super().__init__("webhooks", self.send_some, LOOK_EVERY)
        self._sending = sending
        self._poster = poster

    def drain(self) -> None:
        """Post all that is due, now."""
        while self.send_some():
            pass

    def send_some(self) -> bool:
        """Post the next few for each webhook; tell whether there may be more."""
        claimed = self._sending.claim()
        if claimed:
            with ThreadPoolExecutor(_SIDE_BY_SIDE, thread_name_prefix="webhooks") as side_by_side:
                list(side_by_side.map(self._serve, claimed))
        return bool(claimed) and not self._stopping.is_set()

    def _serve(self, deliveries: Sequence[Delivery]) -> None:
        """Post what is claimed for one webhook, in order, until one does not arrive."""
        for place, delivery in enumerate(deliveries):
            if self._stopping.is_set() or not self._sending.holds(delivery):
                self._give_back(deliveries[place:])
                return
            if not self._send(delivery):
                self._give_back(deliveries[place + 1 :])
                return

    def _send(self, delivery: Delivery) -> bool:
        """Post one, and tell whether it is worth while to go on."""
        outcome, milliseconds = self._tried(delivery)
        try:
            self._sending.settle(delivery, outcome, milliseconds)
        except StorageError as error:
            log.warning("What became of a message to a webhook could not be noted: %s", error)
            return False
        return outcome.result is not Result.AGAIN

    def _tried(self, delivery: Delivery) -> tuple[Outcome, int]:
        try:
            made = self._sending.post(delivery)
        except Exception:
            log.exception("A message to a webhook could not be put together")
            return _NOT_MADE, 0
        if isinstance(made, Outcome):
            return made, 0
        answer: Answer = self._poster.post(made)
        if not answer.is_taken:
            log.warning("A message to the webhook %s did not arrive; the ledger says why", delivery.webhook)
        return answer.outcome, answer.milliseconds

    def _give_back(self, deliveries: Sequence[Delivery]) -> None:
        try:
            self._sending.release(deliveries)
        except StorageError as error:  # it is due again when the lease is over
            log.warning("What was claimed for a webhook could not be given back yet: %s", error)
