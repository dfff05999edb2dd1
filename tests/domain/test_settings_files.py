"""Settings files: what goes into one, what is believed of one, and what it comes to at a desk."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from ticketing.domain.articles import Article
from ticketing.domain.calendars import BusinessCalendar
from ticketing.domain.canned_replies import CannedReply
from ticketing.domain.categories import Category
from ticketing.domain.changes import ME, Changes
from ticketing.domain.definitions import Definition
from ticketing.domain.errors import ImportRefusedError
from ticketing.domain.kinds import KINDS
from ticketing.domain.opening_hours import ALWAYS_OPEN, WEEKDAYS, parse_holidays
from ticketing.domain.recurring import RecurringTicket
from ticketing.domain.rules import Rule
from ticketing.domain.saved_views import SavedView
from ticketing.domain.schedules import Schedule, Weekday
from ticketing.domain.settings_files import ENTRIES_LIMIT, SETTINGS, SIZE_LIMIT, Here, Plan, plan, read, written
from ticketing.domain.sla import SlaPolicy, parse_duration
from ticketing.domain.statuses import Priority, TicketCategory
from ticketing.domain.teams import Team

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOLIDAYS = parse_holidays("12-25 Christmas Day\n2026-04-03 Good Friday")
OFFICE = BusinessCalendar(id="office", name="Office", zone="Europe/Berlin", hours=ALWAYS_OPEN, holidays=HOLIDAYS)
FIRST_LINE = Team(id="first-line", name="First line", members=("ada",))


def desk_with(*definitions: Definition) -> Here:
    """Return what a desk has on which somebody has set up these."""
    here: dict[str, dict[str, Definition]] = {kind: {} for kind in KINDS}
    for one in definitions:
        here[one.kind][one.id] = one.revised(None, "root", NOW)
    return here | {"categories": {one.id: one for one in Category.all_of([])}}


def gold(**fields: Any) -> SlaPolicy:
    hours = parse_duration("Resolution", "8h", NOW - NOW)
    return SlaPolicy(id="gold", name="Gold", calendar="office", resolution=hours).model_copy(update=fields)


def file_of(**settings: Any) -> bytes:
    return json.dumps({"format": "ticketing-settings", "version": 1, "settings": settings}).encode()


def planned(raw: bytes | str, here: Here, *accounts: str) -> Plan:
    return plan(read(raw.encode() if isinstance(raw, str) else raw), here, frozenset(accounts))


def names(plan: Plan) -> tuple[list[str], list[str], list[str]]:
    """Return what is added, changed and left as it is."""
    added, changed, unchanged = ([step.wanted.name for step in s] for s in (plan.added, plan.changed, plan.unchanged))
    return added, changed, unchanged


def test_the_file_can_be_read_by_people_and_is_the_same_for_the_same_settings() -> None:
    here = desk_with(OFFICE, FIRST_LINE.model_copy(update={"turns": ("ada",)}))

    text = written(here)

    assert written(here) == text
    whole = json.loads(text)
    assert (whole["format"], whole["version"], list(whole["settings"])) == ("ticketing-settings", 1, list(SETTINGS))
    assert whole["settings"]["teams"] == [
        {"id": "first-line", "name": "First line", "members": ["ada"], "dealing": "none", "categories": []}
    ]
    (calendar,) = whole["settings"]["calendars"]
    assert calendar["hours"] == dict.fromkeys(WEEKDAYS, "00:00-24:00")
    assert calendar["holidays"] == ["12-25 Christmas Day", "2026-04-03 Good Friday"]


def test_what_is_somebodys_own_an_article_or_removed_stays_at_home() -> None:
    here = desk_with(
        SavedView(id="0a", name="Ada's secret", owner="ada"),
        CannedReply(id="bye", name="Bye", text="Bye", removed=True),
        Article(id="vpn", name="VPN"),
    )

    text = written(here)

    assert all(word not in text for word in ("secret", "Bye", "VPN"))


def test_what_was_removed_goes_along_where_something_still_names_it() -> None:
    here = desk_with(gold(), OFFICE.model_copy(update={"removed": True}))

    there = planned(written(here), desk_with())

    assert names(there) == (["Office", "Gold"], [], [])
    assert [step.wanted.removed for step in there.added] == [True, False]


def test_what_is_new_differs_or_is_here_already_is_told_apart() -> None:
    wide = FIRST_LINE.model_copy(update={"members": ("ada", "bert")})
    here = desk_with(OFFICE, wide)

    found = planned(written(desk_with(OFFICE, FIRST_LINE, gold())), here, "ada")

    assert names(found) == (["Gold"], ["First line"], ["Office"])
    assert found.changed[0].changes == [("members", ["ada", "bert"], ["ada"])]
    assert found.warnings == ()


def test_the_same_file_again_changes_nothing() -> None:
    here = desk_with(OFFICE, FIRST_LINE, gold(), SavedView(id="vip", name="VIP", query="tag:vip"))

    assert names(planned(written(here), here, "ada"))[:2] == ([], [])


def test_what_was_removed_here_comes_back_and_nothing_that_is_here_is_removed() -> None:
    gone = desk_with(FIRST_LINE.model_copy(update={"removed": True}), SavedView(id="vip", name="VIP", query="tag:vip"))
    as_removed = file_of(views=[{"id": "vip", "name": "VIP", "query": "tag:vip", "removed": True}])

    assert planned(written(desk_with(FIRST_LINE)), gone, "ada").changed[0].changes == [("removed", True, False)]
    assert names(planned(as_removed, gone)) == ([], [], ["VIP"])


def test_who_has_no_account_here_is_kept_out_with_a_warning() -> None:
    team = FIRST_LINE.model_copy(update={"members": ("ada", "bert")})
    reply = CannedReply(
        id="to-bert", name="To Bert", text="He knows.", changes=Changes(assignee="bert", team="first-line")
    )
    mine = CannedReply(id="mine", name="Mine", changes=Changes(assignee=ME))

    found = planned(written(desk_with(team, reply, mine)), desk_with(), "ada")

    added = {step.wanted.id: step.wanted for step in found.added}
    assert added["first-line"] == FIRST_LINE
    assert added["to-bert"] == reply.model_copy(update={"changes": Changes(team="first-line")})
    assert added["mine"] == mine
    assert found.warnings == (
        "Entry 1 of “teams”, “First line”: “bert” has no account at this desk, and is left out.",
        "Entry 1 of “canned_replies”, “To Bert”: “bert” has no account at this desk, and is left out.",
    )


def test_what_is_nothing_without_its_people_is_left_out_with_a_warning() -> None:
    reply = CannedReply(id="to-bert", name="To Bert", changes=Changes(assignee="bert"))

    found = planned(written(desk_with(reply)), desk_with())

    assert names(found) == ([], [], [])
    assert found.warnings[-1].endswith("“To Bert” is left out: without its people nothing remains of it.")


def test_a_recurring_ticket_needs_its_requester_and_can_do_without_its_assignee() -> None:
    weekly = Schedule(weekdays=(Weekday.MONDAY,), first=date(2026, 1, 5), at=time(9), zone="UTC")
    people = {"requester": "carla", "assignee": "ada"}
    backup = RecurringTicket(id="backup", name="Backup", title="Test it", description="Do.", schedule=weekly, **people)

    kept = planned(written(desk_with(backup)), desk_with(), "carla")
    left_out = planned(written(desk_with(backup)), desk_with(), "ada")

    assert [step.wanted for step in kept.added] == [backup.model_copy(update={"assignee": None})]
    assert names(left_out) == ([], [], [])
    assert left_out.warnings[-1].endswith("“Backup” is left out: without its people nothing remains of it.")


def test_names_may_be_swapped_and_categories_given_to_another_team() -> None:
    first = Team(id="a", name="A", categories=(TicketCategory.BILLING,))
    second = Team(id="b", name="B")
    swapped = desk_with(
        first.model_copy(update={"name": "B", "categories": ()}),
        second.model_copy(update={"name": "A", "categories": (TicketCategory.BILLING,)}),
    )

    assert names(planned(written(swapped), desk_with(first, second)))[1] == ["B", "A"]


CALENDAR = {"id": "a", "name": "A", "zone": "UTC", "hours": {"monday": "09:00-17:00"}}
WRONG: dict[str, tuple[bytes, str]] = {
    "cut off": (written(desk_with(OFFICE)).encode()[:200], "The file is no JSON, or was cut off: EOF while parsing"),
    "empty": (b"", "The file is no JSON, or was cut off"),
    "no UTF-8": (b'{"format": "\xff"}', "The file is no JSON"),
    "too deep": (b"[" * 100_000, "recursion limit exceeded"),
    "too large": (b" " * (SIZE_LIMIT + 1), "larger than 5 MB"),
    "a list": (b"[]", "no settings file of a desk"),
    "foreign": (b'{"format": 1, "tickets": {}}', "no settings file of a desk"),
    "newer": (b'{"format": "ticketing-settings", "version": 2}', "version 2 of a newer desk; this one reads up to 1"),
    "of no version": (b'{"format": "ticketing-settings", "version": "1"}', "The “version” of the file is no number"),
    "without settings": (b'{"format": "ticketing-settings", "version": 1}', "The “settings” of the file are no object"),
    "unknown kind": (file_of(robots=[]), "“robots” in “settings” is nothing that this desk can set up"),
    "no settings at all": (file_of(articles=[]), "“articles” in “settings” is nothing"),
    "no list": (file_of(teams={}), "“teams” in “settings” is no list"),
    "no object": (file_of(teams=["First line"]), "Entry 1 of “teams” is no object"),
    "no name": (file_of(teams=[{"id": "a"}]), "Entry 1 of “teams”: “name” cannot be taken. Field required."),
    "blank name": (file_of(teams=[{"id": "a", "name": " "}]), "Entry 1 of “teams”, “ ”: Name is empty"),
    "no id": (file_of(teams=[{"name": "A"}]), "Entry 1 of “teams”, “A”: an “id” is 1 to 80"),
    "wild id": (
        file_of(views=[{"id": "../a", "name": "A", "query": "tag:a"}]),
        "Entry 1 of “views”, “A”: an “id” is 1 to 80",
    ),
    "twice": (
        file_of(views=[{"id": "a", "name": "A", "query": "tag:a"}] * 2),
        "Entry 2 of “views”, “A”: the id “a” is there twice",
    ),
    "misspelt": (
        file_of(teams=[{"id": "a", "name": "A", "membrs": []}]),
        "Entry 1 of “teams”, “A”: there is no field “membrs” in settings files",
    ),
    "misspelt within": (
        file_of(canned_replies=[{"id": "a", "name": "A", "text": "Hi", "changes": {"prio": "low"}}]),
        "there is no field “changes.prio” in settings files",
    ),
    "owned": (file_of(views=[{"id": "a", "name": "A", "owner": "ada"}]), "there is no field “owner” in settings files"),
    "with turns": (file_of(teams=[{"id": "a", "name": "A", "turns": []}]), "there is no field “turns”"),
    "impossible": (
        file_of(teams=[{"id": "a", "name": "A", "dealing": "by lot"}]),
        "Entry 1 of “teams”, “A”: “dealing” cannot be taken. Input should be 'none', 'round_robin' or 'least_loaded'.",
    ),
    "no hours": (
        file_of(calendars=[CALENDAR | {"hours": {"monday": "9 to 5"}}]),
        "“9 to 5” are no hours; write them",
    ),
    "no weekday": (file_of(calendars=[CALENDAR | {"hours": {"moonday": ""}}]), "“moonday” is no weekday"),
    "hours in numbers": (file_of(calendars=[CALENDAR | {"hours": {"monday": 9}}]), "“hours.0” cannot be taken"),
    "no holiday": (file_of(calendars=[CALENDAR | {"holidays": ["02-30 Leap"]}]), "“02-30 Leap”: there is no such date"),
    "half a holiday": (file_of(calendars=[CALENDAR | {"holidays": ["Easter", 7]}]), "“holidays.0” cannot be taken"),
    "never open": (file_of(calendars=[CALENDAR | {"hours": {}}]), "needs at least one open hour a week"),
    "attribute access": (
        file_of(canned_replies=[{"id": "a", "name": "A", "text": "{{ ticket.__class__ }}"}]),
        "Entry 1 of “canned_replies”, “A”: Line 1, column 1",
    ),
    "too many": (
        file_of(views=[{"id": f"v{n}", "name": f"V{n}", "query": "tag:a"} for n in range(ENTRIES_LIMIT + 1)]),
        "The file has 2,001 entries; at most 2,000",
    ),
}


@pytest.mark.parametrize(("raw", "sentence"), WRONG.values(), ids=WRONG)
def test_what_is_broken_newer_or_foreign_is_refused_and_it_is_said_where(raw: bytes, sentence: str) -> None:
    with pytest.raises(ImportRefusedError) as refusal:
        read(raw)

    assert sentence in str(refusal.value)
    assert str(refusal.value).endswith("Nothing was imported.")


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (gold(calendar="night"), "Entry 1 of “sla”, “Gold”: it names “night” of “calendars”, which is neither"),
        (gold(teams=("third-line",)), "it names “third-line” of “teams”"),
        (CannedReply(id="up", name="Up", changes=Changes(team="third-line")), "it names “third-line” of “teams”"),
        (
            FIRST_LINE.model_copy(update={"id": "1st"}),
            "Entry 1 of “teams”, “First line”: The name “First line” is taken",
        ),
        (SavedView(id="a", name="A", query="stauts:open"), "Entry 1 of “views”, “A”: There is no field “stauts”"),
        (Rule(id="a", name="A", query="category:x", reply="So."), "Entry 1 of “rules”, “A”: “category” cannot be “x”"),
        (
            SavedView(id="0a", name="Mine", query="tag:a"),
            "Entry 1 of “views”, “Mine”: the id “0a” is taken at this desk",
        ),
    ],
    ids=["calendar", "team", "team of a macro", "name", "query of a view", "of a rule", "id of somebody's own"],
)
def test_what_cannot_stand_beside_what_is_here_is_refused(wanted: Definition, sentence: str) -> None:
    here = desk_with(OFFICE, FIRST_LINE, SavedView(id="0a", name="Hers", owner="ada"))

    with pytest.raises(ImportRefusedError) as refusal:
        planned(written(desk_with(wanted)), here, "ada")

    assert sentence in str(refusal.value)


def test_a_category_of_another_team_is_refused() -> None:
    here = desk_with(Team(id="a", name="A", categories=(TicketCategory.BILLING,)))
    there = desk_with(Team(id="b", name="B", categories=(TicketCategory.BILLING,)))

    with pytest.raises(ImportRefusedError, match="“B”: The category “billing” belongs to the team “A”"):
        planned(written(there), here)


def test_a_mark_of_an_editor_at_the_beginning_does_no_harm() -> None:
    assert planned("\ufeff" + written(desk_with(OFFICE)), desk_with()).added


@pytest.mark.parametrize(
    "damage", [lambda raw: raw[: len(raw) // 2], lambda raw: raw.replace(b":", b";", 1)], ids=["half", "typing error"]
)
def test_a_damaged_file_is_never_taken_in_part(damage: Callable[[bytes], bytes]) -> None:
    raw = written(desk_with(OFFICE, FIRST_LINE, gold(priorities=(Priority.URGENT,)))).encode()

    with pytest.raises(ImportRefusedError):
        read(damage(raw))


def test_a_rule_comes_in_switched_off_and_one_that_is_on_here_stays_on() -> None:
    rule = Rule(id="late", name="Late", enabled=True, query="is:overdue", reply="We are late.")
    there = desk_with(rule)

    (step,) = planned(written(there), desk_with()).added
    assert isinstance(step.wanted, Rule)
    assert not step.wanted.enabled

    changed = desk_with(rule.model_copy(update={"reply": "Sorry."}))
    (step,) = planned(written(changed), there).changed
    assert isinstance(step.wanted, Rule)
    assert (step.wanted.enabled, step.wanted.reply) == (True, "Sorry.")
