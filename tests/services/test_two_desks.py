"""Two desks over one store, as two processes have them: what either knows, the other knows at once."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import TypeVar

import pyotp
import pytest

from tests.postgres import databases
from tests.services.conftest import PASSWORD, Clock
from ticketing.desk import Desk, open_desk
from ticketing.domain.calendars import BusinessCalendar
from ticketing.domain.errors import (
    CodeWantedError,
    HandOffError,
    SignedOutError,
    ThrottledError,
    UsernameTakenError,
    WrongCodeError,
    WrongCredentialsError,
)
from ticketing.domain.opening_hours import ALWAYS_OPEN
from ticketing.domain.people import Actor, PeopleQuery
from ticketing.domain.queries import TicketQuery
from ticketing.domain.sla import SlaPolicy
from ticketing.services.chores import LOOK_EVERY
from ticketing.services.due_times import CATCH_UP_BATCH
from ticketing.services.throttle import FREE_FAILURES
from ticketing.settings import Settings

pytestmark = pytest.mark.processes

CONSOLE = Actor.console()
SHARED: dict[str, Callable[[Path], str]] = {
    "json": lambda folder: f"json:{folder / 'data'}",
    "sqlite": lambda folder: f"sqlite:///{folder / 'desk.sqlite'}",
    "postgres": lambda _: databases().create("two_desks"),
}
Desks = tuple[Desk, Desk]
Outcome = TypeVar("Outcome")


@pytest.fixture(params=SHARED)
def desks(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Desks]:
    """Return two desks over one store of each kind that several processes may share; Carla has an account there."""
    settings = Settings(storage_url=SHARED[request.param](tmp_path), data_dir=tmp_path / "own")
    with (
        closing(open_desk(settings, clock=clock, password_rounds=4)) as one,
        closing(open_desk(settings, clock=clock, password_rounds=4)) as other,
    ):
        one.accounts.register("carla", "Carla", PASSWORD, PASSWORD)
        yield one, other


def both_at_once(desks: Desks, times: int, deed: Callable[[Desk], Outcome]) -> list[Outcome]:
    """Do something at both desks so many times, all at the same moment, and return what came of it."""
    start = Barrier(2 * times)

    def wait_and_do(desk: Desk) -> Outcome:
        start.wait(10)
        return deed(desk)

    with ThreadPoolExecutor(2 * times) as pool:
        return list(pool.map(wait_and_do, desks * times))


def test_a7_failed_sign_ins_at_either_count_at_both(desks: Desks) -> None:
    def guess(desk: Desk) -> str:
        with pytest.raises((WrongCredentialsError, ThrottledError)) as refusal:
            desk.accounts.sign_in("carla", "not the password", "192.0.2.1")
        return refusal.typename

    refusals = both_at_once(desks, 4, guess)

    assert refusals.count("WrongCredentialsError") == FREE_FAILURES
    for desk in desks:
        with pytest.raises(ThrottledError):
            desk.accounts.sign_in("carla", PASSWORD, "192.0.2.2")


def test_c2_one_key_is_one_effect_and_one_answer_at_both(desks: Desks) -> None:
    carla = desks[0].sessions.actor(desks[0].accounts.sign_in("carla", PASSWORD))

    opened = both_at_once(desks, 3, lambda desk: desk.tickets.open(carla, "Smoke", "Help!", key="form"))
    answered = both_at_once(desks, 3, lambda desk: desk.tickets.reply(carla, 1, "It is out.", key="box"))

    for answers in (opened, answered):
        assert answers == [answers[0]] * len(answers)
    for desk in desks:
        assert desk.tickets.search(carla, TicketQuery()).total == 1
        assert [message.text for message in desk.tickets.get(carla, 1).messages] == ["Help!", "It is out."]


def test_a10_a_name_that_is_asked_for_at_both_at_the_same_moment_becomes_one_account(desks: Desks) -> None:
    def register(desk: Desk) -> str:
        try:
            return desk.accounts.register("oskar", "Oskar", PASSWORD, PASSWORD).username
        except UsernameTakenError:
            return "taken"

    outcomes = both_at_once(desks, 4, register)

    assert sorted(outcomes) == ["oskar"] + ["taken"] * 7
    for desk in desks:
        assert desk.agents.people(CONSOLE, PeopleQuery(text="oskar")).total == 1


def test_c1_no_number_is_given_twice_and_none_is_left_out(desks: Desks) -> None:
    def open_some(desk: Desk) -> list[int]:
        return [desk.tickets.open(CONSOLE, "Smoke", "Help!").number for _ in range(5)]

    numbers = [number for some in both_at_once(desks, 3, open_some) for number in some]

    assert sorted(numbers) == list(range(1, 31))


def test_s3_a_session_is_one_at_both_and_ends_at_both(desks: Desks) -> None:
    one, other = desks
    token = one.accounts.sign_in("carla", PASSWORD)
    carla = other.sessions.actor(token)
    assert one.sessions.own(carla) == other.sessions.own(carla)

    other.sessions.sign_out(token)

    for desk in desks:
        with pytest.raises(SignedOutError):
            desk.sessions.actor(token)
        with pytest.raises(SignedOutError):
            desk.tickets.open(carla, "Smoke", "Help!")


def test_s3_what_an_admin_does_at_one_holds_at_the_other_for_whoever_is_signed_in_there(desks: Desks) -> None:
    one, other = desks
    token = other.accounts.sign_in("carla", PASSWORD)

    one.agents.deactivate(CONSOLE, "carla")

    with pytest.raises(SignedOutError):
        other.sessions.actor(token)
    with pytest.raises(WrongCredentialsError):
        other.accounts.sign_in("carla", PASSWORD)


def test_a_sign_in_begun_at_one_is_ended_at_the_other_and_only_once(desks: Desks) -> None:
    one, other = desks
    hand_off = one.accounts.sign_in_browser("carla", PASSWORD, browser="Carla's")

    signed_in = other.sessions.redeem(hand_off, browser="Carla's")

    assert [desk.sessions.actor(signed_in.token).username for desk in desks] == ["carla", "carla"]
    for desk in desks:
        with pytest.raises(HandOffError):
            desk.sessions.redeem(hand_off, browser="Carla's")


def test_a_browser_that_one_knows_is_known_to_the_other_and_strangers_do_not_hold_it_up(desks: Desks) -> None:
    one, other = desks
    hand_off = one.accounts.sign_in_browser("carla", PASSWORD, browser="Carla's")
    device = one.sessions.redeem(hand_off, browser="Carla's").device
    for _ in range(FREE_FAILURES):
        with pytest.raises(WrongCredentialsError):
            one.accounts.sign_in("carla", "not the password", "192.0.2.1")

    with pytest.raises(ThrottledError):
        other.accounts.sign_in("carla", PASSWORD)
    assert other.accounts.sign_in("carla", PASSWORD, device=device)


def test_a16_a_code_that_is_typed_at_both_at_the_same_moment_signs_in_once(desks: Desks, clock: Clock) -> None:
    one, other = desks
    carla = one.sessions.actor(one.accounts.sign_in("carla", PASSWORD))
    app = pyotp.TOTP(one.second_factors.propose(carla).secret)
    paper = other.second_factors.turn_on(carla, PASSWORD, app.at(clock()))
    clock.advance(timedelta(minutes=1))

    for code in (app.at(clock()), paper[0]):
        outcomes = both_at_once(desks, 2, lambda desk, code=code: finish(desk, code))  # type: ignore[misc]
        assert sorted(outcomes) == ["WrongCodeError"] * 3 + ["signed in"]
        clock.advance(timedelta(minutes=6))


def finish(desk: Desk, code: str) -> str:
    """Sign Carla in with a code, and return what came of it."""
    with pytest.raises(CodeWantedError) as wanted:
        desk.accounts.sign_in("carla", PASSWORD)
    try:
        desk.accounts.finish_sign_in(wanted.value.ticket, code)
    except WrongCodeError as error:
        return type(error).__name__
    return "signed in"


def test_due_times_by_new_rules_are_reckoned_once_whichever_looks(desks: Desks, clock: Clock) -> None:
    one, other = desks
    numbers = [one.tickets.open(CONSOLE, "Smoke", "Help!").number for _ in range(CATCH_UP_BATCH + 20)]
    one.definitions.save(CONSOLE, BusinessCalendar(name="Always", zone="UTC", hours=ALWAYS_OPEN))
    one.definitions.save(
        CONSOLE, SlaPolicy(name="Gold", calendar="always", resolution=timedelta(hours=1), warning=timedelta(minutes=1))
    )

    for _ in range(3):  # both have been down meanwhile, for all that they know
        clock.advance(LOOK_EVERY)
        both_at_once(desks, 2, lambda desk: desk.tickets.search(CONSOLE, TicketQuery()))

    for number in numbers:
        ticket = other.tickets.get(CONSOLE, number)
        assert ticket.sla is not None
        assert (ticket.sla.due_at, ticket.version) == (ticket.opened_at + timedelta(hours=1), 2)
