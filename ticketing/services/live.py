"""Whether something has changed: asked every second for all open pages, so it is answered fast."""

import logging
import secrets
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from ticketing.domain import policy
from ticketing.domain.errors import MustChangePasswordError, SignedOutError, StorageError, TicketNotFoundError
from ticketing.domain.live import PRESENCE_LIFETIME, TELL_PRESENCE_EVERY, Presence, Present
from ticketing.domain.people import Actor
from ticketing.domain.policy import THE_DESK, Action
from ticketing.domain.store import Store
from ticketing.services.access import Clock, Gate

log = logging.getLogger(__name__)


class Pulse(NamedTuple):
    """When anything has changed last, the stamps of some tickets as agents see them, and what people have unread."""

    latest: str
    tickets: Mapping[int, str]
    unread: Mapping[str, int]


class Live:
    """Tells open pages apart from what they would show now."""

    def __init__(self, store: Store, clock: Clock, gate: Gate) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate
        self._process = secrets.token_hex(8)
        self._told: list[Present] = []
        self._tell_at: datetime | None = None

    def pulse(self, numbers: Collection[int], people: Collection[str] = ()) -> Pulse:
        """Return the desk's pulse, for the process itself: whom it may be told to, `stamp` and the inbox decide."""
        with self._store.read() as tx:
            unread = tx.notices.unread(set(people), self._clock()) if people else {}
            return Pulse(tx.tickets.latest(THE_DESK), tx.tickets.stamps(THE_DESK, sorted(numbers)), unread)

    def standing(self, actors: Collection[Actor]) -> dict[Actor, Actor]:
        """
        Return as they are now those of the actors who are signed in still, with few questions for all of them.

        For the process itself: `stamp` and the inbox let each of them in anew.
        """
        found: dict[Actor, Actor] = {}
        with self._store.read() as tx:
            tx.sessions.several({actor.session for actor in actors if actor.session})
            for actor in actors:
                with suppress(SignedOutError, MustChangePasswordError):
                    found[actor] = self._gate.admit(tx, actor)
        return found

    def meet(self, there: Sequence[Present]) -> list[Present]:
        """
        Tell the other processes who is there by this one, and return who is by them; for the process itself.

        Whom that may be told to, `is_told_who_is_there` decides. A store that fails keeps nobody from their work.
        """
        now = self._clock()
        try:
            self._tell(list(there), now)
            return [one for told in self._store.presences.of_others(self._process, now) for one in told.there]
        except StorageError as error:
            log.debug("Who else is there is not known: %s", error)
            return []

    def _tell(self, there: list[Present], now: datetime) -> None:
        """Tell what is not told yet, or was a while ago."""
        is_old = bool(there) and (self._tell_at is None or now >= self._tell_at)
        if there != self._told or is_old:
            presence = Presence(id=self._process, expires_at=now + PRESENCE_LIFETIME, there=there)
            self._store.presences.tell(presence, now)
            self._told, self._tell_at = there, now + TELL_PRESENCE_EVERY

    def stamp(self, actor: Actor, number: int = 0) -> str:
        """
        Return what is another text after each change that the actor may learn of: of a ticket, or of their list with 0.

        Raises TicketNotFoundError.
        """
        with self._store.read() as tx:
            audience = policy.audience(self._gate.admit(tx, actor))
            if not number:
                return tx.tickets.latest(audience)
            found = tx.tickets.stamps(audience, [number]).get(number)
        if found is None:
            raise TicketNotFoundError(number)
        return found

    def is_told_who_is_there(self, actor: Actor) -> bool:
        """Whether the actor learns who else looks at a ticket; requesters don't."""
        with self._store.read() as tx:
            return policy.may(self._gate.admit(tx, actor), Action.SEE_ALL_TICKETS)
