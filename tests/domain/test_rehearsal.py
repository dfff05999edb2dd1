"""How a ticket stood at each moment of its past, where its own history does not tell all of it."""

from datetime import datetime, timedelta

from ticketing.domain.people import Actor
from ticketing.domain.rehearsal import Past, replayed, times_followed
from ticketing.domain.rules import Rule, Trigger
from ticketing.domain.statuses import Status
from ticketing.domain.tickets import Ticket

DAY = timedelta(days=1)


def test_what_came_in_closed_was_so_from_the_first(ticket: Ticket, ada: Actor, now: datetime) -> None:
    ticket.status, ticket.resolved_at, ticket.closed_at = Status.CLOSED, now + DAY, now + DAY

    (scene,) = replayed(ticket, now, {})
    assert (scene.ticket.status, scene.ticket.resolved_at) == (Status.CLOSED, now + DAY)

    ticket.reopen(ada, now + 2 * DAY)
    first, second = ((one.ticket.status, one.ticket.resolved_at) for one in replayed(ticket, now, {}))
    assert first == (Status.CLOSED, now)
    assert second == (Status.OPEN, None)


def test_a_clock_that_ran_backwards_puts_nothing_before_the_opening(ticket: Ticket, ada: Actor, now: datetime) -> None:
    ticket.note(ada, "Hm.", now - DAY)
    ticket.note(ada, "Hm!", now + DAY)

    assert next(scene.until for scene in replayed(ticket, now, {})) == now + DAY


def test_nothing_becomes_as_old_as_some_ages_and_that_is_no_error(ticket: Ticket, now: datetime) -> None:
    past = Past(now - DAY, now + DAY, [], {}, {}, lambda _: None)

    def times(query: str) -> list[datetime]:
        return times_followed(Rule(name="Old", trigger=Trigger.TIME, query=query), ticket, past)

    assert times("created:>9999y") == times("due:>9999y") == []
    assert times("created:>5h is:new,overdue") == [now + timedelta(hours=5, microseconds=1)]
    assert times("created:yesterday") == [datetime(2026, 3, 3, tzinfo=now.tzinfo)]


def test_a_past_begins_with_what_somebody_did_last_before_it(ticket: Ticket, ada: Actor, now: datetime) -> None:
    for days in (1, 2, 3):
        ticket.note(ada, f"Day {days}.", now + days * DAY)

    scenes = [scene.news.at for scene in replayed(ticket, now + 2 * DAY, {})]

    assert scenes == [now + 2 * DAY, now + 3 * DAY]
