"""
Links in mails about one ticket, by which somebody does one thing without signing in.

Each is signed with the desk's key of mails (HMAC, RFC 2104) and names nobody: whoever reads it must say whose it would
be. It opens nothing else.
"""

import base64
import hmac
import re
from dataclasses import dataclass
from typing import ClassVar, Final, Self

from ticketing.domain.errors import NotFoundError
from ticketing.domain.tickets import Ticket

# 160 of the 256 bits of a signature, since anybody may try as often as they like.
_LENGTH: Final = 32
_TOKEN: Final = re.compile(r"([1-9][0-9]{0,14})-([a-z2-7]{32})")


@dataclass(frozen=True, slots=True)
class SignedLink:
    """The number of a ticket, and a signature; each kind has a purpose and an error for what is none of its links."""

    purpose: ClassVar[str]
    refusal: ClassVar[type[NotFoundError]]

    number: int
    signature: str

    @classmethod
    def signed(cls, key: bytes, ticket: Ticket, *parts: str) -> Self:
        """Return the link of a ticket for what the other parts say."""
        content = "\0".join((f"ticketing.{cls.purpose}", ticket.id, *parts))
        digest = hmac.digest(key, content.encode(), "sha256")
        return cls(ticket.number, base64.b32encode(digest)[:_LENGTH].decode().lower())

    @classmethod
    def read(cls, token: str) -> Self:
        """Read what stands in an address; raises the kind's error."""
        found = _TOKEN.fullmatch(token)
        if found is None:
            raise cls.refusal
        return cls(int(found[1]), found[2])

    @property
    def token(self) -> str:
        """What stands in an address."""
        return f"{self.number}-{self.signature}"

    def is_same(self, genuine: "SignedLink") -> bool:
        """Whether it is the genuine one, in the same time whatever differs."""
        return hmac.compare_digest(genuine.token, self.token)
