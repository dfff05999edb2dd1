"""Drafts: what somebody has typed and not sent, kept for themselves alone."""

from datetime import datetime, timedelta
from typing import Final, Self

from ticketing.domain.errors import ForbiddenCharacterError, TooLongError
from ticketing.domain.sign_in import fingerprint
from ticketing.domain.text import TEXT_LIMIT, Stored, is_blank, printable

DRAFT_LIFETIME: Final = timedelta(days=30)
DRAFTS_PER_PERSON: Final = 100
# What can be typed, by the name of its field: into a ticket, and into the form of a new one.
REPLY, NOTE = "reply", "note"
FORM: Final = ("title", "description")


class Draft(Stored):
    """
    What one person has typed at one place: into a ticket, or into the form of a new one that follows it.

    `ticket` is its number, 0 for a new one that follows none. `texts` are those of the fields that hold something.
    """

    id: str
    username: str
    ticket: int = 0
    texts: dict[str, str]
    saved_at: datetime
    expires_at: datetime

    @classmethod
    def empty(cls, username: str, ticket: int, now: datetime) -> Self:
        """Return the draft of somebody who has typed nothing there."""
        key = draft_id(username, ticket)
        return cls(id=key, username=username, ticket=ticket, texts={}, saved_at=now, expires_at=now + DRAFT_LIFETIME)

    def put(self, field: str, text: str, now: datetime) -> bool:
        """
        Let the text stand in the field, as it was typed; tell whether it was another one before.

        Raises TooLongError beyond 20,000 characters and ForbiddenCharacterError for what cannot be sent.
        """
        if len(text) > TEXT_LIMIT:
            raise TooLongError("Draft", len(text), TEXT_LIMIT)
        if (shown := printable(text)) != text:
            place = next(place for place, (typed, kept) in enumerate(zip(text, shown, strict=True)) if typed != kept)
            raise ForbiddenCharacterError("Draft", place + 1)
        before = self.texts.get(field, "")
        self.texts = {name: kept for name, kept in self.texts.items() if name != field}
        if not is_blank(text):
            self.texts[field] = text
        self.saved_at, self.expires_at = now, now + DRAFT_LIFETIME
        return self.texts.get(field, "") != before


def draft_id(username: str, ticket: int) -> str:
    """Return the id of what a person has typed at one place."""
    return fingerprint("draft", username, str(ticket))
