"""What keeps an open page up to date: it is drawn anew when somebody else has changed what it shows."""

from datetime import UTC, datetime, timedelta
from typing import Final

from ticketing.domain.live import stamp_of
from ticketing.domain.tickets import Ticket
from ticketing.ui.packing import component, packed
from ticketing.ui.wording import t

# A change bears the moment at which it began to be saved.
_WHILE_SAVING: Final = timedelta(seconds=1)

_mount = component("live")


def stay_up_to_date(ticket: Ticket) -> None:
    """Have the page of a ticket drawn anew when there is something new in it."""
    _watch(ticket.number, stamp_of(ticket.updated_at, len(ticket.messages)))


def stay_up_to_date_since(read_at: datetime, unread: int | None = None) -> None:
    """
    Have a list drawn anew when something has changed since it was read, or was being saved just then.

    The inbox is as well when another number is *unread*.
    """
    _watch(0, _just_before(read_at), unread=unread)


def shown_since(read_at: datetime) -> dict[str, object]:
    """Return the same of a list whose own component tells it to the line."""
    return _shown(0, _just_before(read_at))


def stay_up_to_date_after(latest: str, wait: timedelta) -> None:
    """
    Have figures drawn anew when something has changed after the *latest* change that is counted in them.

    Since that costs more than a list does, it is done after the *wait* only, and while somebody looks at them.
    """
    _watch(0, latest, wait=max(wait, timedelta()) // timedelta(milliseconds=1))


def hold_the_line() -> None:
    """Have a page without news keep what is typed into it."""
    _watch(None, "")


def _just_before(read_at: datetime) -> str:
    return (read_at - _WHILE_SAVING).astimezone(UTC).isoformat()


def _watch(number: int | None, stamp: str, *, unread: int | None = None, wait: int | None = None) -> None:
    """Tell the line what the page shows; *wait* is in milliseconds."""
    data = packed(_shown(number, stamp, unread=unread, wait=wait))
    _mount(key=f"live_{number}", data=data, on_changed_change=_noted)


def _shown(number: int | None, stamp: str, *, unread: int | None = None, wait: int | None = None) -> dict[str, object]:
    words = {state: t(f"live.{state}") for state in ("viewing", "replying")}
    return {"number": number, "stamp": stamp, "unread": unread, "wait": wait, "words": words}


def _noted() -> None:
    """Declare that the page may be asked for anew; it is drawn anew by that alone."""
