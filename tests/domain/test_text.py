"""What a person may type, and what is made of it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ticketing.domain.errors import BlankError, ForbiddenCharacterError, InvalidInputError, TooLongError
from ticketing.domain.people import User
from ticketing.domain.queries import TicketQuery
from ticketing.domain.text import (
    TAG_LIMIT,
    Stored,
    Typed,
    clean_line,
    clean_name,
    clean_tags,
    clean_text,
    complete_models,
    is_blank,
    printable,
)
from ticketing.domain.tickets import Ticket

INVISIBLE = {
    "nothing": "",
    "spaces": "   ",
    "line ends and tabs": "\r\n\t\n",
    "no-break space": "\u00a0",
    "soft hyphen": "\u00ad",
    "combining grapheme joiner": "\u034f",
    "zero-width space": "\u200b",
    "zero-width joiner and non-joiner": "\u200d\u200c",
    "bidi marks": "\u200e\u200f\u202e\u2066",
    "word joiner": "\u2060",
    "byte order mark": "\ufeff",
    "line and paragraph separator": "\u2028\u2029",
    "Hangul fillers": "\u115f\u1160\u3164\uffa0",
    "Khmer inherent vowels": "\u17b4\u17b5",
    "Mongolian variation selectors": "\u180b\u180c\u180d\u180e\u180f",
    "empty Braille cell": "\u2800",
    "ideographic space": "\u3000",
    "variation selectors": "\ufe00\ufe0f\U000e0100\U000e01ef",
    "language tags": "\U000e0001\U000e0041",
}
FORBIDDEN = ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\x9f", "\ud800", "\udfff"]
LITERAL = {
    "markdown": "**bold** [link](javascript:alert(1)) ![x](http://x/y.png)",
    "html": "<script>alert(1)</script>",
    "latex": r"$\frac{1}{2}$ \href{x}{y}",
    "directive": ":red[text] :material/home: :smile:",
    "formula": '=HYPERLINK("http://evil")',
    "plus": "+1+1",
    "at": "@SUM(A1)",
    "bidi override": "invoice \u202egpj.exe",
    "quotes": "\"'`\\",
    "emoji": "👩‍💻 ok",
    "format": "{0} %s ${x}",
}


@pytest.mark.parametrize("text", INVISIBLE.values(), ids=INVISIBLE)
def test_v1_what_nobody_can_see_is_blank(text: str) -> None:
    assert is_blank(text)
    with pytest.raises(BlankError, match=r"Title is empty\. Please fill it in\."):
        clean_text("Title", text)


@pytest.mark.parametrize("text", ["a", ".", "\u200bx", "日本", "é", "👍", "❤\ufe0f", "-"])
def test_what_can_be_seen_is_not_blank(text: str) -> None:
    assert not is_blank(text)


@pytest.mark.parametrize("char", FORBIDDEN, ids=ascii)
def test_v1_unprintable_characters_are_refused_with_their_place(char: str) -> None:
    with pytest.raises(ForbiddenCharacterError, match="Title holds an unprintable character at position 3"):
        clean_text("Title", f"ab{char}c")


@pytest.mark.parametrize("text", LITERAL.values(), ids=LITERAL)
def test_everything_that_can_be_seen_is_kept_as_typed(text: str) -> None:
    assert clean_text("Reply", text) == text
    assert clean_line("Title", text) == text


def test_line_ends_are_unified_and_the_ends_trimmed() -> None:
    assert clean_text("Reply", "\n a\r\nb\rc\n\td \n") == "a\nb\nc\n\td"


def test_a_title_is_one_line() -> None:
    assert clean_line("Title", " No\r\n dial\t\ttone\u2028now ") == "No dial tone now"


@pytest.mark.parametrize("clean", [clean_text, clean_line, clean_name])
def test_v1_the_limit_counts_characters_after_trimming(clean: type[str]) -> None:
    assert clean("Title", " " + "ü" * 200 + " ", 200) == "ü" * 200  # type: ignore[call-overload]
    with pytest.raises(TooLongError, match="Title has 201 characters; at most 200 fit"):
        clean("Title", "ü" * 201, 200)  # type: ignore[call-overload]


def test_v1_a_huge_text_is_refused_by_its_length_whatever_it_holds() -> None:
    with pytest.raises(TooLongError, match=r"Reply has 1,000,000 characters; at most 20,000 fit\."):
        clean_text("Reply", "\x00" * 1_000_000)


@pytest.mark.parametrize(
    "typed", ["ro\u200bot", "\u202eroot", "root\u3164", "\u200b root", "root \u200b", "\ufeffroot\u2060"]
)
def test_a9_a_name_holds_nothing_invisible(typed: str) -> None:
    assert clean_name("Display name", typed) == "root"


def test_a_name_keeps_single_spaces_between_its_words() -> None:
    assert clean_name("Display name", " Carla \u200b  Colani ") == "Carla Colani"


def test_tags_are_casefolded_and_each_is_there_once() -> None:
    assert clean_tags(["VPN", "vpn ", "\u200b vpn", "", " ", "\u200b", "Home Office", "Straße"]) == [
        "vpn",
        "home office",
        "strasse",
    ]


def test_v1_a_tag_fits_its_limit_as_it_is_kept() -> None:
    assert clean_tags(["x" * TAG_LIMIT]) == ["x" * TAG_LIMIT]
    with pytest.raises(TooLongError, match="Tag has 41 characters; at most 40 fit"):
        clean_tags(["x" * (TAG_LIMIT + 1)])
    with pytest.raises(TooLongError):
        clean_tags(["ß" * TAG_LIMIT])


@given(st.text(st.characters(), max_size=300))
def test_v1_whatever_is_typed_is_refused_or_kept_clean(typed: str) -> None:
    try:
        text = clean_text("Text", typed, 100)
    except InvalidInputError:
        return

    assert clean_text("Text", text, 100) == text
    assert 1 <= len(text) <= 100
    assert "\r" not in text
    assert text == text.strip()
    assert not is_blank(text)
    assert text.encode()


@given(st.text(max_size=120))
def test_a_cleaned_name_is_not_cleaned_further(typed: str) -> None:
    try:
        name = clean_name("Display name", typed)
    except InvalidInputError:
        return

    assert clean_name("Display name", name) == name
    assert not any(unicodedata.category(char) in {"Cf", "Cc", "Cs"} for char in name)


def test_what_was_typed_elsewhere_is_made_printable_in_place() -> None:
    assert printable("a\x00b\ud800\nc\u202e") == "a\ufffdb\ufffd\nc\u202e"


def test_stored_documents_keep_fields_of_a_newer_version() -> None:
    class Note(Stored):
        id: str

    kept = Note.model_validate_json('{"id":"1","colour":"red"}')

    assert kept.model_dump_json() == '{"id":"1","colour":"red"}'


def test_z9_input_with_an_unknown_field_is_refused() -> None:
    class Input(Typed):
        title: str

    with pytest.raises(ValidationError):
        Input.model_validate({"title": "x", "role": "admin"})


def test_all_models_can_be_built_before_the_first_is_needed() -> None:
    complete_models()

    assert all(model.__pydantic_complete__ for model in (Ticket, User, TicketQuery))
