"""Programs sign in as people do, stay signed in by refresh tokens, and are out as soon as the person is."""

from collections.abc import Callable
from datetime import timedelta

import pyotp
import pytest

from tests.services.conftest import PASSWORD, Clock
from ticketing.desk import Desk
from ticketing.domain.audit import AuditAction, AuditQuery
from ticketing.domain.errors import (
    CodeWantedError,
    MustChangePasswordError,
    MustSetUpSecondFactorError,
    SignedOutError,
    ThrottledError,
    TokenRefusedError,
    WrongCodeError,
    WrongCredentialsError,
)
from ticketing.domain.people import Actor, Role
from ticketing.domain.sign_in import SESSIONS_PER_PERSON
from ticketing.domain.tokens import ACCESS_LIFETIME, LEEWAY
from ticketing.services.accounts import remove_account
from ticketing.services.throttle import FREE_FAILURES
from ticketing.services.tokens import Granted
from ticketing.settings import Settings
from ticketing.storage.whole import WholeStore

ON_EVERY_STORE = True
CONSOLE = Actor.console()
ADDRESS = "203.0.113.9"
LATER = timedelta(minutes=1)


@pytest.fixture
def desk(store: WholeStore, clock: Clock) -> Desk:
    return Desk(Settings(storage_url="memory:", token_key="k" * 32), store, clock, password_rounds=4)


@pytest.fixture
def granted(desk: Desk, carla: Actor) -> Granted:
    """Return the tokens of a program of Carla's."""
    return desk.tokens.issue(carla.username, PASSWORD, address=ADDRESS, description="curl/8.5")


def log(desk: Desk, *actions: AuditAction) -> list[tuple[str, str, str, dict[str, str]]]:
    """Return what is on record of these, the newest first: who, what, from where, and facts."""
    found = desk.audit.search(CONSOLE, AuditQuery()).records
    return [(one.actor, one.action, one.address, one.facts) for one in found if one.action in actions]


def test_a_program_acts_as_the_person_who_has_signed_it_in(desk: Desk, granted: Granted) -> None:
    actor = desk.tokens.actor(granted.access, address=ADDRESS)

    assert (actor.username, actor.role, actor.scopes) == ("carla", Role.USER, None)
    assert granted.expires_in == 900
    assert desk.tickets.open(actor, "No dial tone", "Dead.").requester == "carla"
    signed_in = log(desk, AuditAction.SIGNED_IN, AuditAction.TICKET_OPENED)
    assert [(who, what, where) for who, what, where, _ in signed_in][:2] == [
        ("carla", "ticket_opened", ADDRESS),
        ("carla", "signed_in", ADDRESS),
    ]


def test_what_a_program_does_is_on_record_with_the_address_from_which_it_does_it(desk: Desk, granted: Granted) -> None:
    desk.tickets.open(desk.tokens.actor(granted.access, address="198.51.100.7"), "No dial tone", "Dead.")

    assert log(desk, AuditAction.TICKET_OPENED)[0][2] == "198.51.100.7"


def test_the_owner_sees_the_program_among_the_sessions_and_ends_it(
    desk: Desk, granted: Granted, carla: Actor, clock: Clock
) -> None:
    clock.advance(LATER)
    theirs = next(session for session in desk.sessions.own(carla) if session.is_api)

    assert (theirs.description, theirs.address) == ("curl/8.5", ADDRESS)
    desk.sessions.end(carla, theirs.id)
    for use in (lambda: desk.tokens.actor(granted.access), lambda: desk.tokens.renew(granted.refresh)):
        with pytest.raises(TokenRefusedError):
            use()


def test_neither_stands_in_for_the_other_a_programs_session_and_a_browsers(desk: Desk, granted: Granted) -> None:
    family = granted.refresh.removeprefix("tr_").partition(".")[0]
    cookie = desk.accounts.sign_in("carla", PASSWORD)

    with pytest.raises(SignedOutError):
        desk.sessions.actor(family)
    for refresh in (f"tr_{cookie}.{'A' * 43}", f"tr_{cookie}.{cookie}"):
        with pytest.raises(TokenRefusedError):
            desk.tokens.renew(refresh)
        desk.tokens.revoke(refresh)
    assert desk.sessions.actor(cookie).username == "carla"


@pytest.mark.parametrize("username", ["carla", "nobody"])
@pytest.mark.usefixtures("carla")
def test_a_wrong_password_is_refused_and_waits_as_on_the_sign_in_page(desk: Desk, username: str) -> None:
    for _ in range(FREE_FAILURES):
        with pytest.raises(WrongCredentialsError):
            desk.tokens.issue(username, "wrong", address=ADDRESS)

    with pytest.raises(ThrottledError):
        desk.tokens.issue(username, PASSWORD, address=ADDRESS)
    with pytest.raises(ThrottledError):
        desk.accounts.sign_in(username, PASSWORD, ADDRESS)
    assert log(desk, AuditAction.SIGN_IN_REFUSED)


def test_programs_that_sign_in_again_and_again_end_no_browsers_session(
    desk: Desk, granted: Granted, carla: Actor, clock: Clock
) -> None:
    for _ in range(SESSIONS_PER_PERSON):
        clock.advance(timedelta(seconds=3))
        newest = desk.tokens.issue(carla.username, PASSWORD, address=ADDRESS)

    assert desk.sessions.own(carla)
    assert desk.tokens.actor(newest.access).username == "carla"
    with pytest.raises(TokenRefusedError):
        desk.tokens.actor(granted.access)


# A second factor


@pytest.fixture
def phone(desk: Desk, carla: Actor, clock: Clock) -> Callable[[], str]:
    """Turn on Carla's second factor, and return what her phone shows each minute."""
    app = pyotp.TOTP(desk.second_factors.propose(carla).secret)
    desk.second_factors.turn_on(carla, PASSWORD, app.at(clock()))
    clock.advance(LATER)
    return lambda: app.at(clock())


def test_a16_a_code_is_asked_of_programs_too(desk: Desk, phone: Callable[[], str]) -> None:
    for code in (None, ""):
        with pytest.raises(CodeWantedError):
            desk.tokens.issue("carla", PASSWORD, code=code)
    with pytest.raises(WrongCodeError):
        desk.tokens.issue("carla", PASSWORD, code="000000")

    granted = desk.tokens.issue("carla", PASSWORD, code=phone())

    assert desk.tokens.actor(granted.access).username == "carla"


def test_a16_a_code_lets_one_program_in_once_and_five_are_tried(
    desk: Desk, phone: Callable[[], str], clock: Clock
) -> None:
    code = phone()
    desk.tokens.issue("carla", PASSWORD, code=code)
    for _ in range(5):
        with pytest.raises(WrongCodeError):
            desk.tokens.issue("carla", PASSWORD, code=code)

    clock.advance(LATER)
    with pytest.raises(ThrottledError):
        desk.tokens.issue("carla", PASSWORD, code=phone())


@pytest.mark.usefixtures("phone")
def test_a16_who_knows_the_password_alone_does_not_learn_by_a_code_that_it_is_right(desk: Desk) -> None:
    with pytest.raises(WrongCredentialsError):
        desk.tokens.issue("carla", "wrong", code="123456")


def test_a16_who_must_set_up_a_second_factor_gets_no_token_before_it(
    store: WholeStore, clock: Clock, carla: Actor, ada: Actor
) -> None:
    desk = Desk(Settings(storage_url="memory:", require_second_factor="agents"), store, clock, password_rounds=4)

    with pytest.raises(MustSetUpSecondFactorError):
        desk.tokens.issue(ada.username, PASSWORD)
    assert [session.is_api for session in desk.sessions.own(carla)] == [False]
    assert desk.tokens.issue(carla.username, PASSWORD)
    with store.read() as tx:
        assert not any(session.is_api for session in tx.sessions.of_user("ada"))


def test_with_a_one_time_password_no_program_gets_in(desk: Desk, store: WholeStore, carla: Actor) -> None:
    password = desk.agents.reset_password(CONSOLE, carla.username)

    with pytest.raises(MustChangePasswordError):
        desk.tokens.issue(carla.username, password)
    with store.read() as tx:
        assert not tx.sessions.of_user("carla")


# What changes at the account acts at the next call


def deactivated(desk: Desk) -> None:
    desk.agents.deactivate(CONSOLE, "carla")


def signed_out_by_an_admin(desk: Desk) -> None:
    desk.agents.end_sessions(CONSOLE, "carla")


def given_another_role(desk: Desk) -> None:
    desk.agents.change_role(CONSOLE, "carla", Role.AGENT)


def given_another_password(desk: Desk) -> None:
    desk.agents.reset_password(CONSOLE, "carla")


def changing_the_password(desk: Desk) -> None:
    here = desk.sessions.actor(desk.accounts.sign_in("carla", PASSWORD))
    desk.accounts.change_password(here, PASSWORD, "four dry umbrellas", "four dry umbrellas", browser="b")


def signing_out_elsewhere(desk: Desk) -> None:
    desk.sessions.end_others(desk.sessions.actor(desk.accounts.sign_in("carla", PASSWORD)))


def removed(desk: Desk) -> None:
    with desk.store.write() as tx:
        remove_account(tx, "carla")


@pytest.mark.parametrize(
    "become",
    [
        deactivated,
        signed_out_by_an_admin,
        given_another_role,
        given_another_password,
        changing_the_password,
        signing_out_elsewhere,
        removed,
    ],
    ids=lambda become: become.__name__.replace("_", " "),
)
def test_j2_whatever_ends_sign_ins_ends_tokens_at_the_next_call(
    desk: Desk, granted: Granted, become: Callable[[Desk], None]
) -> None:
    actor = desk.tokens.actor(granted.access)

    become(desk)

    with pytest.raises(TokenRefusedError):
        desk.tokens.actor(granted.access)
    with pytest.raises(TokenRefusedError):
        desk.tokens.renew(granted.refresh)
    with pytest.raises(SignedOutError):
        desk.tickets.open(actor, "Late", "Too late.")


def test_j2_the_role_is_read_from_the_store_at_each_call(desk: Desk, store: WholeStore, ada: Actor) -> None:
    granted = desk.tokens.issue(ada.username, PASSWORD)
    assert desk.tokens.actor(granted.access).role is Role.AGENT

    with store.write() as tx:  # past the service, which would have ended the session
        user = tx.users.find("ada")
        assert user is not None
        user.role = Role.USER
        tx.users.save(user)

    assert desk.tokens.actor(granted.access).role is Role.USER


def test_j2_a_session_ends_after_idle_time_and_at_its_end_however_often_it_is_renewed(
    desk: Desk, ada: Actor, clock: Clock
) -> None:
    limits = desk.settings.session_limits
    idle, lasting = desk.tokens.issue(ada.username, PASSWORD), desk.tokens.issue(ada.username, PASSWORD)
    step = limits.agent_idle - LATER
    for _ in range(int(limits.agent_absolute / step)):
        clock.advance(step)
        lasting = desk.tokens.renew(lasting.refresh)

    with pytest.raises(TokenRefusedError):
        desk.tokens.renew(idle.refresh)
    clock.advance(step)
    with pytest.raises(TokenRefusedError):
        desk.tokens.renew(lasting.refresh)


def test_j2_an_access_token_is_over_after_a_quarter_of_an_hour(desk: Desk, granted: Granted, clock: Clock) -> None:
    clock.advance(ACCESS_LIFETIME + LEEWAY - timedelta(seconds=1))
    assert desk.tokens.actor(granted.access).username == "carla"

    clock.advance(timedelta(seconds=1))

    with pytest.raises(TokenRefusedError):
        desk.tokens.actor(granted.access)
    assert desk.tokens.actor(desk.tokens.renew(granted.refresh).access).username == "carla"
    assert not log(desk, AuditAction.TOKEN_REFUSED)


def test_a_token_that_was_not_made_here_is_on_record_with_where_it_came_from_and_nothing_of_it(
    desk: Desk, granted: Granted
) -> None:
    forged = f"{granted.access[:-8]}AAAAAAAA"

    for bearer in (forged, "tk_made-up", "no token", ""):
        with pytest.raises(TokenRefusedError):
            desk.tokens.actor(bearer, address="198.51.100.7")

    assert log(desk, AuditAction.TOKEN_REFUSED) == [("", "token_refused", "198.51.100.7", {})] * 4


# Refresh tokens


def test_j3_a_refresh_token_is_exchanged_once_and_the_next_one_goes_on(
    desk: Desk, granted: Granted, clock: Clock
) -> None:
    clock.advance(LATER)
    second = desk.tokens.renew(granted.refresh, address="198.51.100.7")
    third = desk.tokens.renew(second.refresh)

    assert len({granted.refresh, second.refresh, third.refresh}) == 3
    assert [desk.tokens.actor(one.access).username for one in (granted, second, third)] == ["carla"] * 3


@pytest.mark.parametrize("reused", [0, 1], ids=["the first one", "the one before"])
def test_j3_a_refresh_token_that_comes_again_ends_all_of_its_family_and_no_other(
    desk: Desk, granted: Granted, reused: int
) -> None:
    other = desk.tokens.issue("carla", PASSWORD)
    second = desk.tokens.renew(granted.refresh)
    third = desk.tokens.renew(second.refresh)

    with pytest.raises(TokenRefusedError):
        desk.tokens.renew((granted, second)[reused].refresh, address="198.51.100.7")

    for one in (granted, second, third):
        with pytest.raises(TokenRefusedError):
            desk.tokens.actor(one.access)
        with pytest.raises(TokenRefusedError):
            desk.tokens.renew(one.refresh)
    assert desk.tokens.actor(other.access).username == "carla"
    assert log(desk, AuditAction.TOKEN_REUSED) == [("carla", "token_reused", "198.51.100.7", {})]


@pytest.mark.parametrize("shown", ["", "tr_", "tr_a.b", "x" * 100_000, "tr_" + "A" * 43 + "." + "A" * 43, "\0", "é"])
def test_j3_a_refresh_token_that_was_made_up_is_refused_and_changes_nothing(
    desk: Desk, granted: Granted, everything: Callable[[], dict[str, object]], shown: str
) -> None:
    before = everything()

    with pytest.raises(TokenRefusedError):
        desk.tokens.renew(shown)
    desk.tokens.revoke(shown)

    assert everything() == before
    assert desk.tokens.renew(granted.refresh)


def test_j3_an_access_token_renews_nothing_and_a_refresh_token_opens_nothing(desk: Desk, granted: Granted) -> None:
    with pytest.raises(TokenRefusedError):
        desk.tokens.renew(granted.access)
    with pytest.raises(TokenRefusedError):
        desk.tokens.actor(granted.refresh)
    assert desk.tokens.actor(granted.access).username == "carla"


def test_j3_signing_out_by_any_refresh_token_ends_the_family(desk: Desk, granted: Granted) -> None:
    second = desk.tokens.renew(granted.refresh)

    desk.tokens.revoke(granted.refresh)
    desk.tokens.revoke(granted.refresh)

    with pytest.raises(TokenRefusedError):
        desk.tokens.actor(second.access)
    assert [what for _, what, _, _ in log(desk, AuditAction.SIGNED_OUT)] == ["signed_out"]


def test_j3_no_token_is_kept_or_told_in_a_log_as_it_is(
    desk: Desk, granted: Granted, everything: Callable[[], dict[str, object]], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    renewed = desk.tokens.renew(granted.refresh)
    desk.tokens.actor(renewed.access)
    with pytest.raises(TokenRefusedError):
        desk.tokens.renew(granted.refresh)

    kept = f"{everything()}{caplog.text}{granted}{renewed}"

    for one in (granted, renewed):
        for part in one.refresh.removeprefix("tr_").split("."):
            assert part not in kept
        assert one.access.rpartition(".")[2] not in kept


def test_j3_the_key_is_rotated_while_programs_go_on(desk: Desk, granted: Granted, root: Actor) -> None:
    desk.tokens.rotate_signing_key(root)

    assert desk.tokens.actor(granted.access).username == "carla"
    renewed = desk.tokens.renew(granted.refresh)
    assert renewed.access.split(".")[0] != granted.access.split(".")[0]
    assert desk.tokens.actor(renewed.access).username == "carla"
    assert log(desk, AuditAction.SIGNING_KEY_ROTATED)[0][0] == "root"


def test_j3_processes_share_the_keys_by_the_store_if_they_have_the_same_master_key(
    store: WholeStore, clock: Clock, desk: Desk, granted: Granted
) -> None:
    same, different = (
        Desk(Settings(storage_url="memory:", token_key=key * 32), store, clock, password_rounds=4) for key in "kj"
    )

    assert same.tokens.actor(granted.access).username == "carla"
    same.tokens.rotate_signing_key(CONSOLE)
    assert desk.tokens.actor(same.tokens.renew(granted.refresh).access).username == "carla"
    with pytest.raises(TokenRefusedError):
        different.tokens.actor(granted.access)
