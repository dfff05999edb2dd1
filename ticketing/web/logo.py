"""`/logo`: the picture of the desk, which everybody sees, also before they sign in."""

from typing import Final

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from ticketing.desk import shared_desk
from ticketing.services.pictures import MEDIA_TYPE

_ONE_YEAR: Final = 365 * 24 * 3600
_HARMLESS: Final = {
    "content-security-policy": "sandbox; default-src 'none'",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
}


async def logo(request: Request) -> Response:
    """
    Return the logo, if the desk has one of its own.

    A browser may keep it for good under the mark of what it got; under another mark, it is to ask again each time.
    """
    branding = await to_thread.run_sync(shared_desk().front.branding)
    if not branding.logo:
        return PlainTextResponse("Not found.\n", 404, headers={"cache-control": "no-store"})
    is_present = request.query_params.get("v") == branding.logo_mark
    kept = f"public, max-age={_ONE_YEAR}, immutable" if is_present else "no-store"
    return Response(branding.picture, media_type=MEDIA_TYPE, headers=_HARMLESS | {"cache-control": kept})
