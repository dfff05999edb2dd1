"""`/token` and `/keys`: how programs sign in, stay signed in and leave, and the keys that people make for them."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from ticketing.domain.api_keys import MOST_DAYS
from ticketing.domain.scopes import Scope
from ticketing.services.tokens import Granted
from ticketing.web.api.calling import Anybody, Who
from ticketing.web.api.repeating import ONCE, SHOWN_ONCE, Route
from ticketing.web.api.words import PLAIN, Input, Name, Output, Username, Whole

router = APIRouter(route_class=Route)

Secret = Annotated[str, Field(min_length=1, max_length=400, pattern="^[!-~]+$")]
KeyId = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="The id of a key, as `/keys` tells it.")]


class Credentials(Input):
    """What a person signs in with; `code` is that of the second factor, or a recovery code."""

    username: Annotated[str, Field(min_length=1, max_length=200, pattern=PLAIN)]
    password: Annotated[str, Field(min_length=1, max_length=1000)]
    code: Annotated[str | None, Field(max_length=40, pattern=PLAIN)] = None


class RefreshIn(Input):
    """The refresh token, which is used up."""

    refresh_token: Secret


class TokensOut(Output):
    """What to send with each call, for how many seconds, and what gets the next one, once."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - a kind of token
    expires_in: int
    refresh_token: str

    @classmethod
    def granted(cls, found: Granted) -> "TokensOut":
        """Return what a program gets that has signed in."""
        return cls(access_token=found.access, expires_in=found.expires_in, refresh_token=found.refresh)


class KeyIn(Input):
    """What a key is called, what it may be used for, and for how many days."""

    name: Name
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1, max_length=len(Scope))]
    days: Annotated[Whole, Field(ge=1, le=MOST_DAYS)]


class KeyMade(Output):
    """The key, which is shown this once."""

    key: str


class KeyOut(Output):
    """What is on record of a key; the key itself is nowhere."""

    id: str
    name: str
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    address: str


@router.post("/token", status_code=201, tags=["tokens"])
def sign_in(who: Anybody, body: Credentials) -> TokensOut:
    """Sign in; where a second factor is on and there is no code, the error is `code_wanted`."""
    description = who.request.headers.get("user-agent", "")
    granted = who.desk.tokens.issue(
        body.username, body.password, code=body.code, address=who.address, description=description
    )
    return TokensOut.granted(granted)


@router.post("/token/refresh", status_code=201, tags=["tokens"])
def refresh_token(who: Anybody, body: RefreshIn) -> TokensOut:
    """Exchange a refresh token for new tokens; one that comes a second time ends them all."""
    return TokensOut.granted(who.desk.tokens.renew(body.refresh_token, address=who.address))


@router.post("/token/revoke", status_code=204, tags=["tokens"])
def revoke_token(who: Anybody, body: RefreshIn) -> None:
    """Sign out; that it was done already is no error."""
    who.desk.tokens.revoke(body.refresh_token)


@router.get("/keys", tags=["keys"])
def list_keys(who: Who) -> list[KeyOut]:
    """List the caller's own keys, the newest first."""
    return [KeyOut.of(key) for key in who.desk.tokens.keys(who.actor)]


@router.post("/keys", status_code=201, tags=["keys"], dependencies=SHOWN_ONCE)
def create_key(who: Who, body: KeyIn) -> KeyMade:
    """Make a key; no key makes another."""
    return KeyMade(key=who.desk.tokens.create_key(who.actor, body.name, body.scopes, body.days))


@router.delete("/keys/{key}", tags=["keys"], dependencies=ONCE)
def revoke_key(who: Who, key: KeyId) -> KeyOut:
    """End a key, the caller's own or that of somebody they look after."""
    return KeyOut.of(who.desk.tokens.revoke_key(who.actor, key))


@router.get("/users/{username}/keys", tags=["keys"])
def keys_of(who: Who, username: Username) -> list[KeyOut]:
    """List the keys of somebody whom the caller looks after."""
    return [KeyOut.of(key) for key in who.desk.tokens.keys_of(who.actor, username)]


@router.post("/signing_key/rotation", status_code=204, tags=["keys"], dependencies=ONCE)
def rotate_signing_key(who: Who) -> None:
    """Sign access tokens with a new key; those that are about are good until they are over."""
    who.desk.tokens.rotate_signing_key(who.actor)
