"""What tickets are to each other: both sides know it, and no chain comes back to where it began."""

from collections.abc import Callable
from datetime import datetime

import pytest

from ticketing.domain.errors import LinkCycleError, SameTicketError, TicketMergedError, TooManyLinksError
from ticketing.domain.linking import is_linked, link, unlink
from ticketing.domain.links import LINKS_LIMIT, LinkKind
from ticketing.domain.merging import merge
from ticketing.domain.people import Actor
from ticketing.domain.tickets import Ticket

Desk = dict[int, Ticket]
Join = Callable[[int, LinkKind, int], bool]


@pytest.fixture
def desk(ticket: Ticket) -> Desk:
    """Return four tickets of Carla's."""
    return {number: ticket.model_copy(update={"id": str(number)}, deep=True) for number in (1, 2, 3, 4)}


@pytest.fixture
def join(desk: Desk, ada: Actor, now: datetime) -> Join:
    """Return how Ada links two of them."""
    return lambda one, kind, other: link(desk[one], kind, desk[other], ada, now, desk.get)


def links(ticket: Ticket) -> list[tuple[LinkKind, int]]:
    """Return what a ticket is to which others."""
    return [(each.kind, each.number) for each in ticket.links]


@pytest.mark.parametrize(
    ("kind", "other_side"),
    [
        (LinkKind.RELATED, LinkKind.RELATED),
        (LinkKind.BLOCKS, LinkKind.BLOCKED_BY),
        (LinkKind.BLOCKED_BY, LinkKind.BLOCKS),
        (LinkKind.PARENT_OF, LinkKind.CHILD_OF),
        (LinkKind.CHILD_OF, LinkKind.PARENT_OF),
    ],
)
def test_both_sides_hold_the_link_and_tell_of_it_once(
    desk: Desk, join: Join, kind: LinkKind, other_side: LinkKind
) -> None:
    assert join(1, kind, 2)

    assert (links(desk[1]), links(desk[2])) == ([(kind, 2)], [(other_side, 1)])
    for number, side, other in ((1, kind, "2"), (2, other_side, "1")):
        event = desk[number].events[-1]
        assert (event.field, event.old, event.new, event.by) == (side, None, other, "ada")
        assert len(desk[number].events) == 2


@pytest.mark.parametrize("kind", LinkKind)
def test_taking_a_link_away_from_either_side_takes_it_from_both(
    desk: Desk, join: Join, ada: Actor, now: datetime, kind: LinkKind
) -> None:
    join(1, kind, 2)
    join(1, LinkKind.RELATED, 3)

    assert unlink(desk[2], kind.inverse, desk[1], ada, now)

    assert (links(desk[1]), links(desk[2])) == ([(LinkKind.RELATED, 3)], [])
    assert (desk[1].events[-1].field, desk[1].events[-1].old, desk[1].events[-1].new) == (kind, "2", None)


def test_what_is_linked_already_and_what_was_never_is_no_change(
    desk: Desk, join: Join, ada: Actor, now: datetime
) -> None:
    join(1, LinkKind.BLOCKS, 2)
    before = {number: ticket.model_dump() for number, ticket in desk.items()}

    assert not join(1, LinkKind.BLOCKS, 2)
    assert not join(2, LinkKind.BLOCKED_BY, 1)
    assert not unlink(desk[1], LinkKind.RELATED, desk[2], ada, now)

    assert {number: ticket.model_dump() for number, ticket in desk.items()} == before


def test_two_tickets_can_be_several_things_to_each_other(desk: Desk, join: Join) -> None:
    join(1, LinkKind.BLOCKS, 2)
    join(1, LinkKind.PARENT_OF, 2)
    join(1, LinkKind.RELATED, 2)

    assert is_linked(desk[2], LinkKind.CHILD_OF, 1)
    assert len(desk[2].links) == 3


@pytest.mark.parametrize("kind", [LinkKind.BLOCKS, LinkKind.BLOCKED_BY, LinkKind.PARENT_OF, LinkKind.CHILD_OF])
def test_no_chain_comes_back_to_where_it_began(desk: Desk, join: Join, kind: LinkKind) -> None:
    join(1, kind, 2)
    join(2, kind, 3)
    join(2, kind, 4)
    before = desk[3].model_dump()

    for other in (1, 2):
        with pytest.raises(LinkCycleError, match=f"Links lead from T-{other} to T-3 already"):
            join(3, kind, other)
    with pytest.raises(LinkCycleError):
        join(1, kind.inverse, 4)

    assert desk[3].model_dump() == before
    assert join(1, kind, 3)


def test_related_tickets_may_stand_in_a_circle(join: Join) -> None:
    assert join(1, LinkKind.RELATED, 2)
    assert join(2, LinkKind.RELATED, 3)
    assert join(3, LinkKind.RELATED, 1)


def test_one_that_cannot_be_fetched_ends_a_chain(desk: Desk, join: Join) -> None:
    join(2, LinkKind.BLOCKS, 3)
    del desk[3]

    assert join(1, LinkKind.BLOCKS, 2)


def test_nothing_is_linked_to_itself_or_to_what_goes_on_elsewhere(
    desk: Desk, join: Join, ada: Actor, now: datetime
) -> None:
    merge(desk[2], desk[3], ada, now)

    with pytest.raises(SameTicketError, match="T-1 is the ticket itself"):
        join(1, LinkKind.RELATED, 1)
    for one, other in ((1, 2), (2, 1)):
        with pytest.raises(TicketMergedError, match="T-2 was merged into T-3"):
            join(one, LinkKind.RELATED, other)


def test_a_ticket_carries_so_many_links(desk: Desk, join: Join) -> None:
    for number in range(5, 5 + LINKS_LIMIT):
        desk[number] = desk[4].model_copy(update={"id": str(number)}, deep=True)
        join(2, LinkKind.RELATED, number)

    with pytest.raises(TooManyLinksError, match=f"T-2 has {LINKS_LIMIT} links"):
        join(1, LinkKind.RELATED, 2)

    assert desk[1].links == []
    assert len(desk[1].events) == 1


def test_a_closed_ticket_can_be_linked(desk: Desk, join: Join, ada: Actor, now: datetime) -> None:
    desk[1].close(ada, now)

    assert join(1, LinkKind.RELATED, 2)


def test_a_requester_learns_of_no_link(desk: Desk, join: Join) -> None:
    join(1, LinkKind.RELATED, 2)
    join(1, LinkKind.CHILD_OF, 3)

    shown = desk[1].for_requester({2, 3})

    assert desk[1].related() == {2, 3}
    assert (shown.links, shown.related()) == ([], set())
    assert {event.field for event in shown.events} == {"opened"}
    assert shown.updated_at == desk[1].opened_at
