"""
`/rate`: a requester says how their ticket was resolved, by a link in a mail and without signing in.

To look at the page changes nothing, since programs look at the links in mails before people do; a button says it. The
page is plain HTML without any script, and what people typed enters it as text alone.
"""

from html import escape
from typing import Final

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from ticketing.desk import shared_desk
from ticketing.domain.errors import InvalidInputError, TicketingError
from ticketing.domain.ratings import COMMENT_LIMIT, SCORES
from ticketing.services.rating_links import Asked
from ticketing.web.plain_pages import plain_page, refusal_page, sent_form

_ANSWERS: Final = {"yes": True, "no": False}
_FORM: Final = '<form method="post" action="rate"><input type="hidden" name="t" value="{token}">{fields}</form>'


async def rate(request: Request) -> Response:
    """Ask whether the matter is solved, or take in what the form says."""
    try:
        said = dict(request.query_params) if request.method == "GET" else await sent_form(request)
        return await to_thread.run_sync(_answered, said, request.method == "POST")
    except TicketingError as error:
        return refusal_page(error)


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
        return plain_page(f"Is {asked.label} “{asked.title}” solved?", _question(token, said.get("solved", "")))
    more = _more(token, solved=asked.rating.solved, refusal=refusal, comment=said.get("comment", ""))
    return plain_page("Thank you", _told(asked) + (more if asked.rating.is_bare else ""), 422 if refusal else 200)


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
