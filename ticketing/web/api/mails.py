"""`/mails`: what became of each mail in and out, for admins."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from ticketing.domain.outbox import MailState, OutgoingQuery
from ticketing.domain.queries import Recorded
from ticketing.domain.received import Fate, ReceivedQuery
from ticketing.web.api.calling import Who
from ticketing.web.api.cursors import Cursor, cursor_at, following, place_in
from ticketing.web.api.repeating import ONCE, Route
from ticketing.web.api.words import Limit, Listed, Output, Word

router = APIRouter(route_class=Route, prefix="/mails", tags=["mails"])


class OutgoingOut(Output):
    """A mail on its way out, and what became of it."""

    id: str
    username: str
    kind: str
    ticket: int
    at: datetime
    state: MailState
    due_at: datetime
    attempts: int
    address: str
    error: str
    sent_at: datetime | None


class BacklogOut(Output):
    """How many mails wait, and since when."""

    waiting: int
    oldest: datetime | None


class ReceivedOut(Output):
    """A mail that came in, and what became of it."""

    id: str
    at: datetime
    sender: str
    subject: str
    fate: Fate
    why: str
    ticket: int
    size: int


class OriginalOut(Output):
    """A mail as it came in, or the beginning of it."""

    received: ReceivedOut
    text: str
    is_all: bool


class FetchOut(Output):
    """When the mailbox was last looked into, and why it cannot be now."""

    fetched_at: datetime | None
    failure: str


@router.get("/out")
def list_outgoing(
    who: Who, cursor: Cursor = "", limit: Limit = 50, state: MailState | None = None
) -> Listed[OutgoingOut]:
    """List what went out of late, the newest first."""
    question = "mails out", state or ""
    after = place_in(Recorded, cursor, *question)
    found = who.desk.outbox.ledger(who.actor, OutgoingQuery(state=state, after=after, size=limit))
    behind = following(found, lambda mail: cursor_at(Recorded(mail.at, mail.id), *question), is_first=after is None)
    return Listed[OutgoingOut].up_to(found, behind)


@router.get("/out/backlog")
def get_backlog(who: Who) -> BacklogOut:
    """Tell how many mails wait."""
    return BacklogOut.of(who.desk.outbox.backlog(who.actor))


@router.post("/out/{key}/again", dependencies=ONCE)
def send_again(who: Who, key: Word) -> OutgoingOut:
    """Send a mail once more."""
    return OutgoingOut.of(who.desk.outbox.send_again(who.actor, key))


@router.get("/in")
def list_received(
    who: Who,
    cursor: Cursor = "",
    limit: Limit = 50,
    fate: Annotated[list[Fate] | None, Query(max_length=len(Fate))] = None,
) -> Listed[ReceivedOut]:
    """List what came in of late, the newest first."""
    question = "mails in", *sorted(fate or ())
    after = place_in(Recorded, cursor, *question)
    query = ReceivedQuery(fates=frozenset(fate or ()), after=after, size=limit)
    found = who.desk.receiving.search(who.actor, query)
    behind = following(found, lambda mail: cursor_at(Recorded(mail.at, mail.id), *question), is_first=after is None)
    return Listed[ReceivedOut].up_to(found, behind)


@router.get("/in/last_fetch")
def get_last_fetch(who: Who) -> FetchOut:
    """Tell when the mailbox was last looked into."""
    return FetchOut.of(who.desk.receiving.last_fetch(who.actor))


@router.get("/in/{key}")
def get_received(who: Who, key: Word) -> OriginalOut:
    """Return a mail as it came in."""
    return OriginalOut.of(who.desk.receiving.original(who.actor, key))


@router.post("/in/{key}/again", dependencies=ONCE)
def receive_again(who: Who, key: Word) -> ReceivedOut:
    """Take a mail in once more that is in no ticket."""
    return ReceivedOut.of(who.desk.receiving.again(who.actor, key))
