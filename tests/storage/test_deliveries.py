"""What is asked of deliveries to webhooks, by every kind of store alike."""

from datetime import timedelta

from tests.storage.conftest import NOW
from ticketing.domain.deliveries import Delivery, DeliveryQuery, DeliveryState
from ticketing.domain.outbox import Outcome, Result
from ticketing.domain.store import Store

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def delivery(key: str, webhook: str = "crm", hours: float = 0) -> Delivery:
    """Return one that is due so many hours from now."""
    at = NOW + hours * HOUR
    when = {"happened_at": at, "at": at, "due_at": at, "expires_at": at + 30 * DAY}
    return Delivery(id=key, webhook=webhook, event="ticket.opened", ticket=1, **when)


def arrived(key: str, hours: float = 0) -> Delivery:
    """Return one that was delivered."""
    made = delivery(key, hours=hours)
    made.claim(NOW)
    made.settle(Outcome(Result.SENT, "200 OK"), NOW, 12)
    return made


def put(store: Store, *deliveries: Delivery) -> None:
    """Save these, each in a transaction of its own."""
    for each in deliveries:
        with store.write() as tx:
            tx.deliveries.save(each)


def test_those_are_due_of_a_webhook_whose_moment_has_come_the_first_due_first(store: Store) -> None:
    put(store, delivery("b", hours=-1), delivery("a"), delivery("c", hours=-2), delivery("later", hours=0.1))
    put(store, delivery("another's", "chat", hours=-3), arrived("arrived", hours=-4))

    with store.read() as tx:
        assert [one.id for one in tx.deliveries.due("crm", NOW, 10)] == ["c", "b", "a"]
        assert [one.id for one in tx.deliveries.due("crm", NOW, 2)] == ["c", "b"]
        assert tx.deliveries.due("nobody's", NOW, 10) == []


def test_a_claim_shows_within_its_own_transaction(store: Store) -> None:
    put(store, delivery("a"), delivery("b"))

    with store.write() as tx:
        claimed = tx.deliveries.due("crm", NOW, 1)[0]
        claimed.claim(NOW)
        tx.deliveries.save(claimed)
        assert [one.id for one in tx.deliveries.due("crm", NOW, 10)] == ["b"]


def test_what_is_there_already_is_not_queued_again(store: Store) -> None:
    put(store, arrived("a"))

    with store.write() as tx:
        tx.deliveries.add([delivery("a"), delivery("b")])

    with store.read() as tx:
        found = {one.id: one.state for one in tx.deliveries.search(DeliveryQuery(webhook="crm")).items}
    assert found == {"a": DeliveryState.DELIVERED, "b": DeliveryState.WAITING}


def test_it_is_counted_how_many_wait_for_a_webhook(store: Store) -> None:
    put(store, delivery("a"), delivery("b", hours=9), arrived("c"), delivery("d", "chat"))

    with store.read() as tx:
        assert (tx.deliveries.waiting("crm"), tx.deliveries.waiting("nobody's")) == (2, 0)


def test_the_ledger_of_a_webhook_lists_the_newest_first_by_the_page_and_by_fate(store: Store) -> None:
    put(store, delivery("b", hours=1), delivery("a"), arrived("c"), delivery("d", hours=-1), delivery("e", "chat"))

    with store.read() as tx:
        everything = tx.deliveries.search(DeliveryQuery(webhook="crm", size=3))
        assert ([one.id for one in everything.items], everything.total) == (["b", "c", "a"], 4)
        assert [one.id for one in tx.deliveries.search(DeliveryQuery(webhook="crm", size=3, page=2)).items] == ["d"]
        delivered = DeliveryQuery(webhook="crm", state=DeliveryState.DELIVERED)
        assert [one.id for one in tx.deliveries.search(delivered).items] == ["c"]


def test_what_was_removed_is_asked_for_no_more(store: Store) -> None:
    put(store, delivery("a"))

    with store.write() as tx:
        tx.deliveries.remove("a")

    with store.read() as tx:
        assert tx.deliveries.due("crm", NOW, 10) == []
        assert tx.deliveries.waiting("crm") == tx.deliveries.search(DeliveryQuery(webhook="crm")).total == 0
