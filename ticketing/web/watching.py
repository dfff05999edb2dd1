"""
`/watch`: somebody stops watching a ticket by a link in a mail, without signing in, and watches it again if they like.

To look at the page changes nothing, since programs look at the links in mails before people do; a button does it, or
the mail program by itself (RFC 8058), which sends no more than that it is meant.
"""

from html import escape
from typing import Final

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from ticketing.desk import shared_desk
from ticketing.domain.errors import TicketingError
from ticketing.web.plain_pages import plain_page, refusal_page, sent_form

_FORM: Final = (
    '<form method="post" action="watch"><input type="hidden" name="t" value="{token}">'
    '<button class=chosen name="watch" value="{value}">{word}</button></form>'
)


async def watch(request: Request) -> Response:
    """Say what the link is about and offer the one or the other, or do it."""
    try:
        said = dict(request.query_params) | (await sent_form(request) if request.method == "POST" else {})
        return await to_thread.run_sync(_answered, said, request.method == "POST")
    except TicketingError as error:
        return refusal_page(error)


def _answered(said: dict[str, str], is_sent: bool) -> Response:  # noqa: FBT001 - called by a thread
    links, token = shared_desk().watch_links, said.get("t", "")
    act = (links.watch if said.get("watch") == "yes" else links.stop) if is_sent else links.look
    ticket = act(token)
    what = f"{ticket.label} “{ticket.title}”"
    if ticket.is_muted:
        told = "<p>You get no more mails and notices of it. You may read and answer it as before.</p>"
        return plain_page(f"You have stopped watching {what}", told + _form(token, "yes", "Watch it again"))
    if is_sent:
        return plain_page(f"You watch {what} again", "<p>You are told what is new in it.</p>")
    told = "<p>You would get no more mails and notices of it. You could still read and answer it.</p>"
    return plain_page(f"Stop watching {what}?", told + _form(token, "no", "Stop watching"))


def _form(token: str, value: str, word: str) -> str:
    return _FORM.format(token=escape(token), value=value, word=word)
