"""While the desk is being maintained: each public method of each service, whether it goes on."""

from collections.abc import Iterator

import pytest

from tests.openid_provider import Provider
from tests.services.test_transactions import NEVER, ONCE, TWICE, Scene
from ticketing.domain.errors import MaintenanceError
from ticketing.domain.maintenance import Maintenance
from ticketing.domain.people import Actor

CHANGES = ONCE | TWICE
# By whom these are done in the table of all deeds, they could do them in any case.
OF_THOSE_WHO_LOOK_AFTER_IT = {
    *(
        "exports.seed",
        "exports.json_lines",
        "exports.table",
        "settings_files.export",
        "settings_files.apply",
        "audit.export",
    ),
    *("agents.turn_off_second_factor", "agents.deactivate", "agents.reactivate", "agents.reset_password"),
    *("viewing.begin", "viewing.end"),
    *("agents.end_sessions", "sessions.end_one_of", "agents.lift_wait"),
    *("agents.change_role", "agents.create_agent", "agents.set_password"),
    *("definitions.save", "definitions.remove", "seeds.apply", "outbox.send_again", "receiving.again"),
    *("personal_data.export", "tokens.rotate_signing_key", "webhooks.create", "webhooks.change", "webhooks.remove"),
    *("webhooks.renew_secret", "webhooks.send_again"),
    *("second_factors.forget_browsers", "second_factors.renew_recovery_codes", "second_factors.turn_off"),
}
ELSEWHERE = {"demo.ensure", "demo.fill", "first_launch.ensure"}  # at a desk that nobody maintains
SIGNING_IN_AND_OUT = {
    *("accounts.sign_in", "accounts.sign_in_browser", "accounts.finish_sign_in", "accounts.finish_sign_in_browser"),
    *("tokens.issue", "tokens.renew", "tokens.revoke"),
    *("openid.begin", "openid.begin_linking", "openid.finish", "openid.unlink"),
    *("sessions.actor", "sessions.redeem", "sessions.sign_out", "sessions.end", "sessions.end_others"),
}
BY_THE_WAY = {
    *("drafts.keep", "tickets.mark_seen", "inbox.read_of_ticket", "inbox.read_all", "front.dismiss"),
    *("receiving.note_fetch", "tickets.search", "tickets.counts"),
}
# Of several tickets it is told of each why it was left as it is, and nothing is there to remember.
BULK = {"bulk.apply", "bulk.undo", "bulk.remember"}
GO_ON = OF_THOSE_WHO_LOOK_AFTER_IT | ELSEWHERE | SIGNING_IN_AND_OUT | BY_THE_WAY


@pytest.fixture(scope="module")
def first_scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with Provider() as provider:
        yield Scene(tmp_path_factory.mktemp("scene"), provider)


@pytest.fixture
def scene(first_scene: Scene) -> Scene:
    scene = first_scene.again()
    closed = Maintenance(id=Maintenance.kind, name="Maintenance", is_on=True)
    scene.desk.definitions.save(Actor.console(), closed)
    return scene


@pytest.mark.parametrize("name", sorted(CHANGES.keys() - GO_ON - BULK))
def test_what_changes_something_is_refused(scene: Scene, name: str) -> None:
    with pytest.raises(MaintenanceError):
        CHANGES[name](scene)


@pytest.mark.parametrize("name", sorted(GO_ON))
def test_those_who_look_after_the_desk_and_the_ways_in_go_on(scene: Scene, name: str) -> None:
    CHANGES[name](scene)


@pytest.mark.parametrize("name", NEVER)
def test_everybody_can_go_on_reading(scene: Scene, name: str) -> None:
    NEVER[name](scene)
