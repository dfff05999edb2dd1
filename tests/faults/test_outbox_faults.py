"""Several processes send from one outbox, and are killed while they do: no mail is lost, hardly one repeated."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.mail_server import MailServer
from tests.postgres import databases
from tests.racing import said_at_once, started_at_once
from ticketing.desk import Desk, open_desk
from ticketing.domain.outbox import LEASE, AccountMail, MailState, OutgoingQuery
from ticketing.domain.people import Actor, User
from ticketing.services.outbox import set_route, tell_of_account
from ticketing.settings import Settings

pytestmark = pytest.mark.faults

PLACES: dict[str, Callable[[Path], str]] = {
    "json": lambda folder: f"json:{folder / 'data'}",
    "postgres": lambda _: databases().create("outbox"),
}
MAILS, KILLS = 150, 12
# A process that sends what is due at a moment which is so many minutes ahead.
PROGRAM = """
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pydantic import SecretStr
from ticketing.desk import open_desk
from ticketing.settings import Settings
place, port, minutes = sys.argv[1:]
settings = Settings(storage_url=place, smtp_url=SecretStr(f"smtp://127.0.0.1:{port}"), mail_from="desk@example.org")
clock = lambda: datetime.now(UTC) + timedelta(minutes=int(minutes))
with closing(open_desk(settings, clock=clock, password_rounds=4)) as desk:
    print("ready", flush=True)
    input()
    desk.dispatcher().drain()
"""


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of a store in which so many people are each to get a mail."""
    address = PLACES[request.param](tmp_path)
    now = datetime.now(UTC)
    with desk_at(address) as desk:
        set_route(desk.store, is_open=True)
        for number in range(MAILS):
            name = f"user{number}"
            with desk.store.write() as tx:
                tx.users.save(
                    User(
                        id=name,
                        display_name=name,
                        email=f"{name}@example.org",
                        password="none",
                        created_at=now,
                        password_changed_at=now,
                    )
                )
                tell_of_account(tx, name, AccountMail.PASSWORD_CHANGED, name, now)
    return address


@contextmanager
def desk_at(place: str) -> Iterator[Desk]:
    with closing(open_desk(Settings(storage_url=place), password_rounds=4)) as desk:
        yield desk


def states(place: str) -> Counter[MailState]:
    """Count the fates of all mails."""
    with desk_at(place) as desk:
        return Counter(mail.state for mail in desk.outbox.ledger(Actor.console(), OutgoingQuery(size=200)).items)


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as running:
        yield running


def test_e4_two_processes_send_each_mail_once(place: str, server: MailServer) -> None:
    said_at_once(PROGRAM, place, str(server.server.port), "1", processes=2)

    recipients = Counter(name for taken in server.taken for name in taken.recipients)
    assert recipients == Counter(f"user{number}@example.org" for number in range(MAILS))
    assert server.connections >= 2
    assert states(place) == {MailState.SENT: MAILS}


def test_a_process_that_is_killed_again_and_again_loses_no_mail(place: str, server: MailServer) -> None:
    dice, minutes = random.Random(7), 1  # noqa: S311 - not for security
    progress: list[int] = []
    server.behaviour.delay = 0.005

    for _ in range(KILLS):
        [process] = started_at_once(PROGRAM, place, str(server.server.port), str(minutes), processes=1)
        time.sleep(dice.uniform(0.03, 0.2))
        process.kill()
        process.communicate()
        progress.append(len(server.taken))
        minutes += LEASE // timedelta(minutes=1) + 1
    said_at_once(PROGRAM, place, str(server.server.port), str(minutes), processes=1)

    arrived = Counter(taken.mail["Message-ID"] for taken in server.taken)
    assert progress[0] < MAILS
    assert len(arrived) == MAILS
    assert len(server.taken) - MAILS <= KILLS  # at most the one under way at each kill
    assert states(place) == {MailState.SENT: MAILS}
