"""Names, addresses, roles, and what may be shown of an account."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ticketing.domain.errors import BlankError, EmailError, ForbiddenCharacterError, TooLongError, UsernameError
from ticketing.domain.people import (
    Actor,
    PeopleQuery,
    Person,
    Role,
    Standing,
    User,
    clean_display_name,
    clean_email,
    username_key,
)


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("carla", "carla"),
        ("  Carla ", "carla"),
        ("CARLA.C-1_2", "carla.c-1_2"),
        ("ｃａｒｌａ", "carla"),  # noqa: RUF001 - full width letters are the point
        ("\u212aarla", "karla"),
        ("1st", "1st"),
        ("a" * 32, "a" * 32),
    ],
)
def test_a9_ways_to_write_one_username_have_one_key(typed: str, key: str) -> None:
    assert username_key(typed) == key


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ab",
        "a" * 33,
        "-ab",
        ".abc",
        "_abc",
        "carla c",
        "carla\n2",
        "саrla",  # noqa: RUF001 - the first two letters are Cyrillic
        "carla\u200b",
        "carla\x00",
        "\ud800abc",
        "carla/..",
        "müller",
        "a" * 1_000_000,
        "\u202ecarla",
    ],
    ids=lambda typed: ascii(typed[:12]),
)
def test_a9_anything_else_is_no_username(typed: str) -> None:
    with pytest.raises(UsernameError, match="A username has 3 to 32 characters"):
        username_key(typed)


@given(st.text(max_size=40))
def test_a_username_key_is_its_own_key(typed: str) -> None:
    try:
        key = username_key(typed)
    except UsernameError:
        return

    assert username_key(key) == key
    assert key.isascii()


@pytest.mark.parametrize("typed", ["", " ", "\u200b"])
def test_an_email_may_be_left_out(typed: str) -> None:
    assert clean_email(typed) is None


@pytest.mark.parametrize("typed", ["carla@example.org", " carla@example.org ", "c+tag@localhost", "ü@exämple.org"])
def test_what_can_be_an_email_is_kept(typed: str) -> None:
    assert clean_email(typed) == typed.strip()


@pytest.mark.parametrize(
    "typed",
    [
        "carla",
        "@example.org",
        "carla@",
        "a@b@c",
        "a b@example.org",
        "carla@example.org, oskar@example.org",
        "Carla <carla@example.org>",
        "carla@example.org\nBcc: all@example.org",
        "car\u200bla@example.org",
        "x" * 65 + "@example.org",
    ],
    ids=ascii,
)
def test_what_cannot_be_an_email_is_refused(typed: str) -> None:
    with pytest.raises(EmailError, match="does not look like an e-mail address"):
        clean_email(typed)


def test_an_email_has_at_most_254_characters() -> None:
    longest = "carla@" + "x" * (254 - len("carla@.org")) + ".org"

    assert clean_email(longest) == longest
    with pytest.raises(TooLongError, match=r"E-mail has 255 characters; at most 254 fit\."):
        clean_email(f"{longest}x")


def test_an_email_of_any_size_or_with_unprintable_characters_is_refused() -> None:
    with pytest.raises(TooLongError):
        clean_email("c@" + "x" * 1_000_000)
    with pytest.raises(ForbiddenCharacterError):
        clean_email("carla\x00@example.org")


def test_a9_a_display_name_has_at_most_80_characters_and_is_not_blank() -> None:
    assert clean_display_name(" Carla\u202e  Colani ") == "Carla Colani"
    assert clean_display_name("x" * 80) == "x" * 80
    with pytest.raises(TooLongError, match="Display name has 81 characters"):
        clean_display_name("x" * 81)
    with pytest.raises(BlankError):
        clean_display_name("\u200b\u3164")


@pytest.mark.parametrize(("role", "is_agent"), [(Role.USER, False), (Role.AGENT, True), (Role.ADMIN, True)])
def test_agents_and_admins_work_the_queue(role: Role, *, is_agent: bool) -> None:
    assert Actor("ada", "Ada Albers", role).is_agent is is_agent


def test_the_command_line_acts_as_admin_without_a_session() -> None:
    console = Actor.console()

    assert console.role is Role.ADMIN
    assert console.at_console
    assert console.session is None


def test_a_person_shows_nothing_of_the_password_nor_of_unknown_fields(now: datetime) -> None:
    user = User.model_validate(
        {
            "id": "carla",
            "display_name": "Carla Colani",
            "password": "bcrypt$secret",
            "created_at": now,
            "password_changed_at": now,
            "recovery": "secret too",
        }
    )

    person = Person.of(user)

    assert user.username == person.username == "carla"
    assert "secret" not in person.model_dump_json()
    assert "password" not in {name for name in person.model_dump() if name != "must_change_password"}


@pytest.mark.parametrize("fields", [{"page": 0}, {"page": -1}, {"size": 0}, {"text": "x" * 201}])
def test_a_list_of_people_begins_with_page_one(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PeopleQuery.model_validate(fields)


DAY = timedelta(days=1)


@pytest.fixture
def carla() -> User:
    now = datetime(2031, 5, 6, tzinfo=UTC)
    return User(
        id="carla",
        display_name="Carla",
        email="carla@example.org",
        password="!",
        created_at=now,
        password_changed_at=now,
    )


@pytest.mark.parametrize(
    ("standing", "bounces", "reachable"),
    [
        (Standing.GIVEN, 0, True),
        (Standing.GIVEN, 2, True),
        (Standing.CONFIRMED, 2, True),
        (Standing.CONFIRMED, 3, False),
        (Standing.UNCONFIRMED, 0, False),
    ],
)
def test_a_person_is_written_to_at_an_address_that_is_theirs_and_gives_no_mail_back(
    carla: User, standing: Standing, bounces: int, *, reachable: bool
) -> None:
    carla.put_address("carla@example.org", standing)
    for number in range(bounces):
        carla.note_bounce(carla.created_at + number * DAY)

    assert carla.reachable_at == ("carla@example.org" if reachable else None)
    assert Person.of(carla).comes_back is (bounces == 3)


def test_mails_that_came_back_a_month_apart_do_not_add_up(carla: User) -> None:
    for number in range(9):
        carla.note_bounce(carla.created_at + number * 15 * DAY)

    assert not carla.comes_back


def test_another_address_begins_without_what_was_known_of_the_former_and_none_is_given(carla: User) -> None:
    for _ in range(3):
        carla.note_bounce(carla.created_at)

    carla.put_address(None, Standing.CONFIRMED)

    assert (carla.email, carla.standing, carla.comes_back) == (None, Standing.GIVEN, False)
    assert not carla.has_address("")


def test_an_address_is_the_same_in_whatever_case_it_is_written(carla: User) -> None:
    assert carla.has_address("CARLA@example.ORG")
    assert not carla.has_address("oskar@example.org")


def test_an_account_from_before_addresses_were_confirmed_is_kept_as_it_was(carla: User) -> None:
    document = carla.model_dump_json(exclude_none=True)

    assert "standing" not in document
    assert "bounced_at" not in document
    assert User.model_validate_json(document).standing is Standing.GIVEN
