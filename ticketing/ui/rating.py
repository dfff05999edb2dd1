"""Where a requester says whether their ticket was solved: one click, then a score and a comment if they like."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from ticketing.domain import policy
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.ratings import COMMENT_LIMIT, SCORES
from ticketing.domain.tickets import Ticket
from ticketing.ui.deeds import form_key, once
from ticketing.ui.feedback import next_flash, shown_errors
from ticketing.ui.forms import button, submit_button
from ticketing.ui.session import desk
from ticketing.ui.text import plain
from ticketing.ui.wording import t


def ask_for_rating(actor: Actor, ticket: Ticket) -> None:
    """Draw the question, or what was answered, to those who may rate the ticket once it is done."""
    if ticket.resolved_at is None or ticket.merged_into is not None or not policy.may_rate(actor, ticket):
        return
    rating = ticket.rating
    with st.container(border=True, key="rating"):
        if rating is None:
            _ask_whether_solved(actor, ticket)
            return
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(t("rating.said", what=plain(rating.verdict)), width="content")
            if not rating.solved:
                _offer_to_reopen(actor, ticket)
        if rating.comment:
            st.caption(plain(rating.comment))
        if rating.is_bare:
            _ask_for_more(actor, ticket, solved=rating.solved)


def _ask_whether_solved(actor: Actor, ticket: Ticket) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(t("rating.question"), width="content")
        yes = button(t("rating.yes"), key="rate_solved", icon=":material/thumb_up:")
        not_yet = button(t("rating.not_yet"), key="rate_not_solved", icon=":material/thumb_down:")
    if yes or not_yet:
        _do(ticket, "click", lambda: desk().tickets.rate(actor, ticket.number, solved=yes), t("rating.noted"))


def _offer_to_reopen(actor: Actor, ticket: Ticket) -> None:
    can_reopen = policy.may(actor, Action.REOPEN, ticket) and ticket.can_be_reopened(actor, desk().clock())
    if can_reopen and button(t("rating.reopen"), key="rate_reopen", type="primary", icon=":material/lock_open:"):
        reopen = desk().tickets.reopen
        _do(ticket, "reopen", lambda: reopen(actor, ticket.number, seen=ticket.status), t("ticket.is_open_again"))


def _ask_for_more(actor: Actor, ticket: Ticket, *, solved: bool) -> None:
    with st.form(f"rating_{ticket.id}", border=False, width=640):
        score = st.radio(
            t("rating.score"),
            SCORES,
            index=None,
            format_func=lambda score: t(f"rating.score.{score}"),
            horizontal=True,
            key=f"rating_score_{ticket.id}",
        )
        comment = st.text_area(
            t("rating.comment"), height=80, max_chars=2 * COMMENT_LIMIT, key=f"rating_comment_{ticket.id}"
        )
        sent = submit_button(t("rating.send"), key="rate_more")
    if sent and (score is not None or comment):
        rate = partial(desk().tickets.rate, actor, ticket.number, solved=solved)
        _do(ticket, f"{score} {comment}", lambda: rate(score=score, comment=comment), t("rating.sent"))


def _do(ticket: Ticket, what: str, deed: Callable[[], object], sentence: str) -> None:
    """Do it once, and draw the page anew."""
    flash = next_flash()

    def do() -> None:
        deed()
        flash.say(sentence)

    with shown_errors():
        once(form_key("rating", ticket.id, str(ticket.resolved_at), what), do)
        st.rerun()
