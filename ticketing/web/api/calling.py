"""
Who calls, and what each call may bring along besides: a key that makes it repeatable, a version that it goes by.

Identity comes from the header Authorization alone; no cookie counts, so no foreign page can act for anybody.
"""

import hashlib
import re
from typing import Annotated, Final

from fastapi import Depends, Header, Request
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase
from fastapi.security.utils import get_authorization_scheme_param

from ticketing.desk import Desk, shared_desk
from ticketing.domain.errors import InvalidInputError, TokenRefusedError
from ticketing.domain.people import Actor
from ticketing.domain.receipts import CONTENT
from ticketing.web.api.quota import Quota
from ticketing.web.arrival import address_of

_ETAG: Final = re.compile(r'(?:W/)?"?([0-9]{1,18})"?')
# Under this name a call keeps who sends it.
_CALLER: Final = "ticketing.caller"
_quota: Final = Quota()

GivenKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        max_length=200,
        pattern="^[!-~]*$",
        description="Makes the call repeatable: the same key within ten minutes is one effect and the same answer.",
    ),
]


class Caller:
    """Whoever has sent a request, and the desk that they send it to."""

    def __init__(self, request: Request, token: str) -> None:
        self.request = request
        self._token = token
        self._actor: Actor | None = None

    @property
    def desk(self) -> Desk:
        """What they can do."""
        return shared_desk()

    @property
    def address(self) -> str:
        """Where they call from."""
        return address_of(self.request)

    @property
    def actor(self) -> Actor:
        """
        Who they are now; asks the store once, and counts the call. Raises TokenRefusedError and TooManyRequestsError.

        In Python 3.11 a cached property of functools has one lock for all callers, who would wait for each other here.
        """
        if self._actor is None:
            actor = self.desk.tokens.actor(self._token, address=self.address)
            self._count(actor.username)
            self._actor = actor
        return self._actor

    def count_address(self) -> None:
        """Count a call of somebody who is not known; raises TooManyRequestsError."""
        self._count(f"address {self.address}")

    def _count(self, who: str) -> None:
        _quota.count(self.request.scope, who, self.desk.settings.api_requests_per_minute)


def caller_of(request: Request) -> Caller:
    """Return the caller, the same for all of a call; raises TokenRefusedError if they show nothing to be known by."""
    scheme, token = get_authorization_scheme_param(request.headers.get("authorization"))
    if scheme.lower() != "bearer" or not token or not token.isascii():
        raise TokenRefusedError
    caller = request.scope[_CALLER] = Caller(request, token)
    return caller


class _Bearer(SecurityBase):
    """How a call says whose it is; in one step, since each step that FastAPI takes costs every call."""

    model = HTTPBearer(description="An access token of `POST /token`, or a personal API key.")
    scheme_name = "bearer"

    async def __call__(self, request: Request) -> Caller:
        """Return the caller, who is not known yet; raises TokenRefusedError if they show nothing to be known by."""
        return request.scope.get(_CALLER) or caller_of(request)


async def _anybody(request: Request) -> Caller:
    caller = Caller(request, "")
    caller.count_address()
    return caller


async def _key(request: Request, key: GivenKey = "") -> str:
    return key_of(request, key, await request.body()) if key else ""


def key_of(request: Request, key: str, body: bytes) -> str:
    """Return the key as services take it: of this call alone, and with what tells whether a repeat brings the same."""
    return f"{request.method} {request.url.path} {key}{CONTENT}{hashlib.sha256(body).hexdigest()}"


async def _version(
    etag: Annotated[
        str | None,
        Header(alias="If-Match", description="The ETag by which the caller goes; if it is not that any more: 412."),
    ] = None,
) -> int | None:
    return None if etag is None or etag.strip() == "*" else version_in(etag)


async def _required_version(
    etag: Annotated[
        str, Header(alias="If-Match", pattern='^"[0-9]{1,18}"$', description="The ETag by which the caller goes.")
    ],
) -> int:
    return version_in(etag)


def version_in(etag: str) -> int:
    """Return the version that an ETag says."""
    found = _ETAG.fullmatch(etag.strip())
    if found is None:
        raise InvalidInputError("If-Match", "The header If-Match must be an ETag that this desk has told.")
    return int(found[1])


def etag(version: int) -> dict[str, str]:
    """Return the header that tells a version."""
    return {"etag": f'"{version}"'}


Who = Annotated[Caller, Depends(_Bearer())]
Anybody = Annotated[Caller, Depends(_anybody)]
Key = Annotated[str, Depends(_key)]
IfMatch = Annotated[int | None, Depends(_version)]
VersionRequired = Annotated[int, Depends(_required_version)]
