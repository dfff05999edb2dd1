"""Settings go from one desk as a file into an empty one, in every kind of store: all that was set up is there again."""

from base64 import b64encode
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import pytest

from tests.services.conftest import Clock
from tests.storage.conftest import make_user
from ticketing.domain.banners import Banner, BannerLevel
from ticketing.domain.branding import Branding
from ticketing.domain.calendars import BusinessCalendar
from ticketing.domain.canned_replies import CannedReply
from ticketing.domain.categories import Category
from ticketing.domain.changes import ME, Changes
from ticketing.domain.custom_fields import CustomField, FieldType
from ticketing.domain.definitions import Definition
from ticketing.domain.mail_texts import MailText
from ticketing.domain.opening_hours import parse_holidays, parse_hours
from ticketing.domain.people import Actor
from ticketing.domain.recurring import RecurringTicket
from ticketing.domain.retention import RetentionRule
from ticketing.domain.rules import Rule, Trigger
from ticketing.domain.saved_views import SavedView
from ticketing.domain.schedules import Nth, Repeats, Schedule, Weekday, WhenClosed
from ticketing.domain.settings_files import SETTINGS
from ticketing.domain.sign_in import SessionLimits
from ticketing.domain.sla import SlaPolicy
from ticketing.domain.statuses import Priority, Status
from ticketing.domain.store import Store
from ticketing.domain.teams import Dealing, Team
from ticketing.services.access import Gate
from ticketing.services.definitions import Definitions
from ticketing.services.moving.settings_files import SettingsFiles
from ticketing.storage.memory import MemoryStore

CONSOLE = Actor.console()
OFFICE: Final = (*[parse_hours("09:00-12:30, 13:30-17:00")] * 5, (), ())

# One of each kind, with all that can be set; in an order in which each finds what it names.
SAMPLES: Final[dict[str, Definition]] = {
    "calendars": BusinessCalendar(
        name="Büro",
        zone="Europe/Berlin",
        hours=OFFICE,
        holidays=parse_holidays("12-25 Christmas Day\n2026-04-03 Good Friday"),
    ),
    "categories": Category(name="Training", position=15),
    "teams": Team(name="First line", dealing=Dealing.ROUND_ROBIN, categories=("training",)),
    "fields": CustomField(
        name="Colour", type=FieldType.CHOICE, options=("red", "blue"), hint="Of the case", position=3
    ),
    "sla": SlaPolicy(
        name="Gold",
        calendar="buro",
        teams=("first-line",),
        priorities=(Priority.URGENT,),
        first_response=timedelta(minutes=90),
        resolution=timedelta(hours=8),
        paused=(Status.PENDING,),
        warning=timedelta(minutes=5),
    ),
    "canned_replies": CannedReply(
        name="Reset",
        text="Dear {{ requester.name }},\n“please” press \\ the <button>.",
        changes=Changes(status=Status.PENDING, team="first-line", assignee=ME, add_tags=("reset",)),
    ),
    "mail_texts": MailText(name="Reply", mail="replied", text="{{ by }} schrieb in {{ label }}:\n“{{ text }}”"),
    "recurring": RecurringTicket(
        name="Backup",
        title="Test the backup",
        description="Bring one back on trial.",
        requester="carla",
        assignee="ada",
        team="first-line",
        tags=("backup",),
        schedule=Schedule(
            repeats=Repeats.MONTHS_BY_WEEKDAY,
            nth=Nth.LAST,
            weekday=Weekday.FRIDAY,
            first=date(2026, 1, 5),
            at=time(9, 30),
            zone="Europe/Berlin",
            calendar="buro",
            when_closed=WhenClosed.MOVE,
        ),
        skip_if_open=True,
    ),
    "rules": Rule(
        name="Escalate",
        position=2,
        trigger=Trigger.TIME,
        query="category:training updated:>2d",
        changes=Changes(priority=Priority.HIGH, team="first-line", add_tags=("late",)),
        reply="Dear {{ requester.name }}, we are late.",
        note="Please look at {{ ticket.label }}.",
        notify=("ada",),
        stops=True,
    ),
    "retention": RetentionRule(name="Old trainings", days=90, category="training"),
    "views": SavedView(name="VIP", query='tag:vip -"out of office" sort:-updated'),
    "branding": Branding(
        id="branding", name="Acme support", logo=b64encode(b"RIFF....WEBPVP8 ").decode(), accent="#0b6e4f"
    ),
    "banners": Banner(
        name="Move",
        text="We move.",
        level=BannerLevel.WARNING,
        begins=datetime(2031, 5, 6, tzinfo=UTC),
        ends=datetime(2031, 5, 7, tzinfo=UTC),
        signed_in_only=True,
    ),
}


def services(store: Store) -> tuple[Definitions, SettingsFiles]:
    clock = Clock()
    gate = Gate(clock, SessionLimits())
    return Definitions(store, clock, gate), SettingsFiles(store, clock, gate)


def test_there_is_a_sample_of_each_kind_that_goes_into_a_file() -> None:
    assert set(SAMPLES) == set(SETTINGS)


@pytest.mark.parametrize("way", ["out of it", "into it"])
def test_all_that_is_set_up_arrives_in_an_empty_desk(store: Store, way: str) -> None:
    origin, target = (store, MemoryStore()) if way == "out of it" else (MemoryStore(), store)
    definitions, files = services(origin)
    for sample in SAMPLES.values():
        definitions.save(CONSOLE, sample)
    raw = files.export(CONSOLE).encode()
    with target.write() as tx:
        for name in ("ada", "carla"):
            tx.users.save(make_user(name))
    arrived, theirs = services(target)

    plan = theirs.plan(CONSOLE, raw)
    theirs.apply(CONSOLE, plan)

    assert (len(plan.added) + len(plan.changed), plan.warnings) == (len(SAMPLES), ())
    assert {step.wanted.kind for step in plan.changed} == {name for name, kind in SETTINGS.items() if kind.only}
    for kind in SETTINGS.values():
        was, now = ({one.id: one.content() for one in desk.all(CONSOLE, kind)} for desk in (definitions, arrived))
        assert now == was
        assert [one.version for one in arrived.all(CONSOLE, kind) if one.version] == [1]
    assert theirs.export(CONSOLE).encode() == raw
    again = theirs.plan(CONSOLE, raw)
    assert (again.added, again.changed, len(again.unchanged)) == ((), (), len(SAMPLES))


def test_what_an_import_changes_is_a_version_that_outlives_it(store: Store) -> None:
    definitions, files = services(store)
    for sample in SAMPLES.values():
        definitions.save(CONSOLE, sample)
    raw = files.export(CONSOLE).replace("First line", "Front desk").encode()
    with store.write() as tx:
        for name in ("ada", "carla"):
            tx.users.save(make_user(name))

    files.apply(CONSOLE, files.plan(CONSOLE, raw))

    (team,) = definitions.all(CONSOLE, Team)
    assert (team.name, team.version, team.history[-1].by) == ("Front desk", 2, "console")
