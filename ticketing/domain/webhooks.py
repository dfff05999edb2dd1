"""
Webhooks: what happens to tickets is told to other programs, at the addresses that admins have entered.

How a message is signed follows the Standard Webhooks specification (https://www.standardwebhooks.com), for which there
are libraries on the other side.
"""

import base64
import hmac
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Final, NamedTuple, Self

from pydantic import ConfigDict

from ticketing.domain.categories import Category
from ticketing.domain.definitions import Definition
from ticketing.domain.errors import InvalidInputError
from ticketing.domain.outbox import Outcome, Result
from ticketing.domain.queries import TicketQuery
from ticketing.domain.query_language import Asker, read_query
from ticketing.domain.text import QUERY_LIMIT, Stored, clean_line, is_blank

MOST_WEBHOOKS: Final = 20
# How long messages are signed with the former secret as well, so that a receiver can change over at its own time.
OVERLAP: Final = timedelta(hours=24)
# A webhook that has taken nothing for so long is turned off.
OFF_AFTER: Final = timedelta(days=3)
_URL_LIMIT: Final = 500
# Without user name and fragment, of which a receiver gets to know nothing.
_URL: Final = re.compile(
    r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[1-9][0-9]{0,4})?(?:[/?][!-\"$-~]*)?", re.IGNORECASE
)
_LONGEST_PAUSE: Final = timedelta(minutes=5)
_SOME_DAY: Final = datetime(2000, 1, 1, tzinfo=UTC)


class WebhookEvent(StrEnum):
    """What is told, by the name that stands in a message."""

    OPENED = "ticket.opened"
    REPLIED = "ticket.replied"
    NOTE_ADDED = "ticket.note_added"
    STATUS_CHANGED = "ticket.status_changed"
    ASSIGNED = "ticket.assigned"
    CHANGED = "ticket.changed"
    MERGED = "ticket.merged"
    RATED = "ticket.rated"


# The kind of a message by which an admin tries a webhook.
TEST: Final = "webhook.test"


class SigningSecret(Stored):
    """
    Of what the secret of a webhook is made, beside a key that is not in the store: `key` tells which one.

    It signs until that moment; None is without end.
    """

    model_config = ConfigDict(frozen=True)

    salt: str
    key: str
    until: datetime | None = None


class Course(Stored):
    """
    How a webhook has fared.

    `says` is what came of the last try, at `tried_at`. `failures` are those in a row, since `failing_since`; until
    `paused_until` nothing is tried. `missed` is how much was not queued because too much waited already. `turned_off`
    is when the desk itself has turned it off.
    """

    model_config = ConfigDict(frozen=True)

    tried_at: datetime | None = None
    says: str = ""
    failures: int = 0
    failing_since: datetime | None = None
    paused_until: datetime | None = None
    missed: int = 0
    turned_off: datetime | None = None

    def after(self, outcome: Outcome, now: datetime) -> Self:
        """Return it after one more try: after two that failed in a row, a minute longer each time, it has a rest."""
        if outcome.result is Result.SENT:
            return type(self)(tried_at=now, says=outcome.says, missed=self.missed)
        failures = self.failures + 1
        pause = min((failures - 1) * timedelta(minutes=1), _LONGEST_PAUSE)
        failed = {"failures": failures, "failing_since": self.failing_since or now, "paused_until": now + pause}
        return self.model_copy(update={"tried_at": now, "says": outcome.says, **failed})


class Webhook(Definition):
    """
    An address to which some events are posted, of the tickets that a query finds.

    In the `query` nobody asks, and days are those of UTC. Only one `with_notes` is told anything of internal notes.
    """

    kind: ClassVar[str] = "webhooks"
    is_settings: ClassVar[bool] = False
    is_inner: ClassVar[bool] = True
    apart: ClassVar[frozenset[str]] = frozenset({"secrets", "course"})

    url: str = ""
    events: tuple[WebhookEvent, ...] = ()
    query: str = ""
    with_notes: bool = False
    active: bool = True
    secrets: tuple[SigningSecret, ...] = ()
    course: Course = Course()

    @property
    def is_on(self) -> bool:
        """Whether it is told anything."""
        return self.active and not self.removed

    @property
    def is_failing(self) -> bool:
        """Whether what was tried last did not arrive."""
        return self.course.failures > 0

    def checked(self) -> Self:
        """Return it as it may be kept; raises InvalidInputError."""
        query = "" if is_blank(self.query) else clean_line("Query", self.query, QUERY_LIMIT)
        events = tuple(event for event in WebhookEvent if event in self.events)
        if not events:
            raise InvalidInputError("Events", "What is it to be told? Please choose at least one event.")
        if WebhookEvent.NOTE_ADDED in events and not self.with_notes:
            raise InvalidInputError("Events", "Notes are told only to a webhook that gets internal notes.")
        cleaned = {"url": clean_url(self.url), "events": events, "query": query}
        return super().checked().model_copy(update=cleaned)

    def require_room(self, others: Iterable[Self]) -> None:
        """Raise the refusal for which it cannot stand beside the others."""
        present = list(others)
        if len(present) >= MOST_WEBHOOKS:
            raise InvalidInputError("Name", f"There are {MOST_WEBHOOKS} webhooks already. Please remove one first.")
        super().require_room(present)

    def require_understood(self, categories: Iterable[Category]) -> None:
        """Raise QueryError for a query that cannot be understood at a desk with these categories."""
        self.asks(_SOME_DAY, categories)

    def asks(self, now: datetime, categories: Iterable[Category]) -> TicketQuery:
        """Return its query as it is meant at a moment, at a desk with these categories; raises QueryError."""
        return read_query(self.query, Asker("", now, categories=lambda: categories))

    def signing(self, now: datetime) -> list[SigningSecret]:
        """Return what signs at this moment, the newest first."""
        return [secret for secret in self.secrets if secret.until is None or now < secret.until]

    def with_secret(self, fresh: SigningSecret, now: datetime) -> Self:
        """Return it with a new secret; the one of before signs as well until the overlap is over."""
        former = [secret.model_copy(update={"until": now + OVERLAP}) for secret in self.signing(now)[:1]]
        return self.model_copy(update={"secrets": (fresh, *former)})

    def after(self, outcome: Outcome, now: datetime) -> Self:
        """Return it after one more try, and turned off where it was one too many."""
        course = self.course.after(outcome, now)
        is_over = course.failing_since is not None and now - course.failing_since >= OFF_AFTER
        if not (is_over and self.is_on):
            return self.model_copy(update={"course": course})
        return self.model_copy(update={"active": False, "course": course.model_copy(update={"turned_off": now})})


class Post(NamedTuple):
    """One message, ready to be posted."""

    url: str
    headers: dict[str, str]
    body: bytes


class Answer(NamedTuple):
    """What came of a post: the status, 0 where there was none, a sentence about it, and the milliseconds it took."""

    status: int
    says: str
    milliseconds: int = 0

    @property
    def is_taken(self) -> bool:
        """Whether the other side has taken the message."""
        return self.status // 100 == 2  # noqa: PLR2004 - the class of statuses that says so

    @property
    def outcome(self) -> Outcome:
        """What is to be noted: whatever is not taken is tried again, since receivers are repaired."""
        return Outcome(Result.SENT if self.is_taken else Result.AGAIN, self.says)


def clean_url(typed: str) -> str:
    """Return an http or https address without user name and fragment; raises InvalidInputError."""
    url = clean_line("URL", typed, _URL_LIMIT)
    if not _URL.fullmatch(url):
        raise InvalidInputError("URL", "The URL should be like https://example.org/hooks/desk, all of it in ASCII.")
    return url


def shown_secret(secret: bytes) -> str:
    """Return a secret as people copy it, and as libraries for receivers take it."""
    return f"whsec_{base64.b64encode(secret).decode()}"


def signed_headers(secrets: Sequence[bytes], message_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """Return the headers that sign a message: a signature over id, moment and body with each of the secrets."""
    moment = str(int(now.timestamp()))
    content = b".".join((message_id.encode(), moment.encode(), body))
    signatures = (base64.b64encode(hmac.digest(secret, content, "sha256")).decode() for secret in secrets)
    signature = " ".join(f"v1,{signature}" for signature in signatures)
    return {"webhook-id": message_id, "webhook-timestamp": moment, "webhook-signature": signature}
