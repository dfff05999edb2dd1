"""Who asks for tickets over HTTP, and in which time zone: what `me` and a day mean in their query."""

from functools import partial
from zoneinfo import ZoneInfo

from ticketing.desk import Desk
from ticketing.domain.errors import UnknownChoiceError
from ticketing.domain.people import Actor
from ticketing.domain.query_language import Asker


def asker_of(desk: Desk, actor: Actor, zone: str = "UTC") -> Asker:
    """Return who asks; raises UnknownChoiceError for a time zone that there is none of."""
    teams = partial(desk.agents.teams_of, actor, actor.username)
    categories = partial(desk.tickets.categories, actor)
    return Asker(actor.username, desk.clock(), _zone(zone), teams, categories)


def _zone(asked: str) -> ZoneInfo:
    try:
        return ZoneInfo(asked)
    except (LookupError, ValueError, OSError) as error:  # unknown, no name at all, or that of a folder
        raise UnknownChoiceError("Time zone", asked) from error
