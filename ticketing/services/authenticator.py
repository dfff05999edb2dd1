"""
What an authenticator app is told, and whether a code is one that it shows.

The secret in the app is not stored. It is made of a salt that the account keeps and of a key that is kept elsewhere, as
RFC 4226 (7.5) proposes: who has got hold of a backup of the store alone can reckon no code. Recovery codes have 80 bits
and are stored as hashes.
"""

import base64
import hmac
import secrets
from datetime import datetime
from typing import Final, Protocol

from ticketing.domain.errors import SecondFactorKeyError, StorageError
from ticketing.domain.people import User
from ticketing.domain.second_factor import (
    PROPOSED_FOR,
    RECOVERY_CODES,
    WINDOW,
    ProposedFactor,
    SecondFactor,
    read_digits,
    read_recovery_code,
)
from ticketing.domain.sign_in import fingerprint

_SALT_BYTES: Final = 16
_SECRET_BYTES: Final = 20  # as RFC 4226 recommends
_RECOVERY_BYTES: Final = 10
_GROUP: Final = 4
_PURPOSE: Final = b"ticketing/totp/v1"


class Key(Protocol):
    """A key of 32 bytes that is kept apart from the store."""

    def find(self) -> bytes | None:
        """Return it, or None where there is none yet."""

    def ensure(self) -> bytes:
        """Return it, made if there is none yet; raises StorageError."""


class Authenticator:
    """Makes the secrets of apps, and looks at codes."""

    def __init__(self, key: Key) -> None:
        self._key = key

    def find_key_id(self) -> str | None:
        """Return the mark of the key, as accounts keep it; None where there is none, or none that can be read."""
        try:
            key = self._key.find()
        except StorageError:
            return None
        return None if key is None else _id_of(key)

    def propose(self, session: str, now: datetime) -> ProposedFactor:
        """Return what a new secret is made of."""
        salt, key = secrets.token_hex(_SALT_BYTES), _id_of(self._key.ensure())
        return ProposedFactor(salt=salt, key=key, session=session, expires_at=now + PROPOSED_FOR)

    def secret(self, factor: ProposedFactor | SecondFactor) -> str:
        """Return the secret in Base32, as apps take it; raises SecondFactorKeyError where its key is not here."""
        key = self._key.find()
        if key is None or _id_of(key) != factor.key:
            raise SecondFactorKeyError
        made = hmac.digest(key, _PURPOSE + bytes.fromhex(factor.salt), "sha256")
        return base64.b32encode(made[:_SECRET_BYTES]).decode()

    def address(self, factor: ProposedFactor, username: str, issuer: str) -> str:
        """Return the otpauth address that an app reads off a picture."""
        import pyotp  # noqa: PLC0415 - few visitors of few processes set up an app

        return pyotp.TOTP(self.secret(factor)).provisioning_uri(name=username, issuer_name=issuer)

    def step_of(self, factor: ProposedFactor | SecondFactor, code: str, now: datetime) -> int | None:
        """Return of which step around this moment a code is, None if it is of none of them."""
        import pyotp  # noqa: PLC0415 - see above

        typed = read_digits(code)
        if typed is None:
            return None
        app = pyotp.TOTP(self.secret(factor))
        try:
            return app.verify_and_get_timecode(typed, for_time=now, valid_window=WINDOW)
        except pyotp.OTPVerificationError:
            return None

    def turned_on(self, proposed: ProposedFactor, code: str, now: datetime) -> SecondFactor | None:
        """Return the factor that a code of the app turns on, without recovery codes yet; None for a wrong code."""
        step = self.step_of(proposed, code, now)
        if step is None:
            return None
        return SecondFactor(salt=proposed.salt, key=proposed.key, since=now, last_step=step, recovery=[])

    def takes(self, user: User, code: str, now: datetime) -> bool:
        """Take a code of the account's app that was not used before, and tell whether it was one."""
        factor = user.second_factor
        step = self.step_of(factor, code, now) if factor else None
        return factor is not None and step is not None and factor.use_step(step)


def new_recovery_codes() -> list[str]:
    """Return ten codes that everybody can copy by hand, such as k7mq-2xwd-hsap-4tzc."""
    return ["-".join(_groups(base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)))) for _ in range(RECOVERY_CODES)]


def hash_recovery_code(user: User, code: str) -> str:
    """Return what is stored in the place of a recovery code of this account, however it was typed."""
    return fingerprint("recovery code", user.id, read_recovery_code(code))


def takes_recovery_code(user: User, code: str) -> bool:
    """Take one of the account's recovery codes, and tell whether it was one."""
    factor = user.second_factor
    return factor is not None and factor.use_recovery_code(hash_recovery_code(user, code))


def _groups(code: bytes) -> list[str]:
    text = code.decode().lower()
    return [text[start : start + _GROUP] for start in range(0, len(text), _GROUP)]


def _id_of(key: bytes) -> str:
    """Return the mark of a key, by which nobody gets it back."""
    return fingerprint("second factor key", key.hex())[:16]
