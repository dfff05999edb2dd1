"""What tickets are to each other: merge, link, split. Each method is one intention and one transaction over both."""

from datetime import datetime

from ticketing.domain import merging, policy
from ticketing.domain.errors import TicketMergedError, TicketNotMergedError
from ticketing.domain.linking import link, unlink
from ticketing.domain.links import LinkKind
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.store import Store, Transaction
from ticketing.domain.tickets import Ticket
from ticketing.services.access import Clock, Gate
from ticketing.services.dealing import route
from ticketing.services.deeds import Deeds, reach_now
from ticketing.services.due_times import keep


class Relations:
    """What agents can do with two tickets; `key` is as in Tickets."""

    def __init__(self, store: Store, clock: Clock, gate: Gate) -> None:
        self._deeds = Deeds(store, clock, gate)

    def merge(self, actor: Actor, number: int, into: int, *, key: str = "") -> Ticket:
        """
        Let a ticket go on in another one, and return that one.

        It gets the messages, and the people as watchers. The merged ticket is closed as a duplicate and leads there.
        """

        def deed(tx: Transaction, actor: Actor, now: datetime) -> Ticket:
            source, target = (_reach(tx, actor, each, now, Action.MERGE_TICKETS) for each in (number, into))
            _require_not_merged(tx, source, target)
            merging.merge(source, target, actor, now)
            keep(tx, source)
            keep(tx, target)
            return target

        return self._deeds.once(actor, key, deed)

    def unmerge(self, actor: Actor, number: int, *, key: str = "") -> Ticket:
        """
        Take the merge of this ticket into another one back, and return it as it stood before.

        What was written in the other one since then stays there.
        """

        def deed(tx: Transaction, actor: Actor, now: datetime) -> Ticket:
            source = _reach(tx, actor, number, now, Action.MERGE_TICKETS)
            if source.merged_into is None:
                raise TicketNotMergedError(number)
            target = _reach(tx, actor, source.merged_into, now, Action.MERGE_TICKETS)
            before = target.model_copy()
            merging.unmerge(source, target, actor, now)
            _count_down(tx, before, number)
            keep(tx, source)
            keep(tx, target)
            return source

        return self._deeds.once(actor, key, deed)

    def link(self, actor: Actor, number: int, relation: LinkKind, other: int, *, key: str = "") -> Ticket:
        """Link a ticket to another one as what it is to it, such as one that blocks it."""

        def deed(tx: Transaction, actor: Actor, now: datetime) -> Ticket:
            one, another = (_reach(tx, actor, each, now, Action.LINK_TICKETS) for each in (number, other))
            if link(one, relation, another, actor, now, tx.tickets.find):
                keep(tx, one)
                keep(tx, another)
            return one

        return self._deeds.once(actor, key, deed)

    def unlink(self, actor: Actor, number: int, relation: LinkKind, other: int, *, key: str = "") -> Ticket:
        """Take such a link away; that there is none is no error."""

        def deed(tx: Transaction, actor: Actor, now: datetime) -> Ticket:
            one, another = (_reach(tx, actor, each, now, Action.LINK_TICKETS) for each in (number, other))
            if unlink(one, relation, another, actor, now):
                keep(tx, one)
                keep(tx, another)
            return one

        return self._deeds.once(actor, key, deed)

    def split(self, actor: Actor, number: int, message: str, title: str, *, key: str = "") -> Ticket:
        """
        Open a ticket that begins with a message of this one, given by its mark, and return it.

        The message stays where it is; the two tickets are linked.
        """

        def deed(tx: Transaction, actor: Actor, now: datetime) -> Ticket:
            ticket = _reach(tx, actor, number, now, Action.SPLIT_TICKET)
            made = merging.split(ticket, message, tx.tickets.next_number(), title, actor, now)
            route(tx, made, now)
            keep(tx, ticket)
            keep(tx, made)
            return made

        return self._deeds.once(actor, key, deed)


def _reach(tx: Transaction, actor: Actor, number: int, now: datetime, action: Action) -> Ticket:
    ticket = reach_now(tx, actor, number, now)
    policy.require(actor, action, ticket)
    return ticket


def _require_not_merged(tx: Transaction, source: Ticket, target: Ticket) -> None:
    """Raise TicketMergedError for either, naming where it goes on in the end, which may be several merges on."""
    for ticket in (source, target):
        last = ticket
        while last.merged_into is not None and (further := tx.tickets.find(last.merged_into)):
            last = further
        if last is not ticket:
            raise TicketMergedError(ticket.number, last.number)


def _count_down(tx: Transaction, before: Ticket, merged: int) -> None:
    """
    See to it that nobody seems to have read more of a ticket than is in it once the merge of another is taken back.

    How much somebody has read is a number of messages. Whoever has looked since the merge has read what it brought, so
    that goes off; whoever hasn't has read none of it.
    """
    merged_at = next(each.at for each in before.merged if each.number == merged)
    agents = set(tx.users.agent_names())
    for username in {before.requester, *before.watchers} | agents:
        readable = before.messages if username in agents else before.public_messages()
        brought = sum(message.origin == merged for message in readable)
        there = sum(message.origin != merged and message.at <= merged_at for message in readable)
        seen = tx.tickets.seen(before.number, username)
        if seen >= there + brought:
            tx.tickets.mark_seen(before.number, username, seen - brought)
