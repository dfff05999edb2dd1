"""
The bounds of a call: how large its body may be, how long it may take to come, and that it is JSON.

All of it is looked at before anything reads it as something; what fails here costs nothing and changes nothing.
"""

import json
import logging
from typing import Any, Final, NoReturn

from anyio import fail_after
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ticketing.logs import reference
from ticketing.web.api.quota import QUOTA
from ticketing.web.errors import tell_caller
from ticketing.web.headers import add_missing, raw

log = logging.getLogger(__name__)

BODY_LIMIT: Final = 1 << 20
HEADERS_LIMIT: Final = 16 << 10
# In seconds, from the first byte of a body to its last.
PATIENCE: Final = 20.0
# Their files have limits of their own, and are taken in as they come.
UPLOADS: Final = frozenset({"/attachments", "/imports", "/imports/look", "/imports/plan"})
_WITHOUT_BODY: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_HARMLESS: Final = raw(
    {"cache-control": "no-store", "content-security-policy": "default-src 'none'; frame-ancestors 'none'"}
)


class _OutOfBoundsError(Exception):
    """A body that is not read; with the status and the sentence by which it is refused."""


class Bounds:
    """ASGI middleware that refuses what is too much, and answers what nobody has foreseen."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a call through within its bounds."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        reply = _Reply(scope, send)
        try:
            await self.app(scope, await _bounded(scope, receive), reply.send)
        except _OutOfBoundsError as error:
            await tell_caller(*error.args)(scope, receive, reply.send)
        except Exception:
            if reply.started:
                raise
            log.exception("Call failed, reference %s", reference())
            await tell_caller(500, "Something went wrong at the desk.")(scope, receive, reply.send)


class _Reply:
    """The way out, on which each answer gets what all have."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self.started = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            add_missing(message, (*_HARMLESS, *self._scope.get(QUOTA, ())))
        await self._send(message)


async def _bounded(scope: Scope, receive: Receive) -> Receive:
    """Return what hands the body on, which has come as a whole, unless it is a file's."""
    if sum(len(name) + len(value) for name, value in scope["headers"]) > HEADERS_LIMIT:
        raise _OutOfBoundsError(431, "The headers are too large.")
    if scope["method"] in _WITHOUT_BODY or scope["path"].removeprefix(scope.get("root_path", "")) in UPLOADS:
        return receive
    headers = Headers(scope=scope)
    length = headers.get("content-length", "")
    if length.isdecimal() and (len(length) > len(str(BODY_LIMIT)) or int(length) > BODY_LIMIT):
        raise _OutOfBoundsError(413, _TOO_LARGE)
    try:
        with fail_after(PATIENCE):
            body = await _whole(receive)
    except TimeoutError:
        raise _OutOfBoundsError(408, "The body did not come in time.") from None
    if body:
        _require_json(headers, body)
    return _once(body, receive)


async def _whole(receive: Receive) -> bytes:
    parts, size, is_more = [], 0, True
    while is_more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _OutOfBoundsError(400, "The body was cut off.")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > BODY_LIMIT:
            raise _OutOfBoundsError(413, _TOO_LARGE)
        is_more = message.get("more_body", False)
    return b"".join(parts)


def _require_json(headers: Headers, body: bytes) -> None:
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise _OutOfBoundsError(415, "The body must be JSON, as the header Content-Type has to say: application/json.")
    try:
        content = json.loads(body, parse_constant=_refuse)
        if b"\\u" in body:
            json.dumps(content, ensure_ascii=False).encode()  # half of a surrogate pair is no letter
    except (ValueError, RecursionError):
        raise _OutOfBoundsError(400, "The body is not JSON, or too deep.", "not_json") from None


def _refuse(constant: str) -> NoReturn:
    """NaN and the infinities are Python's, and no JSON."""
    raise ValueError(constant)


def _once(body: bytes, receive: Receive) -> Receive:
    waiting: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]

    async def hand_on() -> Message:
        return waiting.pop() if waiting else await receive()

    return hand_on


_TOO_LARGE: Final = f"The body may have {BODY_LIMIT >> 20} MB at most."
