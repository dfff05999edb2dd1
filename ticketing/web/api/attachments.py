"""`/attachments`: files of messages, sent before the message that has them, and fetched by whoever may read it."""

from typing import Annotated, Any, Final

from anyio import fail_after, to_thread
from fastapi import APIRouter, Path, Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Message

from ticketing.domain.attachments import Upload
from ticketing.domain.errors import FileTooLargeError
from ticketing.web.api.calling import Caller, Who
from ticketing.web.api.shapes import AttachmentOut
from ticketing.web.attachments import pieces, sent

router = APIRouter(prefix="/attachments", tags=["attachments"])

# What a form may have around its file, in bytes.
_AROUND: Final = 16 << 10
_A_FORM: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "string", "format": "binary", "minLength": 1}},
                    "required": ["file"],
                    "additionalProperties": False,
                }
            }
        },
    }
}
# In seconds, for all of a file.
_PATIENCE: Final = 600.0


@router.post("", status_code=201, openapi_extra=_A_FORM)
async def send_file(who: Who, request: Request) -> AttachmentOut:
    """Send a file, whose id a message has to name within a day."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "multipart/form-data":
        raise HTTPException(415)
    await to_thread.run_sync(_expect, who, request.headers.get("content-length", ""))
    try:
        with fail_after(_PATIENCE):
            form = await _limited(request, who).form(max_files=1, max_fields=1)
    except TimeoutError:
        raise HTTPException(408) from None
    except ClientDisconnect:
        raise HTTPException(400) from None
    try:
        file = form.get("file")
        if not isinstance(file, UploadFile) or len(form) > 1:
            raise HTTPException(422)
        return AttachmentOut.of(await to_thread.run_sync(_keep, who, file))
    finally:
        await form.close()


@router.get("/{key}", response_class=Response, responses={200: {"content": {"application/octet-stream": {}}}})
async def fetch_file(
    who: Who, request: Request, key: Annotated[str, Path(max_length=80, pattern="^[A-Za-z0-9_-]+$")]
) -> Response:
    """Fetch a file as it came, or the part of it for which the header Range asks."""
    found = await to_thread.run_sync(lambda: who.desk.attachments.open(who.actor, key))
    return await sent(found, request.headers)


def _expect(who: Caller, length: str) -> None:
    size = int(length[:15]) - _AROUND if length.isdecimal() else 0
    who.desk.attachments.expect(who.actor, "file", max(0, size))


def _limited(request: Request, who: Caller) -> Request:
    """Return the request as one whose body ends where no file can be any more."""
    most, come = who.desk.attachments.largest + _AROUND, 0

    async def receive() -> Message:
        nonlocal come
        message = await request.receive()
        come += len(message.get("body", b""))
        if come > most:
            raise FileTooLargeError("file", who.desk.attachments.largest)
        return message

    return Request(request.scope, receive)


def _keep(who: Caller, file: UploadFile) -> Upload:
    return who.desk.attachments.put(who.actor, file.filename or "", pieces(file.file))
