"""API keys: each is good for its scopes, for its days, and for no more than its owner may."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.services.conftest import PASSWORD, Clock
from ticketing.desk import Desk
from ticketing.domain import policy
from ticketing.domain.api_keys import KEYS_PER_PERSON, MOST_DAYS
from ticketing.domain.attachments import ATTACHED
from ticketing.domain.audit import AuditAction, AuditQuery
from ticketing.domain.conditions import Being, Having, Trait
from ticketing.domain.errors import (
    InvalidInputError,
    KeyNotFoundError,
    MustChangePasswordError,
    MustSetUpSecondFactorError,
    NameTakenError,
    PermissionDeniedError,
    PersonNotFoundError,
    SignedOutError,
    TicketNotFoundError,
    TokenRefusedError,
    TooManyKeysError,
)
from ticketing.domain.outbox import AccountMail, OutgoingQuery
from ticketing.domain.people import Actor, PeopleQuery, Role
from ticketing.domain.queries import TicketQuery
from ticketing.domain.scopes import Scope
from ticketing.domain.tickets import TicketEdit
from ticketing.services.outbox import set_route
from ticketing.settings import Settings
from ticketing.storage.whole import WholeStore

ON_EVERY_STORE = True
CONSOLE = Actor.console()
READ, WRITE, NOTES, ADMIN = Scope.READ, Scope.WRITE, Scope.NOTES, Scope.ADMIN
EVERYTHING = frozenset(Scope)
HOUR = timedelta(hours=1)

Acting = Callable[..., Actor]


@pytest.fixture
def desk(store: WholeStore, clock: Clock) -> Desk:
    return Desk(Settings(storage_url="memory:"), store, clock, password_rounds=4)


@pytest.fixture
def acting(desk: Desk) -> Acting:
    """Return a way to act by a key of somebody's with these scopes."""

    def act(owner: Actor, *scopes: Scope) -> Actor:
        name = " and ".join(scopes)
        return desk.tokens.actor(desk.tokens.create_key(owner, name, scopes, 90))

    return act


def test_a_key_acts_for_its_owner_within_its_scopes(desk: Desk, carla: Actor, acting: Acting) -> None:
    reading, writing = acting(carla, READ), acting(carla, WRITE)

    number = desk.tickets.open(writing, "No dial tone", "Dead.").number

    assert desk.tickets.get(reading, number).requester == "carla"
    assert desk.tickets.get(writing, number).requester == "carla"
    with pytest.raises(PermissionDeniedError, match="You may not open a ticket"):
        desk.tickets.open(reading, "Another", "Dead.")
    with pytest.raises(PermissionDeniedError, match="You may not reply to this ticket"):
        desk.tickets.reply(reading, number, "Hello?")


def test_a_key_can_do_no_more_than_its_owner(desk: Desk, carla: Actor, oskar: Actor, acting: Acting) -> None:
    number = desk.tickets.open(oskar, "No dial tone", "Dead.").number
    key = acting(carla, READ, WRITE)

    with pytest.raises(TicketNotFoundError):
        desk.tickets.get(key, number)
    with pytest.raises(PermissionDeniedError):
        desk.agents.people(key, PeopleQuery())
    assert desk.tickets.search(key, TicketQuery()).total == 0


def test_notes_are_neither_read_nor_written_without_the_scope(desk: Desk, ada: Actor, acting: Acting) -> None:
    number = desk.tickets.open(ada, "No dial tone", "Dead.").number
    desk.tickets.note(ada, number, "The cable is chewed.")
    without, with_notes = acting(ada, READ, WRITE), acting(ada, READ, NOTES)

    assert "chewed" not in str(policy.readable(without, desk.tickets.get(without, number)))
    assert "chewed" in str(policy.readable(with_notes, desk.tickets.get(with_notes, number)))
    with pytest.raises(PermissionDeniedError, match="internal notes"):
        desk.tickets.note(without, number, "Hm.")
    assert desk.tickets.note(with_notes, number, "Hm.")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (TicketQuery(needles=("chewed",)), False),
        (TicketQuery(needles=("cable.txt",)), False),
        (TicketQuery(conditions=(Being(Trait.HAS_NOTE),)), False),
        (TicketQuery(conditions=(Having(ATTACHED),)), False),
        (TicketQuery(needles=("dead",)), True),
        (TicketQuery(conditions=(Having("tag", frozenset({"phones"})),)), True),
    ],
    ids=["its words", "its file", "that it is there", "that it has a file", "words of a reply", "a tag"],
)
def test_a_ticket_is_not_found_by_its_notes_without_the_scope(
    desk: Desk, ada: Actor, acting: Acting, query: TicketQuery, *, found: bool
) -> None:
    number = desk.tickets.open(ada, "No dial tone", "Dead.").number
    desk.tickets.edit(ada, number, TicketEdit(tags=("phones",)))
    file = desk.attachments.put(ada, "cable.txt", [b"It is chewed."])
    desk.tickets.note(ada, number, "The cable is chewed.", files=[file.id])
    without, with_notes = acting(ada, READ), acting(ada, READ, NOTES)

    assert desk.tickets.search(without, query).total == found
    assert desk.tickets.counts(without, {"all": query}) == {"all": found}
    assert desk.tickets.search(with_notes, query).total == 1
    assert [line.messages for line in desk.tickets.search(without, TicketQuery()).items] == [1]


def test_a_key_for_something_else_sees_no_ticket_be_it_the_owners_own(desk: Desk, root: Actor, acting: Acting) -> None:
    number = desk.tickets.open(root, "No dial tone", "Dead.").number
    key = acting(root, NOTES, ADMIN)

    with pytest.raises(TicketNotFoundError):
        desk.tickets.get(key, number)
    assert desk.tickets.search(key, TicketQuery()).total == 0
    assert desk.tickets.counts(key, {"all": TicketQuery()}) == {"all": 0}


def test_accounts_are_looked_after_with_the_scope_for_that_alone(desk: Desk, root: Actor, acting: Acting) -> None:
    administering, others = acting(root, READ, ADMIN), acting(root, READ, WRITE, NOTES)

    with pytest.raises(PermissionDeniedError):
        desk.agents.register_agent(others, "bert", "Bert")
    with pytest.raises(PermissionDeniedError):
        desk.audit.search(others, AuditQuery())
    assert desk.agents.register_agent(administering, "bert", "Bert").person.role is Role.AGENT


def test_no_key_gets_hold_of_the_account_or_of_more_keys(desk: Desk, root: Actor, acting: Acting) -> None:
    key = acting(root, *EVERYTHING)
    attempts: list[Callable[[], object]] = [
        lambda: desk.accounts.change_profile(key, "Mallory", "mallory@example.org", PASSWORD),
        lambda: desk.accounts.change_password(key, PASSWORD, "four dry umbrellas", "four dry umbrellas", browser="b"),
        lambda: desk.second_factors.propose(key),
        lambda: desk.second_factors.turn_off(key, PASSWORD, "123456"),
        lambda: desk.sessions.own(key),
        lambda: desk.sessions.end_others(key),
        lambda: desk.tokens.keys(key),
        lambda: desk.tokens.create_key(key, "Another", {READ}, 90),
        lambda: desk.tokens.revoke_key(key, key.key or ""),
    ]

    for attempt in attempts:
        with pytest.raises((PermissionDeniedError, KeyNotFoundError)):
            attempt()


@pytest.mark.parametrize("scope", [*Scope], ids=str)
def test_what_an_actor_claims_of_scopes_counts_for_nothing(
    desk: Desk, carla: Actor, acting: Acting, scope: Scope
) -> None:
    key = acting(carla, READ)

    for claimed in (None, frozenset({scope, WRITE})):
        with pytest.raises(PermissionDeniedError):
            desk.tickets.open(Actor("carla", "Carla", Role.ADMIN, key=key.key, scopes=claimed), "Mine", "All.")
    with pytest.raises(SignedOutError):
        desk.tickets.open(Actor("oskar", "Oskar", Role.USER, key=key.key), "Mine", "All.")


def test_a_key_is_shown_once_and_kept_nowhere_as_it_is(
    desk: Desk, carla: Actor, everything: Callable[[], dict[str, object]], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")

    key = desk.tokens.create_key(carla, "Import", {READ}, 90)
    desk.tokens.actor(key, address="203.0.113.9")
    listed = desk.tokens.keys(carla)

    assert key.startswith("tk_")
    assert len(key) == len("tk_") + 43  # 256 bits
    assert key.removeprefix("tk_") not in f"{everything()}{listed}{caplog.text}"


@pytest.mark.parametrize("cut", [slice(3, None), slice(-1), slice(3)], ids=["prefix", "last character", "all"])
def test_a_part_of_a_key_opens_nothing(desk: Desk, carla: Actor, cut: slice) -> None:
    key = desk.tokens.create_key(carla, "Import", {READ}, 90)

    for shown in (key[cut], f"tk_{key}", key.upper(), f"{key} ", f"{key}\0"):
        with pytest.raises(TokenRefusedError):
            desk.tokens.actor(shown)


def test_a_key_is_over_after_its_days(desk: Desk, carla: Actor, clock: Clock) -> None:
    key = desk.tokens.create_key(carla, "Import", {READ}, 1)
    clock.advance(timedelta(days=1) - timedelta(seconds=1))
    carla = desk.tokens.actor(key)
    clock.advance(timedelta(seconds=1))

    with pytest.raises(TokenRefusedError):
        desk.tokens.actor(key)
    with pytest.raises(SignedOutError):
        desk.tickets.search(carla, TicketQuery())


def test_when_and_from_where_it_was_used_last_is_noted_at_most_once_an_hour(
    desk: Desk, carla: Actor, clock: Clock
) -> None:
    def noted() -> tuple[object, str]:
        (kept,) = desk.tokens.keys(carla)
        return kept.last_used_at, kept.address

    key = desk.tokens.create_key(carla, "Import", {READ}, 90)
    assert noted() == (None, "")
    first = clock()
    desk.tokens.actor(key, address="203.0.113.9")
    clock.advance(HOUR - timedelta(seconds=1))
    desk.tokens.actor(key, address="198.51.100.7")
    assert noted() == (first, "203.0.113.9")

    clock.advance(timedelta(seconds=1))
    desk.tokens.actor(key, address="198.51.100.7")

    assert noted() == (clock(), "198.51.100.7")


def test_what_is_done_by_a_key_is_on_record_with_the_address_from_which_it_is_done(desk: Desk, carla: Actor) -> None:
    key = desk.tokens.create_key(carla, "Import", {WRITE}, 90)
    for address in ("203.0.113.9", "198.51.100.7"):
        desk.tickets.open(desk.tokens.actor(key, address=address), "No dial tone", "Dead.")

    opened = desk.audit.search(CONSOLE, AuditQuery(action=AuditAction.TICKET_OPENED)).records
    assert [(one.actor, one.address) for one in opened] == [("carla", "198.51.100.7"), ("carla", "203.0.113.9")]


@pytest.mark.parametrize("days", [0, -1, MOST_DAYS + 1, 10**9])
def test_a_key_holds_for_a_day_at_least_and_a_year_at_most(desk: Desk, carla: Actor, days: int) -> None:
    with pytest.raises(InvalidInputError, match="holds for 1 to 366 days"):
        desk.tokens.create_key(carla, "Import", {READ}, days)
    assert desk.tokens.create_key(carla, "Import", {READ}, MOST_DAYS)


@pytest.mark.parametrize("name", ["", " ", "x" * 81, "a\0b"], ids=["blank", "space", "long", "NUL"])
def test_a_key_has_a_name(desk: Desk, carla: Actor, name: str) -> None:
    with pytest.raises(InvalidInputError):
        desk.tokens.create_key(carla, name, {READ}, 90)


def test_two_keys_of_one_person_have_two_names(desk: Desk, carla: Actor, oskar: Actor) -> None:
    desk.tokens.create_key(carla, "Import", {READ}, 1)
    desk.tokens.create_key(oskar, "Import", {READ}, 1)

    with pytest.raises(NameTakenError):
        desk.tokens.create_key(carla, "import", {READ}, 1)


def test_a_key_is_for_something_that_its_owner_may_do(desk: Desk, carla: Actor, ada: Actor) -> None:
    with pytest.raises(InvalidInputError):
        desk.tokens.create_key(carla, "Nothing", [], 90)
    for useless in (NOTES, ADMIN):
        with pytest.raises(InvalidInputError):
            desk.tokens.create_key(carla, "More", {READ, useless}, 90)
    assert desk.tokens.create_key(ada, "All", EVERYTHING, 90)


def test_nobody_keeps_more_than_twenty(desk: Desk, carla: Actor) -> None:
    for number in range(KEYS_PER_PERSON):
        desk.tokens.create_key(carla, f"Key {number}", {READ}, 90)

    with pytest.raises(TooManyKeysError):
        desk.tokens.create_key(carla, "One more", {READ}, 90)
    desk.tokens.revoke_key(carla, desk.tokens.keys(carla)[0].id)
    assert desk.tokens.create_key(carla, "One more", {READ}, 90)


def test_the_owner_revokes_a_key_and_it_is_dead_at_the_next_call(desk: Desk, carla: Actor) -> None:
    first, second = (desk.tokens.create_key(carla, name, {READ}, 90) for name in ("First", "Second"))
    actor = desk.tokens.actor(first)

    desk.tokens.revoke_key(carla, actor.key or "")

    with pytest.raises(TokenRefusedError):
        desk.tokens.actor(first)
    with pytest.raises(SignedOutError):
        desk.tickets.search(actor, TicketQuery())
    assert desk.tokens.actor(second).username == "carla"
    assert [key.name for key in desk.tokens.keys(carla)] == ["Second"]


@pytest.mark.parametrize(
    ("who", "whose", "may"),
    [
        ("root", "ada", True),
        ("root", "carla", True),
        ("ada", "carla", True),
        ("ada", "root", False),
        ("ada", "bert", False),
        ("carla", "oskar", False),
        ("carla", "ada", False),
    ],
)
def test_others_keys_are_seen_and_revoked_by_those_who_look_after_the_account(
    desk: Desk, arrives: Callable[..., Actor], who: str, whose: str, *, may: bool
) -> None:
    roles = {"root": Role.ADMIN, "ada": Role.AGENT, "bert": Role.AGENT, "carla": Role.USER, "oskar": Role.USER}
    actor, owner = arrives(who, roles[who]), arrives(whose, roles[whose])
    key = desk.tokens.create_key(owner, "Import", {READ}, 90)
    (kept,) = desk.tokens.keys(owner)

    if may:
        assert desk.tokens.keys_of(actor, whose) == [kept]
        assert desk.tokens.revoke_key(actor, kept.id).name == "Import"
        with pytest.raises(TokenRefusedError):
            desk.tokens.actor(key)
    else:
        with pytest.raises((PermissionDeniedError, PersonNotFoundError)):
            desk.tokens.keys_of(actor, whose)
        with pytest.raises(KeyNotFoundError, match="There is no such API key"):
            desk.tokens.revoke_key(actor, kept.id)
        with pytest.raises(KeyNotFoundError, match="There is no such API key"):
            desk.tokens.revoke_key(actor, "nobody's")
        assert desk.tokens.actor(key).username == whose


def deactivated(desk: Desk) -> None:
    desk.agents.deactivate(CONSOLE, "carla")
    desk.agents.reactivate(CONSOLE, "carla")


def signed_out_by_an_admin(desk: Desk) -> None:
    desk.agents.end_sessions(CONSOLE, "carla")


def given_another_role(desk: Desk) -> None:
    desk.agents.change_role(CONSOLE, "carla", Role.AGENT)


def given_another_password(desk: Desk) -> None:
    desk.agents.set_password(CONSOLE, "carla", "four dry umbrellas")


def changing_the_password(desk: Desk) -> None:
    here = desk.sessions.actor(desk.accounts.sign_in("carla", PASSWORD))
    desk.accounts.change_password(here, PASSWORD, "four dry umbrellas", "four dry umbrellas", browser="b")


@pytest.mark.parametrize(
    "become",
    [deactivated, signed_out_by_an_admin, given_another_role, given_another_password, changing_the_password],
    ids=lambda become: become.__name__.replace("_", " "),
)
def test_j2_whatever_ends_all_sign_ins_ends_all_keys_for_good(
    desk: Desk, carla: Actor, become: Callable[[Desk], None]
) -> None:
    key = desk.tokens.create_key(carla, "Import", {READ}, 90)

    become(desk)

    with pytest.raises(TokenRefusedError):
        desk.tokens.actor(key)


def test_a_key_outlives_the_session_in_which_it_was_made(desk: Desk, carla: Actor) -> None:
    key = desk.tokens.create_key(carla, "Import", {READ}, 90)

    desk.sessions.end_others(carla)
    desk.sessions.end(carla, carla.session or "")

    assert desk.tokens.actor(key).username == "carla"


def test_who_must_choose_a_password_or_set_up_a_second_factor_has_no_way_around_it_by_a_key(
    desk: Desk, store: WholeStore, clock: Clock, ada: Actor
) -> None:
    key = desk.tokens.create_key(ada, "Import", {READ}, 90)
    strict = Desk(Settings(storage_url="memory:", require_second_factor="agents"), store, clock, password_rounds=4)
    with pytest.raises(MustSetUpSecondFactorError):
        strict.tokens.actor(key)

    with store.write() as tx:
        user = tx.users.find("ada")
        assert user is not None
        user.must_change_password = True
        tx.users.save(user)
    with pytest.raises(MustChangePasswordError):
        desk.tokens.actor(key)


def test_keys_are_on_record_by_their_names_and_their_owner_is_told(desk: Desk, store: WholeStore, carla: Actor) -> None:
    set_route(store, is_open=True)

    desk.tokens.create_key(carla, "Import", {WRITE, READ}, 90)
    desk.tokens.revoke_key(carla, desk.tokens.keys(carla)[0].id)

    found = desk.audit.search(CONSOLE, AuditQuery()).records
    assert [(one.actor, one.action, one.object, one.facts) for one in found if "key" in one.action] == [
        ("carla", AuditAction.KEY_REVOKED, "carla", {"key": "Import"}),
        ("carla", AuditAction.KEY_CREATED, "carla", {"key": "Import", "scopes": "read, write"}),
    ]
    (mail,) = desk.outbox.ledger(CONSOLE, OutgoingQuery()).items
    assert (mail.username, mail.kind) == ("carla", AccountMail.KEY_CREATED)
