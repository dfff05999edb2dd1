"""A public reply that was sent a moment ago and is taken back, with the status that was set by it."""

from datetime import datetime, timedelta
from typing import Final

from ticketing.domain.due_times import talk
from ticketing.domain.errors import ReplyStaysError
from ticketing.domain.people import Actor
from ticketing.domain.statuses import Resolution, Status, StatusCategory
from ticketing.domain.tickets import REPLY_TAKEN_BACK, SNOOZED, SYSTEM, Event, Message, MessageKind, Ticket

TAKEN_BACK_WITHIN: Final = timedelta(seconds=15)
# One that went to several tickets at once: there is more to look through before one knows that it was wrong.
TAKEN_BACK_AT_ONCE_WITHIN: Final = timedelta(seconds=30)
# A click in the last second arrives later.
ON_ITS_WAY: Final = timedelta(seconds=5)
# So long whatever delivers a reply waits.
CAN_BE_GONE_WITHIN: Final = TAKEN_BACK_AT_ONCE_WITHIN + ON_ITS_WAY


def find_reply(ticket: Ticket, mark: str, *, within: timedelta = TAKEN_BACK_WITHIN) -> Message:
    """Return the reply of this mark; raises ReplyStaysError for one that is gone, and for what is none."""
    for message in reversed(ticket.messages):
        is_reply = message.kind is MessageKind.REPLY and message.origin is None and message is not ticket.begins_with
        if is_reply and message.mark == mark:
            return message
    raise ReplyStaysError(_seconds(within))


def take_back(
    ticket: Ticket, reply: Message, actor: Actor, now: datetime, *, within: timedelta = TAKEN_BACK_WITHIN
) -> None:
    """
    Take a reply out of the conversation; the history says that there was one.

    The status that was set with it is as before unless somebody else has done something since, and the first response
    is the next one, if there is one. What else a canned reply has set stays. Raises ReplyStaysError when it is too
    late, or TicketMergedError.
    """
    ticket.require_not_merged()
    if now - reply.at > within + ON_ITS_WAY:
        raise ReplyStaysError(_seconds(within))
    if not _others_went_on(ticket, reply):
        _take_status_back(ticket, reply)
    ticket.messages = [message for message in ticket.messages if message is not reply]
    if ticket.first_response_at == reply.at:
        ticket.first_response_at = _first_response(ticket)
    ticket.record(REPLY_TAKEN_BACK, None, None, actor, now)
    ticket.public_updated_at = ticket.updated_at


def still_open(ticket: Ticket, username: str, now: datetime) -> tuple[Message, timedelta] | None:
    """Return the person's last reply and how long it can be taken back; None if it can't."""
    own = (message for message in reversed(ticket.messages[1:]) if message.author == username)
    reply = next((message for message in own if message.kind is MessageKind.REPLY and message.origin is None), None)
    if reply is None or ticket.merged_into is not None or username == ticket.requester:
        return None
    left = reply.at + TAKEN_BACK_WITHIN - now
    return (reply, left) if left > timedelta() else None


def _seconds(within: timedelta) -> int:
    return int(within.total_seconds())


def _others_went_on(ticket: Ticket, reply: Message) -> bool:
    done = [(event.by, event.at) for event in ticket.events] + [(each.author, each.at) for each in ticket.messages]
    return any(at > reply.at and by not in {reply.author, SYSTEM} for by, at in done)


def _take_status_back(ticket: Ticket, reply: Message) -> None:
    """
    Let the status be as before; that it was another one for a moment is to count nowhere, in due times or reports.

    One that was done before and is not done now stays, as does one that may have been a sleep: the history does not
    tell all that belonged to that.
    """
    steps = [event for event in ticket.events if event.field in {"status", "resolution"}]
    came_along = [event for event in steps if _came_along(event, reply)]
    was = {event.field: event.old for event in reversed(came_along) if event.old}
    if "status" not in was or steps[-len(came_along) :] != came_along:
        return
    before = Status(was["status"])
    was_done, is_done = (status.category is StatusCategory.DONE for status in (before, ticket.status))
    has_slept = before is Status.ON_HOLD and any(event.field == SNOOZED for event in ticket.events)
    if has_slept or (was_done and not is_done):
        return
    ticket.status, ticket.closed_at = before, None
    if not was_done:
        ticket.resolution, ticket.resolved_at = None, None
    elif "resolution" in was:
        ticket.resolution = Resolution(was["resolution"])
    ticket.events = [event for event in ticket.events if event not in came_along]


def _came_along(event: Event, reply: Message) -> bool:
    return event.at == reply.at and event.by == reply.author


def _first_response(ticket: Ticket) -> datetime | None:
    return next((at for at, is_answer in talk(ticket) if is_answer), None)
