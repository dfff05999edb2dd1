"""Pages behind links in mails: plain HTML, kept nowhere, into which what people typed enters as text alone."""

import base64
import hashlib
from html import escape
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from ticketing.domain.errors import TicketingError
from ticketing.web.errors import status_of, wait_of

_BODY_LIMIT: Final = 16_384
# The only script there is: what a link opens is to stand in no address bar, history or picture of the screen.
_OUT_OF_ADDRESS: Final = 'history.replaceState(null, "", location.pathname)'
_SCRIPT: Final = base64.b64encode(hashlib.sha256(_OUT_OF_ADDRESS.encode()).digest()).decode()
_POLICY: Final = (
    "default-src 'none'; {scripts}style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --edge: #767c8c; --key: #4338ca; }}
@media (prefers-color-scheme: dark) {{ :root {{ --edge: #8b91a1; --key: #5f62ef; }} }}
body {{ max-width: 34rem; margin: 12vh auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }}
main {{ overflow-wrap: anywhere; }}
h1 {{ font-size: 1.4rem; line-height: 1.3; }}
button, textarea, select, input {{ box-sizing: border-box; min-height: 2.75rem; padding: 0.4rem 1rem;
  border-radius: 0.5rem; border: 1px solid var(--edge); background: none; color: inherit; font: inherit; }}
button {{ margin-right: 0.5rem; cursor: pointer; }}
button.chosen {{ border-color: var(--key); background: var(--key); color: #fff; }}
textarea, select, input {{ display: block; width: 100%; margin: 0.25rem 0 1rem; }}
:focus-visible {{ outline: 2px solid var(--key); outline-offset: 2px; }}
</style>{script}</head>
<body><main><h1>{title}</h1>
{body}
</main></body></html>
"""


def plain_page(
    title: str, body: str, status: int = 200, *, secret: bool = False, referrer: str = "same-origin"
) -> Response:
    """Return a page with a title, and a body of HTML; of one that is *secret*, the query leaves the address at once."""
    script = f"<script>{_OUT_OF_ADDRESS}</script>" if secret else ""
    headers = {
        "cache-control": "no-store",
        "content-security-policy": _POLICY.format(scripts=f"script-src 'sha256-{_SCRIPT}'; " if secret else ""),
        "referrer-policy": referrer,
        "x-robots-tag": "noindex",
    }
    return HTMLResponse(_PAGE.format(title=escape(title), body=body, script=script), status, headers=headers)


def refusal_page(error: TicketingError, *, secret: bool = False, referrer: str = "same-origin") -> Response:
    """Return the page that tells a refusal's sentence, and when to come back if it says so."""
    said = f"<p>{escape(str(error))}</p>"
    page = plain_page("That did not work", said, status_of(error), secret=secret, referrer=referrer)
    page.headers.update(wait_of(error))
    return page


async def sent_form(request: Request) -> dict[str, str]:
    """Return the fields of a form; of one that is too long, none."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _BODY_LIMIT:
            return {}
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
