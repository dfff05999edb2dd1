"""
What stands in the headers of a mail: words, addresses, parameters, dates.

The readers of Python's own `email.policy.default` take ten seconds for 20,000 quotation marks and fail on brackets that
nest; those here read each character once, and whatever it is. Encoded words are decoded last, so that nothing in them
is taken for an address or a parameter.
"""

import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Final
from urllib.parse import unquote_to_bytes

from ticketing.delivery.charsets import decoded
from ticketing.domain.incoming import Headers, address_of
from ticketing.domain.mail_syntax import Place, scanned

_HEADERS: Final = 1_000
_ENCODED_WORD: Final = re.compile(r"=\?([^?\s]{1,60})\?([BbQq])\?([^?]*)\?=")  # RFC 2047, 2; some leave blanks in
_NOT_BASE_64: Final = re.compile(rb"[^A-Za-z0-9+/]+")
_CONTINUED: Final = re.compile(r"([^*]+)(?:\*(\d{1,3}))?(\*?)")  # RFC 2231, 3 and 4
_KEPT_BLANK: Final = "\0"
_Scanned = list[tuple[str, Place]]
_IN_BRACKETS: Final = re.compile(r"<([^<>\s]{3,254})>")


def headers_of(message: "Message[str, str]") -> Headers:
    """Return the values of each of the first thousand headers by its name in lower case, unfolded, in their order."""
    headers: dict[str, list[str]] = {}
    for name, value in islice(message.raw_items(), _HEADERS):
        headers.setdefault(name.lower(), []).append(_unfolded(str(value)))
    return headers


def words(value: str) -> str:
    """Return the text of a header with its encoded words decoded (RFC 2047)."""
    return " ".join("".join(_decoded_words(value)).split())


def mailboxes(values: Iterable[str]) -> list[tuple[str, str]]:
    """Return the names and the addresses in headers (RFC 5322, 3.4), those that are none left out."""
    return [(words(name), address) for value in values for name, address in _mailboxes(value) if address]


def parameters(value: str) -> dict[str, str]:
    """Return what stands behind the first word of a header as `name=value` (RFC 2045, 5.1, and RFC 2231)."""
    found: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, content in map(_parameter, _split(value, ";")[1:]):
        if parts := _CONTINUED.fullmatch(name):
            base, number, extended = parts.groups()
            same = found.setdefault(base if number is None and not extended else f"{base}*", {})
            same.setdefault(int(number or 0), (content, bool(extended)))
    by_weight = sorted(found)  # of two of a name the extended one comes later, and counts
    return {name.rstrip("*"): _joined(found[name]) for name in by_weight}


def date_of(values: Iterable[str]) -> datetime | None:
    """Return the time in a Date header; None for nonsense."""
    try:
        at = parsedate_to_datetime(next(iter(values), "")[:100])
        return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def unbased(written: bytes) -> bytes:
    """Return what is in base64, however broken: up to its padding, without what has slipped in or was cut off."""
    try:
        return binascii.a2b_base64(written)
    except binascii.Error:  # cut off
        letters = _NOT_BASE_64.sub(b"", written.partition(b"=")[0])
        whole = len(letters) - (len(letters) % 4 == 1)
        return binascii.a2b_base64(letters[:whole] + b"==")


def _unfolded(value: str) -> str:
    """Return a header as one line, and bytes that should not stand in it as what they probably are."""
    return " ".join(decoded(value.encode("utf-8", "surrogateescape")).split())


def _decoded_words(value: str) -> Iterator[str]:
    """Yield what stands between encoded words, and what is in them; letters may be cut in two between two of them."""
    end = 0
    charset, content = "", b""
    for word in _ENCODED_WORD.finditer(value):
        between = value[end : word.start()]
        declared = word[1].partition("*")[0].lower()
        if content and (between.strip() or declared != charset):
            yield decoded(content, charset)
            content = b""
        if between.strip() or not end:
            yield between
        charset, content, end = declared, content + _bytes_of(word[2], word[3]), word.end()
    yield decoded(content, charset)
    yield value[end:]


def _bytes_of(encoding: str, text: str) -> bytes:
    written = text.encode("utf-8", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(written, header=True)
    return unbased(written)


def _mailboxes(value: str) -> list[tuple[str, str]]:
    found = [_mailbox(piece) for piece in _split(value, ",;")]
    if not any(address for _, address in found):  # a quotation mark that nobody closed
        found = [("", address_of(address)) for address in _IN_BRACKETS.findall(value)[:1]]
    return found


def _mailbox(piece: _Scanned) -> tuple[str, str]:
    """Return the name and the address of `Carla <carla@example.org>`, `carla@example.org (Carla)` and the like."""
    outside: list[str] = []
    comment: list[str] = []
    address: list[str] | None = None
    inside = False
    for char, place in piece:
        if place is Place.PLAIN and char in "<>":
            inside = char == "<"
            address = [] if inside else address
        elif inside and address is not None:
            address.append(char)
        else:
            (comment if place is Place.COMMENT else outside).append(char)
    if address is None:  # what may stand before a colon is the name of a group
        return "".join(comment).strip("() "), address_of("".join(outside).rpartition(":")[2])
    return "".join(outside).strip(" '"), address_of("".join(address))


def _parameter(piece: _Scanned) -> tuple[str, str]:
    kept = ((_KEPT_BLANK if (char, place) == (" ", Place.QUOTED) else char) for char, place in piece)
    name, _, content = "".join(kept).partition("=")
    return name.strip().lower(), content.strip().replace(_KEPT_BLANK, " ")


def _joined(pieces: Mapping[int, tuple[str, bool]]) -> str:
    """Put a parameter together (RFC 2231); without a number, and not extended, it may hold encoded words as well."""
    if [*pieces.values()] == [(plain := pieces[min(pieces)][0], False)]:
        return words(plain)
    charset, content = "", b""
    for number in sorted(pieces):
        text, extended = pieces[number]
        if extended and number == min(pieces) and text.count("'") > 1:
            charset, _, text = text.split("'", maxsplit=2)
        content += unquote_to_bytes(text) if extended else text.encode("utf-8", "replace")
    return words(decoded(content, charset))


def _split(value: str, separators: str) -> list[_Scanned]:
    """Cut a header where a separator stands for itself."""
    pieces: list[_Scanned] = [[]]
    for char, place in scanned(value):
        if place is Place.PLAIN and char in separators:
            pieces.append([])
        else:
            pieces[-1].append((char, place))
    return pieces
