"""Which status leads to which, as a table; what each counts as."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from ticketing.domain.errors import TicketClosedError, TransitionError
from ticketing.domain.people import Actor
from ticketing.domain.statuses import REOPEN_WITHIN, RESOLVED_FOR, TRANSITIONS, Priority, Status, StatusCategory
from ticketing.domain.tickets import Ticket

# From each status (down) to each other (across): + leads there, - does not.
ARROWS = """
              open  pending  on_hold  resolved  closed
    open       =       +        +        +        +
    pending    +       =        +        +        +
    on_hold    +       +        =        +        +
    resolved   +       -        -        =        +
    closed     +       -        -        -        =
"""


def arrows() -> list[tuple[Status, Status, str]]:
    """Read the table above."""
    heading, *lines = [line.split() for line in ARROWS.strip().splitlines()]
    return [(Status(line[0]), Status(new), mark) for line in lines for new, mark in zip(heading, line[1:], strict=True)]


def in_status(ticket: Ticket, status: Status, agent: Actor, now: datetime) -> Ticket:
    """Bring a fresh ticket into a status."""
    ticket.change_status(agent, status, now)
    return ticket


def test_the_table_names_every_pair_once() -> None:
    pairs = [(old, new) for old, new, _ in arrows()]

    assert len(pairs) == len(set(pairs)) == len(Status) ** 2
    assert {(old, new) for old in Status for new in TRANSITIONS[old]} == {
        (old, new) for old, new, mark in arrows() if mark == "+"
    }


@pytest.mark.parametrize(("old", "new"), [(old, new) for old, new, mark in arrows() if mark == "+"])
def test_an_arrow_leads_there_and_leaves_one_event(
    ticket: Ticket, ada: Actor, now: datetime, old: Status, new: Status
) -> None:
    in_status(ticket, old, ada, now)
    events = len(ticket.events)

    ticket.change_status(ada, new, now + timedelta(hours=1))

    assert ticket.status is new
    (event,) = ticket.events[events:]
    assert (event.field, event.old, event.new, event.by) == ("status", old, new, "ada")
    assert event.at == ticket.updated_at == now + timedelta(hours=1)


@pytest.mark.parametrize(("old", "new"), [(old, new) for old, new, mark in arrows() if mark == "-"])
def test_where_no_arrow_leads_nothing_changes(
    ticket: Ticket, ada: Actor, now: datetime, old: Status, new: Status
) -> None:
    in_status(ticket, old, ada, now)
    before = ticket.model_dump()

    with pytest.raises(TicketClosedError if old is Status.CLOSED else TransitionError):
        ticket.change_status(ada, new, now + timedelta(hours=1))

    assert ticket.model_dump() == before


@pytest.mark.parametrize("status", Status)
def test_the_status_it_has_is_no_change(ticket: Ticket, ada: Actor, now: datetime, status: Status) -> None:
    in_status(ticket, status, ada, now)
    before = ticket.model_dump()

    ticket.change_status(ada, status, now + timedelta(hours=1))

    assert ticket.model_dump() == before


def test_a_refused_transition_names_both_statuses_in_words(ticket: Ticket, ada: Actor, now: datetime) -> None:
    in_status(ticket, Status.RESOLVED, ada, now)

    with pytest.raises(TransitionError, match=r"Ticket T-1 is resolved and cannot become on hold\."):
        ticket.change_status(ada, Status.ON_HOLD, now)


@pytest.mark.parametrize(
    ("status", "category", "label"),
    [
        (Status.OPEN, StatusCategory.OPEN, "open"),
        (Status.PENDING, StatusCategory.PAUSED, "pending"),
        (Status.ON_HOLD, StatusCategory.PAUSED, "on hold"),
        (Status.RESOLVED, StatusCategory.DONE, "resolved"),
        (Status.CLOSED, StatusCategory.DONE, "closed"),
    ],
)
def test_each_status_counts_as_one_category(status: Status, category: StatusCategory, label: str) -> None:
    assert status.category is category
    assert status.label == label


def test_priorities_rank_from_low_to_urgent() -> None:
    order = [Priority.LOW, Priority.NORMAL, Priority.HIGH, Priority.URGENT]

    assert all(lower.rank < higher.rank for lower, higher in pairwise(order))
    assert set(order) == set(Priority)


def test_the_times_that_were_promised() -> None:
    assert timedelta(days=7) == RESOLVED_FOR
    assert timedelta(days=14) == REOPEN_WITHIN
