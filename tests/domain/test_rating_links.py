"""Links by which a resolution is rated: for one resolution, of one desk, and for nothing else."""

from datetime import datetime, timedelta

import pytest

from ticketing.domain.errors import RatingLinkError
from ticketing.domain.people import Actor
from ticketing.domain.rating_links import RatingLink
from ticketing.domain.tickets import Ticket

KEY = bytes(range(32))


@pytest.fixture
def link(ticket: Ticket, ada: Actor, now: datetime) -> RatingLink:
    ticket.close(ada, now)
    found = RatingLink.of(KEY, ticket)
    assert found is not None
    return found


def test_a_ticket_that_is_not_done_has_none(ticket: Ticket) -> None:
    assert RatingLink.of(KEY, ticket) is None


def test_a_link_is_read_as_it_was_written_and_opens_its_resolution(link: RatingLink, ticket: Ticket) -> None:
    assert RatingLink.read(link.token) == link
    assert link.opens(KEY, ticket)


def test_a_link_opens_no_later_resolution(link: RatingLink, ticket: Ticket, ada: Actor, now: datetime) -> None:
    ticket.reopen(ada, now + timedelta(hours=1))
    assert not link.opens(KEY, ticket)

    ticket.close(ada, now + timedelta(hours=2))
    assert not link.opens(KEY, ticket)


def test_a_link_opens_nothing_at_another_desk_or_for_another_requester(link: RatingLink, ticket: Ticket) -> None:
    assert not link.opens(bytes(32), ticket)
    ticket.requester = "oskar"
    assert not link.opens(KEY, ticket)


@pytest.mark.parametrize("token", ["", "1", "1-", f"0-{'a' * 32}", f"1-{'A' * 32}", f"1-{'a' * 33}", f"{'9' * 40}-a"])
def test_what_is_no_link_is_refused(token: str) -> None:
    with pytest.raises(RatingLinkError):
        RatingLink.read(token)
