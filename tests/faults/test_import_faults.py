"""An import is killed anywhere: what was told is there, and the same file brings the rest, nothing twice."""

import json
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from tests.postgres import databases
from ticketing.desk import open_desk
from ticketing.domain.imports import ImportState
from ticketing.domain.people import Actor
from ticketing.settings import Settings
from ticketing.storage.opening import open_store

pytestmark = pytest.mark.faults

TICKETS = 1_500
KILLS = 4
CONSOLE = Actor.console()
IMPORT = """
import sys
from ticketing.delivery.html_text import text_of
from ticketing.desk import open_desk
from ticketing.domain.imports import System
from ticketing.domain.people import Actor
from ticketing.settings import Settings

desk = open_desk(Settings(storage_url=sys.argv[1]), password_rounds=4)
with open(sys.argv[2], "rb") as file:
    said = lambda done, whole: print(done, flush=True)
    desk.imports.apply(Actor.console(), file, "tickets.json", System.ZAMMAD, progress=said)
desk.close()
"""


def exported(folder: Path) -> Path:
    """Return tickets of two hundred people as Zammad gives them."""
    file = folder / "tickets.json"
    with file.open("w") as lines:
        for number in range(TICKETS):
            customer = f"person{number % 200}@example.net"
            said = {"sender": "Customer", "from": customer, "body": "Help! " * 50, "created_at": "2024-01-01T00:00:00Z"}
            ticket = {"number": str(number), "customer": customer, "created_at": "2024-01-01T00:00:00Z"}
            lines.write(json.dumps(ticket | {"articles": [said]}) + "\n")
    return file


def kill(*arguments: str, after: int, pause: float) -> None:
    """Kill an import so many seconds after so many of its transactions."""
    with subprocess.Popen([sys.executable, "-c", IMPORT, *arguments], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(after):
            process.stdout.readline()
        time.sleep(pause)
        process.kill()


@pytest.mark.parametrize("kind", ["json", "sqlite", "postgres"])
def test_an_import_that_is_killed_anywhere_goes_on_with_the_same_file(kind: str, tmp_path: Path) -> None:
    addresses = {
        "json": lambda: f"json:{tmp_path / 'data'}",
        "sqlite": lambda: f"sqlite:///{tmp_path / 'desk.sqlite'}",
        "postgres": lambda: databases().create("imported_into"),
    }
    address, file = addresses[kind](), exported(tmp_path)

    for after in range(1, KILLS + 1):
        kill(address, str(file), after=after, pause=0.01 * after)
    subprocess.run([sys.executable, "-c", IMPORT, address, str(file)], stdout=subprocess.DEVNULL, check=True)

    with closing(open_desk(Settings(storage_url=address), password_rounds=4)) as desk:
        (run,) = desk.imports.all(CONSOLE)
    assert (run.state, run.counts.tickets, run.counts.people) == (ImportState.DONE, TICKETS, 200)
    with closing(open_store(address)) as store, store.read() as tx:
        found = Counter(ticket.external_id for ticket in tx.tickets.stream())
        made = [user for user in tx.users.stream() if user.brought_by == run.id]
    assert found == Counter(map(str, range(TICKETS)))
    assert len(made) == 200
