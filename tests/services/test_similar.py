"""What somebody may have asked before, and what several may have asked at once."""

import pytest

from tests.services.conftest import Clock
from ticketing.domain.errors import PermissionDeniedError, TicketNotFoundError
from ticketing.domain.people import Actor
from ticketing.domain.queries import TicketSummary
from ticketing.domain.store import Store
from ticketing.services.access import Gate
from ticketing.services.chores import Chores
from ticketing.services.similar import Similar
from ticketing.services.tickets import Tickets

ON_EVERY_STORE = True


@pytest.fixture
def tickets(store: Store, clock: Clock, gate: Gate) -> Tickets:
    return Tickets(store, clock, gate, Chores(store, clock, gate))


@pytest.fixture
def similar(store: Store, gate: Gate) -> Similar:
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


def titles(found: list[TicketSummary]) -> list[str]:
    return [summary.title for summary in found]


def test_agents_are_shown_what_may_be_about_the_same_the_likest_first(
    tickets: Tickets, similar: Similar, carla: Actor, oskar: Actor, ada: Actor
) -> None:
    number = tickets.open(carla, "VPN drops every hour", "Since Monday, on the second floor.").number
    tickets.open(oskar, "The VPN drops", "Only at night.")
    tickets.open(oskar, "VPN drops again", "On the second floor, since Monday.")
    tickets.open(oskar, "Printer jams", "Since Monday, on the second floor.")

    assert titles(similar.to(ada, number)) == ["VPN drops again", "The VPN drops"]


def test_what_is_done_is_shown_only_of_the_same_requester(
    tickets: Tickets, similar: Similar, carla: Actor, oskar: Actor, ada: Actor
) -> None:
    number = tickets.open(carla, "VPN drops", "It drops.").number
    for asks in (carla, oskar):
        tickets.close(ada, tickets.open(asks, f"VPN drops, says {asks.username}", "It drops.").number)

    assert titles(similar.to(ada, number)) == ["VPN drops, says carla"]


def test_requesters_are_shown_no_tickets_of_others(
    tickets: Tickets, similar: Similar, carla: Actor, oskar: Actor
) -> None:
    number = tickets.open(carla, "VPN drops", "It drops.").number
    tickets.open(oskar, "VPN drops", "It drops.")

    with pytest.raises(PermissionDeniedError, match="You may not see all tickets"):
        similar.to(carla, number)


def test_a_ticket_that_is_not_there_has_none_like_it(similar: Similar, ada: Actor) -> None:
    with pytest.raises(TicketNotFoundError):
        similar.to(ada, 99)


@pytest.mark.parametrize("title", ["?", "VPN", "x" * 200])
def test_any_title_can_be_compared(tickets: Tickets, similar: Similar, carla: Actor, ada: Actor, title: str) -> None:
    number = tickets.open(carla, title, "It drops.").number
    tickets.open(carla, "Something else", "It drops.")

    assert similar.to(ada, number) == []
