"""
Links in mails by which a requester says whether their matter is solved.

Each holds for one resolution of one ticket, so it ends when the ticket is opened again, and by what was said: that can
be added to once, as on the ticket's page.
"""

from typing import ClassVar, Self

from ticketing.domain.errors import NotFoundError, RatingLinkError
from ticketing.domain.signed_links import SignedLink
from ticketing.domain.tickets import Ticket


class RatingLink(SignedLink):
    """The link of a ticket for its present resolution."""

    purpose: ClassVar[str] = "rating"
    refusal: ClassVar[type[NotFoundError]] = RatingLinkError

    @classmethod
    def of(cls, key: bytes, ticket: Ticket) -> Self | None:
        """Return the link of a ticket; None for one that is not done."""
        if ticket.resolved_at is None or ticket.merged_into is not None:
            return None
        return cls.signed(key, ticket, ticket.requester, ticket.resolved_at.isoformat())

    def opens(self, key: bytes, ticket: Ticket) -> bool:
        """Whether it was made for the present resolution of the ticket."""
        genuine = RatingLink.of(key, ticket)
        return genuine is not None and self.is_same(genuine)
