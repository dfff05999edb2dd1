"""
Two tickets about one matter become one, and can be told apart again; a message becomes a ticket of its own.

What a merge copies is for reading and searching only: first response, status and times of a ticket are those of its
own messages, and the merged one counts as what it is, a duplicate.
"""

from datetime import datetime
from heapq import merge as in_order

from ticketing.domain.errors import MessageNotFoundError, SameTicketError, TicketNotMergedError
from ticketing.domain.links import Link, LinkKind, MergedIn, Standing
from ticketing.domain.people import Actor
from ticketing.domain.statuses import Resolution, Status
from ticketing.domain.tickets import MERGED, MERGED_INTO, SPLIT_FROM, SPLIT_OFF, Message, MessageKind, Ticket


def merge(source: Ticket, target: Ticket, actor: Actor, now: datetime) -> None:
    """
    Let a ticket go on in another one, which gets its messages, in order of time, and its people as watchers.

    The source keeps what it holds, and is closed as a duplicate. Raises SameTicketError, or TicketMergedError if either
    went on elsewhere before.
    """
    if source.number == target.number:
        raise SameTicketError(source.number)
    source.require_not_merged()
    target.require_not_merged()
    _take_in(source, target, actor, now)
    source.before_merge = Standing(
        status=source.status,
        resolution=source.resolution,
        resolved_at=source.resolved_at,
        closed_at=source.closed_at,
        snoozed=source.snoozed,
    )
    if source.status is not Status.CLOSED:
        source.close(actor, now)
    source.resolve_as(actor, Resolution.DUPLICATE, now)
    source.merged_into = target.number
    source.record(MERGED_INTO, None, target.id, actor, now)


def unmerge(source: Ticket, target: Ticket, actor: Actor, now: datetime) -> None:
    """
    Take a merge back: the source stands as it stood, and the target is without what came from it.

    What was written in the target since then stays there. Raises TicketNotMergedError, or TicketMergedError if the
    target has gone on elsewhere itself.
    """
    if source.merged_into != target.number:
        raise TicketNotMergedError(source.number)
    target.require_not_merged()
    _give_back(source, target, actor, now)
    source.record(MERGED_INTO, target.id, None, actor, now)
    source.merged_into, standing, source.before_merge = None, source.before_merge, None
    if standing is not None:
        _stand(source, standing, actor, now)


def new_readers(source: Ticket, target: Ticket) -> list[str]:
    """Return who would read the target's public conversation only by the merge."""
    present = {target.requester, *target.watchers}
    return [person for person in dict.fromkeys([source.requester, *source.watchers]) if person not in present]


def split(ticket: Ticket, mark: str, number: int, title: str, actor: Actor, now: datetime) -> Ticket:
    """
    Return a new ticket that begins with one of the messages, which stays where it is; the two are linked.

    It is a ticket of whoever wrote the message on the requester's side, else of the requester. Of a note it is the
    actor's own, for no requester learns of a note. Raises MessageNotFoundError: what a ticket begins with is no message
    to split off.
    """
    ticket.require_not_merged()
    message = find_message(ticket, mark)
    requester = requester_after_split(ticket, message, actor)
    made = Ticket.open(number, actor.username, title, message.text, ticket.category, now, actor.source)
    made.requester, made.split_from = requester, ticket.number
    made.messages = [message.model_copy(update={"kind": MessageKind.REPLY, "origin": None})]
    for one, other, field in ((ticket, made, SPLIT_OFF), (made, ticket, SPLIT_FROM)):
        one.links.append(Link(number=other.number, kind=LinkKind.RELATED))
        one.record(field, None, other.id, actor, now)
    return made


def find_message(ticket: Ticket, mark: str) -> Message:
    """Return the message of this mark that could become a ticket of its own; raises MessageNotFoundError."""
    description = ticket.begins_with
    later = (message for message in ticket.messages if message is not description)
    found = next((message for message in later if message.mark == mark), None)
    if found is None:
        raise MessageNotFoundError(ticket.number)
    return found


def requester_after_split(ticket: Ticket, message: Message, actor: Actor) -> str:
    """Return whose ticket a message would become."""
    if message.kind is MessageKind.NOTE:
        return actor.username
    return message.author if message.author in {ticket.requester, *ticket.watchers} else ticket.requester


def _take_in(source: Ticket, target: Ticket, actor: Actor, now: datetime) -> None:
    came_before = {person for merged in target.merged for person in merged.watchers}
    own = {target.requester, *target.watchers} - came_before
    people = dict.fromkeys([source.requester, *source.watchers])
    came = [person for person in people if person not in own]
    target.merged.append(MergedIn(number=source.number, at=now, watchers=came))
    target.watchers += [person for person in came if person not in target.watchers]
    target.muted += [person for person in came if person in source.muted and person not in target.muted]
    copies = [message.model_copy(update={"origin": source.number}) for message in source.messages]
    target.messages = list(in_order(target.messages, copies, key=_moment))
    _note_change(target, MERGED, None, source.id, actor, now)


def _give_back(source: Ticket, target: Ticket, actor: Actor, now: datetime) -> None:
    gone = [person for merged in target.merged if merged.number == source.number for person in merged.watchers]
    target.merged = [merged for merged in target.merged if merged.number != source.number]
    staying = {person for merged in target.merged for person in merged.watchers}
    target.watchers = [person for person in target.watchers if person not in gone or person in staying]
    target.messages = [message for message in target.messages if message.origin != source.number]
    _note_change(target, MERGED, source.id, None, actor, now)


def _note_change(target: Ticket, field: str, old: str | None, new: str | None, actor: Actor, now: datetime) -> None:
    """Write it into the history; requesters learn from the conversation, which has changed for them too."""
    target.record(field, old, new, actor, now)
    target.public_updated_at = target.updated_at


def _stand(source: Ticket, standing: Standing, actor: Actor, now: datetime) -> None:
    for field in ("status", "resolution"):
        before, after = getattr(source, field), getattr(standing, field)
        if before != after:
            source.record(field, before, after, actor, now)
    source.status, source.resolution = standing.status, standing.resolution
    source.resolved_at, source.closed_at = standing.resolved_at, standing.closed_at
    source.snoozed = standing.snoozed


def _moment(message: Message) -> datetime:
    return message.at
