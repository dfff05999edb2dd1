"""What people and programs are told, and the mail that came in."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, bindparam, delete, func, or_, select

from ticketing.domain.deliveries import Delivery, DeliveryQuery, DeliveryState
from ticketing.domain.notifications import NOTICES_KEPT, NOTICES_PER_PERSON, Notice
from ticketing.domain.outbox import Backlog, MailState, Outgoing, OutgoingQuery
from ticketing.domain.queries import Page
from ticketing.domain.received import Received, ReceivedQuery
from ticketing.storage.sql import tables
from ticketing.storage.sql.collections import SqlCollection, SqlOwned, can_be
from ticketing.storage.sql.writing import put


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
        if not notices:
            return
        put(self._connection, tables.notices, *(self._columns(notice) for notice in notices))
        usernames = sorted({notice.username for notice in notices})
        self._connection.execute(_REMOVE_SURPLUS, [{"person": username} for username in usernames])
        self._unread.clear()
        self._found.clear()  # of which some may have gone

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
        self._add_missing(mails)

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
        if not (message_id and can_be(message_id)):
            return None
        return next(iter(self._read(select(_mails.document).where(_mails.message_id == message_id).limit(1))), None)

    def backlog(self) -> Backlog:
        """Return how many wait, and since when."""
        return Backlog(*self._connection.execute(select(func.count(), func.min(_mails.at)).where(_IS_WAITING)).one())

    def search(self, query: OutgoingQuery) -> Page[Outgoing]:
        """Return one page, the newest first."""
        where = [] if query.state is None else [_mails.state == query.state.value]
        return self._newest_first(query, *where)

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
        self._add_missing(deliveries)

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
        return self._newest_first(query, *where)

    def _columns(self, document: Delivery) -> dict[str, Any]:
        return super()._columns(document) | {"state": document.state.value}


class SqlReceived(SqlCollection[Received]):
    """The record of all mail that came in."""

    def search(self, query: ReceivedQuery) -> Page[Received]:
        """Return one page of it, the newest first."""
        where = [self._table.c.fate.in_(sorted(query.fates))] if query.fates else []
        return self._newest_first(query, *where)


_deliveries = tables.deliveries.c
_mails = tables.outgoing.c
_IS_WAITING = _mails.state == MailState.WAITING.value
_GOT = select(_mails.sent_at, _mails.due_at).where(
    _mails.address == bindparam("address"),
    or_(_mails.sent_at >= bindparam("since"), _mails.state == bindparam("waiting")),
)
_OF_PEOPLE = tables.notices.c.username.in_(bindparam("usernames", expanding=True))
_UNREAD = (
    select(tables.notices.c.username, func.count())
    .where(_OF_PEOPLE, tables.IS_UNREAD, tables.notices.c.expires_at > bindparam("now"))
    .group_by(tables.notices.c.username)
)
_theirs = tables.notices.alias("theirs")
_IS_THEIRS = _theirs.c.username == bindparam("person")
_SURPLUS = (
    select(_theirs.c.id)
    .where(_IS_THEIRS, select(func.count()).where(_IS_THEIRS).correlate(None).scalar_subquery() > NOTICES_PER_PERSON)
    .order_by(_theirs.c.expires_at.desc())
    .offset(NOTICES_KEPT)
)
_REMOVE_SURPLUS = delete(tables.notices).where(tables.notices.c.id.in_(_SURPLUS))


def _waiting_for(webhook: str) -> tuple[ColumnElement[bool], ...]:
    return _deliveries.webhook == webhook, _deliveries.state == DeliveryState.WAITING.value
