"""Mails that come in: which of them a person wrote, and what mail systems tell."""

from datetime import UTC, datetime, timedelta

import pytest

from ticketing.domain.incoming import (
    MAILS_PER_SENDER,
    Bounce,
    DeskMail,
    Failure,
    Headers,
    Reason,
    address_of,
    bounce_of,
    floods,
    message_ids,
    why_automatic,
)
from ticketing.domain.mail_tags import Tag

CARLA = "carla@example.org"
DESK = DeskMail(addresses=frozenset({"help@desk.example"}), host="desk.example")
OURS = Tag(12, "abcdefghijklmnop").in_message_id("0123456789abcdef", "Desk.Example")
REPORT = "multipart/report; report-type={}; boundary=x"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"message-id": OURS}, Reason.OWN),
        ({"x-loop": "Help@Desk.example"}, Reason.LOOP),
        ({"content-type": REPORT.format("delivery-status")}, Reason.BOUNCE),
        ({"content-type": REPORT.format("disposition-notification")}, Reason.AUTO_REPLY),
        ({"content-type": REPORT.format("feedback-report")}, Reason.GENERATED),
        ({"x-failed-recipients": CARLA, "auto-submitted": "auto-replied"}, Reason.BOUNCE),
        ({"auto-submitted": "Auto-Replied (vacation); owner-email=x"}, Reason.AUTO_REPLY),
        ({"auto-submitted": "auto-generated", "list-id": "<a.b>"}, Reason.GENERATED),
        ({"auto-submitted": "auto-notified; owner-email=x"}, Reason.GENERATED),
        ({"x-autoreply": "yes"}, Reason.AUTO_REPLY),
        ({"precedence": "Auto_Reply"}, Reason.AUTO_REPLY),
        ({"subject": "Automatische Antwort: Leitung"}, Reason.AUTO_REPLY),
        ({"precedence": "bulk"}, Reason.BULK),
        ({"precedence": "list"}, Reason.LIST),
        ({"list-unsubscribe": "<mailto:a@b.example>"}, Reason.LIST),
        ({"x-auto-response-suppress": "DR, OOF, AutoReply"}, Reason.GENERATED),
        ({"return-path": " <> "}, Reason.GENERATED),
    ],
    ids=lambda part: str(part)[:60],
)
def test_a_mail_that_no_person_wrote_is_told_by_its_headers(headers: dict[str, str], reason: Reason) -> None:
    assert why_automatic(given(headers), CARLA, DESK) is reason


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"auto-submitted": "no"},
        {"precedence": "first-class"},
        {"return-path": "<carla@example.org>"},
        {"x-auto-response-suppress": "None"},
        {"x-auto-response-suppress": "RN, NRN"},
        {"subject": "Re: Automatic reply: No dial tone"},
        {"x-loop": "elsewhere@example.org"},
        {"message-id": OURS.replace("Desk.Example", "other.example")},
        {"in-reply-to": OURS},
        {"content-type": "multipart/mixed; boundary=delivery-status"},
        {"received": "from here"},
    ],
    ids=str,
)
def test_a_mail_of_a_person_is_taken_for_one(headers: dict[str, str]) -> None:
    assert why_automatic(given(headers), CARLA, DESK) is None


@pytest.mark.parametrize(
    ("sender", "reason"),
    [
        ("help@desk.example", Reason.OWN),
        ("mailer-daemon@mx.example.org", Reason.BOUNCE),
        ("postmaster@example.org", Reason.BOUNCE),
        ("noreply@shop.example", Reason.NO_REPLY),
        ("do-not-reply+17@shop.example", Reason.NO_REPLY),
        ("billing.no_reply@shop.example", Reason.NO_REPLY),
        ("nicht-antworten@shop.example", Reason.NO_REPLY),
        ("ne-pas-repondre@shop.example", Reason.NO_REPLY),
        ("noreplyson@example.org", None),
        ("carla@noreply.example", None),
        ("", None),
    ],
)
def test_some_addresses_are_of_no_person(sender: str, reason: Reason | None) -> None:
    assert why_automatic({}, sender, DESK) is reason


def test_a_mail_that_has_passed_more_than_a_hundred_servers_is_going_round() -> None:
    assert why_automatic({"received": ["from x"] * 100}, CARLA, DESK) is None
    assert why_automatic({"received": ["from x"] * 101}, CARLA, DESK) is Reason.LOOP


def test_a_desk_that_does_not_know_its_own_name_calls_no_mail_its_own() -> None:
    assert why_automatic(given({"message-id": OURS, "x-loop": "help@desk.example"}), CARLA, DeskMail()) is None


def test_the_twenty_first_mail_of_a_sender_within_an_hour_is_too_many() -> None:
    recent = [NOW - timedelta(minutes=2 * number) for number in range(MAILS_PER_SENDER)]

    assert not floods(recent[1:], NOW)
    assert floods(recent, NOW)
    assert not floods([*recent[1:], NOW - timedelta(hours=1)], NOW)


def test_a_report_names_whom_a_mail_did_not_reach() -> None:
    reports = [
        given({"reporting-mta": "dns; mx.example"}),
        given(
            {
                "final-recipient": "rfc822; Carla@Example.org",
                "action": "failed",
                "status": "5.1.1 (no such user)",
                "diagnostic-code": "smtp; 550 5.1.1\r\n  User unknown",
            }
        ),
        given({"original-recipient": "rfc822;oskar@example.org", "action": "delayed", "status": "4.4.1"}),
        given({"final-recipient": "rfc822; ada@example.org", "action": "relayed", "status": "2.0.0"}),
    ]

    bounce = bounce_of({}, reports, given({"message-id": OURS}), "")

    failed = Failure(CARLA, "5.1.1", "550 5.1.1 User unknown")
    assert bounce == Bounce(OURS, (failed, Failure("oskar@example.org", "4.4.1", is_delayed=True)))
    assert [failure.is_final for failure in bounce.failures] == [True, False]


@pytest.mark.parametrize(
    ("headers", "text"),
    [
        ({"x-failed-recipients": "carla@example.org"}, "A mail of yours failed:\n  550 5.1.1 no such user"),
        ({}, "This is the program at mx.\n\n<carla@example.org>:\n192.0.2.1 said: 550 5.1.1 no such user"),
    ],
    ids=["Exim", "qmail"],
)
def test_mail_systems_that_make_no_report_are_understood(headers: dict[str, str], text: str) -> None:
    assert bounce_of(given(headers), [], {}, text) == Bounce("", (Failure(CARLA, "5.1.1"),))


def test_a_report_of_nonsense_names_nobody() -> None:
    reports = [
        given({"final-recipient": "rfc822; ", "action": "failed"}),
        given({"final-recipient": "?", "action": "failed"}),
    ]

    assert bounce_of({}, reports, {}, "Version 10.5.1.1 of 192.5.1.1") == Bounce("", ())


def test_message_ids_are_read_each_once() -> None:
    headers = {"in-reply-to": ["<a@b> (Ada)"], "references": ["<x@y> <a@b>\t<broken", "no id <with space@d>"]}

    assert message_ids(headers, "in-reply-to", "references") == ("<a@b>", "<x@y>")


@pytest.mark.parametrize(
    ("written", "address"),
    [
        (" Carla@Example.ORG ", "carla@example.org"),
        ("carla", ""),
        ("", ""),
        (f"{'a' * 400}@example.org", ""),
        ("carla@example.org\r\nBcc: oskar@example.org", ""),
        ("carla@example.org,oskar@example.org", ""),
    ],
)
def test_an_address_is_one_that_a_person_of_the_desk_could_have(written: str, address: str) -> None:
    assert address_of(written) == address


def given(headers: dict[str, str]) -> Headers:
    """Write down headers that stand there once."""
    return {name: [value] for name, value in headers.items()}
