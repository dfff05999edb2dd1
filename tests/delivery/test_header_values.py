"""What stands in headers, as people and programs really write them."""

from datetime import UTC, datetime

import pytest

from ticketing.delivery.header_values import date_of, mailboxes, parameters, unbased, words


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("plain  text", "plain text"),
        ("=?utf-8?Q?caf=C3=A9_noir?=", "café noir"),
        ("=?UTF-8*fr?b?Y2Fmw6k=?= noir", "café noir"),
        ("=?utf-8?Q?a?= =?utf-8?Q?b?= c =?utf-8?Q?d?=", "ab c d"),
        ("=?utf-8?Q?caf=C3?= =?utf-8?Q?=A9?=", "café"),
        ("=?utf-8?Q?caf=C3=A9?= =?iso-8859-1?Q?=E9?=", "caféé"),
        ("a =?utf-8?Q?b?=c", "a bc"),
        ("=?utf-8?B?w6luw6?=", "én\ufffd"),
        ("=?utf-8?Q??=", ""),
        ("=?utf-8?X?a?= =?utf-8?Q?", "=?utf-8?X?a?= =?utf-8?Q?"),
        ("=?utf-8?Q?a=0D=0Ab=00?=", "a b\0"),
    ],
)
def test_encoded_words_are_decoded(written: str, text: str) -> None:
    assert words(written) == text


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("carla@example.org", [("", "carla@example.org")]),
        ("Carla <Carla@Example.org>", [("Carla", "carla@example.org")]),
        (
            '"Meier, Carla \\"C\\"" <c@example.org>, o@example.org',
            [('Meier, Carla "C"', "c@example.org"), ("", "o@example.org")],
        ),
        ("<c@example.org>", [("", "c@example.org")]),
        ("c@example.org (Carla; at (home))", [("Carla; at (home", "c@example.org")]),
        ("Team: c@example.org, Oskar <o@example.org>;", [("", "c@example.org"), ("Oskar", "o@example.org")]),
        ("undisclosed-recipients:;", []),
        ("Carla <c@example.org", [("Carla", "c@example.org")]),
        ("<first@example.org> <second@example.org>", [("", "second@example.org")]),
        ("<@relay.example:c@example.org>", []),
        ('"Carla <c@example.org>', [("", "c@example.org")]),
        ('"<c@example.org>" nobody', [("", "c@example.org")]),
        ("Carla", []),
        ("", []),
        ("=?utf-8?Q?c=40example.org?=", []),
    ],
)
def test_addresses_are_found(written: str, found: list[tuple[str, str]]) -> None:
    assert mailboxes([written]) == found


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("text/plain; charset=utf-8; Format = Flowed", {"charset": "utf-8", "format": "Flowed"}),
        ('attachment; filename="a; b=c.txt"; size=3', {"filename": "a; b=c.txt", "size": "3"}),
        (r'attachment; filename="C:\logs\"new\".txt"', {"filename": r'C:\logs"new".txt'}),
        ("attachment; filename*=utf-8'de'%C3%BC.txt", {"filename": "ü.txt"}),
        ("attachment; filename*=''a%20b", {"filename": "a b"}),
        ("attachment; filename*=a%20b", {"filename": "a b"}),
        ("a; n*1*=%A9; n*0*=utf-8''%C3; n*2=x", {"n": "éx"}),
        ("a; n*1=b; n*0=a", {"n": "ab"}),
        ("a; n*=utf-8''right; n=wrong", {"n": "right"}),
        ("a; n*=x-none''%C3%A9", {"n": "é"}),
        ("a; n=1; n=2; =3; n*x=4; *=5; n*9999=6", {"n": "1"}),
        ("a", {}),
        ("", {}),
    ],
)
def test_parameters_are_found(written: str, found: dict[str, str]) -> None:
    assert parameters(written) == found


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("Tue, 3 Mar 2026 10:12:00 +0100 (CET)", datetime(2026, 3, 3, 9, 12, tzinfo=UTC)),
        ("3 Mar 26 10:12 GMT", datetime(2026, 3, 3, 10, 12, tzinfo=UTC)),
        ("Tue, 3 Mar 2026 10:12:00 -0000", datetime(2026, 3, 3, 10, 12, tzinfo=UTC)),
        ("Tue, 32 Mar 2026 10:12:00 +0100", None),
        ("Fri, 31 Dec 9999 23:59:59 -2359", None),
        ("soon", None),
    ],
)
def test_a_date_is_a_time_in_utc_or_none(written: str, at: datetime | None) -> None:
    assert date_of([written]) == at
    assert date_of([]) is None


@pytest.mark.parametrize(
    ("written", "content"),
    [
        (b"YWJj", b"abc"),
        (b"YW Jj\r\n", b"abc"),
        (b"Y*W!Jj\xff", b"abc"),
        (b"YWI", b"ab"),
        (b"YWJjZ", b"abc"),
        (b"YQ==\n-- \na list", b"a"),
        (b"", b""),
    ],
)
def test_base64_gives_what_it_can(written: bytes, content: bytes) -> None:
    assert unbased(written) == content
