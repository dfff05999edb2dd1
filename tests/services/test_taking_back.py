"""An agent can take back a public reply for some seconds, and all is as if it had not been sent."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.services.conftest import Clock
from ticketing.desk import Desk
from ticketing.domain.calendars import BusinessCalendar
from ticketing.domain.errors import (
    PermissionDeniedError,
    ReplyStaysError,
    TicketingError,
    TicketMergedError,
    TicketNotFoundError,
)
from ticketing.domain.opening_hours import ALWAYS_OPEN
from ticketing.domain.people import Actor
from ticketing.domain.queries import TicketQuery
from ticketing.domain.sla import SlaPolicy
from ticketing.domain.statuses import Resolution, Status
from ticketing.domain.taking_back import ON_ITS_WAY, TAKEN_BACK_WITHIN
from ticketing.domain.tickets import Ticket, TicketEdit
from ticketing.settings import Settings
from ticketing.storage.memory import MemoryStore

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
CONSOLE = Actor.console()
CHANGES_BY_THE_WAY = {"version", "events", "updated_at", "public_updated_at"}

Everything = Callable[[], dict[str, object]]


ON_EVERY_STORE = True


@pytest.fixture
def desk(store: MemoryStore, clock: Clock) -> Desk:
    """Return a desk that promises something."""
    desk = Desk(Settings(storage_url="memory:"), store, clock, password_rounds=4)
    desk.definitions.save(CONSOLE, BusinessCalendar(name="Always", zone="UTC", hours=ALWAYS_OPEN))
    targets = {"first_response": HOUR, "next_response": 2 * HOUR, "resolution": 8 * HOUR}
    desk.definitions.save(CONSOLE, SlaPolicy(name="Gold", calendar="always", **targets))
    return desk


@pytest.fixture
def number(desk: Desk, clock: Clock, carla: Actor) -> int:
    """Return the number of a ticket that Carla opened a minute ago."""
    number = desk.tickets.open(carla, "No dial tone", "The line is dead.").number
    clock.advance(60 * SECOND)
    return number


def last_mark(ticket: Ticket) -> str:
    return ticket.messages[-1].mark


def standing(ticket: Ticket) -> dict[str, object]:
    """Return all that is to be as before."""
    return ticket.model_dump(exclude=CHANGES_BY_THE_WAY)


@pytest.mark.parametrize("status", [None, Status.PENDING, Status.RESOLVED, Status.CLOSED], ids=str)
def test_a_reply_that_is_taken_back_leaves_all_as_it_was_but_a_line_in_the_history(
    desk: Desk, clock: Clock, ada: Actor, carla: Actor, number: int, status: Status | None
) -> None:
    before = desk.tickets.get(ada, number)
    sent = desk.tickets.reply(ada, number, "Wrong window, sorry.", status=status)
    clock.advance(14 * SECOND)

    after = desk.tickets.take_back(ada, number, last_mark(sent))

    assert standing(after) == standing(before)
    assert [event.field for event in after.events[len(before.events) :]] == ["reply_taken_back"]
    assert [message.text for message in desk.tickets.get(carla, number).messages] == ["The line is dead."]
    assert [event.field for event in desk.tickets.get(carla, number).events] == ["opened"]


def test_a_later_answer_is_the_first_response_once_an_earlier_one_is_taken_back(
    desk: Desk, clock: Clock, ada: Actor, root: Actor, number: int
) -> None:
    sent = desk.tickets.reply(ada, number, "One moment.")
    clock.advance(5 * SECOND)
    answered_at = clock.now
    desk.tickets.reply(root, number, "Is the cable in?")
    clock.advance(5 * SECOND)

    after = desk.tickets.take_back(ada, number, last_mark(sent))

    assert after.first_response_at == answered_at
    assert [message.text for message in after.messages] == ["The line is dead.", "Is the cable in?"]


def test_a_resolved_ticket_that_was_closed_with_a_reply_is_resolved_again_as_what_it_was(
    desk: Desk, clock: Clock, ada: Actor, number: int
) -> None:
    desk.tickets.edit(ada, number, TicketEdit(status=Status.RESOLVED, resolution=Resolution.WONT_FIX))
    clock.advance(HOUR)
    before = desk.tickets.get(ada, number)
    sent = desk.tickets.close(ada, number, "So we close it.", resolution=Resolution.SPAM)
    clock.advance(SECOND)

    assert standing(desk.tickets.take_back(ada, number, last_mark(sent))) == standing(before)


def note(desk: Desk, root: Actor, number: int) -> None:
    desk.tickets.note(root, number, "I call her.")


def other_status(desk: Desk, root: Actor, number: int) -> None:
    desk.tickets.edit(root, number, TicketEdit(status=Status.ON_HOLD))


@pytest.mark.parametrize("go_on", [note, other_status])
def test_the_status_stays_where_a_colleague_has_gone_on(
    desk: Desk, clock: Clock, ada: Actor, root: Actor, number: int, go_on: Callable[[Desk, Actor, int], None]
) -> None:
    sent = desk.tickets.reply(ada, number, "Please wait.", status=Status.PENDING)
    clock.advance(SECOND)
    go_on(desk, root, number)
    expected = desk.tickets.get(ada, number)
    clock.advance(SECOND)

    after = desk.tickets.take_back(ada, number, last_mark(sent))

    assert after.status is expected.status
    assert after.events[: len(expected.events)] == expected.events
    assert "Please wait." not in {message.text for message in after.messages}


def test_an_answer_of_the_requester_to_it_stays_and_keeps_the_ticket_open(
    desk: Desk, clock: Clock, ada: Actor, carla: Actor, number: int
) -> None:
    sent = desk.tickets.reply(ada, number, "Please wait.", status=Status.PENDING)
    clock.advance(SECOND)
    desk.tickets.reply(carla, number, "Wait for what?")

    after = desk.tickets.take_back(ada, number, last_mark(sent))

    assert (after.status, [message.author for message in after.messages]) == (Status.OPEN, ["carla", "carla"])


def test_a_reply_stays_once_its_seconds_are_over(
    desk: Desk, clock: Clock, ada: Actor, number: int, everything: Everything
) -> None:
    sent = desk.tickets.reply(ada, number, "Please plug it in.")
    clock.advance(TAKEN_BACK_WITHIN + ON_ITS_WAY + SECOND)
    before = everything()

    with pytest.raises(ReplyStaysError, match="15 seconds"):
        desk.tickets.take_back(ada, number, last_mark(sent))

    assert everything() == before


@pytest.mark.parametrize(
    ("person", "refusal"),
    [("carla", PermissionDeniedError), ("oskar", TicketNotFoundError), ("root", PermissionDeniedError)],
)
def test_nobody_but_the_agent_who_sent_it_takes_a_reply_back(
    desk: Desk,
    request: pytest.FixtureRequest,
    ada: Actor,
    number: int,
    everything: Everything,
    person: str,
    refusal: type[TicketingError],
) -> None:
    sent = desk.tickets.reply(ada, number, "Please plug it in.")
    somebody = request.getfixturevalue(person)
    before = everything()

    with pytest.raises(refusal):
        desk.tickets.take_back(somebody, number, last_mark(sent))

    assert everything() == before
    desk.tickets.take_back(ada, number, last_mark(sent))


def test_requesters_cannot_take_back_what_they_wrote(
    desk: Desk, carla: Actor, number: int, everything: Everything
) -> None:
    sent = desk.tickets.reply(carla, number, "It works now.")
    before = everything()

    with pytest.raises(PermissionDeniedError):
        desk.tickets.take_back(carla, number, last_mark(sent))

    assert everything() == before


def test_neither_a_note_nor_the_description_can_be_taken_back(desk: Desk, ada: Actor) -> None:
    own = desk.tickets.open(ada, "Printer", "It is out of paper.")
    noted = desk.tickets.note(ada, own.number, "Order some.")

    for mark in (last_mark(own), last_mark(noted), "nothing", ""):
        with pytest.raises(ReplyStaysError):
            desk.tickets.take_back(ada, own.number, mark)


def test_the_same_request_twice_is_one_effect_and_a_second_one_finds_nothing_to_take_back(
    desk: Desk, ada: Actor, number: int
) -> None:
    mark = last_mark(desk.tickets.reply(ada, number, "Please plug it in."))

    once = desk.tickets.take_back(ada, number, mark, key="click")

    assert desk.tickets.take_back(ada, number, mark, key="click") == once
    with pytest.raises(ReplyStaysError):
        desk.tickets.take_back(ada, number, mark, key="another")


def test_what_was_copied_by_a_merge_stays(desk: Desk, ada: Actor, carla: Actor, number: int) -> None:
    target = desk.tickets.open(carla, "Phone again", "Still dead.").number
    mark = last_mark(desk.tickets.reply(ada, number, "Please plug it in."))
    desk.relations.merge(ada, number, target)

    with pytest.raises(TicketMergedError):
        desk.tickets.take_back(ada, number, mark)
    with pytest.raises(ReplyStaysError):
        desk.tickets.take_back(ada, target, mark)


@pytest.mark.parametrize("has_read", [True, False])
def test_the_next_answer_is_unread_whether_or_not_the_one_before_was_read(
    desk: Desk, ada: Actor, carla: Actor, root: Actor, number: int, *, has_read: bool
) -> None:
    desk.tickets.mark_seen(carla, number, 1)
    mark = last_mark(desk.tickets.reply(ada, number, "Wrong window."))
    if has_read:
        desk.tickets.mark_seen(carla, number, 2)

    desk.tickets.take_back(ada, number, mark)
    assert not desk.tickets.search(carla, TicketQuery()).items[0].unread
    desk.tickets.reply(root, number, "Is the cable in?")

    assert desk.tickets.search(carla, TicketQuery()).items[0].unread
