"""
A mail as the desk understands it: who wrote what to whom, what hangs on it, and whether a person wrote it at all.

Whatever the bytes are, something comes out: of what cannot be read, a sentence that says why.
"""

import logging
import re
from dataclasses import replace
from typing import Final

from ticketing.delivery.header_values import date_of, headers_of, mailboxes, words
from ticketing.delivery.parsing import PARTS_LIMIT, Mail, TooIntricateError, head_of, parsed
from ticketing.delivery.parts import Parts
from ticketing.delivery.quotes import new_text
from ticketing.domain.attachments import MEGABYTE
from ticketing.domain.errors import BlankError
from ticketing.domain.incoming import (
    MAIL_LIMIT,
    DeskMail,
    Headers,
    Incoming,
    IncomingFile,
    Reason,
    bounce_of,
    message_ids,
    why_automatic,
)
from ticketing.domain.mail_authentication import is_authenticated
from ticketing.domain.text import NAME_LIMIT, TEXT_LIMIT, clean_name, printable

UNREADABLE: Final = "It could not be read."
GOES_ON: Final = "[This goes on. All of it is in the file message.txt.]"

_log = logging.getLogger(__name__)
_NOBODY: Final = DeskMail()
_MESSAGE_ID_LIMIT: Final = 998
_SUBJECT_LIMIT: Final = 2_000  # of which a ticket takes less; a tag may stand at its end
_READ_LIMIT: Final = 10 * TEXT_LIMIT
_ANSWER: Final = re.compile(r"(?:re|aw|antw|réf?|sv|vs|rif|res|odp)\s?(?:\[\d+\])?\s?:", re.IGNORECASE)
_FORWARD: Final = re.compile(r"(?:fwd?|wg|tr|rv|i|doorst)\s?:", re.IGNORECASE)


def read_mail(raw: bytes, desk: DeskMail = _NOBODY) -> Incoming:
    """Return what is known of a mail, given what the desk knows of its own; never raises."""
    try:
        if len(raw) > MAIL_LIMIT:
            return _unread(raw, desk, f"It is larger than {MAIL_LIMIT // MEGABYTE} MB.")
        return _read(parsed(raw), desk, len(raw))
    except TooIntricateError:
        return _unread(raw, desk, f"It has more than {PARTS_LIMIT} parts, or too many lines in them.")
    except Exception:  # noqa: BLE001 - one mail must not keep the next from being read
        _log.exception("A mail of %d bytes could not be read", len(raw))
        return Incoming(problem=UNREADABLE, size=len(raw))


def _read(mail: Mail, desk: DeskMail, size: int) -> Incoming:
    headers, parts = headers_of(mail), Parts()
    parts.add(mail)
    known = _known_by(headers, desk, size)
    whole = printable("\n\n".join(parts.texts))
    text, is_all = _new_in(whole, known)
    rest = () if is_all else (IncomingFile("message.txt", whole.encode()),)
    is_bounce = known.automatic is Reason.BOUNCE
    return replace(
        known,
        text=text,
        whole_text=whole,
        files=(*parts.files, *rest),
        bounce=bounce_of(headers, parts.reports, parts.returned, whole) if is_bounce else None,
        problem=_problem(headers, known),
    )


def _unread(raw: bytes, desk: DeskMail, problem: str) -> Incoming:
    """Return what the head of a mail tells of it that is not read."""
    return replace(_known_by(headers_of(head_of(raw)), desk, len(raw)), problem=problem)


def _known_by(headers: Headers, desk: DeskMail, size: int) -> Incoming:
    """Return what the headers alone tell."""
    senders = mailboxes(headers.get("from") or headers.get("sender", ()))
    name, sender = senders[0] if senders else ("", "")
    subject = printable(words(next(iter(headers.get("subject", ())), "")))[:_SUBJECT_LIMIT]
    recipients = (address for _, address in mailboxes([*headers.get("to", ()), *headers.get("cc", ())]))
    is_of_one = len(senders) == len(headers.get("from", ())) == 1  # who else could be meant (RFC 7489, 6.6.1)
    return Incoming(
        message_id=next(iter(headers.get("message-id", ())), "")[:_MESSAGE_ID_LIMIT],
        sender=sender,
        sender_name=_name(name),
        recipients=tuple(dict.fromkeys(recipients)),
        subject=subject,
        references=message_ids(headers, "in-reply-to", "references"),
        at=date_of(headers.get("date", ())),
        automatic=why_automatic({**headers, "subject": [subject]}, sender, desk),
        authenticated=is_authenticated(headers, sender, desk.trusts) if is_of_one else None,
        size=size,
    )


def _name(written: str) -> str:
    """Return what a sender is called, as far as a person of the desk could be called so."""
    try:
        return clean_name("Name", printable(written)[:NAME_LIMIT])
    except BlankError:
        return ""


def _problem(headers: Headers, known: Incoming) -> str:
    if not headers:
        return "It has no headers, so it is no mail."
    return "" if known.sender or known.automatic else "It does not say who sent it."


def _new_in(whole: str, known: Incoming) -> tuple[str, bool]:
    """Return what is new as far as a message may be long, and whether that is all of it."""
    answers = _ANSWER.match(known.subject) or (known.references and not _FORWARD.match(known.subject))
    text = new_text(whole[:_READ_LIMIT], answers=bool(answers))
    if len(whole) <= _READ_LIMIT and len(text) <= TEXT_LIMIT:
        return text, True
    return f"{text[: TEXT_LIMIT - len(GOES_ON) - 2].rstrip()}\n\n{GOES_ON}", False
