"""
The tables: a column for all that is filtered, ordered or counted, and a document for what is read whole.

`tickets.document` holds the conversation and the history too, since a ticket is read and shown as a whole. What a
search looks through stands casefolded in `texts`, apart from what only agents may find. `tallies` counts tickets by
assignee and status, so that no view has to be counted through. `facts` holds what reports count by. What is in attached
files stands in pieces in `file_pieces`, so that neither the database nor we ever hold all of one.

What comes about and goes with an account has a foreign key to it, see `_theirs`. What else names somebody has none:
tickets, their watchers and what was `seen` of them, since who is made anonymous has no account from the first moment
on, while their name leaves the tickets one after the other, and since a ticket has to come back from a damaged store,
and to move, even if the account of its requester is lost; `drafts` and `uploads`, since who acts at the console has no
account and may type and send files as everybody; `outgoing` and `audit`, which are records and outlast accounts.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    text,
)

from ticketing.domain.people import Role
from ticketing.domain.queries import UNASSIGNED
from ticketing.domain.statuses import Priority, Status
from ticketing.storage.sql.columns import Document, Moment, Word

# As whose the tickets are tallied that nobody works on; no username looks like it.
NOBODY: Final = UNASSIGNED
NAMES: Final = {
    "ix": "%(table_name)s_by_%(column_0_N_name)s",
    "ck": "%(table_name)s_%(constraint_name)s",
    "fk": "%(table_name)s_%(column_0_name)s",
    "pk": "%(table_name)s_key",
}
metadata = MetaData(naming_convention=NAMES)
# Asked for in these very words, since else SQLite doesn't see that the index over these tickets is enough.
IS_RESOLVED: Final = text("status = 'resolved'")
IS_ASLEEP: Final = text("wakes_at IS NOT NULL")
IS_NEW: Final = text("is_new")
IS_URGENT: Final = text("warn_at IS NOT NULL")
IS_UNREAD: Final = text("NOT read")


def _one_of(column: str, values: type[Role | Status | Priority]) -> CheckConstraint:
    allowed = ", ".join(f"'{value.value}'" for value in values)
    return CheckConstraint(f"{column} IN ({allowed})", name=f"{column}_is_known")


def _theirs(*, index: bool = True) -> Column[object]:
    """
    Return a column that says whose a row is: of somebody who has an account.

    That is looked at when the transaction ends, since a backup brings some kinds of rows before the accounts. With the
    account nothing goes by itself: other stores would keep it, so the services take away what is to go.
    """
    key = ForeignKey("users.username", deferrable=True, initially="DEFERRED")
    return Column("username", Word, key, nullable=False, index=index)


def _expiring(name: str, *columns: Column[object] | Index) -> Table:
    """Return a table of documents that go by themselves."""
    return Table(
        name,
        metadata,
        Column("id", Word, primary_key=True),
        *columns,
        Column("expires_at", Moment, nullable=False, index=True),
        Column("document", Document, nullable=False),
    )


users = Table(
    "users",
    metadata,
    Column("username", Word, primary_key=True),
    Column("role", Word, _one_of("role", Role), nullable=False),
    Column("active", Boolean(create_constraint=False), nullable=False),
    Column("display_name", Word, nullable=False),
    Column("folded_name", Word, nullable=False),
    Column("folded", Word, nullable=False),
    Column("document", Document, nullable=False),
    Index("users_by_name", "folded_name", "username"),
    Index("users_by_role", "role"),
    # As those over texts: not in SQLite, and not where pg_trgm is missing.
    Index(
        "users_by_part_of_name",
        "folded_name",
        postgresql_using="gin",
        postgresql_ops={"folded_name": "gin_trgm_ops"},
    ),
)

tickets = Table(
    "tickets",
    metadata,
    Column("number", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=False),
    Column("title", Word, nullable=False),
    Column("requester", Word, nullable=False),
    Column("assignee", Word),
    Column("status", Word, _one_of("status", Status), nullable=False),
    Column("priority", Word, _one_of("priority", Priority), nullable=False),
    Column("urgency", SmallInteger, nullable=False),
    Column("category", Word, nullable=False),
    Column("external_id", Word),
    Column("is_new", Boolean(create_constraint=False), nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("public_updated_at", Moment, nullable=False),
    Column("resolved_at", Moment),
    Column("messages", Integer, nullable=False),
    Column("last_author", Word, nullable=False),
    Column("public_messages", Integer, nullable=False),
    Column("last_public_author", Word, nullable=False),
    Column("document", Document, nullable=False),
    Column("due_at", Moment),
    Column("warn_at", Moment),
    Column("wakes_at", Moment),
    # The first four are the orders of a list, those by end and by newness what views show; each holds all that a list
    # is filtered and ordered by, so that going through one reads no ticket.
    Index("tickets_by_update", "updated_at", "number", "status", "urgency", "category", "assignee", "requester"),
    Index("tickets_by_urgency", "urgency", "updated_at", "number", "status", "category", "assignee", "requester"),
    Index("tickets_by_number", "number", "updated_at", "status", "urgency", "category", "assignee", "requester"),
    Index("tickets_by_due", "due_at", "updated_at", "number", "status", "urgency", "category", "assignee", "requester"),
    Index("tickets_by_assignee", "assignee", "status", "updated_at", "number", "urgency", "category", "requester"),
    Index("tickets_by_requester", "requester", "public_updated_at", "number"),
    Index("tickets_by_external_id", "external_id", postgresql_using="hash"),  # which may be as long as it likes
    Index("tickets_by_resolution", "resolved_at", postgresql_where=IS_RESOLVED, sqlite_where=IS_RESOLVED),
    Index("tickets_by_opening", "opened_at"),
    Index("tickets_by_waking", "wakes_at", "number", postgresql_where=IS_ASLEEP, sqlite_where=IS_ASLEEP),
    Index("tickets_by_urgent", "warn_at", "number", postgresql_where=IS_URGENT, sqlite_where=IS_URGENT),
    Index(
        "tickets_by_end",
        "resolved_at",
        "updated_at",
        "number",
        "status",
        "urgency",
        "category",
        "assignee",
        "requester",
        "due_at",
    ),
    Index(
        "tickets_by_newness",
        "updated_at",
        "number",
        "status",
        "urgency",
        "category",
        "assignee",
        "requester",
        "due_at",
        "is_new",  # which SQLite would read of the tickets else
        postgresql_where=IS_NEW,
        sqlite_where=IS_NEW,
    ),
)

watchers = Table(
    "watchers",
    metadata,
    Column("number", ForeignKey(tickets.c.number, ondelete="CASCADE"), primary_key=True),
    Column("username", Word, primary_key=True),
    Index("watchers_by_username", "username", "number"),
)

# In SQLite this is a table of its full-text extension, which the migration makes, with these columns; in PostgreSQL it
# has the indexes unless pg_trgm is missing.
texts = Table(
    "texts",
    metadata,
    Column("number", ForeignKey(tickets.c.number, ondelete="CASCADE"), primary_key=True),
    Column("public", Word, nullable=False),
    Column("internal", Word, nullable=False),
    *(
        Index(f"texts_by_{column}", column, postgresql_using="gin", postgresql_ops={column: "gin_trgm_ops"})
        for column in ("public", "internal")
    ),
)

terms = Table(
    "terms",
    metadata,
    Column("number", ForeignKey(tickets.c.number, ondelete="CASCADE"), primary_key=True),
    Column("field", Word, primary_key=True),
    Column("value", Word, primary_key=True),
    Index("terms_by_value", "field", "value", "number"),
)

tallies = Table(
    "tallies",
    metadata,
    Column("assignee", Word, primary_key=True),
    Column("status", Word, primary_key=True),
    Column("tickets", Integer, nullable=False),
)

facts = Table(
    "facts",
    metadata,
    Column("number", ForeignKey(tickets.c.number, ondelete="CASCADE"), primary_key=True),
    Column("facts", Word, nullable=False),
)

seen = Table(
    "seen",
    metadata,
    Column("number", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=False),
    Column("username", Word, primary_key=True),
    Column("messages", Integer, nullable=False),
)

# The audit log, and the number and the hash of its newest record, by which it shows if the end of it is cut off.
audit = Table(
    "audit",
    metadata,
    Column("number", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("actor", Word, nullable=False),
    Column("action", Word, nullable=False),
    Column("object", Word, nullable=False),
    Column("document", Document, nullable=False),
    Index("audit_by_actor", "actor", "number"),
    Index("audit_by_action", "action", "number"),
    Index("audit_by_object", "object", "number"),
    Index("audit_by_at", "at", "number"),
)
audit_head = Table(
    "audit_head",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("hash", Word, nullable=False),
)

definitions = Table(
    "definitions",
    metadata,
    Column("kind", Word, primary_key=True),
    Column("id", Word, primary_key=True),
    Column("document", Document, nullable=False),
)

sessions = _expiring("sessions", _theirs(), Column("created_at", Moment, nullable=False))
hand_offs = _expiring("hand_offs")
mail_links = _expiring("mail_links")
devices = _expiring("devices", _theirs())
api_keys = _expiring("api_keys", _theirs())
identities = Table(
    "identities",
    metadata,
    Column("id", Word, primary_key=True),
    _theirs(),
    Column("created_at", Moment, nullable=False),
    Column("document", Document, nullable=False),
)
sign_in_requests = _expiring("sign_in_requests")
attempts = _expiring("attempts")
receipts = _expiring("receipts")
uploads = _expiring("uploads", Column("username", Word, nullable=False, index=True))
drafts = _expiring("drafts", Column("username", Word, nullable=False, index=True))
notices = _expiring(
    "notices",
    _theirs(index=False),
    Column("read", Boolean(create_constraint=False), nullable=False),
)
Index("notices_by_username", notices.c.username, notices.c.expires_at)
Index(
    "notices_by_unread",
    notices.c.username,
    notices.c.expires_at,
    postgresql_where=IS_UNREAD,
    sqlite_where=IS_UNREAD,
)
outgoing = _expiring(
    "outgoing",
    Column("username", Word, nullable=False),
    Column("address", Word, nullable=False),
    Column("state", Word, nullable=False),
    Column("at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("sent_at", Moment),
    Column("message_id", Word),
    Index("outgoing_by_due", "state", "due_at", "id"),
    Index("outgoing_by_state", "state", "at"),
    Index("outgoing_by_at", "at", "id"),
    Index("outgoing_by_address", "address", "sent_at"),
    Index("outgoing_by_message_id", "message_id"),
)
received = _expiring(
    "received",
    Column("at", Moment, nullable=False, index=True),
    Column("fate", Word, nullable=False),
    Column("raw_sha256", Word, nullable=False, index=True),
)
deliveries = _expiring(
    "deliveries",
    Column("webhook", Word, nullable=False),
    Column("state", Word, nullable=False),
    Column("at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Index("deliveries_by_due", "webhook", "state", "due_at", "id"),
    Index("deliveries_by_at", "webhook", "at", "id"),
)
presences = _expiring("presences")
EXPIRING: Final = (
    sessions,
    hand_offs,
    mail_links,
    devices,
    api_keys,
    sign_in_requests,
    attempts,
    receipts,
    uploads,
    drafts,
    notices,
    outgoing,
    received,
    deliveries,
)

files = Table(
    "files",
    metadata,
    Column("sha256", Word, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("put_at", Moment, nullable=False, index=True),
)

file_pieces = Table(
    "file_pieces",
    metadata,
    Column("sha256", ForeignKey(files.c.sha256, ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("piece", LargeBinary, nullable=False),
)
