"""`/attachments`: files of messages, sent before the message that has them, and fetched by whoever may read it."""

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Path, Request
from starlette.datastructures import UploadFile
from starlette.responses import Response

from ticketing.domain.attachments import Upload
from ticketing.web.api.calling import Caller, GivenKey, Who
from ticketing.web.api.forms import announced, described_form, received
from ticketing.web.api.repeating import once_with_file
from ticketing.web.api.shapes import AttachmentOut
from ticketing.web.api.words import ready
from ticketing.web.attachments import pieces, sent

router = APIRouter(prefix="/attachments", tags=["attachments"])


@router.post("", status_code=201, response_model=AttachmentOut, openapi_extra=described_form())
async def send_file(who: Who, request: Request, key: GivenKey = "") -> Response:
    """Send a file, whose id a message has to name within a day."""
    await to_thread.run_sync(_expect, who, announced(request))
    async with received(request, who.desk.attachments.largest) as form:

        async def keep() -> Response:
            return ready(AttachmentOut.of(await to_thread.run_sync(_keep, who, form.file)), status=201)

        return await once_with_file(who, request, key, form, keep)


@router.get("/{key}", response_class=Response, responses={200: {"content": {"application/octet-stream": {}}}})
async def fetch_file(
    who: Who, request: Request, key: Annotated[str, Path(max_length=80, pattern="^[A-Za-z0-9_-]+$")]
) -> Response:
    """Fetch a file as it came, or the part of it for which the header Range asks."""
    found = await to_thread.run_sync(lambda: who.desk.attachments.open(who.actor, key))
    return await sent(found, request.headers)


def _expect(who: Caller, size: int) -> None:
    who.desk.attachments.expect(who.actor, "file", size)


def _keep(who: Caller, file: UploadFile) -> Upload:
    return who.desk.attachments.put(who.actor, file.filename or "", pieces(file.file))
