"""
Links in mails by which somebody stops watching a ticket, or watches it again, without signing in.

Each is for one person and one ticket. It is signed with the desk's key of mails (HMAC, RFC 2104) and names nobody:
whoever reads it must say whose it would be. It opens nothing else.
"""

import base64
import hmac
import re
from typing import Final, NamedTuple, Self

from ticketing.domain.errors import WatchLinkError
from ticketing.domain.tickets import Ticket

# 160 of the 256 bits of a signature, since anybody may try as often as they like.
_LENGTH: Final = 32
_TOKEN: Final = re.compile(r"([1-9][0-9]{0,14})-([a-z2-7]{32})")


class WatchLink(NamedTuple):
    """The number of a ticket, and the signature that the link of one person has for it."""

    number: int
    signature: str

    @classmethod
    def of(cls, key: bytes, ticket: Ticket, username: str) -> Self:
        """Return the link of a person for a ticket."""
        signed = f"ticketing.watch\0{ticket.id}\0{username}"
        digest = hmac.digest(key, signed.encode(), "sha256")
        return cls(ticket.number, base64.b32encode(digest)[:_LENGTH].decode().lower())

    @classmethod
    def read(cls, token: str) -> Self:
        """Read what stands in an address; raises WatchLinkError."""
        found = _TOKEN.fullmatch(token)
        if found is None:
            raise WatchLinkError
        return cls(int(found[1]), found[2])

    @property
    def token(self) -> str:
        """What stands in an address."""
        return f"{self.number}-{self.signature}"

    def opens(self, key: bytes, ticket: Ticket, username: str) -> bool:
        """Whether it was made for this person and this ticket."""
        return hmac.compare_digest(WatchLink.of(key, ticket, username).token, self.token)
