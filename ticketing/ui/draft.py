"""
What is typed into a form and not sent: it stays in the browser's tab, through a reload and a new sign-in.

The fields are Streamlit's own, and tell the server nothing before they are sent; so `draft.js` watches over them.
"""

from dataclasses import dataclass
from typing import Any

from ticketing.domain.people import Actor
from ticketing.ui.memory import recall
from ticketing.ui.packing import component, packed
from ticketing.ui.session import desk
from ticketing.ui.wording import t

# When the desk has kept texts, and which by the names of their fields.
Saved = dict[str, Any] | None

_LONGEST = 400
_mount = component("draft")


def keep_typed(name: str, *fields: str, is_told: bool = False, number: int | None = None, saved: Saved = None) -> str:
    """
    Keep what is typed into these fields, by their keys, until the form is drawn under another name.

    The name begins with whose it is: nobody is shown what another person typed in the same tab. Returns, if *is_told*,
    what stood in the first of the fields when somebody last paused in typing; to be told takes a run of the page.
    With a *number* the desk keeps it too, as the draft at that ticket; *saved* is what it has kept there.
    """
    kept = saved["texts"] if saved else {}
    data = packed(
        {
            "name": name,
            "fields": fields,
            "isTold": is_told,
            "number": number,
            "saved": kept,
            "words": {"kept": t("composer.kept")},
        }
    )
    result = _mount(key="draft", data=data, on_told_change=_noted)
    match getattr(result, "told", None):
        case [told_name, str(text)] if told_name == name:
            return text[:_LONGEST]
    return ""


@dataclass(slots=True)
class _Arrival:
    """What the desk had kept when the visitor came to the ticket where they are."""

    at: str = ""
    saved: Saved = None


def saved_draft(actor: Actor, number: int = 0) -> Saved:
    """
    Return what the desk has kept of what the person has typed at a ticket, 0 for a new one; None for nothing.

    It is asked for when they come there: from then on their tab knows better.
    """
    arrival, place = recall(_Arrival), f"{actor.username} {number}"
    if arrival.at != place:
        draft = desk().drafts.own(actor, number)
        arrival.saved = {"at": draft.saved_at.isoformat(), "texts": draft.texts} if draft else None
        arrival.at = place
    return arrival.saved


@dataclass(slots=True)
class _Sent:
    """The ticket that was opened here last; number 0 is none."""

    number: int = 0


def forget_saved(became: int) -> None:
    """Note that what was typed here is sent and became a ticket, and the desk asked anew what it has kept."""
    recall(_Arrival).at = ""
    recall(_Sent).number = became


def drop_sent(actor: Actor, number: int) -> None:
    """
    Have the tab drop what this ticket was made of, if it was opened here last.

    The form would do that by itself, but for a ticket that is somebody else's: its name stays the same.
    """
    if recall(_Sent).number == number:
        keep_typed(f"{actor.username} sent {number}")


def _noted() -> None:
    """Declare that a text may come back; what to do about it is decided when the page runs."""
