"""What became of mails that came in: the list of them, and each as it came."""

from html import escape
from typing import Final

import streamlit as st

from ticketing.domain.people import Actor
from ticketing.domain.queries import Page
from ticketing.domain.received import Fate, Received, ReceivedQuery
from ticketing.ui.deeds import turn
from ticketing.ui.feedback import next_flash, shown_errors
from ticketing.ui.forms import button
from ticketing.ui.layout import way_back
from ticketing.ui.ledger import ALL, PAGE_SIZE, asked_page, draw_details, draw_pages, draw_way_to_ticket
from ticketing.ui.session import desk, go_to
from ticketing.ui.text import displayable, plain
from ticketing.ui.tickets import Tone
from ticketing.ui.times import ago
from ticketing.ui.wording import t

_FATES: dict[str, frozenset[Fate]] = {
    ALL: frozenset(),
    "entered": frozenset(fate for fate in Fate if fate.is_in),
    "ignored": frozenset({Fate.IGNORED}),
    "failed": frozenset({Fate.FAILED}),
}
# The names of what a list can be filtered by.
FATES: Final = tuple(_FATES)
_TONES: dict[Fate, Tone] = {Fate.IGNORED: "gray", Fate.FAILED: "red"}


def received_mails(actor: Actor, fate: str) -> None:
    """Draw the mails that came in and became this, paged, each with the ways to its ticket and to itself."""
    _draw_last_fetch(actor)

    def ask(number: int) -> Page[Received]:
        return desk().receiving.search(actor, ReceivedQuery(fates=_FATES[fate], page=number, size=PAGE_SIZE))

    page = asked_page(ask, key="received_page")
    for received in page.items:
        with st.container(border=True, gap="xxsmall"):
            _draw(actor, received, subject=received.subject or t("mail.no_subject"))
    if not page.items:
        st.info(t("mail.none"), icon=":material/mail:")
    draw_pages(page, t("mail.count", n=page.total), key="received_page")


def one_mail(actor: Actor, key: str) -> None:
    """Draw one mail as it came in, with the way to process it again if it is in no ticket."""
    way_back("mail", t("page.mail"))
    with shown_errors():
        original = desk().receiving.original(actor, key)
        received = original.received
        st.title(plain(received.subject or t("mail.no_subject")), anchor=False)
        _draw(actor, received)
        if not received.fate.is_in and button(t("mail.process_again"), key="again", icon=":material/redo:"):
            _process_again(actor, key)
        st.header(t("mail.original" if original.is_all else "mail.beginning"), anchor=False)
        look = "white-space:pre-wrap;overflow-wrap:anywhere;font-size:0.8125rem"
        st.html(f'<pre style="{look}">{escape(displayable(original.text))}</pre>')


def _process_again(actor: Actor, key: str) -> None:
    flash = next_flash()
    with turn():
        received = desk().receiving.again(actor, key)
        is_in = t("mail.is_in", label=f"T-{received.ticket}")
        flash.say(is_in if received.fate.is_in else t("mail.is_not_in", why=received.why))
    st.rerun()


def _draw_last_fetch(actor: Actor) -> None:
    fetch = desk().receiving.last_fetch(actor)
    if fetch.failure:
        st.warning(plain(t("mail.not_fetched", failure=fetch.failure)), icon=":material/cloud_off:")
    elif fetch.fetched_at is not None:
        st.caption(t("mail.fetched", ago=ago(fetch.fetched_at, desk().clock())))


def _draw(actor: Actor, received: Received, *, subject: str = "") -> None:
    """Draw what became of a mail, with its subject and the way to it where one is given."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(t(f"fate.{received.fate}"), color=_TONES.get(received.fate, "green"))
        if subject:
            st.markdown(plain(subject), width="content")
        draw_way_to_ticket(actor, received.ticket)
        if subject and button(t("mail.show"), key=f"show_{received.id}", type="tertiary", icon=":material/visibility:"):
            go_to("mail", mail=received.id)
    draw_details(received.at, (received.sender, received.why))
