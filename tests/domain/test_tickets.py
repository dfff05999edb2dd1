"""What is possible with a ticket when, and what it writes into its history."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from pydantic import ValidationError

from ticketing.domain.errors import (
    BlankError,
    ReopenWindowError,
    TicketClosedError,
    TicketNotClosedError,
    TicketNotDoneError,
    TooLongError,
    TooManyTagsError,
    TooManyWatchersError,
    TransitionError,
)
from ticketing.domain.people import Actor, Role
from ticketing.domain.sources import Source
from ticketing.domain.statuses import Priority, Resolution, Status, TicketCategory
from ticketing.domain.tickets import SYSTEM, Event, Message, MessageKind, Ticket, TicketEdit

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

Attempt = Callable[[], object]


def last_change(ticket: Ticket) -> tuple[str, str | None, str | None, str]:
    """Return the newest event: field, old, new, by whom."""
    event = ticket.events[-1]
    return event.field, event.old, event.new, event.by


def test_a_new_ticket_begins_with_its_description_and_an_event(ticket: Ticket, now: datetime) -> None:
    assert (ticket.number, ticket.label, ticket.title) == (1, "T-1", "No dial tone")
    assert ticket.description == "The line is dead."
    assert ticket.requester == ticket.messages[0].author == "carla"
    assert ticket.status is Status.OPEN
    assert ticket.is_new
    assert ticket.opened_at == ticket.updated_at == ticket.public_updated_at == now
    assert last_change(ticket) == ("opened", None, None, "carla")


@pytest.mark.parametrize(
    ("title", "description", "error"),
    [
        ("", "text", BlankError),
        ("\u200b", "text", BlankError),
        ("x" * 201, "text", TooLongError),
        ("title", "", BlankError),
        ("title", "x" * 20_001, TooLongError),
    ],
)
def test_title_and_description_have_limits(now: datetime, title: str, description: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        Ticket.open(1, "carla", title, description, TicketCategory.GENERAL, now)


def test_title_and_description_may_be_as_long_as_their_limits(now: datetime) -> None:
    ticket = Ticket.open(1, "carla", "x" * 200, "y" * 20_000, TicketCategory.GENERAL, now, Source.MAIL)

    assert (len(ticket.title), len(ticket.description)) == (200, 20_000)
    assert ticket.messages[0].source is Source.MAIL


def test_the_first_answer_of_an_agent_stops_the_first_response_clock(ticket: Ticket, ada: Actor, now: datetime) -> None:
    ticket.reply(ada, "Is the cable in?", now + HOUR)
    ticket.reply(ada, "Hello?", now + 2 * HOUR)

    assert ticket.first_response_at == now + HOUR
    assert not ticket.is_new
    assert ticket.status is Status.OPEN
    assert ticket.updated_at == ticket.public_updated_at == now + 2 * HOUR


def test_neither_the_requester_nor_a_note_stops_the_first_response_clock(
    ticket: Ticket, carla: Actor, ada: Actor, now: datetime
) -> None:
    ticket.reply(carla, "Anybody there?", now + HOUR)
    ticket.note(ada, "Looks like the switch.", now + HOUR)

    assert ticket.first_response_at is None
    assert ticket.is_new


def test_an_agent_who_asks_is_a_requester(ada: Actor, now: datetime) -> None:
    ticket = Ticket.open(1, "ada", "My own phone", "Dead, too.", TicketCategory.NETWORK, now)
    ticket.change_status(ada, Status.PENDING, now)

    ticket.reply(ada, "It works again.", now + HOUR)

    assert ticket.first_response_at is None
    assert ticket.status is Status.OPEN


@pytest.mark.parametrize(
    ("status", "after"),
    [
        (Status.OPEN, Status.OPEN),
        (Status.PENDING, Status.OPEN),
        (Status.ON_HOLD, Status.ON_HOLD),
        (Status.RESOLVED, Status.OPEN),
    ],
)
def test_a_reply_of_the_requester_brings_back_what_waited_for_it(
    ticket: Ticket, carla: Actor, ada: Actor, now: datetime, status: Status, after: Status
) -> None:
    ticket.change_status(ada, status, now)

    ticket.reply(carla, "Still dead.", now + HOUR)

    assert ticket.status is after
    assert ticket.resolved_at is None
    assert ticket.resolution is None
    if status is not after:
        assert last_change(ticket) == ("status", status, Status.OPEN, "carla")


@pytest.mark.parametrize("status", [Status.PENDING, Status.RESOLVED])
def test_a_reply_of_an_agent_leaves_the_status(ticket: Ticket, ada: Actor, now: datetime, status: Status) -> None:
    ticket.change_status(ada, status, now)

    ticket.reply(ada, "One more thing.", now + HOUR)

    assert ticket.status is status


def test_a_closed_ticket_takes_nothing(ticket: Ticket, carla: Actor, ada: Actor, now: datetime) -> None:
    ticket.close(ada, now)
    before = ticket.model_dump()

    attempts: list[Attempt] = [
        lambda: ticket.reply(carla, "But…", now),
        lambda: ticket.reply(ada, "But…", now),
        lambda: ticket.note(ada, "Hm.", now),
        lambda: ticket.edit(ada, TicketEdit(priority=Priority.HIGH), now),
        lambda: ticket.edit(ada, TicketEdit(assignee=None), now),
        lambda: ticket.close(ada, now),
    ]
    for attempt in attempts:
        with pytest.raises(TicketClosedError, match=r"Ticket T-1 is closed\. Reopen it to go on\."):
            attempt()

    assert ticket.model_dump() == before


def test_an_edit_writes_each_change_into_the_history(ticket: Ticket, ada: Actor, now: datetime) -> None:
    edit = TicketEdit(
        title=" Line  dead ",
        status=Status.PENDING,
        priority=Priority.HIGH,
        category=TicketCategory.HARDWARE,
        tags=("VPN", "Home"),
        assignee="ada",
    )

    ticket.edit(ada, edit, now + HOUR)

    changes = {event.field: (event.old, event.new, event.by, event.at) for event in ticket.events[1:]}
    assert changes == {
        "title": ("No dial tone", "Line dead", "ada", now + HOUR),
        "status": ("open", "pending", "ada", now + HOUR),
        "priority": ("normal", "high", "ada", now + HOUR),
        "category": ("network", "hardware", "ada", now + HOUR),
        "tags": (None, "vpn, home", "ada", now + HOUR),
        "assignee": (None, "ada", "ada", now + HOUR),
    }
    assert (ticket.title, ticket.tags, ticket.assignee) == ("Line dead", ["vpn", "home"], "ada")


def test_values_that_are_there_already_are_no_change(ticket: Ticket, ada: Actor, now: datetime) -> None:
    before = ticket.model_dump()
    same = TicketEdit(
        title="No dial tone",
        status=Status.OPEN,
        priority=Priority.NORMAL,
        category=TicketCategory.NETWORK,
        tags=(),
        assignee=None,
    )

    ticket.edit(ada, same, now + HOUR)
    ticket.edit(ada, TicketEdit(), now + HOUR)

    assert (ticket.model_dump(), ticket.steps) == (before, 2)


CHANGES: dict[str, Callable[[Ticket, Actor, datetime], object]] = {
    "reply": lambda ticket, ada, now: ticket.reply(ada, "Which room?", now),
    "note": lambda ticket, ada, now: ticket.note(ada, "Hm.", now),
    "title": lambda ticket, ada, now: ticket.edit(ada, TicketEdit(title="Line dead"), now),
    "status": lambda ticket, ada, now: ticket.edit(ada, TicketEdit(status=Status.PENDING), now),
    "priority": lambda ticket, ada, now: ticket.edit(ada, TicketEdit(priority=Priority.HIGH), now),
    "category": lambda ticket, ada, now: ticket.edit(ada, TicketEdit(category=TicketCategory.HARDWARE), now),
    "tags": lambda ticket, ada, now: ticket.edit(ada, TicketEdit(tags=("vpn",)), now),
    "assignee": lambda ticket, ada, now: ticket.edit(ada, TicketEdit(assignee="ada"), now),
    "close": lambda ticket, ada, now: ticket.close(ada, now),
}
CHANGES_OF_THE_RESOLVED: dict[str, Callable[[Ticket, Actor, datetime], object]] = {
    "resolution": lambda ticket, ada, now: ticket.resolve_as(ada, Resolution.DUPLICATE, now),
    "reopen": lambda ticket, ada, now: ticket.reopen(ada, now),
    "lapse": lambda ticket, _ada, _now: ticket.lapse(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_each_change_is_a_step_more(ticket: Ticket, ada: Actor, now: datetime, change: str) -> None:
    before, steps = ticket.model_dump(), ticket.steps

    CHANGES[change](ticket, ada, now + HOUR)

    assert ticket.steps > steps
    assert ticket.model_dump() != before


@pytest.mark.parametrize("change", CHANGES_OF_THE_RESOLVED)
def test_each_change_of_what_is_resolved_is_a_step_more(ticket: Ticket, ada: Actor, now: datetime, change: str) -> None:
    ticket.change_status(ada, Status.RESOLVED, now)
    steps = ticket.steps

    CHANGES_OF_THE_RESOLVED[change](ticket, ada, now + HOUR)

    assert ticket.steps > steps


def test_to_be_followed_is_a_step_more(ticket: Ticket, carla: Actor, ada: Actor, now: datetime) -> None:
    ticket.close(ada, now)
    steps = ticket.steps

    ticket.follow_up(2, carla, "Again", "And again.", TicketCategory.GENERAL, now + HOUR)

    assert ticket.steps > steps


def test_one_edit_may_set_a_field_and_close(ticket: Ticket, ada: Actor, now: datetime) -> None:
    ticket.edit(ada, TicketEdit(status=Status.CLOSED, priority=Priority.LOW), now)

    assert (ticket.status, ticket.priority) == (Status.CLOSED, Priority.LOW)


def test_one_edit_may_reopen_and_set_a_field(ticket: Ticket, ada: Actor, now: datetime) -> None:
    ticket.close(ada, now)

    ticket.edit(ada, TicketEdit(status=Status.OPEN, assignee="ada"), now)

    assert (ticket.status, ticket.assignee) == (Status.OPEN, "ada")


def test_an_assignee_and_tags_can_be_taken_away(ticket: Ticket, ada: Actor, now: datetime) -> None:
    ticket.edit(ada, TicketEdit(assignee="ada", tags=("vpn",)), now)

    ticket.edit(ada, TicketEdit(assignee=None, tags=()), now)

    assert ticket.assignee is None
    assert ticket.tags == []
    assert [(event.field, event.new) for event in ticket.events[-2:]] == [("tags", None), ("assignee", None)]


def test_a_ticket_carries_at_most_twenty_tags(ticket: Ticket, ada: Actor, now: datetime) -> None:
    twenty = tuple(f"tag {number}" for number in range(20))
    ticket.edit(ada, TicketEdit(tags=(*twenty, "TAG 0")), now)

    with pytest.raises(TooManyTagsError, match="at most 20 tags"):
        ticket.edit(ada, TicketEdit(tags=(*twenty, "another")), now)

    assert ticket.tags == list(twenty)


@pytest.mark.parametrize("fields", [{"requester": "oskar"}, {"version": 7}, {"status": "escalated"}])
def test_an_edit_holds_nothing_else(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TicketEdit.model_validate(fields)


def test_closing_keeps_why_and_when(ticket: Ticket, ada: Actor, now: datetime) -> None:
    ticket.close(ada, now + HOUR, Resolution.DUPLICATE)

    assert ticket.resolution is Resolution.DUPLICATE
    assert ticket.resolved_at == ticket.closed_at == now + HOUR
    assert [(event.field, event.old, event.new) for event in ticket.events[1:]] == [
        ("status", "open", "closed"),
        ("resolution", "solved", "duplicate"),
    ]


@pytest.mark.parametrize("status", [Status.RESOLVED, Status.CLOSED])
def test_what_is_done_counts_as_solved_until_somebody_says_otherwise(
    ticket: Ticket, ada: Actor, now: datetime, status: Status
) -> None:
    ticket.change_status(ada, status, now)
    assert (ticket.resolution, ticket.events[-1].field) == (Resolution.SOLVED, "status")

    ticket.edit(ada, TicketEdit(resolution=Resolution.WONT_FIX), now + HOUR)

    assert ticket.resolution is Resolution.WONT_FIX
    assert last_change(ticket) == ("resolution", "solved", "wont_fix", "ada")
    assert (ticket.status, ticket.updated_at) == (status, now + HOUR)


def test_one_edit_may_close_and_say_why(ticket: Ticket, ada: Actor, now: datetime) -> None:
    ticket.edit(ada, TicketEdit(status=Status.CLOSED, resolution=Resolution.SPAM), now)

    assert (ticket.status, ticket.resolution) == (Status.CLOSED, Resolution.SPAM)


def test_what_closes_by_itself_or_by_a_click_keeps_why_it_was_resolved(
    ticket: Ticket, carla: Actor, ada: Actor, now: datetime
) -> None:
    ticket.edit(ada, TicketEdit(status=Status.RESOLVED, resolution=Resolution.DUPLICATE), now)
    another = ticket.model_copy(deep=True)

    ticket.lapse()
    another.close(carla, now)

    assert ticket.resolution is another.resolution is Resolution.DUPLICATE


@pytest.mark.parametrize("status", [Status.OPEN, Status.PENDING, Status.ON_HOLD])
def test_what_is_not_done_has_no_resolution(ticket: Ticket, ada: Actor, now: datetime, status: Status) -> None:
    ticket.change_status(ada, status, now)
    before = ticket.model_dump()

    with pytest.raises(TicketNotDoneError, match="T-1 is not done yet"):
        ticket.edit(ada, TicketEdit(resolution=Resolution.SPAM), now)

    assert ticket.model_dump() == before


def test_closing_what_is_resolved_keeps_when_it_was_resolved(ticket: Ticket, ada: Actor, now: datetime) -> None:
    ticket.change_status(ada, Status.RESOLVED, now + HOUR)

    ticket.close(ada, now + 2 * HOUR)

    assert (ticket.resolved_at, ticket.closed_at) == (now + HOUR, now + 2 * HOUR)


@pytest.mark.parametrize("status", [Status.RESOLVED, Status.CLOSED])
def test_reopening_forgets_that_it_was_done(
    ticket: Ticket, carla: Actor, ada: Actor, now: datetime, status: Status
) -> None:
    ticket.change_status(ada, status, now)

    ticket.reopen(carla, now + HOUR)

    assert ticket.status is Status.OPEN
    assert (ticket.resolution, ticket.resolved_at, ticket.closed_at) == (None, None, None)
    assert last_change(ticket) == ("status", status, "open", "carla")


@pytest.mark.parametrize("status", [Status.OPEN, Status.PENDING, Status.ON_HOLD])
def test_what_is_not_done_cannot_be_reopened(ticket: Ticket, ada: Actor, now: datetime, status: Status) -> None:
    ticket.change_status(ada, status, now)

    assert not ticket.can_be_reopened(ada, now)
    with pytest.raises(TransitionError, match="cannot become open"):
        ticket.reopen(ada, now)


def test_requesters_have_fourteen_days_to_reopen_and_agents_any_time(
    ticket: Ticket, carla: Actor, ada: Actor, now: datetime
) -> None:
    ticket.close(ada, now)
    last_moment = now + 14 * DAY
    too_late = last_moment + timedelta(microseconds=1)

    assert ticket.can_be_reopened(carla, last_moment)
    assert not ticket.can_be_reopened(carla, too_late)
    assert ticket.can_be_reopened(ada, too_late)
    with pytest.raises(ReopenWindowError, match=r"closed more than 14 days ago\. Please open a new ticket\."):
        ticket.reopen(carla, too_late)
    ticket.reopen(ada, too_late)
    assert ticket.status is Status.OPEN


def test_what_is_resolved_can_be_reopened_at_any_age(ticket: Ticket, carla: Actor, ada: Actor, now: datetime) -> None:
    ticket.change_status(ada, Status.RESOLVED, now)

    assert ticket.can_be_reopened(carla, now + 30 * DAY)


def test_what_stays_resolved_is_closed_as_of_the_seventh_day(ticket: Ticket, ada: Actor, now: datetime) -> None:
    ticket.change_status(ada, Status.RESOLVED, now)

    ticket.lapse()

    assert ticket.status is Status.CLOSED
    assert ticket.resolved_at == now
    assert ticket.closed_at == ticket.updated_at == now + 7 * DAY
    assert last_change(ticket) == ("status", "resolved", "closed", SYSTEM)


def test_each_event_says_which_way_it_came_in(carla: Actor, ada: Actor, now: datetime) -> None:
    ticket = Ticket.open(1, "carla", "No dial tone", "Dead.", TicketCategory.NETWORK, now, Source.MAIL)
    ticket.change_status(ada, Status.PENDING, now)
    ticket.reply(replace(carla, source=Source.API), "Still dead.", now)
    ticket.change_status(ada, Status.RESOLVED, now)
    ticket.lapse()

    assert [(event.new, event.source) for event in ticket.events] == [
        (None, Source.MAIL),
        ("pending", Source.UI),
        ("open", Source.API),
        ("resolved", Source.UI),
        ("closed", Source.RULE),
    ]


def test_an_event_of_before_there_were_sources_is_taken_to_be_a_persons(ticket: Ticket) -> None:
    older = ticket.model_dump()
    del older["events"][0]["source"]

    assert Ticket.model_validate(older) == ticket


@pytest.mark.parametrize("status", [Status.OPEN, Status.PENDING, Status.ON_HOLD, Status.CLOSED])
def test_nothing_else_lapses(ticket: Ticket, ada: Actor, now: datetime, status: Status) -> None:
    ticket.change_status(ada, status, now)
    before = ticket.model_dump()

    ticket.lapse()

    assert ticket.model_dump() == before


def test_time_never_runs_backwards_in_a_ticket(ticket: Ticket, ada: Actor, now: datetime) -> None:
    ticket.reply(ada, "From a machine with a slow clock.", now - HOUR)

    assert ticket.updated_at == ticket.public_updated_at == now


def test_a_requester_gets_nothing_of_a_note(ticket: Ticket, ada: Actor, now: datetime) -> None:
    before = ticket.for_requester()

    ticket.note(ada, "CONFIDENTIAL", now + HOUR)
    ticket.edit(ada, TicketEdit(tags=("confidential",)), now + 2 * HOUR)

    assert ticket.for_requester() == before
    assert "confidential" not in ticket.for_requester().model_dump_json().casefold()
    assert ticket.updated_at == now + 2 * HOUR
    assert [message.kind for message in ticket.messages] == [MessageKind.REPLY, MessageKind.NOTE]
    assert ticket.public_messages() == before.messages


def test_a_requester_gets_no_field_that_this_version_does_not_know(ticket: Ticket) -> None:
    newer = ticket.model_dump() | {"mood": "CONFIDENTIAL"}
    newer["messages"][0]["sentiment"] = "CONFIDENTIAL"
    newer["events"][0]["rule"] = "CONFIDENTIAL"

    stored = Ticket.model_validate(newer)

    assert "CONFIDENTIAL" in stored.model_dump_json()
    assert "CONFIDENTIAL" not in stored.for_requester().model_dump_json()


def test_an_event_that_this_version_does_not_know_is_for_agents_only(ticket: Ticket, now: datetime) -> None:
    newer = Event(field="mood", old="calm", new="CONFIDENTIAL", by="ada", at=now)
    ticket.events.append(newer)

    assert newer in ticket.events
    assert [event.field for event in ticket.for_requester().events] == ["opened"]


def follow_up(former: Ticket, actor: Actor, now: datetime) -> Ticket:
    """Open the follow-up T-2."""
    return former.follow_up(2, actor, "Dead again", "The line, once more.", TicketCategory.NETWORK, now)


def test_a_follow_up_and_its_ticket_name_each_other(ticket: Ticket, carla: Actor, now: datetime) -> None:
    ticket.close(carla, now)

    after = follow_up(ticket, carla, now + HOUR)

    assert (after.follows, after.title, after.requester, after.watchers) == (1, "Dead again", "carla", [])
    assert ticket.goes_on_in == [2]
    assert last_change(ticket) == ("follow_up", None, "2", "carla")
    assert (ticket.status, ticket.updated_at) == (Status.CLOSED, now)


@pytest.mark.parametrize("status", [Status.OPEN, Status.PENDING, Status.ON_HOLD, Status.RESOLVED])
def test_only_what_is_closed_is_followed_up(ticket: Ticket, ada: Actor, now: datetime, status: Status) -> None:
    ticket.change_status(ada, status, now)
    before = ticket.model_dump()

    with pytest.raises(TicketNotClosedError, match=r"T-1 is not closed\. Please go on there\."):
        follow_up(ticket, ada, now)

    assert ticket.model_dump() == before


def test_a_follow_up_is_a_matter_of_the_same_people(
    ticket: Ticket, carla: Actor, oskar: Actor, ada: Actor, now: datetime
) -> None:
    ticket.watchers = ["oskar", "root"]
    ticket.close(ada, now)

    people = {
        actor.username: (after.requester, sorted(after.watchers), after.messages[0].author, after.events[0].by)
        for actor in (carla, oskar, ada)
        for after in [follow_up(ticket, actor, now)]
    }

    assert people == {
        "carla": ("carla", ["oskar", "root"], "carla", "carla"),
        "oskar": ("oskar", ["carla", "root"], "oskar", "oskar"),
        "ada": ("carla", ["oskar", "root"], "ada", "ada"),
    }


def test_a_requester_learns_of_related_tickets_only_if_they_may_see_them(
    ticket: Ticket, carla: Actor, now: datetime
) -> None:
    ticket.close(carla, now)
    follow_up(ticket, carla, now)
    ticket.follows, ticket.merged_into = 7, 8

    assert ticket.related() == {2, 7, 8}
    assert ticket.for_requester().related() == set()
    assert ticket.for_requester({2, 8}).related() == {2, 8}
    assert ticket.for_requester({2, 7, 8}).related() == {2, 7, 8}


def test_what_a_requester_gets_is_a_copy(ticket: Ticket) -> None:
    shown = ticket.for_requester()

    shown.messages.append(Message(author="oskar", text="Forged.", at=ticket.opened_at))
    shown.events.clear()

    assert len(ticket.messages) == 1
    assert len(ticket.events) == 1


def test_a_watcher_counts_as_the_requesters_side(ticket: Ticket, ada: Actor, now: datetime) -> None:
    watcher = Actor("oskar", "Oskar Ortmann", Role.USER)
    ticket.watchers = ["oskar"]
    ticket.change_status(ada, Status.PENDING, now)

    ticket.reply(watcher, "I have the same.", now + HOUR)

    assert ticket.status is Status.OPEN
    assert ticket.first_response_at is None


# Who watches


def test_an_agent_watches_a_ticket_and_stops_and_leaves_no_trace_in_its_history(
    ticket: Ticket, ada: Actor, carla: Actor
) -> None:
    before = ticket.steps
    ticket.watch(ada)
    ticket.watch(ada)
    assert (ticket.followers, ticket.is_watched_by("ada")) == (["ada"], True)

    ticket.stop_watching("ada")
    ticket.stop_watching("ada")
    assert (ticket.followers, ticket.muted, ticket.is_watched_by("ada")) == ([], ["ada"], False)

    ticket.stop_watching("carla")
    ticket.watch(carla)
    assert (ticket.followers, ticket.muted, ticket.is_watched_by("carla")) == ([], ["ada"], True)
    assert ticket.steps == before


def test_whoever_works_on_it_watches_it(ticket: Ticket) -> None:
    ticket.assignee = "ada"
    ticket.stop_watching("ada")

    assert ticket.is_watched_by("ada")


def test_a_watcher_is_added_and_removed_and_the_history_says_so(ticket: Ticket, ada: Actor, now: datetime) -> None:
    ticket.stop_watching("oskar")
    for _ in range(2):
        ticket.add_watcher("oskar", ada, now)
        ticket.add_watcher("carla", ada, now)
    assert (ticket.watchers, ticket.muted) == (["oskar"], [])

    for _ in range(2):
        ticket.remove_watcher("oskar", ada, now)
    assert ticket.watchers == []
    changes = [(event.old, event.new) for event in ticket.events if event.field == "watcher"]
    assert changes == [(None, "oskar"), ("oskar", None)]


def test_a_ticket_has_at_most_20_watchers(ticket: Ticket, ada: Actor, now: datetime) -> None:
    for place in range(20):
        ticket.add_watcher(f"user{place}", ada, now)

    with pytest.raises(TooManyWatchersError):
        ticket.add_watcher("oskar", ada, now)


def test_a_requester_learns_of_no_follower_and_of_nobody_elses_wish(ticket: Ticket, ada: Actor) -> None:
    ticket.watch(ada)
    ticket.watchers = ["oskar"]
    for username in ("carla", "oskar"):
        ticket.stop_watching(username)

    shown = ticket.for_requester(reader="carla")

    assert (shown.followers, shown.muted, shown.watchers) == ([], ["carla"], ["oskar"])
