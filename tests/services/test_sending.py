"""What whoever delivers mails gets of the desk: each mail once, and nothing that its recipient may not know."""

from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

import pytest

from tests.services.conftest import PASSWORD, Clock
from ticketing.desk import Desk
from ticketing.domain.notifications import Mailed, Notice, NoticeKind
from ticketing.domain.outbox import (
    CAPS,
    LEASE,
    SUMMARY,
    AccountMail,
    Letter,
    MailState,
    Outcome,
    Outgoing,
    OutgoingQuery,
    Result,
)
from ticketing.domain.people import Actor, Role, Standing
from ticketing.domain.sign_in import fingerprint
from ticketing.domain.tickets import MessageKind, Ticket
from ticketing.services.accounts import remove_account
from ticketing.services.mail_keys import mail_key
from ticketing.services.outbox import queue, set_route
from ticketing.services.sending import Sending
from ticketing.settings import Settings
from ticketing.storage.memory import MemoryStore

ON_EVERY_STORE = True
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SENT = Outcome(Result.SENT)
MARKER = "zebra-marker"


class Tell(Protocol):
    """Queues the mail of a notice."""

    def __call__(self, kind: NoticeKind, username: str = ..., ticket: int = ..., mark: str = ...) -> None:
        """Tell somebody of what Ada did just now."""


@pytest.fixture
def desk(store: MemoryStore, clock: Clock) -> Desk:
    opened = Desk(Settings(storage_url="memory:"), store, clock, password_rounds=4)
    set_route(store, is_open=True)
    return opened


@pytest.fixture
def sending(store: MemoryStore, clock: Clock) -> Sending:
    return Sending(store, clock)


@pytest.fixture
def ticket(desk: Desk, carla: Actor) -> Ticket:
    """Return Carla's ticket; she has an address."""
    desk.accounts.change_profile(carla, "Carla", "carla@example.org", PASSWORD)
    return desk.tickets.open(carla, "No dial tone", "The line is dead.")


@pytest.fixture
def tell(store: MemoryStore, clock: Clock) -> Tell:
    told: list[str] = []

    def telling(kind: NoticeKind, username: str = "carla", ticket: int = 1, mark: str = "") -> None:
        now = clock()
        told.append(username)
        notice = Notice(
            id=fingerprint(str(len(told))),
            username=username,
            kind=kind,
            ticket=ticket,
            mark=mark,
            by="ada",
            at=now,
            expires_at=now + HOUR,
        )
        with store.write() as tx:
            queue(tx, [notice], now)

    return telling


def mark_of(ticket: Ticket) -> str:
    return ticket.messages[-1].mark


def fates(desk: Desk, root: Actor) -> list[tuple[MailState, str]]:
    """Return state and sentence of each mail, the oldest first."""
    return [(one.state, one.error) for one in desk.outbox.ledger(root, OutgoingQuery()).items][::-1]


def letter_of(sending: Sending) -> Letter:
    """Claim the one mail that is due and return what it is to say."""
    [mail] = sending.claim()
    letter = sending.letter(mail)
    assert isinstance(letter, Letter)
    return letter


def test_nothing_is_queued_where_no_mail_leaves_the_desk(
    desk: Desk, store: MemoryStore, tell: Tell, root: Actor
) -> None:
    set_route(store, is_open=False)

    tell(NoticeKind.ASSIGNED)

    assert fates(desk, root) == []


def test_e2_a_mail_is_queued_with_the_change_or_not_at_all(
    desk: Desk, store: MemoryStore, clock: Clock, root: Actor
) -> None:
    notice = Notice(
        id="n1", username="carla", kind=NoticeKind.ASSIGNED, ticket=1, by="ada", at=clock(), expires_at=clock()
    )

    def fail() -> None:
        with store.write() as tx:
            queue(tx, [notice], clock())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert fates(desk, root) == []


def test_a_notice_is_queued_once_however_often(desk: Desk, store: MemoryStore, clock: Clock, root: Actor) -> None:
    notice = Notice(
        id="n1", username="carla", kind=NoticeKind.ASSIGNED, ticket=1, by="ada", at=clock(), expires_at=clock()
    )

    for _ in range(2):
        with store.write() as tx:
            queue(tx, [notice], clock())

    assert len(fates(desk, root)) == 1


def test_a_claimed_mail_is_nobody_elses_until_its_lease_is_over(
    sending: Sending, clock: Clock, ticket: Ticket, tell: Tell
) -> None:
    tell(NoticeKind.MERGED, ticket=ticket.number)

    [mail] = sending.claim()
    assert mail.address == "carla@example.org"
    assert sending.claim() == []

    clock.advance(LEASE)
    assert [again.attempts for again in sending.claim()] == [2]


def test_whoever_was_too_slow_has_no_say_in_what_another_has_claimed_since_but_that_it_was_sent(
    desk: Desk, sending: Sending, clock: Clock, ticket: Ticket, tell: Tell, root: Actor
) -> None:
    tell(NoticeKind.MERGED, ticket=ticket.number)
    [slow] = sending.claim()
    clock.advance(LEASE)
    [quick] = sending.claim()

    sending.settle(slow, Outcome(Result.REFUSED, "Too late"))
    assert fates(desk, root) == [(MailState.WAITING, "")]

    sending.settle(slow, SENT, "<m1@example.org>")
    sending.settle(quick, Outcome(Result.REFUSED, "Twice"))
    assert fates(desk, root) == [(MailState.SENT, "")]


def test_a_lease_that_is_nearly_over_is_not_enough_for_one_more_try(
    sending: Sending, clock: Clock, ticket: Ticket, tell: Tell
) -> None:
    tell(NoticeKind.MERGED, ticket=ticket.number)
    [mail] = sending.claim()

    assert sending.holds(mail)
    clock.advance(LEASE - MINUTE)
    assert not sending.holds(mail)


def test_what_was_given_back_is_due_at_once_and_was_never_tried(sending: Sending, ticket: Ticket, tell: Tell) -> None:
    tell(NoticeKind.MERGED, ticket=ticket.number)

    sending.release(sending.claim())

    assert [mail.attempts for mail in sending.claim()] == [1]


def test_a_reply_is_told_of_when_it_can_be_taken_back_no_more(
    desk: Desk, sending: Sending, clock: Clock, ada: Actor, ticket: Ticket
) -> None:
    desk.tickets.reply(ada, ticket.number, "Is it plugged in?")

    clock.advance(timedelta(seconds=34))
    assert sending.claim() == []

    clock.advance(timedelta(seconds=1))
    letter = letter_of(sending)
    assert (letter.by, letter.title, letter.text) == ("Ada", "No dial tone", "Is it plugged in?")
    assert letter.tag is not None


def test_only_the_requester_of_a_done_ticket_is_asked_whether_it_is_solved(
    desk: Desk, sending: Sending, clock: Clock, ada: Actor, carla: Actor, ticket: Ticket, tell: Tell
) -> None:
    desk.accounts.change_profile(ada, "Ada", "ada@example.org", PASSWORD)
    desk.tickets.reply(ada, ticket.number, "Is it plugged in?")
    clock.advance(MINUTE)
    assert letter_of(sending).rating == ""

    reply = desk.tickets.close(ada, ticket.number, "It was not.").messages[-1]
    clock.advance(MINUTE)
    letter = letter_of(sending)
    assert letter.username == "carla"
    assert desk.rating_links.look(letter.rating).rating is None
    tell(NoticeKind.REPLIED, "ada", mark=reply.mark)
    clock.advance(MINUTE)
    assert letter_of(sending).rating == ""

    desk.rating_links.rate(letter.rating, solved=True)
    tell(NoticeKind.STATUS, carla.username)
    clock.advance(MINUTE)
    assert letter_of(sending).rating == ""


def test_a_reply_that_was_taken_back_is_dropped(
    desk: Desk, sending: Sending, clock: Clock, ada: Actor, ticket: Ticket
) -> None:
    mark = mark_of(desk.tickets.reply(ada, ticket.number, "Is it plugged in?"))
    desk.tickets.take_back(ada, ticket.number, mark)

    clock.advance(MINUTE)
    [mail] = sending.claim()

    assert sending.letter(mail) == Outcome(Result.DROPPED, "What it was about was taken back.")


@pytest.mark.parametrize("kind", [*NoticeKind])
def test_e7_nothing_of_a_note_ever_reaches_a_requester(
    desk: Desk, sending: Sending, clock: Clock, ada: Actor, ticket: Ticket, tell: Tell, kind: NoticeKind
) -> None:
    tell(kind, mark=mark_of(desk.tickets.note(ada, ticket.number, MARKER)))

    clock.advance(MINUTE)
    [mail] = sending.claim()

    outcome = sending.letter(mail)
    assert isinstance(outcome, Outcome)
    assert outcome.result is Result.DROPPED
    assert MARKER not in outcome.says


def test_an_agent_reads_a_note_and_what_they_answer_stays_one(
    desk: Desk, sending: Sending, ada: Actor, ticket: Ticket, tell: Tell
) -> None:
    desk.accounts.change_profile(ada, "Ada", "ada@example.org", PASSWORD)
    tell(NoticeKind.NOTED, "ada", mark=mark_of(desk.tickets.note(ada, ticket.number, MARKER)))
    with desk.store.write() as tx:
        key = mail_key(tx)

    letter = letter_of(sending)

    assert letter.text == MARKER
    assert letter.tag is not None
    assert letter.tag.opens(key, "ada") is MessageKind.NOTE


def test_who_may_not_see_the_ticket_any_more_gets_nothing_of_it(
    desk: Desk, sending: Sending, oskar: Actor, ticket: Ticket, tell: Tell
) -> None:
    desk.accounts.change_profile(oskar, "Oskar", "oskar@example.org", PASSWORD)
    tell(NoticeKind.STATUS, "oskar", ticket.number)
    tell(NoticeKind.MERGED, "oskar", ticket.number)

    [mail] = sending.claim()

    assert sending.letter(mail) == Outcome(Result.DROPPED, "They may not see this ticket any more.")


def without_address(desk: Desk, _: Actor, carla: Actor) -> None:
    with desk.store.write() as tx:
        user = tx.users.find(carla.username)
        assert user is not None
        user.put_address(None, Standing.GIVEN)
        tx.users.save(user)


def deactivated(desk: Desk, root: Actor, carla: Actor) -> None:
    desk.agents.deactivate(root, carla.username)


def removed(desk: Desk, _: Actor, carla: Actor) -> None:
    with desk.store.write() as tx:
        remove_account(tx, carla.username)


@pytest.mark.parametrize(
    ("become", "why"),
    [
        (without_address, "The account has no e-mail address."),
        (deactivated, "The account is deactivated."),
        (removed, "There is no such account any more."),
    ],
)
def test_who_gets_no_mail_is_told_in_the_ledger_with_the_reason(
    desk: Desk,
    sending: Sending,
    carla: Actor,
    root: Actor,
    ticket: Ticket,
    tell: Tell,
    become: Callable[[Desk, Actor, Actor], None],
    why: str,
) -> None:
    tell(NoticeKind.MERGED, ticket=ticket.number)
    become(desk, root, carla)

    assert sending.claim() == []
    assert fates(desk, root) == [(MailState.DROPPED, why)]


def test_behind_many_that_are_dropped_the_one_that_is_not_is_found(
    sending: Sending, clock: Clock, oskar: Actor, ticket: Ticket, tell: Tell
) -> None:
    for _ in range(12):
        tell(NoticeKind.MERGED, oskar.username)
    clock.advance(MINUTE)
    tell(NoticeKind.MERGED, ticket=ticket.number)

    assert [mail.username for mail in sending.claim(5)] == ["carla"]


@pytest.mark.parametrize(
    "address",
    ["a" * 400 + "@example.org", "carla@example.org, oskar@example.org", "carla@example.org\nBcc: oskar@example.org"],
    ids=["400 characters", "a list", "another header"],
)
def test_an_address_that_cannot_be_written_to_fails_with_a_sentence(
    desk: Desk, store: MemoryStore, sending: Sending, root: Actor, ticket: Ticket, tell: Tell, address: str
) -> None:
    with store.write() as tx:
        carla = tx.users.find("carla")
        assert carla is not None
        tx.users.save(carla.model_copy(update={"email": address}))
    tell(NoticeKind.MERGED, ticket=ticket.number)

    assert sending.claim() == []
    [(state, error)] = fates(desk, root)
    assert state is MailState.FAILED
    assert error.endswith(".")


@pytest.fixture
def storm(desk: Desk, sending: Sending, ada: Actor, carla: Actor, ticket: Ticket, tell: Tell) -> list[Outgoing]:
    """Let Carla have had all that she gets in an hour; three mails more wait, one of a ticket that is not hers."""
    assert ticket.number == 1
    another = desk.tickets.open(carla, "Loud printer", "It rattles.").number
    for _ in range(CAPS[Role.USER].an_hour):
        tell(NoticeKind.MERGED)
    sent = sending.claim()
    for mail in sent:
        sending.settle(mail, SENT)
    tell(NoticeKind.MERGED)
    tell(NoticeKind.MERGED, ticket=another)
    third = desk.tickets.open(ada, MARKER, "Not Carla's.").number
    tell(NoticeKind.MERGED, ticket=third)
    return sent


def test_e5_beyond_the_cap_mails_wait_and_are_then_one(
    desk: Desk, sending: Sending, clock: Clock, root: Actor, storm: list[Outgoing]
) -> None:
    assert len(storm) == 20
    assert sending.claim() == []
    assert {error for state, error in fates(desk, root) if state is MailState.WAITING} == {
        "This address had too many mails of late. What waits for it becomes one when there is room again."
    }
    clock.advance(HOUR - MINUTE)
    assert sending.claim() == []

    clock.advance(MINUTE)
    letter = letter_of(sending)

    assert (letter.kind, letter.tickets) == (SUMMARY, ((1, "No dial tone"), (2, "Loud printer")))
    states = [state for state, _ in fates(desk, root)]
    assert (states.count(MailState.DROPPED), states.count(MailState.WAITING)) == (3, 1)


@pytest.mark.usefixtures("ticket")
def test_a_mail_that_was_held_back_alone_goes_as_it_is(sending: Sending, clock: Clock, tell: Tell) -> None:
    for _ in range(21):
        tell(NoticeKind.MERGED)
    for mail in sending.claim():
        sending.settle(mail, SENT)

    clock.advance(HOUR)
    assert letter_of(sending).kind == NoticeKind.MERGED


@pytest.mark.usefixtures("ticket")
def test_e5_one_address_has_one_cap_whoever_has_it(desk: Desk, sending: Sending, oskar: Actor, tell: Tell) -> None:
    desk.accounts.change_profile(oskar, "Oskar", "CARLA@Example.org", PASSWORD)
    for _ in range(20):
        tell(NoticeKind.MERGED)
    tell(NoticeKind.MERGED, "oskar")

    assert len(sending.claim()) == 20


@pytest.mark.usefixtures("ticket")
def test_two_claims_at_a_time_do_not_exceed_the_cap(sending: Sending, tell: Tell) -> None:
    for _ in range(25):
        tell(NoticeKind.MERGED)

    assert len(sending.claim(15)) + len(sending.claim(15)) == 20


@pytest.mark.usefixtures("ticket")
def test_e7_a_change_of_the_password_is_told_to_its_owner_without_it(
    desk: Desk, sending: Sending, carla: Actor
) -> None:
    desk.accounts.change_password(carla, PASSWORD, "four dry umbrellas", "four dry umbrellas", browser="b")

    letter = letter_of(sending)

    assert (letter.kind, letter.by, letter.text) == (AccountMail.PASSWORD_CHANGED, "", "")


@pytest.mark.usefixtures("ticket")
def test_a_reset_of_the_password_is_told_to_its_owner_with_who_did_it(
    desk: Desk, sending: Sending, root: Actor
) -> None:
    desk.agents.reset_password(root, "carla")

    assert letter_of(sending).by == "Root"


def test_an_agent_who_was_registered_is_told_so(desk: Desk, sending: Sending, root: Actor) -> None:
    desk.agents.register_agent(root, "bert", "Bert", "bert@example.org")

    letter = letter_of(sending)

    assert (letter.kind, letter.address, letter.name, letter.by) == ("registered", "bert@example.org", "Bert", "Root")


def test_what_a_mail_can_quote_is_what_its_recipient_may_read_of_what_was_said_before(
    desk: Desk, sending: Sending, clock: Clock, ada: Actor, carla: Actor, ticket: Ticket
) -> None:
    desk.tickets.reply(carla, ticket.number, "Hello?")
    desk.tickets.note(ada, ticket.number, MARKER)
    gone = desk.tickets.reply(ada, ticket.number, "Too soon.")
    desk.tickets.take_back(ada, ticket.number, mark_of(gone))
    clock.advance(MINUTE)
    sending.claim()
    desk.tickets.reply(ada, ticket.number, "Is it plugged in?")
    desk.tickets.reply(carla, ticket.number, "It is.")
    clock.advance(MINUTE)

    letter = letter_of(sending)

    assert letter.text == "Is it plugged in?"
    assert letter.earlier == (
        "On 6 May 2031 at 09:30 UTC, Carla wrote:\n> Hello?\n\n"
        "On 6 May 2031 at 09:30 UTC, Carla wrote:\n> The line is dead."
    )


def test_a_mail_about_a_note_quotes_nothing(
    desk: Desk, sending: Sending, clock: Clock, ada: Actor, root: Actor, ticket: Ticket
) -> None:
    desk.accounts.change_profile(root, "Root", "root@example.org", PASSWORD)
    desk.preferences.want_by_mail(root, {NoticeKind.NOTED: Mailed.AT_ONCE})
    desk.tickets.assign(ada, ticket.number, "root")
    clock.advance(MINUTE)
    sending.claim()
    desk.tickets.note(ada, ticket.number, MARKER)
    clock.advance(MINUTE)

    letter = letter_of(sending)

    assert (letter.text, letter.earlier) == (MARKER, "")
