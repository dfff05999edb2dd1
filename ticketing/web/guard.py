"""The guard: what stands in front of every request and every socket, before Streamlit sees them."""

import base64
import hashlib
import logging
import re
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import streamlit
from anyio import to_thread
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ticketing.desk import Desk, shared_desk
from ticketing.domain.browsers import cookie_name, is_this_machine
from ticketing.domain.errors import TicketingError
from ticketing.logs import Event, new_reference, tell
from ticketing.web.errors import is_call, tell_caller
from ticketing.web.headers import RawHeaders, add_missing, raw
from ticketing.web.site import Site

log = logging.getLogger(__name__)

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_CLOSED = ("/_stcore/metrics", "/_stcore/agent")
_UPLOADS = "/_stcore/upload_file"
_LIVE = "/live"  # beside which each page has a socket of Streamlit's, and that one counts
_WATCH = "/watch"  # which mail programs send to by themselves (RFC 8058); the link says whose it is, not a cookie
_POLICY_VIOLATION = 1008
_REFUSED = 400
_NOT_THERE = 404
_FAILED = 500
_PART_TOLD = 40  # characters of an address
_ONE_YEAR = 365 * 24 * 3600
# Streamlit's page reckons long numbers by WebAssembly, which runs nothing but what its own scripts hand it.
_POLICY = (
    "default-src 'none'; script-src 'self' blob: 'wasm-unsafe-eval' {scripts}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' {sockets}; worker-src 'self' blob:; "
    "media-src 'self' blob:; frame-src 'none'; manifest-src 'self'; base-uri 'none'; object-src 'none'; "
    "frame-ancestors {frames}; form-action 'self'"
)
_PERMISSIONS = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()"


class Guard:
    """
    ASGI middleware that refuses foreign hosts and origins and adds the security headers.

    Streamlit itself looks up its public address over the network, in the event loop, when a socket comes with a foreign
    Origin: one such request stalls everybody. Here it is refused by comparing two strings.
    """

    def __init__(self, app: ASGIApp, desk: Callable[[], Desk] = shared_desk) -> None:
        self.app = app
        self.desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request or socket through, or answer it here."""
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._connect(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    @property
    def _site(self) -> Site:
        return Site(self.desk().settings.base_url)

    async def _connect(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        host, site = _only(headers, "host"), self._site
        scheme = "https" if scope.get("scheme") == "wss" else "http"
        is_ours = host and site.answers_to(host) and site.is_own(_only(headers, "origin"), scheme, host)
        if is_ours and self._is_served(scope):
            await (self.app if scope["path"].endswith(_LIVE) else self._hold)(scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
            new_reference()
            _tell("websocket", scope, 403, 0.0)

    async def _hold(self, scope: Scope, receive: Receive, send: Send) -> None:
        sessions = self.desk().figures.sessions
        sessions.add()
        try:
            await self.app(scope, receive, send)
        finally:
            sessions.add(by=-1)

    def _is_served(self, scope: Scope) -> bool:
        """Whether the client may come in at all: everybody knows a demo's passwords, so it stays on its machine."""
        settings = self.desk().settings
        if not settings.demo or settings.demo_anywhere:
            return True
        client = scope.get("client")
        return client is not None and is_this_machine(client[0])

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        reference, began = new_reference(), time.perf_counter()
        site, headers = self._site, Headers(scope=scope)
        refusal = await self._refusal(scope, site, headers)
        secure = site.is_secure(HTTPConnection(scope))
        reply = _Reply(send, _headers_for(site, _only(headers, "host"), secure=secure), secure=secure)
        try:
            await (refusal or self.app)(scope, receive, reply.send)
        except Exception:
            if reply.started:
                reply.status = _FAILED
                raise
            log.exception("Request failed, reference %s", reference)
            failure = _turn_away(scope, f"Something went wrong. Reference: {reference}", 500)
            await failure(scope, receive, reply.send)
        finally:
            # Streamlit's own page looks for some of its addresses where there is nothing, at each load.
            is_looking_in_vain = refusal is None and reply.status == _NOT_THERE
            if scope["method"] not in _SAFE_METHODS or (reply.status >= _REFUSED and not is_looking_in_vain):
                _tell(scope["method"], scope, reply.status, time.perf_counter() - began)

    async def _refusal(self, scope: Scope, site: Site, headers: Headers) -> ASGIApp | None:
        host, path = _only(headers, "host"), scope["path"]
        if not host or not site.answers_to(host):
            return _turn_away(scope, "This desk is not known by that name. Set TICKETING_BASE_URL to its address.", 400)
        if not self._is_served(scope):
            return _turn_away(scope, "This demo is for its own machine alone.", 403)
        if any(closed in path for closed in _CLOSED):
            return _turn_away(scope, "Not found.", 404)
        if not _may_be_sent(scope, site, host, headers):
            return _turn_away(scope, "This request came from another site and was refused.", 403)
        if _UPLOADS in path and scope["method"] != "OPTIONS" and not await self._has_live_session(scope, site):
            return _turn_away(scope, "Please sign in to upload files.", 401)
        return None

    async def _has_live_session(self, scope: Scope, site: Site) -> bool:
        desk, connection = self.desk(), HTTPConnection(scope)
        name = cookie_name(desk.settings.cookie_name, secure=site.is_secure(connection))
        token = connection.cookies.get(name)
        if not token:
            return False
        try:
            await to_thread.run_sync(desk.sessions.actor, token)
        except TicketingError:
            return False
        return True


class _Reply:
    """The way out: adds the headers that a response doesn't have itself, and Secure to cookies on https."""

    def __init__(self, send: Send, headers: RawHeaders, *, secure: bool) -> None:
        self._send = send
        self._headers = headers
        self._secure = secure
        self.started = False
        self.status = _FAILED

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            self.status = message["status"]
            add_missing(message, self._headers)
            if self._secure:
                message["headers"] = [_with_secure(name, value) for name, value in message["headers"]]
        await self._send(message)


def _turn_away(scope: Scope, sentence: str, status: int) -> Response:
    """Answer in the form in which whoever asks reads answers: a program of the API's caller, or a person."""
    if is_call(scope["path"]):
        return tell_caller(status, sentence)
    return PlainTextResponse(f"{sentence}\n", status)


def _tell(method: str, scope: Scope, status: int, seconds: float) -> None:
    """Log a request that may have changed something or was refused; of its address only the first part."""
    client = scope.get("client")
    part = scope["path"].lstrip("/").partition("/")[0][:_PART_TOLD]
    tell(
        Event(
            action=f"http.{method.lower()}",
            object=f"/{part}",
            outcome=str(status),
            seconds=seconds,
            address=client[0] if client else "",
        )
    )


def _with_secure(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    if name.lower() == b"set-cookie" and not re.search(rb";\s*secure\b", value, re.IGNORECASE):
        return name, value + b"; Secure"
    return name, value


def _only(headers: Headers, name: str) -> str | None:
    """Return a header's one value; a header sent twice is an attempt to be understood differently by two readers."""
    values = headers.getlist(name)
    return values[0] if len(values) == 1 else None


def _may_be_sent(scope: Scope, site: Site, host: str, headers: Headers) -> bool:
    """
    Whether a request comes from a page of ours, or changes nothing, or from whom it comes makes no difference.

    The API takes no cookie, so what a foreign page sends there comes from nobody.
    """
    is_free = scope["method"] in _SAFE_METHODS or scope["path"].endswith(_WATCH) or is_call(scope["path"])
    return is_free or _is_same_origin(site, scope["scheme"], host, headers)


def _is_same_origin(site: Site, scheme: str, host: str, headers: Headers) -> bool:
    fetch_site = headers.get("sec-fetch-site")
    if fetch_site is not None:
        return fetch_site == "same-origin"
    return site.is_own(_only(headers, "origin"), scheme, host)


def _headers_for(site: Site, host: str | None, *, secure: bool) -> RawHeaders:
    known = host if host and site.answers_to(host) else None
    return _headers(known, secure=secure, framed=site.may_be_framed(known), pinned=site.is_always_secure)


@lru_cache(maxsize=64)
def _headers(host: str | None, *, secure: bool, framed: bool, pinned: bool) -> RawHeaders:
    socket_scheme = "wss" if secure else "ws"
    headers = {
        "content-security-policy": _POLICY.format(
            scripts=inline_script_hashes(),
            sockets=f"{socket_scheme}://{host}" if host else "",
            frames="'self'" if framed else "'none'",
        ),
        "x-content-type-options": "nosniff",
        "x-frame-options": "SAMEORIGIN" if framed else "DENY",
        "referrer-policy": "same-origin",
        "permissions-policy": _PERMISSIONS,
    }
    if pinned:
        headers["strict-transport-security"] = f"max-age={_ONE_YEAR}"
    return raw(headers)


@lru_cache(maxsize=1)
def inline_script_hashes() -> str:
    """Return the CSP sources for the scripts written inside Streamlit's own page; they change with its release."""
    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    scripts: list[Any] = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    return " ".join(f"'sha256-{digest}'" for digest in digests)
