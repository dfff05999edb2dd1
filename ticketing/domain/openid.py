"""
Sign-in by an OpenID provider: what a browser is sent there with, what comes back, and whose account that opens.

It is the authorization code flow of OpenID Connect Core 1.0, with PKCE (RFC 7636). The provider says who somebody is
and nothing else: what they may do is this desk's to say.
"""

import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime, timedelta
from operator import not_
from typing import Final, NamedTuple

from pydantic import Field

from ticketing.domain.errors import InvalidInputError
from ticketing.domain.people import RESERVED_USERNAMES, clean_display_name, clean_email
from ticketing.domain.sign_in import fingerprint
from ticketing.domain.text import Stored

REQUEST_LIFETIME: Final = timedelta(minutes=10)
_SHORTEST: Final = 3
_LONGEST: Final = 32
_NAMESAKES: Final = 1000


class SignInRequest(Stored):
    """
    A browser that was sent to the provider and may come back once, within 10 minutes.

    `id` is the SHA-256 of the state, which is in the browser's address alone, and `browser` that of the mark of the
    browser. `target` is where it was going. `username` and `session` are of somebody who is signed in and wants to link
    their account.
    """

    id: str
    browser: str
    nonce: str
    verifier: str
    target: str = Field("", exclude_if=not_)
    username: str = Field("", exclude_if=not_)
    session: str = Field("", exclude_if=not_)
    expires_at: datetime


class Identity(Stored):
    """
    Somebody at a provider who signs in to an account here; `id` is all that is kept of who they are there.

    It goes by issuer and subject, which never change, and not by an address or a name, which go to others in time.
    """

    id: str
    username: str
    issuer: str
    created_at: datetime


class Answer(NamedTuple):
    """What a browser brings back from the provider: a code, or an error in its place."""

    state: str
    code: str = ""
    error: str = ""
    issuer: str = ""


class Proven(NamedTuple):
    """What the provider has proven of somebody; all but issuer and subject may be missing, and is not to be trusted."""

    issuer: str
    subject: str
    email: str | None = None
    email_is_verified: bool = False
    username: str = ""
    name: str = ""

    @property
    def id(self) -> str:
        """Under which their identity is kept."""
        return fingerprint("identity", self.issuer, self.subject)

    @property
    def address(self) -> str | None:
        """The e-mail address; None for none, and for what cannot be one."""
        try:
            return clean_email(self.email or "")
        except InvalidInputError:
            return None

    @property
    def verified_address(self) -> str | None:
        """The e-mail address if the provider vouches for it."""
        return self.address if self.email_is_verified else None

    def usernames(self) -> Iterator[str]:
        """Yield usernames for a new account, the best first: what they are called there, then the same with numbers."""
        found = (_as_username(each.partition("@")[0]) for each in (self.username, self.email or ""))
        best = next(filter(None, found), "user")
        yield best
        for number in range(2, _NAMESAKES):
            yield f"{best[: _LONGEST - 4]}-{number}"

    def display_name(self, username: str) -> str:
        """Return what they are called, or else the username."""
        try:
            return clean_display_name(self.name)
        except InvalidInputError:
            return username


def _as_username(name: str) -> str:
    """Return a name as a username, "" if it makes none."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    made = re.sub(r"[^a-z0-9._-]+", "-", plain).strip("._-")[:_LONGEST]
    return "" if len(made) < _SHORTEST or made in RESERVED_USERNAMES else made
