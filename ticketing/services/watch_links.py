"""Stopping to watch a ticket by a link in a mail: whoever has the link speaks for its recipient, and only so."""

from typing import NamedTuple

from ticketing.domain import policy
from ticketing.domain.errors import WatchLinkError
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.store import Store, Transaction
from ticketing.domain.tickets import Ticket
from ticketing.domain.watch_links import WatchLink
from ticketing.services.mail_keys import find_mail_key


class Watched(NamedTuple):
    """What a link is about: a ticket by label and title, and whether its recipient is told nothing of it."""

    label: str
    title: str
    is_muted: bool


class WatchLinks:
    """What one can do with such a link; each method raises WatchLinkError for one that leads nowhere any more."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def look(self, token: str) -> Watched:
        """Return what the link is about."""
        with self._store.read() as tx:
            return _watched(*_reach(tx, token))

    def stop(self, token: str) -> Watched:
        """Stop watching, as `Watching.stop` does for who is signed in; once more changes nothing."""
        with self._store.write() as tx:
            ticket, person = _reach(tx, token)
            if person.username not in ticket.muted:
                ticket.stop_watching(person.username)
                tx.tickets.save(ticket)
            return _watched(ticket, person)

    def watch(self, token: str) -> Watched:
        """Watch it again."""
        with self._store.write() as tx:
            ticket, person = _reach(tx, token)
            if person.username in ticket.muted:
                ticket.watch(person)
                tx.tickets.save(ticket)
            return _watched(ticket, person)


def _reach(tx: Transaction, token: str) -> tuple[Ticket, Actor]:
    """Return the ticket, or the one in which it goes on, and the recipient as they are by now."""
    link = WatchLink.read(token)
    key, ticket = find_mail_key(tx), tx.tickets.find(link.number)
    if key is None or ticket is None:
        raise WatchLinkError
    people = [ticket.requester, *ticket.watchers, *tx.users.agent_names()]
    username = next((name for name in people if link.opens(key, ticket, name)), None)
    user = tx.users.find(username) if username else None
    if user is None or not user.active:
        raise WatchLinkError
    person = Actor(user.id, user.display_name, user.role)
    while ticket.merged_into is not None and (target := tx.tickets.find(ticket.merged_into)):
        ticket = target
    if not policy.may(person, Action.WATCH_TICKET, ticket):
        raise WatchLinkError
    return ticket, person


def _watched(ticket: Ticket, person: Actor) -> Watched:
    return Watched(ticket.label, ticket.title, person.username in ticket.muted)
