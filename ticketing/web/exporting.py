"""`GET /export`: a list of tickets as a file, for whoever the session cookie says it is."""

from collections.abc import Iterator

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from ticketing.desk import shared_desk
from ticketing.domain.errors import TicketingError, UnknownChoiceError
from ticketing.domain.filters import Filters, own
from ticketing.domain.progress import Progress
from ticketing.domain.queries import View
from ticketing.services.moving.lists import Form
from ticketing.web.asking import asker_of
from ticketing.web.errors import refuse
from ticketing.web.framing import FRAMES, Place, framed
from ticketing.web.visitor import actor_of


async def export(request: Request) -> Response:
    """
    Return what a list shows, as the file that `format` names; dates in a query are days of the time zone `zone`.

    The list is narrowed down by the names that its own address has, and `list=own` is the actor's own. The file is
    written while it is sent, so it may be as long as it likes. With `frames=1` it comes in frames that tell how far it
    is, for the page of the list.
    """
    place = Place()
    try:
        form, parts = await to_thread.run_sync(_asked_for, request, place)
    except TicketingError as error:
        return refuse(error)
    today = shared_desk().clock().date().isoformat()
    headers = {"cache-control": "no-store", "content-disposition": f'attachment; filename="tickets-{today}.{form}"'}
    if request.query_params.get("frames") == "1":
        return StreamingResponse(framed(parts, place), media_type=FRAMES, headers=headers)
    return StreamingResponse(parts, media_type=form.media_type, headers=headers)


def _asked_for(request: Request, progress: Progress) -> tuple[Form, Iterator[bytes]]:
    desk = shared_desk()
    actor, asked = actor_of(request, desk), request.query_params
    form, asker = _form(asked.get("format", "")), asker_of(desk, actor, asked.get("zone", "UTC"))
    query = Filters.from_address(asked, View.ALL).query(asker)
    return form, desk.lists.export(actor, own(actor, query) if asked.get("list") == "own" else query, form, progress)


def _form(asked: str) -> Form:
    if asked not in set(Form):
        raise UnknownChoiceError("Format", asked)
    return Form(asked)
