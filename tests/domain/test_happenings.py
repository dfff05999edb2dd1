"""What has happened to a ticket, in the words of webhooks."""

from datetime import UTC, datetime, timedelta

import pytest

from ticketing.domain.happenings import Step, happenings_since
from ticketing.domain.people import Actor, Role
from ticketing.domain.rules import Mark
from ticketing.domain.sources import Source
from ticketing.domain.statuses import GENERAL, Priority, Status
from ticketing.domain.tickets import Ticket, TicketEdit
from ticketing.domain.webhooks import WebhookEvent

NOW = datetime(2031, 5, 6, 9, 30, tzinfo=UTC)
ADA = Actor("ada", "Ada", Role.AGENT)


@pytest.fixture
def ticket() -> Ticket:
    return Ticket.open(1, "carla", "No dial tone", "The line is dead.", GENERAL, NOW)


def test_a_new_ticket_was_opened_by_its_requester(ticket: Ticket) -> None:
    [opened] = happenings_since(Mark.of(None), ticket)

    assert (opened.event, opened.by, opened.mark) == (WebhookEvent.OPENED, "carla", ticket.messages[0].mark)


def test_each_message_is_told_of_by_its_kind(ticket: Ticket) -> None:
    mark = Mark.of(ticket)
    ticket.reply(ADA, "Is the lamp on?", NOW)
    ticket.note(ADA, "Her third call.", NOW)

    assert [one.event for one in happenings_since(mark, ticket)] == [WebhookEvent.REPLIED, WebhookEvent.NOTE_ADDED]


def test_fields_that_are_changed_together_are_one_event_with_a_step_each(ticket: Ticket) -> None:
    mark = Mark.of(ticket)
    ticket.edit(ADA, TicketEdit(priority=Priority.HIGH, tags=("vpn",), assignee="ada"), NOW)

    found = {one.event: one.steps for one in happenings_since(mark, ticket)}

    assert set(found) == {WebhookEvent.CHANGED, WebhookEvent.ASSIGNED}
    assert found[WebhookEvent.ASSIGNED] == (Step(field="assignee", new="ada"),)
    changed = {step.field: (step.old, step.new) for step in found[WebhookEvent.CHANGED]}
    assert changed == {"priority": ("normal", "high"), "tags": (None, "vpn")}


def test_of_a_title_it_is_told_that_it_was_changed_and_no_text_is_kept(ticket: Ticket) -> None:
    mark = Mark.of(ticket)
    ticket.edit(ADA, TicketEdit(title="No tone at all"), NOW)

    [changed] = happenings_since(mark, ticket)
    assert changed.steps == (Step(field="title"),)


def test_what_is_changed_there_and_back_is_nothing(ticket: Ticket) -> None:
    mark = Mark.of(ticket)
    ticket.change_status(ADA, Status.PENDING, NOW)
    ticket.change_status(ADA, Status.OPEN, NOW + timedelta(seconds=1))

    assert happenings_since(mark, ticket) == []


def test_what_is_imported_is_told_to_nobody() -> None:
    ticket = Ticket.open(1, "carla", "Old", "Old.", GENERAL, NOW, Source.IMPORT)

    assert happenings_since(Mark.of(None), ticket) == []
