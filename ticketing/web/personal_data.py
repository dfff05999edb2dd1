"""`GET /personal_data`: what is stored about a person, for themselves and for admins, as the session cookie says."""

from collections.abc import Iterator

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from ticketing.desk import shared_desk
from ticketing.domain.errors import TicketingError
from ticketing.web.errors import refuse
from ticketing.web.visitor import actor_of


async def personal_data(request: Request) -> Response:
    """Return an archive of what is stored about `person`, the visitor if nobody is named, written while it is sent."""
    try:
        parts = await to_thread.run_sync(_asked_for, request)
    except TicketingError as error:
        return refuse(error)
    today = shared_desk().clock().date().isoformat()
    headers = {"cache-control": "no-store", "content-disposition": f'attachment; filename="my-data-{today}.zip"'}
    return StreamingResponse(parts, media_type="application/zip", headers=headers)


def _asked_for(request: Request) -> Iterator[bytes]:
    desk = shared_desk()
    actor = actor_of(request, desk)
    return desk.personal_data.export(actor, request.query_params.get("person") or actor.username)
