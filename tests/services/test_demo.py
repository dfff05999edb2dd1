"""Invented people and tickets: plausible, repeatable, and apart from real ones."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from ticketing.desk import Desk, open_desk
from ticketing.domain.calendars import BusinessCalendar
from ticketing.domain.due_times import sla_of
from ticketing.domain.errors import PermissionDeniedError, RefusedError, SettingsError
from ticketing.domain.kinds import KINDS
from ticketing.domain.notifications import FOR_AGENTS
from ticketing.domain.people import Actor, Role
from ticketing.domain.queries import TicketQuery
from ticketing.domain.query_language import Asker, read_query
from ticketing.domain.reports import Metric, ReportQuery
from ticketing.domain.saved_views import SavedView
from ticketing.domain.sla import SlaPolicy, SlaRules
from ticketing.domain.statuses import RESOLVED_FOR, TRANSITIONS, Status
from ticketing.domain.teams import Team
from ticketing.domain.text import clean_line, clean_text
from ticketing.domain.tickets import MessageKind, Ticket
from ticketing.services.access import Clock, Gate
from ticketing.services.demonstration.demo import Demo
from ticketing.services.passwords import Passwords
from ticketing.settings import Settings
from ticketing.storage.memory import MemoryStore
from ticketing.ui.setup import EDITORS

CONSOLE = Actor.console()


@pytest.fixture
def demo(store: MemoryStore, clock: Clock, gate: Gate, passwords: Passwords) -> Demo:
    return Demo(store, clock, gate, passwords)


@pytest.fixture
def invented(demo: Demo, store: MemoryStore) -> list[Ticket]:
    demo.fill(CONSOLE, 400, random_seed=7)
    with store.read() as tx:
        return list(tx.tickets.stream())


def test_the_same_seed_tells_the_same_story(
    demo: Demo, store: MemoryStore, clock: Clock, gate: Gate, passwords: Passwords
) -> None:
    others = {seed: MemoryStore() for seed in (7, 8)}

    demo.fill(CONSOLE, 50, random_seed=7)
    for seed, other in others.items():
        Demo(other, clock, gate, passwords).fill(CONSOLE, 50, random_seed=seed)

    assert others[7].copy() == store.copy()
    assert others[8].copy()["tickets"] != store.copy()["tickets"]


def test_tickets_are_numbered_as_they_were_opened_in_the_last_ninety_days(invented: list[Ticket], clock: Clock) -> None:
    opened = [ticket.opened_at for ticket in invented]

    assert [ticket.number for ticket in invented] == list(range(1, 401))
    assert opened == sorted(opened)
    assert clock() - timedelta(days=90) <= opened[0] < clock() - timedelta(days=80)
    assert all(moment <= clock() for ticket in invented for moment in moments(ticket))


def moments(ticket: Ticket) -> list[datetime]:
    return [message.at for message in ticket.messages] + [event.at for event in ticket.events]


def test_each_history_is_one_that_the_model_allows(invented: list[Ticket], clock: Clock) -> None:
    for ticket in invented:
        steps = [event for event in ticket.events if event.field == "status"]
        statuses = [Status.OPEN, *(Status(event.new or "") for event in steps)]
        assert all(after in TRANSITIONS[before] for before, after in pairwise(statuses))
        assert [Status(event.old or "") for event in steps] == statuses[:-1]
        assert statuses[-1] is ticket.status
        assert [event.at for event in ticket.events] == sorted(event.at for event in ticket.events)
        assert [message.at for message in ticket.messages] == sorted(message.at for message in ticket.messages)
        assert ticket.updated_at == max(moments(ticket))
        assert ticket.status is not Status.RESOLVED or (ticket.resolved_at or clock()) + RESOLVED_FOR > clock()
        assert Ticket.model_validate_json(ticket.model_dump_json()) == ticket


def test_titles_and_texts_are_such_as_people_may_type(invented: list[Ticket]) -> None:
    for ticket in invented:
        texts = [message.text for message in ticket.messages]

        assert clean_line("Title", ticket.title) == ticket.title
        assert [clean_text("Text", text) for text in texts] == texts
        assert not [text for text in (ticket.title, *texts) if re.search(r"[{}]", text)]


def test_a_help_desk_of_every_kind_of_ticket_comes_out(invented: list[Ticket]) -> None:
    statuses = Counter(ticket.status for ticket in invented)
    kinds = Counter(message.kind for ticket in invented for message in ticket.messages)

    assert set(statuses) == set(Status)
    assert statuses[Status.CLOSED] > sum(statuses.values()) / 2
    assert len({ticket.category for ticket in invented}) == 7
    assert len({ticket.priority for ticket in invented}) == 4
    assert len({ticket.title for ticket in invented}) > 100
    assert min(len(ticket.messages) for ticket in invented) == 1
    assert max(len(ticket.messages) for ticket in invented) == 8
    assert kinds[MessageKind.NOTE] > 50
    assert any(ticket.tags for ticket in invented)


def test_most_tickets_are_opened_on_working_days(invented: list[Ticket]) -> None:
    on_weekends = sum(1 for ticket in invented if ticket.opened_at.weekday() >= 5)

    assert 0 < on_weekends < len(invented) / 10


def test_the_people_are_there_and_nobody_can_sign_in_as_one_of_them(
    demo: Demo, store: MemoryStore, passwords: Passwords
) -> None:
    added = demo.fill(CONSOLE, 600, random_seed=1)

    with store.read() as tx:
        people = list(tx.users.stream())
    assert Counter(user.role for user in people) == {Role.USER: 30, Role.AGENT: 6, Role.ADMIN: 1}
    assert added == {"people": 37, "tickets": 600}
    assert not any(passwords.verify(typed, user.password) for user in people[:3] for typed in ("", "!", "userpass"))


def test_a_second_helping_adds_tickets_for_the_same_people(demo: Demo, store: MemoryStore) -> None:
    demo.fill(CONSOLE, 20, random_seed=1)

    added = demo.fill(CONSOLE, 20, random_seed=2)

    assert added == {"people": 0, "tickets": 20}
    assert len(store.copy()["tickets"]) == 40


def test_progress_is_told_batch_by_batch(demo: Demo) -> None:
    told: list[tuple[int, int]] = []

    demo.fill(CONSOLE, 2_100, random_seed=1, progress=lambda done, of: told.append((done, of)))

    assert told == [(2_000, 2_100), (2_100, 2_100)]


def test_real_accounts_are_kept_apart_from_invented_ones(
    demo: Demo, carla: Actor, everything: Callable[[], dict[str, object]]
) -> None:
    assert carla.username == "carla"
    before = everything()

    with pytest.raises(RefusedError, match="real accounts"):
        demo.fill(CONSOLE, 20, random_seed=1)
    with pytest.raises(RefusedError, match="real accounts"):
        demo.ensure()

    assert everything() == before


def test_with_a_word_from_the_operator_they_may_mix(demo: Demo, carla: Actor, store: MemoryStore) -> None:
    demo.fill(CONSOLE, 20, random_seed=1, among_real_accounts=True)

    assert len(store.copy()["tickets"]) == 20
    assert carla.username in store.copy()["users"]


@pytest.mark.parametrize(("who", "may"), [("carla", False), ("ada", False), ("root", True)])
def test_only_an_admin_may_invent_data(demo: Demo, request: pytest.FixtureRequest, who: str, *, may: bool) -> None:
    actor = request.getfixturevalue(who)

    if may:
        assert demo.fill(actor, 5, random_seed=1, among_real_accounts=True)["tickets"] == 5
    else:
        with pytest.raises(PermissionDeniedError):
            demo.fill(actor, 5, random_seed=1, among_real_accounts=True)


def settings(folder: Path, **more: object) -> Settings:
    return Settings.model_validate({"data_dir": folder, **more})


def test_a_demo_lets_both_sides_in_with_the_known_passwords(tmp_path: Path) -> None:
    desk = open_desk(settings(tmp_path, demo=True), password_rounds=4)
    user = desk.sessions.actor(desk.accounts.sign_in("user1", "userpass"))
    admin = desk.sessions.actor(desk.accounts.sign_in("support_agent", "supportpass"))
    try:
        assert user is not None
        assert admin is not None
        assert (user.role, admin.role, admin.must_change_password) == (Role.USER, Role.ADMIN, False)
        assert desk.tickets.search(user, TicketQuery()).total >= 3
        assert desk.tickets.search(admin, TicketQuery()).total == 300
    finally:
        desk.close()


def test_a_demo_goes_on_where_it_was_left(tmp_path: Path) -> None:
    first = open_desk(settings(tmp_path, demo=True), password_rounds=4)
    first.accounts.register("carla", "Carla", "three wet umbrellas", "three wet umbrellas")
    first.close()

    again = open_desk(settings(tmp_path, demo=True), password_rounds=4)

    assert again.accounts.sign_in("carla", "three wet umbrellas")
    again.close()


def test_a_demo_is_not_opened_over_real_accounts(tmp_path: Path) -> None:
    real = open_desk(settings(tmp_path), password_rounds=4)
    real.accounts.register("carla", "Carla", "three wet umbrellas", "three wet umbrellas")
    real.close()

    with pytest.raises(RefusedError, match="real accounts"):
        open_desk(settings(tmp_path, demo=True), password_rounds=4)


def test_a_demos_data_is_not_opened_as_a_real_desk(tmp_path: Path) -> None:
    open_desk(settings(tmp_path, demo=True), password_rounds=4).close()

    with pytest.raises(SettingsError, match="holds a demo"):
        open_desk(settings(tmp_path), password_rounds=4)


def test_a_demo_whose_visitors_changed_their_addresses_is_still_a_demo(tmp_path: Path) -> None:
    demo = open_desk(settings(tmp_path, demo=True), password_rounds=4)
    for name, password in (("support_agent", "supportpass"), ("user1", "userpass")):
        visitor = demo.sessions.actor(demo.accounts.sign_in(name, password))
        demo.accounts.change_profile(visitor, "Somebody", "somebody@example.org", password)
    demo.close()

    with pytest.raises(SettingsError, match="holds a demo"):
        open_desk(settings(tmp_path), password_rounds=4)
    open_desk(settings(tmp_path, demo=True), password_rounds=4).close()


def test_an_address_like_those_of_a_demo_makes_nobody_invented(tmp_path: Path) -> None:
    real = open_desk(settings(tmp_path), password_rounds=4)
    real.accounts.register("carla", "Carla", "three wet umbrellas", "three wet umbrellas", "carla@demo.example")
    real.close()

    with pytest.raises(RefusedError, match="real accounts"):
        open_desk(settings(tmp_path, demo=True), password_rounds=4)


def test_a_demo_has_no_public_address_unless_it_may_be_anywhere(tmp_path: Path) -> None:
    public = {"demo": True, "base_url": "https://desk.example.org"}

    with pytest.raises(SettingsError, match="this machine alone"):
        open_desk(settings(tmp_path, **public), password_rounds=4)

    open_desk(settings(tmp_path, **public, demo_anywhere=True), password_rounds=4).close()


def test_a_demo_keeps_to_a_folder_of_its_own_in_the_default_data_directory() -> None:
    assert Settings(demo=True).store_url == "json:data/demo"
    assert Settings().store_url == "json:data"


@pytest.fixture
def shown(store: MemoryStore, clock: Clock) -> Desk:
    """Return a desk that shows a demo."""
    desk = Desk(Settings(storage_url="memory:", demo=True), store, clock, password_rounds=4)
    desk.demo.ensure()
    return desk


@pytest.mark.usefixtures("shown")
def test_two_demos_of_one_moment_are_the_same_but_for_the_salt_of_passwords(store: MemoryStore, clock: Clock) -> None:
    other = MemoryStore()
    Desk(Settings(storage_url="memory:", demo=True), other, clock, password_rounds=4).demo.ensure()

    ours, theirs = store.copy(), other.copy()
    assert ours.keys() == theirs.keys()
    assert [name for name in ours if ours[name] != theirs[name]] == ["users"]


def test_a_demo_is_set_up_as_people_could_set_it_up(shown: Desk) -> None:
    found = [one for kind in KINDS.values() if not kind.is_inner for one in shown.definitions.all(CONSOLE, kind)]

    as_it_comes = {"mail_texts", "banners", "retention"}
    kinds = {editor.kind.kind for editor in EDITORS.values()} | {"articles"}
    assert {one.kind for one in found} == kinds - as_it_comes
    for one in found:
        assert one.checked() == one
        one.require_room([other for other in found if other.kind == one.kind and other.id != one.id])
    plan = shown.settings_files.plan(CONSOLE, shown.settings_files.export(CONSOLE).encode())
    assert (plan.added, plan.changed, plan.warnings) == ((), (), ())


def test_in_a_demo_each_thing_can_be_seen(shown: Desk, clock: Clock) -> None:
    def number_of(query: str) -> int:
        return shown.tickets.search(CONSOLE, read_query(query, Asker("support_agent", clock()))).total

    for view in shown.definitions.all(CONSOLE, SavedView):
        assert 0 < number_of(view.query) < 100
    teams = shown.definitions.all(CONSOLE, Team)
    assert sum(number_of(f"team:{team.id}") for team in teams) == number_of("")
    assert 0 < number_of("is:overdue") < number_of("status:open,pending,on_hold")
    report = shown.reports.overview(CONSOLE, ReportQuery(clock().date() - timedelta(days=89), clock().date(), UTC))
    assert report.totals[Metric.KEPT] > report.totals[Metric.MISSED] > 0
    assert report.satisfaction.rated > report.satisfaction.solved > 20
    assert 3 < (report.satisfaction.mean_score or 0) < 5
    user = shown.sessions.actor(shown.accounts.sign_in("user1", "userpass"))
    assert [one.article.id for one in shown.articles.search(user, "vpn")] == ["vpn-from-home"]
    assert len(shown.articles.search(CONSOLE)) > len(shown.articles.search(user)) > 2


def test_in_a_demo_people_have_a_few_things_to_read_and_more_that_they_have_read(
    shown: Desk, store: MemoryStore, clock: Clock
) -> None:
    visitors = {"user1": "userpass", "support_agent": "supportpass"}
    for username, password in visitors.items():
        assert shown.inbox.own(shown.sessions.actor(shown.accounts.sign_in(username, password))).total > 0
    with store.read() as tx:
        told = [notice for user in tx.users.stream() for notice in tx.notices.of_user(user.id)]
        agents = set(tx.users.agent_names())
    assert all(clock() - timedelta(days=30) <= notice.at <= clock() for notice in told)
    assert not [notice for notice in told if notice.kind in FOR_AGENTS and notice.username not in agents]
    assert 0 < sum(not notice.read for notice in told) < len(told) / 4


@pytest.mark.usefixtures("shown")
def test_due_times_of_a_demo_are_those_of_its_rules(store: MemoryStore) -> None:
    with store.read() as tx:
        rules = SlaRules(tx.definitions(SlaPolicy).all(), tx.definitions(BusinessCalendar).all())
        tickets = list(tx.tickets.stream())

    assert [ticket.sla for ticket in tickets] == [sla_of(ticket, rules) for ticket in tickets]
    assert all(ticket.sla is not None for ticket in tickets)


def test_who_works_on_a_ticket_of_a_demo_is_in_its_team(shown: Desk, store: MemoryStore) -> None:
    members = {team.id: team.members for team in shown.definitions.all(CONSOLE, Team)}
    with store.read() as tx:
        tickets = [ticket for ticket in tx.tickets.stream() if ticket.assignee]

    assert len(tickets) > 200
    assert all(ticket.assignee in members[ticket.team or ""] for ticket in tickets)


def test_what_is_made_to_be_measured_is_people_and_tickets_alone(demo: Demo, store: MemoryStore) -> None:
    demo.fill(CONSOLE, 50, random_seed=1)

    assert {name for name, kept in store.copy().items() if kept} <= {"users", "tickets", "seen"}
