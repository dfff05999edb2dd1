"""Notices are kept alike by every kind of store: found by whose they are, counted while unread, and not without end."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from tests.storage.conftest import Register, make_user
from ticketing.domain.notifications import NOTICES_KEPT, NOTICES_PER_PERSON, Notice, NoticeKind
from ticketing.domain.people import User
from ticketing.domain.sign_in import Session
from ticketing.domain.store import Store

NOW = datetime(2031, 5, 6, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)


def notice(key: str, username: str = "carla", *, days: float = 90, read: bool = False) -> Notice:
    told = {"kind": NoticeKind.REPLIED, "ticket": 1, "by": "ada", "at": NOW, "expires_at": NOW + days * DAY}
    return Notice.model_validate({"id": key, "username": username, "read": read, **told})


@pytest.fixture
def kept(store: Store, register: Register) -> Store:
    """Return a store with notices of three people, the newest of Carla's being the one that was kept first."""
    for name in ("carla", "oskar", "ada"):
        register(name)
    with store.write() as tx:
        tx.notices.add([notice("c", days=90), notice("a", days=10), notice("b", days=20, read=True)])
        tx.notices.add([notice("d", "oskar"), notice("e", "ada", read=True), notice("f", "ada", days=-1)])
    return store


def test_people_have_their_own_notices_newest_first(kept: Store) -> None:
    with kept.read() as tx:
        assert [found.id for found in tx.notices.of_user("carla")] == ["c", "b", "a"]
        assert [found.id for found in tx.notices.of_user("oskar")] == ["d"]
        assert tx.notices.of_user("nobody") == []


def test_what_is_unread_and_has_not_expired_counts(kept: Store) -> None:
    with kept.read() as tx:
        assert tx.notices.unread({"carla", "oskar", "ada", "nobody"}, NOW) == {"carla": 2, "oskar": 1}
        assert tx.notices.unread({"oskar"}, NOW) == {"oskar": 1}
        assert tx.notices.unread(set(), NOW) == {}
        assert tx.notices.unread({"carla"}, NOW + 15 * DAY) == {"carla": 1}


def test_what_counts_is_the_same_for_whoever_was_asked_for_by_their_session(kept: Store) -> None:
    session = {"id": "s1", "username": "carla", "created_at": NOW, "last_seen_at": NOW, "expires_at": NOW + DAY}
    with kept.write() as tx:
        tx.sessions.save(Session.model_validate(session))

    with kept.write() as tx:
        assert tx.sessions.find("s1")
        assert tx.notices.unread({"carla"}, NOW) == {"carla": 2}
        assert tx.notices.unread({"carla", "oskar"}, NOW) == {"carla": 2, "oskar": 1}
        assert tx.notices.unread({"carla"}, NOW + 15 * DAY) == {"carla": 1}
        tx.notices.add([notice("c", read=True)])
        assert tx.notices.unread({"carla"}, NOW) == {"carla": 1}
        tx.notices.remove("a")
        assert tx.notices.unread({"carla"}, NOW) == {}


def test_who_has_something_unread_is_told_a_few_at_a_time(kept: Store) -> None:
    with kept.read() as tx:
        assert tx.notices.having_unread("", 10, NOW) == ["carla", "oskar"]
        assert tx.notices.having_unread("", 1, NOW) == ["carla"]
        assert tx.notices.having_unread("carla", 10, NOW) == ["oskar"]


def test_counts_follow_what_is_read_added_and_removed_also_within_a_transaction(kept: Store) -> None:
    with suppress(ZeroDivisionError), kept.write() as tx:
        tx.notices.save(notice("c", read=True))
        tx.notices.remove("a")
        assert tx.notices.unread({"carla"}, NOW) == {}
        assert [found.id for found in tx.notices.of_user("carla")] == ["c", "b"]
        1 / 0  # noqa: B018 - any error will do
    with kept.read() as tx:
        assert tx.notices.unread({"carla"}, NOW) == {"carla": 2}

    with kept.write() as tx:
        tx.notices.save(notice("c", read=True))
        tx.notices.remove("a")
        tx.notices.add([notice("g")])

    with kept.read() as tx:
        assert tx.notices.unread({"carla"}, NOW) == {"carla": 1}
        assert [found.id for found in tx.notices.of_user("carla") if not found.read] == ["g"]


def test_a_person_has_at_most_500_and_the_oldest_go(store: Store, register: Register) -> None:
    register("carla")
    register("oskar")
    with store.write() as tx:
        tx.notices.add([notice(f"n{number:03}", days=1 + number / 100) for number in range(NOTICES_PER_PERSON)])
        tx.notices.add([notice("o", "oskar")])

    with store.read() as tx:
        assert len(tx.notices.of_user("carla")) == NOTICES_PER_PERSON
    with store.write() as tx:
        tx.notices.add([notice("newest"), notice("p", "oskar")])

    with store.read() as tx:
        kept = [found.id for found in tx.notices.of_user("carla")]
        assert len(kept) == NOTICES_KEPT
        assert (kept[0], kept[1], kept[-1]) == ("newest", "n499", "n051")
        assert tx.notices.find("n050") is None
        assert tx.notices.unread({"carla", "oskar"}, NOW) == {"carla": NOTICES_KEPT, "oskar": 2}


def test_what_is_kept_anew_as_read_takes_no_room(store: Store, register: Register) -> None:
    register("carla")
    kept = [notice(f"n{number:03}") for number in range(NOTICES_PER_PERSON)]
    with store.write() as tx:
        tx.notices.add(kept)
    with store.write() as tx:
        tx.notices.add([one.model_copy(update={"read": True}) for one in kept])

    with store.read() as tx:
        assert len(tx.notices.of_user("carla")) == NOTICES_PER_PERSON
        assert tx.notices.unread({"carla"}, NOW) == {}


def test_notices_outlive_their_process(reopen: Callable[[], Store]) -> None:
    alive = (datetime.now(UTC) - NOW) / DAY + 9  # by the clock of the machine, by which a store drops what is over
    with reopen().write() as tx:
        tx.users.save(make_user("carla"))
        tx.notices.add([notice("a", days=alive), notice("b", days=alive, read=True)])

    with reopen().read() as tx:
        assert {found.id for found in tx.notices.of_user("carla")} == {"a", "b"}
        assert tx.notices.unread({"carla"}, NOW + alive * DAY - DAY) == {"carla": 1}


def test_several_accounts_are_found_at_once(store: Store, make_user_of: Callable[..., User]) -> None:
    with store.write() as tx:
        for name in ("carla", "oskar", "ada"):
            tx.users.save(make_user_of(name))

    with store.read() as tx:
        assert {user.id for user in tx.users.several({"carla", "ada", "nobody"})} == {"carla", "ada"}
        assert tx.users.several(set()) == []
