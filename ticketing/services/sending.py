"""
What whoever delivers mails asks of the desk: which are due, what each is to say, and what came of it.

A claim is one write transaction that moves on when a mail is due, so two processes never claim the same one, and what a
killed process had claimed is due again later. What a mail says is decided when it is sent, through the eyes of its
recipient.
"""

import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from ticketing.domain import policy
from ticketing.domain.errors import InvalidInputError
from ticketing.domain.mail_links import LIFETIMES, Purpose
from ticketing.domain.mail_tags import Tag
from ticketing.domain.mail_texts import MailText
from ticketing.domain.notifications import NoticeKind
from ticketing.domain.outbox import (
    MOST_SUMMED_UP,
    Letter,
    MailState,
    Outcome,
    Outgoing,
    Result,
    free_at,
)
from ticketing.domain.people import Actor, Standing, User, clean_email
from ticketing.domain.policy import Action
from ticketing.domain.quoting import quoted
from ticketing.domain.rating_links import RatingLink
from ticketing.domain.store import Store, Transaction
from ticketing.domain.telling import hears
from ticketing.domain.tickets import SYSTEM, Message, MessageKind, Ticket
from ticketing.domain.watch_links import WatchLink
from ticketing.services import maintenance
from ticketing.services.access import Clock
from ticketing.services.front import branding_of
from ticketing.services.mail_keys import mail_key
from ticketing.services.mail_links import make_link

BATCH: Final = 50
# So many of those that were held back become one in a turn of the one writer; others wait for their own meanwhile.
_MOST_AT_ONCE: Final = 200
_DAY: Final = timedelta(days=1)
_SUMMED_UP: Final = Outcome(Result.DROPPED, "Part of one mail that stands for several, since there were too many.")
# What a resolution is told by.
_ASKING: Final = frozenset({NoticeKind.REPLIED, NoticeKind.STATUS})
_GONE: Final = "What it was about was taken back."
_HIDDEN: Final = "They may not see this ticket any more."
_DESK: Final = "The desk"
_MUTED: Final = "They have stopped watching this ticket."
_NO_ACCOUNT: Final = "There is no such account any more."
_DEACTIVATED: Final = "The account is deactivated."
_NO_ADDRESS: Final = "The account has no e-mail address."
_UNCONFIRMED: Final = "The address of the account is not confirmed yet."
_COMES_BACK: Final = "Mail to the address of the account comes back."
_OF_NO_USE: Final = "The link in it would be of no use any more."
# Where a link leads, by what it is for.
_PATHS: Final = {
    Purpose.CONFIRM: "confirm",
    Purpose.RESET: "choose_password",
    Purpose.INVITE: "accept_invitation",
}


class Sending:
    """The desk as whoever delivers mails sees it."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self.clock = clock

    def claim(self, most: int = BATCH) -> list[Outgoing]:
        """Return mails that are due, which nobody else gets while the lease lasts; none when there is nothing to do."""
        claimed: list[Outgoing] = []
        while not claimed and self._is_some_due():
            with self._store.write() as tx:
                mail_key(tx)  # which no reader can make, when it comes to what the mail says
                now = self.clock()
                taken = (_take(tx, mail.id, now) for mail in tx.outgoing.due(now, most))
                claimed = [mail for mail in taken if mail is not None]
        return claimed

    def _is_some_due(self) -> bool:
        """Whether a mail is due; while the desk is being maintained all wait."""
        with self._store.read() as tx:
            return bool(tx.outgoing.due(self.clock(), 1)) and not maintenance.present(tx).is_on

    def desk_name(self) -> str:
        """Return what the desk is called, "" where it has no name of its own."""
        with self._store.read() as tx:
            branding = branding_of(tx)
            return branding.name if branding.is_renamed else ""

    def holds(self, mail: Outgoing) -> bool:
        """Whether there is enough left of the lease for one more try."""
        return mail.due_at - self.clock() > _ONE_TRY

    def letter(self, mail: Outgoing) -> Letter | Outcome:
        """Return what the mail is to say, or why it is not to be sent any more; each try has a new link, if any."""
        if mail.purpose is not None:
            return self._letter_with_link(mail, mail.purpose)
        with self._store.read() as tx:
            user = tx.users.find(mail.username)
            if user is None or not user.active:
                return _dropped(_NO_ACCOUNT if user is None else _DEACTIVATED)
            letter = _letter(tx, mail, user)
            return letter if isinstance(letter, Outcome) else letter._replace(template=_template(tx, mail.kind))

    def _letter_with_link(self, mail: Outgoing, purpose: Purpose) -> Letter | Outcome:
        now = self.clock()
        with self._store.write() as tx:
            user = tx.users.find(mail.username)
            found = _address(user, mail, now)
            if user is None or isinstance(found, Outcome):
                return found if isinstance(found, Outcome) else _dropped(_NO_ACCOUNT)
            link = f"{_PATHS[purpose]}?t={make_link(tx, purpose, user, now)}"
            # As each try has another link, it is another mail: of two with one Message-ID, people may get the older.
            key = _sealed(mail_key(tx), f"{mail.id} {mail.attempts}")
            letter = _account_letter(tx, mail, user)._replace(id=key, link=link)
            # Whose an address is that is not confirmed nobody knows: it gets not a word that anybody has chosen.
            return letter._replace(username="", name="", by="") if purpose is Purpose.CONFIRM else letter

    def settle(self, mail: Outgoing, outcome: Outcome, message_id: str = "") -> None:
        """
        Note what came of a mail that was claimed.

        Whoever has claimed it since knows better, unless this one was sent.
        """
        with self._store.write() as tx:
            kept = tx.outgoing.find(mail.id)
            is_ours = kept is not None and kept.attempts == mail.attempts
            if kept is None or kept.state is not MailState.WAITING:
                return
            if is_ours or outcome.result is Result.SENT:
                kept.message_id = message_id or kept.message_id
                kept.settle(outcome, self.clock())
                tx.outgoing.save(kept)

    def release(self, mails: Sequence[Outgoing]) -> None:
        """Give back what was claimed and not tried, so that it is due at once."""
        if not mails:
            return
        with self._store.write() as tx:
            for mail in mails:
                kept = tx.outgoing.find(mail.id)
                if kept is not None and kept.state is MailState.WAITING and kept.attempts == mail.attempts:
                    kept.release(self.clock())
                    tx.outgoing.save(kept)


# A try is given up at the latest when each of its steps has taken its ten seconds.
_ONE_TRY: Final = timedelta(minutes=2)


def _take(tx: Transaction, mail_id: str, now: datetime) -> Outgoing | None:
    """Claim one mail; None if it is not to be sent now, or never, of which it says why."""
    mail = tx.outgoing.find(mail_id)
    if mail is None or mail.state is not MailState.WAITING or mail.due_at > now:
        return None  # by now it is part of one that stands for several
    user = tx.users.find(mail.username)
    found = _address(user, mail, now)
    if user is None or isinstance(found, Outcome):
        mail.settle(found if isinstance(found, Outcome) else _dropped(_NO_ACCOUNT), now)
        tx.outgoing.save(mail)
        return None
    others = tx.outgoing.sent_to(found, now - _DAY)
    if mail.address.casefold() == found.casefold():
        others.remove(mail.due_at)  # itself, which was claimed before
    if until := free_at(mail, user.role, others, now):
        mail.hold(until)
        tx.outgoing.save(mail)
        return None
    mail = _summed_up(tx, mail, now) if mail.held else mail
    mail.claim(found, now)
    tx.outgoing.save(mail)
    return mail


def _address(user: User | None, mail: Outgoing, now: datetime) -> str | Outcome:
    """Return where somebody gets a mail, or why they do not."""
    is_to_come = user is not None and mail.purpose is Purpose.INVITE
    if user is None or not (user.active or is_to_come):
        return _dropped(_NO_ACCOUNT if user is None else _DEACTIVATED)
    if why := _why_not(user, mail, now):
        return _dropped(why)
    try:
        return clean_email(mail.to or user.email or "") or _dropped(_NO_ADDRESS)
    except InvalidInputError as error:  # of an account that was brought in from elsewhere
        return Outcome(Result.REFUSED, str(error))


def _why_not(user: User, mail: Outgoing, now: datetime) -> str:
    """Return why somebody does not get a mail at the address that they have, "" if they do."""
    if mail.purpose is not None:
        return _why_no_link(user, mail, now)
    if mail.to:  # the former address, which is to know that it is that
        return ""
    if user.comes_back:
        return _COMES_BACK
    return _UNCONFIRMED if user.standing is Standing.UNCONFIRMED else ""


def _why_no_link(user: User, mail: Outgoing, now: datetime) -> str:
    """Return why a link is of no use any more, "" if it is."""
    if mail.purpose is Purpose.INVITE:
        return "" if user.invited_at and user.has_address(mail.to) else _OF_NO_USE
    is_known = user.standing is Standing.CONFIRMED and not user.comes_back
    if not user.has_address(mail.to) or is_known is (mail.purpose is Purpose.CONFIRM):
        return _OF_NO_USE
    return _OF_NO_USE if mail.purpose is Purpose.RESET and now - mail.at >= LIFETIMES[Purpose.RESET] else ""


def _summed_up(tx: Transaction, mail: Outgoing, now: datetime) -> Outgoing:
    """Return one mail for those that were held back for the person; that alone if there is no other."""
    if mail.is_about_account:  # which says what no list of tickets does
        return mail
    waiting = tx.outgoing.waiting_for(mail.username, _MOST_AT_ONCE)
    others = [one for one in waiting if one.held and one.id != mail.id and not one.is_about_account]
    if not others:
        return mail
    parts = sorted([mail, *others], key=lambda one: (one.at, one.id))
    for part in parts:
        part.settle(_SUMMED_UP, now)
        tx.outgoing.save(part)
    return Outgoing.summing_up(parts, now)


def _letter(tx: Transaction, mail: Outgoing, user: User) -> Letter | Outcome:
    if mail.sums_up:
        return _summary(tx, mail, user)
    return _account_letter(tx, mail, user) if mail.is_about_account else _ticket_letter(tx, mail, user)


def _template(tx: Transaction, kind: str) -> str:
    """Return what admins have written for such mails, "" if nothing."""
    texts = (one.text for one in tx.definitions(MailText).all() if one.mail == kind and not one.removed)
    return next(texts, "")


def _account_letter(tx: Transaction, mail: Outgoing, user: User) -> Letter:
    by = "" if mail.by == user.id else _name(tx, mail.by)
    return Letter(
        _sealed(mail_key(tx), mail.id), mail.kind, mail.address, user.id, user.display_name, by=by, at=mail.at
    )


def _sealed(key: bytes, mail_id: str) -> str:
    """Return by what the Message-ID of a mail without a tag is made, so that nobody else can tell a bounce of it."""
    return hmac.digest(key, f"ticketing.account_mail\0{mail_id}".encode(), "sha256").hex()


def _ticket_letter(tx: Transaction, mail: Outgoing, user: User) -> Letter | Outcome:
    found = _seen_by(tx, user, mail.kind, mail.ticket, mail.mark)
    if isinstance(found, Outcome):
        return found
    ticket, message = found
    is_note = mail.kind == NoticeKind.NOTED or (message is not None and message.kind is MessageKind.NOTE)
    kind, key = MessageKind.NOTE if is_note else MessageKind.REPLY, mail_key(tx)
    return Letter(
        mail.id,
        mail.kind,
        mail.address,
        user.id,
        user.display_name,
        by=_name(tx, mail.by),
        at=mail.at,
        ticket=ticket.number,
        title=ticket.title,
        status=ticket.status.label,
        text=message.text if message else "",
        earlier="" if message is None or is_note else _earlier(tx, user, ticket, message),
        files=tuple(file.name for file in message.attachments) if message else (),
        tag=Tag.of(key, ticket.number, user.id, kind),
        rating=_rating(key, ticket, user) if mail.kind in _ASKING else "",
        watch="" if user.id == ticket.assignee else WatchLink.of(key, ticket, user.id).token,
    )


def _earlier(tx: Transaction, user: User, ticket: Ticket, message: Message) -> str:
    """Return what was said in public before a message, as far as the recipient may read it and mails quote it."""
    public = [one for one in policy.readable(_actor(user), ticket) if one.kind is MessageKind.REPLY]
    place = next(place for place, one in enumerate(public) if one.mark == message.mark)
    earlier = public[:place]
    names = {SYSTEM: _DESK} | tx.users.names({one.author for one in earlier})
    return quoted(earlier, names)


def _rating(key: bytes, ticket: Ticket, user: User) -> str:
    """Return the token by which a requester may say how their ticket was resolved, "" where there is nothing to ask."""
    link = RatingLink.of(key, ticket)
    asks = user.id == ticket.requester and ticket.rating is None
    return link.token if link and asks and policy.may_rate(_actor(user), ticket) else ""


def _actor(user: User) -> Actor:
    return Actor(user.id, user.display_name, user.role)


def _summary(tx: Transaction, mail: Outgoing, user: User) -> Letter | Outcome:
    """Name the tickets, and nothing else; what they may not know of is not counted either."""
    tickets: dict[int, str] = {}
    for covered in mail.covers:
        found = None if covered.ticket in tickets else _seen_by(tx, user, covered.kind, covered.ticket, covered.mark)
        if found is not None and not isinstance(found, Outcome):
            tickets[covered.ticket] = found[0].title
        if len(tickets) == MOST_SUMMED_UP:
            break
    if not tickets:
        return _dropped(_GONE)
    letter = _account_letter(tx, mail, user)
    return letter._replace(tickets=tuple(tickets.items()))


def _seen_by(tx: Transaction, user: User, kind: str, number: int, mark: str) -> tuple[Ticket, Message | None] | Outcome:
    """Return the ticket and the message that somebody is to be told of, or why they are not."""
    person = _actor(user)
    ticket = tx.tickets.find(number, policy.audience(person))
    if ticket is None or not policy.may(person, Action.VIEW_TICKET, ticket):
        return _dropped(_HIDDEN)
    if kind == NoticeKind.NOTED and not policy.may(person, Action.WRITE_NOTE, ticket):
        return _dropped(_HIDDEN)
    message = next((one for one in policy.readable(person, ticket) if one.mark == mark), None) if mark else None
    if mark and message is None:
        return _dropped(_GONE)
    is_heard = hears(user.id, NoticeKind(kind), ticket, message)
    return (ticket, message) if is_heard else _dropped(_MUTED)


def _dropped(why: str) -> Outcome:
    return Outcome(Result.DROPPED, why)


def _name(tx: Transaction, username: str) -> str:
    """Return what somebody is called, "" for the desk itself and for who has no account."""
    return tx.users.names({username}).get(username, "")
