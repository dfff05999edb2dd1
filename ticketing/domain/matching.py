"""Whether a query finds a ticket that is at hand: as every store answers it for agents, without asking one."""

from datetime import datetime

from ticketing.domain.conditions import (
    AnyOf,
    AssignedTo,
    Being,
    Condition,
    During,
    Having,
    Holding,
    InCategory,
    InStatus,
    KnownAs,
    Moment,
    Not,
    Numbered,
    RequestedBy,
    Titled,
    Trait,
    WatchedBy,
    WithPriority,
)
from ticketing.domain.queries import UNASSIGNED, TicketQuery, number_in
from ticketing.domain.tickets import Ticket


def finds(query: TicketQuery, ticket: Ticket, requester: str) -> bool:
    """Whether it does; *requester* is the display name of who opened the ticket, "" for somebody without an account."""
    return (
        query.requester in {None, ticket.requester}
        and query.assignee in {None, ticket.assignee or UNASSIGNED}
        and (not query.statuses or ticket.status in query.statuses)
        and (not query.priorities or ticket.priority in query.priorities)
        and (not query.categories or ticket.category in query.categories)
        and all(_meets(ticket, condition, requester) for condition in query.conditions)
        and all(_holds(ticket, needle, requester) for needle in query.needles)
    )


def _meets(ticket: Ticket, condition: Condition, requester: str) -> bool:  # noqa: C901, PLR0911, PLR0912 - one a kind
    match condition:
        case InStatus(statuses):
            return ticket.status in statuses
        case WithPriority(priorities):
            return ticket.priority in priorities
        case InCategory(categories):
            return ticket.category in categories
        case AssignedTo(usernames):
            return (ticket.assignee or UNASSIGNED) in usernames
        case RequestedBy(usernames, names):
            return ticket.requester in usernames or any(name in requester.casefold() for name in names)
        case WatchedBy(usernames):
            return not usernames.isdisjoint(ticket.watchers)
        case Numbered(numbers):
            return ticket.number in numbers
        case KnownAs(external_ids):
            return ticket.external_id in external_ids
        case During(moment, since, until):
            at = _moment(ticket, moment)
            return at is not None and (since is None or since <= at) and (until is None or at < until)
        case Holding(needle):
            return _holds(ticket, needle, requester)
        case Titled(needles):
            return any(needle in ticket.title.casefold() for needle in needles)
        case Having():
            return _has(ticket, condition)
        case Being(trait):
            return _is(ticket, trait)
        case Not(other):
            return not _meets(ticket, other, requester)
        case AnyOf(conditions):
            return any(_meets(ticket, one, requester) for one in conditions)
    raise TypeError(condition)


def _moment(ticket: Ticket, moment: Moment) -> datetime | None:
    match moment:
        case Moment.CREATED:
            return ticket.opened_at
        case Moment.UPDATED:
            return ticket.updated_at
        case Moment.RESOLVED:
            return ticket.resolved_at
        case _:
            return ticket.sla.due_at if ticket.sla else None


def _has(ticket: Ticket, condition: Having) -> bool:
    names = condition.names(sees_all=True, sees_notes=True)
    found = {value for name, value in ticket.terms() if name in names}
    return not found.isdisjoint(condition.values) if condition.values else bool(found)


def _is(ticket: Ticket, trait: Trait) -> bool:
    match trait:
        case Trait.IS_NEW:
            return ticket.is_new
        case Trait.HAS_REPLY:
            return len(ticket.public_messages()) > 1
        case Trait.HAS_NOTE:
            return len(ticket.messages) > len(ticket.public_messages())
        case _:
            return ticket.snoozed is not None


def _holds(ticket: Ticket, needle: str, requester: str) -> bool:
    if number_in(needle) == ticket.number:
        return True
    public, internal = ticket.texts()
    return any(needle in text.casefold() for text in (requester, *public, *internal))
