"""Who watches a ticket: each says for themselves whether they are told of it, and agents say who else sees it."""

from collections.abc import Callable
from datetime import datetime

from ticketing.domain import policy
from ticketing.domain.people import Actor, User
from ticketing.domain.policy import Action
from ticketing.domain.store import Store, Transaction
from ticketing.domain.tickets import FOLLOWER, Ticket
from ticketing.services.access import Clock, Gate, is_assignable, reach
from ticketing.services.deeds import Deeds, shown
from ticketing.services.requesters import person_meant


class Watching:
    """
    What one can do about who is told of a ticket.

    To stop watching takes sight from nobody: that is with whoever was given it.
    """

    def __init__(self, store: Store, clock: Clock, gate: Gate) -> None:
        self._store = store
        self._gate = gate
        self._deeds = Deeds(store, clock, gate)

    def watch(self, actor: Actor, number: int) -> Ticket:
        """Have the actor told of a ticket, again or at all; an agent of all that happens to it."""
        return self._say(actor, number, Ticket.watch)

    def stop(self, actor: Actor, number: int) -> Ticket:
        """Have the actor told nothing more of a ticket but what is for them alone."""
        return self._say(actor, number, lambda ticket, actor: ticket.stop_watching(actor.username))

    def add(self, actor: Actor, number: int, who: str, *, key: str = "") -> Ticket:
        """
        Let somebody watch a ticket, given their username, their whole name or the address of their account.

        An agent is told of all of it from then on; anybody else sees it as its requester does. Raises
        PersonNotFoundError, SeveralPeopleError and TooManyWatchersError.
        """

        def change(tx: Transaction, actor: Actor, ticket: Ticket, now: datetime) -> None:
            policy.require(actor, Action.CHANGE_WATCHERS, ticket)
            let_watch(tx, ticket, person_meant(tx, who), actor, now)

        return self._deeds.change(actor, number, key, change)

    def remove(self, actor: Actor, number: int, username: str, *, key: str = "") -> Ticket:
        """Take a ticket out of the sight of somebody who watches it."""

        def change(_tx: Transaction, actor: Actor, ticket: Ticket, now: datetime) -> None:
            policy.require(actor, Action.CHANGE_WATCHERS, ticket)
            ticket.remove_watcher(username, actor, now)

        return self._deeds.change(actor, number, key, change)

    def make_requester(self, actor: Actor, number: int, who: str, *, key: str = "") -> Ticket:
        """
        Let a ticket be somebody else's, given as in `add`, such as one that was opened for them.

        Whose it was goes on watching it, unless they are an agent, who sees it anyway. Raises as `add` does.
        """

        def change(tx: Transaction, actor: Actor, ticket: Ticket, now: datetime) -> None:
            policy.require(actor, Action.EDIT_TICKET, ticket)
            former_stays = not is_assignable(tx, ticket.requester)
            ticket.make_requester(person_meant(tx, who).id, actor, now, former_stays=former_stays)

        return self._deeds.change(actor, number, key, change)

    def _say(self, actor: Actor, number: int, say: Callable[[Ticket, Actor], None]) -> Ticket:
        """Change nothing but of what the actor is told: it is no step of the ticket, and no news to anybody."""
        with self._store.write() as tx:
            actor = self._gate.admit(tx, actor)
            ticket = reach(tx, actor, number)
            policy.require(actor, Action.WATCH_TICKET, ticket)
            say(ticket, actor)
            tx.tickets.save(ticket)
            return shown(tx, actor, ticket)


def let_watch(tx: Transaction, ticket: Ticket, user: User, actor: Actor, now: datetime) -> None:
    """
    Let somebody watch a ticket: an agent, who sees it anyway, follows it; anybody else comes to the requester's side.

    Whoever has stopped watching it has the last word on that. Raises TooManyWatchersError.
    """
    if not is_assignable(tx, user.id):
        ticket.add_watcher(user.id, actor, now)
    elif user.id not in ticket.muted and not ticket.is_watched_by(user.id):
        ticket.require_not_merged()
        ticket.watch(Actor(user.id, user.display_name, user.role))
        ticket.record(FOLLOWER, None, user.id, actor, now)
