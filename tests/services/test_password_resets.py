"""A forgotten password is chosen anew by whoever reads the confirmed address, and strangers learn nothing."""

from collections.abc import Callable
from datetime import timedelta
from statistics import median
from time import perf_counter

import pyotp
import pytest

from tests.services.conftest import PASSWORD, Clock
from ticketing.desk import Desk
from ticketing.domain.errors import (
    BlankError,
    CodeWantedError,
    MailLinkError,
    PasswordMismatchError,
    SignedOutError,
    ThrottledError,
    WeakPasswordError,
    WrongCredentialsError,
)
from ticketing.domain.mail_links import LIFETIMES, LINKS_PER_HOUR, Purpose
from ticketing.domain.outbox import AccountMail, Letter, Outcome, Result
from ticketing.domain.people import Actor, Standing
from ticketing.domain.text import EMAIL_LIMIT
from ticketing.services.outbox import set_route
from ticketing.services.sending import Sending
from ticketing.services.throttle import WISHES_PER_HOUR
from ticketing.settings import Settings
from ticketing.storage.memory import MemoryStore

ON_EVERY_STORE = True
ADDRESS = "carla@example.org"
NEW = "four dry umbrellas"
HOUR = LIFETIMES[Purpose.RESET]
CONSOLE = Actor.console()


@pytest.fixture
def desk(store: MemoryStore, clock: Clock, carla: Actor, oskar: Actor) -> Desk:
    """Return a desk that mails links, where Carla has confirmed her address and Oskar has not."""
    opened = Desk(Settings(storage_url="memory:"), store, clock, password_rounds=4)
    set_route(store, is_open=True, has_links=True)
    put(opened, carla.username, ADDRESS, Standing.CONFIRMED)
    put(opened, oskar.username, "oskar@example.org", Standing.GIVEN)
    return opened


@pytest.fixture
def sending(store: MemoryStore, clock: Clock) -> Sending:
    return Sending(store, clock)


def put(desk: Desk, username: str, address: str, standing: Standing) -> None:
    with desk.store.write() as tx:
        user = tx.users.find(username)
        assert user is not None
        user.put_address(address, standing)
        tx.users.save(user)


def sent(sending: Sending) -> list[Letter]:
    """Send all that waits, and return what was sent."""
    letters = []
    while claimed := sending.claim():
        for mail in claimed:
            letter = sending.letter(mail)
            assert isinstance(letter, Letter)
            sending.settle(mail, Outcome(Result.SENT), f"<{mail.id}@example.org>")
            letters.append(letter)
    return letters


def asked(desk: Desk, sending: Sending, typed: str = "carla") -> str:
    """Ask for a link, and return the token in the mail."""
    desk.password_resets.ask(typed)
    [letter] = sent(sending)
    assert (letter.kind, letter.address) == (AccountMail.RESET_PASSWORD, ADDRESS)
    return letter.link.removeprefix("choose_password?t=")


@pytest.mark.parametrize("typed", ["carla", " CARLA ", ADDRESS, "Carla@Example.ORG"])
def test_a12_who_reads_the_confirmed_address_chooses_a_new_password(
    desk: Desk, sending: Sending, clock: Clock, typed: str
) -> None:
    before = desk.accounts.sign_in("carla", PASSWORD)
    token = asked(desk, sending, typed)
    assert desk.password_resets.look(token) == "carla"

    desk.password_resets.choose(token, NEW, NEW)

    desk.accounts.sign_in("carla", NEW)
    with pytest.raises(WrongCredentialsError):
        desk.accounts.sign_in("carla", PASSWORD)
    with pytest.raises(SignedOutError):
        desk.sessions.actor(before)
    [notice] = sent(sending)
    assert (notice.kind, notice.address, notice.link) == (AccountMail.PASSWORD_CHANGED, ADDRESS, "")
    with pytest.raises(MailLinkError):
        desk.password_resets.choose(token, PASSWORD, PASSWORD)
    del clock


def test_a12_the_token_has_256_bits_and_is_kept_nowhere(
    desk: Desk, sending: Sending, everything: Callable[[], dict[str, object]]
) -> None:
    secret = asked(desk, sending).partition("-")[2]

    assert len(secret) == 43  # of base64url, six bits each
    assert secret not in str(everything())


def test_a12_of_two_links_the_newer_one_holds(desk: Desk, sending: Sending, clock: Clock) -> None:
    older = asked(desk, sending)
    clock.advance(timedelta(minutes=1))
    newer = asked(desk, sending)

    with pytest.raises(MailLinkError):
        desk.password_resets.choose(older, NEW, NEW)
    desk.password_resets.choose(newer, NEW, NEW)


def test_a12_a_link_holds_for_sixty_minutes(desk: Desk, sending: Sending, clock: Clock) -> None:
    token = asked(desk, sending)
    clock.advance(HOUR - timedelta(seconds=1))
    assert desk.password_resets.look(token) == "carla"

    clock.advance(timedelta(seconds=1))

    with pytest.raises(MailLinkError):
        desk.password_resets.choose(token, NEW, NEW)


def another_password(desk: Desk) -> None:
    desk.agents.set_password(CONSOLE, "carla", "seven dry umbrellas")


def another_address(desk: Desk) -> None:
    put(desk, "carla", "carla@example.net", Standing.CONFIRMED)


def deactivated(desk: Desk) -> None:
    desk.agents.deactivate(CONSOLE, "carla")


@pytest.mark.parametrize("change", [another_password, another_address, deactivated])
def test_a12_a_link_dies_with_another_password_or_address(
    desk: Desk, sending: Sending, change: Callable[[Desk], None]
) -> None:
    token = asked(desk, sending)
    change(desk)

    with pytest.raises(MailLinkError):
        desk.password_resets.choose(token, NEW, NEW)


@pytest.mark.parametrize(
    ("new", "again", "refusal"),
    [(NEW, "another one", PasswordMismatchError), ("short", "short", WeakPasswordError), (" ", " ", BlankError)],
)
def test_what_cannot_be_a_password_leaves_the_link_and_the_password_as_they_are(
    desk: Desk, sending: Sending, new: str, again: str, refusal: type[Exception]
) -> None:
    token = asked(desk, sending)

    with pytest.raises(refusal):
        desk.password_resets.choose(token, new, again)

    assert desk.password_resets.look(token) == "carla"
    desk.accounts.sign_in("carla", PASSWORD)


@pytest.mark.parametrize(
    "typed",
    ["oskar", "oskar@example.org", "nobody", "nobody@example.org", "x" * (EMAIL_LIMIT + 1), "a@b@c", "a\x00b"],
    ids=["given", "given address", "unknown", "unknown address", "long", "no address", "nul"],
)
def test_a12_who_has_no_confirmed_address_is_sent_nothing_and_told_the_same(
    desk: Desk, sending: Sending, typed: str
) -> None:
    desk.password_resets.ask(typed)

    assert sent(sending) == []


def test_a12_nobody_is_written_to_whose_account_is_deactivated(desk: Desk, sending: Sending) -> None:
    deactivated(desk)

    desk.password_resets.ask("carla")

    assert sent(sending) == []


def test_where_no_link_can_be_mailed_none_is_offered_or_queued(desk: Desk, sending: Sending) -> None:
    assert desk.password_resets.are_offered
    set_route(desk.store, is_open=True)

    desk.password_resets.ask("carla")

    assert not desk.password_resets.are_offered
    assert sent(sending) == []


def test_a12_three_links_an_hour_go_to_an_account_and_the_fourth_wish_is_told_the_same(
    desk: Desk, sending: Sending, clock: Clock
) -> None:
    for typed in ("carla", ADDRESS, "carla", ADDRESS, "carla"):
        clock.advance(timedelta(minutes=1))
        desk.password_resets.ask(typed)
    assert len(sent(sending)) == LINKS_PER_HOUR

    clock.advance(HOUR)

    assert asked(desk, sending)


def test_who_asks_too_often_from_one_address_has_to_wait_whoever_they_ask_for(desk: Desk) -> None:
    for number in range(WISHES_PER_HOUR):
        desk.password_resets.ask(f"name-{number}", address="203.0.113.9")

    for typed in ("carla", "nobody"):
        with pytest.raises(ThrottledError):
            desk.password_resets.ask(typed, address="203.0.113.9")
    desk.password_resets.ask("carla", address="203.0.113.10")


def test_a_wish_of_nothing_is_a_blank_field(desk: Desk) -> None:
    with pytest.raises(BlankError):
        desk.password_resets.ask(" ")


def test_a_link_that_could_not_be_sent_for_an_hour_is_not_sent_any_more(
    desk: Desk, sending: Sending, clock: Clock
) -> None:
    desk.password_resets.ask("carla")
    [mail] = sending.claim()
    clock.advance(HOUR)

    assert sending.letter(mail) == Outcome(Result.DROPPED, "The link in it would be of no use any more.")


def test_a12_to_ask_takes_as_long_whether_or_not_there_is_such_an_account(desk: Desk, clock: Clock) -> None:
    took: dict[str, list[float]] = {"carla": [], "nobody": []}
    for number in range(20):
        for typed, found in took.items():
            clock.advance(HOUR / 3)
            began = perf_counter()
            desk.password_resets.ask(typed, address=f"203.0.113.{number}")
            found.append(perf_counter() - began)

    known, unknown = median(took["carla"]), median(took["nobody"])
    assert abs(known - unknown) < max(0.005, unknown / 4)


def test_a16_whoever_reads_the_address_still_needs_a_code(
    desk: Desk, sending: Sending, clock: Clock, carla: Actor
) -> None:
    app = pyotp.TOTP(desk.second_factors.propose(carla).secret)
    paper = desk.second_factors.turn_on(carla, PASSWORD, app.at(clock()))
    sent(sending)

    desk.password_resets.choose(asked(desk, sending), NEW, NEW)

    with pytest.raises(CodeWantedError) as wanted:
        desk.accounts.sign_in("carla", NEW)
    assert desk.sessions.actor(desk.accounts.finish_sign_in(wanted.value.ticket, paper[0])).username == "carla"
