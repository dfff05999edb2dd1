"""What has happened to a ticket, in the words of webhooks: read off what a change has added to it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from pydantic import ConfigDict

from ticketing.domain.rules import Mark, own_messages
from ticketing.domain.sources import Source
from ticketing.domain.text import Stored
from ticketing.domain.tickets import MERGED_INTO, RATING, Event, Message, MessageKind, Ticket
from ticketing.domain.webhooks import WebhookEvent

_EVENTS: Final = {
    "status": WebhookEvent.STATUS_CHANGED,
    "assignee": WebhookEvent.ASSIGNED,
    MERGED_INTO: WebhookEvent.MERGED,
    RATING: WebhookEvent.RATED,
    **dict.fromkeys(("title", "resolution", "priority", "category", "team", "tags"), WebhookEvent.CHANGED),
}


class Step(Stored):
    """One change of one field, old → new; of a title that it was changed, since texts are kept with tickets alone."""

    model_config = ConfigDict(frozen=True)

    field: str
    old: str | None = None
    new: str | None = None


class Happening(NamedTuple):
    """One thing that happened to a ticket: by whom, when, and the mark of the message or the steps it came with."""

    event: WebhookEvent
    by: str
    at: datetime
    mark: str = ""
    steps: tuple[Step, ...] = ()


def happenings_since(mark: Mark, ticket: Ticket) -> list[Happening]:
    """Return all that has happened to a ticket since it had come so far; nothing of what was imported."""
    events, messages = ticket.events[mark.events :], own_messages(ticket)[mark.messages :]
    steps: list[Event | Message] = [*events, *messages]
    if any(step.source is Source.IMPORT for step in steps):
        return []
    return [*_told_of_messages(ticket, events, messages), *_told_of_fields(events)]


def _told_of_messages(ticket: Ticket, events: Sequence[Event], messages: Sequence[Message]) -> Iterator[Happening]:
    """Yield what was written; what a ticket began with is that it was opened."""
    first = ticket.begins_with
    opening = next((event for event in events if event.field == "opened"), None)
    if opening is not None:
        yield Happening(WebhookEvent.OPENED, opening.by, opening.at, first.mark)
    for message in messages:
        if message is not first:
            is_note = message.kind is MessageKind.NOTE
            event = WebhookEvent.NOTE_ADDED if is_note else WebhookEvent.REPLIED
            yield Happening(event, message.author, message.at, message.mark)


def _told_of_fields(events: Sequence[Event]) -> Iterator[Happening]:
    """Yield which fields are other ones now, each kind of change once."""
    by_kind: dict[WebhookEvent, dict[str, list[Event]]] = {}
    for event in events:
        if kind := _EVENTS.get(event.field):
            by_kind.setdefault(kind, {}).setdefault(event.field, []).append(event)
    for kind, fields in by_kind.items():
        changed = [changes for changes in fields.values() if changes[0].old != changes[-1].new]
        steps = tuple(_step(changes[0], changes[-1]) for changes in changed)
        if steps and not (kind is WebhookEvent.MERGED and steps[0].new is None):
            last = changed[-1][-1]
            yield Happening(kind, last.by, last.at, steps=steps)


def _step(first: Event, last: Event) -> Step:
    is_text = first.field == "title"
    return Step(field=first.field) if is_text else Step(field=first.field, old=first.old, new=last.new)
