"""
`/confirm`, `/choose_password`, `/accept_invitation`: who follows such a link shows that they read what it was sent to.

To look at a page uses nothing up, since programs look at the links in mails before people do; a button does. What opens
is moved from the address into the form at once, and no other page is told of it.
"""

from collections.abc import Callable
from html import escape
from typing import Final, NamedTuple

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from ticketing.desk import shared_desk
from ticketing.domain.errors import InvalidInputError, TicketingError
from ticketing.web.plain_pages import plain_page, refusal_page, sent_form

_FORM: Final = (
    '<form method="post" action="{action}"><input type="hidden" name="t" value="{token}">{fields}'
    "<button class=chosen>{button}</button></form>"
)
_PASSWORDS: Final = (
    '<label>New password <input type="password" name="new" autocomplete="new-password" required></label>'
    '<label>The same once more <input type="password" name="confirmation" autocomplete="new-password" required></label>'
)
_TO_THE_DESK: Final = '<p><a href="./">To the help desk</a></p>'


class _Page(NamedTuple):
    """What a page says, as HTML."""

    title: str
    body: str
    status: int = 200


async def confirm(request: Request) -> Response:
    """Ask whether an address is the person's, or note that it is."""
    return await _answer(request, _asked_to_confirm, _confirmed)


async def choose_password(request: Request) -> Response:
    """Ask for a new password, or take it in."""
    return await _answer(request, _asked_for_password, _chosen)


async def accept_invitation(request: Request) -> Response:
    """Ask who was invited for a password, or take it in."""
    return await _answer(request, _invited, _accepted)


def _asked_to_confirm(sent: dict[str, str]) -> _Page:
    claimed = shared_desk().addresses.look(sent.get("t", ""))
    told = f"<p>{escape(claimed.address)} was entered for the account {escape(claimed.username)}.</p>"
    return _Page("Is this your address?", told + _form("confirm", sent, "", "Yes, it is mine"))


def _confirmed(sent: dict[str, str]) -> _Page:
    claimed = shared_desk().addresses.confirm(sent.get("t", ""))
    told = f"<p>{escape(claimed.address)} is the address of the account {escape(claimed.username)} now.</p>"
    return _Page("Thank you", told + _TO_THE_DESK)


def _asked_for_password(sent: dict[str, str], refusal: str = "") -> _Page:
    username = shared_desk().password_resets.look(sent.get("t", ""))
    told = f"<p>It is for the account {escape(username)}.</p>"
    form = _form("choose_password", sent, _PASSWORDS, "Change the password")
    return _Page("Choose a new password", told + _said(refusal) + form, 422 if refusal else 200)


def _chosen(sent: dict[str, str]) -> _Page:
    done = _Page("Your password is changed", f"<p>You can sign in with it now.</p>{_TO_THE_DESK}")
    return _taken(sent, shared_desk().password_resets.choose, _asked_for_password, done)


def _invited(sent: dict[str, str], refusal: str = "") -> _Page:
    username = shared_desk().invitations.look(sent.get("t", ""))
    told = f"<p>Your username is {escape(username)}. Choose your password to begin.</p>"
    form = _form("accept_invitation", sent, _PASSWORDS, "Begin")
    return _Page("Welcome to the help desk", told + _said(refusal) + form, 422 if refusal else 200)


def _accepted(sent: dict[str, str]) -> _Page:
    done = _Page("Your account is open", f"<p>You can sign in with your password now.</p>{_TO_THE_DESK}")
    return _taken(sent, shared_desk().invitations.accept, _invited, done)


def _taken(
    sent: dict[str, str],
    choose: Callable[[str, str, str], None],
    ask: Callable[[dict[str, str], str], _Page],
    done: _Page,
) -> _Page:
    """Take a password in that was typed twice; of one that is refused, say why and ask again."""
    try:
        choose(sent.get("t", ""), sent.get("new", ""), sent.get("confirmation", ""))
    except InvalidInputError as error:
        return ask(sent, str(error))
    return done


def _said(refusal: str) -> str:
    return f'<p role="alert">{escape(refusal)}</p>' if refusal else ""


async def _answer(
    request: Request, look: Callable[[dict[str, str]], _Page], use: Callable[[dict[str, str]], _Page]
) -> Response:
    is_sent = request.method == "POST"
    sent = await sent_form(request) if is_sent else dict(request.query_params)
    # A browser that would tell by no other header from where a form comes, must be allowed to name at least its origin.
    referrer = "no-referrer" if "sec-fetch-site" in request.headers else "same-origin"
    try:
        page = await to_thread.run_sync(use if is_sent else look, sent)
    except TicketingError as error:
        return refusal_page(error, secret=True, referrer=referrer)
    return plain_page(*page, secret=True, referrer=referrer)


def _form(action: str, sent: dict[str, str], fields: str, button: str) -> str:
    return _FORM.format(action=action, token=escape(sent.get("t", "")), fields=fields, button=button)
