"""Who a request comes from: whoever its session cookie says, looked up now."""

from starlette.requests import HTTPConnection

from ticketing.desk import Desk
from ticketing.domain.browsers import cookie_name
from ticketing.domain.errors import SignedOutError
from ticketing.domain.people import Actor
from ticketing.web.site import Site


def actor_of(request: HTTPConnection, desk: Desk) -> Actor:
    """Return who is signed in; raises SignedOutError for nobody."""
    name = cookie_name(desk.settings.cookie_name, secure=Site(desk.settings.base_url).is_secure(request))
    token = request.cookies.get(name)
    if not token:
        raise SignedOutError
    return desk.sessions.actor(token)
