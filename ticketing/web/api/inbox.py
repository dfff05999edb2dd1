"""`/inbox`: what the caller was told, for themselves alone."""

from datetime import datetime

from fastapi import APIRouter

from ticketing.domain.notifications import NoticeKind
from ticketing.domain.queries import Recorded
from ticketing.domain.statuses import Status
from ticketing.services.inbox import Line
from ticketing.web.api.calling import Who
from ticketing.web.api.cursors import Cursor, cursor_at, following, place_in
from ticketing.web.api.repeating import ONCE, Route
from ticketing.web.api.words import Listed, Number, Output, Word

router = APIRouter(route_class=Route, prefix="/inbox", tags=["inbox"])


class NoticeOut(Output):
    """What somebody was told about one step of a ticket; `excerpt` is how the message begins that it is about."""

    id: str
    kind: NoticeKind
    ticket: int
    by: str
    name: str
    at: datetime
    read: bool
    title: str
    status: Status
    excerpt: str

    @classmethod
    def line(cls, line: Line) -> "NoticeOut":
        """Return what is told of a line of the inbox."""
        beside = {name: getattr(line, name) for name in ("title", "status", "name", "excerpt")}
        notice = {name: getattr(line.notice, name) for name in cls.model_fields if name not in beside}
        return cls(**notice, **beside)


class Unread(Output):
    """How many notices are unread."""

    unread: int


@router.get("")
def list_notices(who: Who, cursor: Cursor = "") -> Listed[NoticeOut]:
    """List the caller's notices, the newest first."""
    after = place_in(Recorded, cursor, "inbox")
    found = who.desk.inbox.own(who.actor, after=after)
    behind = following(found, lambda line: cursor_at(line.place, "inbox"), is_first=after is None)
    return Listed[NoticeOut].up_to(found, behind, NoticeOut.line)


@router.get("/unread")
def count_unread(who: Who) -> Unread:
    """Count the caller's unread notices."""
    return Unread(unread=who.desk.inbox.unread(who.actor))


@router.post("/{notice}/read", status_code=204, dependencies=ONCE)
def read_notice(who: Who, notice: Word) -> None:
    """Mark a notice as read."""
    who.desk.inbox.read(who.actor, notice)


@router.post("/read", status_code=204, dependencies=ONCE)
def read_all_notices(who: Who) -> None:
    """Mark all of the caller's notices as read."""
    who.desk.inbox.read_all(who.actor)


@router.post("/tickets/{number}/read", status_code=204, dependencies=ONCE)
def read_notices_of_ticket(who: Who, number: Number) -> None:
    """Mark all of the caller's notices about a ticket as read."""
    who.desk.inbox.read_of_ticket(who.actor, number)
