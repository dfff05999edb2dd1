"""How one message of mail gets into a ticket, within the transaction that puts on record that it did."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final, NamedTuple

from ticketing.domain.attachments import HEAD, UPLOAD_LIFETIME, Attachment, Upload, clean_file_name, media_type_of
from ticketing.domain.audit import AuditAction
from ticketing.domain.categories import usual
from ticketing.domain.errors import (
    FilesFullError,
    FileUncheckedError,
    InfectedFileError,
    ThrottledError,
    TooManyWatchersError,
)
from ticketing.domain.incoming import MAILS_PER_SENDER, Incoming, IncomingFile
from ticketing.domain.mail_tags import Tag, tags_in
from ticketing.domain.people import Actor, Standing, User
from ticketing.domain.received import (
    NOT_CONFIRMED,
    Admission,
    Answered,
    Fate,
    Fitting,
    Known,
    Verdict,
    decide,
    fitting,
    may_bring_others,
    not_watching,
    text_of,
    title_of,
)
from ticketing.domain.sources import Source
from ticketing.domain.store import Files, Transaction
from ticketing.domain.tickets import WATCHERS_LIMIT, MessageKind, Ticket
from ticketing.services.addresses import ask_to_confirm, belongs_to_another, owners
from ticketing.services.attachments import Scan
from ticketing.services.categories import all_categories
from ticketing.services.dealing import route
from ticketing.services.due_times import keep
from ticketing.services.mail_keys import mail_key
from ticketing.services.moments import catch_up
from ticketing.services.outbox import note_bounce
from ticketing.services.requesters import NO_PASSWORD, newcomer
from ticketing.services.sessions import log_account
from ticketing.services.throttle import Throttle
from ticketing.services.watching import let_watch

# A message refers to so many others at most that are looked at: a thread's own, and what its mail program adds.
_MOST_TAGS: Final = 50
_ID_BYTES: Final = 16
_TOO_MUCH: Final = Verdict(Fate.IGNORED, f"This address has sent more than {MAILS_PER_SENDER} mails within an hour.")


class KeptFiles(NamedTuple):
    """The files of a message that are in the file store by now, and a line for each that can be attached nowhere."""

    kept: tuple[Attachment, ...]
    refused: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """
    A message on its way in. `key` is its id on record, `raw_sha256` and `size` are those of its original.

    `kept_since` is when the first of its files was about to be kept, `asked_by` the admin who wants it processed again.
    """

    key: str
    mail: Incoming
    raw_sha256: str
    size: int
    files: KeptFiles
    kept_since: datetime
    asked_by: Actor | None = None


def keep_files(files: Files, found: Sequence[IncomingFile], largest: int, now: datetime, scan: Scan) -> KeptFiles:
    """Keep what can be attached to a message, before a transaction names it; what `scan` refuses is left out."""
    names = [clean_file_name(each.name) for each in found]
    sizes = [len(each.content) for each in found]
    fits = fitting(zip(names, sizes, strict=True), largest, 0, 0)
    kept, refused = [], list(fits.refused)
    for place in fits.taken:
        try:
            kept.append(_kept(files, names[place], found[place], now, scan))
        except (FilesFullError, FileUncheckedError, InfectedFileError) as error:
            refused.append(str(error))
    return KeptFiles(tuple(kept), tuple(refused))


def _kept(files: Files, name: str, file: IncomingFile, now: datetime, scan: Scan) -> Attachment:
    content = files.put(scan(name, [file.content]), now)
    return Attachment(
        id=secrets.token_urlsafe(_ID_BYTES),
        name=name,
        size=content.size,
        sha256=content.sha256,
        media_type=media_type_of(name, file.content[:HEAD]),
    )


class Entry:
    """One message in one transaction."""

    def __init__(
        self,
        tx: Transaction,
        message: Message,
        now: datetime,
        admission: Admission,
        throttle: Throttle,
        largest: int,
    ) -> None:
        self._tx = tx
        self._message = message
        self._mail = message.mail
        self._now = now
        self._admission = admission
        self._throttle = throttle
        self._largest = largest
        self._brings_others = False
        self._left_out: list[str] = []

    def enter(self) -> tuple[Verdict, int]:
        """Do what is to become of the message; return that, and the number of the ticket in which it is, else 0."""
        sender, answered, known = self._sender, self._answered, self._known
        asked = self._message.asked_by is not None
        verdict = decide(self._mail, known, self._admission, looked_at=asked)
        if not verdict.fate.is_in:
            self._follow_up_refusal(verdict)
            return verdict, 0
        if not asked and not self._is_within_limit():
            return _TOO_MUCH, 0
        self._learn_whose_address_it_is()
        self._brings_others = may_bring_others(self._mail, known, verdict.fate)
        number = self._put(verdict, sender, answered)
        return verdict._replace(why=not_watching(self._left_out)), number

    def _put(self, verdict: Verdict, sender: Actor | None, answered: Answered | None) -> int:
        """Put it where it is to be; return the number of that ticket."""
        if verdict.fate is Fate.TICKET or sender is None or answered is None:
            return self._open(sender or self._newcomer())
        if verdict.fate is Fate.FOLLOW_UP:
            return self._follow_up(sender, answered.ticket)
        return self._say(sender, answered.ticket, verdict.fate)

    @property
    def _known(self) -> Known:
        owner = self._owner
        is_confirmed = owner is not None and owner.standing is Standing.CONFIRMED
        return Known(self._sender, owner is None or owner.active, self._answered, is_confirmed)

    def _follow_up_refusal(self, verdict: Verdict) -> None:
        """Send an agent who cannot answer by mail yet the link for that; note what a mail system has sent back."""
        if verdict is NOT_CONFIRMED and self._owner:
            ask_to_confirm(self._tx, self._throttle, self._owner, self._now)
        if self._mail.bounce:
            note_bounce(self._tx, self._mail.bounce, self._now)

    def _learn_whose_address_it_is(self) -> None:
        """
        Note an address as confirmed from which an answer comes with the tag that was sent there, and nowhere else.

        So it is with accounts that were opened by a mail, until somebody has a password for one and may change that.
        """
        owner, answered = self._owner, self._answered
        if owner is None or answered is None or not answered.is_own or self._mail.authenticated is False:
            return
        is_of_address = owner.password == NO_PASSWORD and owner.standing is Standing.GIVEN
        if is_of_address and not belongs_to_another(self._tx, owner):
            owner.put_address(owner.email, Standing.CONFIRMED)
            self._tx.users.save(owner)
            way = "answer to a mail"
            log_account(self._tx, owner.id, AuditAction.ADDRESS_CONFIRMED, owner.id, self._now, way=way)

    @cached_property
    def _tags(self) -> list[Tag]:
        return tags_in(self._mail.subject, self._mail.references)[:_MOST_TAGS]

    @cached_property
    def _key(self) -> bytes:
        return mail_key(self._tx)

    @cached_property
    def _agents(self) -> list[str]:
        return list(self._tx.users.agent_names())

    @cached_property
    def _owner(self) -> User | None:
        """Whose address the sender's is: of several accounts, the one that a tag was made for, or else the first."""
        having = owners(self._tx, self._mail.sender)
        told = (user for tag in self._tags for user in having if tag.opens(self._key, user.id))
        return next(told, having[0] if having else None)

    @cached_property
    def _sender(self) -> Actor | None:
        return _actor(self._owner) if self._owner else None

    @cached_property
    def _answered(self) -> Answered | None:
        """The ticket that the message answers: by a tag of the sender's own, or else by one of somebody there."""
        found = [genuine for tag in self._tags if (genuine := self._genuine(tag))]
        if not found:
            return None
        chosen = next((each for each in found if each.is_own), found[0]).ticket
        those = [each for each in found if each.ticket.number == chosen.number]
        tells_of_note = any(each.kind is MessageKind.NOTE for each in those)
        kind = MessageKind.NOTE if tells_of_note else MessageKind.REPLY
        return Answered(chosen, kind, any(each.is_own for each in those))

    def _genuine(self, tag: Tag) -> Answered | None:
        """Return what a tag says if the desk has made it, for the sender or for somebody at its ticket."""
        ticket = self._tx.tickets.find(tag.number)
        if ticket is None:
            return None
        people = [ticket.requester, *ticket.watchers, *self._agents]
        own = tag.opens(self._key, self._sender.username) if self._sender else None
        kind = own or next(filter(None, (tag.opens(self._key, name) for name in people)), None)
        return Answered(self._present(ticket), kind, own is not None) if kind else None

    def _present(self, ticket: Ticket) -> Ticket:
        """Return the ticket as it is by now, or the one in which it goes on."""
        while ticket.merged_into is not None and (target := self._tx.tickets.find(ticket.merged_into)):
            ticket = target
        catch_up(ticket, self._now)
        return ticket

    def _is_within_limit(self) -> bool:
        try:
            self._throttle.count_mail(self._tx, self._mail.sender)
        except ThrottledError:
            return False
        return True

    def _newcomer(self) -> Actor:
        """Make an account for the sender, in which nobody can sign in until it is given a password."""
        user = newcomer(self._tx, self._mail.sender, self._mail.sender_name, self._now)
        return _actor(user)

    def _open(self, sender: Actor) -> int:
        number, title = self._tx.tickets.next_number(), title_of(self._mail)
        fits, text = self._fitted(sender, None, whole=True)
        category = usual(all_categories(self._tx))
        ticket = Ticket.open(number, sender.username, title, text, category, self._now, sender.source)
        return self._keep_new(sender, ticket, fits)

    def _follow_up(self, sender: Actor, former: Ticket) -> int:
        number, title = self._tx.tickets.next_number(), title_of(self._mail, former.title)
        fits, text = self._fitted(sender, None)
        category = usual(all_categories(self._tx))
        ticket = former.follow_up(number, sender, title, text, category, self._now)
        keep(self._tx, former)
        return self._keep_new(sender, ticket, fits)

    def _keep_new(self, sender: Actor, ticket: Ticket, fits: Fitting) -> int:
        self._attach(sender, ticket, fits)
        self._let_others_watch(sender, ticket)
        route(self._tx, ticket, self._now)
        keep(self._tx, ticket)
        return ticket.number

    def _say(self, sender: Actor, ticket: Ticket, fate: Fate) -> int:
        fits, text = self._fitted(sender, ticket)
        add = ticket.note if fate is Fate.NOTE else ticket.reply
        add(sender, text, self._now)
        self._attach(sender, ticket, fits)
        if fate is Fate.REPLY:
            self._let_others_watch(sender, ticket)
        keep(self._tx, ticket)
        return ticket.number

    def _let_others_watch(self, sender: Actor, ticket: Ticket) -> None:
        """Let those with an account watch the ticket to whom the message went besides; note who does not."""
        others = [one for one in self._mail.recipients if one not in {self._mail.sender, *self._admission.own}]
        for place, address in enumerate(others):
            is_one_of_few = self._brings_others and place < WATCHERS_LIMIT
            users = (user for user in owners(self._tx, address) if user.active) if is_one_of_few else iter(())
            if not self._is_let_watch(next(users, None), sender, ticket) and self._admission.own:
                self._left_out.append(address)

    def _is_let_watch(self, user: User | None, sender: Actor, ticket: Ticket) -> bool:
        if user is None:
            return False
        try:
            let_watch(self._tx, ticket, user, sender, self._now)
        except TooManyWatchersError:
            return False
        return True

    def _fitted(self, sender: Actor, ticket: Ticket | None, *, whole: bool = False) -> tuple[Fitting, str]:
        """Return what of the files can be attached, and the text, which names the others; *whole*: with quotes."""
        uploads = self._tx.uploads.of_user(sender.username)
        of_today = sum(upload.size for upload in uploads if self._now < upload.expires_at)
        held = sum(file.size for said in ticket.messages for file in said.attachments) if ticket else 0
        files = self._message.files
        fits = fitting(((file.name, file.size) for file in files.kept), self._largest, held, of_today)
        return fits, text_of(self._mail, [*files.refused, *fits.refused], whole=whole)

    def _attach(self, sender: Actor, ticket: Ticket, fits: Fitting) -> None:
        """Hang files on the newest message; they count as what its author has sent today."""
        files = [self._message.files.kept[place] for place in fits.taken]
        ticket.attach(files)
        expires_at = self._now + UPLOAD_LIFETIME
        for file in files:
            upload = Upload(username=sender.username, expires_at=expires_at, taken=True, **file.model_dump())
            self._tx.uploads.save(upload)


def _actor(user: User) -> Actor:
    return Actor(user.id, user.display_name, user.role, source=Source.MAIL)
