"""Merging, linking and splitting tickets: what agents can do, and what others must not even learn."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.services.conftest import Clock
from ticketing.domain.errors import (
    LinkCycleError,
    MessageNotFoundError,
    PermissionDeniedError,
    SameTicketError,
    TicketMergedError,
    TicketNotFoundError,
    TicketNotMergedError,
    TooLongError,
)
from ticketing.domain.links import LinkKind
from ticketing.domain.people import Actor
from ticketing.domain.queries import TicketQuery
from ticketing.domain.statuses import Resolution, Status, TicketCategory
from ticketing.domain.tickets import TicketEdit
from ticketing.services.access import Gate
from ticketing.services.chores import Chores
from ticketing.services.relations import Relations
from ticketing.services.tickets import Tickets
from ticketing.storage.memory import MemoryStore

MINUTE = timedelta(minutes=1)

Everything = Callable[[], dict[str, object]]
Deed = Callable[[Relations, Actor], object]


ON_EVERY_STORE = True


@pytest.fixture
def tickets(store: MemoryStore, clock: Clock, gate: Gate) -> Tickets:
    return Tickets(store, clock, gate, Chores(store, clock, gate))


@pytest.fixture
def relations(store: MemoryStore, clock: Clock, gate: Gate) -> Relations:
    return Relations(store, clock, gate)


@pytest.fixture(autouse=True)
def two_matters(tickets: Tickets, carla: Actor, oskar: Actor, clock: Clock) -> None:
    """Let Carla open T-1 and reply to it, and Oskar open T-2, of the same matter."""
    tickets.open(carla, "No dial tone", "The line is dead.", TicketCategory.NETWORK)
    clock.advance(MINUTE)
    tickets.open(oskar, "Phone dead", "No sound at all.")
    clock.advance(MINUTE)
    tickets.reply(carla, 1, "The printer jams, too.")
    clock.advance(MINUTE)


def found(tickets: Tickets, actor: Actor, text: str) -> list[int]:
    """Return the numbers that a search finds, lowest first."""
    return sorted(line.number for line in tickets.search(actor, TicketQuery(needles=(text,))).items)


def unread(tickets: Tickets, actor: Actor, number: int) -> bool:
    """Whether the list shows somebody that there is news in a ticket."""
    return next(line.unread for line in tickets.search(actor, TicketQuery()).items if line.number == number)


# Who may

DEEDS: dict[str, Deed] = {
    "merge": lambda relations, actor: relations.merge(actor, 1, 2),
    "unmerge": lambda relations, actor: relations.unmerge(actor, 1),
    "link": lambda relations, actor: relations.link(actor, 1, LinkKind.RELATED, 2),
    "unlink": lambda relations, actor: relations.unlink(actor, 1, LinkKind.RELATED, 2),
    "split": lambda relations, actor: relations.split(actor, 1, "", "Another matter"),
}
WORDS = {"merge": "merge tickets", "unmerge": "merge tickets", "link": "link tickets", "unlink": "link tickets"}


@pytest.mark.parametrize("deed", DEEDS)
def test_z7_a_requester_may_not_even_with_their_own_ticket(
    relations: Relations, carla: Actor, everything: Everything, deed: str
) -> None:
    before = everything()

    with pytest.raises(PermissionDeniedError, match=f"You may not {WORDS.get(deed, 'split this ticket')}"):
        DEEDS[deed](relations, carla)

    assert everything() == before


@pytest.mark.parametrize("deed", DEEDS)
def test_another_requester_cannot_tell_whether_the_ticket_exists(
    relations: Relations, oskar: Actor, everything: Everything, deed: str
) -> None:
    before = everything()

    with pytest.raises(TicketNotFoundError, match="There is no ticket T-1 that you may see"):
        DEEDS[deed](relations, oskar)

    assert everything() == before


@pytest.mark.parametrize("who", ["ada", "root"])
def test_agents_and_admins_may(
    relations: Relations, tickets: Tickets, request: pytest.FixtureRequest, who: str
) -> None:
    actor: Actor = request.getfixturevalue(who)
    reply = tickets.get(actor, 1).messages[1]

    assert relations.link(actor, 1, LinkKind.RELATED, 2).links[0].number == 2
    assert relations.unlink(actor, 1, LinkKind.RELATED, 2).links == []
    assert relations.split(actor, 1, reply.mark, "Printer jams").label == "T-3"
    assert relations.merge(actor, 1, 2).label == "T-2"
    assert relations.unmerge(actor, 1).status is Status.OPEN


@pytest.mark.parametrize(
    "deed",
    [
        lambda relations, actor: relations.merge(actor, 1, 9),
        lambda relations, actor: relations.merge(actor, 9, 1),
        lambda relations, actor: relations.unmerge(actor, 9),
        lambda relations, actor: relations.link(actor, 1, LinkKind.BLOCKS, 9),
        lambda relations, actor: relations.unlink(actor, 1, LinkKind.BLOCKS, 9),
        lambda relations, actor: relations.split(actor, 9, "", "Title"),
    ],
    ids=["into nothing", "nothing", "unmerge nothing", "link", "unlink", "split"],
)
def test_a_ticket_that_is_not_there_is_named(
    relations: Relations, ada: Actor, everything: Everything, deed: Deed
) -> None:
    before = everything()

    with pytest.raises(TicketNotFoundError, match="There is no ticket T-9"):
        deed(relations, ada)

    assert everything() == before


# Merging


def test_whoever_asked_in_the_merged_ticket_reads_and_answers_in_the_other(
    relations: Relations, tickets: Tickets, carla: Actor, oskar: Actor, ada: Actor
) -> None:
    relations.merge(ada, 2, 1)

    seen = tickets.get(oskar, 1)
    assert [message.text for message in seen.messages] == [
        "The line is dead.",
        "No sound at all.",
        "The printer jams, too.",
    ]
    assert tickets.get(oskar, 2).merged_into == 1
    assert tickets.reply(oskar, 1, "Mine as well.").messages[-1].author == "oskar"
    assert [line.number for line in tickets.search(carla, TicketQuery()).items] == [1]
    with pytest.raises(TicketNotFoundError):
        tickets.get(carla, 2)


def test_the_one_whose_ticket_took_it_in_learns_no_number_that_is_not_theirs(
    relations: Relations, tickets: Tickets, carla: Actor, ada: Actor
) -> None:
    relations.merge(ada, 2, 1)

    shown = tickets.get(carla, 1)
    conversation = tickets.conversation(carla, 1)

    assert shown.related() == set()
    assert conversation.others == {}
    assert {event.field for event, _ in conversation.history()} == {"opened"}


def test_what_was_merged_is_found_where_it_stands_now(
    relations: Relations, tickets: Tickets, carla: Actor, ada: Actor
) -> None:
    relations.merge(ada, 2, 1)
    assert found(tickets, ada, "no sound") == [1, 2]
    assert found(tickets, carla, "no sound") == [1]

    relations.unmerge(ada, 2)

    assert found(tickets, ada, "no sound") == [2]
    assert found(tickets, carla, "no sound") == []


def test_a_note_of_the_merged_ticket_is_found_by_no_requester(
    relations: Relations, tickets: Tickets, carla: Actor, oskar: Actor, ada: Actor
) -> None:
    tickets.note(ada, 2, "zebra-marker")

    relations.merge(ada, 2, 1)

    assert found(tickets, ada, "zebra-marker") == [1, 2]
    for requester in (carla, oskar):
        assert found(tickets, requester, "zebra-marker") == []
        assert "zebra-marker" not in tickets.get(requester, 1).model_dump_json()


def test_the_history_of_both_is_told_in_order_of_time(
    relations: Relations, tickets: Tickets, ada: Actor, clock: Clock
) -> None:
    tickets.assign(ada, 2, "ada")
    clock.advance(MINUTE)
    tickets.assign(ada, 1, "ada")
    relations.merge(ada, 2, 1)

    told = [(ticket.number, event.field) for event, ticket in tickets.conversation(ada, 1).history()]

    assert told[:4] == [(1, "opened"), (2, "opened"), (2, "assignee"), (1, "assignee")]
    assert set(told[4:]) == {(1, "merged"), (2, "status"), (2, "resolution"), (2, "merged_into")}


def test_undoing_leaves_both_as_they_were_but_for_their_histories(
    relations: Relations, tickets: Tickets, ada: Actor, clock: Clock
) -> None:
    tickets.edit(ada, 2, TicketEdit(status=Status.RESOLVED, resolution=Resolution.WONT_FIX))
    changing = {"events", "version", "updated_at", "public_updated_at"}
    before = [tickets.get(ada, number).model_dump(exclude=changing) for number in (1, 2)]
    clock.advance(MINUTE)

    relations.merge(ada, 2, 1)
    clock.advance(MINUTE)
    relations.unmerge(ada, 2)

    assert [tickets.get(ada, number).model_dump(exclude=changing) for number in (1, 2)] == before


def test_a_merged_ticket_is_named_by_where_it_goes_on_in_the_end(
    relations: Relations, tickets: Tickets, carla: Actor, ada: Actor, everything: Everything
) -> None:
    tickets.open(carla, "All phones", "All dead.")
    relations.merge(ada, 1, 2)
    relations.merge(ada, 2, 3)
    tickets.open(carla, "Fax", "Dead.")
    before = everything()

    for one, other in ((1, 4), (4, 1)):
        with pytest.raises(TicketMergedError, match="T-1 was merged into T-3"):
            relations.merge(ada, one, other)
    with pytest.raises(TicketMergedError, match="T-2 was merged into T-3"):
        relations.unmerge(ada, 1)
    with pytest.raises(SameTicketError):
        relations.merge(ada, 4, 4)
    with pytest.raises(TicketNotMergedError):
        relations.unmerge(ada, 4)
    with pytest.raises(TicketMergedError):
        tickets.reply(carla, 1, "Hello?")

    assert everything() == before


def test_a_resolved_ticket_whose_days_are_over_is_merged_as_a_closed_one(
    relations: Relations, tickets: Tickets, ada: Actor, arrives: Callable[..., Actor], clock: Clock
) -> None:
    resolved_at = tickets.edit(ada, 2, TicketEdit(status=Status.RESOLVED)).resolved_at
    clock.advance(timedelta(days=8))
    ada = arrives(ada.username, ada.role)

    relations.merge(ada, 2, 1)
    again = relations.unmerge(ada, 2)

    assert (again.status, again.resolved_at) == (Status.CLOSED, resolved_at)


def test_the_same_request_twice_merges_once(relations: Relations, tickets: Tickets, ada: Actor) -> None:
    relations.merge(ada, 2, 1, key="k")

    assert relations.merge(ada, 2, 1, key="k").number == 1
    assert len(tickets.get(ada, 1).messages) == 3


def test_of_two_agents_who_merge_a_pair_both_ways_at_once_one_is_told_of_the_other(
    relations: Relations, tickets: Tickets, ada: Actor, root: Actor
) -> None:
    def attempt(actor: Actor, number: int, into: int) -> int:
        try:
            return relations.merge(actor, number, into).number
        except TicketMergedError:
            return 0

    with ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(attempt, *what).result for what in ((ada, 1, 2), (root, 2, 1))]

    assert sorted(answer() for answer in answers) in ([0, 1], [0, 2])
    assert sorted(tickets.get(ada, number).merged_into or 0 for number in (1, 2)) in ([0, 1], [0, 2])


# What was read


def test_what_a_merge_brings_is_news(relations: Relations, tickets: Tickets, ada: Actor, root: Actor) -> None:
    tickets.mark_seen(root, 1, 2)
    assert not unread(tickets, root, 1)

    relations.merge(ada, 2, 1)

    assert unread(tickets, root, 1)


@pytest.mark.parametrize("has_looked", [True, False], ids=["who has looked meanwhile", "who has not"])
@pytest.mark.parametrize("who", ["root", "oskar"])
def test_undoing_hides_no_news_and_makes_none(
    relations: Relations, tickets: Tickets, ada: Actor, request: pytest.FixtureRequest, who: str, *, has_looked: bool
) -> None:
    reader: Actor = request.getfixturevalue(who)
    tickets.note(ada, 1, "A note.")
    tickets.reply(ada, 2, "Which phone?")
    tickets.mark_seen(reader, 2, 9)
    relations.merge(ada, 1, 2)
    if has_looked:
        tickets.mark_seen(reader, 2, 9)

    relations.unmerge(ada, 1)
    assert not unread(tickets, reader, 2)
    tickets.reply(ada, 2, "Or is it the line?")

    assert unread(tickets, reader, 2)


def test_what_came_after_the_merge_and_was_not_read_stays_news(
    relations: Relations, tickets: Tickets, ada: Actor, root: Actor, clock: Clock
) -> None:
    relations.merge(ada, 2, 1)
    tickets.mark_seen(root, 1, 9)
    clock.advance(MINUTE)
    tickets.reply(ada, 1, "We are on it.")

    relations.unmerge(ada, 2)

    assert unread(tickets, root, 1)


# Linking and splitting


def test_a_link_is_saved_on_both_sides_and_taken_from_both(relations: Relations, tickets: Tickets, ada: Actor) -> None:
    relations.link(ada, 1, LinkKind.BLOCKS, 2)
    assert [link.kind for link in tickets.get(ada, 2).links] == [LinkKind.BLOCKED_BY]
    assert tickets.conversation(ada, 1).others[2].title == "Phone dead"

    relations.unlink(ada, 2, LinkKind.BLOCKED_BY, 1)

    assert tickets.get(ada, 1).links == tickets.get(ada, 2).links == []


def test_what_is_no_change_saves_nothing(relations: Relations, ada: Actor, everything: Everything) -> None:
    relations.link(ada, 1, LinkKind.BLOCKS, 2)
    before = everything()

    relations.link(ada, 2, LinkKind.BLOCKED_BY, 1)
    relations.unlink(ada, 1, LinkKind.RELATED, 2)

    assert everything() == before


def test_a_circle_is_refused_however_long(
    relations: Relations, tickets: Tickets, carla: Actor, ada: Actor, everything: Everything
) -> None:
    for number in range(3, 8):
        tickets.open(carla, "Another", "Text.")
        relations.link(ada, number - 1, LinkKind.PARENT_OF, number)
    before = everything()

    with pytest.raises(LinkCycleError, match="Links lead from T-2 to T-7 already"):
        relations.link(ada, 7, LinkKind.PARENT_OF, 2)

    assert everything() == before


def test_requesters_learn_of_no_link(relations: Relations, tickets: Tickets, carla: Actor, ada: Actor) -> None:
    tickets.open(carla, "Fax", "Dead.")
    relations.link(ada, 1, LinkKind.RELATED, 3)

    assert tickets.get(carla, 1).links == []
    assert tickets.conversation(carla, 1).others == {}


def test_a_reply_becomes_a_ticket_of_whoever_wrote_it(
    relations: Relations, tickets: Tickets, carla: Actor, ada: Actor
) -> None:
    reply = tickets.get(ada, 1).messages[1]

    made = relations.split(ada, 1, reply.mark, "Printer jams", key="k")

    assert relations.split(ada, 1, reply.mark, "Printer jams", key="k").number == made.number == 3
    assert tickets.get(carla, 3).description == "The printer jams, too."
    assert [message.text for message in tickets.get(carla, 1).messages] == [
        "The line is dead.",
        "The printer jams, too.",
    ]
    assert found(tickets, ada, "printer") == [1, 3]


def test_a_note_becomes_a_ticket_that_the_requester_cannot_see(
    relations: Relations, tickets: Tickets, carla: Actor, ada: Actor
) -> None:
    note = tickets.note(ada, 1, "zebra-marker").messages[-1]

    made = relations.split(ada, 1, note.mark, "Replace the switch")

    assert made.requester == "ada"
    assert found(tickets, carla, "zebra-marker") == []
    with pytest.raises(TicketNotFoundError):
        tickets.get(carla, made.number)


def test_what_cannot_be_split_off_leaves_all_as_it_was(
    relations: Relations, tickets: Tickets, ada: Actor, everything: Everything
) -> None:
    description, reply = tickets.get(ada, 1).messages
    before = everything()

    with pytest.raises(MessageNotFoundError):
        relations.split(ada, 1, description.mark, "Title")
    with pytest.raises(MessageNotFoundError):
        relations.split(ada, 2, reply.mark, "Title")
    with pytest.raises(TooLongError):
        relations.split(ada, 1, reply.mark, "x" * 201)

    assert everything() == before
