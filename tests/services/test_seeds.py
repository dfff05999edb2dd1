"""The original app's accounts and tickets come in as they were, once, and all or nothing."""

import csv
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ticketing.domain.errors import ImportRefusedError, PermissionDeniedError, WrongCredentialsError
from ticketing.domain.people import Actor, Role, User
from ticketing.domain.sources import Source
from ticketing.domain.statuses import Status, TicketCategory
from ticketing.domain.tickets import Ticket, TicketEdit
from ticketing.services.access import Gate
from ticketing.services.accounts import Accounts
from ticketing.services.first_launch import FirstLaunch
from ticketing.services.moving.exports import Exports
from ticketing.services.moving.seed_files import map_username
from ticketing.services.moving.seeds import SeedPlan, Seeds
from ticketing.services.passwords import Passwords
from ticketing.services.sessions import Sessions
from ticketing.storage.memory import MemoryStore

CONSOLE = Actor.console()
WRITTEN_AT = datetime(2030, 2, 3, 4, 5, 6, tzinfo=UTC)

USERS = {
    "carla": {"password": "carla's secret", "role": "user"},
    "oskar": {"password": "oskar's secret", "role": "user"},
    "ada": {"password": "ada's secret", "role": "support"},
}


def ticket(ticket_id: str, title: str, *comments: tuple[str, str], status: str = "open") -> dict[str, Any]:
    """Return a ticket as the original app writes it."""
    texts = [{"by": by, "text": text} for by, text in comments]
    return {"ticket_id": ticket_id, "title": title, "status": status, "comments": texts}


TICKETS = {
    "carla": [
        ticket("abc123", "No dial tone", ("carla", "The line is dead."), ("ada", "Which room?"), ("carla", "204\n")),
        ticket("abc123", "Printer on fire", ("carla", "Smoke!"), status="closed"),
    ],
    "oskar": [
        ticket("def456", "Empty", status="closed"),
        ticket("ghi789", "Told by Ada", ("ada", "A"), ("oskar", "B")),
    ],
}


class SeedFolder:
    """A folder with the original app's files."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.write(users=USERS, tickets=TICKETS)

    def write(self, **contents: object) -> None:
        """Write some of the files, all with the same time."""
        for name, content in contents.items():
            file = self.path / f"{name}.json"
            file.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
            os.utime(file, (WRITTEN_AT.timestamp(), WRITTEN_AT.timestamp()))


@pytest.fixture
def folder(tmp_path: Path) -> SeedFolder:
    return SeedFolder(tmp_path)


@pytest.fixture
def seeds(store: MemoryStore, clock: Any, gate: Gate, passwords: Passwords) -> Seeds:
    return Seeds(store, clock, gate, passwords)


@pytest.fixture
def exports(store: MemoryStore, clock: Any, gate: Gate) -> Exports:
    return Exports(store, clock, gate)


def bring_in(seeds: Seeds, folder: SeedFolder) -> SeedPlan:
    return seeds.apply(CONSOLE, seeds.plan(CONSOLE, folder.path))


def user(store: MemoryStore, name: str) -> User:
    with store.read() as tx:
        found = tx.users.find(name)
    assert found is not None
    return found


def all_tickets(store: MemoryStore) -> list[Ticket]:
    with store.read() as tx:
        return list(tx.tickets.stream())


def test_a_table_names_the_ticket_that_another_follows(exports: Exports, store: MemoryStore) -> None:
    carla = Actor("carla", "Carla", Role.USER)
    former = Ticket.open(1, "carla", "No dial tone", "Dead.", TicketCategory.NETWORK, WRITTEN_AT)
    former.close(carla, WRITTEN_AT)
    after = former.follow_up(2, carla, "Again", "Dead.", TicketCategory.NETWORK, WRITTEN_AT)
    with store.write() as tx:
        tx.tickets.save(former)
        tx.tickets.save(after)

    lines = csv.DictReader("".join(exports.table(CONSOLE)).splitlines())

    assert [line["follows"] for line in lines] == ["", "T-1"]


def test_a_table_names_who_has_a_ticket_and_which_team(exports: Exports, store: MemoryStore) -> None:
    ticket = Ticket.open(1, "carla", "No dial tone", "Dead.", TicketCategory.NETWORK, WRITTEN_AT)
    ticket.edit(Actor("ada", "Ada", Role.AGENT), TicketEdit(team="first-line", assignee="ada"), WRITTEN_AT)
    with store.write() as tx:
        tx.tickets.save(ticket)

    (line,) = csv.DictReader("".join(exports.table(CONSOLE)).splitlines())

    assert (line["assignee"], line["team"]) == ("ada", "first-line")


def test_a_plan_says_what_would_be_done_and_does_nothing(seeds: Seeds, folder: SeedFolder, store: MemoryStore) -> None:
    plan = seeds.plan(CONSOLE, folder.path)

    assert [each.username for each in plan.new_users] == ["carla", "oskar", "ada"]
    assert len(plan.new_tickets) == 4
    assert any("abc123" in warning for warning in plan.warnings)
    assert store.copy() == {}


def test_d5_accounts_keep_their_roles_and_passwords_which_must_be_changed(
    seeds: Seeds, folder: SeedFolder, store: MemoryStore, passwords: Passwords
) -> None:
    bring_in(seeds, folder)

    carla, ada = user(store, "carla"), user(store, "ada")
    assert (carla.role, ada.role) == (Role.USER, Role.AGENT)
    assert carla.must_change_password
    assert ada.must_change_password
    assert passwords.verify("carla's secret", carla.password)
    assert not passwords.verify("ada's secret", carla.password)


@pytest.mark.parametrize("password", ["x" * 73, "ü" * 37, "a secret " * 40], ids=["73 bytes", "74 bytes", "360 bytes"])
def test_a_password_of_more_bytes_than_bcrypt_takes_works_as_it_did(
    seeds: Seeds, folder: SeedFolder, accounts: Accounts, sessions: Sessions, password: str
) -> None:
    folder.write(users={"carla": {"password": password, "role": "user"}}, tickets={})

    bring_in(seeds, folder)

    carla = sessions.actor(accounts.sign_in("carla", password))
    assert (carla.username, carla.must_change_password) == ("carla", True)
    for wrong in (password[:-1], f"{password[:-1]}?", password.encode()[:72].decode(errors="ignore")):
        with pytest.raises(WrongCredentialsError):
            accounts.sign_in("carla", wrong)


def test_d5_no_password_is_kept_in_plain_text(seeds: Seeds, folder: SeedFolder, store: MemoryStore) -> None:
    bring_in(seeds, folder)

    assert not [raw for found in store.copy().values() for raw in found.values() if b"s secret" in raw]


def test_a_conversation_arrives_in_order_with_the_time_of_its_file(
    seeds: Seeds, folder: SeedFolder, store: MemoryStore
) -> None:
    bring_in(seeds, folder)

    found = all_tickets(store)[0]
    assert found.description == "The line is dead."
    assert [(each.author, each.text) for each in found.messages[1:]] == [("ada", "Which room?"), ("carla", "204\n")]
    assert {each.at for each in found.messages} == {WRITTEN_AT}
    assert {each.source for each in found.messages} == {Source.IMPORT}
    assert found.first_response_at == WRITTEN_AT
    assert [(event.field, event.new) for event in found.events] == [("opened", None), ("imported", "abc123")]
    assert {event.source for each in all_tickets(store) for event in each.events} == {Source.IMPORT}


def test_closed_tickets_stay_closed_and_say_since_when(seeds: Seeds, folder: SeedFolder, store: MemoryStore) -> None:
    bring_in(seeds, folder)

    open_one, closed = all_tickets(store)[:2]
    assert (open_one.status, closed.status) == (Status.OPEN, Status.CLOSED)
    assert closed.closed_at == WRITTEN_AT
    assert open_one.closed_at is None


def test_the_first_text_of_the_requester_describes_a_ticket_that_somebody_else_began(
    seeds: Seeds, folder: SeedFolder, store: MemoryStore
) -> None:
    bring_in(seeds, folder)

    told_by_ada = all_tickets(store)[3]
    assert [(each.author, each.text) for each in told_by_ada.messages] == [("oskar", "B"), ("ada", "A")]


SMITH = {"Bob Smith": {"password": "x", "role": "user"}}


def of_carla(title: str, *comments: tuple[str, str]) -> dict[str, Any]:
    return {"carla": [ticket("1", title, *comments)]}


@pytest.mark.parametrize(
    ("users", "tickets"),
    [
        (USERS, TICKETS),
        (SMITH, {"Bob Smith": [ticket("1", "Hello", ("Bob Smith", "It is me."), ("Zoë", "Who?"))]}),
        (USERS, {"Carla": [ticket("1", "Hello", ("CARLA", "It is me."), ("carla", "And me."))]}),
        (USERS, {"Carla": [ticket("1", "Hello")], "carla": [ticket("2", "Hello")]}),
        (USERS, of_carla("t" * 300, ("carla", "fine"))),
        (USERS, of_carla("two\nlines", ("carla", "fine"))),
        (USERS, of_carla("", ("carla", "  "))),
        (
            USERS,
            of_carla("(no title)", ("carla", "(no text)"), ("carla", "(Imported without a text of its requester.)")),
        ),
        (USERS, of_carla("fine", ("ada", "x" * 45_000), ("carla", "y" * 20_001))),
        (USERS, of_carla("fine", ("ada", "a\x00b\ud800c"))),
        (USERS, {"carla": [ticket("1", "From elsewhere") | {"priority": "high", "seen": [1, None]}]}),
        (USERS, {"carla": [], "oskar": [ticket("1", "Hello")]}),
        (USERS | SMITH, {"Carla": [], "carla": [], "Bob Smith": [], "nobody": []}),
        ({"\ud800": USERS["carla"]}, {"\ud800": [ticket("\x00", "Hello", ("\ud800", "It is me."))], "\x01": []}),
        (USERS | {"support_agent": {"password": "x", "role": "support"}}, {"support_agent": []}),
    ],
    ids=[
        "plain",
        "changed names",
        "names spelled in several ways",
        "two owners who are one",
        "long title",
        "title of two lines",
        "no title, no text",
        "words that look like ours",
        "long texts",
        "unprintable text",
        "more fields",
        "an owner of nothing",
        "owners of nothing under several names",
        "unprintable names",
        "an account that is here already",
    ],
)
def test_what_comes_in_goes_out_again_as_it_was(
    seeds: Seeds, folder: SeedFolder, exports: Exports, first_launch: FirstLaunch, users: Any, tickets: Any
) -> None:
    first_launch.ensure()
    folder.write(users=users, tickets=tickets)
    bring_in(seeds, folder)

    bring_in(seeds, folder)
    users_out, tickets_out = exports.seed(CONSOLE)

    assert tickets_out == tickets
    first_account = {"support_agent": {"password": "", "role": "support"}}
    assert users_out == {name: account | {"password": ""} for name, account in users.items()} | first_account


def test_what_was_done_here_goes_out_with_what_came_in(
    seeds: Seeds, folder: SeedFolder, exports: Exports, store: MemoryStore, ada: Actor
) -> None:
    folder.write(users=SMITH, tickets={"Bob Smith": [ticket("1", "t" * 300, ("Bob Smith", "x" * 45_000))]})
    bring_in(seeds, folder)
    later = WRITTEN_AT.replace(year=2031)
    with store.write() as tx:
        found = tx.tickets.find(1)
        assert found is not None
        found.reply(ada, "Which line?", later)
        found.note(ada, "Him again.", later)
        found.edit(ada, TicketEdit(title="A long story"), later)
        found.close(ada, later)
        tx.tickets.save(found)

    (out,) = exports.seed(CONSOLE)[1]["Bob Smith"]

    comments = [("Bob Smith", "x" * 45_000), ("ada", "Which line?")]
    assert out == ticket("1", "A long story", *comments, status="closed")


def test_doing_it_again_adds_nothing(seeds: Seeds, folder: SeedFolder, store: MemoryStore) -> None:
    bring_in(seeds, folder)
    before = store.copy()

    again = bring_in(seeds, folder)

    assert store.copy() == before
    assert (again.new_users, again.new_tickets, again.known_tickets) == ((), (), 4)


def test_doing_it_again_adds_what_is_new_even_under_an_id_that_is_taken(
    seeds: Seeds, folder: SeedFolder, store: MemoryStore
) -> None:
    bring_in(seeds, folder)
    folder.write(tickets=TICKETS | {"carla": [*TICKETS["carla"], TICKETS["carla"][0]]})

    again = bring_in(seeds, folder)

    assert len(again.new_tickets) == 1
    assert [each.title for each in all_tickets(store)].count("No dial tone") == 2


def test_a_ticket_whose_title_was_changed_here_is_known_again(
    seeds: Seeds, folder: SeedFolder, store: MemoryStore
) -> None:
    bring_in(seeds, folder)
    with store.write() as tx:
        first = tx.tickets.find(1)
        assert first is not None
        first.edit(Actor("ada", "Ada", Role.AGENT), TicketEdit(title="Dead line"), first.updated_at)
        tx.tickets.save(first)

    assert bring_in(seeds, folder).new_tickets == ()


def test_an_account_that_is_here_already_stays_as_it_is(
    seeds: Seeds, folder: SeedFolder, store: MemoryStore, passwords: Passwords
) -> None:
    bring_in(seeds, folder)
    folder.write(users=USERS | {"carla": {"password": "another one", "role": "support"}})

    plan = bring_in(seeds, folder)

    assert plan.known_users == ("carla", "oskar", "ada")
    assert user(store, "carla").role is Role.USER
    assert passwords.verify("carla's secret", user(store, "carla").password)


def test_the_account_of_the_first_launch_takes_its_owners_password_and_stays_admin(
    seeds: Seeds, folder: SeedFolder, store: MemoryStore, clock: Any, passwords: Passwords
) -> None:
    FirstLaunch(store, clock, passwords).ensure()
    folder.write(users=USERS | {"support_agent": {"password": "known to one", "role": "support"}})

    bring_in(seeds, folder)

    first = user(store, "support_agent")
    assert first.role is Role.ADMIN
    assert passwords.verify("known to one", first.password)
    assert first.must_change_password
    assert not first.has_known_password


def test_people_without_an_account_become_accounts_that_nobody_can_sign_in_to(
    seeds: Seeds, folder: SeedFolder, store: MemoryStore, exports: Exports, passwords: Passwords
) -> None:
    tickets = {"gone": [ticket("1", "Left behind", ("gone", "Hello?"))]}
    folder.write(tickets=tickets)

    plan = bring_in(seeds, folder)

    gone = user(store, "gone")
    assert not gone.active
    assert not passwords.verify("", gone.password)
    assert any("“gone”" in warning for warning in plan.warnings)
    assert exports.seed(CONSOLE)[1] == tickets
    assert "gone" not in exports.seed(CONSOLE)[0]


def test_an_empty_password_lets_nobody_in(
    seeds: Seeds, folder: SeedFolder, store: MemoryStore, passwords: Passwords
) -> None:
    folder.write(users={"carla": {"password": "", "role": "user"}}, tickets={})

    plan = bring_in(seeds, folder)

    assert not passwords.verify("", user(store, "carla").password)
    assert any("no password" in warning for warning in plan.warnings)


@pytest.mark.parametrize(
    ("original", "expected"),
    [
        ("carla", "carla"),
        ("Carla", "carla"),
        ("Bob Smith", "bob-smith"),
        ("bo", "bo-user"),
        ("bob@example.org", "bob-example.org"),
        ("Zoë", "zoe"),
        ("system", "system-user"),
        ("x" * 40, "xxxxxxxxxxxxxxxxxxxxxxx-2"),
        ("Иван", "user-"),
        ("", "user-"),
    ],
)
def test_each_name_of_the_original_app_becomes_a_username(original: str, expected: str) -> None:
    mapped = map_username(original)

    assert mapped.startswith(expected.removesuffix("2"))
    assert map_username(mapped) == mapped


def test_a_changed_name_is_told_and_used_for_all_that_was_written_under_it(
    seeds: Seeds, folder: SeedFolder, store: MemoryStore
) -> None:
    folder.write(
        users={"Bob Smith": {"password": "x", "role": "user"}},
        tickets={"Bob Smith": [ticket("1", "Hello", ("Bob Smith", "It is me."))]},
    )

    plan = bring_in(seeds, folder)

    assert plan.warnings == ("“Bob Smith” will sign in as “bob-smith”.",)
    assert user(store, "bob-smith").display_name == "Bob Smith"
    assert all_tickets(store)[0].requester == all_tickets(store)[0].messages[0].author == "bob-smith"


@pytest.mark.parametrize(
    ("title", "text", "kept_title", "kept_text"),
    [
        ("", "fine", "(no title)", "fine"),
        ("fine", "  ", "fine", "(no text)"),
        ("two\nlines", "fine", "two lines", "fine"),
        ("fine", "a\x00b\ud800c", "fine", "a�b�c"),
        ("t" * 300, "fine", "t" * 199 + "…", "fine"),
        ("fine", "x" * 45_000, "fine", "x" * 20_000),
    ],
    ids=["no title", "no text", "title of two lines", "unprintable", "long title", "long text"],
)
def test_what_could_not_be_typed_here_is_kept_as_far_as_can_be_and_told(
    seeds: Seeds, folder: SeedFolder, store: MemoryStore, *, title: str, text: str, kept_title: str, kept_text: str
) -> None:
    folder.write(tickets={"carla": [ticket("1", title, ("carla", text))]})

    plan = bring_in(seeds, folder)

    found = all_tickets(store)[0]
    assert (found.title, found.description) == (kept_title, kept_text)
    assert len(plan.warnings) == 1
    assert bring_in(seeds, folder).new_tickets == ()


def test_nothing_of_a_long_title_or_text_is_lost(seeds: Seeds, folder: SeedFolder, store: MemoryStore) -> None:
    folder.write(tickets={"carla": [ticket("1", "t" * 300, ("carla", "x" * 45_000))]})

    bring_in(seeds, folder)

    found = all_tickets(store)[0]
    assert "t" * 300 in {event.old for event in found.events}
    assert "".join(message.text for message in found.messages) == "x" * 45_000


@pytest.mark.parametrize(
    ("users", "tickets", "place"),
    [
        ("{", {}, "users.json, line 1, column 2"),
        ([], {}, "users.json should be an object"),
        ({"carla": "secret"}, {}, "account “carla”: this is not an object"),
        ({"carla": {"role": "user"}}, {}, "account “carla”: “password” is missing"),
        ({"carla": {"password": 1, "role": "user"}}, {}, "“password” is not what it should be"),
        ({"carla": {"password": "x", "role": "boss"}}, {}, "the role is “boss”"),
        ('{"carla": {}, "carla": {}}', {}, "“carla” occurs twice"),
        (USERS, {"carla": {}}, "tickets of “carla”: this is not a list"),
        (USERS, {"carla": [ticket("1", "x", status="maybe")]}, "number 1: the status is “maybe”"),
        (USERS, {"carla": [{"ticket_id": 7}]}, "number 1: “ticket_id” is not what it should be"),
        (USERS, {"carla": [ticket("1", "x") | {"comments": ["hi"]}]}, "comment 1: this is not an object"),
        (USERS, "[" * 100_000, "tickets.json"),
        ({"Bob": USERS["carla"], "bob": USERS["carla"]}, {}, "“Bob” and “bob” would be the same account"),
    ],
)
def test_a_file_of_another_shape_is_refused_by_name_and_place(
    seeds: Seeds, folder: SeedFolder, store: MemoryStore, users: object, tickets: object, place: str
) -> None:
    folder.write(users=users, tickets=tickets)

    with pytest.raises(ImportRefusedError, match=place):
        bring_in(seeds, folder)

    assert store.copy() == {}


def test_a_file_that_is_not_utf_8_is_refused(seeds: Seeds, folder: SeedFolder) -> None:
    (folder.path / "users.json").write_bytes(b'{"carla\xff": {}}')

    with pytest.raises(ImportRefusedError, match=r"users.json, byte 7: this is not UTF-8\. Nothing was imported"):
        seeds.plan(CONSOLE, folder.path)


def test_a_folder_without_the_files_is_refused(seeds: Seeds, tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match=r"no users\.json and no tickets\.json"):
        seeds.plan(CONSOLE, tmp_path)


def test_one_of_the_files_is_enough(seeds: Seeds, folder: SeedFolder) -> None:
    (folder.path / "tickets.json").unlink()

    assert len(bring_in(seeds, folder).new_users) == 3


def test_a_failure_while_saving_leaves_nothing_behind(
    folder: SeedFolder, store: MemoryStore, gate: Gate, passwords: Passwords
) -> None:
    looked_at: list[datetime] = []

    def clock_that_stops_after_the_accounts() -> datetime:
        if looked_at:
            raise KeyError
        looked_at.append(WRITTEN_AT)
        return WRITTEN_AT

    seeds = Seeds(store, clock_that_stops_after_the_accounts, gate, passwords)

    with pytest.raises(KeyError):
        bring_in(seeds, folder)

    assert looked_at
    assert store.copy() == {}


def test_progress_is_told_password_by_password(seeds: Seeds, folder: SeedFolder) -> None:
    told: list[tuple[int, int]] = []

    seeds.apply(CONSOLE, seeds.plan(CONSOLE, folder.path), lambda done, of: told.append((done, of)))

    assert told == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(("who", "may"), [("carla", False), ("ada", False), ("root", True)])
def test_only_an_admin_may_bring_data_in(
    seeds: Seeds, folder: SeedFolder, request: pytest.FixtureRequest, who: str, *, may: bool
) -> None:
    actor = request.getfixturevalue(who)

    if may:
        assert seeds.plan(actor, folder.path).new_tickets
    else:
        with pytest.raises(PermissionDeniedError, match="move the desk's data"):
            seeds.plan(actor, folder.path)
