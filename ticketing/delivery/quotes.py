"""
What is new in the text of a mail: without what it answers, and without a signature. In doubt, text stays.

No pattern runs over more than one line, and over none that is longer than people write, so that nobody can write a mail
that takes minutes to read.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from enum import Enum, auto
from itertools import pairwise
from typing import Final

from ticketing.domain.text import is_blank

_LONGEST: Final = 400
_LINES_OF_INTRODUCTION: Final = 4
_LINES_OF_HEAD: Final = 8
_LINES_OF_SIGNATURE: Final = 15

_QUOTED: Final = re.compile(r"\s{0,3}>")
_TIME: Final = re.compile(r"\d{1,2}[:.h]\d{2}")
_BEGINNINGS: Final = ("On ", "Am ", "Le ")
_VERBS: Final = (" wrote", " schrieb", " geschrieben", " a écrit", " escribió", " ha scritto", " schreef", " escreveu")
_SEPARATOR: Final = re.compile(
    r"-{2,} ?(?:original message|ursprüngliche nachricht|original-?nachricht|message d.origine) ?-{2,}",
    re.IGNORECASE,
)
_FORWARDED: Final = re.compile(
    r"-{2,} ?(?:forwarded message|weitergeleitete nachricht|message transféré|message transmis)\b.*"
    r"|(?:begin forwarded message|anfang der weitergeleiteten nachricht|début du message (?:transféré|réexpédié)) ?:",
    re.IGNORECASE,
)
_FROM: Final = re.compile(r"\*?(?:from|von|de) ?:\*? .+", re.IGNORECASE)
_SENT: Final = re.compile(r"\*?(?:sent|date|gesendet|datum|envoyé) ?:\*? .+", re.IGNORECASE)
_SUBJECT: Final = re.compile(r"\*?(?:subject|betreff|objet) ?:\*? .+", re.IGNORECASE)
_RULE: Final = re.compile(r"[_-]{5,}")
_SENT_WITH: Final = re.compile(
    r"(?:sent (?:from|with|via) (?:my|outlook|mail for|proton|yahoo|samsung|gmail|k-9)\b.{0,100}"
    r"|get outlook for .{1,60}"
    r"|von mein(?:em|er) .{1,60} gesendet\.?"
    r"|diese nachricht wurde von mein(?:em|er) .{1,60} gesendet\.?"
    r"|gesendet (?:von|mit|über) (?:meine[mr]|outlook|mail für|proton|yahoo|samsung|gmail|k-9|der)\b.{0,100}"
    r"|outlook für .{1,40} (?:beziehen|herunterladen)\b.{0,60}"
    r"|envoyé (?:de|depuis|avec|à partir de) (?:mon|ma|outlook|proton|yahoo|samsung|gmail|k-9|la messagerie)\b.{0,100}"
    r"|(?:obtenez|télécharge[zr]) outlook pour .{1,60})",
    re.IGNORECASE,
)
_SIGNED_BEGINS: Final = "-----BEGIN PGP SIGNED MESSAGE-----"
_SIGNED_ENDS: Final = "-----BEGIN PGP SIGNATURE-----"
_SIGNATURE_ENDS: Final = "-----END PGP SIGNATURE-----"


class _Kind(Enum):
    OWN = auto()
    BLANK = auto()
    QUOTE = auto()
    INTRODUCTION = auto()


def new_text(text: str, *, answers: bool) -> str:
    """Return what somebody wrote; only an answer quotes. Where nothing would be left, all stays."""
    lines = _without_armour([line.rstrip() for line in text.split("\n")])
    kept = _without_signature(_without_quotes(lines) if answers else lines)
    new = "\n".join(kept).strip()
    return text.strip() if is_blank(new) else new


def _without_quotes(lines: Sequence[str]) -> list[str]:
    """
    Leave out what a mail quotes.

    Who answers point by point has quotes between their own lines: these stay, since the answers mean nothing without.
    """
    plain = [_plain(line) for line in lines]
    kinds = list(_kinds(plain))
    own = [index for index, kind in enumerate(kinds) if kind is _Kind.OWN]
    if not own:
        return []
    last = own[-1]
    between = [(start + 1, end) for start, end in pairwise([-1, *own]) if _Kind.QUOTE in kinds[start + 1 : end]]
    dropped = {index for index in range(last) if kinds[index] is _Kind.INTRODUCTION}
    if len(between) == 1 and not dropped.isdisjoint(range(*between[0])):
        start, end = between[0]
        dropped.update(range(start, end if kinds[end - 1] is _Kind.QUOTE else end - 1))
    return [lines[index] for index in range(last + 1) if index not in dropped]


def _kinds(plain: Sequence[str]) -> Iterator[_Kind]:
    """Tell what each line is: behind the head of a message all is quoted; of one that is forwarded nothing is."""
    index = 0
    while index < len(plain):
        length = _length_of_introduction(plain, index)
        if _FORWARDED.fullmatch(plain[index]):
            yield from (_Kind.OWN for _ in plain[index:])
            return
        if _has_head(plain, index) or (length and not _is_quoted(plain, index + length)):
            yield from (_Kind.INTRODUCTION for _ in plain[index:])
            return
        if length:
            yield from (_Kind.INTRODUCTION for _ in range(length))
        elif _QUOTED.match(plain[index]):
            yield _Kind.QUOTE
        else:
            yield _Kind.OWN if plain[index] else _Kind.BLANK
        index += length or 1


def _length_of_introduction(plain: Sequence[str], index: int) -> int:
    """
    Return over how many lines it is said who wrote what follows, as in "On 3 March at 9:12, Ada wrote:"; 0 if it isn't.

    A quote that is not marked line by line follows only what says when or with which address.
    """
    may_go_on = plain[index].startswith(_BEGINNINGS)
    for length in range(1, _LINES_OF_INTRODUCTION + 1 if may_go_on else 2):
        lines = plain[index : index + length]
        if not lines[-1] or _QUOTED.match(lines[-1]):
            return 0
        said = " ".join(lines)
        if not said.endswith(":") or len(said) > _LONGEST:
            continue
        wrote = any(verb in said for verb in _VERBS)
        exact = may_go_on and wrote and any(map(str.isdigit, said)) and ("@" in said or _TIME.search(said))
        return length if exact or ((wrote or "@" in said) and _is_quoted(plain, index + length)) else 0
    return 0


def _is_quoted(plain: Sequence[str], index: int) -> bool:
    """Whether the next line that is not blank is marked as quoted; where nothing follows, all the same."""
    following = next((line for line in plain[index : index + _LINES_OF_HEAD] if line), ">")
    return bool(_QUOTED.match(following))


def _has_head(plain: Sequence[str], index: int) -> bool:
    """Whether a message begins here as Outlook quotes them: perhaps a line across; From, Sent, To, Subject."""
    line = plain[index]
    if _SEPARATOR.fullmatch(line):
        return True
    if _RULE.fullmatch(line):
        following = next((at for at in range(index + 1, min(index + _LINES_OF_HEAD, len(plain))) if plain[at]), index)
        return following > index and bool(_FROM.fullmatch(plain[following])) and _has_head(plain, following)
    if not _FROM.fullmatch(line):
        return False
    others = plain[index + 1 : index + _LINES_OF_HEAD]
    return any(map(_SENT.fullmatch, others)) and any(map(_SUBJECT.fullmatch, others))


def _without_signature(lines: list[str]) -> list[str]:
    """Leave out what follows the last "-- " (RFC 3676, 4.3) if it is short, and how programs praise themselves."""
    marks = [index for index, line in enumerate(lines) if line == "--"]
    if marks and len([line for line in lines[marks[-1] :] if line]) <= _LINES_OF_SIGNATURE:
        lines = lines[: marks[-1]]
    end = len(lines)
    while end and (not lines[end - 1] or _SENT_WITH.fullmatch(_plain(lines[end - 1]))):
        end -= 1
    return lines[:end]


def _without_armour(lines: list[str]) -> list[str]:
    """Leave out what PGP writes around a signed text (RFC 9580, 7)."""
    if _SIGNED_BEGINS not in lines or _SIGNED_ENDS not in lines:
        return lines
    begin, end = lines.index(_SIGNED_BEGINS), lines.index(_SIGNED_ENDS)
    head = next((index for index in range(begin, end) if not lines[index]), begin)
    signed = [line.removeprefix("- ") for line in lines[head + 1 : end]]
    after = next((index + 1 for index in range(end, len(lines)) if lines[index] == _SIGNATURE_ENDS), len(lines))
    return lines[:begin] + signed + lines[after:] if begin < end else lines


def _plain(line: str) -> str:
    """Return a line as it is compared: composed, with plain spaces, and no longer than people write."""
    return " ".join(unicodedata.normalize("NFC", line[:_LONGEST]).split())
