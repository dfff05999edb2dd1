"""What is asked of mails that go out, by every kind of store alike."""

from datetime import timedelta

from tests.storage.conftest import NOW
from ticketing.domain.outbox import Backlog, MailState, Outcome, Outgoing, OutgoingQuery, Result
from ticketing.domain.store import Store

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def mail(key: str, username: str = "carla", hours: float = 0) -> Outgoing:
    """Return a mail that is due so many hours from now."""
    at = NOW + hours * HOUR
    return Outgoing(id=key, username=username, kind="replied", ticket=1, at=at, due_at=at, expires_at=at + 30 * DAY)


def put(store: Store, *mails: Outgoing) -> None:
    """Save the mails, each in a transaction of its own."""
    for each in mails:
        with store.write() as tx:
            tx.outgoing.save(each)


def sent(key: str, address: str, hours: float) -> Outgoing:
    """Return a mail that was sent so many hours from now."""
    made = mail(key)
    made.claim(address, NOW)
    made.settle(Outcome(Result.SENT), NOW + hours * HOUR)
    return made


def test_those_are_due_whose_moment_has_come_the_first_due_first(store: Store) -> None:
    put(store, mail("b", hours=-1), mail("a"), mail("c", hours=-2), mail("later", hours=0.1), sent("sent", "x@y", -3))

    with store.read() as tx:
        assert [one.id for one in tx.outgoing.due(NOW, 10)] == ["c", "b", "a"]
        assert [one.id for one in tx.outgoing.due(NOW, 2)] == ["c", "b"]


def test_a_claim_shows_within_its_own_transaction(store: Store) -> None:
    put(store, mail("a"), mail("b"))

    with store.write() as tx:
        claimed = tx.outgoing.due(NOW, 1)[0]
        claimed.claim("carla@example.org", NOW)
        tx.outgoing.save(claimed)
        assert [one.id for one in tx.outgoing.due(NOW, 10)] == ["b"]
        assert tx.outgoing.sent_to("carla@example.org", NOW - DAY) == [claimed.due_at]


def test_an_address_has_what_it_got_of_late_and_is_to_get_in_whatever_case_it_is_written(store: Store) -> None:
    retried = mail("retried")
    retried.claim("Carla@Example.org", NOW)
    put(store, sent("old", "carla@example.org", -25), sent("a", "carla@example.org", -1), retried, mail("unclaimed"))
    put(store, sent("another's", "oskar@example.org", -1))

    with store.read() as tx:
        assert sorted(tx.outgoing.sent_to("CARLA@example.org", NOW - DAY)) == [NOW - HOUR, retried.due_at]


def test_what_waits_for_somebody_is_theirs_and_not_sent_yet(store: Store) -> None:
    put(store, mail("a"), mail("b", hours=5), mail("c", "oskar"), sent("d", "carla@example.org", 0))

    with store.read() as tx:
        assert [one.id for one in tx.outgoing.waiting_for("carla", 10)] == ["a", "b"]
        assert [one.id for one in tx.outgoing.waiting_for("carla", 1)] == ["a"]


def test_a_backlog_tells_how_many_wait_and_since_when(store: Store) -> None:
    with store.read() as tx:
        assert tx.outgoing.backlog() == Backlog(0, None)
    put(store, mail("a", hours=-3), mail("b", hours=5), sent("c", "carla@example.org", 0))

    with store.read() as tx:
        assert tx.outgoing.backlog() == Backlog(2, NOW - 3 * HOUR)


def test_the_ledger_lists_the_newest_first_by_the_page_and_by_fate(store: Store) -> None:
    put(store, mail("b", hours=1), mail("a"), sent("c", "carla@example.org", 0), mail("d", hours=-1))

    with store.read() as tx:
        everything = tx.outgoing.search(OutgoingQuery(size=3))
        assert ([one.id for one in everything.items], everything.total) == (["b", "c", "a"], 4)
        assert [one.id for one in tx.outgoing.search(OutgoingQuery(size=3, page=2)).items] == ["d"]
        assert [one.id for one in tx.outgoing.search(OutgoingQuery(state=MailState.SENT)).items] == ["c"]


def test_a_mail_that_was_removed_is_asked_for_no_more(store: Store) -> None:
    put(store, mail("a"))

    with store.write() as tx:
        tx.outgoing.remove("a")

    with store.read() as tx:
        assert tx.outgoing.due(NOW, 10) == tx.outgoing.waiting_for("carla", 10) == []
        assert tx.outgoing.search(OutgoingQuery()).total == tx.outgoing.backlog().waiting == 0


def test_a_mail_is_found_by_its_message_id_as_long_as_it_is_kept(store: Store) -> None:
    first, other = sent("a", "carla@example.org", 0), sent("b", "oskar@example.org", 0)
    first.message_id, other.message_id = "<t1.abc@example.org>", "<t2.abc@example.org>"
    put(store, first, other, mail("waits"))

    with store.write() as tx:
        assert tx.outgoing.having_message_id("<t1.abc@example.org>") == first
        assert tx.outgoing.having_message_id("<t3.abc@example.org>") is None
        assert tx.outgoing.having_message_id("") is None
        assert tx.outgoing.having_message_id("<nul\0@example.org>") is None
        tx.outgoing.remove("a")
    with store.read() as tx:
        assert tx.outgoing.having_message_id("<t1.abc@example.org>") is None
        assert tx.outgoing.having_message_id("<t2.abc@example.org>") == other
