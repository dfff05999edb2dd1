"""Notices: what one person is told about one step of one ticket."""

from datetime import datetime
from enum import StrEnum

from ticketing.domain.text import Stored


class NoticeKind(StrEnum):
    """What kind of step a notice is about."""

    OPENED = "opened"
    REPLIED = "replied"
    NOTED = "noted"
    ASSIGNED = "assigned"
    STATUS = "status"
    MENTIONED = "mentioned"
    DUE_SOON = "due_soon"
    MERGED = "merged"


class Notice(Stored):
    """
    What one person is told about one step of one ticket.

    `mark` is that of the message it is about, "" if it is about none; `by` is the username of who did it.
    """

    id: str
    username: str
    kind: NoticeKind
    ticket: int
    mark: str = ""
    by: str
    at: datetime
    read: bool = False
    expires_at: datetime
