"""Lists that are read part by part while others come and go: nothing that stays is left out or told twice."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest

from tests.storage.conftest import NOW, make_user
from tests.storage.test_deliveries import delivery
from tests.storage.test_outgoing import mail
from ticketing.domain.deliveries import DeliveryQuery, DeliveryState
from ticketing.domain.outbox import MailState, OutgoingQuery
from ticketing.domain.people import Named, PeopleQuery, Person, Role
from ticketing.domain.queries import Page, Query, Recorded
from ticketing.domain.received import Fate, Received, ReceivedQuery
from ticketing.domain.store import Store, Transaction

HOUR = timedelta(hours=1)


def received(key: str, hours: float = 0, fate: Fate = Fate.TICKET) -> Received:
    """Return what is on record of a mail that came so many hours from now."""
    at = NOW + hours * HOUR
    return Received(id=key, at=at, fate=fate, raw_sha256="0" * 64, size=1, expires_at=at + 30 * 24 * HOUR)


class Kind(NamedTuple):
    """A kind of list: how something is put into it with a key at a place, asked for, and where it stands then."""

    put: Callable[[Transaction, str, int], None]
    remove: Callable[[Transaction, str], None]
    search: Callable[[Transaction, Any], Page[Any]]
    query: Query
    place: Callable[[Any], Any]


def account(key: str, place: int) -> Any:
    """Return somebody with a name that is the same as another one's but for its case."""
    return make_user(key, f"{'Person' if place % 2 else 'PERSON'} {place // 2:03}")


KINDS = {
    "people": Kind(
        lambda tx, key, place: tx.users.save(account(key, place)),
        lambda tx, key: tx.users.remove(key),
        lambda tx, query: tx.users.search(query),
        PeopleQuery(),
        lambda one: Named.of(Person.of(one)),
    ),
    "mails out": Kind(
        lambda tx, key, place: tx.outgoing.save(mail(key, hours=-(place // 2))),
        lambda tx, key: tx.outgoing.remove(key),
        lambda tx, query: tx.outgoing.search(query),
        OutgoingQuery(),
        lambda one: Recorded(one.at, one.id),
    ),
    "mails in": Kind(
        lambda tx, key, place: tx.received.save(received(key, hours=-(place // 2))),
        lambda tx, key: tx.received.remove(key),
        lambda tx, query: tx.received.search(query),
        ReceivedQuery(),
        lambda one: Recorded(one.at, one.id),
    ),
    "deliveries": Kind(
        lambda tx, key, place: tx.deliveries.save(delivery(key, hours=-(place // 2))),
        lambda tx, key: tx.deliveries.remove(key),
        lambda tx, query: tx.deliveries.search(query),
        DeliveryQuery(webhook="crm"),
        lambda one: Recorded(one.at, one.id),
    ),
}


def ids(page: Page[Any]) -> list[str]:
    return [one.id for one in page.items]


@pytest.fixture(params=KINDS.values(), ids=list(KINDS))
def kind(request: pytest.FixtureRequest) -> Kind:
    """Return a kind of list."""
    found: Kind = request.param
    return found


def fill(store: Store, kind: Kind, *places: int) -> None:
    """Put something at each of these places; two of them each are at the same moment, or have the same name."""
    with store.write() as tx:
        for place in places:
            kind.put(tx, f"id{place:03}", place)


def parts(store: Store, kind: Kind, size: int, between: Callable[[], None] = lambda: None) -> list[str]:
    """Read a list to its end part by part, with something done between each two of them; return all ids."""
    query, read = kind.query.model_copy(update={"size": size}), []
    while True:
        with store.read() as tx:
            page = kind.search(tx, query)
        read += ids(page)
        if len(page.items) < size:
            return read
        query = query.model_copy(update={"after": kind.place(page.items[-1])})
        between()


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_all_parts_together_are_the_list(store: Store, kind: Kind, size: int) -> None:
    fill(store, kind, *range(7))

    with store.read() as tx:
        whole = kind.search(tx, kind.query)

    assert parts(store, kind, size) == ids(whole)
    assert len(whole.items) == whole.total == 7


def test_what_comes_between_two_parts_shifts_nothing(store: Store, kind: Kind) -> None:
    fill(store, kind, *range(10, 20))
    with store.read() as tx:
        whole = ids(kind.search(tx, kind.query))
    newcomers = iter(range(10))

    # Each comes before all that was read so far, where a page by its number would tell its last line twice.
    read = parts(store, kind, 3, lambda: fill(store, kind, next(newcomers)))

    assert read == whole
    with store.read() as tx:
        assert kind.search(tx, kind.query).total > len(whole)


def test_what_goes_between_two_parts_leaves_nothing_out(store: Store, kind: Kind) -> None:
    fill(store, kind, *range(10))
    with store.read() as tx:
        whole = ids(kind.search(tx, kind.query))
    gone = iter(whole)

    def take_away() -> None:
        with store.write() as tx:
            kind.remove(tx, next(gone))

    assert parts(store, kind, 3, take_away) == whole


def test_the_line_behind_which_a_part_begins_need_not_be_there_any_more(store: Store, kind: Kind) -> None:
    fill(store, kind, *range(6))
    with store.read() as tx:
        whole = kind.search(tx, kind.query).items
    with store.write() as tx:
        kind.remove(tx, whole[2].id)

    after = kind.query.model_copy(update={"after": kind.place(whole[2])})

    with store.read() as tx:
        assert ids(kind.search(tx, after)) == [one.id for one in whole[3:]]


def test_how_many_there_are_is_told_of_the_whole_list(store: Store, kind: Kind) -> None:
    fill(store, kind, *range(5))
    with store.read() as tx:
        last = kind.search(tx, kind.query).items[3]
        page = kind.search(tx, kind.query.model_copy(update={"after": kind.place(last)}))

    assert (len(page.items), page.total) == (1, 5)


@pytest.mark.parametrize(
    ("kind", "after"),
    [
        (KINDS["people"], Named("", "")),
        (KINDS["people"], Named("\U0010ffff\n", "%_\\")),
        *((KINDS[name], Recorded(at, "")) for name in ("mails out", "mails in", "deliveries")
          for at in (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))),
    ],
)  # fmt: skip
def test_a_place_where_nothing_ever_stood_is_a_place(store: Store, kind: Kind, after: Any) -> None:
    fill(store, kind, *range(3))
    with store.read() as tx:
        found = kind.search(tx, kind.query.model_copy(update={"after": after}))

    assert len(found.items) in {0, 3}
    assert found.total == 3


def test_what_is_asked_for_is_asked_of_each_part(store: Store) -> None:
    with store.write() as tx:
        for place in range(8):
            tx.users.save(make_user(f"id{place}", f"Person {place}", role=Role.AGENT if place % 2 else Role.USER))
            tx.outgoing.save(mail(f"id{place}", hours=-place))
            tx.received.save(received(f"id{place}", -place, Fate.IGNORED if place % 2 else Fate.TICKET))
            tx.deliveries.save(delivery(f"id{place}", "crm" if place % 2 else "chat", hours=-place))

    asked = {
        "people": PeopleQuery(roles=frozenset({Role.AGENT})),
        "mails in": ReceivedQuery(fates=frozenset({Fate.IGNORED})),
        "deliveries": DeliveryQuery(webhook="crm", state=DeliveryState.WAITING),
    }
    for name, query in asked.items():
        assert parts(store, KINDS[name]._replace(query=query), 3) == ["id1", "id3", "id5", "id7"]
    assert parts(store, KINDS["mails out"]._replace(query=OutgoingQuery(state=MailState.FAILED)), 3) == []
