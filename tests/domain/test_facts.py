"""What reports take from a ticket: only what was said and what was changed, at the moment when it was."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from pydantic_core import from_json

from ticketing.domain.facts import BATCH, Facts, facts_of, microseconds, packed, unpacked
from ticketing.domain.merging import merge
from ticketing.domain.people import Actor
from ticketing.domain.sources import Source
from ticketing.domain.statuses import RESOLVED_FOR, Priority, Resolution, Status, TicketCategory
from ticketing.domain.tickets import Message, Ticket, TicketEdit

At = Callable[[float], datetime]


@pytest.fixture
def at(now: datetime) -> At:
    """Return the moment so many hours after Carla opened her ticket."""
    return lambda hours: now + timedelta(hours=hours)


def facts(ticket: Ticket) -> Facts:
    """Return the facts of a ticket as a store would find them in its document."""
    return facts_of(from_json(ticket.model_dump_json(exclude_none=True)))


def on(*moments: datetime) -> list[int]:
    """Return moments as facts tell them."""
    return [microseconds(moment) for moment in moments]


def test_a_new_ticket_waits_since_it_was_opened(ticket: Ticket, at: At) -> None:
    found = facts(ticket)

    assert (found.number, found.requester, found.assignee) == (1, "carla", None)
    assert (found.status, found.priority, found.category, found.team) == ("open", "normal", "network", None)
    assert (found.opened, found.waiting) == (microseconds(at(0)), microseconds(at(0)))
    assert (found.statuses, found.replies) == ([("open", microseconds(at(0)))], [])


def test_each_reply_of_an_agent_answers_the_oldest_message_that_waits(
    ticket: Ticket, carla: Actor, ada: Actor, root: Actor, at: At
) -> None:
    ticket.reply(ada, "Which room?", at(2))
    ticket.reply(carla, "Room 2.", at(5))
    ticket.reply(carla, "Hello?", at(6))
    ticket.reply(root, "On my way.", at(9))
    ticket.reply(root, "Fixed.", at(10))
    ticket.reply(carla, "Thank you.", at(11))

    found = facts(ticket)

    assert found.replies == [
        ("ada", *on(at(2), at(0))),  # what the description asked
        ("root", *on(at(9), at(5))),  # four hours after the first of the two that waited
        ("root", microseconds(at(10)), None),  # nobody waited
    ]
    assert found.waiting == microseconds(at(11))


def test_a_note_is_nobodys_answer(ticket: Ticket, ada: Actor, at: At) -> None:
    ticket.note(ada, "The lamp is from 2019.", at(1))

    assert facts(ticket).replies == []
    assert facts(ticket).waiting == microseconds(at(0))


def test_what_a_rule_writes_is_nobodys_answer(ticket: Ticket, at: At) -> None:
    ticket.messages.append(Message(author="system", source=Source.RULE, text="We have got it.", at=at(0)))

    assert facts(ticket).replies == []
    assert facts(ticket).waiting == microseconds(at(0))


def test_what_a_merge_has_copied_is_said_and_answered_elsewhere(
    ticket: Ticket, oskar: Actor, ada: Actor, at: At
) -> None:
    other = Ticket.open(2, "oskar", "The phone is dead", "Since yesterday.", TicketCategory.NETWORK, at(-9))
    other.reply(ada, "Which phone?", at(-8))
    other.reply(oskar, "The red one.", at(-7))
    merge(other, ticket, ada, at(1))

    assert (facts(ticket).replies, facts(ticket).waiting) == ([], microseconds(at(0)))
    assert facts(other).statuses[-1] == ("closed", microseconds(at(1)))
    assert facts(other).replies == [("ada", *on(at(-8), at(-9)))]


def test_who_watches_asks_along_and_does_not_answer(ticket: Ticket, oskar: Actor, ada: Actor, at: At) -> None:
    ticket.watchers = ["oskar"]
    ticket.reply(ada, "Which room?", at(1))
    ticket.reply(oskar, "Mine too.", at(2))
    ticket.reply(ada, "I come.", at(3))

    assert facts(ticket).replies == [("ada", *on(at(1), at(0))), ("ada", *on(at(3), at(2)))]


def test_an_agent_who_asks_for_help_waits_like_anybody(ada: Actor, root: Actor, now: datetime) -> None:
    ticket = Ticket.open(2, "ada", "My own screen", "Dark.", TicketCategory.HARDWARE, now)
    ticket.reply(ada, "Still dark.", now + timedelta(hours=1))
    ticket.reply(root, "A new one comes.", now + timedelta(hours=3))

    assert facts(ticket).replies == [("root", *on(now + timedelta(hours=3), now))]


def test_a_description_by_an_agent_is_no_answer(ticket: Ticket, ada: Actor, at: At) -> None:
    ticket.close(ada, at(1))

    following = ticket.follow_up(2, ada, "No dial tone, again", "Dead again.", TicketCategory.NETWORK, at(2))

    assert facts(following).replies == []
    assert facts(following).waiting == microseconds(at(2))


def test_the_stretches_of_a_status_follow_each_other(ticket: Ticket, carla: Actor, ada: Actor, at: At) -> None:
    ticket.reply(ada, "Which room?", at(1))
    ticket.change_status(ada, Status.PENDING, at(1))
    ticket.reply(carla, "Room 2.", at(4))
    ticket.change_status(ada, Status.RESOLVED, at(6))

    expected = ["open", "pending", "open", "resolved"]
    assert facts(ticket).statuses == list(zip(expected, on(at(0), at(1), at(4), at(6)), strict=True))
    assert facts(ticket).status == "resolved"


def test_what_is_corrected_on_a_closed_ticket_moves_nothing(ticket: Ticket, ada: Actor, at: At) -> None:
    ticket.edit(ada, TicketEdit(priority=Priority.HIGH, assignee="ada"), at(1))
    ticket.close(ada, at(2))
    before = facts(ticket)

    ticket.edit(ada, TicketEdit(resolution=Resolution.DUPLICATE), at(900))

    assert facts(ticket) == before
    assert before.statuses[-1] == ("closed", microseconds(at(2)))


def test_a_resolved_ticket_that_closes_by_itself_was_done_before(ticket: Ticket, ada: Actor, at: At) -> None:
    ticket.change_status(ada, Status.RESOLVED, at(2))
    ticket.lapse()

    closed = microseconds(at(2) + RESOLVED_FOR)
    assert facts(ticket).statuses[1:] == [("resolved", microseconds(at(2))), ("closed", closed)]


def test_nobody_waits_any_more_once_it_is_done(ticket: Ticket, carla: Actor, at: At) -> None:
    ticket.close(carla, at(1))

    assert facts(ticket).waiting is None


def test_who_opens_it_again_waits_since_then(ticket: Ticket, carla: Actor, ada: Actor, at: At) -> None:
    ticket.close(carla, at(1))
    ticket.reopen(carla, at(100))

    assert facts(ticket).waiting == microseconds(at(100))

    ticket.reply(ada, "I look at it.", at(102))

    assert facts(ticket).replies == [("ada", *on(at(102), at(100)))]


def test_an_agent_who_opens_it_again_makes_nobody_wait(ticket: Ticket, ada: Actor, at: At) -> None:
    ticket.reply(ada, "Fixed.", at(1))
    ticket.close(ada, at(1))
    ticket.reopen(ada, at(3))

    assert facts(ticket).waiting is None


def test_a_complaint_that_reopens_is_one_wait_and_not_two(ticket: Ticket, carla: Actor, ada: Actor, at: At) -> None:
    ticket.reply(ada, "Fixed.", at(1))
    ticket.change_status(ada, Status.RESOLVED, at(1))
    ticket.reply(carla, "It isn't.", at(5))

    assert facts(ticket).waiting == microseconds(at(5))


def test_a_ticket_that_came_in_as_done_waits_for_nobody(ticket: Ticket, at: At) -> None:
    ticket.status = Status.CLOSED  # no event says when

    assert facts(ticket).statuses == [("closed", microseconds(at(0)))]
    assert facts(ticket).waiting is None


def test_a_clock_that_went_backwards_makes_nothing_last_less_than_no_time(ticket: Ticket, ada: Actor, at: At) -> None:
    ticket.reply(ada, "Fixed.", at(-1))
    ticket.change_status(ada, Status.PENDING, at(-1))
    ticket.close(ada, at(-2))

    assert facts(ticket).replies == [("ada", *on(at(0), at(0)))]
    assert facts(ticket).statuses == [(name, microseconds(at(0))) for name in ("open", "pending", "closed")]


def test_moments_are_exact_to_the_microsecond() -> None:
    moment = datetime(2026, 3, 2, 9, 0, 0, 123457, tzinfo=UTC)

    assert microseconds(moment) % 1_000_000 == 123457


def test_facts_that_are_kept_come_back_as_they_were(ticket: Ticket, ada: Actor, at: At) -> None:
    ticket.reply(ada, "Which room?", at(1))
    kept = packed(ticket.model_dump_json(exclude_none=True))

    batches = list(unpacked([kept] * (BATCH + 1)))

    assert list(map(len, batches)) == [BATCH, 1]
    read = batches[0][0]
    expected = facts(ticket)
    assert read._replace(statuses=[], replies=[]) == expected._replace(statuses=[], replies=[])
    assert [tuple(each) for each in read.statuses] == expected.statuses
    assert [tuple(each) for each in read.replies] == expected.replies


def test_a_document_that_says_nothing_of_what_goes_without_saying_is_read(ticket: Ticket) -> None:
    document = from_json(ticket.model_dump_json(exclude_defaults=True)) | {"priority": "normal", "status": "open"}

    assert facts_of(document) == facts(ticket)


def test_what_its_requester_said_of_each_solution_is_told(ticket: Ticket, carla: Actor, ada: Actor, at: At) -> None:
    ticket.change_status(ada, Status.RESOLVED, at(1))
    ticket.rate(carla, at(2), solved=False, score=None, comment="")
    ticket.reopen(carla, at(3))
    ticket.change_status(ada, Status.RESOLVED, at(4))
    ticket.rate(carla, at(5), solved=True, score=None, comment="")
    ticket.rate(carla, at(6), solved=True, score=4, comment="Thanks!")

    assert facts(ticket).ratings == [(microseconds(at(2)), False, None), (microseconds(at(5)), True, 4)]
