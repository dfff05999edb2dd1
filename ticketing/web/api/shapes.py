"""Tickets as calls are answered with them: as the caller may see them, which the services have seen to."""

from datetime import datetime
from typing import Any, Self

from fastapi import Response
from pydantic import Field

from ticketing.domain.custom_fields import FieldValue, key_in
from ticketing.domain.links import LinkKind
from ticketing.domain.people import Actor
from ticketing.domain.sources import Source
from ticketing.domain.statuses import Priority, Resolution, Status
from ticketing.domain.tickets import MessageKind, Ticket
from ticketing.services.tickets import Conversation
from ticketing.web.api.calling import Caller, etag
from ticketing.web.api.words import Output


class AttachmentOut(Output):
    """A file; its bytes are at `/attachments/{id}`."""

    id: str
    name: str
    size: int
    media_type: str


class MessageOut(Output):
    """A public reply, or an internal note, of which requesters learn nothing; `mark` names it within its ticket."""

    mark: str
    kind: MessageKind
    source: Source
    author: str
    text: str
    at: datetime
    from_ticket: int | None = Field(None, validation_alias="origin")
    attachments: list[AttachmentOut]


class EventOut(Output):
    """One change of one field, old → new."""

    field: str
    old: str | None
    new: str | None
    by: str
    at: datetime
    source: Source


class LinkOut(Output):
    """What the ticket is to another one."""

    relation: LinkKind = Field(validation_alias="kind")
    ticket: int = Field(validation_alias="number")


class RatingOut(Output):
    """What the requester says of how it was resolved."""

    by: str
    at: datetime
    solved: bool
    score: int | None
    comment: str | None


class TicketOut(Output):
    """
    A ticket with its conversation and its history.

    `version`, `team`, `tags`, `followers`, `links`, `due_at` and `snoozed_until` are for agents; requesters get null
    or an empty list.
    """

    number: int
    label: str
    title: str
    status: Status
    resolution: Resolution | None
    priority: Priority
    category: str
    team: str | None
    requester: str
    assignee: str | None
    watchers: list[str]
    followers: list[str]
    tags: list[str]
    fields: dict[str, FieldValue]
    opened_at: datetime
    updated_at: datetime
    first_response_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    due_at: datetime | None
    snoozed_until: datetime | None
    merged_into: int | None
    follows: int | None
    links: list[LinkOut]
    ratings: list[RatingOut]
    external_id: str | None
    version: int | None
    messages: list[MessageOut]
    events: list[EventOut]

    @classmethod
    def seen_by(cls, actor: Actor, ticket: Ticket, **more: Any) -> Self:
        """Return a ticket that a service has given to this actor."""
        told = {name: getattr(ticket, name) for name in TicketOut.model_fields if hasattr(ticket, name)}
        told |= {
            "fields": {key_in(name) or name: value for name, value in ticket.fields.items()},
            "due_at": ticket.sla.due_at if ticket.sla else None,
            "snoozed_until": ticket.snoozed.until if ticket.snoozed else None,
            "version": ticket.version if actor.is_agent else None,
        }
        return cls.model_validate(told | more)


class ConversationOut(TicketOut):
    """A ticket as one reads it: with the display names of all who are named, and how many messages are not new."""

    names: dict[str, str]
    seen: int

    @classmethod
    def of_conversation(cls, found: Conversation, actor: Actor) -> Self:
        """Return what a service has found for this actor."""
        return cls.seen_by(actor, found.ticket, names=found.names, seen=found.seen)


def told(ticket: Ticket, who: Caller, response: Response) -> TicketOut:
    """Answer with a ticket as it is now, and for agents with its version as ETag."""
    if who.actor.is_agent:
        response.headers.update(etag(ticket.version))
    return TicketOut.seen_by(who.actor, ticket)


class TicketLine(Output):
    """A ticket as a list has it; `messages` counts what the caller may read, `due_at` is for agents."""

    number: int
    label: str
    title: str
    status: Status
    is_new: bool
    priority: Priority
    category: str
    requester: str
    requester_name: str
    assignee: str | None
    assignee_name: str | None
    opened_at: datetime
    updated_at: datetime
    messages: int
    unread: bool
    due_at: datetime | None
