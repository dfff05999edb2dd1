"""Throttle: guessing gets slow, and nobody locks out anybody else."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Thread

import pytest

from tests.services.conftest import PASSWORD, AccountsWith, Clock
from ticketing.domain.errors import BusyError, ThrottledError, WrongCredentialsError
from ticketing.domain.people import Actor
from ticketing.domain.sign_in import SessionLimits
from ticketing.services.access import Gate
from ticketing.services.accounts import Accounts
from ticketing.services.agents import Agents
from ticketing.services.authenticator import Authenticator
from ticketing.services.passwords import Passwords
from ticketing.services.sessions import Sessions
from ticketing.services.throttle import Throttle
from ticketing.storage.memory import MemoryStore

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def fail(accounts: Accounts) -> Callable[..., None]:
    """Sign in with wrong passwords, each time from another address unless one is given."""
    count = iter(range(1, 10_000))

    def fail(times: int = 1, username: str = "carla", address: str = "", device: str | None = None) -> None:
        for _ in range(times):
            number = next(count)
            place = address or f"10.0.{number // 250}.{number % 250}"
            with pytest.raises(WrongCredentialsError):
                accounts.sign_in(username, "wrong wrong wrong", place, device=device)

    return fail


@pytest.fixture
def known_device(accounts: Accounts, sessions: Sessions, carla: Actor) -> str:
    secret = accounts.sign_in_browser(carla.username, PASSWORD, browser="firefox", address="10.9.9.9")
    return sessions.redeem(secret, browser="firefox", address="10.9.9.9").device


@pytest.mark.usefixtures("carla")
def test_a7_the_sixth_try_after_five_failures_has_to_wait_even_with_the_right_password(
    accounts: Accounts, fail: Callable[..., None]
) -> None:
    fail(5)

    with pytest.raises(ThrottledError, match=r"Too many attempts\. Please try again in 2 s") as refusal:
        accounts.sign_in("carla", PASSWORD)

    assert refusal.value.retry_after == 2 * SECOND


@pytest.mark.usefixtures("carla")
def test_the_waits_double_up_to_fifteen_minutes(accounts: Accounts, fail: Callable[..., None], clock: Clock) -> None:
    waits = []
    fail(5)

    for _ in range(11):
        with pytest.raises(ThrottledError) as refusal:
            accounts.sign_in("carla", PASSWORD)
        waits.append(refusal.value.retry_after.total_seconds())
        clock.advance(refusal.value.retry_after)
        fail(1)

    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]


@pytest.mark.usefixtures("carla")
def test_after_the_wait_the_right_password_gets_in_and_all_is_forgotten(
    accounts: Accounts, fail: Callable[..., None], clock: Clock
) -> None:
    fail(5)
    clock.advance(2 * SECOND)

    assert accounts.sign_in("carla", PASSWORD)

    fail(4)
    assert accounts.sign_in("carla", PASSWORD)


@pytest.mark.usefixtures("carla")
def test_a_bucket_empties_itself_fifteen_minutes_after_its_wait(fail: Callable[..., None], clock: Clock) -> None:
    fail(5)

    clock.advance(15 * MINUTE + 2 * SECOND)

    fail(5)


def test_a_refused_try_is_not_counted(
    accounts: Accounts, fail: Callable[..., None], clock: Clock, everything: Callable[[], object]
) -> None:
    fail(5)
    before = everything()

    for _ in range(50):
        with pytest.raises(ThrottledError):
            accounts.sign_in("carla", PASSWORD)

    assert everything() == before
    clock.advance(2 * SECOND)
    fail(1)


@pytest.mark.parametrize("username", ["nobody", "никто", "my real password!", "x" * 5000, "", "\ud800"])
def test_a6_a_name_without_account_is_slowed_down_alike(
    accounts: Accounts, fail: Callable[..., None], username: str
) -> None:
    fail(5, username)

    with pytest.raises(ThrottledError, match="again in 2 s"):
        accounts.sign_in(username, PASSWORD)
    fail(1, username[:100] + "!")


@pytest.mark.usefixtures("carla")
def test_a7_another_way_to_write_the_name_does_not_get_round_it(accounts: Accounts, fail: Callable[..., None]) -> None:
    for username in ("carla", "CARLA", " Carla ", "\uff43arla", "cARLA"):
        fail(1, username)

    with pytest.raises(ThrottledError):
        accounts.sign_in("carlA", PASSWORD)


def test_a7_a_known_device_gets_in_while_strangers_hammer_at_the_account(
    accounts: Accounts, fail: Callable[..., None], known_device: str
) -> None:
    fail(5)
    fail(5, "first", address="10.9.9.9")
    fail(5, "second", address="10.9.9.9")

    assert accounts.sign_in("carla", PASSWORD, "10.9.9.9", device=known_device)


def test_a_known_device_has_a_limit_of_its_own(
    accounts: Accounts, fail: Callable[..., None], known_device: str
) -> None:
    fail(5, device=known_device)

    with pytest.raises(ThrottledError, match="again in 2 s"):
        accounts.sign_in("carla", PASSWORD, device=known_device)
    assert accounts.sign_in("carla", PASSWORD), "failures there leave the account's own bucket alone"


def test_a7_success_on_a_known_device_forgives_strangers_nothing(
    accounts: Accounts, fail: Callable[..., None], known_device: str
) -> None:
    fail(5)

    accounts.sign_in("carla", PASSWORD, device=known_device)

    with pytest.raises(ThrottledError):
        accounts.sign_in("carla", PASSWORD)


@pytest.mark.usefixtures("oskar")
def test_a_device_known_to_one_account_is_a_stranger_to_another(
    accounts: Accounts, fail: Callable[..., None], known_device: str
) -> None:
    fail(5, "oskar")

    with pytest.raises(ThrottledError):
        accounts.sign_in("oskar", PASSWORD, device=known_device)


def test_a_known_device_signs_in_at_most_thirty_times_a_minute(
    accounts: Accounts, clock: Clock, known_device: str
) -> None:
    for _ in range(30):
        accounts.sign_in("carla", PASSWORD, device=known_device)

    with pytest.raises(ThrottledError):
        accounts.sign_in("carla", PASSWORD, device=known_device)

    clock.advance(MINUTE)
    assert accounts.sign_in("carla", PASSWORD, device=known_device)


@pytest.mark.usefixtures("carla")
def test_a7_an_address_fails_at_most_ten_times_a_minute(
    accounts: Accounts, fail: Callable[..., None], clock: Clock
) -> None:
    for number in range(10):
        fail(1, f"name-{number}", address="192.0.2.7")

    with pytest.raises(ThrottledError, match="again in 1 min 0 s"):
        accounts.sign_in("carla", PASSWORD, "192.0.2.7")
    assert accounts.sign_in("carla", PASSWORD, "192.0.2.8")

    clock.advance(MINUTE)
    assert accounts.sign_in("carla", PASSWORD, "192.0.2.7")


@pytest.mark.usefixtures("carla")
def test_a7_success_does_not_forgive_an_address_its_failures(accounts: Accounts, fail: Callable[..., None]) -> None:
    for number in range(9):
        fail(1, f"name-{number}", address="192.0.2.7")

    accounts.sign_in("carla", PASSWORD, "192.0.2.7")
    fail(1, "name-9", address="192.0.2.7")

    with pytest.raises(ThrottledError):
        accounts.sign_in("carla", PASSWORD, "192.0.2.7")


@pytest.mark.usefixtures("carla")
def test_an_address_tries_at_most_thirty_times_a_minute_even_when_right(accounts: Accounts) -> None:
    for _ in range(30):
        accounts.sign_in("carla", PASSWORD, "192.0.2.7")

    with pytest.raises(ThrottledError):
        accounts.sign_in("carla", PASSWORD, "192.0.2.7")


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.7", "192.0.2.7", True),
        ("192.0.2.7", "192.0.2.8", False),
        ("testclient", "testclient", True),
    ],
)
def test_a7_an_ipv6_network_counts_as_one_address(
    throttle: Throttle, store: MemoryStore, first: str, second: str, *, same: bool
) -> None:
    with store.write() as tx:
        for number in range(10):
            throttle.book_sign_in(tx, f"name-{number}", first, None)

    with store.write() as tx:
        if same:
            with pytest.raises(ThrottledError):
                throttle.book_sign_in(tx, "another", second, None)
        else:
            throttle.book_sign_in(tx, "another", second, None)


@pytest.mark.usefixtures("carla")
def test_a7_a_hundred_guesses_at_the_same_moment_are_five(accounts: Accounts) -> None:
    outcomes: list[type[Exception]] = []

    def guess(number: int) -> None:
        try:
            accounts.sign_in("carla", "wrong wrong wrong", f"10.1.0.{number}")
        except (WrongCredentialsError, ThrottledError) as error:
            outcomes.append(type(error))

    threads = [Thread(target=guess, args=(number,)) for number in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes.count(WrongCredentialsError) == 5
    assert outcomes.count(ThrottledError) == 95


@pytest.mark.usefixtures("carla")
def test_a_try_that_found_the_desk_busy_is_not_a_failure(accounts: Accounts, accounts_with: AccountsWith) -> None:
    full = accounts_with(Passwords(rounds=4, places=0, patience=0))

    for _ in range(12):
        with pytest.raises(BusyError):
            full.sign_in("carla", PASSWORD)

    assert accounts.sign_in("carla", PASSWORD)


def test_a7_failures_survive_in_the_store_and_count_for_every_process(
    store: MemoryStore,
    clock: Clock,
    gate: Gate,
    passwords: Passwords,
    authenticator: Authenticator,
    limits: SessionLimits,
    fail: Callable[..., None],
) -> None:
    fail(5)
    elsewhere = Accounts(store, clock, gate, passwords, Throttle(clock), authenticator=authenticator, limits=limits)

    with pytest.raises(ThrottledError):
        elsewhere.sign_in("carla", PASSWORD)


def test_what_was_typed_as_username_is_nowhere_in_the_store(
    accounts: Accounts, everything: Callable[[], object]
) -> None:
    with pytest.raises(WrongCredentialsError):
        accounts.sign_in("three-wet-umbrellas", "carla", "192.0.2.77")

    assert "umbrellas" not in str(everything())
    assert "192.0.2.77" not in str(everything())


@pytest.mark.usefixtures("carla")
def test_a_password_reset_lets_the_person_in_at_once(
    accounts: Accounts, agents: Agents, ada: Actor, fail: Callable[..., None]
) -> None:
    fail(5)

    one_time = agents.reset_password(ada, "carla")

    assert accounts.sign_in("carla", one_time)


def test_v2_an_address_registers_so_many_accounts_an_hour(accounts: Accounts, clock: Clock) -> None:
    for number in range(30):
        accounts.register(f"name-{number}", "Somebody", PASSWORD, PASSWORD, address="192.0.2.7")

    with pytest.raises(ThrottledError):
        accounts.register("one-more", "Somebody", PASSWORD, PASSWORD, address="192.0.2.7")
    accounts.register("elsewhere", "Somebody", PASSWORD, PASSWORD, address="192.0.2.8")

    clock.advance(timedelta(hours=1))
    accounts.register("one-more", "Somebody", PASSWORD, PASSWORD, address="192.0.2.7")


def test_a_whole_office_behind_one_address_signs_in_within_a_minute(
    store: MemoryStore,
    gate: Gate,
    passwords: Passwords,
    authenticator: Authenticator,
    limits: SessionLimits,
    carla: Actor,
    clock: Clock,
) -> None:
    def ticking() -> datetime:
        clock.advance(timedelta(milliseconds=1))
        return clock.now

    accounts = Accounts(store, ticking, gate, passwords, Throttle(ticking), authenticator=authenticator, limits=limits)

    for _ in range(20):
        accounts.sign_in(carla.username, PASSWORD, "10.1.1.1")
