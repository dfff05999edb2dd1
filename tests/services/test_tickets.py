"""What requesters and agents can do with tickets, what they cannot, and what they must not even learn."""

import statistics
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest

from tests.services.conftest import ON_BOTH_STORES
from ticketing.domain.errors import (
    BlankError,
    ForbiddenCharacterError,
    InvalidInputError,
    PermissionDeniedError,
    ReopenWindowError,
    StaleEditError,
    StaleTicketError,
    StorageBusyError,
    StorageReadOnlyError,
    ThrottledError,
    TicketClosedError,
    TicketNotClosedError,
    TicketNotFoundError,
    TooLongError,
    TooManyTagsError,
    TransitionError,
    UnknownChoiceError,
    WrittenMeanwhileError,
)
from ticketing.domain.people import Actor, Role
from ticketing.domain.queries import UNASSIGNED, Sort, TicketQuery, View
from ticketing.domain.statuses import Priority, Resolution, Status, TicketCategory
from ticketing.domain.text import TEXT_LIMIT, TITLE_LIMIT
from ticketing.domain.tickets import DESK, SYSTEM, Event, MessageKind, Ticket, TicketEdit
from ticketing.services.access import Gate
from ticketing.services.chores import Chores
from ticketing.services.moments import MOMENTS_BATCH
from ticketing.services.throttle import TICKETS_PER_HOUR
from ticketing.services.tickets import Tickets
from ticketing.storage.json_store import JsonStore
from ticketing.storage.memory import MemoryStore

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SECRET = "zebra-marker"

Everything = Callable[[], dict[str, object]]


class Clock(Protocol):
    """A clock that is set by hand."""

    def __call__(self) -> datetime:
        """Return its time."""

    def advance(self, by: timedelta) -> None:
        """Move it on."""


@pytest.fixture
def tickets(store: MemoryStore, clock: Clock, gate: Gate) -> Tickets:
    """Return the service over the store of this test."""
    return Tickets(store, clock, gate, Chores(store, clock, gate))


@pytest.fixture
def keep_signed_in(store: MemoryStore, clock: Clock) -> Callable[[timedelta], None]:
    """Return a way to let time pass while everybody goes on using the desk."""

    def pass_time(by: timedelta) -> None:
        clock.advance(by)
        with store.write() as tx:
            for user in tx.users.stream():
                for session in tx.sessions.of_user(user.id):
                    session.last_seen_at += by
                    session.expires_at += by
                    tx.sessions.save(session)

    return pass_time


PassTime = Callable[[timedelta], None]


@pytest.fixture
def number(tickets: Tickets, carla: Actor) -> int:
    """Return the number of a ticket that Carla opened."""
    return tickets.open(carla, "No dial tone", "The line is dead.").number


@pytest.fixture
def people(carla: Actor, ada: Actor) -> tuple[Actor, Actor]:
    """Return one who asks and one who answers."""
    return carla, ada


def found(tickets: Tickets, actor: Actor, query: TicketQuery | None = None) -> list[int]:
    """Return the numbers that a search finds."""
    return [summary.number for summary in tickets.search(actor, query or TicketQuery()).items]


# Requesters


def test_a_requester_opens_a_ticket_and_finds_it(tickets: Tickets, carla: Actor) -> None:
    ticket = tickets.open(carla, " No  dial tone ", "The line\r\nis dead.", TicketCategory.NETWORK)

    assert (ticket.label, ticket.title, ticket.description) == ("T-1", "No dial tone", "The line\nis dead.")
    assert (ticket.requester, ticket.status, ticket.category) == ("carla", Status.OPEN, TicketCategory.NETWORK)
    (line,) = tickets.search(carla, TicketQuery()).items
    assert (line.number, line.title, line.status, line.messages, line.unread) == (1, "No dial tone", "open", 1, False)


def test_a_requester_lists_searches_and_filters_their_own_tickets(
    tickets: Tickets, carla: Actor, oskar: Actor, clock: Clock
) -> None:
    tickets.open(carla, "Phone", "Dead.", TicketCategory.HARDWARE)
    clock.advance(MINUTE)
    tickets.open(oskar, "Phone as well", "Dead.")
    clock.advance(MINUTE)
    tickets.open(carla, "Invoice", "Too high.", TicketCategory.BILLING)
    tickets.close(carla, 1)

    assert found(tickets, carla) == [3, 1]
    assert found(tickets, carla, TicketQuery(sort=Sort.OLDEST)) == [1, 3]
    assert found(tickets, carla, TicketQuery(needles=("phone",))) == [1]
    assert found(tickets, carla, TicketQuery(statuses=frozenset({Status.OPEN}))) == [3]
    assert found(tickets, carla, TicketQuery(categories=frozenset({TicketCategory.BILLING}))) == [3]
    assert found(tickets, carla, TicketQuery(requester="oskar")) == []
    assert found(tickets, oskar) == [2]


def test_the_conversation_is_read_in_order_with_authors_and_times(
    tickets: Tickets, carla: Actor, ada: Actor, clock: Clock, number: int
) -> None:
    opened = tickets.get(carla, number).opened_at
    clock.advance(HOUR)
    tickets.reply(ada, number, "Is the cable in?")
    clock.advance(HOUR)
    tickets.reply(carla, number, "It is.\nStill dead.")

    conversation = tickets.conversation(carla, number)

    assert [(message.author, message.text, message.at - opened) for message in conversation.ticket.messages] == [
        ("carla", "The line is dead.", timedelta()),
        ("ada", "Is the cable in?", HOUR),
        ("carla", "It is.\nStill dead.", 2 * HOUR),
    ]
    assert [conversation.name(name) for name in ("carla", "ada", "gone")] == ["Carla", "Ada", "gone"]


def test_an_answer_is_unread_until_the_ticket_was_seen(tickets: Tickets, carla: Actor, ada: Actor, number: int) -> None:
    tickets.reply(ada, number, "Is the cable in?")
    assert tickets.search(carla, TicketQuery()).items[0].unread
    assert tickets.conversation(carla, number).seen == 0

    tickets.mark_seen(carla, number, 100)

    assert not tickets.search(carla, TicketQuery()).items[0].unread
    assert tickets.conversation(carla, number).seen == 2


def test_seeing_a_ticket_again_writes_nothing(
    tickets: Tickets, carla: Actor, number: int, everything: Everything
) -> None:
    tickets.mark_seen(carla, number, 100)
    before = everything()

    tickets.mark_seen(carla, number, 100)

    assert everything() == before


def test_a_tab_that_was_behind_makes_nothing_unread_again(
    tickets: Tickets, store: MemoryStore, carla: Actor, ada: Actor, number: int
) -> None:
    tickets.reply(ada, number, "Is the cable in?")

    with ThreadPoolExecutor(1) as pool, store.write() as tx:
        behind = pool.submit(tickets.mark_seen, carla, number, 1)
        time.sleep(0.05)  # in which it has found that nothing is seen yet, and waits for its turn
        tx.tickets.mark_seen(number, "carla", 2)
    behind.result()

    assert tickets.conversation(carla, number).seen == 2


def test_a_requester_closes_and_reopens(tickets: Tickets, carla: Actor, number: int) -> None:
    assert tickets.close(carla, number, "It works again, thanks.").status is Status.CLOSED
    assert tickets.get(carla, number).messages[-1].text == "It works again, thanks."

    assert tickets.reopen(carla, number).status is Status.OPEN


def test_z7_requesters_reopen_within_fourteen_days_and_agents_at_any_time(
    tickets: Tickets, carla: Actor, ada: Actor, number: int, keep_signed_in: PassTime, everything: Everything
) -> None:
    tickets.close(carla, number)
    keep_signed_in(14 * DAY)
    tickets.reopen(carla, number)
    tickets.close(carla, number)
    keep_signed_in(14 * DAY + timedelta(seconds=1))
    before = everything()

    with pytest.raises(ReopenWindowError, match="Please open a new ticket"):
        tickets.reopen(carla, number)

    assert everything() == before
    assert tickets.reopen(ada, number).status is Status.OPEN


@pytest.mark.parametrize("person", ["carla", "ada"])
def test_who_reopens_what_they_saw_closed_does_not_take_back_what_a_colleague_set_meanwhile(
    tickets: Tickets, carla: Actor, ada: Actor, root: Actor, number: int, everything: Everything, person: str
) -> None:
    actor = {"carla": carla, "ada": ada}[person]
    tickets.close(actor, number)
    tickets.reopen(root, number)
    tickets.edit(root, number, TicketEdit(status=Status.RESOLVED))
    before = everything()

    with pytest.raises(StaleEditError) as refusal:
        tickets.reopen(actor, number, seen=Status.CLOSED)

    assert (refusal.value.theirs, refusal.value.yours) == ("resolved", "open")
    assert everything() == before
    assert tickets.reopen(actor, number, seen=Status.RESOLVED).status is Status.OPEN


def test_what_somebody_else_has_reopened_already_is_open(
    tickets: Tickets, carla: Actor, ada: Actor, number: int, everything: Everything
) -> None:
    tickets.close(carla, number)
    tickets.reopen(ada, number)
    before = everything()

    assert tickets.reopen(carla, number, seen=Status.CLOSED).status is Status.OPEN

    assert everything() == before


@pytest.mark.parametrize("status", [Status.OPEN, Status.PENDING, Status.ON_HOLD])
def test_what_is_not_done_cannot_be_reopened(
    tickets: Tickets, ada: Actor, number: int, everything: Everything, status: Status
) -> None:
    tickets.edit(ada, number, TicketEdit(status=status))
    before = everything()

    with pytest.raises(TransitionError):
        tickets.reopen(ada, number)

    assert everything() == before


@pytest.mark.parametrize("status", [Status.PENDING, Status.RESOLVED])
def test_a_requesters_reply_brings_a_ticket_back(
    tickets: Tickets, carla: Actor, ada: Actor, number: int, status: Status
) -> None:
    assert tickets.reply(ada, number, "Better now?", status=status).status is status

    assert tickets.reply(carla, number, "No.").status is Status.OPEN

    event = tickets.get(carla, number).events[-1]
    assert (event.field, event.old, event.new, event.by) == ("status", status, "open", "carla")


def test_a_watcher_reads_and_replies_and_does_no_more(
    tickets: Tickets, store: MemoryStore, oskar: Actor, number: int, everything: Everything
) -> None:
    with store.write() as tx:
        ticket = tx.tickets.find(number)
        assert ticket is not None
        ticket.watchers = ["oskar"]
        tx.tickets.save(ticket)

    tickets.reply(oskar, number, "I have the same.")

    assert found(tickets, oskar) == [number]
    before = everything()
    attempts: list[Callable[[], object]] = [
        lambda: tickets.close(oskar, number),
        lambda: tickets.reopen(oskar, number),
        lambda: tickets.note(oskar, number, "Hm."),
        lambda: tickets.assign(oskar, number, None),
    ]
    for attempt in attempts:
        with pytest.raises(PermissionDeniedError, match=r"You may not .*\."):
            attempt()
    assert everything() == before


# Agents


def test_agents_see_the_tickets_of_everybody(
    tickets: Tickets, carla: Actor, oskar: Actor, ada: Actor, root: Actor
) -> None:
    tickets.open(carla, "Phone", "Dead.")
    tickets.open(oskar, "Printer", "On fire.")
    tickets.assign(ada, 2, "ada")

    for agent in (ada, root):
        assert set(found(tickets, agent)) == {1, 2}
        assert found(tickets, agent, TicketQuery(requester="oskar")) == [2]
        assert found(tickets, agent, TicketQuery(assignee="ada")) == [2]
        assert found(tickets, agent, TicketQuery(assignee=UNASSIGNED)) == [1]
        assert found(tickets, agent, TicketQuery(needles=("fire",))) == [2]
    lines = {line.number: line for line in tickets.search(ada, TicketQuery()).items}
    assert (lines[2].requester_name, lines[2].assignee_name) == ("Oskar", "Ada")


def test_every_change_is_in_the_history(
    tickets: Tickets, carla: Actor, ada: Actor, root: Actor, number: int, clock: Clock
) -> None:
    clock.advance(HOUR)
    tickets.edit(
        ada,
        number,
        TicketEdit(
            status=Status.ON_HOLD,
            priority=Priority.URGENT,
            category=TicketCategory.HARDWARE,
            tags=("Line", "Phone"),
            assignee="root",
        ),
    )
    tickets.assign(root, number, None)
    tickets.close(root, number)
    tickets.reopen(carla, number)

    history = [(event.field, event.old, event.new, event.by) for event in tickets.get(ada, number).events]

    assert sorted(history[:6], key=str) == sorted(
        [
            ("opened", None, None, "carla"),
            ("status", "open", "on_hold", "ada"),
            ("priority", "normal", "urgent", "ada"),
            ("category", "general", "hardware", "ada"),
            ("tags", None, "line, phone", "ada"),
            ("assignee", None, "root", "ada"),
        ],
        key=str,
    )
    assert history[6:] == [
        ("assignee", "root", None, "root"),
        ("status", "on_hold", "closed", "root"),
        ("status", "closed", "open", "carla"),
    ]
    opened, *changes = tickets.get(ada, number).events
    assert {event.at - opened.at for event in changes} == {HOUR}


def test_an_agent_says_why_a_ticket_is_closed_and_the_requester_learns_it(
    tickets: Tickets, carla: Actor, ada: Actor, number: int
) -> None:
    tickets.close(ada, number, "See T-1.", resolution=Resolution.DUPLICATE)

    ticket = tickets.get(carla, number)
    assert ticket.resolution is Resolution.DUPLICATE
    assert (ticket.events[-1].field, ticket.events[-1].new) == ("resolution", "duplicate")

    tickets.edit(ada, number, TicketEdit(resolution=Resolution.WONT_FIX))

    assert tickets.get(carla, number).resolution is Resolution.WONT_FIX


def test_a_requester_closes_without_saying_why(
    tickets: Tickets, carla: Actor, number: int, everything: Everything
) -> None:
    before = everything()

    with pytest.raises(PermissionDeniedError, match="You may not change the fields of this ticket"):
        tickets.close(carla, number, resolution=Resolution.SPAM)
    with pytest.raises(PermissionDeniedError):
        tickets.edit(carla, number, TicketEdit(resolution=Resolution.SPAM))

    assert everything() == before
    assert tickets.close(carla, number).resolution is Resolution.SOLVED


def test_who_corrects_a_resolution_that_was_taken_back_meanwhile_is_told_so(
    tickets: Tickets, carla: Actor, ada: Actor, number: int
) -> None:
    seen = TicketEdit(resolution=tickets.close(ada, number, resolution=Resolution.NO_RESPONSE).resolution)
    tickets.reopen(carla, number)

    with pytest.raises(StaleEditError) as refusal:
        tickets.edit(ada, number, TicketEdit(resolution=Resolution.WONT_FIX), seen=seen)

    assert (refusal.value.theirs, refusal.value.yours) == ("none", "wont fix")


def test_an_edit_by_a_version_that_is_not_that_of_the_ticket_any_more_sets_nothing(
    tickets: Tickets, ada: Actor, number: int
) -> None:
    version = tickets.get(ada, number).version
    noted = tickets.note(ada, number, "I am on it.")

    with pytest.raises(StaleTicketError):
        tickets.edit(ada, number, TicketEdit(priority=Priority.HIGH), version=version)

    assert tickets.get(ada, number) == noted
    assert tickets.edit(ada, number, TicketEdit(priority=Priority.HIGH), version=noted.version).version > version


def test_a_reply_sets_a_status_with_it(tickets: Tickets, carla: Actor, ada: Actor, number: int) -> None:
    ticket = tickets.reply(ada, number, "Please try again.", status=Status.RESOLVED)

    assert ticket.status is Status.RESOLVED
    assert tickets.get(carla, number).messages[-1].text == "Please try again."


def test_a_status_that_goes_with_a_reply_does_not_take_back_what_a_colleague_set_meanwhile(
    tickets: Tickets, carla: Actor, ada: Actor, number: int, everything: Everything
) -> None:
    tickets.close(carla, number)
    tickets.reopen(carla, number)
    tickets.edit(ada, number, TicketEdit(status=Status.RESOLVED))
    before = everything()

    with pytest.raises(StaleEditError) as refusal:
        tickets.reply(ada, number, "Is the plug in?", status=Status.CLOSED, seen=Status.OPEN)

    assert (refusal.value.theirs, refusal.value.yours) == ("resolved", "closed")
    assert everything() == before
    assert tickets.reply(ada, number, "Solved.", status=Status.CLOSED, seen=Status.RESOLVED).status is Status.CLOSED


def test_a_reply_that_leaves_the_status_alone_does_not_ask_what_it_was(
    tickets: Tickets, ada: Actor, number: int
) -> None:
    tickets.edit(ada, number, TicketEdit(status=Status.ON_HOLD))

    assert tickets.reply(ada, number, "Waiting.", seen=Status.OPEN).status is Status.ON_HOLD


def test_a_requester_cannot_set_a_status_with_a_reply(
    tickets: Tickets, carla: Actor, number: int, everything: Everything
) -> None:
    before = everything()

    with pytest.raises(PermissionDeniedError, match="You may not change the fields of this ticket"):
        tickets.reply(carla, number, "Done!", status=Status.RESOLVED)

    assert everything() == before


@pytest.mark.parametrize("assignee", ["oskar", "nobody", "gone", "", "\ud800", "-"], ids=ascii)
def test_tickets_are_given_to_active_agents_only(
    tickets: Tickets,
    store: MemoryStore,
    ada: Actor,
    oskar: Actor,
    arrives: Callable[..., Actor],
    number: int,
    everything: Everything,
    assignee: str,
) -> None:
    assert oskar
    arrives("gone", Role.AGENT)
    with store.write() as tx:
        gone = tx.users.find("gone")
        assert gone is not None
        gone.active = False
        tx.users.save(gone)
    before = everything()

    with pytest.raises(UnknownChoiceError, match=r"^Assignee cannot be “.*”\. Please choose one of the list\.$"):
        tickets.assign(ada, number, assignee)

    assert everything() == before
    assert tickets.assign(ada, number, "ada").assignee == "ada"


def test_an_agent_who_asks_is_answered_like_anybody(tickets: Tickets, ada: Actor, root: Actor) -> None:
    mine = tickets.open(ada, "My own phone", "Dead, too.").number
    tickets.reply(root, mine, "Better?", status=Status.PENDING)

    ticket = tickets.reply(ada, mine, "Yes.")

    assert ticket.status is Status.OPEN
    assert ticket.first_response_at is not None


# Closed, resolved, lapsed


@pytest.mark.parametrize("who", ["carla", "ada"])
def test_z7_a_closed_ticket_takes_nothing(
    tickets: Tickets, carla: Actor, ada: Actor, number: int, everything: Everything, who: str
) -> None:
    tickets.close(carla, number)
    actor = {"carla": carla, "ada": ada}[who]
    before = everything()

    attempts: list[Callable[[], object]] = [
        lambda: tickets.reply(actor, number, "But…"),
        lambda: tickets.close(actor, number),
    ]
    if actor is ada:
        attempts += [
            lambda: tickets.note(ada, number, "Hm."),
            lambda: tickets.assign(ada, number, "ada"),
            lambda: tickets.edit(ada, number, TicketEdit(tags=("vpn",))),
            lambda: tickets.edit(ada, number, TicketEdit(status=Status.PENDING)),
        ]
    for attempt in attempts:
        with pytest.raises(TicketClosedError, match="Reopen it to go on"):
            attempt()

    assert everything() == before


def resolved_long_ago(tickets: Tickets, ada: Actor, number: int, pass_time: PassTime) -> None:
    """Resolve a ticket and let seven days pass."""
    tickets.edit(ada, number, TicketEdit(status=Status.RESOLVED))
    pass_time(7 * DAY)


def test_what_stays_resolved_is_closed_when_somebody_opens_it(
    tickets: Tickets, carla: Actor, ada: Actor, number: int, keep_signed_in: PassTime
) -> None:
    resolved_at = tickets.edit(ada, number, TicketEdit(status=Status.RESOLVED)).resolved_at
    assert resolved_at is not None
    keep_signed_in(7 * DAY - timedelta(seconds=1))
    assert tickets.get(carla, number).status is Status.RESOLVED

    keep_signed_in(timedelta(seconds=1))

    for actor in (carla, ada):
        ticket = tickets.get(actor, number)
        assert ticket.status is Status.CLOSED
        assert ticket.closed_at == resolved_at + 7 * DAY
        assert (ticket.events[-1].by, ticket.events[-1].new) == (SYSTEM, "closed")


def test_what_stays_resolved_is_closed_when_somebody_lists(
    tickets: Tickets, carla: Actor, ada: Actor, number: int, keep_signed_in: PassTime
) -> None:
    resolved_long_ago(tickets, ada, number, keep_signed_in)

    assert found(tickets, carla, TicketQuery(statuses=frozenset({Status.RESOLVED}))) == []
    assert found(tickets, carla, TicketQuery(statuses=frozenset({Status.CLOSED}))) == [number]


def test_what_stays_resolved_is_closed_when_somebody_counts(
    tickets: Tickets, ada: Actor, number: int, keep_signed_in: PassTime
) -> None:
    resolved_long_ago(tickets, ada, number, keep_signed_in)

    closed = TicketQuery(statuses=frozenset({Status.CLOSED}))

    assert tickets.counts(ada, {"closed": closed}) == {"closed": 1}


def test_what_stayed_resolved_takes_no_reply(
    tickets: Tickets, carla: Actor, ada: Actor, number: int, keep_signed_in: PassTime, everything: Everything
) -> None:
    resolved_long_ago(tickets, ada, number, keep_signed_in)
    before = everything()

    attempts: list[Callable[[], object]] = [
        lambda: tickets.reply(carla, number, "One more thing."),
        lambda: tickets.note(ada, number, "Hm."),
        lambda: tickets.edit(ada, number, TicketEdit(priority=Priority.HIGH)),
    ]
    for attempt in attempts:
        with pytest.raises(TicketClosedError):
            attempt()

    assert everything() == before


def test_after_lapsing_the_requester_has_fourteen_days_to_reopen(
    tickets: Tickets, carla: Actor, ada: Actor, number: int, keep_signed_in: PassTime
) -> None:
    resolved_long_ago(tickets, ada, number, keep_signed_in)
    keep_signed_in(14 * DAY)

    assert tickets.reopen(carla, number).status is Status.OPEN

    resolved_long_ago(tickets, ada, number, keep_signed_in)
    keep_signed_in(14 * DAY + timedelta(seconds=1))
    with pytest.raises(ReopenWindowError):
        tickets.reopen(carla, number)


def test_of_many_that_lapse_at_once_each_viewer_closes_a_few_until_all_are_closed(
    tickets: Tickets, store: MemoryStore, ada: Actor, clock: Clock
) -> None:
    resolved = Ticket.open(1, "carla", "Phone", "Dead.", TicketCategory.NETWORK, clock() - 9 * DAY)
    resolved.change_status(ada, Status.RESOLVED, clock() - 8 * DAY)
    with store.write() as tx:
        for number in range(1, 2 * MOMENTS_BATCH + 2):
            tx.tickets.save(resolved.model_copy(update={"id": str(number)}))

    closed = TicketQuery(statuses=frozenset({Status.CLOSED}))
    totals = [tickets.search(ada, closed).total for _ in range(3)]

    assert totals == [MOMENTS_BATCH, 2 * MOMENTS_BATCH, 2 * MOMENTS_BATCH + 1]
    assert MOMENTS_BATCH <= 25  # all are closed in one turn of the one writer: others wait for it


def test_as_long_as_none_is_left_nobody_looks_for_lapsed_ones_within_the_minute(
    tickets: Tickets, store: MemoryStore, ada: Actor, clock: Clock, keep_signed_in: PassTime
) -> None:
    resolved = Ticket.open(1, "carla", "Phone", "Dead.", TicketCategory.NETWORK, clock() - 9 * DAY)
    resolved.change_status(ada, Status.RESOLVED, clock() - 8 * DAY)
    closed = TicketQuery(statuses=frozenset({Status.CLOSED}))
    assert tickets.search(ada, closed).total == 0

    with store.write() as tx:
        tx.tickets.save(resolved)
    assert tickets.search(ada, closed).total == 0

    keep_signed_in(MINUTE)
    assert tickets.search(ada, closed).total == 1


def test_a_store_that_takes_no_writes_can_still_be_read(
    clock: Clock, gate: Gate, arrives: Callable[..., Actor], store: MemoryStore, tmp_path: Path
) -> None:
    ada = arrives("ada", Role.AGENT)
    with closing(JsonStore(tmp_path / "data")) as lasting, store.read() as tx, lasting.write() as copy:
        copy.users.save(next(tx.users.stream()))
        copy.sessions.save(tx.sessions.of_user("ada")[0])
        ticket = Ticket.open(1, "carla", "No dial tone", "Dead.", TicketCategory.NETWORK, clock() - 9 * DAY)
        ticket.change_status(ada, Status.RESOLVED, clock() - 8 * DAY)
        copy.tickets.save(ticket)

    with closing(JsonStore(tmp_path / "data", read_only=True)) as read_only:
        tickets = Tickets(read_only, clock, gate, Chores(read_only, clock, gate))

        assert [line.number for line in tickets.search(ada, TicketQuery()).items] == [1]
        assert tickets.get(ada, 1).status is Status.CLOSED
        with pytest.raises(StorageReadOnlyError, match="Nothing was saved"):
            tickets.assign(ada, 1, "ada")


def test_n1_reading_goes_on_while_a_writer_hangs(
    tickets: Tickets, store: MemoryStore, carla: Actor, ada: Actor, number: int
) -> None:
    tickets.reply(ada, number, "Is the plug in?")
    writes, may_end = threading.Event(), threading.Event()

    def hang() -> None:
        with store.write():
            writes.set()
            may_end.wait(20)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(hang)
        try:
            writes.wait(20)
            began = time.monotonic()
            assert len(tickets.get(carla, number).messages) == 2
            with pytest.raises(StorageBusyError):
                tickets.mark_seen(carla, number, 2)
            assert tickets.search(carla, TicketQuery()).total == 1
            assert time.monotonic() - began < 3
        finally:
            may_end.set()


def test_z3_a_ticket_of_somebody_else_is_missed_as_quickly_as_one_that_is_not_there(
    tickets: Tickets, carla: Actor, oskar: Actor, number: int
) -> None:
    for _ in range(100):
        tickets.reply(carla, number, "It still does not work. " * 40)

    def seconds(asked: int) -> float:
        began = time.perf_counter()
        with pytest.raises(TicketNotFoundError):
            tickets.get(oskar, asked)
        return time.perf_counter() - began

    pairs = [(seconds(number), seconds(number + 1)) for _ in range(200)]

    foreign, missing = (statistics.median(times) for times in zip(*pairs, strict=True))
    assert foreign < 2 * missing


def test_a_matter_that_comes_back_goes_on_in_a_ticket_of_its_own(
    tickets: Tickets, carla: Actor, ada: Actor, number: int
) -> None:
    tickets.close(ada, number)
    before = tickets.get(carla, number).updated_at

    ticket = tickets.open(carla, "No dial tone again", "Dead once more.", follows=number)

    assert ticket.follows == number
    former = tickets.get(carla, number)
    assert (former.status, former.updated_at) == (Status.CLOSED, before)
    assert [(event.new, event.by) for event in former.events if event.field == "follow_up"] == [
        (str(ticket.number), "carla")
    ]


def test_nobody_follows_up_on_a_ticket_that_they_may_not_see(
    tickets: Tickets, carla: Actor, oskar: Actor, number: int, everything: Everything
) -> None:
    tickets.close(carla, number)
    before = everything()

    for asked in (number, 999):
        with pytest.raises(TicketNotFoundError):
            tickets.open(oskar, "Mine", "Surely.", follows=asked)
        with pytest.raises(TicketNotFoundError):
            tickets.former(oskar, asked)

    assert everything() == before
    assert tickets.former(carla, number).number == number
    assert tickets.open(carla, "Mine", "Surely.", follows=number).follows == number


def test_nobody_follows_up_on_a_ticket_that_is_not_closed(
    tickets: Tickets, carla: Actor, ada: Actor, number: int, everything: Everything
) -> None:
    tickets.edit(ada, number, TicketEdit(status=Status.RESOLVED))
    before = everything()

    for actor in (carla, ada):
        with pytest.raises(TicketNotClosedError, match="Please go on there"):
            tickets.open(actor, "Again", "Surely.", follows=number)
        with pytest.raises(TicketNotClosedError):
            tickets.former(actor, number)

    assert everything() == before


def test_a_follow_up_that_an_agent_opens_is_the_requesters(
    tickets: Tickets, carla: Actor, oskar: Actor, ada: Actor, number: int
) -> None:
    tickets.close(ada, number)

    opened = tickets.open(ada, "Line, again", "Carla called.", follows=number)

    assert (opened.requester, opened.messages[0].author) == ("carla", "ada")
    assert found(tickets, carla) == [opened.number, number]
    assert found(tickets, oskar) == []
    assert tickets.get(carla, opened.number).follows == number
    assert tickets.get(carla, number).goes_on_in == [opened.number]


def test_who_may_not_see_a_related_ticket_does_not_learn_its_number(
    tickets: Tickets, store: MemoryStore, carla: Actor, oskar: Actor, ada: Actor, number: int
) -> None:
    tickets.close(carla, number)
    after = tickets.open(carla, "Again", "Dead.", follows=number).number
    for mine, other in ((number, after), (after, number)):
        with store.write() as tx:
            for each in (mine, other):
                ticket = tx.tickets.find(each)
                assert ticket is not None
                ticket.watchers = ["oskar"] if each == mine else []
                tx.tickets.save(ticket)

        assert tickets.get(oskar, mine).related() == set()
        assert tickets.get(carla, mine).related() == tickets.get(ada, mine).related() == {other}


def test_the_operator_at_the_machine_needs_no_session(tickets: Tickets, number: int) -> None:
    console = Actor.console()

    assert tickets.edit(console, number, TicketEdit(priority=Priority.HIGH)).priority is Priority.HIGH
    assert tickets.get(console, number).events[-1].by == "console"


# What nobody else may know


@ON_BOTH_STORES
def test_z3_foreign_and_missing_tickets_read_the_same(
    tickets: Tickets, oskar: Actor, number: int, everything: Everything
) -> None:
    before = everything()
    edit = TicketEdit(priority=Priority.HIGH)
    attempts: dict[str, Callable[[int], object]] = {
        "get": lambda n: tickets.get(oskar, n),
        "conversation": lambda n: tickets.conversation(oskar, n),
        "mark_seen": lambda n: tickets.mark_seen(oskar, n, 1),
        "reply": lambda n: tickets.reply(oskar, n, "Mine!"),
        "reply with status": lambda n: tickets.reply(oskar, n, "Mine!", status=Status.CLOSED),
        "note": lambda n: tickets.note(oskar, n, "Mine!"),
        "edit": lambda n: tickets.edit(oskar, n, edit, seen=TicketEdit(priority=Priority.LOW)),
        "assign": lambda n: tickets.assign(oskar, n, "nobody"),
        "close": lambda n: tickets.close(oskar, n, "Mine!"),
        "reopen": lambda n: tickets.reopen(oskar, n),
        "reopen what was seen closed": lambda n: tickets.reopen(oskar, n, seen=Status.CLOSED),
        "hostile reply": lambda n: tickets.reply(oskar, n, "\x00"),
    }

    for name, attempt in attempts.items():
        words = []
        for tried in (number, 99):
            with pytest.raises(TicketNotFoundError) as refusal:
                attempt(tried)
            words.append(str(refusal.value).replace(f"T-{tried}", "T-n"))
        assert words[0] == words[1] == "There is no ticket T-n that you may see.", name

    assert everything() == before


@pytest.mark.parametrize("missing", [0, -1, 10**30])
def test_numbers_that_cannot_be_are_not_found(tickets: Tickets, carla: Actor, ada: Actor, missing: int) -> None:
    for actor in (carla, ada):
        with pytest.raises(TicketNotFoundError):
            tickets.get(actor, missing)


def shown_to(tickets: Tickets, actor: Actor, number: int) -> list[object]:
    """Return all that can be learned about a ticket, on every way out."""
    conversation = tickets.conversation(actor, number)
    pages = [tickets.search(actor, TicketQuery(sort=sort)) for sort in Sort]
    pages += [tickets.search(actor, TicketQuery(needles=(text,))) for text in (SECRET, "note", "root", "dial")]
    now = datetime(2031, 5, 6, 9, 30, tzinfo=UTC)
    counts = tickets.counts(actor, {view: view.query(actor.username, now) for view in View})
    return [conversation, tickets.get(actor, number).model_dump_json(), pages, counts]


def test_z5_a_note_reaches_no_requester_on_any_way(
    tickets: Tickets, carla: Actor, ada: Actor, root: Actor, clock: Clock, number: int
) -> None:
    tickets.open(carla, "Another", "So that there is an order.")
    tickets.reply(ada, number, "We look into it.")
    tickets.mark_seen(carla, number, 100)
    before = shown_to(tickets, carla, number)

    clock.advance(HOUR)
    tickets.note(root, number, f"{SECRET}: the requester is difficult.")
    tickets.edit(ada, number, TicketEdit(tags=(SECRET,)))

    after = shown_to(tickets, carla, number)
    assert after == before
    assert SECRET not in repr(after)
    assert found(tickets, ada, TicketQuery(needles=(SECRET,))) == [number]
    assert [message.kind for message in tickets.get(ada, number).messages] == [
        MessageKind.REPLY,
        MessageKind.REPLY,
        MessageKind.NOTE,
    ]


def test_an_event_of_a_newer_version_is_read_by_agents_only(
    tickets: Tickets, store: MemoryStore, carla: Actor, ada: Actor, number: int, clock: Clock
) -> None:
    with store.write() as tx:
        ticket = tx.tickets.find(number)
        assert ticket is not None
        ticket.events.append(Event(field="mood", new=SECRET, by="ada", at=clock()))
        tx.tickets.save(ticket)

    assert [event.field for event in tickets.get(carla, number).events] == ["opened"]
    assert SECRET not in repr(shown_to(tickets, carla, number))
    assert [event.field for event in tickets.get(ada, number).events] == ["opened", "mood"]


def test_what_a_requester_does_gives_no_note_back(tickets: Tickets, carla: Actor, ada: Actor, number: int) -> None:
    tickets.note(ada, number, SECRET)

    answers = [
        tickets.reply(carla, number, "Hello?", key="k"),
        tickets.reply(carla, number, "Hello?", key="k"),
        tickets.close(carla, number),
        tickets.reopen(carla, number),
    ]

    assert all(SECRET not in answer.model_dump_json() for answer in answers)
    assert all(SECRET not in repr(answer) for answer in answers)


def test_an_agent_reads_notes_on_their_own_ticket(tickets: Tickets, ada: Actor, root: Actor) -> None:
    mine = tickets.open(ada, "My own phone", "Dead.").number
    tickets.note(root, mine, SECRET)

    assert SECRET in tickets.get(ada, mine).model_dump_json()


def test_requesters_write_no_notes(tickets: Tickets, carla: Actor, number: int, everything: Everything) -> None:
    before = everything()

    with pytest.raises(PermissionDeniedError, match="You may not write or read internal notes"):
        tickets.note(carla, number, "Hm.")
    with pytest.raises(PermissionDeniedError, match="You may not change the fields of this ticket"):
        tickets.edit(carla, number, TicketEdit(priority=Priority.URGENT))
    with pytest.raises(PermissionDeniedError):
        tickets.assign(carla, number, "carla")

    assert everything() == before


def test_z4_counts_are_those_of_the_own_list(
    tickets: Tickets, clock: Clock, carla: Actor, oskar: Actor, ada: Actor, number: int
) -> None:
    tickets.open(oskar, "Printer", "On fire.")
    tickets.assign(ada, 2, "ada")

    for actor in (carla, oskar, ada):
        queries = {view: view.query(actor.username, clock()) for view in View}
        assert tickets.counts(actor, queries) == {
            view: len(found(tickets, actor, query)) for view, query in queries.items()
        }
    assert tickets.counts(carla, {"all": TicketQuery()}) == {"all": 1}
    assert number == 1


# Edits that meet


def test_edits_of_different_fields_are_merged(tickets: Tickets, ada: Actor, root: Actor, number: int) -> None:
    as_seen = TicketEdit(priority=Priority.NORMAL, category=TicketCategory.GENERAL)
    tickets.edit(root, number, TicketEdit(priority=Priority.HIGH), seen=as_seen)

    ticket = tickets.edit(ada, number, TicketEdit(category=TicketCategory.NETWORK), seen=as_seen)

    assert (ticket.priority, ticket.category) == (Priority.HIGH, TicketCategory.NETWORK)


@pytest.mark.parametrize(
    "collision",
    [
        (
            TicketEdit(priority=Priority.HIGH),
            TicketEdit(priority=Priority.LOW, assignee="ada"),
            TicketEdit(priority=Priority.NORMAL, assignee=None),
            ("Priority", "high", "low"),
        ),
        (
            TicketEdit(status=Status.ON_HOLD),
            TicketEdit(status=Status.PENDING),
            TicketEdit(status=Status.OPEN),
            ("Status", "on hold", "pending"),
        ),
        (
            TicketEdit(assignee="root"),
            TicketEdit(assignee="ada"),
            TicketEdit(assignee=None),
            ("Assignee", "root", "ada"),
        ),
        (TicketEdit(tags=("vpn", "home")), TicketEdit(tags=()), TicketEdit(tags=("x",)), ("Tags", "vpn, home", "none")),
        (
            TicketEdit(category=TicketCategory.NETWORK),
            TicketEdit(category=TicketCategory.OTHER),
            TicketEdit(category=TicketCategory.GENERAL),
            ("Category", "network", "other"),
        ),
    ],
    ids=lambda collision: collision[-1][0],
)
def test_v4_two_edits_of_one_field_are_refused_with_both_values(
    tickets: Tickets,
    ada: Actor,
    root: Actor,
    number: int,
    everything: Everything,
    collision: tuple[TicketEdit, TicketEdit, TicketEdit, tuple[str, str, str]],
) -> None:
    theirs, yours, seen, words = collision
    tickets.edit(root, number, theirs)
    before = everything()

    with pytest.raises(StaleEditError) as refusal:
        tickets.edit(ada, number, yours, seen=seen)

    assert (refusal.value.field, refusal.value.theirs, refusal.value.yours) == words
    assert everything() == before


def test_two_people_who_choose_the_same_do_not_collide(tickets: Tickets, ada: Actor, root: Actor, number: int) -> None:
    as_seen = TicketEdit(priority=Priority.NORMAL)
    tickets.edit(root, number, TicketEdit(priority=Priority.HIGH), seen=as_seen)

    assert tickets.edit(ada, number, TicketEdit(priority=Priority.HIGH), seen=as_seen).priority is Priority.HIGH


def test_the_order_and_case_of_tags_that_were_seen_do_not_matter_to_an_unchanged_ticket(
    tickets: Tickets, ada: Actor, number: int
) -> None:
    ticket = tickets.edit(ada, number, TicketEdit(tags=("VPN", "Home")))

    edited = tickets.edit(ada, number, TicketEdit(tags=("new",)), seen=TicketEdit(tags=tuple(ticket.tags)))

    assert edited.tags == ["new"]


def test_an_edit_that_changes_nothing_leaves_no_event(tickets: Tickets, ada: Actor, number: int) -> None:
    before = tickets.get(ada, number)

    after = tickets.edit(ada, number, TicketEdit(priority=Priority.NORMAL, status=Status.OPEN, assignee=None))

    assert after.events == before.events
    assert after.updated_at == before.updated_at


# The same request twice


def requests(tickets: Tickets, carla: Actor, ada: Actor, number: int) -> dict[str, Callable[[str], object]]:
    """Return each kind of request; all take a key."""
    closed = number + 1
    return {
        "open": lambda key: tickets.open(carla, "Again", "And again.", key=key),
        "reply": lambda key: tickets.reply(carla, number, "Hello?", key=key),
        "note": lambda key: tickets.note(ada, number, "Hm.", key=key),
        "close": lambda key: tickets.close(carla, number, key=key),
        "reopen": lambda key: tickets.reopen(carla, closed, key=key),
        "edit": lambda key: tickets.edit(ada, number, TicketEdit(priority=Priority.HIGH), key=key),
        "assign": lambda key: tickets.assign(ada, number, "ada", key=key),
    }


@ON_BOTH_STORES
@pytest.mark.parametrize("kind", ["open", "reply", "note", "close", "reopen", "edit", "assign"])
def test_c2_the_same_request_twice_is_one_effect_and_the_same_answer(
    tickets: Tickets,
    store: MemoryStore,
    clock: Clock,
    gate: Gate,
    people: tuple[Actor, Actor],
    number: int,
    everything: Everything,
    kind: str,
) -> None:
    tickets.close(people[0], tickets.open(people[0], "Another", "Done already.").number)
    first = requests(tickets, *people, number)[kind]("k1")
    before = everything()
    after_restart = Tickets(store, clock, gate, Chores(store, clock, gate))
    clock.advance(9 * MINUTE)

    again = requests(tickets, *people, number)[kind]("k1")
    once_more = requests(after_restart, *people, number)[kind]("k1")

    assert first == again == once_more
    assert everything() == before


def test_v2_a_requester_opens_sixty_tickets_an_hour_and_an_agent_any_number(
    tickets: Tickets, carla: Actor, oskar: Actor, ada: Actor, clock: Clock
) -> None:
    for actor in (carla, ada):
        for number in range(TICKETS_PER_HOUR):
            tickets.open(actor, f"Ticket {number}", "Text.", key=f"k{number}")
    tickets.open(carla, "Ticket 0", "Text.", key="k0")

    with pytest.raises(ThrottledError, match="Please try again in 60 min 0 s"):
        tickets.open(carla, "One more", "Text.")

    tickets.open(ada, "One more", "Text.")
    tickets.open(oskar, "One more", "Text.")
    clock.advance(HOUR)
    tickets.open(carla, "One more", "Text.")


def test_v2_a_requester_writes_a_hundred_and_twenty_replies_an_hour_and_an_agent_any_number(
    tickets: Tickets, carla: Actor, ada: Actor, clock: Clock
) -> None:
    number = tickets.open(carla, "No dial tone", "The line is dead.").number
    for actor in (carla, ada):
        for _ in range(2 * TICKETS_PER_HOUR):
            tickets.reply(actor, number, "And another thing.")

    with pytest.raises(ThrottledError):
        tickets.reply(carla, number, "One more.")
    with pytest.raises(ThrottledError):
        tickets.close(carla, number, "One more.")

    assert len(tickets.get(carla, number).messages) == 1 + 4 * TICKETS_PER_HOUR
    tickets.reply(ada, number, "One more.")
    clock.advance(HOUR)
    tickets.close(carla, number, "One more.")


def test_a_key_is_one_persons_own(tickets: Tickets, carla: Actor, oskar: Actor) -> None:
    mine = tickets.open(carla, "Mine", "Text.", key="k1")

    theirs = tickets.open(oskar, "Theirs", "Text.", key="k1")

    assert (mine.number, theirs.number) == (1, 2)
    assert theirs.requester == "oskar"


def test_a_key_that_looks_like_two_is_one(tickets: Tickets, carla: Actor) -> None:
    tickets.open(carla, "One", "Text.", key="a\nb")

    assert tickets.open(carla, "Two", "Text.", key="a").number == 2
    assert tickets.open(carla, "Three", "Text.", key="").number == 3
    assert tickets.open(carla, "Four", "Text.", key="").number == 4


def test_after_ten_minutes_a_key_is_new(tickets: Tickets, carla: Actor, clock: Clock) -> None:
    tickets.open(carla, "One", "Text.", key="k1")
    clock.advance(10 * MINUTE)

    assert tickets.open(carla, "Two", "Text.", key="k1").number == 2


def test_a_key_of_a_refused_request_can_be_used_again(tickets: Tickets, carla: Actor) -> None:
    with pytest.raises(BlankError):
        tickets.open(carla, "", "Text.", key="k1")

    assert tickets.open(carla, "Title", "Text.", key="k1").number == 1


def test_requests_that_race_with_one_key_are_one(tickets: Tickets, carla: Actor, number: int) -> None:
    start = threading.Barrier(8)

    def send(_: int) -> int:
        start.wait(10)
        tickets.reply(carla, number, "Hello?", key="k2")
        return tickets.open(carla, "Title", "Text.", key="k1").number

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))

    assert set(answers) == {2}
    assert len(found(tickets, carla)) == 2
    assert len(tickets.get(carla, number).messages) == 2


def test_replies_that_race_are_all_kept(tickets: Tickets, carla: Actor, ada: Actor, number: int) -> None:
    def send(step: int) -> None:
        tickets.reply(carla if step % 2 else ada, number, f"Message {step}.")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, range(40)))

    texts = {message.text for message in tickets.get(carla, number).messages[1:]}
    assert texts == {f"Message {step}." for step in range(40)}


def test_a_key_gives_nothing_back_to_somebody_who_may_no_longer_see_it(
    tickets: Tickets, store: MemoryStore, carla: Actor, ada: Actor, number: int
) -> None:
    tickets.note(ada, number, SECRET, key="k1")
    with store.write() as tx:
        user = tx.users.find("ada")
        assert user is not None
        user.role = Role.USER
        tx.users.save(user)

    with pytest.raises(TicketNotFoundError):
        tickets.note(ada, number, SECRET, key="k1")
    assert carla.username == "carla"


# Hostile text

REFUSED: dict[str, tuple[str, type[InvalidInputError]]] = {
    "empty": ("", BlankError),
    "blank": (" \n\t ", BlankError),
    "invisible": ("\u200b\u2060\ufeff\u3164\u00a0\ufe0f", BlankError),
    "1 MB": ("x" * 1_000_000, TooLongError),
    "NUL": ("a\x00b", ForbiddenCharacterError),
    "escape": ("\x1b[2J", ForbiddenCharacterError),
    "lone surrogate": ("a\ud800", ForbiddenCharacterError),
}
LITERAL = {
    "markdown": "# **b** [x](javascript:alert(1)) ![i](http://evil.example/x.png)",
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "latex": r"$\href{javascript:alert(1)}{x}$ $$\frac12$$",
    "directive": ":red[x] :material/home: :smile: &#x3c;",
    "formula": '=HYPERLINK("http://evil.example";"x")',
    "formula at": "@SUM(1+1)*cmd|' /C calc'!A0",
    "bidi": "invoice\u202egpj.exe",
    "json": '","requester":"oskar","x":"',
    "journal": '{"seq":1,"next":2,"crc":"00000000"}',
    "sql": "'; DROP TABLE tickets; --",
    "format": "{0} {actor.session} %s",
    "zalgo": "z\u0310\u0343a\u0334l\u0321g\u0322o",
    "emoji": "👩‍💻🏳️‍🌈",
}


def fields(tickets: Tickets, carla: Actor, ada: Actor, number: int) -> dict[str, Callable[[str], str]]:
    """Return each way for text to come in; each returns what was kept of it."""
    return {
        "title": lambda text: tickets.open(carla, text, "Text.").title,
        "description": lambda text: tickets.open(carla, "Title", text).description,
        "reply": lambda text: tickets.reply(carla, number, text).messages[-1].text,
        "reply of an agent": lambda text: tickets.reply(ada, number, text, status=Status.PENDING).messages[-1].text,
        "note": lambda text: tickets.note(ada, number, text).messages[-1].text,
        "last reply": lambda text: tickets.close(carla, number, text or " ").messages[-1].text,
        "new title": lambda text: tickets.edit(ada, number, TicketEdit(title=text)).title,
    }


FIELDS = ["title", "description", "reply", "reply of an agent", "note", "last reply", "new title"]


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("kind", REFUSED)
def test_v1_text_that_cannot_be_taken_is_refused_with_a_sentence_and_nothing_changes(
    tickets: Tickets, carla: Actor, ada: Actor, number: int, everything: Everything, field: str, kind: str
) -> None:
    text, error = REFUSED[kind]
    before = everything()

    with pytest.raises(error, match=r"^[A-Z].*\.$"):
        fields(tickets, carla, ada, number)[field](text)

    assert everything() == before


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("kind", LITERAL)
def test_text_that_only_looks_dangerous_is_kept_as_typed(
    tickets: Tickets, carla: Actor, ada: Actor, number: int, field: str, kind: str
) -> None:
    text = LITERAL[kind]

    assert fields(tickets, carla, ada, number)[field](text) == text

    kept = tickets.get(ada, number)
    assert kept.requester == "carla"
    assert set(found(tickets, ada)) == set(found(tickets, carla))
    assert found(tickets, ada, TicketQuery(needles=(text,))) == [max(found(tickets, ada))]


@ON_BOTH_STORES
@pytest.mark.parametrize("field", FIELDS)
def test_v1_one_character_too_many_is_refused(
    tickets: Tickets, carla: Actor, ada: Actor, number: int, everything: Everything, field: str
) -> None:
    longest = "x" * (TITLE_LIMIT if "title" in field else TEXT_LIMIT)
    before = everything()

    with pytest.raises(TooLongError, match=r"at most [\d,]+ fit\."):
        fields(tickets, carla, ada, number)[field](f"{longest}y")

    assert everything() == before
    assert fields(tickets, carla, ada, number)[field](longest) == longest


@pytest.mark.parametrize(
    ("tags", "error"),
    [
        (("a\x00",), ForbiddenCharacterError),
        (("a\ud800",), ForbiddenCharacterError),
        (("x" * 41,), TooLongError),
        (("x" * 1_000_000,), TooLongError),
        (tuple(f"tag {index}" for index in range(21)), TooManyTagsError),
    ],
    ids=["NUL", "surrogate", "too long", "1 MB", "too many"],
)
def test_v1_tags_that_cannot_be_taken_change_nothing(
    tickets: Tickets, ada: Actor, number: int, everything: Everything, tags: tuple[str, ...], error: type[Exception]
) -> None:
    before = everything()

    with pytest.raises(error, match=r"^[A-Z].*\.$"):
        tickets.edit(ada, number, TicketEdit(priority=Priority.HIGH, tags=tags))

    assert everything() == before


@pytest.mark.parametrize(
    "key", ["x" * 100_000, "\x00", "\ud800", "💥", "../../etc/passwd"], ids=lambda key: ascii(key[:9])
)
def test_any_key_is_a_key(tickets: Tickets, carla: Actor, key: str) -> None:
    assert tickets.open(carla, "Title", "Text.", key=key).number == 1
    assert tickets.open(carla, "Title", "Text.", key=key).number == 1


@ON_BOTH_STORES
@pytest.mark.parametrize("text", ["\x00", "%", "_", "\\", '"', "(", "[a-z]+", ".*", "\u202e", "\u0130"], ids=ascii)
def test_v3_any_text_can_be_searched_for_and_is_taken_literally(
    tickets: Tickets, carla: Actor, number: int, text: str
) -> None:
    assert found(tickets, carla, TicketQuery(needles=(text,))) == []
    assert number == 1


def test_what_came_in_while_a_person_read_is_still_new_to_them(tickets: Tickets, carla: Actor, ada: Actor) -> None:
    number = tickets.open(carla, "No dial tone", "The line is dead.").number
    shown = len(tickets.conversation(ada, number).ticket.messages)
    tickets.reply(carla, number, "Now it hums.")

    tickets.mark_seen(ada, number, shown)

    assert tickets.search(ada, TicketQuery()).items[0].unread


def test_an_edit_that_changes_nothing_is_not_written(tickets: Tickets, carla: Actor, ada: Actor) -> None:
    number = tickets.open(carla, "No dial tone", "The line is dead.").number
    version = tickets.get(ada, number).version

    tickets.edit(ada, number, TicketEdit(priority=Priority.NORMAL))

    assert tickets.get(ada, number).version == version


@pytest.mark.parametrize(
    ("write", "sentence"),
    [
        (lambda tickets, carla, _ada, number: tickets.reply(carla, number, "Wait."), "Carla has replied meanwhile"),
        (lambda tickets, _carla, ada, number: tickets.note(ada, number, "Wait."), "Ada has added a note meanwhile"),
    ],
    ids=["reply", "note"],
)
def test_what_was_written_while_an_agent_typed_holds_their_message_back(
    tickets: Tickets,
    carla: Actor,
    ada: Actor,
    root: Actor,
    number: int,
    everything: Everything,
    write: Callable[[Tickets, Actor, Actor, int], Ticket],
    sentence: str,
) -> None:
    write(tickets, carla, ada, number)
    before = everything()

    for send in (tickets.reply, tickets.note):
        with pytest.raises(WrittenMeanwhileError, match=sentence):
            send(root, number, "Is the cable in?", read=1)

    assert everything() == before
    assert tickets.reply(root, number, "Is the cable in?", read=2).messages[-1].text == "Is the cable in?"
    assert tickets.note(root, number, "My own is no news.", read=2).messages[-1].text == "My own is no news."


def test_what_the_desk_says_by_itself_holds_nobody_back(
    tickets: Tickets, store: MemoryStore, root: Actor, number: int, clock: Clock
) -> None:
    with store.write() as tx:
        ticket = tx.tickets.find(number)
        assert ticket is not None
        ticket.reply(DESK, "We have it.", clock())
        tx.tickets.save(ticket)

    assert tickets.reply(root, number, "Is the cable in?", read=1).messages[-1].text == "Is the cable in?"
