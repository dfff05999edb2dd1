"""A mail that comes back is on record as failed, and an address from which several do gets no more."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.services.conftest import PASSWORD, Clock
from ticketing.delivery import mails
from ticketing.desk import Desk
from ticketing.domain.outbox import MailState, Outcome, Outgoing, OutgoingQuery, Result
from ticketing.domain.people import Actor, Person, Standing
from ticketing.domain.received import Fate
from ticketing.services.outbox import set_route
from ticketing.services.sending import Sending
from ticketing.settings import Settings
from ticketing.storage.memory import MemoryStore

ON_EVERY_STORE = True
ADDRESS = "carla@example.org"
REPORT = """From: MAILER-DAEMON@mx.example.net
To: desk@example.org
Subject: Undelivered
Message-ID: {own}
MIME-Version: 1.0
Content-Type: multipart/report; boundary="part"; report-type=delivery-status

--part
Content-Type: text/plain

It did not arrive.
--part
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; carla@example.org
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {says}
--part
Content-Type: message/rfc822

From: desk@example.org
To: carla@example.org
Message-ID: {message_id}

Hello
--part--
"""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CONSOLE = Actor.console()


@pytest.fixture
def desk(store: MemoryStore, clock: Clock, carla: Actor) -> Desk:
    """Return a desk that mails links, where Carla has confirmed her address."""
    opened = Desk(Settings(storage_url="memory:", mail_from="desk@example.org"), store, clock, password_rounds=4)
    set_route(store, is_open=True, has_links=True)
    with store.write() as tx:
        user = tx.users.find(carla.username)
        assert user is not None
        user.put_address(ADDRESS, Standing.CONFIRMED)
        tx.users.save(user)
    return opened


@pytest.fixture
def sending(store: MemoryStore, clock: Clock) -> Sending:
    return Sending(store, clock)


def sent_all(sending: Sending) -> list[str]:
    """Send all that waits, and return under which Message-IDs."""
    ids = []
    while claimed := sending.claim():
        for mail in claimed:
            letter = sending.letter(mail)
            assert not isinstance(letter, Outcome)
            ids.append(mails.message_id(letter, "example.org"))
            sending.settle(mail, Outcome(Result.SENT), ids[-1])
    return ids


@pytest.fixture
def mailed(desk: Desk, sending: Sending, clock: Clock, carla: Actor, ada: Actor) -> Callable[[], str]:
    """Return a way to mail Carla of another reply, which returns the Message-ID."""
    ticket = desk.tickets.open(carla, "No dial tone", "The line is dead.")

    def mail() -> str:
        desk.tickets.reply(ada, ticket.number, f"It is {clock()}.")
        clock.advance(HOUR)
        [message_id] = sent_all(sending)
        return message_id

    return mail


def bounce(
    message_id: str, status: str = "5.1.1", action: str = "failed", says: str = "550 5.1.1 No such user"
) -> bytes:
    """Return what a mail server reports about a mail (RFC 3464)."""
    own = f"<{status}.{action}.{message_id.strip('<>')[:24]}@mx.example.net>"
    return REPORT.format(message_id=message_id, own=own, status=status, action=action, says=says).encode()


def ledger(desk: Desk) -> list[Outgoing]:
    return list(desk.outbox.ledger(CONSOLE, OutgoingQuery()).items)


def person(desk: Desk) -> Person:
    return desk.agents.person(CONSOLE, "carla")


def test_a_mail_that_came_back_has_failed_with_the_words_of_the_other_server_and_can_be_sent_again(
    desk: Desk, sending: Sending, mailed: Callable[[], str]
) -> None:
    message_id = mailed()

    received = desk.receiving.take(bounce(message_id))

    assert received.fate is Fate.IGNORED
    [mail] = ledger(desk)
    assert (mail.state, mail.error) == (MailState.FAILED, "It came back: 550 5.1.1 No such user")
    assert not person(desk).comes_back
    desk.outbox.send_again(CONSOLE, mail.id)
    assert sent_all(sending) == [message_id]


def test_a_mail_that_is_late_has_not_come_back(desk: Desk, mailed: Callable[[], str]) -> None:
    desk.receiving.take(bounce(mailed(), "4.4.1", "delayed"))

    assert [mail.state for mail in ledger(desk)] == [MailState.SENT]


def test_a_mail_that_was_given_up_for_a_passing_reason_has_failed_and_says_nothing_of_the_address(
    desk: Desk, mailed: Callable[[], str]
) -> None:
    for _ in range(4):
        desk.receiving.take(bounce(mailed(), "4.4.7", says=""))

    assert {(mail.state, mail.error) for mail in ledger(desk)} == {(MailState.FAILED, "It came back: 4.4.7")}
    assert not person(desk).comes_back


def test_an_address_from_which_three_mails_came_back_for_good_gets_no_more_until_it_is_confirmed_again(
    desk: Desk, sending: Sending, mailed: Callable[[], str], carla: Actor, ada: Actor
) -> None:
    for _ in range(3):
        desk.receiving.take(bounce(mailed()))
    assert person(desk).comes_back
    desk.tickets.reply(ada, 1, "One more.")
    assert sending.claim() == []
    assert desk.addresses.can_be_confirmed(carla)

    desk.addresses.send_link(carla)
    [mail] = sending.claim()
    letter = sending.letter(mail)
    assert not isinstance(letter, Outcome)
    assert letter.address == ADDRESS
    desk.addresses.confirm(letter.link.partition("?t=")[2])

    assert (person(desk).comes_back, person(desk).standing) == (False, Standing.CONFIRMED)


def test_another_address_begins_anew(desk: Desk, mailed: Callable[[], str], carla: Actor) -> None:
    for _ in range(3):
        desk.receiving.take(bounce(mailed()))

    assert not desk.accounts.change_profile(carla, "Carla", "carla@example.net", PASSWORD).comes_back


def test_mails_that_came_back_long_ago_do_not_count(desk: Desk, clock: Clock, mailed: Callable[[], str]) -> None:
    for _ in range(2):
        desk.receiving.take(bounce(mailed()))
    clock.advance(31 * DAY)
    with desk.store.write() as tx:
        user = tx.users.find("carla")
        assert user is not None
        user.note_bounce(clock())
        tx.users.save(user)

    assert not person(desk).comes_back


def test_the_same_bounce_counts_once_however_often_it_comes(desk: Desk, mailed: Callable[[], str]) -> None:
    message_id = mailed()
    for number in range(5):
        desk.receiving.take(bounce(message_id).replace(b"Undelivered", f"Undelivered {number}".encode()))
        desk.receiving.take(bounce(message_id, "5.1.2"))

    assert not person(desk).comes_back


@pytest.mark.parametrize("forged", ["<t1.aaaaaaaaaaaaaaaa.0123456789abcdef@example.org>", "<x@example.org>", ""])
def test_a_forged_bounce_does_no_harm(desk: Desk, mailed: Callable[[], str], forged: str, clock: Clock) -> None:
    genuine = mailed()
    tampered = genuine.replace(genuine.split(".")[1], "a" * 16)
    for message_id in (forged, tampered):
        desk.receiving.take(bounce(message_id))

    assert [mail.state for mail in ledger(desk)] == [MailState.SENT]
    assert not person(desk).comes_back
    del clock


def test_the_message_id_of_a_mail_about_an_account_is_known_to_nobody_but_its_recipient(
    desk: Desk, sending: Sending, clock: Clock
) -> None:
    desk.agents.set_password(CONSOLE, "carla", "four dry umbrellas")
    [mail] = ledger(desk)
    letter = sending.letter(mail)
    assert not isinstance(letter, Outcome)

    guessed = mails.message_id(letter._replace(id=mail.id), "example.org")

    assert mails.message_id(letter, "example.org") != guessed
    [message_id] = sent_all(sending)
    desk.receiving.take(bounce(guessed))
    assert ledger(desk)[0].state is MailState.SENT
    desk.receiving.take(bounce(message_id))
    assert ledger(desk)[0].state is MailState.FAILED
    del clock
