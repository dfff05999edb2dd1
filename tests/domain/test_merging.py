"""Two tickets become one and two again, and a message becomes a ticket."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from ticketing.domain.errors import (
    BlankError,
    MessageNotFoundError,
    SameTicketError,
    TicketMergedError,
    TicketNotMergedError,
)
from ticketing.domain.merging import merge, new_readers, split, unmerge
from ticketing.domain.people import Actor
from ticketing.domain.statuses import Priority, Resolution, Status, TicketCategory
from ticketing.domain.tickets import MessageKind, Ticket, TicketEdit

HOUR = timedelta(hours=1)

Attempt = Callable[[], object]


@pytest.fixture
def target(now: datetime, ada: Actor) -> Ticket:
    """Return Carla's ticket T-1, with an answer after two hours and a note after four."""
    ticket = Ticket.open(1, "carla", "No dial tone", "The line is dead.", TicketCategory.NETWORK, now)
    ticket.reply(ada, "Since when?", now + 2 * HOUR)
    ticket.note(ada, "The switch again.", now + 4 * HOUR)
    return ticket


@pytest.fixture
def source(now: datetime, oskar: Actor, ada: Actor) -> Ticket:
    """Return Oskar's ticket T-2 of an hour before, which Bert watches, with a note after three hours."""
    ticket = Ticket.open(2, "oskar", "Phone dead", "No sound at all.", TicketCategory.NETWORK, now - HOUR)
    ticket.watchers = ["bert"]
    ticket.reply(oskar, "Still dead.", now + HOUR)
    ticket.note(ada, "Same floor as T-1.", now + 3 * HOUR)
    return ticket


def texts(ticket: Ticket) -> list[str]:
    """Return what is said in a ticket, in its order."""
    return [message.text for message in ticket.messages]


def last_event(ticket: Ticket) -> tuple[str, str | None, str | None, str]:
    """Return the newest event: field, old, new, by whom."""
    event = ticket.events[-1]
    return event.field, event.old, event.new, event.by


def test_what_was_said_in_both_stands_in_the_target_in_order_of_time(
    source: Ticket, target: Ticket, ada: Actor, now: datetime
) -> None:
    merge(source, target, ada, now + 5 * HOUR)

    assert texts(target) == [
        "No sound at all.",
        "The line is dead.",
        "Still dead.",
        "Since when?",
        "Same floor as T-1.",
        "The switch again.",
    ]
    assert [message.origin for message in target.messages] == [2, None, 2, None, 2, None]
    assert target.description == "The line is dead."
    assert last_event(target) == ("merged", None, "2", "ada")
    assert target.updated_at == target.public_updated_at == now + 5 * HOUR


def test_notes_stay_notes(source: Ticket, target: Ticket, ada: Actor, now: datetime) -> None:
    merge(source, target, ada, now + 5 * HOUR)

    said = [message.text for message in target.for_requester({2}).messages]
    assert said == ["No sound at all.", "The line is dead.", "Still dead.", "Since when?"]


def test_own_messages_keep_their_order_even_where_a_clock_was_wrong(
    source: Ticket, target: Ticket, ada: Actor, now: datetime
) -> None:
    target.messages[1].at = now - 9 * HOUR
    before = texts(target)

    merge(source, target, ada, now + 5 * HOUR)
    assert [message.text for message in target.messages if message.origin is None] == before
    unmerge(source, target, ada, now + 6 * HOUR)

    assert texts(target) == before


def test_the_people_of_the_source_watch_the_target(source: Ticket, target: Ticket, ada: Actor, now: datetime) -> None:
    target.watchers = ["bert"]
    assert new_readers(source, target) == ["oskar"]

    merge(source, target, ada, now)

    assert target.requester == "carla"
    assert target.watchers == ["bert", "oskar"]
    assert new_readers(source, target) == []


def test_the_source_is_closed_as_a_duplicate_and_keeps_what_it_holds(
    source: Ticket, target: Ticket, ada: Actor, now: datetime
) -> None:
    said = texts(source)

    merge(source, target, ada, now + 5 * HOUR)

    assert (source.status, source.resolution, source.merged_into) == (Status.CLOSED, Resolution.DUPLICATE, 1)
    assert source.closed_at == source.resolved_at == now + 5 * HOUR
    assert texts(source) == said
    assert (source.requester, source.watchers) == ("oskar", ["bert"])
    assert last_event(source) == ("merged_into", None, "1", "ada")


def test_when_it_was_done_is_not_moved_by_merging_what_was_closed_before(
    source: Ticket, target: Ticket, ada: Actor, now: datetime
) -> None:
    source.close(ada, now + 4 * HOUR, Resolution.WONT_FIX)

    merge(source, target, ada, now + 5 * HOUR)

    assert source.resolution is Resolution.DUPLICATE
    assert source.closed_at == source.resolved_at == now + 4 * HOUR


def test_what_is_copied_moves_none_of_the_targets_times(
    source: Ticket, ticket: Ticket, ada: Actor, now: datetime
) -> None:
    source.reply(ada, "We are on it.", now + 4 * HOUR)

    merge(source, ticket, ada, now + 5 * HOUR)

    assert ticket.first_response_at is None
    assert ticket.is_new
    assert ticket.opened_at == now
    assert (ticket.status, ticket.resolved_at) == (Status.OPEN, None)


@pytest.mark.parametrize("status", Status)
def test_undoing_gives_back_exactly_how_the_source_stood(
    source: Ticket, target: Ticket, ada: Actor, now: datetime, status: Status
) -> None:
    source.change_status(ada, status, now + 4 * HOUR)
    fields = {"status", "resolution", "resolved_at", "closed_at", "merged_into", "before_merge", "messages"}
    before, was = source.model_dump(include=fields), target.model_dump(include={"messages", "watchers", "merged"})

    merge(source, target, ada, now + 5 * HOUR)
    unmerge(source, target, ada, now + 6 * HOUR)

    assert source.model_dump(include=fields) == before
    assert target.model_dump(include={"messages", "watchers", "merged"}) == was
    assert last_event(target) == ("merged", "2", None, "ada")
    assert ("merged_into", "1", None) in [(event.field, event.old, event.new) for event in source.events]
    assert source.updated_at == target.updated_at == target.public_updated_at == now + 6 * HOUR


def test_what_was_merged_without_a_note_of_how_it_stood_stays_closed_when_that_is_undone(
    source: Ticket, target: Ticket, ada: Actor, now: datetime
) -> None:
    merge(source, target, ada, now)
    source.before_merge = None

    unmerge(source, target, ada, now)

    assert (source.status, source.merged_into) == ("closed", None)


def test_the_history_tells_of_each_status_between_merging_and_undoing(
    source: Ticket, target: Ticket, ada: Actor, now: datetime
) -> None:
    source.change_status(ada, Status.PENDING, now)

    merge(source, target, ada, now)
    unmerge(source, target, ada, now)

    statuses = [(event.old, event.new) for event in source.events if event.field == "status"]
    assert statuses == [("open", "pending"), ("pending", "closed"), ("closed", "pending")]


def test_what_was_written_since_the_merge_stays_in_the_target(
    source: Ticket, target: Ticket, oskar: Actor, ada: Actor, now: datetime
) -> None:
    merge(source, target, ada, now + 5 * HOUR)
    target.reply(oskar, "Both are dead.", now + 6 * HOUR)

    unmerge(source, target, ada, now + 7 * HOUR)

    assert texts(target)[-1] == "Both are dead."
    assert "Both are dead." not in texts(source)


def test_who_watches_for_another_reason_as_well_stays(
    source: Ticket, target: Ticket, ada: Actor, now: datetime
) -> None:
    another = Ticket.open(3, "oskar", "Again", "Dead.", TicketCategory.NETWORK, now)
    target.watchers = ["bert"]
    merge(source, target, ada, now)
    merge(another, target, ada, now)
    assert target.watchers == ["bert", "oskar"]

    unmerge(source, target, ada, now)
    assert target.watchers == ["bert", "oskar"]
    unmerge(another, target, ada, now)

    assert target.watchers == ["bert"]


def test_merging_again_after_undoing_is_like_the_first_time(
    source: Ticket, target: Ticket, ada: Actor, now: datetime
) -> None:
    merge(source, target, ada, now)
    said = texts(target)
    unmerge(source, target, ada, now)

    merge(source, target, ada, now)

    assert texts(target) == said
    assert [merged.number for merged in target.merged] == [2]


def test_what_took_one_in_can_be_merged_itself_and_gets_it_all_back(
    source: Ticket, target: Ticket, ada: Actor, now: datetime
) -> None:
    last = Ticket.open(3, "dora", "All phones", "All dead.", TicketCategory.NETWORK, now + HOUR)
    merge(source, target, ada, now)
    held = target.model_dump(include={"messages", "watchers", "merged"})
    merge(target, last, ada, now)
    assert len(last.messages) == 7
    assert last.watchers == ["carla", "oskar", "bert"]

    with pytest.raises(TicketMergedError, match="T-1 was merged into T-3"):
        unmerge(source, target, ada, now)
    unmerge(target, last, ada, now)
    unmerge(source, target, ada, now)

    assert (last.watchers, texts(last)) == ([], ["All dead."])
    assert len(target.messages) == len(held["messages"]) - 3


def test_nothing_is_merged_into_itself(ticket: Ticket, ada: Actor, now: datetime) -> None:
    before = ticket.model_dump()

    with pytest.raises(SameTicketError, match="T-1 is the ticket itself"):
        merge(ticket, ticket, ada, now)

    assert ticket.model_dump() == before


def test_what_is_merged_is_merged_no_further_and_takes_nothing_in(
    source: Ticket, target: Ticket, ticket: Ticket, ada: Actor, now: datetime
) -> None:
    ticket.id = "3"
    merge(source, target, ada, now)

    attempts: list[Attempt] = [
        lambda: merge(source, ticket, ada, now),
        lambda: merge(ticket, source, ada, now),
        lambda: merge(target, source, ada, now),
    ]
    for attempt in attempts:
        with pytest.raises(TicketMergedError, match="T-2 was merged into T-1"):
            attempt()
    assert ticket.merged_into is None


def test_only_what_is_merged_is_taken_apart(source: Ticket, target: Ticket, ada: Actor, now: datetime) -> None:
    with pytest.raises(TicketNotMergedError, match="T-2 is not merged into another one"):
        unmerge(source, target, ada, now)


def test_a_merged_ticket_takes_nothing_and_says_where_to_go_on(
    source: Ticket, target: Ticket, oskar: Actor, ada: Actor, now: datetime
) -> None:
    merge(source, target, ada, now)
    before = source.model_dump()
    mark = source.messages[1].mark

    attempts: list[Attempt] = [
        lambda: source.reply(oskar, "Hello?", now),
        lambda: source.note(ada, "Hm.", now),
        lambda: source.edit(ada, TicketEdit(priority=Priority.HIGH), now),
        lambda: source.edit(ada, TicketEdit(status=Status.OPEN), now),
        lambda: source.edit(ada, TicketEdit(resolution=Resolution.SOLVED), now),
        lambda: source.close(ada, now),
        lambda: source.reopen(ada, now),
        lambda: source.follow_up(3, oskar, "Again", "Dead.", TicketCategory.OTHER, now),
        lambda: split(source, mark, 3, "Another matter", ada, now),
    ]
    for attempt in attempts:
        with pytest.raises(TicketMergedError, match="T-2 was merged into T-1"):
            attempt()

    assert source.model_dump() == before
    assert not source.can_be_reopened(ada, now)


def test_a_requester_learns_where_messages_came_from_only_if_they_may_see_that_ticket(
    source: Ticket, target: Ticket, ada: Actor, now: datetime
) -> None:
    merge(source, target, ada, now)

    assert target.related() == {2}
    assert target.for_requester().related() == set()
    assert target.for_requester({2}).related() == {2}
    assert target.for_requester({2}).merged == []
    assert "merged" not in {event.field for event in target.for_requester({2}).events}
    assert target.messages[0].origin == 2
    assert source.for_requester({1}).merged_into == 1
    assert source.for_requester().merged_into is None


# Splitting


def test_a_message_becomes_a_ticket_and_stays_where_it_is(
    target: Ticket, carla: Actor, ada: Actor, now: datetime
) -> None:
    target.reply(carla, "And the printer jams.", now + 5 * HOUR)
    said = texts(target)

    made = split(target, target.messages[-1].mark, 2, "Printer jams", ada, now + 6 * HOUR)

    assert (made.label, made.title, made.requester, made.category) == ("T-2", "Printer jams", "carla", "network")
    assert texts(made) == ["And the printer jams."]
    assert (made.messages[0].author, made.messages[0].at) == ("carla", now + 5 * HOUR)
    assert (made.opened_at, made.status, made.split_from) == (now + 6 * HOUR, Status.OPEN, 1)
    assert texts(target) == said
    assert [(link.number, link.kind) for link in target.links] == [(2, "related")]
    assert [(link.number, link.kind) for link in made.links] == [(1, "related")]
    assert last_event(target) == ("split_off", None, "2", "ada")
    assert last_event(made) == ("split_from", None, "1", "ada")


def test_whose_ticket_it_becomes(target: Ticket, oskar: Actor, root: Actor, now: datetime) -> None:
    target.watchers = ["oskar"]
    target.reply(oskar, "I have the same.", now + 5 * HOUR)

    requesters = {
        message.text: split(target, message.mark, 2, "Of its own", root, now).requester
        for message in target.messages[1:]
    }

    assert requesters == {"Since when?": "carla", "The switch again.": "root", "I have the same.": "oskar"}


def test_a_ticket_out_of_a_note_is_nothing_that_the_requester_sees(target: Ticket, root: Actor, now: datetime) -> None:
    made = split(target, target.messages[-1].mark, 2, "Replace the switch", root, now)

    assert made.messages[0].kind is MessageKind.REPLY
    assert (made.messages[0].author, made.requester, made.watchers) == ("ada", "root", [])
    assert "carla" not in {made.requester, *made.watchers}


def test_what_a_merge_brought_can_be_split_off(source: Ticket, target: Ticket, ada: Actor, now: datetime) -> None:
    merge(source, target, ada, now)

    made = split(target, target.messages[0].mark, 3, "Oskar's own", ada, now)
    assert (made.requester, made.messages[0].origin, made.description) == ("oskar", None, "No sound at all.")
    merge(made, target, ada, now)
    unmerge(source, target, ada, now)

    assert made.description == "No sound at all."
    assert [message.origin for message in target.messages].count(3) == 1


def test_a_description_is_not_split_off_and_a_message_that_is_not_there_neither(
    target: Ticket, ada: Actor, now: datetime
) -> None:
    before = target.model_dump()

    for mark in (target.messages[0].mark, "", "0123456789abcdef"):
        with pytest.raises(MessageNotFoundError, match="T-1 has no such message"):
            split(target, mark, 2, "Title", ada, now)
    with pytest.raises(BlankError, match="Title is empty"):
        split(target, target.messages[1].mark, 2, " ", ada, now)

    assert target.model_dump() == before


def test_a_requester_learns_nothing_of_where_their_ticket_was_split_from(
    target: Ticket, carla: Actor, ada: Actor, now: datetime
) -> None:
    target.reply(carla, "And the printer jams.", now)
    made = split(target, target.messages[-1].mark, 2, "Printer jams", ada, now)

    for ticket in (made, target):
        shown = ticket.for_requester({1, 2})
        assert shown.related() == set()
        assert {event.field for event in shown.events} <= {"opened"}


def test_whoever_has_stopped_watching_a_ticket_does_not_watch_the_one_in_which_it_goes_on(
    ticket: Ticket, ada: Actor, now: datetime
) -> None:
    other = Ticket.open(2, "oskar", "The same", "Dead too.", TicketCategory.NETWORK, now)
    ticket.stop_watching("carla")

    merge(ticket, other, ada, now)

    assert (other.watchers, other.muted) == (["carla"], ["carla"])
