"""An e-mail address is an account's once the link that was sent there was followed; before, it gets no more."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.services.conftest import PASSWORD, Clock
from ticketing.delivery.mails import Desk as From
from ticketing.delivery.mails import compose
from ticketing.desk import Desk
from ticketing.domain.errors import AddressTakenError, MailLinkError, NothingToConfirmError, ThrottledError
from ticketing.domain.mail_links import LIFETIMES, LINKS_PER_HOUR, Purpose
from ticketing.domain.outbox import AccountMail, Letter, MailState, Outcome, Outgoing, OutgoingQuery, Result
from ticketing.domain.people import Actor, Standing, User
from ticketing.services.accounts import remove_account
from ticketing.services.outbox import set_route
from ticketing.services.sending import Sending
from ticketing.settings import Settings
from ticketing.storage.memory import MemoryStore

ON_EVERY_STORE = True
CONFIRM = AccountMail.CONFIRM_ADDRESS
ADDRESS, ANOTHER = "carla@example.org", "carla@example.net"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def desk(store: MemoryStore, clock: Clock) -> Desk:
    """Return a desk that mails links."""
    opened = Desk(Settings(storage_url="memory:"), store, clock, password_rounds=4)
    set_route(store, is_open=True, has_links=True)
    return opened


@pytest.fixture
def sending(store: MemoryStore, clock: Clock) -> Sending:
    return Sending(store, clock)


def kept(desk: Desk, username: str = "carla") -> User:
    with desk.store.read() as tx:
        user = tx.users.find(username)
    assert user is not None
    return user


def send_all(sending: Sending) -> list[Letter]:
    """Send all that waits, and return what was sent."""
    letters = []
    while claimed := sending.claim():
        for mail in claimed:
            letter = sending.letter(mail)
            assert isinstance(letter, Letter)
            sending.settle(mail, Outcome(Result.SENT), f"<{mail.id}@example.org>")
            letters.append(letter)
    return letters


def token_of(letters: list[Letter]) -> str:
    """Return the token of the only link in these mails."""
    [token] = [letter.link.partition("?t=")[2] for letter in letters if letter.kind == CONFIRM]
    return token


def confirm(desk: Desk, sending: Sending) -> None:
    desk.addresses.confirm(token_of(send_all(sending)))


def test_a17_a_new_address_is_confirmed_by_the_link_that_is_sent_there(
    desk: Desk, sending: Sending, carla: Actor
) -> None:
    shown = desk.accounts.change_profile(carla, "Carla", ADDRESS, PASSWORD)
    assert (shown.standing, kept(desk).reachable_at) == (Standing.UNCONFIRMED, None)
    assert desk.addresses.can_be_confirmed(carla)

    [letter] = send_all(sending)
    assert (letter.address, letter.kind) == (ADDRESS, CONFIRM)
    token = token_of([letter])
    assert desk.addresses.look(token) == (ADDRESS, "carla")
    assert kept(desk).standing is Standing.UNCONFIRMED
    desk.addresses.confirm(token)

    assert (kept(desk).standing, kept(desk).reachable_at) == (Standing.CONFIRMED, ADDRESS)
    assert not desk.addresses.can_be_confirmed(carla)
    with pytest.raises(MailLinkError):
        desk.addresses.confirm(token)


def test_a17_the_former_address_is_told_of_the_change(desk: Desk, sending: Sending, carla: Actor) -> None:
    desk.accounts.change_profile(carla, "Carla", ADDRESS, PASSWORD)
    confirm(desk, sending)

    desk.accounts.change_profile(carla, "Carla", ANOTHER, PASSWORD)

    letters = {letter.address: letter for letter in send_all(sending)}
    assert {address: letter.kind for address, letter in letters.items()} == {
        ADDRESS: AccountMail.ADDRESS_CHANGED,
        ANOTHER: CONFIRM,
    }
    assert ANOTHER not in str(letters[ADDRESS])


def test_a17_an_address_that_was_never_confirmed_is_told_nothing_when_it_is_changed(
    desk: Desk, sending: Sending, carla: Actor
) -> None:
    desk.accounts.change_profile(carla, "Carla", ADDRESS, PASSWORD)
    desk.accounts.change_profile(carla, "Carla", ANOTHER, PASSWORD)

    assert [(letter.address, letter.kind) for letter in send_all(sending)] == [(ANOTHER, CONFIRM)]


def test_a17_neither_registration_nor_a_change_reveals_that_an_address_is_known(
    desk: Desk, sending: Sending, carla: Actor, oskar: Actor
) -> None:
    desk.accounts.change_profile(carla, "Carla", ADDRESS, PASSWORD)
    confirm(desk, sending)

    known = desk.accounts.register("bert", "Bert", PASSWORD, PASSWORD, ADDRESS)
    unknown = desk.accounts.register("nora", "Nora", PASSWORD, PASSWORD, "nora@example.org")
    changed = desk.accounts.change_profile(oskar, "Oskar", ADDRESS, PASSWORD)

    assert {known.standing, unknown.standing, changed.standing} == {Standing.UNCONFIRMED}
    assert sorted((one.address, one.kind) for one in send_all(sending)) == [
        (ADDRESS, CONFIRM),
        (ADDRESS, CONFIRM),
        ("nora@example.org", CONFIRM),
    ]


def test_an_address_that_one_account_has_confirmed_no_other_can(
    desk: Desk, sending: Sending, carla: Actor, oskar: Actor
) -> None:
    desk.accounts.change_profile(oskar, "Oskar", ADDRESS.upper(), PASSWORD)
    token = token_of(send_all(sending))
    desk.accounts.change_profile(carla, "Carla", ADDRESS, PASSWORD)
    confirm(desk, sending)

    with pytest.raises(AddressTakenError):
        desk.addresses.confirm(token)

    assert kept(desk, "oskar").standing is Standing.UNCONFIRMED


def test_e5_an_unconfirmed_address_gets_a_link_and_not_a_word_that_anybody_has_chosen(
    desk: Desk, sending: Sending, clock: Clock
) -> None:
    desk.accounts.register("www.evil.example", "Buy pills at evil.example", PASSWORD, PASSWORD, "oskar@example.org")

    [letter] = send_all(sending)

    sent = compose(letter, From("Help desk", "desk@example.org", "https://desk.example.org"), clock()).as_string()
    assert "evil" not in sent
    assert "Buy" not in sent
    assert "To: oskar@example.org" in sent.replace("<", "").replace(">", "")
    assert sent.count("https://desk.example.org/confirm?t=") >= 1
    assert "{" not in letter.link


def test_e5_an_unconfirmed_address_gets_no_notice_by_mail(
    desk: Desk, sending: Sending, carla: Actor, ada: Actor
) -> None:
    desk.accounts.change_profile(carla, "Carla", ADDRESS, PASSWORD)
    send_all(sending)
    ticket = desk.tickets.open(carla, "No dial tone", "The line is dead.")

    desk.tickets.reply(ada, ticket.number, "Is it plugged in?")
    desk.agents.reset_password(Actor.console(), "carla")

    assert sending.claim() == []


def test_e5_three_links_an_hour_go_to_one_address_whoever_enters_it(
    desk: Desk, sending: Sending, clock: Clock, carla: Actor, oskar: Actor
) -> None:
    desk.accounts.change_profile(oskar, "Oskar", ADDRESS, PASSWORD)
    for _ in range(LINKS_PER_HOUR):
        desk.accounts.change_profile(carla, "Carla", "", PASSWORD)
        clock.advance(MINUTE)
        desk.accounts.change_profile(carla, "Carla", ADDRESS, PASSWORD)
    with pytest.raises(ThrottledError):
        desk.addresses.send_link(carla)

    desk.accounts.register("bert", "Bert", PASSWORD, PASSWORD, ADDRESS)

    assert [letter.address for letter in send_all(sending)] == [ADDRESS] * LINKS_PER_HOUR
    clock.advance(HOUR)
    desk.addresses.send_link(carla)
    assert len(send_all(sending)) == 1


def test_e5_an_account_that_goes_through_addresses_of_others_mails_three_of_them_an_hour(
    desk: Desk, sending: Sending, carla: Actor
) -> None:
    for number in range(10):
        desk.accounts.change_profile(carla, "Carla", f"stranger{number}@example.org", PASSWORD)
        send_all(sending)

    with desk.store.read() as tx:
        assert tx.outgoing.search(OutgoingQuery()).total == LINKS_PER_HOUR


def test_of_two_links_the_newer_one_holds(desk: Desk, sending: Sending, carla: Actor) -> None:
    desk.accounts.change_profile(carla, "Carla", ADDRESS, PASSWORD)
    older = token_of(send_all(sending))
    desk.addresses.send_link(carla)
    newer = token_of(send_all(sending))

    with pytest.raises(MailLinkError):
        desk.addresses.look(older)
    desk.addresses.confirm(newer)


def test_a_mail_that_has_to_be_tried_again_has_another_link_and_is_another_mail(
    desk: Desk, sending: Sending, clock: Clock, carla: Actor
) -> None:
    desk.accounts.change_profile(carla, "Carla", ADDRESS, PASSWORD)
    [first] = sending.claim()
    before = sending.letter(first)
    clock.advance(HOUR)  # whoever had claimed it was killed
    [second] = sending.claim()
    after = sending.letter(second)

    assert isinstance(before, Letter)
    assert isinstance(after, Letter)
    assert (first.id, before.id == after.id) == (second.id, False)
    with pytest.raises(MailLinkError):
        desk.addresses.look(token_of([before]))
    desk.addresses.confirm(token_of([after]))


def test_a_link_ends_with_its_time_and_with_another_address(
    desk: Desk, sending: Sending, clock: Clock, carla: Actor
) -> None:
    desk.accounts.change_profile(carla, "Carla", ADDRESS, PASSWORD)
    late = token_of(send_all(sending))
    clock.advance(LIFETIMES[Purpose.CONFIRM])
    with pytest.raises(MailLinkError):
        desk.addresses.confirm(late)

    fresh = desk.accounts.sign_in("carla", PASSWORD)
    carla = desk.sessions.actor(fresh)
    desk.addresses.send_link(carla)
    token = token_of(send_all(sending))
    desk.accounts.change_profile(carla, "Carla", ANOTHER, PASSWORD)
    with pytest.raises(MailLinkError):
        desk.addresses.confirm(token)


def test_e7_the_secret_of_a_link_is_in_its_mail_alone(
    desk: Desk, sending: Sending, carla: Actor, everything: Callable[[], dict[str, object]]
) -> None:
    desk.accounts.change_profile(carla, "Carla", ADDRESS, PASSWORD)

    secret = token_of(send_all(sending)).partition("-")[2]

    assert len(secret) == 43
    assert secret not in str(everything())


def test_an_address_in_another_case_is_the_same_one(desk: Desk, sending: Sending, carla: Actor) -> None:
    desk.accounts.change_profile(carla, "Carla", ADDRESS, PASSWORD)
    confirm(desk, sending)

    shown = desk.accounts.change_profile(carla, "Carla", "Carla@Example.org", PASSWORD)

    assert (shown.email, shown.standing) == ("Carla@Example.org", Standing.CONFIRMED)
    assert sending.claim() == []


@pytest.mark.parametrize("route", [{"is_open": False}, {"is_open": True}], ids=["no mail", "no public address"])
def test_where_no_link_can_be_mailed_nothing_is_asked_and_an_address_counts_as_given(
    desk: Desk, sending: Sending, carla: Actor, route: dict[str, bool]
) -> None:
    set_route(desk.store, **route)

    shown = desk.accounts.change_profile(carla, "Carla", ADDRESS, PASSWORD)

    assert (shown.standing, kept(desk).reachable_at) == (Standing.GIVEN, ADDRESS)
    assert not desk.addresses.can_be_confirmed(carla)
    assert sending.claim() == []
    with pytest.raises(NothingToConfirmError):
        desk.addresses.send_link(carla)


def test_an_address_from_before_is_written_to_as_ever_and_can_be_confirmed(
    desk: Desk, sending: Sending, carla: Actor, ada: Actor
) -> None:
    with desk.store.write() as tx:
        user = tx.users.find("carla")
        assert user is not None
        user.email = ADDRESS
        tx.users.save(user)
    ticket = desk.tickets.open(carla, "No dial tone", "The line is dead.")
    desk.tickets.reply(ada, ticket.number, "Is it plugged in?")
    with desk.store.read() as tx:
        assert [mail.kind for mail in tx.outgoing.waiting_for("carla", 9)] == ["replied"]

    desk.addresses.send_link(carla)
    confirm(desk, sending)

    assert kept(desk).standing is Standing.CONFIRMED


def test_who_has_confirmed_their_address_has_nothing_to_confirm(desk: Desk, sending: Sending, carla: Actor) -> None:
    with pytest.raises(NothingToConfirmError):
        desk.addresses.send_link(carla)
    desk.accounts.change_profile(carla, "Carla", ADDRESS, PASSWORD)
    confirm(desk, sending)

    with pytest.raises(NothingToConfirmError):
        desk.addresses.send_link(carla)


def test_a_link_that_is_of_no_use_any_more_is_not_sent(desk: Desk, sending: Sending, carla: Actor) -> None:
    desk.accounts.change_profile(carla, "Carla", ADDRESS, PASSWORD)
    [mail] = sending.claim()
    desk.accounts.change_profile(carla, "Carla", "", PASSWORD)

    assert sending.letter(mail) == Outcome(Result.DROPPED, "The link in it would be of no use any more.")


def test_a_link_whose_account_is_gone_is_not_sent(desk: Desk, sending: Sending, carla: Actor) -> None:
    desk.accounts.change_profile(carla, "Carla", ADDRESS, PASSWORD)
    [mail] = sending.claim()
    with desk.store.write() as tx:
        remove_account(tx, "carla")

    assert sending.letter(mail) == Outcome(Result.DROPPED, "There is no such account any more.")


def fates(mails: tuple[Outgoing, ...]) -> list[tuple[MailState, str]]:
    return [(mail.state, mail.error) for mail in mails]


def test_a_notice_that_was_queued_before_the_address_was_changed_does_not_go_to_the_new_one(
    desk: Desk, sending: Sending, clock: Clock, carla: Actor, ada: Actor
) -> None:
    desk.accounts.change_profile(carla, "Carla", ADDRESS, PASSWORD)
    confirm(desk, sending)
    ticket = desk.tickets.open(carla, "No dial tone", "The line is dead.")
    desk.tickets.reply(ada, ticket.number, "Is it plugged in?")
    desk.accounts.change_profile(carla, "Carla", ANOTHER, PASSWORD)
    clock.advance(MINUTE)

    send_all(sending)

    with desk.store.read() as tx:
        dropped = tx.outgoing.search(OutgoingQuery(state=MailState.DROPPED)).items
    assert fates(dropped) == [(MailState.DROPPED, "The address of the account is not confirmed yet.")]
