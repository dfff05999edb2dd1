"""What a browser gets that signs in: the cookie of its session, and the mark by which it is known again."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from ticketing.desk import Desk
from ticketing.domain.browsers import XSRF_COOKIE, browser_id, cookie_name, device_cookie_name
from ticketing.web.site import Site

_ONE_YEAR: Final = 365 * 24 * 3600


def browser_of(request: Request) -> str:
    """Return the mark of the browser that asks, "" if it has none."""
    return browser_id(request.cookies.get(XSRF_COOKIE))


def address_of(request: Request) -> str:
    """Return from where it asks."""
    return request.client.host if request.client else ""


def device_of(request: Request, desk: Desk) -> str | None:
    """Return what the browser was given at an earlier sign-in, to be known again."""
    return request.cookies.get(device_cookie_name(desk.settings.cookie_name, secure=_is_secure(request, desk)))


def let_in(request: Request, response: Response, desk: Desk, hand_off: str) -> None:
    """
    Exchange a hand-off for a session, whose cookie goes with the response; raises HandOffError.

    The session that the browser had before ends.
    """
    name, secure = desk.settings.cookie_name, _is_secure(request, desk)
    before = request.cookies.get(cookie_name(name, secure=secure))
    signed_in = desk.sessions.redeem(
        hand_off,
        browser=browser_of(request),
        address=address_of(request),
        device=device_of(request, desk),
        description=request.headers.get("user-agent", ""),
    )
    if before and before != signed_in.token:
        desk.sessions.sign_out(before)
    _set_cookie(response, cookie_name(name, secure=secure), signed_in.token, signed_in.max_age, secure=secure)
    _set_cookie(response, device_cookie_name(name, secure=secure), signed_in.device, _ONE_YEAR, secure=secure)


def let_out(request: Request, response: Response, desk: Desk) -> None:
    """End the session that the browser has, if it has one, and take its cookie away."""
    secure = _is_secure(request, desk)
    name = cookie_name(desk.settings.cookie_name, secure=secure)
    if token := request.cookies.get(name):
        desk.sessions.sign_out(token)
    _set_cookie(response, name, "", 0, secure=secure)


def _is_secure(request: Request, desk: Desk) -> bool:
    return Site(desk.settings.base_url).is_secure(request)


def _set_cookie(response: Response, name: str, value: str, seconds: int, *, secure: bool) -> None:
    response.set_cookie(name, value, max_age=seconds, path="/", secure=secure, httponly=True, samesite="lax")
