"""
The head of a ticket: the way back, what can be done at once, the title, and a line that says how things stand.

It is one element, drawn by `ticket_head.js`, since each element of Streamlit's costs the server as much as all of these
words. What comes back from the browser is a numbered click on an action; each is dealt with once, and done if it is on
offer to this person at the moment it arrives. The tickets before and after this one are real links, and a click on one
that is named here stays in the session.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from ticketing.domain import policy
from ticketing.domain.errors import TicketingError
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.statuses import Status
from ticketing.domain.tickets import Ticket
from ticketing.services.tickets import Conversation
from ticketing.ui.feedback import refuse_after_rerun, say_after_rerun
from ticketing.ui.packing import on_report, packed
from ticketing.ui.pages import BY_NAME, landing_page
from ticketing.ui.session import desk, go_to, go_to_ticket, require_actor
from ticketing.ui.tickets import PRIORITY_TONES, STATUS_TONES, status_label
from ticketing.ui.times import ago, exact, zone
from ticketing.ui.wording import t

_HERE = Path(__file__).parent

_mount = st.components.v2.component(
    "ticketing_ticket_head",
    html=(_HERE / "ticket_head.html").read_text(encoding="utf-8"),
    css=(_HERE / "ticket_head.css").read_text(encoding="utf-8"),
    js=(_HERE / "ticket_head.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, slots=True)
class _QuickAction:
    """What one click does: for whom and when it is there, the deed, and the sentence that confirms it."""

    icon: str
    is_offered: Callable[[Actor, Ticket, datetime], bool]
    deed: Callable[[Actor, int], Ticket]
    done: str


def ticket_head(actor: Actor, conversation: Conversation) -> None:
    """Draw the head of a ticket."""
    ticket, number, now, where = conversation.ticket, conversation.ticket.number, desk().clock(), zone()
    back = BY_NAME[landing_page(actor)]
    former = t("ticket.former_number", number=ticket.external_id) if ticket.external_id else ""
    result = _mount(
        key=_key(number),
        data=packed(
            {
                "back": [back.name, back.title],
                "actions": [[name, t(f"ticket.{name}"), _ACTIONS[name].icon] for name in _offered(actor, ticket, now)],
                "title": ticket.title,
                "pills": _pills(actor, ticket),
                "facts": [t("ticket.meta", label=ticket.label, name=conversation.name(ticket.requester)), former],
                "opened": [
                    ticket.opened_at.isoformat(),
                    exact(ticket.opened_at, where),
                    t("ticket.opened", ago=ago(ticket.opened_at, now, where)),
                ],
                "related": [[word, related, f"T-{related}"] for word, related in _related(ticket)],
                "done": _done(number),
                "words": {"actions": t("ticket.actions")},
            }
        ),
        on_back_change=_go_back,
        on_action_change=on_report(_key(number), "action", partial(_act, number)),
        on_related_change=_noted,
    )
    asked = getattr(result, "related", None)
    if type(asked) is int and asked in ticket.related():
        go_to_ticket(asked)
    # A session that has just begun, as after a broken line, knows of no callback when the click reaches it.
    if _act(number, getattr(result, "action", None)):
        st.rerun()


def _pills(actor: Actor, ticket: Ticket) -> list[tuple[str, str]]:
    is_new = ticket.is_new and actor.is_agent
    status = status_label(ticket.status, is_new=ticket.is_new, for_agent=actor.is_agent)
    return [
        (status, "violet" if is_new else STATUS_TONES[ticket.status]),
        (t(f"priority.{ticket.priority}"), PRIORITY_TONES[ticket.priority]),
    ]


def _related(ticket: Ticket) -> list[tuple[str, int]]:
    before = [(t("ticket.follows"), ticket.follows)] if ticket.follows else []
    return before + [(t("ticket.goes_on_in"), after) for after in ticket.goes_on_in]


def _noted() -> None:
    """Declare that a related ticket may be asked for; the page leads there when it runs."""


def _go_back() -> None:
    go_to(landing_page(require_actor()))


def _act(number: int, click: Any) -> bool:
    """Do what was clicked, if the click is new; the next run tells how it went."""
    match click:
        case [int(place), str(action)] if place > _done(number):
            st.session_state[_done_key(number)] = place
        case _:
            return False
    actor = require_actor()
    try:
        _act_on(actor, desk().tickets.get(actor, number), action)
    except TicketingError as error:
        refuse_after_rerun(error)
    return True


def _act_on(actor: Actor, ticket: Ticket, action: str) -> None:
    """Do it if it is on offer still; a colleague may have been quicker, and the ticket itself is answer enough."""
    if action in _offered(actor, ticket, desk().clock()):
        _ACTIONS[action].deed(actor, ticket.number)
        say_after_rerun(t(_ACTIONS[action].done))


def _offered(actor: Actor, ticket: Ticket, now: datetime) -> list[str]:
    return [name for name, action in _ACTIONS.items() if action.is_offered(actor, ticket, now)]


def _can_take(actor: Actor, ticket: Ticket, _now: datetime) -> bool:
    is_workable = ticket.status is not Status.CLOSED and ticket.assignee != actor.username
    return is_workable and policy.may(actor, Action.EDIT_TICKET, ticket)


def _can_close(actor: Actor, ticket: Ticket, _now: datetime) -> bool:
    return ticket.status is not Status.CLOSED and policy.may(actor, Action.CLOSE, ticket)


def _can_reopen(actor: Actor, ticket: Ticket, now: datetime) -> bool:
    return ticket.can_be_reopened(actor, now) and policy.may(actor, Action.REOPEN, ticket)


def _take(actor: Actor, number: int) -> Ticket:
    return desk().tickets.assign(actor, number, actor.username)


def _close(actor: Actor, number: int) -> Ticket:
    return desk().tickets.close(actor, number)


def _reopen(actor: Actor, number: int) -> Ticket:
    return desk().tickets.reopen(actor, number)


_ACTIONS = {
    "assign_to_me": _QuickAction("person_add", _can_take, _take, "ticket.assigned_to_you"),
    "close": _QuickAction("check_circle", _can_close, _close, "ticket.is_closed"),
    "reopen": _QuickAction("undo", _can_reopen, _reopen, "ticket.is_open_again"),
}


def _done(number: int) -> int:
    """Return the number of the last click that was dealt with."""
    done: int = st.session_state.get(_done_key(number), 0)
    return done


def _done_key(number: int) -> str:
    return f"clicks_{number}"


def _key(number: int) -> str:
    return f"head_{number}"
