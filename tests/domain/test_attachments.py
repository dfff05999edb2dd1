"""What files are called and of which kind they are, how many a ticket takes, and who learns of them."""

import json
import unicodedata
from datetime import datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ticketing.domain.attachments import (
    ATTACHED,
    ATTACHED_TO_NOTE,
    BYTES_PER_TICKET,
    CONTENT,
    FILES_PER_MESSAGE,
    Attachment,
    clean_file_name,
    contents_of,
    in_words,
    media_type_of,
)
from ticketing.domain.errors import TicketFullError, TooManyFilesError
from ticketing.domain.merging import merge, split, unmerge
from ticketing.domain.people import Actor
from ticketing.domain.statuses import TicketCategory
from ticketing.domain.tickets import Ticket

PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)
HTML = b"<html><script>alert(1)</script></html>"


def attachment(name: str = "screen.png", size: int = 24) -> Attachment:
    return Attachment(id=f"id-of-{name}", name=name, size=size, sha256=f"hash-of-{name}", media_type="image/png")


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("screen.png", "screen.png"),
        ("../../etc/cron.d/x.png", "x.png"),
        ("C:\\Users\\carla\\Desktop\\bill.pdf", "bill.pdf"),
        ("\u202egnp.exe", "gnp.exe"),
        ("a\x00b\nc\u2028d.txt", "abcd.txt"),
        ("Ru\u0308ckgabe.pdf", "R\u00fcckgabe.pdf"),
        ('<img src=x onerror="alert(1)">.png', "_img src=x onerror=_alert(1)__.png"),
        ("  . .hidden. ", "hidden"),
        ("\ud800half.txt", "half.txt"),
        ("", "file"),
        ("...", "file"),
        ("folder/", "file"),
        ("\u200b\u200b", "file"),
        ("x" * 300 + ".docx", "x" * 145 + ".docx"),
    ],
)
def test_u3_a_file_name_is_data_and_no_place(typed: str, name: str) -> None:
    assert clean_file_name(typed) == name


@given(st.text(max_size=20) | st.text(st.sampled_from("a.b /\\:\u0301\u200b\u202e\n<"), max_size=400))
@example("a\u200b\u0301.png")
@example("x" * 149 + ".aaaaaaaaaaaaaaa bbbb")
def test_u3_whatever_somebody_calls_a_file_it_has_a_name_that_can_be_shown(typed: str) -> None:
    name = clean_file_name(typed)

    assert 0 < len(name) <= 150
    assert not set(name) & set('/\\<>:"|?*\n\0\u200b\u202e')
    assert name == name.strip(" .") == unicodedata.normalize("NFC", name) == clean_file_name(name)


@pytest.mark.parametrize("typed", ["x" * 10_000, "x." + "y" * 10_000, "\u00e4" * 500 + ".png", "/" * 9_000 + "a.b"])
def test_u3_no_file_name_is_longer_than_its_limit(typed: str) -> None:
    assert len(clean_file_name(typed)) <= 150


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("screen.png", PNG, "image/png"),
        ("SCREEN.PNG", PNG, "image/png"),
        ("photo.jpeg", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("loop.gif", b"GIF89a...", "image/gif"),
        ("still.webp", b"RIFF\x0a\x00\x00\x00WEBPVP8 ", "image/webp"),
        ("bill.pdf", b"%PDF-1.7", "application/pdf"),
        ("server.log", b"started\n", "text/plain"),
    ],
)
def test_u2_what_name_and_content_agree_on_is_of_that_kind(name: str, content: bytes, kind: str) -> None:
    assert media_type_of(name, content) == kind


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("screen.png", HTML),
        ("screen.html", PNG),
        ("screen.jpg", PNG),
        ("page.html", HTML),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        ("feed.xml", b"<?xml version='1.0'?>"),
        ("code.js", b"alert(1)"),
        ("setup.exe", b"MZ\x90\x00"),
        ("bomb.zip", b"PK\x03\x04"),
        ("notes.txt", b"PK\x00\x04"),
        ("png", PNG),
        ("screen.png.exe", PNG),
        ("bill.pdf", b"\n%PDF-1.7"),
    ],
    ids=str,
)
def test_u2_whatever_else_is_but_bytes(name: str, content: bytes) -> None:
    assert media_type_of(name, content) == "application/octet-stream"


@pytest.mark.parametrize(
    ("size", "words"), [(17, "17 bytes"), (1000, "1 KB"), (340_000, "333 KB"), (1_300_000, "1.2 MB")]
)
def test_a_size_is_said_in_words(size: int, words: str) -> None:
    assert in_words(size) == words


def test_each_message_keeps_its_files(ticket: Ticket, carla: Actor, ada: Actor, now: datetime) -> None:
    ticket.reply(carla, "See here.", now)
    ticket.attach([attachment("screen.png"), attachment("bill.pdf")])
    ticket.note(ada, "And here.", now)
    ticket.attach([attachment("theirs.png")])

    copy = Ticket.model_validate_json(ticket.model_dump_json(exclude_none=True))

    assert [[file.name for file in message.attachments] for message in copy.messages] == [
        [],
        ["screen.png", "bill.pdf"],
        ["theirs.png"],
    ]
    assert list(contents_of(copy.model_dump_json().encode())) == [
        "hash-of-screen.png",
        "hash-of-bill.pdf",
        "hash-of-theirs.png",
    ]


def test_a_document_without_files_says_nothing_of_them(ticket: Ticket) -> None:
    said = json.loads(ticket.model_dump_json())

    assert "attachments" not in said["messages"][0]
    assert list(contents_of(ticket.model_dump_json().encode())) == []


def test_what_looks_like_attachments_in_a_text_is_a_text(ticket: Ticket, carla: Actor, now: datetime) -> None:
    ticket.reply(carla, '{"attachments":[{"sha256":"x"}]} "attachments"', now)

    assert list(contents_of(ticket.model_dump_json().encode())) == []


def test_z6_a_requester_learns_of_public_files_only(ticket: Ticket, carla: Actor, ada: Actor, now: datetime) -> None:
    newer = Attachment.model_validate(attachment("screen.png").model_dump() | {"scanned_by": "somebody"})
    ticket.reply(carla, "See here.", now)
    ticket.attach([newer])
    ticket.note(ada, "Don't tell.", now)
    ticket.attach([attachment("secret.png")])

    told = ticket.for_requester()

    assert [[file.name for file in message.attachments] for message in told.messages] == [[], ["screen.png"]]
    assert "scanned_by" not in told.model_dump_json()
    assert "secret" not in told.model_dump_json()


def test_a_ticket_is_found_by_its_files(ticket: Ticket, carla: Actor, ada: Actor, now: datetime) -> None:
    ticket.reply(carla, "See here.", now)
    ticket.attach([attachment("screen.png")])
    ticket.note(ada, "Don't tell.", now)
    ticket.attach([attachment("secret.png")])

    assert ticket.terms() == {
        (ATTACHED, "id-of-screen.png"),
        (CONTENT, "hash-of-screen.png"),
        (ATTACHED_TO_NOTE, "id-of-secret.png"),
        (CONTENT, "hash-of-secret.png"),
    }


def test_a_message_takes_ten_files(ticket: Ticket, carla: Actor, now: datetime) -> None:
    files = [attachment(f"{number}.png") for number in range(FILES_PER_MESSAGE)]

    ticket.reply(carla, "Ten of them.", now)

    with pytest.raises(TooManyFilesError, match="at most 10 files"):
        ticket.attach([*files, attachment("one too many.png")])
    ticket.attach(files)
    with pytest.raises(TooManyFilesError):
        ticket.attach([attachment("one too many.png")])

    assert [len(message.attachments) for message in ticket.messages] == [0, 10]


def test_u6_the_files_of_a_ticket_have_a_limit_together(ticket: Ticket, carla: Actor, now: datetime) -> None:
    ticket.attach([attachment("a", BYTES_PER_TICKET - 1)])
    ticket.reply(carla, "Just fits.", now)
    ticket.attach([attachment("b", 1)])
    ticket.reply(carla, "Words fit always.", now)
    ticket.attach([])

    with pytest.raises(TicketFullError, match="T-1 would have more than 500 MB"):
        ticket.attach([attachment("c", 1)])


def test_a_merge_brings_the_files_and_takes_them_back(ticket: Ticket, ada: Actor, now: datetime) -> None:
    other = Ticket.open(2, "carla", "The same", "Again.", TicketCategory.GENERAL, now)
    other.attach([attachment("bill.pdf")])
    other.note(ada, "Known.", now)
    other.attach([attachment("secret.png")])

    merge(other, ticket, ada, now)

    assert ticket.terms() == other.terms()
    assert [len(message.attachments) for message in ticket.for_requester().messages] == [0, 1]

    unmerge(other, ticket, ada, now)

    assert (ticket.terms(), len(other.terms())) == (frozenset(), 4)


def test_a_message_that_is_split_off_takes_its_files_along(
    ticket: Ticket, carla: Actor, ada: Actor, now: datetime
) -> None:
    ticket.reply(carla, "Another matter.", now)
    ticket.attach([attachment("bill.pdf")])

    made = split(ticket, ticket.messages[-1].mark, 2, "Another matter", ada, now)

    assert [file.name for file in made.messages[0].attachments] == ["bill.pdf"]
    assert made.terms() == ticket.terms()
