"""
`/rate`: a requester says how their ticket was resolved, by a link in a mail and without signing in.

To look at the page changes nothing, since programs look at the links in mails before people do; a button says it. The
page is plain HTML without any script, and what people typed enters it as text alone.
"""

from html import escape
from typing import Final
from urllib.parse import parse_qsl

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from ticketing.desk import shared_desk
from ticketing.domain.errors import InvalidInputError, TicketingError
from ticketing.domain.ratings import COMMENT_LIMIT, SCORES
from ticketing.services.rating_links import Asked
from ticketing.web.errors import status_of

_BODY_LIMIT: Final = 16_384
_ANSWERS: Final = {"yes": True, "no": False}
_HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "referrer-policy": "same-origin",
    "x-robots-tag": "noindex",
}
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --edge: #767c8c; --key: #4338ca; }}
@media (prefers-color-scheme: dark) {{ :root {{ --edge: #8b91a1; --key: #6366f1; }} }}
body {{ max-width: 34rem; margin: 12vh auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }}
h1 {{ font-size: 1.4rem; line-height: 1.3; overflow-wrap: anywhere; }}
button, textarea, select {{ box-sizing: border-box; min-height: 2.75rem; padding: 0.4rem 1rem; border-radius: 0.5rem;
  border: 1px solid var(--edge); background: none; color: inherit; font: inherit; }}
button {{ margin-right: 0.5rem; cursor: pointer; }}
button.chosen {{ border-color: var(--key); background: var(--key); color: #fff; }}
textarea, select {{ display: block; width: 100%; margin: 0.25rem 0 1rem; }}
:focus-visible {{ outline: 2px solid var(--key); outline-offset: 2px; }}
</style></head>
<body><main><h1>{title}</h1>
{body}
</main></body></html>
"""
_FORM: Final = '<form method="post" action="rate"><input type="hidden" name="t" value="{token}">{fields}</form>'


async def rate(request: Request) -> Response:
    """Ask whether the matter is solved, or take in what the form says."""
    try:
        said = dict(request.query_params) if request.method == "GET" else await _sent(request)
        return await to_thread.run_sync(_answered, said, request.method == "POST")
    except TicketingError as error:
        return _page("That did not work", f"<p>{escape(str(error))}</p>", status_of(error))


def _answered(said: dict[str, str], is_sent: bool) -> Response:  # noqa: FBT001 - called by a thread
    links, token = shared_desk().rating_links, said.get("t", "")
    asked, refusal = links.look(token), ""
    solved = _ANSWERS.get(said.get("solved", ""))
    if is_sent and solved is not None:
        score, comment = said.get("score", ""), said.get("comment", "")
        try:
            asked = links.rate(token, solved=solved, score=int(score) if score.isdecimal() else None, comment=comment)
        except InvalidInputError as error:  # what was typed stays in the form
            refusal = str(error)
    if asked.rating is None:
        return _page(f"Is {asked.label} “{asked.title}” solved?", _question(token, said.get("solved", "")))
    more = _more(token, solved=asked.rating.solved, refusal=refusal, comment=said.get("comment", ""))
    return _page("Thank you", _told(asked) + (more if asked.rating.is_bare else ""), 422 if refusal else 200)


def _question(token: str, leaning: str) -> str:
    buttons = "".join(
        f'<button name="solved" value="{value}"{" class=chosen" if value == leaning else ""}>{word}</button>'
        for value, word in (("yes", "Yes, it is solved"), ("no", "No, it is not"))
    )
    return _form(token, buttons)


def _told(asked: Asked) -> str:
    verdict = asked.rating.verdict if asked.rating else ""
    return f"<p>For {escape(asked.label)} “{escape(asked.title)}” you have said: {escape(verdict)}.</p>"


def _more(token: str, *, solved: bool, refusal: str, comment: str) -> str:
    """Return what can be added once, a score and a comment, with what was typed and refused."""
    scores = "".join(f"<option value={score}>{'★' * score}</option>" for score in reversed(SCORES))
    fields = (
        f'<input type="hidden" name="solved" value="{"yes" if solved else "no"}">'
        f'<label>How content are you? <select name="score"><option value="">Choose</option>{scores}</select></label>'
        f'<label>What should we know? <textarea name="comment" rows="4" maxlength="{COMMENT_LIMIT}">'
        f"{escape(comment)}</textarea></label>"
        "<button class=chosen>Send</button>"
    )
    said = f'<p role="alert">{escape(refusal)}</p>' if refusal else ""
    return said + _form(token, fields)


def _form(token: str, fields: str) -> str:
    return _FORM.format(token=escape(token), fields=fields)


def _page(title: str, body: str, status: int = 200) -> Response:
    return HTMLResponse(_PAGE.format(title=escape(title), body=body), status, headers=_HEADERS)


async def _sent(request: Request) -> dict[str, str]:
    """Return the fields of a form; of one that is too long, none."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _BODY_LIMIT:
            return {}
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
