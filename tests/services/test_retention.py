"""What is old enough goes by itself once a rule is on, and nothing else does."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.services.conftest import Clock, SignIn
from ticketing.desk import Desk
from ticketing.domain.audit import AuditAction
from ticketing.domain.errors import InvalidInputError, PermissionDeniedError, TicketNotFoundError
from ticketing.domain.links import LinkKind
from ticketing.domain.outbox import MailState, Outgoing
from ticketing.domain.people import Actor, Role
from ticketing.domain.queries import TicketQuery
from ticketing.domain.received import ReceivedQuery
from ticketing.domain.retention import RetentionRule, Sweep
from ticketing.services.retention import Sweeping
from ticketing.settings import Settings
from ticketing.storage.whole import WholeStore

ON_EVERY_STORE = True
CONSOLE = Actor.console()
DAY = timedelta(days=1)


@pytest.fixture
def desk(store: WholeStore, clock: Clock) -> Desk:
    return Desk(Settings(storage_url="memory:"), store, clock, 4)


@pytest.fixture
def open_ticket(desk: Desk) -> Callable[..., int]:
    def ticket(title: str, *, closed: bool = True, **fields: Any) -> int:
        number = desk.tickets.open(CONSOLE, title, "Help!", **fields).number
        if closed:
            desk.tickets.close(CONSOLE, number)
        return number

    return ticket


def rule(**fields: Any) -> RetentionRule:
    return RetentionRule.model_validate({"name": "Old", "days": 30, "enabled": True} | fields)


def sweep(desk: Desk, clock: Clock) -> None:
    """Let the chore do all that is due."""
    chore = Sweeping()
    while True:
        with desk.store.read() as tx:
            if not chore.is_due(tx, clock()):
                return
        with desk.store.write() as tx:
            chore.do_some(tx, clock())


def present(desk: Desk) -> list[str]:
    found = desk.tickets.search(CONSOLE, TicketQuery(size=200)).items
    return sorted(summary.title for summary in found)


def swept(desk: Desk) -> list[tuple[str, dict[str, str]]]:
    with desk.store.read() as tx:
        return [(one.actor, one.facts) for one in tx.audit.stream() if one.action is AuditAction.SWEPT]


def test_p2_tickets_that_are_done_for_long_are_deleted_with_all_that_hangs_on_them(
    desk: Desk, clock: Clock, open_ticket: Callable[..., int]
) -> None:
    file = desk.attachments.put(CONSOLE, "screen.png", [b"A picture."])
    old = open_ticket("Old", files=[file.id])
    asleep = open_ticket("Old and open", closed=False)
    desk.relations.link(CONSOLE, asleep, LinkKind.RELATED, old)
    clock.advance(20 * DAY)
    open_ticket("Young")
    clock.advance(11 * DAY)
    newest = open_ticket("Newest", closed=False)
    desk.definitions.save(CONSOLE, rule())

    sweep(desk, clock)

    assert present(desk) == ["Newest", "Old and open", "Young"]
    with pytest.raises(TicketNotFoundError):
        desk.tickets.get(CONSOLE, old)
    assert desk.tickets.get(CONSOLE, asleep).links == []
    assert open_ticket("Another") == newest + 1
    with desk.store.read() as tx:
        assert tx.files.unnamed([file.sha256]) == [file.sha256]
    assert swept(desk) == [("system", {"tickets": "1", "which": "T-1"})]


def test_no_number_is_given_again(desk: Desk, clock: Clock, open_ticket: Callable[..., int]) -> None:
    for title in ("One", "Two", "Three"):
        open_ticket(title)
    clock.advance(31 * DAY)
    desk.definitions.save(CONSOLE, rule())

    sweep(desk, clock)

    assert present(desk) == []
    assert open_ticket("Four") == 4


def test_what_was_merged_goes_with_the_ticket_in_which_it_went_on(
    desk: Desk, clock: Clock, open_ticket: Callable[..., int]
) -> None:
    source, target = open_ticket("Source", closed=False), open_ticket("Target", closed=False)
    desk.relations.merge(CONSOLE, source, target)
    open_ticket("Newest", closed=False)
    clock.advance(31 * DAY)
    desk.definitions.save(CONSOLE, rule())

    sweep(desk, clock)
    assert present(desk) == ["Newest", "Source", "Target"]

    desk.tickets.close(CONSOLE, target)
    clock.advance(31 * DAY)
    sweep(desk, clock)
    assert present(desk) == ["Newest"]


def test_a_rule_for_a_category_leaves_others_alone(desk: Desk, clock: Clock, open_ticket: Callable[..., int]) -> None:
    here, there = (category.id for category in desk.tickets.categories(CONSOLE)[:2])
    open_ticket("Here", category=here)
    open_ticket("There", category=there)
    clock.advance(31 * DAY)
    desk.definitions.save(CONSOLE, rule(category=here))

    sweep(desk, clock)

    assert present(desk) == ["There"]


@pytest.mark.parametrize("off", [{"enabled": False}, {"removed": True}], ids=["off", "removed"])
def test_a_rule_that_is_off_does_nothing(
    desk: Desk, clock: Clock, open_ticket: Callable[..., int], off: dict[str, bool]
) -> None:
    open_ticket("Old")
    open_ticket("Newest")
    clock.advance(31 * DAY)
    saved = desk.definitions.save(CONSOLE, rule(enabled=False))
    desk.definitions.save(CONSOLE, saved.model_copy(update=off))

    sweep(desk, clock)

    assert present(desk) == ["Newest", "Old"]


def test_many_go_a_few_at_a_time_and_each_turn_is_on_the_audit_log(
    desk: Desk, clock: Clock, open_ticket: Callable[..., int]
) -> None:
    for number in range(13):
        open_ticket(f"Old {number}")
    clock.advance(31 * DAY)
    desk.definitions.save(CONSOLE, rule())

    sweep(desk, clock)

    assert present(desk) == []
    assert [facts["tickets"] for _, facts in swept(desk)] == ["10", "3"]


def test_it_is_looked_once_an_hour(desk: Desk, clock: Clock) -> None:
    desk.definitions.save(CONSOLE, rule())
    sweep(desk, clock)
    chore = Sweeping()

    with desk.store.read() as tx:
        assert not chore.is_due(tx, clock() + timedelta(minutes=59))
        assert chore.is_due(tx, clock() + timedelta(minutes=60))


def test_p2_requesters_who_come_no_more_are_made_anonymous(desk: Desk, clock: Clock, arrives: SignIn) -> None:
    people = {name: arrives(name) for name in ("gone", "waits", "wrote")}
    arrives("ada", Role.AGENT)
    done = desk.tickets.open(people["gone"], "Of gone", "Best, Gone").number
    desk.tickets.close(CONSOLE, done)
    desk.tickets.open(people["waits"], "Still open", "Help!")
    written = desk.tickets.open(people["wrote"], "Of late", "Help!").number
    clock.advance(31 * DAY)
    arrives("young")
    desk.tickets.close(CONSOLE, written)
    desk.definitions.save(CONSOLE, rule(sweep=Sweep.PEOPLE))

    sweep(desk, clock)
    desk.catch_up()

    with desk.store.read() as tx:
        assert [user.id for user in tx.users.stream()] == ["ada", "former-1", "waits", "wrote", "young"]
    ticket = desk.tickets.get(CONSOLE, done)
    assert (ticket.requester, ticket.messages[0].text) == ("former-1", "Best, [removed]")
    assert swept(desk) == [("system", {"people": "1"})]


def test_p2_records_and_originals_of_mails_go(desk: Desk, clock: Clock, arrives: SignIn) -> None:
    arrives("carla")
    now = clock()
    with desk.store.write() as tx:
        for key, state in (("sent", MailState.SENT), ("waits", MailState.WAITING)):
            mail = Outgoing(id=key, username="carla", kind="replied", at=now, due_at=now, expires_at=now + 30 * DAY)
            tx.outgoing.save(mail.model_copy(update={"state": state}))
    desk.receiving.take(b"From: nora@example.net\nSubject: Hello\nMessage-ID: <1@example.net>\n\nHelp!")
    clock.advance(8 * DAY)
    desk.receiving.take(b"From: nora@example.net\nSubject: Young\nMessage-ID: <2@example.net>\n\nHelp!")
    desk.definitions.save(CONSOLE, rule(sweep=Sweep.MAILS, days=7))

    sweep(desk, clock)

    with desk.store.read() as tx:
        assert [tx.outgoing.find(key) is None for key in ("sent", "waits")] == [True, False]
        assert [(one.subject, bool(one.raw_sha256)) for one in tx.received.search(ReceivedQuery()).items] == [
            ("Young", True),
            ("", False),
        ]
    again = desk.receiving.take(b"From: nora@example.net\nSubject: Hello\nMessage-ID: <1@example.net>\n\nHelp!")
    assert again.id


def test_the_rehearsal_counts_what_would_go_and_changes_nothing(
    desk: Desk, clock: Clock, open_ticket: Callable[..., int], everything: Callable[[], Any]
) -> None:
    for number in range(25):
        open_ticket(f"Old {number}")
    clock.advance(31 * DAY)
    before = everything()

    rehearsal = desk.retention.rehearsed(CONSOLE, rule())

    assert (rehearsal.total, rehearsal.examples[:2], len(rehearsal.examples)) == (25, ("T-1", "T-2"), 20)
    assert everything() == before
    with pytest.raises(InvalidInputError, match="7 to 36,500 days"):
        desk.retention.rehearsed(CONSOLE, rule(days=1))


@pytest.mark.parametrize(("who", "role"), [("carla", Role.USER), ("ada", Role.AGENT)])
def test_rules_of_retention_are_for_admins_alone(desk: Desk, arrives: SignIn, who: str, role: Role) -> None:
    person = arrives(who, role)

    for deed in (desk.retention.rehearsed, desk.definitions.save):
        with pytest.raises(PermissionDeniedError):
            deed(person, rule())


def test_a_settings_file_turns_no_rule_on_that_nobody_has_rehearsed_here() -> None:
    assert not rule().brought_in(None).enabled
    assert rule().brought_in(rule()).enabled
