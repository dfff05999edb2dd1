"""
The terms of a typed query: where each stands, before anybody asks what it means.

They are found in one pass, character by character, so that no text takes longer than its length.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ticketing.domain.errors import QueryError
from ticketing.domain.text import QUERY_LIMIT, printable

MOST_TERMS = 30
MOST_VALUES = 50

# What closes which quotation mark: phones and word processors type them in their own way.
_CLOSED_BY = {'"': '"', "“": "”", "„": "“”"}
_OPERATORS = (":>=", ":<=", ":>", ":<", ":", ">=", "<=", ">", "<")
QUOTE_IT = "Put it in quotation marks to look for it as it stands."


@dataclass(frozen=True, slots=True)
class Value:
    """One value as it is meant, without its quotation marks, and where it stands with them."""

    text: str
    start: int
    end: int
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """`field` and `comparison` are empty for words that are just looked for; a comparison is one of >, >=, <, <=."""

    start: int
    end: int
    negated: bool
    field: str
    comparison: str
    values: tuple[Value, ...]


@lru_cache(maxsize=256)
def terms_in(text: str) -> tuple[Term, ...]:
    """Return the terms in the order in which they stand, which rules ask for again and again; raises QueryError."""
    _require_readable(text)
    found: list[Term] = []
    at = _after_space(text, 0)
    while at < len(text):
        if len(found) == MOST_TERMS:
            raise QueryError(f"A query has at most {MOST_TERMS} terms", at, len(text), "Please leave some out.")
        found.append(_term(text, at))
        at = _after_space(text, found[-1].end)
    return tuple(found)


def spelled(value: str) -> str:
    """Return a value as it has to be typed to be meant, in quotation marks where it needs them."""
    is_plain = value and value[0] not in _CLOSED_BY and not any(char.isspace() or char == "," for char in value)
    return value if is_plain else quoted(value)


def quoted(value: str) -> str:
    """Return a value in quotation marks, between which no word means anything but itself."""
    return '"' + value.replace('"', '""') + '"'


def with_term(text: str, field: str, values: Sequence[str], spell: Callable[[str], str] = spelled) -> str:
    """
    Return the query with these values of the field in the place of those it asks for, and all else as it is typed.

    Without a value the field is asked for no more. What the query excludes it goes on to exclude. Raises QueryError.
    """
    former = [term for term in terms_in(text) if term.field == field and not term.negated]
    wanted = f"{field}:{','.join(map(spell, values))}" if values else ""
    at = former[0].start if former else len(text)
    pieces = [(term.start, term.end, "") for term in former[1:]]
    pieces.append((at, former[0].end if former else at, wanted))
    for start, end, put in sorted(pieces, reverse=True):
        text = " ".join(part for part in (text[:start].rstrip(), put, text[end:].lstrip()) if part)
    return text


def _require_readable(text: str) -> None:
    if len(text) > QUERY_LIMIT:
        problem = f"The query has {len(text):,} characters; at most {QUERY_LIMIT} fit"
        raise QueryError(problem, QUERY_LIMIT, len(text), "Please shorten it.")
    shown = printable(text)
    if shown != text:
        at = next(index for index, char in enumerate(text) if shown[index] != char)
        raise QueryError("The query holds an unprintable character", at, at + 1, "Please remove it.")


def _term(text: str, start: int) -> Term:
    negated = text[start] == "-" and _goes_on(text, start + 1)
    at = start + negated
    if text[at] in _CLOSED_BY:
        phrase = _quoted(text, at)
        return Term(start, phrase.end, negated, "", "", (phrase,))
    name_end = _end_of_name(text, at)
    operator = _operator(text, name_end) if name_end > at else ""
    if operator:
        values = _values(text, name_end + len(operator))
        field = text[at:name_end].casefold()
        return Term(start, values[-1].end, negated, field, operator.lstrip(":"), values)
    end = _end_of_word(text, at)
    return Term(start, end, negated, "", "", (Value(text[at:end], at, end),))


def _values(text: str, at: int) -> tuple[Value, ...]:
    found: list[Value] = []
    while True:
        if len(found) == MOST_VALUES:
            raise QueryError(f"A field takes at most {MOST_VALUES} values", at, at + 1, "Please leave some out.")
        found.append(_value(text, at))
        at = found[-1].end
        if at == len(text) or text[at] != ",":
            return tuple(found)
        at += 1


def _value(text: str, start: int) -> Value:
    if not _goes_on(text, start) or text[start] == ",":
        raise QueryError("A value is missing", start, start, f"Write one without a space before it. {QUOTE_IT}")
    if text[start] in _CLOSED_BY:
        return _quoted(text, start)
    end = _end_of_word(text, start, ",")
    return Value(text[start:end], start, end)


def _quoted(text: str, start: int) -> Value:
    """Read up to the mark that closes the one at *start*; two in a row stand for one that is meant."""
    closed_by = _CLOSED_BY[text[start]]
    meant: list[str] = []
    at = start + 1
    while at < len(text):
        if text[at] not in closed_by:
            meant.append(text[at])
            at += 1
        elif text[at + 1 : at + 2] == text[at] == '"':
            meant.append(text[at])
            at += 2
        else:
            return _phrase("".join(meant), start, at + 1)
    raise QueryError("A quotation mark is not closed", start, len(text), "Put another one after the last word.")


def _phrase(meant: str, start: int, end: int) -> Value:
    if not meant.strip():
        raise QueryError("There is nothing between the quotation marks", start, end, "Write something there.")
    return Value(meant, start, end, quoted=True)


def _operator(text: str, at: int) -> str:
    if text.startswith("://", at):  # an address of the web
        return ""
    return next((operator for operator in _OPERATORS if text.startswith(operator, at)), "")


def _end_of_name(text: str, at: int) -> int:
    if not (text[at].isascii() and text[at].isalpha()):
        return at
    while at < len(text) and text[at].isascii() and (text[at].isalnum() or text[at] in "._-"):
        at += 1
    return at


def _end_of_word(text: str, at: int, also: str = "") -> int:
    while _goes_on(text, at) and text[at] not in also:
        at += 1
    return at


def _after_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _goes_on(text: str, at: int) -> bool:
    return at < len(text) and not text[at].isspace()
