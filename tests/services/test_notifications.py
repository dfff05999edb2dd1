"""Warnings of what is due soon come once, mail comes as people want it, and digests are gone through once a day."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.services.conftest import PASSWORD, Clock, SignIn
from ticketing.desk import Desk
from ticketing.domain.calendars import BusinessCalendar
from ticketing.domain.digests import Digesting
from ticketing.domain.errors import PersonNotFoundError
from ticketing.domain.notifications import Mailed, Notice, NoticeKind
from ticketing.domain.opening_hours import ALWAYS_OPEN
from ticketing.domain.outbox import Letter, Outcome, OutgoingQuery, Result
from ticketing.domain.people import Actor, Role, User
from ticketing.domain.sla import SlaPolicy
from ticketing.domain.statuses import Priority, Status
from ticketing.domain.store import Transaction
from ticketing.domain.teams import Team
from ticketing.domain.tickets import TicketEdit
from ticketing.services.chores import Chore
from ticketing.services.digests import DIGESTS_BATCH, Digests
from ticketing.services.notifications import WARNINGS_BATCH, Warnings, wants
from ticketing.services.outbox import set_route
from ticketing.services.sending import Sending
from ticketing.settings import Settings
from ticketing.storage.whole import WholeStore

ON_EVERY_STORE = True

CONSOLE = Actor.console()
MARKER = "zebra-marker"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
OFFICE = BusinessCalendar(name="Always", zone="UTC", hours=ALWAYS_OPEN)
GOLD = SlaPolicy(
    name="Gold",
    calendar="always",
    first_response=60 * MINUTE,
    next_response=30 * MINUTE,
    resolution=16 * 60 * MINUTE,
    warning=15 * MINUTE,
)

Do = Callable[[Chore], int]


@pytest.fixture
def desk(store: WholeStore, clock: Clock) -> Desk:
    desk = Desk(Settings(storage_url="memory:"), store, clock, password_rounds=4)
    desk.definitions.save(CONSOLE, OFFICE)
    desk.definitions.save(CONSOLE, GOLD)
    return desk


@pytest.fixture
def do(store: WholeStore, clock: Clock) -> Do:
    """Return a way to do all of a chore that is due, and to see how many turns that takes."""

    def do_all(chore: Chore) -> int:
        turns = 0
        while _in_read(store, lambda tx: chore.is_due(tx, clock.now)):
            turns += 1
            with store.write() as tx:
                chore.do_some(tx, clock.now)
        return turns

    return do_all


def _in_read(store: WholeStore, ask: Callable[[Transaction], Any]) -> Any:
    with store.read() as tx:
        return ask(tx)


def warnings(store: WholeStore, username: str) -> int:
    notices: list[Notice] = _in_read(store, lambda tx: tx.notices.of_user(username))
    return sum(notice.kind is NoticeKind.DUE_SOON for notice in notices)


# Warnings


def test_a_target_is_warned_of_once_and_the_next_one_anew(
    desk: Desk, store: WholeStore, carla: Actor, ada: Actor, clock: Clock, do: Do
) -> None:
    number = desk.tickets.open(carla, "No dial tone", "Dead.").number
    desk.tickets.assign(ada, number, "ada")
    assert do(Warnings()) == 0

    clock.advance(50 * MINUTE)
    assert (do(Warnings()), warnings(store, "ada")) == (1, 1)
    clock.advance(40 * MINUTE)
    assert (do(Warnings()), warnings(store, "ada")) == (0, 1)

    desk.tickets.reply(ada, number, "We look.")
    assert do(Warnings()) == 0
    for times in (2, 3):
        desk.tickets.reply(carla, number, "And now?")
        clock.advance(20 * MINUTE)
        assert (do(Warnings()), warnings(store, "ada")) == (1, times)
        desk.tickets.reply(ada, number, "Soon.")
        clock.advance(5 * MINUTE)


def test_a_pause_or_another_due_time_brings_no_second_warning_of_the_same_target(
    desk: Desk, store: WholeStore, carla: Actor, ada: Actor, clock: Clock, do: Do
) -> None:
    number = desk.tickets.open(carla, "No dial tone", "Dead.").number
    clock.advance(50 * MINUTE)
    do(Warnings())

    desk.tickets.edit(ada, number, TicketEdit(status=Status.ON_HOLD))
    clock.advance(20 * MINUTE)
    desk.tickets.edit(ada, number, TicketEdit(status=Status.OPEN, priority=Priority.HIGH))

    assert do(Warnings()) == 1
    assert warnings(store, "ada") == 1
    assert do(Warnings()) == 0


def test_a_ticket_that_nobody_has_warns_its_team_and_no_requester(
    desk: Desk, store: WholeStore, carla: Actor, arrives: SignIn, clock: Clock, do: Do
) -> None:
    for name in ("ada", "bert", "nina"):
        arrives(name, Role.AGENT)
    desk.definitions.save(CONSOLE, Team(name="Network", members=("bert", "nina"), categories=("network",)))
    desk.tickets.open(carla, "No dial tone", "Dead.", "network")
    clock.advance(50 * MINUTE)

    do(Warnings())

    assert [warnings(store, name) for name in ("ada", "bert", "nina", "carla")] == [0, 1, 1, 0]


def test_many_warnings_are_told_a_few_at_a_time(
    desk: Desk, store: WholeStore, carla: Actor, ada: Actor, clock: Clock, do: Do
) -> None:
    for _ in range(WARNINGS_BATCH + 1):
        desk.tickets.open(carla, "No dial tone", "Dead.")
    clock.advance(50 * MINUTE)

    assert do(Warnings()) == 2
    assert warnings(store, ada.username) == WARNINGS_BATCH + 1


# Mail


def test_people_choose_kind_by_kind_how_they_want_mail(desk: Desk, store: WholeStore, ada: Actor, root: Actor) -> None:
    desk.preferences.want_by_mail(ada, {NoticeKind.OPENED: Mailed.DAILY})
    mail = desk.preferences.want_by_mail(ada, {NoticeKind.REPLIED: Mailed.NEVER})

    assert mail == desk.preferences.mail(ada)
    assert mail.chosen == {NoticeKind.OPENED: Mailed.DAILY, NoticeKind.REPLIED: Mailed.NEVER}
    assert desk.preferences.mail(root).chosen == {}
    assert _in_read(store, lambda tx: tx.users.find("ada")).mail == mail
    with pytest.raises(PersonNotFoundError):
        desk.preferences.want_by_mail(CONSOLE, {})


@pytest.mark.parametrize(
    ("role", "at_once"),
    [
        (Role.USER, {NoticeKind.OPENED, NoticeKind.REPLIED, NoticeKind.STATUS, NoticeKind.MERGED}),
        (Role.AGENT, {NoticeKind.REPLIED, NoticeKind.ASSIGNED, NoticeKind.MENTIONED, NoticeKind.DUE_SOON}),
    ],
)
def test_without_a_choice_mail_comes_at_once_of_what_is_for_oneself_and_without_an_address_never(
    desk: Desk, store: WholeStore, clock: Clock, carla: Actor, role: Role, at_once: set[NoticeKind]
) -> None:
    user: User = _in_read(store, lambda tx: tx.users.find("carla"))
    user.role, user.email = role, "carla@example.org"
    told = {
        kind: Notice(id="n", username="carla", kind=kind, ticket=1, by="ada", at=clock.now, expires_at=clock.now)
        for kind in NoticeKind
    }

    assert {kind for kind, notice in told.items() if wants(user, notice) is Mailed.AT_ONCE} == at_once
    user.email = None
    assert {wants(user, notice) for notice in told.values()} == {Mailed.NEVER}
    assert desk.preferences.mail(carla).chosen == {}


@pytest.fixture
def mailed(desk: Desk, store: WholeStore, carla: Actor, ada: Actor) -> Callable[[], list[tuple[str, str]]]:
    """Let mails leave the desk, and return a way to see to whom of what kind they wait."""
    for actor in (carla, ada):
        desk.accounts.change_profile(actor, actor.display_name, f"{actor.username}@example.org", PASSWORD)
    set_route(store, is_open=True)

    def waiting() -> list[tuple[str, str]]:
        page = _in_read(store, lambda tx: tx.outgoing.search(OutgoingQuery()))
        return sorted((mail.username, mail.kind) for mail in page.items)

    return waiting


def test_what_people_want_at_once_is_queued_with_the_change_and_nothing_else(
    desk: Desk, carla: Actor, ada: Actor, arrives: SignIn, mailed: Callable[[], list[tuple[str, str]]]
) -> None:
    number = desk.tickets.open(carla, "No dial tone", "Dead.").number
    desk.tickets.assign(arrives("bert", Role.AGENT), number, "ada")
    desk.tickets.note(arrives("nina", Role.AGENT), number, "She called.")
    desk.tickets.reply(ada, number, "We look.")

    assert mailed() == [("ada", "assigned"), ("carla", "replied")]
    desk.preferences.want_by_mail(carla, {NoticeKind.REPLIED: Mailed.NEVER})
    desk.tickets.reply(ada, number, "Still.")
    assert mailed() == [("ada", "assigned"), ("carla", "replied")]


# Digests


def test_a_reply_that_nobody_has_taken_mails_no_agent_at_once_but_in_the_digest_if_it_is_unread_by_then(
    desk: Desk, clock: Clock, do: Do, mailed: Callable[[], list[tuple[str, str]]], carla: Actor, ada: Actor
) -> None:
    number = desk.tickets.open(carla, "No dial tone", "Dead.").number
    desk.tickets.reply(carla, number, "Anybody?")
    assert ("ada", "unassigned") not in mailed()
    assert NoticeKind.UNASSIGNED in {line.notice.kind for line in desk.inbox.own(ada).items}
    own = desk.tickets.open(carla, "No light", "Dark.").number
    desk.tickets.assign(ada, own, "ada")
    desk.tickets.reply(carla, own, "Anybody?")
    assert ("ada", "replied") in mailed()

    clock.advance(DAY)
    do(Digests())
    assert ("ada", "digest") in mailed()


def test_what_is_wanted_once_a_day_waits_for_the_digest_and_what_was_read_by_then_is_left_out(
    desk: Desk,
    carla: Actor,
    ada: Actor,
    clock: Clock,
    do: Do,
    mailed: Callable[[], list[tuple[str, str]]],
) -> None:
    number = desk.tickets.open(carla, "No dial tone", "Dead.").number
    desk.tickets.assign(ada, number, "ada")
    do(Digests())
    desk.tickets.note(CONSOLE, number, "She called.")
    desk.inbox.read_all(ada)
    clock.advance(DAY)
    do(Digests())
    assert mailed() == []

    desk.tickets.note(CONSOLE, number, "She called again.")
    assert mailed() == []
    for _ in range(2):
        clock.advance(DAY)
        do(Digests())
        assert mailed() == [("ada", "digest")]


def test_the_digests_are_gone_through_once_a_day_a_few_people_at_a_time(
    desk: Desk, store: WholeStore, carla: Actor, clock: Clock, do: Do
) -> None:
    with store.write() as tx:
        carlas = tx.users.find("carla")
        assert carlas is not None
        for number in range(DIGESTS_BATCH + 1):
            tx.users.save(carlas.model_copy(update={"id": f"agent{number:02}", "role": Role.AGENT}))
    desk.tickets.open(carla, "No dial tone", "Dead.")

    assert do(Digests()) == 2
    assert do(Digests()) == 0
    clock.advance(DAY / 2)
    assert do(Digests()) == 0
    clock.advance(DAY / 2)
    assert do(Digests()) == 2
    progress: Digesting = _in_read(store, lambda tx: tx.definitions(Digesting).find("digests"))
    assert (progress.reached, progress.until - progress.since) == (None, DAY)


def test_where_nobody_has_anything_unread_no_digest_is_due(desk: Desk, carla: Actor, do: Do) -> None:
    desk.tickets.open(carla, "No dial tone", "Dead.")

    assert do(Digests()) == 0


@pytest.fixture
def digest_of(
    store: WholeStore, clock: Clock, do: Do, mailed: Callable[[], list[tuple[str, str]]]
) -> Callable[[str], list[Letter | Outcome]]:
    """Return a way to let a day go by, and see what the digest of somebody says then, if there is one."""
    del mailed  # by which mails leave the desk
    do(Digests())

    def after_a_day(username: str) -> list[Letter | Outcome]:
        clock.advance(DAY)
        do(Digests())
        sending = Sending(store, clock)
        return [sending.letter(mail) for mail in sending.claim() if (mail.username, mail.kind) == (username, "digest")]

    return after_a_day


def test_z5_nothing_of_a_note_reaches_a_requester_by_the_digest(
    desk: Desk, carla: Actor, digest_of: Callable[[str], list[Letter | Outcome]]
) -> None:
    desk.preferences.want_by_mail(carla, dict.fromkeys(NoticeKind, Mailed.DAILY))
    number = desk.tickets.open(carla, "No dial tone", "Dead.").number
    desk.tickets.note(CONSOLE, number, f"{MARKER} @carla")
    assert digest_of("carla") == []

    desk.tickets.note(CONSOLE, number, f"{MARKER} @carla")
    desk.tickets.reply(CONSOLE, number, "We look.")
    [letter] = digest_of("carla")

    assert isinstance(letter, Letter)
    assert letter.tickets == ((number, "No dial tone"),)
    assert MARKER not in repr(letter)


def test_z5_an_agent_who_is_one_no_more_gets_no_digest_of_notes(
    desk: Desk, store: WholeStore, clock: Clock, do: Do, ada: Actor, root: Actor, mailed: Callable[[], object]
) -> None:
    del mailed
    desk.preferences.want_by_mail(ada, dict.fromkeys(NoticeKind, Mailed.DAILY))
    number = desk.tickets.open(ada, "My chair creaks", "It does.").number
    do(Digests())
    clock.advance(MINUTE)
    desk.tickets.note(root, number, f"{MARKER} @ada")
    clock.advance(DAY)
    do(Digests())

    desk.agents.change_role(CONSOLE, "ada", Role.USER)
    clock.advance(MINUTE)
    sending = Sending(store, clock)
    outcomes = [sending.letter(mail) for mail in sending.claim() if mail.kind == "digest"]

    assert [one.result for one in outcomes if isinstance(one, Outcome)] == [Result.DROPPED]
