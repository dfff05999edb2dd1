"""What has become of each message to a webhook, and the way to send it again."""

from functools import partial

import streamlit as st

from ticketing.domain.deliveries import Delivery, DeliveryQuery, DeliveryState
from ticketing.domain.people import Actor
from ticketing.domain.queries import Page
from ticketing.domain.webhooks import Webhook
from ticketing.ui.deeds import carry_out
from ticketing.ui.forms import button
from ticketing.ui.ledger import ALL, PAGE_SIZE, asked_page, choice, draw_details, draw_pages, draw_way_to_ticket, tries
from ticketing.ui.session import desk
from ticketing.ui.tickets import Tone
from ticketing.ui.wording import t

_TONES: dict[DeliveryState, Tone] = {
    DeliveryState.WAITING: "blue",
    DeliveryState.DELIVERED: "green",
    DeliveryState.FAILED: "red",
    DeliveryState.DROPPED: "gray",
}


def webhook_ledger(actor: Actor, webhook: Webhook) -> None:
    """Draw the deliveries of the last 30 days, filtered by their fate and paged."""
    st.header(t("delivery.title"), anchor=False)
    chosen = choice(t("delivery.state"), (ALL, *DeliveryState), "delivery", key="delivery_state")
    state = None if chosen == ALL else DeliveryState(chosen)

    def ask(number: int) -> Page[Delivery]:
        query = DeliveryQuery(webhook=webhook.id, state=state, page=number, size=PAGE_SIZE)
        return desk().webhooks.ledger(actor, query)

    page = asked_page(ask, key="delivery_page")
    for delivery in page.items:
        _draw(actor, delivery)
    if not page.items:
        st.info(t("delivery.none"), icon=":material/webhook:")
    waiting = desk().webhooks.waiting(actor, webhook.id)
    draw_pages(page, t("delivery.count", n=page.total, waiting=waiting), key="delivery_page")


def _draw(actor: Actor, delivery: Delivery) -> None:
    with st.container(border=True, gap="xxsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge(t(f"delivery.{delivery.state}"), color=_TONES[delivery.state])
            st.markdown(f"`{delivery.event}`", width="content")
            draw_way_to_ticket(actor, delivery.ticket)
            if delivery.state is not DeliveryState.WAITING and button(
                t("delivery.send_again"), key=f"again_{delivery.id}", type="tertiary", icon=":material/redo:"
            ):
                carry_out(partial(desk().webhooks.send_again, actor, delivery.id), t("delivery.goes_again"))
        waits_until = delivery.due_at if delivery.state is DeliveryState.WAITING else None
        says = t("delivery.says", says=delivery.says, n=delivery.milliseconds) if delivery.says else ""
        draw_details(delivery.at, [*tries(delivery.attempts, waits_until), says, delivery.id])
