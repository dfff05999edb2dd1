"""A rule is rehearsed on what has happened: what it tells is what would have come of it, and nothing is changed."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.postgres import databases
from tests.services.conftest import Clock
from ticketing.desk import Desk, open_desk
from ticketing.domain.calendars import BusinessCalendar
from ticketing.domain.changes import Changes
from ticketing.domain.custom_fields import CustomField, FieldType
from ticketing.domain.errors import PermissionDeniedError, QueryError
from ticketing.domain.opening_hours import ALWAYS_OPEN
from ticketing.domain.people import Actor, Role
from ticketing.domain.rules import Rule, Trigger
from ticketing.domain.sla import SlaPolicy
from ticketing.domain.statuses import Priority, Status
from ticketing.domain.teams import Team
from ticketing.domain.tickets import RULE, Event, TicketEdit
from ticketing.services.rules import SHOWN, Rehearsal
from ticketing.settings import Settings
from ticketing.storage.memory import MemoryStore

CONSOLE = Actor.console()
ADA = Actor("ada", "Ada", Role.AGENT, at_console=True)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PLACES: dict[str, Callable[[Path], str]] = {
    "memory": lambda _: "memory:",
    "json": lambda folder: f"json:{folder / 'data'}",
    "sqlite": lambda folder: f"sqlite:///{folder / 'desk.sqlite'}",
    "postgres": lambda _: databases().create("rehearsal"),
}


@pytest.fixture
def desk(store: MemoryStore, clock: Clock) -> Desk:
    return Desk(Settings(storage_url="memory:"), store, clock, password_rounds=4)


@pytest.fixture(params=PLACES)
def any_desk(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Desk]:
    """Return a desk over each kind of store."""
    settings = Settings(storage_url=PLACES[request.param](tmp_path))
    with closing(open_desk(settings, clock=clock, password_rounds=4)) as desk:
        yield desk


def a_quarter(desk: Desk, clock: Clock) -> None:
    """Let a quarter of a year go by, in which six people's tickets come to different ends."""
    desk.definitions.save(CONSOLE, Team(name="Network"))
    desk.definitions.save(CONSOLE, CustomField(name="Parts", type=FieldType.MULTI_CHOICE, options=("Fan", "Disk")))
    desk.definitions.save(CONSOLE, CustomField(name="Leased", type=FieldType.CHECK_BOX))
    desk.definitions.save(CONSOLE, BusinessCalendar(name="Always", zone="UTC", hours=ALWAYS_OPEN))
    desk.definitions.save(CONSOLE, SlaPolicy(name="Gold", calendar="always", resolution=30 * HOUR))
    clock.advance(-(100 * DAY))
    for number in range(1, 7):
        desk.tickets.open(CONSOLE, f"VPN {number}", "It does not dial in.", fields={"leased": True})
        clock.advance(HOUR)
    edits: list[TicketEdit] = [
        TicketEdit(status=Status.PENDING, tags=("vpn", "urgent")),
        TicketEdit(status=Status.PENDING, fields={"parts": ["Fan", "Disk"], "leased": False}),
        TicketEdit(team="network", title="Printer"),
        TicketEdit(status=Status.RESOLVED),
        TicketEdit(priority=Priority.URGENT, tags=("vpn",)),
    ]
    for number, edit in enumerate(edits, 1):
        desk.tickets.edit(CONSOLE, number, edit)
        _goes_by(desk, clock, 11 * HOUR)
    desk.tickets.reply(ADA, 1, "Try again.")
    desk.tickets.reply(CONSOLE, 2, "It still does not.")
    _goes_by(desk, clock, 9 * DAY)
    desk.tickets.note(CONSOLE, 1, "They do not answer.")
    desk.tickets.edit(CONSOLE, 2, TicketEdit(status=Status.OPEN, fields={"parts": [], "leased": True}))
    desk.relations.merge(CONSOLE, 6, 5)
    _goes_by(desk, clock, 20 * DAY)
    desk.relations.unmerge(CONSOLE, 6)
    desk.tickets.edit(CONSOLE, 5, TicketEdit(status=Status.PENDING, tags=()))
    _goes_by(desk, clock, 30 * DAY)


def _goes_by(desk: Desk, clock: Clock, time: timedelta) -> None:
    """Let time go by, while the desk does what is due each hour and day."""
    step = HOUR if time < DAY else 12 * HOUR
    for _ in range(time // step):
        clock.advance(step)
        desk.catch_up()


def followed(desk: Desk, name: str, since: datetime) -> list[tuple[int, datetime]]:
    """Return on which tickets a rule was followed since then, and when."""
    tickets = [desk.tickets.get(CONSOLE, number) for number in range(1, 7)]
    return sorted((one.number, event.at) for one in tickets for event in one.events if _names(event, name, since))


def _names(event: Event, name: str, since: datetime) -> bool:
    return event.field == RULE and event.new == name and event.at >= since


def told(rehearsal: Rehearsal) -> list[tuple[int, datetime]]:
    """Return the same of a rehearsal."""
    assert rehearsal.times == len(rehearsal.latest)
    return sorted((one.number, one.at) for one in rehearsal.latest)


EVENTS = [
    (Trigger.OPENED, ""),
    (Trigger.OPENED, "vpn field.leased:true is:new"),
    (Trigger.CHANGED, "status:pending"),
    (Trigger.CHANGED, "tag:vpn priority:normal"),
    (Trigger.CHANGED, "field.parts:disk field.leased:false"),
    (Trigger.CHANGED, "team:network title:printer"),
    (Trigger.CHANGED, "is:done -resolved:>6d"),
    (Trigger.CHANGED, "has:assignee,reply -has:tag"),
    (Trigger.AGENT_REPLIED, "has:reply"),
    (Trigger.REQUESTER_REPLIED, ""),
    (Trigger.NOTE_WRITTEN, "tag:urgent"),
]
TIMES = [
    "status:pending updated:>7d",
    "status:resolved",
    "status:open,pending created:>2d",
    "status:closed updated:>2w",
    "is:open is:overdue",
    "due:<4h",
    "updated:>3d -tag:vpn",
    "tag:vpn created:yesterday",
    "status:pending updated:>9999y",
]


HITS_NOTHING = {"status:pending updated:>9999y"}


@pytest.mark.parametrize(("trigger", "query"), [*EVENTS, *((Trigger.TIME, query) for query in TIMES)])
def test_what_is_told_is_what_would_have_come_of_it(
    store: MemoryStore, clock: Clock, trigger: Trigger, query: str
) -> None:
    rule = Rule(name="Look", trigger=trigger, query=query, note="Look!", enabled=True)
    now = clock()
    with_rule, without = (
        Desk(Settings(storage_url="memory:"), one, clock, password_rounds=4) for one in (store, MemoryStore())
    )
    with_rule.definitions.save(CONSOLE, rule)
    ends = set()
    for desk in (with_rule, without):
        clock.now = now
        a_quarter(desk, clock)
        ends.add(clock.now)
    (end,) = ends

    rehearsal = without.rules.rehearsed(CONSOLE, rule)

    happened = followed(with_rule, "Look", end - 90 * DAY)
    assert bool(happened) is (query not in HITS_NOTHING)
    assert [number for number, _ in told(rehearsal)] == [number for number, _ in happened]
    # The chores of this quarter come every hour or every twelve.
    for (_, at), (_, did) in zip(told(rehearsal), happened, strict=True):
        assert timedelta(0) <= did - at <= (12 * HOUR if trigger is Trigger.TIME else timedelta(0))


def test_the_latest_are_told_and_how_many_there_were_in_all_on_every_store(any_desk: Desk, clock: Clock) -> None:
    clock.advance(-(200 * DAY))
    any_desk.tickets.open(CONSOLE, "VPN before", "Too long ago.")
    clock.advance(91 * DAY)
    for number in range(SHOWN + 10):
        clock.advance(DAY if number < 3 else HOUR)
        any_desk.tickets.open(CONSOLE, f"VPN {number}", "It does not dial in.")
    any_desk.tickets.open(CONSOLE, "Printer", "It hums.")
    progress: list[tuple[int, int]] = []

    rehearsal = any_desk.rules.rehearsed(
        CONSOLE, Rule(name="VPN", query="title:vpn", note="Look!"), lambda done, whole: progress.append((done, whole))
    )

    assert (rehearsal.times, len(rehearsal.latest), rehearsal.at_once) == (SHOWN + 10, SHOWN, 0)
    newest, second, *_ = rehearsal.latest
    assert (newest.number, newest.title, newest.at) == (SHOWN + 11, f"VPN {SHOWN + 9}", clock())
    assert second.at == clock() - HOUR
    assert progress[-1] == (SHOWN + 11, SHOWN + 11)


def test_it_is_told_on_how_many_tickets_a_rule_after_a_time_would_be_followed_at_once(
    any_desk: Desk, clock: Clock
) -> None:
    rule = Rule(name="Old", trigger=Trigger.TIME, query="status:pending updated:>7d", note="Look!")
    for age in (200, 50, 2):
        clock.advance(-age * DAY)
        number = any_desk.tickets.open(CONSOLE, "VPN", "It does not dial in.").number
        any_desk.tickets.edit(CONSOLE, number, TicketEdit(status=Status.PENDING))
        clock.advance(age * DAY)

    rehearsal = any_desk.rules.rehearsed(CONSOLE, rule)
    assert (rehearsal.times, rehearsal.at_once) == (1, 2)

    kept = any_desk.definitions.save(CONSOLE, rule.model_copy(update={"enabled": True}))
    any_desk.catch_up()
    rehearsal = any_desk.rules.rehearsed(CONSOLE, kept)
    assert (rehearsal.times, rehearsal.at_once) == (1, 0)


def test_nothing_is_changed_by_it(desk: Desk, clock: Clock, everything: Callable[[], dict[str, object]]) -> None:
    a_quarter(desk, clock)
    before = everything()

    rule = Rule(name="All", trigger=Trigger.CHANGED, changes=Changes(status=Status.CLOSED), reply="Bye.", enabled=True)
    assert desk.rules.rehearsed(CONSOLE, rule).times > 0

    assert everything() == before


def test_a_value_that_only_another_version_knows_stays_what_it_is(desk: Desk, store: MemoryStore, clock: Clock) -> None:
    number = desk.tickets.open(CONSOLE, "VPN", "Dead.").number
    clock.advance(HOUR)
    desk.tickets.edit(CONSOLE, number, TicketEdit(status=Status.PENDING))
    with store.write() as tx:
        ticket = tx.tickets.find(number)
        assert ticket is not None
        ticket.events[-1].old = "frozen"
        tx.tickets.save(ticket)
    clock.advance(HOUR)

    rule = Rule(name="Any", trigger=Trigger.CHANGED, query="status:pending", note="Look!")
    assert desk.rules.rehearsed(CONSOLE, rule).times == 1


def test_what_could_not_be_kept_is_not_rehearsed(desk: Desk) -> None:
    with pytest.raises(QueryError, match="There is nobody here for “me”"):
        desk.rules.rehearsed(CONSOLE, Rule(name="Mine", query="assignee:me", note="Look!"))


@pytest.mark.parametrize("who", ["carla", "ada"])
def test_nobody_but_an_admin_rehearses(desk: Desk, root: Actor, who: str, request: pytest.FixtureRequest) -> None:
    rule = Rule(name="All", query="stauts:open", note="Look!")

    with pytest.raises(PermissionDeniedError):
        desk.rules.rehearsed(request.getfixturevalue(who), rule)
    assert desk.rules.rehearsed(root, rule.model_copy(update={"query": ""})).times == 0
