"""Where an agent merges a ticket, links it or splits a message off: pages of their own, at the ticket's address."""

from html import escape

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ticketing.domain import policy
from ticketing.domain.errors import NotFoundError
from ticketing.domain.links import LinkKind
from ticketing.domain.merging import find_message, new_readers, requester_after_split
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.queries import TicketQuery, TicketSummary
from ticketing.domain.text import SEARCH_LIMIT, TITLE_LIMIT
from ticketing.domain.tickets import Message, MessageKind, Ticket
from ticketing.services.tickets import Conversation
from ticketing.ui.deeds import form_key
from ticketing.ui.draft import keep_typed
from ticketing.ui.feedback import say_after_rerun, shown_errors
from ticketing.ui.forms import button, submit_button
from ticketing.ui.layout import way_back
from ticketing.ui.merging import merge
from ticketing.ui.session import desk, go_to, go_to_ticket, not_found
from ticketing.ui.text import plain, to_html
from ticketing.ui.ticket import number_asked_for
from ticketing.ui.tickets import status_label
from ticketing.ui.wording import t

_RELATE, _INTO, _MESSAGE = "relate", "into", "message"
_SHOWN = 8  # tickets to choose from; whoever looks for another one says it in other words


def is_relating() -> bool:
    """Tell whether the address asks for one of these pages."""
    return _RELATE in st.query_params


def relate(actor: Actor, conversation: Conversation) -> None:
    """Draw the page that the address asks for; for those who may not, there is none."""
    ticket = conversation.ticket
    match st.query_params[_RELATE]:
        case "merge" if policy.may(actor, Action.MERGE_TICKETS, ticket):
            merge_page = _confirm_merge if _INTO in st.query_params else _choose_merge
            merge_page(actor, conversation)
        case "link" if policy.may(actor, Action.LINK_TICKETS, ticket):
            _link(actor, conversation)
        case "split" if policy.may(actor, Action.SPLIT_TICKET, ticket):
            _split(actor, conversation)
        case _:
            not_found()


def _choose_merge(actor: Actor, conversation: Conversation) -> None:
    ticket = conversation.ticket
    _head(ticket, t("merge.title", label=ticket.label))
    for other in _candidates(actor, conversation):
        with _row(other):
            if button(t("merge.choose", label=other.label), key=f"choose_{other.number}"):
                go_to("ticket", id=ticket.id, relate="merge", into=str(other.number))


def _confirm_merge(actor: Actor, conversation: Conversation) -> None:
    source = conversation.ticket
    try:
        other = desk().tickets.conversation(actor, number_asked_for(_INTO))
    except NotFoundError:
        not_found()
    target = other.ticket
    words = {"label": source.label, "into": target.label}
    _head(source, t("merge.confirm", **words))
    for role, each in (("merge.from", conversation), ("merge.into", other)):
        _card(t(role), each)
    st.markdown(t("merge.what", **words))
    _tell_who_reads_more(conversation, other)
    with st.container(horizontal=True, vertical_alignment="center"):
        confirmed = button(t("merge.submit", into=target.label), type="primary", key="merge", icon=":material/merge:")
        if button(t("merge.another"), key="choose_another", type="tertiary"):
            go_to("ticket", id=source.id, relate="merge")
    if confirmed:
        with shown_errors():
            merge(actor, source, target)


def _tell_who_reads_more(source: Conversation, target: Conversation) -> None:
    """Say who will read what they have not read so far, which nothing takes back."""
    into, out_of = (new_readers(*pair) for pair in ((source.ticket, target.ticket), (target.ticket, source.ticket)))
    told = [
        (t("merge.readers", names=_names(source, into), label=target.ticket.label), into),
        (t("merge.readers_too", names=_names(target, out_of), label=source.ticket.label), out_of),
    ]
    sentences = [sentence for sentence, readers in told if readers]
    if sentences:
        st.warning("\n\n".join(sentences), icon=":material/visibility:")


def _link(actor: Actor, conversation: Conversation) -> None:
    ticket = conversation.ticket
    _head(ticket, t("linking.title", label=ticket.label))
    kind = st.selectbox(
        t("linking.kind", label=ticket.label),
        list(LinkKind),
        format_func=lambda kind: t(f"link.{kind}"),
        key="link_kind",
        width=360,
    )
    for other in _candidates(actor, conversation):
        with _row(other):
            if button(t("linking.submit", label=other.label), key=f"link_{other.number}"):
                with shown_errors():
                    desk().relations.link(actor, ticket.number, kind or LinkKind.RELATED, other.number)
                    say_after_rerun(t("linking.done", label=other.label))
                    go_to_ticket(ticket.number)


def _split(actor: Actor, conversation: Conversation) -> None:
    ticket, mark = conversation.ticket, st.query_params.get(_MESSAGE, "")
    _head(ticket, t("split.title", label=ticket.label))
    with shown_errors():
        message = find_message(ticket, mark)
        _tell_of_split(actor, conversation, message)
        with st.form("split", border=False):
            title = st.text_input(t("new_ticket.title"), max_chars=2 * TITLE_LIMIT, key="split_title")
            submitted = submit_button(t("split.submit"), key="split")
        keep_typed(f"{actor.username} split {ticket.number} {mark}", "split_title")
        if submitted:
            key = form_key("split", ticket.id, mark, title)
            made = desk().relations.split(actor, ticket.number, mark, title, key=key)
            say_after_rerun(t("split.done", label=made.label))
            go_to_ticket(made.number)


def _tell_of_split(actor: Actor, conversation: Conversation, message: Message) -> None:
    ticket = conversation.ticket
    with st.container(border=True):
        st.html(f"<strong>{escape(conversation.name(message.author))}</strong>{to_html(message.text)}")
    name = conversation.name(requester_after_split(ticket, message, actor))
    st.markdown(t("split.what", label=ticket.label, name=plain(name)))
    if message.kind is MessageKind.NOTE:
        st.warning(t("split.note"), icon=":material/lock:")


def _candidates(actor: Actor, conversation: Conversation) -> list[TicketSummary]:
    """Ask for words, and return the tickets that hold them; until some are typed, the requester's other ones."""
    ticket = conversation.ticket
    text = st.text_input(
        t("relate.search"),
        key=f"relate_search_{ticket.number}",
        type="search",
        max_chars=SEARCH_LIMIT,
        placeholder=t("relate.search_hint"),
        persist_state="session",
        width=360,
    )
    size = _SHOWN + 1  # the ticket itself may be among them
    asked = TicketQuery(needles=(text,), size=size) if text else TicketQuery(requester=ticket.requester, size=size)
    found = [line for line in desk().tickets.search(actor, asked).items if line.number != ticket.number][:_SHOWN]
    name = plain(conversation.name(ticket.requester))
    if not found:
        st.caption(t("relate.nothing"))
    elif text:
        st.caption(t("relate.found"))
    else:
        st.caption(t("relate.of_requester", name=name))
    return found


def _head(ticket: Ticket, title: str) -> None:
    """
    Draw the way back and the title.

    Ways to the same page at another address are buttons: after a link, Streamlit would go on by the address of before.
    """
    way_back("ticket", t("relate.back", label=ticket.label), id=ticket.id)
    st.title(title, anchor=False)


def _row(other: TicketSummary) -> DeltaGenerator:
    """Draw a ticket on a line, and return where the way on goes, beside it."""
    row = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", border=True)
    status = status_label(other.status, is_new=other.is_new, for_agent=True)
    with row:
        _facts(other.title, t("relate.facts", label=other.label, name=other.requester_name, status=status))
    return row


def _card(role: str, conversation: Conversation) -> None:
    ticket = conversation.ticket
    status = status_label(ticket.status, is_new=ticket.is_new, for_agent=True)
    facts = t("relate.facts", label=ticket.label, name=conversation.name(ticket.requester), status=status)
    with st.container(border=True):
        _facts(ticket.title, f"{facts} · {t('relate.messages', n=len(ticket.messages))}", role)


def _facts(title: str, facts: str, role: str = "") -> None:
    before, after = (f'<span style="opacity:0.75;font-size:0.875rem">{escape(said)}</span>' for said in (role, facts))
    first = f"{before}<br>" if role else ""
    st.html(f'<div style="overflow-wrap:anywhere">{first}<strong>{escape(title)}</strong><br>{after}</div>')


def _names(conversation: Conversation, usernames: list[str]) -> str:
    return ", ".join(plain(conversation.name(username)) for username in usernames)
