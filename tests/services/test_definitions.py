"""What is set up: who sees it, who changes it, and that nobody overwrites what they have not seen."""

from collections.abc import Callable
from typing import ClassVar

import pytest

from tests.services.conftest import Clock, SignIn
from ticketing.domain.definitions import Definition
from ticketing.domain.errors import (
    BlankError,
    DefinitionNotFoundError,
    NameTakenError,
    PermissionDeniedError,
    StaleDefinitionError,
)
from ticketing.domain.people import Actor, Role
from ticketing.domain.teams import Dealing, Team
from ticketing.services.access import Gate
from ticketing.services.definitions import Definitions
from ticketing.storage.memory import MemoryStore

ON_EVERY_STORE = True


class Snippet(Definition):
    """Something of the agents' own, or that they share."""

    kind: ClassVar[str] = "snippets"
    is_agents: ClassVar[bool] = True

    text: str = ""


@pytest.fixture
def definitions(store: MemoryStore, clock: Clock, gate: Gate) -> Definitions:
    return Definitions(store, clock, gate)


@pytest.fixture
def root(arrives: SignIn) -> Actor:
    return arrives("root", Role.ADMIN)


@pytest.fixture
def ada(arrives: SignIn) -> Actor:
    return arrives("ada", Role.AGENT)


@pytest.fixture
def bert(arrives: SignIn) -> Actor:
    return arrives("bert", Role.AGENT)


@pytest.fixture
def carla(arrives: SignIn) -> Actor:
    return arrives("carla")


def test_an_admin_sets_up_a_team_that_agents_see_and_requesters_do_not(
    definitions: Definitions, root: Actor, ada: Actor, carla: Actor
) -> None:
    made = definitions.save(root, Team(name="  First   line ", members=("ada", "bert", "ada")))

    assert (made.id, made.name, made.members, made.version) == ("first-line", "First line", ("ada", "bert"), 1)
    assert definitions.all(ada, Team) == [made]
    assert definitions.get(ada, Team, "first-line") == made
    with pytest.raises(PermissionDeniedError):
        definitions.all(carla, Team)
    with pytest.raises(PermissionDeniedError):
        definitions.get(carla, Team, "first-line")


@pytest.mark.parametrize(
    "deed",
    [
        lambda definitions, actor, _team: definitions.save(actor, Team(name="Mine")),
        lambda definitions, actor, team: definitions.save(actor, team.model_copy(update={"name": "Mine"})),
        lambda definitions, actor, team: definitions.remove(actor, Team, team.id, team.version),
    ],
    ids=["making", "changing", "removing"],
)
@pytest.mark.parametrize("role", [Role.USER, Role.AGENT])
def test_nobody_but_an_admin_changes_how_the_desk_is_set_up(
    definitions: Definitions,
    root: Actor,
    arrives: SignIn,
    role: Role,
    deed: Callable[[Definitions, Actor, Team], object],
) -> None:
    team = definitions.save(root, Team(name="First line"))

    with pytest.raises(PermissionDeniedError):
        deed(definitions, arrives("somebody", role), team)
    assert definitions.all(root, Team) == [team]
    assert deed(definitions, root, team)


def test_each_change_is_a_version_and_stands_in_the_history(
    definitions: Definitions, root: Actor, clock: Clock
) -> None:
    made = definitions.save(root, Team(name="First line"))

    changed = definitions.save(root, made.model_copy(update={"members": ("ada",), "dealing": Dealing.ROUND_ROBIN}))
    same = definitions.save(root, changed)

    assert same == changed
    assert changed.version == 2
    assert [(one.field, one.old, one.new) for one in changed.history] == [
        ("created", None, "First line"),
        ("members", [], ["ada"]),
        ("dealing", "none", "round_robin"),
    ]
    assert {(one.by, one.at) for one in changed.history} == {("root", clock.now)}


def test_v4_a_change_of_what_somebody_changed_meanwhile_is_refused(definitions: Definitions, root: Actor) -> None:
    made = definitions.save(root, Team(name="First line"))
    theirs = definitions.save(root, made.model_copy(update={"members": ("bert",)}))

    with pytest.raises(StaleDefinitionError, match="“First line” was changed meanwhile"):
        definitions.save(root, made.model_copy(update={"members": ("ada",)}))
    assert definitions.all(root, Team) == [theirs]


def test_what_is_removed_is_in_no_list_can_be_read_and_comes_back(definitions: Definitions, root: Actor) -> None:
    made = definitions.save(root, Team(name="First line"))

    gone = definitions.remove(root, Team, made.id, made.version)

    assert definitions.all(root, Team) == []
    assert definitions.all(root, Team, removed=True) == [gone]
    assert definitions.get(root, Team, made.id) == gone
    back = definitions.save(root, gone.model_copy(update={"removed": False}))
    assert definitions.all(root, Team) == [back]


def test_a_name_is_taken_whatever_its_case_until_it_is_removed(definitions: Definitions, root: Actor) -> None:
    made = definitions.save(root, Team(name="First line"))

    with pytest.raises(NameTakenError, match="“FIRST LINE” is taken"):
        definitions.save(root, Team(name="FIRST LINE"))
    definitions.remove(root, Team, made.id, made.version)
    assert definitions.save(root, Team(name="FIRST LINE")).id == "first-line-2"


@pytest.mark.parametrize(("name", "key"), [("Straße & Co.", "strasse-co"), ("东京", None)])
def test_an_id_is_made_of_the_name(definitions: Definitions, root: Actor, name: str, key: str | None) -> None:
    made = definitions.save(root, Team(name=name))

    assert made.id == key if key else made.id.isalnum()


def test_a_blank_name_is_refused(definitions: Definitions, root: Actor) -> None:
    with pytest.raises(BlankError, match="Name is empty"):
        definitions.save(root, Team(name=" \u200b "))


def test_an_agents_own_is_there_for_nobody_else(definitions: Definitions, ada: Actor, bert: Actor, root: Actor) -> None:
    own = definitions.save(ada, Snippet(name="Mine", owner="ada"))
    shared = definitions.save(ada, Snippet(name="Mine"))

    assert set(definitions.all(ada, Snippet)) == {own, shared}
    for other in (bert, root):
        assert definitions.all(other, Snippet) == [shared]
        with pytest.raises(DefinitionNotFoundError):
            definitions.get(other, Snippet, own.id)
        with pytest.raises(DefinitionNotFoundError):
            definitions.save(other, own.model_copy(update={"owner": None, "text": "Taken over"}))
        with pytest.raises(DefinitionNotFoundError):
            definitions.remove(other, Snippet, own.id, own.version)
        with pytest.raises(PermissionDeniedError):
            definitions.save(other, Snippet(name="Put into Ada's", owner="ada"))
    assert definitions.get(ada, Snippet, own.id) == own


def test_agents_change_what_they_share_and_requesters_do_not(
    definitions: Definitions, ada: Actor, bert: Actor, carla: Actor
) -> None:
    shared = definitions.save(ada, Snippet(name="Ours"))

    changed = definitions.save(bert, shared.model_copy(update={"text": "Better"}))

    assert definitions.all(ada, Snippet) == [changed]
    for refused in (Snippet(name="Hers", owner="carla"), Snippet(name="Everybody's")):
        with pytest.raises(PermissionDeniedError):
            definitions.save(carla, refused)
