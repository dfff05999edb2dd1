"""What the audit log says of what people do at a desk, what it leaves out, and who reads it."""

import csv
import io
import json
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from pyotp import TOTP

from tests.services.conftest import PASSWORD, Clock, SignIn
from ticketing.desk import Desk
from ticketing.domain.articles import Article
from ticketing.domain.audit import AuditAction, AuditQuery, AuditRecord
from ticketing.domain.canned_replies import CannedReply
from ticketing.domain.errors import (
    CodeWantedError,
    PermissionDeniedError,
    ThrottledError,
    TicketingError,
    TicketNotFoundError,
    WrongCodeError,
    WrongCredentialsError,
)
from ticketing.domain.mail_links import Purpose
from ticketing.domain.people import Actor, PeopleQuery, Role
from ticketing.domain.queries import TicketQuery
from ticketing.domain.rules import Rule
from ticketing.domain.statuses import Priority, Status
from ticketing.domain.teams import Team
from ticketing.domain.tickets import TicketEdit
from ticketing.services.audit import Form
from ticketing.services.mail_links import make_link
from ticketing.services.moving.lists import Form as ListForm
from ticketing.services.outbox import set_route
from ticketing.services.refusals import Refusals
from ticketing.services.throttle import REFUSALS_PER_HOUR
from ticketing.settings import Settings
from ticketing.storage.archive import check_audit
from ticketing.storage.opening import open_store
from ticketing.storage.whole import WholeStore

ON_EVERY_STORE = True
CONSOLE = Actor.console()
NEW_PASSWORD = "nine lost wheelbarrows"
Told = tuple[str, str, str, dict[str, str]]


@pytest.fixture
def desk(store: WholeStore, clock: Clock) -> Desk:
    return Desk(Settings(storage_url="memory:"), store, clock, 4)


@pytest.fixture
def log(desk: Desk, arrives: SignIn) -> Callable[[], list[Told]]:
    """Return a way to read what was written down since the test began: by whom, what, to what, and how."""
    arrives("reader", Role.ADMIN)
    with desk.store.read() as tx:
        before = tx.audit.head().number

    def read() -> list[Told]:
        return [_told(record) for record in records(desk) if record.number > before]

    return read


def records(desk: Desk) -> list[AuditRecord]:
    with desk.store.read() as tx:
        return list(tx.audit.stream())


def _told(record: AuditRecord) -> Told:
    return record.actor, record.action.value, record.object, record.facts


@pytest.mark.usefixtures("carla")
def test_l1_signing_in_and_out_is_on_record_with_the_address(desk: Desk, log: Callable[[], list[Told]]) -> None:
    token = desk.accounts.sign_in("Carla", PASSWORD, "198.51.100.7")
    desk.sessions.sign_out(token)

    assert log() == [("carla", "signed_in", "carla", {}), ("carla", "signed_out", "carla", {})]
    assert [record.address for record in records(desk)[-2:]] == ["198.51.100.7"] * 2


@pytest.mark.usefixtures("carla")
def test_l1_a_refused_sign_in_is_on_record_and_a_name_that_is_nobodys_is_not(
    desk: Desk, log: Callable[[], list[Told]]
) -> None:
    for username in ("carla", "three wet umbrellas", "nobody"):
        with pytest.raises(WrongCredentialsError):
            desk.accounts.sign_in(username, "wrong wrong wrong", "198.51.100.7")

    why = {"why": "wrong credentials"}
    assert log() == [(who, "sign_in_refused", who, why) for who in ("carla", "", "")]
    assert {record.address for record in records(desk)[-3:]} == {"198.51.100.7"}


@pytest.mark.usefixtures("carla")
def test_guessing_for_hours_fills_no_disk(desk: Desk, clock: Clock, log: Callable[[], list[Told]]) -> None:
    for _ in range(60):
        with pytest.raises((WrongCredentialsError, ThrottledError)):
            desk.accounts.sign_in("carla", "wrong wrong wrong", "198.51.100.7")
        clock.advance(timedelta(seconds=20))
    assert len(log()) == REFUSALS_PER_HOUR

    clock.advance(timedelta(hours=1))
    with pytest.raises(WrongCredentialsError):
        desk.accounts.sign_in("carla", "wrong wrong wrong", "198.51.100.7")
    assert len(log()) == REFUSALS_PER_HOUR + 1


@pytest.mark.usefixtures("carla")
def test_guessing_from_everywhere_at_once_fills_no_disk_either(
    desk: Desk, clock: Clock, log: Callable[[], list[Told]]
) -> None:
    for place in range(40):
        with suppress(TicketingError):
            desk.accounts.sign_in(f"somebody{place}", "wrong wrong wrong", f"198.51.100.{place}")
    assert len(log()) == 10

    clock.advance(timedelta(minutes=1))
    with suppress(TicketingError):
        desk.accounts.sign_in("carla", "wrong wrong wrong", "198.51.100.99")
    assert len(log()) == 11


def test_z2_what_policy_refuses_is_on_record_and_nothing_else_is_written(
    desk: Desk, carla: Actor, ada: Actor, log: Callable[[], list[Told]], everything: Callable[[], dict[str, object]]
) -> None:
    number = desk.tickets.open(carla, "No dial tone", "The line is dead.").number
    others = desk.tickets.open(ada, "Payroll", "Secret.").number
    before, written = everything(), len(log())

    with pytest.raises(PermissionDeniedError):
        desk.tickets.edit(carla, number, TicketEdit(priority=Priority.URGENT))
    with pytest.raises(PermissionDeniedError):
        desk.agents.people(carla, PeopleQuery())
    with pytest.raises(TicketNotFoundError):
        desk.tickets.get(carla, others)
    with pytest.raises(PermissionDeniedError):
        desk.settings_files.export(ada)

    assert everything() == before
    assert log()[written:] == [
        ("carla", "refused", f"T-{number}", {"why": "You may not change the fields of this ticket."}),
        ("carla", "refused", "", {"why": "You may not see the accounts."}),
        ("carla", "refused", f"T-{others}", {"why": f"There is no ticket T-{others} that you may see."}),
        ("ada", "refused", "", {"why": "You may not change how the desk is set up."}),
    ]
    assert {record.address for record in records(desk)[-4:]} == {"192.0.2.1"}


def test_l1_what_is_done_to_accounts_is_on_record(
    desk: Desk, root: Actor, carla: Actor, log: Callable[[], list[Told]]
) -> None:
    desk.accounts.register("nora", "Nora", PASSWORD, PASSWORD, address="198.51.100.7")
    desk.agents.register_agent(root, "ben", "Ben")
    desk.agents.change_role(root, "nora", Role.AGENT)
    desk.agents.deactivate(root, "nora")
    desk.agents.reactivate(root, "nora")
    desk.agents.reset_password(root, "nora")
    desk.agents.lift_wait(root, "nora")
    desk.agents.end_sessions(root, "nora")
    desk.accounts.change_password(carla, PASSWORD, NEW_PASSWORD, NEW_PASSWORD, browser="b")

    assert log() == [
        ("nora", "registered", "nora", {"role": "user"}),
        ("root", "registered", "ben", {"role": "agent"}),
        ("root", "role_changed", "nora", {"role": "user → agent"}),
        ("root", "deactivated", "nora", {}),
        ("root", "reactivated", "nora", {}),
        ("root", "password_reset", "nora", {}),
        ("root", "wait_lifted", "nora", {}),
        ("root", "sessions_ended", "nora", {"sessions": "all"}),
        ("carla", "password_changed", "carla", {}),
    ]


def test_l1_what_is_done_to_an_address_is_on_record_without_it(
    desk: Desk, carla: Actor, log: Callable[[], list[Told]]
) -> None:
    set_route(desk.store, is_open=True, has_links=True)
    desk.accounts.register("bert", "Bert", NEW_PASSWORD, NEW_PASSWORD, "bert@example.org")
    desk.accounts.change_profile(carla, "Carla", "carla@example.org", PASSWORD)
    desk.accounts.change_profile(carla, "Carla C.", "Carla@example.org", PASSWORD)
    with desk.store.write() as tx:
        [user] = tx.users.several({"carla"})
        token = make_link(tx, Purpose.CONFIRM, user, desk.clock())
    desk.addresses.confirm(str(token))
    desk.accounts.change_profile(carla, "Carla", "", PASSWORD)

    assert log() == [
        ("bert", "registered", "bert", {"role": "user", "address": "unconfirmed"}),
        ("carla", "address_changed", "carla", {"address": "none → unconfirmed"}),
        ("carla", "address_confirmed", "carla", {"way": "link in a mail"}),
        ("carla", "address_changed", "carla", {"address": "confirmed → none"}),
    ]


def test_l1_each_step_of_two_step_sign_in_is_on_record(
    desk: Desk, carla: Actor, root: Actor, clock: Clock, log: Callable[[], list[Told]]
) -> None:
    app = TOTP(desk.second_factors.propose(carla).secret)
    desk.second_factors.turn_on(carla, PASSWORD, app.at(clock.now))
    clock.advance(timedelta(minutes=10))
    codes = desk.second_factors.renew_recovery_codes(carla, app.at(clock.now))
    desk.second_factors.forget_browsers(carla)
    with pytest.raises(CodeWantedError) as wanted:
        desk.accounts.sign_in("carla", PASSWORD, "198.51.100.7")
    with pytest.raises(WrongCodeError):
        desk.accounts.finish_sign_in(wanted.value.ticket, "no code", "198.51.100.7")
    desk.accounts.finish_sign_in(wanted.value.ticket, codes[0], "198.51.100.7")
    desk.second_factors.turn_off(carla, PASSWORD, codes[1])

    again = TOTP(desk.second_factors.propose(carla).secret)
    desk.second_factors.turn_on(carla, PASSWORD, again.at(clock.now))
    desk.agents.turn_off_second_factor(root, "carla")

    assert [(who, what, facts) for who, what, _, facts in log()] == [
        ("carla", "second_factor_on", {}),
        ("carla", "recovery_codes_renewed", {}),
        ("carla", "browsers_forgotten", {}),
        ("carla", "sign_in_refused", {"why": "wrong code"}),
        ("carla", "recovery_code_used", {}),
        ("carla", "signed_in", {}),
        ("carla", "second_factor_off", {}),
        ("carla", "second_factor_on", {}),
        ("root", "second_factor_off", {}),
    ]


@pytest.mark.usefixtures("oskar")
def test_l1_who_is_let_see_a_ticket_is_on_record(
    desk: Desk, carla: Actor, ada: Actor, log: Callable[[], list[Told]]
) -> None:
    number = desk.tickets.open(carla, "No dial tone", "The line is dead.").number
    desk.watching.add(ada, number, "oskar")
    desk.watching.remove(ada, number, "oskar")

    assert log() == [
        ("carla", "ticket_opened", f"T-{number}", {}),
        ("ada", "ticket_changed", f"T-{number}", {"watcher": "none → oskar"}),
        ("ada", "ticket_changed", f"T-{number}", {"watcher": "oskar → none"}),
    ]


def test_l1_the_state_of_tickets_is_on_record_and_who_changed_it(
    desk: Desk, carla: Actor, ada: Actor, log: Callable[[], list[Told]]
) -> None:
    one = desk.tickets.open(carla, "No dial tone", "The line is dead.").number
    two = desk.tickets.open(carla, "No dial tone", "It is still dead.").number
    desk.tickets.edit(ada, one, TicketEdit(assignee="ada", priority=Priority.HIGH))
    desk.tickets.reply(ada, one, "Is it plugged in?")
    said = desk.tickets.reply(ada, one, "It is not, I think.", status=Status.PENDING).messages[-1]
    desk.tickets.take_back(ada, one, said.mark)
    desk.relations.merge(ada, two, one)
    desk.relations.unmerge(ada, two)
    made = desk.relations.split(ada, one, desk.tickets.get(ada, one).messages[1].mark, "Plug").number
    desk.tickets.close(ada, one)

    facts = [(who, what, which, told) for who, what, which, told in log()]
    assert facts == [
        ("carla", "ticket_opened", f"T-{one}", {}),
        ("carla", "ticket_opened", f"T-{two}", {}),
        ("ada", "ticket_changed", f"T-{one}", {"assignee": "none → ada", "priority": "normal → high"}),
        ("ada", "ticket_changed", f"T-{one}", {"status": "open → pending"}),
        ("ada", "reply_taken_back", f"T-{one}", {}),
        (
            "ada",
            "ticket_merged",
            f"T-{two}",
            {"status": "open → closed", "resolution": "solved → duplicate", "merged_into": f"none → T-{one}"},
        ),
        ("ada", "ticket_changed", f"T-{one}", {"merged": f"none → T-{two}"}),
        (
            "ada",
            "merge_taken_back",
            f"T-{two}",
            {"merged_into": f"T-{one} → none", "status": "closed → open", "resolution": "duplicate → none"},
        ),
        ("ada", "ticket_changed", f"T-{one}", {"merged": f"T-{two} → none"}),
        ("ada", "ticket_split", f"T-{one}", {"split_off": f"none → T-{made}"}),
        ("ada", "ticket_opened", f"T-{made}", {"split_from": f"none → T-{one}"}),
        ("ada", "ticket_changed", f"T-{one}", {"status": "open → closed"}),
    ]


def test_what_the_desk_does_by_itself_is_told_apart(
    desk: Desk, carla: Actor, ada: Actor, clock: Clock, log: Callable[[], list[Told]]
) -> None:
    number = desk.tickets.open(carla, "No dial tone", "The line is dead.").number
    desk.tickets.edit(ada, number, TicketEdit(status=Status.RESOLVED))
    clock.advance(timedelta(days=8))

    desk.catch_up()

    assert log()[-1] == ("system", "ticket_changed", f"T-{number}", {"status": "resolved → closed", "by": "rule"})
    assert records(desk)[-1].address == ""


def test_l1_what_is_set_up_is_on_record_and_what_is_an_agents_own_is_not(
    desk: Desk, root: Actor, ada: Actor, log: Callable[[], list[Told]]
) -> None:
    team = desk.definitions.save(root, Team(name="Network"))
    desk.definitions.save(root, team.model_copy(update={"name": "Networks", "members": ("ada",)}))
    desk.definitions.save(ada, CannedReply(name="Mine", text="Hello", owner="ada"))
    desk.definitions.save(ada, CannedReply(name="Shared", text="Hello"))
    article = desk.articles.save(ada, Article(name="How to dial in", body="Slowly."))

    assert log() == [
        ("root", "setup_changed", team.id, {"created": "Network"}),
        ("root", "setup_changed", team.id, {"name": "Network → Networks", "members": "changed"}),
        ("ada", "setup_changed", "shared", {"created": "Shared"}),
        ("ada", "setup_changed", article.id, {"created": "yes"}),
    ]


def test_l1_what_is_taken_along_is_on_record(desk: Desk, root: Actor, log: Callable[[], list[Told]]) -> None:
    list(desk.exports.table(root))
    list(desk.lists.export(root, TicketQuery(), ListForm.CSV))
    desk.settings_files.export(root)
    list(desk.audit.export(root, AuditQuery(), Form.CSV))

    assert log() == [
        ("root", "exported", "table", {}),
        ("root", "exported", "list", {"form": "csv", "tickets": "0"}),
        ("root", "exported", "settings", {}),
        ("root", "exported", "audit", {"form": "csv"}),
    ]


def test_a_request_that_is_sent_twice_is_on_record_once(
    desk: Desk, carla: Actor, log: Callable[[], list[Told]]
) -> None:
    for _ in range(2):
        desk.tickets.open(carla, "No dial tone", "The line is dead.", key="once")

    assert len(log()) == 1


def test_admins_read_the_log_and_take_it_along(desk: Desk, root: Actor, carla: Actor) -> None:
    desk.tickets.open(carla, "No dial tone", "The line is dead.")

    page = desk.audit.search(root, AuditQuery(actor="carla", size=1))
    assert [record.action for record in page.records] == [AuditAction.TICKET_OPENED]
    assert page.has_more
    older = desk.audit.search(root, AuditQuery(actor="carla", before=page.records[0].number))
    assert [record.action for record in older.records] == [AuditAction.SIGNED_IN]
    assert not older.has_more

    lines = list(desk.audit.export(root, AuditQuery(), Form.JSON_LINES))
    written = [json.loads(line) for line in lines]
    assert [line["action"] for line in written][:2] == ["exported", "ticket_opened"]
    assert [int(line["id"]) for line in written] == list(range(len(lines), 0, -1))
    table = list(csv.DictReader(io.StringIO("".join(desk.audit.export(root, AuditQuery(), Form.CSV)).lstrip("\ufeff"))))
    assert [row["hash"] for row in table[1:]] == [line["hash"] for line in written]


@pytest.mark.parametrize("person", ["carla", "ada"])
def test_nobody_else_reads_it(desk: Desk, request: pytest.FixtureRequest, person: str) -> None:
    actor = request.getfixturevalue(person)

    with pytest.raises(PermissionDeniedError, match="read the audit log"):
        desk.audit.search(actor, AuditQuery())
    with pytest.raises(PermissionDeniedError, match="read the audit log"):
        desk.audit.export(actor, AuditQuery(), Form.CSV)


def test_l2_neither_what_people_write_nor_what_is_secret_reaches_the_log(
    desk: Desk, root: Actor, carla: Actor, ada: Actor, store: WholeStore
) -> None:
    ticket = desk.tickets.open(carla, "MARKER title", "MARKER description")
    desk.tickets.reply(carla, ticket.number, "MARKER reply")
    desk.tickets.note(ada, ticket.number, "MARKER note")
    desk.tickets.edit(ada, ticket.number, TicketEdit(title="MARKER other title", tags=("marker",)))
    message = desk.tickets.get(ada, ticket.number).messages[1].mark
    desk.relations.split(ada, ticket.number, message, "MARKER split")
    desk.definitions.save(root, CannedReply(name="Plain", text="MARKER canned"))
    desk.definitions.save(root, Rule(name="Plain", trigger="opened", query="marker", note="MARKER noted"))
    desk.tickets.close(ada, ticket.number, "MARKER last")
    desk.articles.save(ada, desk.articles.from_ticket(ada, ticket.number))
    token = desk.accounts.sign_in("carla", PASSWORD)
    new = desk.accounts.change_password(desk.sessions.actor(token), PASSWORD, NEW_PASSWORD, NEW_PASSWORD, browser="b")
    once = desk.agents.reset_password(root, "carla")
    for typed in (("carla", "MARKER guess"), ("marker guess", "MARKER guess")):
        with suppress(TicketingError):
            desk.accounts.sign_in(*typed)

    log = "".join(record.model_dump_json() for record in records(desk))
    for secret in (PASSWORD, NEW_PASSWORD, token, new, once):
        assert secret not in log
    assert "marker" not in log.casefold()
    with store.documents() as documents:
        assert check_audit(documents, "The store").number == len(records(desk))


def test_a_refusal_that_finds_the_store_busy_stays_one_and_the_log_says_so(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(open_store(f"json:{tmp_path}")) as first, closing(open_store(f"json:{tmp_path}")) as second:
        with first.write():
            Refusals(second, clock).note_sign_in("carla", "10.0.0.1", WrongCredentialsError())

        assert "A refusal could not be written into the audit log" in caplog.text
