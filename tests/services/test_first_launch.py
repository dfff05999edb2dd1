"""The first launch: one account, one way in, and only until a password is chosen."""

import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Barrier, Thread

import pytest

from tests.services.conftest import ON_BOTH_STORES, PASSWORD, SignIn
from ticketing.domain.errors import (
    KnownPasswordError,
    MustChangePasswordError,
    SignedOutError,
    StorageDamagedError,
    WeakPasswordError,
    WrongCredentialsError,
)
from ticketing.domain.people import Actor, PeopleQuery, Role
from ticketing.services.accounts import Accounts
from ticketing.services.agents import Agents
from ticketing.services.first_launch import FirstLaunch
from ticketing.services.sessions import Sessions
from ticketing.storage.memory import MemoryStore
from ticketing.storage.opening import open_store

PUBLIC = "https://desk.example.org"

_LAUNCH = """
import sys
from datetime import UTC, datetime
from ticketing.services.first_launch import FirstLaunch
from ticketing.services.passwords import Passwords
from ticketing.storage.opening import open_store

store = open_store(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
print(FirstLaunch(store, lambda: datetime.now(UTC), Passwords(rounds=4)).ensure(sys.argv[2]))
store.close()
"""


@pytest.fixture
def left_over(first_launch: FirstLaunch, agents: Agents, arrives: SignIn) -> Actor:
    """Leave the first account deactivated and with the documented password; return the admin who did it."""
    first_launch.ensure()
    root = arrives("root", Role.ADMIN)
    agents.deactivate(root, "support_agent")
    return root


@ON_BOTH_STORES
def test_a15_the_documented_login_reaches_only_the_choice_of_a_new_password(
    first_launch: FirstLaunch, accounts: Accounts, sessions: Sessions, agents: Agents
) -> None:
    assert first_launch.ensure() is None
    assert first_launch.is_waiting

    first = sessions.actor(accounts.sign_in("support_agent", "supportpass"))

    assert first.role is Role.ADMIN
    assert first.must_change_password
    with pytest.raises(MustChangePasswordError):
        agents.people(first, PeopleQuery())


@ON_BOTH_STORES
def test_a15_the_documented_password_is_dead_once_another_is_chosen_also_after_a_restart(
    first_launch: FirstLaunch, accounts: Accounts, sessions: Sessions, agents: Agents
) -> None:
    first_launch.ensure()
    first = sessions.actor(accounts.sign_in("support_agent", "supportpass"))

    hand_off = accounts.change_password(first, "supportpass", PASSWORD, PASSWORD, browser="firefox")

    assert not first_launch.is_waiting
    assert first_launch.ensure() is None
    assert first_launch.ensure(PUBLIC) is None
    with pytest.raises(WrongCredentialsError):
        accounts.sign_in("support_agent", "supportpass")
    first = sessions.actor(sessions.redeem(hand_off, browser="firefox").token)
    assert agents.people(first, PeopleQuery()).total == 1


def test_the_documented_password_cannot_be_chosen_again(
    first_launch: FirstLaunch, accounts: Accounts, sessions: Sessions
) -> None:
    first_launch.ensure()
    first = sessions.actor(accounts.sign_in("support_agent", "supportpass"))

    for password in ("supportpass", "supportpass1", "SupportPass!!"):
        with pytest.raises(WeakPasswordError):
            accounts.change_password(first, "supportpass", password, password, browser="firefox")

    assert first_launch.is_waiting


@ON_BOTH_STORES
def test_a15_a_public_desk_gets_a_generated_password_that_is_told_once(
    first_launch: FirstLaunch, accounts: Accounts, sessions: Sessions
) -> None:
    generated = first_launch.ensure(PUBLIC)

    assert generated
    assert not first_launch.is_waiting
    assert first_launch.ensure(PUBLIC) is None
    with pytest.raises(WrongCredentialsError):
        accounts.sign_in("support_agent", "supportpass")
    assert sessions.actor(accounts.sign_in("support_agent", generated)).must_change_password


@pytest.mark.parametrize("base_url", [None, PUBLIC])
@pytest.mark.parametrize("left_over", [False, True], ids=["new", "left over"])
def test_the_operators_password_takes_the_place_of_any_other_and_need_not_be_changed(
    first_launch: FirstLaunch, accounts: Accounts, sessions: Sessions, base_url: str | None, *, left_over: bool
) -> None:
    if left_over:
        first_launch.ensure()

    assert first_launch.ensure(base_url, PASSWORD) is None

    assert not first_launch.is_waiting
    with pytest.raises(WrongCredentialsError):
        accounts.sign_in("support_agent", "supportpass")
    assert not sessions.actor(accounts.sign_in("support_agent", PASSWORD)).must_change_password


@pytest.mark.parametrize("base_url", [None, PUBLIC])
@pytest.mark.parametrize("password", ["supportpass", "short", "support_agent 2031"])
def test_a_weak_operators_password_stops_the_launch(
    first_launch: FirstLaunch, store: MemoryStore, password: str, base_url: str | None
) -> None:
    with pytest.raises(WeakPasswordError):
        first_launch.ensure(base_url, password)

    with store.read() as tx:
        assert not tx.users.any()


@ON_BOTH_STORES
def test_a15_a_desk_that_goes_public_with_the_documented_password_loses_it(
    first_launch: FirstLaunch, accounts: Accounts, sessions: Sessions
) -> None:
    first_launch.ensure()
    token = accounts.sign_in("support_agent", "supportpass")

    generated = first_launch.ensure(PUBLIC)

    assert generated
    assert not first_launch.is_waiting
    with pytest.raises(SignedOutError):
        sessions.actor(token)
    with pytest.raises(WrongCredentialsError):
        accounts.sign_in("support_agent", "supportpass")
    assert sessions.actor(accounts.sign_in("support_agent", generated)).must_change_password


def test_a_deactivated_account_with_the_documented_password_loses_it_as_well(
    first_launch: FirstLaunch, accounts: Accounts, agents: Agents, left_over: Actor
) -> None:
    generated = first_launch.ensure(PUBLIC)

    assert generated
    assert agents.reactivate(left_over, "support_agent").active
    with pytest.raises(WrongCredentialsError):
        accounts.sign_in("support_agent", "supportpass")
    assert accounts.sign_in("support_agent", generated)


def test_an_account_with_the_documented_password_is_not_reactivated_with_it(
    first_launch: FirstLaunch, accounts: Accounts, agents: Agents, left_over: Actor
) -> None:
    assert not first_launch.is_waiting

    with pytest.raises(KnownPasswordError, match="Please reset it first"):
        agents.reactivate(left_over, "support_agent")

    one_time = agents.reset_password(left_over, "support_agent")
    assert agents.reactivate(left_over, "support_agent").active
    assert not first_launch.is_waiting
    with pytest.raises(WrongCredentialsError):
        accounts.sign_in("support_agent", "supportpass")
    assert accounts.sign_in("support_agent", one_time)


@pytest.mark.parametrize("base_url", [None, PUBLIC])
def test_a_desk_with_any_account_has_no_first_launch(
    first_launch: FirstLaunch, carla: Actor, everything: Callable[[], object], base_url: str | None
) -> None:
    before = everything()

    assert first_launch.ensure(base_url, PASSWORD) is None

    assert everything() == before
    assert not first_launch.is_waiting
    assert carla.role is Role.USER


def test_a_later_reset_of_the_first_account_is_no_first_launch(
    first_launch: FirstLaunch, agents: Agents, root: Actor, accounts: Accounts
) -> None:
    agents.register_agent(root, "support_agent", "Support agent", role=Role.ADMIN)

    assert not first_launch.is_waiting
    with pytest.raises(WrongCredentialsError):
        accounts.sign_in("support_agent", "supportpass")


def test_a15_accounts_that_cannot_be_read_never_open_the_desk(
    first_launch: FirstLaunch, store: MemoryStore, everything: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged() -> AbstractContextManager[None]:
        raise StorageDamagedError("users are damaged")

    before = everything()
    monkeypatch.setattr(store, "read", damaged)

    with pytest.raises(StorageDamagedError):
        first_launch.ensure()
    with pytest.raises(StorageDamagedError):
        _ = first_launch.is_waiting

    monkeypatch.undo()
    assert everything() == before


@ON_BOTH_STORES
def test_a15_five_first_launches_at_the_same_moment_make_one_account(
    first_launch: FirstLaunch, store: MemoryStore, accounts: Accounts
) -> None:
    start = Barrier(5)
    told: list[str | None] = []

    def launch() -> None:
        start.wait()
        told.append(first_launch.ensure(PUBLIC))

    threads = [Thread(target=launch) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    [generated] = [password for password in told if password]
    with store.read() as tx:
        assert len(list(tx.users.stream())) == 1
    assert accounts.sign_in("support_agent", generated)


@pytest.mark.processes
def test_a15_five_processes_that_launch_first_make_one_account(tmp_path: Path) -> None:
    url = f"json:{tmp_path / 'data'}"
    command = [sys.executable, "-c", _LAUNCH, url, PUBLIC]
    pipe = subprocess.PIPE
    launches = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(5)]

    for launch in launches:
        assert launch.stdout
        assert launch.stdout.readline() == "ready\n"
    for launch in launches:
        assert launch.stdin
        launch.stdin.write("go\n")
        launch.stdin.flush()
    told = [launch.communicate(timeout=60)[0].strip() for launch in launches]

    store = open_store(url)
    with store.read() as tx:
        assert len(list(tx.users.stream())) == 1
    store.close()
    assert [launch.returncode for launch in launches] == [0] * 5
    assert told.count("None") == 4
