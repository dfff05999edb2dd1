"""
The audit log: who did what to what, when and from where; a chain in which each record holds the hash of the one before.

Never in it: what people write (titles, texts, notes, names of files), and secrets (passwords, tokens).
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from operator import not_
from typing import Final, NamedTuple

from pydantic import Field, ValidationError, field_validator

from ticketing.domain.errors import StorageDamagedError
from ticketing.domain.sources import Source
from ticketing.domain.text import SEARCH_LIMIT, Stored, Typed, printable
from ticketing.domain.tickets import (
    MERGED,
    MERGED_INTO,
    REPLY_TAKEN_BACK,
    REQUESTER,
    SPLIT_FROM,
    SPLIT_OFF,
    WATCHER,
    Event,
    Ticket,
)

# What stands before the first record.
NO_HASH: Final = "0" * 64
FACT_LIMIT: Final = 80


class AuditAction(StrEnum):
    """What was done; the list is closed, so that one can search by it."""

    SIGNED_IN = "signed_in"
    SIGN_IN_REFUSED = "sign_in_refused"
    SIGNED_OUT = "signed_out"
    SESSIONS_ENDED = "sessions_ended"
    VIEW_BEGUN = "view_begun"
    VIEW_ENDED = "view_ended"
    REFUSED = "refused"
    REGISTERED = "registered"
    INVITED = "invited"
    INVITATION_TAKEN_BACK = "invitation_taken_back"
    INVITATION_ACCEPTED = "invitation_accepted"
    ROLE_CHANGED = "role_changed"
    DEACTIVATED = "deactivated"
    REACTIVATED = "reactivated"
    ANONYMISED = "anonymised"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - an action
    PASSWORD_RESET = "password_reset"  # noqa: S105 - an action
    WAIT_LIFTED = "wait_lifted"
    TOKEN_REFUSED = "token_refused"  # noqa: S105 - an action
    TOKEN_REUSED = "token_reused"  # noqa: S105 - an action
    KEY_CREATED = "key_created"
    KEY_REVOKED = "key_revoked"
    SIGNING_KEY_ROTATED = "signing_key_rotated"
    ADDRESS_CHANGED = "address_changed"
    ADDRESS_CONFIRMED = "address_confirmed"
    SECOND_FACTOR_ON = "second_factor_on"
    SECOND_FACTOR_OFF = "second_factor_off"
    RECOVERY_CODE_USED = "recovery_code_used"
    RECOVERY_CODES_RENEWED = "recovery_codes_renewed"
    BROWSERS_FORGOTTEN = "browsers_forgotten"
    IDENTITY_LINKED = "identity_linked"
    IDENTITY_UNLINKED = "identity_unlinked"
    SETUP_CHANGED = "setup_changed"
    SETTINGS_IMPORTED = "settings_imported"
    EXPORTED = "exported"
    SWEPT = "swept"
    BACKED_UP = "backed_up"
    RESTORED = "restored"
    IMPORTED = "imported"
    IMPORT_UNDONE = "import_undone"
    TICKET_OPENED = "ticket_opened"
    TICKET_CHANGED = "ticket_changed"
    TICKET_MERGED = "ticket_merged"
    MERGE_TAKEN_BACK = "merge_taken_back"
    TICKET_SPLIT = "ticket_split"
    REPLY_TAKEN_BACK = "reply_taken_back"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """
    What is to be written down.

    `actor` is a username, or `system` and `console` as in histories; "" is somebody unknown. `address` is left to the
    transaction, which knows from where its actor came, unless it is given.
    """

    actor: str
    action: AuditAction
    at: datetime
    kind: str = ""
    object: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    address: str = ""

    def from_where(self, username: str, address: str) -> "AuditEntry":
        """Return it with the address from which somebody acts, if it is them that it tells of."""
        return replace(self, address=address) if self.actor == username and not self.address else self


class AuditRecord(Stored):
    """One line of the log. `id` is its number, which counts up from 1 without gaps."""

    id: str
    at: datetime
    actor: str
    address: str = Field("", exclude_if=not_)
    action: AuditAction
    kind: str = Field("", exclude_if=not_)
    object: str = Field("", exclude_if=not_)
    facts: dict[str, str] = Field(default_factory=dict, exclude_if=not_)
    previous: str
    hash: str = ""

    @property
    def number(self) -> int:
        """Its place in the log."""
        return int(self.id)

    def computed_hash(self) -> str:
        """
        Return what `hash` has to be: the SHA-256 of all else.

        Hashed is JSON in ASCII with sorted keys and without spaces, so that any language can check an export.
        """
        content = self.model_dump(mode="json", exclude_none=True, exclude={"hash"})
        return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def read_record(raw: str | bytes) -> AuditRecord:
    """Return the record that a store keeps; raises StorageDamagedError for what is none any more."""
    try:
        return AuditRecord.model_validate_json(raw)
    except ValidationError as error:
        raise StorageDamagedError("A record of the audit log was altered: “verify” names the first one.") from error


class Head(NamedTuple):
    """The number and the hash of the newest record."""

    number: int = 0
    hash: str = NO_HASH

    def next(self, entry: AuditEntry) -> AuditRecord:
        """Return the entry as the record that follows."""
        record = AuditRecord(
            id=str(self.number + 1),
            at=entry.at,
            actor=entry.actor,
            address=printable(entry.address)[:FACT_LIMIT],
            action=entry.action,
            kind=entry.kind,
            object=printable(entry.object)[:FACT_LIMIT],
            facts={name: printable(fact)[:FACT_LIMIT] for name, fact in entry.facts.items()},
            previous=self.hash,
        )
        record.hash = record.computed_hash()
        return record

    def after(self, record: AuditRecord) -> "Head":
        """Return the head once the record is there."""
        return Head(record.number, record.hash)

    def fault(self, record: AuditRecord) -> str | None:
        """Say what is wrong with the record that follows; None if nothing is."""
        if record.number > self.number + 1:
            return f"record {self.number + 1} is missing"
        if record.number <= self.number:
            return f"record {record.number} does not stand in its place"
        if record.hash != record.computed_hash():
            return f"record {record.number} was altered"
        if record.previous != self.hash:
            return f"record {record.number} does not follow record {self.number}"
        return None


def chained(entries: Iterable[AuditEntry], head: Head) -> Iterator[AuditRecord]:
    """Yield the entries as records that follow the head."""
    for entry in entries:
        record = head.next(entry)
        head = head.after(record)
        yield record


class AuditQuery(Typed):
    """
    Which records, the newest first.

    An empty text does not restrict. `before` is the number of a record: only older ones are wanted; so somebody leafs
    through a log that goes on growing. `since` is the first moment, `until` the first one after the period.
    """

    actor: str = Field("", max_length=SEARCH_LIMIT)
    action: AuditAction | None = None
    object: str = Field("", max_length=SEARCH_LIMIT)
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None
    size: int = Field(50, ge=1, le=200)

    @field_validator("actor", "object")
    @classmethod
    def _as_kept(cls, text: str) -> str:
        return printable(text).strip()

    def matches(self, record: AuditRecord) -> bool:
        """Whether a record is wanted."""
        return (
            self.actor in {"", record.actor}
            and self.action in {None, record.action}
            and self.object in {"", record.object}
            and (self.since is None or record.at >= self.since)
            and (self.until is None or record.at < self.until)
            and (self.before is None or record.number < self.before)
        )


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Some records, the newest first, and whether there are older ones that match."""

    records: tuple[AuditRecord, ...]
    has_more: bool


def changed(old: str | None, new: str | None) -> str:
    """Return the fact of a field that was changed."""
    return f"{old or 'none'} → {new or 'none'}"


# The event of a ticket that came in from elsewhere, together with others: that is told as a whole.
IMPORTED: Final = "imported"
_ACTIONS: Final = {
    "opened": AuditAction.TICKET_OPENED,
    MERGED_INTO: AuditAction.TICKET_MERGED,
    SPLIT_OFF: AuditAction.TICKET_SPLIT,
    REPLY_TAKEN_BACK: AuditAction.REPLY_TAKEN_BACK,
}
_TICKETS: Final = frozenset({MERGED, MERGED_INTO, SPLIT_FROM, SPLIT_OFF})
# What of a ticket is its state, or says who may see it, and is no content.
_WHO_SEES_IT: Final = frozenset({REQUESTER, WATCHER})
_TOLD: Final = _TICKETS | _WHO_SEES_IT | {*_ACTIONS, "status", "resolution", "assignee", "team", "priority", "category"}
_WITHOUT_VALUE: Final = frozenset({"opened", REPLY_TAKEN_BACK})


def entries_of(before: Ticket | None, ticket: Ticket) -> Iterator[AuditEntry]:
    """
    Yield what a change of a ticket adds to the log: one entry for each in a row who has changed its state.

    Each who was let see it, or is to no more, has an entry, too.
    """
    news = _news(before, ticket)
    if any(event.field == IMPORTED for event in news):
        return
    told = [event for event in news if event.field in _TOLD]
    for (by, source, _), events in groupby(told, key=_line):
        yield _entry(ticket, by, source, list(events))


def _line(event: Event) -> tuple[str, Source, tuple[str | None, str | None] | None]:
    """Return what events have in common that are told in one entry."""
    return event.by, event.source, (event.old, event.new) if event.field in _WHO_SEES_IT else None


def _news(before: Ticket | None, ticket: Ticket) -> list[Event]:
    known = before.events if before else []
    if ticket.events[len(known) - 1 : len(known)] == known[-1:]:
        return ticket.events[len(known) :]
    return [event for event in ticket.events if event not in known]  # a reply that was taken back took some along


def _entry(ticket: Ticket, by: str, source: Source, events: list[Event]) -> AuditEntry:
    action = next((_ACTIONS[event.field] for event in events if event.field in _ACTIONS), AuditAction.TICKET_CHANGED)
    if action is AuditAction.TICKET_MERGED and ticket.merged_into is None:
        action = AuditAction.MERGE_TAKEN_BACK
    facts = {event.field: changed(*_values(event)) for event in events if event.field not in _WITHOUT_VALUE}
    if source is not Source.UI:
        facts["by"] = source.value
    return AuditEntry(by, action, events[-1].at, "ticket", ticket.label, facts)


def _values(event: Event) -> tuple[str | None, str | None]:
    if event.field in _TICKETS:
        return event.old and f"T-{event.old}", event.new and f"T-{event.new}"
    return event.old, event.new
