"""A ticket with a hundred megabytes of files opens as fast as one without: what is in them is not looked at."""

import os
import time
from collections.abc import Callable

from tests.services.conftest import Clock
from ticketing.domain.attachments import MEGABYTE
from ticketing.domain.people import Actor
from ticketing.domain.store import Store
from ticketing.services.access import Gate
from ticketing.services.attachments import Attachments
from ticketing.services.chores import Chores
from ticketing.services.tickets import Tickets

ON_EVERY_STORE = True
FILES = 10
ROUNDS = 20


def test_a_ticket_with_a_hundred_megabytes_opens_as_fast_as_one_without(
    store: Store, clock: Clock, gate: Gate, carla: Actor
) -> None:
    tickets, attachments = Tickets(store, clock, gate, Chores(store, clock, gate)), Attachments(store, clock, gate)
    content = os.urandom(10 * MEGABYTE - FILES)
    ids = [attachments.put(carla, f"{place}.bin", [content, b"%d" % place]).id for place in range(FILES)]
    plain, heavy = tickets.open(carla, "Plain", "See here."), tickets.open(carla, "Heavy", "See here.", files=ids)

    [without, with_files] = quickest(lambda: tickets.get(carla, plain.number), lambda: tickets.get(carla, heavy.number))

    assert len(tickets.get(carla, heavy.number).messages[0].attachments) == FILES
    assert with_files < 2 * without + 0.001


def quickest(*deeds: Callable[[], object]) -> list[float]:
    """Return how many seconds each takes at its best, all of them in turn."""
    best = [float("inf")] * len(deeds)
    for _ in range(ROUNDS):
        for place, deed in enumerate(deeds):
            began = time.perf_counter()
            deed()
            best[place] = min(best[place], time.perf_counter() - began)
    return best
