"""How far the desk has come with telling people once a day what they have not read."""

from datetime import UTC, datetime, time, timedelta
from typing import ClassVar, Final, Self

from ticketing.domain.definitions import Definition

# In UTC; whoever sits further west finds it when they begin, whoever sits further east during their day.
DIGEST_AT: Final = time(6, tzinfo=UTC)
_DAY: Final = timedelta(days=1)
# After a longer rest nobody is told what has happened before it.
_WEEK: Final = timedelta(days=7)


class Digesting(Definition):
    """
    The round that was begun last: for the day up to `until`, which is told from `since` on.

    `reached` is the username up to which it is done, None for all.
    """

    kind: ClassVar[str] = "digests"
    is_settings: ClassVar[bool] = False

    since: datetime = datetime.min.replace(tzinfo=UTC)
    until: datetime = datetime.min.replace(tzinfo=UTC)
    reached: str | None = None

    def at(self, now: datetime) -> Self:
        """Return the round that is under way, or else the next one if its time has come."""
        latest = latest_round(now)
        if self.reached is not None or self.until >= latest:
            return self
        return self.model_copy(update={"since": max(self.until, latest - _WEEK), "until": latest, "reached": ""})


def latest_round(now: datetime) -> datetime:
    """Return when the latest digest was to go out."""
    today = datetime.combine(now.astimezone(UTC).date(), DIGEST_AT)
    return today if today <= now else today - _DAY
