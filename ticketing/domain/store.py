"""What a store can do, whatever it is made of. Services know these protocols and nothing behind them."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol, TypeVar

from ticketing.domain.api_keys import ApiKey
from ticketing.domain.attachments import Content, Upload
from ticketing.domain.audit import AuditEntry, AuditQuery, AuditRecord, Head
from ticketing.domain.custom_fields import FieldValue
from ticketing.domain.definitions import Definition, Kind
from ticketing.domain.deliveries import Delivery, DeliveryQuery
from ticketing.domain.drafts import Draft
from ticketing.domain.facts import Facts
from ticketing.domain.live import Presence
from ticketing.domain.mail_links import MailLink
from ticketing.domain.notifications import Notice
from ticketing.domain.openid import Identity, SignInRequest
from ticketing.domain.outbox import Backlog, Outgoing, OutgoingQuery
from ticketing.domain.people import PeopleQuery, User
from ticketing.domain.queries import Audience, Page, TicketQuery, TicketSummary
from ticketing.domain.receipts import Receipt
from ticketing.domain.received import Received, ReceivedQuery
from ticketing.domain.sign_in import Attempts, Device, HandOff, Session
from ticketing.domain.text import Stored
from ticketing.domain.tickets import Ticket

Document = TypeVar("Document", bound=Stored)

# How many seconds to wait for a store: as long as a person would wait for what they have sent.
PATIENCE: Final = 10.0


class Collection(Protocol[Document]):
    """Documents by id."""

    def find(self, key: str) -> Document | None:
        """Return a copy of the document, or None."""

    def save(self, document: Document) -> None:
        """Add it, or put it in the place of the one with the same id."""

    def remove(self, key: str) -> None:
        """Take it away; that it is not there is no error."""

    def naming(self, value: str, limit: int) -> list[Document]:
        """Return copies of those in which a text is all of a field, at most `limit`; each of them is looked through."""


class TicketRepository(Protocol):
    """All tickets. Queries are answered by the store: nobody reads all to pick some."""

    def next_number(self) -> int:
        """Return the number of the next ticket; within a transaction that saves it, nobody else gets it."""

    def last_number(self) -> int:
        """Return the highest number of all tickets; 0 if there is none."""

    def find(self, number: int, audience: Audience | None = None) -> Ticket | None:
        """
        Return a copy of the ticket, or None.

        For an *audience* that may not see it there is none, and to say so takes no longer than if there were none.
        """

    def as_kept(self, number: int) -> Ticket | None:
        """Return a copy of the ticket as it is kept, or None; what this transaction has read is not asked for anew."""

    def save(self, ticket: Ticket) -> None:
        """Keep the ticket, with its version raised by one."""

    def search(self, audience: Audience, query: TicketQuery) -> Page[TicketSummary]:
        """Return one page of what matches among what the audience may see."""

    def counts(self, audience: Audience, queries: Sequence[TicketQuery]) -> list[int]:
        """Return how long the list of each query is for the audience, all at one moment."""

    def numbers(self, audience: Audience, query: TicketQuery) -> Iterator[int]:
        """
        Yield the numbers of all that match among what the audience may see, in the order asked for.

        No list's end bounds them, nor a page: this is for exports and reports.
        """

    def facts(self, audience: Audience, query: TicketQuery) -> Iterator[list[Facts]]:
        """
        Yield what reports count by, of all tickets that match among what the audience may see, by the batch.

        What there is to be read is found at once; it may be gone through after the transaction, so that nobody waits.
        """

    def titles(self, audience: Audience, numbers: Sequence[int]) -> dict[int, str]:
        """Return the titles of those of the tickets that the audience may see."""

    def descriptions(self, audience: Audience, numbers: Sequence[int]) -> dict[int, str]:
        """Return the descriptions of those of the tickets that the audience may see."""

    def field_values(self, audience: Audience, numbers: Sequence[int]) -> dict[int, dict[str, FieldValue]]:
        """Return what stands in custom fields, by their names, of those of the tickets that the audience may see."""

    def stamps(self, audience: Audience, numbers: Sequence[int]) -> dict[int, str]:
        """Return the stamps, as of `stamp_of`, of those of the tickets that the audience may see."""

    def latest(self, audience: Audience) -> str:
        """Return the moment of the last change of all that the audience may see, "" if there is nothing."""

    def lapsed(self, resolved_before: datetime, limit: int) -> list[int]:
        """Return numbers of tickets resolved before that moment and not closed yet, at most `limit`."""

    def to_wake(self, by: datetime, limit: int) -> list[int]:
        """Return numbers of tickets that were to sleep until that moment or before, at most `limit`, in that order."""

    def to_warn(self, by: datetime, limit: int) -> list[int]:
        """
        Return numbers of tickets that became urgent by that moment, at most `limit`, in the order in which they did.

        Those are left out of which that was told already.
        """

    def unfinished(self, above: int, limit: int) -> list[int]:
        """Return the lowest numbers above that one of tickets that are not done, at most `limit`, in order."""

    def imported(self, external_id: str) -> list[int]:
        """Return numbers of the tickets that another system knew by this id."""

    def naming(self, username: str, above: int, up_to: int) -> list[int]:
        """
        Return the numbers above that one, and up to the other, of tickets in which this person stands, in order.

        No index knows all the places where somebody may stand, so each of these tickets is looked through: whoever
        wants to know it of all asks for some thousand at a time.
        """

    def remove(self, *numbers: int) -> None:
        """Take tickets away, and who has seen how much of them; no other ticket ever gets one of these numbers."""

    def mark_seen(self, number: int, username: str, messages: int) -> None:
        """Remember that the person has seen so many of the messages that they may read."""

    def forget_seen(self, username: str, limit: int) -> bool:
        """Forget of so many tickets how much the person has seen of them; tell whether there may be more."""

    def seen(self, number: int, username: str) -> int:
        """Return how many messages the person has seen."""

    def stream(self) -> Iterator[Ticket]:
        """Yield every ticket by number, for backup and export."""


class UserRepository(Collection[User], Protocol):
    """
    All accounts.

    There are sessions, devices, API keys, identities and notices only of accounts that there are. Services see to that;
    a database refuses a transaction that ends otherwise.
    """

    def any(self) -> bool:
        """Whether there is an account at all."""

    def active_admins(self) -> int:
        """Return how many admins can sign in."""

    def agent_names(self) -> dict[str, str]:
        """Return the display names of the active agents and admins, in their order."""

    def search(self, query: PeopleQuery) -> Page[User]:
        """Return one page of accounts by display name."""

    def names(self, usernames: set[str]) -> dict[str, str]:
        """Return the display names of those that exist."""

    def several(self, usernames: set[str]) -> list[User]:
        """Return copies of those that exist, in no order."""

    def with_email(self, address: str) -> list[User]:
        """Return the accounts with this e-mail address, whatever its case, the oldest first."""

    def stream(self) -> Iterator[User]:
        """Yield every account by username."""


class SessionRepository(Collection[Session], Protocol):
    """All sessions, by the hash of their secret."""

    def of_user(self, username: str) -> list[Session]:
        """Return the person's sessions, newest first; some may have expired."""

    def several(self, keys: set[str]) -> list[Session]:
        """Return copies of those that exist, in no order; whose they are is not asked for anew after that."""


class DeviceRepository(Collection[Device], Protocol):
    """All browsers that accounts know."""

    def of_user(self, username: str) -> list[Device]:
        """Return the browsers that the account knows, in no order; some may have expired."""


class ApiKeyRepository(Collection[ApiKey], Protocol):
    """All API keys, by the hashes of their secrets."""

    def of_user(self, username: str) -> list[ApiKey]:
        """Return the person's keys, in no order; some may have expired."""


class IdentityRepository(Collection[Identity], Protocol):
    """Who signs in by a provider, by the hashes of who they are there."""

    def of_user(self, username: str) -> list[Identity]:
        """Return those that open the person's account, in no order."""


class UploadRepository(Collection[Upload], Protocol):
    """All files that came in within a day, by their ids."""

    def of_user(self, username: str) -> list[Upload]:
        """Return what the person has sent, in no order; some may have expired."""


class FileRepository(Protocol):
    """All contents of files, as far as a transaction has to do with them."""

    @property
    def place(self) -> str:
        """The name of the place where they are kept; "" beside the documents."""

    def any(self) -> bool:
        """Whether there is a content at all; answered fast."""

    def holds(self, sha256: str) -> bool:
        """
        Whether the content is here; within a transaction that names it, nobody takes it away.

        Of contents that are kept elsewhere this is taken for granted: nobody there is asked while others wait.
        """

    def unnamed(self, hashes: Iterable[str]) -> list[str]:
        """Return those of the hashes that nothing names; a few hundred at most are asked for."""

    def unused(self, put_before: datetime, limit: int) -> list[str]:
        """Return hashes of contents last put here before that moment that nothing names, at most `limit`."""

    def remove(self, sha256: str) -> None:
        """Take a content away; that it is not there is no error."""


class Files(Protocol):
    """
    The contents of attached files by their SHA-256, kept beside the documents, since they are large.

    A content is put here before a transaction names it, and read after one has told who may: nothing slow is inside.
    """

    def put(self, content: Iterable[bytes], now: datetime) -> Content:
        """Keep a content, durable when this returns; of one that breaks off nothing stays. Raises StorageError."""

    def holds(self, sha256: str) -> bool:
        """Whether the content is here."""

    def read(self, sha256: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """
        Yield a content by the piece, or what of it stands from *start* up to *end*.

        Raises StorageDamagedError for one that is not here.
        """

    def used(self) -> int:
        """Return how many bytes all contents have together; it takes a while where there are many."""


class FarFiles(Files, Protocol):
    """Contents that are kept elsewhere than the documents, so that no transaction has a say in them."""

    @property
    def place(self) -> str:
        """The name of the place, which is the same for each process and tells nothing of how to get there."""

    def hashes(self) -> Iterator[str]:
        """Yield the hashes of all that is here."""

    def is_older(self, sha256: str, moment: datetime) -> bool:
        """Whether the content was last put here before that moment."""

    def remove(self, sha256: str) -> None:
        """Take a content away; that it is not there is no error."""


class Presences(Protocol):
    """
    Who is there by what each process tells the others, beside the documents.

    What a process has told is gone a minute after it tells no more. Nothing of it is in a backup or in an export.
    """

    def tell(self, presence: Presence, now: datetime) -> None:
        """Put this in the place of what the process has told before; nobody waits for it for long."""

    def of_others(self, process: str, now: datetime) -> list[Presence]:
        """Return what all other processes have told that has not expired, in no order."""


class DraftRepository(Collection[Draft], Protocol):
    """All drafts."""

    def of_user(self, username: str) -> list[Draft]:
        """Return the person's drafts, in no order; some may have expired."""


class NoticeRepository(Collection[Notice], Protocol):
    """All notices."""

    def of_user(self, username: str) -> list[Notice]:
        """Return the person's notices, newest first; some may have expired."""

    def unread(self, usernames: set[str], now: datetime) -> dict[str, int]:
        """Return how many unread notices, that have not expired, each of these people has who has any."""

    def having_unread(self, above: str, limit: int, now: datetime) -> list[str]:
        """Return the first usernames above that one of people who have unread notices, at most `limit`, in order."""

    def add(self, notices: Sequence[Notice]) -> None:
        """
        Keep all of these; where a person has more than 500 then, the oldest go until 450 are left.

        Of what one transaction adds in several turns, the surplus may go with the next one only.
        """


class OutgoingRepository(Collection[Outgoing], Protocol):
    """All mails that go out, and those that did within 30 days."""

    def add(self, mails: Sequence[Outgoing]) -> None:
        """Keep those of these that are not there yet."""

    def due(self, by: datetime, limit: int) -> list[Outgoing]:
        """Return those that wait and are due at that moment or before, at most `limit`, the first due first."""

    def waiting_for(self, username: str, limit: int) -> list[Outgoing]:
        """Return those that wait to be sent to the person, at most `limit`, the first due first."""

    def sent_to(self, address: str, since: datetime) -> list[datetime]:
        """Return when the address got mails since that moment, and is to get those that were claimed, in no order."""

    def having_message_id(self, message_id: str) -> Outgoing | None:
        """Return the mail that went out under this Message-ID, or None."""

    def backlog(self) -> Backlog:
        """Return how many wait, and since when."""

    def search(self, query: OutgoingQuery) -> Page[Outgoing]:
        """Return one page, the newest first."""


class DeliveryRepository(Collection[Delivery], Protocol):
    """All that webhooks are told, and were within 30 days."""

    def add(self, deliveries: Sequence[Delivery]) -> None:
        """Keep those of these that are not there yet."""

    def due(self, webhook: str, by: datetime, limit: int) -> list[Delivery]:
        """Return what waits for a webhook and is due at that moment or before, at most `limit`, the first due first."""

    def waiting(self, webhook: str) -> int:
        """Return how many wait for a webhook; what this transaction has changed may not be counted."""

    def search(self, query: DeliveryQuery) -> Page[Delivery]:
        """Return one page of those of a webhook, the newest first."""


class ReceivedRepository(Collection[Received], Protocol):
    """The record of all mail that came in."""

    def search(self, query: ReceivedQuery) -> Page[Received]:
        """Return one page of it, the newest first."""


class AuditRepository(Protocol):
    """The audit log."""

    @property
    def acting(self) -> tuple[str, str]:
        """Who acts in this transaction, and from where; "" as long as nobody does."""

    @property
    def only_looks(self) -> bool:
        """Whether who acts views the desk as somebody else, and so changes nothing."""

    def acts(self, username: str, address: str, *, only_looks: bool = False) -> None:
        """Take note of who acts in this transaction, and from where; entries of theirs get that address."""

    def add(self, entry: AuditEntry) -> None:
        """Add to the log; it is written down at the end of the transaction, together with all else, or not at all."""

    def head(self) -> Head:
        """Return the number and the hash of the newest record that is written down."""

    def search(self, query: AuditQuery) -> Iterator[AuditRecord]:
        """Yield what matches, the newest first; up to the query's size it may be gone through after the transaction."""

    def stream(self) -> Iterator[AuditRecord]:
        """Yield every record that is written down, the first one first."""


class DefinitionRepository(Protocol[Kind]):
    """All definitions of one kind, those that were removed included."""

    def find(self, key: str) -> Kind | None:
        """Return the definition, or None."""

    def all(self) -> list[Kind]:
        """Return all of them by name."""

    def save(self, definition: Kind) -> None:
        """Add it, or put it in the place of the one with the same id."""


class Transaction(Protocol):
    """A consistent view of everything; in `write()` also the writer's own changes, kept as a whole or not at all."""

    @property
    def tickets(self) -> TicketRepository:
        """All tickets."""

    @property
    def users(self) -> UserRepository:
        """All accounts."""

    @property
    def sessions(self) -> SessionRepository:
        """All sessions."""

    @property
    def hand_offs(self) -> Collection[HandOff]:
        """Sign-ins on their way to a cookie."""

    @property
    def mail_links(self) -> Collection[MailLink]:
        """Links by which people show that they read what is sent to an address."""

    @property
    def devices(self) -> DeviceRepository:
        """Browsers known to accounts."""

    @property
    def api_keys(self) -> ApiKeyRepository:
        """Keys by which programs act on somebody's behalf."""

    @property
    def identities(self) -> IdentityRepository:
        """Who signs in by a provider."""

    @property
    def sign_in_requests(self) -> Collection[SignInRequest]:
        """Browsers that were sent to a provider."""

    @property
    def attempts(self) -> Collection[Attempts]:
        """Failed attempts."""

    @property
    def receipts(self) -> Collection[Receipt]:
        """What was done already."""

    @property
    def uploads(self) -> UploadRepository:
        """Files that came in within a day."""

    @property
    def files(self) -> FileRepository:
        """Contents of files."""

    @property
    def drafts(self) -> DraftRepository:
        """What people have typed and not sent."""

    @property
    def notices(self) -> NoticeRepository:
        """What people are told."""

    @property
    def outgoing(self) -> OutgoingRepository:
        """Mails that go out."""

    @property
    def deliveries(self) -> DeliveryRepository:
        """What webhooks are told."""

    @property
    def received(self) -> ReceivedRepository:
        """What is on record of mail that came in."""

    @property
    def audit(self) -> AuditRepository:
        """The audit log."""

    def definitions(self, kind: type[Kind], along: Sequence[type[Definition]] = ()) -> DefinitionRepository[Kind]:
        """Return what was set up, of one kind; the kinds *along* are read with it, for they will be asked for next."""


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """
    What those who look after a store should know; by default, that all is well.

    `torn` names the files in which half-written changes are kept. `trouble` is a sentence about what is wrong now.
    Only databases have tables, at a `schema` that is or isn't the one of this version; only a database on a server has
    a `clock` of its own.
    """

    torn: tuple[str, ...] = ()
    compaction_fails: bool = False
    trouble: str | None = None
    schema: str | None = None
    schema_is_current: bool = True
    clock: datetime | None = None


class Store(Protocol):
    """Where everything is kept."""

    @property
    def files(self) -> Files:
        """The contents of attached files."""

    @property
    def presences(self) -> Presences:
        """Who is there."""

    def read(self) -> AbstractContextManager[Transaction]:
        """Return a consistent view; keep it short, and change nothing in it."""

    def one_view(self) -> AbstractContextManager[None]:
        """
        Let all that this thread reads in the block come from one view, where to have several costs something.

        A transaction of the thread's own ends the view: what is read after it shows what it has changed.
        """

    def no_view(self) -> AbstractContextManager[None]:
        """
        End the view of this thread, if it has one, and let each thing that is read in the block have its own.

        For what may be slow, such as looking at a password: a view of a database keeps a connection from others.
        """

    def write(self, patience: float | None = None) -> AbstractContextManager[Transaction]:
        """
        Return the one writer's transaction: durable when the block ends, untouched when it raises.

        *patience* is how many seconds to wait for other writers, for what can as well be noted another time; None is
        `PATIENCE`. Raises StorageError. Nothing slow belongs inside: everybody else waits.
        """

    def prepare(self) -> Iterator[None]:
        """
        Make ready what the first questions would else wait for, a little with each step.

        Each takes some milliseconds; whoever asks meanwhile gets the same answers, and to stop midway does no harm.
        """

    def ping(self) -> None:
        """Raise StorageError unless the store answers."""

    def health(self) -> StoreHealth:
        """Return what is to be known about the store; never raises."""

    def close(self) -> None:
        """Finish what is under way and let go of all files."""
