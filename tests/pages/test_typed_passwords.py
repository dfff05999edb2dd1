"""Of a typed password nothing stays in the session's state, whatever came of it."""

import hmac

import pyotp
import pytest

from tests.pages.conftest import PASSWORD, SignIn
from tests.visiting import XSRF, Visit
from ticketing.desk import Desk
from ticketing.domain.browsers import browser_id
from ticketing.ui import arrival
from ticketing.ui.deeds import Deeds, key_of
from ticketing.ui.memory import MEMORY

WRONG = "a wrong walk home"
NEW = "another long walk"


def kept(visit: Visit) -> str:
    """Return all that is kept for this visitor from one run to the next."""
    state = visit.at.session_state._state._state  # noqa: SLF001 - fields have ids of their own, besides their keys
    return repr([state._new_session_state, state._new_widget_state, state._old_state])  # noqa: SLF001


def test_what_else_was_typed_is_found_there(desk: Desk) -> None:
    stranger = Visit(desk).open("login").fill(username="carla", password=WRONG).press("submit")

    assert stranger.refused == ["Username or password is wrong."]
    assert "carla" in kept(stranger)


@pytest.mark.parametrize("password", [WRONG, PASSWORD], ids=["wrong", "right"])
def test_not_after_signing_in(desk: Desk, password: str) -> None:
    stranger = Visit(desk).open("login").fill(username="carla", password=password).press("submit")

    assert password not in kept(stranger)


@pytest.mark.parametrize("is_right", [False, True], ids=["wrong", "right"])
def test_not_of_a_code_after_signing_in_with_one(desk: Desk, *, is_right: bool) -> None:
    carla = desk.sessions.actor(desk.accounts.sign_in("carla", PASSWORD))
    app = pyotp.TOTP(desk.second_factors.propose(carla).secret)
    paper = desk.second_factors.turn_on(carla, PASSWORD, app.at(desk.clock()))
    stranger = Visit(desk).open("login").fill(username="carla", password=PASSWORD).press("submit")
    code = paper[0] if is_right else paper[0][:-1]

    stranger.fill(code=code).press("submit_code")

    assert len(stranger.refused) == (0 if is_right else 1)
    assert code not in kept(stranger)


@pytest.mark.parametrize("password", [WRONG, PASSWORD], ids=["wrong", "right"])
def test_not_after_entering_another_address(sign_in: SignIn, password: str) -> None:
    carla = sign_in("carla").open("account")

    carla.fill(email="carla@example.org", profile_password=password).press("save_profile")

    assert len(carla.refused) == (password == WRONG)
    assert password not in kept(carla)


@pytest.mark.parametrize("confirmation", [WRONG, PASSWORD], ids=["refused", "registered"])
def test_not_after_registering(desk: Desk, confirmation: str) -> None:
    stranger = Visit(desk).open("register")

    stranger.fill(username="erin", display_name="Erin", password=PASSWORD, confirmation=confirmation).press("submit")

    assert PASSWORD not in kept(stranger)
    assert confirmation not in kept(stranger)


@pytest.mark.parametrize("current", [WRONG, PASSWORD], ids=["refused", "changed"])
def test_not_after_changing_the_password(carla: Visit, current: str) -> None:
    carla.open("account").fill(current=current, new=NEW, confirmation=NEW).press("save_password")

    assert current not in kept(carla)
    assert NEW not in kept(carla)


def test_a_refused_password_can_be_sent_again(desk: Desk) -> None:
    stranger = Visit(desk).open("login").fill(username="carla", password=WRONG).press("submit")

    stranger.fill(password=PASSWORD).press("submit")

    assert stranger.refused == []
    assert len(stranger.at.get("bidi_component")) == 1


def test_what_a_second_click_is_known_by_tells_nobody_the_password(desk: Desk) -> None:
    stranger = Visit(desk).open("login").fill(username="carla", password=PASSWORD).press("submit")

    [known] = vars(stranger.at.session_state[MEMORY][Deeds])["_done"]
    typed = key_of(browser_id(XSRF), "login", "carla", PASSWORD)
    assert known == hmac.digest(arrival._SECRET, f"{typed}\0{0}".encode(), "sha256").hex()  # noqa: SLF001 - nobody else knows it
