"""Sessions: one secret, one browser, one person, until it ends."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from threading import Barrier, Thread

import pytest

from tests.services.conftest import ON_BOTH_STORES, PASSWORD, Clock
from ticketing.domain.errors import (
    HandOffError,
    PermissionDeniedError,
    PersonNotFoundError,
    SignedOutError,
    StorageReadOnlyError,
)
from ticketing.domain.people import Actor, Role
from ticketing.domain.sign_in import SESSIONS_PER_PERSON, fingerprint
from ticketing.services.accounts import Accounts
from ticketing.services.agents import Agents
from ticketing.services.sessions import Sessions, find_device
from ticketing.storage.memory import MemoryStore

HandOff = Callable[[], str]


@pytest.fixture
def hand_off(accounts: Accounts, carla: Actor) -> HandOff:
    return lambda: accounts.sign_in_browser(carla.username, PASSWORD, browser="firefox")


@pytest.fixture
def token(accounts: Accounts, carla: Actor) -> str:
    return accounts.sign_in(carla.username, PASSWORD)


@ON_BOTH_STORES
def test_s1_a_token_is_256_bits_and_only_its_hash_is_stored(
    token: str, sessions: Sessions, everything: Callable[[], object]
) -> None:
    assert len(token) == 43
    assert token not in str(everything())
    assert sessions.actor(token).session == fingerprint(token)


@pytest.mark.parametrize("planted", ["", "x", "\ud800", "0" * 64, "y" * 1_000_000])
@pytest.mark.usefixtures("token")
def test_a_secret_that_the_desk_did_not_make_is_worth_nothing(sessions: Sessions, planted: str) -> None:
    with pytest.raises(SignedOutError):
        sessions.actor(planted)


def test_s1_the_stored_hash_is_no_secret(token: str, sessions: Sessions) -> None:
    with pytest.raises(SignedOutError):
        sessions.actor(fingerprint(token))


@ON_BOTH_STORES
def test_s2_every_sign_in_makes_a_session_of_its_own(accounts: Accounts, carla: Actor) -> None:
    assert accounts.sign_in(carla.username, PASSWORD) != accounts.sign_in(carla.username, PASSWORD)


def test_a_change_of_role_or_name_shows_at_the_next_look(
    token: str, sessions: Sessions, accounts: Accounts, carla: Actor
) -> None:
    accounts.change_profile(carla, "Carla Marin", "")

    assert sessions.actor(token).display_name == "Carla Marin"


@ON_BOTH_STORES
@pytest.mark.parametrize(
    ("role", "idle", "absolute"),
    [(Role.USER, timedelta(hours=12), timedelta(days=14)), (Role.AGENT, timedelta(hours=4), timedelta(hours=24))],
)
def test_s4_a_session_ends_when_it_is_not_used_and_at_the_latest_after_its_time(
    accounts: Accounts,
    sessions: Sessions,
    arrives: Callable[..., Actor],
    clock: Clock,
    role: Role,
    idle: timedelta,
    absolute: timedelta,
) -> None:
    arrives("grace", role)
    token = accounts.sign_in("grace", PASSWORD)
    end = clock.now + absolute

    while clock.now + idle - timedelta(seconds=1) < end:
        clock.advance(idle - timedelta(seconds=1))
        assert sessions.actor(token)
    clock.now = end

    with pytest.raises(SignedOutError):
        sessions.actor(token)

    token = accounts.sign_in("grace", PASSWORD)
    clock.advance(idle)
    with pytest.raises(SignedOutError):
        sessions.actor(token)


def test_that_a_session_is_used_is_written_once_a_minute(
    token: str, sessions: Sessions, clock: Clock, everything: Callable[[], object], store: MemoryStore
) -> None:
    before = everything()
    clock.advance(timedelta(seconds=59))
    sessions.actor(token)
    assert everything() == before

    clock.advance(timedelta(seconds=1))
    sessions.actor(token)

    with store.read() as tx:
        session = tx.sessions.find(fingerprint(token))
    assert session
    assert session.last_seen_at == clock.now


def test_a_store_that_takes_no_writes_signs_nobody_out(
    token: str, sessions: Sessions, clock: Clock, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_patience: float | None = None, **_how: float) -> AbstractContextManager[None]:
        raise StorageReadOnlyError("read-only file system")

    monkeypatch.setattr(store, "write", refuse)
    clock.advance(timedelta(minutes=5))

    assert sessions.actor(token).username == "carla"


def test_signing_out_ends_this_session_and_no_other(
    token: str, sessions: Sessions, accounts: Accounts, carla: Actor
) -> None:
    other = accounts.sign_in(carla.username, PASSWORD)

    sessions.sign_out(token)
    sessions.sign_out(token)

    with pytest.raises(SignedOutError):
        sessions.actor(token)
    assert sessions.actor(other)


def test_a_hand_off_becomes_a_session(hand_off: HandOff, sessions: Sessions) -> None:
    signed_in = sessions.redeem(
        hand_off(), browser="firefox", address="192.0.2.1", description="Firefox on Linux" + "x" * 5000
    )

    actor = sessions.actor(signed_in.token)
    session = next(one for one in sessions.own(actor) if one.id == actor.session)
    assert actor.username == "carla"
    assert signed_in.max_age == 14 * 24 * 3600
    assert session.address == "192.0.2.1"
    assert session.description.startswith("Firefox on Linux")
    assert len(session.description) == 200


def test_a_hand_off_is_good_for_no_session_itself(hand_off: HandOff, sessions: Sessions) -> None:
    with pytest.raises(SignedOutError):
        sessions.actor(hand_off())


def test_a_hand_off_works_once(hand_off: HandOff, sessions: Sessions) -> None:
    secret = hand_off()
    sessions.redeem(secret, browser="firefox")

    with pytest.raises(HandOffError):
        sessions.redeem(secret, browser="firefox")


def test_a_hand_off_works_once_also_when_ten_come_at_the_same_moment(hand_off: HandOff, sessions: Sessions) -> None:
    secret = hand_off()
    outcomes: list[bool] = []
    start = Barrier(10)

    def redeem() -> None:
        start.wait()
        try:
            sessions.redeem(secret, browser="firefox")
        except HandOffError:
            outcomes.append(False)
        else:
            outcomes.append(True)

    threads = [Thread(target=redeem) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes.count(True) == 1
    assert len(outcomes) == 10


@pytest.mark.parametrize("seconds", [59, 60])
def test_a_hand_off_lasts_sixty_seconds(hand_off: HandOff, sessions: Sessions, clock: Clock, seconds: int) -> None:
    secret = hand_off()
    clock.advance(timedelta(seconds=seconds))

    if seconds < 60:
        assert sessions.redeem(secret, browser="firefox")
    else:
        with pytest.raises(HandOffError):
            sessions.redeem(secret, browser="firefox")


@pytest.mark.parametrize("browser", ["chromium", "", fingerprint("firefox")])
def test_a_hand_off_is_bound_to_its_browser_and_spent_when_another_shows_it(
    hand_off: HandOff, sessions: Sessions, browser: str
) -> None:
    secret = hand_off()

    with pytest.raises(HandOffError):
        sessions.redeem(secret, browser=browser)
    with pytest.raises(HandOffError):
        sessions.redeem(secret, browser="firefox")


def test_a_browser_that_cannot_be_told_from_others_gets_no_session(
    accounts: Accounts, sessions: Sessions, carla: Actor
) -> None:
    secret = accounts.sign_in_browser(carla.username, PASSWORD, browser="")

    with pytest.raises(HandOffError):
        sessions.redeem(secret, browser="")


@pytest.mark.parametrize("secret", ["", "x", "\ud800"])
def test_an_invented_hand_off_is_refused(sessions: Sessions, everything: Callable[[], object], secret: str) -> None:
    before = everything()

    with pytest.raises(HandOffError):
        sessions.redeem(secret, browser="firefox")

    assert everything() == before


@pytest.mark.parametrize("deed", ["deactivate", "reset_password", "end_sessions"])
def test_a_hand_off_ends_with_the_sessions(
    hand_off: HandOff, sessions: Sessions, agents: Agents, ada: Actor, deed: str
) -> None:
    secret = hand_off()

    getattr(agents, deed)(ada, "carla")
    if deed == "deactivate":
        agents.reactivate(ada, "carla")

    with pytest.raises(HandOffError):
        sessions.redeem(secret, browser="firefox")


def test_spent_and_expired_hand_offs_are_gone(
    hand_off: HandOff, sessions: Sessions, clock: Clock, store: MemoryStore
) -> None:
    spent, late = hand_off(), hand_off()
    sessions.redeem(spent, browser="firefox")
    clock.advance(timedelta(minutes=2))
    with pytest.raises(HandOffError):
        sessions.redeem(late, browser="firefox")

    with store.read() as tx:
        assert tx.hand_offs.find(fingerprint(spent)) is None
        assert tx.hand_offs.find(fingerprint(late)) is None


def test_a_browser_keeps_its_device_secret_and_an_unknown_one_gets_a_new_one(
    hand_off: HandOff, sessions: Sessions
) -> None:
    first = sessions.redeem(hand_off(), browser="firefox").device

    assert sessions.redeem(hand_off(), browser="firefox", device=first).device == first
    assert sessions.redeem(hand_off(), browser="firefox", device="planted").device not in {"planted", first}
    assert sessions.redeem(hand_off(), browser="firefox", device="").device not in {"", first}


def test_a_browser_that_several_share_stays_known_to_each_of_them(
    accounts: Accounts, sessions: Sessions, carla: Actor, oskar: Actor, store: MemoryStore, clock: Clock
) -> None:
    shown = None
    for person in (carla, oskar, carla):
        hand_off = accounts.sign_in_browser(person.username, PASSWORD, browser="firefox")
        shown = sessions.redeem(hand_off, browser="firefox", device=shown).device

    with store.read() as tx:
        known = [find_device(tx, name, shown or "", clock.now) for name in ("carla", "oskar", "ada")]
        assert [len(tx.devices.of_user(name)) for name in ("carla", "oskar")] == [1, 1]
    assert [bool(device) for device in known] == [True, True, False]


def test_a_browser_remembers_the_last_eight_people(
    accounts: Accounts, sessions: Sessions, arrives: Callable[..., Actor], store: MemoryStore, clock: Clock
) -> None:
    shown = None
    names = [f"carla-{number}" for number in range(9)]
    for name in names:
        arrives(name)
        hand_off = accounts.sign_in_browser(name, PASSWORD, browser="firefox")
        shown = sessions.redeem(hand_off, browser="firefox", device=shown).device

    with store.read() as tx:
        known = [find_device(tx, name, shown or "", clock.now) is not None for name in names]
    assert known == [False, *[True] * 8]


@pytest.mark.parametrize("planted", ["x" * 43, "x", "\ud800", ".", "y" * 1_000_000, ".".join(["z" * 43] * 50)])
def test_a_device_that_somebody_planted_becomes_known_to_nobody(
    hand_off: HandOff, sessions: Sessions, store: MemoryStore, clock: Clock, planted: str
) -> None:
    signed_in = sessions.redeem(hand_off(), browser="firefox", device=planted)

    with store.read() as tx:
        assert find_device(tx, "carla", planted, clock.now) is None
        assert find_device(tx, "carla", signed_in.device, clock.now) is not None
    assert len(signed_in.device) < 400


def test_a_device_is_forgotten_after_a_year_without_sign_in(
    hand_off: HandOff, sessions: Sessions, clock: Clock
) -> None:
    device = sessions.redeem(hand_off(), browser="firefox").device
    clock.advance(timedelta(days=365))

    assert sessions.redeem(hand_off(), browser="firefox", device=device).device != device


@ON_BOTH_STORES
def test_s7_people_see_their_own_live_sessions_newest_first(
    accounts: Accounts, sessions: Sessions, carla: Actor, oskar: Actor, clock: Clock
) -> None:
    clock.advance(timedelta(minutes=1))
    newer = fingerprint(accounts.sign_in("carla", PASSWORD))

    assert [one.id for one in sessions.own(carla)] == [newer, carla.session]
    assert [one.id for one in sessions.own(oskar)] == [oskar.session]


def test_an_expired_session_is_not_listed(token: str, sessions: Sessions, clock: Clock) -> None:
    clock.advance(timedelta(hours=11))
    actor = sessions.actor(token)
    clock.advance(timedelta(hours=1))

    assert [one.id for one in sessions.own(actor)] == [actor.session]


def test_an_expired_session_goes_at_the_next_sign_in(
    accounts: Accounts, sessions: Sessions, carla: Actor, clock: Clock, store: MemoryStore
) -> None:
    clock.advance(timedelta(hours=12))

    actor = sessions.actor(accounts.sign_in("carla", PASSWORD))

    assert [one.id for one in sessions.own(actor)] == [actor.session]
    with store.read() as tx:
        assert tx.sessions.find(carla.session or "") is None


def test_a_person_keeps_at_most_fifty_sessions_and_the_oldest_goes(
    accounts: Accounts, sessions: Sessions, carla: Actor, clock: Clock
) -> None:
    for _ in range(SESSIONS_PER_PERSON - 1):
        clock.advance(timedelta(minutes=2))
        accounts.sign_in("carla", PASSWORD)
    assert len(sessions.own(carla)) == SESSIONS_PER_PERSON

    newest = sessions.actor(accounts.sign_in("carla", PASSWORD))

    assert len(sessions.own(newest)) == SESSIONS_PER_PERSON
    with pytest.raises(SignedOutError):
        sessions.own(carla)


@ON_BOTH_STORES
def test_s7_people_end_one_of_their_own_sessions(token: str, sessions: Sessions, carla: Actor) -> None:
    sessions.end(carla, fingerprint(token))

    with pytest.raises(SignedOutError):
        sessions.actor(token)
    assert len(sessions.own(carla)) == 1


@ON_BOTH_STORES
@pytest.mark.parametrize("whose", ["somebody else's", "nobody's"])
def test_s7_a_foreign_session_cannot_be_ended_nor_told_from_none(
    sessions: Sessions, carla: Actor, oskar: Actor, everything: Callable[[], object], whose: str
) -> None:
    before = everything()

    sessions.end(oskar, (carla.session if whose == "somebody else's" else None) or "0" * 64)

    assert everything() == before


@ON_BOTH_STORES
def test_s7_people_end_all_their_other_sessions(
    token: str, hand_off: HandOff, sessions: Sessions, carla: Actor, oskar: Actor
) -> None:
    under_way = hand_off()

    sessions.end_others(carla)

    with pytest.raises(SignedOutError):
        sessions.actor(token)
    with pytest.raises(HandOffError):
        sessions.redeem(under_way, browser="firefox")
    assert [one.id for one in sessions.own(carla)] == [carla.session]
    assert sessions.own(oskar)


def test_the_command_line_has_no_sessions(
    sessions: Sessions, arrives: Callable[..., Actor], everything: Callable[[], object]
) -> None:
    with pytest.raises(PersonNotFoundError):
        sessions.own(Actor.console())
    arrives("console")
    before = everything()

    with pytest.raises(PermissionDeniedError):
        sessions.end_others(Actor.console())

    assert everything() == before


def test_a_signed_out_person_sees_and_ends_nothing(
    token: str, sessions: Sessions, carla: Actor, everything: Callable[[], object]
) -> None:
    sessions.end(carla, carla.session or "")
    before = everything()

    for deed in (
        lambda: sessions.own(carla),
        lambda: sessions.end(carla, fingerprint(token)),
        lambda: sessions.end_others(carla),
    ):
        with pytest.raises(SignedOutError):
            deed()

    assert everything() == before
