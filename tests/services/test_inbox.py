"""The inbox: what each person was told, for themselves alone, and no trace of what they may not see."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.services.conftest import Clock, SignIn
from ticketing.desk import Desk
from ticketing.domain.errors import NoticeNotFoundError
from ticketing.domain.notifications import NOTICE_LIFETIME, Notice, NoticeKind
from ticketing.domain.people import Actor, Role
from ticketing.domain.rules import Rule
from ticketing.domain.statuses import Status
from ticketing.domain.store import Store
from ticketing.domain.teams import Team
from ticketing.domain.tickets import TicketEdit
from ticketing.services.inbox import INBOX_PAGE
from ticketing.settings import Settings
from ticketing.storage.whole import WholeStore

ON_EVERY_STORE = True

CONSOLE = Actor.console()
MARKER = "zebra-marker"
Everything = Callable[[], dict[str, object]]


@pytest.fixture
def desk(store: WholeStore, clock: Clock) -> Desk:
    return Desk(Settings(storage_url="memory:"), store, clock, password_rounds=4)


@pytest.fixture
def bert(arrives: SignIn) -> Actor:
    return arrives("bert", Role.AGENT)


@pytest.fixture
def number(desk: Desk, carla: Actor, ada: Actor) -> int:
    """Return the number of Carla's ticket, on which Ada works."""
    number = desk.tickets.open(carla, "No dial tone", "The line is dead.").number
    desk.tickets.assign(ada, number, "ada")
    desk.inbox.read_all(ada)
    return number


def told(desk: Desk, actor: Actor) -> list[tuple[NoticeKind, int, bool]]:
    """Return what somebody's inbox shows: kind, ticket, and whether it is unread."""
    return [(line.notice.kind, line.notice.ticket, not line.notice.read) for line in desk.inbox.own(actor).items]


def stored(store: Store, username: str) -> list[Notice]:
    with store.read() as tx:
        return tx.notices.of_user(username)


# What is told


def test_a_reply_waits_in_the_inbox_of_the_requester_with_title_author_and_what_it_begins_with(
    desk: Desk, carla: Actor, ada: Actor, number: int, clock: Clock
) -> None:
    desk.tickets.reply(ada, number, "We look at it.\nTomorrow.")

    line = desk.inbox.own(carla).items[0]

    assert desk.inbox.unread(carla) == 1
    assert (line.notice.kind, line.notice.at, line.notice.read) == (NoticeKind.REPLIED, clock.now, False)
    assert (line.title, line.name, line.excerpt) == ("No dial tone", "Ada", "We look at it. Tomorrow.")
    assert desk.inbox.unread(ada) == 0


def test_a_new_ticket_is_told_to_the_agents_of_its_team(
    desk: Desk, carla: Actor, ada: Actor, bert: Actor, root: Actor
) -> None:
    desk.tickets.open(carla, "Everybody's", "Help!")
    desk.definitions.save(CONSOLE, Team(name="Network", members=("bert",), categories=("network",)))
    desk.tickets.open(carla, "The team's", "Help!", "network")

    assert [desk.inbox.unread(agent) for agent in (ada, bert, root)] == [1, 2, 1]
    assert desk.inbox.unread(carla) == 0


def test_the_newest_comes_first_and_a_page_holds_25(desk: Desk, carla: Actor, ada: Actor, clock: Clock) -> None:
    numbers = []
    for _ in range(INBOX_PAGE + 2):
        clock.advance(timedelta(minutes=1))
        numbers.append(desk.tickets.open(carla, "No dial tone", "Dead.").number)

    first, second = desk.inbox.own(ada), desk.inbox.own(ada, 2)

    assert (first.total, first.pages) == (INBOX_PAGE + 2, 2)
    assert [line.notice.ticket for line in (*first.items, *second.items)] == numbers[::-1]


def test_what_a_rule_writes_or_assigns_is_told_and_its_note_to_exactly_those_it_names(
    desk: Desk, carla: Actor, ada: Actor, bert: Actor, root: Actor
) -> None:
    rule = Rule(name="Received", enabled=True, reply="We have it.", note="Please look.", notify=("bert",))
    desk.definitions.save(
        CONSOLE, rule.model_copy(update={"changes": rule.changes.model_copy(update={"assignee": "ada"})})
    )

    number = desk.tickets.open(carla, "No dial tone", "The line is dead.").number

    assert told(desk, carla) == [(NoticeKind.REPLIED, number, True)]
    assert told(desk, ada) == [(NoticeKind.ASSIGNED, number, True)]
    assert told(desk, bert) == [(NoticeKind.NOTED, number, True)]
    assert told(desk, root) == []


def test_whoever_has_no_account_or_one_that_is_deactivated_is_told_nothing(
    desk: Desk, ada: Actor, root: Actor, number: int, store: WholeStore
) -> None:
    desk.agents.deactivate(root, "carla")
    desk.tickets.reply(ada, number, "Hello?")

    assert stored(store, "carla") == []


# What was read


def test_one_notice_those_of_a_ticket_or_all_are_noted_as_read(
    desk: Desk, carla: Actor, ada: Actor, number: int, clock: Clock
) -> None:
    other = desk.tickets.open(carla, "Printer", "It jams.").number
    for each in (number, other, other):
        clock.advance(timedelta(minutes=1))
        desk.tickets.reply(ada, each, "We look.")

    desk.inbox.read(carla, desk.inbox.own(carla).items[0].notice.id)
    assert [unread for _, _, unread in told(desk, carla)] == [False, True, True]
    desk.inbox.read_of_ticket(carla, number)
    assert [unread for _, _, unread in told(desk, carla)] == [False, True, False]
    assert desk.inbox.unread(carla) == 1
    desk.inbox.read_all(carla)
    assert desk.inbox.unread(carla) == 0


def test_what_was_read_already_is_not_written_down_again(
    desk: Desk, carla: Actor, ada: Actor, number: int, everything: Everything
) -> None:
    desk.tickets.reply(ada, number, "We look.")
    desk.inbox.read_all(carla)
    before = everything()

    desk.inbox.read_all(carla)
    desk.inbox.read_of_ticket(carla, number)

    assert everything() == before


def test_nobody_reads_or_marks_what_was_told_to_somebody_else(
    desk: Desk, carla: Actor, oskar: Actor, ada: Actor, root: Actor, number: int, everything: Everything
) -> None:
    desk.tickets.reply(ada, number, "We look.")
    notice = desk.inbox.own(carla).items[0].notice.id
    before = everything()

    for other in (oskar, ada, root):
        with pytest.raises(NoticeNotFoundError, match="There is no such notice"):
            desk.inbox.read(other, notice)
        desk.inbox.read_of_ticket(other, number)
        assert all(line.notice.username == other.username for line in desk.inbox.own(other).items)

    assert [line for line in desk.inbox.own(carla).items if not line.notice.read]
    assert {key: value for key, value in everything().items() if key != "notices"} == {
        key: value for key, value in before.items() if key != "notices"
    }


# No trace


def test_a_reply_that_was_taken_back_leaves_no_trace_in_any_inbox(
    desk: Desk, carla: Actor, ada: Actor, bert: Actor, number: int, store: WholeStore
) -> None:
    desk.tickets.note(bert, number, "I know her.")
    reply = desk.tickets.reply(bert, number, f"{MARKER} @ada").messages[-1]
    assert desk.inbox.unread(carla) == 1

    desk.tickets.take_back(bert, number, reply.mark)

    assert (desk.inbox.unread(carla), told(desk, carla)) == (0, [])
    assert NoticeKind.MENTIONED not in {kind for kind, _, _ in told(desk, ada)}
    assert not [notice for name in ("carla", "ada") for notice in stored(store, name) if notice.mark == reply.mark]


def test_of_a_ticket_that_somebody_sees_no_more_nothing_is_left_in_counts_neither(
    desk: Desk, oskar: Actor, ada: Actor, number: int
) -> None:
    other = desk.tickets.open(oskar, "The same", "Dead, too.").number
    desk.relations.merge(ada, other, number)
    desk.tickets.reply(ada, number, "We look.")
    desk.inbox.read_of_ticket(oskar, other)
    assert desk.inbox.unread(oskar) == 1

    desk.relations.unmerge(ada, other)

    assert [line.notice.ticket for line in desk.inbox.own(oskar).items if not line.notice.read] == [other]
    assert desk.inbox.unread(oskar) == 1
    assert number not in {line.notice.ticket for line in desk.inbox.own(oskar).items}


def test_an_agent_who_is_one_no_more_finds_nothing_that_only_agents_know(
    desk: Desk, ada: Actor, bert: Actor, root: Actor, number: int, store: WholeStore, arrives: SignIn
) -> None:
    own = desk.tickets.open(bert, "My own", "My chair creaks.").number
    desk.tickets.note(ada, own, f"{MARKER} @bert")
    desk.tickets.note(ada, number, f"{MARKER} @bert")
    desk.tickets.assign(ada, number, "bert")
    desk.tickets.reply(ada, own, "Another one is on its way.")
    assert desk.inbox.unread(bert) == 4 + 1  # Carla's ticket was opened before anybody had it

    desk.agents.change_role(root, "bert", Role.USER)
    bert = arrives("bert", Role.USER)

    assert told(desk, bert) == [(NoticeKind.REPLIED, own, True)]
    assert desk.inbox.unread(bert) == 1
    assert len(stored(store, "bert")) == 5


def test_z5_nothing_of_a_note_reaches_a_requester_neither_text_author_time_nor_count(
    desk: Desk, carla: Actor, oskar: Actor, ada: Actor, bert: Actor, number: int, store: WholeStore, clock: Clock
) -> None:
    other = desk.tickets.open(oskar, "The same", "Dead, too.").number
    desk.relations.merge(ada, other, number)
    desk.inbox.read_all(oskar)
    desk.inbox.read_all(ada)
    before = [desk.inbox.own(one) for one in (carla, oskar)]

    clock.advance(timedelta(minutes=7))
    desk.tickets.note(bert, number, f"{MARKER} @carla @oskar @ada")
    desk.tickets.transfer(bert, number, team=None, assignee="ada", note=f"{MARKER} again")
    desk.tickets.edit(bert, number, TicketEdit(tags=(MARKER,)))

    assert [desk.inbox.own(one) for one in (carla, oskar)] == before
    assert [desk.inbox.unread(one) for one in (carla, oskar)] == [0, 0]
    for name in ("carla", "oskar"):
        assert not [notice for notice in stored(store, name) if notice.at == clock.now or notice.by == "bert"]
    assert desk.inbox.unread(ada) == 2


def test_what_is_due_is_for_agents_and_a_status_is_told_as_it_is_now(
    desk: Desk, carla: Actor, ada: Actor, number: int
) -> None:
    desk.tickets.edit(ada, number, TicketEdit(status=Status.PENDING))
    desk.tickets.edit(ada, number, TicketEdit(status=Status.RESOLVED))

    lines = desk.inbox.own(carla).items

    assert {line.status for line in lines} == {Status.RESOLVED}
    assert {line.due_at for line in lines} == {None}


def test_after_90_days_nothing_is_told_any_more(
    desk: Desk, carla: Actor, ada: Actor, number: int, clock: Clock, arrives: SignIn
) -> None:
    desk.tickets.reply(ada, number, "We look.")

    clock.advance(NOTICE_LIFETIME)

    carla = arrives("carla")
    assert (desk.inbox.own(carla).total, desk.inbox.unread(carla)) == (0, 0)
