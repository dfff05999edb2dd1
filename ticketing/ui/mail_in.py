"""What became of mails that came in: the list of them, and each as it came."""

from html import escape
from typing import Final

import streamlit as st

from ticketing.domain.people import Actor
from ticketing.domain.received import Fate, Received, ReceivedQuery
from ticketing.ui.feedback import say_after_rerun, shown_errors
from ticketing.ui.forms import button
from ticketing.ui.layout import way_back
from ticketing.ui.pages import BY_NAME
from ticketing.ui.session import desk, go_to
from ticketing.ui.text import displayable, plain
from ticketing.ui.tickets import Tone
from ticketing.ui.times import ago, time_element, zone
from ticketing.ui.wording import t

_PAGE_SIZE = 25
_FATES: dict[str, frozenset[Fate]] = {
    "all": frozenset(),
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
    number = st.session_state.get("received_page", 1)
    query = ReceivedQuery(fates=_FATES[fate], page=number, size=_PAGE_SIZE)
    page = desk().receiving.search(actor, query)
    if not page.items and number > 1:
        page = desk().receiving.search(actor, query.model_copy(update={"page": 1}))
    for received in page.items:
        with st.container(border=True, gap="xxsmall"):
            _draw(actor, received, subject=received.subject or t("mail.no_subject"))
    if not page.items:
        st.info(t("mail.none"), icon=":material/mail:")
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.caption(t("mail.count", n=page.total), width="content")
        if page.pages > 1:
            st.pagination(page.pages, key="received_page", max_visible_pages=5)


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
    received = desk().receiving.again(actor, key)
    is_in = t("mail.is_in", label=f"T-{received.ticket}")
    say_after_rerun(is_in if received.fate.is_in else t("mail.is_not_in", why=received.why))
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
        if received.ticket:
            ticket = BY_NAME["ticket"].registered(actor)
            st.page_link(ticket, label=f"T-{received.ticket}", query_params={"id": str(received.ticket)})
        if subject and button(t("mail.show"), key=f"show_{received.id}", type="tertiary", icon=":material/visibility:"):
            go_to("mail", mail=received.id)
    st.html(f'<div style="opacity:0.75;font-size:0.875rem;overflow-wrap:anywhere">{_details(received)}</div>')


def _details(received: Received) -> str:
    """Return when it came, from whom, and why it is in no ticket; as HTML."""
    when = time_element(received.at, desk().clock(), zone())
    return " · ".join([when, *(escape(told) for told in (received.sender, received.why) if told)])
