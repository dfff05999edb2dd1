"""A desk in memory behind the guard and the routes, with its people, and a browser to reach it with."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string

import ticketing.desk
from tests.storage.conftest import address_of
from ticketing.desk import Desk, open_desk
from ticketing.settings import Settings
from ticketing.web.api.mount import Calls
from ticketing.web.guard import Guard
from ticketing.web.routes import ROUTES

PASSWORD = "three wet umbrellas"
HERE = "http://localhost:8501"

OpenSite = Callable[..., TestClient]


async def page(request: Request) -> Response:
    """Stand for anything of Streamlit's; says what it saw, and breaks when asked to."""
    if "break" in request.query_params:
        raise RuntimeError("a secret of ours")
    reply = PlainTextResponse(f"reached {request.url.path}")
    reply.set_cookie("_streamlit_xsrf", "2|a|b|1")
    return reply


async def stream(websocket: WebSocket) -> None:
    """Stand for Streamlit's socket."""
    await websocket.accept()
    await websocket.send_text("connected")
    await websocket.close()


@pytest.fixture
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of an empty store: in memory, unless a test asks for a kind that lasts."""
    return address_of(request.param, tmp_path) if hasattr(request, "param") else "memory:"


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, storage: str) -> Iterator[Desk]:
    yield from _open(monkeypatch, storage)


def _open(
    monkeypatch: pytest.MonkeyPatch, storage: str, base_url: str | None = None, **settings: Any
) -> Iterator[Desk]:
    opened = open_desk(Settings(storage_url=storage, base_url=base_url, **settings), password_rounds=4)
    monkeypatch.setattr(ticketing.desk, "_shared", opened)
    opened.accounts.register("carla", "Carla Ruiz", PASSWORD, PASSWORD)
    yield opened
    opened.close()


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch, storage: str) -> Iterator[OpenSite]:
    """Return a way to open a desk with settings and a public address, and a browser at *address* that looks at it."""
    opened: list[Iterator[Desk]] = []

    def open_site(base_url: str | None = None, address: str = HERE, **settings: Any) -> TestClient:
        opened.append(_open(monkeypatch, storage, base_url, **settings))
        next(opened[-1])
        methods = ["GET", "POST", "PUT", "DELETE"]
        everything = [WebSocketRoute("/_stcore/stream", stream), Route("/{path:path}", page, methods=methods)]
        app = Starlette(routes=[*ROUTES, *everything], middleware=[Middleware(Guard), Middleware(Calls)])
        return TestClient(app, base_url=address, raise_server_exceptions=False)

    yield open_site
    for one in opened:
        next(one, None)


@pytest.fixture
def browser(site: OpenSite) -> TestClient:
    """Return a browser on the same machine as the desk."""
    client = site()
    client.cookies.set("_streamlit_xsrf", generate_xsrf_token_string(b"carla's browser!"))
    return client
