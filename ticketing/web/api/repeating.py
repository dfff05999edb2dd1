"""
Calls with an `Idempotency-Key`: sent again, they have no second effect, and the answer is the one before.

Calls that change one ticket hand their key to the service, which looks at it in the very transaction. All others that
change something are marked with `ONCE`, or with `SHOWN_ONCE` if they answer with a secret, which is stored nowhere;
those that bring a file say by themselves when they have it.
"""

import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, BinaryIO, Final

from anyio import to_thread
from fastapi import Depends, Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from ticketing.domain.errors import StorageError, TicketingError
from ticketing.domain.receipts import Answer
from ticketing.services.repeating import forget, keep_answer, under_way
from ticketing.web.api.calling import Caller, GivenKey, caller_of, key_of
from ticketing.web.api.forms import Form
from ticketing.web.attachments import pieces

_KEY: Final = re.compile("[!-~]{1,200}")
_KEPT: Final = ("content-type", "etag")

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


async def _takes_key(idempotency_key: GivenKey = "") -> str:
    return idempotency_key


async def _takes_key_for_a_secret(idempotency_key: GivenKey = "") -> str:
    return idempotency_key


ONCE: Final = (Depends(_takes_key),)
SHOWN_ONCE: Final = (Depends(_takes_key_for_a_secret),)


class Route(APIRoute):
    """An address of the API; where a call is marked, it is done once."""

    def get_route_handler(self) -> Handler:
        """Return what answers a call."""
        handle = super().get_route_handler()
        marks = {mark.dependency for mark in self.dependencies}
        shown_once = _takes_key_for_a_secret in marks
        if not shown_once and _takes_key not in marks:
            return handle

        async def handle_once(request: Request) -> Response:
            key = request.headers.get("idempotency-key", "")
            if not _KEY.fullmatch(key):  # none, or one that is refused like any header
                return await handle(request)
            full = key_of(request, key, await request.body())
            return await once(caller_of(request), full, partial(handle, request), shown_once=shown_once)

        return handle_once


async def once(
    who: Caller, key: str, answer: Callable[[], Awaitable[Response]], *, shown_once: bool = False
) -> Response:
    """Answer a call, or tell what the same call was answered with before."""
    found = await to_thread.run_sync(lambda: who.desk.repeats.look_up(who.actor, key, shown_once=shown_once))
    if isinstance(found, Answer):
        return Response(found.body, found.status, found.headers)
    try:
        with under_way(found):
            response = await answer()
    except TicketingError as error:
        if not isinstance(error, StorageError):
            await to_thread.run_sync(forget, who.desk.store, found)
        raise
    headers = {name: response.headers[name] for name in _KEPT if name in response.headers}
    told = Answer(status=response.status_code, headers=headers, body=bytes(response.body).decode())
    await to_thread.run_sync(keep_answer, who.desk.store, found, told)
    return response


async def once_with_file(
    who: Caller, request: Request, key: str, form: Form, answer: Callable[[], Awaitable[Response]]
) -> Response:
    """Answer a call that brings a file: it brings the same if the file and the fields are, whatever stands between."""
    if not key:
        return await answer()
    brought = json.dumps([form.file.filename, await to_thread.run_sync(_digest, form.file.file), form.fields])
    return await once(who, key_of(request, key, brought.encode()), answer)


def _digest(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    for piece in pieces(file):
        digest.update(piece)
    file.seek(0)
    return digest.hexdigest()
