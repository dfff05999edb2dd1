"""Tickets that several processes open at the same moment are dealt evenly: no two of them take the same turn."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.postgres import databases
from tests.racing import said_at_once
from tests.services.conftest import PASSWORD
from ticketing.desk import open_desk
from ticketing.domain.people import Actor
from ticketing.domain.statuses import TicketCategory
from ticketing.domain.teams import Dealing, Team
from ticketing.settings import Settings

pytestmark = pytest.mark.processes

CONSOLE = Actor.console()
TEAMS = {
    TicketCategory.HARDWARE: Team(name="Turns", dealing=Dealing.ROUND_ROBIN, members=("ada", "bert", "cleo")),
    TicketCategory.NETWORK: Team(name="Loads", dealing=Dealing.LEAST_LOADED, members=("dora", "emil", "fay")),
}
PROCESSES = 3
TICKETS = 6  # of each process for each team
SHARED: dict[str, Callable[[Path], str]] = {
    "json": lambda folder: f"json:{folder / 'data'}",
    "sqlite": lambda folder: f"sqlite:///{folder / 'desk.sqlite'}",
    "postgres": lambda _: databases().create("dealing_race"),
}
_OPEN = """
import sys
from contextlib import closing
from ticketing.desk import open_desk
from ticketing.domain.people import Actor
from ticketing.domain.statuses import TicketCategory
from ticketing.settings import Settings

with closing(open_desk(Settings(storage_url=sys.argv[1]), password_rounds=4)) as desk:
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(int(sys.argv[2])):
        for category in (TicketCategory.HARDWARE, TicketCategory.NETWORK):
            desk.tickets.open(Actor.console(), "Smoke", "Help!", category)
"""


@pytest.mark.parametrize("store", SHARED)
def test_tickets_opened_in_several_processes_at_once_are_dealt_evenly(tmp_path: Path, store: str) -> None:
    address = SHARED[store](tmp_path)
    with closing(open_desk(Settings(storage_url=address), password_rounds=4)) as desk:
        for category, team in TEAMS.items():
            for name in team.members:
                desk.agents.create_agent(CONSOLE, name, PASSWORD)
            desk.definitions.save(CONSOLE, team.model_copy(update={"categories": (category,)}))
        assert said_at_once(_OPEN, address, str(TICKETS), processes=PROCESSES) == [""] * PROCESSES

        opened = [desk.tickets.get(CONSOLE, number + 1) for number in range(2 * PROCESSES * TICKETS)]

    for category, team in TEAMS.items():
        dealt = [ticket.assignee for ticket in opened if ticket.category == category]
        assert len(dealt) == PROCESSES * TICKETS
        # In the order of their numbers, which is that of the deals, nobody gets two before the others get one.
        for first in range(0, len(dealt), len(team.members)):
            assert set(dealt[first : first + len(team.members)]) == set(team.members)
