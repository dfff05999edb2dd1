"""Whatever is done to an account that its owner should know of, a mail to them tells it, whatever they have chosen."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.services.conftest import PASSWORD, Clock
from ticketing.desk import Desk
from ticketing.domain.errors import InvalidInputError, SignedOutError, ThrottledError, WrongCredentialsError
from ticketing.domain.notifications import Mailed, NoticeKind
from ticketing.domain.outbox import CAPS, AccountMail, Letter, Outcome, Result
from ticketing.domain.people import Actor, Role, Standing
from ticketing.services.outbox import set_route
from ticketing.services.sending import Sending
from ticketing.settings import Settings
from ticketing.storage.memory import MemoryStore

ADDRESS, NEW = "carla@example.org", "four dry umbrellas"
ON_EVERY_STORE = True


@pytest.fixture
def desk(store: MemoryStore, clock: Clock, carla: Actor) -> Desk:
    """Return a desk that mails, where Carla has confirmed her address and wants no mail at all."""
    opened = Desk(Settings(storage_url="memory:"), store, clock, password_rounds=4)
    set_route(store, is_open=True, has_links=True)
    with store.write() as tx:
        user = tx.users.find(carla.username)
        assert user is not None
        user.put_address(ADDRESS, Standing.CONFIRMED)
        tx.users.save(user)
    opened.preferences.want_by_mail(carla, dict.fromkeys((NoticeKind.OPENED, NoticeKind.REPLIED), Mailed.NEVER))
    return opened


@pytest.fixture
def sent(store: MemoryStore, clock: Clock) -> Callable[[], list[Letter]]:
    """Return a way to send all that is due, which returns what was sent."""
    sending = Sending(store, clock)

    def send() -> list[Letter]:
        letters = []
        while claimed := sending.claim():
            for mail in claimed:
                letter = sending.letter(mail)
                assert isinstance(letter, Letter)
                sending.settle(mail, Outcome(Result.SENT))
                letters.append(letter)
        return letters

    return send


def change_own_password(desk: Desk, carla: Actor, _: Actor) -> None:
    desk.accounts.change_password(carla, PASSWORD, NEW, NEW, browser="b")


def reset(desk: Desk, _: Actor, root: Actor) -> None:
    desk.agents.reset_password(root, "carla")


def set_at_the_console(desk: Desk, _: Actor, __: Actor) -> None:
    desk.agents.set_password(Actor.console(), "carla", NEW)


def change_address(desk: Desk, carla: Actor, _: Actor) -> None:
    desk.accounts.change_profile(carla, "Carla", "", PASSWORD)


def promote(desk: Desk, _: Actor, root: Actor) -> None:
    desk.agents.change_role(root, "carla", Role.AGENT)


@pytest.mark.parametrize(
    ("change", "kind", "by"),
    [
        (change_own_password, AccountMail.PASSWORD_CHANGED, ""),
        (reset, AccountMail.PASSWORD_CHANGED, "Root"),
        (set_at_the_console, AccountMail.PASSWORD_CHANGED, ""),
        (change_address, AccountMail.ADDRESS_CHANGED, ""),
        (promote, AccountMail.ROLE_CHANGED, "Root"),
    ],
)
def test_a14_a_mail_tells_of_a_change_of_password_address_or_role(
    desk: Desk,
    sent: Callable[[], list[Letter]],
    carla: Actor,
    root: Actor,
    change: Callable[[Desk, Actor, Actor], None],
    kind: AccountMail,
    by: str,
) -> None:
    change(desk, carla, root)

    assert [(letter.address, letter.kind, letter.by) for letter in sent()] == [(ADDRESS, kind, by)]


def test_a14_a_change_of_password_needs_the_present_one_and_ends_all_sessions(desk: Desk, carla: Actor) -> None:
    other = desk.accounts.sign_in("carla", PASSWORD)
    with pytest.raises(InvalidInputError):
        desk.accounts.change_password(carla, "wrong", NEW, NEW, browser="b")
    assert desk.sessions.actor(other)

    desk.accounts.change_password(carla, PASSWORD, NEW, NEW, browser="b")

    with pytest.raises(SignedOutError):
        desk.sessions.actor(other)


def test_a_role_that_stays_is_told_to_nobody(desk: Desk, sent: Callable[[], list[Letter]], root: Actor) -> None:
    desk.agents.change_role(root, "carla", Role.USER)

    assert sent() == []


def guess(desk: Desk, clock: Clock, times: int, username: str = "carla") -> None:
    """Try wrong passwords from as many places, each as soon as it may be."""
    for number in range(times):
        try:
            desk.accounts.sign_in(username, "wrong wrong wrong", f"10.0.0.{number}")
        except ThrottledError as error:
            clock.advance(error.retry_after)
            with pytest.raises(WrongCredentialsError):
                desk.accounts.sign_in(username, "wrong wrong wrong", f"10.0.1.{number}")
        except WrongCredentialsError:
            pass


def test_the_owner_is_told_once_a_day_when_many_sign_ins_have_failed(
    desk: Desk, sent: Callable[[], list[Letter]], clock: Clock
) -> None:
    guess(desk, clock, 19)
    assert sent() == []

    guess(desk, clock, 9)
    [told] = sent()
    assert (told.kind, told.address, told.by) == (AccountMail.SIGN_INS_FAILED, ADDRESS, "")

    clock.advance(timedelta(days=1))
    assert sent() == []
    guess(desk, clock, 20)
    assert [letter.kind for letter in sent()] == [AccountMail.SIGN_INS_FAILED]


def test_guessing_at_an_account_that_is_not_there_is_told_to_nobody(
    desk: Desk, sent: Callable[[], list[Letter]], clock: Clock
) -> None:
    guess(desk, clock, 21, "nobody")

    assert sent() == []


def test_a14_a_warning_that_had_to_wait_in_a_storm_of_mails_is_not_lost_in_a_list_of_tickets(
    desk: Desk, sent: Callable[[], list[Letter]], clock: Clock, root: Actor
) -> None:
    for _ in range(CAPS[Role.USER].an_hour + 9):
        clock.advance(timedelta(seconds=1))
        reset(desk, root, root)
    before = len(sent())
    clock.advance(timedelta(hours=2))

    after = sent()

    assert before + len(after) == CAPS[Role.USER].an_hour + 9
    assert {letter.kind for letter in after} == {AccountMail.PASSWORD_CHANGED}
