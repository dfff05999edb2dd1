"""When a mail goes out, how often it is tried, and how many one address gets."""

from datetime import UTC, datetime, timedelta

import pytest

from ticketing.domain.errors import MailWaitsError
from ticketing.domain.notifications import Notice, NoticeKind
from ticketing.domain.outbox import (
    CAPS,
    KEPT_FOR,
    LEASE,
    AccountMail,
    MailState,
    Outcome,
    Outgoing,
    Result,
    SmtpServer,
    free_at,
    retry_after,
)
from ticketing.domain.people import Role

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def notice(kind: NoticeKind, mark: str = "") -> Notice:
    """Return a notice to Carla of what Ada did just now."""
    return Notice(
        id="a1" * 32, username="carla", kind=kind, ticket=12, mark=mark, by="ada", at=NOW, expires_at=NOW + HOUR
    )


def claimed(attempts: int = 1) -> Outgoing:
    """Return a mail that was claimed so many times."""
    mail = Outgoing.of(notice(NoticeKind.NOTED), NOW)
    for _ in range(attempts):
        mail.claim("carla@example.org", NOW)
    return mail


@pytest.mark.parametrize(
    ("kind", "mark", "seconds"),
    [
        (NoticeKind.REPLIED, "m1", 35),
        (NoticeKind.MENTIONED, "m1", 35),
        (NoticeKind.STATUS, "", 35),
        (NoticeKind.NOTED, "m1", 0),
        (NoticeKind.ASSIGNED, "", 0),
    ],
)
def test_what_can_be_taken_back_waits_until_it_can_no_more(kind: NoticeKind, mark: str, seconds: int) -> None:
    assert Outgoing.of(notice(kind, mark), NOW).due_at == NOW + timedelta(seconds=seconds)


def test_a_mail_has_the_id_of_its_notice() -> None:
    assert Outgoing.of(notice(NoticeKind.OPENED), NOW).id == "a1" * 32


def test_retries_come_after_1_5_15_and_60_minutes_and_then_hourly_for_a_day() -> None:
    waits = [retry_after(attempts) for attempts in range(1, 28)]

    assert waits[:6] == [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, HOUR, HOUR]
    assert waits[-1] is None
    assert 23 * HOUR < sum((wait for wait in waits if wait), timedelta()) <= 24 * HOUR


def test_a_mail_that_could_not_be_handed_over_waits_for_its_next_try_and_says_why() -> None:
    mail = claimed(2)

    mail.settle(Outcome(Result.AGAIN, "The mail server does not answer."), NOW)

    assert (mail.state, mail.due_at) == (MailState.WAITING, NOW + 5 * MINUTE)
    assert mail.error == "The mail server does not answer."


def test_after_a_day_of_tries_a_mail_has_failed() -> None:
    mail = claimed(27)

    mail.settle(Outcome(Result.AGAIN, "The mail server does not answer."), NOW)

    assert (mail.state, mail.error) == (MailState.FAILED, "The mail server does not answer.")
    assert mail.expires_at == NOW + KEPT_FOR


@pytest.mark.parametrize(
    ("result", "state"),
    [
        (Result.SENT, MailState.SENT),
        (Result.REFUSED, MailState.FAILED),
        (Result.DROPPED, MailState.DROPPED),
    ],
)
def test_what_was_decided_at_the_first_try_stays_so(result: Result, state: MailState) -> None:
    mail = claimed()

    mail.settle(Outcome(result), NOW)

    assert (mail.state, mail.sent_at) == (state, NOW if result is Result.SENT else None)


def test_a_claim_keeps_others_away_for_as_long_as_its_lease() -> None:
    assert claimed().due_at == NOW + LEASE


def test_what_was_claimed_and_not_tried_is_due_again_as_if_it_never_was_claimed() -> None:
    mail = claimed()

    mail.release(NOW)

    assert (mail.due_at, mail.attempts) == (NOW, 0)


def test_a_mail_is_sent_again_from_the_start_unless_it_waits_anyway() -> None:
    mail = claimed(27)
    with pytest.raises(MailWaitsError, match="waits to be sent"):
        mail.send_again(NOW)
    mail.settle(Outcome(Result.REFUSED, "Mailbox unavailable."), NOW)

    mail.send_again(NOW + HOUR)

    assert (mail.state, mail.due_at, mail.attempts, mail.error) == (MailState.WAITING, NOW + HOUR, 0, "")
    assert mail.at == NOW + HOUR  # since when it waits


def test_an_ordinary_person_gets_20_mails_an_hour_at_most() -> None:
    mail = Outgoing.of(notice(NoticeKind.REPLIED, "m1"), NOW)
    sent = [NOW - 50 * MINUTE + minute * MINUTE for minute in range(20)]

    assert free_at(mail, Role.USER, sent[1:], NOW) is None
    assert free_at(mail, Role.USER, sent, NOW) == NOW + 10 * MINUTE
    assert free_at(mail, Role.AGENT, sent, NOW) is None


def test_an_ordinary_person_gets_40_mails_a_day_at_most() -> None:
    mail = Outgoing.of(notice(NoticeKind.REPLIED, "m1"), NOW)
    sent = [NOW - 23 * HOUR + place * 30 * MINUTE for place in range(40)]

    assert CAPS[Role.USER].a_day == 40
    assert free_at(mail, Role.USER, sent[1:], NOW) is None
    assert free_at(mail, Role.USER, sent, NOW) == NOW + HOUR


def test_no_storm_keeps_a_warning_about_their_account_from_somebody() -> None:
    warning = Outgoing.about_account("carla", AccountMail.PASSWORD_CHANGED, "ada", NOW)

    assert free_at(warning, Role.USER, [NOW] * 24, NOW) is None
    assert free_at(warning, Role.USER, [NOW] * 25, NOW) == NOW + HOUR


def test_mails_that_are_summed_up_are_named_once_each_however_often_that_was_done() -> None:
    mails = [Outgoing.of(notice(NoticeKind.REPLIED, "m1"), NOW), Outgoing.of(notice(NoticeKind.STATUS), NOW)]

    once = Outgoing.summing_up(mails, NOW)
    twice = Outgoing.summing_up([once, mails[0]], NOW)

    assert [(one.kind, one.mark) for one in once.covers] == [("replied", "m1"), ("status", "")]
    assert [one.kind for one in twice.covers] == ["replied", "replied", "status"]
    assert once.id != twice.id


def test_a_password_does_not_show_where_a_server_is_named() -> None:
    assert "secret" not in repr(SmtpServer("mail.example.org", 587, username="desk", password="secret"))
