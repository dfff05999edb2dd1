"""Two-step sign-in through the pages: what each step shows, and what it refuses."""

from datetime import timedelta

import pyotp
import pytest

import ticketing.desk
from tests.pages.conftest import PASSWORD
from tests.visiting import Visit
from ticketing.desk import Desk
from ticketing.domain.people import Actor
from ticketing.settings import Settings
from ticketing.ui.wording import t

Paper = list[str]


@pytest.fixture
def paper(desk: Desk) -> Paper:
    """Turn Carla's second factor on, and return her recovery codes."""
    carla = desk.sessions.actor(desk.accounts.sign_in("carla", PASSWORD))
    app = pyotp.TOTP(desk.second_factors.propose(carla).secret)
    return desk.second_factors.turn_on(carla, PASSWORD, app.at(desk.clock()))


@pytest.fixture
def half(desk: Desk, paper: Paper) -> Visit:
    """Return a tab in which Carla's password was typed."""
    assert paper
    return Visit(desk).open("login").fill(username="carla", password=PASSWORD).press("submit")


def fields(visit: Visit) -> list[str]:
    return [field.label for field in visit.at.text_input]


def bridges(visit: Visit) -> int:
    return len(visit.at.get("bidi_component"))


def test_after_the_password_there_is_a_field_for_the_code_and_no_sign_in(half: Visit) -> None:
    assert fields(half) == [t("two_step.code")]
    assert bridges(half) == 0
    assert half.refused == []


def test_the_right_code_signs_in(half: Visit, paper: Paper) -> None:
    half.fill(code=paper[0]).press("submit_code")

    assert bridges(half) == 1
    assert half.refused == []


def test_a_wrong_code_is_refused_and_the_next_one_may_be_right(half: Visit, paper: Paper) -> None:
    half.fill(code="123456").press("submit_code")
    assert [words.startswith("This code is wrong") for words in half.refused] == [True]
    assert bridges(half) == 0

    assert bridges(half.fill(code=paper[0]).press("submit_code")) == 1


def test_who_starts_over_types_the_password_again_and_may_do_so_at_once(half: Visit, paper: Paper) -> None:
    half.press("start_over")
    assert fields(half) == [t("field.username"), t("field.password")]

    half.fill(username="carla", password=PASSWORD).press("submit")
    assert fields(half) == [t("two_step.code")]
    assert bridges(half.fill(code=paper[0]).press("submit_code")) == 1


def test_when_all_sign_ins_were_ended_meanwhile_the_password_is_asked_for_again(
    half: Visit, paper: Paper, desk: Desk
) -> None:
    desk.agents.end_sessions(Actor.console(), "carla")

    half.fill(code=paper[0]).press("submit_code")

    assert ["Please sign in again" in words for words in half.refused] == [True]
    assert fields(half) == [t("field.username"), t("field.password")]
    assert bridges(half) == 0


def test_a_ticket_that_waited_for_too_long_is_not_asked_a_code_for(
    half: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ticketing.ui.arrival.HALF_SIGN_IN_LIFETIME", timedelta())

    half.open("login")

    assert fields(half) == [t("field.username"), t("field.password")]


def app_on(visit: Visit) -> pyotp.TOTP:
    """Read the secret off the page that shows it."""
    return pyotp.TOTP(visit.at.code[0].value.replace(" ", ""))


def test_new_recovery_codes_are_shown_once(desk: Desk, carla: Visit) -> None:
    carla.open("account").press("set_up_two_step")
    app = app_on(carla)
    carla.fill(new_code=app.at(desk.clock()), two_step_password=PASSWORD).press("turn_on")
    first = carla.sent("ticketing_recovery_codes")["codes"]
    assert len(first) == 10
    carla.press("codes_kept").open("account")
    carla.fill(renewing_code=app.at(desk.clock() + timedelta(seconds=30))).press("renew")

    second = carla.sent("ticketing_recovery_codes")["codes"]

    assert set(first).isdisjoint(second)
    carla.press("codes_kept").open("account")
    assert second[0] not in str(carla.at.main)
    carla.fill(last_code=second[0], last_password=PASSWORD).press("turn_off")
    assert t("two_step.off") in carla.said
    assert desk.accounts.sign_in("carla", PASSWORD)


def test_few_recovery_codes_are_warned_of(desk: Desk, carla: Visit) -> None:
    actor = desk.sessions.actor(carla.token or "")
    app = pyotp.TOTP(desk.second_factors.propose(actor).secret)
    desk.second_factors.turn_on(actor, PASSWORD, app.at(desk.clock()))
    with desk.store.write() as tx:
        user = tx.users.find("carla")
        assert user is not None
        assert user.second_factor is not None
        user.second_factor.recovery = user.second_factor.recovery[:3]
        tx.users.save(user)

    carla.open("account")

    assert t("two_step.few_left", left=3) in [warning.value for warning in carla.at.warning]


def test_a_desk_that_asks_for_it_leads_everybody_to_the_account_page(
    desk: Desk, carla: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    strict = Desk(Settings(storage_url="memory:", require_second_factor="everyone"), desk.store, password_rounds=4)
    monkeypatch.setattr(ticketing.desk, "_shared", strict)
    visit = Visit(strict, carla.token)

    visit.open("account")

    assert t("two_step.due") in visit.said
    assert {button.key for button in visit.at.button} == {"sign_out", "turn_on"}


def test_an_admin_sees_who_has_it_and_turns_it_off_and_an_agent_only_sees(
    desk: Desk, paper: Paper, ada: Visit, root: Visit
) -> None:
    assert paper
    assert not [
        button for button in ada.open("agent_admin", person="carla").at.button if button.key == "turn_off_two_step"
    ]

    root.open("agent_admin", person="carla").press("turn_off_two_step")

    assert t("people.two_step_off", name="Carla") in root.said
    assert desk.accounts.sign_in("carla", PASSWORD)
