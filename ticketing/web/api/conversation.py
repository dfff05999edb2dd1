"""`/tickets/{number}/…`: what is said in a ticket, who watches it, and what its reader makes of it."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import Field

from ticketing.domain.ratings import COMMENT_LIMIT, SCORES
from ticketing.domain.statuses import Status
from ticketing.domain.text import TEXT_LIMIT
from ticketing.web.api.calling import Key, Who
from ticketing.web.api.repeating import ONCE, Route
from ticketing.web.api.shapes import TicketOut, told
from ticketing.web.api.words import (
    PLAIN,
    Files,
    Id,
    Input,
    Number,
    Output,
    Somebody,
    Text,
    Username,
    Whole,
    Word,
    YesOrNo,
)

router = APIRouter(route_class=Route, tags=["conversation"])

Mark = Annotated[str, Path(pattern="^[0-9a-f]{16}$", description="The mark of a message.")]
Read = Annotated[
    Whole | None,
    Field(ge=0, le=1_000_000, description="How many messages the caller had read; if others have written since: 409."),
]
DraftOf = Annotated[int, Path(ge=0, le=2**63 - 1, description="The number of a ticket, or 0 for a new one.")]


class ReplyIn(Input):
    """A public reply, and for agents the status that the ticket has with it."""

    text: Text
    status: Status | None = None
    files: Files = ()
    read: Read = None


class NoteIn(Input):
    """An internal note, of which requesters learn nothing."""

    text: Text
    files: Files = ()
    read: Read = None


class CannedReplyUse(Input):
    """Which canned reply is used; its changes are made, and the text is a public reply if there is one."""

    canned_reply: Id
    text: Text | None = None
    version: Annotated[Whole | None, Field(ge=1, le=2**63 - 1)] = None
    status: Status | None = None
    files: Files = ()
    read: Read = None


class CannedReplyUsed(Output):
    """The ticket, and by their fields to whom it could not be given."""

    ticket: TicketOut
    passed_over: dict[str, str]


class Watcher(Input):
    """Somebody, by their username, their whole name or the address of their account."""

    who: Somebody


class SeenIn(Input):
    """How many of the messages that they may read the caller has seen."""

    messages: Annotated[Whole, Field(ge=0, le=1_000_000)]


class RatingIn(Input):
    """How a ticket was resolved: solved or not, a score of 1 to 5, a comment."""

    solved: YesOrNo
    score: Annotated[Whole | None, Field(ge=SCORES[0], le=SCORES[-1])] = None
    comment: Annotated[str, Field(max_length=COMMENT_LIMIT, pattern=PLAIN)] = ""


class DraftText(Input):
    """What was typed; an empty text forgets it."""

    text: Annotated[str, Field(max_length=TEXT_LIMIT, pattern=PLAIN)]


class DraftOut(Output):
    """What the caller has typed at one place, by field."""

    texts: dict[str, str]
    saved_at: datetime | None = None


@router.post("/tickets/{number}/replies", status_code=201)
def reply(who: Who, number: Number, key: Key, body: ReplyIn, response: Response) -> TicketOut:
    """Add a public reply."""
    ticket = who.desk.tickets.reply(
        who.actor, number, body.text, status=body.status, files=body.files, read=body.read, key=key
    )
    return told(ticket, who, response)


@router.delete("/tickets/{number}/replies/{mark}")
def take_back_reply(who: Who, number: Number, mark: Mark, key: Key, response: Response) -> TicketOut:
    """Take back a public reply of the agent's own, within 15 seconds."""
    return told(who.desk.tickets.take_back(who.actor, number, mark, key=key), who, response)


@router.post("/tickets/{number}/notes", status_code=201)
def add_note(who: Who, number: Number, key: Key, body: NoteIn, response: Response) -> TicketOut:
    """Add an internal note, as agents do."""
    ticket = who.desk.tickets.note(who.actor, number, body.text, files=body.files, read=body.read, key=key)
    return told(ticket, who, response)


@router.post("/tickets/{number}/canned_reply")
def use_canned_reply(who: Who, number: Number, key: Key, body: CannedReplyUse, response: Response) -> CannedReplyUsed:
    """Use a canned reply: add its text, make its changes, or nothing."""
    applied = who.desk.tickets.apply(
        who.actor,
        number,
        body.canned_reply,
        body.text,
        version=body.version,
        status=body.status,
        files=body.files,
        read=body.read,
        key=key,
    )
    return CannedReplyUsed(ticket=told(applied.ticket, who, response), passed_over=dict(applied.passed_over))


@router.post("/tickets/{number}/rating")
def rate_ticket(who: Who, number: Number, key: Key, body: RatingIn, response: Response) -> TicketOut:
    """Say how the caller's own ticket was resolved; score and comment may be added once, later."""
    ticket = who.desk.tickets.rate(
        who.actor, number, solved=body.solved, score=body.score, comment=body.comment, key=key
    )
    return told(ticket, who, response)


@router.put("/tickets/{number}/seen", status_code=204, dependencies=ONCE)
def mark_seen(who: Who, number: Number, body: SeenIn) -> None:
    """Remember how many messages the caller has seen; it never becomes fewer."""
    who.desk.tickets.mark_seen(who.actor, number, body.messages)


@router.put("/tickets/{number}/watching", dependencies=ONCE)
def watch(who: Who, number: Number, response: Response) -> TicketOut:
    """Have the caller told of a ticket."""
    return told(who.desk.watching.watch(who.actor, number), who, response)


@router.delete("/tickets/{number}/watching", dependencies=ONCE)
def stop_watching(who: Who, number: Number, response: Response) -> TicketOut:
    """Have the caller told nothing more of a ticket."""
    return told(who.desk.watching.stop(who.actor, number), who, response)


@router.post("/tickets/{number}/watchers")
def add_watcher(who: Who, number: Number, key: Key, body: Watcher, response: Response) -> TicketOut:
    """Let somebody watch a ticket."""
    return told(who.desk.watching.add(who.actor, number, body.who, key=key), who, response)


@router.delete("/tickets/{number}/watchers/{username}")
def remove_watcher(who: Who, number: Number, username: Username, key: Key, response: Response) -> TicketOut:
    """Take a ticket out of the sight of somebody who watches it."""
    return told(who.desk.watching.remove(who.actor, number, username, key=key), who, response)


@router.post("/tickets/{number}/requester")
def make_requester(who: Who, number: Number, key: Key, body: Watcher, response: Response) -> TicketOut:
    """Let a ticket be somebody else's; whose it was goes on watching it, unless they are an agent."""
    return told(who.desk.watching.make_requester(who.actor, number, body.who, key=key), who, response)


@router.get("/drafts/{number}")
def get_draft(who: Who, number: DraftOf) -> DraftOut:
    """Return what the caller has typed into a ticket, or into a new one, and not sent."""
    found = who.desk.drafts.own(who.actor, number)
    return DraftOut(texts={}) if found is None else DraftOut.of(found)


@router.put("/drafts/{number}/{field}", status_code=204, dependencies=ONCE)
def keep_draft(who: Who, number: DraftOf, field: Word, body: DraftText) -> None:
    """Keep what the caller has typed into a field: title, description, reply or note."""
    who.desk.drafts.keep(who.actor, number, field, body.text)
