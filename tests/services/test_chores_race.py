"""What is due after downtime is done once, also when several processes begin with it at the same moment."""

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from tests.postgres import databases
from tests.racing import said_at_once
from tests.services.conftest import PASSWORD
from ticketing.desk import open_desk
from ticketing.domain.people import Actor
from ticketing.domain.recurring import RecurringTicket
from ticketing.domain.schedules import Repeats, Schedule
from ticketing.domain.statuses import Status
from ticketing.domain.tickets import RECURRING, MessageKind, TicketEdit
from ticketing.settings import Settings

pytestmark = pytest.mark.processes

CONSOLE = Actor.console()
START = datetime(2031, 5, 6, 9, 30, tzinfo=UTC)
DAYS = 12
AFTER_DOWNTIME = START + timedelta(days=DAYS)
NAMES = ("Backup check", "Fire drill", "Log check")
SLEEPERS = LAPSERS = 30
PROCESSES = 3
SHARED: dict[str, Callable[[Path], str]] = {
    "json": lambda folder: f"json:{folder / 'data'}",
    "sqlite": lambda folder: f"sqlite:///{folder / 'desk.sqlite'}",
    "postgres": lambda _: databases().create("chores_race"),
}
_DO_ALL = """
import sys
from contextlib import closing
from datetime import datetime
from ticketing.desk import open_desk
from ticketing.settings import Settings

now = datetime.fromisoformat(sys.argv[2])
with closing(open_desk(Settings(storage_url=sys.argv[1]), clock=lambda: now, password_rounds=4)) as desk:
    print("ready", flush=True)
    sys.stdin.readline()
    desk.catch_up()
"""


@pytest.mark.parametrize("store", SHARED)
def test_several_processes_open_wake_and_close_each_ticket_once(tmp_path: Path, store: str) -> None:
    address = SHARED[store](tmp_path)
    daily = Schedule(repeats=Repeats.DAYS, first=date(2031, 5, 1), at=time(9), zone="Europe/London")
    with closing(open_desk(Settings(storage_url=address), clock=lambda: START, password_rounds=4)) as desk:
        desk.accounts.register("carla", "Carla", PASSWORD, PASSWORD)
        for name in NAMES:
            desk.definitions.save(
                CONSOLE,
                RecurringTicket(name=name, title=name, description="Do it.", requester="carla", schedule=daily),
            )
        for _ in range(SLEEPERS):
            number = desk.tickets.open(CONSOLE, "Asleep", "Tired.").number
            desk.tickets.snooze(CONSOLE, number, START + timedelta(hours=1))
        for _ in range(LAPSERS):
            number = desk.tickets.open(CONSOLE, "Done", "It works.").number
            desk.tickets.edit(CONSOLE, number, TicketEdit(status=Status.RESOLVED))

    assert said_at_once(_DO_ALL, address, AFTER_DOWNTIME.isoformat(), processes=PROCESSES) == [""] * PROCESSES

    with closing(open_desk(Settings(storage_url=address), password_rounds=4)) as desk, desk.store.read() as tx:
        tickets = list(tx.tickets.stream())
    sleepers, lapsers, opened = tickets[:SLEEPERS], tickets[SLEEPERS:][:LAPSERS], tickets[SLEEPERS + LAPSERS :]
    for ticket in lapsers:
        assert ticket.closed_at == START + timedelta(days=7)
        statuses = [(event.old, event.new) for event in ticket.events if event.field == "status"]
        assert statuses == [("open", "resolved"), ("resolved", "closed")]
    for ticket in sleepers:
        assert ticket.status is Status.OPEN
        assert [message.kind for message in ticket.messages] == [MessageKind.REPLY, MessageKind.NOTE]
    plans = [event.new or "" for ticket in opened for event in ticket.events if event.field == RECURRING]
    assert len(plans) == len(set(plans)) == len(NAMES) * DAYS
    for name in NAMES:
        of_one = [plan for plan in plans if plan.startswith(name)]
        assert len(of_one) == DAYS
        assert of_one == sorted(of_one, key=lambda plan: plan.split()[5])
