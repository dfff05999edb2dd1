"""A desk's services over a store in memory, a clock that is set by hand, and the people of all tests."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.openid_provider import Provider
from tests.storage.conftest import OPENERS, emptied
from ticketing.desk import Desk
from ticketing.domain.people import Actor, Role, User
from ticketing.domain.sign_in import SessionLimits
from ticketing.domain.store import Store
from ticketing.services.access import Gate
from ticketing.services.accounts import Accounts
from ticketing.services.agents import Agents
from ticketing.services.authenticator import Authenticator
from ticketing.services.first_launch import FirstLaunch
from ticketing.services.passwords import Passwords
from ticketing.services.second_factors import SecondFactors
from ticketing.services.sessions import Sessions, open_session
from ticketing.services.throttle import REFUSALS, Throttle
from ticketing.storage.keys import GivenKey
from ticketing.storage.memory import MemoryEngine, MemoryStore
from ticketing.storage.whole import WholeStore

PASSWORD = "three wet umbrellas"
# A test alone, of a module whose others are content with memory.
ON_BOTH_STORES = pytest.mark.parametrize("store", ["json", "postgres"], indirect=True)

SignIn = Callable[..., Actor]
AccountsWith = Callable[[Passwords], Accounts]


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: datetime = field(default_factory=lambda: datetime(2031, 5, 6, 9, 30, tzinfo=UTC))

    def __call__(self) -> datetime:
        """Return its time."""
        return self.now

    def advance(self, by: timedelta) -> None:
        """Move it on."""
        self.now += by


@pytest.fixture
def clock() -> Clock:
    return Clock()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Hold the tests of a module against every kind of store if it says so; others are content with memory."""
    if getattr(metafunc.module, "ON_EVERY_STORE", False) and "store" in metafunc.fixturenames:
        metafunc.parametrize("store", OPENERS, indirect=True)


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Return an empty store, of the kind that is asked for."""
    kind = getattr(request, "param", "memory")
    if kind == "postgres":
        emptied()
    opened = OPENERS[kind](tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def limits() -> SessionLimits:
    return SessionLimits()


@pytest.fixture
def gate(clock: Clock, limits: SessionLimits) -> Gate:
    return Gate(clock, limits)


@pytest.fixture(scope="session")
def passwords() -> Passwords:
    return Passwords(rounds=4)


@pytest.fixture
def throttle(clock: Clock) -> Throttle:
    return Throttle(clock)


@pytest.fixture
def authenticator() -> Authenticator:
    return Authenticator(GivenKey(b"k" * 32))


@pytest.fixture
def accounts_with(
    store: MemoryStore,
    clock: Clock,
    gate: Gate,
    throttle: Throttle,
    authenticator: Authenticator,
    limits: SessionLimits,
) -> AccountsWith:
    """Make the accounts service of the same desk, with passwords of its own."""
    return lambda passwords: Accounts(
        store, clock, gate, passwords, throttle, authenticator=authenticator, limits=limits
    )


@pytest.fixture
def accounts(accounts_with: AccountsWith, passwords: Passwords) -> Accounts:
    return accounts_with(passwords)


@pytest.fixture
def sessions(store: MemoryStore, clock: Clock, gate: Gate, limits: SessionLimits) -> Sessions:
    return Sessions(store, clock, gate, limits)


@pytest.fixture
def agents(store: MemoryStore, clock: Clock, gate: Gate, passwords: Passwords, throttle: Throttle) -> Agents:
    return Agents(store, clock, gate, passwords, throttle)


@pytest.fixture
def second_factors(
    store: MemoryStore,
    clock: Clock,
    gate: Gate,
    passwords: Passwords,
    throttle: Throttle,
    authenticator: Authenticator,
) -> SecondFactors:
    return SecondFactors(store, clock, gate, passwords, throttle, authenticator, "desk.example.org")


@pytest.fixture
def provider(clock: Clock) -> Iterator[Provider]:
    with Provider() as running:
        running.clock = clock
        yield running


@pytest.fixture
def first_launch(store: MemoryStore, clock: Clock, passwords: Passwords) -> FirstLaunch:
    return FirstLaunch(store, clock, passwords)


@pytest.fixture
def arrives(store: MemoryStore, clock: Clock, passwords: Passwords, limits: SessionLimits) -> SignIn:
    return arriving(store, clock, passwords, limits)


def arriving(store: MemoryStore, clock: Clock, passwords: Passwords, limits: SessionLimits) -> SignIn:
    """Return a way to make an account and sign it in; the password of all of them is PASSWORD."""
    hashed = passwords.hash(PASSWORD)

    def arrive(username: str, role: Role = Role.USER) -> Actor:
        user = User(
            id=username,
            display_name=username.capitalize(),
            role=role,
            password=hashed,
            created_at=clock.now,
            password_changed_at=clock.now,
        )
        with store.write() as tx:
            tx.users.save(user)
            open_session(tx, user, limits, clock.now, "192.0.2.1", "Firefox")
            session = tx.sessions.of_user(username)[0]
        return Actor(user.id, user.display_name, user.role, session.id)

    return arrive


@pytest.fixture
def carla(arrives: SignIn) -> Actor:
    return arrives("carla")


@pytest.fixture
def oskar(arrives: SignIn) -> Actor:
    return arrives("oskar")


@pytest.fixture
def ada(arrives: SignIn) -> Actor:
    return arrives("ada", Role.AGENT)


@pytest.fixture
def root(arrives: SignIn) -> Actor:
    return arrives("root", Role.ADMIN)


@pytest.fixture
def everything(store: WholeStore) -> Callable[[], dict[str, object]]:
    """
    Return a way to copy all that is stored, to see that a refusal left it alone; of memory, what expires as well.

    That there was a refusal is all that may be written down of it: the audit log is left out.
    """

    def copy() -> dict[str, object]:
        engine = getattr(store, "engine", None)
        if isinstance(engine, MemoryEngine):
            with engine.state_lock:
                found = {name: sorted(documents.items()) for name, documents in engine.documents.items()}
        else:
            with store.documents() as documents:
                found = {name: sorted(held) for name, held in documents.items()}
        kept = {
            name: {key: raw for key, raw in held if not key.startswith(REFUSALS)}
            for name, held in found.items()
            if name != "audit"
        }
        return {name: held for name, held in kept.items() if held}

    return copy


def public(desk: Desk) -> Iterator[tuple[str, Callable[..., object] | None]]:
    """Yield the name and, unless it is a property, the method of everything that a service offers."""
    offered = [name for name in dir(desk) if not name.startswith("_")]
    for name, service in [(name, getattr(desk, name)) for name in offered]:
        if not type(service).__module__.startswith("ticketing.services."):
            continue
        for member, value in vars(type(service)).items():
            if not member.startswith("_"):
                yield f"{name}.{member}", getattr(service, member) if inspect.isfunction(value) else None
