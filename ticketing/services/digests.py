"""Once a day, people are told in one mail what they have not read of all that they want so."""

from datetime import datetime
from typing import Final

from ticketing.domain.digests import Digesting
from ticketing.domain.notifications import Mailed, Notice
from ticketing.domain.people import User
from ticketing.domain.store import Transaction
from ticketing.services import outbox
from ticketing.services.notifications import wants

# Of one turn of the one writer: others wait for their own meanwhile, and somebody for the list they have asked for.
DIGESTS_BATCH: Final = 50

_NEVER_YET: Final = Digesting(id=Digesting.kind, name="Digests")


class Digests:
    """
    The chore of queuing the daily digests.

    How far that has come is kept in the store, together with what was queued: so each person has theirs once a day.
    """

    name = "Queuing daily digests"

    def is_due(self, tx: Transaction, now: datetime) -> bool:
        """Whether a round is under way or its time has come, and somebody has anything unread."""
        return _progress(tx).at(now).reached is not None and bool(tx.notices.having_unread("", 1, now))

    def do_some(self, tx: Transaction, now: datetime) -> bool:
        """Queue the digests of the next few people; tell whether there may be more."""
        progress = _progress(tx).at(now)
        if progress.reached is None:
            return False
        usernames = tx.notices.having_unread(progress.reached, DIGESTS_BATCH, now)
        for user in tx.users.several(set(usernames)):
            unread = _unread(tx, user, progress) if user.active else []
            if unread:
                outbox.queue_digest(tx, user.id, unread, now)
        goes_on = len(usernames) == DIGESTS_BATCH
        reached = {"reached": usernames[-1] if goes_on else None}
        tx.definitions(Digesting).save(progress.model_copy(update=reached))
        return goes_on


def _unread(tx: Transaction, user: User, progress: Digesting) -> list[Notice]:
    """Return what is unread of this round and wanted once a day."""
    return [
        notice
        for notice in tx.notices.of_user(user.id)
        if not notice.read and progress.since < notice.at <= progress.until and wants(user, notice) is Mailed.DAILY
    ]


def _progress(tx: Transaction) -> Digesting:
    return tx.definitions(Digesting).find(_NEVER_YET.id) or _NEVER_YET
