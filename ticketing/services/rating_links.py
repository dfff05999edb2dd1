"""Saying how a ticket was resolved by a link in a mail: whoever has the link speaks for the requester, and only so."""

from typing import NamedTuple

from ticketing.domain import policy
from ticketing.domain.errors import RatingLinkError
from ticketing.domain.people import Actor
from ticketing.domain.rating_links import RatingLink
from ticketing.domain.ratings import Rating
from ticketing.domain.store import Store, Transaction
from ticketing.domain.tickets import Ticket
from ticketing.services.access import Clock
from ticketing.services.due_times import keep
from ticketing.services.mail_keys import find_mail_key
from ticketing.services.moments import catch_up


class Asked(NamedTuple):
    """What a link asks about: a ticket by label and title, and what was said of its resolution, if anything."""

    label: str
    title: str
    rating: Rating | None


class RatingLinks:
    """What one can do with such a link; each method raises RatingLinkError for one that leads nowhere any more."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def look(self, token: str) -> Asked:
        """Return what the link asks about."""
        with self._store.read() as tx:
            ticket, _ = self._reach(tx, token)
            return _asked(ticket)

    def rate(self, token: str, *, solved: bool, score: int | None = None, comment: str = "") -> Asked:
        """Say it, as `Tickets.rate` does for who is signed in; raises AlreadyRatedError and InvalidInputError."""
        with self._store.write() as tx:
            ticket, requester = self._reach(tx, token)
            ticket.rate(requester, self._clock(), solved=solved, score=score, comment=comment)
            keep(tx, ticket)
            return _asked(ticket)

    def _reach(self, tx: Transaction, token: str) -> tuple[Ticket, Actor]:
        """Return the ticket, and the requester as they are by now."""
        link = RatingLink.read(token)
        key, ticket = find_mail_key(tx), tx.tickets.find(link.number)
        if key is None or ticket is None:
            raise RatingLinkError
        catch_up(ticket, self._clock())
        user = tx.users.find(ticket.requester)
        if user is None or not user.active or not link.opens(key, ticket):
            raise RatingLinkError
        requester = Actor(user.id, user.display_name, user.role)
        policy.require_rate(requester, ticket)
        return ticket, requester


def _asked(ticket: Ticket) -> Asked:
    return Asked(ticket.label, ticket.title, ticket.rating)
