"""Whether something has changed: asked every second for all open pages, so it is answered fast."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from ticketing.domain import policy
from ticketing.domain.errors import TicketNotFoundError
from ticketing.domain.people import Actor
from ticketing.domain.policy import THE_DESK, Action
from ticketing.domain.store import Store
from ticketing.services.access import Clock, Gate


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

    def pulse(self, numbers: Collection[int], people: Collection[str] = ()) -> Pulse:
        """Return the desk's pulse, for the process itself: whom it may be told to, `stamp` and the inbox decide."""
        with self._store.read() as tx:
            unread = tx.notices.unread(set(people), self._clock()) if people else {}
            return Pulse(tx.tickets.latest(THE_DESK), tx.tickets.stamps(THE_DESK, sorted(numbers)), unread)

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
