"""A real OpenID provider for tests, on a socket of this machine, that behaves as badly as it is told."""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Self
from urllib.error import HTTPError
from urllib.parse import parse_qs, parse_qsl, unquote_plus, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, build_opener

from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from ticketing.domain.openid import Answer

CLIENT: Final = "the-desk"
SECRET: Final = "between the desk: and its provider"
CARLA: Final = {
    "sub": "248289761001",
    "preferred_username": "Carla.Ruiz",
    "name": "Carla Ruiz",
    "email": "carla@example.org",
    "email_verified": True,
}
PERSON_BUTTON: Final = "Yes, sign me in"


@dataclass
class Behaviour:
    """
    What the provider does; by default all is as it should be.

    `claims` replace those of the ID token, None takes one away. `algorithm` signs it: one of the real ones, `none`, or
    `HS256`, which takes the public key for a secret. `answers` stand in the place of what is at a path.
    """

    claims: dict[str, Any] = field(default_factory=dict)
    algorithm: str = "RS256"
    kid: str | None = None
    error: str = ""
    issuer_told: str | None = None
    asks: bool = False
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    delay: float = 0.0


class Provider:
    """
    A provider from `with` to its end, at which one person is signed in.

    `asked` are the paths it was asked for, `codes` those that it gave and that nobody has redeemed.
    """

    def __init__(self) -> None:
        self.person: dict[str, Any] = dict(CARLA)
        self.behaviour = Behaviour()
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.secret: str | None = SECRET
        self.asked: list[str] = []
        self.sent: list[dict[str, str]] = []
        self._keys = _first_keys()
        self.codes: dict[str, dict[str, str]] = {}
        handler = type("Handler", (_Handler,), {"provider": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def issuer(self) -> str:
        """Its address, by which it is known."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def rotate_keys(self) -> None:
        """Sign with new keys from now on, and know the old ones no more."""
        self._keys = _new_keys()

    def consent(self, where: str) -> Answer:
        """Go where a browser is sent, as whoever is signed in, and return what it is to bring back."""
        query = dict(parse_qsl(urlsplit(visit(where)).query))
        return Answer(query["state"], query.get("code", ""), query.get("error", ""), query.get("iss", ""))

    def configuration(self) -> dict[str, Any]:
        """Return what it says of itself."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
        }

    def key_set(self) -> dict[str, Any]:
        """Return its public keys."""
        return {"keys": [key.as_dict(private=False) for key in {id(key): key for key in self._keys.values()}.values()]}

    def authorized(self, query: dict[str, str]) -> str:
        """Return where a browser goes back to, with a code or an error."""
        state = {"state": query["state"]}
        told = {} if self.behaviour.issuer_told is None else {"iss": self.behaviour.issuer_told}
        if self.behaviour.error:
            return f"{query['redirect_uri']}?{urlencode({'error': self.behaviour.error} | state | told)}"
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code} | state | told)}"

    def redeem(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """Exchange a code, once, for whoever shows the verifier that belongs to it and is the right client."""
        self.sent.append(form)
        if not self._is_client(form, authorization):
            return 401, {"error": "invalid_client"}
        asked = self.codes.pop(form.get("code", ""), None)
        if asked is None or asked["redirect_uri"] != form.get("redirect_uri"):
            return 400, {"error": "invalid_grant"}
        if asked["code_challenge_method"] != "S256" or asked["code_challenge"] != _s256(form.get("code_verifier", "")):
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "opaque", "token_type": "Bearer", "id_token": self._id_token(asked["nonce"])}

    def _is_client(self, form: dict[str, str], authorization: str) -> bool:
        if self.secret is None:
            return form.get("client_id") == CLIENT and not authorization
        scheme, _, shown = authorization.partition(" ")
        name, _, secret = base64.b64decode(shown).decode().partition(":")
        return scheme == "Basic" and (unquote_plus(name), unquote_plus(secret)) == (CLIENT, self.secret)

    def _id_token(self, nonce: str) -> str:
        now = int(self.clock().timestamp())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce, **self.person}
        claims = {name: value for name, value in (claims | self.behaviour.claims).items() if value is not None}
        algorithm = self.behaviour.algorithm
        key = self._keys[algorithm if algorithm in self._keys else "RS256"]
        header = {"alg": algorithm, "kid": self.behaviour.kid or key.kid}
        if algorithm in self._keys:
            return jwt.encode(header, claims, key, algorithms=[algorithm])
        content = f"{_encoded(json.dumps(header).encode())}.{_encoded(json.dumps(claims).encode())}"
        signature = hmac.digest(key.as_pem(private=False), content.encode(), "sha256") if algorithm == "HS256" else b""
        return f"{content}.{_encoded(signature)}"


class _Handler(BaseHTTPRequestHandler):
    provider: Provider

    def do_GET(self) -> None:
        path, query = self._asked()
        if path == "/.well-known/openid-configuration":
            self._answer(200, self.provider.configuration())
        elif path == "/jwks":
            self._answer(200, self.provider.key_set())
        elif path == "/authorize" and self.provider.behaviour.asks and "yes" not in query:
            name = escape(str(self.provider.person["name"]))
            fields = "".join(f'<input type=hidden name="{escape(k)}" value="{escape(v)}">' for k, v in query.items())
            button = f"<button name=yes value=1>{PERSON_BUTTON}</button>"
            page = f"<!doctype html><title>Provider</title><h1>{name}</h1><form>{fields}{button}</form>"
            self._send(200, {"content-type": "text/html; charset=utf-8"}, page.encode())
        elif path == "/authorize":
            self._send(302, {"location": self.provider.authorized(query)}, b"")
        else:
            self._answer(404, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        self._asked()
        self._answer(*self.provider.redeem(dict(parse_qsl(body)), self.headers.get("authorization", "")))

    def _asked(self) -> tuple[str, dict[str, str]]:
        parts = urlsplit(self.path)
        self.provider.asked.append(parts.path)
        return parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()}

    def _answer(self, status: int, content: dict[str, Any]) -> None:
        self._send(status, {"content-type": "application/json"}, json.dumps(content).encode())

    def _send(self, status: int, headers: dict[str, str], content: bytes) -> None:
        behaviour = self.provider.behaviour
        status, headers, content = behaviour.answers.get(urlsplit(self.path).path, (status, headers, content))
        self.send_response(status)
        for name, value in (headers | {"content-length": str(len(content))}).items():
            self.send_header(name, value)
        self.end_headers()
        try:
            for byte in content if behaviour.delay else ():
                time.sleep(behaviour.delay)
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
            if not behaviour.delay:
                self.wfile.write(content)
        except OSError:
            self.close_connection = True  # whoever asked has gone

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in the class above
        """Say nothing."""


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_request: object, **_more: object) -> None:
        return None


def visit(where: str) -> str:
    """Return where an address leads on to."""
    try:
        build_opener(_Stay).open(where)
    except HTTPError as error:
        error.close()
        return error.headers["location"]
    raise AssertionError(f"{where} leads nowhere")


@cache
def _first_keys() -> dict[str, Any]:
    return _new_keys()


def _new_keys() -> dict[str, Any]:
    rsa = RSAKey.generate_key(2048, auto_kid=True)
    return {
        "RS256": rsa,
        "PS256": rsa,
        "ES256": ECKey.generate_key("P-256", auto_kid=True),
        "EdDSA": (edwards := OKPKey.generate_key("Ed25519", auto_kid=True)),
        "Ed25519": edwards,
    }


def _s256(verifier: str) -> str:
    return _encoded(hashlib.sha256(verifier.encode()).digest())


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
