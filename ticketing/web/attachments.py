"""
`/attachments`: files of messages on their way in and out, for whoever the session cookie says it is.

What comes in is a file that waits to be attached; what goes out is a download, never a page of ours, and pictures are
shown only as they were painted anew here. So nothing that somebody has sent is ever run or laid out by a browser.
"""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import chain
from tempfile import SpooledTemporaryFile
from typing import IO, Final
from urllib.parse import quote, unquote

from anyio import CapacityLimiter, to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from ticketing.desk import shared_desk
from ticketing.domain.attachments import Attachment, Upload, in_words
from ticketing.domain.errors import AttachmentNotFoundError, FileTooLargeError, TicketingError
from ticketing.domain.people import Actor
from ticketing.services.attachments import Opened
from ticketing.services.pictures import MEDIA_TYPE, preview
from ticketing.web.errors import refuse
from ticketing.web.visitor import actor_of

_IN_MEMORY: Final = 1 << 20
_PIECE: Final = 1 << 18
_RANGE: Final = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
_HARMLESS: Final = {
    "cache-control": "no-store",
    "content-security-policy": "sandbox; default-src 'none'",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
}
# To paint a picture takes memory, so it is done for one at a time; the others wait without a thread.
_one_at_a_time = CapacityLimiter(1)


async def upload(request: Request) -> Response:
    """
    Keep a file, its bytes as they are, and tell its id, which a message has to name within a day.

    Its name stands percent-encoded in `x-file-name`. The guard has already refused other origins; the custom header is
    asked for besides, since no foreign form sends one.
    """
    if request.headers.get("x-ticketing") != "1":
        return JSONResponse({"error": "This request did not come from the desk's own pages."}, 403)
    name = unquote(request.headers.get("x-file-name", ""), errors="replace")
    try:
        actor = await to_thread.run_sync(_expected, request, name)
        with SpooledTemporaryFile(max_size=_IN_MEMORY) as spool:
            await _receive(request, name, spool)
            kept = await to_thread.run_sync(_keep, actor, name, spool)
    except TicketingError as error:
        return refuse(error)
    except ClientDisconnect:
        return Response(status_code=400)
    told = {"id": kept.id, "name": kept.name, "size": in_words(kept.size)}
    return JSONResponse(told, 201, headers={"cache-control": "no-store"})


async def download(request: Request) -> Response:
    """Return a file as it came, or the part of it that is asked for; with `?preview` a picture painted anew."""
    try:
        found = await to_thread.run_sync(_found, request)
        return await (_preview(found) if "preview" in request.query_params else sent(found, request.headers))
    except TicketingError as error:
        return refuse(error)


async def sent(found: Opened, asked: Mapping[str, str]) -> Response:
    """Return a file, or the part of it for which the headers ask; raises what its storage does."""
    attachment = found.attachment
    headers = _HARMLESS | {
        "accept-ranges": "bytes",
        "content-disposition": disposition(attachment.name),
        "etag": _mark(attachment),
    }
    part = _part(asked, attachment)
    if part is None:
        return Response(status_code=416, headers=headers | {"content-range": f"bytes */{attachment.size}"})
    start, end = part
    headers["content-length"] = str(end - start)
    is_whole = end - start == attachment.size
    if not is_whole:
        headers["content-range"] = f"bytes {start}-{end - 1}/{attachment.size}"
    content = await to_thread.run_sync(_begun, found.read(start, end))
    return StreamingResponse(content, 200 if is_whole else 206, headers, attachment.media_type)


def disposition(name: str) -> str:
    """Return the header that makes a browser save a file under its name: RFC 6266, with the name as RFC 8187 has it."""
    plain = "".join(char if char.isascii() and char.isprintable() and char not in '"\\%;' else "_" for char in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _expected(request: Request, name: str) -> Actor:
    """Return who sends it, unless it is refused before any of it was read."""
    desk = shared_desk()
    actor = actor_of(request, desk)
    length = request.headers.get("content-length", "")
    desk.attachments.expect(actor, name, int(length[:15]) if length.isdecimal() else 0)
    return actor


async def _receive(request: Request, name: str, spool: IO[bytes]) -> None:
    """Take in the bytes; beyond some of them they go to the disk, and beyond the limit nowhere."""
    largest, size = shared_desk().attachments.largest, 0
    async for piece in request.stream():
        size += len(piece)
        if size > largest:
            raise FileTooLargeError(name, largest)
        spool.write(piece)
    spool.seek(0)


def _keep(actor: Actor, name: str, spool: IO[bytes]) -> Upload:
    return shared_desk().attachments.put(actor, name, pieces(spool))


def pieces(spool: IO[bytes]) -> Iterator[bytes]:
    """Yield what is in a file, from where it stands."""
    while piece := spool.read(_PIECE):
        yield piece


def _found(request: Request) -> Opened:
    desk = shared_desk()
    return desk.attachments.open(actor_of(request, desk), request.path_params["key"])


def _begun(content: Iterator[bytes]) -> Iterator[bytes]:
    """Read the first piece: what is not there, or cannot be reached, is known while there is no answer yet."""
    return chain([next(content, b"")], content)


async def _preview(found: Opened) -> Response:
    if not found.attachment.is_image:
        raise AttachmentNotFoundError
    painted = await to_thread.run_sync(partial(preview, found.read), limiter=_one_at_a_time)
    if painted is None:
        raise AttachmentNotFoundError
    return Response(painted, headers=_HARMLESS | {"content-disposition": "inline"}, media_type=MEDIA_TYPE)


def _mark(attachment: Attachment) -> str:
    return f'"{attachment.sha256[:32]}"'


def _part(headers: Mapping[str, str], attachment: Attachment) -> tuple[int, int] | None:
    """
    Return from where up to where the file is asked for, None if there is nothing there.

    What is no range that we know, or is meant for a file that has changed, asks for all of it (RFC 9110, 14.2).
    """
    size = attachment.size
    asked = _RANGE.fullmatch(headers.get("range", ""))
    if asked is None or not any(asked.groups()) or headers.get("if-range", _mark(attachment)) != _mark(attachment):
        return 0, size
    first, last = asked.groups()
    if not first:
        return (max(0, size - int(last)), size) if int(last) else None
    start, end = int(first), min(int(last) + 1, size) if last else size
    if last and int(last) < start:
        return 0, size
    return (start, end) if start < size else None
