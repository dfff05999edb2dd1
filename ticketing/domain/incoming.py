"""
Mails that come in: what is known of one, and what follows from its headers alone.

A desk that answers machines answers itself before long. So each mail is asked first whether a person wrote it; what is
done with one that no person wrote, the receiver decides.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from ticketing.domain.attachments import MEGABYTE
from ticketing.domain.errors import InvalidInputError
from ticketing.domain.mail_tags import tags_in
from ticketing.domain.people import clean_email
from ticketing.domain.text import printable

MAIL_LIMIT: Final = 25 * MEGABYTE
# A person writes less; two desks that answer each other write more, whatever their headers say.
MAILS_PER_SENDER: Final = 20
WITHIN: Final = timedelta(hours=1)
# With an address of the desk in it: who passes mail on marks it so, to know it if it comes back.
LOOP_HEADER: Final = "X-Loop"

# The values of each header, the topmost first, by its name in lower case.
Headers = Mapping[str, Sequence[str]]

_HOPS: Final = 100  # RFC 5321, 6.3: who counts that many or more has found a loop
_STATUS: Final = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])")  # RFC 3463, 2
_LISTED_BY_QMAIL: Final = re.compile(r"^<([^<>\s]{1,320})>:$", re.MULTILINE)
_WORDS_KEPT: Final = 300
_MESSAGE_ID: Final = re.compile(r"<[^<>\s]{1,998}>")
_MAIL_SYSTEMS: Final = frozenset({"mailer-daemon", "mail-daemon", "postmaster"})
_NO_REPLY: Final = re.compile(
    r"(?:^|[._+-])(?:(?:no|do[._-]?not)[._-]?reply|(?:bitte[._-]?)?nicht[._-]?antworten|ne[._-]?pas[._-]?repondre)"
    r"(?:$|[._+-])"
)
# Autoresponders that know no better header; RFC 3834 came late.
_ANSWERED_BY_MACHINE: Final = ("x-autoreply", "x-autorespond", "x-auto-reply", "x-autoresponder", "x-vacation")
# How subjects begin that Exchange and its kin write themselves; a person's answer to one begins with "Re:".
_ABSENT: Final = (
    "automatic reply:",
    "out of office:",
    "automatische antwort:",
    "abwesenheitsnotiz:",
    "réponse automatique",
)
_SENT_BY_LIST: Final = ("list-id", "list-post", "list-unsubscribe", "mailing-list")
_PRECEDENCE: Final = {"bulk": "bulk", "junk": "bulk", "list": "list", "auto_reply": "auto-reply"}


class Reason(StrEnum):
    """Why a mail is taken for one that no person wrote to the desk."""

    OWN = "own"  # the desk's own, come back
    LOOP = "loop"  # going round
    BOUNCE = "bounce"  # of a mail system, about a mail that did or didn't arrive
    AUTO_REPLY = "auto-reply"  # an answer of a machine: out of office, receipts
    GENERATED = "generated"  # written by a program
    BULK = "bulk"
    LIST = (
        "list"  # of a mailing list or a newsletter; or of a person who wrote to a group that passes it on to the desk
    )
    NO_REPLY = "no-reply"  # of an address at which nobody reads


class IncomingFile(NamedTuple):
    """A file of a mail, under a name that `clean_file_name` has seen."""

    name: str
    content: bytes


class Failure(NamedTuple):
    """
    Somebody whom a mail did not reach; the status is that of RFC 3463, "" if none is told.

    `says` are the words of the other server, if any; `is_delayed` that it goes on trying.
    """

    address: str
    status: str = ""
    says: str = ""
    is_delayed: bool = False

    @property
    def is_final(self) -> bool:
        """Whether the mail system has given up, and will at the next mail."""
        return self.status.startswith("5") and not self.is_delayed


class Bounce(NamedTuple):
    """What a mail system tells of a mail: its Message-ID, "" if untold, and whom it did not reach."""

    message_id: str
    failures: tuple[Failure, ...]


class DeskMail(NamedTuple):
    """
    What the desk knows of its own mail.

    Its addresses are casefolded; `host` is what its Message-IDs end in; `trusts` is the name (authserv-id, RFC 8601)
    of the mail server in front of it, which must remove that name from all mail that others send.
    """

    addresses: frozenset[str] = frozenset()
    host: str = ""
    trusts: str = ""


@dataclass(frozen=True, slots=True)
class Incoming:
    """
    A mail as it was read.

    `text` is what is new in it, at most as long as a message of a ticket may be; `whole_text` is all of it, with what
    it quotes. `references` are the Message-IDs that it answers, with their brackets. `authenticated` says whether the
    trusted mail server found that it is of its sender, None if that is not known. Of one that could not be read,
    `problem` says why in a sentence.
    """

    message_id: str = ""
    sender: str = ""
    sender_name: str = ""
    recipients: tuple[str, ...] = ()
    subject: str = ""
    text: str = ""
    whole_text: str = ""
    references: tuple[str, ...] = ()
    at: datetime | None = None
    files: tuple[IncomingFile, ...] = ()
    automatic: Reason | None = None
    bounce: Bounce | None = None
    authenticated: bool | None = None
    problem: str = ""
    size: int = 0


def why_automatic(headers: Headers, sender: str, desk: DeskMail) -> Reason | None:
    """Return why a mail is of no person, the strongest reason first; None if nothing says so."""
    return _goes_round(headers, sender, desk) or _of_a_system(headers, sender) or _of_a_program(headers, sender)


def floods(earlier: Iterable[datetime], now: datetime) -> bool:
    """Whether one more mail is too many from a sender whose earlier ones came in at these times."""
    return sum(now - at < WITHIN for at in earlier) >= MAILS_PER_SENDER


def bounce_of(headers: Headers, reports: Iterable[Headers], returned: Headers, text: str) -> Bounce:
    """
    Return what a mail system tells, given the groups of its report (RFC 3464, 2.3) and the headers of what it returned.

    Exim and qmail write to people instead: the one names whom it didn't reach in a header, the other in its text.
    """
    told = [failure for report in reports if (failure := _failure(report))]
    if not told:
        names = [name.strip() for value in headers.get("x-failed-recipients", ()) for name in value.split(",")]
        told = [Failure(name, _status_in(text)) for name in names or _LISTED_BY_QMAIL.findall(text)]
    known = [failure._replace(address=address) for failure in told if (address := address_of(failure.address))]
    return Bounce(next(iter(message_ids(returned, "message-id")), ""), tuple(dict.fromkeys(known)))


def message_ids(headers: Headers, *names: str) -> tuple[str, ...]:
    """Return the Message-IDs in these headers, each once, with their angle brackets."""
    found = [one for name in names for value in headers.get(name, ()) for one in _MESSAGE_ID.findall(value)]
    return tuple(dict.fromkeys(found))


def address_of(written: str) -> str:
    """Return an address casefolded; "" for what a person of the desk could not have as theirs."""
    try:
        return (clean_email(written) or "").casefold()
    except InvalidInputError:
        return ""


def _goes_round(headers: Headers, sender: str, desk: DeskMail) -> Reason | None:
    """Tell the desk's own mail, and what comes by a second time."""
    if sender in desk.addresses or any(_is_ours(one, desk) for one in message_ids(headers, "message-id")):
        return Reason.OWN
    marked = {address_of(value) for value in headers.get(LOOP_HEADER.lower(), ())} & desk.addresses
    return Reason.LOOP if marked or len(headers.get("received", ())) > _HOPS else None


def _of_a_system(headers: Headers, sender: str) -> Reason | None:
    """Tell what mail systems and answering machines send: RFC 3464, RFC 8098, RFC 3834, and what came before them."""
    kind = _word(headers, "content-type")
    report = _first(headers, "content-type").casefold() if kind == "multipart/report" else ""
    if "disposition-notification" in report:
        return Reason.AUTO_REPLY
    local_part = sender.partition("@")[0]
    if "delivery-status" in report or headers.get("x-failed-recipients") or local_part in _MAIL_SYSTEMS:
        return Reason.BOUNCE
    answered = any(name in headers for name in _ANSWERED_BY_MACHINE)
    absent = _first(headers, "subject").casefold().startswith(_ABSENT)
    if answered or absent or _word(headers, "auto-submitted") == "auto-replied":
        return Reason.AUTO_REPLY
    return Reason.GENERATED if report else None


def _of_a_program(headers: Headers, sender: str) -> Reason | None:
    """Tell what programs, lists and shops send."""
    if _word(headers, "auto-submitted") not in {"", "no"}:  # RFC 3834, 5; RFC 5436, 2.7.1: auto-notified
        return Reason.GENERATED
    if any(name in headers for name in _SENT_BY_LIST):  # RFC 2919, RFC 2369
        return Reason.LIST
    if precedence := _PRECEDENCE.get(_word(headers, "precedence")):  # RFC 2076, 3.9
        return Reason(precedence)
    suppressed = {word.strip().casefold() for word in _first(headers, "x-auto-response-suppress").split(",")}
    if suppressed & {"all", "oof", "autoreply"}:  # MS-OXCMAIL, 2.1.3.2.20
        return Reason.GENERATED
    if _first(headers, "return-path").strip() == "<>":  # RFC 5321, 4.5.5: whoever sends so wants no answer
        return Reason.GENERATED
    return Reason.NO_REPLY if _NO_REPLY.search(sender.partition("@")[0]) else None


def _is_ours(message_id: str, desk: DeskMail) -> bool:
    of_desk = desk.host and message_id.casefold().endswith(f"@{desk.host.casefold()}>")
    return bool(of_desk and tags_in("", [message_id]))


def _failure(report: Headers) -> Failure | None:
    """Read one group of a report; None for one about no recipient, and for a recipient whom the mail did reach."""
    recipient = _first(report, "final-recipient") or _first(report, "original-recipient")
    if not recipient or _word(report, "action") not in {"failed", "delayed"}:
        return None
    says = " ".join(printable(_first(report, "diagnostic-code").partition(";")[2]).split())[:_WORDS_KEPT]
    return Failure(
        recipient.rpartition(";")[2].strip().strip("<>"),
        _status_in(_first(report, "status")),
        says,
        is_delayed=_word(report, "action") == "delayed",
    )


def _status_in(text: str) -> str:
    found = _STATUS.search(text)
    return found.group() if found else ""


def _first(headers: Headers, name: str) -> str:
    return next(iter(headers.get(name, ())), "")


def _word(headers: Headers, name: str) -> str:
    """Return a header's value without its parameters and comments."""
    return re.split(r"[;(\s]", _first(headers, name).strip(), maxsplit=1)[0].casefold()
