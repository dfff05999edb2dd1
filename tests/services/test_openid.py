"""Who comes back from an OpenID provider gets into their own account, and into nobody else's."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pyotp
import pytest

from tests.openid_provider import CLIENT, SECRET, Provider
from tests.services.conftest import PASSWORD, Clock, SignIn
from ticketing.delivery.openid import OpenIdProvider
from ticketing.domain.audit import AuditAction, AuditQuery
from ticketing.domain.errors import (
    HandOffError,
    IdentityTakenError,
    InvalidInputError,
    LastWayInError,
    MustSetUpSecondFactorError,
    NoAccountError,
    NoProviderError,
    ProviderDeclinedError,
    ProviderDistrustedError,
    SignedOutError,
    ThrottledError,
    WrongCredentialsError,
)
from ticketing.domain.openid import REQUEST_LIFETIME, Answer
from ticketing.domain.outbox import OutgoingQuery
from ticketing.domain.people import Actor, Role, Standing
from ticketing.domain.store import Store
from ticketing.services.access import Gate
from ticketing.services.accounts import Accounts
from ticketing.services.anonymising import Anonymising
from ticketing.services.openid import Arrival, OpenId
from ticketing.services.outbox import set_route
from ticketing.services.second_factors import SecondFactors
from ticketing.services.sessions import Sessions
from ticketing.services.throttle import REGISTRATIONS_PER_HOUR, TRIES_PER_MINUTE, Throttle

ON_EVERY_STORE = True
HERE, ELSEWHERE = "this browser", "another browser"
CARLAS = "carla@example.org"

Open = Callable[..., OpenId]
Come = Callable[..., Arrival]


@pytest.fixture
def open_id(store: Store, clock: Clock, gate: Gate, throttle: Throttle, provider: Provider) -> Open:
    """Return a way to make the service, of a desk where anybody may register or not."""
    known = OpenIdProvider(provider.issuer, CLIENT, SECRET, "Acme", "https://desk.example.org/oidc/callback")
    return lambda **settings: OpenId(store, clock, gate, throttle, known, **settings)


@pytest.fixture
def openid(open_id: Open) -> OpenId:
    return open_id()


@pytest.fixture
def come(openid: OpenId, provider: Provider) -> Come:
    """Let somebody go to the provider and come back."""

    def come_back(service: OpenId = openid, *, target: str = "", device: str | None = None, **claims: Any) -> Arrival:
        provider.person |= claims
        answer = provider.consent(service.begin(target, browser=HERE, address="192.0.2.7"))
        return service.finish(answer, browser=HERE, address="192.0.2.7", device=device)

    return come_back


@pytest.fixture
def link(openid: OpenId, provider: Provider) -> Callable[..., Arrival]:
    """Let somebody who is signed in link their account with whoever they are at the provider."""

    def link_account(actor: Actor, **claims: Any) -> Arrival:
        provider.person |= claims
        answer = provider.consent(openid.begin_linking(actor, browser=HERE))
        return openid.finish(answer, browser=HERE)

    return link_account


def confirm_address(store: Store, username: str, address: str, standing: Standing = Standing.CONFIRMED) -> None:
    with store.write() as tx:
        user = tx.users.find(username)
        assert user is not None
        user.put_address(address, standing)
        tx.users.save(user)


def arrived(sessions: Sessions, arrival: Arrival) -> str:
    """Return who gets in."""
    return sessions.redeem(arrival.hand_off, browser=HERE).username


def mails(store: Store) -> list[tuple[str, str]]:
    with store.read() as tx:
        return sorted((mail.username, mail.kind) for mail in tx.outgoing.search(OutgoingQuery()).items)


def logged(store: Store, action: AuditAction) -> list[tuple[str, str, dict[str, str]]]:
    with store.read() as tx:
        found = [record for record in tx.audit.search(AuditQuery()) if record.action is action]
    return [(record.actor, record.object, record.facts) for record in found]


def test_who_comes_for_the_first_time_gets_an_account_and_keeps_it(
    come: Come, sessions: Sessions, store: Store, provider: Provider
) -> None:
    assert arrived(sessions, come(target="ticket?id=12")) == "carla.ruiz"
    assert arrived(sessions, come(email="carla@example.net", preferred_username="other", name="")) == "carla.ruiz"

    with store.read() as tx:
        carla = tx.users.find("carla.ruiz")
    assert carla is not None
    assert (carla.display_name, carla.email, carla.standing) == ("Carla Ruiz", CARLAS, Standing.CONFIRMED)
    assert (carla.role, carla.has_password) == (Role.USER, False)
    assert logged(store, AuditAction.IDENTITY_LINKED) == [("carla.ruiz", "carla.ruiz", {"issuer": provider.issuer})]
    assert len(logged(store, AuditAction.SIGNED_IN)) == 2


def test_they_are_led_to_where_they_were_going(come: Come) -> None:
    assert come(target="ticket?id=12").target == "ticket?id=12"


def test_an_account_without_a_password_opens_by_none(come: Come, accounts: Accounts) -> None:
    come()

    for password in ("", PASSWORD):
        with pytest.raises(WrongCredentialsError):
            accounts.sign_in("carla.ruiz", password)


@pytest.mark.parametrize("claims", [{"role": "admin"}, {"roles": ["admin"], "groups": ["admins"]}], ids=str)
def test_the_provider_makes_nobody_an_agent(
    come: Come, provider: Provider, store: Store, claims: dict[str, Any]
) -> None:
    provider.behaviour.claims = claims
    come()

    with store.read() as tx:
        found = tx.users.find("carla.ruiz")
    assert found is not None
    assert found.role is Role.USER


@pytest.mark.parametrize(
    ("claims", "username"),
    [
        ({"preferred_username": "carla@example.org"}, "carla"),
        ({"preferred_username": None, "email": "Carla+Desk@example.org"}, "carla-desk"),
        ({"preferred_username": "system", "email": None}, "user"),
        ({"preferred_username": "Ж", "email": None}, "user"),
        ({"preferred_username": "../../etc", "email": None}, "etc"),
        ({"preferred_username": "c" * 99}, "c" * 32),
    ],
    ids=str,
)
def test_a_new_account_is_called_as_there_as_far_as_that_is_a_name_here(
    come: Come, sessions: Sessions, provider: Provider, claims: dict[str, Any], username: str
) -> None:
    provider.behaviour.claims = claims

    assert arrived(sessions, come()) == username


def test_a_name_that_somebody_has_is_left_to_them(come: Come, arrives: SignIn, sessions: Sessions) -> None:
    arrives("carla.ruiz")

    assert arrived(sessions, come()) == "carla.ruiz-2"
    assert arrived(sessions, come(sub="another", email=None)) == "carla.ruiz-3"


def test_the_name_of_somebody_who_is_anonymous_by_now_is_nobodys(
    come: Come, arrives: SignIn, sessions: Sessions, store: Store, clock: Clock, gate: Gate
) -> None:
    arrives("carla.ruiz")
    Anonymising(store, clock, gate).anonymise(Actor.console(), "carla.ruiz")

    assert arrived(sessions, come()) == "carla.ruiz-2"


def test_a_confirmed_address_that_the_provider_vouches_for_opens_its_account_and_its_owner_is_told(
    come: Come, sessions: Sessions, store: Store, carla: Actor
) -> None:
    confirm_address(store, carla.username, "Carla@Example.org")
    set_route(store, is_open=True)

    assert arrived(sessions, come()) == "carla"
    assert mails(store) == [("carla", "identity_linked")]


@pytest.mark.parametrize(
    ("verified", "standing"),
    [(False, Standing.CONFIRMED), (True, Standing.UNCONFIRMED), (True, Standing.GIVEN)],
)
def test_no_other_address_opens_an_account(
    come: Come, sessions: Sessions, store: Store, carla: Actor, *, verified: bool, standing: Standing
) -> None:
    confirm_address(store, carla.username, CARLAS, standing)

    assert arrived(sessions, come(email_verified=verified)) == "carla.ruiz"


def test_an_address_that_is_not_vouched_for_is_to_be_confirmed(come: Come, store: Store) -> None:
    set_route(store, is_open=True, has_links=True)

    come(email_verified=False)

    with store.read() as tx:
        found = tx.users.find("carla.ruiz")
    assert found is not None
    assert (found.email, found.standing) == (CARLAS, Standing.UNCONFIRMED)


@pytest.mark.parametrize("role", [Role.AGENT, Role.ADMIN])
def test_an_agents_account_is_never_found_by_an_address(come: Come, store: Store, arrives: SignIn, role: Role) -> None:
    arrives("boss", role)
    confirm_address(store, "boss", CARLAS)

    with pytest.raises(NoAccountError, match="sign in with your password and link it"):
        come()

    with store.read() as tx:
        assert tx.identities.of_user("boss") == []
        assert tx.users.find("carla.ruiz") is None


def test_an_agent_who_has_linked_their_account_gets_in(
    come: Come, link: Callable[..., Arrival], sessions: Sessions, ada: Actor
) -> None:
    assert link(ada).target == "account"

    assert arrived(sessions, come()) == "ada"


def test_where_nobody_may_register_no_account_is_made(come: Come, open_id: Open, store: Store) -> None:
    with pytest.raises(NoAccountError):
        come(open_id(registration_open=False))

    with store.read() as tx:
        assert not tx.users.any()
    assert logged(store, AuditAction.SIGN_IN_REFUSED) == [("", "", {"why": "no account"})]


def test_who_is_deactivated_stays_out_like_who_has_no_account(
    come: Come, open_id: Open, store: Store, carla: Actor, link: Callable[..., Arrival]
) -> None:
    link(carla)
    with store.write() as tx:
        user = tx.users.find("carla")
        assert user is not None
        user.active = False
        tx.users.save(user)

    with pytest.raises(NoAccountError) as known:
        come()
    with pytest.raises(NoAccountError) as unknown:
        come(open_id(registration_open=False), sub="another")

    assert str(known.value) == str(unknown.value)


def test_login_csrf_an_answer_counts_in_the_browser_that_was_sent_and_once(openid: OpenId, provider: Provider) -> None:
    answer = provider.consent(openid.begin("", browser=HERE))

    for foreign in (ELSEWHERE, ""):
        with pytest.raises(HandOffError):
            openid.finish(answer, browser=foreign)
    assert openid.finish(answer, browser=HERE).hand_off
    with pytest.raises(HandOffError):
        openid.finish(answer, browser=HERE)
    assert provider.asked.count("/token") == 1


def test_an_answer_counts_for_ten_minutes(openid: OpenId, provider: Provider, clock: Clock) -> None:
    answer = provider.consent(openid.begin("", browser=HERE))
    clock.advance(REQUEST_LIFETIME)

    with pytest.raises(HandOffError):
        openid.finish(answer, browser=HERE)


@pytest.mark.parametrize("state", ["", "made up", "\ud800", "x" * 100_000], ids=["none", "made up", "odd", "long"])
def test_a_state_that_was_made_up_is_refused(openid: OpenId, provider: Provider, state: str) -> None:
    with pytest.raises(HandOffError):
        openid.finish(Answer(state, "a code"), browser=HERE)
    assert provider.asked == []


def test_a_browser_without_a_mark_is_not_sent(openid: OpenId) -> None:
    with pytest.raises(HandOffError):
        openid.begin("", browser="")


def test_the_state_is_stored_as_a_hash_alone(
    openid: OpenId, provider: Provider, everything: Callable[[], object]
) -> None:
    state = provider.consent(openid.begin("", browser=HERE)).state

    assert state not in str(everything())


def test_who_does_not_want_to_is_not_signed_in(openid: OpenId, provider: Provider) -> None:
    provider.behaviour.error = "access_denied"
    answer = provider.consent(openid.begin("", browser=HERE))

    with pytest.raises(ProviderDeclinedError, match="You were not signed in by Acme"):
        openid.finish(answer, browser=HERE)
    with pytest.raises(HandOffError):
        openid.finish(answer, browser=HERE)


@pytest.mark.parametrize("is_told", [True, False])
def test_an_answer_in_the_name_of_another_provider_is_refused(come: Come, provider: Provider, *, is_told: bool) -> None:
    provider.behaviour.issuer_told = provider.issuer if is_told else "https://login.example.net"

    if is_told:
        assert come().hand_off
    else:
        with pytest.raises(ProviderDistrustedError):
            come()


def test_whoever_proves_nothing_is_refused_and_that_is_on_record(come: Come, provider: Provider, store: Store) -> None:
    provider.behaviour.claims = {"nonce": "another"}

    with pytest.raises(ProviderDistrustedError):
        come()

    assert logged(store, AuditAction.SIGN_IN_REFUSED) == [("", "", {"why": "provider distrusted"})]


def test_a16_a_code_is_wanted_after_the_provider_as_after_the_password(
    come: Come,
    link: Callable[..., Arrival],
    carla: Actor,
    second_factors: SecondFactors,
    accounts: Accounts,
    sessions: Sessions,
    clock: Clock,
) -> None:
    link(carla)
    app = pyotp.TOTP(second_factors.propose(carla).secret)
    second_factors.turn_on(carla, PASSWORD, app.at(clock()))
    clock.advance(timedelta(minutes=1))

    half = come()

    assert (half.hand_off, bool(half.ticket)) == ("", True)
    with pytest.raises(HandOffError):
        sessions.redeem(half.ticket, browser=HERE)
    with pytest.raises(HandOffError):
        accounts.finish_sign_in_browser(half.ticket, app.at(clock()), browser=ELSEWHERE)
    hand_off = accounts.finish_sign_in_browser(half.ticket, app.at(clock()), browser=HERE, trust=True)
    device = sessions.redeem(hand_off, browser=HERE).device
    assert arrived(sessions, come(device=device)) == "carla"


def test_a_second_factor_is_set_up_and_turned_off_without_a_password_by_who_has_none(
    come: Come, sessions: Sessions, second_factors: SecondFactors, clock: Clock, carla: Actor
) -> None:
    me = sessions.actor(sessions.redeem(come().hand_off, browser=HERE).token)
    proposal = second_factors.propose(me)
    app = pyotp.TOTP(proposal.secret)
    assert (proposal.takes_password, second_factors.propose(carla).takes_password) == (False, True)

    second_factors.turn_on(me, "", app.at(clock()))
    clock.advance(timedelta(minutes=1))
    second_factors.turn_off(me, "", app.at(clock()))

    assert second_factors.status(me) is None
    with pytest.raises(InvalidInputError):
        second_factors.turn_on(carla, "", "123456")


def test_one_links_for_oneself_and_nobody_takes_that_over(
    link: Callable[..., Arrival], openid: OpenId, carla: Actor, oskar: Actor, store: Store
) -> None:
    set_route(store, is_open=True)
    confirm_address(store, "carla", CARLAS)
    link(carla)
    link(carla)

    with pytest.raises(IdentityTakenError):
        link(oskar)

    assert (len(openid.own(carla).identities), openid.own(oskar).identities) == (1, ())
    assert mails(store) == [("carla", "identity_linked")]


def test_who_has_signed_out_on_the_way_links_nothing(
    openid: OpenId, provider: Provider, sessions: Sessions, carla: Actor, store: Store
) -> None:
    answer = provider.consent(openid.begin_linking(carla, browser=HERE))
    sessions.end_others(Actor(carla.username, carla.display_name, carla.role, carla.session))
    with store.write() as tx:
        tx.sessions.remove(carla.session or "")

    with pytest.raises(SignedOutError):
        openid.finish(answer, browser=HERE)
    with store.read() as tx:
        assert tx.identities.of_user("carla") == []


def test_one_unlinks_ones_own_and_nobody_elses(
    link: Callable[..., Arrival], come: Come, openid: OpenId, open_id: Open, carla: Actor, oskar: Actor
) -> None:
    link(carla)
    [identity] = openid.own(carla).identities

    openid.unlink(oskar, identity.id)
    assert openid.own(carla).identities == (identity,)
    openid.unlink(carla, identity.id)

    assert openid.own(carla).identities == ()
    with pytest.raises(NoAccountError):
        come(open_id(registration_open=False))


def test_the_last_way_in_stays(come: Come, openid: OpenId, sessions: Sessions) -> None:
    me = sessions.actor(sessions.redeem(come().hand_off, browser=HERE).token)
    ways = openid.own(me)

    with pytest.raises(LastWayInError, match="choose a password first"):
        openid.unlink(me, ways.identities[0].id)

    assert (openid.own(me), ways.has_password) == (ways, False)


def test_who_has_yet_to_set_up_a_second_factor_links_nothing(
    store: Store, clock: Clock, throttle: Throttle, limits: Any, carla: Actor
) -> None:
    gate = Gate(clock, limits, second_factor_of=frozenset(Role))

    with pytest.raises(MustSetUpSecondFactorError):
        OpenId(store, clock, gate, throttle, None).begin_linking(carla, browser=HERE)


def test_a_desk_without_a_provider_sends_nobody_anywhere(
    store: Store, clock: Clock, gate: Gate, throttle: Throttle, carla: Actor
) -> None:
    none = OpenId(store, clock, gate, throttle, None)

    assert none.provider_name is None
    for deed in (
        lambda: none.begin("", browser=HERE),
        lambda: none.begin_linking(carla, browser=HERE),
        lambda: none.finish(Answer("state", "code"), browser=HERE),
    ):
        with pytest.raises(NoProviderError):
            deed()


def test_so_many_sign_ins_begin_from_one_address_and_no_more(openid: OpenId) -> None:
    for _ in range(TRIES_PER_MINUTE):
        openid.begin("", browser=HERE, address="192.0.2.7")

    with pytest.raises(ThrottledError):
        openid.begin("", browser=HERE, address="192.0.2.7")
    assert openid.begin("", browser=HERE, address="192.0.2.8")


def test_so_many_accounts_are_made_from_one_address_and_no_more(come: Come, clock: Clock) -> None:
    for number in range(REGISTRATIONS_PER_HOUR):
        clock.advance(timedelta(seconds=10))
        come(sub=str(number), email=None)

    with pytest.raises(ThrottledError):
        come(sub="one more")
