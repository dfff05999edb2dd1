"""Times as other systems write them."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ticketing.domain.errors import ImportRefusedError, quoted

# Of two that fit the times of a file as well, the first one is meant: 03/04/2024 is in March, as osTicket writes it.
FORMATS: Final = (
    "",
    "%m/%d/%Y %I:%M %p",
    "%m/%d/%y %I:%M %p",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%d/%m/%Y",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y",
)
_EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
_A_DAY: Final = timedelta(days=1)
_LONGEST: Final = 64


class Moments:
    """Reads times that are written in one way; those without a zone are of *zone*, and none lies ahead of *now*."""

    def __init__(self, now: datetime, form: str = "", zone: tzinfo = UTC) -> None:
        self._now = now
        self._form = form
        self._zone = zone

    def read(self, written: object) -> datetime | None:
        """Return the moment in UTC; None if it is none, or one at which no help desk can have written."""
        found = _parsed(written, self._form) if isinstance(written, str) else None
        if found is None:
            return None
        try:
            moment = (found if found.tzinfo else found.replace(tzinfo=self._zone)).astimezone(UTC)
        except (OverflowError, ValueError):
            return None
        return min(moment, self._now) if _EARLIEST <= moment <= self._now + _A_DAY else None


def zone_of(name: str) -> tzinfo:
    """Return the zone of this name; raises ImportRefusedError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ImportRefusedError(f"There is no time zone “{quoted(name, _LONGEST)}”, such as Europe/Berlin.") from error


def require_format(form: str) -> None:
    """Raise ImportRefusedError for what no time can be read by; "" is ISO 8601."""
    try:
        if form:
            datetime.strptime(_EARLIEST.strftime(form), form)  # noqa: DTZ007 - only that it can be read
    except (ValueError, re.error) as error:  # what stands twice in a format is an error of the pattern made of it
        sentence = f"“{quoted(form, _LONGEST)}” is no format of times, such as %d.%m.%Y %H:%M."
        raise ImportRefusedError(sentence) from error


def format_of(written: Iterable[str]) -> str:
    """Return the format in which most of these are written; the one of ISO 8601 if there is none."""
    samples = [one for one in written if one.strip()]
    return max(FORMATS, key=lambda form: sum(_parsed(one, form) is not None for one in samples))


def _parsed(written: str, form: str) -> datetime | None:
    text = written.strip()
    if not text or len(text) > _LONGEST:
        return None
    try:
        return datetime.strptime(text, form) if form else datetime.fromisoformat(text)  # noqa: DTZ007 - see Moments
    except ValueError:
        return None
