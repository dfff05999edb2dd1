"""The second factor, held against every kind of store: set up, asked for on every way in, and taken once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from threading import Barrier, Thread

import pyotp
import pytest

from tests.services.conftest import PASSWORD, Clock, SignIn
from ticketing.domain.errors import (
    CodeWantedError,
    HandOffError,
    InvalidInputError,
    NoSecondFactorError,
    PermissionDeniedError,
    PersonNotFoundError,
    SecondFactorKeyError,
    SecondFactorSetUpError,
    SignedOutError,
    ThrottledError,
    WrongCodeError,
    WrongCredentialsError,
)
from ticketing.domain.outbox import AccountMail, OutgoingQuery
from ticketing.domain.people import Actor, Role
from ticketing.domain.sign_in import SessionLimits
from ticketing.domain.store import Store
from ticketing.services.access import Gate
from ticketing.services.accounts import Accounts
from ticketing.services.agents import Agents
from ticketing.services.authenticator import Authenticator, new_recovery_codes
from ticketing.services.outbox import set_route
from ticketing.services.passwords import Passwords
from ticketing.services.second_factors import SecondFactors
from ticketing.services.sessions import Sessions
from ticketing.services.throttle import Throttle
from ticketing.storage.keys import GivenKey

ON_EVERY_STORE = True
NEW_PASSWORD = "four dry umbrellas"
STEP = timedelta(seconds=30)


class NoKey:
    """What there is where the file of the key is gone."""

    def find(self) -> None:
        """Find nothing."""

    def ensure(self) -> bytes:
        """Make another one."""
        return b"n" * 32


@dataclass
class Phone:
    """Carla's phone, with the app that shows codes, and the paper with her recovery codes."""

    app: pyotp.TOTP
    clock: Clock
    paper: list[str]

    def code(self, steps: int = 0) -> str:
        """Return what it shows now, or so many steps later or earlier."""
        return self.app.at(self.clock.now + steps * STEP)


@pytest.fixture
def phone(carla: Actor, second_factors: SecondFactors, clock: Clock) -> Phone:
    """Set up Carla's second factor, a good while ago."""
    app = pyotp.TOTP(second_factors.propose(carla).secret)
    paper = second_factors.turn_on(carla, PASSWORD, app.at(clock.now))
    clock.advance(timedelta(minutes=10))
    return Phone(app, clock, paper)


@pytest.fixture
def half(accounts: Accounts) -> Callable[..., str]:
    """Return a way to type Carla's password, which gives the ticket for the code."""

    def sign_in(username: str = "carla", password: str = PASSWORD, device: str | None = None) -> str:
        with pytest.raises(CodeWantedError) as wanted:
            accounts.sign_in(username, password, device=device)
        return wanted.value.ticket

    return sign_in


@pytest.fixture
def half_browser(accounts: Accounts) -> Callable[..., str]:
    """Return a way to type Carla's password into a browser."""

    def sign_in(browser: str = "firefox", device: str | None = None) -> str:
        with pytest.raises(CodeWantedError) as wanted:
            accounts.sign_in_browser("carla", PASSWORD, browser=browser, device=device)
        return wanted.value.ticket

    return sign_in


Half = Callable[..., str]


def test_a16_the_password_alone_signs_nobody_in_who_has_a_second_factor(
    accounts: Accounts, sessions: Sessions, phone: Phone, half: Half
) -> None:
    token = accounts.finish_sign_in(half(), phone.code(), "192.0.2.7", description="curl")

    actor = sessions.actor(token)
    assert actor.username == "carla"
    latest = sessions.own(actor)[0]
    assert (latest.address, latest.description) == ("192.0.2.7", "curl")


def test_who_has_no_second_factor_signs_in_as_before(accounts: Accounts, sessions: Sessions, carla: Actor) -> None:
    assert sessions.actor(accounts.sign_in(carla.username, PASSWORD)).username == "carla"


@pytest.mark.usefixtures("phone")
def test_a_wrong_password_says_nothing_of_a_second_factor(accounts: Accounts) -> None:
    with pytest.raises(WrongCredentialsError):
        accounts.sign_in("carla", "a very wrong one")


@pytest.mark.parametrize(("steps", "is_taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a16_a_clock_may_be_off_by_one_step(
    accounts: Accounts, phone: Phone, half: Half, steps: int, *, is_taken: bool
) -> None:
    ticket = half()

    if is_taken:
        assert accounts.finish_sign_in(ticket, phone.code(steps))
    else:
        with pytest.raises(WrongCodeError):
            accounts.finish_sign_in(ticket, phone.code(steps))


def test_a16_a_code_is_taken_once_and_none_from_before_it(accounts: Accounts, phone: Phone, half: Half) -> None:
    accounts.finish_sign_in(half(), phone.code())

    for used in (phone.code(), phone.code(-1)):
        with pytest.raises(WrongCodeError):
            accounts.finish_sign_in(half(), used)

    assert accounts.finish_sign_in(half(), phone.code(1))


def test_the_code_that_turned_it_on_signs_nobody_in(
    accounts: Accounts, second_factors: SecondFactors, carla: Actor, clock: Clock, half: Half
) -> None:
    app = pyotp.TOTP(second_factors.propose(carla).secret)
    second_factors.turn_on(carla, PASSWORD, app.at(clock.now))

    with pytest.raises(WrongCodeError):
        accounts.finish_sign_in(half(), app.at(clock.now))


@pytest.mark.parametrize(
    "typed", ["", "12345", "1234567", "abcdef", "-00001", "x" * 100_000, "\ud800", "\0", "\uff11\uff12\uff13"]
)
def test_what_is_no_code_is_wrong(accounts: Accounts, half: Half, phone: Phone, typed: str) -> None:
    assert typed != phone.code()
    with pytest.raises(WrongCodeError):
        accounts.finish_sign_in(half(), typed)


@pytest.mark.parametrize("write", [" {0[0]}{0[1]}{0[2]} {0[3]}{0[4]}{0[5]} ", "{0[0]}{0[1]}{0[2]}-{0[3]}{0[4]}{0[5]}"])
def test_a_code_may_be_typed_as_the_app_shows_it(accounts: Accounts, half: Half, phone: Phone, write: str) -> None:
    assert accounts.finish_sign_in(half(), write.format(phone.code()))


def test_a16_five_wrong_codes_in_five_minutes_are_all(
    accounts: Accounts, half: Half, phone: Phone, clock: Clock, sessions: Sessions
) -> None:
    for ticket in [half() for _ in range(5)]:
        with pytest.raises(WrongCodeError):
            accounts.finish_sign_in(ticket, "nothing")

    ticket = half()
    for code in (phone.code(), phone.paper[0]):
        with pytest.raises(ThrottledError):
            accounts.finish_sign_in(ticket, code)

    clock.advance(timedelta(minutes=5))
    assert sessions.actor(accounts.finish_sign_in(half(), phone.code())).username == "carla"


def test_a_right_code_does_not_count_and_takes_back_no_wrong_one(
    accounts: Accounts, half: Half, phone: Phone, clock: Clock
) -> None:
    for _ in range(4):
        with pytest.raises(WrongCodeError):
            accounts.finish_sign_in(half(), "nothing")
    for _ in range(3):
        clock.advance(STEP)
        accounts.finish_sign_in(half(), phone.code())

    with pytest.raises(WrongCodeError):
        accounts.finish_sign_in(half(), "nothing")
    with pytest.raises(ThrottledError):
        accounts.finish_sign_in(half(), phone.code())


def test_who_only_knows_the_password_locks_nobody_out_of_their_own_browser(
    accounts: Accounts, sessions: Sessions, half: Half, half_browser: Half, phone: Phone, clock: Clock
) -> None:
    hand_off = accounts.finish_sign_in_browser(half_browser(), phone.code(), browser="firefox")
    device = sessions.redeem(hand_off, browser="firefox").device
    clock.advance(STEP)
    for _ in range(5):
        with pytest.raises(WrongCodeError):
            accounts.finish_sign_in(half(), "nothing")

    with pytest.raises(ThrottledError):
        accounts.finish_sign_in(half(), phone.code())
    assert accounts.finish_sign_in_browser(half_browser(device=device), phone.code(), browser="firefox")


def test_an_admin_lifts_the_wait_after_wrong_codes(
    accounts: Accounts, agents: Agents, half: Half, phone: Phone, root: Actor
) -> None:
    for _ in range(5):
        with pytest.raises(WrongCodeError):
            accounts.finish_sign_in(half(), "nothing")

    agents.lift_wait(root, "carla")

    assert accounts.finish_sign_in(half(), phone.code())


def raced(deed: Callable[[int], object], racers: int) -> list[str]:
    """Do something several times at the same moment, and return what came of it."""
    outcomes: list[str] = []
    start = Barrier(racers)

    def race(number: int) -> None:
        start.wait()
        try:
            deed(number)
        except (WrongCodeError, HandOffError) as error:
            outcomes.append(type(error).__name__)
        else:
            outcomes.append("signed in")

    threads = [Thread(target=race, args=(number,)) for number in range(racers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


@pytest.mark.parametrize("kind", ["app", "paper"])
def test_a16_two_who_type_the_same_code_at_the_same_moment_are_one_sign_in(
    accounts: Accounts, half: Half, phone: Phone, kind: str
) -> None:
    code = phone.code() if kind == "app" else phone.paper[0]
    tickets = [half(), half()]

    outcomes = raced(lambda number: accounts.finish_sign_in(tickets[number], code), 2)

    assert outcomes == ["WrongCodeError", "signed in"]


def test_a_ticket_makes_one_sign_in(accounts: Accounts, half: Half, phone: Phone) -> None:
    ticket = half()
    codes = [phone.code(), *phone.paper[:3]]

    outcomes = raced(lambda number: accounts.finish_sign_in(ticket, codes[number]), 4)

    assert outcomes == ["HandOffError"] * 3 + ["signed in"]


@pytest.mark.parametrize(("minutes", "is_good"), [(4.9, True), (5, False)])
def test_a_ticket_lasts_five_minutes(
    accounts: Accounts, half: Half, phone: Phone, clock: Clock, minutes: float, *, is_good: bool
) -> None:
    ticket = half()
    clock.advance(timedelta(minutes=minutes))

    if is_good:
        assert accounts.finish_sign_in(ticket, phone.code())
    else:
        with pytest.raises(HandOffError):
            accounts.finish_sign_in(ticket, phone.code())


@pytest.mark.parametrize("forged", ["", "0" * 43, "\0", "\ud800", "half sign-in"])
def test_an_invented_ticket_is_refused_and_counts_for_nobody(
    accounts: Accounts, phone: Phone, everything: Callable[[], object], forged: str
) -> None:
    before = everything()

    for _ in range(10):
        with pytest.raises(HandOffError):
            accounts.finish_sign_in(forged, phone.code())

    assert everything() == before


@pytest.mark.usefixtures("phone")
def test_a_ticket_is_good_for_nothing_but_the_code(
    accounts: Accounts, sessions: Sessions, half: Half, half_browser: Half
) -> None:
    for ticket in (half(), half_browser()):
        with pytest.raises(SignedOutError):
            sessions.actor(ticket)
        with pytest.raises(HandOffError):
            sessions.redeem(ticket, browser="firefox")
        with pytest.raises(SignedOutError):
            accounts.profile(Actor("carla", "Carla", Role.ADMIN, ticket))


def test_a_hand_off_is_no_ticket(accounts: Accounts, sessions: Sessions, phone: Phone, half_browser: Half) -> None:
    hand_off = accounts.finish_sign_in_browser(half_browser(), phone.code(), browser="firefox")

    with pytest.raises(HandOffError):
        accounts.finish_sign_in_browser(hand_off, phone.paper[0], browser="firefox")
    assert sessions.redeem(hand_off, browser="firefox").username == "carla"


def test_a_ticket_is_bound_to_the_browser_in_which_the_password_was_typed(
    accounts: Accounts, sessions: Sessions, phone: Phone, half: Half, half_browser: Half
) -> None:
    ticket = half_browser("firefox")

    for elsewhere in ("chromium", ""):
        with pytest.raises(HandOffError):
            accounts.finish_sign_in_browser(ticket, phone.code(), browser=elsewhere)
    with pytest.raises(HandOffError):
        accounts.finish_sign_in(ticket, phone.code())
    with pytest.raises(HandOffError):
        accounts.finish_sign_in_browser(half(), phone.code(), browser="firefox")

    hand_off = accounts.finish_sign_in_browser(ticket, phone.code(), browser="firefox")
    assert sessions.redeem(hand_off, browser="firefox").username == "carla"


def test_the_code_of_one_person_is_worth_nothing_with_the_ticket_of_another(
    accounts: Accounts, second_factors: SecondFactors, arrives: SignIn, clock: Clock, half: Half, phone: Phone
) -> None:
    oskar = arrives("oskar")
    app = pyotp.TOTP(second_factors.propose(oskar).secret)
    paper = second_factors.turn_on(oskar, PASSWORD, app.at(clock.now))
    clock.advance(STEP)

    for code in (app.at(clock.now), paper[0]):
        with pytest.raises(WrongCodeError):
            accounts.finish_sign_in(half("carla"), code)
    assert accounts.finish_sign_in(half("oskar"), paper[0])
    assert accounts.finish_sign_in(half("carla"), phone.code())


@pytest.mark.parametrize("deed", ["reset_password", "end_sessions", "deactivate", "turn_off_second_factor"])
def test_a_ticket_ends_with_all_sign_ins(
    accounts: Accounts, agents: Agents, root: Actor, half: Half, phone: Phone, deed: str
) -> None:
    ticket = half()

    getattr(agents, deed)(root, "carla")

    with pytest.raises(HandOffError):
        accounts.finish_sign_in(ticket, phone.code())


def test_a16_each_recovery_code_signs_in_once(
    accounts: Accounts, second_factors: SecondFactors, carla: Actor, half: Half, phone: Phone
) -> None:
    assert len(set(phone.paper)) == 10
    for left, code in zip(range(9, -1, -1), phone.paper, strict=True):
        accounts.finish_sign_in(half(), code)
        status = second_factors.status(carla)
        assert status is not None
        assert status.recovery_codes_left == left

    with pytest.raises(WrongCodeError):
        accounts.finish_sign_in(half(), phone.paper[3])


@pytest.mark.parametrize(
    "write",
    [str.upper, lambda code: code.replace("-", " "), lambda code: code.replace("-", ""), lambda code: f" {code}\n"],
)
def test_a_recovery_code_is_known_however_it_is_copied(
    accounts: Accounts, half: Half, phone: Phone, write: Callable[[str], str]
) -> None:
    assert accounts.finish_sign_in(half(), write(phone.paper[0]))


def test_recovery_codes_have_eighty_bits() -> None:
    codes = {code for _ in range(100) for code in new_recovery_codes()}

    assert len(codes) == 1000
    assert {len(code.replace("-", "")) for code in codes} == {16}
    assert set("".join(codes)) == set("abcdefghijklmnopqrstuvwxyz234567-")


def test_a16_nothing_that_signs_in_stands_in_the_store(
    store: Store, accounts: Accounts, half: Half, half_browser: Half, phone: Phone, carla: Actor
) -> None:
    ticket = half()
    hand_off = accounts.finish_sign_in_browser(half_browser(), phone.code(), browser="firefox")

    with store.read() as tx:
        user = tx.users.find(carla.username)
        assert user is not None
        kept = user.model_dump_json() + "".join(str(one) for one in tx.sessions.of_user("carla"))
    for secret in (phone.app.secret, ticket, hand_off, *phone.paper, *(code.replace("-", "") for code in phone.paper)):
        assert secret.casefold() not in kept.casefold()


def test_new_recovery_codes_take_a_fresh_code_and_end_the_old_ones(
    accounts: Accounts, second_factors: SecondFactors, carla: Actor, half: Half, phone: Phone
) -> None:
    for stale in ("nothing", phone.code(-5), phone.paper[0]):
        with pytest.raises(WrongCodeError):
            second_factors.renew_recovery_codes(carla, stale)
    renewed = second_factors.renew_recovery_codes(carla, phone.code())

    assert set(renewed).isdisjoint(phone.paper)
    with pytest.raises(WrongCodeError):
        second_factors.renew_recovery_codes(carla, phone.code())
    with pytest.raises(WrongCodeError):
        accounts.finish_sign_in(half(), phone.paper[0])
    assert accounts.finish_sign_in(half(), renewed[0])


def test_turning_it_on_takes_the_password_and_a_code(
    second_factors: SecondFactors, carla: Actor, clock: Clock, accounts: Accounts
) -> None:
    app = pyotp.TOTP(second_factors.propose(carla).secret)

    with pytest.raises(InvalidInputError, match="present password is wrong"):
        second_factors.turn_on(carla, "wrong", app.at(clock.now))
    with pytest.raises(WrongCodeError):
        second_factors.turn_on(carla, PASSWORD, "nothing")

    assert second_factors.status(carla) is None
    assert accounts.sign_in("carla", PASSWORD)
    assert len(second_factors.turn_on(carla, PASSWORD, app.at(clock.now))) == 10
    with pytest.raises(SecondFactorSetUpError):
        second_factors.turn_on(carla, PASSWORD, app.at(clock.now))
    with pytest.raises(SecondFactorSetUpError):
        second_factors.propose(carla)


def test_the_password_is_asked_for_five_times_at_most(
    second_factors: SecondFactors, carla: Actor, phone: Phone
) -> None:
    for _ in range(5):
        with pytest.raises(InvalidInputError):
            second_factors.turn_off(carla, "wrong", phone.code())

    with pytest.raises(ThrottledError):
        second_factors.turn_off(carla, PASSWORD, phone.code())


def test_turning_it_on_signs_the_person_out_everywhere_else(
    accounts: Accounts, sessions: Sessions, second_factors: SecondFactors, carla: Actor, clock: Clock
) -> None:
    elsewhere = accounts.sign_in("carla", PASSWORD)
    under_way = accounts.sign_in_browser("carla", PASSWORD, browser="chromium")
    app = pyotp.TOTP(second_factors.propose(carla).secret)

    second_factors.turn_on(carla, PASSWORD, app.at(clock.now))

    with pytest.raises(SignedOutError):
        sessions.actor(elsewhere)
    with pytest.raises(HandOffError):
        sessions.redeem(under_way, browser="chromium")
    assert [session.id for session in sessions.own(carla)] == [carla.session]


def test_what_is_proposed_stays_for_an_hour_in_its_session(
    accounts: Accounts, sessions: Sessions, second_factors: SecondFactors, carla: Actor, clock: Clock
) -> None:
    first = second_factors.propose(carla)
    clock.advance(timedelta(minutes=59))
    assert second_factors.propose(carla) == first

    elsewhere = sessions.actor(accounts.sign_in("carla", PASSWORD))
    with pytest.raises(NoSecondFactorError):
        second_factors.turn_on(elsewhere, PASSWORD, pyotp.TOTP(first.secret).at(clock.now))
    clock.advance(timedelta(minutes=1))
    with pytest.raises(NoSecondFactorError):
        second_factors.turn_on(carla, PASSWORD, pyotp.TOTP(first.secret).at(clock.now))
    assert second_factors.propose(carla) != first


def test_an_app_reads_whose_code_it_is_off_the_picture(second_factors: SecondFactors, carla: Actor) -> None:
    proposal = second_factors.propose(carla)

    read = pyotp.parse_uri(proposal.address)
    assert (read.name, read.issuer, read.secret) == ("carla", "desk.example.org", proposal.secret)
    assert len(proposal.secret) == 32


@pytest.mark.parametrize("kind", ["app", "paper"])
def test_turning_it_off_takes_the_password_and_a_code(
    accounts: Accounts, second_factors: SecondFactors, carla: Actor, phone: Phone, kind: str
) -> None:
    code = phone.code() if kind == "app" else phone.paper[0]
    with pytest.raises(InvalidInputError):
        second_factors.turn_off(carla, "wrong", code)
    with pytest.raises(WrongCodeError):
        second_factors.turn_off(carla, PASSWORD, "nothing")
    with pytest.raises(CodeWantedError):
        accounts.sign_in("carla", PASSWORD)

    second_factors.turn_off(carla, PASSWORD, code)

    assert second_factors.status(carla) is None
    assert accounts.sign_in("carla", PASSWORD)
    for deed in (second_factors.turn_off, lambda actor, _, code: second_factors.renew_recovery_codes(actor, code)):
        with pytest.raises(NoSecondFactorError):
            deed(carla, PASSWORD, code)


@pytest.fixture
def trusted(accounts: Accounts, sessions: Sessions, half_browser: Half, phone: Phone, clock: Clock) -> str:
    """Sign in with "Remember this browser", and return what the browser shows from then on."""
    hand_off = accounts.finish_sign_in_browser(half_browser(), phone.code(), browser="firefox", trust=True)
    device = sessions.redeem(hand_off, browser="firefox").device
    clock.advance(timedelta(minutes=1))
    return device


def test_a_remembered_browser_is_asked_for_no_code_for_thirty_days(
    accounts: Accounts, sessions: Sessions, trusted: str, clock: Clock, half: Half, half_browser: Half
) -> None:
    clock.advance(timedelta(days=29))
    hand_off = accounts.sign_in_browser("carla", PASSWORD, browser="firefox", device=trusted)
    device = sessions.redeem(hand_off, browser="firefox", device=trusted).device
    assert device == trusted
    assert accounts.sign_in("carla", PASSWORD, device=trusted)

    clock.advance(timedelta(days=1))
    assert half_browser(device=trusted)
    assert half(device=trusted)


def test_a_browser_is_remembered_by_a_secret_that_it_never_had_before(
    accounts: Accounts, sessions: Sessions, half_browser: Half, phone: Phone, clock: Clock
) -> None:
    hand_off = accounts.finish_sign_in_browser(half_browser(), phone.code(), browser="firefox")
    first = sessions.redeem(hand_off, browser="firefox").device
    clock.advance(STEP)
    assert half_browser(device=first)

    hand_off = accounts.finish_sign_in_browser(half_browser(device=first), phone.code(), browser="firefox", trust=True)
    second = sessions.redeem(hand_off, browser="firefox", device=first).device

    assert first not in second.split(".")
    assert half_browser(device=first)
    assert accounts.sign_in_browser("carla", PASSWORD, browser="firefox", device=second)


def test_a_remembered_browser_still_wants_the_password(accounts: Accounts, trusted: str) -> None:
    with pytest.raises(WrongCredentialsError):
        accounts.sign_in_browser("carla", "a very wrong one", browser="firefox", device=trusted)


def test_a_browser_is_remembered_for_one_person(
    accounts: Accounts, second_factors: SecondFactors, arrives: SignIn, clock: Clock, trusted: str
) -> None:
    oskar = arrives("oskar")
    app = pyotp.TOTP(second_factors.propose(oskar).secret)
    second_factors.turn_on(oskar, PASSWORD, app.at(clock.now))

    with pytest.raises(CodeWantedError):
        accounts.sign_in_browser("oskar", PASSWORD, browser="firefox", device=trusted)


def test_browsers_are_forgotten_at_once(
    second_factors: SecondFactors, carla: Actor, trusted: str, half_browser: Half, sessions: Sessions
) -> None:
    status = second_factors.status(carla)
    assert status is not None
    assert status.trusted_browsers == 1

    second_factors.forget_browsers(carla)

    status = second_factors.status(carla)
    assert status is not None
    assert status.trusted_browsers == 0
    assert half_browser(device=trusted)
    assert len(sessions.own(carla)) == 2


def test_a_new_password_ends_the_trust_in_all_browsers(accounts: Accounts, carla: Actor, trusted: str) -> None:
    accounts.change_password(carla, PASSWORD, NEW_PASSWORD, NEW_PASSWORD, browser="firefox")

    with pytest.raises(CodeWantedError):
        accounts.sign_in_browser("carla", NEW_PASSWORD, browser="firefox", device=trusted)


def test_a_one_time_password_wants_the_code_in_every_browser(
    accounts: Accounts, agents: Agents, root: Actor, sessions: Sessions, trusted: str, phone: Phone, half: Half
) -> None:
    one_time = agents.reset_password(root, "carla")

    ticket = half("carla", one_time, trusted)
    actor = sessions.actor(accounts.finish_sign_in(ticket, phone.code()))

    assert actor.must_change_password
    hand_off = accounts.change_password(actor, one_time, NEW_PASSWORD, NEW_PASSWORD, browser="firefox")
    assert sessions.redeem(hand_off, browser="firefox").username == "carla"
    assert half("carla", NEW_PASSWORD)


def test_turning_it_off_and_on_again_remembers_no_browser(
    second_factors: SecondFactors, carla: Actor, trusted: str, phone: Phone, clock: Clock, half_browser: Half
) -> None:
    second_factors.turn_off(carla, PASSWORD, phone.code())
    app = pyotp.TOTP(second_factors.propose(carla).secret)
    assert app.secret != phone.app.secret
    second_factors.turn_on(carla, PASSWORD, app.at(clock.now))

    assert half_browser(device=trusted)


@pytest.mark.usefixtures("phone")
def test_an_admin_turns_it_off_for_somebody_who_lost_their_phone(
    accounts: Accounts, agents: Agents, root: Actor, carla: Actor, sessions: Sessions
) -> None:
    assert agents.person(root, "carla").has_second_factor

    assert not agents.turn_off_second_factor(root, "carla").has_second_factor

    with pytest.raises(SignedOutError):
        accounts.profile(carla)
    assert sessions.actor(accounts.sign_in("carla", PASSWORD)).username == "carla"
    with pytest.raises(NoSecondFactorError):
        agents.turn_off_second_factor(root, "carla")


@pytest.mark.parametrize(
    ("role", "refusal"), [(Role.AGENT, PermissionDeniedError), (Role.USER, PersonNotFoundError)], ids=["agent", "user"]
)
@pytest.mark.usefixtures("phone")
def test_nobody_but_an_admin_turns_it_off_for_others(
    agents: Agents, arrives: SignIn, half: Half, role: Role, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        agents.turn_off_second_factor(arrives("grace", role), "carla")

    assert half()


def test_an_admin_turns_off_their_own_with_password_and_code_only(
    agents: Agents, second_factors: SecondFactors, root: Actor, clock: Clock, half: Half
) -> None:
    app = pyotp.TOTP(second_factors.propose(root).secret)
    second_factors.turn_on(root, PASSWORD, app.at(clock.now))

    with pytest.raises(PermissionDeniedError):
        agents.turn_off_second_factor(root, "root")
    assert half("root")

    agents.turn_off_second_factor(Actor.console(), "root")
    with pytest.raises(SignedOutError):
        second_factors.status(root)


def test_people_are_told_what_happens_to_their_second_factor(
    store: Store,
    accounts: Accounts,
    agents: Agents,
    second_factors: SecondFactors,
    carla: Actor,
    root: Actor,
    clock: Clock,
    half: Half,
) -> None:
    set_route(store, is_open=True)
    app = pyotp.TOTP(second_factors.propose(carla).secret)
    paper = second_factors.turn_on(carla, PASSWORD, app.at(clock.now))
    clock.advance(STEP)
    accounts.finish_sign_in(half(), paper[0])
    clock.advance(STEP)
    agents.turn_off_second_factor(root, "carla")

    with store.read() as tx:
        mails = tx.outgoing.search(OutgoingQuery()).items
    assert [(mail.username, mail.kind, mail.by) for mail in reversed(mails)] == [
        ("carla", AccountMail.SECOND_FACTOR_ON, "carla"),
        ("carla", AccountMail.RECOVERY_CODE_USED, "carla"),
        ("carla", AccountMail.SECOND_FACTOR_OFF, "root"),
    ]


def test_a_desk_that_has_lost_its_key_takes_recovery_codes_only(
    accounts: Accounts, authenticator: Authenticator, half: Half, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in (GivenKey(b"another key of thirty-two bytes."), NoKey()):
        monkeypatch.setattr(authenticator, "_key", key)
        with pytest.raises(SecondFactorKeyError):
            accounts.finish_sign_in(half(), phone.code())
        assert accounts.finish_sign_in(half(), phone.paper.pop())


@pytest.mark.parametrize(
    ("required", "role", "must"),
    [
        (frozenset[Role](), Role.ADMIN, False),
        (frozenset({Role.AGENT, Role.ADMIN}), Role.AGENT, True),
        (frozenset({Role.AGENT, Role.ADMIN}), Role.ADMIN, True),
        (frozenset({Role.AGENT, Role.ADMIN}), Role.USER, False),
        (frozenset(Role), Role.USER, True),
    ],
)
def test_whoever_must_set_one_up_is_let_in_to_do_so(
    store: Store, clock: Clock, arrives: SignIn, required: frozenset[Role], role: Role, *, must: bool
) -> None:
    gate = Gate(clock, SessionLimits(), second_factor_of=required)
    authenticator = Authenticator(GivenKey(b"k" * 32))
    factors = SecondFactors(store, clock, gate, Passwords(rounds=4), Throttle(clock), authenticator, "desk")
    grace = arrives("grace", role)
    with store.read() as tx:
        found = gate.admit(tx, grace, without_second_factor=True)
    assert (found.must_set_up_second_factor, found.is_half_in) == (must, must)

    app = pyotp.TOTP(factors.propose(grace).secret)
    factors.turn_on(grace, PASSWORD, app.at(clock.now))

    with store.read() as tx:
        assert not gate.admit(tx, grace).is_half_in
