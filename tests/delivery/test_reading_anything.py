"""Whatever the bytes are: something is read of them, and what is read can be kept."""

import re

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.delivery.mails import DESK, MAILS
from ticketing.delivery.reading import UNREADABLE, read_mail
from ticketing.domain.people import clean_email
from ticketing.domain.text import NAME_LIMIT, TEXT_LIMIT, clean_text, is_blank

HEADERS = (
    b"From: To: Subject: Date: Message-ID: References: Content-Type: Content-Disposition: Content-Transfer-Encoding: "
    b"MIME-Version: Authentication-Results: Return-Path: Auto-Submitted: List-Id: X-Failed-Recipients: Received:"
).split()
VALUES = (
    b"multipart/mixed; boundary=b|multipart/alternative; boundary=b|multipart/report; report-type=delivery-status; "
    b"boundary=b|message/rfc822|message/delivery-status|text/html; charset=utf-7|text/plain; format=flowed|text/plain; "
    b"charset=iso-2022-jp|attachment; filename*0*=utf-8''%ff; filename*1=a|base64|quoted-printable|x-uuencode|8bit|"
    b'<>|<a@b>|a@b.example|=?utf-8?q?=ff?= <a@b.example>|"|(|auto-replied|Thu, 99 Mar 99999|--b|--b--|-- |> a|'
    b"On 3 March at 10:12, a@b.example wrote:|From: a|Sent: b|To: c|<p>a<blockquote>b|begin 644 a|end|\xff\xfe|\0|=3D=|"
    b"mx.desk.example; dmarc=pass"
).split(b"|")
lines = st.lists(
    st.one_of(
        st.builds(lambda name, value: name + b" " + value, st.sampled_from(HEADERS), st.sampled_from(VALUES)),
        st.sampled_from(VALUES),
        st.sampled_from([b"", b" "]),
        st.binary(max_size=20),
    ),
    max_size=40,
)
mails = st.builds(lambda end, some: end.join(some), st.sampled_from([b"\n", b"\r\n", b"\r"]), lines)


def check(raw: bytes) -> None:
    """Read it; whatever comes out, it can be kept, shown and answered."""
    mail = read_mail(raw, DESK)

    assert mail.problem != UNREADABLE
    assert mail.sender == "" or clean_email(mail.sender) == mail.sender == mail.sender.casefold()
    assert len(mail.sender_name) <= NAME_LIMIT
    assert is_blank(mail.text) or len(clean_text("Text", mail.text)) <= TEXT_LIMIT
    assert is_blank(mail.text) == is_blank(mail.whole_text)
    assert all(re.fullmatch(r"[^/\\\x00-\x1f]{1,150}", file.name) for file in mail.files)
    assert all(re.fullmatch(r"<[^<>\s]+>", reference) for reference in mail.references)
    for text in (mail.subject, mail.sender_name, mail.whole_text, mail.message_id):
        text.encode()
    assert "\n" not in mail.subject + mail.message_id
    assert mail.at is None or mail.at.tzinfo is not None


@settings(max_examples=300)
@given(st.binary(max_size=400))
@example(b"")
def test_any_bytes_are_read(raw: bytes) -> None:
    check(raw)


@settings(max_examples=600)
@given(mails)
def test_any_lines_are_read(raw: bytes) -> None:
    check(raw)


@settings(max_examples=600, suppress_health_check=[HealthCheck.too_slow])
@given(
    name=st.sampled_from(sorted(MAILS)),
    at=st.integers(0, 2000),
    gone=st.integers(0, 60),
    new=st.one_of(st.binary(max_size=12), st.sampled_from([*HEADERS, *VALUES])),
    cut=st.one_of(st.none(), st.integers(0, 2000)),
)
def test_any_mail_is_read_when_some_of_it_has_changed(
    name: str, at: int, gone: int, new: bytes, cut: int | None
) -> None:
    raw = MAILS[name]
    at %= len(raw) + 1

    check((raw[:at] + new + raw[at + gone :])[:cut])
