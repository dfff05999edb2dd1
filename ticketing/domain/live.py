"""By what a page that stands open learns that there is something new on it."""

from datetime import UTC, datetime


def stamp_of(updated_at: datetime, messages: int) -> str:
    """Return what is another text after each change of a ticket, for those who may learn of it."""
    return f"{updated_at.astimezone(UTC).isoformat()} {messages}"
