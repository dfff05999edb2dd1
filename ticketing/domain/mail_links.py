"""
Links that are mailed to somebody, by which they show that they read what is sent to an address.

A link holds once and for a time, for one account with the address and the password that it has; a newer one for the
same purpose ends it. Its secret is in the mail alone: what is kept is a hash of it.
"""

import hmac
import re
from datetime import datetime, timedelta
from enum import StrEnum
from operator import not_
from typing import Final, NamedTuple, Self

from pydantic import Field

from ticketing.domain.errors import MailLinkError
from ticketing.domain.people import User
from ticketing.domain.sign_in import fingerprint
from ticketing.domain.text import Stored

# How many such links one address gets at most, and one account, within an hour.
LINKS_PER_HOUR: Final = 3
_TOKEN: Final = re.compile(r"([0-9a-f]{32})-([A-Za-z0-9_-]{43})")
_ID_LENGTH: Final = 32


class Purpose(StrEnum):
    """What a link is for."""

    CONFIRM = "confirm"
    RESET = "reset"
    INVITE = "invite"


LIFETIMES: Final = {
    Purpose.CONFIRM: timedelta(days=3),
    Purpose.RESET: timedelta(minutes=60),
    Purpose.INVITE: timedelta(hours=72),
}


class LinkToken(NamedTuple):
    """What stands in an address: whose link it is, not to be read by others, and its secret."""

    id: str
    secret: str

    @classmethod
    def read(cls, token: str) -> Self:
        """Read it; raises MailLinkError."""
        found = _TOKEN.fullmatch(token)
        if found is None:
            raise MailLinkError
        return cls(found[1], found[2])

    def __str__(self) -> str:
        """Return it as it stands in an address."""
        return f"{self.id}-{self.secret}"


def link_id(purpose: Purpose, username: str) -> str:
    """Return the id of an account's newest link of one purpose."""
    return fingerprint("ticketing.mail_link", purpose, username)[:_ID_LENGTH]


class MailLink(Stored):
    """
    The newest link of one purpose for one account.

    `sign_in_version` is the account's when it was made, which rises with each change of its password. One that was
    handed over by a person and not mailed shows nothing of whose the address is.
    """

    id: str
    purpose: Purpose
    username: str
    address: str
    sign_in_version: int
    secret_sha256: str
    expires_at: datetime
    handed_over: bool = Field(default=False, exclude_if=not_)

    @classmethod
    def of(cls, purpose: Purpose, user: User, secret: str, now: datetime, *, handed_over: bool = False) -> Self:
        """Return a link for an account with its present address, given 32 random bytes as base64url."""
        return cls(
            id=link_id(purpose, user.id),
            purpose=purpose,
            username=user.id,
            address=user.email or "",
            sign_in_version=user.sign_in_version,
            secret_sha256=fingerprint(secret),
            expires_at=now + LIFETIMES[purpose],
            handed_over=handed_over,
        )

    def opens(self, purpose: Purpose, token: LinkToken, user: User, now: datetime) -> bool:
        """Whether the token is its own and it holds still: nothing has changed at the account that it was made for."""
        is_right = hmac.compare_digest(self.secret_sha256, fingerprint(token.secret)) and self.purpose is purpose
        is_expected = user.invited_at is not None if purpose is Purpose.INVITE else user.active
        is_same = is_expected and user.has_address(self.address) and user.sign_in_version == self.sign_in_version
        return is_right and is_same and now < self.expires_at
