"""All that is set up as one file, on the page where it is set up."""

import json
from collections.abc import Callable

import pytest

from tests.visiting import Visit, unescaped
from ticketing.desk import Desk
from ticketing.domain.people import Actor
from ticketing.domain.settings_files import SETTINGS
from ticketing.domain.teams import Team
from ticketing.ui.setup import EDITORS

Behind = Callable[[Visit], Actor]


@pytest.fixture
def team(desk: Desk) -> Team:
    return desk.definitions.save(Actor.console(), Team(name="First *line*", members=("ada",)))


def edited(desk: Desk, **fields: object) -> bytes:
    whole = json.loads(desk.settings_files.export(Actor.console()))
    whole["settings"]["teams"][0] |= fields
    return json.dumps(whole).encode()


def give(visit: Visit, raw: bytes) -> Visit:
    """Choose a file of this content."""
    visit.at.file_uploader[0].upload("settings.json", raw, "application/json")
    return visit.rerun()


def shown(visit: Visit) -> str:
    return "\n".join(unescaped(element.value) for element in visit.at.markdown)


def test_what_can_be_set_up_on_the_page_goes_into_the_file_and_nothing_else_does() -> None:
    assert set(SETTINGS) == set(EDITORS) - {"maintenance"}  # what holds for a while is no setting


def test_an_admin_looks_at_what_a_file_would_do_and_then_does_it(desk: Desk, root: Visit, team: Team) -> None:
    give(root.open("desk_setup"), edited(desk, name="Front *desk*", members=["ada", "bert"]))

    assert "Changed: 1" in shown(root)
    assert "Teams: **Front *desk***" in shown(root)
    assert "Name: First *line* → Front *desk*" in shown(root)
    assert any("“bert” has no account at this desk" in sentence for sentence in root.said)
    assert desk.definitions.all(Actor.console(), Team) == [team]

    root.press("import_settings")

    (changed,) = desk.definitions.all(Actor.console(), Team)
    assert (changed.name, changed.members, changed.history[-1].by) == ("Front *desk*", ("ada",), "root")
    assert root.said[0] == "Imported: 0 added, 1 changed."
    assert not root.has_button("import_settings")


@pytest.mark.usefixtures("team")
def test_a_file_of_what_is_here_already_offers_nothing_to_do(desk: Desk, root: Visit) -> None:
    give(root.open("desk_setup"), edited(desk))

    assert "All of this is here already." in root.said
    assert not root.has_button("import_settings")


@pytest.mark.usefixtures("team")
def test_a_file_that_cannot_be_taken_is_refused_in_a_sentence(desk: Desk, root: Visit) -> None:
    give(root.open("desk_setup"), edited(desk, name=""))

    assert root.refused == ["Entry 1 of “teams”, “”: Name is empty. Please fill it in. Nothing was imported."]
    assert not root.has_button("import_settings")


def test_what_somebody_changed_meanwhile_is_looked_at_again(desk: Desk, root: Visit, team: Team) -> None:
    give(root.open("desk_setup"), edited(desk, name="Front desk"))
    desk.definitions.save(Actor.console(), team.model_copy(update={"name": "Back office"}))

    root.press("import_settings")

    assert root.refused == ["The settings of the desk were changed meanwhile. Please look at the import again."]
    assert "Name: Back office → Front desk" in shown(root.rerun())
    assert desk.definitions.all(Actor.console(), Team)[0].name == "Back office"
    root.press("import_settings")
    assert desk.definitions.all(Actor.console(), Team)[0].name == "Front desk"


def test_an_agent_is_offered_neither_way(ada: Visit) -> None:
    ada.open("desk_setup")

    assert not ada.at.file_uploader
    assert not ada.at.get("download_button")
