"""Our own addresses beside Streamlit's: signing in and out, files, components' code, how the desk is."""

import hmac
import json
import logging
from contextlib import suppress
from typing import Any

from anyio import to_thread
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Match, Route, WebSocketRoute
from starlette.types import Scope

from ticketing.components import code, version
from ticketing.desk import shared_desk
from ticketing.domain.errors import StorageError, TicketingError
from ticketing.domain.people import Actor
from ticketing.web.arrival import let_in, let_out
from ticketing.web.attachments import download, upload
from ticketing.web.errors import refuse
from ticketing.web.exporting import export
from ticketing.web.live import live
from ticketing.web.logo import logo
from ticketing.web.mail_links import accept_invitation, choose_password, confirm
from ticketing.web.openid import arrive, begin, take_code
from ticketing.web.personal_data import personal_data
from ticketing.web.rating import rate
from ticketing.web.watching import watch

log = logging.getLogger(__name__)

_BODY_LIMIT = 4096
_ONE_YEAR = 365 * 24 * 3600
_EXPOSITION = "text/plain; version=0.0.4; charset=utf-8"


class SessionEndpoint(HTTPEndpoint):
    """
    `/session`: POST turns a one-time hand-off into the session cookie, DELETE ends the session.

    The guard has already refused other origins. The custom header and the content type are asked for besides: a
    foreign form can send neither.
    """

    async def post(self, request: Request) -> Response:
        """Set the session cookie, in exchange for the hand-off that the login page made for this very browser."""
        if not _is_ours(request):
            return _turn_away("This request did not come from the desk's own pages.", 403)
        hand_off = await _hand_off(request)
        if hand_off is None:
            return _turn_away("The body must be JSON with a hand_off.", 400)
        try:
            return await to_thread.run_sync(_sign_in, request, hand_off)
        except TicketingError as error:
            return refuse(error)

    async def delete(self, request: Request) -> Response:
        """End the session on this side and in the browser; a session that has ended already is no error."""
        if not _is_ours(request):
            return _turn_away("This request did not come from the desk's own pages.", 403)
        try:
            return await to_thread.run_sync(_sign_out, request)
        except TicketingError as error:
            return refuse(error)


async def healthz(_request: Request) -> Response:
    """Say that the process is alive."""
    return JSONResponse({"status": "ok"}, headers={"cache-control": "no-store"})


async def readyz(_request: Request) -> Response:
    """Say whether the store answers; 503 if it doesn't."""
    try:
        await to_thread.run_sync(shared_desk().store.ping)
    except (TicketingError, OSError):
        log.exception("The store does not answer")
        return JSONResponse({"status": "unavailable"}, 503, headers={"cache-control": "no-store"})
    return JSONResponse({"status": "ok"}, headers={"cache-control": "no-store"})


async def component_code(request: Request) -> Response:
    """
    Return the code that draws one of our components.

    A browser may keep it for good under the mark of what it got; an older page of a server that was replaced asks under
    another mark, and keeps nothing.
    """
    name = request.path_params["name"]
    try:
        is_present = request.query_params.get("v") == version(name)
    except KeyError:
        return _turn_away("There is no such component.", 404)
    kept = f"public, max-age={_ONE_YEAR}, immutable" if is_present else "no-store"
    return Response(code(name), media_type="text/javascript", headers={"cache-control": kept})


class MetricsRoute(Route):
    """`/metrics`, which is as unknown as any other address to a desk without a token for it."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Say whether a request is for this route."""
        found = super().matches(scope)
        return found if found[0] is Match.NONE or shared_desk().settings.metrics_token else (Match.NONE, {})


async def metrics(request: Request) -> Response:
    """Tell the figures of this process, to those who have the token."""
    desk = shared_desk()
    token = desk.settings.metrics_token
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    known = token is not None and hmac.compare_digest(shown.strip().encode(), token.get_secret_value().encode())
    if not known or scheme.lower() != "bearer":
        refusal = _turn_away("The figures are for those who have the token.", 401)
        refusal.headers["www-authenticate"] = "Bearer"
        return refusal
    await to_thread.run_sync(_look_at_outbox)
    return PlainTextResponse(desk.figures.text(), media_type=_EXPOSITION, headers={"cache-control": "no-store"})


def _look_at_outbox() -> None:
    """Note how many mails wait; what was known before stands where the store does not answer."""
    desk = shared_desk()
    with suppress(StorageError):
        desk.figures.outbox.put(desk.outbox.backlog(Actor.console()).waiting)


ROUTES: list[BaseRoute] = [
    MetricsRoute("/metrics", metrics, methods=["GET"]),
    Route("/session", SessionEndpoint),
    Route("/components/{name}.js", component_code, methods=["GET"]),
    Route("/logo", logo, methods=["GET"]),
    Route("/export", export, methods=["GET"]),
    Route("/personal_data", personal_data, methods=["GET"]),
    Route("/attachments", upload, methods=["POST"]),
    Route("/attachments/{key}", download, methods=["GET"]),
    Route("/rate", rate, methods=["GET", "POST"]),
    Route("/watch", watch, methods=["GET", "POST"]),
    Route("/confirm", confirm, methods=["GET", "POST"]),
    Route("/choose_password", choose_password, methods=["GET", "POST"]),
    Route("/accept_invitation", accept_invitation, methods=["GET", "POST"]),
    Route("/oidc/start", begin, methods=["GET"]),
    Route("/oidc/callback", arrive, methods=["GET"]),
    Route("/oidc/code", take_code, methods=["POST"]),
    WebSocketRoute("/live", live),
    Route("/healthz", healthz, methods=["GET"]),
    Route("/readyz", readyz, methods=["GET"]),
]


def _is_ours(request: Request) -> bool:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return request.headers.get("x-ticketing") == "1" and content_type == "application/json"


async def _hand_off(request: Request) -> str | None:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _BODY_LIMIT:
            return None
    try:
        content: Any = json.loads(body)
    except ValueError:
        return None
    hand_off = content.get("hand_off") if isinstance(content, dict) else None
    return hand_off if isinstance(hand_off, str) else None


def _sign_in(request: Request, hand_off: str) -> Response:
    response = _no_content()
    let_in(request, response, shared_desk(), hand_off)
    return response


def _sign_out(request: Request) -> Response:
    response = _no_content()
    let_out(request, response, shared_desk())
    return response


def _no_content() -> Response:
    return Response(status_code=204, headers={"cache-control": "no-store"})


def _turn_away(sentence: str, status: int) -> Response:
    return JSONResponse({"error": sentence}, status, headers={"cache-control": "no-store"})
