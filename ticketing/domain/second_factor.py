"""The second factor of signing in: a code that an app shows for half a minute (TOTP), or one of the recovery codes."""

import unicodedata
from datetime import datetime, timedelta
from typing import Final

from ticketing.domain.text import Stored

CODE_DIGITS: Final = 6
# Clocks of phones are off by a little, and typing takes its time: codes of so many steps before and after are taken.
WINDOW: Final = 1
RECOVERY_CODES: Final = 10
# As long as it may take to find a phone, install an app and scan.
PROPOSED_FOR: Final = timedelta(hours=1)
TRUSTED_FOR: Final = timedelta(days=30)

_LONGEST_TYPED: Final = 100
# What is taken for a letter of Base32, which has no such digits.
_MISREAD: Final = str.maketrans("018", "olb")


class ProposedFactor(Stored):
    """A second factor that somebody was shown and has not turned on yet; only in the session that asked for it."""

    salt: str
    key: str
    session: str
    expires_at: datetime


class SecondFactor(Stored):
    """
    The second factor of an account.

    The app's secret is made of `salt` and a key that is not in the store; `key` tells which one. `last_step` is the
    step of the last code that was taken: that one and those before are worth nothing any more. `recovery` are the
    hashes of the recovery codes that are left.
    """

    salt: str
    key: str
    since: datetime
    last_step: int
    recovery: list[str]

    def use_step(self, step: int) -> bool:
        """Take a code of this step, and tell whether it was still worth something."""
        if step <= self.last_step:
            return False
        self.last_step = step
        return True

    def use_recovery_code(self, hashed: str) -> bool:
        """Take a recovery code by its hash, and tell whether it was still there."""
        if hashed not in self.recovery:
            return False
        self.recovery.remove(hashed)
        return True


def read_digits(typed: str) -> str | None:
    """Return the six digits of an app's code as it is written in any script, with blanks or without; else None."""
    digits = _without_blanks(typed)
    return digits if len(digits) == CODE_DIGITS and digits.isascii() and digits.isdigit() else None


def read_recovery_code(typed: str) -> str:
    """Return a recovery code as it is hashed, whatever stands between its letters, and however it was copied."""
    return _without_blanks(typed).translate(_MISREAD)


def _without_blanks(typed: str) -> str:
    plain = unicodedata.normalize("NFKC", typed[:_LONGEST_TYPED]).casefold()
    return "".join(char for char in plain if char.isalnum())
