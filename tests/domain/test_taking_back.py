"""A reply that is taken back: what of the ticket is as before, and what stays as it is."""

from datetime import datetime, timedelta

import pytest

from ticketing.domain.errors import ReplyStaysError, TicketMergedError
from ticketing.domain.people import Actor
from ticketing.domain.statuses import Resolution, Status
from ticketing.domain.taking_back import TAKEN_BACK_WITHIN, find_reply, still_open, take_back
from ticketing.domain.tickets import DESK, Message, Ticket

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


def answered(ticket: Ticket, actor: Actor, at: datetime, *statuses: Status) -> Message:
    """Send a reply and set statuses with it, one after the other."""
    if statuses and ticket.status is Status.CLOSED:
        ticket.change_status(actor, statuses[0], at)
    ticket.reply(actor, "I come.", at)
    for status in statuses:
        ticket.change_status(actor, status, at)
    return ticket.messages[-1]


def test_the_first_response_is_as_before(ticket: Ticket, ada: Actor, now: datetime) -> None:
    first = answered(ticket, ada, now + HOUR)
    second = answered(ticket, ada, now + 2 * HOUR)

    take_back(ticket, second, ada, now + 2 * HOUR + SECOND)
    assert ticket.first_response_at == now + HOUR

    take_back(ticket, first, ada, now + HOUR + SECOND)
    assert ticket.first_response_at is None
    assert ticket.messages == [ticket.begins_with]


@pytest.mark.parametrize("status", [Status.PENDING, Status.RESOLVED, Status.CLOSED])
def test_the_status_that_was_set_with_it_is_as_before(
    ticket: Ticket, ada: Actor, now: datetime, status: Status
) -> None:
    reply = answered(ticket, ada, now + HOUR, status)

    take_back(ticket, reply, ada, now + HOUR + SECOND)

    assert (ticket.status, ticket.resolution, ticket.resolved_at, ticket.closed_at) == (Status.OPEN, None, None, None)


def test_a_ticket_that_was_resolved_before_is_resolved_again(ticket: Ticket, ada: Actor, now: datetime) -> None:
    ticket.change_status(ada, Status.RESOLVED, now + HOUR)
    reply = answered(ticket, ada, now + 2 * HOUR, Status.CLOSED)

    take_back(ticket, reply, ada, now + 2 * HOUR + SECOND)

    assert (ticket.status, ticket.resolution, ticket.resolved_at) == (Status.RESOLVED, Resolution.SOLVED, now + HOUR)


def test_so_is_its_resolution(ticket: Ticket, ada: Actor, now: datetime) -> None:
    ticket.change_status(ada, Status.RESOLVED, now + HOUR)
    reply = answered(ticket, ada, now + 2 * HOUR, Status.CLOSED)
    ticket.resolve_as(ada, Resolution.DUPLICATE, now + 2 * HOUR)

    take_back(ticket, reply, ada, now + 2 * HOUR + SECOND)

    assert (ticket.status, ticket.resolution) == (Status.RESOLVED, Resolution.SOLVED)


def test_one_that_was_opened_with_it_stays_open(ticket: Ticket, ada: Actor, now: datetime) -> None:
    ticket.close(ada, now + HOUR)
    reply = answered(ticket, ada, now + 2 * HOUR, Status.OPEN)

    take_back(ticket, reply, ada, now + 2 * HOUR + SECOND)

    assert ticket.status is Status.OPEN


def test_where_somebody_else_has_gone_on_the_status_stays(
    ticket: Ticket, ada: Actor, carla: Actor, now: datetime
) -> None:
    reply = answered(ticket, ada, now + HOUR, Status.PENDING)
    ticket.reply(carla, "Thanks.", now + HOUR + SECOND)

    take_back(ticket, reply, ada, now + HOUR + 2 * SECOND)

    assert ticket.status is Status.OPEN
    assert [message.text for message in ticket.messages[1:]] == ["Thanks."]


def test_after_its_time_and_in_a_merged_ticket_it_stays(ticket: Ticket, ada: Actor, now: datetime) -> None:
    reply = answered(ticket, ada, now + HOUR)
    with pytest.raises(ReplyStaysError):
        take_back(ticket, reply, ada, now + 2 * HOUR)
    with pytest.raises(ReplyStaysError):
        find_reply(ticket, "no such mark")

    assert still_open(ticket, "ada", now + HOUR) == (reply, TAKEN_BACK_WITHIN)
    assert still_open(ticket, "ada", now + HOUR + TAKEN_BACK_WITHIN) is None
    assert still_open(ticket, "bert", now + HOUR) is None

    ticket.merged_into = 2
    with pytest.raises(TicketMergedError):
        take_back(ticket, reply, ada, now + HOUR)
    assert still_open(ticket, "ada", now + HOUR) is None


def test_what_a_rule_has_said_is_no_first_response(ticket: Ticket, ada: Actor, now: datetime) -> None:
    ticket.reply(DESK, "We have it.", now)
    reply = answered(ticket, ada, now + HOUR)

    take_back(ticket, reply, ada, now + HOUR + SECOND)

    assert ticket.first_response_at is None
    assert ticket.is_new


def test_a_ticket_that_slept_before_is_not_put_to_a_sleep_that_never_ends(
    ticket: Ticket, ada: Actor, now: datetime
) -> None:
    ticket.snooze(ada, now + 24 * HOUR, now, wakes_on_reply=True)
    reply = answered(ticket, ada, now + HOUR, Status.PENDING)

    take_back(ticket, reply, ada, now + HOUR + SECOND)

    assert ticket.status is Status.PENDING
