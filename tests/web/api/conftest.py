"""A desk in memory behind its API, and callers who are known by a token each."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

import ticketing.desk
from tests.serving import PASSWORD, add_people, open_copied
from ticketing.desk import Desk
from ticketing.settings import Settings
from ticketing.web.api import calling
from ticketing.web.api.mount import Calls
from ticketing.web.api.quota import Quota
from ticketing.web.guard import Guard
from ticketing.web.routes import ROUTES

API = "http://localhost:8501/api/v1"

Call = Callable[..., Any]


STORES_THAT_LAST = ["json", "sqlite", "postgres"]


def called(monkeypatch: pytest.MonkeyPatch, storage_url: str, **settings: Any) -> Iterator[Desk]:
    """Lend the desk that is called, with its people, over a store."""
    wanted = Settings(storage_url=storage_url, api_requests_per_minute=100_000, **settings)
    opened = open_copied(wanted, add_people)
    monkeypatch.setattr(ticketing.desk, "_shared", opened)
    monkeypatch.setattr(calling, "_quota", Quota())
    yield opened
    opened.close()


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    yield from called(monkeypatch, "memory:")


@pytest.fixture
def stranger(desk: Desk) -> TestClient:  # noqa: ARG001 - that it calls
    """Return somebody who calls without saying who they are."""
    app = Starlette(routes=ROUTES, middleware=[Middleware(Guard), Middleware(Calls)])
    return TestClient(app, base_url=API, raise_server_exceptions=False)


@pytest.fixture
def caller(desk: Desk, stranger: TestClient) -> Callable[[str], TestClient]:
    """Return a way to call as somebody; each comes from an address of their own."""

    def call_as(username: str) -> TestClient:
        granted = desk.tokens.issue(username, PASSWORD, address=f"198.51.100.{len(username)}")
        headers = {"authorization": f"Bearer {granted.access}"}
        return TestClient(stranger.app, base_url=API, headers=headers, raise_server_exceptions=False)

    return call_as


@pytest.fixture
def carla(caller: Callable[[str], TestClient]) -> TestClient:
    return caller("carla")


@pytest.fixture
def oskar(caller: Callable[[str], TestClient]) -> TestClient:
    return caller("oskar")


@pytest.fixture
def ada(caller: Callable[[str], TestClient]) -> TestClient:
    return caller("ada")


@pytest.fixture
def root(caller: Callable[[str], TestClient]) -> TestClient:
    return caller("root")


@pytest.fixture
def ticket(carla: TestClient) -> int:
    """Return the number of a ticket that Carla has opened."""
    number: int = carla.post("/tickets", json={"title": "No dial tone", "description": "The line is dead."}).json()[
        "number"
    ]
    return number
