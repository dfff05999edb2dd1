"""
`/oidc/start`, `/oidc/callback` and `/oidc/code`: a browser goes to the OpenID provider, and comes back signed in.

Where a code is wanted beside, the page that asks for it is the answer to the callback itself, so that what it takes
stands in no address. Everybody who has arrived goes on by the sign-in page, which knows where one may be led to.
"""

from collections.abc import Callable
from functools import partial
from html import escape
from typing import Final
from urllib.parse import urlencode

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ticketing.desk import shared_desk
from ticketing.domain.errors import HandOffError, ProviderDeclinedError, TicketingError, WrongCodeError
from ticketing.domain.openid import Answer
from ticketing.web.arrival import address_of, browser_of, device_of, let_in
from ticketing.web.errors import status_of
from ticketing.web.plain_pages import plain_page, sent_form

_FORM: Final = (
    '{said}<form method="post" action="code"><input type="hidden" name="ticket" value="{ticket}">'
    '<input type="hidden" name="next" value="{target}">'
    '<label>Code <input name="code" autocomplete="one-time-code" required></label>'
    '<p><label><input type="checkbox" name="trust" value="1" style="display: inline; width: auto; min-height: 0"> '
    "Remember this browser for 30 days</label></p><button class=chosen>Sign in</button></form>"
)
_ASKED: Final = "<p>Type the code that your authenticator app shows now, or one of your recovery codes.</p>"
_BACK: Final = '<p><a href="../login">To the sign-in page</a></p>'
# So many wait for the provider at once, and no more: one that is slow is not to hold up all else.
_PLACES: Final = 8
_limiter = CapacityLimiter(_PLACES)


async def begin(request: Request) -> Response:
    """Send a browser to the provider; one that has no mark yet goes to the sign-in page, where it gets one."""
    return await _answer(partial(_begin, request))


async def arrive(request: Request) -> Response:
    """Take what a browser brings back from the provider."""
    return await _answer(partial(_arrive, request))


async def take_code(request: Request) -> Response:
    """Take the code that was wanted beside what the provider has proven."""
    return await _answer(partial(_take_code, request, await sent_form(request)))


async def _answer(deed: Callable[[], Response]) -> Response:
    try:
        return await to_thread.run_sync(deed, limiter=_limiter)
    except TicketingError as error:
        told = f"<p>{escape(str(error))}</p>{_BACK}"
        return plain_page("That did not work", told, status_of(error), secret=True)


def _begin(request: Request) -> Response:
    desk, target = shared_desk(), request.query_params.get("next", "")
    browser, address = browser_of(request), address_of(request)
    if not browser and desk.openid.provider_name:
        return _go(_login(target))
    return _go(desk.openid.begin(target, browser=browser, address=address))


def _arrive(request: Request) -> Response:
    desk, asked = shared_desk(), request.query_params
    answer = Answer(*(asked.get(name, "") for name in ("state", "code", "error", "iss")))
    browser, address, device = browser_of(request), address_of(request), device_of(request, desk)
    try:
        arrival = desk.openid.finish(answer, browser=browser, address=address, device=device)
    except ProviderDeclinedError:
        return _go("../login?declined=1")
    if arrival.ticket:
        return _ask_for_code(arrival.ticket, arrival.target)
    response = _go(_login(arrival.target))
    if arrival.hand_off:
        let_in(request, response, desk, arrival.hand_off)
    return response


def _take_code(request: Request, sent: dict[str, str]) -> Response:
    desk, ticket, target = shared_desk(), sent.get("ticket", ""), sent.get("next", "")
    typed, trust = sent.get("code", ""), sent.get("trust") == "1"
    browser = browser_of(request)
    if not browser:
        raise HandOffError
    try:
        hand_off = desk.accounts.finish_sign_in_browser(ticket, typed, browser=browser, trust=trust)
    except WrongCodeError as error:
        return _ask_for_code(ticket, target, error)
    response = _go(_login(target))
    let_in(request, response, desk, hand_off)
    return response


def _ask_for_code(ticket: str, target: str, refusal: TicketingError | None = None) -> Response:
    said = f'<p role="alert">{escape(str(refusal))}</p>' if refusal else _ASKED
    form = _FORM.format(said=said, ticket=escape(ticket), target=escape(target))
    return plain_page("Two-step sign-in", form, status_of(refusal) if refusal else 200, secret=True)


def _login(target: str) -> str:
    """Return the address of the sign-in page, which leads on to *target* if that is a page of this desk."""
    query = f"?{urlencode({'next': target})}" if target else ""
    return f"../login{query}"


def _go(where: str) -> Response:
    headers = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
    return RedirectResponse(where, 303, headers=headers)
