"""By what a page that stands open learns that there is something new on it, and who else is there."""

from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from ticketing.domain.text import Stored

# What a process has told of those who are there counts for so long; it tells it again before that.
PRESENCE_LIFETIME: Final = timedelta(seconds=30)
TELL_PRESENCE_EVERY: Final = timedelta(seconds=10)


class Present(NamedTuple):
    """Somebody who is at a ticket just now, by username and display name."""

    number: int
    username: str
    name: str
    is_replying: bool


class Presence(Stored):
    """Who is there, as the process with this id tells the others."""

    id: str
    expires_at: datetime
    there: list[Present]


def stamp_of(updated_at: datetime, messages: int) -> str:
    """Return what is another text after each change of a ticket, for those who may learn of it."""
    return f"{updated_at.astimezone(UTC).isoformat()} {messages}"
