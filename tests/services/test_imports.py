"""Moving in from another help desk: what comes, as whose, what stays out, and how all of it goes again."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from tests.services.conftest import Clock, SignIn
from ticketing.delivery.html_text import text_of
from ticketing.domain.audit import AuditAction, AuditQuery
from ticketing.domain.errors import DefinitionNotFoundError, PermissionDeniedError
from ticketing.domain.imports import Column, ImportRun, ImportState, Mapping, System
from ticketing.domain.links import LinkKind
from ticketing.domain.people import Actor, Role, Standing
from ticketing.domain.policy import THE_DESK
from ticketing.domain.queries import TicketQuery
from ticketing.domain.rules import Rule, Trigger
from ticketing.domain.sources import Source
from ticketing.domain.statuses import Priority, Resolution, Status
from ticketing.domain.store import Store
from ticketing.domain.tickets import SYSTEM, MessageKind, Ticket
from ticketing.services.access import Gate
from ticketing.services.anonymising import Anonymising
from ticketing.services.chores import Chores
from ticketing.services.definitions import Definitions
from ticketing.services.moving.imports import Imports
from ticketing.services.relations import Relations
from ticketing.services.tickets import Tickets

ON_EVERY_STORE = True
EXPORTS = Path(__file__).parent / "exports"
FILES = {
    System.OSTICKET: "osticket.csv",
    System.ZAMMAD: "zammad.json",
    System.FREESCOUT: "freescout.json",
    System.CSV: "spreadsheet.csv",
}
SPREADSHEET = Mapping(
    columns={
        Column.NUMBER: "Nr",
        Column.SUBJECT: "Betreff",
        Column.TEXT: "Was ist los?",
        Column.NAME: "Kunde",
        Column.EMAIL: "Mail",
        Column.STATUS: "Stand",
        Column.OPENED: "Angelegt",
    },
    statuses={"in Arbeit": Status.PENDING, "Fertig": Status.RESOLVED},
    time_zone="Europe/Berlin",
)
MAPPINGS = {System.CSV: SPREADSHEET}

Bring = Callable[..., ImportRun]


def export(system: System) -> BytesIO:
    """Return the export that this system would write."""
    return BytesIO((EXPORTS / FILES[system]).read_bytes())


def zammad(*tickets: dict[str, Any]) -> BytesIO:
    """Return tickets as Zammad gives them, of which only what matters is said."""
    usual = {"title": "Help", "customer": "carla@example.net", "state": "open", "created_at": "2030-03-01T09:00:00Z"}
    return BytesIO(json.dumps([usual | ticket for ticket in tickets]).encode())


@pytest.fixture
def imports(store: Store, clock: Clock, gate: Gate) -> Imports:
    return Imports(store, clock, gate, text_of)


@pytest.fixture
def bring(imports: Imports, root: Actor) -> Bring:
    """Bring in a file as admin."""

    def act(system: System, file: BytesIO | None = None) -> ImportRun:
        mapping = MAPPINGS.get(system, Mapping()) if file is None else Mapping()
        return imports.apply(root, file or export(system), FILES[system], system, mapping)

    return act


def tickets(store: Store) -> list[Ticket]:
    with store.read() as tx:
        return list(tx.tickets.stream())


def usernames(store: Store) -> set[str]:
    with store.read() as tx:
        return {user.id for user in tx.users.stream()}


def cut_off(_done: int, _whole: int) -> None:
    raise KeyboardInterrupt


def put_address(store: Store, username: str, address: str, standing: Standing) -> None:
    with store.write() as tx:
        user = tx.users.find(username)
        assert user is not None
        user.put_address(address, standing)
        tx.users.save(user)


def test_osticket_brings_what_stands_in_its_table(store: Store, bring: Bring) -> None:
    run = bring(System.OSTICKET)

    first, second = tickets(store)
    assert (run.state, run.counts.tickets, run.counts.people, run.counts.left_out) == (ImportState.DONE, 2, 2, 1)
    assert (first.external_id, first.title, first.requester) == ("412907", "No dial tone", "carla")
    assert (first.status, first.priority, first.opened_at) == (
        Status.OPEN,
        Priority.HIGH,
        datetime(2030, 1, 15, 15, 4, tzinfo=UTC),
    )
    assert (second.title, second.status) == ('=HYPERLINK("http://evil.example","Click")', Status.CLOSED)
    assert second.closed_at == second.resolved_at == datetime(2030, 2, 1, 9, 30, tzinfo=UTC)
    assert (second.category, second.tags) == ("general", ["report a problem"])


def test_zammad_brings_conversations_notes_and_files(store: Store, bring: Bring, arrives: SignIn) -> None:
    arrives("ada", Role.AGENT)
    put_address(store, "ada", "ada@example.org", Standing.GIVEN)

    bring(System.ZAMMAD)

    first, second = tickets(store)
    said = [(message.kind, message.author, message.source) for message in first.messages]
    assert said == [
        (MessageKind.REPLY, "carla", Source.IMPORT),
        (MessageKind.NOTE, "ada", Source.IMPORT),
        (MessageKind.REPLY, SYSTEM, Source.IMPORT),
    ]
    assert first.description == "It stays dark.\n\nFiles that did not come along: photo.png"
    assert first.messages[2].text == "Grace Hopper via Users wrote:\n\nWe bring a lamp."
    (file,) = first.begins_with.attachments
    assert (file.name, b"".join(store.files.read(file.sha256))) == ("beamer.txt", b"It is dark.")
    assert (first.assignee, first.tags) == ("ada", ["room 4", "users"])
    assert first.first_response_at == first.updated_at == datetime(2030, 3, 2, 10, tzinfo=UTC)
    assert (second.status, second.priority, second.resolution) == (Status.CLOSED, Priority.HIGH, Resolution.SOLVED)


def test_freescout_brings_conversations_but_no_drafts_nor_what_was_deleted(store: Store, bring: Bring) -> None:
    run = bring(System.FREESCOUT)

    refund, spam = tickets(store)
    assert run.counts.left_out == 1
    assert [message.text for message in refund.messages] == [
        "I want my money back.\n\nFiles that did not come along: bill.pdf",
        "Ada wrote:\n\nWhich order?",
        "Assigned to Ada Lovelace before the import.",
    ]
    assert (refund.status, refund.tags, refund.external_id) == (Status.PENDING, ["overdue"], "3")
    assert (spam.status, spam.tags) == (Status.CLOSED, ["spam"])


def test_a_table_of_any_origin_comes_as_the_mapping_says(store: Store, bring: Bring) -> None:
    run = bring(System.CSV)

    first, second = tickets(store)
    assert (run.counts.tickets, run.counts.left_out) == (2, 1)
    assert (first.title, first.status) == ("Kein Freizeichen", Status.PENDING)
    assert first.opened_at == datetime(2030, 1, 15, 14, 4, tzinfo=UTC)
    assert second.status is Status.CLOSED  # resolved for so long that it has lapsed
    with store.read() as tx:
        nameless = tx.users.find(second.requester)
    assert nameless is not None
    assert (nameless.display_name, nameless.email, nameless.password) == ("Jörg Groß", None, "!")


@pytest.mark.parametrize("system", System)
def test_a_dry_run_tells_what_would_come_and_changes_nothing(
    imports: Imports, root: Actor, everything: Callable[[], object], bring: Bring, system: System
) -> None:
    before = everything()

    report = imports.plan(root, export(system), system, MAPPINGS.get(system, Mapping()))

    assert everything() == before
    assert report.problems[-1].place.startswith(("Line", "Entry"))
    assert bring(system).counts == report.counts


@pytest.mark.parametrize("system", System)
def test_the_same_file_again_brings_nothing_twice(store: Store, bring: Bring, system: System) -> None:
    once = bring(system)
    here = tickets(store)

    again = bring(system)

    assert tickets(store) == here
    assert again == once


def test_a_newer_export_brings_only_what_is_new(store: Store, bring: Bring) -> None:
    bring(System.ZAMMAD, zammad({"number": "1"}, {"number": "2"}))

    run = bring(System.ZAMMAD, zammad({"number": "1"}, {"number": "2"}, {"number": "3"}))

    assert [ticket.external_id for ticket in tickets(store)] == ["1", "2", "3"]
    assert (run.counts.tickets, run.counts.known) == (1, 2)


def test_an_import_that_was_cut_off_goes_on_where_it_was(store: Store, imports: Imports, root: Actor) -> None:
    file = zammad({"number": "lost", "customer": "-"}, *({"number": str(number)} for number in range(250)))

    with pytest.raises(KeyboardInterrupt):
        imports.apply(root, file, "tickets.json", System.ZAMMAD, progress=cut_off)
    (unfinished,) = imports.all(root)
    assert (unfinished.state, len(tickets(store))) == (ImportState.UNFINISHED, 100)

    run = imports.apply(root, file, "tickets.json", System.ZAMMAD)

    assert (run.state, run.counts.tickets, run.numbers) == (ImportState.DONE, 250, ((1, 250),))
    assert (run.counts.known, run.counts.left_out, run.counts.people) == (0, 1, 1)
    assert sorted(int(ticket.external_id or "") for ticket in tickets(store)) == list(range(250))


def test_a_file_that_comes_twice_at_the_same_time_is_on_record_and_undone_as_one(
    store: Store, imports: Imports, root: Actor
) -> None:
    file, other = (zammad(*({"number": str(number)} for number in range(250))) for _ in range(2))

    def cut_off_at_two_hundred(done: int, whole: int) -> None:
        if len(tickets(store)) == 200:
            cut_off(done, whole)

    def another_comes(_done: int, _whole: int) -> None:
        if len(tickets(store)) == 100:
            with pytest.raises(KeyboardInterrupt):
                imports.apply(root, other, "tickets.json", System.ZAMMAD, progress=cut_off_at_two_hundred)

    run = imports.apply(root, file, "tickets.json", System.ZAMMAD, progress=another_comes)

    assert (run.state, run.counts.tickets, run.counts.people, run.numbers) == (ImportState.DONE, 250, 1, ((1, 250),))
    imports.undo(root, run.id)
    assert tickets(store) == []


def test_all_that_is_here_already_is_counted(bring: Bring) -> None:
    old = [{"number": str(number)} for number in range(250)]
    bring(System.ZAMMAD, zammad(*old))

    run = bring(System.ZAMMAD, zammad(*old, {"number": "new"}))

    assert (run.counts.tickets, run.counts.known) == (1, 250)


@pytest.mark.parametrize(
    ("standing", "role", "requester"),
    [
        (Standing.CONFIRMED, Role.USER, "bert"),
        (Standing.GIVEN, Role.AGENT, "bert"),
        (Standing.GIVEN, Role.USER, "carla"),
        (Standing.UNCONFIRMED, Role.AGENT, "carla"),
    ],
)
def test_only_an_address_that_is_certainly_theirs_gives_somebody_a_ticket(
    store: Store, bring: Bring, arrives: SignIn, standing: Standing, role: Role, requester: str
) -> None:
    arrives("bert", role)
    put_address(store, "bert", "carla@example.net", standing)

    bring(System.ZAMMAD, zammad({"number": "1"}))

    assert [ticket.requester for ticket in tickets(store)] == [requester]


def test_nobody_becomes_an_agent_by_an_import(store: Store, bring: Bring) -> None:
    bring(System.ZAMMAD)

    with store.read() as tx:
        assert list(tx.users.agent_names()) == ["root"]
        assert not tx.users.with_email("grace@example.org")


@pytest.mark.parametrize("customer", ["carla@example.net", "Carla"])
def test_nobody_is_given_the_name_of_somebody_who_is_anonymous_by_now(
    store: Store, clock: Clock, gate: Gate, imports: Imports, arrives: SignIn, root: Actor, customer: str
) -> None:
    arrives("carla")
    Anonymising(store, clock, gate).anonymise(root, "carla")
    file = zammad(*({"number": str(number), "customer": customer} for number in range(150)))

    with pytest.raises(KeyboardInterrupt):
        imports.apply(root, file, "tickets.json", System.ZAMMAD, progress=cut_off)
    imports.apply(root, file, "tickets.json", System.ZAMMAD)

    (requester,) = {ticket.requester for ticket in tickets(store)}
    assert requester.startswith("carla-")


def test_nobody_is_told_and_no_rule_is_followed(
    store: Store, bring: Bring, definitions: Definitions, root: Actor
) -> None:
    for trigger in (Trigger.OPENED, Trigger.TIME):
        definitions.save(
            root,
            Rule(name=f"On {trigger}", trigger=trigger, query="status:open updated:<2031-01-01", reply="We have it."),
        )

    bring(System.ZAMMAD)

    first, _ = tickets(store)
    assert [message.text for message in first.messages if message.source is Source.RULE] == []
    assert first.sla is None
    with store.read() as tx:
        assert tx.outgoing.backlog().waiting == 0
        assert tx.notices.of_user("root") == []
        timed = next(rule.id for rule in tx.definitions(Rule).all() if rule.trigger is Trigger.TIME)
    assert first.fired == [timed]


@pytest.fixture
def definitions(store: Store, clock: Clock, gate: Gate) -> Definitions:
    return Definitions(store, clock, gate)


def test_an_import_that_is_undone_has_left_nothing(store: Store, imports: Imports, bring: Bring, root: Actor) -> None:
    run = bring(System.ZAMMAD)
    assert imports.look_at_undoing(root, run.id).tickets == 2

    undone = imports.undo(root, run.id)

    assert (undone.state, undone.kept) == (ImportState.UNDONE, ())
    assert tickets(store) == []
    assert usernames(store) == {"root"}
    with store.read() as tx:
        assert tx.tickets.counts(THE_DESK, [TicketQuery()]) == [0]


def test_an_import_that_was_undone_can_be_made_again(store: Store, imports: Imports, bring: Bring, root: Actor) -> None:
    imports.undo(root, bring(System.ZAMMAD).id)

    again = bring(System.ZAMMAD)

    assert (again.state, again.counts.tickets) == (ImportState.DONE, 2)
    assert [ticket.number for ticket in tickets(store)] == [3, 4]


@pytest.fixture
def desk_tickets(store: Store, clock: Clock, gate: Gate) -> Tickets:
    return Tickets(store, clock, gate, Chores(store, clock, gate))


def test_a_ticket_that_somebody_has_touched_stays_with_its_people(
    store: Store, imports: Imports, bring: Bring, root: Actor, desk_tickets: Tickets
) -> None:
    run = bring(System.ZAMMAD)
    desk_tickets.reply(root, 1, "Is it dark still?")
    assert imports.look_at_undoing(root, run.id).touched == [1]

    undone = imports.undo(root, run.id)

    assert undone.kept == (1,)
    assert [ticket.number for ticket in tickets(store)] == [1]
    assert usernames(store) == {"root", "carla"}


def test_a_ticket_that_was_touched_goes_as_well_if_that_is_wanted(
    store: Store, imports: Imports, bring: Bring, root: Actor, desk_tickets: Tickets
) -> None:
    run = bring(System.ZAMMAD)
    desk_tickets.reply(root, 1, "Is it dark still?")

    imports.undo(root, run.id, touched_too=True)

    assert tickets(store) == []


def test_what_the_people_of_an_import_were_told_goes_with_them(
    store: Store, imports: Imports, bring: Bring, root: Actor, desk_tickets: Tickets
) -> None:
    run = bring(System.ZAMMAD)
    desk_tickets.reply(root, 1, "Is it dark still?")
    with store.read() as tx:
        assert [notice.ticket for notice in tx.notices.of_user("carla")] == [1]

    imports.undo(root, run.id, touched_too=True)

    assert usernames(store) == {"root"}
    with store.read() as tx:
        assert tx.notices.of_user("carla") == []


def test_a_ticket_that_others_name_stays_in_any_case(
    store: Store, clock: Clock, gate: Gate, imports: Imports, bring: Bring, root: Actor, desk_tickets: Tickets
) -> None:
    run = bring(System.ZAMMAD)
    own = desk_tickets.open(root, "The same beamer", "It is dark here, too.")
    Relations(store, clock, gate).link(root, own.number, LinkKind.RELATED, 1)

    undone = imports.undo(root, run.id, touched_too=True)

    assert undone.kept == (1,)
    assert [ticket.number for ticket in tickets(store)] == [1, own.number]


def test_whoever_was_brought_and_has_asked_since_stays(
    store: Store, imports: Imports, bring: Bring, root: Actor
) -> None:
    run = bring(System.ZAMMAD)
    with store.write() as tx:
        later = Ticket.open(tx.tickets.next_number(), "carla", "New", "By mail.", "general", run.at)
        tx.tickets.save(later)

    imports.undo(root, run.id)

    assert usernames(store) == {"root", "carla"}


def test_what_was_brought_and_undone_is_on_record(store: Store, imports: Imports, bring: Bring, root: Actor) -> None:
    run = bring(System.ZAMMAD)
    imports.undo(root, run.id)

    with store.read() as tx:
        records = [record for record in tx.audit.search(AuditQuery()) if record.object == run.id]
    undone, done, begun = records
    assert [record.action for record in records] == [
        AuditAction.IMPORT_UNDONE,
        AuditAction.IMPORTED,
        AuditAction.IMPORTED,
    ]
    assert (done.actor, done.facts["tickets"], done.facts["people"]) == ("root", "2", "2")
    assert begun.facts["state"] == "begun"
    assert (undone.facts["tickets"], undone.facts["people"]) == ("2", "2")


DEEDS: dict[str, Callable[[Imports, Actor], object]] = {
    "look": lambda imports, actor: imports.look(actor, export(System.CSV)),
    "first": lambda imports, actor: imports.first(actor, export(System.ZAMMAD), System.ZAMMAD),
    "plan": lambda imports, actor: imports.plan(actor, export(System.ZAMMAD), System.ZAMMAD),
    "apply": lambda imports, actor: imports.apply(actor, export(System.ZAMMAD), "z.json", System.ZAMMAD),
    "all": lambda imports, actor: imports.all(actor),
}


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("role", [Role.USER, Role.AGENT])
def test_nobody_but_admins_imports(
    imports: Imports,
    arrives: SignIn,
    everything: Callable[[], object],
    root: Actor,
    role: Role,
    deed: str,
) -> None:
    other = arrives("bert", role)
    before = everything()

    with pytest.raises(PermissionDeniedError, match="move the desk's data in or out"):
        DEEDS[deed](imports, other)

    assert everything() == before
    DEEDS[deed](imports, root)


@pytest.mark.parametrize("role", [Role.USER, Role.AGENT])
def test_nobody_but_admins_undoes_an_import(imports: Imports, bring: Bring, arrives: SignIn, role: Role) -> None:
    run, other = bring(System.ZAMMAD), arrives("bert", role)

    for deed in (imports.look_at_undoing, imports.undo):
        with pytest.raises(PermissionDeniedError):
            deed(other, run.id)


def test_what_was_never_imported_cannot_be_undone(imports: Imports, root: Actor) -> None:
    with pytest.raises(DefinitionNotFoundError):
        imports.undo(root, "zammad-0000")


def test_resolved_tickets_keep_the_days_that_they_have_left(store: Store, clock: Clock, bring: Bring) -> None:
    lately = (clock() - timedelta(days=2)).isoformat()

    bring(System.ZAMMAD, zammad({"number": "1", "state": "resolved", "close_at": lately}))

    (ticket,) = tickets(store)
    assert (ticket.status, ticket.resolved_at) == (Status.RESOLVED, clock() - timedelta(days=2))
