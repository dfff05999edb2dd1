"""
What the desk does by itself as time goes by, such as closing what stayed resolved.

No job may be relied on: hosts sleep, processes are stopped. So whoever looks at a list does a little of what is due,
and between visits a thread of each process does, or `ticketing run-jobs`. What is due shows in the store
and ceases to be so by the same transaction that does it: so it is done once, whichever process gets there first.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple, Protocol

from ticketing.domain.errors import StorageError
from ticketing.domain.people import Actor
from ticketing.domain.store import PATIENCE, Store, Transaction
from ticketing.services import maintenance
from ticketing.services.access import A_MOMENT, Clock, Gate
from ticketing.services.anonymising import Forgetting
from ticketing.services.attachments import Tidying
from ticketing.services.digests import Digests
from ticketing.services.due_times import Arrears
from ticketing.services.moments import LAPSING, WAKING
from ticketing.services.notifications import Warnings
from ticketing.services.recurring import Opening
from ticketing.services.retention import Sweeping
from ticketing.services.time_rules import TimeRules

LOOK_EVERY: Final = timedelta(minutes=1)
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)

log = logging.getLogger(__name__)


class Chore(Protocol):
    """Something that becomes due as time goes by, done a few at a time."""

    @property
    def name(self) -> str:
        """What it is about, as the log says it."""

    def is_due(self, tx: Transaction, now: datetime) -> bool:
        """Whether there is something to do; asked often, so it is answered fast."""

    def do_some(self, tx: Transaction, now: datetime) -> bool:
        """Do the next few that are due, if any still are; tell whether there may be more."""


ALL: Final[Sequence[Chore]] = (
    LAPSING,
    WAKING,
    Opening(),
    Arrears(),
    TimeRules(),
    Warnings(),
    Digests(),
    Forgetting(),
    Sweeping(),
    Tidying(),
)


class Turn(NamedTuple):
    """What came of a turn: whether there may be more to do, and the names of the chores that failed."""

    has_more: bool
    failed: tuple[str, ...] = ()


class Chores:
    """
    All that is due, done a turn of the one writer at a time.

    What fails is logged and waits for the next look; it keeps nobody from their list, nor the other chores from their
    turns.
    """

    def __init__(self, store: Store, clock: Clock, gate: Gate, chores: Sequence[Chore] = ALL) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate
        self._chores = chores
        self._looked_at = _LONG_AGO

    def look_in(self, actor: Actor) -> None:
        """Do a little of what is due, once a minute; if there may be more, whoever looks next goes on."""
        now = self._clock()
        if timedelta(0) <= now - self._looked_at < LOOK_EVERY:
            return
        self._looked_at = now
        with self._store.read() as tx:
            self._gate.admit(tx, actor)
        if self._do_some(now, A_MOMENT).has_more:
            self._looked_at = _LONG_AGO

    def do_some(self) -> Turn:
        """Do the next few of each chore; whoever looks at a list need not look as well for a minute."""
        now = self._looked_at = self._clock()
        return self._do_some(now, PATIENCE)

    def look(self) -> bool:
        """Do the next few of each chore; tell whether there may be more."""
        return self.do_some().has_more

    def do_all(self) -> list[str]:
        """Do all that is due, now; return the names of the chores that failed."""
        turn = self.do_some()
        failed = list(turn.failed)
        while turn.has_more:
            turn = self.do_some()
            failed += turn.failed
        return list(dict.fromkeys(failed))

    def _do_some(self, now: datetime, patience: float) -> Turn:
        failed: list[str] = []
        has_more = [self._takes_turn(chore, now, patience, failed) for chore in self._due(now, failed)]
        return Turn(any(has_more), tuple(failed))

    def _due(self, now: datetime, failed: list[str]) -> list[Chore]:
        due: list[Chore] = []
        with self._store.read() as tx:
            if maintenance.present(tx).is_on:
                return due
            for chore in self._chores:
                with _logged(chore, failed):
                    due += [chore] if chore.is_due(tx, now) else []
        return due

    def _takes_turn(self, chore: Chore, now: datetime, patience: float, failed: list[str]) -> bool:
        with _logged(chore, failed), self._store.write(patience=patience) as tx:
            return chore.do_some(tx, now)
        return False


@contextmanager
def _logged(chore: Chore, failed: list[str]) -> Iterator[None]:
    try:
        yield
    except StorageError as error:
        log.warning("%s had to wait: %s", chore.name, error)
        failed.append(chore.name)
    except Exception:
        log.exception("%s failed", chore.name)
        failed.append(chore.name)
