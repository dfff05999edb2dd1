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
