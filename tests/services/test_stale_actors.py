"""Every public method of every service finds out anew who acts, whatever a page still holds in its hand."""

import inspect
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.services.conftest import ON_BOTH_STORES, public
from ticketing.desk import Desk
from ticketing.domain.articles import Article
from ticketing.domain.bulk import BulkEdit
from ticketing.domain.deliveries import DeliveryQuery
from ticketing.domain.errors import (
    AuthenticationError,
    MustChangePasswordError,
    MustSetUpSecondFactorError,
    NotFoundError,
    PermissionDeniedError,
    SignedOutError,
    TicketingError,
)
from ticketing.domain.imports import System
from ticketing.domain.links import LinkKind
from ticketing.domain.notifications import Mailed, NoticeKind
from ticketing.domain.outbox import OutgoingQuery
from ticketing.domain.people import Actor, PeopleQuery, Role
from ticketing.domain.queries import TicketQuery
from ticketing.domain.received import ReceivedQuery
from ticketing.domain.recurring import RecurringTicket
from ticketing.domain.reports import Cell, Metric, ReportQuery
from ticketing.domain.rules import Rule
from ticketing.domain.schedules import Repeats, Schedule
from ticketing.domain.scopes import Scope
from ticketing.domain.sla import SlaPolicy
from ticketing.domain.statuses import Priority, Status, TicketCategory
from ticketing.domain.teams import Team
from ticketing.domain.tickets import Ticket, TicketEdit
from ticketing.domain.webhooks import Webhook, WebhookEvent
from ticketing.services.bulk import BulkResult, Outcome
from ticketing.services.moving.lists import Form
from ticketing.settings import Settings
from ticketing.storage.memory import MemoryStore

URGENT = BulkEdit(edit=TicketEdit(priority=Priority.URGENT))
OPEN_TO_EVERYBODY = {
    "accounts.finish_sign_in",
    "accounts.finish_sign_in_browser",
    "accounts.register",
    "accounts.register_browser",
    "accounts.sign_in",
    "accounts.sign_in_browser",
    "addresses.confirm",
    "addresses.look",
    "openid.begin",
    "openid.finish",
    "openid.provider_name",
    "password_resets.are_offered",
    "password_resets.ask",
    "password_resets.choose",
    "password_resets.look",
    "sessions.actor",
    "sessions.redeem",
    "sessions.sign_out",
    "tokens.actor",
    "tokens.issue",
    "tokens.renew",
    "tokens.revoke",
    "first_launch.ensure",
    "front.branding",
    "front.outside",
    "invitations.accept",
    "invitations.look",
    "first_launch.is_waiting",
    "live.meet",
    "live.pulse",
    "live.standing",
    "rating_links.look",
    "rating_links.rate",
    "watch_links.look",
    "watch_links.stop",
    "watch_links.watch",
    "receiving.take",
    "receiving.note_fetch",
    "demo.ensure",
}
ONLY_AT_THE_CONSOLE = {"agents.create_agent", "agents.set_password", "exports.json_lines"}
WITH_A_ONE_TIME_PASSWORD = {"accounts.change_password", "front.dismiss", "front.look"}
WITHOUT_A_SECOND_FACTOR = {
    "front.dismiss",
    "front.look",
    "accounts.change_password",
    "second_factors.forget_browsers",
    "second_factors.propose",
    "second_factors.renew_recovery_codes",
    "second_factors.status",
    "second_factors.turn_off",
    "second_factors.turn_on",
}
FOR_EVERY_PERSON = {
    "accounts.change_password",
    "accounts.change_profile",
    "accounts.profile",
    "addresses.can_be_confirmed",
    "addresses.send_link",
    "agents.may_register",
    "agents.teams_of",
    "drafts.own",
    "repeats.look_up",
    "front.dismiss",
    "front.look",
    "inbox.own",
    "inbox.read_all",
    "inbox.read_of_ticket",
    "inbox.unread",
    "invitations.may_invite",
    "lists.export",
    "personal_data.export",
    "openid.begin_linking",
    "openid.own",
    "openid.unlink",
    "preferences.begin_with",
    "preferences.columns",
    "preferences.mail",
    "preferences.own",
    "preferences.show_columns",
    "preferences.want_by_mail",
    "live.is_told_who_is_there",
    "live.stamp",
    "articles.search",
    "articles.suggest",
    "attachments.expect",
    "attachments.put",
    "second_factors.forget_browsers",
    "second_factors.propose",
    "second_factors.renew_recovery_codes",
    "second_factors.status",
    "second_factors.turn_off",
    "second_factors.turn_on",
    "sessions.end",
    "sessions.end_others",
    "sessions.own",
    "viewing.end",
    "similar.own",
    "tickets.counts",
    "tickets.counts_of_late",
    "tickets.categories",
    "tickets.fields",
    "tickets.open",
    "tickets.search",
    "tokens.create_key",
    "tokens.keys",
}
ARGUMENTS: dict[str, object] = {
    "article": Article(name="VPN", body="Dial in."),
    "assignee": "ada",
    "browser": "b",
    "bulk_id": "0" * 16,
    "change": URGENT,
    "chosen": {NoticeKind.NOTED: Mailed.DAILY},
    "code": "123456",
    "cell": Cell(Metric.CREATED),
    "canned_reply": "greeting",
    "confirmation": "four dry umbrellas",
    "content": [b"A picture."],
    "current": "wrong",
    "days": 90,
    "definition": Team(name="First line"),
    "description": "Text.",
    "display_name": "Name",
    "edit": TicketEdit(priority=Priority.HIGH),
    "email": "",
    "file": BytesIO(b"[]"),
    "folder": Path("nowhere"),
    "form": Form.CSV,
    "into": 2,
    "helpful": True,
    "identity": "i1",
    "key": "second-line",
    "key_id": "0" * 64,
    "kind": Team,
    "field": "title",
    "mail_id": "m1",
    "mark": "",
    "message": "",
    "name": "screen.png",
    "notice": "n1",
    "new": "four dry umbrellas",
    "number": 1,
    "numbers": [1],
    "other": 2,
    "password": "four dry umbrellas",
    "plan": None,
    "queries": {"all": TicketQuery()},
    "random_seed": 1,
    "recurring": RecurringTicket(
        name="Backup check",
        title="Check",
        description="Text.",
        requester="carla",
        schedule=Schedule(repeats=Repeats.DAYS, first=date(2031, 5, 1), at=time(9), zone="UTC"),
    ),
    "relation": LinkKind.RELATED,
    "result": BulkResult(URGENT, (Outcome(1, "", after=URGENT.edit),), datetime.max.replace(tzinfo=UTC)),
    "role": Role.ADMIN,
    "rule": Rule(name="Acknowledge", reply="We have got it."),
    "scopes": {Scope.READ},
    "session_id": "s1",
    "size": 10,
    "solved": True,
    "system": System.ZAMMAD,
    "text": "Text.",
    "tickets": 1,
    "title": "Title",
    "username": "carla",
    "until": datetime(2031, 5, 7, tzinfo=UTC),
    "usernames": ["carla"],
    "version": 1,
    "webhook": Webhook(name="CRM", url="https://crm.example.org/", events=(WebhookEvent.OPENED,)),
    "delivery_id": "msg_1",
    "wanted": SlaPolicy(name="Gold", calendar="always"),
}

QUERIES: dict[str, object] = {
    "Agents": PeopleQuery(),
    "Outbox": OutgoingQuery(),
    "Receiving": ReceivedQuery(),
    "Webhooks": DeliveryQuery(webhook="crm"),
    "Reports": ReportQuery(date(2031, 5, 1), date(2031, 5, 6), UTC),
}

Everything = Callable[[], dict[str, object]]


class Clock(Protocol):
    """A clock that is set by hand."""

    def __call__(self) -> datetime:
        """Return its time."""

    def advance(self, by: timedelta) -> None:
        """Move it on."""


@pytest.fixture
def desk(store: MemoryStore, clock: Clock) -> Desk:
    """Return all services over the store of this test."""
    return Desk(Settings(storage_url="memory:"), store, clock, password_rounds=4)


def methods(desk: Desk) -> dict[str, Callable[..., object]]:
    """Return every method that is not open to everybody."""
    return {name: method for name, method in public(desk) if method is not None and name not in OPEN_TO_EVERYBODY}


def call(method: Callable[..., Any], actor: Actor) -> object:
    """Call a method with what it needs, to the end if it is a generator."""
    parameters = list(inspect.signature(method).parameters.values())[1:]
    needed = {each.name: ARGUMENTS.get(each.name) for each in parameters if each.default is each.empty}
    if "query" in needed:
        needed["query"] = QUERIES.get(method.__qualname__.partition(".")[0], TicketQuery())
    result = method(actor, **needed)
    return list(result) if inspect.isgenerator(result) else result


def refusal(method: Callable[..., Any], actor: Actor) -> type[TicketingError] | None:
    """Return how a method refuses an actor, None if it does not."""
    try:
        call(method, actor)
    except TicketingError as error:
        return type(error)
    return None


def test_z1_every_method_takes_an_actor_or_is_known_to_be_open(desk: Desk) -> None:
    names = {name for name, _ in public(desk)}

    assert len(names) > 30
    assert (OPEN_TO_EVERYBODY | ONLY_AT_THE_CONSOLE | FOR_EVERY_PERSON | WITH_A_ONE_TIME_PASSWORD) - names == set()
    for name, method in methods(desk).items():
        first, *_ = inspect.signature(method).parameters.values()
        assert (first.name, first.annotation) == ("actor", Actor), name
    for name, open_method in public(desk):
        if open_method is not None and name in OPEN_TO_EVERYBODY:
            assert "actor" not in inspect.signature(open_method).parameters, name


def signed_out(store: MemoryStore, _: Clock, actor: Actor) -> Actor:
    with store.write() as tx:
        tx.sessions.remove(actor.session or "")
    return actor


def deactivated(store: MemoryStore, _: Clock, actor: Actor) -> Actor:
    with store.write() as tx:
        user = tx.users.find(actor.username)
        assert user is not None
        user.active = False
        tx.users.save(user)
    return actor


def removed(store: MemoryStore, _: Clock, actor: Actor) -> Actor:
    with store.write() as tx:
        tx.users.remove(actor.username)
    return actor


def idle_for_too_long(_: MemoryStore, clock: Clock, actor: Actor) -> Actor:
    clock.advance(timedelta(hours=4))
    return actor


def expired(store: MemoryStore, clock: Clock, actor: Actor) -> Actor:
    with store.write() as tx:
        session = tx.sessions.find(actor.session or "")
        assert session is not None
        session.expires_at = clock()
        tx.sessions.save(session)
    return actor


def without_session(_: MemoryStore, __: Clock, actor: Actor) -> Actor:
    return replace(actor, session=None)


def with_an_invented_session(_: MemoryStore, __: Clock, actor: Actor) -> Actor:
    return replace(actor, session="0" * 64)


def with_the_session_of_another(store: MemoryStore, _: Clock, actor: Actor) -> Actor:
    with store.read() as tx:
        theirs = tx.sessions.of_user("carla")[0]
    return replace(actor, session=theirs.id)


@pytest.mark.parametrize(
    "become",
    [
        signed_out,
        deactivated,
        removed,
        idle_for_too_long,
        expired,
        without_session,
        with_an_invented_session,
        with_the_session_of_another,
    ],
    ids=lambda become: become.__name__.replace("_", " "),
)
def test_s3_who_is_no_longer_signed_in_is_refused_everywhere(
    desk: Desk,
    store: MemoryStore,
    clock: Clock,
    carla: Actor,
    root: Actor,
    everything: Everything,
    become: Callable[[MemoryStore, Clock, Actor], Actor],
) -> None:
    desk.tickets.open(carla, "No dial tone", "Dead.")
    with store.write() as tx:
        lapsed = Ticket.open(2, "carla", "Old", "Done.", TicketCategory.OTHER, clock() - timedelta(days=9))
        lapsed.change_status(root, Status.RESOLVED, clock() - timedelta(days=8))
        tx.tickets.save(lapsed)
    actor = become(store, clock, root)
    before = everything()

    refusals = {name: refusal(method, actor) for name, method in methods(desk).items()}

    assert {name for name, error in refusals.items() if error is PermissionDeniedError} == ONLY_AT_THE_CONSOLE
    assert {error for name, error in refusals.items() if name not in ONLY_AT_THE_CONSOLE} == {SignedOutError}
    assert everything() == before


def test_with_a_one_time_password_one_can_only_choose_another(
    desk: Desk, store: MemoryStore, carla: Actor, root: Actor, everything: Everything
) -> None:
    desk.tickets.open(carla, "No dial tone", "Dead.")
    with store.write() as tx:
        user = tx.users.find("root")
        assert user is not None
        user.must_change_password = True
        tx.users.save(user)
    before = everything()

    refusals = {
        name: refusal(method, root) for name, method in methods(desk).items() if name not in WITH_A_ONE_TIME_PASSWORD
    }

    assert {name for name, error in refusals.items() if error is PermissionDeniedError} == ONLY_AT_THE_CONSOLE
    assert {error for name, error in refusals.items() if name not in ONLY_AT_THE_CONSOLE} == {MustChangePasswordError}
    assert everything() == before
    for name in WITH_A_ONE_TIME_PASSWORD:
        assert refusal(methods(desk)[name], root) is not MustChangePasswordError


def test_a16_who_has_yet_to_set_up_a_second_factor_can_only_do_that(
    store: MemoryStore, clock: Clock, carla: Actor, root: Actor, everything: Everything
) -> None:
    strict = Settings(storage_url="memory:", require_second_factor="agents")
    desk = Desk(strict, store, clock, password_rounds=4)
    desk.tickets.open(carla, "No dial tone", "Dead.")
    before = everything()

    refusals = {
        name: refusal(method, root) for name, method in methods(desk).items() if name not in WITHOUT_A_SECOND_FACTOR
    }

    assert {name for name, error in refusals.items() if error is PermissionDeniedError} == ONLY_AT_THE_CONSOLE
    others = {error for name, error in refusals.items() if name not in ONLY_AT_THE_CONSOLE}
    assert others == {MustSetUpSecondFactorError}
    assert everything() == before
    for name in WITHOUT_A_SECOND_FACTOR:
        assert refusal(methods(desk)[name], root) is not MustSetUpSecondFactorError


def test_s3_whoever_was_an_agent_is_one_no_longer(
    desk: Desk, store: MemoryStore, carla: Actor, root: Actor, everything: Everything
) -> None:
    desk.tickets.open(carla, "No dial tone", "Dead.")
    with store.write() as tx:
        user = tx.users.find("root")
        assert user is not None
        user.role = Role.USER
        tx.users.save(user)
    before = everything()

    refusals = {name: refusal(method, root) for name, method in methods(desk).items() if name not in FOR_EVERY_PERSON}

    assert {name for name, error in refusals.items() if error is None} == set()
    assert all(issubclass(error or object, (NotFoundError, PermissionDeniedError)) for error in refusals.values())
    assert everything() == before
    assert desk.tickets.search(root, TicketQuery()).total == 0
    assert desk.tickets.counts(root, {"all": TicketQuery()}) == {"all": 0}
    assert not desk.agents.may_register(root)
    assert desk.tickets.open(root, "My own", "Text.").requester == "root"


@ON_BOTH_STORES
def test_z1_a_role_that_a_page_claims_counts_for_nothing(
    desk: Desk, carla: Actor, oskar: Actor, everything: Everything
) -> None:
    desk.tickets.open(oskar, "No dial tone", "Dead.")
    forged = replace(carla, role=Role.ADMIN)
    before = everything()

    refusals = {name: refusal(method, forged) for name, method in methods(desk).items() if name not in FOR_EVERY_PERSON}

    assert None not in refusals.values()
    assert everything() == before
    assert desk.tickets.search(forged, TicketQuery()).total == 0


def test_a_role_that_was_given_counts_at_once(desk: Desk, store: MemoryStore, carla: Actor, oskar: Actor) -> None:
    desk.tickets.open(oskar, "No dial tone", "Dead.")
    with store.write() as tx:
        user = tx.users.find("carla")
        assert user is not None
        user.role = Role.AGENT
        tx.users.save(user)

    assert desk.tickets.search(carla, TicketQuery()).total == 1
    assert desk.tickets.assign(carla, 1, "carla").assignee == "carla"


def test_being_signed_out_is_not_being_refused() -> None:
    assert issubclass(SignedOutError, AuthenticationError)
    assert not issubclass(SignedOutError, PermissionDeniedError)
