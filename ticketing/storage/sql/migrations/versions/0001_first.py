"""
The first tables.

A migration never changes: it spells out what the tables were when it was written, and asks nobody what they are today.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import DBAPIError

revision = "0001"
down_revision = None

word = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
moment = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    """Make everything."""
    _make_users()
    _make_tickets()
    _make_what_hangs_on_tickets()
    for name in ("sessions", "hand_offs", "devices", "attempts", "receipts"):
        _make_expiring(name)
    if op.get_bind().dialect.name == "sqlite":
        op.execute("CREATE VIRTUAL TABLE texts USING fts5 (public, internal, tokenize = 'trigram case_sensitive 1')")
    else:
        _make_texts()


def _make_users() -> None:
    op.create_table(
        "users",
        _word("username"),
        _word("role"),
        sa.Column("active", sa.Boolean(), nullable=False),
        _word("display_name"),
        _word("folded_name"),
        _word("folded"),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("username", name="users_key"),
        _one_of("users", "role", "user", "agent", "admin"),
    )
    op.create_index("users_by_name", "users", ["folded_name", "username"])
    op.create_index("users_by_role", "users", ["role"])


def _make_tickets() -> None:
    op.create_table(
        "tickets",
        sa.Column("number", number, nullable=False, autoincrement=False),
        *map(_word, ("title", "requester")),
        sa.Column("assignee", word),
        *map(_word, ("status", "priority")),
        sa.Column("urgency", sa.SmallInteger(), nullable=False),
        _word("category"),
        sa.Column("external_id", word),
        sa.Column("is_new", sa.Boolean(), nullable=False),
        *(sa.Column(name, moment, nullable=False) for name in ("opened_at", "updated_at", "public_updated_at")),
        sa.Column("resolved_at", moment),
        sa.Column("messages", sa.Integer(), nullable=False),
        _word("last_author"),
        sa.Column("public_messages", sa.Integer(), nullable=False),
        _word("last_public_author"),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="tickets_key"),
        _one_of("tickets", "status", "open", "pending", "on_hold", "resolved", "closed"),
        _one_of("tickets", "priority", "low", "normal", "high", "urgent"),
        _one_of("tickets", "category", "general", "account", "billing", "hardware", "network", "software", "other"),
    )
    for name, columns in {
        "update": ["updated_at", "number", "status", "urgency", "category", "assignee", "requester"],
        "urgency": ["urgency", "updated_at", "number", "status", "category", "assignee", "requester"],
        "number": ["number", "updated_at", "status", "urgency", "category", "assignee", "requester"],
        "assignee": ["assignee", "status", "updated_at", "number", "urgency", "category", "requester"],
        "requester": ["requester", "public_updated_at", "number"],
    }.items():
        op.create_index(f"tickets_by_{name}", "tickets", columns)
    op.create_index("tickets_by_external_id", "tickets", ["external_id"], postgresql_using="hash")
    resolved: dict[str, Any] = {
        f"{dialect}_where": sa.text("status = 'resolved'") for dialect in ("postgresql", "sqlite")
    }
    op.create_index("tickets_by_resolution", "tickets", ["resolved_at"], **resolved)


def _make_what_hangs_on_tickets() -> None:
    op.create_table(
        "watchers",
        sa.Column("number", number, nullable=False),
        _word("username"),
        sa.PrimaryKeyConstraint("number", "username", name="watchers_key"),
        sa.ForeignKeyConstraint(["number"], ["tickets.number"], name="watchers_number", ondelete="CASCADE"),
    )
    op.create_index("watchers_by_username", "watchers", ["username", "number"])
    op.create_table(
        "seen",
        sa.Column("number", number, nullable=False, autoincrement=False),
        _word("username"),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("number", "username", name="seen_key"),
    )
    op.create_table(
        "tallies",
        _word("assignee"),
        _word("status"),
        sa.Column("tickets", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("assignee", "status", name="tallies_key"),
    )


def _make_expiring(name: str) -> None:
    owned = [_word("username")] if name in {"sessions", "devices"} else []
    dated = [sa.Column("created_at", moment, nullable=False)] if name == "sessions" else []
    op.create_table(
        name,
        _word("id"),
        *owned,
        *dated,
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"{name}_key"),
    )
    op.create_index(f"{name}_by_expires_at", name, ["expires_at"])
    if owned:
        op.create_index(f"{name}_by_username", name, ["username"])


def _make_texts() -> None:
    op.create_table(
        "texts",
        sa.Column("number", number, nullable=False),
        *map(_word, ("public", "internal")),
        sa.PrimaryKeyConstraint("number", name="texts_key"),
        sa.ForeignKeyConstraint(["number"], ["tickets.number"], name="texts_number", ondelete="CASCADE"),
    )
    try:
        with op.get_bind().begin_nested():
            op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DBAPIError:
        return  # a server without it, or one that lets only its owner add it: searches look through all texts
    for column in ("public", "internal"):
        op.create_index(
            f"texts_by_{column}",
            "texts",
            [column],
            postgresql_using="gin",
            postgresql_ops={column: "gin_trgm_ops"},
        )


def _word(name: str) -> sa.Column[str]:
    return sa.Column(name, word, nullable=False)


def _one_of(table: str, column: str, *values: str) -> sa.CheckConstraint:
    allowed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({allowed})", name=f"{table}_{column}_is_known")
