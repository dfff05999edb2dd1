"""A ticket of another system as one of this desk."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from ticketing.domain.attachments import Attachment
from ticketing.domain.audit import IMPORTED
from ticketing.domain.errors import TicketingError
from ticketing.domain.imports import BroughtMessage, BroughtTicket, Problem
from ticketing.domain.people import Actor
from ticketing.domain.sources import Source
from ticketing.domain.statuses import GENERAL, RESOLVED_FOR, Priority, Resolution, Status, StatusCategory
from ticketing.domain.text import TAGS_LIMIT, TEXT_LIMIT, TITLE_LIMIT, clean_name, is_blank, printable
from ticketing.domain.tickets import SYSTEM, Event, Message, MessageKind, Ticket
from ticketing.services.moving.importing.people import People
from ticketing.services.moving.importing.words import Words

NO_TITLE: Final = "(no subject)"
NO_TEXT: Final = "(no text)"
NO_DESCRIPTION: Final = "(Imported without a text of its requester.)"
_CUT: Final = "\n\n(Cut off by the import.)"
_TAG_LIMIT: Final = 40


class Maker:
    """
    Makes tickets out of what was brought, and notes what could not come as it was.

    *usual* is the category of those whose own is unknown here; *fired* are the rules that follow as time goes by, which
    take no notice of such a ticket until somebody does something in it.
    """

    def __init__(
        self, words: Words, people: People, usual: str, fired: Sequence[str], by: Actor, now: datetime
    ) -> None:
        self._words = words
        self._people = people
        self._usual = usual or GENERAL
        self._fired = list(fired)
        self._by = by
        self._now = now
        self.notes: list[Problem] = []

    def ticket(self, number: int, found: BroughtTicket, run: str, attached: Sequence[Sequence[Attachment]]) -> Ticket:
        """Return the ticket with this number; *attached* are the files of each message, as it was brought."""
        requester = self._people.username(found.requester, found.opened_at)
        messages = self._messages(found, requester, attached)
        updated_at = max(found.updated_at or found.opened_at, found.opened_at, *(one.at for one in messages))
        assignee = self._people.agent(found.assignee) if found.assignee else None
        if found.assignee and assignee is None:
            said = f"Assigned to {found.assignee.shown} before the import."
            messages.append(_message(MessageKind.NOTE, SYSTEM, said, updated_at))
        answers = (one.at for one in messages if one.kind is MessageKind.REPLY and one.author != requester)
        ticket = Ticket(
            id=str(number),
            title=self._line(found.title),
            requester=requester,
            priority=self._priority(found),
            category=self._words.category(found.category) or self._usual,
            assignee=assignee,
            tags=self._tags(found),
            external_id=printable(found.external_id),
            opened_at=found.opened_at,
            updated_at=updated_at,
            public_updated_at=updated_at,
            first_response_at=min(answers, default=None),
            fired=self._fired,
            messages=messages,
            events=[_event("opened", requester, found.opened_at)],
        )
        self._end(ticket, found)
        ticket.events.append(_event(IMPORTED, self._by.username, self._now, old=run, new=ticket.external_id))
        return ticket

    def _messages(
        self, found: BroughtTicket, requester: str, attached: Sequence[Sequence[Attachment]]
    ) -> list[Message]:
        """Return the messages in order of time; the first one is the requester's, as in every ticket."""
        made = [self._said(found, one, requester, files) for one, files in zip(found.messages, attached, strict=True)]
        made.sort(key=lambda message: message.at)
        if not made or made[0].kind is MessageKind.NOTE:
            made.insert(0, _message(MessageKind.REPLY, requester, NO_DESCRIPTION, found.opened_at))
        return made

    def _said(self, found: BroughtTicket, said: BroughtMessage, requester: str, files: Sequence[Attachment]) -> Message:
        text, author = said.text, requester
        if said.author.is_agent:
            author = self._people.agent(said.author) or SYSTEM
            if author == SYSTEM:
                text = f"{said.author.shown} wrote:\n\n{text}"
        elif said.author.key and said.author.key != found.requester.key:
            author = self._people.username(said.author, said.at)
        names = [file.name for file in said.files if file.content is None]
        if names:
            text += "\n\nFiles that did not come along: " + ", ".join(names)
            self._note(found, f"{len(names)} attached files came by name only.")
        message = _message(said.kind, author, self._text(found, text), max(said.at, found.opened_at))
        message.attachments = list(files)
        return message

    def _text(self, found: BroughtTicket, written: str) -> str:
        text = printable(written[: 2 * TEXT_LIMIT].replace("\r\n", "\n").replace("\r", "\n")).strip()
        if len(text) > TEXT_LIMIT:
            self._note(found, f"a message is longer than {TEXT_LIMIT:,} characters, and is cut off.")
            return text[: TEXT_LIMIT - len(_CUT)] + _CUT
        return NO_TEXT if is_blank(text) else text

    def _line(self, title: str) -> str:
        line = " ".join(printable(title[: 4 * TITLE_LIMIT]).split())[:TITLE_LIMIT].strip()
        return NO_TITLE if is_blank(line) else line

    def _priority(self, found: BroughtTicket) -> Priority:
        priority = self._words.priority(found.priority)
        if priority is None:
            self._note(found, f"the priority “{printable(found.priority[:60])}” is unknown, and becomes normal.")
        return priority or Priority.NORMAL

    def _tags(self, found: BroughtTicket) -> list[str]:
        """Return its tags, and a category that is unknown here as one."""
        told = [*found.tags]
        if found.category and self._words.category(found.category) is None:
            told.append(found.category)
        cleaned = filter(None, map(_tag, told))
        return list(dict.fromkeys(cleaned))[:TAGS_LIMIT]

    def _end(self, ticket: Ticket, found: BroughtTicket) -> None:
        """Bring it into the status that it had; one that was resolved long ago has lapsed there, so nobody is told."""
        status = self._words.status(found.status)
        if status is None:
            self._note(found, f"the status “{printable(found.status[:60])}” is unknown, and becomes open.")
        if status in {None, Status.OPEN}:
            return
        at = min(max(found.closed_at or ticket.updated_at, ticket.opened_at), self._now)
        if status is Status.RESOLVED and at + RESOLVED_FOR <= self._now:
            status = Status.CLOSED
        ticket.status = status or Status.OPEN
        ticket.events.append(_event("status", SYSTEM, at, old=Status.OPEN, new=ticket.status))
        if ticket.status.category is StatusCategory.DONE:
            ticket.resolution, ticket.resolved_at = Resolution.SOLVED, at
            ticket.closed_at = at if ticket.status is Status.CLOSED else None
            ticket.updated_at = ticket.public_updated_at = max(ticket.updated_at, at)

    def _note(self, found: BroughtTicket, says: str) -> None:
        self.notes.append(Problem(place=found.place, says=says, is_left_out=False))


def _message(kind: MessageKind, author: str, text: str, at: datetime) -> Message:
    return Message(kind=kind, source=Source.IMPORT, author=author, text=text, at=at)


def _event(field: str, by: str, at: datetime, *, old: str | None = None, new: str | None = None) -> Event:
    return Event(field=field, old=old, new=new, by=by, at=at, source=Source.IMPORT)


def _tag(told: str) -> str:
    """Return a tag as it may be typed, "" for what cannot be one."""
    try:
        return clean_name("Tag", printable(told[:_TAG_LIMIT]).casefold(), _TAG_LIMIT)
    except TicketingError:
        return ""
