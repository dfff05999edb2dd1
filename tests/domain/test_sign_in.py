"""How long a session lives, and what is kept in the place of a secret."""

from datetime import datetime, timedelta

import pytest

from ticketing.domain.people import Role, User
from ticketing.domain.sign_in import Session, SessionLimits, fingerprint

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("unused_for", "ends_in", "alive"),
    [
        (timedelta(), HOUR, True),
        (12 * HOUR - timedelta(seconds=1), HOUR, True),
        (12 * HOUR, HOUR, False),
        (timedelta(), timedelta(), False),
        (timedelta(), -HOUR, False),
    ],
)
def test_a_session_ends_when_unused_for_long_and_in_any_case_at_its_end(
    now: datetime, unused_for: timedelta, ends_in: timedelta, *, alive: bool
) -> None:
    session = Session(id="s", username="carla", created_at=now, last_seen_at=now - unused_for, expires_at=now + ends_in)

    assert session.is_alive(now, 12 * HOUR) is alive


@pytest.mark.parametrize("role", [Role.AGENT, Role.ADMIN])
def test_s4_sessions_of_agents_are_shorter(role: Role) -> None:
    limits = SessionLimits()

    assert limits.idle(role) < limits.idle(Role.USER)
    assert limits.absolute(role) < limits.absolute(Role.USER)


def test_a_fingerprint_gives_nothing_away_and_tells_parts_apart() -> None:
    assert fingerprint("ab", "c") != fingerprint("a", "bc")
    assert fingerprint("secret") == fingerprint("secret")
    assert "secret" not in fingerprint("secret")
    assert len(fingerprint("\ud800")) == 64


def test_a_chosen_password_replaces_one_that_was_known(now: datetime) -> None:
    user = User(
        id="support_agent",
        display_name="Support agent",
        password="old",
        has_known_password=True,
        created_at=now,
        password_changed_at=now,
    )

    user.set_password("one-time", now + HOUR, one_time=True)
    assert (user.password, user.must_change_password, user.has_known_password) == ("one-time", True, False)

    user.set_password("own", now + 2 * HOUR, one_time=False)
    assert (user.password, user.must_change_password) == ("own", False)
    assert user.password_changed_at == now + 2 * HOUR
