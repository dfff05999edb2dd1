"""How the desk is set up goes out as one file and comes in again: by whom, as what, and all of it or nothing."""

import json
from collections.abc import Callable

import pytest

from tests.services.conftest import Clock, SignIn
from ticketing.domain.calendars import BusinessCalendar
from ticketing.domain.canned_replies import CannedReply
from ticketing.domain.errors import ImportRefusedError, PermissionDeniedError, StaleImportError
from ticketing.domain.opening_hours import ALWAYS_OPEN
from ticketing.domain.people import Actor, Role
from ticketing.domain.teams import Team
from ticketing.services.access import Gate
from ticketing.services.definitions import Definitions
from ticketing.services.moving.settings_files import SettingsFiles
from ticketing.storage.memory import MemoryStore

ON_EVERY_STORE = True

Everything = Callable[[], dict[str, object]]


@pytest.fixture
def definitions(store: MemoryStore, clock: Clock, gate: Gate) -> Definitions:
    return Definitions(store, clock, gate)


@pytest.fixture
def files(store: MemoryStore, clock: Clock, gate: Gate) -> SettingsFiles:
    return SettingsFiles(store, clock, gate)


@pytest.fixture
def team(definitions: Definitions, root: Actor, ada: Actor) -> Team:
    return definitions.save(root, Team(name="First line", members=(ada.username,)))


def edited(files: SettingsFiles, root: Actor, **fields: object) -> bytes:
    """Return the file of the desk with other fields in its first team, as somebody has typed them."""
    whole = json.loads(files.export(root))
    whole["settings"]["teams"][0] |= fields
    return json.dumps(whole).encode()


def test_what_differs_becomes_a_version_that_can_be_seen_and_taken_back(
    files: SettingsFiles, definitions: Definitions, root: Actor, team: Team
) -> None:
    raw = edited(files, root, name="Front desk")

    files.apply(root, files.plan(root, raw))

    changed = definitions.get(root, Team, team.id)
    assert (changed.name, changed.version, changed.members) == ("Front desk", 2, ("ada",))
    last = changed.history[-1]
    assert (last.field, last.old, last.new, last.by) == ("name", "First line", "Front desk", "root")


@pytest.mark.usefixtures("team")
def test_the_same_file_twice_changes_nothing(files: SettingsFiles, root: Actor, everything: Everything) -> None:
    raw = edited(files, root, name="Front desk", dealing="least_loaded")
    files.apply(root, files.plan(root, raw))
    before = everything()

    files.apply(root, files.plan(root, raw))

    assert everything() == before


def test_turns_go_on_whatever_is_imported(
    files: SettingsFiles, definitions: Definitions, store: MemoryStore, root: Actor, team: Team
) -> None:
    with store.write() as tx:
        tx.definitions(Team).save(team.after_turn("ada"))

    files.apply(root, files.plan(root, edited(files, root, name="Front desk")))

    assert definitions.get(root, Team, team.id).turns == ("ada",)


def test_a_removed_team_comes_back_and_nothing_is_removed(
    files: SettingsFiles, definitions: Definitions, root: Actor, team: Team
) -> None:
    raw = files.export(root).encode()
    definitions.remove(root, Team, team.id, team.version)
    other = definitions.save(root, Team(name="Second line"))

    files.apply(root, files.plan(root, raw))

    assert [one.name for one in definitions.all(root, Team)] == ["First line", "Second line"]
    assert definitions.get(root, Team, other.id) == other


@pytest.mark.usefixtures("team")
@pytest.mark.parametrize("role", [Role.USER, Role.AGENT])
def test_nobody_but_an_admin_takes_settings_out_or_brings_them_in(
    files: SettingsFiles, root: Actor, arrives: SignIn, everything: Everything, role: Role
) -> None:
    raw = edited(files, root, name="Mine")
    plan = files.plan(root, raw)
    somebody = arrives("somebody", role)
    before = everything()

    for deed in (
        files.export,
        lambda actor: files.plan(actor, raw),
        lambda actor: files.apply(actor, plan),
    ):
        with pytest.raises(PermissionDeniedError, match="You may not change how the desk is set up"):
            deed(somebody)

    assert everything() == before
    files.apply(root, plan)
    assert everything() != before


def test_an_agents_own_reply_is_neither_taken_along_nor_touched(
    files: SettingsFiles, definitions: Definitions, root: Actor, ada: Actor
) -> None:
    own = definitions.save(ada, CannedReply(name="Mine", text="Psst", owner="ada"))
    shared = {"id": own.id, "name": "Theirs", "text": "Ours now"}
    raw = json.dumps({"format": "ticketing-settings", "version": 1, "settings": {"canned_replies": [shared]}}).encode()

    assert "Psst" not in files.export(root)
    with pytest.raises(ImportRefusedError, match="is taken at this desk"):
        files.plan(root, raw)
    assert definitions.get(ada, CannedReply, own.id) == own


def test_what_somebody_changed_since_one_has_looked_is_not_overwritten(
    files: SettingsFiles, definitions: Definitions, root: Actor, team: Team
) -> None:
    plan = files.plan(root, edited(files, root, name="Front desk"))
    theirs = definitions.save(root, team.model_copy(update={"name": "Back office"}))

    with pytest.raises(StaleImportError, match="changed meanwhile"):
        files.apply(root, plan)

    assert definitions.all(root, Team) == [theirs]


def test_an_agents_own_things_may_change_while_one_looks(
    files: SettingsFiles, definitions: Definitions, root: Actor, ada: Actor, team: Team
) -> None:
    plan = files.plan(root, edited(files, root, name="Front desk"))
    definitions.save(ada, CannedReply(name="Mine", text="Psst", owner="ada"))

    files.apply(root, plan)

    assert definitions.get(root, Team, team.id).name == "Front desk"


@pytest.mark.usefixtures("team")
def test_a_file_of_which_one_entry_is_wrong_changes_nothing(
    files: SettingsFiles, definitions: Definitions, root: Actor, everything: Everything
) -> None:
    definitions.save(root, BusinessCalendar(name="Always", zone="UTC", hours=ALWAYS_OPEN))
    whole = json.loads(edited(files, root, name="Front desk"))
    whole["settings"]["calendars"][0]["zone"] = "Mars/Olympus"
    before = everything()

    with pytest.raises(ImportRefusedError, match="Entry 1 of “calendars”, “Always”: The time zone “Mars/Olympus”"):
        files.plan(root, json.dumps(whole).encode())

    assert everything() == before


@pytest.mark.usefixtures("team")
def test_who_has_no_account_here_is_no_member(files: SettingsFiles, root: Actor) -> None:
    plan = files.plan(root, edited(files, root, members=["ada", "bert", "nobody-known"]))

    assert plan.changed == ()
    assert [warning.partition(": ")[2] for warning in plan.warnings] == [
        "“bert” has no account at this desk, and is left out.",
        "“nobody-known” has no account at this desk, and is left out.",
    ]
