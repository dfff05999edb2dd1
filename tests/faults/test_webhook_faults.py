"""Several processes post what waits for webhooks, and are killed while they do: nothing is lost."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from tests.postgres import databases
from tests.racing import said_at_once, started_at_once
from tests.web_server import WebServer
from ticketing.desk import Desk, open_desk
from ticketing.domain.deliveries import DeliveryQuery, DeliveryState
from ticketing.domain.outbox import LEASE
from ticketing.domain.people import Actor
from ticketing.domain.webhooks import Webhook, WebhookEvent
from ticketing.settings import Settings

pytestmark = pytest.mark.faults

CONSOLE = Actor.console()
PLACES: dict[str, Callable[[Path], str]] = {
    "json": lambda folder: f"json:{folder / 'data'}",
    "postgres": lambda _: databases().create("webhooks"),
}
TICKETS, KILLS = 60, 12
# A process that posts what is due at a moment which is so many minutes ahead.
PROGRAM = """
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from ticketing.desk import open_desk
from ticketing.settings import Settings
place, folder, minutes = sys.argv[1:]
settings = Settings(storage_url=place, data_dir=Path(folder), private_webhooks=True)
clock = lambda: datetime.now(UTC) + timedelta(minutes=int(minutes))
with closing(open_desk(settings, clock=clock, password_rounds=4)) as desk:
    print("ready", flush=True)
    input()
    desk.webhook_dispatcher().drain()
"""


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of an empty store."""
    return PLACES[request.param](tmp_path)


@pytest.fixture
def server() -> Iterator[WebServer]:
    with WebServer() as running:
        yield running


@contextmanager
def desk_at(place: str, folder: Path) -> Iterator[Desk]:
    settings = Settings(storage_url=place, data_dir=folder, private_webhooks=True)
    with closing(open_desk(settings, password_rounds=4)) as desk:
        yield desk


@pytest.fixture(autouse=True)
def waiting(place: str, tmp_path: Path, server: WebServer) -> None:
    """Let two webhooks wait to be told of so many tickets each."""
    with desk_at(place, tmp_path) as desk:
        for name in ("One", "Two"):
            desk.webhooks.create(CONSOLE, Webhook(name=name, url=server.url, events=(WebhookEvent.OPENED,)))
        for number in range(TICKETS):
            desk.tickets.open(CONSOLE, f"Ticket {number}", "Help!")


def states(place: str, folder: Path) -> Counter[DeliveryState]:
    """Count the fates of all that webhooks are told."""
    with desk_at(place, folder) as desk:
        asked = [DeliveryQuery(webhook=key, size=200) for key in ("one", "two")]
        return Counter(one.state for query in asked for one in desk.webhooks.ledger(CONSOLE, query).items)


def test_two_processes_post_each_message_once(place: str, tmp_path: Path, server: WebServer) -> None:
    said_at_once(PROGRAM, place, str(tmp_path), "1", processes=2)

    arrived = Counter(taken.headers["webhook-id"] for taken in server.taken)
    assert (len(arrived), set(arrived.values())) == (2 * TICKETS, {1})
    assert states(place, tmp_path) == {DeliveryState.DELIVERED: 2 * TICKETS}


def test_a_process_that_is_killed_again_and_again_loses_nothing(place: str, tmp_path: Path, server: WebServer) -> None:
    dice, minutes = random.Random(7), 1  # noqa: S311 - not for security
    server.delay = 0.005
    progress: list[int] = []

    for _ in range(KILLS):
        [process] = started_at_once(PROGRAM, place, str(tmp_path), str(minutes), processes=1)
        time.sleep(dice.uniform(0.03, 0.2))
        process.kill()
        process.communicate()
        progress.append(len(server.taken))
        minutes += LEASE // timedelta(minutes=1) + 1
    said_at_once(PROGRAM, place, str(tmp_path), str(minutes), processes=1)

    arrived = Counter(taken.headers["webhook-id"] for taken in server.taken)
    assert progress[0] < 2 * TICKETS
    assert len(arrived) == 2 * TICKETS
    assert len(server.taken) - 2 * TICKETS <= 2 * KILLS  # at most the two under way at each kill
    assert states(place, tmp_path) == {DeliveryState.DELIVERED: 2 * TICKETS}
