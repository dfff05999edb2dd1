"""
Where one answers: a public reply or, for agents, an internal note that looks like nothing else.

It is one element, drawn by `ticket_composer.js`, which keeps what was typed until it is saved, also when the page is
left for another. What comes back from the browser is a message under a number of its own; the same number again, as
from a second click or after a broken line, is the same message.
"""

from functools import partial
from typing import Any

from ticketing.domain import policy
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.statuses import Status
from ticketing.domain.text import TEXT_LIMIT
from ticketing.domain.tickets import MessageKind, Ticket
from ticketing.ui.deeds import key_of, sign_in_of
from ticketing.ui.inbox import TicketPart
from ticketing.ui.session import desk
from ticketing.ui.wording import t

_AS_IS = ""
_NEXT_STATUSES = (Status.PENDING, Status.ON_HOLD, Status.RESOLVED, Status.CLOSED)
_TYPING_ROOM = 2 * TEXT_LIMIT

_part = TicketPart("ticketing_composer", "ticket_composer", flashes_refusals=False)


def compose(actor: Actor, ticket: Ticket) -> None:
    """Draw the composer."""
    kinds, number = [MessageKind.REPLY], ticket.number
    if policy.may(actor, Action.WRITE_NOTE, ticket):
        kinds.append(MessageKind.NOTE)
    _part.draw(
        f"composer_{number}",
        {
            "draft": f"{actor.username} {number}",
            "kinds": [_words(kind) for kind in kinds],
            "statuses": _statuses() if policy.may(actor, Action.EDIT_TICKET, ticket) else [],
            "limit": _TYPING_ROOM,
            "words": {"kind": t("composer.kind"), "then": t("composer.then"), "keys": t("composer.keys")},
        },
        partial(_send, number),
    )


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


def _send(number: int, actor: Actor, place: int, message: list[Any]) -> str:
    """
    Save a message that the composer can send.

    The number that the browser gave it belongs to the key: the same words once more are another message, and the same
    number after a broken line or a reload is not.
    """
    match message:
        case [("reply" | "note") as kind, str(text), str(status)] if status in {_AS_IS, *_NEXT_STATUSES}:
            key = key_of(sign_in_of(actor), "message", str(number), str(place), kind, text, status)
            if kind == MessageKind.NOTE:
                desk().tickets.note(actor, number, text, key=key)
            else:
                desk().tickets.reply(actor, number, text, status=Status(status) if status else None, key=key)
            return t(f"composer.saved_{kind}")
    return ""
