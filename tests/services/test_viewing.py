"""An admin views the desk as somebody else: what they see, that nothing is changed by it, and that it is on record."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.services.conftest import Clock, SignIn
from ticketing.desk import Desk
from ticketing.domain.audit import AuditAction, AuditQuery
from ticketing.domain.errors import (
    NotActiveError,
    OnlyLookingError,
    PermissionDeniedError,
    PersonNotFoundError,
    SignedOutError,
    TicketNotFoundError,
)
from ticketing.domain.people import Actor, Role
from ticketing.domain.saved_views import SavedView
from ticketing.domain.sign_in import VIEW_LIFETIME
from ticketing.services.sessions import open_session
from ticketing.settings import Settings
from ticketing.storage.whole import WholeStore

ON_EVERY_STORE = True
CONSOLE = Actor.console()

AsNow = Callable[[], Actor]


@pytest.fixture
def desk(store: WholeStore, clock: Clock) -> Desk:
    return Desk(Settings(storage_url="memory:"), store, clock, 4)


def browser_of(desk: Desk, username: str) -> AsNow:
    """Sign somebody in, and return the way to ask who acts by that browser now."""
    with desk.store.write() as tx:
        user = tx.users.find(username)
        assert user is not None
        token = open_session(tx, user, desk.settings.session_limits, desk.clock(), "198.51.100.7", "Firefox")
    return lambda: desk.sessions.actor(token)


@pytest.fixture
def browser(desk: Desk, root: Actor) -> AsNow:
    return browser_of(desk, root.username)


def test_an_admin_sees_what_the_person_sees_and_nothing_else(desk: Desk, browser: AsNow, carla: Actor) -> None:
    own = desk.tickets.open(carla, "Hers", "Help!").number
    desk.tickets.note(CONSOLE, own, "Between us.")
    foreign = desk.tickets.open(CONSOLE, "Not hers", "Help!").number

    desk.viewing.begin(browser(), "Carla")

    viewer = browser()
    assert (viewer.username, viewer.role, viewer.viewer) == ("carla", Role.USER, "root")
    assert [message.text for message in desk.tickets.get(viewer, own).messages] == ["Help!"]
    with pytest.raises(TicketNotFoundError):
        desk.tickets.get(viewer, foreign)
    with pytest.raises(PersonNotFoundError):
        desk.agents.person(viewer, "carla")


def test_nothing_is_changed_by_looking(
    desk: Desk, browser: AsNow, carla: Actor, everything: Callable[[], object]
) -> None:
    number = desk.tickets.open(carla, "Hers", "Help!").number
    desk.tickets.reply(CONSOLE, number, "Is it on?")
    desk.drafts.keep(carla, number, "reply", "Yes, it")
    desk.viewing.begin(browser(), "carla")
    viewer, before = browser(), everything()

    with pytest.raises(OnlyLookingError, match="while you view the desk as somebody else"):
        desk.tickets.reply(viewer, number, "Yes.")
    with pytest.raises(OnlyLookingError):
        desk.drafts.keep(viewer, number, "reply", "No")
    desk.tickets.mark_seen(viewer, number, 2)
    desk.inbox.read_all(viewer)

    assert everything() == before
    assert desk.drafts.own(viewer, number) is None
    assert desk.drafts.own(carla, number) is not None


def test_neither_is_anything_taken_along_or_kept_for_the_person(
    desk: Desk, browser: AsNow, ada: Actor, carla: Actor, everything: Callable[[], dict[str, object]]
) -> None:
    before = everything()
    for person, deeds in (
        (carla, [lambda viewer: b"".join(desk.personal_data.export(viewer, "carla"))]),
        (
            ada,
            [
                lambda viewer: desk.definitions.save(viewer, SavedView(name="Mine", query="tag:vpn", owner="ada")),
                lambda viewer: desk.agents.deactivate(viewer, "carla"),
            ],
        ),
    ):
        desk.viewing.begin(browser(), person.username)
        for deed in deeds:
            with pytest.raises(OnlyLookingError):
                deed(browser())
        desk.viewing.end(browser())

    after = everything()
    assert {name for name in after if after[name] != before.get(name)} <= {"sessions", "audit"}


def test_it_is_on_record_when_a_view_begins_and_when_it_ends(desk: Desk, browser: AsNow, carla: Actor) -> None:
    desk.viewing.begin(browser(), carla.username)
    desk.viewing.end(browser())
    desk.viewing.end(browser())

    records = reversed(desk.audit.search(CONSOLE, AuditQuery()).records)
    views = {AuditAction.VIEW_BEGUN, AuditAction.VIEW_ENDED}
    assert [
        (record.actor, record.action.value, record.object, record.address)
        for record in records
        if record.action in views
    ] == [
        ("root", "view_begun", "carla", "198.51.100.7"),
        ("root", "view_ended", "carla", "198.51.100.7"),
    ]
    assert browser().username == "root"


def test_a_view_ends_by_itself_after_half_an_hour(desk: Desk, browser: AsNow, carla: Actor, clock: Clock) -> None:
    desk.viewing.begin(browser(), carla.username)
    viewer = browser()

    clock.advance(VIEW_LIFETIME - timedelta(seconds=1))
    assert browser().viewer == "root"
    clock.advance(timedelta(seconds=1))

    assert (browser().username, browser().viewer) == ("root", None)
    with pytest.raises(SignedOutError):
        desk.tickets.open(viewer, "Too late", "Help!")


def test_what_a_page_kept_of_a_view_is_worth_nothing_once_another_has_begun(
    desk: Desk, browser: AsNow, carla: Actor, oskar: Actor
) -> None:
    desk.viewing.begin(browser(), carla.username)
    kept = browser()
    desk.viewing.end(kept)
    desk.viewing.begin(browser(), oskar.username)

    with pytest.raises(SignedOutError):
        desk.drafts.own(kept)


def test_the_other_browsers_of_the_admin_show_their_own_desk(desk: Desk, browser: AsNow, carla: Actor) -> None:
    other = browser_of(desk, "root")

    desk.viewing.begin(browser(), carla.username)

    assert (other().username, other().viewer) == ("root", None)


def test_nobody_becomes_a_viewer_by_saying_so(desk: Desk, browser: AsNow, carla: Actor, ada: Actor) -> None:
    for claimed in (
        replace(browser(), username="carla", viewer="root"),
        replace(ada, username="carla", viewer="ada"),
        replace(carla, viewer="root"),
    ):
        with pytest.raises(SignedOutError):
            desk.drafts.own(claimed)


@pytest.mark.parametrize("username", ["ada", "carla"])
def test_neither_agents_nor_requesters_view_the_desk_as_others(
    desk: Desk, username: str, arrives: SignIn, oskar: Actor
) -> None:
    arrives(username, Role.AGENT if username == "ada" else Role.USER)
    refused = PermissionDeniedError if username == "ada" else PersonNotFoundError

    with pytest.raises(refused):
        desk.viewing.begin(browser_of(desk, username)(), oskar.username)


def test_no_admin_is_viewed_and_nobody_whose_account_is_closed(
    desk: Desk, browser: AsNow, arrives: SignIn, carla: Actor
) -> None:
    arrives("rita", Role.ADMIN)
    desk.agents.deactivate(CONSOLE, carla.username)

    for username in ("rita", "root"):
        with pytest.raises(PermissionDeniedError):
            desk.viewing.begin(browser(), username)
    with pytest.raises(NotActiveError):
        desk.viewing.begin(browser(), "carla")
    with pytest.raises(SignedOutError):  # there is no browser at the command line
        desk.viewing.begin(CONSOLE, arrives("oskar").username)


@pytest.mark.parametrize("what", ["is deactivated", "becomes an admin", "is an agent's view by now"])
def test_a_view_is_over_as_soon_as_it_may_not_be(
    desk: Desk, browser: AsNow, arrives: SignIn, carla: Actor, what: str
) -> None:
    arrives("rita", Role.ADMIN)
    desk.viewing.begin(browser(), carla.username)
    viewer = browser()

    if what == "is deactivated":
        desk.agents.deactivate(CONSOLE, "carla")
    elif what == "becomes an admin":
        desk.agents.change_role(CONSOLE, "carla", Role.ADMIN)
    else:
        with desk.store.write() as tx:
            root = tx.users.find("root")
            assert root is not None
            root.role = Role.AGENT
            tx.users.save(root)

    assert (browser().username, browser().viewer) == ("root", None)
    with pytest.raises(SignedOutError):
        desk.tickets.open(viewer, "Hers", "Help!")


def test_a_view_leads_to_no_other_view(desk: Desk, browser: AsNow, ada: Actor, carla: Actor) -> None:
    desk.viewing.begin(browser(), ada.username)

    with pytest.raises(PermissionDeniedError):
        desk.viewing.begin(browser(), carla.username)

    assert browser().username == "ada"


def test_signing_out_of_a_view_signs_the_admin_out(desk: Desk, carla: Actor, root: Actor) -> None:
    with desk.store.write() as tx:
        user = tx.users.find(root.username)
        assert user is not None
        token = open_session(tx, user, desk.settings.session_limits, desk.clock(), "198.51.100.7", "Firefox")
    desk.viewing.begin(desk.sessions.actor(token), carla.username)

    desk.sessions.sign_out(token)

    with pytest.raises(SignedOutError):
        desk.sessions.actor(token)
