"""While an admin views the desk as somebody else: each public method of each service, that it changes nothing."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from tests.openid_provider import Provider
from tests.services.test_transactions import BY_THE_BATCH, IN_TURNS, NEVER, ONCE, TWICE, CountedStore, Scene
from ticketing.domain.errors import TicketingError
from ticketing.domain.people import Actor

DEEDS: dict[str, Callable[[Any], object]] = (
    ONCE | TWICE | NEVER | IN_TURNS | {n: do for n, (_, do) in BY_THE_BATCH.items()}
)
# Whoever looks at a list has the desk do what is due.
DONE_FOR_THE_DESK = {"tickets.search", "tickets.counts"}


class Viewed:
    """The scene, where one of its people is a view of root's; `is_asked` once that one does something."""

    def __init__(self, scene: Scene, person: str) -> None:
        self._scene, self._person, self.is_asked = scene, person, False
        with scene.desk.store.write() as tx:
            session = tx.sessions.find(scene.root.session or "")
            assert session is not None
            session.view(person, scene.desk.clock())
            tx.sessions.save(session)
        real: Actor = getattr(scene, person)
        self._viewer = replace(
            scene.root, username=person, display_name=real.display_name, role=real.role, viewer="root"
        )
        scene.desk.drafts.own(self._viewer)  # it is let in

    def __getattr__(self, name: str) -> Any:
        """Return the view in the person's place."""
        if name == self._person:
            self.is_asked = True
            return self._viewer
        return getattr(self._scene, name)


@pytest.fixture(scope="module")
def first_scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with Provider() as provider:
        yield Scene(tmp_path_factory.mktemp("scene"), provider)


@pytest.fixture
def scene(first_scene: Scene) -> Scene:
    return first_scene.again()


@pytest.fixture
def store(scene: Scene) -> CountedStore:
    return scene.store


@pytest.mark.parametrize("person", ["ada", "carla"])
@pytest.mark.parametrize("name", sorted(DEEDS.keys() - DONE_FOR_THE_DESK))
def test_what_is_done_in_a_view_changes_nothing(
    scene: Scene, everything: Callable[[], dict[str, object]], person: str, name: str
) -> None:
    on, before = Viewed(scene, person), everything()

    with suppress(TicketingError):
        result = DEEDS[name](on)
        if isinstance(result, Iterator):
            list(result)

    assert everything() == before or not on.is_asked
