"""What the operator set arrives where it counts."""

import pytest

from tests.services.conftest import PASSWORD
from ticketing.desk import Desk, open_desk
from ticketing.domain.errors import PermissionDeniedError, RegistrationClosedError, WrongCredentialsError
from ticketing.domain.people import Actor, Role
from ticketing.settings import read_settings


def desk_with(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Desk:
    """Open a desk in memory with these settings, as it is started."""
    for name, value in {"STORAGE_URL": "memory:", **environment}.items():
        monkeypatch.setenv(f"TICKETING_{name}", value)
    return open_desk(read_settings(), password_rounds=4)


@pytest.fixture(params=["", "http://localhost:8501", "https://desk.example.org"], ids=["unset", "local", "public"])
def base_url(request: pytest.FixtureRequest) -> str:
    url: str = request.param
    return url


def test_the_operators_password_opens_the_first_account(monkeypatch: pytest.MonkeyPatch, base_url: str) -> None:
    desk = desk_with(monkeypatch, ADMIN_PASSWORD=PASSWORD, BASE_URL=base_url)

    first = desk.sessions.actor(desk.accounts.sign_in("support_agent", PASSWORD))

    assert first.role is Role.ADMIN
    assert not first.must_change_password
    assert not desk.first_launch.is_waiting
    with pytest.raises(WrongCredentialsError):
        desk.accounts.sign_in("support_agent", "supportpass")


def test_an_empty_password_of_the_operator_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = desk_with(monkeypatch, ADMIN_PASSWORD="")

    assert desk.first_launch.is_waiting
    with pytest.raises(WrongCredentialsError):
        desk.accounts.sign_in("support_agent", "")


def test_visitors_register_unless_the_operator_closed_that(monkeypatch: pytest.MonkeyPatch) -> None:
    assert desk_with(monkeypatch).accounts.register("carla", "Carla", PASSWORD, PASSWORD)
    closed = desk_with(monkeypatch, REGISTRATION="closed")

    with pytest.raises(RegistrationClosedError):
        closed.accounts.register("oskar", "Oskar", PASSWORD, PASSWORD)
    with pytest.raises(RegistrationClosedError):
        closed.accounts.register_browser("oskar", "Oskar", PASSWORD, PASSWORD, browser="firefox")


@pytest.mark.parametrize("permitted", [True, False])
def test_agents_register_agents_unless_the_operator_said_no(
    monkeypatch: pytest.MonkeyPatch, *, permitted: bool
) -> None:
    desk = desk_with(monkeypatch, AGENTS_MAY_REGISTER_AGENTS=str(permitted))
    desk.agents.create_agent(Actor.console(), "ada", PASSWORD)
    ada = desk.sessions.actor(desk.accounts.sign_in("ada", PASSWORD))

    assert desk.agents.may_register(ada) is permitted
    if permitted:
        assert desk.agents.register_agent(ada, "erin", "Erin")
    else:
        with pytest.raises(PermissionDeniedError):
            desk.agents.register_agent(ada, "erin", "Erin")
