"""Bytes as text, whatever is said of them."""

import pytest

from ticketing.delivery.charsets import decoded


@pytest.mark.parametrize(
    ("text", "written_in", "declared"),
    [
        ("größer", "utf-8", ""),
        ("größer", "utf-8", "us-ascii"),
        ("größer", "utf-8", "ISO-8859-1"),
        ("größer", "utf-8", "x-unknown"),
        ("größer", "utf-8", "UTF-8"),
        ("größer", "utf-8-sig", "utf-8"),
        ("größer", "latin-1", ""),
        ("größer", "latin-1", "utf-8"),
        ("größer", "latin-1", "punycode"),
        ("größer", "latin-1", "idna"),
        ("„50 €“ so…", "cp1252", "iso-8859-1"),
        ("„50 €“ so…", "cp1252", "us-ascii"),
        ("ağaç, şef", "cp1254", "iso-8859-9"),
        ("ภาษาไทย…", "cp874", "tis-620"),
        ("Ελληνικά", "iso8859-7", "iso-8859-7"),
        ("שלום", "iso8859-8", "iso-8859-8-i"),
        ("нет", "koi8-r", "KOI8-R"),
        ("нет", "cp1251", "x-cp1251"),
        ("нет", "cp866", "cp866"),
        ("①電話", "cp932", "windows-31j"),
        ("電話", "iso2022_jp", ""),
        ("電話", "euc_jp", "x-euc-jp"),
        ("똠방", "cp949", "euc-kr"),
        ("镕基", "gb18030", "gb_2312-80"),
        ("電話", "big5", "Big5"),
        ("電話 é", "utf-16", "utf-16"),
        ("電話 é", "utf-16-be", "utf-16be"),
        ("plain", "ascii", "utf-16"),
        ("plain", "ascii", "utf-32"),
        ("+ADw-b+AD4-", "ascii", "utf-7"),
        ("+ADw-b+AD4-", "ascii", "cp65000"),
        ("cynva", "ascii", "rot13"),
        ("706c61696e", "ascii", "hex"),
        ("plain", "ascii", "../../etc/passwd"),
        ("plain", "ascii", "a" * 1000),
        ("plain", "ascii", "\0"),
        ("plain", "ascii", "ä"),
    ],
)
def test_what_was_written_is_read(text: str, written_in: str, declared: str) -> None:
    assert decoded(text.encode(written_in), declared) == text


@pytest.mark.parametrize(
    ("content", "declared", "text"),
    [
        ("größer größer".encode() + b"\xc3", "utf-8", "größer größer\ufffd"),
        (b"\x81\x8d", "", "\ufffd\ufffd"),
        (b"\xff\xff", "euc-kr", "\ufffd\ufffd"),
        (b"\x1b$B\xff", "iso-2022-jp", "\ufffd"),
        (b"a\0b\0c", "utf-16", "ab\ufffd"),
    ],
)
def test_what_makes_no_sense_is_marked(content: bytes, declared: str, text: str) -> None:
    assert decoded(content, declared) == text
