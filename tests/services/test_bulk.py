"""Many tickets at once: what would happen, what happens, and the way back."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.services.conftest import Clock, SignIn
from ticketing.desk import Desk
from ticketing.domain.bulk import BulkEdit
from ticketing.domain.errors import (
    BulkNotFoundError,
    BulkTooLateError,
    PermissionDeniedError,
    SignedOutError,
    StorageFullError,
    TooManyTicketsError,
)
from ticketing.domain.people import Actor, Role
from ticketing.domain.queries import TicketQuery
from ticketing.domain.statuses import Priority, Resolution, Status
from ticketing.domain.teams import Dealing, Team
from ticketing.domain.tickets import TicketEdit
from ticketing.settings import Settings
from ticketing.storage.memory import MemoryStore

URGENT = BulkEdit(edit=TicketEdit(priority=Priority.URGENT))


ON_EVERY_STORE = True


@pytest.fixture
def desk(store: MemoryStore, clock: Clock) -> Desk:
    return Desk(Settings(storage_url="memory:"), store, clock, password_rounds=4)


@pytest.fixture
def ada(arrives: SignIn) -> Actor:
    return arrives("ada", Role.AGENT)


@pytest.fixture
def carla(arrives: SignIn) -> Actor:
    return arrives("carla")


@pytest.fixture
def numbers(desk: Desk, carla: Actor, ada: Actor) -> list[int]:
    """Return three tickets of Carla's: a new one, a pending one with a tag, and one that is closed."""
    found = [desk.tickets.open(carla, f"Ticket {place}", "Help!").number for place in range(1, 4)]
    desk.tickets.edit(ada, found[1], TicketEdit(status=Status.PENDING, tags=("vpn",)))
    desk.tickets.close(ada, found[2])
    return found


def test_what_would_happen_is_told_ticket_by_ticket_and_nothing_does(
    desk: Desk, ada: Actor, numbers: list[int], everything: Callable[[], object]
) -> None:
    before = everything()

    outcomes = desk.bulk.preview(ada, [*numbers, 99], URGENT)

    assert [(one.number, one.title, one.is_changed) for one in outcomes] == [
        (1, "Ticket 1", True),
        (2, "Ticket 2", True),
        (3, "Ticket 3", False),
        (99, "", False),
    ]
    assert outcomes[2].refusal == "Ticket T-3 is closed. Reopen it to go on."
    assert outcomes[3].refusal == "There is no ticket T-99 that you may see."
    assert everything() == before


def test_each_ticket_is_changed_and_what_one_refuses_keeps_nothing_from_the_others(
    desk: Desk, ada: Actor, numbers: list[int]
) -> None:
    result = desk.bulk.apply(ada, numbers, URGENT)

    assert [one.is_changed for one in result.outcomes] == [True, True, False]
    assert [desk.tickets.get(ada, number).priority for number in numbers] == ["urgent", "urgent", "normal"]
    assert [one.refusal for one in result.outcomes] == [one.refusal for one in desk.bulk.preview(ada, numbers, URGENT)]


def test_what_is_as_asked_for_already_is_no_change(desk: Desk, ada: Actor, numbers: list[int]) -> None:
    desk.bulk.apply(ada, numbers[:1], URGENT)
    version = desk.tickets.get(ada, numbers[0]).version

    (again,) = desk.bulk.apply(ada, numbers[:1], URGENT).outcomes

    assert (again.refusal, again.is_changed) == ("", False)
    assert desk.tickets.get(ada, numbers[0]).version == version


def test_tickets_are_answered_and_closed_at_once(desk: Desk, ada: Actor, numbers: list[int]) -> None:
    change = BulkEdit(edit=TicketEdit(status=Status.CLOSED, resolution=Resolution.WONT_FIX), reply="We moved.")

    result = desk.bulk.apply(ada, numbers[:2], change)

    for number in numbers[:2]:
        ticket = desk.tickets.get(ada, number)
        assert (ticket.status, ticket.resolution) == ("closed", "wont_fix")
        assert ticket.messages[-1].text == "We moved."
        assert ticket.first_response_at is not None
    assert all(one.reply and one.is_changed for one in result.outcomes)


def test_tags_are_added_and_removed_beside_those_that_are_there(desk: Desk, ada: Actor, numbers: list[int]) -> None:
    desk.bulk.apply(ada, numbers[:2], BulkEdit(add_tags=("Printer",)))
    desk.bulk.apply(ada, numbers[:2], BulkEdit(remove_tags=("VPN",)))

    assert [desk.tickets.get(ada, number).tags for number in numbers[:2]] == [["printer"], ["printer"]]


def test_an_assignee_who_works_on_no_tickets_is_refused_for_each(desk: Desk, ada: Actor, numbers: list[int]) -> None:
    result = desk.bulk.apply(ada, numbers[:2], BulkEdit(edit=TicketEdit(assignee="carla")))

    assert [one.refusal for one in result.outcomes] == [
        "Assignee cannot be “carla”. Please choose one of the list."
    ] * 2


def test_a_team_deals_what_it_gets_and_gives_all_of_it_back(desk: Desk, ada: Actor, numbers: list[int]) -> None:
    team = desk.definitions.save(
        Actor.console(), Team(name="First line", members=("ada",), dealing=Dealing.ROUND_ROBIN)
    )
    change = BulkEdit(edit=TicketEdit(team=team.id))

    expected = desk.bulk.preview(ada, numbers, change)
    result = desk.bulk.apply(ada, numbers[:2], change)

    assert [one.after.team for one in expected] == ["first-line", "first-line", None]
    assert [(one.after.team, one.after.assignee) for one in result.outcomes] == [("first-line", "ada")] * 2
    desk.bulk.undo(ada, result)
    assert {(desk.tickets.get(ada, number).team, desk.tickets.get(ada, number).assignee) for number in numbers} == {
        (None, None)
    }


def test_all_is_taken_back_with_the_reply(desk: Desk, ada: Actor, numbers: list[int], clock: Clock) -> None:
    change = BulkEdit(
        edit=TicketEdit(status=Status.CLOSED, priority=Priority.LOW, assignee="ada"), add_tags=("moved",), reply="Bye."
    )
    before = [desk.tickets.get(ada, number) for number in numbers]
    result = desk.bulk.apply(ada, numbers, change)
    clock.advance(timedelta(seconds=30))

    outcomes = desk.bulk.undo(ada, result)

    assert [one.refusal for one in outcomes] == ["", ""]
    for was, number in zip(before[:2], numbers[:2], strict=True):
        now = desk.tickets.get(ada, number)
        assert (now.status, now.resolution, now.priority, now.assignee, now.tags) == (
            was.status,
            was.resolution,
            was.priority,
            was.assignee,
            was.tags,
        )
        assert [message.text for message in now.messages] == [message.text for message in was.messages]
        assert "closed" not in {event.new for event in now.events}, "that it was done for a moment counts nowhere"
    assert desk.tickets.get(ada, numbers[2]) == before[2]


def test_what_was_closed_without_a_word_is_open_again(desk: Desk, ada: Actor, numbers: list[int]) -> None:
    result = desk.bulk.apply(ada, numbers[:1], BulkEdit(edit=TicketEdit(status=Status.CLOSED)))

    (outcome,) = desk.bulk.undo(ada, result)

    assert outcome.is_changed
    ticket = desk.tickets.get(ada, numbers[0])
    assert (ticket.status, ticket.resolution) == (Status.OPEN, None)


def test_of_a_resolved_ticket_the_resolution_comes_back_and_so_does_a_reply_alone(
    desk: Desk, ada: Actor, numbers: list[int]
) -> None:
    desk.tickets.edit(ada, numbers[0], TicketEdit(status=Status.RESOLVED, resolution=Resolution.DUPLICATE))
    closed = desk.bulk.apply(ada, numbers[2:], BulkEdit(edit=TicketEdit(resolution=Resolution.SPAM)))
    resolved = desk.bulk.apply(ada, numbers[:1], BulkEdit(edit=TicketEdit(resolution=Resolution.SPAM)))
    answered = desk.bulk.apply(ada, numbers[1:2], BulkEdit(reply="Hello."))

    for result in (closed, resolved, answered):
        assert [one.refusal for one in desk.bulk.undo(ada, result)] == [""]
    assert desk.tickets.get(ada, numbers[0]).resolution == "duplicate"
    assert desk.tickets.get(ada, numbers[2]).resolution == "solved"
    assert len(desk.tickets.get(ada, numbers[1]).messages) == 1


def test_what_somebody_changed_since_is_not_taken_back(
    desk: Desk, ada: Actor, arrives: SignIn, numbers: list[int]
) -> None:
    result = desk.bulk.apply(ada, numbers[:2], URGENT)
    desk.tickets.edit(arrives("bert", Role.AGENT), numbers[0], TicketEdit(priority=Priority.LOW))

    outcomes = desk.bulk.undo(ada, result)

    assert [one.refusal for one in outcomes] == ["Ticket T-1 was changed meanwhile, and stays as it is.", ""]
    assert [desk.tickets.get(ada, number).priority for number in numbers[:2]] == ["low", "normal"]


def test_after_thirty_seconds_nothing_is_taken_back(desk: Desk, ada: Actor, numbers: list[int], clock: Clock) -> None:
    result = desk.bulk.apply(ada, numbers[:1], URGENT)
    clock.advance(timedelta(seconds=31))

    with pytest.raises(BulkTooLateError):
        desk.bulk.undo(ada, result)
    assert desk.tickets.get(ada, numbers[0]).priority == "urgent"


def test_a_ticket_whose_reply_is_on_its_way_stays_as_it_is(
    desk: Desk, ada: Actor, numbers: list[int], clock: Clock
) -> None:
    result = desk.bulk.apply(ada, numbers[:1], BulkEdit(edit=TicketEdit(priority=Priority.LOW), reply="Bye."))
    clock.advance(timedelta(seconds=36))

    outcomes = desk.bulk.undo(ada, replace(result, until=clock.now))  # as if the last of many had taken so long

    assert ["30 seconds" in one.refusal for one in outcomes] == [True]
    kept = desk.tickets.get(ada, numbers[0])
    assert (kept.priority, kept.messages[-1].text) == ("low", "Bye.")


def test_a_second_click_does_nothing_again(desk: Desk, ada: Actor, numbers: list[int]) -> None:
    change = BulkEdit(reply="Once.")

    desk.bulk.apply(ada, numbers[:2], change, key="k")
    desk.bulk.apply(ada, numbers[:2], change, key="k")

    assert [len(desk.tickets.get(ada, number).messages) for number in numbers[:2]] == [2, 2]


def test_several_are_merged_into_one_and_told_apart_again(desk: Desk, ada: Actor, numbers: list[int]) -> None:
    change = BulkEdit(merge_into=numbers[0])
    expected = desk.bulk.preview(ada, numbers, change)

    result = desk.bulk.apply(ada, numbers, change)

    assert [one.is_changed for one in result.outcomes] == [one.is_changed for one in expected]
    assert result.outcomes[0].refusal
    assert len(desk.tickets.get(ada, numbers[0]).messages) == 3
    desk.bulk.undo(ada, result)
    assert len(desk.tickets.get(ada, numbers[0]).messages) == 1
    assert [desk.tickets.get(ada, number).status for number in numbers] == ["open", "pending", "closed"]


@pytest.mark.parametrize(
    "change",
    [
        BulkEdit(edit=TicketEdit(status=Status.CLOSED, assignee="ada"), add_tags=("moved",), reply="Bye."),
        BulkEdit(edit=TicketEdit(team=None), remove_tags=("vpn",)),
        BulkEdit(merge_into=1),
    ],
    ids=["answered and closed", "of no team", "merged"],
)
def test_what_is_remembered_is_what_was_done(desk: Desk, ada: Actor, numbers: list[int], change: BulkEdit) -> None:
    result = desk.bulk.apply(ada, numbers, change)

    bulk_id = desk.bulk.remember(ada, result)

    assert bulk_id is not None
    recalled = desk.bulk.recall(ada, bulk_id)
    assert recalled == result
    assert recalled.change.edit.model_fields_set == change.edit.model_fields_set


def test_nothing_is_remembered_of_a_change_of_nothing(desk: Desk, ada: Actor, numbers: list[int]) -> None:
    assert desk.bulk.remember(ada, desk.bulk.apply(ada, numbers[2:], URGENT)) is None


def test_what_is_remembered_is_known_to_whoever_has_done_it_alone(
    desk: Desk, ada: Actor, arrives: SignIn, numbers: list[int]
) -> None:
    bulk_id = desk.bulk.remember(ada, desk.bulk.apply(ada, numbers, URGENT))

    assert bulk_id is not None
    with pytest.raises(BulkNotFoundError):
        desk.bulk.recall(arrives("bert", Role.AGENT), bulk_id)


@pytest.mark.parametrize(
    "deed",
    [
        lambda desk, actor, _numbers: desk.bulk.choose(actor, TicketQuery()),
        lambda desk, actor, numbers: desk.bulk.preview(actor, numbers, URGENT),
        lambda desk, actor, numbers: desk.bulk.apply(actor, numbers, URGENT),
        lambda desk, actor, numbers: desk.bulk.apply(actor, numbers, BulkEdit(merge_into=1)),
    ],
    ids=["choosing", "looking", "doing", "merging"],
)
def test_requesters_change_nothing_at_once_not_even_their_own(
    desk: Desk, ada: Actor, carla: Actor, numbers: list[int], deed: Callable[[Desk, Actor, list[int]], Any]
) -> None:
    with pytest.raises(PermissionDeniedError):
        deed(desk, carla, numbers)
    assert deed(desk, ada, numbers)


def test_a_requester_who_got_hold_of_a_result_takes_nothing_back(
    desk: Desk, ada: Actor, carla: Actor, numbers: list[int]
) -> None:
    result = desk.bulk.apply(ada, numbers[:2], URGENT)

    with pytest.raises(PermissionDeniedError):
        desk.bulk.undo(carla, result)
    assert desk.tickets.get(ada, numbers[0]).priority == "urgent"


def test_more_than_five_hundred_are_refused(desk: Desk, ada: Actor) -> None:
    with pytest.raises(TooManyTicketsError, match=r"These are 501 tickets\. At most 500"):
        desk.bulk.apply(ada, range(1, 502), URGENT)


def test_all_that_a_query_finds_is_chosen(desk: Desk, ada: Actor, numbers: list[int]) -> None:
    assert desk.bulk.choose(ada, TicketQuery(statuses=frozenset({Status.CLOSED}))) == numbers[2:]


def test_who_is_signed_out_in_the_middle_is_told_so(
    desk: Desk, ada: Actor, numbers: list[int], store: MemoryStore
) -> None:
    def sign_out(done: int, _whole: int) -> None:
        del done
        with store.write() as tx:
            tx.sessions.remove(ada.session or "")

    desk.bulk.apply(ada, numbers[:1], URGENT, progress=sign_out)
    with pytest.raises(SignedOutError):
        desk.bulk.apply(ada, numbers, URGENT)


class FullStore(MemoryStore):
    """A store that takes one change more, and then none."""

    left = 1

    @contextmanager
    def write(self, patience: float | None = None) -> Iterator[Any]:
        """Count one down."""
        if not self.left:
            raise StorageFullError
        self.left -= 1
        with super().write(patience) as tx:
            yield tx


def test_a_store_that_fails_is_asked_no_more_and_what_was_done_is_told(clock: Clock) -> None:
    console, store = Actor.console(), FullStore()
    store.left = 3
    desk = Desk(Settings(storage_url="memory:"), store, clock, password_rounds=4)
    numbers = [desk.tickets.open(console, f"Ticket {place}", "Help!").number for place in range(1, 4)]
    store.left = 1

    result = desk.bulk.apply(console, numbers, URGENT)

    assert result.outcomes[0].is_changed
    assert [one.refusal for one in result.outcomes[1:]] == [str(StorageFullError())] * 2
    assert store.left == 0
    assert desk.bulk.remember(console, result) is None, "and the program is told what was done all the same"
