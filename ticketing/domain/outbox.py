"""The outbox: one mail to one person, from the change that it tells of to its fate."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from operator import not_
from typing import ClassVar, Final, NamedTuple, Self

from pydantic import Field

from ticketing.domain.definitions import Definition
from ticketing.domain.errors import InvalidInputError, MailWaitsError
from ticketing.domain.mail_links import Purpose
from ticketing.domain.mail_tags import Tag
from ticketing.domain.notifications import Notice, NoticeKind
from ticketing.domain.people import Role, clean_email
from ticketing.domain.queries import LedgerQuery
from ticketing.domain.sign_in import fingerprint
from ticketing.domain.taking_back import CAN_BE_GONE_WITHIN
from ticketing.domain.text import Stored, clean_name

# How long after a try that failed the next one is due; from then on hourly, until it was tried for a day.
_FIRST_RETRIES: Final = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))
_HOURLY: Final = timedelta(hours=1)
_TRIED_FOR: Final = timedelta(hours=24)
# How long whoever has claimed a mail has it alone; what a killed process had claimed is due again after that.
LEASE: Final = timedelta(minutes=10)
# How long it can be looked up what has become of a mail.
KEPT_FOR: Final = timedelta(days=30)
# More tickets than these nobody reads about in one mail.
MOST_SUMMED_UP: Final = 50
# A name in which nothing is that a header takes for its own, and one address.
_SENDER: Final = re.compile(r"(?P<bare>[^<>\s]+)|(?P<name>[^<>\"\\\r\n]*?)\s*<(?P<address>[^<>\s]+)>")
_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)


class MailState(StrEnum):
    """What has become of a mail."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"


class AccountMail(StrEnum):
    """
    What people are told about their accounts, beside the kinds of notices: nobody can do without these.

    Those in `LINKS` have a link, which shows that whoever follows it reads what is sent to the address.
    """

    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the name of a kind
    REGISTERED = "registered"
    ADDRESS_CHANGED = "address_changed"
    ROLE_CHANGED = "role_changed"
    CONFIRM_ADDRESS = "confirm_address"
    RESET_PASSWORD = "reset_password"  # noqa: S105 - the name of a kind
    SECOND_FACTOR_ON = "second_factor_on"
    SECOND_FACTOR_OFF = "second_factor_off"
    RECOVERY_CODE_USED = "recovery_code_used"
    KEY_CREATED = "key_created"
    WEBHOOK_OFF = "webhook_off"
    INVITED = "invited"
    IDENTITY_LINKED = "identity_linked"
    SIGN_INS_FAILED = "sign_ins_failed"


# The kind of a mail that stands for several, to somebody who would have got too many.
SUMMARY: Final = "summary"
# The kind of a mail that tells once a day what somebody has not read.
DIGEST: Final = "digest"
KINDS_OF_MAILS: Final = (*NoticeKind, *AccountMail, SUMMARY, DIGEST)
# What the mails with a link are for; what they say, admins cannot write anew: a text without the link was of no use.
LINKS: Final[Mapping[str, Purpose]] = {
    AccountMail.CONFIRM_ADDRESS: Purpose.CONFIRM,
    AccountMail.RESET_PASSWORD: Purpose.RESET,
    AccountMail.INVITED: Purpose.INVITE,
}
KINDS_TO_WRITE: Final = tuple(kind for kind in KINDS_OF_MAILS if kind not in LINKS)


class Result(StrEnum):
    """What came of one try to send a mail."""

    SENT = "sent"
    AGAIN = "again"
    REFUSED = "refused"
    DROPPED = "dropped"


class Outcome(NamedTuple):
    """What came of one try, and a sentence why if it was not sent."""

    result: Result
    says: str = ""


class Cap(NamedTuple):
    """How many mails one address gets at most."""

    an_hour: int
    a_day: int


# Agents live by their notices; others who get so many are in a storm, or are mailed for somebody's spite.
CAPS: Final = {Role.USER: Cap(20, 40), Role.AGENT: Cap(60, 400), Role.ADMIN: Cap(60, 400)}
_TOO_MANY: Final = "This address had too many mails of late. What waits for it becomes one when there is room again."
# So many more of those that warn somebody about their own account, which no storm is to keep from them.
_RESERVE: Final = 5


class MailRoute(Definition):
    """
    Whether mails leave this desk, and `has_links` whether these can lead to it, since its public address is set.

    It is noted by a process that is set up to send them, for all that share its store.
    """

    kind: ClassVar[str] = "mail_route"
    is_settings: ClassVar[bool] = False

    is_open: bool = False
    has_links: bool = False


class Covered(Stored):
    """What a mail that sums up stands for."""

    kind: str
    ticket: int
    mark: str = ""


class Outgoing(Stored):
    """
    One mail to one person; what it says is decided when it is sent.

    `id` is that of the notice it tells of, `at` is when it was queued. While it waits, `due_at` is when it may be
    claimed next: a claim moves it on. `attempts` counts the claims, by which it is told whose claim holds. `held` says
    that its address had too many; `covers` are those that this one stands for. `to` is the address that it is for where
    that is no more, or not yet, the one at which the person is written to. `error` is the sentence why it was not
    sent, at the last try or at all.
    """

    id: str
    username: str
    kind: str
    ticket: int = 0
    mark: str = ""
    by: str = ""
    at: datetime
    state: MailState = MailState.WAITING
    due_at: datetime
    attempts: int = 0
    address: str = ""
    to: str = Field(default="", exclude_if=not_)
    error: str = ""
    message_id: str = ""
    sent_at: datetime | None = None
    held: bool = Field(default=False, exclude_if=not_)
    covers: list[Covered] = Field(default_factory=list, exclude_if=not_)
    expires_at: datetime

    @classmethod
    def of(cls, notice: Notice, now: datetime) -> Self:
        """Return the mail of a notice; what can be taken back waits until it can't any more."""
        is_public = notice.kind is NoticeKind.STATUS or (notice.mark and notice.kind is not NoticeKind.NOTED)
        told = notice.model_dump(include={"id", "username", "kind", "ticket", "mark", "by", "at"})
        due_at = max(now, notice.at + CAN_BE_GONE_WITHIN) if is_public else now
        return cls(**told, due_at=due_at, expires_at=now + KEPT_FOR)

    @classmethod
    def about_account(cls, username: str, kind: AccountMail, by: str, now: datetime, to: str = "") -> Self:
        """Return the mail that tells somebody about their account, at an address of its own or at theirs."""
        key = fingerprint(kind, username, to, now.isoformat())
        about = {"username": username, "kind": kind, "by": by, "to": to}
        return cls(id=key, **about, at=now, due_at=now, expires_at=now + KEPT_FOR)

    @classmethod
    def summing_up(cls, mails: Sequence["Outgoing"], now: datetime) -> Self:
        """Return one mail in the place of several to the same person, which were held back."""
        key = fingerprint(SUMMARY, *(mail.id for mail in mails))
        covers = [Covered(kind=one.kind, ticket=one.ticket, mark=one.mark) for one in mails if not one.sums_up]
        covers += [covered for mail in mails for covered in mail.covers]
        first = mails[0]
        return cls(
            id=key,
            username=first.username,
            kind=SUMMARY,
            by=first.by,
            at=min(mail.at for mail in mails),
            due_at=now,
            covers=covers,
            expires_at=now + KEPT_FOR,
        )

    @classmethod
    def digest(cls, username: str, notices: Sequence[Notice], now: datetime) -> Self:
        """Return the mail that tells somebody of all these notices, the newest first."""
        key = fingerprint(DIGEST, username, now.isoformat())
        covers = [Covered(kind=one.kind, ticket=one.ticket, mark=one.mark) for one in notices]
        about = {"username": username, "kind": DIGEST, "at": now, "due_at": now, "covers": covers}
        return cls(id=key, **about, expires_at=now + KEPT_FOR)

    @property
    def sums_up(self) -> bool:
        """Whether it tells of several tickets at once."""
        return self.kind in {SUMMARY, DIGEST}

    @property
    def is_about_account(self) -> bool:
        """Whether it tells somebody about their own account."""
        return self.kind in set(AccountMail)

    @property
    def purpose(self) -> Purpose | None:
        """What the link in it is for, if it has one by which somebody shows who they are."""
        return LINKS.get(self.kind)

    def come_back(self, says: str) -> None:
        """Note that the other side has sent it back."""
        self.state, self.sent_at, self.error = MailState.FAILED, None, says

    def claim(self, address: str, now: datetime) -> None:
        """Take it to be sent: nobody else does as long as the lease lasts."""
        self.address, self.held = address, False
        self.attempts += 1
        self.due_at = now + LEASE

    def release(self, now: datetime) -> None:
        """Give back what was claimed and not tried."""
        self.attempts -= 1
        self.due_at = now

    def hold(self, until: datetime) -> None:
        """Let it wait, since its address has had too many."""
        self.held, self.due_at, self.error = True, until, _TOO_MANY

    def settle(self, outcome: Outcome, now: datetime) -> None:
        """Note what came of a try; what is to be tried again and was for a day has failed."""
        self.error = outcome.says
        wait = retry_after(self.attempts) if outcome.result is Result.AGAIN else None
        if wait is not None:
            self.due_at = now + wait
            return
        self.state = _STATES[outcome.result]
        self.sent_at = now if outcome.result is Result.SENT else None
        self.expires_at = now + KEPT_FOR

    def send_again(self, now: datetime) -> None:
        """Let it wait to be sent as if it never was, under the same Message-ID; raises MailWaitsError if it waits."""
        if self.state is MailState.WAITING:
            raise MailWaitsError
        self.state, self.at, self.due_at, self.expires_at = MailState.WAITING, now, now, now + KEPT_FOR
        self.attempts, self.address, self.error, self.sent_at = 0, "", "", None


_STATES: Final = {
    Result.SENT: MailState.SENT,
    Result.AGAIN: MailState.FAILED,
    Result.REFUSED: MailState.FAILED,
    Result.DROPPED: MailState.DROPPED,
}


class OutgoingQuery(LedgerQuery):
    """Which mails to list, the newest first; `state` is None for all."""

    state: MailState | None = None


class Backlog(NamedTuple):
    """How many mails wait, and since when the oldest of them does."""

    waiting: int = 0
    oldest: datetime | None = None


class Letter(NamedTuple):
    """
    What one mail is to say, as its recipient may know it at this moment.

    `by` and `name` are display names, `text` is what was said, if anything, `earlier` what was said in public before,
    as mails quote it, and `files` are the names of what hangs on it. `tag` is by which an answer finds the ticket; None
    where there is nothing to answer. `tickets` are those of a mail that sums up, by number and title. `rating` is the
    token by which the recipient may say how the ticket was resolved, `watch` the one by which they stop watching it,
    `link` the path of an address by which they show who they are. `template` is the text that admins have written for
    such mails. Of each there may be none: "".
    """

    id: str
    kind: str
    address: str
    username: str
    name: str
    by: str
    at: datetime
    ticket: int = 0
    title: str = ""
    status: str = ""
    text: str = ""
    earlier: str = ""
    files: tuple[str, ...] = ()
    tag: Tag | None = None
    tickets: tuple[tuple[int, str], ...] = ()
    rating: str = ""
    watch: str = ""
    link: str = ""
    template: str = ""


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mails are handed over: `tls` from the first byte on, or after STARTTLS, without which nothing is sent."""

    host: str
    port: int
    tls: bool = False
    starttls: bool = False
    username: str = ""
    password: str = field(default="", repr=False)


def read_sender(typed: str) -> tuple[str, str]:
    """
    Return name and address of whom mails come from, such as Help desk <desk@example.org>, the name may be left out.

    Raises ValueError, as settings do.
    """
    found = _SENDER.fullmatch(typed.strip())
    try:
        address = clean_email(found["bare"] or found["address"]) if found else None
        name = clean_name("Name", found["name"]) if found and found["name"] else ""
    except InvalidInputError:
        address = None
    if address is None:
        raise ValueError("should be one address, such as Help desk <desk@example.org>")
    return name, address


def retry_after(attempts: int) -> timedelta | None:
    """Return how long to wait after so many tries: 1, 5, 15 minutes, then hourly; None when a day has gone by."""
    if attempts <= len(_FIRST_RETRIES):
        return _FIRST_RETRIES[attempts - 1]
    waited = sum(_FIRST_RETRIES, (attempts - len(_FIRST_RETRIES)) * _HOURLY)
    return _HOURLY if waited <= _TRIED_FOR else None


def free_at(mail: Outgoing, role: Role, sent: Sequence[datetime], now: datetime) -> datetime | None:
    """
    Return when its address may get the mail, given when it got others in a day; None is now.

    What was claimed and is not sent yet counts as if it was sent just now.
    """
    more = _RESERVE if mail.is_about_account else 0
    cap, latest = CAPS[role], sorted(min(at, now) for at in sent)
    waits = [
        others[-most] + span
        for most, span in ((cap.an_hour + more, _HOUR), (cap.a_day + more, _DAY))
        if len(others := [at for at in latest if at > now - span]) >= most
    ]
    return max(waits, default=None)
