"""Rows: what lists need of a ticket, read out of its document without parsing the conversation."""

import json
from datetime import timedelta

import pytest

from tests.storage.conftest import NOW, make_ticket
from ticketing.domain.people import Actor, Role
from ticketing.domain.tickets import MessageKind, Ticket
from ticketing.storage.documents.rows import TicketRow

ADA = Actor("ada", "Ada", Role.AGENT)
MARKS = [
    '{"kind":"note","author":"mallory"}',
    ',"messages":[{"kind":"',
    '"author":"mallory"',
    '\\"},{"kind":"reply"',
    "\\",
]


def conversation(text: str) -> Ticket:
    ticket = make_ticket(7, text, "carla")
    ticket.reply(ADA, text, NOW + timedelta(hours=1))
    ticket.note(ADA, text, NOW + timedelta(hours=2))
    return ticket


def document(ticket: Ticket) -> bytes:
    return ticket.model_dump_json(exclude_none=True).encode()


@pytest.mark.parametrize("text", MARKS)
def test_a_text_that_looks_like_a_document_is_taken_for_text(text: str) -> None:
    row = TicketRow(document(conversation(text)))

    assert (row.title, row.messages, row.public_messages) == (text, 3, 2)
    assert (row.last_author, row.last_public_author) == ("ada", "ada")


def test_a_document_that_was_written_in_another_way_gives_the_same_row() -> None:
    ticket = conversation("No dial tone")
    spaced = json.dumps(json.loads(document(ticket)), indent=1, sort_keys=True).encode()

    found, expected = (TicketRow(raw) for raw in (spaced, document(ticket)))

    assert [getattr(found, name) for name in TicketRow.__slots__] == [
        getattr(expected, name) for name in TicketRow.__slots__
    ]


def test_who_wrote_last_is_another_for_those_who_may_not_read_notes() -> None:
    ticket = make_ticket(7, "No dial tone", "carla")
    ticket.note(ADA, "Ask the provider.", NOW)

    row = TicketRow(document(ticket))

    assert (row.last_author, row.last_public_author) == ("ada", "carla")
    assert ticket.messages[-1].kind is MessageKind.NOTE
