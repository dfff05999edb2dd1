"""Mails as they are read: one by one those of the corpus, and what holds for all."""

import base64
import hashlib
import re
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pytest

from tests.delivery.mails import DESK, EXPECTED, MAILS, shown
from tests.delivery.test_mails import DESK as SENDER
from tests.delivery.test_mails import NOW, letter
from tests.timing import cpu_seconds
from ticketing.delivery import reading
from ticketing.delivery.mails import compose
from ticketing.delivery.reading import GOES_ON, UNREADABLE, read_mail
from ticketing.domain.incoming import MAIL_LIMIT, DeskMail, Incoming, IncomingFile, Reason
from ticketing.domain.mail_tags import tags_in
from ticketing.domain.text import TEXT_LIMIT

HEAD = b"From: Carla <carla@example.org>\nSubject: Re: No dial tone\nMessage-ID: <1@example.org>\nMIME-Version: 1.0\n"
# What is not said of a mail in the table.
PLAIN: dict[str, Any] = {"files": [], "automatic": None, "authenticated": None, "failures": [], "problem": ""}
CLIENTS = [
    *("gmail", "outlook-desktop", "outlook-web", "outlook-phone", "apple-mail"),
    *("thunderbird", "yahoo", "k-9", "proton"),
]
# The file by which virus scanners are tried, put together here so that none finds it in this one.
EICAR = base64.b64decode("WDVPIVAlQEFQWzRcUFpYNTQoUF4pN0NDKTd9JEVJQ0FSLVNUQU5EQVJELUFOVElWSVJVUy1URVNULUZJTEUhJEgrSCo=")


def test_of_each_mail_it_is_told_what_is_expected() -> None:
    assert set(MAILS) == set(EXPECTED)
    assert len(MAILS) >= 60


@pytest.mark.parametrize("name", EXPECTED)
def test_a_mail_is_read_as_expected(name: str) -> None:
    expected = PLAIN | EXPECTED[name]

    read = shown(read_mail(MAILS[name], DESK))

    assert {key: read[key] for key in expected} == expected


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_what_was_quoted_is_still_in_the_whole_text(client: str, language: str) -> None:
    mail = read_mail(MAILS[f"reply-{client}-{language}"])

    assert "Carla," not in mail.text
    assert "Carla," in mail.whole_text
    assert all(line in mail.whole_text for line in mail.text.split("\n"))


@pytest.mark.parametrize("name", EXPECTED)
def test_a_mail_is_read_the_same_again(name: str) -> None:
    assert read_mail(MAILS[name], DESK) == read_mail(MAILS[name], DESK)


@pytest.mark.parametrize("name", EXPECTED)
def test_what_is_read_can_become_a_message(name: str) -> None:
    mail = read_mail(MAILS[name], DESK)

    mail.whole_text.encode()
    assert len(mail.text) <= TEXT_LIMIT
    assert not set(mail.text) & set(map(chr, [*range(9), 11, *range(13, 32)]))
    assert "\n" not in mail.subject + mail.sender_name
    assert mail.size == len(MAILS[name])


def test_a_desk_that_knows_nothing_of_itself_reads_its_own_mail_as_anybodys() -> None:
    assert read_mail(MAILS["own-message-id"]).automatic is None
    assert read_mail(MAILS["authenticated"]).authenticated is None


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        (DeskMail(addresses=frozenset({"desk@example.org"})), Reason.OWN),
        (DeskMail(host="example.org"), Reason.OWN),
        (DeskMail(host="other.example"), Reason.GENERATED),
        (DeskMail(), Reason.GENERATED),
    ],
)
def test_what_the_desk_sends_is_known_when_it_comes_back(known: DeskMail, reason: Reason) -> None:
    sent = compose(letter(), SENDER, NOW)

    mail = read_mail(sent.as_bytes(), known)

    assert mail.automatic is reason
    assert tags_in(mail.subject) == tags_in("", mail.references) == [letter().tag]
    assert "Is it plugged in?" in mail.text


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_an_answer_to_what_the_desk_sends_is_found_in_it(kind: str) -> None:
    body = compose(letter(), SENDER, NOW).get_body((kind,))
    said = body.get_content().replace("\r\n", "\n") if body else ""
    quote = re.sub("(?m)^", "> ", said) if kind == "plain" else f"<blockquote>{said}</blockquote>"
    answer = EmailMessage()
    answer.set_content(
        f"It is.\n{'<br>' * (kind == 'html')}\nOn 2 March 2026 at 9:00, Help desk wrote:\n{quote}", subtype=kind
    )
    answer["From"], answer["Subject"] = "carla@example.org", "Re: No dial tone"

    mail = read_mail(answer.as_bytes())

    assert mail.text == "It is."
    assert "Is it plugged in?" in mail.whole_text


def test_files_are_what_they_were() -> None:
    mail = read_mail(MAILS["file-names-that-are-the-same"])

    assert mail.files == (IncomingFile("log.txt", b"one"), IncomingFile("log.txt", b"two"))


def test_a_mail_that_hangs_on_a_mail_is_read_from_its_file_as_from_the_mailbox() -> None:
    (attached,) = read_mail(MAILS["mail-that-hangs-on-a-mail"]).files

    inner = read_mail(attached.content)

    assert (inner.sender, inner.subject, inner.text) == ("oskar@example.org", "Tote Leitung/12", "My line is dead.")
    assert [file.name for file in inner.files] == ["inner.txt"]


def test_a_file_that_virus_scanners_know_is_handed_on_as_it_is() -> None:
    part = b'Content-Disposition: attachment; filename="test.com"\nContent-Transfer-Encoding: base64\n\n'

    mail = read_mail(HEAD + part + base64.encodebytes(EICAR))

    assert mail.files == (IncomingFile("test.com", EICAR),)
    assert hashlib.sha256(EICAR).hexdigest().startswith("275a021bbfb6489e")


def test_of_a_text_too_long_for_a_message_all_is_in_a_file() -> None:
    mail = read_mail(MAILS["long-text"])

    assert len(mail.text) > TEXT_LIMIT - 100
    assert mail.text.endswith(GOES_ON)
    assert mail.files == (IncomingFile("message.txt", mail.whole_text.encode()),)
    assert "Line 900:" in mail.whole_text


def test_a_text_that_just_fits_stays_whole() -> None:
    fits = read_mail(HEAD + b"\n" + b"x" * TEXT_LIMIT)
    goes_on = read_mail(HEAD + b"\n" + b"x" * (TEXT_LIMIT + 1))

    assert (fits.text, fits.files) == ("x" * TEXT_LIMIT, ())
    assert len(goes_on.text) == TEXT_LIMIT
    assert goes_on.files == (IncomingFile("message.txt", b"x" * (TEXT_LIMIT + 1)),)


def test_of_a_page_too_long_to_be_read_all_is_in_a_file() -> None:
    page = b"<p>First.</p>" + b"<p>again</p>" * 50_000

    mail = read_mail(HEAD + b"Content-Type: text/html\n\n" + page)

    assert mail.text.startswith("First.")
    assert [file.name for file in mail.files] == ["message.html", "message.txt"]
    assert mail.files[0].content == page


def test_of_a_mail_too_large_its_head_is_read() -> None:
    mail = read_mail(HEAD + b"\n" + bytes(MAIL_LIMIT))

    assert mail.problem == "It is larger than 25 MB."
    assert (mail.sender, mail.subject, mail.message_id) == ("carla@example.org", "Re: No dial tone", "<1@example.org>")
    assert (mail.text, mail.size) == ("", len(HEAD) + 1 + MAIL_LIMIT)


def test_a_mail_just_small_enough_is_read() -> None:
    mail = read_mail((HEAD + b"\n").ljust(MAIL_LIMIT, b"x"))

    assert mail.problem == ""
    assert len(mail.whole_text) == MAIL_LIMIT - len(HEAD) - 1


def nested(kind: str, depth: int) -> bytes:
    """Put parts in one another."""
    return b"".join(b'Content-Type: %s; boundary="b%d"\n\n--b%d\n' % (kind.encode(), at, at) for at in range(depth))


@pytest.mark.parametrize("kind", ["multipart/mixed", "multipart/alternative", "multipart/report"])
def test_parts_in_parts_are_read_to_a_limit(kind: str) -> None:
    within = read_mail(HEAD + nested(kind, 200) + b"\n\nDeep.\n")
    beyond = read_mail(HEAD + nested(kind, 201) + b"\n\nDeep.\n")

    assert (within.whole_text, within.problem) == ("Deep.", "")
    assert beyond.problem == "It has more than 200 parts, or too many lines in them."
    assert beyond.sender == "carla@example.org"


def test_mails_in_mails_are_read_to_a_limit() -> None:
    within = read_mail(HEAD + b"Content-Type: message/rfc822\n\n" * 200 + b"Subject: Last\n\nDeep.\n")
    beyond = read_mail(HEAD + b"Content-Type: message/rfc822\n\n" * 201 + b"Subject: Last\n\nDeep.\n")

    assert within.problem == ""
    assert within.files[0].content.endswith(b"Deep.\n")
    assert beyond.problem == "It has more than 200 parts, or too many lines in them."


def test_parts_beside_each_other_are_read_to_a_limit() -> None:
    part = b"--b\nContent-Disposition: attachment; filename=a\n\nx\n"
    mixed = HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n"

    assert len(read_mail(mixed + part * 200 + b"--b--\n").files) == 200
    assert read_mail(mixed + part * 201 + b"--b--\n").problem.startswith("It has more than 200 parts")


MEGABYTE_LINES: dict[str, bytes] = {
    "letters": b"a",
    "blanks": b" ",
    "quotes": b">",
    "introductions": b"On 3 March 10:12 Ada wrote: ",
    "German introductions": b"Am 1 schrieb ",
    "hyphens": b"-",
    "underscores": b"_",
    "heads": b"From: a Sent: b ",
    "tags": b"<a ",
    "elements": b"<div>",
    "entities": b"&",
    "quotation marks": b'"',
    "brackets": b"(",
    "encoded words": b"=?utf-8?q?a?= ",
    "addresses": b"a@b.example, ",
    "parameters": b"a*0*=x;",
    "escape sequences": b"\x1b$B",
    "NUL bytes": b"\0",
}
PLACES: dict[str, Callable[[bytes], bytes]] = {
    "text": lambda line: HEAD + b"\n" + line,
    "flowed text": lambda line: HEAD + b"Content-Type: text/plain; format=flowed\n\n" + line,
    "page": lambda line: HEAD + b"Content-Type: text/html\n\n" + line,
    "sender": lambda line: b"From: " + line + b"\n\nx",
    "subject": lambda line: b"Subject: " + line + b"\n\nx",
    "content type": lambda line: b"Content-Type: multipart/mixed; " + line + b"\n\nx",
    "file name": lambda line: b"Content-Disposition: attachment; filename=" + line + b"\n\nx",
    "findings": lambda line: b"From: a@b.example\nAuthentication-Results: mx.desk.example; " + line + b"\n\nx",
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("line", MEGABYTE_LINES)
def test_a_line_of_a_megabyte_is_read_within_a_second(place: str, line: str) -> None:
    unit = MEGABYTE_LINES[line]
    raw = PLACES[place](unit * (1_000_000 // len(unit)))

    with cpu_seconds(1):
        mail = read_mail(raw, DESK)

    assert mail.problem != UNREADABLE


@pytest.mark.parametrize(
    "lines",
    [
        b"\n",
        b"> a\n",
        b"> a\nb\n",
        b"On 1:00 wrote\n",
        b"From: a\nTo: b\nx\n",
        b"-- \n",
        b"_____\n\n",
        b"a \n",
        b"- a\n",
    ],
    ids=repr,
)
@pytest.mark.parametrize("kind", [b"text/plain", b"text/plain; format=flowed", b"text/html"])
def test_many_lines_are_read_within_two_seconds(lines: bytes, kind: bytes) -> None:
    raw = HEAD + b"Content-Type: " + kind + b"\n\n" + lines * (250_000 // len(lines))

    with cpu_seconds(2):
        mail = read_mail(raw, DESK)

    assert mail.problem != UNREADABLE


@pytest.mark.parametrize("blank", [" ", "\u200b"], ids=["blanks", "what nobody can see"])
def test_what_is_blank_in_alternatives_of_alternatives_is_looked_at_once(blank: str) -> None:
    raw = HEAD + nested("multipart/alternative", 190) + b"Content-Type: text/plain; charset=utf-8\n\n"

    with cpu_seconds(2):
        mail = read_mail(raw + blank.encode() * 1_000_000 + b"x")

    assert mail.whole_text.endswith("x")


def test_lines_without_end_in_parts_without_end_are_not_read() -> None:
    raw = HEAD + nested("multipart/mixed", 190) + b"x\n" * 1_000_000

    with cpu_seconds(1):
        mail = read_mail(raw)

    assert mail.problem == "It has more than 200 parts, or too many lines in them."


def test_a_thousand_mails_are_read_within_twenty_seconds() -> None:
    mails = list(MAILS.values())

    with cpu_seconds(20):
        for number in range(1000):
            read_mail(mails[number % len(mails)], DESK)


def test_what_nobody_foresaw_is_told_in_a_sentence_and_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RecursionError

    monkeypatch.setattr(reading, "parsed", fail)

    assert read_mail(HEAD) == Incoming(problem="It could not be read.", size=len(HEAD))
    assert "could not be read" in caplog.text
    assert "carla" not in caplog.text
