"""`/tickets/{number}/…`: what a ticket is to others: merged, linked, split off, alike."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from ticketing.domain.deadlines import Target
from ticketing.domain.due_times import StepKind
from ticketing.domain.links import LinkKind
from ticketing.domain.queries import GREATEST_NUMBER
from ticketing.domain.text import SEARCH_LIMIT
from ticketing.services.due_times import Explanation
from ticketing.web.api.calling import Key, Who
from ticketing.web.api.shapes import TicketLine, TicketOut, told
from ticketing.web.api.words import PLAIN, Input, Number, Output, Seconds, TicketNumber, Title

router = APIRouter(tags=["relations"])

Other = Annotated[int, Path(ge=1, le=GREATEST_NUMBER)]


class MergeIn(Input):
    """Into which ticket it goes on."""

    into: TicketNumber


class LinkIn(Input):
    """What the ticket is to the other one."""

    relation: LinkKind
    ticket: TicketNumber


class SplitIn(Input):
    """Which message becomes a ticket of its own, by its mark, and how that is called."""

    message: Annotated[str, Field(pattern="^[0-9a-f]{16}$")]
    title: Title


class StepOut(Output):
    """One stretch on the way to a due time, or the moment itself; `time` is the open time in it, in seconds."""

    kind: StepKind
    start: datetime
    end: datetime | None
    time: Seconds
    name: str


class DueTimes(Output):
    """By which policy and which calendar a ticket is due, and how that was reckoned, target by target."""

    policy: str
    calendar: str
    steps: dict[Target, list[StepOut]]

    @classmethod
    def explained(cls, found: Explanation | None) -> "DueTimes | None":
        """Return what is told of it; nothing if nothing is due."""
        if found is None:
            return None
        steps = {target: [StepOut.of(step) for step in way] for target, way in found.steps.items()}
        return cls(policy=found.policy.name, calendar=found.calendar.name, steps=steps)


@router.post("/tickets/{number}/merge")
def merge_ticket(who: Who, number: Number, key: Key, body: MergeIn, response: Response) -> TicketOut:
    """Let a ticket go on in another one, and return that one."""
    return told(who.desk.relations.merge(who.actor, number, body.into, key=key), who, response)


@router.post("/tickets/{number}/unmerge")
def unmerge_ticket(who: Who, number: Number, key: Key, response: Response) -> TicketOut:
    """Take the merge of this ticket back, and return it as it stood before."""
    return told(who.desk.relations.unmerge(who.actor, number, key=key), who, response)


@router.post("/tickets/{number}/links", status_code=201)
def link_ticket(who: Who, number: Number, key: Key, body: LinkIn, response: Response) -> TicketOut:
    """Link a ticket to another one."""
    return told(who.desk.relations.link(who.actor, number, body.relation, body.ticket, key=key), who, response)


@router.delete("/tickets/{number}/links/{relation}/{other}")
def unlink_ticket(
    who: Who, number: Number, relation: LinkKind, other: Other, key: Key, response: Response
) -> TicketOut:
    """Take a link away; that there is none is no error."""
    return told(who.desk.relations.unlink(who.actor, number, relation, other, key=key), who, response)


@router.post("/tickets/{number}/split", status_code=201)
def split_ticket(who: Who, number: Number, key: Key, body: SplitIn, response: Response) -> TicketOut:
    """Open a ticket that begins with a message of this one, and return it."""
    return told(who.desk.relations.split(who.actor, number, body.message, body.title, key=key), who, response)


@router.get("/tickets/{number}/similar")
def similar_tickets(who: Who, number: Number) -> list[TicketLine]:
    """List tickets that may be about the same matter, the likest first, for agents."""
    return [TicketLine.of(line) for line in who.desk.similar.to(who.actor, number)]


@router.get("/similar")
def own_similar_tickets(
    who: Who, text: Annotated[str, Query(min_length=1, max_length=SEARCH_LIMIT, pattern=PLAIN)]
) -> list[TicketLine]:
    """List the caller's own tickets that resemble a text, before they open another one."""
    return [TicketLine.of(line) for line in who.desk.similar.own(who.actor, text)]


@router.get("/tickets/{number}/due_times")
def why_due(who: Who, number: Number) -> DueTimes | None:
    """Tell why a ticket is due when it is; null if nothing is, or if the policy was changed since."""
    return DueTimes.explained(who.desk.due_times.explained(who.actor, number))
