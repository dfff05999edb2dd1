"""Teams on the pages: the field in a ticket's panel, and the form that hands a ticket on."""

from collections.abc import Callable

import pytest

from tests.visiting import HEAD, LIST, PANEL, Visit
from ticketing.desk import Desk
from ticketing.domain.people import Actor
from ticketing.domain.teams import Dealing, Team
from ticketing.domain.tickets import MessageKind, Ticket, TicketEdit

Behind = Callable[[Visit], Actor]
Look = Callable[[], Ticket]


@pytest.fixture
def team(desk: Desk, root: Visit, actor: Behind) -> Team:
    """Return a team of Ada and Root, who are dealt to in turns."""
    team = Team(name="First *line*", members=("ada", "root"), dealing=Dealing.ROUND_ROBIN)
    return desk.definitions.save(actor(root), team)


@pytest.fixture
def number(desk: Desk, carla: Visit, actor: Behind) -> str:
    """Return a ticket that Carla opened."""
    return desk.tickets.open(actor(carla), "No dial tone", "The line is dead.").id


@pytest.fixture
def stored(desk: Desk, number: str, root: Visit, actor: Behind) -> Look:
    """Return a way to look at the ticket as it is stored."""
    return lambda: desk.tickets.get(actor(root), int(number))


def teams_on_offer(visit: Visit) -> list[str]:
    """Return the words of the panel's field."""
    return [word for field, _, _, options in visit.sent(PANEL)["fields"] if field == "team" for _, word in options]


def begin_transfer(visit: Visit, number: str) -> Visit:
    """Open the form on the page of a ticket."""
    return visit.open("ticket", id=number).act("transfer")


def notes(ticket: Ticket) -> list[str]:
    return [message.text for message in ticket.messages if message.kind is MessageKind.NOTE]


# The panel


def test_a_team_is_chosen_in_the_panel_deals_the_ticket_and_undo_takes_both_back(
    ada: Visit, number: str, team: Team, stored: Look
) -> None:
    ada.open("ticket", id=number).pick("team", team.id)

    assert (stored().team, stored().assignee) == (team.id, "ada")
    assert ada.sent(HEAD)["actions"][0][1] == "Undo: team"

    ada.act(ada.actions[0])

    assert (stored().team, stored().assignee) == (None, None)
    assert ada.said == ["The change of team is undone."]


def test_undo_gives_a_ticket_back_to_a_team_that_deals_without_dealing_it_again(
    desk: Desk, ada: Visit, root: Visit, number: str, team: Team, stored: Look, actor: Behind
) -> None:
    desk.tickets.edit(actor(root), int(number), TicketEdit(team=team.id, assignee=None))

    ada.open("ticket", id=number).pick("team", "")
    ada.act(ada.actions[0])

    assert (stored().team, stored().assignee) == (team.id, None)


def test_a_team_that_somebody_else_chose_meanwhile_stays(
    desk: Desk, ada: Visit, root: Visit, number: str, team: Team, stored: Look, actor: Behind
) -> None:
    other = desk.definitions.save(actor(root), Team(name="Second line"))
    ada.open("ticket", id=number)
    left = desk.tickets.edit(actor(root), int(number), TicketEdit(team=other.id))

    ada.report(PANEL, "outbox", [[1, "team", team.id, ""]])

    assert len(ada.refused) == 1
    assert "Team was changed to “second-line” while you were choosing “first-line”" in ada.refused[0]
    assert stored() == left


def test_a_desk_without_teams_shows_no_field_for_them(ada: Visit, number: str) -> None:
    assert teams_on_offer(ada.open("ticket", id=number)) == []


def test_a_removed_team_is_shown_where_it_still_is_and_offered_nowhere_else(
    desk: Desk, ada: Visit, carla: Visit, root: Visit, number: str, team: Team, actor: Behind
) -> None:
    desk.tickets.edit(actor(root), int(number), TicketEdit(team=team.id))
    other = desk.tickets.open(actor(carla), "Another", "Text.").id
    assert teams_on_offer(ada.open("ticket", id=other)) == ["No team", "First *line*"]

    with_turns = desk.definitions.get(actor(root), Team, team.id)
    desk.definitions.remove(actor(root), Team, team.id, with_turns.version)

    assert teams_on_offer(ada.open("ticket", id=number)) == ["No team", "First *line*"]
    assert teams_on_offer(ada.open("ticket", id=other)) == []


def test_the_history_names_the_team_and_tells_a_requester_nothing_of_it(
    desk: Desk, ada: Visit, carla: Visit, root: Visit, number: str, team: Team, actor: Behind
) -> None:
    desk.tickets.edit(actor(root), int(number), TicketEdit(team=team.id))

    told = [what for _, what, *_ in ada.open("ticket", id=number).unfold_history().sent(PANEL)["history"]]
    assert told[:2] == ["changed assignee: Unassigned → ada", "changed team: none → First *line*"]

    shown = carla.open("ticket", id=number).unfold_history().sent(PANEL)
    assert [what for _, what, *_ in shown["history"]] == ["changed assignee: Unassigned → ada", "opened the ticket"]
    assert "line" not in str(shown).casefold()


# The queue


def test_an_agent_finds_what_waits_in_their_teams_and_a_requester_finds_nothing_by_a_team(
    desk: Desk, ada: Visit, root: Visit, carla: Visit, number: str, team: Team, actor: Behind
) -> None:
    other = desk.tickets.open(actor(carla), "Printer", "It burns.").number
    desk.definitions.save(actor(root), team.model_copy(update={"members": ("ada",), "dealing": Dealing.NONE}))
    desk.tickets.edit(actor(root), int(number), TicketEdit(team=team.id))

    def found(visit: Visit, page: str, q: str) -> list[int]:
        return [row[0] for row in visit.open(page, view="all", q=q).sent(LIST)["rows"]]

    assert found(ada, "all_tickets", "team:mine is:unassigned") == [int(number)]
    assert found(ada, "all_tickets", "-team:mine") == [other]
    assert found(root, "all_tickets", "team:mine") == []
    assert found(carla, "my_tickets", f"team:mine,{team.id}") == []


# Handing on


def test_a_ticket_is_handed_on_with_a_note_and_the_next_click_takes_it_back(
    desk: Desk, ada: Visit, number: str, team: Team, stored: Look, actor: Behind
) -> None:
    desk.tickets.assign(actor(ada), int(number), "ada")

    begin_transfer(ada, number).choose("transfer_team", team.id).fill(transfer_note="The switch is broken.")
    ada.press("transfer_submit")

    assert (stored().team, stored().assignee, notes(stored())) == (team.id, "root", ["The switch is broken."])
    assert ada.said == ["root has the ticket now."]
    assert not ada.has_button("transfer_submit")

    ada.act(ada.actions[0])

    assert (stored().team, stored().assignee, notes(stored())) == (None, "ada", ["The switch is broken."])


def test_whom_one_can_choose_depends_on_the_team(desk: Desk, ada: Visit, number: str, team: Team) -> None:
    desk.agents.create_agent(Actor.console(), "bert", "a long walk home")

    begin_transfer(ada, number)
    assert ada.at.selectbox(key="transfer_to_").options == ["Nobody yet", "ada", "bert", "root", "Support agent"]
    ada.choose("transfer_team", team.id)

    assert ada.at.selectbox(key=f"transfer_to_{team.id}").options == ["Whose turn it is", "ada", "root"]


def test_a_ticket_is_handed_to_an_agent_where_there_is_no_team(ada: Visit, number: str, stored: Look) -> None:
    begin_transfer(ada, number)
    ada.at.selectbox(key="transfer_to_").set_value("root")

    ada.fill(transfer_note="Please.").press("transfer_submit")

    assert (stored().team, stored().assignee, notes(stored())) == (None, "root", ["Please."])


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [("first-line", "The ticket waits in the team First *line* now."), ("", "Nobody has the ticket now.")],
)
def test_it_is_said_that_nobody_has_it(
    desk: Desk, ada: Visit, root: Visit, number: str, team: Team, actor: Behind, chosen: str, sentence: str
) -> None:
    desk.definitions.save(actor(root), team.model_copy(update={"dealing": Dealing.NONE}))

    begin_transfer(ada, number).choose("transfer_team", chosen).press("transfer_submit")

    assert ada.said == [sentence]


def test_what_a_colleague_took_meanwhile_is_not_taken_away_and_what_was_typed_stays(
    desk: Desk, ada: Visit, root: Visit, number: str, team: Team, stored: Look, actor: Behind
) -> None:
    begin_transfer(ada, number).choose("transfer_team", team.id).fill(transfer_note="For you.")
    theirs = desk.tickets.assign(actor(root), int(number), "root")

    ada.press("transfer_submit")

    assert len(ada.refused) == 1
    assert "Assignee was changed to “root” while you were choosing “nobody”" in ada.refused[0]
    assert stored() == theirs
    assert ada.at.text_area(key="transfer_note").value == "For you."
    ada.press("transfer_submit")
    assert (stored().team, stored().assignee, notes(stored())) == (team.id, "ada", ["For you."])


def test_a_note_that_cannot_be_kept_is_refused_and_nothing_is_handed_on(
    ada: Visit, number: str, team: Team, stored: Look
) -> None:
    before = stored()

    begin_transfer(ada, number).choose("transfer_team", team.id).fill(transfer_note="x" * 20_001)
    ada.press("transfer_submit")

    assert ada.refused == ["Note has 20,001 characters; at most 20,000 fit."]
    assert stored() == before
    assert ada.at.text_area(key="transfer_note").value == "x" * 20_001


def test_handing_on_can_be_thought_better_of(ada: Visit, number: str, stored: Look) -> None:
    before = stored()

    begin_transfer(ada, number).fill(transfer_note="For you.").press("transfer_cancel")

    assert not ada.has_button("transfer_submit")
    assert stored() == before


def test_the_form_of_one_ticket_is_not_drawn_on_another(desk: Desk, ada: Visit, carla: Visit, number: str) -> None:
    other = desk.tickets.open(desk.sessions.actor(carla.token or ""), "Another", "Text.").id

    assert begin_transfer(ada, number).has_button("transfer_submit")
    assert not ada.open("ticket", id=other).has_button("transfer_submit")


def test_the_same_can_be_handed_on_again_after_it_came_back(
    desk: Desk, ada: Visit, root: Visit, number: str, stored: Look, actor: Behind
) -> None:
    for _ in range(2):
        begin_transfer(ada, number)
        ada.at.selectbox(key="transfer_to_").set_value("root")
        ada.fill(transfer_note="Please.").press("transfer_submit")
        assert stored().assignee == "root"
        desk.tickets.assign(actor(root), int(number), None)

    assert notes(stored()) == ["Please.", "Please."]


def test_nobody_is_offered_to_hand_on_what_is_closed_or_their_own_request(
    desk: Desk, ada: Visit, carla: Visit, number: str, actor: Behind
) -> None:
    assert begin_transfer(carla, number).actions == ["close"]
    assert not carla.has_button("transfer_submit")

    begin_transfer(ada, number)
    desk.tickets.close(actor(ada), int(number))

    assert ada.rerun().actions == ["reopen"]
    assert not ada.has_button("transfer_submit")
