"""
Where one answers: a public reply or, for agents, an internal note that looks like nothing else.

It is one element, drawn by `ticket_composer.js`, which keeps what was typed until it is saved, also when the page is
left or loaded anew, and on a ticket that was closed meanwhile. What comes back from the browser is a message under a
number of its own; the same number again, as from a second click or after a broken line, is the same message. When it
has heard that a message is saved, the browser may ask to go on to the next ticket of the list.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from ticketing.domain import policy
from ticketing.domain.errors import RefusedError, TicketClosedError
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.receipts import RECEIPT_LIFETIME
from ticketing.domain.statuses import TRANSITIONS, Status
from ticketing.domain.taking_back import still_open
from ticketing.domain.text import TEXT_LIMIT
from ticketing.domain.tickets import MessageKind, Ticket
from ticketing.services.macros import Applied
from ticketing.services.tickets import Conversation
from ticketing.ui.attaching import are_ids, ids_in, limits
from ticketing.ui.canned import ask, offered, passed_over_in_words
from ticketing.ui.deeds import key_of, sign_in_of
from ticketing.ui.draft import saved_draft
from ticketing.ui.inbox import Outcome, TicketPart
from ticketing.ui.packing import on_report
from ticketing.ui.session import desk
from ticketing.ui.trail import go_on, way_on
from ticketing.ui.wording import t

_AS_IS = ""
_NEXT_STATUSES = (Status.PENDING, Status.ON_HOLD, Status.RESOLVED, Status.CLOSED)
_TYPING_ROOM = 2 * TEXT_LIMIT

_part = TicketPart("ticket_composer", flashes_refusals=False)


@dataclass(frozen=True, slots=True)
class _Sent:
    """
    A message as it was sent: its number, the status to set with it, if any, and the one that was shown.

    `read` is how many messages were before the person when they began to type.
    """

    place: int
    kind: MessageKind
    text: str
    status: Status | None
    seen: Status
    files: tuple[str, ...]
    read: int | None


def compose(actor: Actor, conversation: Conversation) -> None:
    """Draw the composer, or say why there is none."""
    ticket = conversation.ticket
    kinds, number, key = [MessageKind.REPLY], ticket.number, f"composer_{ticket.number}"
    if policy.may(actor, Action.WRITE_NOTE, ticket):
        kinds.append(MessageKind.NOTE)
    result = _part.draw(
        key,
        {
            "draft": f"{actor.username} {number}",
            # What was typed in a ticket before it was merged into this one goes on here.
            "former": [f"{actor.username} {origin}" for origin in sorted(ticket.origins)],
            "number": number,
            "saved": saved_draft(actor, number),
            "messages": len(ticket.messages),
            "signIn": key_of(sign_in_of(actor)),
            "closed": _why_closed(actor, ticket),
            "kinds": [_words(kind) for kind in kinds],
            "seen": ticket.status.value,
            "statuses": _statuses(ticket) if policy.may(actor, Action.EDIT_TICKET, ticket) else [],
            "limit": _TYPING_ROOM,
            "undo": _undo(actor, ticket),
            "onward": way_on(actor, number),
            "canned": offered(actor, conversation, key),
            "files": limits(),
            "words": {name: t(f"composer.{name}") for name in ("kind", "then", "keys", "kept", "sent", "take_back")},
        },
        partial(_send, number),
        on_canned_change=on_report(key, "canned", partial(ask, key)),
        on_onward_change=partial(go_on, number),
    )
    # A session that has just begun, as after a broken line, knows of no callback when the question reaches it.
    if ask(key, getattr(result, "canned", None)):
        st.rerun()


def _words(kind: MessageKind) -> dict[str, str]:
    return {
        "kind": kind.value,
        "word": t(f"composer.{kind}"),
        "placeholder": t(f"composer.{kind}_placeholder"),
        "send": t(f"composer.send_{kind}"),
        "hint": t("composer.note_hint") if kind is MessageKind.NOTE else "",
    }


def _statuses(ticket: Ticket) -> list[tuple[str, str]]:
    possible = [status for status in _NEXT_STATUSES if status in TRANSITIONS[ticket.status]]
    return [(_AS_IS, t("composer.then_as_is")), *((status.value, t(f"composer.then_{status}")) for status in possible)]


def _undo(actor: Actor, ticket: Ticket) -> tuple[str, float, str] | None:
    """Return the mark of the reply that the person has just sent, for how many seconds it can be undone, its text."""
    found = still_open(ticket, actor.username, desk().clock())
    if found is None or not policy.may(actor, Action.TAKE_BACK_REPLY, ticket):
        return None
    reply, left = found
    return reply.mark, left.total_seconds(), reply.text


def _why_closed(actor: Actor, ticket: Ticket) -> str:
    """Say that a closed ticket takes no message, and what this person can do about it; "" if it takes some."""
    if ticket.status is not Status.CLOSED:
        return ""
    can_reopen = policy.may(actor, Action.REOPEN, ticket) and ticket.can_be_reopened(actor, desk().clock())
    return t("ticket.closed") if can_reopen else t("ticket.closed_for_good")


def _send(number: int, actor: Actor, place: int, message: list[Any]) -> Outcome:
    """Save a message that the composer can send, unless it is there already; a macro goes with or without a reply."""
    *said, last = message or [None]
    read = last["read"] if _is_reading(last) else None
    message = message if read is None else said
    match message:
        case ["take_back", str(mark)]:
            desk().tickets.take_back(actor, number, mark, key=key_of(sign_in_of(actor), str(number), str(place), mark))
            return Outcome(t("composer.taken_back"))
        case [("reply" | "note") as kind, str(text), str(status), str(seen), *rest] if _fits(status, seen, rest):
            chosen = Status(status) if status else None
            sent = _Sent(place, MessageKind(kind), text, chosen, Status(seen), ids_in(rest), read)
            if not _is_repeated(actor, number, sent):
                _save(actor, number, sent)
            return Outcome(t(f"composer.saved_{kind}"))
        case ["macro", (str() | None) as text, str(status), str(seen), str(), int(), *rest] if _fits(
            status, seen, rest
        ):
            applied = _use(actor, number, place, message, read)
            done = t("canned.applied" if text is None else "composer.saved_reply")
            return Outcome(f"{done} {passed_over_in_words(applied.passed_over)}".strip())
    raise RefusedError(t("failure.not_done"))


def _is_reading(last: Any) -> bool:
    """Whether the last part of a message tells how many messages were before the person."""
    return isinstance(last, dict) and type(last.get("read")) is int


def _fits(status: str, seen: str, rest: list[Any]) -> bool:
    return status in {_AS_IS, *_NEXT_STATUSES} and seen in set(Status) and are_ids(rest)


def _is_repeated(actor: Actor, number: int, sent: _Sent) -> bool:
    """Tell whether somebody says once more, a moment later, what nobody else has answered in any way meanwhile."""
    ticket = desk().tickets.get(actor, number)
    last = ticket.messages[-1]
    files = tuple(attachment.id for attachment in last.attachments)
    is_same = (last.author, last.kind, last.text, files) == (actor.username, sent.kind, sent.text.strip(), sent.files)
    is_answered = any(event.by != actor.username and event.at >= last.at for event in ticket.events)
    return is_same and not sent.status and not is_answered and desk().clock() - last.at < RECEIPT_LIFETIME


def _save(actor: Actor, number: int, sent: _Sent) -> None:
    """Save it once: after a broken line or a reload it may come again, under the number that it had before."""
    what = (sent.kind, sent.text, sent.status or _AS_IS, *sent.files)
    key = key_of(sign_in_of(actor), str(number), str(sent.place), *what)
    try:
        if sent.kind is MessageKind.NOTE:
            desk().tickets.note(actor, number, sent.text, files=sent.files, read=sent.read, key=key)
        else:
            desk().tickets.reply(
                actor,
                number,
                sent.text,
                status=sent.status,
                seen=sent.seen,
                files=sent.files,
                read=sent.read,
                key=key,
            )
    except TicketClosedError as error:
        raise RefusedError(t("composer.closed_meanwhile")) from error


def _use(actor: Actor, number: int, place: int, message: list[Any], read: int | None) -> Applied:
    """Use a macro once: its text as the person left it, None for no reply, and its changes."""
    _kind, text, status, seen, canned, version, *rest = message
    key = key_of(sign_in_of(actor), str(number), str(place), *map(str, message))
    status, seen = Status(status) if status else None, Status(seen)
    try:
        return desk().tickets.apply(
            actor,
            number,
            canned,
            text,
            version=version,
            status=status,
            seen=seen,
            files=ids_in(rest),
            read=read,
            key=key,
        )
    except TicketClosedError as error:
        if text is None:
            raise
        raise RefusedError(t("composer.closed_meanwhile")) from error
