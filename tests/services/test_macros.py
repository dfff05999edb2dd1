"""Canned replies at work: a reply and changes of the ticket in one, wholly or not at all."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.services.conftest import Clock, SignIn
from ticketing.domain.canned_replies import CannedReply
from ticketing.domain.changes import ME, NOBODY, Changes
from ticketing.domain.errors import (
    BlankError,
    DefinitionNotFoundError,
    PermissionDeniedError,
    StaleCannedReplyError,
    StaleEditError,
    TicketClosedError,
    TicketingError,
    TicketNotFoundError,
    TooManyTagsError,
    TransitionError,
)
from ticketing.domain.people import Actor, Role
from ticketing.domain.statuses import Priority, Resolution, Status, TicketCategory
from ticketing.domain.teams import Dealing, Team
from ticketing.domain.text import TAGS_LIMIT
from ticketing.domain.tickets import TicketEdit
from ticketing.services.access import Gate
from ticketing.services.chores import Chores
from ticketing.services.definitions import Definitions
from ticketing.services.tickets import Tickets
from ticketing.storage.memory import MemoryStore

Everything = Callable[[], dict[str, object]]
Make = Callable[..., CannedReply]


ON_EVERY_STORE = True


@pytest.fixture
def tickets(store: MemoryStore, clock: Clock, gate: Gate) -> Tickets:
    return Tickets(store, clock, gate, Chores(store, clock, gate))


@pytest.fixture
def definitions(store: MemoryStore, clock: Clock, gate: Gate) -> Definitions:
    return Definitions(store, clock, gate)


@pytest.fixture
def number(tickets: Tickets, carla: Actor) -> int:
    return tickets.open(carla, "No dial tone", "The line is dead.").number


@pytest.fixture
def make(definitions: Definitions, ada: Actor) -> Make:
    """Return a way for Ada to make a macro, by default one that waits for the requester."""

    def made(owner: str | None = None, text: str = "", **changes: Any) -> CannedReply:
        fields = changes or {"status": Status.PENDING, "add_tags": ("vpn",)}
        return definitions.save(ada, CannedReply(name="VPN", owner=owner, text=text, changes=Changes(**fields)))

    return made


def test_a_reply_and_all_changes_are_made_together(tickets: Tickets, ada: Actor, number: int, make: Make) -> None:
    tickets.edit(ada, number, TicketEdit(tags=("noise",)))
    macro = make(
        status=Status.RESOLVED,
        resolution=Resolution.WONT_FIX,
        priority=Priority.LOW,
        category=TicketCategory.NETWORK,
        assignee=ME,
        add_tags=("vpn",),
        remove_tags=("noise",),
    )

    applied = tickets.apply(ada, number, macro.id, "Dear Carla, no.", seen=Status.OPEN)

    ticket = tickets.get(ada, number)
    assert (applied.ticket, applied.passed_over) == (ticket, {})
    assert [message.text for message in ticket.messages] == ["The line is dead.", "Dear Carla, no."]
    assert (ticket.status, ticket.resolution, ticket.priority) == ("resolved", "wont_fix", "low")
    assert (ticket.category, ticket.assignee, ticket.tags) == ("network", "ada", ["vpn"])
    assert ticket.first_response_at is not None
    assert {event.by for event in ticket.events[1:]} == {"ada"}


def test_without_a_text_only_the_fields_are_changed(tickets: Tickets, ada: Actor, number: int, make: Make) -> None:
    ticket = tickets.apply(ada, number, make().id).ticket

    assert (ticket.status, ticket.tags, len(ticket.messages)) == ("pending", ["vpn"], 1)


def test_a_macro_that_closes_does_so_after_its_reply(tickets: Tickets, ada: Actor, number: int, make: Make) -> None:
    ticket = tickets.apply(ada, number, make(status=Status.CLOSED, resolution=Resolution.SPAM).id, "Bye").ticket

    assert (ticket.status, ticket.resolution, ticket.messages[-1].text) == ("closed", "spam", "Bye")


@pytest.mark.parametrize(
    ("changes", "becomes"),
    [({"add_tags": ("vpn",)}, "resolved"), ({"status": Status.ON_HOLD}, "on_hold")],
    ids=["a macro without one", "a macro that has its own"],
)
def test_a_status_that_goes_with_the_reply_holds_where_the_macro_sets_none(
    tickets: Tickets, ada: Actor, number: int, make: Make, changes: dict[str, Any], becomes: str
) -> None:
    ticket = tickets.apply(ada, number, make(**changes).id, "Done.", status=Status.RESOLVED, seen=Status.OPEN).ticket

    assert ticket.status == becomes


def test_the_same_request_twice_is_one_effect(tickets: Tickets, ada: Actor, number: int, make: Make) -> None:
    macro = make()

    first = tickets.apply(ada, number, macro.id, "Hello", key="k")
    again = tickets.apply(ada, number, macro.id, "Hello", key="k")

    assert again.ticket == first.ticket
    assert len(again.ticket.messages) == 2


@pytest.mark.parametrize("gone", ["deactivated", "no agent any more", "never there"])
def test_who_works_on_tickets_no_more_is_passed_over_and_named(
    tickets: Tickets, store: MemoryStore, ada: Actor, arrives: SignIn, number: int, make: Make, gone: str
) -> None:
    arrives("bert", Role.AGENT)
    tickets.assign(ada, number, "ada")
    macro = make(assignee="nobody.we.know" if gone == "never there" else "bert", priority=Priority.HIGH)
    with store.write() as tx:
        bert = tx.users.find("bert")
        assert bert is not None
        changed = {"active": gone != "deactivated", "role": Role.USER}
        tx.users.save(bert.model_copy(update=changed))

    applied = tickets.apply(ada, number, macro.id, "Hello")

    assert applied.passed_over == {"assignee": macro.changes.assignee}
    assert (applied.ticket.assignee, applied.ticket.priority) == ("ada", "high")
    assert applied.ticket.messages[-1].text == "Hello"


@pytest.mark.parametrize(("assignee", "becomes"), [(ME, "ada"), (NOBODY, None), ("bert", "bert")])
def test_a_macro_gives_the_ticket_to_whom_it_says(
    tickets: Tickets, ada: Actor, root: Actor, arrives: SignIn, number: int, make: Make, assignee: str, becomes: str
) -> None:
    arrives("bert", Role.AGENT)
    tickets.assign(ada, number, root.username)

    assert tickets.apply(ada, number, make(assignee=assignee).id).ticket.assignee == becomes


def test_a_macro_brings_the_ticket_to_a_team_that_deals_it_and_takes_it_away_again(
    tickets: Tickets, definitions: Definitions, ada: Actor, root: Actor, number: int, make: Make
) -> None:
    team = definitions.save(root, Team(name="Second line", members=("root",), dealing=Dealing.ROUND_ROBIN))
    to_team, from_team = make(team=team.id), make(owner="ada", team=NOBODY, assignee=NOBODY)

    given = tickets.apply(ada, number, to_team.id, "We look into it.").ticket
    assert (given.team, given.assignee) == (team.id, "root")

    taken = tickets.apply(ada, number, from_team.id).ticket
    assert (taken.team, taken.assignee) == (None, None)


@pytest.mark.parametrize("is_known", [True, False], ids=["removed", "never there"])
def test_a_team_that_takes_no_tickets_any_more_is_passed_over_and_named(
    tickets: Tickets, definitions: Definitions, ada: Actor, root: Actor, number: int, make: Make, *, is_known: bool
) -> None:
    team = definitions.save(root, Team(name="Second line"))
    definitions.remove(root, Team, team.id, team.version)
    macro = make(team=team.id if is_known else "nobodys", priority=Priority.HIGH)

    applied = tickets.apply(ada, number, macro.id)

    assert applied.passed_over == {"team": "Second line" if is_known else "nobodys"}
    assert (applied.ticket.team, applied.ticket.priority) == (None, "high")


def refused(everything: Everything, error: type[TicketingError], deed: Callable[[], object]) -> None:
    """See that a deed is refused, and that nothing at all has changed."""
    before = everything()
    with pytest.raises(error):
        deed()
    assert everything() == before


@pytest.mark.parametrize(
    ("changes", "text", "error"),
    [
        ({"status": Status.PENDING, "priority": Priority.HIGH}, "Hello", TransitionError),
        ({"priority": Priority.HIGH}, " ", BlankError),
        ({"priority": Priority.HIGH}, "", BlankError),
        ({"add_tags": tuple(f"new {n}" for n in range(TAGS_LIMIT))}, "Hello", TooManyTagsError),
    ],
    ids=["no arrow leads there", "blank reply", "empty reply", "too many tags"],
)
def test_if_one_part_is_refused_nothing_is_done(
    tickets: Tickets,
    ada: Actor,
    number: int,
    make: Make,
    everything: Everything,
    changes: dict[str, Any],
    text: str,
    error: type[TicketingError],
) -> None:
    tickets.edit(ada, number, TicketEdit(status=Status.RESOLVED, tags=("there",)))
    macro = make(**changes)

    refused(everything, error, lambda: tickets.apply(ada, number, macro.id, text))


def test_a_closed_ticket_takes_nothing(
    tickets: Tickets, ada: Actor, number: int, make: Make, everything: Everything
) -> None:
    macro = make()
    tickets.close(ada, number)

    refused(everything, TicketClosedError, lambda: tickets.apply(ada, number, macro.id, "Hello"))
    refused(everything, TicketClosedError, lambda: tickets.apply(ada, number, macro.id))


def test_a_status_that_a_colleague_set_meanwhile_is_not_taken_back(
    tickets: Tickets, ada: Actor, root: Actor, number: int, make: Make, everything: Everything
) -> None:
    macro, other = make(), make(owner="ada", priority=Priority.HIGH)
    tickets.edit(root, number, TicketEdit(status=Status.ON_HOLD))

    refused(everything, StaleEditError, lambda: tickets.apply(ada, number, macro.id, "Hello", seen=Status.OPEN))
    assert tickets.apply(ada, number, other.id, "Hello", seen=Status.OPEN).ticket.status == "on_hold"


def test_a_macro_that_was_changed_since_it_was_shown_is_not_used(
    tickets: Tickets, definitions: Definitions, ada: Actor, number: int, make: Make, everything: Everything
) -> None:
    shown = make()
    changed = definitions.save(ada, shown.model_copy(update={"changes": Changes(status=Status.CLOSED)}))

    refused(
        everything,
        StaleCannedReplyError,
        lambda: tickets.apply(ada, number, shown.id, "Hello", version=shown.version),
    )
    assert tickets.apply(ada, number, shown.id, "Hello", version=changed.version).ticket.status == "closed"


def test_one_that_was_removed_or_is_somebody_elses_own_is_not_there(
    tickets: Tickets, definitions: Definitions, ada: Actor, root: Actor, number: int, make: Make, everything: Everything
) -> None:
    own, shared = make(owner="ada"), make()
    gone = definitions.remove(ada, CannedReply, shared.id, shared.version)

    refused(everything, DefinitionNotFoundError, lambda: tickets.apply(root, number, own.id, "Hello"))
    refused(everything, DefinitionNotFoundError, lambda: tickets.apply(ada, number, gone.id, "Hello"))
    refused(everything, DefinitionNotFoundError, lambda: tickets.apply(ada, number, "nobodys", "Hello"))
    assert tickets.apply(ada, number, own.id, "Hello").ticket.status == "pending"


@pytest.mark.parametrize("text", ["Hello", None])
def test_a_requester_uses_none_and_learns_of_no_ticket_that_is_not_theirs(
    tickets: Tickets,
    carla: Actor,
    oskar: Actor,
    ada: Actor,
    number: int,
    make: Make,
    everything: Everything,
    text: str | None,
) -> None:
    macro = make()

    refused(everything, PermissionDeniedError, lambda: tickets.apply(carla, number, macro.id, text))
    refused(everything, PermissionDeniedError, lambda: tickets.apply(carla, number, "nobodys", text))
    refused(everything, TicketNotFoundError, lambda: tickets.apply(oskar, number, macro.id, text))
    assert tickets.apply(ada, number, macro.id, text).ticket.status == "pending"
