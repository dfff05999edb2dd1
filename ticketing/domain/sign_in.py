"""What the desk remembers about signing in: sessions, hand-offs, known devices, failed attempts."""

import hashlib
from datetime import datetime, timedelta
from operator import not_
from typing import ClassVar

from pydantic import Field

from ticketing.domain.people import Role, User
from ticketing.domain.text import Stored

HAND_OFF_LIFETIME = timedelta(seconds=60)
HALF_SIGN_IN_LIFETIME = timedelta(minutes=5)
DEVICE_LIFETIME = timedelta(days=365)
SESSIONS_PER_PERSON = 50
VIEW_LIFETIME = timedelta(minutes=30)


def fingerprint(*secrets: str) -> str:
    """Return what is stored in the place of a secret: a hash from which nobody gets it back."""
    return hashlib.sha256("\0".join(secrets).encode("utf-8", "surrogatepass")).hexdigest()


class Session(Stored):
    """
    A signed-in browser. `id` is the SHA-256 of the secret in its cookie; the secret itself is stored nowhere.

    Or a program that is signed in to the API: then `id` is that of the secret which all its refresh tokens share, and
    `refresh_sha256` that of the secret of the newest one. `viewed` is as whose owner an admin views the desk in this
    browser, until `viewed_until`.
    """

    id: str
    username: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    address: str = ""
    description: str = ""
    refresh_sha256: str = Field("", exclude_if=not_)
    viewed: str = Field("", exclude_if=not_)
    viewed_until: datetime | None = Field(None, exclude_if=not_)

    SEEN_EVERY: ClassVar[timedelta] = timedelta(minutes=1)

    @property
    def is_api(self) -> bool:
        """Whether it is a program's; none of a browser's can be used in its place, nor the other way round."""
        return bool(self.refresh_sha256)

    def view(self, username: str, now: datetime) -> None:
        """View the desk as somebody else for half an hour."""
        self.viewed, self.viewed_until = username, now + VIEW_LIFETIME

    def end_view(self) -> None:
        """View the desk as oneself again."""
        self.viewed, self.viewed_until = "", None

    def viewed_at(self, now: datetime) -> str:
        """Return the account as whose owner the desk is viewed at this moment, "" for the own one."""
        return self.viewed if self.viewed_until is not None and now < self.viewed_until else ""

    def is_alive(self, now: datetime, idle_limit: timedelta) -> bool:
        """Whether it may still be used: neither its absolute end nor its idle time has passed."""
        return now < self.expires_at and now < self.last_seen_at + idle_limit


class HandOff(Stored):
    """
    A proven password on its way from the sign-in form to the browser's cookie; single use, 60 seconds, hashed.

    `sign_in_version` is the account's when the password was proven. Where `code_wanted`, the second factor is still to
    be proven, within 5 minutes, and it is good for nothing but that; `device` is then the one that the account knows,
    if it does. `trusts_browser`: whoever signs in with it wants no code to be asked for in this browser for a while.
    """

    id: str
    username: str
    browser: str
    sign_in_version: int = 0
    code_wanted: bool = Field(default=False, exclude_if=not_)
    device: str | None = None
    trusts_browser: bool = Field(default=False, exclude_if=not_)
    expires_at: datetime


class Device(Stored):
    """
    A browser in which an account has signed in before: attempts from it have a budget of their own.

    Until `trusted_until` it is asked for no second factor, unless all sign-ins of the account have ended since, by
    which `sign_in_version` would be another one.
    """

    id: str
    username: str
    trusted_until: datetime | None = None
    sign_in_version: int = 0
    expires_at: datetime

    def is_trusted_by(self, user: User, now: datetime) -> bool:
        """Whether the password is enough here to sign in as this person."""
        is_theirs = self.username == user.id and self.sign_in_version == user.sign_in_version
        return is_theirs and self.trusted_until is not None and now < self.trusted_until


class Attempts(Stored):
    """Failed attempts of one kind at one place (account, account and device, address): a bucket that empties itself."""

    id: str
    failures: list[datetime]
    blocked_until: datetime | None = None
    expires_at: datetime


class SessionLimits(Stored):
    """How long a session lasts without use, and at most, for each role."""

    user_idle: timedelta = timedelta(hours=12)
    user_absolute: timedelta = timedelta(days=14)
    agent_idle: timedelta = timedelta(hours=4)
    agent_absolute: timedelta = timedelta(hours=24)

    def idle(self, role: Role) -> timedelta:
        """Return the time without use after which a session of this role ends."""
        return self.user_idle if role is Role.USER else self.agent_idle

    def absolute(self, role: Role) -> timedelta:
        """Return the time after which a session of this role ends in any case."""
        return self.user_absolute if role is Role.USER else self.agent_absolute
