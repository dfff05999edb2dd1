"""
The head of a ticket: the way back, what can be done at once, the title, and a line that says how things stand.

It is one element, drawn by `ticket_head.js`, since each element of Streamlit's costs the server as much as all of these
words. What comes back from the browser are clicks on actions; each is done if it is on offer to this person at the
moment it arrives. The tickets before and after this one are real links, and a click on one that is named here stays in
the session.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from ticketing.domain import policy
from ticketing.domain.errors import TicketClosedError
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.statuses import Status
from ticketing.domain.tickets import Ticket, TicketEdit
from ticketing.services.tickets import Conversation
from ticketing.ui.inbox import Outcome, TicketPart
from ticketing.ui.memory import recall
from ticketing.ui.pages import BY_NAME, landing_page
from ticketing.ui.session import desk, go_to, go_to_ticket, require_actor
from ticketing.ui.snoozing import Snoozing, asleep_until, can_snooze, can_wake
from ticketing.ui.tickets import PRIORITY_TONES, STATUS_TONES, status_label
from ticketing.ui.times import ago, exact, zone
from ticketing.ui.transferring import Transfer, can_transfer
from ticketing.ui.undoing import LastDeed, is_undo, undo_of
from ticketing.ui.wording import t

_part = TicketPart("ticket_head")


@dataclass(frozen=True, slots=True)
class _QuickAction:
    """
    What one click does: for whom and when it is there, the deed, and the sentence that confirms it, if one does.

    The deed is given what the person saw, so that it takes nothing back that a colleague did meanwhile.
    """

    icon: str
    is_offered: Callable[[Actor, Ticket, datetime], bool]
    deed: Callable[[Actor, int, TicketEdit], Ticket]
    done: str = ""


def ticket_head(actor: Actor, conversation: Conversation) -> None:
    """Draw the head of a ticket."""
    ticket, number, now, where = conversation.ticket, conversation.ticket.number, desk().clock(), zone()
    back = BY_NAME[landing_page(actor)]
    is_agents = policy.may(actor, Action.EDIT_TICKET, ticket)
    former = t("ticket.former_number", number=ticket.external_id) if ticket.external_id else ""
    result = _part.draw(
        f"head_{number}",
        {
            "back": [back.name, back.title],
            "actions": _buttons(actor, ticket, now),
            "seen": [ticket.status.value, (is_agents and ticket.assignee) or ""],
            "title": ticket.title,
            "pills": _pills(actor, ticket),
            "facts": [t("ticket.meta", label=ticket.label, name=conversation.name(ticket.requester)), former],
            "opened": [
                ticket.opened_at.isoformat(),
                exact(ticket.opened_at, where),
                t("ticket.opened", ago=ago(ticket.opened_at, now, where)),
            ],
            "related": [[word, related, f"T-{related}"] for word, related in _related(ticket)],
            "words": {"actions": t("ticket.actions")},
        },
        partial(_act, number),
        on_back_change=_go_back,
        on_related_change=_noted,
    )
    asked = getattr(result, "related", None)
    if type(asked) is int and asked in ticket.related():
        go_to_ticket(asked)


def _buttons(actor: Actor, ticket: Ticket, now: datetime) -> list[tuple[str, str, str]]:
    """Return the buttons; the way back comes first, so that it leaves the others where they are."""
    undo = recall(LastDeed).undo_on(ticket.number)
    back = [(undo.action, t("ticket.undo", what=undo.what), "undo")] if undo else []
    return back + [(name, t(f"ticket.{name}"), _ACTIONS[name].icon) for name in _offered(actor, ticket, now)]


def _pills(actor: Actor, ticket: Ticket) -> list[tuple[str, str]]:
    is_new = ticket.is_new and actor.is_agent
    status = status_label(ticket.status, is_new=ticket.is_new, for_agent=actor.is_agent)
    asleep = asleep_until(ticket)
    return [
        (status, "violet" if is_new else STATUS_TONES[ticket.status]),
        (t(f"priority.{ticket.priority}"), PRIORITY_TONES[ticket.priority]),
        *([(asleep, "gray")] if asleep else []),
    ]


def _related(ticket: Ticket) -> list[tuple[str, int]]:
    before = [(t("ticket.follows"), ticket.follows)] if ticket.follows else []
    return before + [(t("ticket.goes_on_in"), after) for after in ticket.goes_on_in]


def _noted() -> None:
    """Declare that a related ticket may be asked for; the page leads there when it runs."""


def _go_back() -> None:
    go_to(landing_page(require_actor()))


def _act(number: int, actor: Actor, _place: int, click: list[Any]) -> Outcome | None:
    """Do what was clicked if it is on offer still; a colleague may have been quicker, which one sees."""
    match click:
        case [str(name), str(), str()] if is_undo(name):
            last = recall(LastDeed)
            sentence = last.take_back(actor, number, name)
            return Outcome(sentence, last.undo)
        case [str(name), str(status), str(assignee)] if status in set(Status):
            before = desk().tickets.get(actor, number)
            if name in _offered(actor, before, desk().clock()):
                after = _ACTIONS[name].deed(actor, number, TicketEdit(status=Status(status), assignee=assignee or None))
                return Outcome(_ACTIONS[name].done and t(_ACTIONS[name].done), undo_of(actor, before, after))
    return None


def _offered(actor: Actor, ticket: Ticket, now: datetime) -> list[str]:
    return [name for name, action in _ACTIONS.items() if action.is_offered(actor, ticket, now)]


def _can_take(actor: Actor, ticket: Ticket, _now: datetime) -> bool:
    is_workable = ticket.status is not Status.CLOSED and ticket.assignee != actor.username
    return is_workable and policy.may(actor, Action.EDIT_TICKET, ticket)


def _can_transfer(actor: Actor, ticket: Ticket, _now: datetime) -> bool:
    return can_transfer(actor, ticket)


def _can_snooze(actor: Actor, ticket: Ticket, _now: datetime) -> bool:
    return can_snooze(actor, ticket)


def _can_wake(actor: Actor, ticket: Ticket, _now: datetime) -> bool:
    return can_wake(actor, ticket)


def _can_close(actor: Actor, ticket: Ticket, _now: datetime) -> bool:
    return ticket.status is not Status.CLOSED and policy.may(actor, Action.CLOSE, ticket)


def _can_reopen(actor: Actor, ticket: Ticket, now: datetime) -> bool:
    return ticket.can_be_reopened(actor, now) and policy.may(actor, Action.REOPEN, ticket)


def _take(actor: Actor, number: int, seen: TicketEdit) -> Ticket:
    return desk().tickets.edit(actor, number, TicketEdit(assignee=actor.username), seen=seen)


def _begin_transfer(actor: Actor, number: int, _seen: TicketEdit) -> Ticket:
    """Open the form, which holds what is done against what is there now."""
    ticket = desk().tickets.get(actor, number)
    recall(Transfer).begin(ticket)
    return ticket


def _begin_snooze(actor: Actor, number: int, _seen: TicketEdit) -> Ticket:
    """Open the form, which holds what is done against what is there now."""
    ticket = desk().tickets.get(actor, number)
    recall(Snoozing).begin(ticket)
    return ticket


def _wake(actor: Actor, number: int, _seen: TicketEdit) -> Ticket:
    return desk().tickets.wake(actor, number)


def _close(actor: Actor, number: int, seen: TicketEdit) -> Ticket:
    """Close it; while this waited for the disk, a click from before a reload may have done so already."""
    try:
        return desk().tickets.close(actor, number, seen=seen.status)
    except TicketClosedError:
        return desk().tickets.get(actor, number)


def _reopen(actor: Actor, number: int, seen: TicketEdit) -> Ticket:
    return desk().tickets.reopen(actor, number, seen=seen.status)


_ACTIONS = {
    "assign_to_me": _QuickAction("person_add", _can_take, _take, "ticket.assigned_to_you"),
    "transfer": _QuickAction("swap_horiz", _can_transfer, _begin_transfer),
    "snooze": _QuickAction("snooze", _can_snooze, _begin_snooze),
    "wake": _QuickAction("alarm", _can_wake, _wake, "ticket.is_awake"),
    "close": _QuickAction("check_circle", _can_close, _close, "ticket.is_closed"),
    "reopen": _QuickAction("lock_open", _can_reopen, _reopen, "ticket.is_open_again"),
}
