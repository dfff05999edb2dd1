"""Forms that bring a file, which is taken in as it comes: how large it may be, and how long it may take."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from anyio import fail_after
from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Message

from ticketing.domain.errors import FileTooLargeError

# What a form may have around its file, in bytes.
AROUND: Final = 16 << 10
# In seconds, for all of a form.
_PATIENCE: Final = 600.0
_FILE: Final = {"type": "string", "format": "binary", "minLength": 1}


@dataclass(frozen=True, slots=True)
class Form:
    """What has come: the file, kept apart until the call is over, and the other fields as they were written."""

    file: UploadFile
    fields: dict[str, str]


def described_form(required: tuple[str, ...] = (), **fields: dict[str, Any]) -> dict[str, Any]:
    """Return how OpenAPI describes a form that has a file and these fields."""
    schema = {
        "type": "object",
        "properties": {"file": _FILE, **fields},
        "required": ["file", *required],
        "additionalProperties": False,
    }
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


def announced(request: Request, around: int = AROUND) -> int:
    """Return how large the file is at least, by the headers of the form; what they call no form is refused."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "multipart/form-data":
        raise HTTPException(415)
    length = request.headers.get("content-length", "")
    return max(0, int(length[:15]) - around) if length.isdecimal() else 0


@asynccontextmanager
async def received(request: Request, largest: int, *, fields: int = 0, around: int = AROUND) -> AsyncIterator[Form]:
    """Take in a form with a file of about *largest* bytes and so many other fields; raises FileTooLargeError."""
    try:
        with fail_after(_PATIENCE):
            form = await _limited(request, largest, around).form(max_files=1, max_fields=fields + 1)
    except TimeoutError:
        raise HTTPException(408) from None
    except ClientDisconnect:
        raise HTTPException(400) from None
    try:
        yield _read(form, fields)
    finally:
        await form.close()


def _limited(request: Request, largest: int, around: int) -> Request:
    """Return the request as one whose body ends where no file can be any more."""
    come = 0

    async def receive() -> Message:
        nonlocal come
        message = await request.receive()
        come += len(message.get("body", b""))
        if come > largest + around:
            raise FileTooLargeError("file", largest)
        return message

    return Request(request.scope, receive)


def _read(form: FormData, most: int) -> Form:
    file = form.get("file")
    others = {name: value for name, value in form.multi_items() if name != "file" and isinstance(value, str)}
    is_said_once = set(Counter(name for name, _ in form.multi_items()).values()) == {1}
    if not isinstance(file, UploadFile) or not is_said_once or len(others) > most:
        raise HTTPException(422)
    return Form(file, others)
