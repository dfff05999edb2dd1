"""`/front`: how the desk presents itself to everybody, and what it announces to the caller."""

from typing import Annotated, Self

from fastapi import APIRouter, Path

from ticketing.domain.banners import BannerLevel
from ticketing.services.front import Look
from ticketing.web.api.calling import Anybody, Who
from ticketing.web.api.repeating import ONCE, Route
from ticketing.web.api.words import Output

router = APIRouter(route_class=Route, tags=["desk"])

Mark = Annotated[str, Path(max_length=80, pattern="^[A-Za-z0-9_-][A-Za-z0-9._-]*@[0-9]+$")]


class AnnouncementOut(Output):
    """A banner that is shown now; by its mark one puts it away, if one can."""

    mark: str
    text: str
    level: BannerLevel
    can_be_dismissed: bool


class FrontOut(Output):
    """
    What the desk is called, its colour, and what it announces.

    `closed` is the sentence that nothing can be changed, empty where it can be.
    """

    name: str
    accent: str | None
    banners: list[AnnouncementOut]
    closed: str

    @classmethod
    def shown(cls, look: Look) -> Self:
        """Return what is told of what stands around a page."""
        banners = [AnnouncementOut.of(banner) for banner in look.banners]
        return cls(name=look.branding.name, accent=look.branding.accent, banners=banners, closed=look.closed)


@router.get("/front")
def get_front(who: Anybody) -> FrontOut:
    """Tell how the desk presents itself, and what it announces; for everybody."""
    return FrontOut.shown(who.desk.front.outside())


@router.get("/account/front")
def get_own_front(who: Who) -> FrontOut:
    """Tell what the desk announces to the caller, without what they have put away."""
    return FrontOut.shown(who.desk.front.look(who.actor))


@router.delete("/account/front/banners/{mark}", status_code=204, dependencies=ONCE)
def dismiss_banner(who: Who, mark: Mark) -> None:
    """Put a banner away; one that cannot be put away, or is none, stays as it is."""
    who.desk.front.dismiss(who.actor, mark)
