"""What is stored about a person: taken along by themselves, and made anonymous by admins."""

from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import StreamingResponse

from ticketing.web.api.calling import Who
from ticketing.web.api.people import PersonOut
from ticketing.web.api.repeating import ONCE, Route
from ticketing.web.api.words import Id, Input, Output, Username

router = APIRouter(route_class=Route, prefix="/users/{username}", tags=["people"])

_MOST_PLACES: Final = 10_000


class PlaceOut(Output):
    """Where somebody is found in a text, with what stands around it; the key tells the place from all others."""

    key: str
    ticket: int
    where: str
    before: str
    found: str
    after: str


class PreviewOut(Output):
    """What making somebody anonymous would change: tickets in which they stand, and places in texts."""

    person: PersonOut
    tickets: int
    places: list[PlaceOut]


class AnonymousIn(Input):
    """The keys of those places of the preview that stay as they are; none, for all to go."""

    kept: Annotated[tuple[Id, ...], Field(max_length=_MOST_PLACES)]


class AnonymousOut(Output):
    """As whom somebody stands from now on in what they have left."""

    username: str
    display_name: str


@router.get("/anonymisation")
def preview_anonymisation(who: Who, username: Username) -> PreviewOut:
    """Tell what would be changed if somebody were made anonymous; nothing is done. It looks through all tickets."""
    return PreviewOut.of(who.desk.anonymising.preview(who.actor, username))


@router.post("/anonymisation", dependencies=ONCE)
def anonymise(who: Who, username: Username, body: AnonymousIn) -> AnonymousOut:
    """Make somebody anonymous everywhere, which cannot be taken back; cut off, it goes on by itself."""
    done = who.desk.anonymising.anonymise(who.actor, username, frozenset(body.kept))
    return AnonymousOut(username=done.id, display_name=done.name)


@router.get("/personal_data", response_class=StreamingResponse, responses={200: {"content": {"application/zip": {}}}})
def export_personal_data(who: Who, username: Username) -> StreamingResponse:
    """Return all that is stored about a person as a ZIP archive, to themselves and to admins; never by a key."""
    return StreamingResponse(who.desk.personal_data.export(who.actor, username), media_type="application/zip")
