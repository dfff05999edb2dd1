"""Agents: looking after the accounts, within what the role allows, and never without an admin."""

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from threading import Barrier, Thread

import pytest

from tests.services.conftest import ON_BOTH_STORES, PASSWORD, Clock
from ticketing.domain.errors import (
    BlankError,
    LastAdminError,
    PermissionDeniedError,
    PersonNotFoundError,
    SignedOutError,
    ThrottledError,
    TicketingError,
    UnknownChoiceError,
    UsernameTakenError,
    WeakPasswordError,
    WrongCredentialsError,
)
from ticketing.domain.people import Actor, PeopleQuery, Person, Role
from ticketing.services.access import Gate
from ticketing.services.accounts import Accounts
from ticketing.services.agents import Agents
from ticketing.services.passwords import Passwords
from ticketing.services.sessions import Sessions
from ticketing.services.throttle import Throttle
from ticketing.storage.memory import MemoryStore

NEW_PASSWORD = "four dry raincoats"
CONSOLE = Actor.console()

Everything = Callable[[], object]
Deed = Callable[[Agents, Actor, str], None]


def _deactivate(agents: Agents, actor: Actor, username: str) -> None:
    agents.deactivate(actor, username)


def _reactivate(agents: Agents, actor: Actor, username: str) -> None:
    agents.reactivate(actor, username)


def _reset_password(agents: Agents, actor: Actor, username: str) -> None:
    agents.reset_password(actor, username)


def _end_sessions(agents: Agents, actor: Actor, username: str) -> None:
    agents.end_sessions(actor, username)


def _make_agent(agents: Agents, actor: Actor, username: str) -> None:
    agents.change_role(actor, username, Role.AGENT)


DEEDS = [_deactivate, _reactivate, _reset_password, _end_sessions, _make_agent]


@pytest.fixture
def people(arrives: Callable[..., Actor]) -> dict[str, Actor]:
    """Return two of each role: carla and oskar, ada and grace, root and margaret."""
    roles = {"carla": Role.USER, "oskar": Role.USER, "ada": Role.AGENT, "grace": Role.AGENT}
    roles |= {"root": Role.ADMIN, "margaret": Role.ADMIN}
    return {username: arrives(username, role) for username, role in roles.items()}


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize(
    ("actor", "username", "outcome"),
    [
        ("carla", "oskar", PersonNotFoundError),
        ("carla", "ada", PersonNotFoundError),
        ("carla", "carla", PersonNotFoundError),
        ("carla", "nobody", PersonNotFoundError),
        ("ada", "oskar", None),
        ("ada", "grace", PermissionDeniedError),
        ("ada", "root", PermissionDeniedError),
        ("ada", "ada", PermissionDeniedError),
        ("ada", "nobody", PersonNotFoundError),
        ("ada", "not a name!", PersonNotFoundError),
        ("root", "oskar", None),
        ("root", "grace", None),
        ("root", "margaret", None),
        ("root", "nobody", PersonNotFoundError),
    ],
)
def test_z2_who_may_do_what_to_whom(
    agents: Agents,
    people: dict[str, Actor],
    everything: Everything,
    deed: Deed,
    actor: str,
    username: str,
    outcome: type[TicketingError] | None,
) -> None:
    if deed is _make_agent and actor == "ada" and outcome is None:
        outcome = PermissionDeniedError
    before = everything()

    if outcome is None:
        deed(agents, people[actor], username)
    else:
        with pytest.raises(outcome):
            deed(agents, people[actor], username)
        assert everything() == before


@pytest.mark.parametrize("deed", [_reset_password, _end_sessions])
def test_an_admins_own_password_and_sessions_are_for_their_account_page(
    agents: Agents, people: dict[str, Actor], everything: Everything, deed: Deed
) -> None:
    before = everything()

    with pytest.raises(PermissionDeniedError):
        deed(agents, people["root"], "root")

    assert everything() == before


@pytest.mark.parametrize("deed", DEEDS)
def test_whoever_signed_out_meanwhile_does_nothing(
    agents: Agents, sessions: Sessions, people: dict[str, Actor], everything: Everything, deed: Deed
) -> None:
    sessions.end(people["root"], people["root"].session or "")
    before = everything()

    with pytest.raises(SignedOutError):
        deed(agents, people["root"], "carla")

    assert everything() == before


@pytest.mark.parametrize("deed", DEEDS)
def test_a_role_that_was_taken_away_is_not_believed(
    agents: Agents, accounts: Accounts, sessions: Sessions, people: dict[str, Actor], everything: Everything, deed: Deed
) -> None:
    agents.change_role(people["root"], "margaret", Role.USER)
    now = sessions.actor(accounts.sign_in("margaret", PASSWORD))
    stale = Actor("margaret", "Margaret", Role.ADMIN, now.session)
    before = everything()

    with pytest.raises(PersonNotFoundError):
        deed(agents, stale, "carla")

    assert everything() == before


def test_a_registered_agent_signs_in_with_the_password_shown_once(
    agents: Agents, accounts: Accounts, sessions: Sessions, ada: Actor, everything: Everything
) -> None:
    new = agents.register_agent(ada, "Grace", "Grace Hopper", "grace@example.org")

    grace = sessions.actor(accounts.sign_in("grace", new.one_time_password))
    assert new.person.role is grace.role is Role.AGENT
    assert new.person.must_change_password
    assert grace.must_change_password
    assert re.fullmatch("([a-z2-9]{4}-){4}[a-z2-9]{4}", new.one_time_password)
    assert new.one_time_password not in str(everything())


def test_no_two_one_time_passwords_are_alike(agents: Agents, ada: Actor) -> None:
    made = {agents.register_agent(ada, f"agent-{number}", "Agent").one_time_password for number in range(20)}

    assert len(made) == 20


@ON_BOTH_STORES
@pytest.mark.parametrize(
    ("actor", "role", "allowed"),
    [
        ("carla", Role.AGENT, False),
        ("carla", Role.ADMIN, False),
        ("ada", Role.AGENT, True),
        ("ada", Role.ADMIN, False),
        ("root", Role.AGENT, True),
        ("root", Role.ADMIN, True),
    ],
)
def test_z8_who_may_register_whom(
    agents: Agents, people: dict[str, Actor], everything: Everything, actor: str, role: Role, *, allowed: bool
) -> None:
    before = everything()

    if allowed:
        assert agents.register_agent(people[actor], "linus", "Linus", role=role).person.role is role
    else:
        with pytest.raises(PermissionDeniedError, match="You may not register"):
            agents.register_agent(people[actor], "linus", "Linus", role=role)
        assert everything() == before


def test_a_desk_can_leave_registering_agents_to_admins(
    store: MemoryStore, clock: Clock, gate: Gate, passwords: Passwords, throttle: Throttle, ada: Actor, root: Actor
) -> None:
    strict = Agents(store, clock, gate, passwords, throttle, agents_may_register_agents=False)

    with pytest.raises(PermissionDeniedError, match="You may not register agents"):
        strict.register_agent(ada, "linus", "Linus")

    assert not strict.may_register(ada)
    assert strict.may_register(root)
    assert strict.register_agent(root, "linus", "Linus").person.username == "linus"


@pytest.mark.parametrize(
    ("username", "role", "error"),
    [("", Role.AGENT, BlankError), ("CARLA", Role.AGENT, UsernameTakenError), ("linus", Role.USER, UnknownChoiceError)],
)
@pytest.mark.usefixtures("carla")
def test_what_cannot_be_an_agents_account_is_refused(
    agents: Agents, ada: Actor, everything: Everything, username: str, role: Role, error: type[TicketingError]
) -> None:
    before = everything()

    with pytest.raises(error):
        agents.register_agent(ada, username, "Linus", role=role)

    assert everything() == before


def test_agents_see_everybody_and_no_trace_of_a_password(agents: Agents, people: dict[str, Actor]) -> None:
    page = agents.people(people["ada"], PeopleQuery())

    assert [person.username for person in page.items] == ["ada", "carla", "grace", "margaret", "oskar", "root"]
    assert page.total == 6
    assert "password" not in set(Person.model_fields)
    assert "bcrypt" not in page.model_dump_json()


def test_accounts_are_filtered_and_paged(agents: Agents, people: dict[str, Actor]) -> None:
    agents.deactivate(people["root"], "oskar")

    users = agents.people(people["ada"], PeopleQuery(roles=frozenset({Role.USER}), active=True))
    second = agents.people(people["ada"], PeopleQuery(page=2, size=4))

    assert [person.username for person in users.items] == ["carla"]
    assert [person.username for person in second.items] == ["oskar", "root"]
    assert (second.total, second.page, second.size) == (6, 2, 4)


@pytest.mark.parametrize("username", ["carla", "CARLA", "ada"])
def test_agents_look_at_one_account(agents: Agents, people: dict[str, Actor], username: str) -> None:
    assert agents.person(people["ada"], username).username == username.lower()


@ON_BOTH_STORES
@pytest.mark.parametrize(
    ("actor", "username"), [("ada", "nobody"), ("ada", "n!"), ("carla", "ada"), ("carla", "nobody")]
)
def test_z3_an_account_that_one_may_not_see_is_not_there(
    agents: Agents, people: dict[str, Actor], actor: str, username: str
) -> None:
    with pytest.raises(PersonNotFoundError, match=f"There is no account “{username}”"):
        agents.person(people[actor], username)


@pytest.mark.parametrize(("actor", "allowed"), [("carla", False), ("ada", True), ("root", True)])
def test_a_person_may_ask_whether_they_can_register_agents(
    agents: Agents, people: dict[str, Actor], actor: str, *, allowed: bool
) -> None:
    assert agents.may_register(people[actor]) is allowed


def test_users_see_no_accounts(agents: Agents, people: dict[str, Actor]) -> None:
    with pytest.raises(PermissionDeniedError, match="You may not see the accounts"):
        agents.people(people["carla"], PeopleQuery())
    with pytest.raises(PermissionDeniedError):
        agents.assignable(people["carla"])


def test_tickets_can_be_given_to_active_agents_and_admins(agents: Agents, people: dict[str, Actor]) -> None:
    agents.deactivate(people["root"], "grace")

    assert list(agents.assignable(people["ada"])) == ["ada", "margaret", "root"]


@ON_BOTH_STORES
def test_s3_a_deactivated_person_is_out_at_once_and_back_after_reactivation(
    agents: Agents, accounts: Accounts, sessions: Sessions, people: dict[str, Actor]
) -> None:
    token = accounts.sign_in("carla", PASSWORD)

    person = agents.deactivate(people["ada"], "Carla")

    assert not person.active
    with pytest.raises(SignedOutError):
        sessions.actor(token)
    with pytest.raises(WrongCredentialsError):
        accounts.sign_in("carla", PASSWORD)

    assert agents.reactivate(people["ada"], "carla").active
    with pytest.raises(SignedOutError):
        sessions.actor(token)
    assert accounts.sign_in("carla", PASSWORD)


@pytest.fixture
def device(accounts: Accounts, sessions: Sessions, carla: Actor) -> str:
    """Return what the browser shows in which Carla has signed in before."""
    hand_off = accounts.sign_in_browser(carla.username, PASSWORD, browser="firefox")
    return sessions.redeem(hand_off, browser="firefox").device


def fail_to_sign_in(accounts: Accounts, username: str, device: str | None = None) -> None:
    """Mistype a password until the desk asks to wait."""
    for _ in range(8):
        with suppress(WrongCredentialsError, ThrottledError):
            accounts.sign_in(username, "three dry umbrellas", address="192.0.2.9", device=device)


def test_an_agent_sees_who_has_to_wait_and_lets_them_try_again(
    agents: Agents, accounts: Accounts, ada: Actor, carla: Actor
) -> None:
    assert agents.wait(ada, "carla") is None
    fail_to_sign_in(accounts, carla.username)
    wait = agents.wait(ada, "carla")
    assert wait is not None
    assert timedelta() < wait <= timedelta(minutes=15)

    agents.lift_wait(ada, "carla")

    assert agents.wait(ada, "carla") is None
    assert accounts.sign_in("carla", PASSWORD, address="192.0.2.10")


def test_an_agent_sees_and_lifts_a_wait_in_a_browser_that_the_account_knows(
    agents: Agents, accounts: Accounts, ada: Actor, device: str
) -> None:
    fail_to_sign_in(accounts, "carla", device)
    wait = agents.wait(ada, "carla")
    assert wait is not None
    assert timedelta() < wait <= timedelta(minutes=15)

    agents.lift_wait(ada, "carla")

    assert agents.wait(ada, "carla") is None
    assert accounts.sign_in("carla", PASSWORD, device=device)


def test_of_several_waits_the_longest_is_told(
    agents: Agents, accounts: Accounts, ada: Actor, device: str, clock: Clock
) -> None:
    fail_to_sign_in(accounts, "carla")
    fail_to_sign_in(accounts, "carla", device)
    clock.advance(timedelta(seconds=2))
    fail_to_sign_in(accounts, "carla", device)

    assert agents.wait(ada, "carla") == timedelta(seconds=4)


def test_a_reset_password_gets_in_at_once_in_a_browser_that_the_account_knows(
    agents: Agents, accounts: Accounts, ada: Actor, device: str
) -> None:
    fail_to_sign_in(accounts, "carla", device)

    one_time = agents.reset_password(ada, "carla")

    assert accounts.sign_in("carla", one_time, device=device)


def test_nobody_lifts_a_wait_of_those_they_do_not_look_after(
    agents: Agents, accounts: Accounts, ada: Actor, root: Actor, carla: Actor, oskar: Actor
) -> None:
    for person in (carla, root):
        fail_to_sign_in(accounts, person.username)

    with pytest.raises(PermissionDeniedError):
        agents.lift_wait(ada, "root")
    with pytest.raises(PermissionDeniedError):
        agents.wait(ada, "root")
    with pytest.raises(PersonNotFoundError):
        agents.lift_wait(oskar, "carla")
    assert agents.wait(root, "carla") is not None


@ON_BOTH_STORES
def test_s3_a_reset_password_ends_the_sessions_and_must_be_changed(
    agents: Agents, accounts: Accounts, sessions: Sessions, people: dict[str, Actor]
) -> None:
    one_time = agents.reset_password(people["ada"], "carla")

    with pytest.raises(SignedOutError):
        sessions.own(people["carla"])
    with pytest.raises(WrongCredentialsError):
        accounts.sign_in("carla", PASSWORD)
    assert sessions.actor(accounts.sign_in("carla", one_time)).must_change_password


@ON_BOTH_STORES
def test_s7_somebody_is_signed_out_everywhere(
    agents: Agents, accounts: Accounts, sessions: Sessions, people: dict[str, Actor]
) -> None:
    token = accounts.sign_in("carla", PASSWORD)

    agents.end_sessions(people["ada"], "carla")

    with pytest.raises(SignedOutError):
        sessions.actor(token)
    assert sessions.own(people["oskar"])
    assert accounts.sign_in("carla", PASSWORD)


@ON_BOTH_STORES
def test_s2_a_new_role_begins_with_a_new_session(
    agents: Agents, accounts: Accounts, sessions: Sessions, people: dict[str, Actor]
) -> None:
    assert agents.change_role(people["root"], "carla", Role.ADMIN).role is Role.ADMIN

    with pytest.raises(SignedOutError):
        sessions.own(people["carla"])
    assert sessions.actor(accounts.sign_in("carla", PASSWORD)).role is Role.ADMIN


@pytest.mark.parametrize("role", [Role.AGENT, Role.ADMIN])
def test_whoever_joins_the_staff_chooses_a_password_of_its_length(
    agents: Agents, accounts: Accounts, sessions: Sessions, people: dict[str, Actor], role: Role
) -> None:
    agents.change_role(people["root"], "carla", role)

    carla = sessions.actor(accounts.sign_in("carla", PASSWORD))
    assert carla.must_change_password
    with pytest.raises(WeakPasswordError, match="at least 12 characters"):
        accounts.change_password(carla, PASSWORD, "lighthouse7", "lighthouse7", browser="firefox")
    hand_off = accounts.change_password(carla, PASSWORD, NEW_PASSWORD, NEW_PASSWORD, browser="firefox")
    assert not sessions.actor(sessions.redeem(hand_off, browser="firefox").token).must_change_password


@pytest.mark.parametrize(("before", "role"), [("ada", Role.ADMIN), ("ada", Role.USER), ("margaret", Role.AGENT)])
def test_whoever_was_of_the_staff_keeps_their_password(
    agents: Agents, accounts: Accounts, sessions: Sessions, people: dict[str, Actor], before: str, role: Role
) -> None:
    agents.change_role(people["root"], before, role)

    assert not sessions.actor(accounts.sign_in(before, PASSWORD)).must_change_password


def test_the_role_somebody_has_already_changes_nothing(
    agents: Agents, people: dict[str, Actor], everything: Everything
) -> None:
    before = everything()

    agents.change_role(people["root"], "margaret", Role.ADMIN)

    assert everything() == before


@ON_BOTH_STORES
@pytest.mark.parametrize("new_role", [Role.USER, Role.AGENT, None], ids=["to user", "to agent", "deactivated"])
def test_z8_the_last_active_admin_stays(
    agents: Agents, people: dict[str, Actor], everything: Everything, new_role: Role | None
) -> None:
    def remove(username: str) -> None:
        if new_role:
            agents.change_role(people["root"], username, new_role)
        else:
            agents.deactivate(people["root"], username)

    remove("margaret")
    before = everything()

    with pytest.raises(LastAdminError, match="Make somebody else an admin first"):
        remove("root")
    with pytest.raises(LastAdminError):
        agents.deactivate(CONSOLE, "root")

    assert everything() == before


def test_an_admin_who_is_deactivated_already_can_become_a_user(agents: Agents, people: dict[str, Actor]) -> None:
    agents.deactivate(people["root"], "margaret")

    assert agents.change_role(people["root"], "margaret", Role.USER).role is Role.USER


def test_an_admin_may_step_down_while_there_is_another(agents: Agents, people: dict[str, Actor]) -> None:
    assert agents.change_role(people["root"], "root", Role.AGENT).role is Role.AGENT


@ON_BOTH_STORES
@pytest.mark.parametrize("round_", range(5))
def test_z8_two_admins_who_remove_each_other_at_the_same_moment_leave_one(
    agents: Agents, people: dict[str, Actor], store: MemoryStore, round_: int
) -> None:
    start = Barrier(2)
    refused: list[type[Exception]] = []

    def remove(actor: str, username: str) -> None:
        start.wait()
        try:
            if round_ % 2:
                agents.deactivate(people[actor], username)
            else:
                agents.change_role(people[actor], username, Role.USER)
        except (LastAdminError, SignedOutError) as error:
            refused.append(type(error))

    threads = [Thread(target=remove, args=pair) for pair in (("root", "margaret"), ("margaret", "root"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with store.read() as tx:
        assert tx.users.active_admins() == 1
    assert len(refused) == 1


@ON_BOTH_STORES
def test_z8_ten_at_the_console_who_remove_all_admins_at_the_same_moment_leave_one(
    agents: Agents, arrives: Callable[..., Actor], store: MemoryStore
) -> None:
    for number in range(10):
        arrives(f"admin-{number}", Role.ADMIN)
    start = Barrier(10)
    refused: list[str] = []

    def remove(number: int) -> None:
        start.wait()
        try:
            agents.deactivate(CONSOLE, f"admin-{number}")
        except LastAdminError:
            refused.append(f"admin-{number}")

    threads = [Thread(target=remove, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with store.read() as tx:
        assert tx.users.active_admins() == 1
    assert len(refused) == 1


@pytest.mark.parametrize("role", [Role.AGENT, Role.ADMIN])
def test_the_command_line_makes_agents_with_a_chosen_password(
    agents: Agents, accounts: Accounts, sessions: Sessions, role: Role
) -> None:
    person = agents.create_agent(CONSOLE, "Grace", NEW_PASSWORD, role=role, email="grace@example.org")

    grace = sessions.actor(accounts.sign_in("grace", NEW_PASSWORD))
    assert (person.username, person.email, person.role) == ("grace", "grace@example.org", role)
    assert grace.role is role
    assert not grace.must_change_password


@pytest.mark.parametrize(
    ("username", "password", "role", "error"),
    [
        ("grace", "elevenchars", Role.AGENT, WeakPasswordError),
        ("grace", "this is grace", Role.AGENT, WeakPasswordError),
        ("carla", NEW_PASSWORD, Role.AGENT, UsernameTakenError),
        ("grace", NEW_PASSWORD, Role.USER, UnknownChoiceError),
    ],
)
@pytest.mark.usefixtures("carla")
def test_the_command_line_makes_no_agent_against_the_rules(
    agents: Agents, everything: Everything, username: str, password: str, role: Role, error: type[TicketingError]
) -> None:
    before = everything()

    with pytest.raises(error):
        agents.create_agent(CONSOLE, username, password, role=role)

    assert everything() == before


def test_the_command_line_sets_a_password_for_anybody(
    agents: Agents, accounts: Accounts, sessions: Sessions, people: dict[str, Actor]
) -> None:
    agents.set_password(CONSOLE, "root", NEW_PASSWORD)

    with pytest.raises(SignedOutError):
        sessions.own(people["root"])
    with pytest.raises(WrongCredentialsError):
        accounts.sign_in("root", PASSWORD)
    assert not sessions.actor(accounts.sign_in("root", NEW_PASSWORD)).must_change_password


def test_the_command_line_names_an_account_that_is_not_there(agents: Agents) -> None:
    with pytest.raises(PersonNotFoundError, match="There is no account “nobody”"):
        agents.set_password(CONSOLE, "nobody", NEW_PASSWORD)


def test_the_command_line_sets_no_weak_password(agents: Agents, ada: Actor, everything: Everything) -> None:
    before = everything()

    with pytest.raises(WeakPasswordError):
        agents.set_password(CONSOLE, ada.username, "elevenchars")

    assert everything() == before


@pytest.mark.parametrize("actor", ["carla", "ada", "root"])
def test_what_belongs_to_the_command_line_is_closed_to_everybody_else(
    agents: Agents, people: dict[str, Actor], everything: Everything, actor: str
) -> None:
    before = everything()

    with pytest.raises(PermissionDeniedError):
        agents.create_agent(people[actor], "linus", NEW_PASSWORD)
    with pytest.raises(PermissionDeniedError):
        agents.set_password(people[actor], "oskar", NEW_PASSWORD)

    assert everything() == before
