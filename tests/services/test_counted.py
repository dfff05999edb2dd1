"""How many tickets hold some words: known without being counted at each look, and never for long as it was."""

from datetime import timedelta

import pytest

from tests.services.conftest import Clock, SignIn
from ticketing.domain.people import Actor, Role
from ticketing.domain.queries import MOST_HITS, Sort, TicketQuery
from ticketing.domain.query_language import Asker, read_query
from ticketing.services.access import Gate
from ticketing.services.chores import Chores
from ticketing.services.counted import AT_ONCE, LATELY
from ticketing.services.tickets import Tickets
from ticketing.storage.memory import MemoryStore

DIAL = TicketQuery(needles=("dial",))
ON_EVERY_STORE = True


@pytest.fixture
def tickets(store: MemoryStore, clock: Clock, gate: Gate) -> Tickets:
    return Tickets(store, clock, gate, Chores(store, clock, gate))


@pytest.fixture
def ada(arrives: SignIn) -> Actor:
    return arrives("ada", Role.AGENT)


@pytest.fixture
def bert(arrives: SignIn) -> Actor:
    return arrives("bert", Role.AGENT)


def test_a_number_is_counted_once_a_minute_for_all_who_see_the_same(
    tickets: Tickets, ada: Actor, bert: Actor, carla: Actor, oskar: Actor, clock: Clock
) -> None:
    tickets.open(carla, "No dial tone", "It is dead.")
    assert tickets.counts_of_late(ada, {"dial": DIAL}) == {"dial": 1}
    assert tickets.counts_of_late(oskar, {"dial": DIAL}) == {"dial": 0}

    tickets.open(oskar, "A dial tone", "It hums.")
    clock.advance(LATELY - timedelta(seconds=1))
    assert tickets.counts_of_late(bert, {"dial": DIAL.model_copy(update={"sort": Sort.NEWEST, "size": 3})}) == {
        "dial": 1
    }
    assert tickets.counts_of_late(carla, {"dial": DIAL}) == {"dial": 1}

    clock.advance(timedelta(seconds=1))
    assert tickets.counts_of_late(bert, {"dial": DIAL}) == {"dial": 2}
    assert tickets.counts_of_late(oskar, {"dial": DIAL}) == {"dial": 1}


def test_whoever_looks_at_the_list_leaves_its_number_for_all(
    tickets: Tickets, ada: Actor, bert: Actor, carla: Actor
) -> None:
    tickets.open(carla, "No dial tone", "It is dead.")
    assert tickets.counts_of_late(ada, {"dial": DIAL}) == {"dial": 1}
    tickets.open(carla, "A dial tone", "It hums.")

    assert tickets.search(carla, DIAL).total == 2
    assert tickets.counts_of_late(ada, {"dial": DIAL}) == {"dial": 1}
    assert tickets.search(bert, DIAL.model_copy(update={"page": 2})).total == 2
    assert tickets.counts_of_late(ada, {"dial": DIAL}) == {"dial": 2}


def test_of_many_numbers_a_few_are_counted_at_a_time_and_the_others_stand_as_they_were(
    tickets: Tickets, ada: Actor, carla: Actor, clock: Clock
) -> None:
    queries = {n: TicketQuery(needles=(f"word{n}",)) for n in range(2 * AT_ONCE)}
    every_word = " ".join(f"word{n}" for n in queries)
    tickets.open(carla, "First", every_word)

    first = tickets.counts_of_late(ada, queries)
    assert first == dict.fromkeys(range(AT_ONCE), 1)
    tickets.open(carla, "Second", every_word)
    clock.advance(timedelta(seconds=1))
    both = tickets.counts_of_late(ada, queries)
    assert both == first | dict.fromkeys(range(AT_ONCE, 2 * AT_ONCE), 2)

    clock.advance(LATELY)
    assert tickets.counts_of_late(ada, queries) == dict.fromkeys(queries, 2)
    assert tickets.counts_of_late(ada, {}) == {}


def test_a_number_ends_where_the_list_ends(tickets: Tickets, store: MemoryStore, ada: Actor, carla: Actor) -> None:
    ticket = tickets.open(carla, "No dial tone", "It is dead.")
    with store.write() as tx:
        for number in range(2, MOST_HITS + 10):
            tx.tickets.save(ticket.model_copy(update={"id": str(number), "version": 0}))

    assert tickets.counts_of_late(ada, {"dial": DIAL}) == {"dial": MOST_HITS}


@pytest.mark.parametrize(
    ("text", "is_so"),
    [
        ("dial", True), ("-dial", True), ("title:dial", True), ("-title:dial,fax status:open", True),
        ("", False), ("status:open tag:dial,fax requester:carla number:1", False), ("watcher:carla", False),
    ],
)  # fmt: skip
def test_what_people_have_written_is_what_takes_long_to_count(clock: Clock, text: str, *, is_so: bool) -> None:
    assert read_query(text, Asker("ada", clock.now)).is_about_words is is_so
