"""How long a session lasts is the operator's to say."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.services.conftest import PASSWORD, Clock
from ticketing.desk import Desk, open_desk
from ticketing.domain.errors import SettingsError, SignedOutError
from ticketing.domain.people import Actor, Role
from ticketing.settings import Settings, read_settings

SHORT = {
    "session_idle_hours": 2,
    "session_days": 1,
    "agent_session_idle_hours": 1,
    "agent_session_hours": 3,
}
HOUR = timedelta(hours=1)


@pytest.fixture
def desk(clock: Clock) -> Desk:
    settings = Settings.model_validate({"storage_url": "memory:", **SHORT})
    return open_desk(settings, clock=clock, password_rounds=4)


@pytest.fixture
def token_of(desk: Desk) -> Callable[[Role], str]:
    def make(role: Role) -> str:
        if role is Role.USER:
            desk.accounts.register("carla", "Carla", PASSWORD, PASSWORD)
            return desk.accounts.sign_in("carla", PASSWORD)
        desk.agents.create_agent(Actor.console(), "ada", PASSWORD, role=role)
        return desk.accounts.sign_in("ada", PASSWORD)

    return make


@pytest.mark.parametrize(("role", "idle"), [(Role.USER, 2 * HOUR), (Role.AGENT, HOUR), (Role.ADMIN, HOUR)])
def test_s4_an_unused_session_ends_when_the_operator_said(
    desk: Desk, clock: Clock, token_of: Callable[[Role], str], role: Role, idle: timedelta
) -> None:
    token = token_of(role)
    clock.advance(idle - timedelta(seconds=1))
    assert desk.sessions.actor(token).role is role

    clock.advance(idle)

    with pytest.raises(SignedOutError):
        desk.sessions.actor(token)


@pytest.mark.parametrize(("role", "hours"), [(Role.USER, 24), (Role.AGENT, 3)])
def test_s4_a_session_in_use_ends_when_the_operator_said(
    desk: Desk, clock: Clock, token_of: Callable[[Role], str], role: Role, hours: int
) -> None:
    token = token_of(role)
    for _ in range(2 * hours - 1):
        clock.advance(HOUR / 2)
        desk.sessions.actor(token)

    clock.advance(HOUR / 2)

    with pytest.raises(SignedOutError):
        desk.sessions.actor(token)


def test_the_environment_says_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SHORT.items():
        monkeypatch.setenv(f"TICKETING_{name.upper()}", str(value))

    limits = read_settings().session_limits

    assert (limits.user_idle, limits.user_absolute) == (2 * HOUR, 24 * HOUR)
    assert (limits.agent_idle, limits.agent_absolute) == (HOUR, 3 * HOUR)


@pytest.mark.parametrize("value", ["0", "-1", "soon", "1000000"])
def test_what_cannot_be_a_number_of_hours_stops_the_start(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("TICKETING_SESSION_IDLE_HOURS", value)

    with pytest.raises(SettingsError, match=r"^TICKETING_SESSION_IDLE_HOURS .*\.$"):
        read_settings()
