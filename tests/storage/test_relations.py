"""Merged, linked and split tickets in every kind of store: lists, counts and searches tell what the tickets hold."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.storage.conftest import NOW, FileTicket, Register, make_ticket
from ticketing.domain.linking import link, unlink
from ticketing.domain.links import LinkKind
from ticketing.domain.merging import merge, split, unmerge
from ticketing.domain.people import Actor, Role
from ticketing.domain.queries import Audience, TicketQuery, TicketSummary
from ticketing.domain.store import Store
from ticketing.domain.tickets import Ticket
from ticketing.storage.sql.checking import check
from ticketing.storage.sql.sql_store import SqlStore

HOUR = timedelta(hours=1)
ADA = Actor("ada", "Ada Albers", Role.AGENT)
AGENT = Audience(username="ada", sees_all=True)
CARLA = Audience(username="carla", sees_all=False)
OSKAR = Audience(username="oskar", sees_all=False)

Join = Callable[[Ticket, Ticket], object]


@pytest.fixture
def two(file_ticket: FileTicket, register: Register, store: Store) -> None:
    """Let Carla open T-1, and Oskar, an hour before, T-2, in which there is a note."""
    register("carla")
    register("oskar")
    file_ticket("No dial tone", "carla", description="The line is dead.")
    file_ticket("Phone dead", "oskar", description="No sound at all.", age=1)
    both(store, lambda _, second: second.note(ADA, "Replace the headset.", NOW))


def both(store: Store, join: Join) -> None:
    """Do something with T-1 and T-2 in one transaction."""
    with store.write() as tx:
        first, second = (tx.tickets.find(number) for number in (1, 2))
        assert first is not None
        assert second is not None
        join(first, second)
        tx.tickets.save(first)
        tx.tickets.save(second)


def merge_second_into_first(first: Ticket, second: Ticket) -> None:
    merge(second, first, ADA, NOW + HOUR)


def take_it_back(first: Ticket, second: Ticket) -> None:
    unmerge(second, first, ADA, NOW + 2 * HOUR)


def found(store: Store, audience: Audience, text: str) -> list[int]:
    """Return the numbers that a search finds, lowest first."""
    with store.read() as tx:
        return sorted(line.number for line in tx.tickets.search(audience, TicketQuery(needles=(text,))).items)


def line(store: Store, audience: Audience, number: int) -> TicketSummary:
    """Return what a list says of a ticket."""
    with store.read() as tx:
        items = tx.tickets.search(audience, TicketQuery()).items
    return next(item for item in items if item.number == number)


@pytest.mark.usefixtures("two")
def test_merged_texts_are_found_in_the_target_and_notes_by_agents_only(store: Store) -> None:
    both(store, merge_second_into_first)

    assert found(store, AGENT, "no sound") == [1, 2]
    assert found(store, CARLA, "no sound") == [1]
    assert found(store, OSKAR, "line is dead") == [1]
    assert found(store, AGENT, "headset") == [1, 2]
    assert found(store, CARLA, "headset") == found(store, OSKAR, "headset") == []


@pytest.mark.usefixtures("two")
def test_lists_count_what_was_merged_and_know_the_new_readers(store: Store) -> None:
    both(store, merge_second_into_first)

    assert (line(store, AGENT, 1).messages, line(store, CARLA, 1).messages) == (3, 2)
    assert line(store, OSKAR, 1).unread
    assert (line(store, AGENT, 2).status, line(store, AGENT, 2).messages) == ("closed", 2)
    assert line(store, AGENT, 1).is_new


@pytest.mark.usefixtures("two")
def test_after_undoing_nothing_of_it_is_left(store: Store) -> None:
    with store.read() as tx:
        before = tx.tickets.search(AGENT, TicketQuery()).items
    both(store, merge_second_into_first)

    both(store, take_it_back)

    assert found(store, AGENT, "no sound") == [2]
    assert found(store, CARLA, "no sound") == found(store, OSKAR, "line is dead") == []
    with store.read() as tx:
        after = tx.tickets.search(AGENT, TicketQuery()).items
    same = [item._replace(updated_at=NOW) for item in after]
    assert sorted(same) == sorted(item._replace(updated_at=NOW) for item in before)


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("kind", LinkKind)
def test_a_list_reads_a_linked_ticket_as_any_other(store: Store, kind: LinkKind) -> None:
    before = line(store, AGENT, 2)

    both(store, lambda first, second: link(first, kind, second, ADA, NOW, lambda _: None))
    linked = line(store, AGENT, 2)
    with store.read() as tx:
        held = tx.tickets.find(2)
    both(store, lambda first, second: unlink(first, kind, second, ADA, NOW))

    assert linked == line(store, AGENT, 2) == before
    assert held is not None
    assert [(each.number, each.kind) for each in held.links] == [(1, kind.inverse)]


@pytest.mark.usefixtures("two")
def test_a_split_off_ticket_is_found_by_the_words_of_its_message(store: Store) -> None:
    with store.write() as tx:
        first = tx.tickets.find(1)
        assert first is not None
        first.reply(ADA, "Does the printer work?", NOW)
        made = split(first, first.messages[-1].mark, tx.tickets.next_number(), "Printer", ADA, NOW)
        tx.tickets.save(first)
        tx.tickets.save(made)

    assert found(store, CARLA, "does the printer") == [1, 3]
    assert found(store, OSKAR, "printer") == []
    assert line(store, CARLA, 3).messages == 1


def test_a_ticket_comes_back_with_all_its_relations(store: Store) -> None:
    first, second, third = (make_ticket(number, requester="carla") for number in (1, 2, 3))
    merge(second, first, ADA, NOW)
    link(first, LinkKind.PARENT_OF, third, ADA, NOW, lambda _: None)
    with store.write() as tx:
        for ticket in (first, second, third):
            tx.tickets.save(ticket)

    with store.read() as tx:
        assert list(tx.tickets.stream()) == [first, second, third]


def test_what_most_tickets_have_none_of_takes_no_room_in_their_documents() -> None:
    written = make_ticket(1).model_dump_json(exclude_none=True)

    assert [field for field in ("links", "merged", "split_from", "origin", "before_merge") if field in written] == []
    assert Ticket.model_validate_json(written) == make_ticket(1)


def test_what_a_database_keeps_beside_the_documents_stays_what_they_say(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'desk.sqlite'}"
    store = SqlStore(address)
    with store.write() as tx:
        for number in (1, 2):
            tx.tickets.save(make_ticket(tx.tickets.next_number(), requester=f"carla{number}"))
    both(store, merge_second_into_first)
    check(address)

    both(store, take_it_back)
    store.close()

    check(address)
