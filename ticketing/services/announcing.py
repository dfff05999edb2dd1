"""What webhooks are told is queued, within the transaction in which it happens."""

from datetime import datetime, timedelta

from ticketing.domain.deliveries import MOST_WAITING, Delivery
from ticketing.domain.errors import QueryError
from ticketing.domain.happenings import Happening, happenings_since
from ticketing.domain.matching import finds
from ticketing.domain.rules import Mark
from ticketing.domain.store import Transaction
from ticketing.domain.tickets import Ticket
from ticketing.domain.webhooks import Webhook
from ticketing.services.categories import all_categories


def announce(tx: Transaction, before: Ticket | None, ticket: Ticket) -> None:
    """Queue what webhooks are to be told of all that has happened to a ticket since it was as it was before."""
    webhooks = [webhook for webhook in tx.definitions(Webhook).all() if webhook.is_on]
    happenings = happenings_since(Mark.of(before), ticket) if webhooks else []
    if not happenings:
        return
    now = max(happening.at for happening in happenings)
    for webhook in webhooks:
        wanted = [happening for happening in happenings if happening.event in webhook.events]
        if wanted and _finds(tx, webhook, ticket, now):
            _queue(tx, webhook, ticket.number, wanted, now)


def _finds(tx: Transaction, webhook: Webhook, ticket: Ticket, now: datetime) -> bool:
    if not webhook.query:
        return True
    requester = tx.users.names({ticket.requester}).get(ticket.requester, "")
    try:
        return finds(webhook.asks(now, all_categories(tx)), ticket, requester)
    except QueryError:  # by a word that this version has no more
        return False


def _queue(tx: Transaction, webhook: Webhook, number: int, happenings: list[Happening], now: datetime) -> None:
    """Queue them, each a moment after the one before, so that they go out in this order."""
    if tx.deliveries.waiting(webhook.id) < MOST_WAITING:
        moments = (now + place * timedelta.resolution for place in range(len(happenings)))
        pairs = zip(happenings, moments, strict=True)
        tx.deliveries.add([Delivery.of(webhook.id, number, happening, moment) for happening, moment in pairs])
        return
    course = webhook.course.model_copy(update={"missed": webhook.course.missed + len(happenings)})
    tx.definitions(Webhook).save(webhook.model_copy(update={"course": course}))
