"""Times as people read them: relative at a glance, exact in the browser's own zone."""

from datetime import UTC, datetime, timedelta, tzinfo
from html import escape
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from ticketing.ui.wording import t

_STEPS = (
    (timedelta(minutes=1), timedelta(hours=1), "time.minutes"),
    (timedelta(hours=1), timedelta(days=1), "time.hours"),
    (timedelta(days=1), timedelta(days=31), "time.days"),
)

# Each with its length in seconds, and with how many of them the next larger one begins.
_UNITS = (("days", 86_400, 1_000_000), ("hours", 3_600, 24), ("minutes", 60, 60), ("seconds", 1, 60))
_WITHOUT_DAYS = (("hours", 3_600, 1_000_000), ("minutes", 60, 60), ("seconds", 1, 60))


def ago(moment: datetime, now: datetime, where: tzinfo | None = None) -> str:
    """
    Return how long ago it was, in the largest full unit; the date after a month.

    *where* is the browser's zone, for those who show many times and ask for it once.
    """
    passed = now - moment
    if passed < timedelta(minutes=1):
        return t("time.now")
    for unit, limit, key in _STEPS:
        if passed < limit:
            return t(key, n=passed // unit)
    return f"{moment.astimezone(where or zone()):%Y-%m-%d}"


def duration(took: timedelta, *, without_days: bool = False) -> str:
    """
    Return how long something took, in its two largest units, such as "3 d 6 h"; what is left over is cut off.

    Of business hours there are no days: how many make one up differs from desk to desk.
    """
    seconds = took // timedelta(seconds=1)
    units = _WITHOUT_DAYS if without_days else _UNITS
    counted = [(seconds // length % limit, unit) for unit, length, limit in units]
    first = next((place for place, (n, _) in enumerate(counted) if n), len(counted) - 1)
    shown = [t(f"duration.{unit}", n=n) for n, unit in counted[first : first + 2] if n]
    return " ".join(shown) or t("duration.seconds", n=0)


def exact(moment: datetime, where: tzinfo) -> str:
    """Return date, time and zone as a clock in that zone shows them."""
    return f"{moment.astimezone(where):%Y-%m-%d %H:%M %Z}"


def time_element(moment: datetime, now: datetime, where: tzinfo) -> str:
    """Return HTML that shows the relative time, with the exact one at hand."""
    at_hand, shown = escape(exact(moment, where)), escape(ago(moment, now, where))
    return f'<time datetime="{moment.isoformat()}" title="{at_hand}">{shown}</time>'


def zone() -> tzinfo:
    """Return the browser's time zone; UTC when it names none that is known here."""
    name = st.context.timezone
    try:
        return ZoneInfo(name) if isinstance(name, str) and name else UTC
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
