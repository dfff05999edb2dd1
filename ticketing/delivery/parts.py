"""The parts of a mail (MIME, RFC 2045 to 2049): what of it is text to be read, and what are files."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from mimetypes import MimeTypes
from typing import Final

from ticketing.delivery.charsets import decoded
from ticketing.delivery.header_values import headers_of, parameters, unbased, words
from ticketing.delivery.html_text import text_of
from ticketing.delivery.parsing import Mail, as_bytes, head_of, inner_parts
from ticketing.domain.attachments import clean_file_name
from ticketing.domain.incoming import Headers, IncomingFile
from ticketing.domain.text import is_blank

_PAGES: Final = 10  # that are read; more of them become files
_PAGE_LIMIT: Final = 500_000  # characters
# Of no use to who reads: signatures, and the version of what is sealed.
_SEALS: Final = frozenset({"pgp-signature", "pkcs7-signature", "x-pkcs7-signature", "pgp-encrypted"})
_UNNAMED: Final = {"text/calendar": "invitation.ics", "message/external-body": "reference.txt"}
_TYPES: Final = MimeTypes()  # without those of the machine
_CHARSET_OF_PAGE: Final = re.compile(rb"""charset=["']?([\w.:-]{1,40})""", re.IGNORECASE)
_WRAPPING: Final = "content-transfer-encoding"
_DISPOSITION: Final = "content-disposition"
_SIGNATURE: Final = "-- "


@dataclass
class Parts:
    """What was found: texts and files in their order, the groups of a mail system's report, and what that returns."""

    texts: list[str] = field(default_factory=list)
    files: list[IncomingFile] = field(default_factory=list)
    reports: list[Headers] = field(default_factory=list)
    returned: Headers = field(default_factory=dict)
    _pages: int = 0
    _is_told: bool = False  # what is read now is, in an alternative before it

    def add(self, part: Mail) -> None:
        """Take in a part, with those that are in it."""
        kind, inner = part.get_content_type(), inner_parts(part)
        if kind == "multipart/alternative":
            self._add_best(inner)
        elif kind == "message/delivery-status":
            self.reports += map(headers_of, inner)
        elif kind == "message/rfc822" and inner:
            self._add_mail(inner[0])
        elif inner:
            for one in inner:
                self.add(one)
        else:
            self._add_leaf(part, kind)

    def _add_best(self, alternatives: list[Mail]) -> None:
        """Take the text of the first alternative that has any, and the files of all."""
        texts, is_told = self.texts, self._is_told
        found: list[str] = []
        for alternative in alternatives:
            self.texts = []
            self.add(alternative)
            found = found or self.texts
            self._is_told = is_told or bool(found)
        self.texts, self._is_told = texts + found, is_told

    def _add_mail(self, mail: Mail) -> None:
        headers = headers_of(mail)
        self.returned = self.returned or headers
        subject = words(next(iter(headers.get("subject", ())), "")) or "message"
        self.files.append(IncomingFile(clean_file_name(f"{subject}.eml"), as_bytes(mail)))

    def _add_leaf(self, part: Mail, kind: str) -> None:
        headers = headers_of(part)
        content, typed, placed = _content(part, headers), _first(headers, "content-type"), _first(headers, _DISPOSITION)
        said = parameters(typed)
        name = parameters(placed).get("filename") or said.get("name") or ""
        is_file = name or placed.lower().startswith("attachment")
        if (kind == "text/plain" and not is_file) or kind.startswith("multipart/"):  # of which no boundary was found
            self._add_text(_plain_text(content, said))
        elif kind == "text/html" and not is_file and self._pages < _PAGES:
            self._add_page(content, said.get("charset", ""))
        elif kind == "text/rfc822-headers":
            self.returned = self.returned or headers_of(head_of(content))
        elif kind.partition("/")[2] not in _SEALS:
            self.files.append(IncomingFile(clean_file_name(name) if name else _name_by(kind), content))

    def _add_text(self, text: str) -> None:
        if not self._is_told and not is_blank(text.strip()):
            self.texts.append(text.strip("\n"))

    def _add_page(self, content: bytes, charset: str) -> None:
        """Read a page; of a huge one the beginning, and it becomes a file."""
        if self._is_told:
            return
        self._pages += 1
        named = _CHARSET_OF_PAGE.search(content[:1024])
        page = decoded(content, charset or (named[1].decode("ascii") if named else ""))
        self._add_text(text_of(page[:_PAGE_LIMIT]))
        if len(page) > _PAGE_LIMIT:
            self.files.append(IncomingFile("message.html", content))


def _content(part: Mail, headers: Headers) -> bytes:
    """Return the bytes of a part, whatever they were wrapped in for the way (RFC 2045, 6)."""
    is_base_64 = _first(headers, _WRAPPING).lower().startswith("base64")
    if is_base_64:
        del part[_WRAPPING]  # Python gives up on it where the end has been cut off
    content = part.get_payload(decode=True)
    content = content if isinstance(content, bytes) else b""
    return unbased(content) if is_base_64 else content


def _name_by(kind: str) -> str:
    """Return what a file without a name is called: image.png, application.pdf."""
    return _UNNAMED.get(kind) or clean_file_name(f"{kind.partition('/')[0]}{_TYPES.guess_extension(kind) or ''}")


def _plain_text(content: bytes, said: Mapping[str, str]) -> str:
    text = decoded(content, said.get("charset", "").partition(" ")[0])
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if said.get("format", "").lower() == "flowed":
        lines = list(_unflowed(lines, "" if said.get("delsp", "").lower() == "yes" else " "))
    return "\n".join(lines)


def _unflowed(lines: list[str], joint: str) -> Iterator[str]:
    """Put lines together that were cut for the way (RFC 3676, 4): all but the last of a paragraph end with a space."""
    pieces: list[str] = []
    depth = 0
    for line in lines:
        text = line.lstrip(">")
        quotes = len(line) - len(text)
        text = text.removeprefix(" ")
        if pieces and (quotes != depth or text == _SIGNATURE):
            yield _quoted("".join(pieces), depth)
            pieces = []
        depth = quotes
        if text.endswith(" ") and text != _SIGNATURE:
            pieces.append(text[:-1] + joint)
            continue
        yield _quoted("".join([*pieces, text]), depth)
        pieces = []
    if pieces:
        yield _quoted("".join(pieces), depth)


def _quoted(text: str, depth: int) -> str:
    return f"{'>' * depth} {text}" if depth else text


def _first(headers: Headers, name: str) -> str:
    return next(iter(headers.get(name, ())), "")
