"""Sessions and what was set up, and the transaction that holds all repositories."""

from collections.abc import Sequence
from functools import cached_property
from typing import Generic

from sqlalchemy import Connection, Text, bindparam, cast, func, literal, select

from ticketing.domain.api_keys import ApiKey
from ticketing.domain.attachments import Upload
from ticketing.domain.definitions import Definition, Kind, by_name, read_definition
from ticketing.domain.deliveries import Delivery
from ticketing.domain.drafts import Draft
from ticketing.domain.kinds import KINDS
from ticketing.domain.mail_links import MailLink
from ticketing.domain.openid import Identity, SignInRequest
from ticketing.domain.outbox import Outgoing
from ticketing.domain.people import User
from ticketing.domain.receipts import Receipt
from ticketing.domain.received import Received
from ticketing.domain.sign_in import Attempts, Device, HandOff, Session
from ticketing.storage.sql import tables
from ticketing.storage.sql.audit import SqlAudit
from ticketing.storage.sql.collections import SqlCollection, SqlOwned
from ticketing.storage.sql.files import SqlFileRepository
from ticketing.storage.sql.messages import SqlDeliveries, SqlMails, SqlNotices, SqlReceived
from ticketing.storage.sql.people import SqlUsers
from ticketing.storage.sql.tables import users
from ticketing.storage.sql.tickets import SqlTickets
from ticketing.storage.sql.writing import put


class SqlSessions(SqlOwned[Session]):
    """
    All sessions.

    Whoever asks for one wants to know whose it is, nearly all that follows goes by what was set up, and every page
    tells how much is unread: the account, all short definitions and that number come in the same answer.
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
        self._definitions.note_short(row[3])
        self._notices.note_unread(row[1], *row[4:])
        return session


class _Definitions:
    """What was set up, as far as a transaction has read it: all that is short in one answer, for it is little."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._found: dict[str, dict[str, str]] = {}

    def note_short(self, found: str | None) -> None:
        """Take note of all short ones, which came with another answer, unless more is known of them by now."""
        by_kind: dict[str, dict[str, str]] = {name: {} for name in _SHORT}
        for one in found.split(_BETWEEN) if found else ():
            name, key, raw = one.split(_WITHIN, 2)
            by_kind.setdefault(name, {})[key] = raw
        self._found = by_kind | self._found

    def of(self, kind: type[Definition]) -> dict[str, str]:
        """Return the documents of a kind by their ids."""
        self.read(kind)
        return self._found[kind.kind]

    def read(self, *kinds: type[Definition]) -> None:
        """Read those of these kinds that are not known yet with one question, and all short ones with a short one."""
        missing = [kind for kind in kinds if kind.kind not in self._found]
        if not missing:
            return
        short = () if all(kind.is_long for kind in missing) else _SHORT
        names = list(dict.fromkeys([*(kind.kind for kind in missing), *short]))
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


_SHORT = tuple(kind.kind for kind in KINDS.values() if not kind.is_long)
_LONG = tuple(kind.kind for kind in KINDS.values() if kind.is_long)
# Of documents that come as one text: in none of them, nor in what they are found by, stands such a character as it is.
_BETWEEN = "\x1e"
_WITHIN = "\x1f"
_kept = tables.definitions.c
_SHORT_ONES = (
    select(
        func.aggregate_strings(
            _kept.kind + literal(_WITHIN) + _kept.id + literal(_WITHIN) + cast(_kept.document, Text), _BETWEEN
        )
    )
    .where(*(_kept.kind != name for name in _LONG))
    .scalar_subquery()
)
_OWN_UNREAD = (tables.notices.c.username == tables.sessions.c.username, tables.IS_UNREAD)
_SESSION_AND_ACCOUNT = (
    select(
        tables.sessions.c.document,
        tables.sessions.c.username,
        users.c.document,
        _SHORT_ONES,
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
