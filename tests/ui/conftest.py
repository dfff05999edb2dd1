"""A desk in memory with its people, and the pages as one of them sees them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import PropertyMock

import pytest
import streamlit as st
from streamlit.util import calc_hash

import ticketing.desk
from tests.app_test import AppTest
from tests.visiting import pass_seconds  # noqa: F401 - a fixture of its tests
from ticketing.desk import Desk, open_desk
from ticketing.domain.people import Actor, Role
from ticketing.settings import Settings

PASSWORD = "three wet umbrellas"
ROUTER = Path(__file__).resolve().parents[2] / "ticketing" / "ui" / "router.py"

Visit = Callable[..., AppTest]


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Open a desk with carla and oskar, who ask, ada, who answers, and root, an admin."""
    opened = open_desk(Settings(storage_url="memory:"), password_rounds=4)
    monkeypatch.setattr(ticketing.desk, "_shared", opened)
    for name in ("carla", "oskar"):
        opened.accounts.register(name, name.capitalize(), PASSWORD, PASSWORD)
    for name, role in (("ada", Role.AGENT), ("root", Role.ADMIN)):
        opened.agents.create_agent(Actor.console(), name, PASSWORD, role=role)
    yield opened
    opened.close()


@pytest.fixture
def cookies(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Return the cookies of the browser's connection, to be put in."""
    jar: dict[str, str] = {}
    monkeypatch.setattr(type(st.context), "cookies", PropertyMock(return_value=jar))
    return jar


@pytest.fixture
def visit(desk: Desk, cookies: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Visit:
    """Return a way to look at a page, as a person or as nobody: `visit("ticket", as_="carla", id="1")`."""

    def look(page: str, *, as_: str | None = None, **query: str) -> AppTest:
        cookies.clear()
        if as_ is not None:
            cookies["ticketing_session"] = desk.accounts.sign_in(as_, PASSWORD)
        monkeypatch.setattr(type(st.context), "url", PropertyMock(return_value=f"http://localhost:8501/{page}"))
        app = AppTest.from_file(str(ROUTER), default_timeout=20)
        for name, value in query.items():
            app.query_params[name] = value
        if page:
            app._page_hash = calc_hash(page)  # noqa: SLF001 - a page is asked for by its address, not by its file
        return app.run()

    return look


def words(app: AppTest) -> str:
    """Return all that a page shows in its main part."""
    return "\n".join(str(getattr(element, "value", "")) for element in app.main)
