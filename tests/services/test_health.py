"""Who may know how the desk is, and that what is found comes from the store as it is."""

from datetime import timedelta

import pytest

from tests.services.conftest import Clock, SignIn
from ticketing.domain.errors import PermissionDeniedError, SignedOutError
from ticketing.domain.findings import Finding, Level
from ticketing.domain.people import Actor, Role
from ticketing.domain.statuses import TicketCategory
from ticketing.domain.tickets import Ticket
from ticketing.figures import Figures
from ticketing.services.access import Gate
from ticketing.services.diagnosis import Setup, Visit
from ticketing.services.health import Health, Surroundings
from ticketing.storage.memory import MemoryStore

FLEETING = Finding(Level.PROBLEM, "storage", "Tickets are kept on a leaf.", "Keep them on a stone.")
LASTING = Finding(Level.OK, "storage", "Tickets are kept on a stone.")


def health_of(
    store: MemoryStore, clock: Clock, gate: Gate, *, storage: Finding = LASTING, setup: Setup | None = None
) -> Health:
    return Health(
        store, clock, gate, setup or Setup(), Surroundings(storage, list, lambda: None, lambda: None), Figures()
    )


@pytest.fixture
def health(store: MemoryStore, clock: Clock, gate: Gate) -> Health:
    return health_of(store, clock, gate)


@pytest.mark.parametrize("username", ["carla", "ada"])
def test_requesters_and_agents_learn_nothing(health: Health, arrives: SignIn, username: str) -> None:
    actor = arrives(username, Role.AGENT if username == "ada" else Role.USER)

    with pytest.raises(PermissionDeniedError, match="You may not see how the desk is doing"):
        health.findings(actor)
    with pytest.raises(PermissionDeniedError, match="You may not see how the desk is doing"):
        health.of_store(actor)


def test_who_was_an_admin_a_moment_ago_learns_nothing_any_more(health: Health, root: Actor, store: MemoryStore) -> None:
    with store.write() as tx:
        user = tx.users.find("root")
        assert user is not None
        user.role = Role.AGENT
        tx.users.save(user)

    with pytest.raises(PermissionDeniedError):
        health.findings(root)


def test_who_was_signed_out_learns_nothing(health: Health, root: Actor, store: MemoryStore) -> None:
    with store.write() as tx:
        tx.sessions.remove(root.session or "")

    with pytest.raises(SignedOutError):
        health.findings(root)


def test_an_admin_learns_all_and_the_command_line_all_but_how_a_browser_reaches_the_desk(
    health: Health, root: Actor
) -> None:
    seen = {found.subject for found in health.findings(root, Visit("localhost", "http://localhost"))}

    assert seen == {
        *("storage", "files", "clock", "backups", "address", "cookies", "proxy", "websocket", "accounts", "mail")
    }
    assert {found.subject for found in health.findings(Actor.console())} == seen - {"proxy", "websocket"}


def test_the_clock_is_held_against_the_ticket_that_changed_last(
    health: Health, root: Actor, store: MemoryStore, clock: Clock
) -> None:
    with store.write() as tx:
        for number in (1, 2, 3):
            at = clock.now + timedelta(hours=number % 3)
            tx.tickets.save(Ticket.open(number, "carla", "Smoke", "Help!", TicketCategory.GENERAL, at))

    told = next(found for found in health.findings(root) if found.subject == "clock")

    assert told.level is Level.WARNING
    assert f"{clock.now + timedelta(hours=2):%Y-%m-%d %H:%M} UTC" in told.says


def test_of_all_accounts_the_active_ones_of_agents_are_judged(
    health: Health, arrives: SignIn, store: MemoryStore, clock: Clock
) -> None:
    arrives("carla")
    arrives("bert", Role.AGENT)
    with store.write() as tx:
        bert = tx.users.find("bert")
        assert bert is not None
        bert.active = False
        tx.users.save(bert)
    for name in ("ada", "root"):
        arrives(name, Role.AGENT)
    clock.advance(timedelta(days=100))
    with store.write() as tx:
        for name in ("root", "carla", "bert", "ada"):
            user = tx.users.find(name)
            assert user is not None
            user.last_sign_in_at = clock.now - timedelta(days=91)
            tx.users.save(user)

    told = next(found for found in health.findings(Actor.console()) if found.subject == "accounts")

    assert told.says == "Not signed in for 90 days: ada, root."


def test_that_storage_is_thrown_away_is_known_without_looking_again(
    store: MemoryStore, clock: Clock, gate: Gate
) -> None:
    assert health_of(store, clock, gate, storage=FLEETING).throw_away == FLEETING
    assert health_of(store, clock, gate, storage=LASTING).throw_away is None


def test_that_a_demo_is_thrown_away_is_no_matter(store: MemoryStore, clock: Clock, gate: Gate) -> None:
    assert health_of(store, clock, gate, storage=FLEETING, setup=Setup(demo=True)).throw_away is None
