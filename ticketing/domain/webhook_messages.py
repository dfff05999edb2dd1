"""What a webhook is told, as JSON: only what stands here, so that a new field of a ticket tells nobody anything."""

import json
from datetime import datetime
from typing import Any, Final

from ticketing.domain.deliveries import Delivery
from ticketing.domain.tickets import SYSTEM, Message, Ticket

# Raised when a field changes its meaning or goes; new ones may come without that.
VERSION: Final = 1


def message_body(
    delivery: Delivery, ticket: Ticket | None, message: Message | None, *, with_notes: bool, base_url: str
) -> bytes:
    """
    Return the body of a message about what has happened to a ticket, as that is now.

    Unless *with_notes*, not even the moment of a note is told.
    """
    told: dict[str, Any] = {
        "version": VERSION,
        "id": delivery.id,
        "type": delivery.event,
        "at": _moment(delivery.happened_at),
        "by": _person(delivery.by),
    }
    if ticket is not None:
        told["ticket"] = _ticket(ticket, with_notes=with_notes, base_url=base_url)
    if message is not None:
        told["message"] = _message(message)
    if delivery.steps:
        told["changes"] = [{"field": step.field, "old": step.old, "new": step.new} for step in delivery.steps]
    return json.dumps(told, ensure_ascii=False).encode()


def _ticket(ticket: Ticket, *, with_notes: bool, base_url: str) -> dict[str, Any]:
    updated_at = ticket.updated_at if with_notes else ticket.public_updated_at
    return {
        "number": ticket.number,
        "url": f"{base_url}/ticket?id={ticket.number}" if base_url else None,
        "title": ticket.title,
        "status": ticket.status,
        "resolution": ticket.resolution,
        "priority": ticket.priority,
        "category": ticket.category,
        "team": ticket.team,
        "assignee": ticket.assignee,
        "requester": ticket.requester,
        "tags": ticket.tags,
        "merged_into": ticket.merged_into,
        "opened_at": _moment(ticket.opened_at),
        "updated_at": _moment(updated_at),
    }


def _message(message: Message) -> dict[str, Any]:
    return {
        "kind": message.kind,
        "author": _person(message.author),
        "text": message.text,
        "at": _moment(message.at),
        "attachments": [{"name": each.name, "size": each.size} for each in message.attachments],
    }


def _person(username: str) -> str | None:
    """Return a username; None is the desk itself."""
    return None if username in {"", SYSTEM} else username


def _moment(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
