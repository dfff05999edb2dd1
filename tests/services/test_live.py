"""What the open pages of a process are asked for all at once: who of their people is signed in still, and as what."""

from dataclasses import replace
from datetime import timedelta

from tests.services.conftest import Clock
from ticketing.domain.people import Actor, Role
from ticketing.domain.sign_in import SessionLimits
from ticketing.domain.store import Store
from ticketing.services.access import Gate
from ticketing.services.live import Live

ON_EVERY_STORE = True


def test_people_stand_as_they_are_now_and_those_who_are_signed_out_not_at_all(
    store: Store, clock: Clock, gate: Gate, limits: SessionLimits, carla: Actor, oskar: Actor, ada: Actor
) -> None:
    live, everybody = Live(store, clock, gate), [carla, oskar, ada]
    assert live.standing(everybody) == {actor: actor for actor in everybody}

    with store.write() as tx:
        tx.sessions.remove(carla.session or "")
        user = tx.users.find("ada")
        assert user
        tx.users.save(user.model_copy(update={"role": Role.USER}))
    assert live.standing(everybody) == {oskar: oskar, ada: replace(ada, role=Role.USER)}

    clock.advance(limits.idle(Role.USER) + timedelta(seconds=1))
    assert live.standing(everybody) == {}


def test_who_has_to_choose_a_password_does_not_stand(store: Store, clock: Clock, gate: Gate, carla: Actor) -> None:
    with store.write() as tx:
        user = tx.users.find("carla")
        assert user
        tx.users.save(user.model_copy(update={"must_change_password": True}))

    assert Live(store, clock, gate).standing([carla]) == {}
