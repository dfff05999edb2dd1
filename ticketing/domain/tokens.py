"""
The tokens of the API: what signs access tokens, and how refresh tokens read.

An access token (a JWT, RFC 9068) says whose it is and which session it belongs to, and holds for 15 minutes at most. A
refresh token is opaque: the secret of its session, and one more that is new each time. Of both, the session keeps
hashes, so whoever shows a used one gives away that two have had it.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import ClassVar, Final, NamedTuple, Self

from pydantic import ConfigDict

from ticketing.domain.definitions import Definition
from ticketing.domain.errors import TokenRefusedError
from ticketing.domain.text import Stored

ACCESS_LIFETIME: Final = timedelta(minutes=15)
# How far the clocks of two machines may be apart.
LEEWAY: Final = timedelta(seconds=10)
# An access token has about 500 characters; no longer one is looked at.
TOKEN_LIMIT: Final = 2_000
_REFRESH: Final = re.compile(r"tr_([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})")


class SigningKey(Stored):
    """
    What a key for access tokens is made of, together with the master key that is kept elsewhere, `master` is its mark.

    One that was retired signs nothing, and what it has signed is good until that is over.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    salt: str
    master: str
    made_at: datetime
    retired_at: datetime | None = None

    def checks(self, now: datetime) -> bool:
        """Whether there may be tokens about that it has signed and that are not over."""
        return self.retired_at is None or now < self.retired_at + ACCESS_LIFETIME + LEEWAY


class SigningKeys(Definition):
    """All keys for access tokens that are in use, the oldest first."""

    kind: ClassVar[str] = "signing_keys"
    is_settings: ClassVar[bool] = False

    keys: tuple[SigningKey, ...] = ()

    def find(self, key_id: str, now: datetime) -> SigningKey | None:
        """Return the key of this id that tokens may have been signed with; None if there is none."""
        return next((key for key in self.keys if key.id == key_id and key.checks(now)), None)

    def current(self, master: str) -> SigningKey | None:
        """Return the newest key under this master key that signs; None if there is none."""
        return next((key for key in reversed(self.keys) if key.master == master and key.retired_at is None), None)

    def with_new(self, new: SigningKey, now: datetime) -> Self:
        """Return them with one more; those that check nothing any more are left out."""
        return self._of([*(key for key in self.keys if key.checks(now)), new])

    def retired(self, now: datetime) -> Self:
        """Return them all retired."""
        return self._of(key if key.retired_at else key.model_copy(update={"retired_at": now}) for key in self.keys)

    def _of(self, keys: Iterable[SigningKey]) -> Self:
        return self.model_copy(update={"keys": tuple(keys)})


class RefreshToken(NamedTuple):
    """What a refresh token holds: the secret of its session, and the one that is new each time."""

    family: str
    secret: str

    @classmethod
    def read(cls, token: str) -> Self:
        """Read it; raises TokenRefusedError."""
        found = _REFRESH.fullmatch(token)
        if found is None:
            raise TokenRefusedError
        return cls(found[1], found[2])

    def __str__(self) -> str:
        """Return it as it is handed out."""
        return f"tr_{self.family}.{self.secret}"
