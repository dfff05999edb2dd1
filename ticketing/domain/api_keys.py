"""API keys: people make them for programs that act on their behalf, each for some scopes and some days."""

from datetime import datetime, timedelta
from typing import ClassVar, Final

from ticketing.domain.scopes import Scope
from ticketing.domain.sign_in import fingerprint
from ticketing.domain.text import Stored

# With what each key begins, so that people and scanners of code know one when they see it.
KEY_PREFIX: Final = "tk_"
KEYS_PER_PERSON: Final = 20
MOST_DAYS: Final = 366


class ApiKey(Stored):
    """
    An API key. `id` is the SHA-256 of its secret, which is shown once and stored nowhere.

    `last_used_at` and `address`, from where that was, are noted at most once an hour.
    """

    id: str
    username: str
    name: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None
    address: str = ""

    NOTED_EVERY: ClassVar[timedelta] = timedelta(hours=1)

    def is_alive(self, now: datetime) -> bool:
        """Whether it may still be used."""
        return now < self.expires_at

    def is_to_be_noted(self, now: datetime) -> bool:
        """Whether it is time to note that it was used."""
        return self.last_used_at is None or now >= self.last_used_at + self.NOTED_EVERY


def id_of(key: str) -> str:
    """Return the id of a key, given the key as it was shown."""
    return fingerprint("api key", key)
