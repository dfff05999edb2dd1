"""Tags of mails: who may answer to what, and that nobody makes one up."""

import pytest

from ticketing.domain.mail_tags import Tag, tags_in
from ticketing.domain.tickets import MessageKind

KEY = bytes(range(32))
NOTICE = "0123456789abcdef" * 4


@pytest.mark.parametrize("kind", MessageKind)
def test_an_answer_is_of_the_kind_of_what_it_answers(kind: MessageKind) -> None:
    tag = Tag.of(KEY, 12, "carla", kind)

    assert tag.opens(KEY, "carla") is kind


@pytest.mark.parametrize(
    ("key", "number", "username"),
    [(KEY, 12, "oskar"), (KEY, 13, "carla"), (bytes(32), 12, "carla")],
    ids=["somebody else", "another ticket", "another desk"],
)
def test_a_tag_opens_nothing_else(key: bytes, number: int, username: str) -> None:
    tag = Tag.of(KEY, 12, "carla", MessageKind.REPLY)

    assert Tag(number, tag.signature).opens(key, username) is None
    assert Tag(12, tag.signature).opens(KEY, "carla") is MessageKind.REPLY


def test_a_tag_is_found_in_a_subject_and_in_what_a_mail_refers_to() -> None:
    first, second = (Tag.of(KEY, number, "carla", MessageKind.REPLY) for number in (12, 7))
    message_id = second.in_message_id(NOTICE, "desk.example.org")

    assert tags_in(f"AW: {first.in_subject()} No dial tone", [message_id, "<else@example.org>"]) == [first, second]
    assert tags_in(f"{first.in_subject()} {first.in_subject()}", [first.in_message_id(NOTICE, "d")]) == [first]


def test_a_message_id_is_the_same_for_the_same_notice_and_another_for_another() -> None:
    tag = Tag.of(KEY, 12, "carla", MessageKind.REPLY)

    assert tag.in_message_id(NOTICE, "d") == tag.in_message_id(NOTICE, "d")
    assert tag.in_message_id(NOTICE, "d") != tag.in_message_id("f" * 64, "d")


@pytest.mark.parametrize(
    "subject",
    ["[T-12]", "[T-0#aaaaaaaaaaaaaaaa]", "[T-12#AAAAAAAAAAAAAAAA]", "[T-12#a]", f"[T-{'9' * 40}#aaaaaaaaaaaaaaaa]"],
)
def test_what_is_no_tag_is_none(subject: str) -> None:
    assert tags_in(subject, [subject, f"<{subject}@d>"]) == []
