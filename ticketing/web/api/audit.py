"""`/audit`: who did what to what, when and from where, for admins."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import StreamingResponse

from ticketing.domain.audit import AuditAction, AuditQuery
from ticketing.domain.text import SEARCH_LIMIT
from ticketing.services.audit import Form
from ticketing.web.api.calling import Who
from ticketing.web.api.words import PLAIN, At, Limit, Output

router = APIRouter(prefix="/audit", tags=["audit"])

Words = Annotated[str, Query(max_length=SEARCH_LIMIT, pattern=PLAIN)]


class RecordOut(Output):
    """One line of the log; `previous` is the hash of the one before."""

    number: int
    at: datetime
    actor: str
    address: str
    action: AuditAction
    kind: str
    object: str
    facts: dict[str, str]
    previous: str
    hash: str


class AuditOut(Output):
    """Some records, the newest first; with `next` as `before` the same call has older ones."""

    items: list[RecordOut]
    next: int | None


async def asked_for(
    actor: Words = "",
    action: AuditAction | None = None,
    object: Words = "",  # noqa: A002 - as it is called in the log
    since: At | None = None,
    until: At | None = None,
) -> AuditQuery:
    """Return which records a call asks for."""
    return AuditQuery(actor=actor, action=action, object=object, since=since, until=until)


Asked = Annotated[AuditQuery, Depends(asked_for)]


@router.get("")
def list_records(
    who: Who, asked: Asked, before: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None, limit: Limit = 50
) -> AuditOut:
    """List the newest records that match."""
    page = who.desk.audit.search(who.actor, asked.model_copy(update={"before": before, "size": limit}))
    items = [RecordOut.of(record) for record in page.records]
    return AuditOut(items=items, next=items[-1].number if page.has_more else None)


@router.get("/export", response_class=StreamingResponse)
def export_records(who: Who, asked: Asked, form: Form = Form.JSON_LINES) -> StreamingResponse:
    """Return all records that match as a file; that it was taken along is a record, too."""
    return StreamingResponse(who.desk.audit.export(who.actor, asked, form), media_type=form.media_type)
