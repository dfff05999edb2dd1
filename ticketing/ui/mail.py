"""The ledger of mails: each with its fate, and the way to send it again."""

from html import escape

import streamlit as st

from ticketing.domain.outbox import MailState, Outgoing, OutgoingQuery
from ticketing.domain.people import Actor
from ticketing.ui.feedback import say_after_rerun, shown_errors
from ticketing.ui.forms import button
from ticketing.ui.mail_in import FATES, received_mails
from ticketing.ui.pages import BY_NAME
from ticketing.ui.session import desk
from ticketing.ui.text import plain
from ticketing.ui.tickets import Tone
from ticketing.ui.times import ago, time_element, zone
from ticketing.ui.wording import t

_PAGE_SIZE = 25
_DIRECTIONS = ("out", "in")
_ALL = "all"
_TONES: dict[MailState, Tone] = {
    MailState.WAITING: "blue",
    MailState.SENT: "green",
    MailState.FAILED: "red",
    MailState.DROPPED: "gray",
}


def mail_ledger(actor: Actor) -> None:
    """Draw the mails of the last 30 days that went out or came in, filtered by their fate and paged."""
    with st.container(horizontal=True, vertical_alignment="center"):
        comes_in = _choice("mail_direction", _DIRECTIONS) == "in"
        state = _choice("mail_fate", FATES) if comes_in else _choice("mail_state", (_ALL, *MailState))
    with shown_errors():
        if comes_in:
            received_mails(actor, state)
            return
        _outgoing(actor, None if state == _ALL else MailState(state))


def _choice(key: str, options: tuple[str, ...]) -> str:
    chosen: str = st.segmented_control(
        t(key.replace("_", ".")),
        options,
        format_func=lambda name: t(f"mail.{name}"),
        default=options[0],
        required=True,
        key=key,
        label_visibility="collapsed",
        width="content",
    )
    return chosen


def _outgoing(actor: Actor, state: MailState | None) -> None:
    query = OutgoingQuery(state=state, page=st.session_state.get("mail_page", 1), size=_PAGE_SIZE)
    page = desk().outbox.ledger(actor, query)
    if not page.items and query.page > 1:
        page = desk().outbox.ledger(actor, query.model_copy(update={"page": 1}))
    for mail in page.items:
        _draw(actor, mail)
    if not page.items:
        st.info(t("mail.none"), icon=":material/mail:")
    backlog = desk().outbox.backlog(actor)
    told = [t("mail.count", n=page.total)]
    if backlog.oldest:
        told.append(t("mail.backlog", n=backlog.waiting, ago=ago(backlog.oldest, desk().clock())))
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.caption(" ".join(told), width="content")
        if page.pages > 1:
            st.pagination(page.pages, key="mail_page", max_visible_pages=5)


def _draw(actor: Actor, mail: Outgoing) -> None:
    with st.container(border=True, gap="xxsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge(t(f"mail.{mail.state}"), color=_TONES[mail.state])
            st.markdown(plain(_about(mail)), width="content")
            if mail.ticket:
                ticket = BY_NAME["ticket"].registered(actor)
                st.page_link(ticket, label=f"T-{mail.ticket}", query_params={"id": str(mail.ticket)})
            if mail.state is not MailState.WAITING and button(
                t("mail.send_again"), key=f"again_{mail.id}", type="tertiary", icon=":material/redo:"
            ):
                _send_again(actor, mail)
        st.html(f'<div style="opacity:0.75;font-size:0.875rem;overflow-wrap:anywhere">{_details(mail)}</div>')


def _about(mail: Outgoing) -> str:
    to = t("mail.to", name=mail.username, address=mail.address) if mail.address else mail.username
    return t("mail.about", kind=t(f"mail.kind_{mail.kind}"), to=to)


def _details(mail: Outgoing) -> str:
    """Return when it was queued, how often it was tried, when it is tried next, and why it is as it is; as HTML."""
    now, where = desk().clock(), zone()
    parts = [time_element(mail.at, now, where)]
    if mail.attempts:
        parts.append(escape(t("mail.tries", n=mail.attempts)))
    if mail.state is MailState.WAITING and mail.due_at > now:
        parts.append(escape(t("mail.next_try", at=f"{mail.due_at.astimezone(where):%Y-%m-%d %H:%M}")))
    if mail.error:
        parts.append(escape(mail.error))
    return " · ".join(parts)


def _send_again(actor: Actor, mail: Outgoing) -> None:
    with shown_errors():
        desk().outbox.send_again(actor, mail.id)
        say_after_rerun(t("mail.goes_again", name=mail.username))
        st.rerun()
