"""The ledger of mails: each with its fate, and the way to send it again."""

from functools import partial

import streamlit as st

from ticketing.domain.outbox import MailState, Outgoing, OutgoingQuery
from ticketing.domain.people import Actor
from ticketing.domain.queries import Page
from ticketing.ui.deeds import carry_out
from ticketing.ui.feedback import shown_errors
from ticketing.ui.forms import button
from ticketing.ui.ledger import ALL, PAGE_SIZE, asked_page, choice, draw_details, draw_pages, draw_way_to_ticket, tries
from ticketing.ui.mail_in import FATES, received_mails
from ticketing.ui.session import desk
from ticketing.ui.text import plain
from ticketing.ui.tickets import Tone
from ticketing.ui.times import ago
from ticketing.ui.wording import t

_DIRECTIONS = ("out", "in")
_TONES: dict[MailState, Tone] = {
    MailState.WAITING: "blue",
    MailState.SENT: "green",
    MailState.FAILED: "red",
    MailState.DROPPED: "gray",
}


def mail_ledger(actor: Actor) -> None:
    """Draw the mails of the last 30 days that went out or came in, filtered by their fate and paged."""
    with st.container(horizontal=True, vertical_alignment="center"):
        comes_in = choice(t("mail.direction"), _DIRECTIONS, "mail", key="mail_direction") == "in"
        options, key = (FATES, "mail_fate") if comes_in else ((ALL, *MailState), "mail_state")
        state = choice(t("mail.fate"), options, "mail", key=key)
    with shown_errors():
        if comes_in:
            received_mails(actor, state)
            return
        _outgoing(actor, None if state == ALL else MailState(state))


def _outgoing(actor: Actor, state: MailState | None) -> None:
    def ask(number: int) -> Page[Outgoing]:
        return desk().outbox.ledger(actor, OutgoingQuery(state=state, page=number, size=PAGE_SIZE))

    page = asked_page(ask, key="mail_page")
    for mail in page.items:
        _draw(actor, mail)
    if not page.items:
        st.info(t("mail.none"), icon=":material/mail:")
    backlog = desk().outbox.backlog(actor)
    told = [t("mail.count", n=page.total)]
    if backlog.oldest:
        told.append(t("mail.backlog", n=backlog.waiting, ago=ago(backlog.oldest, desk().clock())))
    draw_pages(page, " ".join(told), key="mail_page")


def _draw(actor: Actor, mail: Outgoing) -> None:
    with st.container(border=True, gap="xxsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge(t(f"mail.{mail.state}"), color=_TONES[mail.state])
            st.markdown(plain(_about(mail)), width="content")
            draw_way_to_ticket(actor, mail.ticket)
            if mail.state is not MailState.WAITING and button(
                t("mail.send_again"), key=f"again_{mail.id}", type="tertiary", icon=":material/redo:"
            ):
                carry_out(partial(desk().outbox.send_again, actor, mail.id), t("mail.goes_again", name=mail.username))
        waits_until = mail.due_at if mail.state is MailState.WAITING else None
        draw_details(mail.at, [*tries(mail.attempts, waits_until), mail.error])


def _about(mail: Outgoing) -> str:
    to = t("mail.to", name=mail.username, address=mail.address) if mail.address else mail.username
    return t("mail.about", kind=t(f"mail.kind_{mail.kind}"), to=to)
