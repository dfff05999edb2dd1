"""`/tickets`: listed, opened, read, changed."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from ticketing.domain.custom_fields import FieldValue
from ticketing.domain.queries import Sort, TicketQuery
from ticketing.domain.query_language import read_query
from ticketing.domain.statuses import Priority, Resolution, Status
from ticketing.domain.text import QUERY_LIMIT
from ticketing.domain.tickets import TicketEdit
from ticketing.web.api.calling import Caller, IfMatch, Key, Who, etag
from ticketing.web.api.cursors import TicketCursor, cursor_behind, following, place_at
from ticketing.web.api.shapes import ConversationOut, TicketLine, TicketOut, told
from ticketing.web.api.words import (
    PLAIN,
    At,
    Files,
    Id,
    Input,
    Limit,
    Listed,
    Number,
    Somebody,
    Tags,
    Text,
    TicketNumber,
    Title,
    UsernameField,
    YesOrNo,
    ready,
)
from ticketing.web.asking import asker_of

router = APIRouter(tags=["tickets"])

_Lines = Listed[TicketLine]

Fields = dict[Id, FieldValue | None]
Q = Annotated[
    str, Query(max_length=QUERY_LIMIT, pattern=PLAIN, description="A query, as docs/queries.md tells; none is all.")
]
Zone = Annotated[str, Query(max_length=64, pattern="^[A-Za-z0-9_+/-]+$", description="In which days of a query are.")]


class TicketIn(Input):
    """
    A new ticket; `follows` is the closed ticket whose matter has come back.

    Agents may open it for somebody else: `requester` is a username, a whole name or an address. An address that no
    account has gets one, under the name that stands before it: Carla Diaz <carla@example.org>.
    """

    title: Title
    description: Text
    requester: Somebody | None = None
    category: Id | None = None
    fields: Fields | None = None
    follows: TicketNumber | None = None
    files: Files = ()


class TicketPatch(Input):
    """
    Fields to set; those that are left out stay as they are.

    With null, `team` and `assignee` are nobody, and a custom field is emptied; of all others null changes nothing.
    """

    title: Title | None = None
    status: Status | None = None
    resolution: Resolution | None = None
    priority: Priority | None = None
    category: Id | None = None
    tags: Tags | None = None
    team: Id | None = None
    assignee: UsernameField | None = None
    fields: Fields | None = None


class Closing(Input):
    """How a ticket is closed: after a last public reply, and for agents as what it is done."""

    reply: Text | None = None
    resolution: Resolution | None = None
    files: Files = ()


class Assignment(Input):
    """Who works on it; nobody with null."""

    assignee: UsernameField | None


class Transfer(Input):
    """To which team it goes, and to whom there; without an assignee the team's rule deals it."""

    team: Id | None
    assignee: UsernameField | None = None
    note: Text | None = None


class Sleep(Input):
    """Until when a ticket sleeps, and whether a reply of its requester wakes it."""

    until: At
    wakes_on_reply: YesOrNo = True


def asked(who: Caller, q: str, sort: Sort = Sort.UPDATED, zone: str = "UTC") -> TicketQuery:
    """Return which tickets a call asks for, as a question to the store; raises QueryError."""
    return read_query(q, asker_of(who.desk, who.actor, zone), sort=sort)


@router.get("/tickets", response_model=_Lines)
def list_tickets(
    who: Who, q: Q = "", sort: Sort = Sort.UPDATED, zone: Zone = "UTC", cursor: TicketCursor = "", limit: Limit = 50
) -> Response:
    """
    List the tickets that the caller may see and that a query asks for; a list is of the moment of each call.

    From part to part no ticket is left out or told twice that stays where it is, whatever else changes. The last part
    may be empty.
    """
    question = q, sort, zone
    after = place_at(cursor, *question)
    with who.desk.one_view():
        query = asked(who, *question).model_copy(update={"after": after, "size": limit})
        found = who.desk.tickets.search(who.actor, query)
    behind = following(found, lambda line: cursor_behind(line, *question), is_first=after is None)
    return ready(_Lines.up_to(found, behind))


@router.post("/tickets", status_code=201)
def open_ticket(who: Who, key: Key, body: TicketIn, response: Response) -> TicketOut:
    """Open a ticket, of which the caller is the requester unless it names another."""
    ticket = who.desk.tickets.open(
        who.actor,
        body.title,
        body.description,
        body.category,
        requester=body.requester or "",
        fields=body.fields,
        follows=body.follows,
        files=body.files,
        key=key,
    )
    return told(ticket, who, response)


@router.get("/tickets/{number}", response_model=ConversationOut)
def get_ticket(who: Who, number: Number) -> Response:
    """Read a ticket: what the caller may know of it."""
    with who.desk.one_view():
        found = who.desk.tickets.conversation(who.actor, number)
    headers = etag(found.ticket.version) if who.actor.is_agent else None
    return ready(ConversationOut.of_conversation(found, who.actor), headers)


@router.patch("/tickets/{number}")
def change_ticket(
    who: Who, number: Number, key: Key, version: IfMatch, body: TicketPatch, response: Response
) -> TicketOut:
    """Set fields of a ticket, as agents do."""
    edit = TicketEdit.model_validate(body.model_dump(exclude_unset=True))
    return told(who.desk.tickets.edit(who.actor, number, edit, version=version, key=key), who, response)


@router.post("/tickets/{number}/close")
def close_ticket(who: Who, number: Number, key: Key, body: Closing, response: Response) -> TicketOut:
    """Close a ticket."""
    ticket = who.desk.tickets.close(
        who.actor, number, body.reply or "", resolution=body.resolution, files=body.files, key=key
    )
    return told(ticket, who, response)


@router.post("/tickets/{number}/reopen")
def reopen_ticket(who: Who, number: Number, key: Key, response: Response) -> TicketOut:
    """Open a resolved or closed ticket again; requesters within 14 days of its closing."""
    return told(who.desk.tickets.reopen(who.actor, number, key=key), who, response)


@router.post("/tickets/{number}/assign")
def assign_ticket(who: Who, number: Number, key: Key, body: Assignment, response: Response) -> TicketOut:
    """Give a ticket to an agent, or to nobody."""
    return told(who.desk.tickets.assign(who.actor, number, body.assignee, key=key), who, response)


@router.post("/tickets/{number}/transfer")
def transfer_ticket(who: Who, number: Number, key: Key, body: Transfer, response: Response) -> TicketOut:
    """Hand a ticket on to a team and an agent, with an internal note if one is given."""
    ticket = who.desk.tickets.transfer(
        who.actor, number, team=body.team, assignee=body.assignee, note=body.note or "", key=key
    )
    return told(ticket, who, response)


@router.post("/tickets/{number}/snooze")
def snooze_ticket(who: Who, number: Number, key: Key, body: Sleep, response: Response) -> TicketOut:
    """Put a ticket on hold until a moment, at which it is open and unread again."""
    ticket = who.desk.tickets.snooze(who.actor, number, body.until, wakes_on_reply=body.wakes_on_reply, key=key)
    return told(ticket, who, response)


@router.post("/tickets/{number}/wake")
def wake_ticket(who: Who, number: Number, key: Key, response: Response) -> TicketOut:
    """Open a ticket that sleeps before its time."""
    return told(who.desk.tickets.wake(who.actor, number, key=key), who, response)
