"""What a provider proves of somebody, of which nothing but issuer and subject is relied on."""

from itertools import islice

import pytest

from ticketing.domain.openid import Proven


def proven(**claims: object) -> Proven:
    return Proven("https://login.example.org", "42", **claims)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("email", "verified", "address"),
    [
        ("gesa@example.org", True, "gesa@example.org"),
        ("gesa@example.org", False, None),
        ("no address", True, None),
        (None, True, None),
    ],
)
def test_an_address_counts_if_it_is_one_and_the_provider_vouches_for_it(
    email: str | None, *, verified: bool, address: str | None
) -> None:
    assert proven(email=email, email_is_verified=verified).verified_address == address


@pytest.mark.parametrize(("name", "called"), [("Gesa Holm", "Gesa Holm"), ("", "gesa"), ("a\0b", "gesa")])
def test_who_has_no_name_that_can_be_shown_is_called_by_the_username(name: str, called: str) -> None:
    assert proven(name=name).display_name("gesa") == called


def test_usernames_are_made_of_what_somebody_is_called_there_and_come_to_an_end() -> None:
    assert list(islice(proven(username="Gesa", email="g.holm@example.org").usernames(), 2)) == ["gesa", "gesa-2"]
    assert next(proven(username="!", email="g.holm@example.org").usernames()) == "g.holm"
    names = list(proven().usernames())
    assert names[0] == "user"
    assert len(names) == len(set(names)) < 1000
