"""
Where one answers: a public reply or, for agents, an internal note that looks like nothing else.

It is one element, drawn by `ticket_composer.js`, which keeps what was typed until it is saved, also when the page is
left for another. What comes back from the browser is one message under a number of its own; the same number again, as
from a second click, is the same message.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from ticketing.domain import policy
from ticketing.domain.errors import TicketingError
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.statuses import Status
from ticketing.domain.text import TEXT_LIMIT
from ticketing.domain.tickets import MessageKind, Ticket
from ticketing.ui.deeds import form_key
from ticketing.ui.feedback import say_after_rerun, sentence_of
from ticketing.ui.packing import on_report, packed
from ticketing.ui.session import desk, require_actor
from ticketing.ui.wording import t

_HERE = Path(__file__).parent
_AS_IS = ""
_NEXT_STATUSES = (Status.PENDING, Status.ON_HOLD, Status.RESOLVED, Status.CLOSED)
_TYPING_ROOM = 2 * TEXT_LIMIT

_mount = st.components.v2.component(
    "ticketing_composer",
    html=(_HERE / "ticket_composer.html").read_text(encoding="utf-8"),
    css=(_HERE / "ticket_composer.css").read_text(encoding="utf-8"),
    js=(_HERE / "ticket_composer.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, slots=True)
class _Sent:
    """A message as it was sent: its number within this composer, and the status to set with it, if any."""

    number: int
    kind: MessageKind
    text: str
    status: Status | None


def compose(actor: Actor, ticket: Ticket) -> None:
    """Draw the composer."""
    kinds, number = [MessageKind.REPLY], ticket.number
    if policy.may(actor, Action.WRITE_NOTE, ticket):
        kinds.append(MessageKind.NOTE)
    result = _mount(
        key=_key(number),
        data=packed(
            {
                "draft": f"{actor.username} {number}",
                "kinds": [_words(kind) for kind in kinds],
                "statuses": _statuses() if policy.may(actor, Action.EDIT_TICKET, ticket) else [],
                "limit": _TYPING_ROOM,
                "answered": _answered(number),
                "words": {"kind": t("composer.kind"), "then": t("composer.then"), "keys": t("composer.keys")},
            }
        ),
        on_sent_change=on_report(_key(number), "sent", partial(_send, number)),
    )
    # A session that has just begun, as after a broken line, knows of no callback when the message reaches it.
    if _send(number, getattr(result, "sent", None)):
        st.rerun()


def _words(kind: MessageKind) -> dict[str, str]:
    return {
        "kind": kind.value,
        "word": t(f"composer.{kind}"),
        "placeholder": t(f"composer.{kind}_placeholder"),
        "send": t(f"composer.send_{kind}"),
        "hint": t("composer.note_hint") if kind is MessageKind.NOTE else "",
    }


def _statuses() -> list[tuple[str, str]]:
    choices = [(_AS_IS, t("composer.then_as_is"))]
    return choices + [(status.value, t(f"composer.then_{status}")) for status in _NEXT_STATUSES]


def _send(number: int, message: Any) -> bool:
    """Save what was sent, if it is new; the composer learns in the next run that it was saved, or why not."""
    sent = _sent(number, message)
    if sent is None:
        return False
    try:
        _save(require_actor(), number, sent)
    except TicketingError as error:
        st.session_state[_answered_key(number)] = (sent.number, sentence_of(error))
    else:
        st.session_state[_answered_key(number)] = (sent.number, "")
        say_after_rerun(t(f"composer.saved_{sent.kind}"))
    return True


def _save(actor: Actor, number: int, sent: _Sent) -> None:
    messages = desk().tickets.get(actor, number).messages
    from_others = sum(message.author != actor.username for message in messages)
    key = form_key(sent.kind, str(number), sent.text, str(from_others))
    if sent.kind is MessageKind.NOTE:
        desk().tickets.note(actor, number, sent.text, key=key)
    else:
        desk().tickets.reply(actor, number, sent.text, status=sent.status, key=key)


def _sent(number: int, message: Any) -> _Sent | None:
    """Return what was sent and not answered; None for anything of a shape that the composer cannot send."""
    match message:
        case [int(place), ("reply" | "note") as kind, str(text), str(status)] if place > _answered(number)[0]:
            if status in {_AS_IS, *_NEXT_STATUSES}:
                return _Sent(place, MessageKind(kind), text, Status(status) if status else None)
    return None


def _answered(number: int) -> tuple[int, str]:
    """Return the number of the last message that was dealt with, and why it was refused, if it was."""
    answered: tuple[int, str] = st.session_state.get(_answered_key(number), (0, ""))
    return answered


def _key(number: int) -> str:
    return f"composer_{number}"


def _answered_key(number: int) -> str:
    return f"answered_{number}"
