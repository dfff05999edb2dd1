"""The API as one application: its resources, how it refuses, and the document that describes it."""

from functools import lru_cache
from typing import Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match

from ticketing import __version__
from ticketing.domain.errors import StaleDefinitionError, StaleTicketError, TicketingError, quoted
from ticketing.web.api import (
    account,
    articles,
    attachments,
    audit,
    bulk,
    conversation,
    desk,
    front,
    imports,
    inbox,
    invitations,
    mails,
    people,
    privacy,
    rehearsals,
    relations,
    reports,
    setup,
    tickets,
    tokens,
    webhooks,
)
from ticketing.web.api.bounds import Bounds
from ticketing.web.api.examples import with_examples
from ticketing.web.api.words import Problem
from ticketing.web.errors import API, refuse_call, tell_caller

# In the order in which the reference tells of them; fixed addresses come before those with a name in their place.
RESOURCES: Final = (
    tokens,
    tickets,
    conversation,
    relations,
    bulk,
    attachments,
    rehearsals,
    people,
    invitations,
    privacy,
    account,
    inbox,
    articles,
    setup,
    imports,
    reports,
    audit,
    mails,
    webhooks,
    desk,
    front,
)
_ABOUT: Final = """
The help desk for programs. What the pages can do, these calls can; who may do what is the same.

Send `Authorization: Bearer TOKEN` with each call. Bodies are JSON; a field that is not known is refused. Times are UTC.
Each error is `{"error": {"code", "message", "field", "reference"}}`: a word for programs, a sentence for people, the
field it is about where it is about one, and the mark under which the desk's log tells of the request.

`Idempotency-Key` makes a call repeatable that changes something, as far as it takes a token: for ten minutes the same
call under the same key has no second effect and gets the same answer. With another body it is refused with 422; and
with 409 where the answer is not told again, because it has a secret in it that is shown once, because the first call is
still under way, or because the desk was interrupted before it could answer. A call that was refused may be sent again.

An `ETag` tells a version; with it as `If-Match`, a change is refused with 412 once somebody else has changed the same
thing.

`RateLimit-Limit` tells how many calls are answered in a minute, whenever it begins, `RateLimit-Remaining` how many are
left now, and `RateLimit-Reset` in how many seconds the oldest of them counts no more. Beyond them the answer is 429
with `Retry-After`. Each process that serves counts for itself.

What a program does to tickets stands in their history as done by its owner, with `api` as its `source`.
"""
_PRECONDITION: Final = 412
_OTHER_METHOD: Final = 405
_FIELD_LIMIT: Final = 80
_SENTENCES: Final = {
    404: "There is nothing at this address.",
    405: "This address takes other methods only.",
    408: "The body did not come in time.",
    415: "The body must be a form with one file, as the header Content-Type has to say: multipart/form-data.",
    422: "The form must have one field “file” that is a file, and no field twice or that is not known.",
}


def make_api() -> FastAPI:
    """Return the application, whose addresses stand below `/api/v1`."""
    api = FastAPI(
        title="ticketing",
        version=__version__,
        description=_ABOUT,
        servers=[{"url": API}],
        root_path_in_servers=False,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        responses={
            "4XX": {"model": Problem, "description": "It was refused, and why."},
            "5XX": {"model": Problem, "description": "The desk could not do it."},
        },
        exception_handlers={
            TicketingError: _refuse,
            RequestValidationError: _refuse_input,
            HTTPException: _refuse_address,
        },
    )
    api.add_middleware(Bounds)
    for resource in RESOURCES:
        api.include_router(resource.router)
    api.add_api_route("/openapi.json", describe, include_in_schema=False)
    return api


async def describe(request: Request) -> Response:
    """Return the document that describes the API, which is for everybody."""
    return JSONResponse(described(request.app))


@lru_cache(maxsize=1)
def described(api: FastAPI) -> dict[str, Any]:
    """Return the description of the API as OpenAPI 3.1."""
    return with_examples(api.openapi())


async def _refuse(request: Request, error: Exception) -> Response:
    if not isinstance(error, TicketingError):
        raise error
    is_stale = isinstance(error, StaleTicketError | StaleDefinitionError) and "if-match" in request.headers
    return refuse_call(error, _PRECONDITION if is_stale else None)


async def _refuse_input(_request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    first = error.errors()[0]
    place = [str(part) for part in first["loc"][1:]] or [str(first["loc"][0])]
    field = quoted(".".join(place), _FIELD_LIMIT)
    sentence = str(first["msg"]).removeprefix("Value error, ")
    return tell_caller(422, f"{field} cannot be taken: {sentence}.", field=field)


async def _refuse_address(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    status = error.status_code
    headers = {"allow": ", ".join(_methods(request))} if status == _OTHER_METHOD else None
    return tell_caller(status, _SENTENCES.get(status, "The call cannot be understood."), headers=headers)


def _methods(request: Request) -> list[str]:
    """Return what can be done at an address, of which each method has a route of its own."""
    routes = (route for resource in RESOURCES for route in resource.router.routes)
    found = (route for route in routes if route.matches(request.scope)[0] is not Match.NONE)
    return sorted({method for route in found for method in getattr(route, "methods", ())})
