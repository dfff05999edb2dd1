"""Who rates how a ticket was resolved, and who learns of it."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.services.conftest import Clock, SignIn
from ticketing.domain.errors import AlreadyRatedError, PermissionDeniedError, TicketNotDoneError, TicketNotFoundError
from ticketing.domain.people import Actor, Role
from ticketing.domain.statuses import Status
from ticketing.domain.tickets import TicketEdit
from ticketing.services.access import Gate
from ticketing.services.chores import Chores
from ticketing.services.tickets import Tickets
from ticketing.storage.memory import MemoryStore

Everything = Callable[[], dict[str, object]]


ON_EVERY_STORE = True


@pytest.fixture
def tickets(store: MemoryStore, clock: Clock, gate: Gate) -> Tickets:
    return Tickets(store, clock, gate, Chores(store, clock, gate))


@pytest.fixture
def number(tickets: Tickets, store: MemoryStore, carla: Actor, oskar: Actor, ada: Actor) -> int:
    """Return a ticket of Carla's that Oskar watches and Ada has resolved."""
    number = tickets.open(carla, "No dial tone", "The line is dead.").number
    with store.write() as tx:
        ticket = tx.tickets.find(number)
        assert ticket is not None
        ticket.watchers = [oskar.username]
        tx.tickets.save(ticket)
    tickets.edit(ada, number, TicketEdit(status=Status.RESOLVED))
    return number


def test_a_requester_rates_and_their_agents_read_it(tickets: Tickets, number: int, carla: Actor, ada: Actor) -> None:
    tickets.rate(carla, number, solved=True)
    rated = tickets.rate(carla, number, solved=True, score=5, comment="Thanks!")

    assert rated.rating == tickets.get(ada, number).rating
    assert rated.rating is not None
    assert (rated.rating.score, rated.rating.comment) == (5, "Thanks!")
    assert rated.status is Status.RESOLVED


@pytest.mark.parametrize("role", [Role.USER, Role.AGENT, Role.ADMIN])
def test_z7_nobody_rates_for_another(
    tickets: Tickets, number: int, arrives: SignIn, everything: Everything, role: Role
) -> None:
    stranger = arrives("stranger", role)
    before = everything()

    with pytest.raises(TicketNotFoundError if role is Role.USER else PermissionDeniedError):
        tickets.rate(stranger, number, solved=True)

    assert everything() == before


def test_a_watcher_neither_rates_nor_learns_what_was_rated(
    tickets: Tickets, number: int, carla: Actor, oskar: Actor
) -> None:
    before = tickets.get(oskar, number)
    with pytest.raises(PermissionDeniedError, match="You may not rate how this ticket was resolved"):
        tickets.rate(oskar, number, solved=True)

    tickets.rate(carla, number, solved=False, score=1, comment="zebra-marker")

    assert tickets.get(oskar, number).model_dump() == before.model_dump() | {"version": 0}
    assert "zebra-marker" not in tickets.get(oskar, number).model_dump_json()


def test_an_agent_rates_their_own_ticket_unless_they_handled_it(tickets: Tickets, ada: Actor, root: Actor) -> None:
    by_root, by_ada = (tickets.open(ada, title, "Dark.").number for title in ("My screen", "My other screen"))
    tickets.close(root, by_root)
    tickets.close(ada, by_ada)

    assert tickets.rate(ada, by_root, solved=True, score=4).rating
    with pytest.raises(PermissionDeniedError):
        tickets.rate(ada, by_ada, solved=True)


def test_the_same_click_twice_is_one_rating_and_another_one_is_refused(
    tickets: Tickets, number: int, carla: Actor
) -> None:
    once = tickets.rate(carla, number, solved=True, key="k")

    assert tickets.rate(carla, number, solved=True, key="k") == once
    with pytest.raises(AlreadyRatedError):
        tickets.rate(carla, number, solved=False, key="another")


def test_what_lapsed_is_rated_as_what_was_resolved(
    tickets: Tickets, number: int, arrives: SignIn, clock: Clock, carla: Actor
) -> None:
    tickets.rate(carla, number, solved=True)
    clock.advance(timedelta(days=8))
    carla = arrives("carla")

    with pytest.raises(AlreadyRatedError):
        tickets.rate(carla, number, solved=False)
    tickets.reopen(carla, number)
    with pytest.raises(TicketNotDoneError):
        tickets.rate(carla, number, solved=False)
