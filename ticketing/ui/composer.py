"""Where one answers: a public reply or, for agents, an internal note that looks like nothing else."""

import streamlit as st

from ticketing.domain import policy
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.statuses import Status
from ticketing.domain.text import TEXT_LIMIT
from ticketing.domain.tickets import MessageKind, Ticket
from ticketing.ui.feedback import form_key, say_after_rerun, shown_errors
from ticketing.ui.session import desk
from ticketing.ui.wording import t

_NEXT_STATUSES = (None, Status.PENDING, Status.ON_HOLD, Status.RESOLVED, Status.CLOSED)
_TYPING_ROOM = 2 * TEXT_LIMIT


def compose(actor: Actor, ticket: Ticket) -> None:
    """Draw the composer; what was typed stays until it is saved, also when the page is left for another."""
    kind = _kind(actor, ticket)
    is_note = kind is MessageKind.NOTE
    if is_note:
        st.warning(t("composer.note_hint"), icon=":material/lock:")
    draft = f"draft_{ticket.number}_{kind}_{st.session_state.setdefault(_sent_key(ticket), 0)}"
    with st.form(f"compose_{kind}", border=True):
        text = st.text_area(
            t(f"composer.{kind}"),
            key=draft,
            height=140,
            max_chars=_TYPING_ROOM,
            persist_state="session",
            placeholder=t(f"composer.{kind}_placeholder"),
        )
        with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="bottom"):
            status = _status(actor, ticket) if not is_note else None
            icon = ":material/lock:" if is_note else ":material/send:"
            sent = st.form_submit_button(t(f"composer.send_{kind}"), type="primary", icon=icon, key=f"send_{kind}")
    if sent:
        _send(actor, ticket, kind, text or "", status)


def _kind(actor: Actor, ticket: Ticket) -> MessageKind:
    if not policy.may(actor, Action.WRITE_NOTE, ticket):
        return MessageKind.REPLY
    return st.segmented_control(
        t("composer.kind"),
        list(MessageKind),
        format_func=lambda kind: t(f"composer.{kind}"),
        default=MessageKind.REPLY,
        required=True,
        key=f"kind_{ticket.number}",
        label_visibility="collapsed",
    )


def _status(actor: Actor, ticket: Ticket) -> Status | None:
    if not policy.may(actor, Action.EDIT_TICKET, ticket):
        return None
    return st.selectbox(
        t("composer.then"),
        _NEXT_STATUSES,
        format_func=lambda status: t("composer.then_as_is") if status is None else t(f"composer.then_{status}"),
        key=f"then_{ticket.number}_{st.session_state[_sent_key(ticket)]}",
        label_visibility="collapsed",
        width=220,
    )


def _send(actor: Actor, ticket: Ticket, kind: MessageKind, text: str, status: Status | None) -> None:
    from_others = sum(message.author != actor.username for message in ticket.messages)
    key = form_key(kind, str(ticket.number), text, str(from_others))
    with shown_errors():
        if kind is MessageKind.NOTE:
            desk().tickets.note(actor, ticket.number, text, key=key)
        else:
            desk().tickets.reply(actor, ticket.number, text, status=status, key=key)
        st.session_state[_sent_key(ticket)] += 1
        say_after_rerun(t(f"composer.saved_{kind}"))
        st.rerun()


def _sent_key(ticket: Ticket) -> str:
    return f"sent_{ticket.number}"
