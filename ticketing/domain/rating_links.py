"""
Links in mails by which a requester says, without signing in, whether their matter is solved.

Each holds for one resolution of one ticket, so it ends when the ticket is opened again, and by what was said: that can
be added to once, as on the ticket's page. It is signed with the desk's key of mails (HMAC, RFC 2104) and names nobody.
"""

import base64
import hmac
import re
from typing import Final, NamedTuple, Self

from ticketing.domain.errors import RatingLinkError
from ticketing.domain.tickets import Ticket

# 160 of the 256 bits of a signature, since anybody may try as often as they like.
_LENGTH: Final = 32
_TOKEN: Final = re.compile(r"([1-9][0-9]{0,14})-([a-z2-7]{32})")


class RatingLink(NamedTuple):
    """The number of a ticket, and the signature that a link has for its present resolution."""

    number: int
    signature: str

    @classmethod
    def of(cls, key: bytes, ticket: Ticket) -> Self | None:
        """Return the link of a ticket; None for one that is not done."""
        if ticket.resolved_at is None or ticket.merged_into is not None:
            return None
        signed = f"ticketing.rating\0{ticket.id}\0{ticket.requester}\0{ticket.resolved_at.isoformat()}"
        digest = hmac.digest(key, signed.encode(), "sha256")
        return cls(ticket.number, base64.b32encode(digest)[:_LENGTH].decode().lower())

    @classmethod
    def read(cls, token: str) -> Self:
        """Read what stands in an address; raises RatingLinkError."""
        found = _TOKEN.fullmatch(token)
        if found is None:
            raise RatingLinkError
        return cls(int(found[1]), found[2])

    @property
    def token(self) -> str:
        """What stands in an address."""
        return f"{self.number}-{self.signature}"

    def opens(self, key: bytes, ticket: Ticket) -> bool:
        """Whether it was made for the present resolution of the ticket."""
        genuine = RatingLink.of(key, ticket)
        return genuine is not None and hmac.compare_digest(genuine.token, self.token)
