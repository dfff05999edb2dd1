"""
Notices: what one person is told about one step of one ticket, and how they want each kind of them by mail.

Who is told what is said in `telling`.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Self

from pydantic import Field

from ticketing.domain.text import Stored

NOTICE_LIFETIME: Final = timedelta(days=90)
# Of one person; when there are more, the oldest go until so many are left.
NOTICES_PER_PERSON: Final = 500
NOTICES_KEPT: Final = 450


class NoticeKind(StrEnum):
    """What somebody is told."""

    OPENED = "opened"
    REPLIED = "replied"
    UNASSIGNED = "unassigned"
    NOTED = "noted"
    ASSIGNED = "assigned"
    STATUS = "status"
    MENTIONED = "mentioned"
    DUE_SOON = "due_soon"
    MERGED = "merged"


class Notice(Stored):
    """
    What one person is told about one step of one ticket.

    `mark` is that of the message it is about, "" if it is about none; `by` is who did it.
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


class Mailed(StrEnum):
    """How somebody wants a kind of notice by mail."""

    AT_ONCE = "at_once"
    DAILY = "daily"
    NEVER = "never"


# What people get who have chosen nothing else; all other kinds never come by mail.
_AGENTS_MAIL: Final = {
    NoticeKind.REPLIED: Mailed.AT_ONCE,
    NoticeKind.ASSIGNED: Mailed.AT_ONCE,
    NoticeKind.MENTIONED: Mailed.AT_ONCE,
    NoticeKind.DUE_SOON: Mailed.AT_ONCE,
    NoticeKind.NOTED: Mailed.DAILY,
    NoticeKind.UNASSIGNED: Mailed.DAILY,  # it is told to many, one of whom takes it
}
_REQUESTERS_MAIL: Final = {
    NoticeKind.OPENED: Mailed.AT_ONCE,
    NoticeKind.REPLIED: Mailed.AT_ONCE,
    NoticeKind.STATUS: Mailed.AT_ONCE,
    NoticeKind.MERGED: Mailed.AT_ONCE,
}


# What only agents are told; requesters are told the rest.
FOR_AGENTS: Final = frozenset(NoticeKind) - _REQUESTERS_MAIL.keys()


class MailPreferences(Stored):
    """How one person wants each kind of notice by mail; of those they have not `chosen`, as it is usual for them."""

    chosen: dict[NoticeKind, Mailed] = Field(default_factory=dict)

    def of(self, kind: NoticeKind, *, is_agent: bool) -> Mailed:
        """Return how they want this kind."""
        usual = _AGENTS_MAIL if is_agent else _REQUESTERS_MAIL
        return self.chosen.get(kind) or usual.get(kind, Mailed.NEVER)

    def choose(self, chosen: Mapping[NoticeKind, Mailed]) -> Self:
        """Return them with these in the place of what was chosen for the same kinds."""
        return self.model_copy(update={"chosen": self.chosen | dict(chosen)})


def kinds_for(*, is_agent: bool) -> list[NoticeKind]:
    """Return of which kinds there are notices for somebody; requesters have fewer."""
    return [kind for kind in NoticeKind if is_agent or kind not in FOR_AGENTS]
