"""The chain of the audit log, and what of a ticket's change is told in it."""

from datetime import UTC, datetime, timedelta

import pytest

from ticketing.domain.audit import (
    AuditAction,
    AuditEntry,
    AuditQuery,
    AuditRecord,
    Head,
    chained,
    changed,
    entries_of,
    read_record,
)
from ticketing.domain.errors import StorageDamagedError
from ticketing.domain.merging import merge, unmerge
from ticketing.domain.people import Actor, Role
from ticketing.domain.sources import Source
from ticketing.domain.statuses import GENERAL, Priority, Status
from ticketing.domain.taking_back import take_back
from ticketing.domain.tickets import Event, Ticket, TicketEdit

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ADA = Actor("ada", "Ada", Role.AGENT)


@pytest.fixture
def records() -> list[AuditRecord]:
    return list(chained([AuditEntry("ada", AuditAction.EXPORTED, NOW) for _ in range(3)], Head()))


@pytest.fixture
def ticket() -> Ticket:
    return Ticket.open(1, "carla", "No dial tone", "The line is dead.", GENERAL, NOW)


def test_each_record_follows_the_one_before(records: list[AuditRecord]) -> None:
    head = Head()
    for record in records:
        assert head.fault(record) is None
        head = head.after(record)
    assert head.number == 3


@pytest.mark.parametrize("field", ["at", "actor", "address", "action", "kind", "object", "facts", "previous"])
def test_no_field_of_a_record_can_be_altered_unnoticed(records: list[AuditRecord], field: str) -> None:
    others = {"at": NOW + timedelta(seconds=1), "action": AuditAction.REFUSED, "facts": {"tickets": "7"}}
    altered = records[0].model_copy(update={field: others.get(field, "other")})

    assert Head().fault(altered) == "record 1 was altered"


def test_a_field_of_a_newer_version_counts_as_well(records: list[AuditRecord]) -> None:
    newer = AuditRecord.model_validate(records[0].model_dump() | {"device": "phone"})

    assert Head().fault(newer) == "record 1 was altered"


def test_what_is_no_record_any_more_is_told_as_damage(records: list[AuditRecord]) -> None:
    raw = records[0].model_dump_json()
    assert read_record(raw) == records[0]

    with pytest.raises(StorageDamagedError, match="verify"):
        read_record(raw[:-1])


def test_a_record_in_the_place_of_another_is_told(records: list[AuditRecord]) -> None:
    one, two, three = records
    other = Head().next(AuditEntry("eve", AuditAction.EXPORTED, NOW))

    assert Head().fault(two) == "record 1 is missing"
    assert Head().after(two).fault(one) == "record 1 does not stand in its place"
    assert Head().after(other).fault(two) == "record 2 does not follow record 1"
    assert Head().after(two).fault(three) is None


def test_what_is_too_long_or_cannot_be_shown_is_kept_short_and_printable() -> None:
    entry = AuditEntry("ada", AuditAction.EXPORTED, NOW, object="a\0" * 99, facts={"form": "x" * 999}, address="1" * 99)

    record = Head().next(entry)

    assert record.object == "a\ufffd" * 40
    assert record.facts == {"form": "x" * 80}
    assert record.address == "1" * 80


def test_an_entry_gets_the_address_of_whoever_acts_and_of_nobody_else() -> None:
    entry = AuditEntry("ada", AuditAction.EXPORTED, NOW)

    assert entry.from_where("ada", "192.0.2.1").address == "192.0.2.1"
    assert entry.from_where("eve", "192.0.2.1").address == ""
    assert entry.from_where("ada", "192.0.2.1").from_where("ada", "192.0.2.2").address == "192.0.2.1"


@pytest.mark.parametrize(
    ("asked", "is_wanted"),
    [
        ({}, True),
        ({"actor": " ada "}, True),
        ({"actor": "ad"}, False),
        ({"action": AuditAction.REFUSED}, False),
        ({"object": "T-1"}, False),
        ({"since": NOW, "until": NOW + timedelta(seconds=1)}, True),
        ({"since": NOW + timedelta(seconds=1)}, False),
        ({"until": NOW}, False),
        ({"before": 2}, True),
        ({"before": 1}, False),
    ],
)
def test_a_query_is_for_whole_words_and_half_open_periods(
    records: list[AuditRecord],
    asked: dict[str, object],
    is_wanted: bool,  # noqa: FBT001 - given by name
) -> None:
    assert AuditQuery.model_validate(asked).matches(records[0]) is is_wanted


def test_of_a_ticket_only_its_state_is_told(ticket: Ticket) -> None:
    before = ticket.model_copy(deep=True)
    ticket.reply(ADA, "Is it plugged in?", NOW)
    ticket.edit(ADA, TicketEdit(title="Unplugged", tags=("phone",), priority=Priority.HIGH), NOW)

    (entry,) = entries_of(before, ticket)

    assert entry == AuditEntry(
        "ada", AuditAction.TICKET_CHANGED, NOW, "ticket", "T-1", {"priority": changed("normal", "high")}
    )


def test_what_several_did_in_one_change_is_told_of_each(ticket: Ticket) -> None:
    ticket.edit(ADA, TicketEdit(priority=Priority.HIGH, assignee="ada"), NOW)

    assert [(entry.actor, entry.action, list(entry.facts)) for entry in entries_of(None, ticket)] == [
        ("carla", AuditAction.TICKET_OPENED, []),
        ("ada", AuditAction.TICKET_CHANGED, ["priority", "assignee"]),
    ]


def test_l1_each_who_is_let_see_a_ticket_in_one_change_is_told(ticket: Ticket) -> None:
    before = ticket.model_copy(deep=True)
    for username in ("oskar", "nora"):
        ticket.add_watcher(username, ADA, NOW)

    assert [entry.facts for entry in entries_of(before, ticket)] == [
        {"watcher": "none → oskar"},
        {"watcher": "none → nora"},
    ]


def test_of_a_ticket_that_came_in_with_others_nothing_is_told(ticket: Ticket) -> None:
    ticket.events.append(Event(field="imported", new="abc", by="console", at=NOW))

    assert list(entries_of(None, ticket)) == []


def test_a_merge_is_told_and_that_it_was_taken_back(ticket: Ticket) -> None:
    other = Ticket.open(2, "carla", "Still no dial tone", "The line is dead.", GENERAL, NOW)
    merge(other, ticket, ADA, NOW)
    merged = other.model_copy(deep=True)
    *_, entry = entries_of(None, other)
    assert entry.action is AuditAction.TICKET_MERGED
    assert entry.facts["merged_into"] == "none → T-1"

    unmerge(other, ticket, ADA, NOW)

    (entry,) = entries_of(merged, other)
    assert entry.action is AuditAction.MERGE_TAKEN_BACK
    assert entry.facts["merged_into"] == "T-1 → none"


def test_a_reply_that_was_taken_back_is_told_though_it_took_its_status_along(ticket: Ticket) -> None:
    ticket.edit(ADA, TicketEdit(priority=Priority.HIGH), NOW)
    ticket.reply(ADA, "Is it plugged in?", NOW)
    ticket.change_status(ADA, Status.PENDING, NOW)
    before = ticket.model_copy(deep=True)
    take_back(ticket, ticket.messages[-1], ADA, NOW)

    assert [entry.action for entry in entries_of(before, ticket)] == [AuditAction.REPLY_TAKEN_BACK]


def test_it_is_told_when_a_change_came_by_mail() -> None:
    ticket = Ticket.open(1, "carla", "No dial tone", "The line is dead.", GENERAL, NOW, Source.MAIL)

    (entry,) = entries_of(None, ticket)

    assert entry.facts == {"by": "mail"}
