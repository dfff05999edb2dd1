"""Rows: what lists need of a ticket, read out of its document without parsing the conversation."""

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.storage.conftest import NOW, make_ticket
from ticketing.domain.people import Actor, Role
from ticketing.domain.tickets import MessageKind, Ticket
from ticketing.storage.documents.rows import Talk, TicketRow, fields_of, without_events

ADA = Actor("ada", "Ada", Role.AGENT)
MARKS = [
    '{"kind":"note","author":"mallory"}',
    ',"messages":[{"kind":"',
    '"}],"events":[{"field":"opened"}]',
    '"author":"mallory"',
    ',"requester":"mallory"',
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
    raw = document(conversation(text))

    assert TicketRow(raw, fields_of(raw)).title == text
    assert Talk.of(raw) == (3, "ada", 2, "ada")
    assert [message["text"] for message in without_events(raw)["messages"]][1:] == [text, text]


@pytest.mark.parametrize("layout", [{"indent": 1}, {"separators": (",", ":")}, {"indent": 1, "sort_keys": True}])
def test_a_document_that_was_written_in_another_way_gives_the_same_row(layout: dict[str, Any]) -> None:
    ticket = conversation("No dial tone")
    other = json.dumps(json.loads(document(ticket)), **{"sort_keys": "separators" in layout} | layout).encode()

    found, expected = (TicketRow(raw, fields_of(raw)) for raw in (other, document(ticket)))

    assert Talk.of(other) == Talk.of(document(ticket))
    assert without_events(other)["messages"] == without_events(document(ticket))["messages"]
    names = ["title", *(name for name in TicketRow.__slots__ if name != "raw")]
    assert [getattr(found, name) for name in names] == [getattr(expected, name) for name in names]


def test_who_wrote_last_is_another_for_those_who_may_not_read_notes() -> None:
    ticket = make_ticket(7, "No dial tone", "carla")
    ticket.note(ADA, "Ask the provider.", NOW)

    talk = Talk.of(document(ticket))

    assert (talk.last_author, talk.last_public_author) == ("ada", "carla")
    assert ticket.messages[-1].kind is MessageKind.NOTE
