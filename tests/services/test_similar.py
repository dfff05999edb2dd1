"""What somebody may have asked before."""

import pytest

from tests.services.conftest import Clock
from ticketing.domain.people import Actor
from ticketing.services.access import Gate
from ticketing.services.similar import Similar
from ticketing.services.tickets import Tickets
from ticketing.storage.memory import MemoryStore


@pytest.fixture
def tickets(store: MemoryStore, clock: Clock, gate: Gate) -> Tickets:
    return Tickets(store, clock, gate)


@pytest.fixture
def similar(store: MemoryStore, gate: Gate) -> Similar:
    return Similar(store, gate)


def test_ones_own_tickets_about_the_same_are_found_the_likest_first(
    tickets: Tickets, similar: Similar, carla: Actor
) -> None:
    tickets.open(carla, "Printer jams", "Paper everywhere.")
    tickets.open(carla, "A question", "My VPN drops.")
    tickets.open(carla, "VPN drops every hour", "Since Monday.")

    found = similar.own(carla, "The VPNs drop again")

    assert [summary.title for summary in found] == ["VPN drops every hour", "A question"]


def test_neither_a_foreign_ticket_nor_a_note_is_ever_found(
    tickets: Tickets, similar: Similar, carla: Actor, oskar: Actor, ada: Actor
) -> None:
    number = tickets.open(carla, "Printer jams", "Paper everywhere.").number
    tickets.note(ada, number, "zebra-marker")

    assert similar.own(oskar, "Printer jams") == []
    assert similar.own(ada, "Printer jams") == []
    assert similar.own(carla, "zebra-marker") == []
    assert similar.own(carla, "Printer jams")


@pytest.mark.parametrize("text", ["", " ", "?!", "zebra", "\x00", "a" * 400])
def test_what_resembles_nothing_finds_nothing(tickets: Tickets, similar: Similar, carla: Actor, text: str) -> None:
    tickets.open(carla, "Printer jams", "Paper everywhere.")

    assert similar.own(carla, text) == []


def test_no_more_are_offered_than_asked_for(tickets: Tickets, similar: Similar, carla: Actor) -> None:
    for _ in range(5):
        tickets.open(carla, "Printer jams", "Paper everywhere.")

    assert len(similar.own(carla, "printer jams")) == 3
