"""
What came from the original app goes back to it as it was.

A ticket or an account that would go out in other words than it came in, say under a title that was too long for this
desk, keeps what came in as JSON text: escaped, it may hold what no document can, such as half of a surrogate pair.
"""

import json
from collections.abc import Mapping
from typing import Any

from ticketing.domain.people import User
from ticketing.domain.sources import Source
from ticketing.domain.statuses import StatusCategory
from ticketing.domain.tickets import SYSTEM, Message, Ticket

SeedFields = dict[str, Any]
Names = Mapping[str, str]
"""The names that people had in the original app, by username."""


def keep_original_ticket(ticket: Ticket, owner: str, fields: SeedFields, names: Names) -> None:
    """Keep what came in, unless it can be told from the ticket anyway."""
    if seed_form(ticket, names) != (owner, fields):
        ticket.original = json.dumps([owner, fields])


def seed_form(ticket: Ticket, names: Names) -> tuple[str, SeedFields]:
    """Return whose ticket it is, and the ticket as the original app would write it, with all that was added here."""
    status = "closed" if ticket.status.category is StatusCategory.DONE else "open"
    if ticket.original is None:
        return names.get(ticket.requester, ticket.requester), {
            "ticket_id": ticket.label if ticket.external_id is None else ticket.external_id,
            "title": ticket.title,
            "status": status,
            "comments": [_comment(message, names) for message in ticket.public_messages()],
        }
    owner, fields = json.loads(ticket.original)
    added = [message for message in ticket.public_messages() if message.source is not Source.IMPORT]
    return owner, fields | {
        "title": ticket.title if _was_renamed(ticket) else fields["title"],
        "status": status,
        "comments": fields["comments"] + [_comment(message, names) for message in added],
    }


def _comment(message: Message, names: Names) -> SeedFields:
    return {"by": names.get(message.author, message.author), "text": message.text}


def _was_renamed(ticket: Ticket) -> bool:
    """Whether somebody has given it another title since it came in."""
    return any(event.field == "title" and event.by != SYSTEM for event in ticket.events)


def keep_original_account(user: User, name: str, empty_lists: list[str]) -> bool:
    """Keep the name in users.json, and the names under which tickets.json has no ticket; whether there was need to."""
    if user.original is not None or (name == user.id and not empty_lists):
        return False
    user.original = json.dumps({"name": name, "empty_lists": empty_lists})
    return True


def original_name(user: User) -> str:
    """Return what the person was called in the original app; their username if they never were there."""
    return json.loads(user.original)["name"] if user.original else user.id


def empty_lists(user: User) -> list[str]:
    """Return the names under which the original app had a list of tickets for them, and none in it."""
    return json.loads(user.original)["empty_lists"] if user.original else []
