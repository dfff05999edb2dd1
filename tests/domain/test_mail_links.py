"""A mailed link opens one thing, once and for a time, for an account as it was when the link was made."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from ticketing.domain.errors import MailLinkError
from ticketing.domain.mail_links import LIFETIMES, LinkToken, MailLink, Purpose
from ticketing.domain.people import Standing, User

NOW = datetime(2031, 5, 6, 9, 30, tzinfo=UTC)
SECRET = "s" * 43
RESET = Purpose.RESET


@pytest.fixture
def carla() -> User:
    return User(
        id="carla",
        display_name="Carla",
        email="carla@example.org",
        password="!",
        created_at=NOW,
        password_changed_at=NOW,
    )


@pytest.fixture
def link(carla: User) -> MailLink:
    return MailLink.of(RESET, carla, SECRET, NOW)


def test_a_link_opens_for_whom_it_was_made_and_its_secret_is_not_kept(link: MailLink, carla: User) -> None:
    token = LinkToken.read(str(LinkToken(link.id, SECRET)))

    assert link.opens(RESET, token, carla, NOW + LIFETIMES[RESET] - timedelta(seconds=1))
    assert SECRET not in link.model_dump_json()


def moved(carla: User) -> None:
    carla.put_address("carla@example.net", Standing.CONFIRMED)


def without_address(carla: User) -> None:
    carla.put_address(None, Standing.CONFIRMED)


def signed_out_everywhere(carla: User) -> None:
    carla.sign_in_version += 1


def deactivated(carla: User) -> None:
    carla.active = False


@pytest.mark.parametrize("change", [moved, without_address, signed_out_everywhere, deactivated])
def test_a_link_dies_with_what_it_was_made_for(link: MailLink, carla: User, change: Callable[[User], None]) -> None:
    change(carla)

    assert not link.opens(RESET, LinkToken(link.id, SECRET), carla, NOW)


def test_a_link_is_for_its_purpose_its_time_and_its_secret_alone(link: MailLink, carla: User) -> None:
    token = LinkToken(link.id, SECRET)

    assert not link.opens(Purpose.CONFIRM, token, carla, NOW)
    assert not link.opens(RESET, token, carla, NOW + LIFETIMES[RESET])
    assert not link.opens(RESET, LinkToken(link.id, "t" * 43), carla, NOW)


@pytest.mark.parametrize("made_up", ["", "-", "a", f"{'0' * 32}-", f"{'0' * 32}-{'s' * 42}", f"{'0' * 32}-{'s' * 44}"])
def test_what_cannot_be_a_token_is_none(made_up: str) -> None:
    with pytest.raises(MailLinkError):
        LinkToken.read(made_up)
