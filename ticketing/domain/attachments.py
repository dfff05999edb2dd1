"""
Files that hang on messages: what they are called, of which kind they are, and how many there may be.

What a person calls a file is data, never a place: it is kept under the hash of its content, and found by a random id.
Nothing in a file is believed. It counts as a picture or a PDF only if its name and its first bytes agree on that, and
as nothing but bytes else: so no page, script or program is ever taken for one by a browser.
"""

import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime, timedelta
from operator import not_
from typing import Final, NamedTuple

from pydantic import Field
from pydantic_core import from_json

from ticketing.domain.text import Stored

MEGABYTE: Final = 1 << 20
GIGABYTE: Final = 1 << 30
FILES_PER_MESSAGE: Final = 10
BYTES_PER_TICKET: Final = 500 * MEGABYTE
BYTES_PER_DAY: Final = 250 * MEGABYTE  # of one person
UPLOAD_LIFETIME: Final = timedelta(days=1)
FILE_NAME_LIMIT: Final = 150
# The beginnings of addresses at which files can be kept in a bucket.
OBJECT_STORES: Final = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss"})
# As much of a file as tells of which kind it is.
HEAD: Final = 1024
# What tickets are found by: their attachments, those of notes for agents alone, and the hashes of all for the stores.
ATTACHED: Final = "attachment"
ATTACHED_TO_NOTE: Final = "note attachment"
CONTENT: Final = "content"

_ANYTHING: Final = "application/octet-stream"
_KINDS: Final = (
    (("png",), "image/png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    (("jpg", "jpeg"), "image/jpeg", re.compile(rb"\xff\xd8\xff")),
    (("gif",), "image/gif", re.compile(rb"GIF8[79]a")),
    (("webp",), "image/webp", re.compile(rb"RIFF.{4}WEBP", re.DOTALL)),
    (("pdf",), "application/pdf", re.compile(rb"%PDF-")),
    (("txt", "log", "csv"), "text/plain", re.compile(rb"[^\0]*\Z")),
)
_LONGEST_PATH: Final = 4096
_LONGEST_ENDING: Final = 16
_UNNAMED: Final = "file"
_SEPARATORS: Final = re.compile(r"[/\\]")
_NOT_IN_NAMES: Final = re.compile(r'[<>:"|?*]')
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Inside a text a quotation mark is escaped, so this stands in no document without attachments.
_MARK: Final = b'"attachments"'
# The same of a message of mail that is on record, whose original is kept whole.
_MAIL: Final = b'"raw_sha256"'


class Content(NamedTuple):
    """What is in a file: its hash, by which it is kept, and how many bytes it has."""

    sha256: str
    size: int


class Attachment(Stored):
    """A file of a message. `id` is 128 random bits; whoever knows it still sees only what their role may see."""

    id: str
    name: str
    size: int
    sha256: str
    media_type: str

    @property
    def is_image(self) -> bool:
        """Whether it can be shown as a picture."""
        return self.media_type.startswith("image/")


class Upload(Attachment):
    """
    A file that has come in, to be attached by whoever sent it within a day.

    It stays on record for the rest of that day, `taken` or not, as part of what they have sent in it. `place` is where
    its content was put, if that is elsewhere than the documents: it can be attached as long as files are kept there.
    """

    username: str
    expires_at: datetime
    taken: bool = False
    place: str = Field("", exclude_if=not_)

    def attachment(self) -> Attachment:
        """Return it as a part of a message."""
        return Attachment(id=self.id, name=self.name, size=self.size, sha256=self.sha256, media_type=self.media_type)


def clean_file_name(name: str) -> str:
    """
    Return what a file is called, without the folders it came from: NFC, at most 150 characters, with its ending.

    Control characters, those that turn the direction of a text, and what a file system gives a meaning are left out.
    """
    last = _SEPARATORS.split(name[-_LONGEST_PATH:])[-1]
    seen = "".join(char for char in last if unicodedata.category(char) not in _UNSEEN)
    composed = unicodedata.normalize("NFC", seen)  # now, since what stood between two marks is gone
    plain = " ".join(_NOT_IN_NAMES.sub("_", composed).split()).strip(" .")
    if len(plain) > FILE_NAME_LIMIT:
        ending = _ending(plain)[:_LONGEST_ENDING].strip()
        plain = f"{plain[: FILE_NAME_LIMIT - len(ending) - 1].rstrip(' .')}.{ending}"
    return plain or _UNNAMED


def media_type_of(name: str, head: bytes) -> str:
    """Return the kind of a file on which its name and its first bytes agree; else it is but bytes."""
    ending = _ending(name).lower()
    kinds = (kind for endings, kind, begins in _KINDS if ending in endings and begins.match(head[:HEAD]))
    return next(kinds, _ANYTHING)


def in_words(size: int) -> str:
    """Say how large a file is, or many are: 17 bytes, 340 KB, 1.2 MB, 3.4 GB."""
    if size < 1000:  # noqa: PLR2004 - from here on it is said in thousands
        return f"{size} bytes"
    if size < MEGABYTE:
        return f"{-(-size // 1024):,} KB"
    return f"{size / MEGABYTE:,.1f} MB" if size < GIGABYTE else f"{size / GIGABYTE:,.1f} GB"


def has_attachments(document: bytes) -> bool:
    """Whether a stored ticket has any."""
    return _MARK in document


def contents_of(document: bytes) -> Iterator[str]:
    """Yield the hashes of all that is attached in a stored ticket, or of the mail that a stored document is about."""
    if _MAIL in document and (sha256 := from_json(document).get("raw_sha256")):
        yield sha256
    if has_attachments(document):
        for message in from_json(document).get("messages") or ():
            yield from (attachment["sha256"] for attachment in message.get("attachments") or ())


def _ending(name: str) -> str:
    return name.rpartition(".")[2] if "." in name else ""
