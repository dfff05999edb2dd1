"""What a person may type: cleaned, limited, and refused with a sentence."""

import re
import unicodedata
from typing import Self

from pydantic import BaseModel, ConfigDict

from ticketing.domain.errors import BlankError, ForbiddenCharacterError, TooLongError

TITLE_LIMIT = 200
TEXT_LIMIT = 20_000
NAME_LIMIT = 80
EMAIL_LIMIT = 254
WHO_LIMIT = 400
TAG_LIMIT = 40
TAGS_LIMIT = 20
SEARCH_LIMIT = 200
QUERY_LIMIT = 500

# Letters and marks by Unicode's table that nobody can see: fillers of Hangul and Braille, the grapheme joiner, Khmer
# inherent vowels, variation selectors.
_INVISIBLE_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5\u180b\u180c\u180d\u180f")
_VARIATION_SELECTORS = frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
_INVISIBLE = _INVISIBLE_LETTERS | _VARIATION_SELECTORS
_INVISIBLE_CATEGORIES = {"Cc", "Cf", "Zs", "Zl", "Zp", "Cs", "Cn"}
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


class Stored(BaseModel):
    """A document of the store; fields that a newer version wrote survive a round trip."""

    model_config = ConfigDict(extra="allow", defer_build=True)

    def known(self) -> Self:
        """Return a copy without the fields that only a newer version knows."""
        copy = self.model_copy()
        copy.__pydantic_extra__ = {}
        return copy


class Typed(BaseModel):
    """Input from outside: an unknown field is refused, so that nothing can be slipped in."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


def complete_models() -> None:
    """Build now what checks and writes each kind of document and input; else it is built where it is first needed."""
    waiting: list[type[BaseModel]] = [Stored, Typed]
    while waiting:
        model = waiting.pop()
        model.model_rebuild()
        waiting += model.__subclasses__()


def is_blank(text: str) -> bool:
    """Whether nothing visible is in it: white space, format and filler characters do not count."""
    return all(unicodedata.category(char) in _INVISIBLE_CATEGORIES or char in _INVISIBLE for char in set(text))


def clean_text(field: str, text: str, limit: int = TEXT_LIMIT) -> str:
    """
    Return a required text of several lines with line ends unified and the ends trimmed.

    Raises TooLongError, ForbiddenCharacterError or BlankError, in this order, so that a huge text costs nothing.
    """
    if len(text) > limit * 2:
        raise TooLongError(field, len(text), limit)
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    if found := _FORBIDDEN.search(unified):
        raise ForbiddenCharacterError(field, found.start() + 1)
    if is_blank(unified):
        raise BlankError(field)
    trimmed = unified.strip()
    if len(trimmed) > limit:
        raise TooLongError(field, len(trimmed), limit)
    return trimmed


def clean_line(field: str, text: str, limit: int = TITLE_LIMIT) -> str:
    """Return a required text of one line: as `clean_text`, and each run of white space becomes one space."""
    return " ".join(clean_text(field, text, limit).split())


def printable(text: str) -> str:
    """Return the text with � in the place of each character that nobody may type; what was never typed here is kept."""
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)


def clean_name(field: str, text: str, limit: int = NAME_LIMIT) -> str:
    """Return a one-line name without format characters: nobody poses as somebody else by what cannot be seen."""
    line = clean_line(field, text, limit)
    visible = "".join(char for char in line if unicodedata.category(char) != "Cf" and char not in _INVISIBLE)
    return " ".join(visible.split())


def clean_tags(tags: list[str]) -> list[str]:
    """Return tags casefolded, each once, in order; blank ones are left out."""
    lines = [clean_name("Tag", tag.casefold(), TAG_LIMIT) for tag in tags if not is_blank(tag)]
    return list(dict.fromkeys(lines))
