"""What every store finds tickets with files by: that they have any, their names, and who may know of them."""

import pytest

from tests.storage.conftest import NOW, make_ticket
from ticketing.domain.attachments import Attachment
from ticketing.domain.conditions import Having
from ticketing.domain.people import Actor, Role
from ticketing.domain.queries import Audience, TicketQuery
from ticketing.domain.query_language import Asker, read_query
from ticketing.domain.store import Store

ADA = Actor("ada", "Ada Albers", Role.AGENT)
AGENT = Audience(username="ada", sees_all=True)
CARLA = Audience(username="carla", sees_all=False)
OSKAR = Audience(username="oskar", sees_all=False)
EVERYBODY = [AGENT, CARLA, OSKAR]


def attachment(name: str) -> Attachment:
    return Attachment(id=f"id-{name}", name=name, size=24, sha256="ab" * 32, media_type="image/png")


@pytest.fixture(autouse=True)
def _some_have_files(store: Store) -> None:
    """Let Carla have tickets without files, with a public one and with one of a note, and Oskar one with a file."""
    for number, (requester, name, is_note) in enumerate(
        [
            ("carla", "", False),
            ("carla", "Bildschirm Straße.png", False),
            ("carla", "Secret plan.png", True),
            ("oskar", "invoice.png", False),
        ],
        start=1,
    ):
        ticket = make_ticket(number, requester=requester)
        if is_note:
            ticket.note(ADA, "Between us.", NOW)
        else:
            ticket.reply(ADA, "See here.", NOW)
        ticket.attach([attachment(name)] if name else [])
        with store.write() as tx:
            tx.tickets.save(ticket)


def found(store: Store, audience: Audience, text: str) -> list[int]:
    query = read_query(text, Asker(audience.username, NOW))
    with store.read() as tx:
        numbers = sorted(tx.tickets.numbers(audience, query))
        page = tx.tickets.search(audience, query)
        assert sorted(line.number for line in page.items) == numbers
        assert tx.tickets.counts(audience, [query]) == [len(numbers)]
    return numbers


@pytest.mark.parametrize(
    ("text", "by_agent", "by_carla", "by_oskar"),
    [
        ("has:attachment", [2, 3, 4], [2], [4]),
        ("-has:attachment", [1], [1, 3], []),
        ("strasse", [2], [2], []),
        ('"secret plan"', [3], [], []),
        ("secret", [3], [], []),
        ("invoice has:attachment", [4], [], [4]),
        ("id-invoice", [], [], []),
        ("abababab", [], [], []),
        ("attachments", [], [], []),
    ],
)
def test_files_are_found_by_those_who_may_know_of_them(
    store: Store, text: str, by_agent: list[int], by_carla: list[int], by_oskar: list[int]
) -> None:
    assert [found(store, audience, text) for audience in EVERYBODY] == [by_agent, by_carla, by_oskar]


@pytest.mark.parametrize(
    ("name", "seen_by"),
    [("Bildschirm Straße.png", [AGENT, CARLA]), ("Secret plan.png", [AGENT]), ("nothing.png", [])],
)
def test_a_file_leads_to_its_ticket_for_those_who_may_see_it(store: Store, name: str, seen_by: list[Audience]) -> None:
    query = TicketQuery(conditions=(Having("attachment", frozenset({f"id-{name}"})),))

    with store.read() as tx:
        answers = [list(tx.tickets.numbers(audience, query)) for audience in EVERYBODY]

    assert [audience for audience, numbers in zip(EVERYBODY, answers, strict=True) if numbers] == seen_by


def test_files_that_are_gone_are_found_no_more(store: Store) -> None:
    with store.write() as tx:
        ticket = tx.tickets.find(2)
        assert ticket is not None
        ticket.messages[-1].attachments = []
        tx.tickets.save(ticket)

    assert found(store, AGENT, "has:attachment") == [3, 4]
    assert found(store, AGENT, "strasse") == []
