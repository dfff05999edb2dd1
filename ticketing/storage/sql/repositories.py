"""All other repositories, and the transaction that holds them."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, Table, Text, bindparam, cast, delete, func, or_, select

from ticketing.domain.api_keys import ApiKey
from ticketing.domain.attachments import Upload
from ticketing.domain.categories import Category
from ticketing.domain.definitions import Definition, Kind, by_name, read_definition
from ticketing.domain.deliveries import Delivery, DeliveryQuery, DeliveryState
from ticketing.domain.drafts import Draft
from ticketing.domain.kinds import KINDS
from ticketing.domain.mail_links import MailLink
from ticketing.domain.notifications import NOTICES_KEPT, NOTICES_PER_PERSON, Notice
from ticketing.domain.openid import Identity, SignInRequest
from ticketing.domain.outbox import Backlog, MailState, Outgoing, OutgoingQuery
from ticketing.domain.people import PeopleQuery, Role, User
from ticketing.domain.queries import Page
from ticketing.domain.receipts import Receipt
from ticketing.domain.received import Received, ReceivedQuery
from ticketing.domain.sign_in import Attempts, Device, HandOff, Session
from ticketing.domain.text import Stored
from ticketing.storage.sql import tables
from ticketing.storage.sql.audit import SqlAudit
from ticketing.storage.sql.conditions import SEPARATOR, contains, holds_text
from ticketing.storage.sql.files import SqlFileRepository
from ticketing.storage.sql.reading import in_batches
from ticketing.storage.sql.tables import users
from ticketing.storage.sql.tickets import SqlTickets
from ticketing.storage.sql.writing import put

Document = TypeVar("Document", bound=Stored)


class SqlCollection(Generic[Document]):
    """Documents of one kind by id; what is asked for them stands in columns of the same name."""

    def __init__(self, connection: Connection, table: Table, model: type[Document]) -> None:
        self._connection = connection
        self._table = table
        self._model = model
        self._key = next(iter(table.primary_key))
        self._found: dict[str, str | None] = {}

    def find(self, key: str) -> Document | None:
        """Return a copy of the document, or None; within a transaction the database is asked for it once."""
        if key not in self._found:
            self._found[key] = self._look_up(key) if _can_be(key) else None
        raw = self._found[key]
        return None if raw is None else self._model.model_validate_json(raw)

    def note(self, key: str, raw: str | None) -> None:
        """Take note of what the database has told of a document, unless more is known of it by now."""
        self._found.setdefault(key, raw)

    def _look_up(self, key: str) -> str | None:
        found: str | None = self._connection.scalar(_by_key(self._table), {"key": key})
        return found

    def save(self, document: Document) -> None:
        """Add it, or put it in the place of the one with the same id."""
        columns = self._columns(document)
        put(self._connection, self._table, columns)
        self._found[columns[self._key.name]] = columns["document"]

    def naming(self, value: str, limit: int) -> list[Document]:
        """Return copies of those in which a text is all of a field, at most `limit`."""
        question = select(self._table.c.document).where(holds_text(self._connection, self._table.c.document, value))
        return [self._model.model_validate_json(raw) for raw in self._connection.scalars(question.limit(limit))]

    def remove(self, key: str) -> None:
        """Take it away; that it is not there is no error."""
        self._connection.execute(delete(self._table).where(self._key == key))
        self._found[key] = None

    def _columns(self, document: Document) -> dict[str, Any]:
        named = {name: getattr(document, name) for name in _names(self._table)}
        return named | {"document": document.model_dump_json(exclude_none=True)}

    def _documents(self, *where: ColumnElement[bool], order: Any) -> list[Document]:
        question = select(self._table.c.document).where(*where).order_by(*order)
        return [self._model.model_validate_json(raw) for raw in self._connection.scalars(question)]


class SqlUsers(SqlCollection[User]):
    """All accounts."""

    def any(self) -> bool:
        """Whether there is an account at all."""
        return self._connection.scalar(select(users.c.username).limit(1)) is not None

    def active_admins(self) -> int:
        """Return how many admins can sign in."""
        question = select(func.count()).where(users.c.active, users.c.role == Role.ADMIN.value)
        return self._connection.scalar(question) or 0

    def agent_names(self) -> dict[str, str]:
        """Return the display names of the active agents and admins, in their order."""
        return dict(self._connection.execute(_AGENTS).all())

    def search(self, query: PeopleQuery) -> Page[User]:
        """Return one page of accounts by display name."""
        where = _wanted(query)
        total = self._connection.scalar(select(func.count()).select_from(users).where(*where)) or 0
        question = select(users.c.document).where(*where).order_by(*_BY_NAME).limit(query.size).offset(query.first)
        found = tuple(User.model_validate_json(raw) for raw in self._connection.scalars(question))
        return Page(items=found, total=total, page=query.page, size=query.size)

    def names(self, usernames: set[str]) -> dict[str, str]:
        """Return the display names of those that exist."""
        found = self._connection.execute(_NAMES, {"usernames": sorted(usernames)})
        return dict(found.all())

    def several(self, usernames: set[str]) -> list[User]:
        """Return copies of those that exist, in no order."""
        return self._documents(users.c.username.in_(sorted(usernames)), order=[]) if usernames else []

    def with_email(self, address: str) -> list[User]:
        """Return the accounts with this e-mail address, whatever its case, the oldest first."""
        email = address.casefold()
        question = select(users.c.document).where(users.c.folded.endswith(SEPARATOR + email, autoescape=True))
        found = [User.model_validate_json(raw) for raw in self._connection.scalars(question)] if email else []
        return sorted(found, key=lambda user: (user.created_at, user.id))

    def stream(self) -> Iterator[User]:
        """Yield every account by username, read in batches."""
        return (User.model_validate_json(raw) for _, raw in in_batches(self._connection, users))

    def _columns(self, document: User) -> dict[str, Any]:
        return user_columns(document)


class SqlOwned(SqlCollection[Document]):
    """Documents that belong to somebody."""

    def of_user(self, username: str) -> list[Document]:
        """Return the person's documents, newest first; some may have expired."""
        return self._documents(self._table.c.username == username, order=[self._newest().desc()])

    def _newest(self) -> ColumnElement[Any]:
        columns = self._table.c
        return columns["created_at" if "created_at" in columns else "expires_at"]


class SqlNotices(SqlOwned[Notice]):
    """All notices."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, tables.notices, Notice)
        self._unread: dict[str, _Unread] = {}

    def note_unread(self, username: str, unread: int, first_ends: datetime | None) -> None:
        """Take note of how many unread notices somebody has, and when the first of them expires."""
        self._unread[username] = _Unread(unread, first_ends)

    def unread(self, usernames: set[str], now: datetime) -> dict[str, int]:
        """Return how many unread notices, that have not expired, each of these people has who has any."""
        known = {name: self._unread[name] for name in usernames & self._unread.keys()}
        if known.keys() == usernames and all(one.holds(now) for one in known.values()):
            return {name: one.number for name, one in known.items() if one.number}
        found = self._connection.execute(_UNREAD, {"usernames": sorted(usernames), "now": now})
        return dict(found.all())

    def having_unread(self, above: str, limit: int, now: datetime) -> list[str]:
        """Return the first usernames above that one of people who have unread notices, at most `limit`, in order."""
        c = tables.notices.c
        people = select(c.username).distinct().where(tables.IS_UNREAD, c.username > above, c.expires_at > now)
        return list(self._connection.scalars(people.order_by(c.username).limit(limit)))

    def add(self, notices: Sequence[Notice]) -> None:
        """Keep all of these; where a person has more than 500 then, the oldest go until 450 are left."""
        rows = [self._columns(notice) for notice in notices]
        put(self._connection, tables.notices, *rows)
        self._unread.clear()
        self._found |= {row["id"]: row["document"] for row in rows}
        usernames = sorted({notice.username for notice in notices})
        for username in self._connection.scalars(_HAVING_TOO_MANY, {"usernames": usernames}).all():
            oldest = self._connection.scalars(_SURPLUS, {"username": username}).all()
            self._connection.execute(delete(self._table).where(self._key.in_(oldest)))
            self._found |= dict.fromkeys(oldest)

    def save(self, document: Notice) -> None:
        """Add it, or put it in the place of the one with the same id."""
        self.add([document])

    def remove(self, key: str) -> None:
        """Take it away; that it is not there is no error."""
        super().remove(key)
        self._unread.clear()


class _Unread(NamedTuple):
    """How many unread notices a person has, and when the first of them expires."""

    number: int
    first_ends: datetime | None

    def holds(self, now: datetime) -> bool:
        """Whether none of them has expired."""
        return self.first_ends is None or self.first_ends > now


class SqlMails(SqlCollection[Outgoing]):
    """All mails that go out."""

    def add(self, mails: Sequence[Outgoing]) -> None:
        """Keep those of these that are not there yet."""
        known = select(self._key).where(self._key.in_([mail.id for mail in mails]))
        present = set(self._connection.scalars(known)) if mails else set()
        rows = [self._columns(mail) for mail in mails if mail.id not in present]
        put(self._connection, self._table, *rows)
        self._found |= {row["id"]: row["document"] for row in rows}

    def due(self, by: datetime, limit: int) -> list[Outgoing]:
        """Return those that wait and are due by then, at most `limit`, the first due first."""
        question = select(_mails.document).where(_IS_WAITING, _mails.due_at <= by)
        return self._read(question.order_by(_mails.due_at, _mails.id).limit(limit))

    def waiting_for(self, username: str, limit: int) -> list[Outgoing]:
        """Return those that wait to be sent to the person, at most `limit`, the first due first."""
        question = select(_mails.document).where(_IS_WAITING, _mails.username == username)
        return self._read(question.order_by(_mails.due_at, _mails.id).limit(limit))

    def sent_to(self, address: str, since: datetime) -> list[datetime]:
        """Return when the address got mails since that moment, and is to get those that were claimed, in no order."""
        got = self._connection.execute(
            _GOT, {"address": address.casefold(), "since": since, "waiting": MailState.WAITING.value}
        )
        return [sent_at or due_at for sent_at, due_at in got]

    def having_message_id(self, message_id: str) -> Outgoing | None:
        """Return the mail that went out under this Message-ID, or None."""
        if not (message_id and _can_be(message_id)):
            return None
        return next(iter(self._read(select(_mails.document).where(_mails.message_id == message_id).limit(1))), None)

    def backlog(self) -> Backlog:
        """Return how many wait, and since when."""
        return Backlog(*self._connection.execute(select(func.count(), func.min(_mails.at)).where(_IS_WAITING)).one())

    def search(self, query: OutgoingQuery) -> Page[Outgoing]:
        """Return one page, the newest first."""
        where = [] if query.state is None else [_mails.state == query.state.value]
        total = self._connection.scalar(select(func.count()).select_from(tables.outgoing).where(*where)) or 0
        question = select(_mails.document).where(*where).order_by(_mails.at.desc(), _mails.id.desc())
        found = tuple(self._read(question.limit(query.size).offset(query.first)))
        return Page(items=found, total=total, page=query.page, size=query.size)

    def _columns(self, document: Outgoing) -> dict[str, Any]:
        return super()._columns(document) | {"address": document.address.casefold(), "state": document.state.value}

    def _read(self, question: Select[Any]) -> list[Outgoing]:
        found = [(Outgoing.model_validate_json(raw), raw) for raw in self._connection.scalars(question)]
        for mail, raw in found:
            self.note(mail.id, raw)
        return [mail for mail, _ in found]


class SqlDeliveries(SqlCollection[Delivery]):
    """All that webhooks are told."""

    def add(self, deliveries: Sequence[Delivery]) -> None:
        """Keep those of these that are not there yet."""
        known = select(self._key).where(self._key.in_([delivery.id for delivery in deliveries]))
        present = set(self._connection.scalars(known)) if deliveries else set()
        rows = [self._columns(delivery) for delivery in deliveries if delivery.id not in present]
        put(self._connection, self._table, *rows)
        self._found |= {row["id"]: row["document"] for row in rows}

    def due(self, webhook: str, by: datetime, limit: int) -> list[Delivery]:
        """Return what waits for a webhook and is due by then, at most `limit`, the first due first."""
        question = select(_deliveries.document).where(*_waiting_for(webhook), _deliveries.due_at <= by)
        return self._read(question.order_by(_deliveries.due_at, _deliveries.id).limit(limit))

    def waiting(self, webhook: str) -> int:
        """Return how many wait for a webhook."""
        return self._connection.scalar(select(func.count()).where(*_waiting_for(webhook))) or 0

    def search(self, query: DeliveryQuery) -> Page[Delivery]:
        """Return one page of those of a webhook, the newest first."""
        where = [_deliveries.webhook == query.webhook]
        where += [] if query.state is None else [_deliveries.state == query.state.value]
        total = self._connection.scalar(select(func.count()).where(*where)) or 0
        question = select(_deliveries.document).where(*where).order_by(_deliveries.at.desc(), _deliveries.id.desc())
        found = tuple(self._read(question.limit(query.size).offset(query.first)))
        return Page(items=found, total=total, page=query.page, size=query.size)

    def _columns(self, document: Delivery) -> dict[str, Any]:
        return super()._columns(document) | {"state": document.state.value}

    def _read(self, question: Select[Any]) -> list[Delivery]:
        return [Delivery.model_validate_json(raw) for raw in self._connection.scalars(question)]


class SqlReceived(SqlCollection[Received]):
    """The record of all mail that came in."""

    def search(self, query: ReceivedQuery) -> Page[Received]:
        """Return one page of it, the newest first."""
        c = self._table.c
        where = [c.fate.in_(sorted(query.fates))] if query.fates else []
        total = self._connection.scalar(select(func.count()).select_from(self._table).where(*where)) or 0
        question = select(c.document).where(*where).order_by(c.at.desc(), c.id.desc())
        raws = self._connection.scalars(question.limit(query.size).offset(query.first))
        found = tuple(Received.model_validate_json(raw) for raw in raws)
        return Page(items=found, total=total, page=query.page, size=query.size)


class SqlSessions(SqlOwned[Session]):
    """
    All sessions.

    Whoever asks for one wants to know whose it is, nearly all that they see then names categories, and every page tells
    how much is unread: the account, the categories and that number come in the same answer.
    """

    def __init__(
        self, connection: Connection, accounts: SqlUsers, notices: SqlNotices, definitions: "_Definitions"
    ) -> None:
        super().__init__(connection, tables.sessions, Session)
        self._accounts = accounts
        self._notices = notices
        self._definitions = definitions

    def several(self, keys: set[str]) -> list[Session]:
        """Return copies of those that exist, in no order, with one question for these and for whose they are."""
        for key, session, username, account in self._connection.execute(_SESSIONS_AND_ACCOUNTS, {"keys": sorted(keys)}):
            self.note(key, session)
            self._accounts.note(username, account)
        for key in keys:
            self.note(key, None)
        return [session for key in keys if (session := self.find(key)) is not None]

    def _look_up(self, key: str) -> str | None:
        row = self._connection.execute(_SESSION_AND_ACCOUNT, {"key": key}).one_or_none()
        if row is None:
            return None
        session: str = row[0]
        self._accounts.note(*row[1:3])
        self._definitions.note(Category, row[3])
        self._notices.note_unread(row[1], *row[4:])
        return session


class _Definitions:
    """What was set up, as far as a transaction has read it: all that is short in one answer, for it is little."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._found: dict[str, dict[str, str]] = {}

    def note(self, kind: type[Definition], documents: str | None) -> None:
        """Keep all that there is of a kind, which came with another answer."""
        raws = documents.split(_BETWEEN) if documents else []
        self._found.setdefault(kind.kind, {read_definition(kind, raw).id: raw for raw in raws})

    def of(self, kind: type[Definition]) -> dict[str, str]:
        """Return the documents of a kind by their ids."""
        self.read(kind)
        return self._found[kind.kind]

    def read(self, *kinds: type[Definition]) -> None:
        """Read those of these kinds that are not known yet with one question, and all short ones with a short one."""
        missing = [kind for kind in kinds if kind.kind not in self._found]
        if not missing:
            return
        short = [] if all(kind.is_long for kind in missing) else [each for each in KINDS.values() if not each.is_long]
        names = list(dict.fromkeys(kind.kind for kind in (*missing, *short)))
        self._found |= {name: {} for name in names}
        for name, key, raw in self.connection.execute(_DEFINITIONS, {"kinds": names}):
            self._found[name][key] = raw


class SqlDefinitions(Generic[Kind]):
    """All definitions of one kind."""

    def __init__(self, found: _Definitions, kind: type[Kind]) -> None:
        self._found = found
        self._kind = kind

    def find(self, key: str) -> Kind | None:
        """Return the definition, or None."""
        raw = self._found.of(self._kind).get(key)
        return None if raw is None else read_definition(self._kind, raw)

    def all(self) -> list[Kind]:
        """Return all of them by name."""
        found = self._found.of(self._kind).values()
        return sorted((read_definition(self._kind, raw) for raw in found), key=by_name)

    def save(self, definition: Kind) -> None:
        """Add it, or put it in the place of the one with the same id."""
        document = definition.model_dump_json(exclude_none=True)
        row = {"kind": self._kind.kind, "id": definition.id, "document": document}
        put(self._found.connection, tables.definitions, row)
        self._found.of(self._kind)[definition.id] = document


class SqlTransaction:
    """All repositories over one transaction."""

    def __init__(self, connection: Connection, place: str = "") -> None:
        self.connection = connection
        self._place = place
        self.tickets = SqlTickets(connection)

    @cached_property
    def users(self) -> SqlUsers:
        """All accounts."""
        return SqlUsers(self.connection, users, User)

    @cached_property
    def sessions(self) -> SqlSessions:
        """All sessions."""
        return SqlSessions(self.connection, self.users, self.notices, self._definitions)

    @cached_property
    def hand_offs(self) -> SqlCollection[HandOff]:
        """Sign-ins on their way to a cookie."""
        return SqlCollection(self.connection, tables.hand_offs, HandOff)

    @cached_property
    def mail_links(self) -> SqlCollection[MailLink]:
        """Links by which people show that they read what is sent to an address."""
        return SqlCollection(self.connection, tables.mail_links, MailLink)

    @cached_property
    def devices(self) -> SqlOwned[Device]:
        """Browsers known to accounts."""
        return SqlOwned(self.connection, tables.devices, Device)

    @cached_property
    def api_keys(self) -> SqlOwned[ApiKey]:
        """Keys by which programs act on somebody's behalf."""
        return SqlOwned(self.connection, tables.api_keys, ApiKey)

    @cached_property
    def identities(self) -> SqlOwned[Identity]:
        """Who signs in by a provider."""
        return SqlOwned(self.connection, tables.identities, Identity)

    @cached_property
    def sign_in_requests(self) -> SqlCollection[SignInRequest]:
        """Browsers that were sent to a provider."""
        return SqlCollection(self.connection, tables.sign_in_requests, SignInRequest)

    @cached_property
    def attempts(self) -> SqlCollection[Attempts]:
        """Failed attempts."""
        return SqlCollection(self.connection, tables.attempts, Attempts)

    @cached_property
    def receipts(self) -> SqlCollection[Receipt]:
        """What was done already."""
        return SqlCollection(self.connection, tables.receipts, Receipt)

    @cached_property
    def uploads(self) -> SqlOwned[Upload]:
        """Files that came in within a day."""
        return SqlOwned(self.connection, tables.uploads, Upload)

    @cached_property
    def files(self) -> SqlFileRepository:
        """Contents of files."""
        return SqlFileRepository(self.connection, self._place)

    @cached_property
    def drafts(self) -> SqlOwned[Draft]:
        """What people have typed and not sent."""
        return SqlOwned(self.connection, tables.drafts, Draft)

    @cached_property
    def notices(self) -> SqlNotices:
        """What people are told."""
        return SqlNotices(self.connection)

    @property
    def outgoing(self) -> SqlMails:
        """Mails that go out."""
        return SqlMails(self.connection, tables.outgoing, Outgoing)

    @cached_property
    def deliveries(self) -> SqlDeliveries:
        """What webhooks are told."""
        return SqlDeliveries(self.connection, tables.deliveries, Delivery)

    @property
    def received(self) -> SqlReceived:
        """What is on record of mail that came in."""
        return SqlReceived(self.connection, tables.received, Received)

    @cached_property
    def audit(self) -> SqlAudit:
        """The audit log."""
        return SqlAudit(self.connection)

    def definitions(self, kind: type[Kind], along: Sequence[type[Definition]] = ()) -> SqlDefinitions[Kind]:
        """Return what was set up, of one kind; the kinds *along* are read with it."""
        if along:
            self._definitions.read(kind, *along)
        return SqlDefinitions(self._definitions, kind)

    @cached_property
    def _definitions(self) -> _Definitions:
        return _Definitions(self.connection)


def user_columns(user: User) -> dict[str, Any]:
    """Return the row of an account."""
    return {
        "username": user.id,
        "role": user.role.value,
        "active": user.active,
        "display_name": user.display_name,
        "folded_name": user.display_name.casefold(),
        "folded": SEPARATOR.join([user.id, user.display_name, user.email or ""]).casefold(),
        "document": user.model_dump_json(exclude_none=True),
    }


@lru_cache
def _by_key(table: Table) -> Select[Any]:
    return select(table.c.document).where(next(iter(table.primary_key)) == bindparam("key"))


@lru_cache
def _names(table: Table) -> tuple[str, ...]:
    """Name the columns beside the document: to ask the table for each document anew would cost as much as its text."""
    return tuple(column.name for column in table.columns[:-1])


# Of documents that come as one text: in none of them stands such a character as it is.
_BETWEEN = "\x1e"
_CATEGORIES = (
    select(func.aggregate_strings(cast(tables.definitions.c.document, Text), _BETWEEN))
    .where(tables.definitions.c.kind == Category.kind)
    .scalar_subquery()
)
_OWN_UNREAD = (tables.notices.c.username == tables.sessions.c.username, tables.IS_UNREAD)
_SESSION_AND_ACCOUNT = (
    select(
        tables.sessions.c.document,
        tables.sessions.c.username,
        users.c.document,
        _CATEGORIES,
        select(func.count()).where(*_OWN_UNREAD).scalar_subquery(),
        select(func.min(tables.notices.c.expires_at)).where(*_OWN_UNREAD).scalar_subquery(),
    )
    .outerjoin(users, users.c.username == tables.sessions.c.username)
    .where(tables.sessions.c.id == bindparam("key"))
)
_SESSIONS_AND_ACCOUNTS = (
    select(tables.sessions.c.id, tables.sessions.c.document, tables.sessions.c.username, users.c.document)
    .outerjoin(users, users.c.username == tables.sessions.c.username)
    .where(tables.sessions.c.id.in_(bindparam("keys", expanding=True)))
)
_DEFINITIONS = select(tables.definitions.c.kind, tables.definitions.c.id, tables.definitions.c.document).where(
    tables.definitions.c.kind.in_(bindparam("kinds", expanding=True))
)
_deliveries = tables.deliveries.c
_mails = tables.outgoing.c
_IS_WAITING = _mails.state == MailState.WAITING.value
_GOT = select(_mails.sent_at, _mails.due_at).where(
    _mails.address == bindparam("address"),
    or_(_mails.sent_at >= bindparam("since"), _mails.state == bindparam("waiting")),
)
_BY_NAME = (users.c.folded_name, users.c.username)
_NAMES = select(users.c.username, users.c.display_name).where(
    users.c.username.in_(bindparam("usernames", expanding=True))
)
_OF_PEOPLE = tables.notices.c.username.in_(bindparam("usernames", expanding=True))
_UNREAD = (
    select(tables.notices.c.username, func.count())
    .where(_OF_PEOPLE, tables.IS_UNREAD, tables.notices.c.expires_at > bindparam("now"))
    .group_by(tables.notices.c.username)
)
_HAVING_TOO_MANY = (
    select(tables.notices.c.username)
    .where(_OF_PEOPLE)
    .group_by(tables.notices.c.username)
    .having(func.count() > NOTICES_PER_PERSON)
)
_SURPLUS = (
    select(tables.notices.c.id)
    .where(tables.notices.c.username == bindparam("username"))
    .order_by(tables.notices.c.expires_at.desc())
    .offset(NOTICES_KEPT)
)
_AGENTS = (
    select(users.c.username, users.c.display_name)
    .where(users.c.active, users.c.role.in_([Role.AGENT.value, Role.ADMIN.value]))
    .order_by(*_BY_NAME)
)


def _can_be(key: str) -> bool:
    """Whether the database takes such a text in a question; one that cannot be written was never stored."""
    return "\0" not in key and key.isprintable()


def _waiting_for(webhook: str) -> tuple[ColumnElement[bool], ...]:
    return _deliveries.webhook == webhook, _deliveries.state == DeliveryState.WAITING.value


def _wanted(query: PeopleQuery) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if query.roles:
        found.append(users.c.role.in_(sorted(role.value for role in query.roles)))
    if query.active is not None:
        found.append(users.c.active.is_(query.active))
    if needle := query.needle:
        found.append(contains(users.c.folded, needle))
    return found
