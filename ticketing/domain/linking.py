"""Links between two tickets: each side holds one, and the history of both tells of it."""

from collections.abc import Callable
from datetime import datetime

from ticketing.domain.errors import LinkCycleError, SameTicketError, TooManyLinksError
from ticketing.domain.links import LINKS_LIMIT, Link, LinkKind
from ticketing.domain.people import Actor
from ticketing.domain.tickets import Ticket

Find = Callable[[int], Ticket | None]


def link(one: Ticket, kind: LinkKind, other: Ticket, actor: Actor, now: datetime, find: Find) -> bool:
    """
    Link *one* to *other* as what it is to it, and tell whether that was anything new.

    *find* fetches the tickets by way of which one might come back to where it began: raises LinkCycleError then. Raises
    SameTicketError, TicketMergedError or TooManyLinksError as well.
    """
    if one.number == other.number:
        raise SameTicketError(one.number)
    one.require_not_merged()
    other.require_not_merged()
    if is_linked(one, kind, other.number):
        return False
    if kind is not LinkKind.RELATED and _leads_to(one.number, kind, other, find):
        raise LinkCycleError(one.number, other.number)
    if full := next((ticket for ticket in (one, other) if len(ticket.links) >= LINKS_LIMIT), None):
        raise TooManyLinksError(full.number, LINKS_LIMIT)
    for ticket, side in _sides(one, kind, other):
        ticket.links.append(side)
        ticket.record(side.kind, None, str(side.number), actor, now)
    return True


def unlink(one: Ticket, kind: LinkKind, other: Ticket, actor: Actor, now: datetime) -> bool:
    """Take a link away from both sides, and tell whether there was one."""
    if not is_linked(one, kind, other.number):
        return False
    for ticket, side in _sides(one, kind, other):
        ticket.links = [each for each in ticket.links if not _is_same(each, side)]
        ticket.record(side.kind, str(side.number), None, actor, now)
    return True


def is_linked(one: Ticket, kind: LinkKind, number: int) -> bool:
    """Whether it is linked as that to the ticket of this number."""
    return any(_is_same(link, Link(number=number, kind=kind)) for link in one.links)


def _sides(one: Ticket, kind: LinkKind, other: Ticket) -> list[tuple[Ticket, Link]]:
    return [
        (one, Link(number=other.number, kind=kind)),
        (other, Link(number=one.number, kind=kind.inverse)),
    ]


def _is_same(link: Link, other: Link) -> bool:
    return (link.number, link.kind) == (other.number, other.kind)


def _leads_to(goal: int, kind: LinkKind, start: Ticket, find: Find) -> bool:
    """Whether links of this kind lead from one ticket to the other; each is looked at once."""
    waiting, known = [start], {start.number}
    while waiting:
        for link in waiting.pop().links:
            if link.kind is not kind or link.number in known:
                continue
            if link.number == goal:
                return True
            known.add(link.number)
            if ticket := find(link.number):
                waiting.append(ticket)
    return False
