"""
The OpenID provider, over the network: where to send browsers, and whom the codes that they bring back stand for.

What it answers is believed only if it is signed with a key of its own, by an algorithm for which it alone has the key,
and is for this desk and this very sign-in (OpenID Connect Core 1.0, 3.1.3.7). Endpoints and keys are read from it and
kept for an hour; for a key that is not among them it is asked again, at most once a minute.
"""

import logging
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from http.client import HTTPException, HTTPResponse
from threading import Lock
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import quote_plus, urlsplit
from urllib.request import HTTPRedirectHandler, HTTPSHandler, OpenerDirector, Request, build_opener

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from ticketing.domain.browsers import is_this_machine
from ticketing.domain.errors import ProviderDistrustedError, ProviderUnreachableError
from ticketing.domain.openid import Proven

# The last two are names of the same one, an older and a newer (RFC 9864).
ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
# Seconds for which the clocks of provider and desk may be apart.
LEEWAY: Final = 60
_KEY_TYPES: Final = frozenset({"RSA", "EC", "OKP"})
_SCOPE: Final = "openid profile email"
_KEPT_FOR: Final = 3600.0
_KEYS_ASKED_EVERY: Final = 60.0
_TIMEOUT: Final = 5.0
_LIMIT: Final = 256 * 1024
_DISCOVERY: Final = "/.well-known/openid-configuration"
# Of sockets and TLS; of HTTP; of addresses, JSON, and what is too long.
_FAILURES: Final = (OSError, HTTPException, ValueError)
_OBJECT: Final = TypeAdapter(dict[str, Any])
log = logging.getLogger(__name__)


class Endpoints(BaseModel):
    """What the provider says of itself, as far as it is used here."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: list[str] = Field(default_factory=lambda: ["client_secret_basic"])


class Said(BaseModel):
    """What an ID token says of a person; what is of another type than it should be is as if it were not there."""

    sub: str = Field(min_length=1, max_length=255)
    email: Any = None
    email_verified: Any = False
    preferred_username: Any = ""
    name: Any = ""


@dataclass
class _Kept:
    """What was read from the provider, and when."""

    endpoints: Endpoints | None = None
    keys: list[dict[str, Any]] = field(default_factory=list)
    endpoints_at: float = 0.0
    keys_at: float = 0.0


@cache
def _opener() -> OpenerDirector:
    """Return what asks a provider; which authorities are trusted takes long to read, and is the same for all."""
    return build_opener(_NoRedirects, HTTPSHandler(context=ssl.create_default_context()))


class OpenIdProvider:
    """One provider, known by its issuer, for the desk that is known there as *client_id*."""

    def __init__(self, issuer: str, client_id: str, client_secret: str | None, name: str, redirect_uri: str) -> None:
        self.name = name
        self.issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._redirect_uri = redirect_uri
        self._kept = _Kept()
        self._lock = Lock()

    def address(self, state: str, nonce: str, verifier: str) -> str:
        """Return where a browser is to go; raises ProviderUnreachableError."""
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # noqa: PLC0415 - few sign in elsewhere
        from authlib.oauth2.rfc7636 import create_s256_code_challenge  # noqa: PLC0415 - see above

        where: str = prepare_grant_uri(
            self._endpoints().authorization_endpoint,
            self._client_id,
            "code",
            self._redirect_uri,
            _SCOPE,
            state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
        )
        return where

    def prove(self, code: str, nonce: str, verifier: str, now: datetime) -> Proven:
        """Return whom a code stands for; raises ProviderUnreachableError and ProviderDistrustedError."""
        answer = self._exchange(code, verifier)
        token = answer.get("id_token")
        if not isinstance(token, str) or len(token) > _LIMIT:
            raise self._distrusted("no ID token")
        said = self._read(token, nonce, answer.get("access_token"), now)
        return Proven(
            issuer=self.issuer,
            subject=said.sub,
            email=said.email if isinstance(said.email, str) else None,
            email_is_verified=said.email_verified is True,
            username=_text(said.preferred_username),
            name=_text(said.name),
        )

    def _exchange(self, code: str, verifier: str) -> dict[str, Any]:
        from authlib.oauth2.auth import ClientAuth  # noqa: PLC0415 - see above
        from authlib.oauth2.rfc6749.parameters import prepare_token_request  # noqa: PLC0415 - see above

        endpoints, secret = self._endpoints(), self._client_secret
        body = prepare_token_request(
            "authorization_code", redirect_uri=self._redirect_uri, code=code, code_verifier=verifier
        )
        if secret is None:
            auth = ClientAuth(self._client_id, None, "none")
        elif "client_secret_basic" in endpoints.token_endpoint_auth_methods_supported:
            auth = ClientAuth(quote_plus(self._client_id), quote_plus(secret), "client_secret_basic")
        else:
            auth = ClientAuth(self._client_id, secret, "client_secret_post")
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        where, headers, body = auth.prepare("POST", endpoints.token_endpoint, headers, body)
        try:
            return self._fetch(where, headers, body.encode())
        except HTTPError as error:
            if error.code in {400, 401}:  # the code is none, or was used; or the desk's own secret is wrong
                raise self._distrusted(f"the token endpoint says {error.code}") from None
            raise self._unreachable(error) from None
        except _FAILURES as error:
            raise self._unreachable(error) from None

    def _read(self, token: str, nonce: str, access_token: object, now: datetime) -> Said:
        """Return what an ID token says, if it is one of this provider's for this desk and this sign-in."""
        from authlib.oidc.core import CodeIDToken  # noqa: PLC0415 - see above
        from joserfc import jws, jwt  # noqa: PLC0415 - see above
        from joserfc.errors import JoseError  # noqa: PLC0415 - see above
        from joserfc.jwk import JWKRegistry  # noqa: PLC0415 - see above

        try:
            header = jws.extract_compact(token.encode()).headers()
            key = JWKRegistry.import_key(self._key(header.get("kid")))
            decoded = jwt.decode(token, key, algorithms=ALGORITHMS)
            claims = CodeIDToken(
                decoded.claims,
                decoded.header,
                options={"iss": {"value": self.issuer}, "aud": {"value": self._client_id}},
                params={"nonce": nonce, "client_id": self._client_id, "access_token": access_token},
            )
            claims.validate(now=int(now.timestamp()), leeway=LEEWAY)
            return Said.model_validate(decoded.claims)
        except (JoseError, ValidationError, LookupError, TypeError, ValueError) as error:
            raise self._distrusted(type(error).__name__) from None

    def _endpoints(self) -> Endpoints:
        """Return what the provider says of itself; raises ProviderUnreachableError."""
        with self._lock:
            kept, now = self._kept, time.monotonic()
            if kept.endpoints is None or now >= kept.endpoints_at + _KEPT_FOR:
                try:
                    found = Endpoints.model_validate(self._fetch(self.issuer.rstrip("/") + _DISCOVERY))
                    _check(found, self.issuer)
                except _FAILURES as error:
                    raise self._unreachable(error) from None
                kept.endpoints, kept.endpoints_at = found, now
            return kept.endpoints

    def _key(self, kid: object) -> dict[str, Any]:
        """Return the provider's key of this id; raises LookupError, and ProviderUnreachableError."""
        endpoints = self._endpoints()
        with self._lock:
            kept, now = self._kept, time.monotonic()
            found = _find(kept.keys, kid) if now < kept.keys_at + _KEPT_FOR else None
            if found is None and (not kept.keys_at or now >= kept.keys_at + _KEYS_ASKED_EVERY):
                try:
                    kept.keys, kept.keys_at = _public_keys(self._fetch(endpoints.jwks_uri)), now
                except _FAILURES as error:
                    raise self._unreachable(error) from None
                found = _find(kept.keys, kid)
        if found is None:
            raise LookupError
        return found

    def _fetch(self, where: str, headers: Mapping[str, str] | None = None, body: bytes | None = None) -> dict[str, Any]:
        """Return the JSON object at an address, within 5 seconds and 256 kB; raises OSError and ValueError."""
        _require_safe(where)
        end = time.monotonic() + _TIMEOUT
        request = Request(where, body, {"Accept": "application/json", **(headers or {})})  # noqa: S310 - see above
        content = b""
        with self._open(request) as answer:
            while piece := answer.read1(_LIMIT):
                content += piece
                if len(content) > _LIMIT:
                    raise ValueError("It answers too much.")
                if time.monotonic() > end:
                    raise TimeoutError
        return _OBJECT.validate_json(content)

    def _open(self, request: Request) -> HTTPResponse:
        try:
            answer: HTTPResponse = _opener().open(request, timeout=_TIMEOUT)
        except HTTPError as error:
            error.close()
            raise
        return answer

    def _unreachable(self, error: Exception) -> ProviderUnreachableError:
        log.warning("The OpenID provider %s does not answer as one: %s", self.issuer, _told(error))
        return ProviderUnreachableError(self.name)

    def _distrusted(self, why: str) -> ProviderDistrustedError:
        log.warning("What the OpenID provider %s answered proves nothing: %s", self.issuer, why)
        return ProviderDistrustedError(self.name)


class _NoRedirects(HTTPRedirectHandler):
    """Takes a redirect for the failure that it is: no secret goes elsewhere than it was meant to."""

    def redirect_request(self, *_request: object, **_more: object) -> None:
        """Go nowhere."""


def _check(found: Endpoints, issuer: str) -> None:
    """Raise ValueError for what somebody else says, and for endpoints that are not safe to use."""
    if found.issuer != issuer:
        raise ValueError(f"it calls itself {found.issuer[:200]}")
    for where in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri):
        _require_safe(where)


def _require_safe(where: str) -> None:
    if not is_safe(where):
        raise ValueError("an address of it is not https")


def is_safe(where: str) -> bool:
    """Whether an address is of https, or of this very machine."""
    parts = urlsplit(where)
    name = parts.hostname or ""
    return bool(name) and (parts.scheme == "https" or (parts.scheme == "http" and is_this_machine(name)))


def _public_keys(found: dict[str, Any]) -> list[dict[str, Any]]:
    keys = found["keys"] if isinstance(found.get("keys"), list) else []
    return [key for key in keys if isinstance(key, dict) and key.get("kty") in _KEY_TYPES and key.get("use") != "enc"]


def _find(keys: list[dict[str, Any]], kid: object) -> dict[str, Any] | None:
    """Return the key of an id; a token that names none can only be signed with the only one."""
    if kid is None:
        return keys[0] if len(keys) == 1 else None
    return next((key for key in keys if key.get("kid") == kid), None)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _told(error: Exception) -> str:
    """Return what may be logged of a failure, which is never what was sent."""
    return f"status {error.code}" if isinstance(error, HTTPError) else str(error)[:200] or type(error).__name__
