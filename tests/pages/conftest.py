"""A desk in memory as the desk of this process, and people who visit its pages."""

from collections.abc import Callable, Iterator

import pytest

import ticketing.desk
from tests.serving import open_copied
from tests.visiting import (
    Visit,
    pass_seconds,  # noqa: F401 - a fixture of its tests
)
from ticketing.desk import Desk
from ticketing.domain.people import Actor, Role
from ticketing.settings import Settings

PASSWORD = "a long walk home"

SignIn = Callable[..., Visit]


@pytest.fixture
def storage() -> str:
    """Return the address of the store; in memory, unless a test says otherwise."""
    return "memory:"


@pytest.fixture
def settings() -> dict[str, object]:
    """Return what else is set."""
    return {}


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, storage: str, settings: dict[str, object]) -> Iterator[Desk]:
    desk = open_copied(Settings.model_validate({"storage_url": storage} | settings), add_people)
    monkeypatch.setattr(ticketing.desk, "_shared", desk)
    yield desk
    desk.close()


def add_people(desk: Desk) -> None:
    """Make root an admin, Ada an agent, Carla and Oskar requesters."""
    desk.agents.create_agent(Actor.console(), "ada", PASSWORD)
    desk.agents.create_agent(Actor.console(), "root", PASSWORD, role=Role.ADMIN)
    for name in ("carla", "oskar"):
        desk.accounts.register(name, name.capitalize(), PASSWORD, PASSWORD)


@pytest.fixture
def sign_in(desk: Desk) -> SignIn:
    def as_person(username: str) -> Visit:
        return Visit(desk, desk.accounts.sign_in(username, PASSWORD))

    return as_person


@pytest.fixture
def carla(sign_in: SignIn) -> Visit:
    return sign_in("carla")


@pytest.fixture
def oskar(sign_in: SignIn) -> Visit:
    return sign_in("oskar")


@pytest.fixture
def ada(sign_in: SignIn) -> Visit:
    return sign_in("ada")


@pytest.fixture
def root(sign_in: SignIn) -> Visit:
    return sign_in("root")


@pytest.fixture
def actor(desk: Desk) -> Callable[[Visit], Actor]:
    def behind(visit: Visit) -> Actor:
        return desk.sessions.actor(visit.token or "")

    return behind
