"""All documents at once, out of the tables and into them: for backups, moves and checks."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice

from pydantic_core import from_json, to_json
from sqlalchemy import Connection, Table, delete, func, select, text

from ticketing.domain.api_keys import ApiKey
from ticketing.domain.audit import AuditRecord
from ticketing.domain.deliveries import Delivery
from ticketing.domain.drafts import Draft
from ticketing.domain.kinds import KINDS
from ticketing.domain.notifications import Notice
from ticketing.domain.openid import Identity
from ticketing.domain.outbox import Outgoing
from ticketing.domain.people import User
from ticketing.domain.received import Received
from ticketing.domain.store import FarFiles
from ticketing.domain.tickets import Ticket
from ticketing.storage.files import require_same, utc_now
from ticketing.storage.sql import tables
from ticketing.storage.sql.audit import put_records
from ticketing.storage.sql.collections import SqlOwned
from ticketing.storage.sql.facts import facts_row
from ticketing.storage.sql.files import receive
from ticketing.storage.sql.messages import SqlDeliveries, SqlMails, SqlNotices, SqlReceived
from ticketing.storage.sql.people import user_columns
from ticketing.storage.sql.reading import BATCH, in_batches
from ticketing.storage.sql.tickets import searchable, term_rows, ticket_columns
from ticketing.storage.sql.writing import add_up, put, put_texts
from ticketing.storage.whole import Everything, holdings


def documents(connection: Connection) -> Everything:
    """Return all documents, read as they are asked for."""
    owned = (tables.drafts, tables.notices, tables.api_keys, tables.identities)
    lasting = (*owned, tables.outgoing, tables.received, tables.deliveries, tables.audit)
    passing = {table.name: _InTable(connection, table) for table in lasting}
    return {
        "tickets": _InTable(connection, tables.tickets),
        "users": _InTable(connection, tables.users),
        "seen": _Seen(connection, tables.seen),
        **{name: found for name, found in passing.items() if len(found)},
        **_definitions(connection),
    }


class _InTable:
    """The documents of a table."""

    def __init__(self, connection: Connection, kept_in: Table) -> None:
        self._connection = connection
        self._table = kept_in

    def __len__(self) -> int:
        return self._connection.scalar(select(func.count()).select_from(self._table)) or 0

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        return ((str(key), raw.encode()) for key, raw in in_batches(self._connection, self._table))


class _Seen(_InTable):
    """What people have seen, of which no document is kept."""

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        seen = tables.seen.c
        question = select(seen.number, seen.username, seen.messages).order_by(seen.number, seen.username)
        for number, username, messages in self._connection.execute(question, execution_options={"yield_per": BATCH}):
            key = f"{number}:{username}"
            yield key, to_json({"id": key, "messages": messages})


def _definitions(connection: Connection) -> dict[str, list[tuple[str, bytes]]]:
    """Return the definitions by their kind: few enough to be read at once."""
    c = tables.definitions.c
    found: dict[str, list[tuple[str, bytes]]] = {}
    for kind, key, raw in connection.execute(select(c.kind, c.id, c.document).order_by(c.kind, c.id)):
        found.setdefault(kind, []).append((key, raw.encode()))
    return found


class Intake:
    """
    Takes documents into the tables by the batch, within one transaction; each is to be new here.

    `elsewhere` is where the contents of files are kept, if it is not in tables.
    """

    def __init__(self, connection: Connection, elsewhere: FarFiles | None = None) -> None:
        self._connection = connection
        self._elsewhere = elsewhere
        self._ways: dict[str, Callable[[list[bytes]], None]] = {
            "users": self._put_users,
            "tickets": self._put_tickets,
            "seen": self._put_seen,
            "drafts": self._put_drafts,
            "notices": self._put_notices,
            "outgoing": self._put_mails,
            "received": self._put_received,
            "api_keys": self._put_api_keys,
            "deliveries": self._put_deliveries,
            "identities": self._put_identities,
            "audit": self._put_audit,
            **{kind: partial(self._put_definitions, kind) for kind in KINDS},
        }

    def holdings(self) -> str:
        """Say what is here."""
        return holdings(documents(self._connection))

    def clear(self) -> None:
        """Take everything away."""
        if self._connection.dialect.name == "sqlite":
            self._connection.execute(text("DELETE FROM texts"))
        for each in reversed(tables.metadata.sorted_tables):
            if each is not tables.texts:
                self._connection.execute(delete(each))

    def take(self, collection: str, found: Iterable[tuple[str, bytes]]) -> None:
        """Take in the documents of a collection; its id is part of each."""
        rest = (raw for _, raw in found)
        while batch := list(islice(rest, BATCH)):
            self._ways[collection](batch)

    def take_content(self, sha256: str, content: Iterable[bytes]) -> None:
        """Take in what is in a file."""
        now = utc_now()
        arrived = self._elsewhere.put(content, now) if self._elsewhere else receive(self._connection, content, now)
        require_same(sha256, arrived)

    def _put_users(self, batch: list[bytes]) -> None:
        put(self._connection, tables.users, *(user_columns(User.model_validate_json(raw)) for raw in batch))

    def _put_tickets(self, batch: list[bytes]) -> None:
        found = [Ticket.model_validate_json(raw) for raw in batch]
        put(self._connection, tables.tickets, *map(ticket_columns, found))
        facts = [facts_row(one.number, raw) for one, raw in zip(found, batch, strict=True)]
        put(self._connection, tables.facts, *facts)
        watchers = [{"number": one.number, "username": name} for one in found for name in dict.fromkeys(one.watchers)]
        put(self._connection, tables.watchers, *watchers)
        put(self._connection, tables.terms, *(row for one in found for row in term_rows(one)))
        put_texts(self._connection, [(one.number, *searchable(one)) for one in found])
        tally = Counter((one.assignee or tables.NOBODY, one.status.value) for one in found)
        rows = [{"assignee": who, "status": status, "tickets": number} for (who, status), number in tally.items()]
        add_up(self._connection, tables.tallies, "tickets", rows)

    def _put_seen(self, batch: list[bytes]) -> None:
        rows = []
        for document in map(from_json, batch):
            number, _, username = document["id"].partition(":")
            rows.append({"number": int(number), "username": username, "messages": document["messages"]})
        put(self._connection, tables.seen, *rows)

    def _put_drafts(self, batch: list[bytes]) -> None:
        drafts = SqlOwned(self._connection, tables.drafts, Draft)
        for raw in batch:
            drafts.save(Draft.model_validate_json(raw))

    def _put_received(self, batch: list[bytes]) -> None:
        received = SqlReceived(self._connection, tables.received, Received)
        for raw in batch:
            received.save(Received.model_validate_json(raw))

    def _put_api_keys(self, batch: list[bytes]) -> None:
        keys = SqlOwned(self._connection, tables.api_keys, ApiKey)
        for raw in batch:
            keys.save(ApiKey.model_validate_json(raw))

    def _put_deliveries(self, batch: list[bytes]) -> None:
        deliveries = SqlDeliveries(self._connection, tables.deliveries, Delivery)
        for raw in batch:
            deliveries.save(Delivery.model_validate_json(raw))

    def _put_identities(self, batch: list[bytes]) -> None:
        identities = SqlOwned(self._connection, tables.identities, Identity)
        for raw in batch:
            identities.save(Identity.model_validate_json(raw))

    def _put_audit(self, batch: list[bytes]) -> None:
        put_records(self._connection, [AuditRecord.model_validate_json(raw) for raw in batch])

    def _put_notices(self, batch: list[bytes]) -> None:
        SqlNotices(self._connection).add([Notice.model_validate_json(raw) for raw in batch])

    def _put_mails(self, batch: list[bytes]) -> None:
        mails = SqlMails(self._connection, tables.outgoing, Outgoing)
        for raw in batch:
            mails.save(Outgoing.model_validate_json(raw))

    def _put_definitions(self, kind: str, batch: list[bytes]) -> None:
        rows = [{"kind": kind, "id": from_json(raw)["id"], "document": raw.decode()} for raw in batch]
        put(self._connection, tables.definitions, *rows)
