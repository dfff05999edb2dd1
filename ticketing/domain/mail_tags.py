"""
The tags of the desk's own mails, by which an answer finds its ticket.

A tag holds for one ticket, one recipient and one kind of message: whoever answers what told them of an internal note
writes a note. It is signed with the desk's key (HMAC, RFC 2104), so nobody makes one up, and it names nobody: whoever
reads it must say whose answer it would be.
"""

import base64
import hmac
import re
from collections.abc import Iterable
from typing import ClassVar, Final, NamedTuple, Self

from ticketing.domain.definitions import Definition
from ticketing.domain.tickets import MessageKind

# 80 of the 256 bits of a signature: enough for what is tried once a mail.
_LENGTH: Final = 16
_IN_SUBJECT: Final = re.compile(r"\[T-([1-9][0-9]{0,14})#([a-z2-7]{16})\]")
_IN_MESSAGE_ID: Final = re.compile(r"<t([1-9][0-9]{0,14})\.([a-z2-7]{16})\.[0-9a-f]{16}@[^<>@\s]{1,255}>")


class MailKey(Definition):
    """The desk's own secret, in hexadecimal digits, with which tags are signed; made when first needed."""

    kind: ClassVar[str] = "mail_key"
    is_settings: ClassVar[bool] = False
    is_inner: ClassVar[bool] = True

    secret: str


class Tag(NamedTuple):
    """What stands in a mail for a ticket: its number, and the signature that it says it has."""

    number: int
    signature: str

    @classmethod
    def of(cls, key: bytes, number: int, username: str, kind: MessageKind) -> Self:
        """Return the tag with which this person may answer by a message of this kind."""
        signed = "\0".join(("ticketing.mail", str(number), username, kind))
        digest = hmac.digest(key, signed.encode(), "sha256")
        return cls(number, base64.b32encode(digest)[:_LENGTH].decode().lower())

    def opens(self, key: bytes, username: str) -> MessageKind | None:
        """Return as what this person's answer is meant; None if the tag was not made for them."""
        for kind in MessageKind:
            if hmac.compare_digest(Tag.of(key, self.number, username, kind).signature, self.signature):
                return kind
        return None

    def in_subject(self) -> str:
        """Return it as it stands in a subject."""
        return f"[T-{self.number}#{self.signature}]"

    def in_message_id(self, notice: str, host: str) -> str:
        """Return the Message-ID (RFC 5322, 3.6.4) of a mail about a notice, given its id in hexadecimal digits."""
        return f"<t{self.number}.{self.signature}.{notice[:16]}@{host}>"


def without_tags(subject: str) -> str:
    """Return a subject without any tag, which is nobody's business but the recipient's."""
    return " ".join(_IN_SUBJECT.sub(" ", subject).split())


def tags_in(subject: str, references: Iterable[str] = ()) -> list[Tag]:
    """Return the tags in a subject, and in the Message-IDs to which a mail refers, each once."""
    found = _IN_SUBJECT.findall(subject) + [pair for one in references for pair in _IN_MESSAGE_ID.findall(one)]
    return list(dict.fromkeys(Tag(int(number), signature) for number, signature in found))
