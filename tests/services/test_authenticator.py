"""Codes as RFC 6238 has them, and secrets that are nowhere but in the app."""

import base64
from datetime import UTC, datetime

import pyotp
import pytest

from ticketing.domain.errors import SecondFactorKeyError
from ticketing.domain.second_factor import ProposedFactor
from ticketing.services.authenticator import Authenticator
from ticketing.storage.keys import GivenKey

NOW = datetime(2031, 5, 6, 9, 30, tzinfo=UTC)
# RFC 6238, appendix B: seconds since 1970, and the last six of the eight digits (SHA-1).
VECTORS = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
    (20000000000, "353130"),
]


class Rfc(Authenticator):
    """An authenticator whose app has the secret of the RFC."""

    def secret(self, _factor: object) -> str:
        """Return it."""
        return base64.b32encode(b"12345678901234567890").decode()


@pytest.fixture
def proposed() -> ProposedFactor:
    """Return something to set up."""
    return Authenticator(GivenKey(b"k" * 32)).propose("s", NOW)


@pytest.mark.parametrize(("seconds", "code"), VECTORS)
def test_codes_are_those_of_the_rfc(proposed: ProposedFactor, seconds: int, code: str) -> None:
    at = datetime.fromtimestamp(seconds, UTC)

    assert Rfc(GivenKey(b"k" * 32)).step_of(proposed, code, at) == seconds // 30
    assert Rfc(GivenKey(b"k" * 32)).step_of(proposed, f"{(int(code) + 1) % 10**6:06}", at) is None


def test_a_secret_has_160_bits_and_takes_both_salt_and_key(proposed: ProposedFactor) -> None:
    authenticator = Authenticator(GivenKey(b"k" * 32))
    other = authenticator.propose("s", NOW)

    secret = authenticator.secret(proposed)

    assert len(base64.b32decode(secret)) == 20
    assert authenticator.secret(proposed) == secret
    assert authenticator.secret(other) != secret
    assert secret not in proposed.model_dump_json()
    assert (b"k" * 32).hex() not in proposed.model_dump_json()
    with pytest.raises(SecondFactorKeyError):
        Authenticator(GivenKey(b"l" * 32)).secret(proposed)


def test_a_factor_is_turned_on_by_a_code_of_its_own_app(proposed: ProposedFactor) -> None:
    authenticator = Authenticator(GivenKey(b"k" * 32))
    code = pyotp.TOTP(authenticator.secret(proposed)).at(NOW)

    factor = authenticator.turned_on(proposed, code, NOW)

    assert factor is not None
    assert authenticator.secret(factor) == authenticator.secret(proposed)
    assert factor.last_step == int(NOW.timestamp()) // 30
    assert authenticator.turned_on(proposed, "", NOW) is None
