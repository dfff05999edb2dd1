"""What a second factor takes, once, and how codes are read."""

from datetime import datetime, timedelta

import pytest

from ticketing.domain.people import Actor, Person, Role, User
from ticketing.domain.second_factor import SecondFactor, read_digits, read_recovery_code
from ticketing.domain.sign_in import Device

DAY = timedelta(days=1)


@pytest.fixture
def factor(now: datetime) -> SecondFactor:
    """Return a factor whose last code was of step 100, with two recovery codes left."""
    return SecondFactor(salt="00", key="k", since=now, last_step=100, recovery=["one", "two"])


@pytest.fixture
def user(now: datetime) -> User:
    """Return Carla's account."""
    return User(id="carla", display_name="Carla", password="x", created_at=now, password_changed_at=now)


@pytest.mark.parametrize(("step", "is_taken"), [(99, False), (100, False), (101, True), (102, True)])
def test_no_step_is_taken_twice_and_none_from_before_the_last(
    factor: SecondFactor, step: int, *, is_taken: bool
) -> None:
    assert factor.use_step(step) is is_taken
    assert factor.last_step == max(100, step)
    assert not factor.use_step(step)


def test_a_recovery_code_is_gone_when_it_was_used(factor: SecondFactor) -> None:
    assert not factor.use_recovery_code("three")
    assert factor.use_recovery_code("one")
    assert not factor.use_recovery_code("one")
    assert factor.recovery == ["two"]


@pytest.mark.parametrize("typed", ["123456", " 123 456 ", "123-456", "\uff11\uff12\uff13456", "12\u00a034\n56"])
def test_six_digits_are_read_however_they_are_written(typed: str) -> None:
    assert read_digits(typed) == "123456"


@pytest.mark.parametrize(
    "typed", ["", "12345", "1234567", "12345a", "\u0661\u0662\u0663\u0664\u0665\u0666", "1" * 10_000]
)
def test_nothing_else_is_six_digits(typed: str) -> None:
    assert read_digits(typed) is None


@pytest.mark.parametrize("typed", ["k7mo-2xlb", "K7MO 2XLB", "k7m02x18", "\tk7mo2xlb\n"])
def test_a_recovery_code_is_read_with_what_is_taken_for_letters(typed: str) -> None:
    assert read_recovery_code(typed) == "k7mo2xlb"


def test_a_browser_is_trusted_by_one_person_until_a_day_and_while_no_sign_ins_were_ended(
    user: User, now: datetime
) -> None:
    device = Device(id="d", username="carla", trusted_until=now + DAY, sign_in_version=0, expires_at=now + 9 * DAY)

    assert device.is_trusted_by(user, now)
    assert not device.is_trusted_by(user, now + DAY)
    assert not device.is_trusted_by(user.model_copy(update={"sign_in_version": 1}), now)
    assert not device.is_trusted_by(user.model_copy(update={"id": "oskar"}), now)
    assert not device.model_copy(update={"trusted_until": None}).is_trusted_by(user, now)


def test_nothing_of_a_second_factor_is_shown_to_agents_but_that_it_is_on(user: User, factor: SecondFactor) -> None:
    assert not Person.of(user).has_second_factor
    user.second_factor = factor

    shown = Person.of(user)

    assert shown.has_second_factor
    assert set(shown.model_dump()).isdisjoint({"second_factor", "proposed_factor"})


def test_an_account_without_a_second_factor_is_stored_as_before(user: User) -> None:
    assert "factor" not in user.model_dump_json(exclude_none=True)


def test_who_has_something_to_do_first_is_half_in() -> None:
    assert not Actor("carla", "Carla", Role.USER).is_half_in
    assert Actor("carla", "Carla", Role.USER, must_change_password=True).is_half_in
    assert Actor("carla", "Carla", Role.USER, must_set_up_second_factor=True).is_half_in
