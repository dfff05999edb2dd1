"""Tickets reach teams by their category or by hand, and go to the members as the team deals them."""

from collections.abc import Callable
from datetime import datetime

import pytest

from tests.services.conftest import SignIn
from ticketing.domain.bulk import BulkEdit
from ticketing.domain.errors import (
    BlankError,
    CategoryTakenError,
    PermissionDeniedError,
    StaleEditError,
    TicketClosedError,
    TicketNotFoundError,
    UnknownChoiceError,
)
from ticketing.domain.people import Actor, Role
from ticketing.domain.sources import Source
from ticketing.domain.statuses import Status, TicketCategory
from ticketing.domain.teams import Dealing, Team
from ticketing.domain.tickets import MessageKind, Ticket, TicketEdit
from ticketing.services.access import Gate
from ticketing.services.agents import Agents
from ticketing.services.bulk import Bulk
from ticketing.services.chores import Chores
from ticketing.services.definitions import Definitions
from ticketing.services.relations import Relations
from ticketing.services.tickets import Tickets
from ticketing.storage.memory import MemoryStore

HARDWARE, NETWORK = TicketCategory.HARDWARE, TicketCategory.NETWORK

Everything = Callable[[], dict[str, object]]
Open = Callable[..., Ticket]
SetUp = Callable[..., Team]


ON_EVERY_STORE = True


@pytest.fixture
def tickets(store: MemoryStore, clock: Callable[[], datetime], gate: Gate) -> Tickets:
    return Tickets(store, clock, gate, Chores(store, clock, gate))


@pytest.fixture
def definitions(store: MemoryStore, clock: Callable[[], datetime], gate: Gate) -> Definitions:
    return Definitions(store, clock, gate)


@pytest.fixture
def relations(store: MemoryStore, clock: Callable[[], datetime], gate: Gate) -> Relations:
    return Relations(store, clock, gate)


@pytest.fixture
def bulk(store: MemoryStore, clock: Callable[[], datetime], gate: Gate, relations: Relations) -> Bulk:
    return Bulk(store, clock, gate, relations)


@pytest.fixture
def bert(arrives: SignIn) -> Actor:
    return arrives("bert", Role.AGENT)


@pytest.fixture
def set_up(definitions: Definitions, root: Actor, ada: Actor, bert: Actor) -> SetUp:
    """Return a way to set up a team, of Ada and Bert unless it is said otherwise."""

    def make(name: str = "First line", dealing: Dealing = Dealing.ROUND_ROBIN, **fields: object) -> Team:
        team = Team(name=name, dealing=dealing, members=(ada.username, bert.username))
        return definitions.save(root, team.model_copy(update=fields))

    return make


@pytest.fixture
def open_ticket(tickets: Tickets, carla: Actor, root: Actor) -> Open:
    """Return a way for Carla to open a ticket; what comes of it is what an agent sees."""

    def make(category: TicketCategory = HARDWARE) -> Ticket:
        return tickets.get(root, tickets.open(carla, "No dial tone", "The line is dead.", category).number)

    return make


def changes(ticket: Ticket) -> list[tuple[str, str | None, str | None, str, Source]]:
    """Return what the history tells after its first line."""
    return [(event.field, event.old, event.new, event.by, event.source) for event in ticket.events[1:]]


def notes(ticket: Ticket) -> list[tuple[str, str]]:
    """Return who wrote which internal note."""
    return [(message.author, message.text) for message in ticket.messages if message.kind is MessageKind.NOTE]


# Which team a new ticket is for


def test_a_new_ticket_of_a_teams_category_is_the_teams(set_up: SetUp, open_ticket: Open) -> None:
    team = set_up(dealing=Dealing.NONE, categories=(HARDWARE,))

    theirs, other = open_ticket(HARDWARE), open_ticket(NETWORK)

    assert (theirs.team, theirs.assignee) == (team.id, None)
    assert changes(theirs) == [("team", None, team.id, "system", Source.RULE)]
    assert (other.team, changes(other)) == (None, [])


def test_a_follow_up_goes_where_new_tickets_go(
    tickets: Tickets, set_up: SetUp, open_ticket: Open, carla: Actor, ada: Actor
) -> None:
    former = tickets.close(ada, open_ticket().number)
    team = set_up(categories=(HARDWARE,))

    number = tickets.open(carla, "Again", "Dead again.", HARDWARE, follows=former.number).number

    assert tickets.get(ada, number).team == team.id


def test_a_ticket_that_is_split_off_goes_where_new_tickets_go(
    tickets: Tickets, relations: Relations, set_up: SetUp, open_ticket: Open, carla: Actor, ada: Actor
) -> None:
    former = open_ticket().number
    mark = tickets.reply(carla, former, "And the printer burns.").messages[-1].mark
    team = set_up(categories=(HARDWARE,))

    made = relations.split(ada, former, mark, "Printer")

    assert (made.team, made.assignee, tickets.get(ada, former).team) == (team.id, "ada", None)


def test_a_removed_team_takes_no_new_tickets_and_keeps_its_old_ones(
    tickets: Tickets, definitions: Definitions, set_up: SetUp, open_ticket: Open, root: Actor
) -> None:
    team = set_up(categories=(HARDWARE,))
    former = open_ticket()
    definitions.remove(root, Team, team.id, team.version)

    assert (open_ticket().team, open_ticket().assignee) == (None, None)
    assert tickets.get(root, former.number).team == team.id


def test_a_category_that_a_team_has_is_refused_to_another_until_it_is_removed(
    definitions: Definitions, set_up: SetUp, root: Actor
) -> None:
    team = set_up(categories=(HARDWARE,))

    with pytest.raises(CategoryTakenError, match="“hardware” belongs to the team “First line”"):
        set_up("Second line", categories=(NETWORK, HARDWARE))
    assert definitions.all(root, Team) == [team]
    gone = definitions.remove(root, Team, team.id, team.version)
    assert set_up("Second line", categories=(NETWORK, HARDWARE)).categories == (NETWORK, HARDWARE)
    with pytest.raises(CategoryTakenError):
        definitions.save(root, gone.model_copy(update={"removed": False}))


def test_it_is_known_in_which_teams_somebody_works_and_a_requester_learns_of_none(
    agents: Agents, definitions: Definitions, set_up: SetUp, root: Actor, ada: Actor, bert: Actor, carla: Actor
) -> None:
    first, _, gone = set_up(), set_up("Second line", members=("bert",)), set_up("Third line")
    definitions.remove(root, Team, gone.id, gone.version)

    assert agents.teams_of(ada, "ada") == {first.id}
    assert agents.teams_of(bert, "bert") == {first.id, "second-line"}
    assert agents.teams_of(root, "root") == agents.teams_of(carla, "ada") == set()


# Who gets it


def test_in_turns_each_member_gets_one_after_the_other(set_up: SetUp, open_ticket: Open) -> None:
    team = set_up(categories=(HARDWARE,))

    first, second, third = (open_ticket() for _ in range(3))

    assert [first.assignee, second.assignee, third.assignee] == ["ada", "bert", "ada"]
    assert changes(second) == [
        ("team", None, team.id, "system", Source.RULE),
        ("assignee", None, "bert", "system", Source.RULE),
    ]


def test_turns_go_on_when_the_team_is_changed(
    definitions: Definitions, set_up: SetUp, open_ticket: Open, root: Actor
) -> None:
    shown = set_up(categories=(HARDWARE,))
    assert open_ticket().assignee == "ada"

    changed = definitions.save(root, shown.model_copy(update={"name": "Phones"}))

    assert open_ticket().assignee == "bert"
    assert [revision.field for revision in changed.history] == ["created", "name"]


def test_the_least_loaded_member_gets_it(tickets: Tickets, set_up: SetUp, open_ticket: Open, ada: Actor) -> None:
    set_up(dealing=Dealing.LEAST_LOADED, categories=(HARDWARE,))
    tickets.assign(ada, open_ticket(NETWORK).number, "ada")

    assert [open_ticket().assignee for _ in range(3)] == ["bert", "ada", "bert"]

    tickets.close(ada, 1)
    assert open_ticket().assignee == "ada"


def test_what_waits_counts_as_load_and_what_is_done_does_not(
    tickets: Tickets, set_up: SetUp, open_ticket: Open, ada: Actor
) -> None:
    for status in (Status.PENDING, Status.RESOLVED):
        tickets.edit(ada, open_ticket(NETWORK).number, TicketEdit(status=status, assignee="ada"))
    for _ in range(2):
        tickets.assign(ada, open_ticket(NETWORK).number, "bert")
    set_up(dealing=Dealing.LEAST_LOADED, categories=(HARDWARE,))

    assert [open_ticket().assignee for _ in range(2)] == ["ada", "ada"]


@pytest.mark.parametrize("dealing", [Dealing.ROUND_ROBIN, Dealing.LEAST_LOADED])
def test_who_cannot_work_on_it_is_passed_over(
    agents: Agents, set_up: SetUp, open_ticket: Open, root: Actor, carla: Actor, ada: Actor, dealing: Dealing
) -> None:
    set_up(dealing=dealing, categories=(HARDWARE,), members=("nobody", carla.username, "ada", "bert"))
    agents.deactivate(root, ada.username)

    assert [open_ticket().assignee for _ in range(2)] == ["bert", "bert"]


def test_a_team_in_which_nobody_is_there_lets_its_tickets_wait(
    agents: Agents, set_up: SetUp, open_ticket: Open, root: Actor
) -> None:
    team = set_up(categories=(HARDWARE,))
    for name in team.members:
        agents.deactivate(root, name)

    ticket = open_ticket()

    assert (ticket.team, ticket.assignee) == (team.id, None)


def test_a_ticket_that_is_refused_takes_no_turn(
    tickets: Tickets, set_up: SetUp, open_ticket: Open, carla: Actor, everything: Everything
) -> None:
    set_up(categories=(HARDWARE,))
    before = everything()

    with pytest.raises(BlankError):
        tickets.open(carla, "No dial tone", "  ", HARDWARE)

    assert everything() == before
    assert open_ticket().assignee == "ada"


def test_a_second_click_takes_no_second_turn(tickets: Tickets, set_up: SetUp, open_ticket: Open, carla: Actor) -> None:
    set_up(categories=(HARDWARE,))

    for _ in range(2):
        tickets.open(carla, "No dial tone", "The line is dead.", HARDWARE, key="form")

    assert open_ticket().assignee == "bert"


# By hand


def test_a_team_that_is_given_a_ticket_deals_it(
    tickets: Tickets, set_up: SetUp, open_ticket: Open, root: Actor
) -> None:
    team, number = set_up(), open_ticket().number

    ticket = tickets.edit(root, number, TicketEdit(team=team.id))

    assert (ticket.team, ticket.assignee) == (team.id, "ada")
    assert changes(ticket) == [
        ("team", None, team.id, "root", Source.UI),
        ("assignee", None, "ada", "system", Source.RULE),
    ]
    assert tickets.assign(root, number, None).assignee is None
    assert tickets.edit(root, number, TicketEdit(team=team.id)).assignee is None
    assert tickets.edit(root, number, TicketEdit(team=None)).team is None


def test_what_somebody_has_or_is_given_to_nobody_or_is_done_is_not_dealt(
    tickets: Tickets, set_up: SetUp, open_ticket: Open, root: Actor
) -> None:
    team = set_up()
    taken, meant_for_nobody, done = (open_ticket().number for _ in range(3))
    tickets.assign(root, taken, "root")
    tickets.edit(root, done, TicketEdit(status=Status.RESOLVED))

    assert tickets.edit(root, taken, TicketEdit(team=team.id)).assignee == "root"
    assert tickets.edit(root, meant_for_nobody, TicketEdit(team=team.id, assignee=None)).assignee is None
    assert tickets.edit(root, done, TicketEdit(team=team.id)).assignee is None


def test_a_team_that_is_not_there_or_was_removed_is_refused(
    tickets: Tickets,
    definitions: Definitions,
    set_up: SetUp,
    open_ticket: Open,
    root: Actor,
    everything: Everything,
) -> None:
    gone, number = set_up(), open_ticket().number
    definitions.remove(root, Team, gone.id, gone.version)
    before = everything()

    for key in (gone.id, "nobodys", ""):
        with pytest.raises(UnknownChoiceError, match="Team cannot be"):
            tickets.edit(root, number, TicketEdit(team=key))
        with pytest.raises(UnknownChoiceError, match="Team cannot be"):
            tickets.transfer(root, number, team=key)
    assert everything() == before


def test_a_team_that_is_not_there_is_refused_to_many_tickets_at_once(
    bulk: Bulk, open_ticket: Open, root: Actor, everything: Everything
) -> None:
    number = open_ticket().number
    before = everything()

    (outcome,) = bulk.apply(root, [number], BulkEdit(edit=TicketEdit(team="nobodys"))).outcomes

    assert outcome.refusal.startswith("Team cannot be “nobodys”")
    assert everything() == before


def test_a_requester_learns_who_helps_and_nothing_of_teams(
    tickets: Tickets, set_up: SetUp, open_ticket: Open, carla: Actor, root: Actor
) -> None:
    team = set_up("Confidential", categories=(HARDWARE,))
    number = open_ticket().number

    shown = tickets.conversation(carla, number)

    assert (shown.ticket.team, shown.teams, shown.ticket.assignee) == (None, (), "ada")
    assert [event.field for event in shown.ticket.events] == ["opened", "assignee"]
    assert "confidential" not in shown.ticket.model_dump_json().casefold()
    assert tickets.conversation(root, number).team_name(team.id) == "Confidential"


def test_that_only_the_team_changed_is_no_news_to_a_requester(
    tickets: Tickets, set_up: SetUp, open_ticket: Open, carla: Actor, root: Actor
) -> None:
    team, number = set_up(dealing=Dealing.NONE), open_ticket().number
    before = tickets.get(carla, number)

    tickets.edit(root, number, TicketEdit(team=team.id))

    assert tickets.get(carla, number) == before.model_copy(update={"version": tickets.get(carla, number).version})


# Handing on


def test_a_ticket_is_handed_on_with_a_note(tickets: Tickets, set_up: SetUp, open_ticket: Open, ada: Actor) -> None:
    team, number = set_up(), open_ticket().number
    tickets.assign(ada, number, "ada")

    ticket = tickets.transfer(ada, number, team=team.id, assignee="bert", note=" The switch is broken. ")

    assert (ticket.team, ticket.assignee) == (team.id, "bert")
    assert notes(ticket) == [("ada", "The switch is broken.")]
    assert changes(ticket)[1:] == [
        ("team", None, team.id, "ada", Source.UI),
        ("assignee", "ada", "bert", "ada", Source.UI),
    ]


def test_without_an_assignee_the_team_deals_it_to_anybody_but_whose_it_was(
    tickets: Tickets, set_up: SetUp, open_ticket: Open, ada: Actor
) -> None:
    team, number = set_up(), open_ticket().number
    tickets.edit(ada, number, TicketEdit(team=team.id, assignee="ada"))

    assert tickets.transfer(ada, number, team=team.id).assignee == "bert"
    assert tickets.transfer(ada, number, team=None).assignee is None
    assert tickets.transfer(ada, number, team=set_up("Alone", members=("ada",)).id).assignee == "ada"
    assert tickets.transfer(ada, number, team=set_up("Wait", Dealing.NONE).id).assignee is None


def test_nothing_is_handed_on_when_a_part_of_it_is_refused(
    tickets: Tickets, set_up: SetUp, open_ticket: Open, ada: Actor, carla: Actor, everything: Everything
) -> None:
    team, number = set_up(), open_ticket().number
    before = everything()

    with pytest.raises(UnknownChoiceError, match="Assignee cannot be"):
        tickets.transfer(ada, number, team=team.id, assignee=carla.username, note="For you.")
    with pytest.raises(BlankError, match="Note is empty"):
        tickets.transfer(ada, number, team=team.id, note=" \u200b ")
    assert everything() == before


def test_a_closed_ticket_is_not_handed_on(tickets: Tickets, set_up: SetUp, open_ticket: Open, ada: Actor) -> None:
    team, number = set_up(), open_ticket().number
    tickets.close(ada, number)

    for note in ("", "For you."):
        with pytest.raises(TicketClosedError):
            tickets.transfer(ada, number, team=team.id, note=note)


def test_what_a_colleague_has_taken_meanwhile_is_not_handed_on(
    tickets: Tickets, set_up: SetUp, open_ticket: Open, ada: Actor, bert: Actor
) -> None:
    team, number = set_up(), open_ticket().number
    shown = TicketEdit(team=None, assignee=None)
    theirs = tickets.assign(bert, number, "bert")

    with pytest.raises(StaleEditError, match="Assignee was changed to “bert”"):
        tickets.transfer(ada, number, team=team.id, assignee="ada", note="Mine.", seen=shown)
    assert tickets.get(ada, number) == theirs


def test_a_second_click_hands_it_on_once(tickets: Tickets, set_up: SetUp, open_ticket: Open, ada: Actor) -> None:
    team, number = set_up(), open_ticket().number

    once, twice = (tickets.transfer(ada, number, team=team.id, note="For you.", key="form") for _ in range(2))

    assert once == twice
    assert len(notes(once)) == 1


@pytest.mark.parametrize(
    ("who", "refusal"),
    [("carla", PermissionDeniedError), ("oskar", TicketNotFoundError), ("ada", None), ("root", None)],
)
@pytest.mark.parametrize(
    "deed",
    [
        lambda tickets, actor, team: tickets.transfer(actor, 1, team=team, note="For you."),
        lambda tickets, actor, team: tickets.edit(actor, 1, TicketEdit(team=team)),
    ],
    ids=["transfer", "edit"],
)
def test_agents_say_which_team_has_a_ticket_and_requesters_do_not(
    tickets: Tickets,
    set_up: SetUp,
    open_ticket: Open,
    everything: Everything,
    request: pytest.FixtureRequest,
    who: str,
    refusal: type[Exception] | None,
    deed: Callable[[Tickets, Actor, str], Ticket],
) -> None:
    team, actor = set_up(), request.getfixturevalue(who)
    open_ticket()
    before = everything()

    if refusal is None:
        assert deed(tickets, actor, team.id).team == team.id
    else:
        with pytest.raises(refusal):
            deed(tickets, actor, team.id)
        assert everything() == before
