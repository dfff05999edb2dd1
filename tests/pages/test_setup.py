"""The pages on which the desk is set up."""

from collections.abc import Callable

import pytest

from tests.storage.test_settings_round_trip import SAMPLES
from tests.visiting import Visit, unescaped
from ticketing.desk import Desk
from ticketing.domain.people import Actor
from ticketing.domain.statuses import TicketCategory
from ticketing.domain.teams import Dealing, Team

Behind = Callable[[Visit], Actor]


def captions(visit: Visit) -> str:
    """Return what the page says in small letters."""
    return "\n".join(unescaped(caption.value) for caption in visit.at.caption)


def made(desk: Desk, root: Visit, actor: Behind, name: str = "First line") -> Team:
    return desk.definitions.save(actor(root), Team(name=name, members=("ada",)))


def test_an_admin_makes_a_team_and_finds_it_in_the_list(desk: Desk, root: Visit, actor: Behind) -> None:
    assert root.open("agent_admin").press("set_up").titles == ["Set up"]
    assert root.open("desk_setup").press("open_teams").titles == ["Teams"]
    assert root.open("desk_setup", kind="teams").press("new").titles == ["New team"]

    root.open("desk_setup", kind="teams", id="new")
    root.at.selectbox(key="team_dealing").set_value(Dealing.ROUND_ROBIN)
    root.fill(team_name="First line").press("save")

    (team,) = desk.definitions.all(actor(root), Team)
    assert (team.name, team.dealing) == ("First line", Dealing.ROUND_ROBIN)
    assert root.titles == ["Teams"]
    assert root.said[0] == "“First line” is saved."
    assert "nobody yet · go to the members in turns" in captions(root)


def test_what_cannot_be_kept_is_refused_and_stays_in_the_form(desk: Desk, root: Visit, actor: Behind) -> None:
    made(desk, root, actor)

    root.open("desk_setup", kind="teams", id="new").fill(team_name="first LINE").press("save")

    assert root.refused == ["The name “first LINE” is taken. Please choose another one."]
    assert root.at.text_input(key="team_name").value == "first LINE"


def test_a_team_is_changed_and_its_history_tells_it(desk: Desk, root: Visit, actor: Behind) -> None:
    team = made(desk, root, actor)

    root.open("desk_setup", kind="teams", id=team.id).fill(team_name="Second line").press("save")
    root.open("desk_setup", kind="teams", id=team.id)

    assert root.titles == ["Second line"]
    assert "Name: First line → Second line" in "\n".join(unescaped(line.value) for line in root.at.markdown)


def test_who_was_shown_an_older_version_is_told_and_can_decide_anew(desk: Desk, root: Visit, actor: Behind) -> None:
    team = made(desk, root, actor)
    root.open("desk_setup", kind="teams", id=team.id)
    desk.definitions.save(actor(root), team.model_copy(update={"members": ("root",)}))

    root.fill(team_name="Second line").press("save")

    assert root.refused == ["The entry “First line” was changed meanwhile. Please look, and change it again."]
    assert root.at.text_input(key="team_name").value == "Second line"
    root.press("save")
    assert root.said[0] == "“Second line” is saved."


def test_a_team_is_removed_and_brought_back(desk: Desk, root: Visit, actor: Behind) -> None:
    team = made(desk, root, actor)

    root.open("desk_setup", kind="teams", id=team.id).press("remove")
    assert desk.definitions.all(actor(root), Team) == []
    assert root.said[0] == "“First line” is removed. It can be brought back below."

    root.press(f"bring_back_{team.id}")
    assert [one.name for one in desk.definitions.all(actor(root), Team)] == ["First line"]


@pytest.mark.parametrize("query", [{"kind": "teams", "id": "nobodys"}, {"kind": "nothing"}], ids=["id", "kind"])
def test_what_is_not_there_is_not_found(root: Visit, query: dict[str, str]) -> None:
    assert root.open("desk_setup", **query).titles == ["Nothing to see here"]


def test_an_agent_sees_the_teams_and_changes_none(desk: Desk, root: Visit, ada: Visit, actor: Behind) -> None:
    team = made(desk, root, actor)

    ada.open("desk_setup", kind="teams")

    assert ada.titles == ["Teams"]
    assert "Ada" in captions(ada) or "ada" in captions(ada)
    assert not ada.has_button("new")
    assert not ada.has_button(f"edit_{team.id}")
    assert ada.open("desk_setup", kind="teams", id=team.id).titles == ["Nothing to see here"]
    assert ada.open("desk_setup", kind="teams", id="new").titles == ["Nothing to see here"]


def test_a_team_takes_the_new_tickets_of_its_categories_and_no_other_team_does(
    desk: Desk, root: Visit, actor: Behind
) -> None:
    team = made(desk, root, actor)
    root.open("desk_setup", kind="teams", id=team.id)
    root.at.multiselect(key="team_categories").set_value([TicketCategory.HARDWARE, TicketCategory.NETWORK])
    root.press("save")
    assert "ada · takes Hardware, Network · wait until somebody takes them" in captions(root)

    root.open("desk_setup", kind="teams", id="new")
    root.at.multiselect(key="team_categories").set_value([TicketCategory.NETWORK])
    root.fill(team_name="Second line").press("save")

    assert root.refused == ["The category “network” belongs to the team “First line”, and can belong to one team only."]
    assert root.at.text_input(key="team_name").value == "Second line"
    assert len(desk.definitions.all(actor(root), Team)) == 1


def test_it_is_said_of_a_team_that_none_of_its_members_works_any_more(desk: Desk, root: Visit, actor: Behind) -> None:
    team = made(desk, root, actor)
    warning = "No member of this team can work on tickets now: what reaches it waits."
    assert warning not in root.open("desk_setup", kind="teams", id=team.id).said

    desk.agents.deactivate(actor(root), "ada")

    assert warning in root.open("desk_setup", kind="teams", id=team.id).said
    assert warning in captions(root.open("desk_setup", kind="teams"))


@pytest.mark.parametrize("kind", SAMPLES)
def test_of_each_kind_it_is_told_who_changed_what(desk: Desk, root: Visit, actor: Behind, kind: str) -> None:
    named = [SAMPLES[name] for name in ("calendars", "categories", "teams") if name != kind]  # by some of the others
    *_, saved = [desk.definitions.save(actor(root), one) for one in (*named, SAMPLES[kind])]
    desk.definitions.save(actor(root), saved.model_copy(update={"name": "Another name"}))

    root.open("desk_setup", kind=kind, id=saved.id)

    assert root.titles == ["Branding" if kind == "branding" else "Another name"]
    told = "\n".join(unescaped(line.value) for line in root.at.markdown)
    assert f"Name: {saved.name} → Another name" in told
    assert actor(root).display_name in captions(root)
