"""Links by which somebody stops watching a ticket: for one person and one ticket of one desk, and for nothing else."""

import pytest

from ticketing.domain.errors import WatchLinkError
from ticketing.domain.tickets import Ticket
from ticketing.domain.watch_links import WatchLink

KEY = bytes(range(32))


def test_a_link_is_read_as_it_was_written_and_opens_its_ticket_for_its_person(ticket: Ticket) -> None:
    link = WatchLink.of(KEY, ticket, "carla")

    assert WatchLink.read(link.token) == link
    assert link.opens(KEY, ticket, "carla")
    assert "carla" not in link.token


def test_a_link_opens_nothing_for_another_person_at_another_desk_or_of_another_ticket(ticket: Ticket) -> None:
    link = WatchLink.of(KEY, ticket, "carla")

    assert not link.opens(KEY, ticket, "oskar")
    assert not link.opens(bytes(32), ticket, "carla")
    assert not link.opens(KEY, ticket.model_copy(update={"id": "2"}), "carla")


@pytest.mark.parametrize("token", ["", "1", "1-", f"0-{'a' * 32}", f"1-{'A' * 32}", f"1-{'a' * 33}", f"{'9' * 40}-a"])
def test_what_is_no_link_is_refused(token: str) -> None:
    with pytest.raises(WatchLinkError):
        WatchLink.read(token)
