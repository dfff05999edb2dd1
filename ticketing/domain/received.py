"""
Mail that came in: what becomes of a message, by one table of rules, and what is kept on record of it.

A message says by whom it is, and anybody can say that. So it counts as an answer only with a tag (`mail_tags`) that was
made for somebody at that ticket, and as an agent's only with one that was made for that agent, from the address that
they have confirmed. Whatever answers what told of an internal note is one, or nothing.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Final, NamedTuple, Self

from ticketing.domain import policy
from ticketing.domain.attachments import BYTES_PER_DAY, BYTES_PER_TICKET, FILES_PER_MESSAGE, in_words
from ticketing.domain.definitions import Definition
from ticketing.domain.incoming import Incoming, Reason
from ticketing.domain.mail_tags import without_tags
from ticketing.domain.people import RESERVED_USERNAMES, Actor
from ticketing.domain.policy import Action, Relation
from ticketing.domain.queries import LedgerQuery
from ticketing.domain.sign_in import fingerprint
from ticketing.domain.statuses import Status
from ticketing.domain.text import NAME_LIMIT, TEXT_LIMIT, TITLE_LIMIT, Stored, is_blank, printable
from ticketing.domain.tickets import MessageKind, Ticket

RECEIVED_LIFETIME: Final = timedelta(days=30)
# What a ticket says that came without a subject or without words.
NO_SUBJECT: Final = "(no subject)"
NO_TEXT: Final = "(no text)"
_SUBJECT_LIMIT: Final = 500
_CUT: Final = "… (the rest is in the original mail, which admins have)"
_REPLY_PREFIX: Final = re.compile(r"^(?:(?:re|aw|sv|antw|rv|ref|fw|fwd|wg|tr)\s*(?:\[\d+\])?\s*:\s*)+", re.IGNORECASE)
_NOT_IN_USERNAME: Final = re.compile(r"[^a-z0-9._-]+")
_SHORTEST_NAME: Final = 3
_LONGEST_NAME: Final = 32


class Fate(StrEnum):
    """What became of a message."""

    TICKET = "ticket"
    FOLLOW_UP = "follow_up"
    REPLY = "reply"
    NOTE = "note"
    IGNORED = "ignored"
    FAILED = "failed"

    @property
    def is_in(self) -> bool:
        """Whether the message is in a ticket."""
        return self not in {Fate.IGNORED, Fate.FAILED}


class UnknownSenders(StrEnum):
    """From whom the desk takes mail that answers nothing: anybody, those with an account, or nobody."""

    OPEN = "open"
    REGISTERED = "registered"
    CLOSED = "closed"


class Received(Stored):
    """
    What is on record of one message. `id` is a hash of its Message-ID, or of all of it if it has none.

    `why` is a sentence where it is not in a ticket, and where somebody to whom it went does not watch that ticket.
    `raw_sha256` is the hash under which the original is kept, "" of one whose sender was made anonymous.
    """

    id: str
    at: datetime
    sender: str = ""
    subject: str = ""
    fate: Fate
    why: str = ""
    ticket: int = 0
    raw_sha256: str
    size: int
    expires_at: datetime

    def without_sender(self) -> Self:
        """Return that it came, and nothing of what or from whom: the original is then kept for nobody."""
        return self.model_copy(update={"sender": "", "subject": "", "why": "", "raw_sha256": "", "size": 0})


class MailFetch(Definition):
    """When the mailbox was last looked into, by whichever process, and in `failure` why it cannot be now."""

    kind: ClassVar[str] = "mail_fetch"
    is_settings: ClassVar[bool] = False

    fetched_at: datetime | None = None
    failure: str = ""


class ReceivedQuery(LedgerQuery):
    """Which of the record to list, the newest first; an empty set does not restrict."""

    fates: frozenset[Fate] = frozenset()


class Verdict(NamedTuple):
    """What is to become of a message, and why if it is to be in no ticket, or what else there is to say of it."""

    fate: Fate
    why: str = ""


@dataclass(frozen=True, slots=True)
class Admission:
    """
    Whose mail the desk takes.

    `allowed` and `denied` are addresses and domains, which stand for what is below them as well. Where some are allowed
    all others are not; who is denied never is. `own` are the addresses of the desk itself, if it knows them.
    """

    unknown: UnknownSenders = UnknownSenders.REGISTERED
    allowed: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    own: frozenset[str] = frozenset()

    def lets_in(self, sender: str) -> bool:
        """Whether mail from this address is taken at all."""
        return not _is_among(sender, self.denied) and (not self.allowed or _is_among(sender, self.allowed))


@dataclass(frozen=True, slots=True)
class Answered:
    """
    The ticket that a message answers, as its genuine tags say.

    `kind` is what those told of that it answers: a note if any of them did. `is_own`: one was made for the sender.
    """

    ticket: Ticket
    kind: MessageKind
    is_own: bool


@dataclass(frozen=True, slots=True)
class Known:
    """
    What the desk knows of a message beside what is in it: whose address it came from, and what it answers.

    `is_confirmed`: the sender has shown that the address is theirs.
    """

    sender: Actor | None = None
    is_active: bool = True
    answered: Answered | None = None
    is_confirmed: bool = False


def decide(mail: Incoming, known: Known, admission: Admission, *, looked_at: bool = False) -> Verdict:
    """
    Decide what is to become of a message, by the first rule that has an answer.

    *looked_at*: an admin has read it and wants it in the desk, so that it may have been sent by a machine.
    """
    return (
        _if_unreadable(mail)
        or (None if looked_at else _if_automatic(mail))
        or _if_unwelcome(mail, known, admission)
        or _if_answer(mail, known)
        or _if_new(known, admission)
    )


def _if_unreadable(mail: Incoming) -> Verdict | None:
    if mail.problem:
        return Verdict(Fate.FAILED, mail.problem)
    return None if mail.sender else Verdict(Fate.FAILED, "It does not say from which address it comes.")


def _if_automatic(mail: Incoming) -> Verdict | None:
    return Verdict(Fate.IGNORED, _SENT_BY_MACHINE[mail.automatic]) if mail.automatic else None


def _if_unwelcome(mail: Incoming, known: Known, admission: Admission) -> Verdict | None:
    if not admission.lets_in(mail.sender):
        return Verdict(Fate.IGNORED, "The lists of allowed and denied senders keep this address out.")
    if known.sender and not known.is_active:
        return Verdict(Fate.IGNORED, f"The account of {known.sender.username} is deactivated.")
    return None


def _if_answer(mail: Incoming, known: Known) -> Verdict | None:
    """Decide about what answers a ticket of the sender's; what answers somebody else's alone is none."""
    answered, sender = known.answered, known.sender
    if answered is None:
        return None
    is_agent = sender is not None and policy.may(sender, Action.WRITE_NOTE, answered.ticket)
    if answered.kind is MessageKind.NOTE and not (is_agent and answered.is_own):
        return Verdict(Fate.IGNORED, "It answers an internal note that was not sent to this address.")
    if sender is None or not policy.may(sender, Action.REPLY, answered.ticket) or (is_agent and not answered.is_own):
        return None
    if is_agent and (doubt := _doubt_about_agent(mail, known)):
        return doubt
    if answered.kind is MessageKind.NOTE:
        return Verdict(Fate.NOTE)
    is_theirs = policy.relation_to_ticket(sender, answered.ticket) is not Relation.FOREIGN
    goes_on = is_theirs and answered.ticket.status is Status.CLOSED
    return Verdict(Fate.FOLLOW_UP if goes_on else Fate.REPLY)


def _doubt_about_agent(mail: Incoming, known: Known) -> Verdict | None:
    """Return why it cannot be an agent's, although it has a tag that was made for them."""
    if not known.is_confirmed:
        return NOT_CONFIRMED
    if mail.authenticated is False:
        return Verdict(Fate.IGNORED, "It bears an agent's address, and the checks of its sender have failed.")
    return None


def _if_new(known: Known, admission: Admission) -> Verdict:
    if admission.unknown is UnknownSenders.CLOSED:
        return Verdict(Fate.IGNORED, "It answers nothing that this address was sent, and new mail is not taken.")
    if known.sender is None and admission.unknown is UnknownSenders.REGISTERED:
        return Verdict(Fate.IGNORED, "No account has this address as its own, and mail of strangers is not taken.")
    return Verdict(Fate.TICKET)


def may_bring_others(mail: Incoming, known: Known, fate: Fate) -> bool:
    """
    Whether those to whom a message went besides watch its ticket from now on.

    That takes a sender with an account, whose checks have not failed. Of a new ticket the others have the text, since
    its sender sent it to them. Of one that stands already they would see the whole conversation: so only an agent or
    its requester brings them there, by a tag of their own.
    """
    sender, answered = known.sender, known.answered
    if sender is None or mail.authenticated is False:
        return False
    if fate is not Fate.REPLY or answered is None:
        return fate in {Fate.TICKET, Fate.FOLLOW_UP}
    is_agent = policy.may(sender, Action.CHANGE_WATCHERS, answered.ticket)
    is_requester = policy.relation_to_ticket(sender, answered.ticket) is Relation.OWN
    return answered.is_own and (is_agent or is_requester)


def not_watching(addresses: Sequence[str]) -> str:
    """Say which of those to whom a message went do not watch its ticket; "" if all do."""
    named = _shortened(list(addresses))
    return f"It went to others as well who do not watch the ticket: {', '.join(named)}." if named else ""


NOT_CONFIRMED: Final = Verdict(
    Fate.IGNORED, "It is an agent's, whose address has to be confirmed before they can answer by mail."
)
_SENT_BY_MACHINE: Final = {
    Reason.AUTO_REPLY: "It is an automatic answer.",
    Reason.BOUNCE: "It says that a mail could not be delivered.",
    Reason.BULK: "It was sent to many at once.",
    Reason.LIST: "It came by a mailing list.",
    Reason.OWN: "The desk has sent it itself.",
    Reason.LOOP: "It goes round in a loop.",
    Reason.GENERATED: "A program has written it.",
    Reason.NO_REPLY: "It comes from an address at which nobody reads answers.",
}


def received_id(mail: Incoming, raw_sha256: str) -> str:
    """Return under which id a message is on record, whichever way and however often it comes in."""
    return fingerprint("received", mail.message_id or raw_sha256)


def title_of(mail: Incoming, otherwise: str = NO_SUBJECT) -> str:
    """Return a title for a new ticket: the subject without tags and without what mail programs put before it."""
    subject = _REPLY_PREFIX.sub("", without_tags(printable(mail.subject))).strip()
    return otherwise if is_blank(subject) else _cut(subject, TITLE_LIMIT, "…")


def subject_shown(mail: Incoming) -> str:
    """Return the subject as it is put on record."""
    return _cut(" ".join(printable(without_tags(mail.subject)).split()), _SUBJECT_LIMIT, "…")


def text_of(mail: Incoming, refused: Iterable[str], *, whole: bool) -> str:
    """Return what it says, with what became of files that cannot be attached; *whole*: with all that it quotes."""
    said = mail.whole_text if whole or is_blank(mail.text) else mail.text
    left_out = "".join(f"\n{line}" for line in refused)
    added = f"\n\nNot attached, but kept with the original mail:{left_out}" if left_out else ""
    text = printable(said.replace("\r\n", "\n").replace("\r", "\n")).strip()
    return _cut(NO_TEXT if is_blank(text) else text, TEXT_LIMIT - len(added), f"\n\n{_CUT}") + added


class Fitting(NamedTuple):
    """Which of the sizes, by their places, can be attached, and a line for each file that cannot."""

    taken: list[int]
    refused: list[str]


def fitting(files: Iterable[tuple[str, int]], largest: int, in_ticket: int, of_today: int) -> Fitting:
    """
    Choose what can be attached to one message, given the names and sizes of its files.

    *in_ticket* is how many bytes the ticket holds, *of_today* how many its author has sent within a day.
    """
    found, room = Fitting([], []), min(BYTES_PER_TICKET - in_ticket, BYTES_PER_DAY - of_today)
    for place, (name, size) in enumerate(files):
        if 0 < size <= min(largest, room) and len(found.taken) < FILES_PER_MESSAGE:
            found.taken.append(place)
            room -= size
        else:
            found.refused.append(f"{name} ({in_words(size)})")
    return Fitting(found.taken, _shortened(found.refused))


def usernames_for(address: str) -> Iterator[str]:
    """Yield names for the account of an address: what stands before the @, then ever others that hardly anybody has."""
    folded = unicodedata.normalize("NFKD", address.partition("@")[0].casefold())
    plain = _NOT_IN_USERNAME.sub("-", folded.encode("ascii", "ignore").decode()).strip(".-_")[:_LONGEST_NAME]
    if len(plain) >= _SHORTEST_NAME and plain not in RESERVED_USERNAMES:
        yield plain
    turn = 0
    while True:
        mark = fingerprint("sender", address, str(turn))[:12]
        yield f"{plain[: _LONGEST_NAME - len(mark) - 1] or 'mail'}-{mark}"
        turn += 1


def name_shown(address: str, name: str) -> str:
    """Return as whom a new account of this address is shown, if its owner is called so."""
    visible = "".join(char for char in name if unicodedata.category(char) not in _UNSEEN)
    clean = " ".join(visible.split())[:NAME_LIMIT].strip()
    return address[:NAME_LIMIT] if is_blank(clean) or "@" in clean else clean


_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_MOST_NAMED: Final = 20


def _shortened(lines: list[str]) -> list[str]:
    rest = len(lines) - _MOST_NAMED
    return lines if rest <= 0 else [*lines[:_MOST_NAMED], f"and {rest} more"]


def _cut(text: str, limit: int, ending: str) -> str:
    return text if len(text) <= limit else text[: limit - len(ending)].rstrip() + ending


def _is_among(sender: str, listed: Iterable[str]) -> bool:
    domain = sender.rpartition("@")[2]
    return any(one in {sender, domain} or domain.endswith(f".{one}") for one in listed)
