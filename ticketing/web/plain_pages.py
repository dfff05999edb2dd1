"""Pages for whoever comes by a link in a mail and is not signed in: plain HTML without any script, kept nowhere."""

from html import escape
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

_BODY_LIMIT: Final = 16_384
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


def page(title: str, body: str, status: int = 200) -> Response:
    """Return a page; *body* is HTML."""
    return HTMLResponse(_PAGE.format(title=escape(title), body=body), status, headers=_HEADERS)


async def sent(request: Request) -> dict[str, str]:
    """Return the fields of a form; of one that is too long, none."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _BODY_LIMIT:
            return {}
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
