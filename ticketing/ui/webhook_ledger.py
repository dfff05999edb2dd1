"""What has become of each message to a webhook, and the way to send it again."""

from html import escape

import streamlit as st

from ticketing.domain.deliveries import Delivery, DeliveryQuery, DeliveryState
from ticketing.domain.people import Actor
from ticketing.domain.webhooks import Webhook
from ticketing.ui.feedback import say_after_rerun
from ticketing.ui.forms import button
from ticketing.ui.pages import BY_NAME
from ticketing.ui.session import desk
from ticketing.ui.tickets import Tone
from ticketing.ui.times import time_element, zone
from ticketing.ui.wording import t

_PAGE_SIZE = 25
_ALL = "all"
_TONES: dict[DeliveryState, Tone] = {
    DeliveryState.WAITING: "blue",
    DeliveryState.DELIVERED: "green",
    DeliveryState.FAILED: "red",
    DeliveryState.DROPPED: "gray",
}


def webhook_ledger(actor: Actor, webhook: Webhook) -> None:
    """Draw the deliveries of the last 30 days, filtered by their fate and paged."""
    st.header(t("delivery.title"), anchor=False)
    state: str = st.segmented_control(
        t("delivery.state"),
        (_ALL, *DeliveryState),
        format_func=lambda name: t(f"delivery.{name}"),
        default=_ALL,
        required=True,
        key="delivery_state",
        label_visibility="collapsed",
        width="content",
    )
    asked = {"webhook": webhook.id, "state": None if state == _ALL else DeliveryState(state), "size": _PAGE_SIZE}
    page = desk().webhooks.ledger(actor, DeliveryQuery(**asked, page=st.session_state.get("delivery_page", 1)))
    if not page.items and page.page > 1:
        page = desk().webhooks.ledger(actor, DeliveryQuery(**asked))
    for delivery in page.items:
        _draw(actor, delivery)
    if not page.items:
        st.info(t("delivery.none"), icon=":material/webhook:")
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        waiting = desk().webhooks.waiting(actor, webhook.id)
        st.caption(t("delivery.count", n=page.total, waiting=waiting), width="content")
        if page.pages > 1:
            st.pagination(page.pages, key="delivery_page", max_visible_pages=5)


def _draw(actor: Actor, delivery: Delivery) -> None:
    with st.container(border=True, gap="xxsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge(t(f"delivery.{delivery.state}"), color=_TONES[delivery.state])
            st.markdown(f"`{delivery.event}`", width="content")
            if delivery.ticket:
                ticket = BY_NAME["ticket"].registered(actor)
                st.page_link(ticket, label=f"T-{delivery.ticket}", query_params={"id": str(delivery.ticket)})
            if delivery.state is not DeliveryState.WAITING and button(
                t("delivery.send_again"), key=f"again_{delivery.id}", type="tertiary", icon=":material/redo:"
            ):
                desk().webhooks.send_again(actor, delivery.id)
                say_after_rerun(t("delivery.goes_again"))
                st.rerun()
        st.html(f'<div style="opacity:0.75;font-size:0.875rem;overflow-wrap:anywhere">{_details(delivery)}</div>')


def _details(delivery: Delivery) -> str:
    """Return when it was queued, how often it was tried, when it is tried next, and what came of it; as HTML."""
    now, where = desk().clock(), zone()
    parts = [time_element(delivery.at, now, where)]
    if delivery.attempts:
        parts.append(escape(t("mail.tries", n=delivery.attempts)))
    if delivery.state is DeliveryState.WAITING and delivery.due_at > now:
        parts.append(escape(t("mail.next_try", at=f"{delivery.due_at.astimezone(where):%Y-%m-%d %H:%M}")))
    if delivery.says:
        parts.append(escape(t("delivery.says", says=delivery.says, n=delivery.milliseconds)))
    parts.append(escape(delivery.id))
    return " · ".join(parts)
