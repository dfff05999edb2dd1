"""A process that makes somebody anonymous is killed in the middle: nothing is lost, and it is done to the end later."""

import random
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.postgres import databases
from tests.racing import started_at_once
from ticketing.desk import open_desk
from ticketing.domain.anonymising import Anonymisation
from ticketing.domain.people import Actor, User
from ticketing.domain.queries import TicketQuery, View
from ticketing.domain.statuses import GENERAL
from ticketing.domain.store import Transaction
from ticketing.domain.tickets import Ticket
from ticketing.settings import Settings
from ticketing.storage.whole import WholeStore

pytestmark = pytest.mark.faults

PLACES: dict[str, Callable[[Path], str]] = {
    "json": lambda folder: f"json:{folder / 'data'}",
    "sqlite": lambda folder: f"sqlite:///{folder / 'desk.sqlite'}",
    "postgres": lambda _: databases().create("privacy"),
}
CONSOLE = Actor.console()
TICKETS, KILLS = 150, 4
PROGRAM = """
import sys
from contextlib import closing
from ticketing.desk import open_desk
from ticketing.domain.people import Actor
from ticketing.settings import Settings
place, username = sys.argv[1:]
with closing(open_desk(Settings(storage_url=place), password_rounds=4)) as desk:
    print("ready", flush=True)
    input()
    if username:
        desk.anonymising.anonymise(Actor.console(), username)
    else:
        desk.catch_up()
"""


@pytest.mark.parametrize("kind", PLACES)
def test_p2_kill_9_leaves_nothing_half_told_as_done(tmp_path: Path, kind: str) -> None:
    place, moment, now = PLACES[kind](tmp_path), random.Random(9), datetime.now(UTC)  # noqa: S311 - no secret
    settings = Settings(storage_url=place)
    with closing(open_desk(settings, password_rounds=4)) as desk:
        carla = User(id="carla", display_name="Carla Ruiz", password="!", created_at=now, password_changed_at=now)
        with desk.store.write() as tx:
            tx.users.save(carla)
            for number in range(1, TICKETS + 1):
                ticket = Ticket.open(number, "oskar", f"Of Carla, {number}", "Call Carla Ruiz.", GENERAL, now)
                ticket.watchers = ["carla"]
                tx.tickets.save(ticket)

    was_begun = False
    for _ in range(KILLS):
        (process,) = started_at_once(PROGRAM, place, "" if was_begun else "carla", processes=1)
        time.sleep(moment.uniform(0.05, 0.4))
        process.kill()
        process.communicate()
        with closing(open_desk(settings, password_rounds=4)) as desk, desk.store.read() as tx:
            was_begun = _holds_together(tx)

    with closing(open_desk(settings, password_rounds=4)) as desk:
        if not was_begun:
            desk.anonymising.anonymise(CONSOLE, "carla")
        assert desk.catch_up() == []
        with desk.store.read() as tx:
            assert _holds_together(tx)
            assert tx.definitions(Anonymisation).all()[0].is_done
            assert tx.tickets.naming("carla", 0, TICKETS) == []
        assert desk.tickets.search(CONSOLE, View.ALL.query("console", now)).total == TICKETS
        assert desk.tickets.search(CONSOLE, TicketQuery(needles=("carla",))).total == 0
        _verify(desk.store)


def _holds_together(tx: Transaction) -> bool:
    """Check what is promised at any moment: either nothing was begun, or the account is gone, and done means all."""
    begun = tx.definitions(Anonymisation).all()
    assert (tx.users.find("carla") is None) is bool(begun)
    if begun and begun[0].is_done:
        assert tx.tickets.naming("carla", 0, TICKETS) == []
    return bool(begun)


def _verify(store: WholeStore) -> None:
    with store.read() as tx:
        told = [record.facts for record in tx.audit.stream() if record.action == "anonymised"]
    assert told == [{"state": "begun"}, {"state": "done", "tickets": str(TICKETS)}]
