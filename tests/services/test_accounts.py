"""Accounts: registering, proving who one is, and changing one's own name, e-mail and password."""

import logging
import statistics
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from threading import Barrier, Thread

import pytest

from tests.services.conftest import ON_BOTH_STORES, PASSWORD, AccountsWith, Clock
from ticketing.domain.errors import (
    BlankError,
    EmailError,
    ForbiddenCharacterError,
    HandOffError,
    InvalidInputError,
    MustChangePasswordError,
    PasswordMismatchError,
    PermissionDeniedError,
    PersonNotFoundError,
    RegistrationClosedError,
    SignedOutError,
    ThrottledError,
    TicketingError,
    TooLongError,
    UsernameError,
    UsernameTakenError,
    WeakPasswordError,
    WrongCredentialsError,
)
from ticketing.domain.people import Actor, PeopleQuery, Role
from ticketing.domain.sign_in import SessionLimits
from ticketing.services.access import Gate
from ticketing.services.accounts import Accounts
from ticketing.services.agents import Agents
from ticketing.services.authenticator import Authenticator
from ticketing.services.passwords import Passwords
from ticketing.services.sessions import Sessions
from ticketing.services.throttle import FREE_FAILURES, Throttle
from ticketing.storage.memory import MemoryStore

NEW_PASSWORD = "four dry raincoats"


@ON_BOTH_STORES
def test_a10_whoever_registers_is_a_user_and_can_sign_in(accounts: Accounts, sessions: Sessions) -> None:
    person = accounts.register("Carla", "Carla Marin", PASSWORD, PASSWORD, "carla@example.org")

    actor = sessions.actor(accounts.sign_in("carla", PASSWORD))
    assert person.username == actor.username == "carla"
    assert person.email == "carla@example.org"
    assert person.role is actor.role is Role.USER
    assert actor.display_name == "Carla Marin"
    assert not actor.must_change_password


def test_whoever_registers_in_a_browser_need_not_prove_their_password_again(
    accounts: Accounts, sessions: Sessions, clock: Clock
) -> None:
    for _ in range(FREE_FAILURES):
        with pytest.raises(WrongCredentialsError):
            accounts.sign_in("maria", "a very wrong one", "192.0.2.7")

    hand_off = accounts.register_browser(
        "maria", "Maria", NEW_PASSWORD, NEW_PASSWORD, address="192.0.2.7", browser="firefox"
    )

    maria = sessions.actor(sessions.redeem(hand_off, browser="firefox").token)
    assert (maria.username, maria.role) == ("maria", Role.USER)
    assert accounts.profile(maria).last_sign_in_at == clock.now


def test_a_registration_that_is_refused_leads_nowhere(accounts: Accounts, everything: Callable[[], object]) -> None:
    before = everything()

    with pytest.raises(PasswordMismatchError):
        accounts.register_browser("maria", "Maria", NEW_PASSWORD, PASSWORD, browser="firefox")

    assert everything() == before


def test_an_e_mail_address_is_not_needed(accounts: Accounts) -> None:
    assert accounts.register("carla", "Carla", PASSWORD, PASSWORD).email is None


@pytest.mark.parametrize(
    ("changed", "error", "sentence"),
    [
        ({"username": ""}, BlankError, "Username is empty"),
        ({"username": " \u200b"}, BlankError, "Username is empty"),
        ({"username": "ab"}, UsernameError, "3 to 32 characters"),
        ({"username": "\u0441\u0430rla"}, UsernameError, "letters a-z"),
        ({"username": "car\u200bla"}, UsernameError, "letters a-z"),
        ({"username": "x" * 1_000_000}, UsernameError, "3 to 32 characters"),
        ({"display_name": "\u2800"}, BlankError, "Display name is empty"),
        ({"display_name": "C" * 81}, TooLongError, "81 characters; at most 80 fit"),
        ({"display_name": "Car\0la"}, ForbiddenCharacterError, "unprintable character at position 4"),
        ({"email": "carla at example"}, EmailError, "does not look like an e-mail address"),
        ({"password": "", "confirmation": ""}, BlankError, "Password is empty"),
        ({"confirmation": ""}, PasswordMismatchError, "The two passwords differ"),
        ({"confirmation": PASSWORD + " "}, PasswordMismatchError, "The two passwords differ"),
        ({"password": "short", "confirmation": "short"}, WeakPasswordError, "at least 10 characters"),
        ({"password": "supportpass", "confirmation": "supportpass"}, WeakPasswordError, "attackers try"),
        ({"password": "I am carla!", "confirmation": "I am carla!"}, WeakPasswordError, "contains your username"),
    ],
)
def test_what_cannot_be_registered_is_refused_with_its_own_sentence(
    accounts: Accounts,
    everything: Callable[[], object],
    changed: dict[str, str],
    error: type[TicketingError],
    sentence: str,
) -> None:
    typed = {"username": "carla", "display_name": "Carla", "password": PASSWORD, "confirmation": PASSWORD} | changed
    before = everything()

    with pytest.raises(error, match=sentence):
        accounts.register(**typed)

    assert everything() == before


@ON_BOTH_STORES
@pytest.mark.parametrize("username", ["carla", "CARLA", " Carla", "\uff23\uff41\uff52\uff4c\uff41", "ⓒarla"])
def test_a9_a_name_is_taken_however_it_is_written(accounts: Accounts, store: MemoryStore, username: str) -> None:
    accounts.register("carla", "Carla", PASSWORD, PASSWORD)

    with pytest.raises(UsernameTakenError, match="“carla” is taken"):
        accounts.register(username, "Impostor", NEW_PASSWORD, NEW_PASSWORD)

    with store.read() as tx:
        assert [user.display_name for user in tx.users.stream()] == ["Carla"]


@ON_BOTH_STORES
@pytest.mark.parametrize(
    ("way", "where"),
    [("register", {}), ("register_browser", {"browser": "firefox"})],
    ids=["elsewhere", "in a browser"],
)
def test_a10_twenty_who_register_one_name_at_the_same_moment_make_one_account(
    accounts: Accounts, store: MemoryStore, way: str, where: dict[str, str]
) -> None:
    register_by = getattr(accounts, way)
    outcomes: list[str] = []
    start = Barrier(20)

    def register(number: int) -> None:
        start.wait()
        try:
            register_by("carla", f"Carla {number}", PASSWORD, PASSWORD, **where)
        except UsernameTakenError:
            outcomes.append("taken")
        else:
            outcomes.append("made")

    threads = [Thread(target=register, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with store.read() as tx:
        assert len(list(tx.users.stream())) == 1
    assert sorted(outcomes) == ["made"] + ["taken"] * 19


def test_a_desk_can_be_closed_to_registrations(
    store: MemoryStore,
    clock: Clock,
    gate: Gate,
    passwords: Passwords,
    throttle: Throttle,
    authenticator: Authenticator,
    limits: SessionLimits,
) -> None:
    closed = Accounts(
        store, clock, gate, passwords, throttle, authenticator=authenticator, limits=limits, registration_open=False
    )

    with pytest.raises(RegistrationClosedError, match="Ask an agent"):
        closed.register("carla", "Carla", PASSWORD, PASSWORD)

    with store.read() as tx:
        assert not tx.users.any()


@pytest.mark.parametrize("typed", ["carla", "CARLA", " carla ", "\uff43arla"])
@pytest.mark.usefixtures("carla")
def test_case_and_blanks_around_the_name_do_not_matter_at_sign_in(
    accounts: Accounts, sessions: Sessions, typed: str
) -> None:
    assert sessions.actor(accounts.sign_in(typed, PASSWORD, "127.0.0.1")).username == "carla"


@ON_BOTH_STORES
@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("carla", "wrong wrong wrong"),
        ("carla", ""),
        ("carla", "\0" * 200_000),
        ("nobody", PASSWORD),
        ("никто", PASSWORD),
        ("\ud800", "\ud800"),
        ("", ""),
        ("oskar", PASSWORD),
    ],
    ids=["wrong", "empty", "huge", "unknown", "not a name", "surrogate", "nothing", "deactivated"],
)
@pytest.mark.usefixtures("carla", "oskar")
def test_a6_unknown_deactivated_and_wrong_read_the_same(
    accounts: Accounts, agents: Agents, root: Actor, username: str, password: str
) -> None:
    agents.deactivate(root, "oskar")

    with pytest.raises(WrongCredentialsError) as refusal:
        accounts.sign_in(username, password)

    assert str(refusal.value) == "Username or password is wrong."


def test_a6_unknown_deactivated_and_wrong_take_the_same_time(
    accounts_with: AccountsWith, agents: Agents, clock: Clock
) -> None:
    accounts = accounts_with(Passwords(rounds=9))
    for name in ("carla", "oskar"):
        accounts.register(name, name, PASSWORD, PASSWORD)
    agents.deactivate(Actor.console(), "oskar")
    cases = {"wrong": ("carla", "wrong"), "unknown": ("nobody", "wrong"), "disabled": ("oskar", PASSWORD)}
    taken: dict[str, list[float]] = {case: [] for case in cases}

    for _ in range(20):
        for case, (username, password) in cases.items():
            clock.advance(timedelta(hours=1))
            begin = time.thread_time()
            with pytest.raises(WrongCredentialsError):
                accounts.sign_in(username, password)
            taken[case].append(time.thread_time() - begin)

    medians = {case: statistics.median(samples) for case, samples in taken.items()}
    assert medians["unknown"] == pytest.approx(medians["wrong"], rel=0.1)
    assert medians["disabled"] == pytest.approx(medians["wrong"], rel=0.1)


def test_signing_in_is_remembered(accounts: Accounts, agents: Agents, carla: Actor, ada: Actor, clock: Clock) -> None:
    clock.advance(timedelta(hours=1))

    accounts.sign_in(carla.username, PASSWORD)

    [person] = agents.people(ada, PeopleQuery(text="carla")).items
    assert person.last_sign_in_at == clock.now


@pytest.mark.usefixtures("carla")
def test_a_sign_in_writes_twice_also_when_it_is_refused(
    store: MemoryStore, accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes = 0
    write = store.write

    def counted(patience: float | None = None) -> AbstractContextManager[object]:
        nonlocal writes
        writes += 1
        return write(patience)

    monkeypatch.setattr(store, "write", counted)

    accounts.sign_in("carla", PASSWORD)
    assert writes == 2

    with pytest.raises(WrongCredentialsError):
        accounts.sign_in("carla", "wrong wrong wrong")
    assert writes == 4


@ON_BOTH_STORES
@pytest.mark.usefixtures("carla")
def test_a5_a_hash_of_lower_cost_is_renewed_at_sign_in(store: MemoryStore, accounts_with: AccountsWith) -> None:
    accounts = accounts_with(Passwords(rounds=5))

    accounts.sign_in("carla", PASSWORD)

    with store.read() as tx:
        user = tx.users.find("carla")
    assert user
    assert "$2b$05$" in user.password
    assert accounts.sign_in("carla", PASSWORD)


@ON_BOTH_STORES
def test_a5_a_damaged_hash_lets_nobody_in_and_breaks_nothing(
    accounts: Accounts, agents: Agents, store: MemoryStore, carla: Actor, root: Actor
) -> None:
    with store.write() as tx:
        user = tx.users.find(carla.username)
        assert user
        user.password = "bcrypt-hs384$v1$$2b$04$damaged"
        tx.users.save(user)

    with pytest.raises(WrongCredentialsError):
        accounts.sign_in("carla", PASSWORD)

    assert accounts.sign_in("carla", agents.reset_password(root, "carla"))


@ON_BOTH_STORES
@pytest.mark.usefixtures("carla")
def test_a1_no_password_and_no_token_is_stored_or_logged(
    accounts: Accounts,
    sessions: Sessions,
    everything: Callable[[], object],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)

    accounts.register("maria", "Maria", NEW_PASSWORD, NEW_PASSWORD)
    token = accounts.sign_in("carla", PASSWORD)
    hand_off = accounts.sign_in_browser("carla", PASSWORD, browser="firefox")
    signed_in = sessions.redeem(hand_off, browser="firefox")
    with pytest.raises(WrongCredentialsError):
        accounts.sign_in("carla", "a very wrong one")
    pending = accounts.sign_in_browser("carla", PASSWORD, browser="firefox")

    kept = str(everything()) + caplog.text
    for secret in (
        PASSWORD, NEW_PASSWORD, token, hand_off, signed_in.token, signed_in.device, pending, "a very wrong one"
    ):  # fmt: skip
        assert secret not in kept


def test_a14_a_new_password_takes_the_present_one_and_ends_all_sessions(
    accounts: Accounts, sessions: Sessions, carla: Actor
) -> None:
    tokens = [accounts.sign_in("carla", PASSWORD) for _ in range(3)]

    hand_off = accounts.change_password(carla, PASSWORD, NEW_PASSWORD, NEW_PASSWORD, browser="firefox")

    for token in tokens:
        with pytest.raises(SignedOutError):
            sessions.actor(token)
    with pytest.raises(SignedOutError):
        sessions.own(carla)
    with pytest.raises(WrongCredentialsError):
        accounts.sign_in("carla", PASSWORD)
    assert accounts.sign_in("carla", NEW_PASSWORD)
    assert sessions.actor(sessions.redeem(hand_off, browser="firefox").token).username == "carla"


@pytest.mark.parametrize(
    ("current", "new", "confirmation", "error", "sentence"),
    [
        ("wrong wrong wrong", NEW_PASSWORD, NEW_PASSWORD, InvalidInputError, "The present password is wrong"),
        (PASSWORD, NEW_PASSWORD, NEW_PASSWORD + "x", PasswordMismatchError, "differ"),
        (PASSWORD, "", "", BlankError, "Password is empty"),
        (PASSWORD, "short", "short", WeakPasswordError, "at least 10"),
        (PASSWORD, "my name is carla", "my name is carla", WeakPasswordError, "contains your username"),
        (PASSWORD, PASSWORD, PASSWORD, WeakPasswordError, "is the present one"),
    ],
)
def test_a_password_stays_when_the_change_is_refused(
    accounts: Accounts,
    sessions: Sessions,
    carla: Actor,
    current: str,
    new: str,
    confirmation: str,
    error: type[TicketingError],
    sentence: str,
) -> None:
    with pytest.raises(error, match=sentence):
        accounts.change_password(carla, current, new, confirmation, browser="firefox")

    assert len(sessions.own(carla)) == 1
    assert accounts.sign_in("carla", PASSWORD)


def test_an_agents_new_password_is_longer(accounts: Accounts, ada: Actor, carla: Actor) -> None:
    eleven = "vq7n2kx0wzp"

    with pytest.raises(WeakPasswordError, match="at least 12 characters"):
        accounts.change_password(ada, PASSWORD, eleven, eleven, browser="firefox")

    accounts.change_password(carla, PASSWORD, eleven, eleven, browser="firefox")


def test_a14_a_stolen_session_cannot_guess_the_present_password_at_will(accounts: Accounts, carla: Actor) -> None:
    for _ in range(5):
        with pytest.raises(InvalidInputError):
            accounts.change_password(carla, "wrong wrong", NEW_PASSWORD, NEW_PASSWORD, browser="firefox")

    with pytest.raises(ThrottledError):
        accounts.change_password(carla, PASSWORD, NEW_PASSWORD, NEW_PASSWORD, browser="firefox")
    assert accounts.sign_in("carla", PASSWORD), "and the owner gets in as ever"


def test_a_one_time_password_is_good_for_choosing_another_and_nothing_else(
    accounts: Accounts, agents: Agents, sessions: Sessions, root: Actor, everything: Callable[[], object]
) -> None:
    one_time = agents.register_agent(root, "grace", "Grace").one_time_password
    grace = sessions.actor(accounts.sign_in("grace", one_time))
    before = everything()

    assert grace.must_change_password
    for deed in (
        lambda: accounts.change_profile(grace, "Grace H.", ""),
        lambda: sessions.own(grace),
        lambda: sessions.end_others(grace),
        lambda: agents.people(grace, PeopleQuery()),
        lambda: agents.register_agent(grace, "linus", "Linus"),
    ):
        with pytest.raises(MustChangePasswordError):
            deed()
    assert everything() == before

    hand_off = accounts.change_password(grace, one_time, NEW_PASSWORD, NEW_PASSWORD, browser="firefox")
    grace = sessions.actor(sessions.redeem(hand_off, browser="firefox").token)
    assert not grace.must_change_password
    assert agents.people(grace, PeopleQuery()).total == 2


def test_signing_in_that_began_before_the_password_was_changed_comes_to_nothing(
    accounts: Accounts, sessions: Sessions, carla: Actor
) -> None:
    under_way = accounts.sign_in_browser("carla", PASSWORD, browser="chromium")

    accounts.change_password(carla, PASSWORD, NEW_PASSWORD, NEW_PASSWORD, browser="firefox")

    with pytest.raises(HandOffError):
        sessions.redeem(under_way, browser="chromium")


class SlowPasswords(Passwords):
    """Real passwords, with time for something else to happen while one is looked at."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        super().__init__(rounds=4)
        self._meanwhile = meanwhile

    def verify(self, password: str, stored: str | None) -> bool:
        """Let it happen, then compare."""
        self._meanwhile()
        return super().verify(password, stored)


@pytest.mark.parametrize("deed", ["deactivate", "reset_password", "end_sessions"])
def test_what_happens_to_an_account_while_its_password_is_looked_at_counts(
    store: MemoryStore, accounts_with: AccountsWith, agents: Agents, carla: Actor, ada: Actor, deed: str
) -> None:
    accounts = accounts_with(SlowPasswords(lambda: getattr(agents, deed)(ada, carla.username)))

    with pytest.raises(WrongCredentialsError):
        accounts.sign_in(carla.username, PASSWORD)

    with store.read() as tx:
        assert tx.sessions.of_user(carla.username) == []


def test_of_two_password_changes_at_the_same_moment_one_wins(
    accounts_with: AccountsWith, accounts: Accounts, sessions: Sessions, carla: Actor
) -> None:
    other = sessions.actor(accounts.sign_in(carla.username, PASSWORD))

    def change_elsewhere() -> None:
        hand_off = accounts.change_password(other, PASSWORD, NEW_PASSWORD, NEW_PASSWORD, browser="chromium")
        assert sessions.redeem(hand_off, browser="chromium")

    slow = accounts_with(SlowPasswords(change_elsewhere))

    with pytest.raises(SignedOutError):
        slow.change_password(carla, PASSWORD, "five red rowing boats", "five red rowing boats", browser="firefox")

    assert accounts.sign_in(carla.username, NEW_PASSWORD)


def test_people_see_their_own_account(accounts: Accounts, carla: Actor) -> None:
    assert accounts.profile(carla).display_name == "Carla"


def test_people_change_their_own_name_and_address(accounts: Accounts, sessions: Sessions, carla: Actor) -> None:
    person = accounts.change_profile(carla, "  Carla   Marin-Ruiz ", "carla@example.org", PASSWORD)

    assert (person.display_name, person.email) == ("Carla Marin-Ruiz", "carla@example.org")
    assert accounts.change_profile(carla, "Carla", " ", PASSWORD).email is None
    assert sessions.actor(accounts.sign_in("carla", PASSWORD)).display_name == "Carla"


def test_another_address_takes_the_present_password_and_a_name_does_not(
    accounts: Accounts, carla: Actor, everything: Callable[[], object]
) -> None:
    accounts.change_profile(carla, "Carla", "carla@example.org", PASSWORD)
    before = everything()

    with pytest.raises(BlankError, match="Present password"):
        accounts.change_profile(carla, "Carla", "mallory@example.org")
    with pytest.raises(BlankError, match="Present password"):
        accounts.change_profile(carla, "Carla", "")
    assert everything() == before
    with pytest.raises(InvalidInputError, match="The present password is wrong"):
        accounts.change_profile(carla, "Carla", "mallory@example.org", "something else")

    assert accounts.profile(carla).email == "carla@example.org"
    assert accounts.change_profile(carla, "Carla M.", "Carla@Example.org").display_name == "Carla M."


def test_wrong_passwords_for_an_address_are_counted_and_a_right_one_is_no_try(accounts: Accounts, carla: Actor) -> None:
    for number in range(12):
        accounts.change_profile(carla, "Carla", f"carla{number}@example.org", PASSWORD)

    for _ in range(FREE_FAILURES):
        with pytest.raises(InvalidInputError):
            accounts.change_profile(carla, "Carla", "mallory@example.org", "something else")
    with pytest.raises(ThrottledError):
        accounts.change_profile(carla, "Carla", "mallory@example.org", PASSWORD)


def test_an_account_without_a_password_has_nothing_to_prove(
    accounts: Accounts, carla: Actor, store: MemoryStore
) -> None:
    with store.write() as tx:
        user = tx.users.find("carla")
        assert user is not None
        user.password = ""
        tx.users.save(user)

    assert accounts.change_profile(carla, "Carla", "carla@example.org").email == "carla@example.org"


@pytest.mark.parametrize(
    ("name", "email"),
    [("", ""), ("C" * 81, ""), ("Carla", "no address"), ("Carla", "a\0@b.org"), ("Carla", "c@" + "x" * 253)],
)
def test_a_profile_stays_when_the_change_is_refused(
    accounts: Accounts, carla: Actor, everything: Callable[[], object], name: str, email: str
) -> None:
    before = everything()

    with pytest.raises(InvalidInputError):
        accounts.change_profile(carla, name, email, PASSWORD)

    assert everything() == before


@pytest.mark.parametrize("stale", ["signed out", "somebody else's session", "no session"])
def test_nobody_changes_an_account_without_its_live_session(
    accounts: Accounts, sessions: Sessions, carla: Actor, oskar: Actor, everything: Callable[[], object], stale: str
) -> None:
    if stale == "signed out":
        sessions.end(carla, carla.session or "")
    session = {"signed out": carla.session, "somebody else's session": oskar.session, "no session": None}[stale]
    impostor = Actor("carla", "Carla", Role.ADMIN, session)
    before = everything()

    with pytest.raises(SignedOutError):
        accounts.profile(impostor)
    with pytest.raises(SignedOutError):
        accounts.change_profile(impostor, "Impostor", "")
    with pytest.raises(SignedOutError):
        accounts.change_password(impostor, PASSWORD, NEW_PASSWORD, NEW_PASSWORD, browser="firefox")

    assert everything() == before


def test_the_command_line_is_nobodys_account_even_when_somebody_is_called_console(
    accounts: Accounts, arrives: Callable[..., Actor], everything: Callable[[], object]
) -> None:
    with pytest.raises(PersonNotFoundError):
        accounts.change_profile(Actor.console(), "Impostor", "")
    arrives("console")
    before = everything()

    with pytest.raises(PermissionDeniedError):
        accounts.change_profile(Actor.console(), "Impostor", "")
    with pytest.raises(PermissionDeniedError):
        accounts.change_password(Actor.console(), PASSWORD, NEW_PASSWORD, NEW_PASSWORD, browser="firefox")

    assert everything() == before


@pytest.mark.parametrize("name", ["system", "Console"])
def test_a9_nobody_registers_under_a_name_of_the_desks_own(accounts: Accounts, name: str) -> None:
    with pytest.raises(UsernameTakenError):
        accounts.register(name, "Somebody", PASSWORD, PASSWORD)
