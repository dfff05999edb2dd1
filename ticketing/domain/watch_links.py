"""Links in mails by which somebody stops watching a ticket, or watches it again: each is for one person."""

from typing import ClassVar, Self

from ticketing.domain.errors import NotFoundError, WatchLinkError
from ticketing.domain.signed_links import SignedLink
from ticketing.domain.tickets import Ticket


class WatchLink(SignedLink):
    """The link of one person for one ticket."""

    purpose: ClassVar[str] = "watch"
    refusal: ClassVar[type[NotFoundError]] = WatchLinkError

    @classmethod
    def of(cls, key: bytes, ticket: Ticket, username: str) -> Self:
        """Return the link of a person for a ticket."""
        return cls.signed(key, ticket, username)

    def opens(self, key: bytes, ticket: Ticket, username: str) -> bool:
        """Whether it was made for this person and this ticket."""
        return self.is_same(WatchLink.of(key, ticket, username))
